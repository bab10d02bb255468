//! Doing what is due in this task, and no more: for tests, and for a scheduler from outside.

use std::collections::BTreeMap;

use super::claim::claim;
use super::{Work, attempt};
use crate::app::App;

/// What became of the work that was due.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Worked {
    /// So many runs.
    pub runs: usize,
    /// The jobs whose last run failed.
    pub failed: Vec<FailedRun>,
}

/// A job that failed; it is tried again by itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FailedRun {
    /// What kind of work it is.
    pub kind: &'static str,
    /// Why.
    pub why: String,
}

/// Does everything that is due now, and what that makes due.
///
/// # Errors
/// When the table cannot be read.
pub async fn run_due(app: &App, work: &[Work]) -> Result<Worked, sqlx::Error> {
    let (mut runs, mut failed) = (0, BTreeMap::new());
    // One at a time: a lease begins when a job is taken, and would end while the job waits for those before it.
    while let Some((job, work)) = claim(app, work, 1, app.clock.now()).await?.pop() {
        runs += 1;
        match attempt(app, &job, &work).await.error {
            Some(why) => {
                let kind = work.kind;
                failed.insert(job.id, FailedRun { kind, why });
            }
            None => {
                failed.remove(&job.id);
            }
        }
    }
    Ok(Worked {
        runs,
        failed: failed.into_values().collect(),
    })
}
