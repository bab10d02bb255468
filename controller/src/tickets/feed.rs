//! What sites are told of a provider, its plans and its tickets: building feed rows from what is stored.

use ed25519_dalek::VerifyingKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, Mac, ProviderId, SeriesId, SiteId};
use mnara_protocol::message::{Printed, Row, RulingRow, SiteRow, Taken, TicketRow};
use mnara_protocol::seal;
use mnara_protocol::ticket::Right;
use mnara_protocol::ticket::series::Series;
use secrecy::ExposeSecret;
use sqlx::PgConnection;
use thiserror::Error;

use super::Kept;
use super::store::{self, Found, KEY, SeriesRow};
use crate::app::App;
use crate::fleet::{self, feed::Change};
use crate::providers::look::{self, Draft, Logo};
use crate::providers::rights::{self, Feature};
use crate::providers::standing::{Standing, standing};
use crate::vault::VaultError;
use crate::{plans, providers};

/// Series read at once while a site's feed is built anew.
const CHUNK: u16 = 200;

/// The kind of the row that says what a site gives away.
const TRIAL: u16 = 9;

/// Why a site's feed could not be built.
#[derive(Debug, Error)]
pub enum FeedError {
    /// A series' key does not open.
    #[error("the key of a series does not open: is ENCRYPTION_KEY the one it was stored with?")]
    Vault(#[from] VaultError),
    /// A series' key is not 32 bytes.
    #[error("the stored key of {0} is not a key")]
    BadKey(SeriesId),
    /// The database refused.
    #[error("the site's feed could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Where a ticket goes without being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The device that asked.
    pub to: Mac,
    /// After this it waits unused.
    pub until: Timestamp,
}

/// Where settlement gave a printed ticket to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedElsewhere {
    /// When its code was used there.
    pub at: Timestamp,
    /// Which site.
    pub site: SiteId,
    /// The site's name.
    pub name: Option<String>,
}

/// The feed row of a bought ticket.
#[must_use]
pub fn ticket(
    site: SiteId,
    kept: &Kept,
    delivery: Option<Delivery>,
    attempt: Option<AttemptId>,
    taken: Option<Taken>,
) -> Change {
    let row = Row::Ticket(TicketRow {
        ticket: kept.ticket.id,
        code: kept.code.as_str().to_owned(),
        username: kept.username.clone(),
        password: kept.password.clone(),
        right: kept.ticket.right,
        plan_name: kept.plan_name.clone(),
        price: kept.price,
        deliver_to: delivery.map(|delivery| delivery.to),
        deliver_until: delivery.map(|delivery| delivery.until),
        attempt,
        taken,
    });
    change(site, &row, *kept.ticket.id.as_bytes())
}

/// The feed row of what was decided about one printed ticket.
#[must_use]
pub fn ruling(
    site: SiteId,
    kept: &Kept,
    printed: Printed,
    used: Option<UsedElsewhere>,
    delivery: Option<Delivery>,
) -> Change {
    let row = Row::Ruling(RulingRow {
        ticket: kept.ticket.id,
        printed,
        right: kept.ticket.right,
        used_elsewhere: used.as_ref().map(|used| used.at),
        used_at: used.as_ref().map(|used| used.site),
        used_at_name: used.and_then(|used| used.name),
        deliver_to: delivery.map(|delivery| delivery.to),
        deliver_until: delivery.map(|delivery| delivery.until),
    });
    change(site, &row, *kept.ticket.id.as_bytes())
}

/// The feed row of a ticket at one site, whichever kind of ticket it is, after a decision about it.
#[must_use]
pub fn decision(site: SiteId, found: &Found) -> Change {
    decision_for(site, found, None)
}

fn decision_for(site: SiteId, found: &Found, delivery: Option<Delivery>) -> Change {
    match found.printed {
        Some(printed) => {
            let elsewhere = found
                .redeemed_at
                .filter(|first| *first != site)
                .zip(found.kept.ticket.redeemed_at())
                .map(|(first, at)| UsedElsewhere {
                    at,
                    site: first,
                    name: found.redeemed_at_name.clone(),
                });
            ruling(site, &found.kept, printed, elsewhere, delivery)
        }
        None => ticket(site, &found.kept, delivery, None, None),
    }
}

/// The feed row of a ticket at one site after a decision about it, with all else that the site was told of it: who it is for, and what
/// was recorded elsewhere.
///
/// # Errors
/// When the database is away.
pub async fn decided(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    found: &Found,
) -> sqlx::Result<Change> {
    let anew = decision(site, found);
    let told = fleet::store::feed_row(conn, provider, site, anew.kind, anew.row).await?;
    match told.and_then(|body| Row::decode(anew.kind, &body).ok()) {
        Some(Row::Ticket(told)) => {
            let right = found.kept.ticket.right;
            let row = Row::Ticket(TicketRow { right, ..told });
            Ok(change(site, &row, anew.row))
        }
        Some(Row::Ruling(told)) => {
            let named = told.deliver_to.zip(told.deliver_until);
            let delivery = named.map(|(to, until)| Delivery { to, until });
            Ok(decision_for(site, found, delivery))
        }
        Some(_) | None => Ok(anew),
    }
}

/// Whether a site has a ticket. A bought one that went on to another site it has no more, although it was used there; a printed one comes
/// with its series, and what was given away the site made itself.
///
/// # Errors
/// When the database is away.
pub async fn is_at(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    found: &Found,
) -> sqlx::Result<bool> {
    if found.printed.is_some() || found.kept.tried_by.is_some() {
        return Ok(true);
    }
    let row = decision(site, found);
    let told = fleet::store::feed_row(conn, provider, site, row.kind, row.row).await?;
    Ok(told.is_some())
}

/// Where a site has a ticket go without being typed, as it was told.
///
/// # Errors
/// When the database is away.
pub async fn delivery(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    found: &Found,
) -> sqlx::Result<Option<Delivery>> {
    let row = decision(site, found);
    let told = fleet::store::feed_row(conn, provider, site, row.kind, row.row).await?;
    let named = match told.and_then(|body| Row::decode(row.kind, &body).ok()) {
        Some(Row::Ticket(told)) => told.deliver_to.zip(told.deliver_until),
        Some(Row::Ruling(told)) => told.deliver_to.zip(told.deliver_until),
        Some(_) | None => None,
    };
    Ok(named.map(|(to, until)| Delivery { to, until }))
}

/// Any row, as a change of one site's feed.
#[must_use]
pub fn change(site: SiteId, row: &Row, id: [u8; 16]) -> Change {
    Change {
        site,
        kind: row.kind(),
        row: id,
        body: Some(row.encode()),
    }
}

/// The feed row of a series for one site, its key sealed to that site's agent.
///
/// # Errors
/// When the stored key does not open.
pub fn series(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    agent: &VerifyingKey,
    row: &SeriesRow,
) -> Result<Change, FeedError> {
    let key = app.vault.open(provider, KEY, &row.key)?;
    if key.expose_secret().len() != 32 {
        return Err(FeedError::BadKey(row.id));
    }
    let sealed_key = seal::seal(
        agent,
        &seal::series_key_context(row.id, site),
        key.expose_secret(),
        app.entropy.bytes(),
    );
    let body = Row::Series(Series {
        id: row.id,
        right: Right {
            terms: row.terms,
            sell_by: row.sell_by,
            revoked: row.revoked,
            extra_secs: 0,
        },
        plan_name: row.plan_name.clone(),
        price: row.price,
        count: row.count,
        skipped: row.skipped.clone(),
        alphabet: row.alphabet,
        length: row.length,
        prefix: row.prefix.clone(),
        home: row.home,
        cut_off: row.cut_off,
        sealed_key,
    });
    Ok(change(site, &body, *row.id.as_bytes()))
}

/// Tells a site everything about its provider anew: how its portal looks, all plans, all series sealed to its present agent.
///
/// Done when a site is made, when an agent is enrolled on it, and when the provider's look, account or rights change. Bought tickets are in the
/// feed already and stay there.
///
/// # Errors
/// [`FeedError`].
pub async fn refresh_site(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> Result<(), FeedError> {
    fleet::feed::lock(conn, provider, &[site]).await?;
    let (Some(business), Some(place)) = (
        providers::store::provider(conn, provider).await?,
        fleet::store::open_site(conn, provider, site).await?,
    ) else {
        return Ok(());
    };
    let standing = standing(conn, provider, app.clock.now()).await?;
    let kept = look::store::look(conn, provider).await?;
    let own = look::store::overs::over(conn, provider, site).await?;
    let look = match (kept, own) {
        (kept, Some(own)) => Some(own.onto(kept.unwrap_or_else(|| look::Kept {
            draft: Draft::plain(&business),
            logo: None,
        }))),
        (kept, None) => kept,
    };
    let rights = rights::store::rights(conn, provider).await?;
    let (colour, look) = if rights.allows(Feature::CustomPortal) {
        let colour = look.as_ref().map(|look| look.draft.colour);
        (colour.unwrap_or(business.colour), look)
    } else {
        (look::PLAIN, look.map(look::Kept::at_rest))
    };
    let row = Row::Site(SiteRow {
        provider,
        site,
        business_name: business.business_name.clone(),
        site_name: place.name,
        colour,
        help_phone: business.help_phone.clone(),
        sales_open: standing == Standing::Open,
        by_hand: providers::c2b::by_hand(conn, provider)
            .await?
            .filter(|_| standing == Standing::Open)
            .map(|(kind, _)| kind),
        no_prompts_since: providers::c2b::store::no_prompts_since(conn, provider).await?,
        sms: providers::sms::customers::may_ask(app, conn, provider)
            .await?
            .then_some(true),
    });
    let mut changes = vec![change(site, &row, *site.as_bytes())];
    let mut trial = None;
    if let Some(look) = look {
        // Who may not sell gives nothing away either; who takes no M-PESA yet may.
        let is_good = matches!(standing, Standing::Open | Standing::NoAccount);
        trial = look.draft.trial.row().filter(|_| is_good);
        let logo = look.logo.as_ref().map(Logo::id);
        let row = Row::Look(look.draft.row(logo));
        changes.push(change(site, &row, *site.as_bytes()));
        if let Some((logo, id)) = look.logo.as_ref().zip(logo) {
            changes.push(change(site, &Row::Logo(logo.row()), id));
        }
    }
    let id = *site.as_bytes();
    match trial {
        Some(trial) => changes.push(change(site, &Row::Trial(trial), id)),
        None => {
            let told = fleet::store::feed_row(conn, provider, site, TRIAL, id).await?;
            changes.extend(told.map(|_| Change {
                site,
                kind: TRIAL,
                row: id,
                body: None,
            }));
        }
    }
    for plan in plans::store::plans(conn, provider, plans::edit::MOST).await? {
        let id = *plan.id.as_bytes();
        changes.push(change(site, &Row::Plan(plan), id));
    }
    if let Some(agent) = fleet::store::agent_key(conn, provider, site).await? {
        let mut after = None;
        loop {
            let chunk = store::series_of_site(conn, provider, site, after, CHUNK).await?;
            after = chunk.last().map(|row| row.id);
            for row in &chunk {
                changes.push(series(app, provider, site, &agent, row)?);
            }
            if chunk.len() < usize::from(CHUNK) {
                break;
            }
        }
    }
    fleet::feed::put(conn, provider, changes).await?;
    Ok(())
}
