//! Entry: reads the command line, starts the runtime, prints the last error. Everything else is in the library.

#![expect(
    clippy::print_stderr,
    reason = "the last error is told to whoever started the program"
)]

use std::process::ExitCode;

use clap::Parser as _;
use mnara_controller::cli::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match mnara_controller::start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mnara-controller: {error:#}");
            ExitCode::FAILURE
        }
    }
}
