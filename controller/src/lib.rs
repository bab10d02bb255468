//! The cloud program: what it is made of, and how it starts and ends. The three tables (`routes`, `dispatch`, `work`) are passed down
//! from here as values; nothing below imports them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing_subscriber::EnvFilter;

use crate::app::{App, Parts};
use crate::cli::{Cli, Command};
use crate::clock::Clock;
use crate::config::{Config, LogConfig, LogFormat, Scheduler};
use crate::db::Db;
use crate::devdb::DevDb;
use crate::entropy::Entropy;
use crate::passwords::Passwords;
use crate::rails::Rails;
use crate::ratelimit::Limits;
use crate::vault::Vault;

pub mod access;
pub mod admin;
pub mod api;
pub mod app;
pub mod audit;
pub mod batch;
pub mod bus;
pub mod captive;
pub mod cli;
pub mod clock;
pub mod config;
pub mod db;
pub mod devdb;
pub mod dispatch;
pub mod entropy;
pub mod export;
pub mod fleet;
pub mod health;
pub mod jobs;
pub mod nairobi;
pub mod passwords;
pub mod payments;
pub mod pdf;
pub mod plans;
pub mod providers;
pub mod rails;
pub mod ratelimit;
pub mod reports;
pub mod routes;
pub mod subscriptions;
pub mod tickets;
pub mod vault;
pub mod web;
pub mod webhooks;
pub mod work;

/// How long tasks are waited for at the end.
const GRACE: Duration = Duration::from_secs(20);

/// The upper ends of the buckets in which durations are counted.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// Does what the command line says.
///
/// # Errors
/// When it cannot be done; the text is meant for whoever typed it.
pub fn start(cli: Cli) -> anyhow::Result<()> {
    // Two providers could be compiled in by some dependency; naming ours first settles which one is meant.
    drop(rustls::crypto::ring::default_provider().install_default());
    log(&cli.config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(obey(cli))
}

async fn obey(cli: Cli) -> anyhow::Result<()> {
    let Cli { config, command } = cli;
    match command {
        Command::Run => run(config).await,
        Command::Db(command) => cli::db::run(command, &config.database).await,
        Command::Key(command) => cli::key::run(command, config).await,
        Command::Identity(command) => {
            with_app(config, async |app| cli::identity::run(command, app).await).await
        }
        Command::Admin(command) => {
            with_app(config, async |app| cli::admin::run(command, app).await).await
        }
        Command::Audit(command) => {
            with_app(config, async |app| cli::audit::run(command, app).await).await
        }
        Command::Provider(command) => {
            with_app(config, async |app| cli::provider::run(command, app).await).await
        }
        Command::Site(command) => {
            with_app(config, async |app| cli::site::run(command, app).await).await
        }
        Command::Firmware(command) => cli::firmware::run(command, config.agents.url),
        Command::Plan(command) => {
            with_app(config, async |app| cli::plan::run(command, app).await).await
        }
        Command::PlatformPlan(command) => {
            with_app(config, async |app| {
                cli::platform_plan::run(command, app).await
            })
            .await
        }
        Command::Report(command) => {
            with_app(config, async |app| cli::report::run(command, app).await).await
        }
        Command::Books(command) => {
            with_app(config, async |app| cli::books::run(command, app).await).await
        }
        Command::Task(command) => {
            let table = (work::TASKS, work::WORK);
            with_app(config, async |app| {
                cli::task::run(command, table, app).await
            })
            .await
        }
        Command::Ticket(command) => {
            with_app(config, async |app| cli::ticket::run(command, app).await).await
        }
        Command::Series(command) => {
            with_app(config, async |app| cli::series::run(command, app).await).await
        }
    }
}

/// Does one thing with the parts of a controller that serves nobody, as most commands do, and closes them.
///
/// # Errors
/// When the parts cannot be had or the thing fails.
pub async fn with_app<T>(
    config: Config,
    act: impl AsyncFnOnce(&App) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let clock = Clock::system();
    let vault = vault(&config, &clock)?;
    let (options, private) = match database(&config)? {
        Database::Given(options) => (*options, None),
        Database::Private(folder) => {
            let private = DevDb::attach(&folder).await?;
            (private.options(), Some(private))
        }
    };
    let app = assemble(config, options, vault, clock).await?;
    let acted = act(&app).await;
    app.db.close().await;
    if let Some(private) = private {
        private
            .stop()
            .await
            .context("the private database did not stop in order")?;
    }
    acted
}

async fn run(config: Config) -> anyhow::Result<()> {
    let clock = Clock::system();
    let vault = vault(&config, &clock)?;
    let (options, private) = match database(&config)? {
        Database::Given(options) => (*options, None),
        Database::Private(folder) => {
            tracing::info!(folder = %folder.display(), "no DATABASE_URL: using the private database");
            let private = DevDb::start(&folder).await?;
            (private.options(), Some(private))
        }
    };
    let app = assemble(config, options, vault, clock).await?;
    let served = serve(&app).await;
    app.db.close().await;
    if let Some(private) = private {
        private
            .stop()
            .await
            .context("the private database did not stop in order")?;
    }
    served
}

enum Database {
    Given(Box<PgConnectOptions>),
    Private(PathBuf),
}

fn database(config: &Config) -> anyhow::Result<Database> {
    match &config.database.url {
        Some(url) => {
            let options = db::options(url).context("DATABASE_URL")?;
            Ok(Database::Given(Box::new(options)))
        }
        None => Ok(Database::Private(config.database.folder())),
    }
}

/// Asked for before a database is started, so that a start that must fail leaves nothing behind.
fn vault(config: &Config, clock: &Clock) -> anyhow::Result<Vault> {
    let key = config.vault.encryption_key.as_ref().context(
        "ENCRYPTION_KEY is missing, and it is never made up: without it no stored credential could be read again. \
         `mnara-controller key new` prints one; keep it where the backups are not",
    )?;
    Ok(Vault::new(key, clock.clone())?)
}

async fn assemble(
    config: Config,
    database: PgConnectOptions,
    vault: Vault,
    clock: Clock,
) -> anyhow::Result<App> {
    let rails = Rails::new(
        &config.daraja,
        &config.mail,
        &config.sms,
        &config.pesapal,
        &clock,
    )?;
    let limits = Limits::new(&clock);
    let db = Db::connect(database, config.database.connections).await?;
    let recorder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .context("the buckets of the metrics are wrong")?
        .build_recorder();
    let metrics = recorder.handle();
    // A second controller in one process keeps the first one's recorder.
    drop(metrics::set_global_recorder(recorder));
    let parts = Parts {
        config,
        vault,
        passwords: Passwords::new(Entropy::system()),
        clock,
        entropy: Entropy::system(),
        rails,
        limits,
        readers: Arc::new(Semaphore::new(app::READERS)),
        jobs: jobs::Wake::default(),
        bus: bus::Bus::default(),
        metrics,
        tasks: TaskTracker::new(),
        shutdown: CancellationToken::new(),
        closing: CancellationToken::new(),
    };
    Ok(App::new(db, parts))
}

async fn serve(app: &App) -> anyhow::Result<()> {
    let web = &app.config.web;
    let tls = match (&web.tls_cert, &web.tls_key) {
        (Some(chain), Some(key)) => {
            Some(web::tls::kept(&app.tasks, app.clock.clone(), chain, key)?)
        }
        _ => None,
    };
    let public = web.public();
    if app.config.daraja.base.is_remote() && (public.is_loopback() || !public.is_encrypted()) {
        tracing::warn!(%public, "Safaricom can reach a public https address only: payments will be found by asking, some seconds late");
    }
    if web.has_nameless_proxy() {
        tracing::warn!(
            "a proxy ends TLS and MNARA_TRUSTED_PROXIES does not name it: all callers are counted as one, so one who tries passwords keeps the others out"
        );
    }
    let listener = TcpListener::bind(web.listen)
        .await
        .with_context(|| format!("cannot listen on {}", web.listen))?;
    let address = listener
        .local_addr()
        .context("cannot tell the address listened on")?;
    follow_signals(app)?;
    follow_clock(app);
    jobs::tasks::stand(app, work::TASKS.iter().map(|task| task.kind))
        .await
        .context("cannot begin the scheduled work")?;
    providers::sms::set_up::tell_if_changed(app)
        .await
        .context("cannot note whether SMS is set up")?;
    let mut work = work::WORK.to_vec();
    if app.config.tasks.tasks == Scheduler::Outside {
        work.retain(|work| !work::TASKS.iter().any(|task| task.kind == work.kind));
    }
    app.tasks
        .spawn(jobs::run(app.clone(), work, app.shutdown.clone()));
    app.tasks
        .spawn(bus::relay(app.clone(), app.shutdown.clone()));
    app.tasks.spawn(health::watch(app.clone()));
    app.tasks.spawn(admin::up::watch(app.clone()));
    let router = web::layers::wrap(routes::table(app), app);
    let connections = web::room::make(web.connections, app.config.database.connections);
    let connections = usize::try_from(connections).context("too many connections")?;
    tracing::info!(%address, %public, "listening");
    web::serve::serve(listener, router, tls, connections, app.shutdown.clone()).await;
    app.closing.cancel();
    app.tasks.close();
    if tokio::time::timeout(GRACE, app.tasks.wait()).await.is_err() {
        tracing::warn!("some work did not end in time; it is taken up at the next start");
    }
    tracing::info!("stopped");
    Ok(())
}

fn follow_signals(app: &App) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot follow signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot follow signals")?;
    let shutdown = app.shutdown.clone();
    app.tasks.spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        shutdown.cancel();
    });
    Ok(())
}

#[cfg(feature = "moved-clock")]
fn follow_clock(app: &App) {
    if let Some(socket) = app.config.clock.clock_socket.clone() {
        let (clock, shutdown) = (app.clock.clone(), app.shutdown.clone());
        app.tasks.spawn(async move {
            if let Err(error) = clock::pushed::serve(clock, &socket, shutdown).await {
                tracing::error!(%error, "the clock's socket cannot be served");
            }
        });
    }
}

#[cfg(not(feature = "moved-clock"))]
const fn follow_clock(_app: &App) {}

fn log(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)
        .context("MNARA_LOG is not a level or a list of targets with levels")?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let set = match config.format {
        LogFormat::Text => lines
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    set.map_err(|error| anyhow::anyhow!("logging cannot be set up: {error}"))
}

#[cfg(test)]
mod tests;
