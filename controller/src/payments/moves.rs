//! A change of the account customers pay into, and where it is. An owner asks for it in [`super::moving`]; [`super::account`] does it.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, MoveId, PaymentId, PersonId};

use crate::providers::log_in::MOVED_SECS;

/// Where a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Asked for; the shilling has not arrived.
    Asked,
    /// The account is used.
    Done,
    /// It came to nothing.
    Dropped,
    /// It was used, and somebody went back.
    Undone,
}

impl Stage {
    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Done => "done",
            Self::Dropped => "dropped",
            Self::Undone => "undone",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Asked, Self::Done, Self::Dropped, Self::Undone]
            .into_iter()
            .find(|stage| stage.word() == word)
    }
}

/// A change of the account.
#[derive(Clone, Debug)]
pub struct Move {
    /// Its id.
    pub id: MoveId,
    /// The account before.
    pub from: AccountId,
    /// The account that is to be used.
    pub to: AccountId,
    /// The last shilling sent to prove it.
    pub payment: Option<PaymentId>,
    /// Who asked for it; none on the command line.
    pub person: Option<PersonId>,
    /// What they are called, if they work here.
    pub person_name: Option<String>,
    /// Where it is.
    pub stage: Stage,
    /// When it was asked for.
    pub at: Timestamp,
    /// Not done until then, it is not done any more.
    pub expires: Timestamp,
    /// When it came to what it is.
    pub ended: Option<Timestamp>,
}

impl Move {
    /// Whether it waits for its shilling.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        self.stage == Stage::Asked && now < self.expires
    }

    /// Whether one may go back behind it.
    #[must_use]
    pub fn can_be_undone(&self, now: Timestamp) -> bool {
        self.stage == Stage::Done && self.ended.is_some_and(|at| now < at.plus_secs(MOVED_SECS))
    }
}
