//! `cargo xtask lighthouse`: what Google's Lighthouse says of the hotspot's own page and of a business's home, in the demo's world. It prints the
//! scores and fails only when there are none.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::packages::{self, CHROMIUM, NODE, program};
use crate::postgres::POSTGRESQL;
use crate::process;
use crate::workspace::{arguments, cargo, target};

/// The version, so that scores of two days can be compared.
const VERSION: &str = "12.8.2";

/// Has the pages judged.
///
/// # Errors
/// When something is missing and cannot be installed, does not build, or there is no report.
pub(crate) fn run() -> Result<()> {
    packages::install_all(&[POSTGRESQL, CHROMIUM, NODE])?;
    let target = target()?;
    let lighthouse = installed(&target.join("lighthouse"))?;
    process::run(&mut cargo(&arguments("build", &["--bins"])))?;
    process::run(
        Command::new(target.join("debug/mnara-lighthouse"))
            .arg(lighthouse)
            .arg(program("chromium").context("Chromium is missing")?)
            .arg(target.join("lighthouse/reports"))
            .env_remove("DATABASE_URL")
            .env_remove("ENCRYPTION_KEY"),
    )
}

/// Lighthouse's program, installed if it is not there in this version.
fn installed(folder: &Path) -> Result<PathBuf> {
    let home = folder.join(VERSION);
    let lighthouse = home.join("node_modules/lighthouse/cli/index.js");
    if !lighthouse.is_file() {
        println!(
            "missing here: Lighthouse. Installing {VERSION} into {}",
            home.display()
        );
        process::run(
            Command::new("npm")
                .args(["install", "--no-fund", "--no-audit", "--ignore-scripts"])
                .arg("--prefix")
                .arg(&home)
                .arg(format!("lighthouse@{VERSION}")),
        )?;
    }
    Ok(lighthouse)
}
