//! Giving a site another name, which its portal shows as soon as it hears of it.

use mnara_protocol::ids::{ProviderId, SiteId};
use thiserror::Error;

use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet::store as sites;
use crate::tickets::feed::refresh_site;

/// Why a site kept its name.
#[derive(Debug, Error)]
pub enum NotNamed {
    /// The name is missing or too long.
    #[error("give the site a name of 1 to 80 letters")]
    Name,
    /// There is no such site, or it is closed.
    #[error("there is no such site, or it is closed")]
    NoSite,
    /// The site could not be told.
    #[error(transparent)]
    Feed(#[from] crate::tickets::feed::FeedError),
    /// The database refused.
    #[error("the name could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Gives a site another name.
///
/// # Errors
/// [`NotNamed`].
pub async fn rename(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    name: &str,
    actor: Actor,
) -> Result<(), NotNamed> {
    let name = name.trim();
    if !(1..=80).contains(&name.chars().count()) {
        return Err(NotNamed::Name);
    }
    let mut tx = app.db.tenant(provider).await?;
    let before = sites::open_site(&mut tx, provider, site)
        .await?
        .ok_or(NotNamed::NoSite)?;
    if before.name == name {
        return Ok(());
    }
    sites::rename(&mut tx, provider, site, name).await?;
    let deed = Deed {
        act: "site-name",
        subject: &site.to_string(),
        before: Some(before.name.into()),
        after: Some(name.into()),
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    refresh_site(app, &mut tx, provider, site).await?;
    tx.commit().await?;
    Ok(())
}
