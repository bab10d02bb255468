//! What the simulator knows: tokens, addresses, orders, what was sent out; and the moves an order can make.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;
use rand::Rng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};

use super::{Shared, deliver};

/// Deliveries kept; the oldest go first.
const MOST_DELIVERIES: usize = 10_000;

/// How the simulator behaves, beyond what is ordinary.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Knobs {
    /// Each answer waits so long.
    pub slow_ms: u64,
    /// How long a token says that it lives: the sandbox's said an hour.
    pub token_says_s: u64,
    /// How long it really does: five minutes by the documents.
    pub token_lives_s: u64,
    /// Errors come under HTTP 500 and not under 200.
    pub errors_as_500: bool,
    /// The next orders go wrong so.
    pub submits: VecDeque<SubmitFault>,
    /// So many questions about an order that has ended are answered as if nothing were paid yet.
    pub pending_answers: u32,
    /// The amount that is told of orders, in cents, instead of theirs.
    pub wrong_amount: Option<i64>,
    /// The currency that is told of orders instead of theirs.
    pub wrong_currency: Option<String>,
    /// Whether notifications are sent at all.
    pub notices: bool,
    /// Each notification is sent so many times.
    pub copies: u32,
    /// The browser goes on only when its notification was answered.
    pub notice_before_return: bool,
    /// Pauses in seconds after which a notification that was not answered as it has to be is sent again.
    pub again_after_s: Vec<u64>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            slow_ms: 0,
            token_says_s: 3_600,
            token_lives_s: 300,
            errors_as_500: false,
            submits: VecDeque::new(),
            pending_answers: 0,
            wrong_amount: None,
            wrong_currency: None,
            notices: true,
            copies: 1,
            notice_before_return: false,
            // Nobody has published the service's own.
            again_after_s: vec![5, 30, 300, 1_800],
        }
    }
}

/// What goes wrong with an order that is handed in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmitFault {
    /// It is refused.
    Refused,
    /// It is taken, and the answer is an HTML page of something in between.
    Lost,
    /// It is not taken, and the answer is an HTML page of something in between.
    BadGateway,
}

/// How an order stands, in the service's numbers.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Nothing yet.
    Invalid = 0,
    /// Paid.
    Completed = 1,
    /// Not paid.
    Failed = 2,
    /// Paid back.
    Reversed = 3,
}

impl Code {
    /// The word beside the number.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Invalid => "INVALID",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Reversed => "Reversed",
        }
    }
}

/// A moment as RFC 3339 has it.
fn text<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// A registered address.
#[derive(Clone, Debug, Serialize)]
pub struct Address {
    /// The number of its row.
    pub number: u64,
    /// Its id.
    pub id: String,
    /// The address.
    pub url: String,
    /// `GET` or `POST`.
    pub kind: String,
    /// When it was registered.
    #[serde(serialize_with = "text")]
    pub created: Timestamp,
}

/// A refund that was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Refunded {
    /// How much, in cents.
    pub cents: i64,
    /// Who asked.
    pub username: String,
    /// Why.
    pub remarks: String,
}

/// With what somebody pays.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// M-PESA.
    #[default]
    Mpesa,
    /// A card, this once.
    Card,
    /// A card, of which whoever pays ticks on the page that it may be charged again by itself.
    CardAgain,
}

/// How somebody paid.
#[derive(Clone, Debug, Serialize)]
pub struct Transaction {
    /// The receipt.
    pub confirmation: String,
    /// `MpesaKE`, `Visa`.
    pub method: String,
    /// With what, masked.
    pub account: String,
}

/// One order.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// Its tracking id.
    pub tracking: String,
    /// The merchant's reference.
    pub reference: String,
    /// The currency.
    pub currency: String,
    /// How much, in cents.
    pub cents: i64,
    /// What for.
    pub description: String,
    /// Where the browser goes afterwards.
    pub callback: String,
    /// Where it goes if nothing was paid.
    pub cancellation: String,
    /// The id of the registered address that is told.
    pub notification: String,
    /// The merchant's number for a card, where it asks for one that may be charged again.
    pub account: Option<String>,
    /// Whether somebody paid it with a card and agreed to that.
    pub recurs: bool,
    /// Whether it is a charge to that account that nobody ordered.
    pub is_charge: bool,
    /// How it stands.
    pub code: Code,
    /// How it was paid.
    pub paid: Option<Transaction>,
    /// Whether it was cancelled.
    pub is_cancelled: bool,
    /// The one refund it can have.
    pub refund: Option<Refunded>,
    /// How often its status was asked for.
    pub asked: u32,
    /// Questions still answered as if nothing were paid.
    pub denied: u32,
    /// When it was made.
    #[serde(serialize_with = "text")]
    pub created: Timestamp,
}

/// One notification that was sent, with what came back.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Timestamp,
    /// About which order.
    pub tracking: String,
    /// `GET` or `POST`.
    pub method: String,
    /// Where to.
    pub url: String,
    /// What was sent.
    pub body: String,
    /// What came back.
    pub status: Option<u16>,
    /// What was said.
    pub answer: String,
    /// Whether it was answered as it has to be.
    pub is_taken: bool,
}

/// What does not fit how things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// There is no such order or account.
    #[error("there is no such order")]
    Unknown,
    /// It was cancelled.
    #[error("the order was cancelled")]
    Cancelled,
    /// It stands otherwise.
    #[error("the order does not stand so that this could be done")]
    Otherwise,
}

#[derive(Debug)]
pub(super) struct State {
    rng: StdRng,
    pub(super) knobs: Knobs,
    pub(super) tokens: BTreeMap<String, Timestamp>,
    pub(super) addresses: Vec<Address>,
    pub(super) orders: Vec<Order>,
    pub(super) deliveries: Vec<Delivery>,
}

impl State {
    pub(super) const fn new(rng: StdRng, knobs: Knobs) -> Self {
        Self {
            rng,
            knobs,
            tokens: BTreeMap::new(),
            addresses: Vec::new(),
            orders: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    /// An id as the service writes them.
    pub(super) fn guid(&mut self) -> String {
        let mut bytes = [0_u8; 16];
        self.rng.fill_bytes(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let hex = hex::encode(bytes);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }

    /// A receipt as M-PESA writes them.
    pub(super) fn receipt(&mut self) -> String {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTVWXY";
        let mut bytes = [0_u8; 10];
        self.rng.fill_bytes(&mut bytes);
        bytes
            .iter()
            .map(|byte| char::from(LETTERS[usize::from(byte & 31)]))
            .collect()
    }

    pub(super) fn order(&self, tracking: &str) -> Option<&Order> {
        self.orders
            .iter()
            .find(|order| order.tracking.eq_ignore_ascii_case(tracking))
    }

    pub(super) fn order_mut(&mut self, tracking: &str) -> Option<&mut Order> {
        self.orders
            .iter_mut()
            .find(|order| order.tracking.eq_ignore_ascii_case(tracking))
    }

    pub(super) fn sent(&mut self, delivery: Delivery) {
        if self.deliveries.len() >= MOST_DELIVERIES {
            self.deliveries.remove(0);
        }
        self.deliveries.push(delivery);
    }
}

impl Shared {
    /// Has an order end so; gives the notification's task.
    pub(super) fn end(
        self: &Arc<Self>,
        tracking: &str,
        code: Code,
        by: By,
    ) -> Result<Option<tokio::task::JoinHandle<()>>, NotNow> {
        self.change(|state| {
            let receipt = state.receipt();
            let denied = state.knobs.pending_answers;
            let order = state.order_mut(tracking).ok_or(NotNow::Unknown)?;
            let may = match (order.code, code) {
                (Code::Invalid | Code::Failed, Code::Completed | Code::Failed)
                | (Code::Completed, Code::Reversed) => true,
                // Only a bank or the merchant moves what was paid, and nothing moves what went back.
                (_, Code::Invalid)
                | (Code::Completed | Code::Reversed, Code::Completed | Code::Failed)
                | (Code::Invalid | Code::Failed | Code::Reversed, Code::Reversed) => false,
            };
            if order.is_cancelled {
                return Err(NotNow::Cancelled);
            }
            // Nothing is there to tick where the merchant did not ask.
            let recurs = by == By::CardAgain;
            if !may || (recurs && order.account.is_none()) {
                return Err(NotNow::Otherwise);
            }
            order.code = code;
            order.denied = denied;
            if code == Code::Completed {
                let (method, account) = match by {
                    By::Mpesa => ("MpesaKE", "2547xxx56689"),
                    By::Card | By::CardAgain => ("Visa", "476173**0010"),
                };
                order.recurs = recurs;
                order.paid = Some(Transaction {
                    confirmation: receipt,
                    method: method.to_owned(),
                    account: account.to_owned(),
                });
            }
            Ok(())
        })?;
        Ok(deliver::notify(self, tracking))
    }

    /// Charges the card of an account by itself, if somebody agreed to that and has not ended it.
    pub(super) fn charge(self: &Arc<Self>, account: &str) -> Result<String, NotNow> {
        let now = self.clock.now();
        let tracking = self.change(|state| {
            let (tracking, reference, receipt) = (state.guid(), state.guid(), state.receipt());
            let began = state
                .orders
                .iter()
                .rev()
                .find(|order| order.account.as_deref() == Some(account) && !order.is_charge)
                .ok_or(NotNow::Unknown)?;
            if !began.recurs {
                return Err(NotNow::Otherwise);
            }
            let charge = Order {
                tracking: tracking.clone(),
                reference,
                is_charge: true,
                code: Code::Completed,
                paid: Some(Transaction {
                    confirmation: receipt,
                    method: "Visa".to_owned(),
                    account: "476173**0010".to_owned(),
                }),
                is_cancelled: false,
                refund: None,
                asked: 0,
                denied: 0,
                created: now,
                ..began.clone()
            };
            state.orders.push(charge);
            Ok(tracking)
        })?;
        deliver::notify(self, &tracking);
        Ok(tracking)
    }

    /// Whoever pays lets the card of an account be charged no more.
    pub(super) fn opt_out(&self, account: &str) -> Result<(), NotNow> {
        self.change(|state| {
            let mut found = Err(NotNow::Unknown);
            for order in &mut state.orders {
                if order.account.as_deref() == Some(account) {
                    order.recurs = false;
                    found = Ok(());
                }
            }
            found
        })
    }

    /// The merchant agrees to a refund.
    pub(super) fn approve(self: &Arc<Self>, tracking: &str) -> Result<(), NotNow> {
        let is_asked = self.read(|state| {
            let order = state.order(tracking).ok_or(NotNow::Unknown)?;
            Ok(order.refund.is_some())
        })?;
        if !is_asked {
            return Err(NotNow::Otherwise);
        }
        self.end(tracking, Code::Reversed, By::default()).map(drop)
    }
}
