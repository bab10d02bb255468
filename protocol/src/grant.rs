//! A grant: a redeemed ticket on its way to one device. Each state has an owner and a next step; the ticket's clock starts at
//! *confirmed*, which only a read-back from the router can reach.

use crate::clock::Timestamp;
use crate::numbered::numbered;

numbered! {
    /// Where a grant is.
    pub enum Step {
        /// Paid or redeemed; the site does not know yet.
        0 Ordered,
        /// The site's agent has it on disk.
        1 Delivered,
        /// The router took the user and the log-in.
        2 Written,
        /// The router was asked again and shows the device online.
        3 Confirmed,
        /// Over.
        4 Ended,
    }
}

/// A grant's state with the time it got there. Steps only go forward; a device that drops off and returns stays *confirmed*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Where it is.
    pub step: Step,
    /// Since when.
    pub since: Timestamp,
}

impl Grant {
    /// A grant as it begins on a site.
    #[must_use]
    pub const fn delivered(at: Timestamp) -> Self {
        Self {
            step: Step::Delivered,
            since: at,
        }
    }

    /// Moves forward. Says whether that was news: a step at or behind the present one is not, nor one that nobody here knows.
    pub fn advance(&mut self, step: Step, at: Timestamp) -> bool {
        if step <= self.step || matches!(step, Step::Other(_)) {
            return false;
        }
        *self = Self { step, since: at };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_go_forward_once_and_may_be_skipped() {
        let at = Timestamp::from_secs;
        let mut grant = Grant::delivered(at(10));
        assert!(grant.advance(Step::Written, at(11)));
        assert!(!grant.advance(Step::Written, at(12)), "a repeat is no news");
        assert!(grant.advance(Step::Confirmed, at(13)));
        assert!(
            !grant.advance(Step::Delivered, at(14)),
            "nothing undoes a confirmation"
        );
        assert!(
            !grant.advance(Step::Other(9), at(14)),
            "a later version's step has no place here"
        );
        assert_eq!(grant.since, at(13));
        let mut lost = Grant::delivered(at(10));
        assert!(lost.advance(Step::Ended, at(20)));
        assert!(
            !lost.advance(Step::Confirmed, at(21)),
            "what is over is not confirmed later"
        );
        assert_eq!(
            lost,
            Grant {
                step: Step::Ended,
                since: at(20)
            }
        );
    }
}
