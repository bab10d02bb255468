//! Jobs that failed, for a person to look at: which there are, and what can be done with one.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};

/// A job that failed at least once since it was last asked for.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Its id.
    pub id: Uuid,
    /// What kind of work it is.
    pub kind: String,
    /// Whose it is; nobody's for the platform's own.
    pub provider: Option<ProviderId>,
    /// What that business is called.
    pub business: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// What went wrong the last time.
    pub error: String,
    /// When it is tried next, unless it was given up.
    pub run_at: Timestamp,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
    /// Whether it is scheduled work, which is never over.
    pub is_task: bool,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Jobs that were given up, or those that are still tried, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn list(
    conn: &mut PgConnection,
    is_dead: bool,
    before: Option<Uuid>,
    limit: u16,
) -> sqlx::Result<Vec<Failed>> {
    let before = before.unwrap_or_else(Uuid::max);
    // Two statements in one, so that each is served by its own index.
    let rows = sqlx::query!(
        r#"select j.id as "id!", j.kind as "kind!", j.provider_id, p.business_name as "business?", j.attempts as "attempts!", j.last_error,
                  j.run_at as "run_at!", j.dead_at, j.unique_key = '' and j.provider_id is null as "is_task!", j.created_at as "created_at!"
           from ((select * from jobs where $1 and dead_at is not null and id < $2 order by id desc limit $3)
                 union all
                 (select * from jobs where not $1 and dead_at is null and last_error is not null and id < $2 order by id desc limit $3)) j
           left join providers p on p.id = j.provider_id order by j.id desc"#,
        is_dead,
        before,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Failed {
            id: row.id,
            kind: row.kind,
            provider: row.provider_id.map(ProviderId::from_uuid),
            business: row.business,
            attempts: row.attempts,
            error: row.last_error.unwrap_or_default(),
            run_at: row.run_at.0,
            dead_at: row.dead_at.map(|at| at.0),
            is_task: row.is_task,
            created_at: row.created_at.0,
        })
        .collect())
}

/// Why jobs of a kind wait, of the newest whose report begins so; nothing if none does.
///
/// # Errors
/// When the database is away.
pub async fn why(
    conn: &mut PgConnection,
    kind: &str,
    begins: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"select last_error as "error!" from jobs where kind = $1 and starts_with(last_error, $2) and dead_at is null
           and last_error is not null order by id desc limit 1"#,
        kind,
        begins,
    )
    .fetch_optional(conn)
    .await
}

/// What can be done with a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// It is tried again at once, counted as fresh.
    Retry,
    /// It is not tried again by itself. A payment that waits has its question made anew all the same: only a question can end it.
    GiveUp,
    /// It was given up, and goes for good.
    Forget,
}

/// What a remedy was applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedied {
    /// The job's kind.
    pub kind: String,
    /// Whose it is.
    pub provider: Option<ProviderId>,
    /// Whether it had been given up.
    pub was_given_up: bool,
}

/// Applies a remedy, and to scheduled work, which is never over, only that it is tried again; tells what it was applied to, or nothing if there is no such job of which that makes sense.
///
/// # Errors
/// When the database refuses.
pub async fn remedy(
    conn: &mut PgConnection,
    id: Uuid,
    remedy: Remedy,
    now: Timestamp,
) -> sqlx::Result<Option<Remedied>> {
    let found = match remedy {
        Remedy::Retry => sqlx::query!(
            r#"update jobs j set run_at = $2, attempts = 0, dead_at = null
               from (select id, dead_at is not null as is_dead from jobs where id = $1 and (dead_at is not null or last_error is not null) for update) was
               where j.id = was.id
               returning j.kind, j.provider_id, was.is_dead as "is_dead!""#,
            id,
            At(now),
        )
        .fetch_optional(&mut *conn)
        .await?
        .map(|row| (row.kind, row.provider_id, row.is_dead)),
        // One that runs now may come to a good end yet.
        Remedy::GiveUp => sqlx::query!(
            "update jobs set dead_at = $2 where id = $1 and dead_at is null and last_error is not null and (leased_until is null or leased_until <= $2)
                 and not (unique_key = '' and provider_id is null)
             returning kind, provider_id",
            id,
            At(now),
        )
        .fetch_optional(&mut *conn)
        .await?
        .map(|row| (row.kind, row.provider_id, false)),
        Remedy::Forget => sqlx::query!(
            "delete from jobs where id = $1 and dead_at is not null and not (unique_key = '' and provider_id is null) returning kind, provider_id",
            id,
        )
        .fetch_optional(&mut *conn)
        .await?
        .map(|row| (row.kind, row.provider_id, true)),
    };
    Ok(found.map(|(kind, provider, was_given_up)| Remedied {
        kind,
        provider: provider.map(ProviderId::from_uuid),
        was_given_up,
    }))
}
