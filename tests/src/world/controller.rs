//! The real controller with its private database: started, killed, brought back, and told things on its command line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::process::Command;
use tokio::sync::watch;

use super::clock::{self, Push, Reading};
use super::database::Database;
use super::folder::{Folder, lent};
use super::program::{Log, PATIENCE, Program, Run, built};
use super::{ports, sql};

/// One controller, running or not; its data stay.
#[derive(Debug)]
pub struct Controller {
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
    listen: SocketAddr,
    /// The host in its addresses.
    host: String,
    /// Where its private database is.
    data: PathBuf,
    /// The folder of the socket its rows are looked at by.
    socket: PathBuf,
    clock: PathBuf,
    /// How many files it may open.
    files: Option<u32>,
    run: Run,
    /// What its data are in, where room is lent for them; it goes after the program.
    _quick: Option<Folder>,
}

impl Controller {
    /// Makes one that keeps its data in a folder and pays through a Daraja.
    ///
    /// # Errors
    /// When it was not built.
    pub async fn new(folder: &Path, daraja: &str, changed: &watch::Sender<u64>) -> Result<Self> {
        Self::of(built("mnara-controller")?, folder, daraja, changed).await
    }

    /// As [`Self::new`], of a program that lies elsewhere.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub async fn of(
        binary: PathBuf,
        folder: &Path,
        daraja: &str,
        changed: &watch::Sender<u64>,
    ) -> Result<Self> {
        let listen = ports::free()?;
        let clock = folder.join("controller.clock");
        // A database is a thousand files.
        let quick = lent().map(|_| Folder::quick()).transpose()?;
        let data = quick
            .as_ref()
            .map_or(folder, Folder::path)
            .join("controller");
        let key = Command::new(&binary)
            .env_clear()
            .args(["key", "new"])
            .output()
            .await
            .context("making a key for the controller")?;
        ensure!(
            key.status.success(),
            "`mnara-controller key new` failed: {}",
            String::from_utf8_lossy(&key.stderr)
        );
        let settings = vec![
            (
                "PATH",
                std::env::var_os("PATH")
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
            ),
            (
                "ENCRYPTION_KEY",
                String::from_utf8(key.stdout)?.trim().to_owned(),
            ),
            ("MNARA_DATA_DIR", data.display().to_string()),
            ("MNARA_LISTEN", listen.to_string()),
            ("MNARA_DARAJA", daraja.to_owned()),
            ("MNARA_CLOCK_SOCKET", clock.display().to_string()),
            ("MNARA_LOG", "info,sqlx=warn".to_owned()),
            ("MNARA_ADMIN_SECOND_FACTOR", "optional".to_owned()),
            ("MNARA_SUPPORT_CONTACT", "help@mnara.example".to_owned()),
        ];
        Ok(Self {
            binary,
            settings,
            host: listen.ip().to_string(),
            listen,
            socket: data.join("postgres"),
            data,
            clock,
            files: None,
            run: Run::new("controller", Log::new("controller", changed)),
            _quick: quick,
        })
    }

    /// Tells it something more through its environment, from its next start on.
    pub fn set(&mut self, name: &'static str, value: &str) {
        self.settings.retain(|(other, _)| *other != name);
        self.settings.push((name, value.to_owned()));
    }

    /// Lets it open so many files at most, from its next start on; it begins with half of them, as shells and containers have it.
    pub const fn may_open(&mut self, files: u32) {
        self.files = Some(files);
    }

    /// Has people reach it as `localhost`, from its next start on.
    pub fn is_reached_by_name(&mut self) {
        "localhost".clone_into(&mut self.host);
        let address = self.url("");
        self.set("MNARA_PUBLIC_URL", &address);
    }

    /// Has it keep its rows in another database than its own, prepared as an owner would; it must not run.
    ///
    /// # Errors
    /// When a command fails.
    pub async fn use_database(&mut self, database: &Database) -> Result<()> {
        sql::make(database.socket(), "mnara").await?;
        self.set("DATABASE_URL", &database.url("mnara_app", "mnara"));
        let admin = database.url("postgres", "mnara");
        for word in ["prepare", "migrate"] {
            self.command_with(&[("DATABASE_ADMIN_URL", &admin)], &["db", word])
                .await?;
        }
        self.socket = database.socket().to_path_buf();
        Ok(())
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.listen
    }

    /// Where its private database is.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    fn call(&self) -> Command {
        let mut command = match self.files {
            None => Command::new(&self.binary),
            Some(files) => {
                let limits = format!("ulimit -S -n {} && ulimit -H -n {files}", files / 2);
                let mut shell = Command::new("/bin/sh");
                shell
                    .args(["-c", &format!("{limits} && exec \"$0\" \"$@\"")])
                    .arg(&self.binary);
                shell
            }
        };
        command
            .env_clear()
            .envs(self.settings.iter().map(|(name, value)| (*name, value)));
        command
    }

    /// Starts it and waits until it serves.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&mut self) -> Result<()> {
        self.run.rests()?;
        self.begin_data().await?;
        let mut command = self.call();
        command.arg("run");
        self.run
            .start(command, "that it listens", |line| {
                line.contains("listening")
            })
            .await
    }

    /// Puts a copy of the first database where its own is to be, before its first start: it makes one itself where there is none, which takes
    /// ten times as long.
    async fn begin_data(&self) -> Result<()> {
        let is_outside = |(name, _): &(&str, String)| *name == "DATABASE_URL";
        let Some(lent) = lent() else { return Ok(()) };
        if self.data.exists() || self.settings.iter().any(is_outside) {
            return Ok(());
        }
        // With its owner and rights, without which PostgreSQL refuses it.
        let copied = Command::new("cp")
            .arg("--archive")
            .arg(lent.join("first"))
            .arg(&self.data)
            .output()
            .await
            .context("starting cp")?;
        ensure!(
            copied.status.success(),
            "the first database cannot be copied: {}",
            String::from_utf8_lossy(&copied.stderr)
        );
        Ok(())
    }

    /// Ends it as `kill -9` does; its private database dies with it.
    ///
    /// # Errors
    /// When it does not run.
    pub async fn kill(&mut self) -> Result<()> {
        self.run.kill().await
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// When it does not run, or does not end well.
    pub async fn stop(&mut self) -> Result<()> {
        self.run.stop().await
    }

    /// Waits until it has ended by itself; then it does not run.
    pub async fn ended(&mut self) {
        self.run.ended().await;
    }

    /// The running program.
    ///
    /// # Errors
    /// When it does not run.
    pub fn program(&self) -> Result<&Program> {
        self.run.program()
    }

    /// Whether it runs.
    #[must_use]
    pub const fn runs(&self) -> bool {
        self.run.runs()
    }

    /// Runs one of its commands and gives what it printed.
    ///
    /// # Errors
    /// When the command fails; the error has its words.
    pub async fn command(&self, words: &[&str]) -> Result<String> {
        self.command_with(&[], words).await
    }

    /// As [`Self::command`], with more in the environment.
    ///
    /// # Errors
    /// When the command fails; the error has its words.
    pub async fn command_with(&self, settings: &[(&str, &str)], words: &[&str]) -> Result<String> {
        let mut command = self.call();
        command
            .envs(settings.iter().copied())
            .args(words)
            .kill_on_drop(true);
        let shown = words
            .first_chunk::<2>()
            .map_or_else(|| words.join(" "), |two| two.join(" "));
        let output = tokio::time::timeout(PATIENCE, command.output())
            .await
            .with_context(|| format!("`mnara-controller {shown}` does not end"))?
            .with_context(|| format!("starting `mnara-controller {shown}`"))?;
        ensure!(
            output.status.success(),
            "`mnara-controller {shown}` failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).context("the controller printed no text")
    }

    /// Looks into its private database, across all tenants.
    ///
    /// # Errors
    /// When it does not run or the question is wrong.
    pub async fn ask(&self, question: &str) -> Result<Vec<Vec<String>>> {
        sql::ask(&self.socket, "mnara", question).await
    }

    /// Writes into its private database what no program can make, a past.
    ///
    /// # Errors
    /// When it does not run or the database refuses.
    pub async fn write(&self, statements: &str) -> Result<()> {
        sql::write(&self.socket, "mnara", statements).await
    }

    /// The one value a question has for an answer.
    ///
    /// # Errors
    /// As [`Self::ask`], or when the answer is not one value.
    pub async fn value(&self, question: &str) -> Result<String> {
        let rows = self.ask(question).await?;
        match rows.as_slice() {
            [row] if row.len() == 1 => Ok(row[0].clone()),
            _ => bail!("{question:?} has {rows:?} for an answer"),
        }
    }

    /// The address of one of its paths.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}:{}{path}", self.host, self.listen.port())
    }

    /// What it has said.
    #[must_use]
    pub const fn log(&self) -> &Log {
        self.run.log()
    }

    /// Lets time pass for it alone.
    ///
    /// # Errors
    /// When its clock cannot be moved.
    pub async fn advance(&self, by: Duration) -> Result<Reading> {
        clock::push(&self.clock, Push::Advance(by)).await
    }

    /// Puts its wall clock so many days on, or back.
    ///
    /// # Errors
    /// When its clock cannot be moved.
    pub async fn jump(&self, days: i64) -> Result<Reading> {
        self.push(Push::Jump(days * 86_400_000)).await
    }

    /// Moves its clock.
    ///
    /// # Errors
    /// When its clock cannot be moved.
    pub async fn push(&self, push: Push) -> Result<Reading> {
        clock::push(&self.clock, push).await
    }
}
