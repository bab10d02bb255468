//! Money in the queue that a payment may be meant by: by its receipt, its account, or by all else that is known.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};
use crate::payments::Payment;
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
    pub receipt: String,
    /// Who paid.
    pub payer: Payer,
    /// Whether somebody has dealt with it.
    pub is_closed: bool,
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
        r#"select id, amount as "amount: Amount", payer, closed_at is not null as "is_closed!" from unmatched
           where provider_id = $1 and receipt = $2 and reason <> 'late' for update"#,
        provider.uuid(),
        receipt,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Candidate {
        id: UnmatchedId::from_uuid(row.id),
        amount: row.amount.0,
        receipt: receipt.to_owned(),
        payer: row.payer.map_or(Payer::Untold, |payer| Payer::read(&payer)),
        is_closed: row.is_closed,
    }))
}

/// Money by hand without an account that came within a time and is in the queue still, locked.
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
        r#"select id, receipt as "receipt!", payer from unmatched
           where provider_id = $1 and closed_at is null and at between $2 and $3 and amount = $4 and reason = 'nobody' and reference is null
             and receipt is not null
           order by at, id limit $5 for update"#,
        provider.uuid(),
        At(from) as At,
        At(until) as At,
        Amount(amount) as Amount,
        MOST_CANDIDATES,
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
            is_closed: false,
        })
        .collect())
}

/// The money that names a payment's own account, as a statement brings it; it stays locked.
///
/// # Errors
/// When the database is away.
pub async fn named(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<Option<Candidate>> {
    let row = sqlx::query!(
        r#"select id, receipt as "receipt!", amount as "amount: Amount", closed_at is not null as "is_closed!" from unmatched
           where provider_id = $1 and upper(reference) = $2 and receipt is not null
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
        is_closed: row.is_closed,
    }))
}

/// Whether the money that names a payment's own account was dealt with as nobody's.
///
/// # Errors
/// When the database is away.
pub async fn is_spent(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<bool> {
    let found = named(conn, payment).await?;
    Ok(found.is_some_and(|found| found.is_closed || found.amount != payment.amount))
}
