//! When the router of a site was out of its agent's reach, as the agent told.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// Notes that a router was lost; the same word told twice is one loss.
///
/// One that is lost already was found again unheard meanwhile, so a reading from before this word says nothing any more.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    (provider, site): (ProviderId, SiteId),
    at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into router_losses (provider_id, site_id, began_at, heard_at)
         select $1, $2, $3, $4
         where not exists (select from router_losses where provider_id = $1 and site_id = $2 and began_at = $3)
         on conflict (site_id) where ended_at is null do update set heard_at = excluded.heard_at",
        provider.uuid(),
        site.uuid(),
        At(at.min(now)),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a router answers again, so that what readings said before counts no longer.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    (provider, site): (ProviderId, SiteId),
    at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update site_samples set mute_since = null where provider_id = $1 and site_id = $2 and mute_since is not null",
        provider.uuid(),
        site.uuid(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update router_losses set ended_at = greatest(began_at, $3) where provider_id = $1 and site_id = $2 and ended_at is null",
        provider.uuid(),
        site.uuid(),
        At(at.min(now)),
    )
    .execute(conn)
    .await
    .map(drop)
}
