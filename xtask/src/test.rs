//! `cargo xtask test [filter]`: a database, the programs, plain cargo test, and how long each part took.

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::num::NonZero;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::packages::{self, CHROMIUM};
use crate::postgres::{Durability, POSTGRESQL, Postgres};
use crate::process;
use crate::schemathesis::{self, PYTHON};
use crate::workspace::{arguments, cargo, target};

/// Says how many tests run at once in one of their programs.
const THREADS: &str = "RUST_TEST_THREADS";

/// Which tests.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only tests whose name contains this.
    filter: Option<String>,
    /// Passed on to the test programs, after `--`.
    #[arg(last = true)]
    rest: Vec<String>,
}

/// Runs the tests.
///
/// # Errors
/// When anything does not build or a test fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut times = Times::start();
    packages::install_all(&[POSTGRESQL, CHROMIUM, PYTHON])?;
    schemathesis::install()?;
    times.part("what is missing");
    let postgres = Postgres::start(Durability::None)?;
    times.part("database");
    // Both at once: programs that are built alone are built for fewer features of the crates below, and then all of those twice.
    process::run(&mut cargo(&arguments("build", &["--bins", "--tests"])))?;
    times.part("build the programs and the tests");
    migrate(&postgres)?;
    times.part("migrate");

    let mut words = arguments("test", &["--no-fail-fast"]);
    words.extend(options.filter.as_deref());
    if !options.rest.is_empty() {
        words.push("--");
        words.extend(options.rest.iter().map(String::as_str));
    }
    let mut tests = cargo(&words);
    tests
        .env("DATABASE_URL", postgres.url("postgres"))
        .env("MNARA_LENT_FOLDER", postgres.folder())
        .env(
            "CARGO_TERM_COLOR",
            if std::io::stderr().is_terminal() {
                "always"
            } else {
                "never"
            },
        )
        .stderr(Stdio::piped());
    if std::env::var_os(THREADS).is_none() {
        // One more than there are cores: there is always a test that waits.
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        tests.env(THREADS, (cores + 1).to_string());
    }
    let mut child = process::start(&mut tests)?;
    let said = child.stderr.take().context("cargo has no log")?;
    let mut part: Option<String> = None;
    // cargo names each part on stderr before it starts.
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        eprintln!("{line}");
        if let Some(next) = announced(&line)
            && let Some(done) = part.replace(next)
        {
            times.part(&done);
        }
    }
    let status = process::finish(&mut child)?;
    if let Some(done) = part {
        times.part(&done);
    }
    drop(postgres);
    times.print();
    if !status.success() {
        bail!("not all tests passed");
    }
    Ok(())
}

/// Has every test begin with the schema, which it only checks for then.
fn migrate(postgres: &Postgres) -> Result<()> {
    let program = target()?.join("debug/mnara-controller");
    // A test's own database begins as a copy of template1.
    for verb in ["prepare", "migrate"] {
        process::run(
            Command::new(&program)
                .args(["db", verb])
                .env("DATABASE_ADMIN_URL", postgres.url("template1")),
        )?;
    }
    // A world's controller begins with a copy of this one.
    let first = postgres.folder().join("first");
    // Of what begins and ends the private database, this does the least: nothing is in there that could be raised.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut begins = Command::new(&program);
    begins
        .args(["db", "restored"])
        .env_clear()
        .env("PATH", path)
        .env("MNARA_DATA_DIR", &first)
        .stdout(Stdio::null());
    process::run(&mut begins)?;
    // No test cuts the power, and what a killed PostgreSQL wrote is still there without having reached the disk.
    let settings = first.join("postgres/data/postgresql.auto.conf");
    File::options()
        .append(true)
        .open(&settings)
        .and_then(|mut file| file.write_all(b"fsync = off\n"))
        .with_context(|| format!("writing {}", settings.display()))
}

/// The name of the part a line of cargo announces: `Running tests/main.rs (target/…)`.
fn announced(line: &str) -> Option<String> {
    let plain = without_colours(line);
    let words: Vec<&str> = plain.split_whitespace().collect();
    match words.as_slice() {
        ["Running", what @ .., program] if program.starts_with('(') => {
            let program = program.trim_matches(['(', ')']);
            let name = program.rsplit('/').next().unwrap_or(program);
            // The hash cargo adds says nothing to a person.
            let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
            Some(format!("{name}: {}", what.join(" ")))
        }
        _ => None,
    }
}

fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

struct Times {
    last: Instant,
    parts: Vec<(String, Duration)>,
}

impl Times {
    fn start() -> Self {
        Self {
            last: now(),
            parts: Vec::new(),
        }
    }

    fn part(&mut self, name: &str) {
        let now = now();
        self.parts.push((name.to_owned(), now - self.last));
        self.last = now;
    }

    fn print(&self) {
        println!("\nTime of each part:");
        for (name, took) in self.parts.iter().filter(|(_, took)| took.as_millis() >= 50) {
            println!("{:>8.1} s  {name}", took.as_secs_f64());
        }
        let total: Duration = self.parts.iter().map(|(_, took)| *took).sum();
        println!("{:>8.1} s  in all", total.as_secs_f64());
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "times what people wait for; nothing is decided by it"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::announced;

    #[test]
    fn a_part_is_known_with_and_without_colours() {
        for line in [
            "     Running tests/main.rs (target/debug/deps/main-0a1b2c)",
            "\u{1b}[1m\u{1b}[92m     Running\u{1b}[0m tests/main.rs (target/debug/deps/main-0a1b2c)",
        ] {
            assert_eq!(announced(line).as_deref(), Some("main: tests/main.rs"));
        }
        assert_eq!(announced("   Compiling mnara-agent v0.1.0 (x)"), None);
    }
}
