//! News of sites that came up or went away, for those who want to know: what is now is compared with what they were told.
//!
//! Which sites are away is noted by `admin/outages`, so that a break of the platform's own is no news of a thousand sites. However many there
//! are, it is one job for each business that looks and one for each address that is told.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

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
        let changed = store::changed(&mut tx, provider, MOST).await?;
        store::told(&mut tx, provider, &changed).await?;
        // How it stands when the watch begins is no news.
        let news = changed.into_iter().filter(|site| site.is_news);
        let events: Vec<Event> = news
            .map(|site| Event::Site {
                site: site.id,
                name: site.name,
                is_up: site.is_up,
                seen: site.seen,
            })
            .collect();
        webhooks::emit_all(app, &mut tx, provider, &events).await?;
        tx.commit().await?;
        Ok(Next::Again(now.plus_secs(EVERY_SECS)))
    }
    .boxed()
}
