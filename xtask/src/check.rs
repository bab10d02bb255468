//! `cargo xtask check [--long]`: what CI checks, and the long drills that CI leaves out. The checks themselves are in
//! `.ci/run` and in the tests.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{arguments, cargo, root};

/// How much to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also repeats the generated tests with many more cases.
    #[arg(long)]
    long: bool,
}

/// Cases of each generated test in the long run; the usual number is 256.
const CASES: &str = "20000";

/// Runs the checks.
///
/// # Errors
/// At the first check that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    process::run(Command::new("bash").arg(".ci/run").current_dir(root()))?;
    if options.long {
        println!("\n== generated tests, {CASES} cases each");
        let mut long = cargo(&arguments("test", &["--release", "--lib", "--bins"]));
        process::run(long.env("PROPTEST_CASES", CASES))?;
    }
    Ok(())
}
