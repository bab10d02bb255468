//! Where the program starts. Everything it does is in the library.
#![expect(
    clippy::print_stderr,
    reason = "the last word of a failed command belongs on the terminal"
)]

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match mnara_agent::cli::Cli::parse().execute() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("mnara-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}
