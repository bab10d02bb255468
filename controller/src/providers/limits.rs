//! How much a business takes by M-PESA: from one payment, and from one phone on one day. What it does not say is M-PESA's own.

use mnara_protocol::money::Money;
use serde::Serialize;
use thiserror::Error;

/// M-PESA takes no less.
pub const LEAST: i32 = 1;
/// M-PESA takes no more at once.
pub const MOST: i32 = 250_000;
/// M-PESA takes no more from a phone on a day.
pub const MOST_A_DAY: i32 = 500_000;

/// In whole shillings; nothing for what is M-PESA's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// The least that is taken.
    pub least: Option<i32>,
    /// The most that is taken at once.
    pub most: Option<i32>,
    /// The most that is taken from a phone on a day.
    pub most_a_day: Option<i32>,
}

/// The numbers are none, or contradict each other or M-PESA's own.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("give whole shillings within M-PESA's own limits, the least no more than the most")]
pub struct BadLimits;

impl Limits {
    /// Reads what was typed.
    ///
    /// # Errors
    /// [`BadLimits`].
    pub fn read(least: &str, most: &str, a_day: &str) -> Result<Self, BadLimits> {
        let number = |text: &str, up_to: i32| {
            let text = text.trim().replace(',', "");
            if text.is_empty() {
                return Ok(None);
            }
            let number = text.parse::<i32>().map_err(|_| BadLimits)?;
            Some(number)
                .filter(|number| (LEAST..=up_to).contains(number))
                .map(Some)
                .ok_or(BadLimits)
        };
        let limits = Self {
            least: number(least, MOST)?,
            most: number(most, MOST)?,
            most_a_day: number(a_day, MOST_A_DAY)?,
        };
        let fits = limits.least.unwrap_or(LEAST) <= limits.most.unwrap_or(MOST);
        fits.then_some(limits).ok_or(BadLimits)
    }

    /// The least that is asked for.
    #[must_use]
    pub fn least(&self) -> Money {
        Money::from_shillings(self.least.unwrap_or(LEAST))
    }

    /// Whether an amount may be asked for, from a phone that has paid so much today.
    #[must_use]
    pub fn allow(&self, amount: Money, today: Money) -> bool {
        let cents = |shillings: i32| i64::from(shillings) * 100;
        let least = cents(self.least.unwrap_or(LEAST));
        let most = cents(self.most.unwrap_or(MOST));
        let a_day = cents(self.most_a_day.unwrap_or(MOST_A_DAY));
        (least..=most).contains(&amount.cents())
            && today.cents().saturating_add(amount.cents()) <= a_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_business_does_not_say_is_mpesas_own() {
        let sum = Money::from_shillings;
        let none = Limits::read("", " ", "").unwrap();
        assert_eq!(none, Limits::default());
        assert!(none.allow(sum(250_000), sum(0)) && none.allow(sum(1), sum(499_999)));
        assert!(!none.allow(sum(250_001), sum(0)) && !none.allow(sum(1), sum(500_000)));
        let some = Limits::read("10", "1,000", "1500").unwrap();
        assert!(some.allow(sum(10), sum(0)) && some.allow(sum(1_000), sum(500)));
        assert!(!some.allow(sum(9), sum(0)) && !some.allow(sum(1_001), sum(0)));
        assert!(!some.allow(sum(1_000), sum(501)));
        for (least, most, a_day) in [
            ("x", "", ""),
            ("0", "", ""),
            ("20", "10", ""),
            ("", "250001", ""),
            ("", "", "500001"),
            ("-5", "", ""),
        ] {
            assert_eq!(Limits::read(least, most, a_day), Err(BadLimits));
        }
    }
}
