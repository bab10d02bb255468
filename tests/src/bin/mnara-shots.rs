//! `mnara-shots`: a picture of every page and state of the demo, for `cargo xtask shots`. What is looked at is in the library.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that people watch in a terminal"
)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use mnara_tests::{gallery, story};

/// A picture of every page and state.
#[derive(Parser)]
#[command(name = "mnara-shots", version)]
struct Cli {
    /// Where the pictures go; what is in there is removed first.
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(take(Cli::parse())).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nno pictures: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn take(cli: Cli) -> anyhow::Result<()> {
    let mut stage = story::stage().await?;
    let mut say = |line: &str| println!("{line}");
    let pages = gallery::take(&mut stage, &cli.folder, &mut say).await?;
    println!(
        "{pages} pages, each on {} screens: open {}",
        gallery::SCREENS.len(),
        cli.folder.join("index.html").display()
    );
    stage.end().await
}
