//! Closing a site for good: it sells nothing any more and counts for no plan. What it sold, and its name, stay where they are written down.

use mnara_protocol::ids::{ProviderId, SiteId};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::create::let_go_in;
use super::presence::is_up;
use super::store::{self, closing, standing};
use crate::app::App;
use crate::audit::{Actor, Deed, record};

/// Why a site was not closed.
#[derive(Debug, Error)]
pub enum NotClosed {
    /// There is no such site.
    #[error("this business has no such site")]
    NoSite,
    /// It is on the air, and whoever is online there would be cut off.
    #[error("the site is still on the air: switch its machine off first")]
    StillUp,
    /// The database refused.
    #[error("the site could not be closed")]
    Database(#[from] sqlx::Error),
}

/// Closes a site.
///
/// # Errors
/// [`NotClosed`].
pub async fn close(
    app: &App,
    provider: ProviderId,
    site: SiteId,
    actor: Actor,
) -> Result<(), NotClosed> {
    let mut tx = app.db.tenant(provider).await?;
    close_in(app, &mut tx, (provider, site), actor).await?;
    tx.commit().await?;
    Ok(())
}

/// Closes a site in the caller's transaction; one that is closed stays so.
///
/// # Errors
/// [`NotClosed`].
pub async fn close_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, site): (ProviderId, SiteId),
    actor: Actor,
) -> Result<(), NotClosed> {
    let now = app.clock.now();
    let found = store::site(conn, provider, site)
        .await?
        .ok_or(NotClosed::NoSite)?;
    if found.closed.is_some() {
        return Ok(());
    }
    let standing = standing::standing(conn, provider, site).await?;
    if is_up(standing.and_then(|one| one.last_seen), now) {
        return Err(NotClosed::StillUp);
    }
    // Codes before agents: one that is being spent now ends with the agent it brings.
    closing::end_claims(conn, provider, site, now).await?;
    let_go_in(app, conn, (provider, site), actor).await?;
    // Sites last, as everywhere. Somebody else may have closed it at the same moment.
    if !closing::close(conn, provider, site, now).await? {
        return Ok(());
    }
    closing::end_watch(conn, provider, site, now).await?;
    let deed = Deed {
        act: "site-close",
        subject: &site.to_string(),
        before: Some(json!({"closed": false})),
        after: Some(json!({"closed": true})),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(())
}
