//! What the platform asks of a business: integer cents of a currency, and the decimals the rail has for them.
//!
//! It is not the protocol's money: sites never hear of it, and M-PESA moves no dollars.

use std::fmt;
use std::str::FromStr;

use mnara_protocol::money::Money;
use serde_json::value::RawValue;

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
    /// Cents; never negative.
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
        let digits = Money::from_cents(self.cents).to_string();
        let digits = digits.trim_start_matches("KSh ");
        write!(f, "{} {digits}", self.currency.sign())
    }
}

/// Reads cents from a decimal number as it was written; what has parts of a cent is none.
pub(super) fn cents(text: &str) -> Option<i64> {
    let text = text.trim().trim_matches('"').trim();
    text.parse::<Money>().ok().map(Money::cents)
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
            ("1e3", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(cents(text), expected, "{text}");
        }
    }

    #[test]
    fn people_read_a_price_with_its_currency() {
        assert_eq!(Price::new(150_000, Currency::Kes).to_string(), "KSh 1,500");
        assert_eq!(Price::new(1_250, Currency::Usd).to_string(), "US$ 12.50");
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
