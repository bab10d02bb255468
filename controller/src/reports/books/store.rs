//! All SQL that reads the books, and what is noted about them.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{LedgerId, PaymentId, ProviderId, SiteId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::{Difference, Part, Side, Sum, Total};
use crate::db::{At, RowId as _};
use crate::payments::ledger::{Account, Cause};
use crate::reports::period::Day;
use crate::reports::store::days::number;

/// Businesses whose books were not checked since a moment, those that wait longest first; with the day before which to go on.
///
/// # Errors
/// When the database is away.
pub async fn due(
    conn: &mut PgConnection,
    since: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<(ProviderId, Option<Day>)>> {
    let rows = sqlx::query!(
        r#"select p.id, c.before_day as "before_day?" from providers p left join ledger_checks c on c.provider_id = p.id
           where c.tried_at is null or c.tried_at <= $1 order by c.tried_at nulls first, p.id limit $2"#,
        At(since) as At,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                ProviderId::from_uuid(row.id),
                row.before_day.map(|day| Day(day.into())),
            )
        })
        .collect())
}

/// Notes that the books were checked, and where the next stretch ends.
///
/// # Errors
/// When the database refuses.
pub async fn checked(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<Day>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into ledger_checks (provider_id, tried_at, checked_at, before_day) values ($1, $2, $2, $3)
         on conflict (provider_id) do update set tried_at = $2, checked_at = $2, before_day = $3",
        provider.uuid(),
        At(now) as At,
        before.map(number),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that they could not be checked: they have their turn again, and stand as they were found before.
///
/// # Errors
/// When the database refuses.
pub async fn tried(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into ledger_checks (provider_id, tried_at) values ($1, $2) on conflict (provider_id) do update set tried_at = $2",
        provider.uuid(),
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// When the books were checked last.
///
/// # Errors
/// When the database is away.
pub async fn checked_at(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Timestamp>> {
    let at = sqlx::query_scalar!(
        r#"select checked_at as "at?: At" from ledger_checks where provider_id = $1"#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(at.flatten().map(|at| at.0))
}

/// The first day of which there is anything.
///
/// # Errors
/// When the database is away.
pub async fn first(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Day>> {
    let day = sqlx::query_scalar!(
        "select least((select min(day) from ledger where provider_id = $1),
                      (select report_day(min(settled_at)) from payments where provider_id = $1 and status = 'success'),
                      (select report_day(min(at)) from unmatched where provider_id = $1))",
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(day.map(|day| Day(day.into())))
}

/// What the rows of some days say and what the books say at each site, in one statement and so of one moment; with it what waits in the queue.
///
/// # Errors
/// When the database is away.
pub async fn sums(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Day,
    to: Day,
) -> sqlx::Result<Vec<Sum>> {
    let rows = sqlx::query!(
        r#"select false as "is_books!", report_day(settled_at) as "day!", case type when 'mpesa_account_test' then 'test' else 'paid' end as "part!",
                  (sum(amount) * 100)::bigint as "cents!", count(*) as "count!", site_id as "site?"
           from payments where provider_id = $1 and settled_at >= $4 and settled_at < $5 and status = 'success'
             and type in ('mpesa_customer_payment', 'mpesa_account_test') group by 2, 3, 6
           union all
           select false, report_day(r.created_at), 'refund', (sum(r.amount) * 100)::bigint, count(*), p.site_id
           from refunds r join payments p on p.provider_id = r.provider_id and p.id = r.payment_id
           where r.provider_id = $1 and r.created_at >= $4 and r.created_at < $5 group by 2, 6
           union all
           select false, report_day(at), 'unmatched', (sum(amount) * 100)::bigint, count(*), site_id
           from unmatched where provider_id = $1 and at >= $4 and at < $5 and reason <> 'late' group by 2, 6
           union all
           select false, report_day(closed_at), case outcome when 'ticket' then 'given' else 'refund' end, (sum(amount) * 100)::bigint, count(*), site_id
           from unmatched where provider_id = $1 and closed_at >= $4 and closed_at < $5 and reason <> 'late' and outcome in ('ticket', 'refund') group by 2, 3, 6
           union all
           select false, $2, 'queue', (coalesce(sum(amount), 0) * 100)::bigint, 0, null::uuid
           from unmatched where provider_id = $1 and closed_at is null and reason <> 'late'
           union all
           select false, report_day(closed_at), 'credited', (sum(credited) * 100)::bigint, count(*), site_id
           from unmatched where provider_id = $1 and closed_at >= $4 and closed_at < $5 and outcome = 'credit' group by 2, 6
           union all
           select false, report_day(settled_at), 'spent', (sum(credit) * 100)::bigint, count(*), site_id
           from payments where provider_id = $1 and settled_at >= $4 and settled_at < $5 and status = 'success' and credit > 0 group by 2, 6
           union all
           select false, $2, 'credit', (((select coalesce(sum(credit), 0) from customers where provider_id = $1 and credit > 0)
                                      + (select coalesce(sum(credit), 0) from payments where provider_id = $1 and status = 'pending' and credit > 0)) * 100)::bigint, 0, null::uuid
           union all
           select true, $2, 'credit', coalesce(sum(case when credit = 'credit' then cents else -cents end), 0)::bigint, 0, null::uuid
           from ledger where provider_id = $1 and (credit = 'credit' or debit = 'credit')
           union all
           select true, $2, 'queue', coalesce(sum(case when credit = 'unmatched' then cents else -cents end), 0)::bigint, 0, null::uuid
           from ledger where provider_id = $1 and (credit = 'unmatched' or debit = 'unmatched')
           union all
           select true, day, case cause when 'reversal' then 'refund' else cause end, sum(cents)::bigint, count(*), site_id
           from ledger where provider_id = $1 and day >= $2 and day < $3
             and cause in ('paid', 'test', 'unmatched', 'given', 'refund', 'reversal', 'credited', 'spent') group by 2, 3, 6"#,
        provider.uuid(),
        number(from),
        number(to),
        At(from.begin()) as At,
        At(to.begin()) as At,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Sum {
                side: if row.is_books {
                    Side::Books
                } else {
                    Side::Rows
                },
                day: Day(row.day.into()),
                site: row.site.map(SiteId::from_uuid),
                part: Part::parse(&row.part)?,
                total: Total {
                    cents: row.cents,
                    count: row.count,
                },
            })
        })
        .collect())
}

/// Forgets what did not balance on some days, and about the queue.
///
/// # Errors
/// When the database refuses.
pub async fn forget_faults(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Day,
    to: Day,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from ledger_faults where provider_id = $1 and ((day >= $2 and day < $3) or part in ('queue', 'credit'))",
        provider.uuid(),
        number(from),
        number(to),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes what does not balance.
///
/// # Errors
/// When the database refuses.
pub async fn keep_fault(
    conn: &mut PgConnection,
    provider: ProviderId,
    found: &Difference,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into ledger_faults (provider_id, day, part, rows_cents, book_cents, rows_count, book_count, found_at, site_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (provider_id, day, part, site_id) do update set rows_cents = excluded.rows_cents, book_cents = excluded.book_cents,
             rows_count = excluded.rows_count, book_count = excluded.book_count, found_at = excluded.found_at",
        provider.uuid(),
        number(found.day),
        found.part.word(),
        found.rows.cents,
        found.books.cents,
        found.rows.count,
        found.books.count,
        At(now) as At,
        found.site.map(|site| site.uuid()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What did not balance on some days when they were last checked, the youngest first.
///
/// # Errors
/// When the database is away.
pub async fn faults(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Day,
    to: Day,
) -> sqlx::Result<Vec<Difference>> {
    let rows = sqlx::query!(
        "select day, part, site_id, rows_cents, book_cents, rows_count, book_count from ledger_faults
         where provider_id = $1 and day >= $2 and day < $3 order by day desc, part, site_id limit 200",
        provider.uuid(),
        number(from),
        number(to),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Difference {
                day: Day(row.day.into()),
                site: row.site_id.map(SiteId::from_uuid),
                part: Part::parse(&row.part)?,
                rows: Total {
                    cents: row.rows_cents,
                    count: row.rows_count,
                },
                books: Total {
                    cents: row.book_cents,
                    count: row.book_count,
                },
            })
        })
        .collect())
}

/// How many businesses have books that did not balance when they were last checked.
///
/// # Errors
/// When the database is away.
pub async fn unbalanced(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(r#"select count(distinct provider_id) as "count!" from ledger_faults"#)
        .fetch_one(conn)
        .await
}

/// Which lines are looked for by where they were sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Where {
    /// Anywhere.
    #[default]
    Anywhere,
    /// At no site.
    Nowhere,
    /// At this one.
    Site(SiteId),
}

impl Where {
    fn columns(self) -> (bool, Option<sqlx::types::Uuid>) {
        match self {
            Self::Anywhere => (true, None),
            Self::Nowhere => (false, None),
            Self::Site(site) => (false, Some(site.uuid())),
        }
    }
}

/// So much moved from one account to another on a day, at a site.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    /// The day.
    pub day: Day,
    /// The site.
    pub site: Option<SiteId>,
    /// From where.
    pub debit: Account,
    /// To where.
    pub credit: Account,
    /// How much.
    pub cents: i64,
}

/// What moved on some days.
///
/// # Errors
/// When the database is away.
pub async fn moved(
    conn: &mut PgConnection,
    provider: ProviderId,
    (from, to): (Day, Day),
    at: Where,
) -> sqlx::Result<Vec<Moved>> {
    let (is_any, site) = at.columns();
    let rows = sqlx::query!(
        r#"select day, site_id, debit, credit, sum(cents)::bigint as "cents!" from ledger
           where provider_id = $1 and day >= $2 and day < $3 and ($4 or site_id is not distinct from $5)
           group by 1, 2, 3, 4 order by 1"#,
        provider.uuid(),
        number(from),
        number(to),
        is_any,
        site,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(Moved {
                day: Day(row.day.into()),
                site: row.site_id.map(SiteId::from_uuid),
                debit: Account::parse(&row.debit)?,
                credit: Account::parse(&row.credit)?,
                cents: row.cents,
            })
        })
        .collect())
}

/// One line of the books.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: LedgerId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Option<Cause>,
    /// From where.
    pub debit: Option<Account>,
    /// To where.
    pub credit: Option<Account>,
    /// How much.
    pub amount: Money,
    /// The receipt, or that of its payment.
    pub receipt: Option<String>,
    /// The site's name.
    pub site: Option<String>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The money in the queue it is about.
    pub unmatched: Option<UnmatchedId>,
}

/// The lines of a day, the last first, from before one on; of one account, or all.
///
/// # Errors
/// When the database is away.
pub async fn entries(
    conn: &mut PgConnection,
    provider: ProviderId,
    (day, at, account): (Day, Where, Option<Account>),
    before: Option<(Timestamp, LedgerId)>,
    limit: u16,
) -> sqlx::Result<Vec<Entry>> {
    let (is_any, site) = at.columns();
    let rows = sqlx::query!(
        r#"select l.id, l.at as "at: At", l.cause, l.debit, l.credit, l.cents, coalesce(l.receipt, p.external_txn_id) as receipt, s.name as "site?",
                  l.payment_id, l.unmatched_id
           from ledger l
           left join payments p on p.provider_id = l.provider_id and p.id = l.payment_id
           left join sites s on s.provider_id = l.provider_id and s.id = l.site_id
           where l.provider_id = $1 and l.day = $2 and ($3 or l.site_id is not distinct from $4)
             and ($5::text is null or l.debit = $5 or l.credit = $5)
             and ($6::timestamptz is null or (l.at, l.id) < ($6, $7))
           order by l.at desc, l.id desc limit $8"#,
        provider.uuid(),
        number(day),
        is_any,
        site,
        account.map(Account::word),
        before.map(|(at, _)| At(at)) as Option<At>,
        before.map(|(_, id)| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Entry {
            id: LedgerId::from_uuid(row.id),
            at: row.at.0,
            cause: Cause::parse(&row.cause),
            debit: Account::parse(&row.debit),
            credit: Account::parse(&row.credit),
            amount: Money::from_cents(row.cents),
            receipt: row.receipt,
            site: row.site,
            payment: row.payment_id.map(PaymentId::from_uuid),
            unmatched: row.unmatched_id.map(UnmatchedId::from_uuid),
        })
        .collect())
}

/// What waits in the queue, in cents and how many; what came late stands elsewhere in the books and is not counted in cents.
///
/// # Errors
/// When the database is away.
pub async fn waiting(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Total> {
    let row = sqlx::query!(
        r#"select (coalesce(sum(amount) filter (where reason <> 'late'), 0) * 100)::bigint as "cents!", count(*) as "count!"
           from unmatched where provider_id = $1 and closed_at is null"#,
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Total {
        cents: row.cents,
        count: row.count,
    })
}
