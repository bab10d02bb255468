//! `cargo xtask demo [--once]`: installs and builds what is missing, then hands over to the program `mnara-demo` of the
//! tests, which starts the world and tells its story.

use std::process::Command;

use anyhow::Result;

use crate::workspace::{arguments, cargo, target};
use crate::{postgres, process};

/// How the demo ends.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Plays the whole story without a person and ends, badly at the first step that is not true.
    #[arg(long)]
    once: bool,
}

/// Runs the demo.
///
/// # Errors
/// When something is missing and cannot be installed, does not build, or a step of the story is not true.
pub(crate) fn run(options: &Options) -> Result<()> {
    let programs = postgres::programs()?;
    println!("PostgreSQL: {}", programs.display());
    println!("Building; the first time takes a few minutes.");
    process::run(&mut cargo(&arguments("build", &["--bins"])))?;
    let mut demo = Command::new(target()?.join("debug/mnara-demo"));
    demo.args(options.once.then_some("--once"))
        .env_remove("DATABASE_URL")
        .env_remove("ENCRYPTION_KEY");
    process::run(&mut demo)
}
