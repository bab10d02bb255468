//! All SQL of the reports. Each question is one statement over what an index leads to.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};

/// What customers paid between two moments, and in how many payments.
///
/// # Errors
/// When the database is away.
pub async fn paid(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Timestamp,
    to: Timestamp,
) -> sqlx::Result<(Money, i64)> {
    let row = sqlx::query!(
        r#"select coalesce(sum(amount), 0) as "sum!: Amount", count(*) as "count!" from payments
           where provider_id = $1 and created_at >= $2 and created_at < $3 and status = 'success' and type = 'mpesa_customer_payment'"#,
        provider.uuid(),
        At(from),
        At(to),
    )
    .fetch_one(conn)
    .await?;
    Ok((row.sum.0, row.count))
}

/// Vouchers whose clock runs, as far as their sites have told.
///
/// # Errors
/// When the database is away.
pub async fn running(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from tickets where provider_id = $1 and started_at is not null and ended_at is null and paused_at is null
         and revoked_at is null and (expires_at is null or expires_at > $2)",
        provider.uuid(),
        At(now),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}
