//! Money of a prompt that is in the queue: another amount than was asked, or short of the price.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, UnmatchedId};
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};
use crate::payments::Payment;
use crate::payments::unmatched::{Arrived, Reason};

/// Writes down what is learnt of money that is in the queue: the receipt of a prompt's own, or that what a receipt named was a prompt's. Says
/// whether such money was there.
///
/// # Errors
/// When the database refuses.
pub async fn name_prompt(
    conn: &mut PgConnection,
    provider: ProviderId,
    arrived: &Arrived,
) -> sqlx::Result<bool> {
    if !matches!(arrived.reason, Reason::Asked | Reason::Short) {
        return Ok(false);
    }
    let done = sqlx::query!(
        "update unmatched set reason = $3, payment_id = $4, receipt = $5
         where provider_id = $1 and amount = $2
           and ((receipt = $5 and reason in ('nobody', 'amount') and closed_at is null)
                or (receipt is null and payment_id = $4 and reason in ('asked', 'short')
                    and not exists (select from unmatched o where o.provider_id = $1 and o.receipt = $5 and o.reason <> 'late')))",
        provider.uuid(),
        Amount(arrived.amount) as Amount,
        arrived.reason.word(),
        arrived.payment.map(|id| id.uuid()),
        arrived.receipt,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Adds the money of a prompt of which the rail tells no receipt; says whether it was not there.
///
/// # Errors
/// When the database refuses.
pub async fn insert_prompt(
    conn: &mut PgConnection,
    id: UnmatchedId,
    payment: &Payment,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into unmatched (id, provider_id, reason, amount, payer, payment_id, site_id, at, created_at)
         values ($1, $2, 'short', $3, $4, $5, $6, $7, $7)
         on conflict (provider_id, payment_id) where reason in ('asked', 'short') and receipt is null do nothing",
        id.uuid(),
        payment.provider.uuid(),
        Amount(payment.amount) as Amount,
        payment.phone.map(|phone| phone.digits()),
        payment.id.uuid(),
        payment.site.map(|id| id.uuid()),
        At(now) as At,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
