//! All SQL of the list of payments: the newest first, by what people look for.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, PaymentId, PlanId, ProviderId, SiteId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{Amount, At, LAST, RowId as _};
use crate::payments::{Push, State, failure};

/// Which sort of payments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Customers' and tests of the account.
    #[default]
    Both,
    /// Customers'.
    Sales,
    /// Tests of the account.
    Tests,
}

impl Sort {
    /// What stands in the column, if it is one.
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Both => None,
            Self::Sales => Some("mpesa_customer_payment"),
            Self::Tests => Some("mpesa_account_test"),
        }
    }
}

/// When the vouchers were bought of which it matters that no router has let anybody in with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offline {
    /// From then on: later a voucher is not delivered to its device any more.
    pub from: Timestamp,
    /// Before then: a prompt and the way online take their time.
    pub until: Timestamp,
}

impl Offline {
    /// As it matters now.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self {
            from: now.plus_secs(-86_400),
            until: now.plus_secs(-15 * 60),
        }
    }
}

/// What people, and programs, look for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// `pending`, `success` or `failed`.
    pub status: Option<&'static str>,
    /// Only what a person should look at and nobody has, or only the others.
    pub is_flagged: Option<bool>,
    /// Only what was paid and has let nobody in.
    pub offline: Option<Offline>,
    /// Which sort.
    pub sort: Sort,
    /// The site that sold.
    pub site: Option<SiteId>,
    /// What was bought.
    pub plan: Option<PlanId>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The phone that was asked, as twelve digits.
    pub phone: Option<String>,
    /// The M-PESA receipt.
    pub receipt: Option<String>,
    /// Begun at this time or later.
    pub from: Option<Timestamp>,
    /// Begun before this time.
    pub until: Option<Timestamp>,
}

/// A payment as it stands in a list.
#[derive(Clone, Debug)]
pub struct Line {
    /// The payment.
    pub id: PaymentId,
    /// When it was begun.
    pub at: Timestamp,
    /// How much it is by M-PESA.
    pub amount: Money,
    /// How much it is by the phone's credit.
    pub credit: Money,
    /// What was bought; none for a test.
    pub plan_id: Option<PlanId>,
    /// The plan's name now; none for a test.
    pub plan: Option<String>,
    /// The site that sold.
    pub site_id: Option<SiteId>,
    /// The site's name.
    pub site: Option<String>,
    /// The phone that was asked.
    pub phone: String,
    /// Whose phone that is.
    pub customer: Option<CustomerId>,
    /// The M-PESA receipt.
    pub receipt: Option<String>,
    /// How it stands.
    pub state: State,
    /// Why it failed, in a word.
    pub failure: Option<String>,
    /// When it was settled.
    pub settled: Option<Timestamp>,
    /// Where the push is.
    pub push: Option<Push>,
    /// Why the rail did not take the push.
    pub push_error: Option<String>,
    /// The rail's last code.
    pub result_code: Option<String>,
    /// What a person should look at.
    pub flag: Option<String>,
    /// When one did.
    pub looked: Option<Timestamp>,
}

pub(super) struct LineRow {
    pub(super) id: Uuid,
    pub(super) created_at: At,
    pub(super) amount: Amount,
    pub(super) credit: Amount,
    pub(super) plan_id: Option<Uuid>,
    pub(super) plan: Option<String>,
    pub(super) site_id: Option<Uuid>,
    pub(super) site: Option<String>,
    pub(super) msisdn: Option<String>,
    pub(super) customer: Option<Uuid>,
    pub(super) external_txn_id: Option<String>,
    pub(super) status: String,
    pub(super) failure: Option<String>,
    pub(super) settled_at: Option<At>,
    pub(super) push: String,
    pub(super) push_error: Option<String>,
    pub(super) result_code: Option<String>,
    pub(super) flag: Option<String>,
    pub(super) looked_at: Option<At>,
}

impl From<LineRow> for Line {
    fn from(row: LineRow) -> Self {
        Self {
            id: PaymentId::from_uuid(row.id),
            at: row.created_at.0,
            amount: row.amount.0,
            credit: row.credit.0,
            plan_id: row.plan_id.map(PlanId::from_uuid),
            plan: row.plan,
            site_id: row.site_id.map(SiteId::from_uuid),
            site: row.site,
            phone: row.msisdn.unwrap_or_default(),
            customer: row.customer.map(CustomerId::from_uuid),
            receipt: row.external_txn_id,
            state: match row.status.as_str() {
                "success" => State::Success,
                "failed" => State::Failed(row.failure.as_deref().and_then(failure)),
                _ => State::Pending,
            },
            failure: row.failure,
            settled: row.settled_at.map(|at| at.0),
            push: Push::parse(&row.push),
            push_error: row.push_error,
            result_code: row.result_code,
            flag: row.flag,
            looked: row.looked_at.map(|at| at.0),
        }
    }
}

/// Before all payments: a bound that is always given is one that an index is walked by.
const FIRST: Timestamp = Timestamp::from_secs(0);

/// The list with one more condition, which has an index of its own.
///
/// A list is read along an index from its newest line on, and PostgreSQL can only know from the text along which: with all conditions
/// optional it reads every payment of a business and sorts them.
macro_rules! along {
    ($index:literal, $conn:ident, $provider:ident, $wanted:ident, $before:ident, $limit:ident $(, $more:expr)*) => {
        sqlx::query_as!(
            LineRow,
            r#"select p.id, p.created_at, p.amount, p.credit, b.name as "plan?", s.name as "site?", coalesce(p.msisdn, p.payer) as msisdn, c.id as "customer?", p.external_txn_id,
                      p.status, p.failure, p.push, p.push_error, p.result_code, p.flag, p.looked_at, p.plan_id, p.site_id, p.settled_at
               from payments p
               left join plans b on b.provider_id = p.provider_id and b.id = p.plan_id
               left join sites s on s.provider_id = p.provider_id and s.id = p.site_id
               left join customers c on c.provider_id = p.provider_id and c.msisdn = p.msisdn
               where p.provider_id = $1 and p.type in ('mpesa_customer_payment', 'mpesa_account_test')
                 and (p.created_at, p.id) < ($2, $3) and p.created_at >= $4 and p.created_at < $5
                 and ($6::text is null or p.status = $6)
                 and ($7::uuid is null or p.site_id = $7) and ($8::uuid is null or p.plan_id = $8)
                 and ($9::uuid is null or p.msisdn = (select msisdn from customers o where o.provider_id = $1 and o.id = $9))
                 and ($10::text is null or p.external_txn_id = $10)
                 and ($11::boolean is null or (p.flag is not null and p.looked_at is null) = $11) and ($12::text is null or p.type = $12)
                 and ($13::text is null or p.msisdn = $13) "#
                + $index
                + " order by p.created_at desc, p.id desc limit $14",
            $provider.uuid(),
            At($before.map_or(LAST, |(at, _)| at)) as At,
            $before.map_or(Uuid::max(), |(_, id)| id.uuid()),
            At($wanted.from.unwrap_or(FIRST)) as At,
            At($wanted.until.unwrap_or(LAST)) as At,
            $wanted.status,
            $wanted.site.map(|id| id.uuid()),
            $wanted.plan.map(|id| id.uuid()),
            $wanted.customer.map(|id| id.uuid()),
            $wanted.receipt,
            $wanted.is_flagged,
            $wanted.sort.word(),
            $wanted.phone,
            i64::from($limit),
            $($more),*
        )
        .fetch_all($conn)
        .await?
    };
}

/// Payments that are looked for, the newest first, from before one on.
///
/// Its statements are for [`steady`](crate::db::Db::steady) transactions: planned for what is asked they may go along another index and sort.
///
/// # Errors
/// When the database is away.
pub async fn lines(
    conn: &mut PgConnection,
    provider: ProviderId,
    wanted: &Wanted,
    before: Option<(Timestamp, PaymentId)>,
    limit: u16,
) -> sqlx::Result<Vec<Line>> {
    // The narrowest index that serves what is wanted.
    let rows = match wanted {
        Wanted {
            offline: Some(offline),
            ..
        } => along!(
            "and p.id = any(array(select t.payment_id from tickets t
                                  where t.provider_id = $1 and t.payment_id is not null and t.started_at is null and t.revoked_at is null
                                    and t.created_at >= $15 and t.created_at < $16 order by t.created_at desc limit 10000))",
            conn,
            provider,
            wanted,
            before,
            limit,
            At(offline.from),
            At(offline.until)
        ),
        Wanted {
            receipt: Some(_), ..
        } => along!(
            "and p.external_txn_id = $10",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted {
            customer: Some(_), ..
        } => along!(
            "and p.msisdn = (select msisdn from customers o where o.provider_id = $1 and o.id = $9)",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted { phone: Some(_), .. } => {
            along!("and p.msisdn = $13", conn, provider, wanted, before, limit)
        }
        Wanted {
            sort: Sort::Tests, ..
        } => along!(
            "and p.type = 'mpesa_account_test'",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted {
            is_flagged: Some(true),
            ..
        } => along!(
            "and p.flag is not null",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted {
            status: Some("pending"),
            ..
        } => along!(
            "and p.status = 'pending'",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted {
            status: Some("failed"),
            ..
        } => along!(
            "and p.status = 'failed'",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted { site: Some(_), .. } => {
            along!("and p.site_id = $7", conn, provider, wanted, before, limit)
        }
        Wanted { plan: Some(_), .. } => {
            along!("and p.plan_id = $8", conn, provider, wanted, before, limit)
        }
        // Most are paid, but where M-PESA was away for long the last ones are not.
        Wanted {
            status: Some("success"),
            ..
        } => along!(
            "and p.status = 'success'",
            conn,
            provider,
            wanted,
            before,
            limit
        ),
        Wanted { .. } => along!("", conn, provider, wanted, before, limit),
    };
    Ok(rows.into_iter().map(Line::from).collect())
}

/// What came of a payment.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// Its ticket, if it has one.
    pub ticket: Option<TicketId>,
    /// How much of it was paid back.
    pub refunded: Money,
}

/// What came of some payments.
///
/// # Errors
/// When the database is away.
pub async fn came_of(
    conn: &mut PgConnection,
    provider: ProviderId,
    payments: &[PaymentId],
) -> sqlx::Result<BTreeMap<PaymentId, Came>> {
    let ids: Vec<Uuid> = payments.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select p.id as "id!", t.id as "ticket?",
                  (select coalesce(sum(r.amount), 0) from refunds r where r.provider_id = $1 and r.payment_id = p.id) as "refunded!: Amount"
           from payments p left join tickets t on t.provider_id = p.provider_id and t.payment_id = p.id
           where p.provider_id = $1 and p.id = any($2)"#,
        provider.uuid(),
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let all = rows.into_iter().map(|row| {
        let came = Came {
            ticket: row.ticket.map(TicketId::from_uuid),
            refunded: row.refunded.0,
        };
        (PaymentId::from_uuid(row.id), came)
    });
    Ok(all.collect())
}
