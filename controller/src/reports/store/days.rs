//! The days that are added up once: which have changed since, and adding one up again. How that stays right stands in its migration.

use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use crate::db::RowId as _;
use crate::reports::period::Day;

/// A day as the database counts it; none is beyond what it holds.
pub(crate) fn number(day: Day) -> i32 {
    i32::try_from(day.0).unwrap_or(if day.0 < 0 { i32::MIN } else { i32::MAX })
}

/// Days before one that changed since they were added up, those that wait longest first; of all businesses through the platform's door.
///
/// # Errors
/// When the database is away.
pub async fn changed(
    conn: &mut PgConnection,
    before: Day,
    most: i64,
) -> sqlx::Result<Vec<(ProviderId, Day)>> {
    let rows = sqlx::query!(
        "select provider_id, day from report_marks where day < $1 group by provider_id, day order by min(id) limit $2",
        number(before),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (ProviderId::from_uuid(row.provider_id), Day(row.day.into())))
        .collect())
}

/// Puts the marks of days from one on together to one for each day, so that those who read them find few.
///
/// # Errors
/// When the database refuses.
pub async fn gather(conn: &mut PgConnection, from: Day) -> sqlx::Result<()> {
    sqlx::query!(
        "with gone as (delete from report_marks where day >= $1 returning provider_id, day)
         insert into report_marks (provider_id, day) select distinct provider_id, day from gone",
        number(from),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Has a day that changed wait behind all others.
///
/// # Errors
/// When the database refuses.
pub async fn put_last(conn: &mut PgConnection, provider: ProviderId, day: Day) -> sqlx::Result<()> {
    sqlx::query!(
        "with gone as (delete from report_marks where provider_id = $1 and day = $2 returning provider_id, day)
         insert into report_marks (provider_id, day) select distinct provider_id, day from gone",
        provider.uuid(),
        number(day),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Adds a day up. The marks go first and in a statement of their own: what the next one reads is at least what they were for.
///
/// # Errors
/// When the database refuses.
pub async fn add_up(conn: &mut PgConnection, provider: ProviderId, day: Day) -> sqlx::Result<()> {
    let (provider, day) = (provider.uuid(), number(day));
    // Held to the end of the transaction: two who add up one day do it one after the other.
    sqlx::query!(
        "insert into report_days (provider_id, day) values ($1, $2) on conflict (provider_id, day) do update set day = excluded.day",
        provider,
        day,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from report_marks where provider_id = $1 and day = $2",
        provider,
        day,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from report_sums where provider_id = $1 and day = $2",
        provider,
        day,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into report_sums (provider_id, day, grain, hour, site_id, plan_id, paid, sold, printed, used, used_printed, tried, worth, sessions, online_secs, bytes)
         select $1, $2, g.* from report_grains($1, $2) g order by 3",
        provider,
        day,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Days of a business that are added up, with how many of their sums are not what their rows say now; a day that has changed since is not
/// asked about.
///
/// # Errors
/// When the database is away.
pub async fn compared(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Day,
    to: Day,
) -> sqlx::Result<Vec<(Day, i64)>> {
    let rows = sqlx::query!(
        r#"select d.day, (select count(*) from (
               (select * from report_grains($1, d.day)
                except select grain, hour, site_id, plan_id, paid, sold, printed, used, used_printed, tried, worth, sessions, online_secs, bytes
                       from report_sums s where s.provider_id = $1 and s.day = d.day)
               union all
               (select grain, hour, site_id, plan_id, paid, sold, printed, used, used_printed, tried, worth, sessions, online_secs, bytes
                       from report_sums s where s.provider_id = $1 and s.day = d.day
                except select * from report_grains($1, d.day))) x) as "wrong!"
           from report_days d where d.provider_id = $1 and d.day >= $2 and d.day < $3
             and not exists (select from report_marks m where m.provider_id = $1 and m.day = d.day)
           order by d.day"#,
        provider.uuid(),
        number(from),
        number(to),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (Day(row.day.into()), row.wrong))
        .collect())
}

/// Has a day read from its rows until it is added up again.
///
/// # Errors
/// When the database refuses.
pub async fn mark(conn: &mut PgConnection, provider: ProviderId, day: Day) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into report_marks (provider_id, day) values ($1, $2)",
        provider.uuid(),
        number(day),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The first day on which anything happened that reports count.
///
/// # Errors
/// When the database is away.
pub async fn first(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Day>> {
    let day = sqlx::query_scalar!(
        "select report_day(least(
             (select min(settled_at) from payments where provider_id = $1 and status = 'success' and type = 'mpesa_customer_payment'),
             (select min(redeemed_at) from tickets where provider_id = $1 and redeemed_at is not null),
             (select min(began_at) from sessions where provider_id = $1),
             (select min(created_at) from series where provider_id = $1)))",
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(day.map(|day| Day(day.into())))
}
