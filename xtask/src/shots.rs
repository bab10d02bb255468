//! `cargo xtask shots`: a picture of every page and state, on a phone and a laptop, light and dark, into `target/shots/`.

use std::process::Command;

use anyhow::Result;

use crate::packages::{self, CHROMIUM};
use crate::postgres::POSTGRESQL;
use crate::process;
use crate::workspace::{arguments, cargo, target};

/// Takes the pictures.
///
/// # Errors
/// When something is missing and cannot be installed, does not build, or a page does not come.
pub(crate) fn run() -> Result<()> {
    packages::install_all(&[POSTGRESQL, CHROMIUM])?;
    process::run(&mut cargo(&arguments("build", &["--bins"])))?;
    let target = target()?;
    process::run(
        Command::new(target.join("debug/mnara-shots"))
            .arg(target.join("shots"))
            .env_remove("DATABASE_URL")
            .env_remove("ENCRYPTION_KEY"),
    )
}
