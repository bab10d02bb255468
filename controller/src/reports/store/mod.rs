//! All SQL of the reports. Each question is one statement over what an index leads to.

pub mod days;
pub mod sums;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SeriesId, SiteId};
use sqlx::PgConnection;

use super::period::Day;
use crate::db::{At, RowId as _};
use crate::payments::store::list::Offline;

/// Rows of one kind that are looked at when something is to be counted: more is "many".
const MANY: i64 = 100;

/// What customers paid on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidDay {
    /// The day.
    pub day: Day,
    /// In cents.
    pub paid: i64,
    /// In so many payments.
    pub sold: i64,
    /// In cents, of what came before a moment.
    pub paid_by_then: i64,
}

/// What customers paid on the days from one on, and how much of it before a moment.
///
/// Days that are over are taken as they were added up, while nothing on them has changed since; today, and the hour that moment is in, are
/// read from their payments.
///
/// # Errors
/// When the database is away.
pub async fn paid(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Day,
    now: Timestamp,
    then: Timestamp,
) -> sqlx::Result<Vec<PaidDay>> {
    let then_day = Day::of(then);
    let hour = (then.as_secs() - then_day.begin().as_secs()) / 3_600;
    let rows = sqlx::query!(
        // Offset 0: drawn into the join, the payments of a few days were read by reading all that the business ever had.
        r#"with clean as materialized (
               select d.day from report_days d
               where d.provider_id = $1 and d.day >= $2 and d.day < $3
                 and not exists (select from report_marks m where m.provider_id = $1 and m.day = d.day)
           ), parts as (
               select day, report_begin(day) as from_at, least(report_begin(day + 1), $4) as to_at
               from generate_series($2, $3) as day where day not in (select day from clean)
           ), facts as (
               select s.day, s.paid, s.sold, case when (s.day, s.hour) < ($6::integer, $7::bigint) then s.paid else 0 end as early
               from report_sums s where s.provider_id = $1 and s.grain = 3 and s.day >= $2 and s.day < $3 and s.day in (select day from clean)
             union all
               select $6, 0, 0, ((amount + credit - credited) * 100)::bigint from payments
               where provider_id = $1 and settled_at >= $8 and settled_at < $5 and status = 'success' and type = 'mpesa_customer_payment'
                 and $6 in (select day from clean)
             union all
               select day, (sold * 100)::bigint, 1, case when settled_at < $5 then (sold * 100)::bigint else 0 end
               from parts cross join lateral (
                   select settled_at, amount + credit - credited as sold from payments
                   where provider_id = $1 and settled_at >= from_at and settled_at < to_at and status = 'success' and type = 'mpesa_customer_payment' offset 0) p
           )
           select day as "day!", sum(paid)::bigint as "paid!", sum(sold)::bigint as "sold!", sum(early)::bigint as "paid_by_then!"
           from facts group by day having sum(sold) > 0 order by day"#,
        provider.uuid(),
        days::number(from),
        days::number(Day::of(now)),
        At(now.plus_millis(1)),
        At(then),
        days::number(then_day),
        hour,
        At(then_day.begin().plus_secs(hour * 3_600)),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| PaidDay {
            day: Day(row.day.into()),
            paid: row.paid,
            sold: row.sold,
            paid_by_then: row.paid_by_then,
        })
        .collect())
}

/// Vouchers whose clock runs, as far as their sites have told.
///
/// # Errors
/// When the database is away.
pub async fn running(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from tickets where provider_id = $1 and started_at is not null and ended_at is null and paused_at is null
         and revoked_at is null and (expires_at is null or expires_at > $2)",
        provider.uuid(),
        At(now),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// A voucher that runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// What was sold.
    pub plan: String,
    /// Where it was used first, and what that is called.
    pub site: Option<(SiteId, String)>,
    /// Since when.
    pub since: Timestamp,
    /// Until when, if time ends it.
    pub until: Option<Timestamp>,
    /// Devices that were let in with it.
    pub devices: i64,
}

/// Whether anything was ever sold: paid by M-PESA, or a printed voucher that somebody has used.
///
/// # Errors
/// When the database is away.
pub async fn has_sold(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from payments where provider_id = $1 and status = 'success' and type = 'mpesa_customer_payment')
               or exists (select from tickets where provider_id = $1 and redeemed_at is not null and series_id is not null) as "is!""#,
        provider.uuid(),
    );
    found.fetch_one(conn).await
}

/// The vouchers that were started last among those that run.
///
/// # Errors
/// When the database is away.
pub async fn running_last(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
    most: u16,
) -> sqlx::Result<Vec<Running>> {
    let rows = sqlx::query!(
        r#"select t.plan_name, s.id as "site?", s.name as "site_name?", t.started_at as "started_at!", t.expires_at,
                  (select count(*) from grants g where g.ticket_id = t.id and g.provider_id = t.provider_id and g.step = 'confirmed') as "devices!"
           from tickets t left join sites s on s.provider_id = t.provider_id and s.id = t.redeemed_site_id
           where t.provider_id = $1 and t.started_at is not null and t.ended_at is null and t.paused_at is null
             and t.revoked_at is null and (t.expires_at is null or t.expires_at > $2)
           order by t.started_at desc, t.id limit $3"#,
        provider.uuid(),
        At(now),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Running {
            plan: row.plan_name,
            site: row
                .site
                .zip(row.site_name)
                .map(|(id, name)| (SiteId::from_uuid(id), name)),
            since: row.started_at.0,
            until: row.expires_at.map(|at| at.0),
            devices: row.devices,
        })
        .collect())
}

/// What may need somebody, counted; at most a hundred of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Payments that are marked for a person.
    pub flagged: i64,
    /// Those among them that Safaricom refused for how the business is set up.
    pub refused: i64,
    /// Payments of which nobody knows how they ended, for longer than a prompt lives.
    pub pending: i64,
    /// Vouchers that were paid and that no router has let in.
    pub unconfirmed: i64,
    /// Money that waits to be sorted out.
    pub unmatched: i64,
    /// Sums of the books that do not balance.
    pub books: i64,
}

/// Since when things count that may need somebody.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    /// Marks are looked at from then on.
    pub flagged: Timestamp,
    /// Refused keys from then on.
    pub refused: Timestamp,
    /// What is pending and older than this is stuck.
    pub stuck: Timestamp,
    /// When what was paid and lets nobody in was bought.
    pub offline: Offline,
}

/// Counts what may need somebody.
///
/// Keys that were changed since, or by which a prompt was paid since, are in order: what they refused before is over.
///
/// # Errors
/// When the database is away.
pub async fn counted(
    conn: &mut PgConnection,
    provider: ProviderId,
    since: Since,
) -> sqlx::Result<Counted> {
    sqlx::query_as!(
        Counted,
        r#"select
           (select count(*) from (select from payments where provider_id = $1 and flag is not null and flag <> 'setup' and looked_at is null
                                  and created_at >= $2 limit $6) f) as "flagged!",
           (select count(*) from (select from payments where provider_id = $1 and flag = 'setup' and looked_at is null
                                  and created_at >= (select greatest($3, mpesa_since, mpesa_moved_at) from providers where id = $1)
                                  and created_at >= coalesce((select s.created_at from payments s join providers b on b.id = $1 and b.mpesa_account_id = s.account_id
                                                              where s.provider_id = $1 and s.status = 'success' and s.push <> 'hand' and s.created_at >= $3
                                                              order by s.created_at desc limit 1), $3) limit $6) r) as "refused!",
           (select count(*) from (select from payments where provider_id = $1 and status = 'pending' and type = 'mpesa_customer_payment' and created_at < $4 limit $6) p) as "pending!",
           (select count(*) from (select from tickets where provider_id = $1 and payment_id is not null and started_at is null and revoked_at is null
                                  and created_at >= $5 and created_at < $7 limit $6) u) as "unconfirmed!",
           (select count(*) from (select from unmatched where provider_id = $1 and closed_at is null limit $6) q) as "unmatched!",
           (select count(*) from (select from ledger_faults where provider_id = $1 limit $6) b) as "books!""#,
        provider.uuid(),
        At(since.flagged),
        At(since.refused),
        At(since.stuck),
        At(since.offline.from),
        MANY,
        At(since.offline.until),
    )
    .fetch_one(conn)
    .await
}

/// Sites whose key two machines used since a moment.
///
/// # Errors
/// When the database is away.
pub async fn doubled(
    conn: &mut PgConnection,
    provider: ProviderId,
    since: Timestamp,
) -> sqlx::Result<Vec<(SiteId, String)>> {
    let rows = sqlx::query!(
        "select s.id, s.name from sites s
         where s.provider_id = $1 and exists (select from agents a where a.site_id = s.id and a.provider_id = $1 and a.revoked_at is null and a.duplicate_seen_at >= $2)
         order by s.name, s.id limit $3",
        provider.uuid(),
        At(since),
        MANY,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (SiteId::from_uuid(row.id), row.name))
        .collect())
}

/// A batch of printed vouchers that is nearly used up.
#[derive(Clone, Debug)]
pub struct Scarce {
    /// The batch.
    pub series: SeriesId,
    /// Whose plan's vouchers it has.
    pub plan: String,
    /// So many are left.
    pub left: i64,
}

/// The youngest batch of each plan and site that is not closed, if it was printed since a moment and a tenth of it or less is left.
///
/// # Errors
/// When the database is away.
pub async fn scarce(
    conn: &mut PgConnection,
    provider: ProviderId,
    since: Timestamp,
) -> sqlx::Result<Vec<Scarce>> {
    let rows = sqlx::query!(
        r#"select s.id, s.plan_name, l.unused as "unused!"
           from (select distinct on (plan_id, home_site_id) id, plan_name, count, created_at from series
                 where provider_id = $1 and created_at >= $2 and revoked_at is null
                   and exists (select from sites h where h.provider_id = $1 and h.id = home_site_id and h.closed_at is null)
                 order by plan_id, home_site_id, created_at desc, id) s
           cross join lateral (select count(*) as unused from (select from tickets t where t.series_id = s.id and t.provider_id = $1 and t.redeemed_at is null
                                                               limit s.count / 10 + 1) u) l
           where l.unused <= s.count / 10 order by s.created_at desc, s.id limit $3"#,
        provider.uuid(),
        At(since),
        MANY,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Scarce {
            series: SeriesId::from_uuid(row.id),
            plan: row.plan_name,
            left: row.unused,
        })
        .collect())
}
