//! `mnara-controller task …`: scheduled work, begun from outside.

use anyhow::bail;
use clap::Subcommand;

use crate::app::App;
use crate::db::Reason;
use crate::jobs::tasks::{self, Ran, Task};
use crate::jobs::{self, Work, Worked};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Shows what there is, about how often it is to run, and how it went last.
    List,
    /// Runs all that is due now; for a scheduler that calls this every minute. It does no harm to call it more often, or twice at once. It fails when
    /// one of them failed, and names it.
    Due,
    /// Runs one of them now, due or not: what has its hour is done at this one.
    #[command(external_subcommand)]
    Named(Vec<String>),
}

/// Obeys.
///
/// # Errors
/// When something failed, or with words for whoever typed it.
pub async fn run(
    command: TaskCommand,
    (all, work): (&[Task], &[Work]),
    app: &App,
) -> anyhow::Result<()> {
    match command {
        TaskCommand::List => list(all, app).await,
        TaskCommand::Due => {
            tasks::stand_missing(app, all.iter().map(|task| task.kind)).await?;
            let is_task = |work: &&Work| all.iter().any(|task| task.kind == work.kind);
            let work: Vec<Work> = work.iter().filter(is_task).copied().collect();
            told(&jobs::run_due(app, &work).await?)
        }
        TaskCommand::Named(words) => {
            let [name] = words.as_slice() else {
                bail!("one name, please: `task list` shows them");
            };
            let found = work
                .iter()
                .find(|work| work.kind == name && all.iter().any(|task| task.kind == name));
            let Some(work) = found else {
                bail!("there is no such task: `task list` shows them");
            };
            match tasks::run_now(app, work).await? {
                Ran::Done => println!("{name} went well"),
                Ran::Busy => println!("{name} is being run by another process"),
                Ran::Failed(error) => {
                    bail!("{name} failed, and is tried again by itself: {error}")
                }
            }
            Ok(())
        }
    }
}

/// Says how they went; a failure fails the command, so that whoever begins it hears.
fn told(worked: &Worked) -> anyhow::Result<()> {
    let Worked { runs, failed } = worked;
    if failed.is_empty() {
        println!("{runs} were due and went well");
        return Ok(());
    }
    let failed: Vec<_> = failed
        .iter()
        .map(|failed| format!("{}: {}", failed.kind, failed.why))
        .collect();
    bail!(
        "{runs} were due, and of these failed, and are tried again by themselves: {}",
        failed.join("; ")
    )
}

async fn list(all: &[Task], app: &App) -> anyhow::Result<()> {
    let mut tx = app.db.platform(Reason::Jobs).await?;
    let states = tasks::states(&mut tx, app.clock.now()).await?;
    for task in all {
        let state = states.iter().find(|state| state.kind == task.kind);
        let went = match state.and_then(|state| state.last.as_ref()) {
            None => "not run yet".to_owned(),
            Some(run) => match &run.error {
                None => format!("went well {}", super::shown(run.ended)),
                Some(error) => format!("FAILED {}: {error}", super::shown(run.ended)),
            },
        };
        let every = task.every.as_secs();
        println!("{:16} every {every} s  {went}  ({})", task.kind, task.what);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::FailedRun;

    #[test]
    fn what_failed_fails_the_command_and_is_named() {
        let mut worked = Worked {
            runs: 2,
            failed: Vec::new(),
        };
        assert!(told(&worked).is_ok());
        worked.failed.push(FailedRun {
            kind: "summary",
            why: "the database is away".to_owned(),
        });
        let error = told(&worked).unwrap_err().to_string();
        assert!(error.contains("summary: the database is away"), "{error}");
    }
}
