//! The user name and password a ticket has on the router.
//!
//! The router's own log-in page is a second place to guess, without a throttle. So only a code of 60 bits serves there itself; a shorter
//! one gets a name and a password that derive from its series' key, and both ends compute the same.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::code::{CROCKFORD, TicketCode};

/// Characters of a derived name or password: 80 bits.
const LENGTH: usize = 16;

/// What the router asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct RouterLogin {
    /// The hotspot user's name.
    pub username: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for RouterLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RouterLogin(…)")
    }
}

/// The log-in of a platform-wide code: the code itself, twice, without dashes.
#[must_use]
pub fn of_code(code: &TicketCode) -> RouterLogin {
    RouterLogin {
        username: code.as_str().to_owned(),
        password: code.as_str().to_owned(),
    }
}

/// The log-in of number `index` of a series with this key.
///
/// A code of twelve characters or more is its own log-in. For a shorter one, name and password are the first 80 bits of
/// HMAC-SHA-256(key, "router name" ‖ index) and HMAC-SHA-256(key, "router password" ‖ index), five bits a character, high bits first,
/// in Crockford's letters; `index` is four bytes, big-endian.
#[must_use]
pub fn of_printed(code: &TicketCode, key: &[u8; 32], index: u32) -> RouterLogin {
    if code.as_str().len() >= super::code::PLATFORM_LENGTH && !code.looks_like_mac() {
        return of_code(code);
    }
    RouterLogin {
        username: derive(key, b"router name", index),
        password: derive(key, b"router password", index),
    }
}

fn derive(key: &[u8; 32], purpose: &[u8], index: u32) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes a key of any length");
    };
    mac.update(purpose);
    mac.update(&index.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let mut bits = hash
        .iter()
        .take(LENGTH * 5 / 8)
        .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte))
        << (128 - LENGTH * 5);
    let mut text = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        bits = bits.rotate_left(5);
        text.push(char::from(
            CROCKFORD[usize::from(bits.to_le_bytes()[0] & 31)],
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_codes_get_names_nobody_can_guess_from_them() {
        let short = TicketCode::parse("12345678").unwrap();
        let login = of_printed(&short, &[7; 32], 3);
        assert_eq!(login, of_printed(&short, &[7; 32], 3));
        assert_ne!(login, of_printed(&short, &[7; 32], 4));
        assert_ne!(login.username, login.password);
        assert_eq!(login.username.len(), 16);
        assert!(!login.username.contains(short.as_str()));
        let long = TicketCode::parse("7KQ2M0X190AB").unwrap();
        assert_eq!(of_printed(&long, &[7; 32], 3).username, "7KQ2M0X190AB");
    }
}
