//! Africa's Talking's bulk SMS, delivering to no phone but to an inbox in a browser: `POST /version1/messaging`, `/bulk` behind it, and
//! the delivery reports and opt-outs it posts, on a real port.
//!
//! Written from its pages "Sending" and "Notifications" (docs.africastalking.com/sms/sending, /sms/notifications), not from any client. What goes
//! wrong is scripted. Its README has every call.

mod api;
mod page;
mod parts;
mod script;
mod tell;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::script::{Fate, Fault};

/// How long a wait for a text may take in real time before it is called a failure.
const PATIENCE: Duration = Duration::from_secs(30);
/// Texts kept; the oldest go first.
const MOST_TEXTS: usize = 1_000;

/// How one is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens; port 0 takes any.
    pub listen: SocketAddr,
    /// The user it knows.
    pub username: String,
    /// And the key.
    pub key: String,
    /// Senders that are registered; any is, where none is named. A call may leave the sender out.
    pub senders: BTreeSet<String>,
    /// Where delivery reports go, to the letter, as the dashboard has it.
    pub delivery_url: Option<String>,
    /// Where opt-outs go.
    pub opt_out_url: Option<String>,
    /// What is on the account, in hundredths of a shilling.
    pub balance: u64,
    /// What one message costs.
    pub price: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            username: "sandbox".to_owned(),
            key: "atsk_simulated".to_owned(),
            senders: BTreeSet::from(["MNARA".to_owned()]),
            delivery_url: None,
            opt_out_url: None,
            balance: 1_000_000,
            price: 80,
        }
    }
}

/// A text that was taken.
#[derive(Clone, Debug, Serialize)]
pub struct Text {
    /// Its number, from one.
    pub number: u64,
    /// Its id in answers and reports.
    pub id: String,
    /// The phone.
    pub to: String,
    /// The sender, or what stands for none.
    pub from: String,
    /// What it says.
    pub message: String,
    /// Messages it went as.
    pub parts: u64,
    /// The last that was reported of it.
    pub status: String,
}

/// A running simulator; it stops when dropped.
#[derive(Debug)]
pub struct Sms {
    shared: Arc<Shared>,
    address: SocketAddr,
}

/// No text came that was waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("waited {PATIENCE:?} in vain for a text to {0}")]
pub struct NoText(String);

#[derive(Debug)]
struct Shared {
    config: Config,
    client: reqwest::Client,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    texts: Vec<Text>,
    count: u64,
    balance: u64,
    black: BTreeSet<String>,
    faults: Vec<Fault>,
    delivery_url: Option<String>,
    opt_out_url: Option<String>,
}

impl Sms {
    /// Opens the port and starts to serve.
    ///
    /// # Errors
    /// When the port is taken.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("opening {}", config.listen))?;
        let address = listener.local_addr()?;
        let state = State {
            balance: config.balance,
            delivery_url: config.delivery_url.clone(),
            opt_out_url: config.opt_out_url.clone(),
            ..State::default()
        };
        let shared = Arc::new(Shared {
            client: tell::client()?,
            config,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        shared
            .tracker
            .spawn(api::serve(Arc::clone(&shared), listener));
        Ok(Self { shared, address })
    }

    /// Stops serving and waits until nothing is left running.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tracker.close();
        self.shared.tracker.wait().await;
    }

    /// The base address for clients, which is also the inbox for a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Names where reports go, as somebody does in the dashboard: to `/delivery` and `/opt-out` behind an address.
    pub fn report_to(&self, callback: &str) {
        let mut state = self.shared.state();
        state.delivery_url = Some(behind(callback, "delivery"));
        state.opt_out_url = Some(behind(callback, "opt-out"));
    }

    /// Has something go wrong.
    pub fn script(&self, fault: Fault) {
        self.shared.state().faults.push(fault);
    }

    /// Puts money on the account, or takes it away.
    pub fn set_balance(&self, cents: u64) {
        self.shared.state().balance = cents;
    }

    /// A phone's owner wants no more.
    pub fn opt_out(&self, phone: &str) {
        api::opt_out(&self.shared, phone);
    }

    /// All texts, the oldest first.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        self.shared.state().texts.clone()
    }

    /// The newest text to a phone that was last reported so, waited for.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn text_to(&self, phone: &str, status: &str) -> Result<Text, NoText> {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                let mut found = self.texts().into_iter().rev();
                let found = found.find(|text| text.to == phone && text.status == status);
                if let Some(text) = found {
                    return Some(text);
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await;
        found.ok().flatten().ok_or_else(|| NoText(phone.to_owned()))
    }
}

/// The address of what is told, behind one that takes both.
#[must_use]
pub fn behind(callback: &str, what: &str) -> String {
    format!("{}/{what}", callback.trim_end_matches('/'))
}

impl Drop for Sms {
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
}
