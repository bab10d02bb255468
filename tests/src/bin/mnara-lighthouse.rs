//! `mnara-lighthouse`: what Lighthouse says of the demo's pages, for `cargo xtask lighthouse`. What is judged is in the library.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that people watch in a terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use mnara_tests::lighthouse::{self, Tools};
use mnara_tests::story;

/// What Lighthouse says of the demo's pages.
#[derive(Parser)]
#[command(name = "mnara-lighthouse", version)]
struct Cli {
    /// Lighthouse's program.
    lighthouse: PathBuf,
    /// Chromium.
    chromium: PathBuf,
    /// Where its reports go.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(report(Cli::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nno report: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn report(cli: Cli) -> anyhow::Result<()> {
    let stage = story::alone().await?;
    let tools = Tools {
        lighthouse: cli.lighthouse,
        chromium: cli.chromium,
        folder: cli.folder,
    };
    let mut say = |line: &str| println!("{line}");
    lighthouse::report(&stage, &tools, &mut say).await?;
    stage.end().await
}
