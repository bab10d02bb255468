//! Scheduled work: what has to be done again and again.
//!
//! There is always one job of each kind, which comes back for ever, and its lease is the lock: whoever begins a run, this process, another one or `mnara-controller task`, is alone with it.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;

use super::{Job, NewJob, Work, attempt, enqueue, taken};
use crate::app::App;
use crate::db::{At, Reason};

/// A kind of scheduled work, as it is told to people.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The kind of its job, and its name on the command line.
    pub kind: &'static str,
    /// About how often its handler comes back; a scheduler from outside should begin it as often.
    pub every: Duration,
    /// What it does, in a few words.
    pub what: &'static str,
}

/// Sees to it that there is one job of each of these kinds, due now.
///
/// # Errors
/// When the database refuses.
pub async fn stand(
    app: &App,
    kinds: impl IntoIterator<Item = &'static str>,
) -> Result<(), sqlx::Error> {
    let mut tx = app.db.platform(Reason::Jobs).await?;
    for kind in kinds {
        let job = NewJob {
            kind,
            key: "",
            payload: JsonValue::Null,
            run_at: app.clock.now(),
        };
        enqueue(&mut tx, None, job, app).await?;
    }
    tx.commit().await
}

/// Makes the jobs that are not there yet, due now; the others keep their time.
///
/// # Errors
/// When the database refuses.
pub async fn stand_missing(
    app: &App,
    kinds: impl IntoIterator<Item = &'static str>,
) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Jobs).await?;
    let there = states(&mut tx, now).await?;
    drop(tx);
    let missing = kinds
        .into_iter()
        .filter(|kind| !there.iter().any(|state| state.kind == *kind));
    stand(app, missing).await
}

/// What stands in the row of a run that somebody asked for, until one went well.
fn asked(now: Timestamp) -> JsonValue {
    json!({"asked": now.as_millis()})
}

/// When somebody asked for this run, if anybody did: work that has its hour is then done at any, and a run again does that moment's.
#[must_use]
pub fn asked_at(job: &Job) -> Option<Timestamp> {
    job.payload["asked"].as_i64().map(Timestamp::from_millis)
}

/// What became of a run that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ran {
    /// It went well.
    Done,
    /// Somebody else is at it.
    Busy,
    /// It failed, for this reason; it is tried again by itself.
    Failed(String),
}

/// Runs one kind of scheduled work in this task, due or not.
///
/// # Errors
/// When the table cannot be read or written.
pub async fn run_now(app: &App, work: &Work) -> Result<Ran, sqlx::Error> {
    stand_missing(app, [work.kind]).await?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Jobs).await?;
    let row = sqlx::query!(
        r#"UPDATE jobs SET attempts = attempts + 1, leased_until = $3, payload = $4
           WHERE kind = $1 AND unique_key = '' AND provider_id IS NULL AND (leased_until IS NULL OR leased_until <= $2)
           RETURNING id, attempts, leased_until AS "leased_until!""#,
        work.kind,
        At(now),
        At(now + work.lease),
        asked(now),
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    let Some(row) = row else {
        return Ok(Ran::Busy);
    };
    let job = Job {
        payload: asked(now),
        ..taken(row.id, row.leased_until, work.kind, row.attempts)
    };
    attempt(app, &job, work).await;
    let mut tx = app.db.platform(Reason::Jobs).await?;
    let error = sqlx::query_scalar!("SELECT error FROM task_runs WHERE kind = $1", work.kind)
        .fetch_optional(&mut *tx)
        .await?;
    Ok(match error {
        Some(None) => Ran::Done,
        Some(Some(error)) => Ran::Failed(error),
        None => Ran::Failed("its end could not be written".to_owned()),
    })
}

/// Makes one kind of scheduled work due at once, whatever its hour; tells whether there is such a job.
///
/// # Errors
/// When the database refuses.
pub async fn hasten(conn: &mut PgConnection, kind: &str, now: Timestamp) -> sqlx::Result<bool> {
    let found = sqlx::query!(
        "UPDATE jobs SET run_at = $2, attempts = 0, dead_at = NULL, payload = $3
         WHERE kind = $1 AND unique_key = '' AND provider_id IS NULL",
        kind,
        At(now),
        asked(now),
    )
    .execute(conn)
    .await?;
    Ok(found.rows_affected() > 0)
}

/// How one kind of scheduled work stands.
#[derive(Clone, Debug)]
pub struct TaskState {
    /// Which.
    pub kind: String,
    /// When it is due.
    pub next: Timestamp,
    /// Whether somebody is at it now.
    pub is_running: bool,
    /// Its last run, if there was one.
    pub last: Option<LastRun>,
}

/// How a run went.
#[derive(Clone, Debug)]
pub struct LastRun {
    /// When it ended.
    pub ended: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// When a run last went well, if ever.
    pub went_well: Option<Timestamp>,
}

/// All scheduled work, by name.
///
/// # Errors
/// When the database is away.
pub async fn states(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<Vec<TaskState>> {
    let rows = sqlx::query!(
        r#"SELECT j.kind, j.run_at, j.leased_until, t.ended_at AS "ended_at?", t.took_ms AS "took_ms?", t.error, t.went_well_at
           FROM jobs j LEFT JOIN task_runs t USING (kind)
           WHERE j.unique_key = '' AND j.provider_id IS NULL ORDER BY j.kind LIMIT 100"#,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TaskState {
            kind: row.kind,
            next: row.run_at.0,
            is_running: row.leased_until.is_some_and(|until| until.0 > now),
            last: row.ended_at.zip(row.took_ms).map(|(ended, took)| LastRun {
                ended: ended.0,
                took: Duration::from_millis(took.unsigned_abs()),
                error: row.error,
                went_well: row.went_well_at.map(|at| at.0),
            }),
        })
        .collect())
}

/// A piece of scheduled work as a worker has it in its hands, without a lease of its own: for tests of what two of them do.
///
/// # Errors
/// When there is none.
#[cfg(test)]
pub(crate) async fn in_hands(conn: &mut PgConnection, kind: &str) -> sqlx::Result<Job> {
    let id = sqlx::query_scalar("select id from jobs where kind = $1 and unique_key = ''")
        .bind(kind)
        .fetch_one(conn)
        .await?;
    Ok(taken(id, At(Timestamp::from_secs(0)), kind, 1))
}

/// Whether a job is scheduled work.
pub(super) fn is_task(job: &Job) -> bool {
    job.provider.is_none() && job.key.is_empty()
}

/// Writes down how a run went.
pub(super) async fn note(
    conn: &mut PgConnection,
    kind: &str,
    ended: Timestamp,
    took: Duration,
    error: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO task_runs (kind, ended_at, took_ms, error, went_well_at)
         VALUES ($1, $2, $3, $4, CASE WHEN $4::text IS NULL THEN $2::timestamptz END)
         ON CONFLICT (kind) DO UPDATE SET ended_at = excluded.ended_at, took_ms = excluded.took_ms, error = excluded.error,
             went_well_at = coalesce(excluded.went_well_at, task_runs.went_well_at)",
        kind,
        At(ended),
        i64::try_from(took.as_millis()).unwrap_or(i64::MAX),
        error,
    )
    .execute(conn)
    .await
    .map(drop)
}
