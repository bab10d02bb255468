//! All SQL of how businesses stand: what was noted last, whom to look at, and of what they were reminded.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::strange;
use crate::db::{At, RowId as _};
use crate::subscriptions::life::Life;
use crate::subscriptions::{Reminder, Stage};

/// Whether there is a plan that somebody could pay for.
///
/// # Errors
/// When the database is away.
pub async fn is_sold(conn: &mut PgConnection) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from platform_plans where is_offered and price_cents > 0) as "found!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// How a business stood when somebody looked last, and since when it is asked to pay. It has to be held.
///
/// # Errors
/// When the database is away.
pub async fn noted(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<(Stage, Option<Timestamp>)> {
    let row = sqlx::query!(
        "select stage, asked_at from subscriptions where provider_id = $1",
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    let stage = row
        .stage
        .parse()
        .map_err(|_| strange("subscriptions.stage"))?;
    Ok((stage, row.asked_at.map(|at| at.0)))
}

/// Notes how it stands now.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    conn: &mut PgConnection,
    provider: ProviderId,
    life: &Life,
    asked: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update subscriptions set stage = $2, asked_at = $3, look_at = $4 where provider_id = $1",
        provider.uuid(),
        life.stage.word(),
        asked.map(At) as Option<At>,
        life.look_at.map(At) as Option<At>,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that it is reminded; says whether it was not before.
///
/// # Errors
/// When the database refuses.
pub async fn remind(
    conn: &mut PgConnection,
    provider: ProviderId,
    what: Reminder,
    period: Timestamp,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into subscription_reminders (provider_id, kind, period, at) values ($1, $2, $3, $4) on conflict do nothing",
        provider.uuid(),
        what.word(),
        At(period),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Begins to keep how businesses stand that are in business and were never looked at; says how many.
///
/// # Errors
/// When the database refuses.
pub async fn begin(conn: &mut PgConnection, now: Timestamp, most: i64) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "insert into subscriptions (provider_id, created_at, changed_at)
         select p.id, $1, $1 from providers p where p.state = 'active' and not exists (select from subscriptions s where s.provider_id = p.id)
         order by p.id limit $2 on conflict do nothing",
        At(now),
        most,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The next businesses to look at: something changes by itself, or the platform began or ceased to ask, or gives another time of grace than what
/// they may do was written by.
///
/// # Errors
/// When the database is away.
pub async fn due(
    conn: &mut PgConnection,
    asks: bool,
    grace: Duration,
    after: Option<ProviderId>,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<ProviderId>> {
    let rows = sqlx::query_scalar!(
        "select s.provider_id from subscriptions s
         where (s.look_at <= $2 or (s.asked_at is not null) <> $3
                or exists (select from provider_rights r where r.provider_id = s.provider_id and s.paid_until is not null and s.asked_at is not null
                           and r.restricted_from is distinct from greatest(s.paid_until, s.asked_at) + make_interval(secs => $5)))
               and ($1::uuid is null or s.provider_id > $1) order by s.provider_id limit $4",
        after.map(|id| id.uuid()),
        At(now),
        asks,
        most,
        grace.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}
