//! Telling sites everything anew: one, after an agent was enrolled there, and all of a business, when what they all go by has changed.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use super::feed::{FeedError, refresh_site};
use crate::app::App;
use crate::fleet;
use crate::jobs::{Job, Next};

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

/// Tells all sites of a business what is not worth more than its cause: a batch of codes whose key does not open is told of where it is used, and
/// money is more urgent.
///
/// # Errors
/// When the database refuses.
pub async fn every_site_if_it_can(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<()> {
    match every_site(app, conn, provider).await {
        Err(FeedError::Database(error)) => Err(error),
        Err(error) => {
            tracing::error!(provider.id = %provider, %error, "sites were not told what changed");
            Ok(())
        }
        Ok(()) => Ok(()),
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
