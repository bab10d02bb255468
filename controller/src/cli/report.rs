//! `mnara-controller report …`: the days of reports that are added up once.

use anyhow::bail;
use clap::Subcommand;
use mnara_protocol::ids::ProviderId;

use crate::app::App;
use crate::db::Reason;
use crate::providers::store::providers;
use crate::reports::days;

/// Businesses read at once.
const PAGE: u16 = 200;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Compares every day that is added up with its rows. One that differs is read from its rows from then on.
    Check {
        /// This business alone.
        #[arg(long)]
        provider: Option<ProviderId>,
    },
    /// Adds up every day that is over: after rows came in by other ways than this program's.
    Refresh {
        /// This business alone.
        #[arg(long)]
        provider: Option<ProviderId>,
    },
}

/// Obeys.
///
/// # Errors
/// When a day was wrong, or with words for whoever typed it.
pub async fn run(command: ReportCommand, app: &App) -> anyhow::Result<()> {
    let (ReportCommand::Check { provider } | ReportCommand::Refresh { provider }) = &command;
    let mut wrong = 0;
    if let Some(provider) = *provider {
        super::exists(app, provider).await?;
        wrong += one(app, &command, provider).await?;
    } else {
        let mut after = None;
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = providers(&mut tx, after, PAGE).await?;
            drop(tx);
            for business in &page {
                wrong += one(app, &command, business.id).await?;
            }
            after = page.last().map(|business| business.id);
            if after.is_none() {
                break;
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} days were not what their rows say; they are added up again");
    }
    Ok(())
}

async fn one(app: &App, command: &ReportCommand, provider: ProviderId) -> anyhow::Result<usize> {
    match command {
        ReportCommand::Check { .. } => {
            let found = days::check(app, provider).await?;
            println!("{provider} {} days compared", found.days);
            for day in &found.wrong {
                println!("{provider} {} DIFFERS", day.iso());
            }
            Ok(found.wrong.len())
        }
        ReportCommand::Refresh { .. } => {
            let days = days::refresh(app, provider).await?;
            println!("{provider} {days} days added up");
            Ok(0)
        }
    }
}
