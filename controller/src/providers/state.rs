//! How a business stands with the platform, and which moves there are.

use std::str::FromStr;

/// How a business stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It signed up, and nobody has let it in yet: it may look round and set up, and sells nothing.
    Pending,
    /// It is in business.
    Active,
    /// The platform has stopped it: its sites sell nothing, and what was sold goes on.
    Suspended,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Active, Self::Suspended];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// What a move leads to; `None` where it makes no sense.
    #[must_use]
    pub const fn after(self, to: Move) -> Option<Self> {
        match (self, to) {
            (Self::Pending, Move::Approve) | (Self::Suspended, Move::Reinstate) => {
                Some(Self::Active)
            }
            (Self::Pending | Self::Active, Move::Suspend) => Some(Self::Suspended),
            (Self::Pending, Move::Reinstate)
            | (Self::Active, Move::Approve | Move::Reinstate)
            | (Self::Suspended, Move::Approve | Move::Suspend) => None,
        }
    }
}

impl FromStr for State {
    type Err = NoState;

    fn from_str(text: &str) -> Result<Self, NoState> {
        Self::ALL
            .into_iter()
            .find(|state| state.word() == text)
            .ok_or(NoState)
    }
}

/// Says that a word names no state.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a business is pending, active or suspended")]
pub struct NoState;

/// What the platform does with a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// Lets it in.
    Approve,
    /// Stops it.
    Suspend,
    /// Lets it go on.
    Reinstate,
}

impl Move {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Suspend, Self::Reinstate];

    /// The word in forms and in the audit.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Suspend => "suspend",
            Self::Reinstate => "reinstate",
        }
    }
}

impl FromStr for Move {
    type Err = NoState;

    fn from_str(text: &str) -> Result<Self, NoState> {
        Self::ALL
            .into_iter()
            .find(|to| to.word() == text)
            .ok_or(NoState)
    }
}
