//! What the platform asks of a business: integer cents of a currency, and the decimals the rail has for them.
//!
//! It is not the protocol's money: sites never hear of it, and M-PESA moves no dollars.

use std::fmt;
use std::str::FromStr;

use mnara_protocol::money::Money;
use serde_json::value::RawValue;

/// How far an exponent may move the point; no price is further.
const FURTHEST: u64 = 32;

/// The currencies the platform's plans are sold in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Currency {
    /// Kenyan shilling.
    Kes,
    /// US dollar.
    Usd,
}

impl Currency {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Kes, Self::Usd];

    /// The ISO 4217 code, as rows and the rail have it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Kes => "KES",
            Self::Usd => "USD",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Kes => "KSh",
            Self::Usd => "US$",
        }
    }
}

impl FromStr for Currency {
    type Err = BadPrice;

    fn from_str(text: &str) -> Result<Self, BadPrice> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == text)
            .ok_or(BadPrice)
    }
}

/// Says that a text is no price.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a price is in KES or USD, with at most two decimals")]
pub struct BadPrice;

/// An amount of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Cents; negative only where more went back than came in.
    pub cents: i64,
    /// Of what.
    pub currency: Currency,
}

impl Price {
    /// Takes cents of a currency.
    #[must_use]
    pub const fn new(cents: i64, currency: Currency) -> Self {
        Self { cents, currency }
    }

    /// The amount with two decimals, as rows, JSON and the rail write it: `1500.00`.
    #[must_use]
    pub fn decimal(self) -> String {
        Money::from_cents(self.cents).to_decimal()
    }

    /// The amount as a number of JSON that was never a float.
    pub(super) fn number(self) -> Box<RawValue> {
        RawValue::from_string(self.decimal()).expect("digits with a point are a number of JSON")
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = Money::from_cents(self.cents.saturating_abs()).to_string();
        let digits = digits.trim_start_matches("KSh ");
        let minus = if self.cents < 0 { "−" } else { "" };
        write!(f, "{minus}{} {digits}", self.currency.sign())
    }
}

/// Reads cents from a number as it was written, digit by digit: `6.00`, `1.5E+3`, `"1,500.00"`. What has parts of a cent is none.
pub(super) fn cents(text: &str) -> Option<i64> {
    let text = text.trim().trim_matches('"').trim();
    let plain = written_out(text)?;
    plain.parse::<Money>().ok().map(Money::cents)
}

/// Reads a whole number that may be written with decimals: `1`, `"1"`, `1.0`.
pub(super) fn whole(text: &str) -> Option<i64> {
    cents(text)
        .filter(|cents| cents % 100 == 0)
        .map(|cents| cents / 100)
}

/// A decimal number with neither an exponent nor groups.
fn written_out(text: &str) -> Option<String> {
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => ("-", number),
        None => ("", number),
    };
    let (before, after) = match number.split_once('.') {
        Some((_, "")) => return None,
        Some((before, after)) => (before, after),
        None => (number, ""),
    };
    let before = ungrouped(before)?;
    let digits = format!("{before}{after}");
    if exponent.unsigned_abs() > FURTHEST || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(before.len()).ok()? + exponent;
    Some(match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{sign}{digits:0<point$}"),
        Ok(point) if point > 0 => {
            let (before, after) = digits.split_at(point);
            format!("{sign}{before}.{after}")
        }
        Ok(_) | Err(_) => {
            let zeros = usize::try_from(-point).ok()?;
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
    })
}

/// The digits before the point, without commas between thousands; none if the commas stand elsewhere.
fn ungrouped(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next().filter(|first| !first.is_empty())?;
    let mut digits = first.to_owned();
    for group in groups {
        if first.len() > 3 || group.len() != 3 {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_the_digits_that_were_written() {
        for (text, expected) in [
            ("6.00", Some(600)),
            ("10", Some(1000)),
            ("0.1", Some(10)),
            ("\"1500.00\"", Some(150_000)),
            ("1234567.89", Some(123_456_789)),
            ("10.005", None),
            ("1e3", Some(100_000)),
            ("1.5E+3", Some(150_000)),
            ("1.50525e3", Some(150_525)),
            ("150000e-2", Some(150_000)),
            ("5e-2", Some(5)),
            ("5e-3", None),
            ("0e33", None),
            ("1e9999999999999999999", None),
            ("1e30", None),
            ("1e-9223372036854775808", None),
            ("-1.5e1", Some(-1_500)),
            ("\"1,500.00\"", Some(150_000)),
            ("\"1,234,567.8\"", Some(123_456_780)),
            ("\"1,50.00\"", None),
            ("\"1500,000\"", None),
            ("\",500\"", None),
            ("\"1.500,00\"", None),
            ("1.", None),
            (".5", None),
            ("é", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(cents(text), expected, "{text}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_with_decimals() {
        for (text, expected) in [
            ("1", Some(1)),
            ("\"1\"", Some(1)),
            ("1.0", Some(1)),
            ("2e0", Some(2)),
            ("1.5", None),
            ("null", None),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
    }

    #[test]
    fn people_read_a_price_with_its_currency() {
        assert_eq!(Price::new(150_000, Currency::Kes).to_string(), "KSh 1,500");
        assert_eq!(Price::new(1_250, Currency::Usd).to_string(), "US$ 12.50");
        assert_eq!(Price::new(-1_250, Currency::Usd).to_string(), "−US$ 12.50");
        assert!("EUR".parse::<Currency>().is_err());
    }

    proptest! {
        #[test]
        fn every_price_comes_back_from_the_wire(amount in 0..=i64::MAX) {
            let sent = Price::new(amount, Currency::Kes).number();
            prop_assert_eq!(cents(sent.get()), Some(amount));
        }
    }
}
