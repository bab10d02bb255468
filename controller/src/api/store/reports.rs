//! All SQL of sums by day.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};

/// What came in on one day.
#[derive(Clone, Debug)]
pub struct Day {
    /// The day on Nairobi's calendar, as `2026-11-26`.
    pub day: String,
    /// How much.
    pub amount: Money,
    /// In how many payments.
    pub payments: i64,
}

/// What came in between two moments, day by day; days without a payment are not in it.
///
/// # Errors
/// When the database is away.
pub async fn revenue(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Timestamp,
    to: Timestamp,
) -> sqlx::Result<Vec<Day>> {
    let rows = sqlx::query!(
        r#"select to_char(created_at at time zone 'Africa/Nairobi', 'YYYY-MM-DD') as "day!", sum(amount) as "amount!: Amount",
                  count(*) as "payments!"
           from payments
           where provider_id = $1 and created_at >= $2 and created_at < $3 and status = 'success' and type = 'mpesa_customer_payment'
           group by 1 order by 1"#,
        provider.uuid(),
        At(from),
        At(to),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Day {
            day: row.day,
            amount: row.amount.0,
            payments: row.payments,
        })
        .collect())
}
