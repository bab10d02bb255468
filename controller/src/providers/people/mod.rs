//! People: those who log in, whoever they work for.
//!
//! What they are called, where they are reached, and what a password must look like. Which business they work for is in `staff`, getting in is in
//! `log_in`.

pub mod store;

use std::fmt;
use std::str::FromStr;

use mnara_protocol::ids::PersonId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::check_email;
use crate::rails::msisdn::Msisdn;
use crate::web::show;

/// Somebody who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// What they are called.
    pub name: String,
    /// Where they are reached, which is also what they log in with.
    pub contact: Contact,
}

/// Where somebody is reached: what they log in with.
#[derive(Clone, PartialEq, Eq)]
pub enum Contact {
    /// An e-mail address in lower case.
    Email(String),
    /// A Kenyan mobile number.
    Phone(Msisdn),
}

impl Contact {
    /// The e-mail column.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        match self {
            Self::Email(address) => Some(address),
            Self::Phone(_) => None,
        }
    }

    /// As people write it.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Email(address) => address.clone(),
            Self::Phone(number) => show::typed_phone(&number.digits()),
        }
    }

    /// A number that stands for it, for counting.
    #[must_use]
    pub fn number(&self) -> u128 {
        let text = match self {
            Self::Email(address) => address.clone(),
            Self::Phone(number) => number.digits(),
        };
        let hash: [u8; 32] = Sha256::digest(text).into();
        hash.iter()
            .take(16)
            .fold(0, |number, byte| number << 8 | u128::from(*byte))
    }

    /// The phone column.
    #[must_use]
    pub fn phone(&self) -> Option<String> {
        match self {
            Self::Email(_) => None,
            Self::Phone(number) => Some(number.digits()),
        }
    }
}

impl FromStr for Contact {
    type Err = BadPerson;

    fn from_str(text: &str) -> Result<Self, BadPerson> {
        let text = text.trim();
        if text.contains('@') {
            let address = text.to_lowercase();
            check_email(&address).map_err(|_| BadPerson::Contact)?;
            Ok(Self::Email(address))
        } else {
            text.parse()
                .map(Self::Phone)
                .map_err(|_| BadPerson::Contact)
        }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email(_) => "Email(…)",
            Self::Phone(_) => "Phone(…)",
        })
    }
}

/// Why a person cannot be taken so.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadPerson {
    /// The name is missing or too long.
    #[error("give your name in 1 to 80 letters")]
    Name,
    /// It is no e-mail address and no Kenyan mobile number.
    #[error(
        "give an e-mail address such as owner@example.com, or a mobile number such as 0712 345 678"
    )]
    Contact,
    /// The password is short, or endlessly long.
    #[error(
        "choose a password of 10 to 200 letters: a few words are easy to remember and hard to guess"
    )]
    PasswordLength,
    /// The password is one that guessers try first.
    #[error("this password is among the first that are tried: choose another")]
    PasswordCommon,
}

/// Looks a name over.
///
/// # Errors
/// [`BadPerson::Name`].
pub fn check_person_name(name: &str) -> Result<String, BadPerson> {
    let name = name.trim();
    match name.chars().count() {
        1..=80 => Ok(name.to_owned()),
        _ => Err(BadPerson::Name),
    }
}

/// What guessers begin with, apart from repeats, runs and the person's own address (NIST SP 800-63B, 3.1.1.2).
const COMMON: [&str; 22] = [
    "1234567890",
    "0123456789",
    "12345678910",
    "123456789a",
    "password",
    "password1",
    "password12",
    "password123",
    "passw0rd",
    "qwertyuiop",
    "qwerty1234",
    "qwerty12345",
    "1q2w3e4r5t",
    "iloveyou",
    "letmein",
    "welcome",
    "administrator",
    "mikrotik",
    "hotspot",
    "safaricom",
    "nairobi",
    "mnara",
];

/// Looks a password over: long enough, and nothing that is tried first.
///
/// # Errors
/// What is wrong with it.
pub fn check_password(password: &SecretString, contact: &Contact) -> Result<(), BadPerson> {
    let password = password.expose_secret();
    if !(10..=200).contains(&password.chars().count()) {
        return Err(BadPerson::PasswordLength);
    }
    let lower = password.to_lowercase();
    // "password2026!" is "password" with what everybody adds.
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    let first = lower.chars().next();
    let own = match contact {
        Contact::Email(address) => address
            .split('@')
            .next()
            .is_some_and(|name| name.len() >= 4 && lower.contains(name)),
        Contact::Phone(number) => lower.contains(&number.digits()[3..]),
    };
    if own
        || COMMON.contains(&lower.as_str())
        || COMMON.contains(&bare)
        || lower.chars().all(|c| Some(c) == first)
    {
        return Err(BadPerson::PasswordCommon);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_reached_by_mail_or_phone() {
        let contact = |text: &str| text.parse::<Contact>();
        assert_eq!(
            contact(" Owner@Example.com "),
            Ok(Contact::Email("owner@example.com".to_owned()))
        );
        assert_eq!(contact("0712 345 678"), contact("+254712345678"));
        assert_eq!(
            contact("0712 345 678").unwrap().phone().unwrap(),
            "254712345678"
        );
        for bad in ["", "owner", "0812345678", "@", "a@b@c"] {
            assert_eq!(contact(bad), Err(BadPerson::Contact), "{bad}");
        }
        assert_eq!(format!("{:?}", contact("a@b.c").unwrap()), "Email(…)");
    }

    #[test]
    fn a_password_is_long_and_not_what_is_tried_first() {
        let mail: Contact = "njeri@example.com".parse().unwrap();
        let phone: Contact = "0712345678".parse().unwrap();
        for (password, contact, expected) in [
            ("mango rain tower", &mail, Ok(())),
            ("njia ya maji 7", &phone, Ok(())),
            ("short", &mail, Err(BadPerson::PasswordLength)),
            ("password2026!", &mail, Err(BadPerson::PasswordCommon)),
            ("MikroTik#2026", &mail, Err(BadPerson::PasswordCommon)),
            ("aaaaaaaaaaaa", &mail, Err(BadPerson::PasswordCommon)),
            ("njeri is here", &mail, Err(BadPerson::PasswordCommon)),
            ("my 712345678 x", &phone, Err(BadPerson::PasswordCommon)),
        ] {
            assert_eq!(
                check_password(&password.into(), contact),
                expected,
                "{password}"
            );
        }
        let endless = SecretString::from("x y".repeat(100));
        assert_eq!(
            check_password(&endless, &mail),
            Err(BadPerson::PasswordLength)
        );
    }
}
