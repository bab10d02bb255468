//! Kenyan mobile numbers in the one form M-PESA takes. Who runs the network is not asked: numbers are portable.

use std::fmt;
use std::str::FromStr;

/// A mobile number as `254` and nine digits, the first of them 7 or 1; it never shows itself in logs.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Msisdn(u64);

impl Msisdn {
    /// A number to show how one looks.
    pub const EXAMPLE: Self = Self(254_712_345_678);

    /// The number as an integer, such as 254712345678.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.0
    }

    /// The twelve digits, for the rail and for the row.
    #[must_use]
    pub fn digits(&self) -> String {
        self.0.to_string()
    }

    /// The number with its middle hidden, for pages: `2547•••••678`.
    #[must_use]
    pub fn masked(&self) -> String {
        let digits = self.digits();
        format!("{}•••••{}", &digits[..4], &digits[9..])
    }
}

impl FromStr for Msisdn {
    type Err = NotAPhone;

    fn from_str(text: &str) -> Result<Self, NotAPhone> {
        let plain: String = text
            .trim()
            .chars()
            .filter(|c| !is_between(*c))
            .take(16)
            .collect();
        let plain = plain.strip_prefix('+').unwrap_or(&plain);
        let subscriber = plain
            .strip_prefix("254")
            .or_else(|| plain.strip_prefix('0'))
            .unwrap_or(plain);
        let is_mobile = subscriber.len() == 9
            && subscriber.starts_with(['7', '1'])
            && subscriber.bytes().all(|b| b.is_ascii_digit());
        if !is_mobile {
            return Err(NotAPhone);
        }
        subscriber
            .parse::<u64>()
            .map(|subscriber| Self(254_000_000_000 + subscriber))
            .map_err(|_| NotAPhone)
    }
}

/// Whether a character only stands between the digits: also those that come along when a number is copied from a phone book or a page.
fn is_between(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '(' | ')' | '.')
        || matches!(c, '\u{2010}'..='\u{2013}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Debug for Msisdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Msisdn(…)")
    }
}

/// Says that a text is not a Kenyan mobile number.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a Kenyan mobile number: write it like 0712 345 678")]
pub struct NotAPhone;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_way_people_write_a_number_is_one_number() {
        for text in [
            "0712345678",
            "254712345678",
            "+254712345678",
            "712345678",
            "0712 345 678",
            " (0712) 345-678 ",
            "+254.712.345.678",
            "\u{202a}+254\u{a0}712\u{202f}345\u{2011}678\u{202c}",
            "0712\t345678\n",
        ] {
            assert_eq!(
                text.parse::<Msisdn>().unwrap().digits(),
                "254712345678",
                "{text}"
            );
        }
        for text in [
            "0112345678",
            "254112345678",
            "+254 112 345 678",
            "112345678",
        ] {
            assert_eq!(
                text.parse::<Msisdn>().unwrap().digits(),
                "254112345678",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_a_mobile_number_is_refused() {
        for text in [
            "",
            "0812345678",
            "254012345678",
            "2540712345678",
            "00254712345678",
            "071234567",
            "07123456789",
            "07x2345678",
            "٠٧١٢٣٤٥٦٧٨",
            "０７１２３４５６７８",
            "+0712345678x",
            "0712345678,0712345679",
            "2547123456789",
            "25471234567",
            "+1 712 345 678",
            "-0712345678e0",
            "++254712345678",
            "254 254712345678",
        ] {
            assert_eq!(text.parse::<Msisdn>(), Err(NotAPhone), "{text}");
        }
    }

    #[test]
    fn it_hides_itself() {
        let phone: Msisdn = "0712345678".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "Msisdn(…)");
        assert_eq!(phone.masked(), "2547•••••678");
    }

    proptest! {
        #[test]
        fn its_digits_read_back(n in 0_u64..100_000_000, first in prop::sample::select(vec![7_u64, 1])) {
            let digits = format!("254{first}{n:08}");
            let phone: Msisdn = digits.parse().unwrap();
            prop_assert_eq!(phone.digits(), digits);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = text.parse::<Msisdn>();
        }
    }
}
