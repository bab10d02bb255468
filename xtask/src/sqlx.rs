//! `cargo xtask sqlx [--check]`: migrates an empty database and lets the compiler describe every query of the controller against it, into
//! `controller/.sqlx`. Needed after a change of a query or a migration. The agent's queries are not checked while it is compiled.
//!
//! With `--check` it is Clippy that compiles: CI then looks at every line once for both.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::postgres::{Durability, Postgres};
use crate::process;
use crate::workspace::{cargo, root, target};

/// What to do with the result.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Changes nothing and fails when the stored data is not what the databases say today, or Clippy has something to say.
    #[arg(long)]
    check: bool,
}

/// Refreshes or checks the stored query data.
///
/// # Errors
/// When a migration or query is wrong, or with `--check` when the data is stale.
pub(crate) fn run(options: &Options) -> Result<()> {
    let work = target()?.join("xtask-sqlx");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;

    let postgres = Postgres::start(Durability::None)?;
    migrate(&postgres)?;
    let fresh = describe(&postgres.url("mnara"), &work, options.check)?;
    let stored = root().join("controller/.sqlx");
    if read(&stored)? == fresh {
        println!("{} queries, fresh", fresh.len());
    } else if options.check {
        bail!("the query data of the controller is stale: run `cargo xtask sqlx`");
    } else {
        write(&stored, &fresh)?;
        println!("{} queries, stored anew", fresh.len());
    }
    Ok(())
}

fn migrate(postgres: &Postgres) -> Result<()> {
    postgres.psql("postgres", &["-c", "create database mnara"])?;
    for file in migrations()? {
        // psql belongs to us, unlike the server, so it can read the work tree.
        postgres.psql("mnara", &["-1", "-f", &file.display().to_string()])?;
    }
    Ok(())
}

/// The controller's migrations, in order.
fn migrations() -> Result<Vec<PathBuf>> {
    let folder = root().join("migrations/controller");
    let mut files = fs::read_dir(&folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    Ok(files)
}

/// Compiles the controller against a database and collects what the compiler wrote down. The whole workspace is named, since a part of it would
/// have every dependency compiled anew for what that part needs of it.
fn describe(url: &str, written: &Path, with_clippy: bool) -> Result<BTreeMap<String, String>> {
    // The compiler asks only about what it compiles, so the crate must look changed.
    touch(&root().join("controller/src"))?;
    let mut words = vec![
        if with_clippy { "clippy" } else { "check" },
        "--locked",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    if with_clippy {
        words.extend(["--", "-D", "warnings"]);
    }
    process::run(
        cargo(&words)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", written)
            .env("DATABASE_URL", url)
            .stdout(Stdio::null()),
    )?;
    read(written)
}

fn touch(folder: &Path) -> Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a file's age is what cargo judges by"
    )]
    let now = SystemTime::now();
    for name in ["lib.rs", "main.rs"] {
        let path = folder.join(name);
        File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(now))
            .with_context(|| format!("touching {}", path.display()))?;
    }
    Ok(())
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            files.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(files)
}

fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    fs::create_dir_all(folder)?;
    for name in read(folder)?
        .keys()
        .filter(|name| !files.contains_key(*name))
    {
        fs::remove_file(folder.join(name))?;
    }
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
