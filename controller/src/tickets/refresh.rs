//! Telling sites everything anew: one, after an agent was enrolled there, and all of a business, when what they all go by has changed.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::{ProviderId, SiteId};
use serde_json::json;
use sqlx::PgConnection;

use super::feed::{FeedError, refresh_site};
use crate::app::App;
use crate::fleet;
use crate::jobs::{Job, NewJob, Next, enqueue};

/// Sites read at once.
const PAGE: u16 = 100;

/// Tells all sites of a business, in the transaction of what changed.
///
/// # Errors
/// [`FeedError`].
pub async fn every_site(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
) -> Result<(), FeedError> {
    let mut last = None;
    loop {
        let sites = fleet::store::sites(conn, provider, last, PAGE).await?;
        for site in &sites {
            refresh_site(app, conn, provider, site.id).await?;
        }
        last = sites.last().map(|site| site.id);
        if sites.len() < usize::from(PAGE) {
            return Ok(());
        }
    }
}

/// Tells all sites of a business what is not worth more than its cause: where a batch's key does not open, money is more urgent, and each site is
/// left to a job of its own, so that the others hear.
///
/// # Errors
/// When the database refuses.
pub async fn every_site_if_it_can(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<()> {
    let error = match every_site(app, conn, provider).await {
        Ok(()) => return Ok(()),
        Err(FeedError::Database(error)) => return Err(error),
        Err(error) => error,
    };
    tracing::error!(%error, provider.id = %provider, "sites could not be told at once");
    let mut last = None;
    loop {
        let sites = fleet::store::sites(conn, provider, last, PAGE).await?;
        for site in &sites {
            let job = NewJob {
                kind: fleet::enrol::REFRESH,
                key: &site.id.to_string(),
                payload: json!({}),
                run_at: app.clock.now(),
            };
            enqueue(conn, Some(provider), job, app).await?;
        }
        last = sites.last().map(|site| site.id);
        if sites.len() < usize::from(PAGE) {
            return Ok(());
        }
    }
}

/// Does the job that tells all sites of a business.
pub fn refresh_all<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let Some(provider) = job.provider else {
            anyhow::bail!("a refresh of no business");
        };
        let mut tx = job.begin(app).await?;
        every_site(app, &mut tx, provider).await?;
        tx.commit().await?;
        Ok(Next::Done)
    }
    .boxed()
}

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
