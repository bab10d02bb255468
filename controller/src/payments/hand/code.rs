//! The code by which a paybill's account number names a device: D and seven digits, the last of which checks the others, so that a slip of the
//! finger pays for nobody else's device.

use std::fmt;

use crate::entropy::Entropy;

/// Damm's table: it finds every single wrong digit and every two that changed places.
const CHECK: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];
/// Digits before the one that checks.
const DRAWN: usize = 6;

/// A device's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceCode(String);

impl DeviceCode {
    /// Draws one; nobody else may have it yet.
    #[must_use]
    pub fn draw(entropy: &Entropy) -> Self {
        let number = u32::from_be_bytes(entropy.bytes()) % 1_000_000;
        let digits = format!("{number:06}");
        let check = remainder(digits.bytes());
        Self(format!("D{digits}{check}"))
    }

    /// Reads what somebody typed as the account: in any case, with spaces or dashes, and with letters for the digits they look like.
    #[must_use]
    pub fn read(typed: &str) -> Option<Self> {
        let mut letters = typed
            .chars()
            .filter(|letter| !matches!(letter, ' ' | '-' | '.' | '_'))
            .map(|letter| letter.to_ascii_uppercase());
        if letters.next() != Some('D') {
            return None;
        }
        let digits: Option<String> = letters
            .map(|letter| match letter {
                '0'..='9' => Some(letter),
                'O' => Some('0'),
                'I' | 'L' => Some('1'),
                _ => None,
            })
            .collect();
        let digits = digits.filter(|digits| digits.len() == DRAWN + 1)?;
        (remainder(digits.bytes()) == 0).then(|| Self(format!("D{digits}")))
    }

    /// Whether what somebody typed as the account looks like such a code, right or wrong.
    #[must_use]
    pub fn is_meant(typed: &str) -> bool {
        let digits = typed.chars().filter(char::is_ascii_digit).count();
        typed.trim_start().starts_with(['D', 'd'])
            && (DRAWN - 1..=DRAWN + 3).contains(&digits)
            && typed.chars().filter(char::is_ascii_alphabetic).count() <= 2
    }

    /// As it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn remainder(digits: impl Iterator<Item = u8>) -> u8 {
    digits.fold(0, |row, digit| {
        CHECK[usize::from(row)][usize::from(digit.wrapping_sub(b'0') % 10)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let entropy = Entropy::seeded(7);
        for _ in 0..100 {
            let code = DeviceCode::draw(&entropy);
            let text = code.as_str();
            for typed in [
                text.to_lowercase(),
                format!(" {} {}-{}", &text[..1], &text[1..4], &text[4..]),
                text.replace('0', "O").replace('1', "l"),
            ] {
                assert_eq!(DeviceCode::read(&typed).as_ref(), Some(&code), "{typed}");
            }
        }
        for typed in ["", "D", "D123", "S4820175", "4820175", "D48201750", "MAMA"] {
            assert_eq!(DeviceCode::read(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_nobodys_code() {
        let entropy = Entropy::seeded(8);
        for _ in 0..100 {
            let code = DeviceCode::draw(&entropy).0;
            let digits: Vec<char> = code.chars().collect();
            for place in 1..digits.len() {
                for wrong in ('0'..='9').filter(|wrong| *wrong != digits[place]) {
                    let mut typed = digits.clone();
                    typed[place] = wrong;
                    assert_eq!(DeviceCode::read(&String::from_iter(typed)), None);
                }
                if place + 1 < digits.len() && digits[place] != digits[place + 1] {
                    let mut typed = digits.clone();
                    typed.swap(place, place + 1);
                    assert_eq!(DeviceCode::read(&String::from_iter(typed)), None);
                }
            }
        }
    }
}
