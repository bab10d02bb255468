//! `mnara-controller task …`: scheduled work, begun from outside.

use anyhow::bail;
use clap::Subcommand;

use crate::app::App;
use crate::db::Reason;
use crate::jobs::tasks::{self, Ran, Task};
use crate::jobs::{self, Work};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum TaskCommand {
    /// Shows what there is, about how often it is to run, and how it went last.
    List,
    /// Runs all that is due now; for a scheduler that calls this every minute. It does no harm to call it more often, or twice at once.
    Due,
    /// Runs one of them now, due or not.
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
            let done = jobs::run_due(app, &work).await?;
            println!("{done} were due; `task list` shows how they went");
            Ok(())
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
