//! Payments: a customer's money on its way to the provider's own shortcode, and the ticket it buys.
//!
//! What a payment is stands here, what evidence means for it in [`settle`]; each change that owns a transaction is a file of its own.
//! The platform never holds the money.
//!
//! The files stand in layers, and none knows those above it: what things are, here and in the `mod.rs` of each folder; the stores; the
//! [`question`] to the rail, the books and the queue; [`confirm`], which carries out; what asks and hears, [`push`], [`sweep`], [`hand`],
//! [`deeds`], [`c2b`], [`operator`]; [`settlement`], which sends each callback to its own; and the pages.

pub mod account;
pub mod account_test;
pub mod c2b;
pub mod callback;
pub mod checkout;
pub mod confirm;
pub mod credit;
pub mod customers;
pub mod deeds;
pub mod hand;
pub mod ledger;
pub mod moves;
pub mod moving;
pub mod operator;
pub mod outage;
pub mod pages;
pub mod push;
pub mod question;
pub mod reversal;
pub mod settle;
pub mod settlement;
pub mod silent;
pub mod spool;
pub mod store;
pub mod story;
pub mod sweep;
pub mod tokens;
pub mod tried;
pub mod unmatched;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{
    AccountId, AttemptId, Mac, PaymentId, PlanId, ProviderId, SiteId, TicketId,
};
use mnara_protocol::message::{CheckoutRow, CheckoutState, PayFailure, Row};
use mnara_protocol::money::Money;

use crate::fleet::feed::Change;
use crate::rails::msisdn::Msisdn;

/// A late success still goes to the device that asked, for so long; after that it waits as an unstarted ticket.
pub const DELIVERED_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// A push whose outcome is not known keeps its phone for so long.
pub const PROMPT_LIFE: Duration = Duration::from_secs(120);

/// Where a push is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// Not called yet, or it is not known whether it was.
    Created,
    /// The rail took it.
    Accepted,
    /// The call came to no answer: the customer may have been asked.
    Unknown,
    /// The rail said no.
    Refused,
    /// Nobody was asked: it was paid from the phone's own menu.
    ByHand,
}

impl Push {
    /// The word in its column.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::ByHand => "hand",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Created,
            Self::Accepted,
            Self::Unknown,
            Self::Refused,
            Self::ByHand,
        ]
        .into_iter()
        .find(|push| push.as_str() == word)
    }
}

/// How a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody knows yet.
    Pending,
    /// The money is with the provider.
    Success,
    /// It did not happen; a later success is still honoured.
    Failed(Option<PayFailure>),
}

impl State {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed(_) => "failed",
        }
    }
}

/// One customer's payment.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// Whose customer.
    pub provider: ProviderId,
    /// The site that asked, if one did.
    pub site: Option<SiteId>,
    /// The try it belongs to.
    pub attempt: Option<AttemptId>,
    /// The device that asked.
    pub mac: Option<Mac>,
    /// What is bought; nothing by a test, which is a shilling from the business to itself.
    pub plan: Option<PlanId>,
    /// The M-PESA account it goes to: it is asked about with the same one.
    pub account: Option<AccountId>,
    /// What the phone is asked for: the price less the credit.
    pub amount: Money,
    /// What of its credit the phone spends on it.
    pub credit: Money,
    /// What of it was made over to the phone again, as it came too late.
    pub credited: Money,
    /// The phone that was asked; ours, never the callback's. Who pays by hand may be hidden by the rail.
    pub phone: Option<Msisdn>,
    /// What the customer's statement shows.
    pub account_reference: String,
    /// Where the push is.
    pub push: Push,
    /// The rail's two ids, once known.
    pub merchant_request_id: Option<String>,
    /// See above.
    pub checkout_request_id: Option<String>,
    /// The M-PESA receipt, once known.
    pub receipt: Option<String>,
    /// Whether the rail's last word was that it was paid; what that comes to may be open still.
    pub said_paid: bool,
    /// How it stands.
    pub state: State,
    /// When it was made.
    pub created_at: Timestamp,
    /// How often the rail was asked about it.
    pub queries: u32,
}

impl Payment {
    /// What was bought for: what is asked for, and the credit.
    #[must_use]
    pub const fn price(&self) -> Money {
        Money::from_cents(self.amount.cents() + self.credit.cents())
    }

    /// The row by which the selling site learns how it stands; nothing when no site asked.
    #[must_use]
    pub fn checkout_row(&self, state: CheckoutState, at: Timestamp) -> Option<Change> {
        let (site, attempt, mac) = (self.site?, self.attempt?, self.mac?);
        let row = Row::Checkout(CheckoutRow {
            attempt,
            payment: self.id,
            mac,
            state,
            at,
        });
        Some(Change {
            site,
            kind: row.kind(),
            row: *attempt.as_bytes(),
            body: Some(row.encode()),
        })
    }
}

/// How a payment stands, for the one who made it.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The payment.
    pub payment: PaymentId,
    /// How it stands.
    pub state: State,
    /// The ticket it bought.
    pub ticket: Option<TicketId>,
}

/// The word a failure has in its column and in the public API.
#[must_use]
pub const fn failure_word(failure: PayFailure) -> &'static str {
    match failure {
        PayFailure::WrongPin => "wrong-pin",
        PayFailure::Cancelled => "cancelled",
        PayFailure::NoAnswer => "no-answer",
        PayFailure::NoMoney => "no-money",
        PayFailure::LimitReached => "limit-reached",
        PayFailure::OtherPrompt => "other-prompt",
        PayFailure::TooSoon => "too-soon",
        PayFailure::Expired => "expired",
        PayFailure::ProviderAccount => "provider-account",
        PayFailure::ProviderSetup => "provider-setup",
        PayFailure::Busy => "busy",
        PayFailure::Locked => "locked",
        PayFailure::NotNow => "not-now",
        PayFailure::Blocked => "blocked",
        PayFailure::NoMpesa => "no-mpesa",
        PayFailure::Other(_) => "other",
    }
}

/// The failure a column's word stands for.
#[must_use]
pub fn failure(word: &str) -> Option<PayFailure> {
    PayFailure::KNOWN
        .iter()
        .copied()
        .find(|failure| failure_word(*failure) == word)
}
