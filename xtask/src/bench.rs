//! `cargo xtask bench [name]`: builds what is measured as it ships, starts a durable database and runs the benches of
//! `tests/benches`, which print their own tables and say which goals were missed.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::postgres::{Durability, Postgres, base};
use crate::process;
use crate::workspace::{cargo, root, target};

/// Which bench.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this one; all of them otherwise.
    name: Option<String>,
    /// Fewer rounds, at most 30 seconds each: enough to see that everything works, too few to be quoted or judged.
    #[arg(long)]
    quick: bool,
    /// Ten times the rows, for the benches that grow a database.
    #[arg(long)]
    large: bool,
}

/// What is built together.
const PACKAGES: [&str; 4] = ["-p", "mnara-controller", "-p", "mnara-tests"];

/// Runs the benches, also those after one that did not do well.
///
/// # Errors
/// When there is no such bench, something does not build or run, or a goal was missed.
pub(crate) fn run(options: &Options) -> Result<()> {
    let all = names()?;
    let chosen: Vec<&String> = match &options.name {
        Some(name) => all.iter().filter(|one| *one == name).collect(),
        None => all.iter().collect(),
    };
    if chosen.is_empty() {
        bail!("no such bench; there are: {}", all.join(", "));
    }
    let postgres = Postgres::start(Durability::Full)?;
    // Built alone, as it ships: a build of the workspace would unify features and make it larger.
    process::run(&mut cargo(&[
        "build",
        "--locked",
        "--profile",
        "agent",
        "-p",
        "mnara-agent",
    ]))?;
    // Before anything is measured, so that no number is taken beside a compiler; in one call with the program, whose library is compiled once then.
    let mut build = cargo(&["build", "--locked", "--release"]);
    build.args(PACKAGES).args(["--bin", "mnara-controller"]);
    for name in &chosen {
        build.args(["--bench", name]);
    }
    process::run(&mut build)?;
    let target = target()?;
    let mut unwell: Vec<&str> = Vec::new();
    for name in chosen {
        println!("\n== {name}");
        let mut bench = cargo(&["bench", "--locked", "--quiet"]);
        bench.args(PACKAGES).args(["--bench", name]);
        bench.arg("--");
        bench.args(options.quick.then_some("--quick"));
        bench.args(options.large.then_some("--large"));
        bench
            .env("DATABASE_URL", postgres.url("postgres"))
            // What the programs of a bench keep is on the same disk.
            .env("TMPDIR", base(Durability::Full))
            .env(
                "MNARA_BENCH_CONTROLLER",
                target.join("release/mnara-controller"),
            )
            .env("MNARA_BENCH_AGENT", target.join("agent/mnara-agent"))
            .env("MNARA_BENCH_POSTGRES", postgres.programs())
            .env("MNARA_BENCH_SOCKET", postgres.folder());
        if let Err(error) = process::run(&mut bench) {
            if process::stopped() {
                return Err(error);
            }
            unwell.push(name);
        }
    }
    if !unwell.is_empty() {
        bail!(
            "{} did not end well: each says why after its table",
            unwell.join(", ")
        );
    }
    Ok(())
}

fn names() -> Result<Vec<String>> {
    let folder = root().join("tests/benches");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            || path.join("main.rs").is_file()
        {
            names.extend(
                path.file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned()),
            );
        }
    }
    names.sort();
    Ok(names)
}
