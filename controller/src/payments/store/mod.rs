//! All SQL of payments and of the callbacks that settle them.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{
    AccountId, AttemptId, Mac, PaymentId, PlanId, ProviderId, SiteId, TicketId,
};
use mnara_protocol::message::{PayFailure, Row};
use mnara_protocol::plan::Plan;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Payment, Push, State, failure, failure_word};
use crate::db::{Amount, At, RowId};
use crate::rails::msisdn::Msisdn;

mod account_tests;
mod callbacks;
pub mod credit;
pub mod list;
pub mod messages;
pub mod moves;
mod neighbours;
mod notes;
mod prompts;
mod receipts;
pub mod refunds;
pub mod silent;
pub mod story;
pub mod tokens;

pub use account_tests::{AccountTest, account_tests, has_come_in, insert_account_test};
pub use callbacks::{
    Kept, NewCallback, Waiting, callback, close_callback, insert_callbacks, keep_stray,
};
pub use neighbours::{Anothers, anothers, neighbour};
pub use notes::{count_query, flag, keep_word, look, note_push_error, unflag};
pub use prompts::{free_prompt, set_push, take_prompt};
pub use receipts::{
    Candidate, Stand, by_receipt, candidates, fill_receipt, note_receipt, paid_today,
};

/// Flags of payments that a person has to look at: nothing the rail says by itself would end them.
pub const STUCK: [&str; 2] = ["receipt-taken", "contrary"];
/// Flags of payments whose success was about something else.
const OTHERS: [&str; 4] = ["amount", "ids", "receipt-taken", "second-receipt"];

/// What only the row of a new payment holds.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// SHA-256 of the secret in the callback URL.
    pub secret: [u8; 32],
    /// SHA-256 of the buyer's token.
    pub token_hash: [u8; 32],
    /// The buyer's token, sealed.
    pub token: String,
}

/// Adds a payment.
///
/// # Errors
/// When the database refuses, also a second payment for one attempt.
pub async fn insert(
    conn: &mut PgConnection,
    payment: &Payment,
    plan: &Plan,
    secrets: &Secrets,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, site_id, plan_id,
                               plan_revision, attempt_id, mac, msisdn, account_reference, secret_hash, token_hash, push, queries,
                               bought, token, account_id, credit)
         values ($1, $2, 'mpesa_customer_payment', '{}', $3, $4, 'pending', $5, $6, $7, $8, $9, $10::text::macaddr, $11, $12, $13, $14,
                 'created', 0, $15, $16, $17, $18)",
        payment.id.uuid(),
        payment.provider.uuid(),
        Amount(payment.amount),
        payment.amount.currency().code(),
        At(payment.created_at),
        payment.site.map(|id| id.uuid()),
        plan.id.uuid(),
        i32::try_from(plan.revision).unwrap_or(i32::MAX),
        payment.attempt.map(|id| id.uuid()),
        payment.mac.map(|mac| mac.to_string()),
        payment.phone.map(|phone| phone.digits()),
        payment.account_reference,
        secrets.secret.as_slice(),
        secrets.token_hash.as_slice(),
        Row::Plan(plan.clone()).encode(),
        secrets.token,
        payment.account.map(|id| id.uuid()),
        Amount(payment.credit) as Amount,
    )
    .execute(conn)
    .await
    .map(drop)
}

struct PaymentRow {
    id: Uuid,
    provider_id: Uuid,
    site_id: Option<Uuid>,
    attempt_id: Option<Uuid>,
    mac: Option<String>,
    plan_id: Option<Uuid>,
    account_id: Option<Uuid>,
    amount: Amount,
    credit: Amount,
    credited: Amount,
    msisdn: Option<String>,
    account_reference: String,
    push: String,
    merchant_request_id: Option<String>,
    checkout_request_id: Option<String>,
    external_txn_id: Option<String>,
    noted_receipt: Option<String>,
    result_code: Option<String>,
    flag: Option<String>,
    status: String,
    failure: Option<String>,
    created_at: At,
    queries: i32,
}

impl TryFrom<PaymentRow> for Payment {
    type Error = sqlx::Error;

    fn try_from(row: PaymentRow) -> sqlx::Result<Self> {
        let bad = |what: &str| {
            sqlx::Error::Decode(format!("payments.{what} of {} is out of range", row.id).into())
        };
        let state = match row.status.as_str() {
            "pending" => State::Pending,
            "success" => State::Success,
            "failed" => State::Failed(row.failure.as_deref().and_then(failure)),
            _ => return Err(bad("status")),
        };
        Ok(Self {
            id: PaymentId::from_uuid(row.id),
            provider: ProviderId::from_uuid(row.provider_id),
            site: row.site_id.map(SiteId::from_uuid),
            attempt: row.attempt_id.map(AttemptId::from_uuid),
            mac: row
                .mac
                .map(|mac| mac.parse::<Mac>())
                .transpose()
                .map_err(|_| bad("mac"))?,
            plan: row.plan_id.map(PlanId::from_uuid),
            account: row.account_id.map(AccountId::from_uuid),
            amount: row.amount.0,
            credit: row.credit.0,
            credited: row.credited.0,
            phone: row
                .msisdn
                .as_deref()
                .map(|digits| digits.parse::<Msisdn>())
                .transpose()
                .map_err(|_| bad("msisdn"))?,
            push: Push::parse(&row.push).ok_or_else(|| bad("push"))?,
            account_reference: row.account_reference,
            merchant_request_id: row.merchant_request_id,
            checkout_request_id: row.checkout_request_id,
            receipt: row.external_txn_id.or(row.noted_receipt),
            // What was said of other money than was asked for, or on another's receipt, said nothing of this.
            said_paid: row.result_code.as_deref() == Some("0")
                && row
                    .flag
                    .as_deref()
                    .is_none_or(|flag| !OTHERS.contains(&flag)),
            state,
            created_at: row.created_at.0,
            queries: row.queries.unsigned_abs(),
        })
    }
}

/// Finds a provider's payment and locks it until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<Payment>> {
    sqlx::query_as!(
        PaymentRow,
        "select id, provider_id, site_id, attempt_id, mac::text, plan_id, account_id, amount, credit, credited, msisdn, account_reference, push, merchant_request_id,
                checkout_request_id, external_txn_id, noted_receipt, result_code, flag, status, failure, created_at, queries
         from payments where provider_id = $1 and id = $2 and type in ('mpesa_customer_payment', 'mpesa_account_test') for update",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Payment::try_from)
    .transpose()
}

/// The phone a payment asked.
///
/// # Errors
/// When the database is away.
pub async fn phone(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<Msisdn>> {
    let digits = sqlx::query_scalar!(
        "select msisdn from payments where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(digits.flatten().and_then(|digits| digits.parse().ok()))
}

/// Finds a site's payment by the try it belongs to.
///
/// # Errors
/// When the database is away.
pub async fn by_attempt(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    attempt: AttemptId,
) -> sqlx::Result<Option<PaymentId>> {
    let id = sqlx::query_scalar!(
        "select id from payments where provider_id = $1 and site_id = $2 and attempt_id = $3",
        provider.uuid(),
        site.uuid(),
        attempt.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(PaymentId::from_uuid))
}

/// Finds whose payment a callback's secret belongs to. Needs the platform's door: the URL names nobody.
///
/// # Errors
/// When the database is away.
pub async fn by_secret(
    conn: &mut PgConnection,
    secret_hash: &[u8],
) -> sqlx::Result<Option<(ProviderId, PaymentId)>> {
    let row = sqlx::query!(
        "select provider_id, id from payments where secret_hash = $1",
        secret_hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        (
            ProviderId::from_uuid(row.provider_id),
            PaymentId::from_uuid(row.id),
        )
    }))
}

/// Finds a provider's payment by the rail's id.
///
/// # Errors
/// When the database is away.
pub async fn by_checkout_request(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: &str,
) -> sqlx::Result<Option<PaymentId>> {
    let id = sqlx::query_scalar!(
        "select id from payments where provider_id = $1 and checkout_request_id = $2",
        provider.uuid(),
        id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(PaymentId::from_uuid))
}

/// Finds a provider's payment by what its C2B confirmation repeats: a receipt it has or has heard of, or the account reference.
///
/// # Errors
/// When the database is away.
pub async fn by_reference(
    conn: &mut PgConnection,
    provider: ProviderId,
    reference: &str,
    receipt: &str,
) -> sqlx::Result<Option<PaymentId>> {
    let id = sqlx::query_scalar!(
        "select id from payments where provider_id = $1
           and (account_reference = upper($2) or external_txn_id = $3 or (noted_receipt = $3 and external_txn_id is null))
         order by (external_txn_id = $3) desc nulls last, (noted_receipt = $3) desc nulls last limit 1",
        provider.uuid(),
        reference,
        receipt,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(PaymentId::from_uuid))
}

/// How a payment stands for the holder of its token.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The payment.
    pub payment: PaymentId,
    /// Whose customer it is.
    pub provider: ProviderId,
    /// How it stands.
    pub state: State,
    /// The ticket it bought.
    pub ticket: Option<TicketId>,
    /// The device that asked.
    pub mac: Option<Mac>,
}

/// Reads how a payment stands for the holder of its token. Needs the platform's door: a token names no provider.
///
/// # Errors
/// When the database is away.
pub async fn by_token(conn: &mut PgConnection, token_hash: &[u8]) -> sqlx::Result<Option<Held>> {
    let row = sqlx::query!(
        r#"select p.id, p.provider_id, p.status, p.failure, p.mac::text, t.id as "ticket?"
         from payments p left join tickets t on t.payment_id = p.id where p.token_hash = $1"#,
        token_hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let state = match row.status.as_str() {
            "success" => State::Success,
            "failed" => State::Failed(row.failure.as_deref().and_then(failure)),
            _ => State::Pending,
        };
        Held {
            payment: PaymentId::from_uuid(row.id),
            provider: ProviderId::from_uuid(row.provider_id),
            state,
            ticket: row.ticket.map(TicketId::from_uuid),
            mac: row.mac.and_then(|mac| mac.parse().ok()),
        }
    }))
}

/// The buyer's token as it is sealed.
///
/// # Errors
/// When the database is away.
pub async fn sealed_token(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select token from payments where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Why a success could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Another payment, of any provider, has this receipt.
    #[error("another payment has this receipt")]
    ReceiptTaken,
    /// The database refused.
    #[error("the payment could not be stored")]
    Database(#[from] sqlx::Error),
}

/// What a refusal to store a receipt means.
pub(super) fn on_receipt(error: sqlx::Error) -> SettleError {
    match error
        .as_database_error()
        .and_then(|error| error.constraint())
    {
        Some("payments_receipt") => SettleError::ReceiptTaken,
        _ => SettleError::Database(error),
    }
}

/// Makes a payment a success.
///
/// # Errors
/// [`SettleError`].
pub async fn succeed(
    conn: &mut PgConnection,
    payment: &Payment,
    receipt: Option<&str>,
    by: &str,
    now: Timestamp,
) -> Result<(), SettleError> {
    sqlx::query!(
        "update payments set status = 'success', failure = null, external_txn_id = $3, settled_by = $4, settled_at = $5,
                push = case when push = 'created' then 'unknown' else push end
         where provider_id = $1 and id = $2 and status <> 'success'",
        payment.provider.uuid(),
        payment.id.uuid(),
        receipt,
        by,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(on_receipt)
}

/// Makes a payment a failure.
///
/// # Errors
/// When the database refuses.
pub async fn fail(
    conn: &mut PgConnection,
    payment: &Payment,
    failure: PayFailure,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set status = 'failed', failure = $3, settled_at = $4 where provider_id = $1 and id = $2 and status = 'pending'",
        payment.provider.uuid(),
        payment.id.uuid(),
        failure_word(failure),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The plan as the customer saw it when paying.
///
/// # Errors
/// When the database is away, or what is stored is no plan.
pub async fn bought(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Plan> {
    let body = sqlx::query_scalar!(
        r#"select bought as "bought!" from payments where provider_id = $1 and id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_one(conn)
    .await?;
    minicbor::decode(&body)
        .map_err(|_| sqlx::Error::Decode(format!("payments.bought of {id} is no plan").into()))
}

/// The ticket a payment bought.
///
/// # Errors
/// When the database is away.
pub async fn ticket_of(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<TicketId>> {
    let ticket = sqlx::query_scalar!(
        "select id from tickets where provider_id = $1 and payment_id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(ticket.map(TicketId::from_uuid))
}
