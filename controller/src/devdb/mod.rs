//! The private PostgreSQL of a controller that was given no `DATABASE_URL`: Debian's server as a child process on a
//! unix socket in our own folder, with durable settings.
//!
//! It is a full database, kept between runs; only its log-in is ours alone. Several processes may use it at once: one started it, and stops it
//! when the others have left.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::process::Child;

use crate::db::{self, DbError};

mod lock;
mod server;

use lock::{PAUSE, Turn, Used};

pub use server::{binaries as programs, default_folder};

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
    used: Used,
}

/// What is done with a server that runs in the folder already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Running {
    Join,
    Await,
}

impl DevDb {
    /// Starts the server in a folder, making the database the first time, and brings it to this program's version.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, the folder cannot be used, or the server does not start.
    pub async fn start(folder: &Path) -> Result<Self, DevDbError> {
        Self::enter(folder, Running::Await).await
    }

    /// Joins a server that another process of ours runs in the folder, or starts one.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn attach(folder: &Path) -> Result<Self, DevDbError> {
        Self::enter(folder, Running::Join).await
    }

    async fn enter(folder: &Path, running: Running) -> Result<Self, DevDbError> {
        let bin = server::binaries()?;
        let home = folder.join("postgres");
        let account = server::account(&home);
        if home.as_os_str().len() > LONGEST_FOLDER {
            return Err(DevDbError::PathTooLong { folder: home });
        }
        let unusable = |source| DevDbError::Folder {
            folder: home.clone(),
            source,
        };
        server::prepare_folder(folder, &home, account).map_err(unusable)?;
        let data = home.join("data");
        let turn = async {
            loop {
                let turn = Turn::take(&home).await.map_err(unusable)?;
                let used = Used::begin(&home, &turn).map_err(unusable)?;
                let joined = Self {
                    child: None,
                    socket: home.clone(),
                    used,
                };
                if running == Running::Join && joined.answers().await {
                    return Ok::<_, DevDbError>((joined, None));
                }
                if !server::is_running(&data) {
                    return Ok((joined, Some(turn)));
                }
                drop((joined, turn));
                tokio::time::sleep(PAUSE).await;
            }
        };
        let Ok(entered) = tokio::time::timeout(PATIENCE, turn).await else {
            return Err(unusable(io::Error::new(
                io::ErrorKind::ResourceBusy,
                "another server is running in it",
            )));
        };
        let (mut dev, turn) = entered?;
        let Some(_turn) = turn else {
            return Ok(dev);
        };
        if !data.join("PG_VERSION").exists() {
            server::initialise(&bin, &home, &data, account).await?;
        }
        let mut tries = 0;
        loop {
            server::await_previous(&data)
                .await
                .map_err(|source| DevDbError::Folder {
                    folder: data.clone(),
                    source,
                })?;
            dev.child = Some(server::spawn(&bin, &home, &data, account)?);
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

    /// Whether somebody runs it, and it is ready.
    async fn answers(&self) -> bool {
        match self.options().connect().await {
            Ok(conn) => conn.close().await.is_ok(),
            Err(_) => false,
        }
    }

    /// The application's way in.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.login(db::APP_ROLE)
            .database(DATABASE)
            .statement_cache_capacity(db::STATEMENTS)
    }

    /// The way in of PostgreSQL's own programs, as superuser.
    ///
    /// # Errors
    /// When they are not installed.
    pub fn server(&self) -> Result<db::backup::Server, DevDbError> {
        let socket = self.socket.to_string_lossy();
        let host: String = url::form_urlencoded::byte_serialize(socket.as_bytes()).collect();
        Ok(db::backup::Server {
            programs: Some(server::binaries()?),
            // A plus is a plus in an address, and a space never one.
            address: format!(
                "postgresql://postgres@{}/{DATABASE}",
                host.replace('+', "%20")
            ),
            password: None,
            admin: self.login("postgres").database(DATABASE),
        })
    }

    /// Leaves the server. Who started it stops it in order when nobody else uses it any more; what is committed stays.
    ///
    /// # Errors
    /// When the child cannot be signalled or waited for.
    pub async fn stop(self) -> io::Result<()> {
        let Self {
            child,
            socket,
            used,
        } = self;
        drop(used);
        let Some(mut child) = child else {
            return Ok(());
        };
        let _turn = Turn::alone(&socket).await?;
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // SIGINT is PostgreSQL's fast shutdown: open transactions are rolled back, everything is written.
            server::interrupt(pid);
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
                        Ok(Some(status)) => {
                            return Err(DevDbError::Died {
                                status,
                                log: self.socket.join("log"),
                            });
                        }
                        Err(source) => return Err(DevDbError::Spawn { source }),
                    },
                }
            }
        };
        match tokio::time::timeout(PATIENCE, ready).await {
            Ok(ready) => ready,
            Err(_) => Err(DevDbError::Slow {
                log: self.socket.join("log"),
            }),
        }
    }

    /// The only time we are superuser: roles, the database itself, migrations.
    async fn bring_up(&self) -> Result<(), DevDbError> {
        let admin = self.login("postgres");
        let mut conn = admin
            .clone()
            .database("postgres")
            .connect()
            .await
            .map_err(DevDbError::Query)?;
        let exists: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
                .bind(DATABASE)
                .fetch_one(&mut conn)
                .await
                .map_err(DevDbError::Query)?;
        if !exists {
            sqlx::raw_sql("CREATE DATABASE mnara")
                .execute(&mut conn)
                .await
                .map_err(DevDbError::Query)?;
        }
        conn.close().await.map_err(DevDbError::Query)?;
        let admin = admin.database(DATABASE);
        db::prepare::prepare(&admin, None).await?;
        db::migrate(&admin).await?;
        Ok(())
    }
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
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

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
        let limit: String = sqlx::query_scalar("SHOW statement_timeout")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(limit, "30s", "nothing holds a row for ever");
        tx.commit().await.unwrap();
        drop(db);
        // Dropping kills with SIGKILL, as a power cut would.
        drop(first);
        let second = DevDb::start(folder.path()).await.unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("postgres"), &link).unwrap();
        assert!(server::is_running(&link.join("data")), "seen by a link");
        let db = Db::connect(second.options(), 2).await.unwrap();
        let mut tx = db.platform(Reason::Admin).await.unwrap();
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM strays")
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(kept, 1);
        drop(tx);
        db.close().await;
        second.stop().await.unwrap();
    }

    #[tokio::test]
    async fn two_that_begin_at_once_share_one_and_who_started_it_leaves_last() {
        let folder = tempfile::Builder::new().prefix("mnara").tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let (one, two) = tokio::join!(DevDb::attach(folder.path()), DevDb::attach(folder.path()));
        let (one, two) = (one.unwrap(), two.unwrap());
        let (first, second) = if one.child.is_some() {
            (one, two)
        } else {
            (two, one)
        };
        assert!(first.child.is_some() && second.child.is_none());
        let stopping = tokio::spawn(first.stop());
        for _ in 0..20 {
            assert!(second.answers().await);
        }
        // Another comes and goes meanwhile.
        let third = DevDb::attach(folder.path()).await.unwrap();
        third.stop().await.unwrap();
        assert!(second.answers().await && !stopping.is_finished());
        second.stop().await.unwrap();
        stopping.await.unwrap().unwrap();
        assert!(!server::is_running(&folder.path().join("postgres/data")));
    }

    #[test]
    fn a_folder_too_deep_for_a_socket_is_named() {
        let deep = PathBuf::from("/").join("x".repeat(LONGEST_FOLDER));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let error = runtime.block_on(DevDb::start(&deep)).unwrap_err();
        assert!(matches!(
            error,
            DevDbError::PathTooLong { .. } | DevDbError::NotInstalled
        ));
    }

    #[tokio::test]
    async fn a_stale_pid_file_goes_and_one_of_a_stranger_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("postmaster.pid");
        for pid in [
            std::process::id().to_string(),
            "999999999".to_owned(),
            "rubbish".to_owned(),
        ] {
            fs::write(&file, format!("{pid}\n")).unwrap();
            server::await_previous(folder.path()).await.unwrap();
            assert!(!file.exists(), "{pid}");
        }
    }
}
