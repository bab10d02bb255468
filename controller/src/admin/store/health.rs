//! The minutes in which the platform was up.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use crate::db::At;

/// Notes that the platform is up in a minute.
///
/// # Errors
/// When the database refuses, which is what is to be found out.
pub async fn note(conn: &mut PgConnection, minute: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into health_minutes (minute) values ($1) on conflict do nothing",
        At(minute),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The first minute that was noted.
///
/// # Errors
/// When the database is away.
pub async fn first(conn: &mut PgConnection) -> sqlx::Result<Option<Timestamp>> {
    let first = sqlx::query_scalar!("select min(minute) from health_minutes")
        .fetch_one(conn)
        .await?;
    Ok(first.map(|at| at.0))
}

/// How many minutes were noted from one on and before another.
///
/// # Errors
/// When the database is away.
pub async fn count(conn: &mut PgConnection, from: Timestamp, to: Timestamp) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from health_minutes where minute >= $1 and minute < $2",
        At(from),
        At(to),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// Since when the platform has been up without a break, looking no further back than a moment.
///
/// # Errors
/// When the database is away.
pub async fn up_since(conn: &mut PgConnection, from: Timestamp) -> sqlx::Result<Option<Timestamp>> {
    let since = sqlx::query_scalar!(
        "select max(m.minute) from health_minutes m where m.minute >= $1
           and not exists (select from health_minutes b where b.minute = m.minute - interval '1 minute' and b.minute >= $1)",
        At(from),
    )
    .fetch_one(conn)
    .await?;
    Ok(since.map(|at| at.0))
}

/// Forgets what was noted before a moment.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, before: Timestamp) -> sqlx::Result<()> {
    sqlx::query!("delete from health_minutes where minute < $1", At(before))
        .execute(conn)
        .await
        .map(drop)
}
