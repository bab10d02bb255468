//! The command line: one file per noun, each calling the same functions as the pages. Parsing and printing only.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "printing is what a command line is for"
)]

use clap::{Parser, Subcommand};

use crate::config::Config;

pub mod db;
pub mod key;
pub mod plan;
pub mod provider;
pub mod series;
pub mod site;

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
    /// Prepares and migrates a database.
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Makes keys for secrets at rest.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Businesses and their M-PESA account.
    #[command(subcommand)]
    Provider(provider::ProviderCommand),
    /// Places with a hotspot, and their agents.
    #[command(subcommand)]
    Site(site::SiteCommand),
    /// What a provider sells.
    #[command(subcommand)]
    Plan(plan::PlanCommand),
    /// Printed vouchers.
    #[command(subcommand)]
    Series(series::SeriesCommand),
}
