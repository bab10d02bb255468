//! The settings of people: what is asked of the platform's own staff, and where businesses reach them.

use std::str::FromStr;

use clap::{Args, ValueEnum};

/// The section of people.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "People")]
pub struct PeopleConfig {
    /// Whether the platform's own staff need a second factor. Without one, whoever learns such a password sees every business.
    #[arg(
        long,
        env = "MNARA_ADMIN_SECOND_FACTOR",
        value_enum,
        default_value = "required",
        global = true
    )]
    pub admin_second_factor: SecondFactor,

    /// Where businesses reach whoever runs this: an e-mail address or a phone number, shown to those that wait to be let in, are stopped or
    /// should ask for help. Left out, they are told of none.
    #[arg(long, env = "MNARA_SUPPORT_CONTACT", global = true)]
    pub support_contact: Option<SupportContact>,
}

/// Whether somebody needs a second factor.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum SecondFactor {
    /// Their pages open once it is set up.
    Required,
    /// As they like; for trying things out.
    Optional,
}

/// Where somebody is written to or called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SupportContact {
    shown: String,
    link: String,
}

impl SupportContact {
    /// As it was typed.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The address that opens a letter, or a call.
    #[must_use]
    pub fn link(&self) -> &str {
        &self.link
    }
}

/// Says that a text is nowhere to reach somebody.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "write an e-mail address such as help@example.com, or a phone number such as +254 20 123 4567"
)]
pub struct NoContact;

impl FromStr for SupportContact {
    type Err = NoContact;

    fn from_str(text: &str) -> Result<Self, NoContact> {
        let shown = text.trim();
        let link = match shown.split_once('@') {
            Some((user, host)) => {
                // What has a meaning of its own in a link is in nobody's address here.
                let is_plain = |part: &str| {
                    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._+-".contains(&b);
                    !part.is_empty() && part.bytes().all(plain)
                };
                if shown.len() > 254 || !is_plain(user) || !is_plain(host) {
                    return Err(NoContact);
                }
                format!("mailto:{shown}")
            }
            None => {
                let (sign, rest) = match shown.strip_prefix('+') {
                    Some(rest) => ("+", rest),
                    None => ("", shown),
                };
                let is_between = |c: char| matches!(c, ' ' | '-' | '(' | ')');
                let digits: String = rest.chars().filter(|c| !is_between(*c)).collect();
                let is_number =
                    matches!(digits.len(), 3..=15) && digits.bytes().all(|b| b.is_ascii_digit());
                if shown.len() > 40 || !is_number {
                    return Err(NoContact);
                }
                format!("tel:{sign}{digits}")
            }
        };
        Ok(Self {
            shown: shown.to_owned(),
            link,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_an_address_or_a_number_and_nothing_else() {
        for (text, shown, link) in [
            (
                " help@mnara.example ",
                "help@mnara.example",
                "mailto:help@mnara.example",
            ),
            (
                "+254 (20) 123-4567",
                "+254 (20) 123-4567",
                "tel:+254201234567",
            ),
            ("0712 345 678", "0712 345 678", "tel:0712345678"),
        ] {
            let contact: SupportContact = text.parse().unwrap();
            assert_eq!((contact.shown(), contact.link()), (shown, link));
        }
        for text in [
            "",
            "help",
            "@",
            "a@",
            "a@b@c",
            "a b@c.example",
            "a@b.example?bcc=c@d.example",
            "<b>@c.example",
            "12",
            "+",
            "0712 x45 678",
            "https://mnara.example",
        ] {
            assert_eq!(text.parse::<SupportContact>(), Err(NoContact), "{text}");
        }
    }
}
