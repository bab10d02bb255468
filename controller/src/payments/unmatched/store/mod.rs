//! All SQL of the queue.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, SiteId, TicketId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::{Arrived, Reason};
use crate::audit::Actor;
use crate::db::{Amount, At, RowId as _};
use crate::payments::Payment;
use crate::rails::daraja::callback::Payer;

mod listed;
mod meant;
mod prompts;

pub use listed::{Queued, newest, queued};
pub use meant::{Candidate, by_receipt, named, nameless, of_prompt, of_receipt};
pub use prompts::{insert_prompt, name_prompt};

/// Lets nobody else look for this receipt until the transaction ends: it must not come into the queue and to a payment at once.
///
/// # Errors
/// When the database is away.
pub async fn lock_receipt(conn: &mut PgConnection, receipt: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        receipt
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Whether a payment of the business has this receipt.
///
/// # Errors
/// When the database is away.
pub async fn is_payments(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from payments where provider_id = $1 and external_txn_id = $2) as "is!""#,
        provider.uuid(),
        receipt,
    )
    .fetch_one(conn)
    .await
}

/// Adds money that came; says whether its receipt was new.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
    arrived: &Arrived,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into unmatched (id, provider_id, reason, amount, receipt, payer, reference, payment_id, site_id, at, created_at, paid_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (provider_id, receipt) where reason <> 'late' do nothing",
        id.uuid(),
        provider.uuid(),
        arrived.reason.word(),
        Amount(arrived.amount) as Amount,
        arrived.receipt,
        arrived.payer.kept(),
        arrived.reference,
        arrived.payment.map(|id| id.uuid()),
        arrived.site.map(|id| id.uuid()),
        At(arrived.at) as At,
        At(now) as At,
        At(arrived.paid_at) as At,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds a payment that came late; says whether it was not there.
///
/// # Errors
/// When the database refuses.
pub async fn insert_late(
    conn: &mut PgConnection,
    id: UnmatchedId,
    payment: &Payment,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into unmatched (id, provider_id, reason, amount, payer, payment_id, site_id, at, created_at)
         values ($1, $2, 'late', $3, $4, $5, $6, $7, $7)
         on conflict (provider_id, payment_id) where reason = 'late' do nothing",
        id.uuid(),
        payment.provider.uuid(),
        // What its voucher was bought for, also where the phone spent credit on it.
        Amount(payment.price()) as Amount,
        payment.phone.map(|phone| phone.digits()),
        payment.id.uuid(),
        payment.site.map(|id| id.uuid()),
        At(now) as At,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether a payment came when nobody waited for it any more.
///
/// # Errors
/// When the database is away.
pub async fn is_late(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from unmatched where provider_id = $1 and payment_id = $2 and reason = 'late') as "is!""#,
        provider.uuid(),
        payment.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Closes money that is a payment's.
///
/// # Errors
/// When the database refuses.
pub async fn close_known(
    conn: &mut PgConnection,
    payment: &Payment,
    id: UnmatchedId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update unmatched set outcome = 'known', closed_at = $4, payment_id = case when reason in ('asked', 'short') then payment_id else $3 end
         where provider_id = $1 and id = $2 and closed_at is null",
        payment.provider.uuid(),
        id.uuid(),
        payment.id.uuid(),
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Where money in the queue was begun.
///
/// # Errors
/// When the database is away.
pub async fn site_of(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> sqlx::Result<Option<SiteId>> {
    let site = sqlx::query_scalar!(
        "select site_id from unmatched where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(site.flatten().map(SiteId::from_uuid))
}

/// The payment that money in the queue may belong to.
///
/// # Errors
/// When the database is away.
pub async fn payment_of(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> sqlx::Result<Option<PaymentId>> {
    let payment = sqlx::query_scalar!(
        "select payment_id from unmatched where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(payment.flatten().map(PaymentId::from_uuid))
}

/// Money in the queue as somebody deals with it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Why it is there.
    pub reason: Reason,
    /// How much.
    pub amount: Money,
    /// Its receipt.
    pub receipt: Option<String>,
    /// Who paid.
    pub payer: Payer,
    /// The payment it may belong to.
    pub payment: Option<PaymentId>,
    /// Where that was begun.
    pub site: Option<SiteId>,
    /// Whether somebody has dealt with it.
    pub is_closed: bool,
}

/// Finds money in the queue and locks it.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> sqlx::Result<Option<Held>> {
    let row = sqlx::query!(
        r#"select reason, amount as "amount: Amount", receipt, payer, payment_id, site_id, closed_at is not null as "is_closed!"
           from unmatched where provider_id = $1 and id = $2 for update"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Held {
            reason: Reason::parse(&row.reason).ok_or_else(|| {
                sqlx::Error::Decode(format!("unmatched.reason of {id} is out of range").into())
            })?,
            amount: row.amount.0,
            receipt: row.receipt,
            payer: row.payer.map_or(Payer::Untold, |payer| Payer::read(&payer)),
            payment: row.payment_id.map(PaymentId::from_uuid),
            site: row.site_id.map(SiteId::from_uuid),
            is_closed: row.is_closed,
        })
    })
    .transpose()
}

/// Closes money for which there is a voucher.
///
/// # Errors
/// When the database refuses.
pub async fn close_given(
    conn: &mut PgConnection,
    (provider, id): (ProviderId, UnmatchedId),
    ticket: Option<TicketId>,
    actor: Actor,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (_, person, _) = actor.columns();
    sqlx::query!(
        "update unmatched set outcome = 'ticket', ticket_id = $3, person_id = $4, closed_at = $5
         where provider_id = $1 and id = $2 and closed_at is null",
        provider.uuid(),
        id.uuid(),
        ticket.map(|id| id.uuid()),
        person,
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Closes a payment that came late and whose voucher its buyer has fetched.
///
/// # Errors
/// When the database refuses.
pub async fn close_late_given(
    conn: &mut PgConnection,
    (provider, payment): (ProviderId, PaymentId),
    ticket: Option<TicketId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update unmatched set outcome = 'ticket', ticket_id = $3, closed_at = $4
         where provider_id = $1 and payment_id = $2 and reason = 'late' and closed_at is null",
        provider.uuid(),
        payment.uuid(),
        ticket.map(|id| id.uuid()),
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What came of money in the queue.
///
/// # Errors
/// When the database is away.
pub async fn outcome(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> sqlx::Result<Option<String>> {
    let outcome = sqlx::query_scalar!(
        "select outcome from unmatched where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(outcome.flatten())
}

/// Closes money that went back; says whether nobody has this receipt in this business.
///
/// # Errors
/// When the database refuses.
pub async fn close_refunded(
    conn: &mut PgConnection,
    (provider, id): (ProviderId, UnmatchedId),
    (receipt, note): (&str, &str),
    actor: Actor,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let (_, person, _) = actor.columns();
    let done = sqlx::query!(
        "update unmatched set outcome = 'refund', refund_receipt = $3, note = $4, person_id = $5, closed_at = $6
         where provider_id = $1 and id = $2 and closed_at is null
           and not exists (select from refunds r where r.provider_id = $1 and r.receipt = $3)
           and not exists (select from unmatched u where u.provider_id = $1 and u.refund_receipt = $3)",
        provider.uuid(),
        id.uuid(),
        receipt,
        note,
        person,
        At(now) as At,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Closes a payment that came late and went back whole.
///
/// # Errors
/// When the database refuses.
pub async fn close_late(
    conn: &mut PgConnection,
    (provider, payment): (ProviderId, PaymentId),
    (receipt, note): (&str, &str),
    actor: Actor,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (_, person, _) = actor.columns();
    sqlx::query!(
        "update unmatched set outcome = 'refund', refund_receipt = $3, note = $4, person_id = $5, closed_at = $6
         where provider_id = $1 and payment_id = $2 and reason = 'late' and closed_at is null",
        provider.uuid(),
        payment.uuid(),
        receipt,
        note,
        person,
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}
