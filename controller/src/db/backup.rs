//! A whole database to a file and back, by PostgreSQL's own programs. A backup is brought back beside the database it replaces, so that
//! one that cannot be read destroys nothing.

use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};
use thiserror::Error;
use tokio::process::Command;

use super::{DbError, prepare};

/// How often it is looked whether a database is free, and how long between two looks: five seconds in all.
const LOOKS: u32 = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

/// How PostgreSQL's programs reach a server. They see no password on their command line.
#[derive(Clone, Debug)]
pub struct Server {
    /// The folder of the programs; left out, they are looked for in PATH.
    pub programs: Option<PathBuf>,
    /// The address, without a password.
    pub address: String,
    /// The password.
    pub password: Option<SecretString>,
    /// The same, for us; it names the database in use.
    pub admin: PgConnectOptions,
}

/// Why there is no backup, or why it is not in place.
#[derive(Debug, Error)]
pub enum BackupError {
    /// One of PostgreSQL's programs is missing.
    #[error(
        "`{program}` cannot be run: install PostgreSQL's client programs of the server's version or newer"
    )]
    NoProgram {
        /// Its name.
        program: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// One of them failed.
    #[error("`{program}` failed ({status}): {said}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// How.
        status: ExitStatus,
        /// Its own words.
        said: String,
    },
    /// The file cannot be written or read.
    #[error("the file {} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Somebody works with the database that is to be replaced.
    #[error("{0} connections use the database still: stop every controller first")]
    InUse(i64),
    /// The database refused.
    #[error(
        "the database refused; one that may make databases is needed, or restore by your host's own means and run `mnara-controller db restored`"
    )]
    Refused(#[source] sqlx::Error),
    /// Roles or migrations failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Server {
    async fn run(
        &self,
        program: &'static str,
        database: &str,
        arguments: &[&str],
        file: &Path,
    ) -> Result<(), BackupError> {
        let path = self
            .programs
            .as_ref()
            .map(|folder| folder.join(program))
            .filter(|path| path.is_file())
            .unwrap_or_else(|| program.into());
        let mut command = Command::new(path);
        if !database.is_empty() {
            command.arg("--dbname").arg(database);
        }
        command
            .args(arguments)
            .arg(file)
            // The owner of a hosted database is no superuser, and the policies hold for owners too.
            .env("PGOPTIONS", "-c mnara.scope=platform")
            .env_remove("PGSERVICE")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password.expose_secret());
        }
        let output = command
            .output()
            .await
            .map_err(|source| BackupError::NoProgram { program, source })?;
        if output.status.success() {
            return Ok(());
        }
        Err(BackupError::Failed {
            program,
            status: output.status,
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    fn address_of(&self, database: &str) -> String {
        url::Url::parse(&self.address).map_or_else(
            |_| self.address.clone(),
            |mut url| {
                url.set_path(&format!("/{database}"));
                url.to_string()
            },
        )
    }

    fn database(&self) -> Result<&str, BackupError> {
        self.admin
            .get_database()
            .ok_or(BackupError::Db(DbError::NoAddress))
    }
}

/// Writes everything to a file that only we may read. It appears whole or not at all, and only after it was read once.
///
/// # Errors
/// [`BackupError`].
pub async fn backup(server: &Server, to: &Path) -> Result<(), BackupError> {
    let broken = |source| BackupError::File {
        path: to.to_owned(),
        source,
    };
    let mut name = to.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(broken)?;
    let address = server.address_of(server.database()?);
    let dumped = async {
        let words = ["--format=custom", "--enable-row-security", "--file"];
        server.run("pg_dump", &address, &words, &part).await?;
        server.run("pg_restore", "", &["--list"], &part).await
    };
    if let Err(error) = dumped.await {
        drop(std::fs::remove_file(&part));
        return Err(error);
    }
    std::fs::File::open(&part)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(&part, to))
        .map_err(broken)
}

/// A backup that was brought back beside the database in use, and is not in its place yet.
#[derive(Debug)]
pub struct Beside {
    /// The name of its database.
    pub name: String,
}

/// Brings a backup back into a database of its own, at this program's version.
///
/// # Errors
/// [`BackupError`]; the database in use was not touched.
pub async fn bring(server: &Server, from: &Path, now: Timestamp) -> Result<Beside, BackupError> {
    std::fs::File::open(from).map_err(|source| BackupError::File {
        path: from.to_owned(),
        source,
    })?;
    // PostgreSQL cuts names off at 63 letters.
    let name = format!("{:.40}_new_{}", server.database()?, now.as_secs());
    let mut conn = maintenance(server).await?;
    in_use(&mut conn, server.database()?).await?;
    say(
        &mut conn,
        format!("CREATE DATABASE {} TEMPLATE template0", quoted(&name)),
    )
    .await?;
    let brought = async {
        let admin = server.admin.clone().database(&name);
        prepare::prepare(&admin, None).await?;
        let words = [
            "--no-owner",
            "--role=mnara_owner",
            "--single-transaction",
            "--exit-on-error",
        ];
        server
            .run("pg_restore", &server.address_of(&name), &words, from)
            .await?;
        prepare::migrate(&admin).await?;
        Ok::<(), BackupError>(())
    };
    if let Err(error) = brought.await {
        say(&mut conn, format!("DROP DATABASE {}", quoted(&name))).await?;
        return Err(error);
    }
    Ok(Beside { name })
}

/// Puts it in the place of the database in use, which is kept under another name; says which.
///
/// # Errors
/// [`BackupError`].
pub async fn put_in_place(
    server: &Server,
    beside: &Beside,
    now: Timestamp,
) -> Result<String, BackupError> {
    let current = server.database()?;
    let old = format!("{current:.40}_before_{}", now.as_secs());
    let mut conn = maintenance(server).await?;
    in_use(&mut conn, current).await?;
    let rename =
        |from: &str, to: &str| format!("ALTER DATABASE {} RENAME TO {}", quoted(from), quoted(to));
    let mut tx = conn.begin().await.map_err(BackupError::Refused)?;
    say(&mut tx, rename(current, &old)).await?;
    say(&mut tx, rename(&beside.name, current)).await?;
    tx.commit().await.map_err(BackupError::Refused)?;
    Ok(old)
}

async fn maintenance(server: &Server) -> Result<PgConnection, BackupError> {
    let options = server.admin.clone().database("postgres");
    Ok(options.connect().await.map_err(DbError::Away)?)
}

/// Makes sure that nobody uses a database. A server takes a moment to notice that a program has gone.
async fn in_use(conn: &mut PgConnection, database: &str) -> Result<(), BackupError> {
    let mut looks = 0;
    loop {
        let users: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        )
        .bind(database)
        .fetch_one(&mut *conn)
        .await
        .map_err(BackupError::Refused)?;
        looks += 1;
        match users {
            0 => return Ok(()),
            _ if looks == LOOKS => return Err(BackupError::InUse(users)),
            _ => tokio::time::sleep(BETWEEN_LOOKS).await,
        }
    }
}

async fn say(conn: &mut PgConnection, statement: String) -> Result<(), BackupError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(conn)
        .await
        .map(drop)
        .map_err(BackupError::Refused)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
