//! What the platform promises, and how near it comes: it is up 99.9 % of the minutes, and 95 % of the prompts that ended came to money.
//!
//! A share is never rounded up, so that nothing looks reached that is not.

use super::store::payments::Ends;
use super::store::providers::Listed;
use crate::providers::state::State;

/// Of 10,000 minutes, so many are to be up.
pub const UP: u64 = 9_990;
/// Of 10,000 prompts that ended, so many are to be paid.
pub const PAID: u64 = 9_500;

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub part: u64,
    /// The whole; of nothing there is no share.
    pub whole: u64,
}

impl Share {
    /// So many of so many, as the database counts.
    #[must_use]
    pub fn of(part: i64, whole: i64) -> Self {
        let whole = u64::try_from(whole).unwrap_or(0);
        Self {
            part: u64::try_from(part).unwrap_or(0).min(whole),
            whole,
        }
    }

    /// The part of 10,000, rounded down.
    #[must_use]
    pub const fn of_ten_thousand(self) -> Option<u64> {
        (self.part * 10_000).checked_div(self.whole)
    }

    /// `99.95 %`.
    #[must_use]
    pub fn percent(self) -> Option<String> {
        let share = self.of_ten_thousand()?;
        Some(format!("{}.{:02}\u{a0}%", share / 100, share % 100))
    }

    /// Whether so many of 10,000 are reached; there is no answer where nothing was counted.
    #[must_use]
    pub fn reaches(self, of_ten_thousand: u64) -> Option<bool> {
        (self.whole > 0).then(|| self.part * 10_000 >= of_ten_thousand * self.whole)
    }
}

impl Ends {
    /// The paid among all that ended.
    #[must_use]
    pub fn paid(&self) -> Share {
        Share::of(self.success, self.success + self.failed)
    }

    /// The paid among those that ended and whose customer did not say no.
    #[must_use]
    pub fn paid_of_willing(&self) -> Share {
        Share::of(self.success, self.success + self.failed - self.cancelled)
    }
}

impl Listed {
    /// The paid among its prompts of the last days that ended.
    #[must_use]
    pub fn paid_share(&self) -> Share {
        Share::of(self.paid, self.paid + self.unpaid)
    }

    /// Whether it does well: its sites that have an agent are up, its prompts come to money, its programs take their news and its books balance.
    ///
    /// There is no answer for one that is not in business, or that has nothing yet to tell by.
    #[must_use]
    pub fn does_well(&self) -> Option<bool> {
        let is_whole = self.deaf == 0 && self.balances;
        let share = self.paid_share().reaches(PAID);
        if self.state != State::Active || (is_whole && share.is_none() && self.placed == 0) {
            return None;
        }
        Some(is_whole && share != Some(false) && self.up == self.placed)
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;
    use mnara_protocol::ids::ProviderId;
    use mnara_protocol::money::Money;

    use super::*;

    #[test]
    fn a_business_does_well_when_nothing_of_it_does_badly() {
        let new = Listed {
            id: ProviderId::from_bytes([1; 16]),
            name: "Njeri".to_owned(),
            state: State::Active,
            since: Timestamp::from_secs(0),
            sites: 0,
            placed: 0,
            up: 0,
            seen: None,
            paid: 0,
            unpaid: 0,
            deaf: 0,
            balances: true,
            revenue: Money::from_cents(0),
            revenue_before: Money::from_cents(0),
            last_sale: None,
            subscription: None,
        };
        assert_eq!(new.does_well(), None, "nothing to tell by");
        let begun = Listed {
            sites: 1,
            ..new.clone()
        };
        assert_eq!(begun.does_well(), None, "nor by a site without an agent");
        let well = Listed {
            sites: 3,
            placed: 2,
            up: 2,
            paid: 19,
            unpaid: 1,
            ..new
        };
        assert_eq!(well.does_well(), Some(true));
        for (what, badly) in [
            (
                "a site is away",
                Listed {
                    up: 1,
                    ..well.clone()
                },
            ),
            (
                "prompts fail",
                Listed {
                    unpaid: 2,
                    ..well.clone()
                },
            ),
            (
                "news is not taken",
                Listed {
                    deaf: 1,
                    ..well.clone()
                },
            ),
            (
                "books",
                Listed {
                    balances: false,
                    ..well.clone()
                },
            ),
        ] {
            assert_eq!(badly.does_well(), Some(false), "{what}");
        }
        let stopped = Listed {
            state: State::Suspended,
            ..well
        };
        assert_eq!(stopped.does_well(), None);
    }

    #[test]
    fn nothing_is_rounded_up_to_a_target() {
        let share = Share::of(99_899, 100_000);
        assert_eq!(share.percent().as_deref(), Some("99.89\u{a0}%"));
        assert_eq!(share.reaches(UP), Some(false));
        assert_eq!(Share::of(999, 1_000).reaches(UP), Some(true));
        assert_eq!(Share::of(0, 0).percent(), None);
        assert_eq!(Share::of(0, 0).reaches(UP), None);
        assert_eq!(Share::of(7, 5), Share { part: 5, whole: 5 });
    }

    #[test]
    fn who_said_no_is_told_apart_from_who_could_not() {
        let ends = Ends {
            success: 94,
            failed: 6,
            cancelled: 5,
            pending: 3,
        };
        assert_eq!(ends.paid().reaches(PAID), Some(false));
        assert_eq!(ends.paid_of_willing().reaches(PAID), Some(true));
    }
}
