//! What a business's API operator may do at M-PESA: ask how a transaction stands, and send a payment back.
//!
//! Few businesses have one, so each right is optional, proves itself by a test, and is used by nothing before. Whatever is asked is a row
//! first; a lost answer is *unknown* and never asked again by itself, and what M-PESA posts later settles it, in any order and number.

pub mod ask;
pub mod credential;
pub mod in_use;
pub mod pages;
pub mod result;
pub mod stands;
pub mod store;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, PersonId, RequestId, UnmatchedId};
use mnara_protocol::money::Money;

/// After so long without a word a person may ask for the same again: M-PESA sends nothing back twice.
pub const SILENT: Duration = Duration::from_secs(30 * 60);

/// What may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// How a transaction stands.
    Status,
    /// That a payment goes back.
    Reversal,
}

impl Right {
    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Reversal => "reversal",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Status, Self::Reversal]
            .into_iter()
            .find(|right| right.word() == word)
    }
}

/// What for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The right proves itself.
    Test,
    /// A customer's money goes back.
    Refund,
    /// A receipt that nobody told us of.
    Claim,
}

impl Purpose {
    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Refund => "refund",
            Self::Claim => "claim",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Test, Self::Refund, Self::Claim]
            .into_iter()
            .find(|purpose| purpose.word() == word)
    }
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not called yet, or it is not known whether it was.
    Made,
    /// M-PESA took it.
    Taken,
    /// It may have been done.
    Unknown,
    /// It was done.
    Done,
    /// It was not.
    Failed,
    /// Asked again by a person.
    Replaced,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Made,
        Self::Taken,
        Self::Unknown,
        Self::Done,
        Self::Failed,
        Self::Replaced,
    ];

    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Taken => "taken",
            Self::Unknown => "unknown",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Replaced => "replaced",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether it may still be done.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Made | Self::Taken | Self::Unknown)
    }
}

/// The operator of a business, without what opens it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Whose it is.
    pub shortcode: String,
    /// Its user name.
    pub initiator: String,
    /// The credential, sealed.
    pub credential: String,
    /// Since when.
    pub since: Timestamp,
    /// When its right to ask proved itself.
    pub status_proven: Option<Timestamp>,
    /// When its right to send back did.
    pub reversal_proven: Option<Timestamp>,
}

impl Kept {
    /// When a right proved itself.
    #[must_use]
    pub const fn proven(&self, right: Right) -> Option<Timestamp> {
        match right {
            Right::Status => self.status_proven,
            Right::Reversal => self.reversal_proven,
        }
    }
}

/// Something that was asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id.
    pub id: RequestId,
    /// What was asked for.
    pub right: Right,
    /// What for.
    pub purpose: Purpose,
    /// In whose name.
    pub shortcode: String,
    /// About which receipt.
    pub receipt: String,
    /// How much.
    pub amount: Option<Money>,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The money in the queue it is about.
    pub unmatched: Option<UnmatchedId>,
    /// Which operator was used.
    pub operator_since: Timestamp,
    /// Who asked.
    pub person: PersonId,
    /// Why, as they said.
    pub reason: Option<String>,
    /// Where it is.
    pub state: State,
    /// Daraja's name for it, once known.
    pub originator: Option<String>,
    /// M-PESA's.
    pub conversation: Option<String>,
    /// Why it is so.
    pub code: Option<String>,
    /// M-PESA's words.
    pub said: Option<String>,
    /// The receipt by which money went back.
    pub back: Option<String>,
    /// Whether it was written into the books.
    pub is_booked: bool,
    /// What a question found.
    pub found: Option<String>,
    /// When it was asked.
    pub at: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

impl Request {
    /// Whether nothing was heard of it for so long that a person may ask again.
    #[must_use]
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.state.is_open() && now >= self.at + SILENT
    }
}
