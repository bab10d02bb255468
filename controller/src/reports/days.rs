//! Adds up the days of reports that are over, once, and again when a site tells of them late or a clock is put right.

use futures_util::future::BoxFuture;
use mnara_protocol::ids::ProviderId;

use super::period::Day;
use super::store::days as store;
use crate::app::App;
use crate::jobs::{Job, Next};

/// The kind of the job.
pub const ADD_UP: &str = "report-days";
/// How often it looks. A site that catches up writes to its days again and again, and until they are added up they are read from their rows.
const EVERY_SECS: i64 = 300;
/// Days added up before others have their turn.
const MOST: i64 = 100;
/// Days compared in one statement.
const STRETCH: i64 = 7;

/// Adds up what changed, and comes back.
///
/// # Errors
/// When the database refuses.
pub fn tend<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let today = Day::of(now);
        let mut tx = job.begin(app).await?;
        store::gather(&mut tx, today).await?;
        let changed = store::changed(&mut tx, today, MOST).await?;
        tx.commit().await?;
        let mut failed = None;
        for (provider, day) in &changed {
            // One that cannot be added up keeps no other waiting: it is read from its rows until it can.
            if let Err(error) = add_up(app, *provider, *day).await {
                tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "a day of reports could not be added up");
                let mut tx = app.db.tenant(*provider).await?;
                store::put_last(&mut tx, *provider, *day).await?;
                tx.commit().await?;
                failed = Some(error);
            }
        }
        if let Some(error) = failed {
            return Err(error.into());
        }
        let is_all = i64::try_from(changed.len()).unwrap_or(MOST) < MOST;
        let wait = if is_all { EVERY_SECS } else { 1 };
        Ok(Next::Again(app.clock.now().plus_secs(wait)))
    })
}

async fn add_up(app: &App, provider: ProviderId, day: Day) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    store::add_up(&mut tx, provider, day).await?;
    tx.commit().await
}

/// Adds up all days of a business that are over, and says how many: for rows that came in by other ways than this program's.
///
/// # Errors
/// When the database refuses.
pub async fn refresh(app: &App, provider: ProviderId) -> sqlx::Result<i64> {
    let mut tx = app.db.tenant(provider).await?;
    let first = store::first(&mut tx, provider).await?;
    drop(tx);
    let today = Day::of(app.clock.now());
    let first = first.unwrap_or(today).min(today);
    for day in first.0..today.0 {
        add_up(app, provider, Day(day)).await?;
    }
    Ok(today.0 - first.0)
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// So many days were compared with their rows.
    pub days: usize,
    /// These were not what their rows say; they are read from the rows from now on, and added up again.
    pub wrong: Vec<Day>,
}

/// Compares what is added up with the rows.
///
/// # Errors
/// When the database is away.
pub async fn check(app: &App, provider: ProviderId) -> sqlx::Result<Compared> {
    let mut tx = app.db.tenant(provider).await?;
    let first = store::first(&mut tx, provider).await?;
    drop(tx);
    let end = Day::of(app.clock.now()).plus(1);
    let (mut from, mut found) = (first.unwrap_or(end), Compared::default());
    while from < end {
        let to = from.plus(STRETCH);
        let mut tx = app.db.tenant(provider).await?;
        for (day, wrong) in store::compared(&mut tx, provider, from, to).await? {
            found.days += 1;
            if wrong > 0 {
                found.wrong.push(day);
                store::mark(&mut tx, provider, day).await?;
            }
        }
        tx.commit().await?;
        from = to;
    }
    Ok(found)
}
