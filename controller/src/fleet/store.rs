//! All SQL of sites and agents. Which of it belongs into one transaction is decided by the callers.

use ed25519_dalek::VerifyingKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use super::Site;
use crate::db::{At, RowId};

/// Adds a site.
///
/// # Errors
/// When the database refuses.
pub async fn insert_site(conn: &mut PgConnection, provider: ProviderId, id: SiteId, name: &str, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sites (id, provider_id, name, feed_revision, created_at) values ($1, $2, $3, 0, $4)",
        id.uuid(),
        provider.uuid(),
        name,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Finds one site of a provider.
///
/// # Errors
/// When the database is away.
pub async fn site(conn: &mut PgConnection, provider: ProviderId, id: SiteId) -> sqlx::Result<Option<Site>> {
    let row = sqlx::query!("select name from sites where provider_id = $1 and id = $2", provider.uuid(), id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| Site {
        id,
        provider,
        name: row.name,
    }))
}

/// Lists a provider's sites after one, in id order.
///
/// # Errors
/// When the database is away.
pub async fn sites(conn: &mut PgConnection, provider: ProviderId, after: Option<SiteId>, limit: u16) -> sqlx::Result<Vec<Site>> {
    let rows = sqlx::query!(
        "select id, name from sites where provider_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        provider.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Site {
            id: SiteId::from_uuid(row.id),
            provider,
            name: row.name,
        })
        .collect())
}

/// The key of the site's present agent, to which secrets for the site are sealed.
///
/// # Errors
/// When the database is away, or a stored key is not one.
pub async fn agent_key(conn: &mut PgConnection, provider: ProviderId, site: SiteId) -> sqlx::Result<Option<VerifyingKey>> {
    let row = sqlx::query_scalar!(
        "select public_key from agents where provider_id = $1 and site_id = $2 and revoked_at is null
         order by created_at desc, id desc limit 1",
        provider.uuid(),
        site.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|bytes| {
        <[u8; 32]>::try_from(bytes.as_slice())
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            .ok_or_else(|| sqlx::Error::Decode(format!("agents.public_key of {site} is no Ed25519 key").into()))
    })
    .transpose()
}

/// Whose a site is. Needs the platform's door: a token names a site and no provider.
///
/// # Errors
/// When the database is away.
pub async fn owner_of_site(conn: &mut PgConnection, site: SiteId) -> sqlx::Result<Option<ProviderId>> {
    let owner = sqlx::query_scalar!("select provider_id from sites where id = $1", site.uuid()).fetch_optional(conn).await?;
    Ok(owner.map(ProviderId::from_uuid))
}
