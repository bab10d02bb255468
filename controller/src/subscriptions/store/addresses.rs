//! All SQL of our addresses as the rail knows them.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use super::strange;
use crate::db::At;
use crate::rails::pesapal::Name;

/// The rail's name for an address.
///
/// # Errors
/// When the database is away.
pub async fn find(conn: &mut PgConnection, base: &str, url: &str) -> sqlx::Result<Option<Name>> {
    let id = sqlx::query_scalar!(
        "select ipn_id from pesapal_addresses where base = $1 and url = $2",
        base,
        url,
    )
    .fetch_optional(conn)
    .await?;
    id.map(|id| id.parse())
        .transpose()
        .map_err(|_| strange("pesapal_addresses.ipn_id"))
}

/// Keeps a name, unless another process has kept one; says which one counts.
///
/// # Errors
/// When the database refuses.
pub async fn keep(
    conn: &mut PgConnection,
    base: &str,
    url: &str,
    id: Name,
    now: Timestamp,
) -> sqlx::Result<Name> {
    sqlx::query!(
        "insert into pesapal_addresses (base, url, ipn_id, registered_at) values ($1, $2, $3, $4) on conflict (base, url) do nothing",
        base,
        url,
        id.as_str(),
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    Ok(find(conn, base, url).await?.unwrap_or(id))
}

/// Forgets a name that the rail does not know any more.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, base: &str, url: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from pesapal_addresses where base = $1 and url = $2",
        base,
        url,
    )
    .execute(conn)
    .await
    .map(drop)
}
