//! Sites that are away: noted once for each outage, told to those who hear of it, and told again when the site is back.
//!
//! A site counts as away ten minutes after it was last heard of. While we ourselves were away nobody was heard of, so a watch that begins, or
//! begins again after a gap, looks for ten minutes before it calls anybody away.

use std::time::Duration;

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;

use super::store::outages as store;
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::notices::{Notice, Topic, tell};

/// The kind of the job.
pub const WATCH: &str = "site-watch";

const EVERY_SECS: i64 = 60;
const AWAY_SECS: i64 = 600;
/// A watch that looked longer ago than this has missed something.
const GAP_SECS: i64 = 180;
/// Outages of one site that are told in a day; one that comes and goes all day is no news any more.
const TOLD_A_DAY: i64 = 3;
/// Sites looked at in one go; the rest a minute later.
const MOST: i64 = 500;

/// Looks who is away and who is back, once a minute.
pub fn watch<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let mut tx = app.db.platform(Reason::Sweep).await?;
        let since = match store::looked(&mut tx).await? {
            Some((since, looked)) if looked.plus_secs(GAP_SECS) >= now => since,
            _ => now,
        };
        store::look(&mut tx, since, now).await?;
        let back = store::back(&mut tx, MOST).await?;
        let mut away = Vec::new();
        if since.plus_secs(AWAY_SECS) <= now {
            let before = Timestamp::from_secs(now.as_secs() - AWAY_SECS);
            away = store::away(&mut tx, before, MOST).await?;
        }
        tx.commit().await?;
        for site in back {
            returned(app, &site).await?;
        }
        for site in away {
            left(app, &site, now).await?;
        }
        Ok(Next::Again(now.plus_secs(EVERY_SECS)))
    })
}

async fn left(app: &App, site: &store::Away, now: Timestamp) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(site.provider).await?;
    let day = Timestamp::from_secs(now.as_secs() - 86_400);
    let told = store::told_since(&mut tx, site.provider, site.site, day).await?;
    let is_told = told < TOLD_A_DAY;
    if store::begin(&mut tx, site, is_told, now).await? && is_told {
        let notice = Notice::SiteAway {
            site: &site.name,
            since: site.seen,
        };
        let once = format!("away:{}:{}", site.site, site.seen.as_millis());
        tell(app, &mut tx, site.provider, Topic::Site, &notice, &once).await?;
    }
    tx.commit().await
}

async fn returned(app: &App, site: &store::Back) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(site.provider).await?;
    if store::end(&mut tx, site).await? && site.is_told {
        let away = site.seen.since(site.began);
        let notice = Notice::SiteBack {
            site: &site.name,
            away: Duration::from_secs(away.as_secs()),
        };
        let once = format!("back:{}:{}", site.site, site.began.as_millis());
        tell(app, &mut tx, site.provider, Topic::Site, &notice, &once).await?;
    }
    tx.commit().await
}
