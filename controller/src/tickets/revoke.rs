//! Taking tickets back: one, or a whole series. Every site that could honour them is told in the same transaction.

use mnara_protocol::ids::{ProviderId, SeriesId, TicketId};
use mnara_protocol::ticket::code::TicketCode;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::feed::{self, FeedError};
use super::{Stage, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::fleet;

/// Why nothing was taken back.
#[derive(Debug, Error)]
pub enum RevokeError {
    /// There is no such ticket or series.
    #[error("there is no such ticket or series")]
    Missing,
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("it could not be taken back")]
    Database(#[from] sqlx::Error),
}

/// Takes one ticket back. Doing it twice changes nothing.
///
/// # Errors
/// [`RevokeError`].
pub async fn ticket(
    app: &App,
    provider: ProviderId,
    code: &TicketCode,
    actor: Actor,
) -> Result<(), RevokeError> {
    let mut tx = app.db.tenant(provider).await?;
    let now = app.clock.now();
    let id = store::by_code(&mut tx, provider, code, now)
        .await?
        .ok_or(RevokeError::Missing)?
        .kept
        .ticket
        .id;
    ticket_in(app, &mut tx, (provider, actor), id).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one ticket back in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`RevokeError`].
pub async fn ticket_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: TicketId,
) -> Result<(), RevokeError> {
    let now = app.clock.now();
    let was = store::lock(conn, provider, id, now)
        .await?
        .ok_or(RevokeError::Missing)?;
    let is_new = store::revoke(conn, provider, id, now).await?;
    let found = store::lock(conn, provider, id, now)
        .await?
        .ok_or(RevokeError::Missing)?;
    if is_new {
        let [before, after] = [&was, &found]
            .map(|found| json!({"status": Stage::of(&found.kept.ticket, now).word()}));
        let (by, subject) = ((provider, actor), id.to_string());
        note(app, conn, by, "revoke", &subject, (before, after)).await?;
    }
    let changes = store::sites_of(conn, provider, id)
        .await?
        .into_iter()
        .map(|site| feed::decision(site, &found))
        .collect();
    fleet::feed::put(conn, provider, changes).await?;
    Ok(())
}

/// Takes a whole series back. Doing it twice changes nothing.
///
/// # Errors
/// [`RevokeError`].
pub async fn series(
    app: &App,
    provider: ProviderId,
    id: SeriesId,
    actor: Actor,
) -> Result<(), RevokeError> {
    let mut tx = app.db.tenant(provider).await?;
    series_in(app, &mut tx, (provider, actor), id).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a whole series back in the caller's transaction; the feed is its last step.
///
/// # Errors
/// [`RevokeError`].
pub async fn series_in(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    id: SeriesId,
) -> Result<(), RevokeError> {
    if let Some(count) = store::revoke_series(conn, provider, id, app.clock.now()).await? {
        let (before, after) = (
            json!({"revoked": false}),
            json!({"revoked": true, "count": count}),
        );
        let (by, subject) = ((provider, actor), id.to_string());
        note(app, conn, by, "revoke-series", &subject, (before, after)).await?;
    }
    let series = store::series_row(conn, provider, id)
        .await?
        .ok_or(RevokeError::Missing)?;
    let sites = store::sites_of_series(conn, provider, id).await?;
    // An agent enrolled meanwhile has its feed written anew after this, to its own key.
    fleet::feed::lock(conn, provider, &sites).await?;
    let mut changes = Vec::new();
    for site in sites {
        if let Some(agent) = fleet::store::agent_key(conn, provider, site).await? {
            changes.push(feed::series(app, provider, site, &agent, &series)?);
        }
    }
    fleet::feed::put(conn, provider, changes).await?;
    Ok(())
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (ProviderId, Actor),
    act: &'static str,
    subject: &str,
    (before, after): (JsonValue, JsonValue),
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject,
        before: Some(before),
        after: Some(after),
    };
    record(app, conn, Some(provider), actor, deed).await
}
