//! A site's report of a ticket, in the transaction that keeps the journal entry.
//!
//! Its use moves, the ticket's columns follow, and where two sites used one printed ticket, settlement decides and the others are
//! told.

use mnara_protocol::clock::{Correction, Timestamp};
use mnara_protocol::ids::{CommandId, TicketId};
use mnara_protocol::message::{Fact, HealthEvent, RedeemedFact, TriedFact};
use mnara_protocol::money::Money;
use mnara_protocol::session::Entry;
use mnara_protocol::ticket::code::{PLATFORM_LENGTH, TicketCode};
use mnara_protocol::ticket::settle::{SiteUse, settle};
use mnara_protocol::ticket::{Phase, Ticket, login};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Use, store, summarise};
use crate::app::App;
use crate::fleet::dispatch::{ApplyError, Sender};
use crate::fleet::feed::Change;
use crate::fleet::store as fleet;
use crate::fleet::store::link::{insert_event, mark_forked_before, set_unproven, unproven_since};
use crate::fleet::store::losses;
use crate::tickets::feed::UsedElsewhere;
use crate::tickets::store::{Found, NewTicket};
use crate::tickets::{self, assemble, expires_at};
use crate::webhooks::{self, Event};

/// What a ticket that was given away is called where a plan's name stands.
const TRIAL: &str = "Free trial";

/// Applies one entry; says what sites are to be told, at the end of the transaction.
///
/// # Errors
/// [`ApplyError`].
pub async fn apply(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    entry: &Entry,
) -> Result<Vec<Change>, ApplyError> {
    let fact = Fact::decode(entry.kind, &entry.body)?;
    let (provider, site) = (from.provider, from.site);
    let told = match &fact {
        Fact::Redeemed(said) => move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?,
        Fact::Tried(said) => tried(app, conn, from, said, entry.at).await?,
        Fact::Ended(said) => move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?,
        Fact::Released(said) => move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?,
        Fact::Paused(said) => move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?,
        Fact::Resumed(said) => move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?,
        Fact::Granted(said) => {
            let told = move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?;
            if told.is_some() {
                store::advance_grant(conn, provider, site, said).await?;
            }
            told
        }
        Fact::Metered(said) => {
            let told = move_ticket(app, conn, from, said.ticket, &fact, entry.at).await?;
            if told.is_some() {
                store::save_session(conn, provider, site, said).await?;
            }
            told
        }
        Fact::Health(said) => {
            event(
                app,
                conn,
                from,
                health_word(said.event),
                said.value,
                said.at,
            )
            .await?;
            match (said.event, said.value) {
                (HealthEvent::AgentStarted, value) => {
                    set_unproven(
                        conn,
                        from.agent,
                        value.map_or(said.at, Timestamp::from_millis),
                    )
                    .await?;
                    None
                }
                (HealthEvent::RouterLost, _) => {
                    losses::begin(conn, (provider, site), said.at, app.clock.now()).await?;
                    None
                }
                (HealthEvent::RouterBack, _) => {
                    losses::end(conn, (provider, site), said.at, app.clock.now()).await?;
                    None
                }
                (HealthEvent::JournalForked, _) => {
                    mark_forked_before(conn, from, app.clock.now()).await?;
                    None
                }
                (HealthEvent::ClockCorrected, Some(secs)) => {
                    Some(correct(app, conn, from, secs, said.at).await?)
                }
                _ => None,
            }
        }
        Fact::Drift(said) => {
            event(
                app,
                conn,
                from,
                "drift",
                Some(i64::from(said.repairs)),
                said.at,
            )
            .await?;
            None
        }
    };
    Ok(told.unwrap_or_default())
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
        HealthEvent::StoreFailed => "store-failed",
        // Its number is in the journal, which keeps every entry as it came.
        HealthEvent::Other(_) => "of-a-later-version",
    }
}

async fn event(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    kind: &str,
    value: Option<i64>,
    at: Timestamp,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    let id = CommandId::new(now, app.entropy.bytes());
    insert_event(
        conn,
        Uuid::from_bytes(*id.as_bytes()),
        (from.provider, from.site),
        kind,
        value,
        (at, now),
    )
    .await
}

/// Takes in a ticket that a site made for a device to try: from here on it is a ticket like any other. `None` when it cannot be one.
async fn tried(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    said: &TriedFact,
    at: Timestamp,
) -> sqlx::Result<Option<Vec<Change>>> {
    let code = TicketCode::parse(&said.code)
        .ok()
        .filter(|code| code.as_str().len() == PLATFORM_LENGTH);
    // A journal that had forked tells what was told before.
    if let Some(code) = code
        && !tickets::store::exists(conn, said.ticket).await?
    {
        let login = login::of_code(&code);
        let new = NewTicket {
            id: said.ticket,
            code: &code,
            username: &login.username,
            password: &login.password,
            plan: None,
            tried_by: Some(said.mac),
            plan_name: TRIAL,
            price: Money::from_shillings(0),
            terms: &said.right.terms,
            sell_by: None,
            payment: None,
            site: Some(from.site),
        };
        tickets::store::insert(conn, from.provider, &new, app.clock.now()).await?;
    }
    let used = Fact::Redeemed(RedeemedFact {
        ticket: said.ticket,
        printed: None,
        mac: said.mac,
        at: said.at,
        first: true,
        evicted: None,
        cut_off: said.cut_off,
    });
    move_ticket(app, conn, from, said.ticket, &used, at).await
}

/// Moves one ticket; `None` when the provider has no such ticket, which is written down for a person.
async fn move_ticket(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    id: TicketId,
    fact: &Fact,
    at: Timestamp,
) -> sqlx::Result<Option<Vec<Change>>> {
    let Some(found) = tickets::store::lock(conn, from.provider, id, app.clock.now()).await? else {
        event(app, conn, from, "unknown-ticket", None, at).await?;
        return Ok(None);
    };
    let mut uses = store::uses(conn, from.provider, id).await?;
    let place = uses
        .iter()
        .position(|one| one.site == from.site)
        .unwrap_or_else(|| {
            uses.push(Use::begin(from.site, at));
            uses.len() - 1
        });
    uses[place].apply(fact);
    let is_new_use = matches!(fact, Fact::Redeemed(said) if said.first);
    keep(app, conn, from, &found, uses, is_new_use, at)
        .await
        .map(Some)
}

/// Writes a ticket's uses and what they come to; says what sites are to be told.
async fn keep(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    found: &Found,
    mut uses: Vec<Use>,
    is_disputed: bool,
    at: Timestamp,
) -> sqlx::Result<Vec<Change>> {
    let id = found.kept.ticket.id;
    let told = if is_disputed {
        judge(app, conn, from, found, &mut uses, at).await?
    } else {
        Vec::new()
    };
    let is_printed = found.printed.is_some();
    for one in &uses {
        let settled =
            (uses.len() > 1 && is_printed).then_some(if one.lost { "lost" } else { "kept" });
        if one.site == from.site || settled.is_some() {
            store::save_use(conn, from.provider, id, one, settled).await?;
        }
    }
    let summary = summarise(&uses, is_printed);
    let now = app.clock.now();
    let ticket = assemble(id, found.kept.ticket.right, &summary, now);
    let first = uses
        .iter()
        .min_by_key(|one| (one.redeemed_at, one.site))
        .map_or(from.site, |one| one.site);
    store::save_summary(
        conn,
        from.provider,
        id,
        &summary,
        first,
        ticket.status(now),
        expires_at(&ticket),
    )
    .await?;
    announce(app, conn, from, &found.kept.ticket, &ticket).await?;
    Ok(told)
}

/// Sends news of a first use and of an end: what the ticket was not a moment ago and is now.
async fn announce(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    before: &Ticket,
    after: &Ticket,
) -> sqlx::Result<()> {
    let ticket = after.id;
    let site = from.site;
    if let (None, Some(at)) = (before.redeemed_at(), after.redeemed_at()) {
        let event = Event::TicketRedeemed { ticket, site, at };
        webhooks::emit(app, conn, from.provider, &event).await?;
    }
    if let Phase::Ended { at, reason, .. } = after.phase
        && !matches!(before.phase, Phase::Ended { .. })
    {
        let event = Event::TicketEnded {
            ticket,
            site,
            at,
            reason: tickets::store::end_word(reason),
        };
        webhooks::emit(app, conn, from.provider, &event).await?;
    }
    Ok(())
}

/// Moves everything the site recorded while no signed time had proven its clock: monotonic time holds it together, so all of it is off by
/// the same.
async fn correct(
    app: &App,
    conn: &mut PgConnection,
    from: &Sender,
    secs: i64,
    at: Timestamp,
) -> sqlx::Result<Vec<Change>> {
    let Some(since) = unproven_since(conn, from.agent).await? else {
        return Ok(Vec::new());
    };
    let correction = Correction::Moved {
        from: since,
        by_millis: secs.saturating_mul(1000),
        now: at,
    };
    let mut told = Vec::new();
    for id in store::tickets_since(conn, from.provider, from.site, since.min(at)).await? {
        let Some(found) = tickets::store::lock(conn, from.provider, id, app.clock.now()).await?
        else {
            continue;
        };
        let mut uses = store::uses(conn, from.provider, id).await?;
        let mine = uses.iter_mut().filter(|one| one.site == from.site);
        if mine
            .filter_map(|one| one.corrected(correction).then_some(()))
            .count()
            > 0
        {
            let is_disputed = found.printed.is_some() && uses.len() > 1;
            told.extend(keep(app, conn, from, &found, uses, is_disputed, at).await?);
        }
    }
    store::move_times(conn, from.provider, from.site, since, secs, at).await?;
    set_unproven(conn, from.agent, since.plus_secs(secs)).await?;
    Ok(told)
}

/// Decides between the sites that used one printed ticket, and says what every site of its series is to be told.
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
        let shillings = settlement
            .at_risk(found.kept.price)
            .ok()
            .and_then(|at_risk| at_risk.whole_shillings().ok());
        event(app, conn, from, "double-use", shillings, at).await?;
    }
    let sites = tickets::store::sites_of(conn, from.provider, found.kept.ticket.id).await?;
    let name = fleet::site(conn, from.provider, kept.site)
        .await?
        .map(|site| site.name);
    // The keeper may have been told otherwise while an earlier use was not known yet; with one use it never was.
    let is_disputed = uses.len() > 1;
    Ok(sites
        .into_iter()
        .filter(|site| is_disputed || *site != kept.site)
        .map(|site| {
            let elsewhere = (site != kept.site).then(|| UsedElsewhere {
                at: kept.redeemed_at,
                site: kept.site,
                name: name.clone(),
            });
            tickets::feed::ruling(site, &found.kept, printed, elsewhere, None)
        })
        .collect())
}
