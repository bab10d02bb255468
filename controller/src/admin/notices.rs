//! Telling of outages: once when a site has been away for ten minutes, and once when it is back. When sites are away is found out in `outages`.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;

use super::store::notices as store;
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::notices::{Notice, Topic, tell};

/// The kind of the job.
pub const TELL: &str = "outage-notices";

const EVERY_SECS: i64 = 60;
/// A shorter outage is no news: power flickers, lines drop.
const AWAY_SECS: i64 = 600;
/// Outages of one site that are told in a day.
const TOLD_A_DAY: i64 = 3;
/// Outages told in one go; the rest a minute later.
const MOST: i64 = 500;

/// Tells of whoever went away, and of whoever is back, once a minute.
pub fn tell_all<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = Timestamp::from_secs(now.as_secs() - AWAY_SECS);
        let mut tx = app.db.platform(Reason::Admin).await?;
        let back = store::back(&mut tx, MOST).await?;
        let away = store::away(&mut tx, before, MOST).await?;
        drop(tx);
        for outage in back {
            returned(app, &outage).await?;
        }
        for outage in away {
            left(app, &outage, now).await?;
        }
        Ok(Next::Again(now.plus_secs(EVERY_SECS)))
    })
}

async fn left(app: &App, outage: &store::Outage, now: Timestamp) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(outage.provider).await?;
    let day = Timestamp::from_secs(now.as_secs() - 86_400);
    let told = store::told_since(&mut tx, outage.provider, outage.site, day).await?;
    let is_told = told < TOLD_A_DAY;
    if store::begin(&mut tx, outage, is_told, now).await? && is_told {
        let notice = Notice::SiteAway {
            site: &outage.name,
            since: outage.began,
        };
        let once = format!("away:{}:{}", outage.site, outage.began.as_millis());
        tell(app, &mut tx, outage.provider, Topic::Site, &notice, &once).await?;
    }
    tx.commit().await
}

async fn returned(app: &App, back: &store::Back) -> sqlx::Result<()> {
    let outage = &back.outage;
    let mut tx = app.db.tenant(outage.provider).await?;
    if store::end(&mut tx, outage, back.ended).await? && back.is_told {
        let notice = Notice::SiteBack {
            site: &outage.name,
            away: back.ended.since(outage.began),
        };
        let once = format!("back:{}:{}", outage.site, outage.began.as_millis());
        tell(app, &mut tx, outage.provider, Topic::Site, &notice, &once).await?;
    }
    tx.commit().await
}
