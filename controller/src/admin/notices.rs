//! Telling of outages: once when a site has been away for ten minutes, and once when it is back.
//!
//! When sites are away is found out in `outages`; of routers that do not answer, `losses` tells in the same way.
//! What is found at one look goes into one letter for each reader, so an outage of a thousand sites is no thousand letters.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::losses;
use super::store::notices as store;
use super::telling::{MOST, TOLD_A_DAY, begun, ended, say};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::notices::Notice;

/// The kind of the job.
pub const TELL: &str = "outage-notices";

const EVERY_SECS: i64 = 60;
/// A shorter outage is no news: power flickers, lines drop.
const AWAY_SECS: i64 = 600;

/// Tells of whoever went away, and of whoever is back, once a minute.
pub fn tell_all<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = Timestamp::from_secs(now.as_secs() - AWAY_SECS);
        let mut tx = app.db.platform(Reason::Admin).await?;
        let back = store::back(&mut tx, MOST).await?;
        let away = store::away(&mut tx, before, MOST).await?;
        drop(tx);
        let mut failed = None;
        let mut note = |provider: ProviderId, outcome: sqlx::Result<()>| {
            // One that cannot be told keeps nobody else waiting.
            if let Err(error) = outcome {
                tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "people could not be told of an outage");
                failed = Some(error);
            }
        };
        for (provider, back) in by_business(back, |back| back.outage.provider) {
            note(provider, returned(app, provider, &back).await);
        }
        for (provider, away) in by_business(away, |outage| outage.provider) {
            note(provider, left(app, provider, &away, now).await);
        }
        for (provider, mute) in by_business(losses::mute(app, now).await?, |one| one.provider) {
            note(provider, losses::begin(app, provider, &mute).await);
        }
        let routers = losses::find(app, now).await?;
        for (provider, over) in by_business(routers.over, |(loss, _)| loss.provider) {
            note(provider, losses::end(app, provider, &over).await);
        }
        for (provider, back) in by_business(losses::over(app).await?, |back| back.outage.provider) {
            note(provider, losses::returned(app, provider, &back, now).await);
        }
        for (provider, lost) in by_business(routers.lost, |loss| loss.provider) {
            note(provider, losses::told(app, provider, &lost, now).await);
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Next::Again(now.plus_secs(EVERY_SECS))),
        }
    })
}

fn by_business<T>(all: Vec<T>, of: impl Fn(&T) -> ProviderId) -> BTreeMap<ProviderId, Vec<T>> {
    let mut found: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for one in all {
        found.entry(of(&one)).or_default().push(one);
    }
    found
}

async fn left(
    app: &App,
    provider: ProviderId,
    away: &[store::Outage],
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let day = Timestamp::from_secs(now.as_secs() - 86_400);
    let told = store::begin(&mut tx, provider, away, (day, TOLD_A_DAY), now).await?;
    let told = begun(away, &told);
    say(app, &mut tx, provider, "away", &told, |sites| {
        Notice::SitesAway { sites }
    })
    .await?;
    tx.commit().await
}

async fn returned(app: &App, provider: ProviderId, back: &[store::Back]) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let over = store::end(&mut tx, provider, back).await?;
    let told = ended(back, &over);
    say(app, &mut tx, provider, "back", &told, |sites| {
        Notice::SitesBack { sites }
    })
    .await?;
    tx.commit().await
}
