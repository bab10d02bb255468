//! Payments of customers, the newest first.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, PlanId, ProviderId, SiteId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// One payment.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// How it stands, in a word.
    pub status: String,
    /// Why it failed, in a word.
    pub failure: Option<String>,
    /// How much.
    pub amount: Money,
    /// How much of the price the phone's credit pays.
    pub credit: Money,
    /// The phone that was asked.
    pub phone: Option<String>,
    /// The rail's receipt.
    pub receipt: Option<String>,
    /// For what.
    pub plan: Option<PlanId>,
    /// Where.
    pub site: Option<SiteId>,
    /// What it bought.
    pub ticket: Option<TicketId>,
    /// What a person should look at, in a word.
    pub flag: Option<String>,
    /// When it was made.
    pub made: Timestamp,
    /// When it was settled.
    pub settled: Option<Timestamp>,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// How it stands.
    pub status: Option<&'static str>,
    /// At one site.
    pub site: Option<SiteId>,
    /// From one phone, as twelve digits.
    pub phone: Option<String>,
    /// For one plan.
    pub plan: Option<PlanId>,
    /// With this receipt.
    pub receipt: Option<String>,
    /// Whether a person should look at it.
    pub is_flagged: Option<bool>,
    /// Made at or after.
    pub from: Option<Timestamp>,
    /// Made before.
    pub to: Option<Timestamp>,
}

/// Lists payments before one, the newest first; or finds one.
///
/// # Errors
/// When the database is away.
pub async fn payments(
    conn: &mut PgConnection,
    provider: ProviderId,
    one: Option<PaymentId>,
    filter: &Filter,
    before: Option<(Timestamp, PaymentId)>,
    limit: u16,
) -> sqlx::Result<Vec<Payment>> {
    let (at, id) = before.unzip();
    let rows = sqlx::query!(
        r#"select p.id, p.status, p.failure, p.amount, p.credit, p.msisdn, p.external_txn_id, p.plan_id, p.site_id, p.flag, p.created_at, p.settled_at,
                  (select t.id from tickets t where t.provider_id = $1 and t.payment_id = p.id) as "ticket?"
           from payments p
           where p.provider_id = $1 and p.type = 'mpesa_customer_payment' and ($2::uuid is null or p.id = $2)
             and ($3::text is null or p.status = $3) and ($4::uuid is null or p.site_id = $4) and ($5::text is null or p.msisdn = $5)
             and ($6::timestamptz is null or p.created_at >= $6) and ($7::timestamptz is null or p.created_at < $7)
             and ($8::timestamptz is null or (p.created_at, p.id) < ($8, $9::uuid))
             and ($10::uuid is null or p.plan_id = $10) and ($11::text is null or p.external_txn_id = $11)
             and ($12::boolean is null or (p.flag is not null) = $12)
           order by p.created_at desc, p.id desc limit $13"#,
        provider.uuid(),
        one.map(|id| id.uuid()),
        filter.status,
        filter.site.map(|id| id.uuid()),
        filter.phone,
        filter.from.map(At) as _,
        filter.to.map(At) as _,
        at.map(At) as _,
        id.map(|id| id.uuid()),
        filter.plan.map(|id| id.uuid()),
        filter.receipt,
        filter.is_flagged,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Payment {
            id: PaymentId::from_uuid(row.id),
            status: row.status,
            failure: row.failure,
            amount: row.amount.0,
            credit: row.credit.0,
            phone: row.msisdn,
            receipt: row.external_txn_id,
            plan: row.plan_id.map(PlanId::from_uuid),
            site: row.site_id.map(SiteId::from_uuid),
            ticket: row.ticket.map(TicketId::from_uuid),
            flag: row.flag,
            made: row.created_at.0,
            settled: row.settled_at.map(|at| at.0),
        })
        .collect())
}
