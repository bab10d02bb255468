//! All SQL that looks for the payment a receipt belongs to.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId};
use crate::rails::msisdn::Msisdn;

/// The most payments one confirmation is compared with.
const MOST_CANDIDATES: i64 = 100;

/// A provider's payments that succeeded without a receipt and were begun within a time, by what was paid.
///
/// # Errors
/// When the database is away.
pub async fn without_receipt(
    conn: &mut PgConnection,
    provider: ProviderId,
    amount: Money,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<(PaymentId, Msisdn)>> {
    let rows = sqlx::query!(
        r#"select id, msisdn as "msisdn!" from payments
         where provider_id = $1 and created_at between $2 and $3 and status = 'success' and external_txn_id is null
           and amount = $4 and msisdn is not null
         order by created_at limit $5"#,
        provider.uuid(),
        At(from) as At,
        At(until) as At,
        Amount(amount) as Amount,
        MOST_CANDIDATES,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let bad = || {
                sqlx::Error::Decode(format!("payments.msisdn of {} is out of range", row.id).into())
            };
            Ok((
                PaymentId::from_uuid(row.id),
                row.msisdn.parse().map_err(|_| bad())?,
            ))
        })
        .collect()
}
