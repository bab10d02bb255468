//! All SQL that a statement is compared with.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;

use super::{Known, Origin, Ours, Unnamed};
use crate::db::{Amount, At, RowId as _};
use crate::payments::PROMPT_LIFE;
use crate::payments::store::STUCK;
use crate::payments::unmatched::{BEGUN_WITHIN, CLOCKS_APART};
use crate::rails::msisdn::NotAPhone;

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
    now: Timestamp,
) -> sqlx::Result<Known> {
    let rows = sqlx::query!(
        r#"select external_txn_id as "receipt!", amount as "amount!: Amount", settled_at as "at!: At", id as "payment?"
           from payments where provider_id = $1 and external_txn_id = any($2) and status = 'success'
           union
           select external_txn_id, amount, settled_at, id
           from payments where provider_id = $1 and settled_at >= $3 and settled_at <= $4 and external_txn_id is not null and status = 'success'
             and type in ('mpesa_customer_payment', 'mpesa_account_test')
           union
           select receipt, amount, coalesce(paid_at, at), null from unmatched
           where provider_id = $1 and reason <> 'late' and outcome is distinct from 'known' and receipt is not null
             and (receipt = any($2) or (at >= $6 and coalesce(paid_at, at) between $3 and $4))
           limit $5"#,
        provider.uuid(),
        receipts,
        At(from) as At,
        At(to) as At,
        MOST,
        At(from - CLOCKS_APART) as At,
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
    let unnamed = unnamed(conn, provider, (from, to), now).await?;
    Ok(Known {
        ours,
        unnamed,
        ..Known::default()
    })
}

/// The payments without a receipt that what was paid in a time may be.
///
/// They are those that succeeded, those whose end is still to come, and those that wait for a person. They go by when they were begun: whoever was
/// asked about later is settled later.
///
/// # Errors
/// When the database is away, or a row contradicts itself.
pub async fn unnamed(
    conn: &mut PgConnection,
    provider: ProviderId,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> sqlx::Result<Vec<Unnamed>> {
    let rows = sqlx::query!(
        r#"select id, amount as "amount: Amount", account_reference, msisdn, created_at as "created_at: At",
                  status = 'pending' and (flag is null or flag <> all($5)) as "is_open!", status = 'success' as "is_booked!"
           from payments
           where provider_id = $1 and created_at between $2 and $3 and external_txn_id is null
             and type in ('mpesa_customer_payment', 'mpesa_account_test')
             and (status = 'success'
                  or (status = 'pending' and (checkout_request_id is not null or created_at > $6 or flag = any($5))))
           order by created_at limit $4"#,
        provider.uuid(),
        At(from - BEGUN_WITHIN) as At,
        At(to + CLOCKS_APART) as At,
        MOST_UNNAMED,
        &STUCK as &[&str],
        At(now - PROMPT_LIFE) as At,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let bad = |_: NotAPhone| {
                let what = format!("payments.msisdn of {} is out of range", row.id);
                sqlx::Error::Decode(what.into())
            };
            let phone = row.msisdn.map(|digits| digits.parse()).transpose();
            Ok(Unnamed {
                payment: PaymentId::from_uuid(row.id),
                amount: row.amount.0,
                reference: row.account_reference,
                phone: phone.map_err(bad)?,
                begun: row.created_at.0,
                is_open: row.is_open,
                is_booked: row.is_booked,
            })
        })
        .collect()
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
