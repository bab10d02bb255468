//! A Pesapal 3.0 on a real port, with the page on which orders are paid and notifications that are sent until they are answered.
//!
//! It is written from what the service is documented and recorded to do, not from any client. It belongs on loopback and calls nobody
//! elsewhere. No rules of ours about money are here.

mod api;
mod control;
mod deliver;
mod page;
mod shapes;
mod state;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, ensure};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::wait::wait;

pub use self::state::{
    Address, By, Code, Delivery, Knobs, NotNow, Order, Refunded, SubmitFault, Transaction,
};
pub use super::daraja::Clock;
pub use super::wait::InVain;

/// How one is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where clients and browsers connect to; port 0 takes any.
    pub listen: SocketAddr,
    /// Where the control API is; port 0 takes any.
    pub control: SocketAddr,
    /// Half of what opens it.
    pub consumer_key: String,
    /// The other half.
    pub consumer_secret: String,
    /// Its time.
    pub clock: Clock,
    /// What ids and receipts are drawn from.
    pub seed: u64,
    /// How it behaves.
    pub knobs: Knobs,
}

impl Default for Config {
    fn default() -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any,
            control: any,
            consumer_key: "mnara-pesapal-key".to_owned(),
            consumer_secret: "mnara-pesapal-secret".to_owned(),
            clock: Clock::real(),
            seed: 1,
            knobs: Knobs::default(),
        }
    }
}

/// A running simulator; it stops when dropped.
#[derive(Debug)]
pub struct Pesapal {
    shared: Arc<Shared>,
    address: SocketAddr,
    control: SocketAddr,
}

impl Pesapal {
    /// Opens both ports and starts to serve.
    ///
    /// # Errors
    /// When a port is taken, or not on this machine.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        for address in [config.listen, config.control] {
            ensure!(
                address.ip().is_loopback(),
                "{address} is not on this machine: a simulator of money belongs nowhere else"
            );
        }
        let api = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("opening {} for clients", config.listen))?;
        let control = TcpListener::bind(config.control)
            .await
            .with_context(|| format!("opening {} for the control API", config.control))?;
        let (address, control_address) = (api.local_addr()?, control.local_addr()?);
        let rng = StdRng::seed_from_u64(config.seed);
        let shared = Arc::new(Shared {
            base: format!("http://{address}"),
            consumer_key: config.consumer_key,
            consumer_secret: config.consumer_secret,
            clock: config.clock,
            http: deliver::client()?,
            state: Mutex::new(state::State::new(rng, config.knobs)),
            changed: watch::Sender::new(0),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        let routes = api::routes().merge(page::routes());
        shared
            .tracker
            .spawn(serve(Arc::clone(&shared), api, routes));
        shared
            .tracker
            .spawn(serve(Arc::clone(&shared), control, control::routes()));
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

    /// The base address for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base address of the control API.
    #[must_use]
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// Its time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Changes how it behaves.
    pub fn tune(&self, tune: impl FnOnce(&mut Knobs)) {
        self.shared.change(|state| tune(&mut state.knobs));
    }

    /// All orders, the oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<Order> {
        self.shared.read(|state| state.orders.clone())
    }

    /// The order with a tracking id.
    #[must_use]
    pub fn order(&self, tracking: &str) -> Option<Order> {
        self.shared.read(|state| state.order(tracking).cloned())
    }

    /// What was sent to registered addresses, the oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.read(|state| state.deliveries.clone())
    }

    /// The registered addresses.
    #[must_use]
    pub fn addresses(&self) -> Vec<Address> {
        self.shared.read(|state| state.addresses.clone())
    }

    /// Has an order end so, as whoever pays or a bank would, and tells of it.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn end(&self, tracking: &str, code: Code) -> Result<(), NotNow> {
        self.shared.end(tracking, code, By::default()).map(drop)
    }

    /// Has somebody pay an order, and tells of it.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn pay(&self, tracking: &str, by: By) -> Result<(), NotNow> {
        self.shared.end(tracking, Code::Completed, by).map(drop)
    }

    /// Charges the card of an account by itself, if whoever paid agreed to that; gives the charge's tracking id.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn charge(&self, account: &str) -> Result<String, NotNow> {
        self.shared.charge(account)
    }

    /// Has the merchant agree to a refund that was asked for.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn approve_refund(&self, tracking: &str) -> Result<(), NotNow> {
        self.shared.approve(tracking)
    }

    /// Waits for an order that fits.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn await_order(&self, fits: impl Fn(&Order) -> bool) -> Result<Order, InVain> {
        self.shared
            .wait("an order", |state| {
                state.orders.iter().find(|order| fits(order)).cloned()
            })
            .await
    }

    /// Waits until so many deliveries fit; each is counted once its answer, or its failure, is in.
    ///
    /// # Errors
    /// When they do not come in time.
    pub async fn await_deliveries(
        &self,
        count: usize,
        fits: impl Fn(&Delivery) -> bool,
    ) -> Result<Vec<Delivery>, InVain> {
        self.shared
            .wait("deliveries", |state| {
                let fitting: Vec<_> = state
                    .deliveries
                    .iter()
                    .filter(|one| fits(one))
                    .cloned()
                    .collect();
                (fitting.len() >= count).then_some(fitting)
            })
            .await
    }
}

impl Drop for Pesapal {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

#[derive(Debug)]
struct Shared {
    base: String,
    consumer_key: String,
    consumer_secret: String,
    clock: Clock,
    http: reqwest::Client,
    state: Mutex<state::State>,
    /// Counts changes, so that waiters look again.
    changed: watch::Sender<u64>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, state::State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, look: impl FnOnce(&state::State) -> T) -> T {
        look(&self.lock())
    }

    fn change<T>(&self, act: impl FnOnce(&mut state::State) -> T) -> T {
        let result = act(&mut self.lock());
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    async fn wait<T>(
        &self,
        what: &'static str,
        mut look: impl FnMut(&state::State) -> Option<T>,
    ) -> Result<T, InVain> {
        wait(&self.changed, what, || self.read(&mut look)).await
    }
}

/// Serves until the simulator stops.
async fn serve(shared: Arc<Shared>, listener: TcpListener, routes: axum::Router<Arc<Shared>>) {
    let stop = shared.stop.clone();
    crate::sim::serve(listener, routes.with_state(shared), stop, "Pesapal").await;
}
