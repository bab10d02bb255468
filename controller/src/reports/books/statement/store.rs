//! All SQL that a statement is compared with.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;

use super::{APART, Known, Origin, Ours, Unnamed};
use crate::db::{Amount, At, RowId as _};

/// The most payments of one statement's time.
const MOST: i64 = 60_000;
/// The most payments without a receipt.
const MOST_UNNAMED: i64 = 2_000;

/// What our books know of the time of a statement, and of its receipts.
///
/// # Errors
/// When the database is away.
pub async fn known(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipts: &[String],
    (from, to): (Timestamp, Timestamp),
) -> sqlx::Result<Known> {
    let rows = sqlx::query!(
        r#"select external_txn_id as "receipt!", amount as "amount!: Amount", settled_at as "at!: At", id as "payment?"
           from payments where provider_id = $1 and external_txn_id = any($2) and status = 'success'
           union
           select external_txn_id, amount, settled_at, id
           from payments where provider_id = $1 and settled_at >= $3 and settled_at <= $4 and external_txn_id is not null and status = 'success'
             and type in ('mpesa_customer_payment', 'mpesa_account_test')
           union
           select receipt, amount, at, null from unmatched
           where provider_id = $1 and reason <> 'late' and outcome is distinct from 'known' and receipt is not null
             and (receipt = any($2) or (at >= $3 and at <= $4))
           limit $5"#,
        provider.uuid(),
        receipts,
        At(from) as At,
        At(to) as At,
        MOST,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ours = rows
        .into_iter()
        .map(|row| Ours {
            receipt: row.receipt,
            amount: row.amount.0,
            at: row.at.0,
            payment: row.payment.map(PaymentId::from_uuid),
        })
        .collect();
    let rows = sqlx::query!(
        r#"select id, amount as "amount: Amount", account_reference, created_at as "created_at: At" from payments
           where provider_id = $1 and settled_at >= $2 and settled_at <= $3 and status = 'success' and external_txn_id is null
             and type in ('mpesa_customer_payment', 'mpesa_account_test')
           order by settled_at limit $4"#,
        provider.uuid(),
        At(from) as At,
        // Who was asked about later is settled later.
        At(to + APART + APART) as At,
        MOST_UNNAMED,
    )
    .fetch_all(conn)
    .await?;
    let unnamed = rows
        .into_iter()
        .map(|row| Unnamed {
            payment: PaymentId::from_uuid(row.id),
            amount: row.amount.0,
            reference: row.account_reference,
            begun: row.created_at.0,
        })
        .collect();
    Ok(Known {
        ours,
        unnamed,
        ..Known::default()
    })
}

/// What had come by some receipts, and what of it is left to go back.
///
/// # Errors
/// When the database is away.
pub async fn origins(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipts: &[String],
) -> sqlx::Result<Vec<Origin>> {
    let rows = sqlx::query!(
        r#"select p.external_txn_id as "receipt!", p.id as "payment?",
                  least(p.amount, p.amount + p.credit - p.credited
                        - (select coalesce(sum(r.amount), 0) from refunds r where r.provider_id = $1 and r.payment_id = p.id)) as "left!: Amount"
           from payments p where p.provider_id = $1 and p.external_txn_id = any($2) and p.status = 'success'
             and p.type in ('mpesa_customer_payment', 'mpesa_account_test')
           union all
           select receipt, null, case when closed_at is null then amount else 0 end from unmatched
           where provider_id = $1 and receipt = any($2) and reason <> 'late' and outcome is distinct from 'known'"#,
        provider.uuid(),
        receipts,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Origin {
            receipt: row.receipt,
            payment: row.payment.map(PaymentId::from_uuid),
            left: row.left.0,
        })
        .collect())
}
