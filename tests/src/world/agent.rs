//! The real agent at its site: enrolled, started, killed, brought back, with a folder of its own that stays.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::sync::watch;

use super::clock::{self, Push, Reading};
use super::ports;
use super::program::{Log, PATIENCE, Program, Run, built};
use crate::sim::routeros::Router;

/// The router's user that agents log in as.
pub const USER: &str = "mnara";
/// Its password.
pub const PASSWORD: &str = "made-on-site";

/// One agent, running or not; its folder stays.
#[derive(Debug)]
pub struct Agent {
    binary: PathBuf,
    state: PathBuf,
    portal: SocketAddr,
    clock: PathBuf,
    environment: Vec<(String, String)>,
    run: Run,
}

impl Agent {
    /// Makes one that keeps its state in a folder and serves its portal on a free port.
    ///
    /// # Errors
    /// When it was not built.
    pub fn new(folder: &Path, name: &str, changed: &watch::Sender<u64>) -> Result<Self> {
        Self::of(built("mnara-agent")?, folder, name, changed)
    }

    /// As [`Self::new`], of a program that lies elsewhere.
    ///
    /// # Errors
    /// When there is no port for it.
    pub fn of(
        binary: PathBuf,
        folder: &Path,
        name: &str,
        changed: &watch::Sender<u64>,
    ) -> Result<Self> {
        Ok(Self {
            binary,
            state: folder.join(name),
            portal: ports::free()?,
            clock: folder.join(format!("{name}.clock")),
            environment: Vec::new(),
            run: Run::new("agent", Log::new(name, changed)),
        })
    }

    /// Sets a variable of its environment from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    fn call(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .env_clear()
            .env("MNARA_STATE_DIR", &self.state)
            .env("MNARA_PORTAL", self.portal.to_string())
            .env("MNARA_CLOCK_SOCKET", &self.clock)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Enrols it with the line the controller printed, reaching the controller by way of another address.
    ///
    /// # Errors
    /// When the agent refuses or is refused; the error has its words.
    pub async fn enrol(
        &self,
        line: &str,
        controller: SocketAddr,
        router: &Router,
    ) -> Result<String> {
        std::fs::create_dir_all(&self.state).context("making the agent's folder")?;
        let password = self.state.with_extension("password");
        std::fs::write(&password, PASSWORD).context("writing the router's password")?;
        let mut words: Vec<String> = line
            .split_whitespace()
            .skip_while(|word| *word != "enrol")
            .map(str::to_owned)
            .collect();
        let at = words
            .iter()
            .position(|word| word == "--controller")
            .with_context(|| format!("no --controller in {line:?}"))?;
        *words
            .get_mut(at + 1)
            .context("--controller without an address")? = format!("http://{controller}");
        // Whatever the line says of a router is a pattern for people; ours is known.
        if let Some(at) = words.iter().position(|word| word.starts_with("--router")) {
            words.truncate(at);
        }
        let output = self
            .command(
                &words
                    .iter()
                    .map(String::as_str)
                    .chain([
                        "--router",
                        &format!("tls://{USER}@{}", router.api_tls()),
                        "--router-pin",
                        &router.fingerprint(),
                        "--router-password-file",
                        &password.display().to_string(),
                    ])
                    .collect::<Vec<_>>(),
            )
            .await;
        std::fs::remove_file(&password).context("removing the router's password")?;
        output
    }

    /// Runs one of its commands and gives what it printed.
    ///
    /// # Errors
    /// When the command fails; the error has its words.
    pub async fn command(&self, words: &[&str]) -> Result<String> {
        let shown = words.first().copied().unwrap_or_default();
        let mut command = self.call();
        command.args(words).kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, command.output())
            .await
            .with_context(|| format!("`mnara-agent {shown}` does not end"))?
            .with_context(|| format!("starting `mnara-agent {shown}`"))?;
        ensure!(
            output.status.success(),
            "`mnara-agent {shown}` failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).context("the agent printed no text")
    }

    /// How it says it is; it must run.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn status(&self) -> Result<serde_json::Value> {
        let text = self.command(&["status", "--json"]).await?;
        serde_json::from_str(&text).context("the agent's status is no JSON")
    }

    /// Whether the controller has every entry of its journal: the last entry and the last acknowledged one.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn journal(&self) -> Result<(u64, u64)> {
        let status = self.status().await?;
        let number = |name: &str| {
            status[name]
                .as_u64()
                .with_context(|| format!("no {name} in {status}"))
        };
        Ok((number("last_entry")?, number("acknowledged")?))
    }

    /// Starts it and waits until its portal listens.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(&mut self) -> Result<()> {
        self.run.rests()?;
        let mut command = self.call();
        command.arg("run");
        self.run
            .start(command, "that its portal listens", |line| {
                line.contains("the agent is up")
            })
            .await
    }

    /// Ends it as `kill -9` and a cut of the power do.
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

    /// Fills its disk, or makes room again: nothing it keeps can grow beyond a page.
    ///
    /// # Errors
    /// When it does not run.
    pub fn fill_disk(&self, full: bool) -> Result<()> {
        self.program()?.limit_files(full.then_some(4_096))
    }

    /// Whether it runs.
    #[must_use]
    pub const fn runs(&self) -> bool {
        self.run.runs()
    }

    /// Where its portal listens.
    #[must_use]
    pub const fn portal(&self) -> SocketAddr {
        self.portal
    }

    /// Its state folder.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
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
        self.push(Push::Advance(by)).await
    }

    /// Moves its clock.
    ///
    /// # Errors
    /// When its clock cannot be moved.
    pub async fn push(&self, push: Push) -> Result<Reading> {
        clock::push(&self.clock, push).await
    }
}
