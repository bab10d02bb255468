//! `cargo xtask sim routeros|daraja|pesapal|smtp|sms …`: builds a simulator and becomes it, so that whoever started this can end it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::workspace::{cargo, target};

/// What the simulator is told.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Options {
    /// `routeros`, `daraja`, `pesapal`, `smtp` or `sms` and its flags; `--help` lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    arguments: Vec<String>,
}

/// Runs a simulator until it is stopped.
///
/// # Errors
/// When it does not build or does not start.
pub(crate) fn run(options: &Options) -> Result<()> {
    // Alone: nobody should wait for the programs to build who only wants a simulator.
    process::run(&mut cargo(&[
        "build",
        "--locked",
        "-p",
        "mnara-tests",
        "--bin",
        "mnara-sim",
    ]))?;
    let error = Command::new(target()?.join("debug/mnara-sim"))
        .args(&options.arguments)
        .exec();
    // It returns only when it fails.
    Err(error).context("starting the simulator")
}
