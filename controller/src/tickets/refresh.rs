//! The job that tells a site everything anew, after an agent was enrolled there.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::SiteId;

use super::feed::refresh_site;
use crate::app::App;
use crate::jobs::{Job, Next};

/// Does the job; its key is the site.
pub fn refresh<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let (Some(provider), Ok(site)) = (job.provider, job.key.parse::<SiteId>()) else {
            anyhow::bail!("a refresh of no site");
        };
        let mut tx = job.begin(app).await?;
        refresh_site(app, &mut tx, provider, site).await?;
        tx.commit().await?;
        Ok(Next::Done)
    }
    .boxed()
}
