//! A Daraja on a real port: tokens, STK push with the phone's prompt, callbacks, queries, C2B, status, reversal and pull.
//!
//! Every payment can have a script, and the clock can be pushed. It is written from what the service is documented and seen
//! to do, not from any client. No rules of ours about money are here.

mod c2b;
mod callback;
mod clock;
mod config;
mod control;
mod deliver;
mod fields;
mod http;
mod ids;
mod json;
mod oauth;
mod page;
mod prompt;
mod pull;
mod push;
mod query;
mod refuse;
mod results;
mod script;
mod state;
mod status;
mod trust;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use jiff::Timestamp;
use rand::{SeedableRng, rngs::StdRng};
use tokio::{net::TcpListener, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::wait::wait;

pub use self::{
    c2b::{Declined, HandPayment},
    clock::Clock,
    config::{
        App, Config, ExpiresIn, Kind, Knobs, Lock, Mask, Mode, Pending, PullMethod,
        SANDBOX_PASSKEY, Unusable,
    },
    prompt::NoPrompt,
    results::Code,
    script::{
        Act, AmountStyle, Answer, Balance, Body, Callback, DateStyle, Forged, Metadata, PhoneStyle,
        QueryAnswer, Refusal, Reply, ResultScript, Script, When,
    },
    state::{
        Counters, Delivery, DeliveryKind, Ended, Payment, Received, Scripts, Stage, Transaction,
    },
};
pub use super::wait::InVain;

/// A running simulator; it stops when dropped.
#[derive(Debug)]
pub struct Daraja {
    shared: Arc<Shared>,
    address: SocketAddr,
    control: SocketAddr,
}

/// No payment has this `CheckoutRequestID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no payment has this CheckoutRequestID")]
pub struct UnknownPayment;

impl Daraja {
    /// Opens both ports and starts to serve.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let api = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("opening {} for clients", config.listen))?;
        let control = TcpListener::bind(config.control)
            .await
            .with_context(|| format!("opening {} for the control API", config.control))?;
        let (address, control_address) = (api.local_addr()?, control.local_addr()?);
        let rng = StdRng::seed_from_u64(config.seed);
        let shared = Arc::new(Shared {
            clock: config.clock,
            http: deliver::client(&config.roots)?,
            state: Mutex::new(state::State::new(rng, config.knobs, config.apps)),
            changed: watch::Sender::new(0),
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        shared.tracker.spawn(http::serve(Arc::clone(&shared), api));
        shared.tracker.spawn(prompt::keep_time(Arc::clone(&shared)));
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

    /// Tells the base URL for clients.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Tells the base URL of the control API and the phone page.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Pushes the simulator's time forward.
    pub fn advance(&self, by: Duration) {
        self.shared.clock.advance(by);
    }

    pub fn add_app(&self, app: App) {
        self.shared
            .change(|state| state.apps.insert(app.consumer_key.clone(), app));
    }

    pub fn tune(&self, tune: impl FnOnce(&mut Knobs)) {
        self.shared.change(|state| tune(&mut state.knobs));
    }

    /// Changes what waiting and coming payments are told to do.
    pub fn script(&self, write: impl FnOnce(&mut Scripts)) {
        self.shared.change(|state| write(&mut state.scripts));
    }

    /// Scripts the next push, whoever it is for.
    pub fn script_next(&self, script: Script) {
        self.script(|scripts| scripts.next.push_back(script));
    }

    pub fn payments(&self) -> Vec<Payment> {
        self.shared
            .read(|state| state.payments.values().cloned().collect())
    }

    /// Knows payments from before it was started, which can be asked about.
    pub fn remember(&self, payments: impl IntoIterator<Item = Payment>) {
        self.shared
            .change(|state| payments.into_iter().for_each(|payment| state.keep(payment)));
    }

    pub fn payment(&self, checkout_request_id: &str) -> Option<Payment> {
        self.shared
            .read(|state| state.payment_by_checkout(checkout_request_id).cloned())
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared
            .read(|state| state.received.iter().cloned().collect())
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared
            .read(|state| state.deliveries.iter().cloned().collect())
    }

    pub fn counters(&self) -> Counters {
        self.shared.read(|state| state.counters.clone())
    }

    pub fn ledger(&self) -> Vec<Transaction> {
        self.shared.read(|state| state.ledger.clone())
    }

    /// Answers the live prompt of a phone.
    pub fn answer(&self, msisdn: &str, answer: &Answer) -> Result<(), NoPrompt> {
        self.shared.answer_phone(msisdn, answer)
    }

    /// Sends a payment's callback again (or in another shape) and waits for the answers.
    pub async fn resend(&self, payment: &Payment, callback: &Callback, body: &Body) {
        callback::send_as(&self.shared, payment.number, callback, body).await;
    }

    /// Sends the C2B confirmation of a paid push (again) and waits for the answer.
    pub async fn confirm(&self, payment: &Payment) {
        if let Some(receipt) = payment.ended().and_then(|ended| ended.receipt.as_deref()) {
            c2b::confirm_now(&self.shared, receipt).await;
        }
    }

    /// Sends a held callback and waits for the answers.
    pub async fn release(&self, payment: &Payment) {
        self.shared.release(payment.number).await;
    }

    /// Puts answers before the truth for a payment's next queries.
    pub fn answer_queries(
        &self,
        checkout_request_id: &str,
        answers: Vec<QueryAnswer>,
    ) -> Result<(), UnknownPayment> {
        self.shared.answer_queries(checkout_request_id, answers)
    }

    /// Pays a shortcode from the phone's own menu, as customers do without a push.
    pub async fn pay_by_hand(&self, payment: HandPayment) -> Result<String, Declined> {
        c2b::pay(&self.shared, payment, None).await
    }

    /// Waits until a phone shows a prompt.
    pub async fn await_prompt(&self, msisdn: &str) -> Result<Payment, InVain> {
        self.shared
            .wait("a prompt", |state| state.live_prompt(msisdn).cloned())
            .await
    }

    /// Waits for a payment that fits.
    pub async fn await_payment(&self, fits: impl Fn(&Payment) -> bool) -> Result<Payment, InVain> {
        self.shared
            .wait("a payment", |state| {
                state
                    .payments
                    .values()
                    .find(|payment| fits(payment))
                    .cloned()
            })
            .await
    }

    /// Waits until a payment has ended.
    pub async fn await_end(&self, checkout_request_id: &str) -> Result<Ended, InVain> {
        self.shared
            .wait("the end of a payment", |state| {
                state
                    .payment_by_checkout(checkout_request_id)?
                    .ended()
                    .cloned()
            })
            .await
    }

    /// Waits until so many deliveries fit; each is counted once its answer (or failure) is in.
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
                    .filter(|delivery| fits(delivery))
                    .cloned()
                    .collect();
                (fitting.len() >= count).then_some(fitting)
            })
            .await
    }

    /// Waits until the counters fit.
    pub async fn await_counters(
        &self,
        fits: impl Fn(&Counters) -> bool,
    ) -> Result<Counters, InVain> {
        self.shared
            .wait("a count", |state| {
                fits(&state.counters).then(|| state.counters.clone())
            })
            .await
    }
}

impl Drop for Daraja {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    http: reqwest::Client,
    state: Mutex<state::State>,
    /// Counts changes, so that waiters look again.
    changed: watch::Sender<u64>,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Shared {
    fn read<T>(&self, look: impl FnOnce(&state::State) -> T) -> T {
        look(&self.lock())
    }

    fn change<T>(&self, act: impl FnOnce(&mut state::State) -> T) -> T {
        let result = act(&mut self.lock());
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
        result
    }

    /// Takes the first thing that is due, without waking anyone.
    fn take_due(&self, now: Timestamp) -> Option<(Timestamp, state::Due)> {
        let mut state = self.lock();
        let first = state.agenda.first_entry()?;
        let (at, _) = *first.key();
        (at <= now).then(|| (at, first.remove()))
    }

    fn lock(&self) -> MutexGuard<'_, state::State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer_phone(&self, msisdn: &str, answer: &Answer) -> Result<(), NoPrompt> {
        let now = self.clock.now();
        self.change(|state| {
            let number = state.live_prompt(msisdn).ok_or(NoPrompt)?.number;
            prompt::answer(state, number, answer, now)
        })
    }

    /// Sends a held callback; tells whether one was held.
    async fn release(&self, number: u64) -> bool {
        let held = self.change(|state| {
            state
                .payments
                .get_mut(&number)
                .is_some_and(|payment| std::mem::replace(&mut payment.held, false))
        });
        if held {
            callback::send_now(self, number).await;
        }
        held
    }

    fn answer_queries(
        &self,
        checkout: &str,
        answers: Vec<QueryAnswer>,
    ) -> Result<(), UnknownPayment> {
        self.change(|state| {
            let number = state
                .by_checkout
                .get(checkout)
                .copied()
                .ok_or(UnknownPayment)?;
            if state.answer_queries(number, answers) {
                Ok(())
            } else {
                Err(UnknownPayment)
            }
        })
    }

    async fn wait<T>(
        &self,
        what: &'static str,
        mut look: impl FnMut(&state::State) -> Option<T>,
    ) -> Result<T, InVain> {
        wait(&self.changed, what, || self.read(&mut look)).await
    }
}
