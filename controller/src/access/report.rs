//! A site's report of a ticket, in the transaction that keeps the journal entry.
//!
//! Its use moves, the ticket's columns follow, and where two sites used one printed ticket, settlement decides and the others are
//! told.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CommandId, TicketId};
use mnara_protocol::message::{Fact, HealthEvent};
use mnara_protocol::session::Entry;
use mnara_protocol::ticket::settle::{SiteUse, settle};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Use, store, summarise};
use crate::app::App;
use crate::fleet::feed::{self, Change};
use crate::fleet::hub::{ApplyError, Sender};
use crate::fleet::store::link::insert_event;
use crate::tickets::store::Found;
use crate::tickets::{self, assemble, expires_at};

/// Applies one entry.
///
/// # Errors
/// [`ApplyError`].
pub async fn apply(app: &App, conn: &mut PgConnection, from: &Sender, entry: &Entry) -> Result<(), ApplyError> {
    let fact = Fact::decode(entry.kind, &entry.body)?;
    let (provider, site) = (from.provider, from.site);
    match &fact {
        Fact::Redeemed(said) => {
            move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?;
        }
        Fact::Ended(said) => {
            move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?;
        }
        Fact::Released(said) => {
            move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?;
        }
        Fact::Granted(said) => {
            if move_ticket(app, conn, from, said.ticket, &fact, entry.at).await? {
                store::advance_grant(conn, provider, site, said).await?;
            }
        }
        Fact::Metered(said) => {
            if move_ticket(app, conn, from, said.ticket, &fact, entry.at).await? {
                store::save_session(conn, provider, site, said).await?;
            }
        }
        Fact::Health(said) => event(app, conn, from, health_word(said.event), said.value, said.at).await?,
        Fact::Drift(said) => event(app, conn, from, "drift", Some(i64::from(said.repairs)), said.at).await?,
    }
    Ok(())
}

const fn health_word(event: HealthEvent) -> &'static str {
    match event {
        HealthEvent::AgentStarted => "agent-started",
        HealthEvent::RouterLost => "router-lost",
        HealthEvent::RouterBack => "router-back",
        HealthEvent::RouterRebooted => "router-rebooted",
        HealthEvent::ClockCorrected => "clock-corrected",
        HealthEvent::RouterRefusesLogin => "router-refuses-login",
        HealthEvent::JournalForked => "journal-forked",
    }
}

async fn event(app: &App, conn: &mut PgConnection, from: &Sender, kind: &str, value: Option<i64>, at: Timestamp) -> sqlx::Result<()> {
    let now = app.clock.now();
    let id = CommandId::new(now, app.entropy.bytes());
    insert_event(conn, Uuid::from_bytes(*id.as_bytes()), (from.provider, from.site), kind, value, (at, now)).await
}

/// Moves one ticket; false when the provider has no such ticket, which is written down for a person.
async fn move_ticket(app: &App, conn: &mut PgConnection, from: &Sender, id: TicketId, fact: &Fact, at: Timestamp) -> sqlx::Result<bool> {
    let Some(found) = tickets::store::lock(conn, from.provider, id).await? else {
        event(app, conn, from, "unknown-ticket", None, at).await?;
        return Ok(false);
    };
    let mut uses = store::uses(conn, from.provider, id).await?;
    let place = uses.iter().position(|one| one.site == from.site).unwrap_or_else(|| {
        uses.push(Use::begin(from.site, at));
        uses.len() - 1
    });
    let is_new_use = matches!(fact, Fact::Redeemed(said) if said.first);
    uses[place].apply(fact);
    let told = if found.printed.is_some() && is_new_use { judge(app, conn, from, &found, &mut uses, at).await? } else { Vec::new() };
    for one in &uses {
        let settled = (uses.len() > 1 && found.printed.is_some()).then_some(if one.lost { "lost" } else { "kept" });
        if one.site == from.site || settled.is_some() {
            store::save_use(conn, from.provider, id, one, settled).await?;
        }
    }
    let summary = summarise(&uses);
    let ticket = assemble(id, found.kept.ticket.right, &summary);
    let first = uses.iter().min_by_key(|one| (one.redeemed_at, one.site)).map_or(from.site, |one| one.site);
    let status = ticket.status(app.clock.now());
    store::save_summary(conn, from.provider, id, &summary, first, status, expires_at(&ticket)).await?;
    feed::put(conn, from.provider, told).await?;
    Ok(true)
}

/// Decides between the sites that used one printed ticket, and writes what every site of its series is to be told.
async fn judge(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    found: &Found,
    uses: &mut [Use],
    at: Timestamp,
) -> sqlx::Result<Vec<Change>> {
    let Some(printed) = found.printed else {
        return Ok(Vec::new());
    };
    let reports: Vec<SiteUse> = uses
        .iter()
        .map(|one| SiteUse {
            site: one.site,
            redeemed_at: one.redeemed_at,
            usage: one.usage,
        })
        .collect();
    let settlement = settle(&reports);
    let Some(kept) = settlement.kept else {
        return Ok(Vec::new());
    };
    for one in uses.iter_mut() {
        one.lost = one.site != kept.site;
    }
    if !settlement.lost.is_empty() {
        let shillings = settlement.at_risk(found.kept.price).ok().and_then(|at_risk| at_risk.whole_shillings().ok());
        event(app, conn, from, "double-use", shillings, at).await?;
    }
    let sites = tickets::store::sites_of(conn, from.provider, found.kept.ticket.id).await?;
    Ok(sites
        .into_iter()
        .filter(|site| *site != kept.site)
        .map(|site| tickets::feed::ruling(site, &found.kept, printed, Some(kept.redeemed_at)))
        .collect())
}
