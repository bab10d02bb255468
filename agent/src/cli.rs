//! The command line: enrol, run, status, doctor. Words for the person in front of it; what the words rest on is elsewhere.
#![expect(
    clippy::print_stdout,
    reason = "answering on the terminal is this file's job"
)]

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use clap::{Parser, Subcommand};
use mnara_protocol::clock::Timestamp;
use rand::TryRng;
use rand::rngs::SysRng;
use secrecy::SecretString;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::Level;
use url::Url;

use crate::agent::{Setup, run};
use crate::clock::Clock;
use crate::config::{Common, EnrolConfig, Enrolment, LogLevel, RouterFile, RunConfig, StateDir};
use crate::health::Status;
use crate::{doctor, enrol, health};

/// How long an agent that has a place waits for the controller to take a new line before it serves the old one.
const NEW_LINE: Duration = Duration::from_secs(15);

/// The Mnara site program.
#[derive(Debug, Parser)]
#[command(name = "mnara-agent", version, about, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bind this machine to a site, with the line the controller printed.
    Enrol(Box<EnrolConfig>),
    /// Serve the site until stopped.
    Run(Box<RunArgs>),
    /// Tell how the running agent is.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Look everything over and say what to do about what is wrong.
    Doctor,
}

/// What `run` takes.
#[derive(Debug, clap::Args)]
struct RunArgs {
    #[command(flatten)]
    config: RunConfig,
    #[command(flatten)]
    first: FirstRun,
}

/// What a container is told by its environment, where nobody can type: how the router is reached, and the line that enrols it.
///
/// The line stays there, so it counts only while it is another than the one taken last.
#[derive(Debug, clap::Args)]
struct FirstRun {
    /// The controller's address.
    #[arg(long, env = "MNARA_CONTROLLER", hide = true)]
    controller: Option<Url>,
    /// The one-time claim code.
    #[arg(long, env = "MNARA_CLAIM", hide = true)]
    claim: Option<String>,
    /// The SHA-256 of the controller's identity key.
    #[arg(long, env = "MNARA_IDENTITY", hide = true)]
    identity: Option<String>,
    /// The router, as `enrol` takes it.
    #[arg(long, env = "MNARA_ROUTER", hide = true)]
    router: Option<Url>,
    /// The SHA-256 of its certificate.
    #[arg(long, env = "MNARA_ROUTER_PIN", hide = true)]
    router_pin: Option<String>,
    /// The password of its user.
    #[arg(long, env = "MNARA_ROUTER_PASSWORD", hide = true, value_parser = secret)]
    router_password: Option<SecretString>,
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the command line's parsers may fail"
)]
fn secret(text: &str) -> anyhow::Result<SecretString> {
    Ok(SecretString::from(text.to_owned()))
}

impl FirstRun {
    /// Keeps what is said of the router, and enrols if the line is a new one.
    async fn prepare(self, state: &StateDir, now: Timestamp) -> anyhow::Result<()> {
        if let (Some(router), Some(password)) = (&self.router, &self.router_password) {
            let router = RouterFile::new(router, self.router_pin.as_deref(), password).context(
                "MNARA_ROUTER, MNARA_ROUTER_PIN and MNARA_ROUTER_PASSWORD do not fit together",
            )?;
            state.keep_router(&router)?;
        }
        take_over(state).await?;
        let (Some(controller), Some(claim), Some(identity)) =
            (self.controller, self.claim, self.identity)
        else {
            return Ok(());
        };
        let kept = state.enrolment().ok();
        if is_spent(kept.as_ref(), &claim) {
            return Ok(());
        }
        let config = EnrolConfig {
            controller,
            claim,
            identity,
            ca: None,
            router: None,
            router_pin: None,
            router_password_file: None,
        };
        let asking = Box::pin(enrol::enrol(&config, state, now, random));
        let answer = if kept.is_some() {
            timeout(NEW_LINE, asking)
                .await
                .unwrap_or_else(|_| Err(anyhow!("the controller did not answer in time")))
        } else {
            asking.await
        };
        match answer {
            Ok(enrolment) => {
                tracing::info!(agent = %enrolment.agent, site = %enrolment.site, "enrolled");
            }
            Err(error) if kept.is_some() => {
                tracing::warn!(error = %format!("{error:#}"), "the new line was not taken; the old enrolment goes on");
            }
            Err(error) => return Err(error),
        }
        take_over(state).await
    }
}

/// Whether an enrolment was made by this claim.
fn is_spent(kept: Option<&Enrolment>, claim: &str) -> bool {
    let hash = enrol::claim_hash(claim);
    kept.is_some_and(|kept| kept.claim.as_deref() == Some(hash.as_str()))
}

/// Takes over the place a new line gave.
async fn take_over(state: &StateDir) -> anyhow::Result<()> {
    if !state.has_next() {
        return Ok(());
    }
    ensure!(
        health::ask(&state.socket()).await?.is_none(),
        "an agent runs on this state folder: stop it first"
    );
    if let Some(enrolment) = state.take_next()? {
        tracing::info!(agent = %enrolment.agent, site = %enrolment.site, "goes on in the place of the new line");
    }
    Ok(())
}

impl Cli {
    /// Carries the command out.
    ///
    /// # Errors
    /// A sentence for the person who gave it.
    pub fn execute(self) -> anyhow::Result<ExitCode> {
        let level = match self.common.log {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
        };
        let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
        tracing_subscriber::fmt()
            .with_max_level(level)
            .with_writer(std::io::stderr)
            .with_ansi(ansi)
            .init();
        let state = StateDir::choose(self.common.state_dir.as_deref())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // Names are looked up on these, one at a time.
            .max_blocking_threads(2)
            .build()
            .context("could not start the runtime")?;
        runtime.block_on(async {
            match self.command {
                Command::Enrol(config) => enrol_command(&config, &state).await,
                Command::Run(args) => {
                    let now = Clock::system().now();
                    args.first.prepare(&state, now).await?;
                    run_command(args.config, state).await
                }
                Command::Status { json } => status_command(&state, json).await,
                Command::Doctor => doctor_command(&state).await,
            }
        })
    }
}

async fn enrol_command(config: &EnrolConfig, state: &StateDir) -> anyhow::Result<ExitCode> {
    let enrolment = enrol::enrol(config, state, Clock::system().now(), random).await?;
    println!("Enrolled as {} for {}.", enrolment.agent, enrolment.site);
    if state.router()?.is_none() {
        println!(
            "No router is known yet: run the line again with --router tls://user@host:8729 --router-pin … --router-password-file …"
        );
    }
    println!("Next: mnara-agent run (one that runs already is to be started again)");
    Ok(ExitCode::SUCCESS)
}

async fn run_command(config: RunConfig, state: StateDir) -> anyhow::Result<ExitCode> {
    let clock = Clock::system();
    let stop = CancellationToken::new();
    #[cfg(feature = "moved-clock")]
    if let Some(socket) = config.clock_socket.clone() {
        let (clock, stop) = (clock.clone(), stop.clone());
        tokio::spawn(async move {
            if let Err(error) = crate::clock::pushed::serve(clock, &socket, stop).await {
                tracing::error!(%error, "the clock cannot be pushed");
            }
        });
    }
    let mut terminate = signal(SignalKind::terminate()).context("could not listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("could not listen for signals")?;
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
    });
    let setup = Setup {
        enrolment: state.enrolment()?,
        key: state.key(random)?,
        router: state.router()?,
        portal: config.portal,
        outside: config.outside,
        clock,
        seed: random(),
        state,
    };
    Box::pin(run(setup, stop)).await?;
    Ok(ExitCode::SUCCESS)
}

async fn status_command(state: &StateDir, json: bool) -> anyhow::Result<ExitCode> {
    let Some(status) = health::ask(&state.socket()).await? else {
        println!("No agent is running on {}.", state.path().display());
        return Ok(ExitCode::FAILURE);
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        print_status(&status);
    }
    Ok(ExitCode::SUCCESS)
}

fn print_status(status: &Status) {
    let yes = |good: bool, bad: &str| {
        if good {
            "yes".to_owned()
        } else {
            bad.to_owned()
        }
    };
    println!("{} {} for {}", status.software, status.agent, status.site);
    println!(
        "controller reached  {}",
        yes(
            status.cloud,
            status
                .cloud_refusal
                .as_deref()
                .unwrap_or("no, the site goes on without it"),
        )
    );
    println!(
        "router answers      {}",
        yes(
            status.router,
            status.router_trouble.as_deref().unwrap_or("not yet"),
        )
    );
    if let Some(version) = &status.router_version {
        println!("router              {version}");
    }
    println!(
        "hotspots, devices   {}, {} ({} online)",
        status.hotspots, status.hosts, status.online
    );
    println!(
        "live tickets        {} of {}",
        status.live_tickets, status.tickets
    );
    println!("printed codes       {}", status.codes);
    if status.unsealed_batches > 0 {
        println!(
            "batches without key {} (their codes are not honoured; enrol this site again)",
            status.unsealed_batches
        );
    }
    println!(
        "journal             {} entries, {} not yet with the controller",
        status.last_entry,
        status.last_entry.saturating_sub(status.acknowledged)
    );
    println!("store writable      {}", yes(status.store, "no"));
    println!(
        "time                {}",
        if status.time_proven {
            "proven by the controller"
        } else {
            "going on from the last known"
        }
    );
    println!("portal              http://{}/portal/", status.portal);
}

async fn doctor_command(state: &StateDir) -> anyhow::Result<ExitCode> {
    let findings = doctor::look_over(state, &Clock::system(), random()).await;
    let mut ill = false;
    for finding in findings {
        let mark = match finding.verdict {
            doctor::Verdict::Good => "ok  ",
            doctor::Verdict::Doubtful => "look",
            doctor::Verdict::Bad => {
                ill = true;
                "BAD "
            }
        };
        println!("{mark} {}: {}", finding.about, finding.says);
        if let Some(next) = finding.next {
            println!("     -> {next}");
        }
    }
    Ok(if ill {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Draws from the operating system.
///
/// # Panics
/// When it has no randomness to give: no key made then would be secret.
#[expect(
    clippy::expect_used,
    reason = "without randomness nothing here can be safe"
)]
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    SysRng
        .try_fill_bytes(&mut bytes)
        .expect("the operating system gives random bytes");
    bytes
}
