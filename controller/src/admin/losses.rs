//! Telling of routers that do not answer while their sites are there: nothing is sold at such a site, and it counts as up all the same.
//!
//! Once when a loss lasts, and once when it is over. Agents tell of both; a reading that came later is believed before them.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::notices::{MOST, TOLD_A_DAY, once};
use super::routers::{Loss, Verdict, judge};
use super::store::losses as store;
use super::store::notices::{Back, Outage};
use crate::app::App;
use crate::db::Reason;
use crate::fleet::sample::Reading;
use crate::providers::notices::routers::Routers;
use crate::providers::notices::{Notice, Topic, tell};

/// What was found at one look.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Routers that people are to be told of.
    pub(super) lost: Vec<Outage>,
    /// Routers that answer again without a word of their agents, and since when.
    pub(super) over: Vec<(Outage, Timestamp)>,
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
        after = page.last().map(|open| open.loss.site);
        let is_last = i64::try_from(page.len()).unwrap_or(MOST) < MOST;
        for open in page {
            let reading = open.reading.as_ref().and_then(Reading::of);
            let loss = Loss {
                heard: open.heard,
                seen: open.seen,
                up_since: open.up_since,
                is_restarted: open.is_restarted,
                reading: reading.map(|reading| (reading.at, reading.live.answers)),
            };
            match judge(&loss, now) {
                Verdict::Over(at) => found.over.push((open.loss, at)),
                Verdict::Tell if !open.is_noted => found.lost.push(open.loss),
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
    let told: Vec<_> = lost.iter().filter(|one| told.contains(&one.site)).collect();
    if let Some(first) = told.first() {
        let sites: Vec<_> = told
            .iter()
            .map(|one| (one.name.as_str(), one.began))
            .collect();
        let notice = Notice::Routers(Routers::Lost(&sites));
        let once = once("router-lost", first);
        tell(app, &mut tx, provider, Topic::Site, &notice, &once).await?;
    }
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
    let is_told =
        |one: &&Back| one.is_told && closed.contains(&(one.outage.site, one.outage.began));
    let told: Vec<_> = back.iter().filter(is_told).collect();
    if let Some(first) = told.first() {
        let sites: Vec<_> = told
            .iter()
            .map(|one| (one.outage.name.as_str(), one.ended.since(one.outage.began)))
            .collect();
        let notice = Notice::Routers(Routers::Back(&sites));
        let once = once("router-back", &first.outage);
        tell(app, &mut tx, provider, Topic::Site, &notice, &once).await?;
    }
    tx.commit().await
}
