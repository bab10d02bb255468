//! The queue: money that nobody can be matched to, or that came so late that nobody waits for what it bought. A person says what becomes of
//! it, or it turns out to be a payment's.

pub mod claim;
pub mod credit;
pub mod pages;
pub mod resolve;
pub mod store;
pub mod take;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, SiteId};
use mnara_protocol::money::Money;

use super::Payment;
use super::settle::{Evidence, Flag};
use crate::rails::daraja::callback::Payer;

/// A payment by hand that names nothing may be a prompt's whose callback was lost, if it came so soon after the prompt.
pub const BEGUN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How far M-PESA's clock and ours may be apart: a prompt that began longer than that after money was paid is not what it was for.
pub const CLOCKS_APART: Duration = Duration::from_secs(2 * 60);

/// Why money is in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No payment of ours is meant by it.
    Nobody,
    /// It is another amount than was asked for.
    Amount,
    /// It is for a payment that had come already.
    Double,
    /// Only a statement of the rail knows it.
    Statement,
    /// It came, and bought its voucher, when nobody waited for it any more.
    Late,
    /// A prompt's callback told of another amount than was asked for.
    Asked,
    /// A prompt was paid after all, when the credit that was to pay the rest was spent.
    Short,
}

impl Reason {
    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Amount => "amount",
            Self::Double => "double",
            Self::Statement => "statement",
            Self::Late => "late",
            Self::Asked => "asked",
            Self::Short => "short",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Nobody,
            Self::Amount,
            Self::Double,
            Self::Statement,
            Self::Late,
            Self::Asked,
            Self::Short,
        ]
        .into_iter()
        .find(|reason| reason.word() == word)
    }
}

/// Money that came.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Why it is in the queue.
    pub reason: Reason,
    /// How much.
    pub amount: Money,
    /// The M-PESA receipt.
    pub receipt: String,
    /// Who paid.
    pub payer: Payer,
    /// What was typed as the account.
    pub reference: Option<String>,
    /// The payment it may belong to.
    pub payment: Option<PaymentId>,
    /// Where that was begun.
    pub site: Option<SiteId>,
    /// When it came.
    pub at: Timestamp,
    /// When it was paid, by M-PESA's clock; when it came, where that is not told.
    pub paid_at: Timestamp,
}

/// The money that evidence tells of beside the payment it is about, if it is such.
#[must_use]
pub fn beside(
    payment: &Payment,
    flag: Flag,
    evidence: &Evidence,
    now: Timestamp,
) -> Option<Arrived> {
    let asked = || payment.phone.map_or(Payer::Untold, Payer::Number);
    let (amount, receipt, payer, paid_at) = match evidence {
        // An account can be typed on any phone.
        Evidence::C2b {
            receipt,
            amount,
            payer,
            paid_at,
            ..
        } => (*amount, receipt, payer.clone(), *paid_at),
        Evidence::Callback(callback) => {
            (callback.amount?, callback.receipt.as_ref()?, asked(), now)
        }
        Evidence::Query(_) => (payment.amount, payment.receipt.as_ref()?, asked(), now),
        Evidence::Silence => return None,
    };
    let reason = match (flag, evidence) {
        (Flag::Amount, Evidence::C2b { .. }) => Reason::Amount,
        // A prompt takes what it asks for. Whatever is wrong here, the money belongs to somebody.
        (Flag::Amount, Evidence::Callback(_)) => Reason::Asked,
        (Flag::SecondReceipt, Evidence::C2b { .. } | Evidence::Callback(_)) => Reason::Double,
        // The rail did not agree that the prompt was paid, so it was paid by hand with the prompt's account.
        (Flag::Contrary, Evidence::C2b { .. }) => Reason::Nobody,
        (Flag::Credit, _) => Reason::Short,
        _ => return None,
    };
    Some(Arrived {
        reason,
        amount,
        receipt: receipt.clone(),
        payer,
        reference: None,
        payment: Some(payment.id),
        site: payment.site,
        at: now,
        paid_at,
    })
}
