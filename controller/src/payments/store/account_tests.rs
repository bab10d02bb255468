//! All SQL of tests: one shilling from a business to itself, which proves an M-PESA account and buys nothing.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, PaymentId, ProviderId};
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};
use crate::payments::{Payment, Push, State, failure};

/// Adds a test.
///
/// # Errors
/// When the database refuses.
pub async fn insert_account_test(
    conn: &mut PgConnection,
    payment: &Payment,
    secret: &[u8; 32],
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, msisdn, account_reference,
                               secret_hash, push, queries, account_id)
         values ($1, $2, 'mpesa_account_test', '{}', $3, $4, 'pending', $5, $6, $7, $8, 'created', 0, $9)",
        payment.id.uuid(),
        payment.provider.uuid(),
        Amount(payment.amount),
        payment.amount.currency().code(),
        At(payment.created_at),
        payment.phone.map(|phone| phone.digits()),
        payment.account_reference,
        secret.as_slice(),
        payment.account.map(|id| id.uuid()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A test as a page shows it.
#[derive(Clone, Debug)]
pub struct AccountTest {
    /// The payment.
    pub id: PaymentId,
    /// The account it tries.
    pub account: Option<AccountId>,
    /// When it was sent.
    pub at: Timestamp,
    /// The phone that was asked.
    pub phone: String,
    /// Where the push is.
    pub push: Option<Push>,
    /// Why the rail did not take it.
    pub push_error: Option<String>,
    /// The rail's last code.
    pub result_code: Option<String>,
    /// How it stands.
    pub state: State,
}

/// The last tests, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn account_tests(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<AccountTest>> {
    let rows = sqlx::query!(
        r#"select id, account_id, created_at, msisdn as "msisdn!", push, push_error, result_code, status, failure from payments
           where provider_id = $1 and type = 'mpesa_account_test' order by created_at desc, id desc limit $2"#,
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| AccountTest {
            id: PaymentId::from_uuid(row.id),
            account: row.account_id.map(AccountId::from_uuid),
            at: row.created_at.0,
            phone: row.msisdn,
            push: Push::parse(&row.push),
            push_error: row.push_error,
            result_code: row.result_code,
            state: match row.status.as_str() {
                "success" => State::Success,
                "failed" => State::Failed(row.failure.as_deref().and_then(failure)),
                _ => State::Pending,
            },
        })
        .collect())
}

/// Whether money came by an M-PESA account: a customer's, or the shilling that tries it.
///
/// # Errors
/// When the database is away.
pub async fn has_come_in(
    conn: &mut PgConnection,
    provider: ProviderId,
    account: AccountId,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from payments where provider_id = $1 and account_id = $2 and status = 'success') as "is!""#,
        provider.uuid(),
        account.uuid(),
    );
    found.fetch_one(conn).await
}
