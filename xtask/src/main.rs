//! The only list of commands: `cargo xtask …`. Each lives in a file of its own; what the product does is not in here.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that people watch in a terminal"
)]

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod check;
mod demo;
mod lighthouse;
mod packages;
mod postgres;
mod process;
mod schemathesis;
mod shots;
mod sim;
mod sqlx;
mod test;
mod workspace;

/// Commands of the Mnara workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds everything and starts a whole hotspot business on this machine, until Ctrl-C.
    Demo(demo::Options),
    /// Sets up what the tests need and runs them all, or those whose name contains the filter.
    Test(test::Options),
    /// Measures, and prints each number beside its floor.
    Bench(bench::Options),
    /// Takes a picture of every page and state, on a phone and a laptop, light and dark.
    Shots,
    /// Reports what Lighthouse says of the hotspot's own page and of a business's home.
    Lighthouse,
    /// Runs a simulator on its own: `routeros`, `daraja`, `pesapal`, `smtp` or `sms`.
    Sim(sim::Options),
    /// What `.ci/run` checks; with --long, the drills that take longer too.
    Check(check::Options),
    /// Refreshes the stored query data, or checks that it is fresh.
    Sqlx(sqlx::Options),
}

fn main() -> ExitCode {
    process::listen();
    let outcome = match Cli::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Shots => shots::run(),
        Command::Lighthouse => lighthouse::run(),
        Command::Sim(options) => sim::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Sqlx(options) => sqlx::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if process::stopped() => ExitCode::from(130),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
