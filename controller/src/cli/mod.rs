//! The command line: one file per noun, each calling the same functions as the pages. Parsing and printing only.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a command line is for"
)]

use std::io::Read as _;
use std::path::Path;

use anyhow::bail;
use clap::{Parser, Subcommand};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use crate::app::App;
use crate::config::Config;
use crate::providers;

pub mod admin;
pub mod audit;
pub mod books;
pub mod db;
pub mod firmware;
pub mod identity;
pub mod key;
pub mod plan;
pub mod platform_plan;
pub mod provider;
pub mod report;
pub mod series;
pub mod site;
pub mod task;
pub mod ticket;

/// MikroTik hotspot billing that keeps working when the cloud does not: the cloud half.
#[derive(Debug, Parser)]
#[command(name = "mnara-controller", version, propagate_version = true)]
pub struct Cli {
    /// What it is told from outside.
    #[command(flatten)]
    pub config: Config,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves until it is told to stop.
    Run,
    /// Prepares, migrates, backs up and restores a database.
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Makes keys for secrets at rest.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// The key by which agents know this controller: shows it, changes it, makes a spare.
    #[command(subcommand)]
    Identity(identity::IdentityCommand),
    /// The platform's own staff, and what they decide about businesses.
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// What people did, and the proof that nobody changed it.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Businesses and their M-PESA account.
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Places with a hotspot, and their agents.
    #[command(subcommand)]
    Site(site::SiteCommand),
    /// What goes onto a site's router.
    #[command(subcommand)]
    Firmware(firmware::FirmwareCommand),
    /// What a provider sells.
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// What the platform sells to businesses.
    #[command(subcommand)]
    PlatformPlan(platform_plan::PlatformPlanCommand),
    /// Printed vouchers.
    #[command(subcommand)]
    Series(series::SeriesCommand),
    /// The days of reports that are added up once.
    #[command(subcommand)]
    Report(report::ReportCommand),
    /// The books of the businesses' tills.
    #[command(subcommand)]
    Books(books::BooksCommand),
    /// Scheduled work, for a scheduler from outside and for whoever wants it now.
    #[command(subcommand)]
    Task(task::TaskCommand),
    /// Single tickets: pauses, resumes and extends them.
    #[command(subcommand)]
    Ticket(ticket::TicketCommand),
}

/// Refuses a business that is not there, so that an empty list is not taken for an answer.
async fn exists(app: &App, provider: ProviderId) -> anyhow::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    match providers::store::provider(&mut tx, provider).await? {
        Some(_) => Ok(()),
        None => bail!("there is no such business: `provider list` shows them"),
    }
}

/// Reads what must not stand on a command line: a file, or standard input for `-`.
fn secret(path: &Path) -> std::io::Result<String> {
    if path.as_os_str() != "-" {
        return std::fs::read_to_string(path);
    }
    let mut text = String::new();
    std::io::stdin().take(16_384).read_to_string(&mut text)?;
    Ok(text)
}

/// A time as people and programs read it.
fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| at.as_millis().to_string(), |at| at.to_string())
}
