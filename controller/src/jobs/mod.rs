//! Work that must happen although the process that wanted it may not live to do it.
//!
//! A job is a row written in the transaction that caused it, taken by one worker at a time under a lease, tried again with
//! growing pauses. What the work is stands in `work.rs`, and no job is made or done here. Time comes from the clock of the
//! [`App`]. A notification wakes the workers of other replicas; it is a hint, the row is the truth.

mod claim;
mod count;
mod due;
pub mod failed;
mod lane;
pub mod tasks;

use claim::{claim, pause};
pub use count::{Standing, standing};
pub use due::{FailedRun, Worked, run_due};
pub use lane::Lane;

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;
use sqlx::types::{JsonValue, Uuid};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::app::App;
use crate::db::{At, Reason, RowId as _, Tx};

/// How often the table is read when nothing says that it changed.
const GLANCE: Duration = Duration::from_secs(5);
/// A table that had nothing to do is not read again sooner than this, however often somebody says that it changed.
const BREATH: Duration = Duration::from_millis(10);
/// The channel of the notification.
const CHANNEL: &str = "mnara_jobs";

/// A kind of job: its name in the table and who does it.
#[derive(Clone, Copy)]
pub struct Work {
    /// The name in the column `kind`; never changed, rows outlive programs.
    pub kind: &'static str,
    /// Does it. It may be called again for the same job at any time, also while a lost worker still runs.
    pub run: Handler,
    /// After so long without an end, the worker is taken for dead and another one tries.
    pub lease: Duration,
    /// Failures after which the job is left for a person to look at.
    pub attempts: i32,
    /// Whose hands do it.
    pub lane: Lane,
}

/// Does a job. The transaction it needs comes from [`Job::begin`]; nothing outside is called while one is open.
pub type Handler = for<'a> fn(&'a App, &'a Job) -> BoxFuture<'a, anyhow::Result<Next>>;

/// What becomes of a job whose handler came back without an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// It is done and goes.
    Done,
    /// It comes back at this time, counted as fresh.
    Again(Timestamp),
}

/// A job in a worker's hands.
#[derive(Clone)]
pub struct Job {
    id: Uuid,
    lease: At,
    /// What kind of work it is.
    pub kind: String,
    /// Whose it is; `None` for the platform's own.
    pub provider: Option<ProviderId>,
    /// What makes it unique within its kind.
    pub key: String,
    /// What its handler needs to know.
    pub payload: JsonValue,
    /// Which try this is, from one.
    pub attempt: i32,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys and payloads may hold what logs must not.
        write!(
            f,
            "Job({} {}, attempt {})",
            self.kind, self.id, self.attempt
        )
    }
}

impl Job {
    /// Opens the transaction of the job's provider, or of the platform for a job that has none.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self, app: &App) -> Result<Tx, sqlx::Error> {
        match self.provider {
            Some(provider) => app.db.tenant(provider).await,
            None => app.db.platform(Reason::Jobs).await,
        }
    }

    /// Ends the job in the transaction of its effect, so that both happen or neither.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn done(&self, conn: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "DELETE FROM jobs WHERE id = $1 AND leased_until = $2 AND attempts = $3",
            self.id,
            self.lease,
            self.attempt,
        )
        .execute(conn)
        .await
        .map(drop)
    }
}

/// A job to be written.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// The kind, as [`Work::kind`] has it.
    pub kind: &'static str,
    /// What makes it unique: asking again before it ran is the same job, asking while it runs makes it run once more.
    pub key: &'a str,
    /// What its handler needs to know; never a secret, a code or a phone number.
    pub payload: JsonValue,
    /// Not before.
    pub run_at: Timestamp,
}

/// The hint to this process' own workers that there is something to do; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<[Notify; Lane::ALL.len()]>);

impl Wake {
    /// Wakes the workers; to be called after the commit.
    pub fn wake(&self) {
        for lane in &*self.0 {
            lane.notify_one();
        }
    }
}

/// Writes a job in the caller's transaction. A job of the same kind and key that still waits is brought forward instead.
///
/// # Errors
/// When the statement fails.
pub async fn enqueue(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
    job: NewJob<'_>,
    app: &App,
) -> Result<(), sqlx::Error> {
    let now = At(app.clock.now());
    // `attempts` going back to nothing is what tells a running worker that its job was asked for again.
    sqlx::query!(
        "INSERT INTO jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7)
         ON CONFLICT (kind, unique_key) DO UPDATE
         SET payload = excluded.payload, run_at = least(jobs.run_at, excluded.run_at), attempts = 0, dead_at = NULL",
        new_id(app),
        provider.map(|provider| provider.uuid()),
        job.kind,
        job.key,
        job.payload,
        At(job.run_at),
        now,
    )
    .execute(&mut *conn)
    .await?;
    if job.run_at <= now.0 {
        sqlx::query!("SELECT pg_notify($1, '')", CHANNEL)
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// Works until shutdown, then lets what runs come to its end.
pub async fn run(app: App, work: Vec<Work>, shutdown: CancellationToken) {
    let running = TaskTracker::new();
    running.spawn(listen(app.clone(), shutdown.clone()));
    for lane in Lane::ALL {
        let work = work.iter().filter(|one| one.lane == lane).copied();
        let app = match lane {
            Lane::Questions => app.asking(),
            Lane::Ours | Lane::Mail | Lane::News | Lane::Texts => app.clone(),
        };
        running.spawn(run_lane(app, work.collect(), lane, shutdown.clone()));
    }
    running.close();
    running.wait().await;
}

/// A piece of scheduled work in somebody's hands.
fn taken(id: Uuid, lease: At, kind: &str, attempt: i32) -> Job {
    Job {
        id,
        lease,
        kind: kind.to_owned(),
        provider: None,
        key: String::new(),
        payload: JsonValue::Null,
        attempt,
    }
}

async fn run_lane(app: App, work: Vec<Work>, lane: Lane, shutdown: CancellationToken) {
    let running = TaskTracker::new();
    let hands = Arc::new(Semaphore::new(lane.hands()));
    loop {
        let free = hands.available_permits();
        let now = app.clock.now();
        let claimed = if free == 0 {
            Ok(Vec::new())
        } else {
            claim(&app, &work, free, now).await
        };
        let wait = match claimed {
            Ok(jobs) => {
                let took_all = jobs.len() == free;
                let took_none = jobs.is_empty();
                for (job, work) in jobs {
                    let permit = Arc::clone(&hands).acquire_owned().await;
                    let app = app.clone();
                    running.spawn(async move {
                        let tried = attempt(&app, &job, &work).await;
                        drop(permit);
                        if tried.is_due {
                            app.jobs.wake();
                        }
                    });
                }
                if took_all {
                    // There may be more; the next hand that falls free asks.
                    match hands.acquire().await {
                        Ok(permit) => drop(permit),
                        Err(_) => return,
                    }
                    if shutdown.is_cancelled() {
                        Duration::ZERO
                    } else {
                        continue;
                    }
                } else {
                    let wait = pause(&app, &work, now).await;
                    if took_none {
                        tokio::time::sleep(BREATH).await;
                    }
                    wait
                }
            }
            Err(error) => {
                tracing::warn!(error = %error, "jobs cannot be taken");
                GLANCE
            }
        };
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            () = app.jobs.0[lane as usize].notified() => {}
            () = app.clock.sleep(wait) => {}
        }
    }
    running.close();
    running.wait().await;
}

/// Turns notifications of other replicas into wake-ups; a lost one costs a glance.
async fn listen(app: App, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let heard = async {
            let mut listener = app.db.listener().await?;
            listener.listen(CHANNEL).await?;
            loop {
                listener.recv().await?;
                app.jobs.wake();
            }
        };
        let Err(error): Result<Infallible, sqlx::Error> = tokio::select! {
            () = shutdown.cancelled() => return,
            heard = heard => heard,
        };
        tracing::debug!(%error, "notifications of jobs are not heard");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.clock.sleep(GLANCE) => {}
        }
    }
}

/// How a try went.
struct Tried {
    /// Whether the job is due again at once.
    is_due: bool,
    /// Why it failed, if it did.
    error: Option<String>,
}

/// Runs a job once and writes down what became of it.
async fn attempt(app: &App, job: &Job, work: &Work) -> Tried {
    let span = tracing::info_span!("job", job.kind = %job.kind, job.id = %job.id, job.attempt = job.attempt);
    let began = app.clock.now();
    // Past its lease another worker may have the job, and a handler that hangs would keep this hand for ever.
    let handled = AssertUnwindSafe((work.run)(app, job)).catch_unwind();
    let outcome = match tokio::time::timeout(work.lease, handled.instrument(span.clone())).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(anyhow::anyhow!("the handler panicked")),
        Err(_) => Err(anyhow::anyhow!("the handler did not end within its lease")),
    };
    let name = work.kind;
    let result = if outcome.is_ok() { "done" } else { "failed" };
    metrics::counter!("mnara_jobs_total", "kind" => name, "result" => result).increment(1);
    let settled = async {
        let mut tx = app.db.platform(Reason::Jobs).await?;
        match &outcome {
            Ok(Next::Done) => job.done(&mut tx).await?,
            Ok(Next::Again(at)) => again(&mut tx, job, *at).await?,
            Err(error) => fail(&mut tx, app, job, work, error).await?,
        }
        if tasks::is_task(job) {
            let (ended, error) = (app.clock.now(), outcome.as_ref().err().map(report));
            tasks::note(&mut tx, name, ended, ended.since(began), error.as_deref()).await?;
        }
        let is_due = release_if_asked_again(&mut tx, job).await?;
        tx.commit().await?;
        Ok::<bool, sqlx::Error>(is_due)
    };
    let is_due = match settled.await {
        Ok(is_due) => is_due,
        Err(error) => {
            // Its lease runs out, and it is tried again.
            span.in_scope(|| tracing::warn!(%error, "the end of a job could not be written"));
            false
        }
    };
    let error = outcome.err().map(|error| format!("{error:#}"));
    if let Some(error) = &error {
        if job.attempt >= work.attempts {
            span.in_scope(|| tracing::error!(%error, "a job was given up"));
        } else {
            span.in_scope(|| tracing::warn!(%error, "a job failed and will be tried again"));
        }
    }
    Tried { is_due, error }
}

async fn again(conn: &mut PgConnection, job: &Job, at: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE jobs SET run_at = $4, leased_until = NULL, attempts = 0, last_error = NULL,
             payload = CASE WHEN $5 THEN 'null'::jsonb ELSE payload END
         WHERE id = $1 AND leased_until = $2 AND attempts = $3",
        job.id,
        job.lease,
        job.attempt,
        At(at),
        tasks::is_task(job),
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn fail(
    conn: &mut PgConnection,
    app: &App,
    job: &Job,
    work: &Work,
    error: &anyhow::Error,
) -> Result<(), sqlx::Error> {
    let now = app.clock.now();
    let dead = (job.attempt >= work.attempts).then_some(At(now));
    sqlx::query!(
        "UPDATE jobs SET run_at = $4, leased_until = NULL, last_error = $5, dead_at = $6
         WHERE id = $1 AND leased_until = $2 AND attempts = $3",
        job.id,
        job.lease,
        job.attempt,
        At(now + backoff(job.attempt, app.entropy.number())),
        report(error),
        dead,
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn release_if_asked_again(conn: &mut PgConnection, job: &Job) -> Result<bool, sqlx::Error> {
    let released = sqlx::query!(
        "UPDATE jobs SET leased_until = NULL WHERE id = $1 AND leased_until = $2 AND attempts = 0",
        job.id,
        job.lease,
    )
    .execute(conn)
    .await?;
    Ok(released.rows_affected() > 0)
}

/// An error as it is kept.
fn report(error: &anyhow::Error) -> String {
    let mut report = format!("{error:#}");
    report.truncate(report.floor_char_boundary(500));
    report
}

/// Two seconds, doubled each time up to ten minutes, and up to a quarter more so that failures do not march in step.
fn backoff(attempt: i32, jitter: u32) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1).clamp(0, 9)).unwrap_or(0);
    let pause = Duration::from_secs(2 << doublings).min(Duration::from_secs(600));
    pause + (pause / 4).mul_f64(f64::from(jitter) / f64::from(u32::MAX))
}

fn new_id(app: &App) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(
        app.clock.now().as_millis().unsigned_abs(),
        &app.entropy.bytes(),
    )
    .into_uuid()
}

#[cfg(test)]
mod tests;
