//! A ticket: one right to be online, as a state machine whose moves consume the old state and can refuse.
//!
//! What the controller decides (terms, sell-by, revoked, extra time) and what happened on site (redeemed, devices, usage) meet here;
//! the wire words are computed from both. How codes look is in [`code`], how printed codes derive from a key in [`series`].

pub mod code;
pub mod redeem;
pub mod series;
pub mod settle;

use std::time::Duration;

use minicbor::{Decode, Encode};

use crate::clock::Timestamp;
use crate::ids::{Mac, TicketId};
use crate::plan::Terms;

pub use redeem::{Attempt, Redeemed, Refusal, redeem};

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
    /// Taken back at this time.
    #[n(2)]
    pub revoked: Option<Timestamp>,
    /// Seconds given on top of the duration.
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
}

/// Why a ticket gives access no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum EndReason {
    /// Its duration ran out.
    #[n(0)]
    Duration,
    /// Its metered online time is spent.
    #[n(1)]
    OnlineTime,
    /// Its data is spent.
    #[n(2)]
    Data,
    /// It was not used before its sell-by date.
    #[n(3)]
    SellBy,
    /// The provider took it back.
    #[n(4)]
    Revoked,
    /// Another site used it first.
    #[n(5)]
    UsedElsewhere,
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
        /// When the router first confirmed a device online.
        since: Timestamp,
        /// Who holds it.
        slots: Vec<Slot>,
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
    /// Can still give access: unredeemed or running.
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
            Phase::Unused | Phase::Ended { .. } => &[],
        }
    }

    /// What it has used.
    #[must_use]
    pub fn usage(&self) -> Usage {
        match &self.phase {
            Phase::Running { usage, .. } | Phase::Ended { usage, .. } => *usage,
            Phase::Unused | Phase::Redeemed { .. } => Usage::default(),
        }
    }

    /// When it runs out by the clock, if it is running and has a duration.
    #[must_use]
    pub const fn ends_at(&self) -> Option<Timestamp> {
        match (&self.phase, self.right.terms.duration_secs) {
            (Phase::Running { since, .. }, Some(secs)) => {
                Some(since.plus_secs(secs as i64 + self.right.extra_secs as i64))
            }
            _ => None,
        }
    }

    /// What is left at `now`. Before the clock starts, everything.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Left {
        let terms = &self.right.terms;
        let usage = self.usage();
        let duration = terms.duration_secs.map(|secs| match &self.phase {
            Phase::Unused | Phase::Redeemed { .. } => {
                Duration::from_secs(u64::from(secs) + u64::from(self.right.extra_secs))
            }
            Phase::Running { .. } => self.ends_at().map_or(Duration::ZERO, |end| end.since(now)),
            Phase::Ended { .. } => Duration::ZERO,
        });
        let ended = matches!(self.phase, Phase::Ended { .. });
        Left {
            duration,
            online: terms.online_secs.map(|secs| {
                if ended {
                    Duration::ZERO
                } else {
                    Duration::from_secs(u64::from(secs.saturating_sub(usage.online_secs)))
                }
            }),
            bytes: terms.data_bytes.map(|bytes| {
                if ended {
                    0
                } else {
                    bytes.saturating_sub(usage.bytes())
                }
            }),
        }
    }

    /// Why it would end at `now`, if it would: the caller ends it with [`Ticket::end`].
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Option<EndReason> {
        if matches!(self.phase, Phase::Ended { .. }) {
            return None;
        }
        if self.right.revoked.is_some_and(|at| at <= now) {
            return Some(EndReason::Revoked);
        }
        if matches!(self.phase, Phase::Unused) {
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

    /// The router confirmed a device online: the clock starts, once.
    #[must_use]
    pub fn confirmed(mut self, at: Timestamp) -> Self {
        if let Phase::Redeemed {
            at: redeemed_at,
            slots,
        } = self.phase
        {
            self.phase = Phase::Running {
                redeemed_at,
                since: at,
                slots,
                usage: Usage::default(),
            };
        }
        self
    }

    /// Takes the sum used so far; it only grows.
    #[must_use]
    pub fn used(mut self, now: Usage) -> Self {
        if let Phase::Running { usage, .. } | Phase::Ended { usage, .. } = &mut self.phase {
            usage.online_secs = usage.online_secs.max(now.online_secs);
            usage.bytes_up = usage.bytes_up.max(now.bytes_up);
            usage.bytes_down = usage.bytes_down.max(now.bytes_down);
        }
        self
    }

    /// Ends it. A ticket that has ended stays as it is.
    #[must_use]
    pub fn end(mut self, reason: EndReason, at: Timestamp) -> Self {
        self.phase = match self.phase {
            Phase::Unused => Phase::Ended {
                redeemed_at: None,
                since: None,
                at,
                reason,
                usage: Usage::default(),
            },
            Phase::Redeemed {
                at: redeemed_at, ..
            } => Phase::Ended {
                redeemed_at: Some(redeemed_at),
                since: None,
                at,
                reason,
                usage: Usage::default(),
            },
            Phase::Running {
                redeemed_at,
                since,
                usage,
                ..
            } => Phase::Ended {
                redeemed_at: Some(redeemed_at),
                since: Some(since),
                at,
                reason,
                usage,
            },
            ended @ Phase::Ended { .. } => ended,
        };
        self
    }

    /// A device gives its place back (log out for good, or moved away).
    #[must_use]
    pub fn released(mut self, mac: Mac) -> Self {
        if let Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } = &mut self.phase {
            slots.retain(|slot| slot.mac != mac);
        }
        self
    }

    /// The public word at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        let reason = match &self.phase {
            Phase::Ended { reason, .. } => Some(*reason),
            Phase::Unused | Phase::Redeemed { .. } | Phase::Running { .. } => self.due(now),
        };
        match reason {
            None => Status::Active,
            Some(EndReason::Revoked) => Status::Revoked,
            Some(EndReason::SellBy) => Status::Expired,
            Some(
                EndReason::Duration
                | EndReason::OnlineTime
                | EndReason::Data
                | EndReason::UsedElsewhere,
            ) => Status::Used,
        }
    }
}
