//! What can happen to a ticket: each move consumes the old state and gives the new one. Using a code is in `redeem`, joining the
//! histories of several sites in `settle`.

use thiserror::Error;

use super::{EndReason, Phase, Right, Ticket, Usage};
use crate::clock::{Correction, Timestamp};
use crate::ids::Mac;

/// Says that a ticket cannot be paused or resumed as it is; nothing has changed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NotNow {
    /// Its clock is not running, so there is nothing to hold.
    #[error("only a running ticket can be paused")]
    NotRunning,
    /// It is not held, so there is nothing to let go.
    #[error("only a paused ticket can be resumed")]
    NotPaused,
    /// It is due to end for this reason.
    #[error("the ticket is over: {0:?}")]
    Over(EndReason),
}

impl Ticket {
    /// The router confirmed a device online: the clock starts, once.
    #[must_use]
    pub fn confirmed(mut self, at: Timestamp) -> Self {
        self.phase = match self.phase {
            Phase::Redeemed {
                at: redeemed_at,
                slots,
            } => Phase::Running {
                redeemed_at,
                since: at,
                slots,
                usage: Usage::default(),
            },
            other @ (Phase::Unused
            | Phase::Running { .. }
            | Phase::Paused { .. }
            | Phase::Ended { .. }) => other,
        };
        self
    }

    /// Takes the sum used so far; it only grows.
    #[must_use]
    pub fn used(mut self, now: Usage) -> Self {
        match &mut self.phase {
            Phase::Running { usage, .. }
            | Phase::Paused { usage, .. }
            | Phase::Ended { usage, .. } => {
                *usage = usage.joined(now);
            }
            Phase::Unused | Phase::Redeemed { .. } => {}
        }
        self
    }

    /// A device that holds a place was seen online, so it is not the one to give way.
    #[must_use]
    pub fn seen(mut self, mac: Mac, at: Timestamp) -> Self {
        match &mut self.phase {
            Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } => {
                for slot in slots.iter_mut().filter(|slot| slot.mac == mac) {
                    slot.seen = slot.seen.max(at);
                }
            }
            Phase::Unused | Phase::Paused { .. } | Phase::Ended { .. } => {}
        }
        self
    }

    /// A device gives its place back (log out for good, or moved away).
    #[must_use]
    pub fn released(mut self, mac: Mac) -> Self {
        match &mut self.phase {
            Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } => {
                slots.retain(|slot| slot.mac != mac);
            }
            Phase::Unused | Phase::Paused { .. } | Phase::Ended { .. } => {}
        }
        self
    }

    /// Holds the clock and takes all devices off; what is left stays.
    ///
    /// # Errors
    /// [`NotNow`] when its clock does not run or it is over.
    pub fn paused(mut self, now: Timestamp) -> Result<Self, NotNow> {
        if let Some(reason) = self.due(now) {
            return Err(NotNow::Over(reason));
        }
        self.phase = match self.phase {
            Phase::Running {
                redeemed_at,
                since,
                usage,
                ..
            } => Phase::Paused {
                redeemed_at,
                since,
                at: now.max(since),
                usage,
            },
            Phase::Ended { reason, .. } => return Err(NotNow::Over(reason)),
            Phase::Unused | Phase::Redeemed { .. } | Phase::Paused { .. } => {
                return Err(NotNow::NotRunning);
            }
        };
        Ok(self)
    }

    /// Lets the clock of a paused ticket run on with exactly what was left, without devices.
    ///
    /// # Errors
    /// [`NotNow`] when it is not paused or it is over.
    pub fn resumed(mut self, now: Timestamp) -> Result<Self, NotNow> {
        if let Some(reason) = self.due(now) {
            return Err(NotNow::Over(reason));
        }
        self.phase = match self.phase {
            Phase::Paused {
                redeemed_at,
                since,
                at,
                usage,
            } => Phase::Running {
                redeemed_at,
                since: since + now.since(at),
                slots: Vec::new(),
                usage,
            },
            Phase::Ended { reason, .. } => return Err(NotNow::Over(reason)),
            Phase::Unused | Phase::Redeemed { .. } | Phase::Running { .. } => {
                return Err(NotNow::NotPaused);
            }
        };
        Ok(self)
    }

    /// Takes what the controller decides now: extra time, revoked or not, another sell-by date.
    ///
    /// A ticket that had ended for a reason that no longer holds is open again where it stood, without devices; one that another site
    /// used, or that ended for a reason only a later version can judge, stays ended. Applying the same decision again changes nothing.
    #[must_use]
    pub fn ruled(mut self, right: Right, now: Timestamp) -> Self {
        self.right = right;
        if matches!(self.phase, Phase::Ended { .. }) {
            let reopened = self.clone().reopened();
            if reopened.due(now).is_none() {
                return reopened;
            }
        }
        self
    }

    /// Opens what had ended again where it stood, without devices. One that another site used, or that ended for a reason only a later
    /// version can judge, stays ended.
    ///
    /// Whatever happens to a ticket after its end shows that it was open again then, also when the decision that opened it is not at hand.
    #[must_use]
    pub fn reopened(mut self) -> Self {
        if let Phase::Ended {
            redeemed_at,
            since,
            reason,
            usage,
            ..
        } = self.phase
            && !matches!(reason, EndReason::UsedElsewhere | EndReason::Other(_))
        {
            self.phase = match (redeemed_at, since) {
                (None, _) => Phase::Unused,
                (Some(at), None) => Phase::Redeemed {
                    at,
                    slots: Vec::new(),
                },
                (Some(redeemed_at), Some(since)) => Phase::Running {
                    redeemed_at,
                    since,
                    slots: Vec::new(),
                    usage,
                },
            };
        }
        self
    }

    /// Ends it, for the reason that [`due`](Self::due) gave or because another site used it. A ticket that has ended stays as it is.
    #[must_use]
    pub fn end(mut self, reason: EndReason, at: Timestamp) -> Self {
        let (redeemed_at, since) = (self.redeemed_at(), self.since());
        let usage = self.usage();
        let since = match self.phase {
            Phase::Ended { .. } => return self,
            // The pause ends with the ticket, so that opening it again gives back no less than was left.
            Phase::Paused { at: held, .. } => since.map(|since| since + at.since(held)),
            Phase::Unused | Phase::Redeemed { .. } | Phase::Running { .. } => since,
        };
        self.phase = Phase::Ended {
            redeemed_at,
            since,
            at,
            reason,
            usage,
        };
        self
    }

    /// Moves the times that a wrong clock had given it, so that the correction of the clock neither shortens nor prolongs it.
    ///
    /// Dates that the controller decided stay as they are.
    #[must_use]
    pub fn corrected(mut self, correction: Correction) -> Self {
        let move_to = |time: &mut Timestamp| *time = correction.apply(*time);
        match &mut self.phase {
            Phase::Unused => {}
            Phase::Redeemed { at, slots } => {
                move_to(at);
                slots.iter_mut().for_each(|slot| move_to(&mut slot.seen));
            }
            Phase::Running {
                redeemed_at,
                since,
                slots,
                ..
            } => {
                move_to(redeemed_at);
                move_to(since);
                slots.iter_mut().for_each(|slot| move_to(&mut slot.seen));
            }
            Phase::Paused {
                redeemed_at,
                since,
                at,
                ..
            } => {
                move_to(redeemed_at);
                move_to(since);
                move_to(at);
            }
            Phase::Ended {
                redeemed_at,
                since,
                at,
                ..
            } => {
                redeemed_at.iter_mut().for_each(move_to);
                since.iter_mut().for_each(move_to);
                move_to(at);
            }
        }
        self
    }
}
