//! Ticket codes as people read and type them. How a code is drawn or derived is elsewhere.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroize;

/// Crockford's base 32: no I, L, O, U.
pub const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The longest code.
pub const MAX_LENGTH: usize = 16;
/// The shortest code.
pub const MIN_LENGTH: usize = 6;
/// The most bytes of typed text that are looked at.
const MAX_TYPED: usize = 256;
/// The length of codes that are unique on the whole platform.
pub const PLATFORM_LENGTH: usize = 12;
/// What stands before the code in the picture on a printed voucher. No host has this address (RFC 5737), so a hotspot's router answers for
/// it, at every site and with no name to look up, and the code goes nowhere when the phone is on another network. Capital letters make
/// the picture coarser and so easier to scan; browsers read scheme and host in any case.
const SCANNED: &str = "HTTP://192.0.2.1/V/";

/// A ticket code in its one stored form: 6 to 16 upper-case Crockford characters (digits are a subset), no dashes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize)]
pub struct TicketCode(String);

/// Says that a text cannot be a ticket code, whatever tickets exist.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a ticket code: 6 to 16 letters and digits, dashes may be left out")]
pub struct BadCode;

impl TicketCode {
    /// Reads what a person typed or pasted: any case, look-alikes (O for 0, I and L for 1), dashes, dots and spaces anywhere, also those
    /// that cannot be seen.
    ///
    /// # Errors
    /// [`BadCode`] when no ticket could have this code.
    pub fn parse(text: &str) -> Result<Self, BadCode> {
        if text.len() > MAX_TYPED {
            return Err(BadCode);
        }
        let mut code = String::with_capacity(MAX_LENGTH);
        for letter in text.chars().filter(|letter| !is_between(*letter)) {
            let letter = crockford(letter).ok_or(BadCode)?;
            if code.len() == MAX_LENGTH {
                return Err(BadCode);
            }
            code.push(letter);
        }
        if code.len() < MIN_LENGTH {
            Err(BadCode)
        } else {
            Ok(Self(code))
        }
    }

    /// What the picture on a printed voucher says: an address that any hotspot's router sends on to the portal.
    #[must_use]
    pub fn scanned(&self) -> String {
        format!("{SCANNED}{}", self.0)
    }

    /// The code in an address that a phone has scanned, as browsers write it.
    #[must_use]
    pub fn of_scanned(address: &str) -> Option<Self> {
        let (begin, rest) = address.split_at_checked(SCANNED.len())?;
        let code = rest.split(['/', '?', '#']).next()?;
        if begin.eq_ignore_ascii_case(SCANNED) {
            Self::parse(code).ok()
        } else {
            None
        }
    }

    /// Makes a platform code from 60 of the given random bits; it never looks like a MAC address.
    #[must_use]
    pub fn from_random(random: [u8; 8]) -> Self {
        let mut bits = u64::from_be_bytes(random);
        let mut values = [0_u8; PLATFORM_LENGTH];
        for value in &mut values {
            *value = bits.to_le_bytes()[0] & 31;
            bits >>= 5;
        }
        // One in 4,096 has hexadecimal digits only: the four bits left over choose a place that gets a letter from G on instead.
        if values.iter().all(|value| *value < 16) {
            values[usize::from(bits.to_le_bytes()[0]) % PLATFORM_LENGTH] |= 16;
        }
        Self(
            values
                .map(|value| char::from(CROCKFORD[usize::from(value)]))
                .iter()
                .collect(),
        )
    }

    /// Takes letters that are in the stored form already, such as those a series derives.
    pub(super) fn from_letters(letters: String) -> Self {
        debug_assert!(letters.len() >= MIN_LENGTH && letters.len() <= MAX_LENGTH);
        Self(letters)
    }

    /// The stored form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the code is long enough to serve as the router's user name and password, and to be unique on the platform.
    #[must_use]
    pub fn is_platform_wide(&self) -> bool {
        self.0.len() == PLATFORM_LENGTH
    }

    /// Whether RouterOS could take it for a MAC address (twelve hexadecimal digits) and refuse it as a user name.
    #[must_use]
    pub fn looks_like_mac(&self) -> bool {
        self.0.len() == PLATFORM_LENGTH && self.0.bytes().all(|b| b.is_ascii_hexdigit())
    }

    /// The form people see: groups of four with dashes.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(self.0.len() + 3);
        for (place, letter) in self.0.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                shown.push('-');
            }
            shown.push(letter);
        }
        shown
    }
}

/// The stored form of a letter somebody typed, if codes have it.
pub(super) fn crockford(letter: char) -> Option<char> {
    match letter.to_ascii_uppercase() {
        'O' => Some('0'),
        'I' | 'L' => Some('1'),
        'U' => None,
        letter if letter.is_ascii_alphanumeric() => Some(letter),
        _ => None,
    }
}

/// Whether a character only stands between the letters of a code.
fn is_between(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '-' | '_'
                | '.'
                | '\u{ad}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2010}'..='\u{2015}'
                | '\u{2060}'
                | '\u{2212}'
                | '\u{feff}'
        )
}

/// Codes are as good as money: they never reach a log by accident.
impl fmt::Debug for TicketCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typing_is_forgiven() {
        let code = TicketCode::parse("7KQ2-M0X1-90AB").unwrap();
        for typed in [
            "7kq2m0x190ab",
            " 7KQ2 MOXI 9OAB ",
            "7kq2–mox l90ab",
            "7-K-Q-2-M-0-X-1-9-0-A-B",
        ] {
            assert_eq!(TicketCode::parse(typed), Ok(code.clone()), "{typed}");
        }
        assert_eq!(code.shown(), "7KQ2-M0X1-90AB");
    }

    #[test]
    fn what_cannot_be_a_code_is_refused() {
        for typed in [
            "",
            "12345",
            "12345678901234567",
            "ABCDEU12",
            "ABCDE!",
            "ÀBCDEFG",
        ] {
            assert_eq!(TicketCode::parse(typed), Err(BadCode), "{typed}");
        }
    }

    #[test]
    fn a_code_comes_back_from_the_address_that_was_scanned() {
        let code = TicketCode::parse("7KQ2-M0X1-90AB").unwrap();
        assert_eq!(code.scanned(), "HTTP://192.0.2.1/V/7KQ2M0X190AB");
        for address in [
            "http://192.0.2.1/V/7KQ2M0X190AB",
            "http://192.0.2.1/v/7kq2m0x190ab/?x=1",
        ] {
            assert_eq!(TicketCode::of_scanned(address), Some(code.clone()));
        }
        for address in [
            "",
            "http://192.0.2.1/V/",
            "http://192.0.2.2/V/7KQ2M0X190AB",
            "http://192.0.2.1/V/<script>",
            "http://évil/",
        ] {
            assert_eq!(TicketCode::of_scanned(address), None, "{address}");
        }
    }

    #[test]
    fn mac_shaped_codes_are_recognised() {
        assert!(TicketCode::parse("4A3B2C1D0E0F").unwrap().looks_like_mac());
        assert!(!TicketCode::parse("4A3B2C1D0E0G").unwrap().looks_like_mac());
        assert!(!TicketCode::parse("4A3B2C1D").unwrap().looks_like_mac());
    }

    #[test]
    fn what_comes_along_when_a_code_is_pasted_does_no_harm() {
        let code = TicketCode::parse("7KQ2M0X190AB").unwrap();
        for pasted in [
            "7KQ2-M0X1-90AB\r\n",
            "\u{feff}7KQ2\u{200b}-\u{ad}M0X1\u{2011}90AB",
            "\t7KQ2_M0X1.90AB\u{a0}",
            "7KQ2\u{2212}M0X1\u{3000}90AB",
        ] {
            assert_eq!(TicketCode::parse(pasted), Ok(code.clone()), "{pasted:?}");
        }
        assert_eq!(TicketCode::parse(&"-".repeat(300)), Err(BadCode));
    }

    #[test]
    fn random_codes_are_never_mac_shaped() {
        // All 60 bits of these codes give hexadecimal digits; the four that are left over choose the place that changes.
        let digits = (0..PLATFORM_LENGTH).fold(0_u64, |bits, _| (bits << 5) | 0b01111);
        for spare in 0..16_u64 {
            for values in [0, digits] {
                let code = TicketCode::from_random(((spare << 60) | values).to_be_bytes());
                assert!(!code.looks_like_mac());
                assert_eq!(code.as_str().len(), PLATFORM_LENGTH);
                let changed = code.as_str().bytes().filter(|b| !b.is_ascii_hexdigit());
                assert_eq!(changed.count(), 1);
            }
        }
        let mixed = TicketCode::from_random([0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(mixed.as_str(), "ZZZZZZZZZZZZ");
    }

    proptest! {
        /// Whatever a person does to a code that still reads as the code to another person, it stays the same code.
        #[test]
        fn a_code_survives_how_people_write_it(
            letters in "[0-9A-HJKMNP-TV-Z]{6,16}",
            habits in prop::collection::vec((any::<bool>(), 0..4_u8, prop::sample::select(vec!["", "", "-", " ", ".", "\u{2013}", "--", "\n"])), 16),
        ) {
            let mut typed = String::new();
            for (letter, (lower, look_alike, between)) in letters.chars().zip(&habits) {
                let letter = match (letter, look_alike) {
                    ('0', 0 | 1) => 'O',
                    ('1', 0) => 'I',
                    ('1', 1) => 'L',
                    (letter, _) => letter,
                };
                typed.push(if *lower { letter.to_ascii_lowercase() } else { letter });
                typed.push_str(between);
            }
            let code = TicketCode::parse(&typed).unwrap();
            prop_assert_eq!(code.as_str(), &letters);
            prop_assert_eq!(TicketCode::parse(&code.shown()).unwrap(), code);
        }

        #[test]
        fn whatever_is_typed_gives_a_stored_form_or_nothing(typed in "\\PC{0,40}") {
            if let Ok(code) = TicketCode::parse(&typed) {
                prop_assert!((MIN_LENGTH..=MAX_LENGTH).contains(&code.as_str().len()));
                prop_assert!(code.as_str().bytes().all(|letter| CROCKFORD.contains(&letter)));
                prop_assert_eq!(TicketCode::parse(code.as_str()), Ok(code));
            }
        }

        #[test]
        fn different_random_bits_give_different_codes(one: u64, other: u64) {
            let code = |bits: u64| TicketCode::from_random(bits.to_be_bytes());
            prop_assert!(!code(one).looks_like_mac());
            prop_assert_eq!(TicketCode::parse(code(one).as_str()), Ok(code(one)));
            prop_assert!(code(one) != code(other) || one << 4 == other << 4);
        }
    }
}
