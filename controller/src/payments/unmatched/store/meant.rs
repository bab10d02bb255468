//! Money in the queue that a payment may be meant by: by its receipt, its account, or by all else that is known.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};
use crate::payments::Payment;
use crate::payments::unmatched::CLOCKS_APART;
use crate::rails::daraja::callback::Payer;

/// The most that one payment without a receipt is compared with.
const MOST_CANDIDATES: i64 = 100;

/// Money in the queue that may be a payment's.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its id.
    pub id: UnmatchedId,
    /// How much.
    pub amount: Money,
    /// Its receipt.
    pub receipt: Option<String>,
    /// Who paid.
    pub payer: Payer,
    /// When it was paid, by M-PESA's clock; when it came, where that is not told.
    pub paid_at: Timestamp,
    /// The payment whose prompt took it, if the rail told of it as that.
    pub prompt: Option<PaymentId>,
    /// Whether it is dealt with.
    pub is_closed: bool,
    /// Whether it is because it was a payment's.
    pub is_known: bool,
}

/// Finds the money of a receipt and locks it.
///
/// # Errors
/// When the database is away.
pub async fn by_receipt(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<Option<Candidate>> {
    let row = sqlx::query!(
        r#"select id, amount as "amount: Amount", payer, case when reason in ('asked', 'short') then payment_id end as prompt,
                  closed_at is not null as "is_closed!", outcome is not distinct from 'known' as "is_known!", coalesce(paid_at, at) as "paid_at!: At"
           from unmatched where provider_id = $1 and receipt = $2 and reason <> 'late' for update"#,
        provider.uuid(),
        receipt,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Candidate {
        id: UnmatchedId::from_uuid(row.id),
        amount: row.amount.0,
        receipt: Some(receipt.to_owned()),
        payer: row.payer.map_or(Payer::Untold, |payer| Payer::read(&payer)),
        paid_at: row.paid_at.0,
        prompt: row.prompt.map(PaymentId::from_uuid),
        is_closed: row.is_closed,
        is_known: row.is_known,
    }))
}

/// The money of a receipt that is no payment's, and what came of it; nothing is locked.
///
/// # Errors
/// When the database is away.
pub async fn of_receipt(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<Option<(UnmatchedId, Option<String>)>> {
    let row = sqlx::query!(
        "select id, outcome from unmatched
         where provider_id = $1 and receipt = $2 and reason <> 'late' and outcome is distinct from 'known'",
        provider.uuid(),
        receipt,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (UnmatchedId::from_uuid(row.id), row.outcome)))
}

/// Money by hand without an account that can be a prompt's, locked: what is in the queue still, after it what somebody has dealt with.
///
/// It came since a time, was paid before another and, as far as clocks agree, not before the first. What a statement brought counts from when it was
/// taken in. What was found to be a payment's is not meant.
///
/// # Errors
/// When the database is away.
pub async fn nameless(
    conn: &mut PgConnection,
    provider: ProviderId,
    amount: Money,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<Candidate>> {
    let rows = sqlx::query!(
        r#"select id, receipt, payer, coalesce(paid_at, at) as "paid_at!: At", closed_at is not null as "is_closed!" from unmatched
           where provider_id = $1 and outcome is distinct from 'known' and at >= $6 and coalesce(paid_at, at) between $6 and $3 and amount = $4
             and ((reason = 'nobody' and at >= $2) or (reason = 'statement' and created_at >= $2))
             and reference is null and receipt is not null
           order by closed_at is not null, at, id limit $5 for update"#,
        provider.uuid(),
        At(from) as At,
        At(until) as At,
        Amount(amount) as Amount,
        MOST_CANDIDATES,
        At(from - CLOCKS_APART) as At,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Candidate {
            id: UnmatchedId::from_uuid(row.id),
            amount,
            receipt: row.receipt,
            payer: row.payer.map_or(Payer::Untold, |payer| Payer::read(&payer)),
            paid_at: row.paid_at.0,
            prompt: None,
            is_closed: row.is_closed,
            is_known: false,
        })
        .collect())
}

/// What the rail told of a payment's own prompt and is in the queue, or was, locked.
///
/// # Errors
/// When the database is away.
pub async fn of_prompt(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<Vec<Candidate>> {
    let rows = sqlx::query!(
        r#"select id, amount as "amount: Amount", receipt, payer, coalesce(paid_at, at) as "paid_at!: At", closed_at is not null as "is_closed!",
                  outcome is not distinct from 'known' as "is_known!"
           from unmatched
           where provider_id = $1 and payment_id = $2 and reason in ('asked', 'short') order by at, id limit $3 for update"#,
        payment.provider.uuid(),
        payment.id.uuid(),
        MOST_CANDIDATES,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Candidate {
            id: UnmatchedId::from_uuid(row.id),
            amount: row.amount.0,
            receipt: row.receipt,
            payer: row.payer.map_or(Payer::Untold, |payer| Payer::read(&payer)),
            paid_at: row.paid_at.0,
            prompt: Some(payment.id),
            is_closed: row.is_closed,
            is_known: row.is_known,
        })
        .collect())
}

/// The money that names a payment's own account, as a statement brings it; it stays locked.
///
/// # Errors
/// When the database is away.
pub async fn named(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<Option<Candidate>> {
    let row = sqlx::query!(
        r#"select id, receipt, amount as "amount: Amount", coalesce(paid_at, at) as "paid_at!: At", closed_at is not null as "is_closed!",
                  outcome is not distinct from 'known' as "is_known!"
           from unmatched
           where provider_id = $1 and reference = $2 and receipt is not null
           order by at, id limit 1 for update"#,
        payment.provider.uuid(),
        payment.account_reference,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Candidate {
        id: UnmatchedId::from_uuid(row.id),
        amount: row.amount.0,
        receipt: row.receipt,
        payer: Payer::Untold,
        paid_at: row.paid_at.0,
        prompt: None,
        is_closed: row.is_closed,
        is_known: row.is_known,
    }))
}
