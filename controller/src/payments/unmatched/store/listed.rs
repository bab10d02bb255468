//! The queue as it is listed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, PaymentId, ProviderId, TicketId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{Amount, At, LAST, RowId as _};
use crate::payments::unmatched::Reason;
use crate::rails::daraja::callback::Payer;

/// One line of the queue.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its id.
    pub id: UnmatchedId,
    /// Why it is there.
    pub reason: Option<Reason>,
    /// How much.
    pub amount: Money,
    /// Its receipt, or its payment's.
    pub receipt: Option<String>,
    /// Who paid.
    pub payer: Payer,
    /// What was typed as the account.
    pub reference: Option<String>,
    /// The payment it may belong to.
    pub payment: Option<PaymentId>,
    /// Whether all of it came as money by that receipt: nothing of it was credit, and nothing went back.
    pub is_whole: bool,
    /// The site's name.
    pub site: Option<String>,
    /// When it came.
    pub at: Timestamp,
    /// What came of it, and when.
    pub closed: Option<(String, Timestamp)>,
    /// Who said so.
    pub person: Option<String>,
    /// The voucher there is for it, and its code.
    pub ticket: Option<(TicketId, String)>,
    /// The receipt by which it went back, and why.
    pub back: Option<(String, String)>,
    /// Whose credit it became.
    pub customer: Option<CustomerId>,
}

struct QueuedRow {
    id: Uuid,
    reason: String,
    amount: Amount,
    receipt: Option<String>,
    payer: Option<String>,
    reference: Option<String>,
    payment_id: Option<Uuid>,
    is_whole: bool,
    site: Option<String>,
    at: At,
    outcome: Option<String>,
    closed_at: Option<At>,
    person: Option<String>,
    ticket: Option<Uuid>,
    code: Option<String>,
    refund_receipt: Option<String>,
    note: Option<String>,
    customer_id: Option<Uuid>,
}

impl Queued {
    /// The time by which the list has it that it is in.
    #[must_use]
    pub fn listed_at(&self) -> Timestamp {
        self.closed.as_ref().map_or(self.at, |(_, at)| *at)
    }
}

impl From<QueuedRow> for Queued {
    fn from(row: QueuedRow) -> Self {
        Self {
            id: UnmatchedId::from_uuid(row.id),
            reason: Reason::parse(&row.reason),
            amount: row.amount.0,
            receipt: row.receipt,
            payer: row.payer.map_or(Payer::Untold, |payer| Payer::read(&payer)),
            reference: row.reference,
            payment: row.payment_id.map(PaymentId::from_uuid),
            is_whole: row.is_whole,
            site: row.site,
            at: row.at.0,
            closed: row.outcome.zip(row.closed_at.map(|at| at.0)),
            person: row.person,
            ticket: row.ticket.map(TicketId::from_uuid).zip(row.code),
            back: row.refund_receipt.zip(row.note),
            customer: row.customer_id.map(CustomerId::from_uuid),
        }
    }
}

/// Reads lines of the queue by a condition that an index serves.
macro_rules! queued {
    ($which:literal, $($value:expr),+ $(,)?) => {
        sqlx::query_as!(
            QueuedRow,
            r#"select u.id, u.reason, u.amount as "amount: Amount", coalesce(u.receipt, p.external_txn_id) as receipt, u.payer, u.reference,
                      u.payment_id,
                      (p.id is null or (p.credit = 0 and p.credited = 0
                       and not exists (select from refunds r where r.provider_id = p.provider_id and r.payment_id = p.id))) as "is_whole!",
                      s.name as "site?", u.at as "at: At", u.outcome, u.closed_at as "closed_at: At", w.name as "person?",
                      coalesce(t.id, k.id) as "ticket?", coalesce(t.code, k.code) as "code?", u.refund_receipt, u.note, u.customer_id
               from unmatched u
               left join payments p on p.provider_id = u.provider_id and p.id = u.payment_id and u.reason = 'late'
               left join sites s on s.provider_id = u.provider_id and s.id = u.site_id
               left join people w on w.id = u.person_id
               left join tickets t on t.provider_id = u.provider_id and t.id = u.ticket_id
               left join tickets k on k.provider_id = u.provider_id and k.payment_id = u.payment_id and u.reason = 'late' and u.ticket_id is null
               where u.provider_id = $1 "# + $which,
            $($value),+
        )
    };
}

/// The queue from before one on: what waits, the newest first, or what is done with, that which was decided about last first.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    conn: &mut PgConnection,
    provider: ProviderId,
    is_closed: bool,
    before: Option<(Timestamp, UnmatchedId)>,
    limit: u16,
) -> sqlx::Result<Vec<Queued>> {
    let (at, id) = before.map_or((At(LAST), Uuid::max()), |(at, id)| (At(at), id.uuid()));
    let limit = i64::from(limit);
    let rows = if is_closed {
        queued!(
            "and u.closed_at is not null and (u.closed_at, u.id) < ($2, $3) order by u.closed_at desc, u.id desc limit $4",
            provider.uuid(),
            at as At,
            id,
            limit,
        )
        .fetch_all(conn)
        .await?
    } else {
        queued!(
            "and u.closed_at is null and (u.at, u.id) < ($2, $3) order by u.at desc, u.id desc limit $4",
            provider.uuid(),
            at as At,
            id,
            limit,
        )
        .fetch_all(conn)
        .await?
    };
    Ok(rows.into_iter().map(Queued::from).collect())
}

/// One line of the queue.
///
/// # Errors
/// When the database is away.
pub async fn queued(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: UnmatchedId,
) -> sqlx::Result<Option<Queued>> {
    let row = queued!("and u.id = $2", provider.uuid(), id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(row.map(Queued::from))
}
