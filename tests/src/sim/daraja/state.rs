//! Everything the simulator remembers: apps, tokens, payments, money moved, what was received and sent, and what is due.
//! Plain data behind one lock; no waiting and no sockets.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use jiff::Timestamp;
use rand::rngs::StdRng;
use serde::{Serialize, Serializer};

use super::{
    c2b::Registration,
    config::{App, Knobs},
    deliver::Post,
    ids,
    results::Code,
    script::{QueryAnswer, Reply, ResultScript, Script},
};

pub(super) struct State {
    pub(super) rng: StdRng,
    pub(super) knobs: Knobs,
    pub(super) apps: BTreeMap<String, App>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) scripts: Scripts,
    pub(super) payments: BTreeMap<u64, Payment>,
    pub(super) by_checkout: BTreeMap<String, u64>,
    /// The one prompt a phone can show.
    pub(super) prompts: BTreeMap<String, u64>,
    /// In the order of its moments.
    pub(super) ledger: Vec<Transaction>,
    receipts: BTreeSet<String>,
    pub(super) received: VecDeque<Received>,
    pub(super) deliveries: VecDeque<Delivery>,
    pub(super) registrations: BTreeMap<String, Registration>,
    pub(super) pull_registered: BTreeMap<String, String>,
    /// When each app may query again.
    pub(super) next_query: BTreeMap<String, Timestamp>,
    pub(super) agenda: BTreeMap<(Timestamp, u64), Due>,
    pub(super) counters: Counters,
    serial: u64,
}

pub(super) struct Token {
    pub(super) app: String,
    pub(super) until: Timestamp,
}

/// Scripts that wait for their payment.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Scripts {
    /// Each used once, by whatever push comes next.
    pub next: VecDeque<Script>,
    pub by_msisdn: BTreeMap<String, Script>,
    pub by_shortcode: BTreeMap<String, Script>,
    pub otherwise: Script,
    /// Answers to the next token requests.
    pub tokens: VecDeque<Reply>,
    /// Ends of the next `TransactionStatus` and Reversal requests.
    pub results: VecDeque<ResultScript>,
}

/// One accepted push.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Payment {
    pub number: u64,
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    pub business: String,
    pub shortcode: String,
    pub party_b: String,
    pub transaction_type: String,
    pub amount: i64,
    /// The phone the prompt is on.
    pub msisdn: String,
    pub reference: String,
    pub description: String,
    pub callback_url: String,
    pub merchant_request_id: String,
    pub checkout_request_id: String,
    pub script: Script,
    /// Whether a prompt was on the phone at all.
    pub shown: bool,
    pub stage: Stage,
    /// The callback waits to be released.
    pub held: bool,
}

/// Where a payment stands.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Stage {
    Live {
        #[serde(serialize_with = "moment")]
        until: Timestamp,
    },
    Ended(Ended),
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ended {
    pub code: Code,
    pub description: String,
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    pub receipt: Option<String>,
}

impl Payment {
    pub fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Live { .. })
    }

    pub fn ended(&self) -> Option<&Ended> {
        match &self.stage {
            Stage::Live { .. } => None,
            Stage::Ended(ended) => Some(ended),
        }
    }
}

/// Money that moved to a shortcode.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Transaction {
    pub receipt: String,
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    pub shortcode: String,
    pub transaction_type: &'static str,
    pub amount: i64,
    pub msisdn: String,
    pub reference: String,
    /// What the request that moved it was answered with; nothing when nobody asked by the API.
    pub conversation: Option<String>,
    pub reversed: bool,
}

/// One request that came in.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Received {
    pub number: u64,
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    pub method: String,
    pub path: String,
    pub body: String,
    /// Nothing when the connection was closed without an answer.
    pub status: Option<u16>,
    pub payment: Option<u64>,
}

/// One body that was sent out, and what came back.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Delivery {
    pub number: u64,
    #[serde(serialize_with = "moment")]
    pub at: Timestamp,
    pub kind: DeliveryKind,
    pub payment: Option<u64>,
    pub url: String,
    pub body: String,
    pub status: Option<u16>,
    pub answer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryKind {
    StkCallback,
    Validation,
    Confirmation,
    Result,
    QueueTimeOut,
}

/// What happens at a moment.
#[derive(Clone, Debug)]
pub(super) enum Due {
    End {
        payment: u64,
        code: Code,
        words: Option<&'static str>,
    },
    LateSuccess {
        payment: u64,
    },
    Callback {
        payment: u64,
    },
    /// The C2B confirmation of a paid push, on a registered shortcode.
    Confirm {
        receipt: String,
        copies: u16,
    },
    Send(Box<Post>),
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counters {
    pub token_requests: u64,
    pub invalid_tokens: u64,
    /// Pushes that were accepted, by phone.
    pub pushes: BTreeMap<String, u64>,
    /// Push requests that passed the token check, accepted or not.
    pub push_requests: u64,
    pub queries: u64,
    pub callbacks: u64,
    /// C2B confirmations, of pushes and of payments by hand.
    pub confirmations: u64,
}

impl State {
    pub(super) fn new(rng: StdRng, knobs: Knobs, apps: Vec<App>) -> Self {
        Self {
            rng,
            knobs,
            apps: apps
                .into_iter()
                .map(|app| (app.consumer_key.clone(), app))
                .collect(),
            tokens: BTreeMap::new(),
            scripts: Scripts::default(),
            payments: BTreeMap::new(),
            by_checkout: BTreeMap::new(),
            prompts: BTreeMap::new(),
            ledger: Vec::new(),
            receipts: BTreeSet::new(),
            received: VecDeque::new(),
            deliveries: VecDeque::new(),
            registrations: BTreeMap::new(),
            pull_registered: BTreeMap::new(),
            next_query: BTreeMap::new(),
            agenda: BTreeMap::new(),
            counters: Counters::default(),
            serial: 0,
        }
    }

    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn plan(&mut self, at: Timestamp, due: Due) {
        let serial = self.next_serial();
        self.agenda.insert((at, serial), due);
    }

    pub(super) fn payment_by_checkout(&self, checkout_request_id: &str) -> Option<&Payment> {
        self.payments
            .get(self.by_checkout.get(checkout_request_id)?)
    }

    pub(super) fn live_prompt(&self, msisdn: &str) -> Option<&Payment> {
        self.payments.get(self.prompts.get(msisdn)?)
    }

    pub(super) fn keep(&mut self, payment: Payment) {
        if self.payments.len() >= self.knobs.kept
            && let Some((_, oldest)) = self.payments.pop_first()
        {
            self.by_checkout.remove(&oldest.checkout_request_id);
            if self.prompts.get(&oldest.msisdn) == Some(&oldest.number) {
                self.prompts.remove(&oldest.msisdn);
            }
        }
        if payment.shown && payment.is_live() {
            self.prompts.insert(payment.msisdn.clone(), payment.number);
        }
        self.by_checkout
            .insert(payment.checkout_request_id.clone(), payment.number);
        self.payments.insert(payment.number, payment);
    }

    pub(super) fn book(&mut self, transaction: Transaction) {
        if self.ledger.len() >= self.knobs.kept {
            self.ledger.remove(0);
        }
        // A payment whose validation took its time is older than what was booked meanwhile.
        let place = self
            .ledger
            .partition_point(|booked| booked.at <= transaction.at);
        self.ledger.insert(place, transaction);
    }

    /// Draws a receipt that no transaction has had.
    pub(super) fn draw_receipt(&mut self, at: Timestamp) -> String {
        loop {
            let receipt = ids::receipt(&mut self.rng, at);
            if self.receipts.insert(receipt.clone()) {
                return receipt;
            }
        }
    }

    pub(super) fn record(&mut self, mut received: Received) {
        received.number = self.next_serial();
        if self.received.len() >= self.knobs.kept {
            self.received.pop_front();
        }
        self.received.push_back(received);
    }

    pub(super) fn sent(&mut self, mut delivery: Delivery) {
        delivery.number = self.next_serial();
        if self.deliveries.len() >= self.knobs.kept {
            self.deliveries.pop_front();
        }
        self.deliveries.push_back(delivery);
    }

    /// Tells the balance of a shortcode.
    pub(super) fn balance(&self, shortcode: &str) -> i64 {
        self.ledger
            .iter()
            .filter(|transaction| transaction.shortcode == shortcode && !transaction.reversed)
            .map(|transaction| transaction.amount)
            .sum()
    }

    /// Tells what a phone has paid on one day in Nairobi.
    pub(super) fn paid_on(&self, msisdn: &str, day: &str) -> i64 {
        self.ledger
            .iter()
            .filter(|booked| booked.msisdn == msisdn && ids::stamp(booked.at).starts_with(day))
            .map(|booked| booked.amount)
            .sum()
    }

    /// Tells whether a payment would take a phone over what M-PESA lets it pay in a day.
    pub(super) fn is_beyond_the_day(&self, msisdn: &str, amount: i64, at: Timestamp) -> bool {
        let stamp = ids::stamp(at);
        let day = stamp.get(..8).unwrap_or_default();
        self.paid_on(msisdn, day).saturating_add(amount) > self.knobs.daily_limit
    }

    /// Takes the script of the next payment.
    pub(super) fn take_script(&mut self, msisdn: &str, shortcode: &str) -> Script {
        if let Some(script) = self.scripts.next.pop_front() {
            return script;
        }
        self.scripts
            .by_msisdn
            .get(msisdn)
            .or_else(|| self.scripts.by_shortcode.get(shortcode))
            .unwrap_or(&self.scripts.otherwise)
            .clone()
    }

    /// Puts answers before the truth for a payment's next queries.
    pub(super) fn answer_queries(&mut self, payment: u64, answers: Vec<QueryAnswer>) -> bool {
        match self.payments.get_mut(&payment) {
            Some(payment) => {
                payment.script.query = answers;
                true
            }
            None => false,
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("State")
            .field("payments", &self.payments.len())
            .finish_non_exhaustive()
    }
}

fn moment<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}
