//! All SQL of the receipts that an operator may be asked about.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};

/// A shilling that can come back: a test of the account in use that arrived, whose receipt is known and of which nothing went back.
#[derive(Clone, Debug)]
pub struct Shilling {
    /// The payment.
    pub payment: PaymentId,
    /// Its receipt.
    pub receipt: String,
    /// How much.
    pub amount: Money,
    /// When it came.
    pub at: Timestamp,
}

/// The newest test that can come back.
///
/// # Errors
/// When the database is away.
pub async fn shilling(
    conn: &mut PgConnection,
    provider: ProviderId,
    shortcode: &str,
) -> sqlx::Result<Option<Shilling>> {
    let row = sqlx::query!(
        r#"select p.id, p.external_txn_id as "receipt!", p.amount as "amount: Amount", p.created_at as "created_at: At" from payments p
           where p.provider_id = $1 and p.type = 'mpesa_account_test' and p.status = 'success' and p.external_txn_id is not null
             and not exists (select from refunds r where r.provider_id = p.provider_id and r.payment_id = p.id)
             and (exists (select from providers o where o.id = $1 and o.mpesa_account_id = p.account_id and o.mpesa_shortcode = $2)
                  or exists (select from mpesa_accounts a where a.provider_id = $1 and a.id = p.account_id and a.shortcode = $2))
           order by p.created_at desc, p.id desc limit 1"#,
        provider.uuid(),
        shortcode,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Shilling {
        payment: PaymentId::from_uuid(row.id),
        receipt: row.receipt,
        amount: row.amount.0,
        at: row.created_at.0,
    }))
}

/// The newest receipt that came into a shortcode.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    conn: &mut PgConnection,
    provider: ProviderId,
    shortcode: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select p.external_txn_id as "receipt!" from payments p
           where p.provider_id = $1 and p.status = 'success' and p.external_txn_id is not null
             and (exists (select from providers o where o.id = $1 and o.mpesa_account_id = p.account_id and o.mpesa_shortcode = $2)
                  or exists (select from mpesa_accounts a where a.provider_id = $1 and a.id = p.account_id and a.shortcode = $2))
           order by p.created_at desc, p.id desc limit 1"#,
        provider.uuid(),
        shortcode,
    )
    .fetch_optional(conn)
    .await
}

/// Whether M-PESA answered that the money of a receipt was reversed.
///
/// # Errors
/// When the database is away.
pub async fn is_reversed(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from mpesa_requests where provider_id = $1 and receipt = $2 and found = 'reversed') as "is!""#,
        provider.uuid(),
        receipt,
    )
    .fetch_one(conn)
    .await
}

/// Notes with what M-PESA answered that the books say so as well.
///
/// # Errors
/// When the database refuses.
pub async fn note_reversed(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mpesa_requests set is_booked = true where provider_id = $1 and receipt = $2 and found = 'reversed'",
        provider.uuid(),
        receipt,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether money went out by a receipt, as somebody wrote down or M-PESA told.
///
/// # Errors
/// When the database is away.
pub async fn went_out(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from refunds where provider_id = $1 and receipt = $2)
               or exists (select from unmatched where provider_id = $1 and refund_receipt = $2)
               or exists (select from mpesa_requests where provider_id = $1 and back_receipt = $2) as "is!""#,
        provider.uuid(),
        receipt,
    )
    .fetch_one(conn)
    .await
}

/// A receipt that a customer named and nobody told us of.
#[derive(Clone, Debug)]
pub struct Named {
    /// The receipt.
    pub receipt: String,
    /// The number that is said to have paid.
    pub phone: String,
    /// Where it was said.
    pub site: String,
    /// When the device last asked.
    pub at: Timestamp,
}

/// Receipts that customers named of late and that no money has, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn named(
    conn: &mut PgConnection,
    provider: ProviderId,
    since: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Named>> {
    let rows = sqlx::query!(
        r#"select h.receipt as "receipt!", h.receipt_msisdn as "phone!", s.name, h.asked_at as "asked_at: At" from hand_codes h
           join sites s on s.provider_id = h.provider_id and s.id = h.site_id
           where h.provider_id = $1 and h.receipt is not null and h.asked_at >= $2
             and not exists (select from payments p where p.provider_id = h.provider_id and p.external_txn_id = h.receipt)
             and not exists (select from unmatched u where u.provider_id = h.provider_id and u.receipt = h.receipt)
           order by h.asked_at desc, h.code limit $3"#,
        provider.uuid(),
        At(since) as At,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Named {
            receipt: row.receipt,
            phone: row.phone,
            site: row.name,
            at: row.asked_at.0,
        })
        .collect())
}
