//! Money: integer cents with their currency, checked operations, and the two texts it has (`KSh 1,250` for people, `1250.00` for SQL
//! and JSON). No rates, no rounding.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::numbered::numbered;

numbered! {
    /// The currencies a price can be in.
    pub enum Currency {
        /// Kenyan shilling.
        0 Kes,
    }
}

impl Currency {
    /// The ISO 4217 code; `XXX`, which is none, of a currency that only a later version knows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kes => "KES",
            Self::Other(_) => "XXX",
        }
    }
}

/// An amount of money in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Money {
    /// Cents; negative for money that goes back.
    #[n(0)]
    cents: i64,
    #[n(1)]
    currency: Currency,
}

/// Says why a text or a sum is not an amount.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadMoney {
    /// The text is not a decimal number with at most two places.
    #[error("not an amount: write shillings, with at most two decimals, as in 50 or 49.50")]
    NotDecimal,
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// M-PESA takes whole shillings only.
    #[error("M-PESA takes whole shillings only")]
    NotWhole,
    /// The amounts are in two currencies.
    #[error("amounts in two currencies have no sum")]
    Currencies,
}

impl Money {
    /// Nothing, in Kenyan shillings.
    pub const ZERO: Self = Self::from_cents(0);

    /// Takes cents of a Kenyan shilling.
    #[must_use]
    pub const fn from_cents(cents: i64) -> Self {
        Self {
            cents,
            currency: Currency::Kes,
        }
    }

    /// Takes whole Kenyan shillings.
    #[must_use]
    pub const fn from_shillings(shillings: i32) -> Self {
        Self::from_cents(shillings as i64 * 100)
    }

    /// Gives the minor units.
    #[must_use]
    pub const fn cents(self) -> i64 {
        self.cents
    }

    /// Gives the currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Adds, if the sum fits and both are in one currency.
    ///
    /// # Errors
    /// [`BadMoney::Overflow`] when it does not fit, [`BadMoney::Currencies`].
    pub fn plus(self, other: Self) -> Result<Self, BadMoney> {
        if self.currency != other.currency {
            return Err(BadMoney::Currencies);
        }
        let cents = self
            .cents
            .checked_add(other.cents)
            .ok_or(BadMoney::Overflow)?;
        Ok(Self {
            cents,
            currency: self.currency,
        })
    }

    /// Gives whole shillings, the only thing M-PESA moves.
    ///
    /// # Errors
    /// [`BadMoney::NotWhole`] when there are cents, or no shillings at all.
    pub const fn whole_shillings(self) -> Result<i64, BadMoney> {
        if self.cents % 100 == 0 && matches!(self.currency, Currency::Kes) {
            Ok(self.cents / 100)
        } else {
            Err(BadMoney::NotWhole)
        }
    }

    /// Writes the amount as SQL and JSON have it: `1250.00`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let sign = if self.cents < 0 { "-" } else { "" };
        let cents = self.cents.unsigned_abs();
        format!("{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents.unsigned_abs();
        let digits = (cents / 100).to_string();
        f.write_str(if self.cents < 0 { "−" } else { "" })?;
        f.write_str(match self.currency {
            Currency::Kes => "KSh ",
            Currency::Other(_) => "¤ ",
        })?;
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        if cents.is_multiple_of(100) {
            Ok(())
        } else {
            write!(f, ".{:02}", cents % 100)
        }
    }
}

impl FromStr for Money {
    type Err = BadMoney;

    fn from_str(text: &str) -> Result<Self, BadMoney> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if part.is_empty() {
            return Err(BadMoney::NotDecimal);
        }
        let part = part.trim_end_matches('0');
        if !plain(whole) || part.len() > 2 || !(part.is_empty() || plain(part)) {
            return Err(BadMoney::NotDecimal);
        }
        let whole: i64 = whole.parse().map_err(|_| BadMoney::Overflow)?;
        let part: i64 = format!("{part:0<2}")
            .parse()
            .map_err(|_| BadMoney::NotDecimal)?;
        let cents = whole
            .checked_mul(100)
            .and_then(|whole| whole.checked_add(part))
            .ok_or(BadMoney::Overflow)?;
        Ok(Self::from_cents(if negative { -cents } else { cents }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_read_shillings_with_thousands() {
        assert_eq!(Money::from_shillings(1250).to_string(), "KSh 1,250");
        assert_eq!(
            Money::from_shillings(1_234_567).to_string(),
            "KSh 1,234,567"
        );
        assert_eq!(Money::from_cents(-4950).to_string(), "−KSh 49.50");
        assert_eq!(Money::ZERO.to_string(), "KSh 0");
    }

    #[test]
    fn decimal_text_is_exact_both_ways() {
        for (text, cents) in [
            ("10", 1000),
            ("10.5", 1050),
            ("10.50", 1050),
            ("0.01", 1),
            ("1.00", 100),
            ("-3.20", -320),
            ("1.000", 100),
        ] {
            assert_eq!(text.parse(), Ok(Money::from_cents(cents)), "{text}");
        }
        assert_eq!(Money::from_cents(5).to_decimal(), "0.05");
        for bad in ["", ".", "1.", "1.001", "1e3", " 1", "+1", "1,000"] {
            assert_eq!(bad.parse::<Money>(), Err(BadMoney::NotDecimal), "{bad}");
        }
        assert_eq!(
            "99999999999999999999".parse::<Money>(),
            Err(BadMoney::Overflow)
        );
    }

    #[test]
    fn sums_and_whole_shillings_are_checked() {
        let most = Money::from_cents(i64::MAX);
        assert_eq!(most.plus(Money::from_cents(1)), Err(BadMoney::Overflow));
        assert_eq!(
            Money::from_cents(150).plus(Money::from_cents(-50)),
            Ok(Money::from_shillings(1))
        );
        assert_eq!(
            Money::from_cents(4950).whole_shillings(),
            Err(BadMoney::NotWhole)
        );
        assert_eq!(Money::from_cents(-5000).whole_shillings(), Ok(-50));
    }

    proptest! {
        #[test]
        fn every_amount_reads_back(cents in -i64::MAX..=i64::MAX) {
            let money = Money::from_cents(cents);
            prop_assert_eq!(money.to_decimal().parse(), Ok(money));
        }

        #[test]
        fn no_text_is_read_as_another_amount(text in "-?[0-9]{1,12}(\\.[0-9]{1,4})?") {
            if let Ok(money) = text.parse::<Money>() {
                // The same number without the parser: cents are the digits with the point moved by two.
                let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
                let moved: i128 = format!("{whole}{part:0<4}").parse().unwrap();
                prop_assert_eq!(i128::from(money.cents()) * 100, moved);
            }
        }
    }
}
