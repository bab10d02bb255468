//! All SQL of closing a site.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// Closes a site; says whether it was open.
///
/// # Errors
/// When the database refuses.
pub async fn close(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let closed = sqlx::query!(
        "update sites set closed_at = $3 where provider_id = $1 and id = $2 and closed_at is null",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(closed.rows_affected() > 0)
}

/// Ends the claim codes of a site that are still good.
///
/// # Errors
/// When the database refuses.
pub async fn end_claims(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update claims set expires_at = $3 where provider_id = $1 and site_id = $2 and spent_by is null and expires_at > $3",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the outage of a site and the loss of its router, and has nobody told that they are over: it is not back.
///
/// # Errors
/// When the database refuses.
pub async fn end_watch(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update site_outages set ended_at = greatest(began_at, $3) where provider_id = $1 and site_id = $2 and ended_at is null",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update outage_notices set ended_at = $3 where provider_id = $1 and site_id = $2 and ended_at is null",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update router_losses set ended_at = greatest(began_at, $3), closed_at = case when noted_at is not null then $3 end
         where provider_id = $1 and site_id = $2 and ended_at is null",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
