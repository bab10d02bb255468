//! The private PostgreSQL of a controller that was given no `DATABASE_URL`: Debian's server as a child process on a unix socket in our
//! own folder, with durable settings. It is a full database, kept between runs; only its log-in is ours alone.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::process::{Child, Command};

use crate::db::{self, DbError};

/// The longest path a unix socket may have on Linux, less the name PostgreSQL gives it.
const LONGEST_FOLDER: usize = 107 - "/.s.PGSQL.5432".len();
/// How long the server may take to answer; recovery after a crash is part of it.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a server that ends at its start is started again.
const TRIES: u32 = 20;
const DATABASE: &str = "mnara";

/// A running private server; dropping it kills the child, which its data survives.
#[derive(Debug)]
pub struct DevDb {
    /// `None` when another process of ours runs it.
    child: Option<Child>,
    socket: PathBuf,
}

/// Who the server runs as, when we are root: PostgreSQL refuses to.
#[derive(Clone, Copy, Debug)]
struct Account {
    uid: u32,
    gid: u32,
}

impl DevDb {
    /// Starts the server in a folder, making the database the first time, and brings it to this program's version.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, the folder cannot be used, or the server does not start.
    pub async fn start(folder: &Path) -> Result<Self, DevDbError> {
        let bin = binaries()?;
        let account = account();
        let home = folder.join("postgres");
        if home.as_os_str().len() > LONGEST_FOLDER {
            return Err(DevDbError::PathTooLong { folder: home });
        }
        prepare_folder(folder, &home, account).map_err(|source| DevDbError::Folder { folder: home.clone(), source })?;
        let data = home.join("data");
        if !data.join("PG_VERSION").exists() {
            initialise(&bin, &home, &data, account).await?;
        }
        let mut tries = 0;
        loop {
            await_previous(&data).await.map_err(|source| DevDbError::Folder { folder: data.clone(), source })?;
            let child = spawn(&bin, &home, &data, account)?;
            let mut dev = Self { child: Some(child), socket: home.clone() };
            match dev.await_ready().await {
                Ok(()) => {
                    dev.bring_up().await?;
                    return Ok(dev);
                }
                // After a kill the children of the old server hold its shared memory for a moment longer than it lived.
                Err(DevDbError::Died { .. }) if tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Joins a server that another process of ours runs in the folder, or starts one.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn attach(folder: &Path) -> Result<Self, DevDbError> {
        let running = Self { child: None, socket: folder.join("postgres") };
        match running.options().connect().await {
            Ok(conn) => {
                conn.close().await.map_err(DevDbError::Query)?;
                Ok(running)
            }
            Err(_) => Self::start(folder).await,
        }
    }

    /// The application's way in.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.login(db::APP_ROLE).database(DATABASE)
    }

    /// Stops the server in order; what is committed stays.
    ///
    /// # Errors
    /// When the child cannot be signalled or waited for.
    pub async fn stop(self) -> io::Result<()> {
        let Some(mut child) = self.child else {
            return Ok(());
        };
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything is written.
            interrupt(pid);
        }
        match child.wait().await? {
            status if status.success() => Ok(()),
            status => Err(io::Error::other(format!("PostgreSQL ended with {status}"))),
        }
    }

    fn login(&self, name: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.socket.to_string_lossy())
            .port(5432)
            .username(name)
            .application_name("mnara")
    }

    async fn await_ready(&mut self) -> Result<(), DevDbError> {
        let admin = self.login("postgres").database("postgres");
        let ready = async {
            loop {
                match admin.connect().await {
                    Ok(conn) => return conn.close().await.map_err(DevDbError::Query),
                    Err(_) => match self.child.as_mut().map_or(Ok(None), Child::try_wait) {
                        Ok(None) => tokio::time::sleep(Duration::from_millis(20)).await,
                        Ok(Some(status)) => return Err(DevDbError::Died { status, log: self.socket.join("log") }),
                        Err(source) => return Err(DevDbError::Spawn { source }),
                    },
                }
            }
        };
        match tokio::time::timeout(PATIENCE, ready).await {
            Ok(ready) => ready,
            Err(_) => Err(DevDbError::Slow { log: self.socket.join("log") }),
        }
    }

    /// The only time we are superuser: roles, the database itself, migrations.
    async fn bring_up(&self) -> Result<(), DevDbError> {
        let admin = self.login("postgres");
        let mut conn = admin.clone().database("postgres").connect().await.map_err(DevDbError::Query)?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut conn)
            .await
            .map_err(DevDbError::Query)?;
        if !exists {
            sqlx::raw_sql("CREATE DATABASE mnara").execute(&mut conn).await.map_err(DevDbError::Query)?;
        }
        conn.close().await.map_err(DevDbError::Query)?;
        let admin = admin.database(DATABASE);
        db::prepare::prepare(&admin, None).await?;
        db::migrate(&admin).await?;
        Ok(())
    }
}

/// The folder things are kept in when none is named: root's or the user's own.
#[must_use]
pub fn default_folder(home: Option<&Path>, state_home: Option<&Path>) -> PathBuf {
    match (state_home, home) {
        _ if is_root() => PathBuf::from("/var/lib/mnara"),
        (Some(state), _) if state.is_absolute() => state.join("mnara"),
        (_, Some(home)) => home.join(".local/state/mnara"),
        _ => PathBuf::from("mnara-data"),
    }
}

fn is_root() -> bool {
    effective_uid() == 0
}

#[expect(unsafe_code, reason = "there is no safe geteuid in std; it cannot fail and touches nothing")]
fn effective_uid() -> u32 {
    // SAFETY: geteuid has no preconditions.
    unsafe { libc::geteuid() }
}

#[expect(unsafe_code, reason = "there is no safe kill in std; the pid is our own child, not yet waited for")]
fn interrupt(pid: i32) {
    // SAFETY: kill has no memory preconditions.
    unsafe { libc::kill(pid, libc::SIGINT) };
}

/// The newest server of Debian's folders, else whatever PATH has.
fn binaries() -> Result<PathBuf, DevDbError> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            (version >= 15 && has_server(&bin)).then_some((version, bin))
        })
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Ok(bin);
    }
    crate::config::search_path()
        .into_iter()
        .find(|bin| has_server(bin))
        .ok_or(DevDbError::NotInstalled)
}

fn has_server(bin: &Path) -> bool {
    bin.join("initdb").is_file() && bin.join("postgres").is_file()
}

fn account() -> Option<Account> {
    if !is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let is_it = fields.next() == Some(name);
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            is_it.then_some(Account { uid, gid })
        })
    };
    // 65534 is nobody by convention even where no such line exists.
    find("postgres").or_else(|| find("nobody")).or(Some(Account { uid: 65534, gid: 65534 }))
}

fn prepare_folder(folder: &Path, home: &Path, account: Option<Account>) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    fs::set_permissions(home, Permissions::from_mode(0o700))?;
    if let Some(Account { uid, gid }) = account {
        let is_ours = fs::metadata(home).is_ok_and(|found| found.uid() == uid);
        if !is_ours {
            chown(home, Some(uid), Some(gid))?;
        }
    }
    Ok(())
}

async fn initialise(bin: &Path, home: &Path, data: &Path, account: Option<Account>) -> Result<(), DevDbError> {
    // A first start that was killed leaves half a cluster, which initdb refuses to touch; nothing was ever stored in it.
    let half = home.join("data.new");
    if half.exists() {
        fs::remove_dir_all(&half).map_err(|source| DevDbError::Folder { folder: half.clone(), source })?;
    }
    let mut command = Command::new(bin.join("initdb"));
    command
        .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"])
        .arg("-D")
        .arg(&half)
        .current_dir(home)
        .stdin(Stdio::null());
    become_account(&mut command, account);
    let output = command.output().await.map_err(|source| DevDbError::Spawn { source })?;
    if !output.status.success() {
        return Err(DevDbError::Initdb {
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    fs::rename(&half, data).map_err(|source| DevDbError::Folder { folder: data.to_owned(), source })
}

/// Waits for a server that is still shutting down after our predecessor died, and removes a pid file whose process is none: it may
/// name a stranger by now, and PostgreSQL would refuse to start.
async fn await_previous(data: &Path) -> io::Result<()> {
    let file = data.join("postmaster.pid");
    let gone = async {
        while is_running(&file, data) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(PATIENCE, gone).await.is_err() {
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another server is running in it"));
    }
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn is_running(file: &Path, data: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    let Some(pid) = text.lines().next().and_then(|pid| pid.trim().parse::<u32>().ok()) else {
        return false;
    };
    let process = PathBuf::from(format!("/proc/{pid}"));
    fs::read_link(process.join("exe")).is_ok_and(|exe| exe.file_name().is_some_and(|name| name == "postgres"))
        && fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == data)
}

fn spawn(bin: &Path, home: &Path, data: &Path, account: Option<Account>) -> Result<Child, DevDbError> {
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(home.join("log"))
        .map_err(|source| DevDbError::Folder { folder: home.to_owned(), source })?;
    let errors = log.try_clone().map_err(|source| DevDbError::Spawn { source })?;
    let mut command = Command::new(bin.join("postgres"));
    command
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(home)
        .args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "port=5432"])
        .args(["-c", "max_connections=100", "-c", "logging_collector=off", "-c", "timezone=UTC"])
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .kill_on_drop(true)
        // A Ctrl-C in the terminal is ours to pass on, after we have finished with the database.
        .process_group(0);
    become_account(&mut command, account);
    command.spawn().map_err(|source| DevDbError::Spawn { source })
}

#[expect(unsafe_code, reason = "pre_exec is the only place where the child can ask to die with us")]
fn become_account(command: &mut Command, account: Option<Account>) {
    let us = std::process::id();
    // The uid is changed in here and not by `Command::uid`, since changing it clears the parent-death signal and must come first.
    // SAFETY: between fork and exec only system calls are made; nothing allocates and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            if let Some(Account { uid, gid }) = account {
                check(libc::setgroups(0, std::ptr::null()))?;
                check(libc::setgid(gid))?;
                check(libc::setuid(uid))?;
            }
            check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGINT, 0, 0, 0))?;
            // The parent may have died before the request above.
            if u32::try_from(libc::getppid()) != Ok(us) {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Why the private database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DevDbError {
    /// There is no server on this machine.
    #[error(
        "PostgreSQL 15 or newer is not installed, and no DATABASE_URL was given. Install it with\n\n    apt-get install --no-install-recommends postgresql\n\nor give the address of a database in DATABASE_URL"
    )]
    NotInstalled,
    /// A unix socket in it could not be opened.
    #[error("the folder {} is too deep for a unix socket: choose one of at most {LONGEST_FOLDER} letters with MNARA_DATA_DIR", folder.display())]
    PathTooLong {
        /// The folder of the server.
        folder: PathBuf,
    },
    /// It cannot be made or written.
    #[error("the folder {} cannot be used: choose another with MNARA_DATA_DIR", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program cannot be run.
    #[error("PostgreSQL cannot be run")]
    Spawn {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The first set-up failed.
    #[error("initdb failed: {said}")]
    Initdb {
        /// Its own words.
        said: String,
    },
    /// It ended by itself.
    #[error("PostgreSQL ended at its start ({status}); the reason is at the end of {}", log.display())]
    Died {
        /// How.
        status: ExitStatus,
        /// Where it says why.
        log: PathBuf,
    },
    /// It runs and does not answer.
    #[error("PostgreSQL does not answer; what it is doing is at the end of {}", log.display())]
    Slow {
        /// Where it says what it does.
        log: PathBuf,
    },
    /// It refuses what we ask as its superuser.
    #[error("the private database refuses us")]
    Query(#[source] sqlx::Error),
    /// Roles or migrations failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, Reason};

    #[tokio::test]
    async fn it_keeps_its_rows_over_a_kill_and_a_restart() {
        let folder = tempfile::Builder::new().prefix("mnara").tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let first = DevDb::start(folder.path()).await.unwrap();
        let db = Db::connect(first.options(), 2).await.unwrap();
        let mut tx = db.platform(Reason::Admin).await.unwrap();
        sqlx::query("INSERT INTO strays (slot, provider_id_text, body, received_at) VALUES (1, 'x', '', to_timestamp(0))")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        drop(db);
        // Dropping kills with SIGKILL, as a power cut would.
        drop(first);
        let second = DevDb::start(folder.path()).await.unwrap();
        let db = Db::connect(second.options(), 2).await.unwrap();
        let mut tx = db.platform(Reason::Admin).await.unwrap();
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM strays").fetch_one(&mut *tx).await.unwrap();
        assert_eq!(kept, 1);
        drop(tx);
        db.close().await;
        second.stop().await.unwrap();
    }

    #[test]
    fn a_folder_too_deep_for_a_socket_is_named() {
        let deep = PathBuf::from("/").join("x".repeat(LONGEST_FOLDER));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = runtime.block_on(DevDb::start(&deep)).unwrap_err();
        assert!(matches!(error, DevDbError::PathTooLong { .. } | DevDbError::NotInstalled));
    }

    #[tokio::test]
    async fn a_stale_pid_file_goes_and_one_of_a_stranger_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postmaster.pid");
        for pid in [std::process::id().to_string(), "999999999".to_owned(), "rubbish".to_owned()] {
            fs::write(&file, format!("{pid}\n")).unwrap();
            await_previous(folder.path()).await.unwrap();
            assert!(!file.exists(), "{pid}");
        }
    }
}
