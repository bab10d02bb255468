//! Everything the controller is told from outside: flags and environment variables, read once into plain structs. No
//! default is written anywhere else, and nothing below reads the environment.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use url::Url;

use crate::devdb;

mod agents;
mod daraja;
mod network;
mod news;
mod people;
mod pesapal;
mod sms;

pub use agents::{AgentUrl, AgentsConfig};
pub use daraja::{Ceiling, DarajaConfig};
pub use network::{Network, NoNetwork};
pub use news::{MailConfig, WebhooksConfig};
pub use people::{NoContact, PeopleConfig, SecondFactor, SupportContact};
pub use pesapal::{PesapalAccount, PesapalBase, PesapalConfig, PesapalUrl};
pub use sms::{SmsAccount, SmsBase, SmsConfig};

/// The words Safaricom refuses in the address of a callback, whatever their case.
const REFUSED_WORDS: [&str; 11] = [
    "mpesa",
    "m-pesa",
    "safaricom",
    "exe",
    "exec",
    "cmd",
    "sql",
    "query",
    "ngrok",
    "mockbin",
    "requestbin",
];

/// The controller's whole configuration.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Where the rows are.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// Where people and sites reach us.
    #[command(flatten)]
    pub web: WebConfig,
    /// What is installed at sites.
    #[command(flatten)]
    pub agents: AgentsConfig,
    /// What secrets at rest are wrapped with.
    #[command(flatten)]
    pub vault: VaultConfig,
    /// Where M-PESA is.
    #[command(flatten)]
    pub daraja: DarajaConfig,
    /// How businesses pay the platform.
    #[command(flatten)]
    pub pesapal: PesapalConfig,
    /// Whom news is sent to.
    #[command(flatten)]
    pub webhooks: WebhooksConfig,
    /// How mail leaves.
    #[command(flatten)]
    pub mail: MailConfig,
    /// How SMS leave.
    #[command(flatten)]
    pub sms: SmsConfig,
    /// What is asked of people.
    #[command(flatten)]
    pub people: PeopleConfig,
    /// Who begins scheduled work.
    #[command(flatten)]
    pub tasks: TasksConfig,
    /// What is logged, and how.
    #[command(flatten)]
    pub log: LogConfig,
    /// Where time comes from.
    #[command(flatten)]
    pub clock: ClockConfig,
}

/// The database section.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseConfig {
    /// PostgreSQL 15 or newer, logged in as `mnara_app`; left out, a private PostgreSQL is started in the data folder.
    #[arg(long = "database-url", env = "DATABASE_URL", hide_env_values = true, value_parser = secret, global = true)]
    pub url: Option<SecretString>,

    /// The same database as its owner or a superuser; only the `db` commands use it.
    #[arg(long = "database-admin-url", env = "DATABASE_ADMIN_URL", hide_env_values = true, value_parser = secret, global = true)]
    pub admin_url: Option<SecretString>,

    /// Our own folder: the private PostgreSQL, if there is one, and callbacks that came while the database was away.
    ///
    /// It survives restarts, and losing it loses both.
    #[arg(long, env = "MNARA_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,

    /// Connections this process may hold, five of them kept for callbacks and six for questions to M-PESA; more than PostgreSQL allows makes requests fail under load.
    #[arg(id = "database_connections", long = "database-connections", env = "MNARA_DATABASE_CONNECTIONS", default_value_t = 22, value_parser = clap::value_parser!(u32).range(16..=1000), global = true)]
    pub connections: u32,
}

impl DatabaseConfig {
    /// The folder of the private PostgreSQL.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        let folder = self.data_dir.clone().unwrap_or_else(|| {
            let variable = |name| std::env::var_os(name).map(PathBuf::from);
            devdb::default_folder(
                variable("HOME").as_deref(),
                variable("XDG_STATE_HOME").as_deref(),
            )
        });
        // PostgreSQL's programs are started in a folder of their own.
        std::path::absolute(&folder).unwrap_or(folder)
    }
}

/// The folders in which programs are looked for.
#[must_use]
pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map_or_else(Vec::new, |path| std::env::split_paths(&path).collect())
}

/// The HTTP section.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "HTTP")]
pub struct WebConfig {
    /// The address to listen on.
    #[arg(
        long,
        env = "MNARA_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true
    )]
    pub listen: SocketAddr,

    /// The address others reach us by, as sites and Safaricom see it; left out, it is the one listened on.
    #[arg(long, env = "MNARA_PUBLIC_URL", global = true)]
    pub public_url: Option<PublicUrl>,

    /// PEM file of the certificate chain, when no proxy ends TLS in front of us.
    #[arg(long, env = "MNARA_TLS_CERT", requires = "tls_key", global = true)]
    pub tls_cert: Option<PathBuf>,

    /// PEM file of the certificate's private key.
    #[arg(long, env = "MNARA_TLS_KEY", requires = "tls_cert", global = true)]
    pub tls_key: Option<PathBuf>,

    /// Proxies whose X-Forwarded-For is believed, by address or network such as `10.244.0.0/16`; naming a stranger lets callers choose their own
    /// address. Where a proxy that ends TLS is not named, all callers are counted as one.
    #[arg(
        long = "trusted-proxy",
        env = "MNARA_TRUSTED_PROXIES",
        value_delimiter = ',',
        global = true
    )]
    pub trusted_proxies: Vec<Network>,

    /// The token that lets a monitor read `/metrics`; without one they are readable from this machine alone.
    #[arg(long, env = "MNARA_METRICS_TOKEN", hide_env_values = true, value_parser = secret, global = true)]
    pub metrics_token: Option<SecretString>,

    /// What an owner opens on the own Wi-Fi for the first sale: a plain address that has no other use, so that the hotspot answers it.
    #[arg(
        long,
        env = "MNARA_FIRST_SALE_URL",
        default_value = "http://192.0.2.1",
        global = true
    )]
    pub first_sale_url: PublicUrl,

    /// Connections held at once, sites included; where the process' hard limit on open files has no room for them, fewer.
    #[arg(id = "web_connections", long = "web-connections", env = "MNARA_WEB_CONNECTIONS", default_value_t = 15_000, value_parser = clap::value_parser!(u32).range(16..=1_000_000), global = true)]
    pub connections: u32,
}

impl WebConfig {
    /// The address others reach us by.
    #[must_use]
    pub fn public(&self) -> PublicUrl {
        self.public_url
            .clone()
            .unwrap_or_else(|| PublicUrl::listening(self.listen, self.tls_cert.is_some()))
    }

    /// Whether a proxy ends TLS that is not named, so that its address is taken for everybody's.
    #[must_use]
    pub fn has_nameless_proxy(&self) -> bool {
        self.tls_cert.is_none() && self.public().is_encrypted() && self.trusted_proxies.is_empty()
    }
}

/// The section of secrets at rest.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Secrets")]
pub struct VaultConfig {
    /// Fernet keys separated by commas; the first one seals, all of them open. Losing it loses every stored credential.
    #[arg(long, env = "ENCRYPTION_KEY", hide_env_values = true, value_parser = secret, global = true)]
    pub encryption_key: Option<SecretString>,
}

/// The section of scheduled work.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Scheduled work")]
pub struct TasksConfig {
    /// Who begins scheduled work. With `outside` this process leaves it to a scheduler that calls `mnara-controller task due` every minute;
    /// without one, sites that are away are noticed by nobody.
    #[arg(
        long,
        env = "MNARA_TASKS",
        value_enum,
        default_value = "inside",
        global = true
    )]
    pub tasks: Scheduler,
}

/// Who begins scheduled work.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Scheduler {
    /// Every process that serves; one at a time.
    Inside,
    /// A scheduler of the host's, through the command line.
    Outside,
}

/// The logging section.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogConfig {
    /// How a line looks.
    #[arg(
        long = "log-format",
        env = "MNARA_LOG_FORMAT",
        value_enum,
        default_value = "text",
        global = true
    )]
    pub format: LogFormat,

    /// Which lines are written: a level, or targets with levels.
    #[arg(
        long = "log",
        env = "MNARA_LOG",
        default_value = "info,sqlx=warn",
        global = true
    )]
    pub filter: String,
}

/// The clock section, empty unless the build may be moved in time.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Clock")]
pub struct ClockConfig {
    /// A unix socket on which tests push the wall clock and the monotonic clock.
    #[cfg(feature = "moved-clock")]
    #[arg(long, env = "MNARA_CLOCK_SOCKET", global = true)]
    pub clock_socket: Option<PathBuf>,
}

/// What becomes of a callback that comes from none of the rail's addresses.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum SourceCheck {
    /// It is counted apart; its secret decides, as always.
    Flag,
    /// It is kept as a stray, and the rail is asked at most; a question whether a payment may be made is answered with yes.
    Enforce,
}

/// The two ways a log line is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For eyes.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// The base address of Daraja.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DarajaBase(Url);

impl DarajaBase {
    /// The address without a trailing slash, ready to be followed by a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// Whether money moves here is real: everything that is not on this machine.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        !is_loopback(&self.0)
    }
}

impl FromStr for DarajaBase {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let address = match text {
            "production" => "https://api.safaricom.co.ke",
            "sandbox" => "https://sandbox.safaricom.co.ke",
            other => other,
        };
        let url = Url::parse(address).map_err(ConfigError::NoAddress)?;
        match url.scheme() {
            "https" => Ok(Self(url)),
            "http" if is_loopback(&url) => Ok(Self(url)),
            _ => Err(ConfigError::NotEncrypted),
        }
    }
}

impl fmt::Display for DarajaBase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The address others reach us by, already known to be acceptable to Safaricom.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicUrl(Url);

impl PublicUrl {
    fn listening(listen: SocketAddr, tls: bool) -> Self {
        let scheme = if tls { "https" } else { "http" };
        Self(
            Url::parse(&format!("{scheme}://{listen}"))
                .expect("a scheme and a socket address are always an address"),
        )
    }

    /// The address without a trailing slash, ready to be followed by a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The full address of a path that begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.as_str())
    }

    /// The origin as a browser sends it.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether it is reached over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for PublicUrl {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        // `Url` lowers the host, so what was typed is looked at: callers copy it as typed.
        callback_fault(text)?;
        let url = Url::parse(text).map_err(ConfigError::NoAddress)?;
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(ConfigError::NotPlain);
        }
        match url.scheme() {
            "http" | "https" if url.has_host() => Ok(Self(url)),
            _ => Err(ConfigError::NotPlain),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Checks an address, or a path, against what Safaricom accepts as a callback.
///
/// # Errors
/// Says which word or which upper-case letter would make Safaricom refuse it.
pub fn callback_fault(address: &str) -> Result<(), ConfigError> {
    if let Some(letter) = address.chars().find(char::is_ascii_uppercase) {
        return Err(ConfigError::UpperCase { letter });
    }
    match REFUSED_WORDS
        .into_iter()
        .find(|word| address.contains(word))
    {
        Some(word) => Err(ConfigError::RefusedWord { word }),
        None => Ok(()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "clap wants a parser that could refuse"
)]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    // What was copied out of a file may have brought its line end along.
    Ok(SecretString::from(text.trim()))
}

/// Why a setting is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not an address at all.
    #[error("this is not an address: write it like https://billing.example.com")]
    NoAddress(#[source] url::ParseError),
    /// It carries more than scheme, host and path.
    #[error(
        "an address with scheme, host and path only is needed, like https://billing.example.com"
    )]
    NotPlain,
    /// Credentials would travel in the clear.
    #[error("M-PESA credentials would travel unencrypted: use https, or http on this machine only")]
    NotEncrypted,
    /// What nobody may read or change on its way would go in the clear.
    #[error("use https, or http on this machine only")]
    InTheClear,
    /// It is set to nothing.
    #[error("this is set and empty: give it its value, or leave all four settings of Pesapal out")]
    Empty,
    /// Safaricom refuses it for its letters' case.
    #[error(
        "Safaricom refuses callback addresses with upper-case letters, and this one has '{letter}': write it in lower case"
    )]
    UpperCase {
        /// The first such letter.
        letter: char,
    },
    /// Safaricom refuses it for a word in it.
    #[error(
        "Safaricom refuses callback addresses that contain '{word}': choose another host name or path"
    )]
    RefusedWord {
        /// The word found.
        word: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use clap::CommandFactory as _;
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        crate::cli::Cli::command().debug_assert();
    }

    #[test]
    fn a_folder_is_where_we_were_started_and_not_where_postgresql_is() {
        let database = |folder: &str| DatabaseConfig {
            url: None,
            admin_url: None,
            data_dir: Some(folder.into()),
            connections: 22,
        };
        let here = std::env::current_dir().unwrap();
        assert_eq!(database("data").folder(), here.join("data"));
        let named = database("/var/lib/mnara").folder();
        assert_eq!(named, PathBuf::from("/var/lib/mnara"));
    }

    #[test]
    fn a_secret_loses_what_was_copied_with_it() {
        assert_eq!(secret(" hunter2\r\n").unwrap().expose_secret(), "hunter2");
    }

    #[test]
    fn addresses_safaricom_would_refuse_are_refused_at_the_start() {
        for (address, word) in [
            ("https://my-mpesa.example.com", "mpesa"),
            ("https://m-pesa.example.com", "m-pesa"),
            ("https://api.example.com/execute", "exe"),
            ("https://sqlite.example.com", "sql"),
            ("https://a1b2.ngrok.io", "ngrok"),
        ] {
            let error = address.parse::<PublicUrl>().unwrap_err().to_string();
            assert!(error.contains(&format!("'{word}'")), "{address}: {error}");
        }
        let error = "https://Billing.example.com"
            .parse::<PublicUrl>()
            .unwrap_err();
        assert!(matches!(error, ConfigError::UpperCase { letter: 'B' }));
        assert!(
            "https://billing.example.com/x?y"
                .parse::<PublicUrl>()
                .is_err()
        );
        assert!("billing.example.com".parse::<PublicUrl>().is_err());
    }

    #[test]
    fn a_good_address_joins_paths_with_one_slash() {
        let url: PublicUrl = "https://billing.example.com/".parse().unwrap();
        assert_eq!(url.join("/x/y"), "https://billing.example.com/x/y");
        let url: PublicUrl = "https://example.com/billing".parse().unwrap();
        assert_eq!(url.join("/x"), "https://example.com/billing/x");
        assert_eq!(url.origin(), "https://example.com");
    }

    #[test]
    fn the_rails_addresses_are_all_known_and_only_counted_unless_told_otherwise() {
        use clap::Parser as _;
        let daraja = |flags: &[&str]| {
            let words = ["mnara-controller"].iter().chain(flags).chain(&["run"]);
            crate::cli::Cli::parse_from(words).config.daraja
        };
        let plain = daraja(&[]);
        assert_eq!(plain.sources.len(), 14);
        assert!(plain.sources.contains(&IpAddr::from([196, 201, 212, 69])));
        assert_eq!(plain.source_check, SourceCheck::Flag);
        let own = daraja(&[
            "--daraja-sources",
            "192.0.2.1,2001:db8::1",
            "--daraja-source-check",
            "enforce",
        ]);
        assert_eq!(
            (own.sources.len(), own.source_check),
            (2, SourceCheck::Enforce)
        );
    }

    #[test]
    fn a_proxy_that_ends_tls_is_missed_until_it_is_named() {
        use clap::Parser as _;
        let is_missed = |flags: &[&str]| {
            let words = ["mnara-controller"].iter().chain(flags).chain(&["run"]);
            crate::cli::Cli::parse_from(words)
                .config
                .web
                .has_nameless_proxy()
        };
        let public = ["--public-url", "https://billing.example.com"];
        assert!(!is_missed(&[]), "nothing ends TLS");
        assert!(is_missed(&public));
        let own = ["--tls-cert", "chain.pem", "--tls-key", "key.pem"];
        assert!(!is_missed(&[&public[..], &own].concat()));
        let named = ["--trusted-proxy", "10.0.0.10,10.244.0.0/16"];
        assert!(!is_missed(&[&public[..], &named].concat()));
    }

    #[test]
    fn credentials_go_in_the_clear_to_this_machine_only() {
        assert!("http://127.0.0.1:9000".parse::<DarajaBase>().is_ok());
        assert!("http://10.0.0.1:9000".parse::<DarajaBase>().is_err());
        let production: DarajaBase = "production".parse().unwrap();
        assert_eq!(production.as_str(), "https://api.safaricom.co.ke");
        assert!(production.is_remote());
    }
}
