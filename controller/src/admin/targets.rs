//! What the platform promises, and how near it comes: it is up 99.9 % of the minutes, and 95 % of the prompts that ended came to money.
//!
//! A share is never rounded up, so that nothing looks reached that is not.

use super::store::payments::Ends;

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

#[cfg(test)]
mod tests {
    use super::*;

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
