//! Looks into the controller's database as its owner would with psql: to check what is written down, and to write down what no program can
//! make, a past.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt as _;
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

/// Writes, for the past of a demo alone: what is tested comes about by the programs.
///
/// # Errors
/// When the database is away or refuses; nothing is written then if the statements are one transaction.
pub async fn write(socket: &Path, database: &str, statements: &str) -> Result<()> {
    let mut program = Command::new(psql())
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"])
        .arg(socket)
        .args(["-d", database, "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("starting psql")?;
    let mut input = program.stdin.take().context("psql takes nothing")?;
    // It may end before it has read everything; why, it says itself.
    let sent = async move { input.write_all(statements.as_bytes()).await };
    let (_, output) = tokio::join!(sent, program.wait_with_output());
    let output = output.context("waiting for psql")?;
    ensure!(
        output.status.success(),
        "psql could not write: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
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
            &format!("create database {database} template template0"),
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
