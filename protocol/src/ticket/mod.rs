//! A ticket: one right to be online, as a state machine whose moves consume the old state and can refuse.
//!
//! What the controller decides (terms, sell-by, revoked, extra time) and what happened on site (redeemed, devices, usage) meet here;
//! the wire words are computed from both. The moves are in `moves`, except using a code, which is [`redeem()`]; how codes look is in
//! [`code`], how printed codes derive from a key in [`series`].

pub mod code;
pub mod login;
mod moves;
pub mod redeem;
pub mod series;
pub mod settle;
#[cfg(test)]
mod tests;

use std::time::Duration;

use minicbor::{Decode, Encode};

use crate::clock::Timestamp;
use crate::ids::{Mac, TicketId};
use crate::numbered::numbered;
use crate::plan::Terms;

pub use moves::NotNow;
pub use redeem::{Attempt, Place, Redeemed, Refusal, redeem};

/// What the controller decides about a ticket. Goes down only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Right {
    /// What it gives.
    #[n(0)]
    pub terms: Terms,
    /// Unused after this date, it is expired.
    #[n(1)]
    pub sell_by: Option<Timestamp>,
    /// When it was taken back. It holds from the moment it is known: a site whose clock is behind does not wait for the date.
    #[n(2)]
    pub revoked: Option<Timestamp>,
    /// Seconds given on top of the duration and of the metered online time.
    #[n(3)]
    pub extra_secs: u32,
}

/// What a ticket has used, summed over its devices and sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Usage {
    /// Seconds with at least one device online.
    #[n(0)]
    pub online_secs: u32,
    /// Bytes from the customer.
    #[n(1)]
    pub bytes_up: u64,
    /// Bytes to the customer.
    #[n(2)]
    pub bytes_down: u64,
}

impl Usage {
    /// Both directions together.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes_up.saturating_add(self.bytes_down)
    }

    /// The larger of each sum: two readings of one ticket's usage, whichever is later.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        Self {
            online_secs: self.online_secs.max(other.online_secs),
            bytes_up: self.bytes_up.max(other.bytes_up),
            bytes_down: self.bytes_down.max(other.bytes_down),
        }
    }
}

numbered! {
    /// Why a ticket gives access no more.
    pub enum EndReason {
        /// Its duration ran out.
        0 Duration,
        /// Its metered online time is spent.
        1 OnlineTime,
        /// Its data is spent.
        2 Data,
        /// It was not used before its sell-by date.
        3 SellBy,
        /// The provider took it back.
        4 Revoked,
        /// Another site used it first.
        5 UsedElsewhere,
    }
}

/// A place on a ticket that a device holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Slot {
    /// The device.
    #[n(0)]
    pub mac: Mac,
    /// When it took the place or was last seen online.
    #[n(1)]
    pub seen: Timestamp,
}

/// Where a ticket is in its life, with what belongs to that phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has used the code.
    Unused,
    /// A device used it, the router has not confirmed yet: the clock does not run.
    Redeemed {
        /// When the code was used.
        at: Timestamp,
        /// Who holds it.
        slots: Vec<Slot>,
    },
    /// Its clock runs.
    Running {
        /// When the code was used.
        redeemed_at: Timestamp,
        /// From when its duration counts: the router's first confirmation, moved later by every pause.
        since: Timestamp,
        /// Who holds it.
        slots: Vec<Slot>,
        /// What is spent so far.
        usage: Usage,
    },
    /// Its clock is held: nobody is online with it, the rest is kept.
    Paused {
        /// When the code was used.
        redeemed_at: Timestamp,
        /// From when its duration counted until the pause.
        since: Timestamp,
        /// When it was paused.
        at: Timestamp,
        /// What is spent so far.
        usage: Usage,
    },
    /// It gives access no more.
    Ended {
        /// When the code was used, if it ever was.
        redeemed_at: Option<Timestamp>,
        /// When its clock started, if it ever did.
        since: Option<Timestamp>,
        /// When it ended.
        at: Timestamp,
        /// Why.
        reason: EndReason,
        /// What was spent.
        usage: Usage,
    },
}

/// One right to be online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What the controller decided.
    pub right: Right,
    /// What happened to it.
    pub phase: Phase,
}

/// The state words of the public API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Can still give access: unredeemed, running or paused.
    Active,
    /// Its allowance is spent.
    Used,
    /// A date passed first.
    Expired,
    /// The provider took it back.
    Revoked,
}

impl Status {
    /// The word in SQL and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// What is left of a ticket; `None` where it has no such limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Of the duration.
    pub duration: Option<Duration>,
    /// Of the metered online time.
    pub online: Option<Duration>,
    /// Of the data.
    pub bytes: Option<u64>,
}

impl Left {
    /// The time that is left: whichever of the two limits comes first, if there is one.
    #[must_use]
    pub fn time(&self) -> Option<Duration> {
        self.duration.into_iter().chain(self.online).min()
    }
}

impl Ticket {
    /// A ticket nobody has used.
    #[must_use]
    pub const fn unused(id: TicketId, right: Right) -> Self {
        Self {
            id,
            right,
            phase: Phase::Unused,
        }
    }

    /// Who holds it now.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        match &self.phase {
            Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } => slots,
            Phase::Unused | Phase::Paused { .. } | Phase::Ended { .. } => &[],
        }
    }

    /// What it has used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        match &self.phase {
            Phase::Running { usage, .. }
            | Phase::Paused { usage, .. }
            | Phase::Ended { usage, .. } => *usage,
            Phase::Unused | Phase::Redeemed { .. } => Usage::default(),
        }
    }

    /// When its code was used, if it was.
    #[must_use]
    pub const fn redeemed_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Unused => None,
            Phase::Redeemed { at, .. } => Some(*at),
            Phase::Running { redeemed_at, .. } | Phase::Paused { redeemed_at, .. } => {
                Some(*redeemed_at)
            }
            Phase::Ended { redeemed_at, .. } => *redeemed_at,
        }
    }

    /// From when its duration counts, if its clock has started.
    #[must_use]
    pub const fn since(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Unused | Phase::Redeemed { .. } => None,
            Phase::Running { since, .. } | Phase::Paused { since, .. } => Some(*since),
            Phase::Ended { since, .. } => *since,
        }
    }

    /// When it runs out by the clock, if it is running and has a duration.
    #[must_use]
    pub fn ends_at(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Running { since, .. } => self.end_counted_from(*since),
            Phase::Unused | Phase::Redeemed { .. } | Phase::Paused { .. } | Phase::Ended { .. } => {
                None
            }
        }
    }

    /// The next moment at which the clock alone can make it [`due`](Self::due), if there is one.
    #[must_use]
    pub fn next_date(&self) -> Option<Timestamp> {
        match &self.phase {
            Phase::Unused => self.right.sell_by,
            Phase::Running { .. } => self.ends_at(),
            Phase::Redeemed { .. } | Phase::Paused { .. } | Phase::Ended { .. } => None,
        }
    }

    /// What is left at `now`. Before the clock starts, everything.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Left {
        let terms = &self.right.terms;
        let extra = Duration::from_secs(self.right.extra_secs.into());
        let counted_to = match &self.phase {
            Phase::Ended { .. } => {
                return Left {
                    duration: terms.duration_secs.map(|_| Duration::ZERO),
                    online: terms.online_secs.map(|_| Duration::ZERO),
                    bytes: terms.data_bytes.map(|_| 0),
                };
            }
            Phase::Unused | Phase::Redeemed { .. } => None,
            Phase::Running { since, .. } => Some((*since, now)),
            Phase::Paused { since, at, .. } => Some((*since, *at)),
        };
        let usage = self.usage();
        let whole = |secs: u32| Duration::from_secs(secs.into()) + extra;
        Left {
            // No more than was sold, even when the clock was set back behind the start.
            duration: terms.duration_secs.map(|secs| {
                counted_to.map_or(whole(secs), |(since, to)| {
                    whole(secs).saturating_sub(to.since(since))
                })
            }),
            online: terms.online_secs.map(|secs| {
                whole(secs).saturating_sub(Duration::from_secs(usage.online_secs.into()))
            }),
            bytes: terms
                .data_bytes
                .map(|bytes| bytes.saturating_sub(usage.bytes())),
        }
    }

    /// Why it would end at `now`, if it would: the caller ends it with [`Ticket::end`].
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<EndReason> {
        match &self.phase {
            Phase::Ended { .. } => return None,
            Phase::Unused
            | Phase::Redeemed { .. }
            | Phase::Running { .. }
            | Phase::Paused { .. } => {}
        }
        if self.right.revoked.is_some() {
            return Some(EndReason::Revoked);
        }
        if self.phase == Phase::Unused {
            return self
                .right
                .sell_by
                .is_some_and(|at| at <= now)
                .then_some(EndReason::SellBy);
        }
        let left = self.left(now);
        if left.duration == Some(Duration::ZERO) {
            Some(EndReason::Duration)
        } else if left.online == Some(Duration::ZERO) {
            Some(EndReason::OnlineTime)
        } else if left.bytes == Some(0) {
            Some(EndReason::Data)
        } else {
            None
        }
    }

    /// The public word at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        let reason = match &self.phase {
            Phase::Ended { reason, .. } => Some(*reason),
            Phase::Unused
            | Phase::Redeemed { .. }
            | Phase::Running { .. }
            | Phase::Paused { .. } => self.due(now),
        };
        match reason {
            None => Status::Active,
            Some(EndReason::Revoked) => Status::Revoked,
            Some(EndReason::SellBy) => Status::Expired,
            Some(
                EndReason::Duration
                | EndReason::OnlineTime
                | EndReason::Data
                | EndReason::UsedElsewhere
                | EndReason::Other(_),
            ) => Status::Used,
        }
    }

    fn end_counted_from(&self, since: Timestamp) -> Option<Timestamp> {
        let secs = i64::from(self.right.terms.duration_secs?);
        Some(since.plus_secs(secs + i64::from(self.right.extra_secs)))
    }
}
