//! `cargo xtask check [--long]`: what CI checks, and the long drills that CI leaves out. The checks themselves are in
//! `.ci/run` and in the tests.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{arguments, cargo, root};

/// How much to check.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also plays many more generated tests and many more drills that kill both programs, and looks at every page in both languages and lights and on a laptop.
    #[arg(long)]
    long: bool,
    /// With --long: leaves out what `.ci/run` checks.
    #[arg(long, requires = "long")]
    only: bool,
    /// Drills played by each of the two that kill everything; each takes some seconds and has a seed of its own.
    #[arg(long, default_value_t = 20, requires = "long")]
    drills: u32,
    /// Payments of the drill after which the books must hold each once.
    #[arg(long, default_value_t = 10_000, requires = "long")]
    payments: u32,
}

/// Cases of each generated test in the long run; the usual number is 256, some take a multiple of it.
const CASES: &str = "4000";

/// Runs the checks.
///
/// # Errors
/// At the first check that fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.only {
        process::run(Command::new("bash").arg(".ci/run").current_dir(root()))?;
    }
    if options.long {
        generated()?;
        drills(options.drills)?;
        money(options.payments)?;
        looks()?;
    }
    Ok(())
}

/// The pure places, which need neither a database nor a program.
fn generated() -> Result<()> {
    println!("\n== generated tests, {CASES} cases each");
    let mut tests = cargo(&["test", "--locked", "--release"]);
    tests.args(["-p", "mnara-protocol", "-p", "mnara-agent"]);
    tests.args(["--lib", "--tests"]);
    process::run(tests.env("PROPTEST_CASES", CASES))
}

fn drills(count: u32) -> Result<()> {
    println!("\n== {count} drills from each of two seeds on");
    let build = ["--bins", "--test", "main"];
    process::run(&mut cargo(&arguments("build", &build)))?;
    let words = [
        "--test",
        "main",
        "flows::kills::a_drill",
        "--",
        "--nocapture",
    ];
    let mut drills = cargo(&arguments("test", &words));
    process::run(drills.env("MNARA_DRILLS", count.to_string()))
}

fn money(payments: u32) -> Result<()> {
    println!("\n== {payments} payments, each in the books once");
    let words = ["--test", "main", "flows::exactly_once", "--", "--nocapture"];
    let mut drill = cargo(&arguments("test", &words));
    process::run(drill.env("MNARA_PAYMENTS", payments.to_string()))
}

/// Every page in both languages, each in the light, in the dark and on a laptop, and what is so for a while only in the light and in the dark.
fn looks() -> Result<()> {
    println!("\n== every page in every look");
    let words = ["--test", "main", "pages::everybody"];
    let mut looks = cargo(&arguments("test", &words));
    process::run(looks.env("MNARA_LOOKS", "all"))
}
