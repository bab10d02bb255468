//! The database and its doors. A transaction is opened for one provider, for the platform with a stated reason, or to migrate; there
//! is no other way in. No query of a slice is here.
//!
//! Row-level security is forced on every table with a `provider_id`: a row shows itself when `mnara.tenant` names its provider or
//! `mnara.scope` is `platform`. Both settings travel in the same message as BEGIN and end with the transaction, so a pooled
//! connection carries nothing over. The log-in is `mnara_app`, which owns nothing and cannot go round the policies.

use std::fmt;
use std::time::Duration;

use mnara_protocol::ids::ProviderId;
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Postgres, Transaction,
};

pub mod backup;
pub mod prepare;
pub mod sealed;
mod types;

pub use prepare::migrate;
pub use types::{Amount, At, Inet, LAST, MacAddr, RowId};

/// The role every query runs as.
pub const APP_ROLE: &str = "mnara_app";

/// An open transaction; dropped without `commit`, it never happened.
pub type Tx = Transaction<'static, Postgres>;

/// Why a transaction may look across providers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reason {
    /// Storing a callback whose provider is not known yet.
    Intake,
    /// Applying what sites send.
    Ingest,
    /// Looking for work that fell silent.
    Sweep,
    /// Finding who logs in.
    Login,
    /// Spending a claim code, which names no provider.
    Enrol,
    /// Admitting a link, whose agent is not known to be anyone's yet.
    Link,
    /// Taking jobs off the queue.
    Jobs,
    /// Finding the provider behind a public page or a platform-wide code.
    Captive,
    /// What must be unique over the platform: receipts, live prompts of a phone.
    Payments,
    /// The platform's own staff, and its command line.
    Admin,
}

impl Reason {
    const fn name(self) -> &'static str {
        match self {
            Self::Intake => "intake",
            Self::Ingest => "ingest",
            Self::Sweep => "sweep",
            Self::Login => "login",
            Self::Enrol => "enrol",
            Self::Link => "link",
            Self::Jobs => "jobs",
            Self::Captive => "captive",
            Self::Payments => "payments",
            Self::Admin => "admin",
        }
    }
}

/// Connections kept for callbacks alone, one for each writer and one for strays: money comes in however many others wait for a connection.
const LANE: u32 = 5;
/// Connections of those who ask rails, and there may be very many: no page waits behind them.
const ASKING: u32 = 6;
/// The fewest connections that leave something for everybody: the lane, those who ask, two that listen, and a few that work.
pub const FEWEST: u32 = 16;
/// How many statements a connection keeps planned: those that a busy controller comes back to.
///
/// sqlx keeps 100 of the program's over 700 unless told otherwise, so a connection would throw away what it soon needs again, and pay for that with a
/// round trip and PostgreSQL's time. What is kept costs memory there, 55 KB a statement or 16 MB a connection that came to as many, which lives for
/// half an hour at most.
pub const STATEMENTS: usize = 300;
/// How long somebody waits for a connection before hearing that we are busy.
const QUEUE: Duration = Duration::from_secs(10);
/// A connection that was used within this time is not asked whether it lives.
const FRESH: Duration = Duration::from_secs(1);
/// What every connection is told first: nothing may hold a row, or us, for longer than anybody waits for an answer. Nor is a plan compiled: that takes
/// seconds, for statements that take milliseconds and only look long to the planner.
const MANNERS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '15s'; SET idle_in_transaction_session_timeout = '60s'; SET jit = off";

/// Pools of connections behind the doors, cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: PgPool,
    /// For callbacks.
    lane: PgPool,
    /// For questions to rails.
    asking: PgPool,
}

impl Db {
    /// Connects, and refuses a log-in that could go round the policies or a schema that is not this program's.
    ///
    /// # Errors
    /// When the database is away, the log-in is too powerful, or the schema needs `db migrate`.
    pub async fn connect(options: PgConnectOptions, connections: u32) -> Result<Self, DbError> {
        let options = as_app(options);
        // A pool tries until its patience ends and then says only that; one connection says what is wrong, at once.
        let first = options.connect().await.map_err(DbError::Away)?;
        first.close().await.map_err(DbError::Away)?;
        let pool = |most| {
            PgPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(QUEUE)
                .after_connect(|conn, _| Box::pin(mind_manners(conn)))
        };
        let db = Self {
            // Asking a connection each time whether it lives would be a round trip for every page. Callbacks come once, so theirs are asked.
            pool: pool(connections.max(FEWEST) - LANE - ASKING)
                .test_before_acquire(false)
                .before_acquire(|conn, used| Box::pin(lives(conn, used.idle_for)))
                .connect_with(options.clone())
                .await
                .map_err(DbError::Away)?,
            lane: pool(LANE).connect_lazy_with(options.clone()),
            asking: pool(ASKING).connect_lazy_with(options),
        };
        db.check_login().await?;
        prepare::check_schema(&db.pool).await?;
        Ok(db)
    }

    /// Opens the database of a test. `#[sqlx::test]` hands out a superuser, who sees every row; this gives the application's role.
    ///
    /// # Errors
    /// When the database is away or the role is missing.
    pub async fn for_test(pool: PgPoolOptions, options: PgConnectOptions) -> Result<Self, DbError> {
        // All tests share so many connections, and some hold a number of them for long.
        let pool = pool
            .acquire_timeout(Duration::from_secs(180))
            .connect_with(as_app(options))
            .await
            .map_err(DbError::Away)?;
        Ok(Self {
            lane: pool.clone(),
            asking: pool.clone(),
            pool,
        })
    }

    /// The same database by the connections of those who ask rails.
    #[must_use]
    pub fn asking(&self) -> Self {
        Self {
            pool: self.asking.clone(),
            ..self.clone()
        }
    }

    /// Opens a transaction that sees and changes one provider's rows only.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn tenant(&self, provider: ProviderId) -> Result<Tx, sqlx::Error> {
        let begin = format!(
            "BEGIN; SET LOCAL mnara.tenant = '{}'; SET LOCAL mnara.scope = 'tenant'",
            provider.uuid()
        );
        // The only thing put into the text is an id printed by us.
        self.pool.begin_with(AssertSqlSafe(begin)).await
    }

    /// Opens a tenant's transaction for reading what pages are made of, whose statements are planned once for a connection and not each time.
    ///
    /// PostgreSQL would weigh a plan for these very values against one for any and, for statements as long as those of reports, take longer
    /// over that than over reading. So only statements that go along the same index whatever the values belong in here: `cargo xtask bench
    /// pages` looks at that.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn steady(&self, provider: ProviderId) -> Result<Tx, sqlx::Error> {
        let begin = format!(
            "BEGIN; SET LOCAL mnara.tenant = '{}'; SET LOCAL mnara.scope = 'tenant'; SET LOCAL plan_cache_mode = 'force_generic_plan'",
            provider.uuid()
        );
        // The only thing put into the text is an id printed by us.
        self.pool.begin_with(AssertSqlSafe(begin)).await
    }

    /// Opens a transaction that sees all providers, for a stated reason.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn platform(&self, reason: Reason) -> Result<Tx, sqlx::Error> {
        let begin = format!(
            "BEGIN; SET LOCAL mnara.tenant = ''; SET LOCAL mnara.scope = 'platform'; SET LOCAL mnara.reason = '{}'",
            reason.name()
        );
        let pool = match reason {
            Reason::Intake => &self.lane,
            _ => &self.pool,
        };
        // The only thing put into the text is a word from the list above.
        pool.begin_with(AssertSqlSafe(begin)).await
    }

    /// Listens to notifications, which are hints only: they are lost while the connection is away.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn listener(&self) -> Result<PgListener, sqlx::Error> {
        PgListener::connect_with(&self.pool).await
    }

    /// Says whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.lane).await.map(drop)
    }

    /// How many connections are open, and how many of them nobody uses.
    #[must_use]
    pub fn connections(&self) -> (f64, f64) {
        let pools = [&self.pool, &self.lane, &self.asking];
        let open = pools.map(|pool| f64::from(pool.size())).iter().sum();
        let idle = pools.iter().map(|pool| pool.num_idle()).sum::<usize>();
        (open, f64::from(u32::try_from(idle).unwrap_or(u32::MAX)))
    }

    /// Gives back all connections; what is open is waited for.
    pub async fn close(&self) {
        self.asking.close().await;
        self.lane.close().await;
        self.pool.close().await;
    }

    async fn check_login(&self) -> Result<(), DbError> {
        let (login, powerful): (String, bool) = sqlx::query_as(
            "SELECT rolname::text, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user",
        )
        .fetch_one(&self.pool)
        .await
        .map_err(DbError::Away)?;
        if powerful {
            return Err(DbError::TooPowerful { login });
        }
        Ok(())
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Db({} connections)", self.pool.size())
    }
}

async fn lives(conn: &mut PgConnection, idle_for: Duration) -> Result<bool, sqlx::Error> {
    if idle_for >= FRESH {
        conn.ping().await?;
    }
    Ok(true)
}

async fn mind_manners(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(MANNERS).execute(conn).await.map(drop)
}

/// What an error of the database calls for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// It is away, ending, or out of something: it was nobody's fault and passes.
    Away,
    /// It answers and cannot write: the disk is full, or it is a copy that only reads.
    Full,
    /// Two transactions stood in each other's way: the same one may work a moment later.
    Collision,
    /// A text had U+0000, which neither its texts nor its JSON can hold: whoever sent it may send another.
    Nul,
    /// It is about what was asked.
    Other,
}

/// Reads what an error calls for.
#[must_use]
pub fn trouble(error: &sqlx::Error) -> Trouble {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => Trouble::Away,
        E::Database(error) => match error.code().as_deref().unwrap_or_default() {
            // serialization_failure, and deadlock_detected.
            "40001" | "40P01" => Trouble::Collision,
            // disk_full, and read_only_sql_transaction.
            "53100" | "25006" => Trouble::Full,
            // character_not_in_repertoire, and untranslatable_character.
            "22021" | "22P05" => Trouble::Nul,
            // A lock nobody gave back in time.
            "55P03" => Trouble::Away,
            // Connections; memory and connections that ran out; an operator's intervention or a time limit; the system.
            code if ["08", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class)) =>
            {
                Trouble::Away
            }
            _ => Trouble::Other,
        },
        _ => Trouble::Other,
    }
}

/// Reads a database address.
///
/// # Errors
/// When it is not one; the address itself, which holds a password, is not repeated.
pub fn options(url: &SecretString) -> Result<PgConnectOptions, DbError> {
    let url = url.expose_secret();
    let options = url
        .parse::<PgConnectOptions>()
        .map_err(|_| DbError::NoAddress)?
        .application_name("mnara");
    // Whoever names a number has a pooler that keeps none, or little memory.
    Ok(if url.contains("statement-cache-capacity=") {
        options
    } else {
        options.statement_cache_capacity(STATEMENTS)
    })
}

fn as_app(options: PgConnectOptions) -> PgConnectOptions {
    // Poolers between us and PostgreSQL refuse start-up options, so they are sent only when they change something.
    if options.get_username() == APP_ROLE {
        options
    } else {
        options.options([("role", APP_ROLE)])
    }
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address cannot be read.
    #[error(
        "the database's address is not one like postgres://user:password@host/mnara, where the password's signs are written as %2F is for /"
    )]
    NoAddress,
    /// It does not answer, or refuses us.
    #[error("the database does not let us in")]
    Away(#[source] sqlx::Error),
    /// A superuser would see every provider's rows whatever the policies say.
    #[error(
        "the database log-in {login} is a superuser or bypasses row-level security: log in as {APP_ROLE} (see `mnara-controller db prepare`)"
    )]
    TooPowerful {
        /// Its name.
        login: String,
    },
    /// Older than this program.
    #[error(
        "the database is at version {found}, this program needs {needed}: run `mnara-controller db migrate`"
    )]
    OldSchema {
        /// What it is at.
        found: i64,
        /// What this program was built with.
        needed: i64,
    },
    /// The roles cannot be made.
    #[error("the database roles cannot be prepared")]
    Prepare(#[source] sqlx::Error),
    /// The migrations cannot be run.
    #[error("the database cannot be migrated")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

#[cfg(test)]
mod tests;
