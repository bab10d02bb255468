//! A PostgreSQL that is not the controller's own: a server of somebody else's that can be stopped hard, stay away and come
//! back. What is in it stays in its folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::sync::watch;

use super::program::{Log, Program};

/// The server, running or not.
#[derive(Debug)]
pub struct Database {
    programs: PathBuf,
    home: PathBuf,
    account: Option<(u32, u32)>,
    log: Log,
    server: Option<Program>,
}

impl Database {
    /// Makes an empty one in a folder and starts it.
    ///
    /// # Errors
    /// When PostgreSQL is missing or does not start.
    pub async fn start(folder: &Path, changed: &watch::Sender<u64>) -> Result<Self> {
        let home = folder.join("outside");
        std::fs::create_dir(&home).with_context(|| format!("making {}", home.display()))?;
        let account = account().await?;
        if let Some((uid, gid)) = account {
            std::os::unix::fs::chown(&home, Some(uid), Some(gid))
                .context("giving the folder to PostgreSQL")?;
        }
        let mut database = Self {
            programs: programs()?,
            home,
            account,
            log: Log::new("database", changed),
            server: None,
        };
        let made = database
            .call("initdb")
            .args([
                "-D",
                "data",
                "-A",
                "trust",
                "-U",
                "postgres",
                "-N",
                "--locale=C.UTF-8",
                "--encoding=UTF8",
            ])
            .output()
            .await
            .context("starting initdb")?;
        ensure!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        database.begin().await?;
        Ok(database)
    }

    fn call(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .current_dir(&self.home)
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .kill_on_drop(true);
        if let Some((uid, gid)) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Starts it again; what was committed is there.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn begin(&mut self) -> Result<()> {
        ensure!(self.server.is_none(), "the database runs already");
        let from = self.log.end();
        let mut command = self.call("postgres");
        command
            .args(["-D", "data", "-h", "", "-k"])
            .arg(&self.home)
            .args([
                "-c",
                "max_connections=60",
                "-c",
                "log_destination=stderr",
                "-c",
                "logging_collector=off",
            ]);
        self.server = Some(Program::start(command, &self.log)?);
        self.log
            .said(from, "that it accepts connections", |line| {
                line.contains("database system is ready to accept connections")
            })
            .await?;
        Ok(())
    }

    /// Stops it at once, whatever it is doing: no connection is waited for, nothing is written any more.
    ///
    /// # Errors
    /// When it does not run, or does not end.
    pub async fn stop_hard(&mut self) -> Result<()> {
        let server = self.server.take().context("the database does not run")?;
        server.stop_with(libc::SIGQUIT).await.map(drop)
    }

    /// The folder of its socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.home
    }

    /// Its address for somebody who logs in to a database of it.
    #[must_use]
    pub fn url(&self, who: &str, database: &str) -> String {
        let socket = self.home.display().to_string().replace('/', "%2F");
        format!("postgres://{who}@{socket}/{database}")
    }
}

/// Debian keeps the server out of PATH, in a folder for each version.
fn programs() -> Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    versions
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("postgres").is_file())
        .max_by_key(|folder| {
            let version = folder.parent().and_then(Path::file_name);
            version.and_then(|name| name.to_string_lossy().parse::<u32>().ok())
        })
        .context("PostgreSQL is not installed")
}

/// Who the server runs as when we are root, since it refuses to run as root.
async fn account() -> Result<Option<(u32, u32)>> {
    // SAFETY: takes nothing, touches nothing, cannot fail.
    #[expect(unsafe_code, reason = "std does not say who we are")]
    let root = unsafe { libc::geteuid() } == 0;
    if !root {
        return Ok(None);
    }
    let number = async |flag: &str, name: &str| {
        let output = Command::new("id").args([flag, name]).output().await.ok()?;
        String::from_utf8(output.stdout)
            .ok()?
            .trim()
            .parse::<u32>()
            .ok()
    };
    for name in ["postgres", "nobody"] {
        if let (Some(uid), Some(gid)) = (number("-u", name).await, number("-g", name).await) {
            return Ok(Some((uid, gid)));
        }
    }
    anyhow::bail!("there is no user `postgres` or `nobody` for the database to run as")
}
