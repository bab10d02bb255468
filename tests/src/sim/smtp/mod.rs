//! A mail server that delivers nothing: it speaks SMTP on a real port, keeps what it takes, and shows it as an inbox in a browser.
//!
//! Written from RFC 5321 (SMTP), RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 3207 (STARTTLS) and RFC 4954 (AUTH), not from any client. What goes wrong
//! is scripted. Whoever reaches its inbox reads everything, so it belongs on loopback.

mod control;
mod letter;
mod script;
mod session;
mod tls;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::letter::Letter;
pub use self::script::{Answer, Fault, Stage};
use self::tls::Identity;

/// How long a wait for a letter may take in real time before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// Letters kept; the oldest go first.
const MOST_LETTERS: usize = 1_000;

/// How one is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it takes mail; port 0 takes any.
    pub listen: SocketAddr,
    /// Where the inbox and the control API are; port 0 takes any.
    pub control: SocketAddr,
    /// The largest letter taken, in bytes.
    pub largest: usize,
    /// Addresses one letter may go to.
    pub recipients: usize,
    /// Conversations held at once; more are turned away with 421.
    pub connections: usize,
    /// How long it waits for a client that says nothing.
    pub idle: Duration,
    /// Whether it speaks TLS.
    pub tls: Tls,
    /// The name and the password it wants before it takes a letter, if any.
    pub log_in: Option<(String, String)>,
}

/// Whether the server speaks TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Tls {
    /// It does not.
    None,
    /// It offers STARTTLS, and takes a password after it only.
    Starttls,
    /// From the first byte.
    Wrapped,
}

impl Default for Config {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any,
            control: any,
            largest: 1 << 20,
            recipients: 100,
            connections: 50,
            idle: Duration::from_secs(300),
            tls: Tls::None,
            log_in: None,
        }
    }
}

/// A running server; it stops when dropped.
#[derive(Debug)]
pub struct Smtp {
    shared: Arc<Shared>,
    address: SocketAddr,
    control: SocketAddr,
}

/// No letter came that was waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("waited {PATIENCE:?} in vain for a letter to {0}")]
pub struct NoLetter(String);

#[derive(Debug)]
struct Shared {
    config: Config,
    identity: Option<Identity>,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    places: Arc<Semaphore>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    letters: Vec<Letter>,
    count: u64,
    faults: Vec<Fault>,
}

impl Smtp {
    /// Opens both ports and starts to serve.
    ///
    /// # Errors
    /// When a port is taken.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let mail = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("opening {} for mail", config.listen))?;
        let control = TcpListener::bind(config.control)
            .await
            .with_context(|| format!("opening {} for the inbox", config.control))?;
        let (address, control_address) = (mail.local_addr()?, control.local_addr()?);
        let identity = match config.tls {
            Tls::None => None,
            Tls::Starttls | Tls::Wrapped => {
                let names = ["localhost".to_owned(), config.listen.ip().to_string()];
                Some(Identity::make(&names).context("making a certificate")?)
            }
        };
        let shared = Arc::new(Shared {
            identity,
            places: Arc::new(Semaphore::new(config.connections)),
            config,
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        shared
            .tracker
            .spawn(session::serve(Arc::clone(&shared), mail));
        shared
            .tracker
            .spawn(control::serve(Arc::clone(&shared), control));
        Ok(Self {
            shared,
            address,
            control: control_address,
        })
    }

    /// Stops serving and waits until nothing is left running.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tracker.close();
        self.shared.tracker.wait().await;
    }

    /// Where it takes mail.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address clients are told, but for name and password.
    #[must_use]
    pub fn url(&self) -> String {
        match self.shared.config.tls {
            Tls::None => format!("smtp://{}", self.address),
            Tls::Starttls => format!("smtp://{}?tls=required", self.address),
            Tls::Wrapped => format!("smtps://{}", self.address),
        }
    }

    /// Its certificate in PEM, if it speaks TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        let identity = self.shared.identity.as_ref()?;
        Some(&identity.pem)
    }

    /// The address of the inbox, for a browser.
    #[must_use]
    pub fn inbox(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Has something go wrong.
    pub fn script(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// All letters, the oldest first.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        self.shared.state().letters.clone()
    }

    /// Forgets all letters.
    pub fn clear(&self) {
        self.shared.state().letters.clear();
        self.shared.tell();
    }

    /// The newest letter to an address, waited for.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn letter_to(&self, address: &str) -> Result<Letter, NoLetter> {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                let found = self.letters().into_iter().rev();
                let mut found = found.filter(|letter| letter.is_to(address));
                if let Some(letter) = found.next() {
                    return Some(letter);
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        found
            .ok()
            .flatten()
            .ok_or_else(|| NoLetter(address.to_owned()))
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Keeps a letter.
    fn keep(&self, from: &str, to: &[String], raw: Vec<u8>) -> u64 {
        let number = {
            let mut state = self.state();
            state.count += 1;
            let number = state.count;
            state.letters.push(Letter::read(number, from, to, raw));
            if state.letters.len() > MOST_LETTERS {
                state.letters.remove(0);
            }
            number
        };
        self.tell();
        number
    }
}
