//! `mnara-sim`: a simulator as a program of its own, so that any client can be pointed at it. What the simulators do is in
//! the library; here are only flags, addresses and the end on Ctrl-C or SIGTERM.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program whose output tells where to connect and with what"
)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use mnara_tests::sim::{daraja, pesapal, routeros, sms, smtp};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tokio::signal::unix::{SignalKind, signal};

/// Simulators of the services and devices Mnara talks to, on real ports. Each prints what it listens on and the credentials it takes.
#[derive(Parser)]
#[command(name = "mnara-sim", version)]
struct Cli {
    #[command(subcommand)]
    what: What,
    /// Says more about what happens, on standard error.
    #[arg(long, global = true)]
    verbose: bool,
}

#[derive(Subcommand)]
enum What {
    /// A MikroTik router with a hotspot: API, API over TLS, the hotspot's pages.
    Routeros(RouterFlags),
    /// Safaricom's Daraja, with the phones its prompts appear on.
    ///
    /// Point a client's base URL at it and open the phone page; the control API scripts what goes wrong. Its README,
    /// tests/src/sim/daraja/README.md, has an example of every call.
    Daraja(DarajaFlags),
    /// Pesapal 3.0, with the page on which orders are paid.
    ///
    /// Point a client's base URL at it; the control API has orders end and go wrong. Its README is tests/src/sim/pesapal/README.md.
    Pesapal(PesapalFlags),
    /// A mail server that delivers nothing and shows what it took as an inbox.
    Smtp(SmtpFlags),
    /// Africa's Talking's bulk SMS, with an inbox in which every text is shown.
    Sms(SmsFlags),
}

#[derive(Args)]
struct RouterFlags {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port of the plain API; 0 takes any.
    #[arg(long, default_value_t = 8728)]
    port: u16,
    /// Port of the API over TLS; 0 takes any.
    #[arg(long, default_value_t = 8729)]
    tls_port: u16,
    /// Port of the hotspot's own pages; 0 takes any.
    #[arg(long, default_value_t = 0)]
    http_port: u16,
    /// Port of the control API; 0 takes any.
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// RouterOS version to be.
    #[arg(long, default_value = "7.22.3")]
    version: routeros::Version,
    /// Name of the router.
    #[arg(long, default_value = "MikroTik")]
    identity: String,
    /// Who may log in, as NAME:PASSWORD[:GROUP]; can be given again. Without it: admin:admin:full.
    #[arg(long = "user", value_name = "NAME:PASSWORD[:GROUP]")]
    users: Vec<User>,
    /// Where the captive portal listens that phones are sent to, as ADDRESS:PORT. Without it they get the router's own pages.
    #[arg(long, value_name = "ADDRESS:PORT")]
    portal: Option<SocketAddr>,
    /// How many phones are on its Wi-Fi from the start.
    #[arg(long, default_value_t = 2)]
    phones: u16,
    /// Seconds a boot takes.
    #[arg(long, default_value_t = 20)]
    boot: u64,
}

#[derive(Args)]
struct DarajaFlags {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port clients connect to; 0 takes any.
    #[arg(long, default_value_t = 8790)]
    port: u16,
    /// Port of the control API and the phone page; 0 takes any.
    #[arg(long, default_value_t = 8791)]
    control_port: u16,
    /// An app, written KEY:SECRET:SHORTCODE:PASSKEY, and :TILL after it for a till. Can be given again; without it there
    /// are a paybill and a till, with the credentials printed.
    #[arg(long = "app", value_name = "APP")]
    apps: Vec<daraja::App>,
    /// Accepts every prompt after so many milliseconds; without it prompts wait for a person.
    #[arg(long, value_name = "MILLISECONDS")]
    accept_after: Option<u64>,
    /// Lifts the limit of five queries a minute.
    #[arg(long)]
    no_query_limit: bool,
    /// Takes callback addresses with the words Safaricom refuses.
    #[arg(long)]
    any_callback_url: bool,
    /// Refuses what is documented as wrong but sent by clients in wide use: timestamps of another zone than Nairobi's,
    /// references with spaces, descriptions over 13 characters.
    #[arg(long)]
    strict: bool,
    /// Certificates to trust for https callbacks, as a PEM file, beside those of the web.
    #[arg(long, value_name = "FILE")]
    callback_ca: Option<PathBuf>,
    /// Holds the clock still at this moment, such as 2026-11-22T09:00:00Z, until the control API pushes it.
    #[arg(long, value_name = "MOMENT")]
    hold_clock: Option<jiff::Timestamp>,
    /// Seed of every id, token and receipt; without it each run draws others.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Args)]
struct PesapalFlags {
    /// Address to listen on; only this machine's own.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port clients and browsers connect to; 0 takes any.
    #[arg(long, default_value_t = 8792)]
    port: u16,
    /// Port of the control API; 0 takes any.
    #[arg(long, default_value_t = 8793)]
    control_port: u16,
    /// The consumer key it takes.
    #[arg(long, default_value = "mnara-pesapal-key")]
    consumer_key: String,
    /// The consumer secret it takes.
    #[arg(long, default_value = "mnara-pesapal-secret")]
    consumer_secret: String,
    /// Holds the clock still at this moment, such as 2026-11-22T09:00:00Z, until the control API pushes it.
    #[arg(long, value_name = "MOMENT")]
    hold_clock: Option<jiff::Timestamp>,
    /// Seed of every id, token and receipt; without it each run draws others.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Args)]
struct SmtpFlags {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port clients send mail to; 0 takes any.
    #[arg(long, default_value_t = 1025)]
    port: u16,
    /// Port of the inbox and the control API; 0 takes any.
    #[arg(long, default_value_t = 8025)]
    control_port: u16,
    /// Who may send, as NAME:PASSWORD; without it anybody.
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = log_in)]
    log_in: Option<(String, String)>,
    /// Whether it speaks TLS.
    #[arg(long, value_enum, default_value_t = smtp::Tls::None)]
    tls: smtp::Tls,
    /// Where its certificate is written, in PEM.
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
}

#[derive(Args)]
struct SmsFlags {
    /// Address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port of the API, the inbox and the control API; 0 takes any.
    #[arg(long, default_value_t = 8026)]
    port: u16,
    /// The user it knows.
    #[arg(long, default_value = "sandbox")]
    username: String,
    /// The key it takes.
    #[arg(long, default_value = "atsk_simulated")]
    api_key: String,
    /// A sender that is registered; can be given again. Without it any is.
    #[arg(long = "sender", value_name = "NAME")]
    senders: Vec<String>,
    /// Posts delivery reports to this address with /delivery behind it, opt-outs with /opt-out; only this machine is called.
    ///
    /// A controller takes them at `http://127.0.0.1:8080/api/sms/SECRET`.
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// Posts delivery reports to exactly this address.
    #[arg(long, value_name = "URL")]
    delivery_url: Option<String>,
    /// Posts opt-outs to exactly this address.
    #[arg(long, value_name = "URL")]
    opt_out_url: Option<String>,
}

fn main() -> ExitCode {
    // One line is all a person needs here; a trace of our calls is none of it.
    match simulate(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mnara-sim: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn simulate(cli: Cli) -> anyhow::Result<()> {
    let level = if cli.verbose {
        tracing::Level::DEBUG
    } else {
        tracing::Level::WARN
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    runtime.block_on(async {
        match cli.what {
            What::Routeros(flags) => run_router(flags).await,
            What::Daraja(flags) => run_daraja(flags).await,
            What::Pesapal(flags) => run_pesapal(flags).await,
            What::Smtp(flags) => run_smtp(flags).await,
            What::Sms(flags) => run_sms(flags).await,
        }
    })
}

async fn run_router(flags: RouterFlags) -> anyhow::Result<()> {
    let mut config = routeros::Config {
        host: flags.host,
        api_port: flags.port,
        tls_port: flags.tls_port,
        http_port: flags.http_port,
        control_port: flags.control_port,
        version: flags.version,
        identity: flags.identity,
        portal: flags.portal,
        boot: Duration::from_secs(flags.boot),
        ..routeros::Config::default()
    };
    if !flags.users.is_empty() {
        config.users = flags.users.into_iter().map(|user| user.0).collect();
    }
    let users = config.users.clone();
    let router = routeros::Router::start(config).await.context(
        "the simulated router cannot start; --port, --tls-port, --http-port and --control-port choose ports, 0 takes any",
    )?;
    println!("RouterOS {} simulated", flags.version);
    println!("  api           {}", router.api());
    println!("  api-ssl       {}", router.api_tls());
    println!("  certificate   SHA-256 {}", router.fingerprint());
    println!("  hotspot pages http://{}/login", router.http());
    println!("  for people    http://{}/", router.control());
    println!(
        "  control API   http://{}/state; its calls are in tests/src/sim/routeros/README.md",
        router.control()
    );
    for (name, password, group) in users {
        println!("  user          {name}, password {password}, group {group}");
    }
    for number in 1..=flags.phones {
        let phone = router.join(None).context("letting a phone join")?;
        let browser = router.forward(&phone.mac, 0)?;
        println!(
            "  phone {number:<7} {}, {}; its browser: http://{browser}/",
            phone.mac, phone.address
        );
    }
    until_told().await?;
    router.stop().await;
    Ok(())
}

async fn run_daraja(flags: DarajaFlags) -> anyhow::Result<()> {
    let mut config = daraja::Config::sandbox();
    config.listen = SocketAddr::new(flags.host, flags.port);
    config.control = SocketAddr::new(flags.host, flags.control_port);
    // Receipts are unique in the world, so a second run must not draw those of the first.
    let started = config.clock.now().as_microsecond();
    config.seed = flags.seed.unwrap_or(started.unsigned_abs());
    if !flags.apps.is_empty() {
        config.apps = flags.apps;
        let mut keys = BTreeSet::new();
        if let Some(app) = config
            .apps
            .iter()
            .find(|app| !keys.insert(&app.consumer_key))
        {
            bail!("two apps have the consumer key {}", app.consumer_key);
        }
    }
    config.knobs.mode = match flags.accept_after {
        Some(after_ms) => daraja::Mode::Automatic { after_ms },
        None => daraja::Mode::Hand,
    };
    if flags.no_query_limit {
        config.knobs.query_per_minute = None;
    }
    config.knobs.banned_words = !flags.any_callback_url;
    if !flags.strict {
        config.knobs.timestamp_skew_s = None;
        config.knobs.plain_references = false;
        config.knobs.long_descriptions = true;
    }
    if let Some(moment) = flags.hold_clock {
        config.clock = daraja::Clock::held(moment);
    }
    if let Some(file) = &flags.callback_ca {
        config.roots = certificates(file)?;
    }
    let apps = config.apps.clone();
    let simulator = daraja::Daraja::start(config)
        .await
        .context("cannot start (--port and --control-port choose other ports, 0 any free one)")?;
    println!("Daraja simulated");
    println!("  base URL      {}", simulator.url());
    println!("  phone page    {}/phone", simulator.control_url());
    println!("  control API   {}/state", simulator.control_url());
    println!("  every call    tests/src/sim/daraja/README.md");
    for app in apps {
        println!("  {}", app.business);
        println!("    consumer key     {}", app.consumer_key);
        println!("    consumer secret  {}", app.consumer_secret);
        println!("    shortcode        {}", app.shortcode);
        if let daraja::Kind::Till { number } = &app.kind {
            println!("    till             {number}");
        }
        println!("    passkey          {}", app.passkey);
    }
    until_told().await?;
    simulator.stop().await;
    Ok(())
}

async fn run_pesapal(flags: PesapalFlags) -> anyhow::Result<()> {
    let mut config = pesapal::Config {
        listen: SocketAddr::new(flags.host, flags.port),
        control: SocketAddr::new(flags.host, flags.control_port),
        consumer_key: flags.consumer_key,
        consumer_secret: flags.consumer_secret,
        ..pesapal::Config::default()
    };
    // Tracking ids are unique in the world, so a second run must not draw those of the first.
    let started = config.clock.now().as_microsecond();
    config.seed = flags.seed.unwrap_or(started.unsigned_abs());
    // Clients in use go by what a token says of itself.
    config.knobs.token_lives_s = config.knobs.token_says_s;
    if let Some(moment) = flags.hold_clock {
        config.clock = pesapal::Clock::held(moment);
    }
    let (key, secret) = (config.consumer_key.clone(), config.consumer_secret.clone());
    let simulator = pesapal::Pesapal::start(config)
        .await
        .context("cannot start (--port and --control-port choose other ports, 0 any free one)")?;
    println!("Pesapal simulated");
    println!("  base URL         {}", simulator.url());
    println!("  control API      {}/orders", simulator.control_url());
    println!("  every call       tests/src/sim/pesapal/README.md");
    println!("  consumer key     {key}");
    println!("  consumer secret  {secret}");
    until_told().await?;
    simulator.stop().await;
    Ok(())
}

async fn run_smtp(flags: SmtpFlags) -> anyhow::Result<()> {
    let config = smtp::Config {
        listen: SocketAddr::new(flags.host, flags.port),
        control: SocketAddr::new(flags.host, flags.control_port),
        log_in: flags.log_in,
        tls: flags.tls,
        ..smtp::Config::default()
    };
    let simulator = smtp::Smtp::start(config)
        .await
        .context("cannot start (--port and --control-port choose other ports, 0 any free one)")?;
    if let Some((file, pem)) = flags.certificate.zip(simulator.certificate()) {
        std::fs::write(&file, pem)
            .with_context(|| format!("writing the certificate to {}", file.display()))?;
    }
    println!("Mail simulated");
    println!("  server        {}", simulator.url());
    println!("  inbox         {}", simulator.inbox());
    println!("  faults        tests/src/sim/smtp/README.md");
    until_told().await?;
    simulator.stop().await;
    Ok(())
}

fn log_in(text: &str) -> anyhow::Result<(String, String)> {
    let (name, password) = text.split_once(':').context("write NAME:PASSWORD")?;
    Ok((name.to_owned(), password.to_owned()))
}

async fn run_sms(flags: SmsFlags) -> anyhow::Result<()> {
    let behind = |what| {
        let callback = flags.callback.as_deref();
        callback.map(|callback| sms::behind(callback, what))
    };
    let config = sms::Config {
        listen: SocketAddr::new(flags.host, flags.port),
        delivery_url: flags.delivery_url.or_else(|| behind("delivery")),
        opt_out_url: flags.opt_out_url.or_else(|| behind("opt-out")),
        username: flags.username,
        key: flags.api_key,
        senders: flags.senders.into_iter().collect(),
        ..sms::Config::default()
    };
    let (user, key) = (config.username.clone(), config.key.clone());
    let senders = if config.senders.is_empty() {
        "any".to_owned()
    } else {
        let all: Vec<&str> = config.senders.iter().map(String::as_str).collect();
        all.join(", ")
    };
    let simulator = sms::Sms::start(config)
        .await
        .context("cannot start (--port chooses another port, 0 any free one)")?;
    println!("SMS simulated");
    println!("  API and inbox  {}", simulator.url());
    println!("  username       {user}");
    println!("  API key        {key}");
    println!("  senders        {senders}");
    println!("  every call     tests/src/sim/sms/README.md");
    until_told().await?;
    simulator.stop().await;
    Ok(())
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let all = CertificateDer::pem_file_iter(file)
        .and_then(|all| all.collect::<Result<Vec<_>, _>>())
        .with_context(|| format!("reading the certificates in {}", file.display()))?;
    if all.is_empty() {
        bail!("{} holds no certificate", file.display());
    }
    Ok(all)
}

async fn until_told() -> anyhow::Result<()> {
    let mut pressed = signal(SignalKind::interrupt()).context("listening for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    println!("Running until Ctrl-C.");
    tokio::select! {
        _ = pressed.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// A login of the router.
#[derive(Clone)]
struct User((String, String, String));

impl FromStr for User {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            [name, password] => Ok(Self((name.into(), password.into(), "full".into()))),
            [name, password, group @ ("read" | "write" | "full")] => {
                Ok(Self((name.into(), password.into(), group.into())))
            }
            _ => bail!(
                "write NAME:PASSWORD or NAME:PASSWORD:GROUP, where the group is read, write or full"
            ),
        }
    }
}
