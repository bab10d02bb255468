//! How a business stands with the platform, and which moves there are.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

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

/// The rule by which whoever signs up is in business at once, or waits for an admin.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// An admin looks at each.
    #[default]
    ByHand,
    /// At once, up to so many a day; who comes after that waits for an admin.
    AtOnce {
        /// How many in any 24 hours.
        a_day: u32,
    },
}

impl Admission {
    /// How a business stands that signs up now.
    #[must_use]
    pub fn judge(self, in_the_last_day: i64) -> State {
        match self {
            Self::AtOnce { a_day } if in_the_last_day < i64::from(a_day) => State::Active,
            Self::AtOnce { .. } | Self::ByHand => State::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_sign_ups_waits_for_a_person() {
        assert_eq!(Admission::ByHand.judge(0), State::Pending);
        let at_once = Admission::AtOnce { a_day: 20 };
        assert_eq!(at_once.judge(19), State::Active);
        assert_eq!(at_once.judge(20), State::Pending);
    }

    #[test]
    fn the_rule_is_stored_as_it_is_read() {
        for rule in [Admission::ByHand, Admission::AtOnce { a_day: 3 }] {
            let stored = serde_json::to_value(rule).unwrap();
            assert_eq!(serde_json::from_value::<Admission>(stored).unwrap(), rule);
        }
    }
}
