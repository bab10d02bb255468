//! Telling of routers that do not answer while their sites are there: nothing is sold at such a site, and it counts as up all the same.
//!
//! Once when a loss lasts, and once when it is over. Agents tell of both; a reading that came later is believed before them. An agent loses only
//! what it had: of a router that never answered since the agent began, or that refuses it, readings tell alone.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::routers::{LOST_SECS, Verdict, judge};
use super::store::losses as store;
use super::store::notices::{Back, Outage};
use super::telling::{MOST, TOLD_A_DAY, begun, ended, say};
use crate::app::App;
use crate::db::Reason;
use crate::fleet::sample::FRESH_SECS;
use crate::providers::notices::Notice;
use crate::providers::notices::routers::Routers;

/// What was found at one look.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Routers that people are to be told of.
    pub(super) lost: Vec<Outage>,
    /// Routers that answer again without a word of their agents, and since when.
    pub(super) over: Vec<(Outage, Timestamp)>,
}

/// Routers that have long not answered, as far as readings say, and of which nobody told that they were lost.
///
/// # Errors
/// When the database is away.
pub(super) async fn mute(app: &App, now: Timestamp) -> sqlx::Result<Vec<Outage>> {
    let (long, fresh) = (now.plus_secs(-LOST_SECS), now.plus_secs(-FRESH_SECS));
    let mut tx = app.db.platform(Reason::Admin).await?;
    store::mute(&mut tx, (long, fresh), MOST).await
}

/// Begins losses of a business whose routers do not answer.
///
/// # Errors
/// When the database refuses.
pub(super) async fn begin(app: &App, provider: ProviderId, mute: &[Outage]) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    store::begin(&mut tx, provider, mute).await?;
    tx.commit().await
}

/// Looks at all routers that are lost.
///
/// # Errors
/// When the database is away.
pub(super) async fn find(app: &App, now: Timestamp) -> sqlx::Result<Found> {
    let (mut found, mut after) = (Found::default(), None);
    loop {
        let mut tx = app.db.platform(Reason::Admin).await?;
        let page = store::open(&mut tx, after, MOST).await?;
        drop(tx);
        after = page.last().map(|open| open.outage.site);
        let is_last = i64::try_from(page.len()).unwrap_or(MOST) < MOST;
        for open in page {
            match judge(&open.loss, now) {
                Verdict::Over(at) => found.over.push((open.outage, at)),
                Verdict::Tell if !open.is_noted => found.lost.push(open.outage),
                Verdict::Tell | Verdict::Wait => {}
            }
        }
        if is_last {
            return Ok(found);
        }
    }
}

/// Ends losses of a business whose routers answer again.
///
/// # Errors
/// When the database refuses.
pub(super) async fn end(
    app: &App,
    provider: ProviderId,
    found: &[(Outage, Timestamp)],
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    store::end(&mut tx, provider, found).await?;
    tx.commit().await
}

/// Losses that are over and whose end nobody was told of yet.
///
/// # Errors
/// When the database is away.
pub(super) async fn over(app: &App) -> sqlx::Result<Vec<Back>> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    store::over(&mut tx, MOST).await
}

/// Tells people of a business that routers do not answer.
///
/// # Errors
/// When the database refuses.
pub(super) async fn told(
    app: &App,
    provider: ProviderId,
    lost: &[Outage],
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let day = Timestamp::from_secs(now.as_secs() - 86_400);
    let told = store::note(&mut tx, provider, lost, (day, TOLD_A_DAY), now).await?;
    let told = begun(lost, &told);
    say(app, &mut tx, provider, "router-lost", &told, |sites| {
        Notice::Routers(Routers::Lost(sites))
    })
    .await?;
    tx.commit().await
}

/// Tells people of a business that routers answer again, of which they were told that they do not.
///
/// # Errors
/// When the database refuses.
pub(super) async fn returned(
    app: &App,
    provider: ProviderId,
    back: &[Back],
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let closed = store::close(&mut tx, provider, back, now).await?;
    let told = ended(back, &closed);
    say(app, &mut tx, provider, "router-back", &told, |sites| {
        Notice::Routers(Routers::Back(sites))
    })
    .await?;
    tx.commit().await
}
