//! The command line: one file per noun, each calling the same functions as the pages. Parsing and printing only.

#![expect(clippy::print_stdout, reason = "printing is what a command line is for")]

use clap::{Parser, Subcommand};

use crate::config::Config;

pub mod db;
pub mod key;

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
}
