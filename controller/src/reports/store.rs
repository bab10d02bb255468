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

/// Devices whose session has not ended and was read since.
///
/// # Errors
/// When the database is away.
pub async fn online(
    conn: &mut PgConnection,
    provider: ProviderId,
    since: Timestamp,
) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from sessions where provider_id = $1 and ended_at is null and read_at >= $2",
        provider.uuid(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}
