//! Looks into the controller's database as its owner would with psql: to check what is written down, never to change it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

/// Asks one question and gives the rows as text.
///
/// # Errors
/// When the database is away or the question is wrong.
pub async fn ask(socket: &Path, database: &str, question: &str) -> Result<Vec<Vec<String>>> {
    let output = Command::new(psql())
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-F",
            "\t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-h",
        ])
        .arg(socket)
        .args(["-d", database, "-c", question])
        .env("PGOPTIONS", "-c default_transaction_read_only=on")
        .kill_on_drop(true)
        .output()
        .await
        .context("starting psql")?;
    ensure!(
        output.status.success(),
        "psql could not answer {question:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).context("psql printed no text")?;
    Ok(text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect())
}

/// Makes an empty database.
///
/// # Errors
/// When the server is away or has one of that name.
pub async fn make(socket: &Path, database: &str) -> Result<()> {
    let output = Command::new(psql())
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
        .arg(socket)
        .args([
            "-d",
            "postgres",
            "-c",
            &format!("create database {database}"),
        ])
        .kill_on_drop(true)
        .output()
        .await
        .context("starting psql")?;
    ensure!(
        output.status.success(),
        "psql could not make {database}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Debian keeps psql in PATH; elsewhere it lies with the server's programs.
fn psql() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    versions
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin/psql"))
        .filter(|path| path.is_file())
        .max()
        .unwrap_or_else(|| "psql".into())
}
