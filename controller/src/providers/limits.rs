//! How much a business takes by M-PESA: from one payment, and from one phone on one day. What it does not say is M-PESA's own.

use mnara_protocol::money::Money;
use serde::Serialize;
use thiserror::Error;

use crate::config::Ceiling;

/// M-PESA takes no less.
pub const LEAST: i32 = 1;

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
    /// Reads what was typed, within M-PESA's own.
    ///
    /// # Errors
    /// [`BadLimits`].
    pub fn read(least: &str, most: &str, a_day: &str, own: Ceiling) -> Result<Self, BadLimits> {
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
            least: number(least, own.at_once)?,
            most: number(most, own.at_once)?,
            most_a_day: number(a_day, own.a_day)?,
        };
        let fits = limits.least.unwrap_or(LEAST) <= limits.most.unwrap_or(own.at_once);
        fits.then_some(limits).ok_or(BadLimits)
    }

    /// The least that is asked for.
    #[must_use]
    pub fn least(&self) -> Money {
        Money::from_shillings(self.least.unwrap_or(LEAST))
    }

    /// Whether an amount may be asked for, or shown how to pay, from a phone that has paid so much today. M-PESA's own limits may have become less than a business's.
    #[must_use]
    pub fn allow(&self, amount: Money, today: Money, own: Ceiling) -> bool {
        let cents = |shillings: i32| i64::from(shillings) * 100;
        let least = cents(self.least.unwrap_or(LEAST));
        let most = cents(self.most.unwrap_or(own.at_once).min(own.at_once));
        let a_day = cents(self.most_a_day.unwrap_or(own.a_day).min(own.a_day));
        (least..=most).contains(&amount.cents())
            && today.cents().saturating_add(amount.cents()) <= a_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Ceiling = Ceiling {
        at_once: 250_000,
        a_day: 500_000,
    };

    #[test]
    fn what_a_business_does_not_say_is_mpesas_own() {
        let sum = Money::from_shillings;
        let none = Limits::read("", " ", "", OWN).unwrap();
        assert_eq!(none, Limits::default());
        assert!(none.allow(sum(250_000), sum(0), OWN) && none.allow(sum(1), sum(499_999), OWN));
        assert!(!none.allow(sum(250_001), sum(0), OWN) && !none.allow(sum(1), sum(500_000), OWN));
        let some = Limits::read("10", "1,000", "1500", OWN).unwrap();
        assert!(some.allow(sum(10), sum(0), OWN) && some.allow(sum(1_000), sum(500), OWN));
        assert!(!some.allow(sum(9), sum(0), OWN) && !some.allow(sum(1_001), sum(0), OWN));
        assert!(!some.allow(sum(1_000), sum(501), OWN));
        for (least, most, a_day) in [
            ("x", "", ""),
            ("0", "", ""),
            ("20", "10", ""),
            ("", "250001", ""),
            ("", "", "500001"),
            ("-5", "", ""),
        ] {
            assert_eq!(Limits::read(least, most, a_day, OWN), Err(BadLimits));
        }
    }

    #[test]
    fn mpesas_own_limits_are_a_setting_and_hold_for_everybody() {
        let sum = Money::from_shillings;
        let more = Ceiling {
            at_once: 400_000,
            a_day: 900_000,
        };
        let some = Limits::read("", "400000", "900000", more).unwrap();
        assert!(some.allow(sum(400_000), sum(500_000), more));
        // Safaricom takes less from now on.
        assert!(!some.allow(sum(250_001), sum(0), OWN) && !some.allow(sum(1), sum(500_000), OWN));
        assert!(some.allow(sum(250_000), sum(250_000), OWN));
    }
}
