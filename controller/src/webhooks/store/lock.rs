//! Endpoints that are held until the transaction ends, for whoever changes them.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{EndpointId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::EndpointRow;
use crate::db::{At, RowId as _};
use crate::webhooks::Endpoint;

/// Holds one endpoint; gives it as it is, and since when it has the secret it has.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
) -> sqlx::Result<Option<(Endpoint, Timestamp)>> {
    let row = sqlx::query!(
        r#"select id, url, events, enabled, failing_since, given_up_at, created_at, coalesce(secret_at, created_at) as "secret_at!: At"
           from webhook_endpoints where provider_id = $1 and id = $2 and removed_at is null for update"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let endpoint = EndpointRow {
            id: row.id,
            url: row.url,
            events: row.events,
            enabled: row.enabled,
            failing_since: row.failing_since,
            given_up_at: row.given_up_at,
            created_at: row.created_at,
        };
        (Endpoint::from(endpoint), row.secret_at.0)
    }))
}

/// The secrets of a business's endpoints after one, in the order of ids, for whoever seals them anew: also of those that were removed.
///
/// # Errors
/// When the database is away.
pub async fn lock_sealed(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<EndpointId>,
    limit: u16,
) -> sqlx::Result<Vec<(EndpointId, String)>> {
    let rows = sqlx::query!(
        "select id, secret from webhook_endpoints where provider_id = $1 and id > $2 order by id limit $3 for update",
        provider.uuid(),
        after.map_or(Uuid::nil(), |id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (EndpointId::from_uuid(row.id), row.secret))
        .collect())
}

/// Stores a secret sealed anew.
///
/// # Errors
/// When the database refuses.
pub async fn set_sealed(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
    sealed: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_endpoints set secret = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        sealed,
    )
    .execute(conn)
    .await
    .map(drop)
}
