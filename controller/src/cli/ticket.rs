//! `mnara-controller ticket …`: single tickets, by their code.

use clap::{Args, Subcommand};
use mnara_protocol::ids::ProviderId;
use mnara_protocol::ticket::code::TicketCode;

use super::plan::seconds;
use crate::access::hold::{Hold, hold};
use crate::app::App;
use crate::audit::Actor;
use crate::tickets::extend::extend;

/// What to do with a ticket.
#[derive(Debug, Subcommand)]
pub enum TicketCommand {
    /// Holds its clock and takes its devices off the air. Whoever types its code lets it run on.
    Pause(Which),
    /// Lets its clock run on; its devices come back.
    Resume(Which),
    /// Gives it more time. One that has run out is open again.
    Extend {
        /// Which.
        #[command(flatten)]
        which: Which,
        /// How much: 30m, 2h, 7d.
        #[arg(long, value_parser = seconds)]
        by: u32,
    },
}

/// A ticket of a business.
#[derive(Debug, Args)]
pub struct Which {
    /// The business.
    #[arg(long)]
    provider: ProviderId,
    /// Its code.
    code: String,
}

impl Which {
    fn code(&self) -> anyhow::Result<TicketCode> {
        Ok(TicketCode::parse(&self.code)?)
    }
}

/// Obeys.
///
/// # Errors
/// With words for whoever typed it.
pub async fn run(command: TicketCommand, app: &App) -> anyhow::Result<()> {
    match command {
        TicketCommand::Pause(which) => {
            hold(
                app,
                which.provider,
                &which.code()?,
                Hold::Pause,
                Actor::Command,
            )
            .await?;
            println!("Paused.");
        }
        TicketCommand::Resume(which) => {
            hold(
                app,
                which.provider,
                &which.code()?,
                Hold::Resume,
                Actor::Command,
            )
            .await?;
            println!("Runs on.");
        }
        TicketCommand::Extend { which, by } => {
            extend(app, which.provider, &which.code()?, by, Actor::Command).await?;
            println!("Extended.");
        }
    }
    Ok(())
}
