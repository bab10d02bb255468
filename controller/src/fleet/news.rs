//! News of sites that came up or went away, for those who want to know: what is now is compared with what they were told.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::presence::away_before;
use super::store::news as store;
use crate::app::App;
use crate::jobs::{Job, Next};
use crate::webhooks::{self, Event, Kind};

/// How often it is looked.
const EVERY_SECS: i64 = 60;
/// Changes told at once; the rest is told a minute later.
const MOST: u16 = 500;

/// Looks once, and again in a minute as long as somebody wants to know.
pub fn watch<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let Some(provider) = job.provider else {
            return Ok(Next::Done);
        };
        let now = app.clock.now();
        let mut tx = job.begin(app).await?;
        if !webhooks::is_wanted(&mut tx, provider, &[Kind::SiteUp, Kind::SiteDown]).await? {
            store::forget_told(&mut tx, provider).await?;
            tx.commit().await?;
            return Ok(Next::Done);
        }
        for site in store::changed(&mut tx, provider, away_before(now), MOST).await? {
            store::told(&mut tx, provider, site.id, site.is_up).await?;
            // How it stands when the watch begins is no news.
            if site.is_news {
                let event = Event::Site {
                    site: site.id,
                    name: site.name,
                    is_up: site.is_up,
                    seen: site.seen,
                };
                webhooks::emit(app, &mut tx, provider, &event).await?;
            }
        }
        tx.commit().await?;
        Ok(Next::Again(now.plus_secs(EVERY_SECS)))
    }
    .boxed()
}
