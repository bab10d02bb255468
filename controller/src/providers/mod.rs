//! Providers: the hotspot businesses, their names, their M-PESA account, and the people who run them.
//!
//! Opening one is in [`open`] and, from outside, in [`sign_up`]; who may what in [`staff`], getting in in [`log_in`], and what stands before every
//! page in [`gate`].

pub mod admission;
pub mod c2b;
pub mod cookies;
pub mod gate;
pub mod keys;
pub mod limits;
pub mod log_in;
pub mod look;
pub mod mail;
pub mod mpesa;
pub mod notices;
pub mod on_behalf;
pub mod open;
pub mod pages;
pub mod passkeys;
pub mod people;
pub mod rights;
pub mod seat;
pub mod sign_up;
pub mod sms;
pub mod staff;
pub mod standing;
pub mod state;
pub mod store;

use mnara_protocol::ids::ProviderId;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;

use crate::rails::daraja::{Credentials, ShortcodeKind};

/// One hotspot business.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// What customers know it by.
    pub business_name: String,
    /// Where its owner is written to, if they have an e-mail address.
    pub contact_email: Option<String>,
    /// Brand colour as 0xRRGGBB.
    pub colour: u32,
    /// A number customers can call.
    pub help_phone: Option<String>,
    /// Whether a successful callback waits for a query to agree before anything is granted.
    pub confirm_by_query: bool,
}

/// Why a business or its account cannot be set so. Each says what to do.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadProvider {
    /// The name is missing or too long.
    #[error("give the business a name of 1 to 80 letters")]
    Name,
    /// The e-mail has no @ or has spaces.
    #[error("give an e-mail address such as owner@example.com")]
    Email,
    /// The colour is not six hexadecimal digits.
    #[error("give the colour as six hexadecimal digits, such as 0a7d4b")]
    Colour,
    /// The help number is too long.
    #[error("give a help phone of at most 20 characters")]
    HelpPhone,
    /// The shortcode is not five to seven digits.
    #[error(
        "give the shortcode as 5 to 7 digits: the paybill number, or the store number of a till"
    )]
    Shortcode,
    /// The till number is not five to eight digits.
    #[error("give the till number as 5 to 8 digits")]
    Till,
    /// A credential is empty.
    #[error("give consumer key, consumer secret and passkey; none of them may be empty")]
    Credential,
}

/// Looks a business name over.
///
/// # Errors
/// [`BadProvider::Name`].
pub fn check_name(name: &str) -> Result<(), BadProvider> {
    match name.trim().chars().count() {
        1..=80 => Ok(()),
        _ => Err(BadProvider::Name),
    }
}

/// Looks an e-mail address over; the only proof is a mail that arrives.
///
/// # Errors
/// [`BadProvider::Email`].
pub fn check_email(email: &str) -> Result<(), BadProvider> {
    let good = email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || c.is_control())
        && email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.is_empty() && !host.contains('@')
        });
    if good {
        Ok(())
    } else {
        Err(BadProvider::Email)
    }
}

/// Reads a colour such as `0a7d4b` or `#0A7D4B`.
///
/// # Errors
/// [`BadProvider::Colour`].
pub fn parse_colour(text: &str) -> Result<u32, BadProvider> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BadProvider::Colour);
    }
    u32::from_str_radix(digits, 16).map_err(|_| BadProvider::Colour)
}

fn digits(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Looks an M-PESA account over; only a test push proves it.
///
/// # Errors
/// The first thing that cannot be.
pub fn check_account(account: &Credentials) -> Result<(), BadProvider> {
    if !digits(&account.shortcode, 5, 7) {
        return Err(BadProvider::Shortcode);
    }
    if let ShortcodeKind::Till { number } = &account.kind
        && !digits(number, 5, 8)
    {
        return Err(BadProvider::Till);
    }
    let empty = |secret: &SecretString| secret.expose_secret().trim().is_empty();
    if empty(&account.consumer_key) || empty(&account.consumer_secret) || empty(&account.passkey) {
        return Err(BadProvider::Credential);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_addresses_and_colours_are_looked_over() {
        assert_eq!(check_name(""), Err(BadProvider::Name));
        assert_eq!(check_name("Mama Njeri Wi-Fi"), Ok(()));
        assert_eq!(check_email("owner@example.com"), Ok(()));
        for bad in [
            "",
            "owner",
            "@example.com",
            "a b@c.d",
            "a@b@c",
            "a\0@b.c",
            "a\u{1b}@b.c",
        ] {
            assert_eq!(check_email(bad), Err(BadProvider::Email), "{bad:?}");
        }
        assert_eq!(parse_colour("#0A7d4b"), Ok(0x000a_7d4b));
        assert_eq!(parse_colour("green"), Err(BadProvider::Colour));
    }
}
