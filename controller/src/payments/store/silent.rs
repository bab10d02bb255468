//! Payments that wait and that no job asks about.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// Finds them, whosever they are, the oldest first.
///
/// # Errors
/// When the database is away.
pub async fn unasked(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<(ProviderId, PaymentId)>> {
    let rows = sqlx::query!(
        "select p.provider_id, p.id from payments p
         where p.status = 'pending' and p.created_at < $1
           and not exists (select from jobs j where j.kind = 'ask-rail' and j.unique_key = 'pay_' || replace(p.id::text, '-', ''))
         order by p.created_at limit $2",
        At(before),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                ProviderId::from_uuid(row.provider_id),
                PaymentId::from_uuid(row.id),
            )
        })
        .collect())
}
