//! RouterOS versions, as far as scripts differ by them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A RouterOS version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouterOs {
    minor: u16,
    patch: Option<u16>,
}

impl RouterOs {
    /// The oldest that scripts are made for.
    pub const OLDEST: Self = Self::release(14);
    /// The newest that was there when this was written; a later one is written to as this one.
    const NEWEST: Self = Self::release(24);

    const fn release(minor: u16) -> Self {
        Self { minor, patch: None }
    }

    /// Every release there is, the newest first.
    pub fn releases() -> impl Iterator<Item = Self> {
        (Self::OLDEST.minor..=Self::NEWEST.minor)
            .rev()
            .map(Self::release)
    }

    /// Its release line: 21 of 7.21.3.
    pub(super) const fn minor(self) -> u16 {
        self.minor
    }
}

impl FromStr for RouterOs {
    type Err = BadVersion;

    /// Reads a version as a router shows it: `7.20.8 (long-term)`. What is not yet released is called `7.25beta3`, and is taken for the release.
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let number = text
            .trim()
            .split(|c: char| !(c.is_ascii_digit() || c == '.'))
            .next();
        let mut parts = number.unwrap_or_default().split('.');
        let mut number = || parts.next().map(str::parse::<u16>);
        let found = match (number(), number(), number(), number()) {
            (Some(Ok(7)), Some(Ok(minor)), None, _) => Self::release(minor),
            (Some(Ok(7)), Some(Ok(minor)), Some(Ok(patch)), None) => Self {
                minor,
                patch: Some(patch),
            },
            _ => return Err(BadVersion),
        };
        (found.minor >= Self::OLDEST.minor)
            .then_some(found)
            .ok_or(BadVersion)
    }
}

impl fmt::Display for RouterOs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "7.{}", self.minor)?;
        self.patch.map_or(Ok(()), |patch| write!(f, ".{patch}"))
    }
}

/// Says that a version is none that scripts are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("give a RouterOS version from 7.14 on, such as 7.20.8")]
pub struct BadVersion;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_as_a_router_shows_it() {
        for (text, read) in [
            ("7.14", "7.14"),
            ("7.21.3", "7.21.3"),
            (" 7.20.8 (long-term) ", "7.20.8"),
            ("7.25beta2", "7.25"),
            ("7.22rc1 (testing)", "7.22"),
            ("7.30", "7.30"),
        ] {
            let version = text.parse::<RouterOs>();
            assert_eq!(
                version.map(|version| version.to_string()),
                Ok(read.to_owned())
            );
        }
        for text in [
            "", "7", "7.", "7.13.5", "6.49.10", "8.1", "7.20.8.1", "7.x", "beta", "70.20",
            "7.99999",
        ] {
            assert_eq!(text.parse::<RouterOs>(), Err(BadVersion), "{text}");
        }
    }

    #[test]
    fn every_release_is_offered() {
        let offered: Vec<String> = RouterOs::releases().map(|one| one.to_string()).collect();
        assert_eq!(offered.first().map(String::as_str), Some("7.24"));
        assert_eq!(offered.last().map(String::as_str), Some("7.14"));
        assert_eq!(offered.len(), 11);
    }
}
