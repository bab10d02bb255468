//! `cargo xtask sqlx [--check]`: migrates two empty databases and lets the compiler describe every query against them,
//! into `controller/.sqlx` and `agent/.sqlx`. Needed after a change of a query or a migration.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::postgres::{Durability, Postgres};
use crate::workspace::{cargo, root, target};
use crate::{packages, process};

/// What to do with the result.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Changes nothing and fails when the stored data is not what the databases say today.
    #[arg(long)]
    check: bool,
}

/// One crate that asks a database while it is compiled.
struct Asker {
    package: &'static str,
    folder: &'static str,
    variable: &'static str,
    url: String,
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
    migrate_controller(&postgres)?;
    let sqlite = migrate_agent(&work)?;
    let askers = [
        Asker {
            package: "mnara-controller",
            folder: "controller",
            variable: "DATABASE_URL",
            url: postgres.url("mnara"),
        },
        Asker {
            package: "mnara-agent",
            folder: "agent",
            variable: "AGENT_DATABASE_URL",
            url: format!("sqlite://{}", sqlite.display()),
        },
    ];
    let mut stale = Vec::new();
    for asker in &askers {
        let fresh = describe(asker, &work)?;
        let stored = root().join(asker.folder).join(".sqlx");
        if read(&stored)? == fresh {
            println!("{}: {} queries, fresh", asker.package, fresh.len());
        } else if options.check {
            stale.push(asker.package);
        } else {
            write(&stored, &fresh)?;
            println!("{}: {} queries, stored anew", asker.package, fresh.len());
        }
    }
    if !stale.is_empty() {
        bail!(
            "the query data of {} is stale: run `cargo xtask sqlx`",
            stale.join(" and ")
        );
    }
    Ok(())
}

fn migrate_controller(postgres: &Postgres) -> Result<()> {
    postgres.psql("postgres", &["-c", "create database mnara"])?;
    for file in migrations("controller")? {
        // psql belongs to us, unlike the server, so it can read the work tree.
        postgres.psql("mnara", &["-1", "-f", &file.display().to_string()])?;
    }
    Ok(())
}

fn migrate_agent(work: &Path) -> Result<PathBuf> {
    if packages::program("sqlite3").is_none() {
        packages::install("The command line of SQLite", &["sqlite3"])?;
    }
    let database = work.join("agent.sqlite");
    for file in migrations("agent")? {
        let sql = File::open(&file).with_context(|| format!("opening {}", file.display()))?;
        process::run(
            Command::new("sqlite3")
                .arg("-bail")
                .arg(&database)
                .stdin(sql),
        )?;
    }
    Ok(database)
}

/// The migrations of one program, in order.
fn migrations(of: &str) -> Result<Vec<PathBuf>> {
    let folder = root().join("migrations").join(of);
    let mut files = fs::read_dir(&folder)
        .with_context(|| format!("reading {}", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    Ok(files)
}

/// Compiles one crate against its database and collects what the compiler wrote down.
fn describe(asker: &Asker, work: &Path) -> Result<BTreeMap<String, String>> {
    let written = work.join(asker.folder);
    fs::create_dir_all(&written)?;
    // The compiler asks only about what it compiles, so the crate must look changed.
    touch(&root().join(asker.folder).join("src"))?;
    process::run(
        cargo(&[
            "check",
            "--locked",
            "--quiet",
            "--all-targets",
            "--all-features",
            "-p",
            asker.package,
        ])
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", &written)
        .env(asker.variable, &asker.url)
        .stdout(Stdio::null()),
    )?;
    read(&written)
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
