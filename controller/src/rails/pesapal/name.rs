//! A name that Pesapal gave something: an order, or an address of ours.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

/// The longest one that is taken.
const LONGEST: usize = 64;
/// How long a UUID is with its hyphens.
const UUID: usize = 36;

/// A name that Pesapal gave. Its own are UUIDs, which are the same in any case; those of whoever stands in for it are any letters, digits and `-_.`.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Name(String);

/// Says that a text is no name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a name of Pesapal's has 1 to {LONGEST} letters, digits and -_.")]
pub struct NoName;

impl Name {
    /// The name as it stands in a row and on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        if text.len() == UUID
            && let Ok(id) = text.parse::<Uuid>()
        {
            return Ok(Self(id.to_string()));
        }
        let is_plain = text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if (1..=LONGEST).contains(&text.len()) && is_plain {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoName)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_in_any_case_or_plain_signs_as_they_are() {
        let name = |text: &str| text.parse::<Name>().map(|name| name.to_string());
        assert_eq!(
            name("96A5E1D9-0000-4000-8000-00000000000A").unwrap(),
            "96a5e1d9-0000-4000-8000-00000000000a"
        );
        for text in [
            "TRK-0001",
            "4278",
            "96A5E1D900004000800000000000000A",
            "a_b.c",
        ] {
            assert_eq!(name(text).unwrap(), text);
        }
        for text in ["", "a b", "a&b=c", "../x", "ü", &"a".repeat(65)] {
            assert_eq!(name(text), Err(NoName), "{text}");
        }
    }
}
