//! Everything a request, a job or a link may need, in one value that is passed down and cheap to clone. Two of them can live in one
//! process. No rules and no queries are here.

use std::ops::Deref;
use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bus::Bus;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::entropy::Entropy;
use crate::jobs::Wake;
use crate::passwords::Passwords;
use crate::rails::Rails;
use crate::ratelimit::Limits;
use crate::vault::Vault;

/// Statements of a rail that are read at once.
pub(crate) const READERS: usize = 2;

/// The running controller, as everything below `main` sees it.
#[derive(Clone, Debug)]
pub struct App {
    parts: Arc<Parts>,
    /// The rows.
    pub db: Db,
}

/// What an [`App`] is made of besides its rows.
#[derive(Debug)]
pub struct Parts {
    /// What it was told from outside.
    pub config: Config,
    /// Secrets at rest.
    pub vault: Vault,
    /// What is kept of passwords.
    pub passwords: Passwords,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The outside services.
    pub rails: Rails,
    /// How often somebody may do something.
    pub limits: Limits,
    /// Statements of a rail are read so many at a time, whoever sends them.
    pub readers: Arc<Semaphore>,
    /// The hint that a job waits.
    pub jobs: Wake,
    /// The hints between links, requests and replicas.
    pub bus: Bus,
    /// What `/metrics` shows.
    pub metrics: PrometheusHandle,
    /// Tasks that outlive the request that started them; waited for at the end.
    pub tasks: TaskTracker,
    /// Says that everything should come to its end.
    pub shutdown: CancellationToken,
    /// Says that the last request has ended: what writes for requests may end too.
    pub closing: CancellationToken,
}

impl App {
    /// Joins the parts.
    #[must_use]
    pub fn new(db: Db, parts: Parts) -> Self {
        let parts = Arc::new(parts);
        Self { parts, db }
    }

    /// The same for those who ask rails, by connections of their own.
    #[must_use]
    pub fn asking(&self) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
            db: self.db.asking(),
        }
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

#[cfg(test)]
pub(crate) mod tests {
    //! An [`App`] for tests: the test's own database as the application's role, a clock that stands still, a seed.

    use clap::Parser as _;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use mnara_protocol::clock::Timestamp;
    use secrecy::SecretString;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    use super::*;
    use crate::cli::Cli;

    /// Where the clock of a test stands: 2027-01-15 08:00 UTC.
    pub(crate) const START: Timestamp = Timestamp::from_secs(1_800_000_000);

    /// Makes one, calling Daraja at an address where nobody is.
    pub(crate) async fn app(pool: PgPoolOptions, options: PgConnectOptions) -> App {
        app_with(pool, options, "http://127.0.0.1:9").await
    }

    /// Makes one whose Daraja is at a base address.
    pub(crate) async fn app_with(
        pool: PgPoolOptions,
        options: PgConnectOptions,
        daraja: &str,
    ) -> App {
        app_with_keys(pool, options, daraja, &Vault::new_key()).await
    }

    /// Makes one with these keys for secrets at rest.
    pub(crate) async fn app_with_keys(
        pool: PgPoolOptions,
        options: PgConnectOptions,
        daraja: &str,
        keys: &SecretString,
    ) -> App {
        app_with_flags(pool, options, daraja, keys, &[]).await
    }

    /// Makes one with more on its command line.
    pub(crate) async fn app_with_flags(
        pool: PgPoolOptions,
        options: PgConnectOptions,
        daraja: &str,
        keys: &SecretString,
        flags: &[&str],
    ) -> App {
        let plain = ["mnara-controller", "--daraja", daraja];
        let asks_second = flags.contains(&"--admin-second-factor");
        let optional = ["--admin-second-factor", "optional"];
        let optional: &[&str] = if asks_second { &[] } else { &optional };
        let has_pace = flags.contains(&"--daraja-queries");
        let pace: &[&str] = if has_pace {
            &[]
        } else {
            &["--daraja-queries", "600"]
        };
        // Nobody's folder: nothing can be written there.
        let rest = ["--data-dir", "/dev/null/mnara", "run"];
        let words = plain.iter().chain(optional).chain(pace).chain(flags);
        let cli = Cli::parse_from(words.chain(&rest));
        let clock = Clock::still(START);
        let db = Db::for_test(pool, options).await.unwrap();
        let parts = Parts {
            vault: Vault::new(keys, clock.clone()).unwrap(),
            passwords: Passwords::cheap(Entropy::seeded(8)),
            entropy: Entropy::seeded(7),
            rails: Rails::new(
                &cli.config.daraja,
                &cli.config.mail,
                &cli.config.sms,
                &cli.config.pesapal,
                &clock,
            )
            .unwrap(),
            limits: Limits::new(&clock),
            readers: Arc::new(Semaphore::new(READERS)),
            jobs: Wake::default(),
            bus: Bus::default(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
            closing: CancellationToken::new(),
            config: cli.config,
            clock,
        };
        App::new(db, parts)
    }
}
