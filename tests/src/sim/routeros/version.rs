//! RouterOS version numbers and what they decide. Parameter tables name the version they begin at; this file compares.
use std::fmt;
use std::str::FromStr;

/// A RouterOS version such as `7.22.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u8,
    minor: u8,
    patch: u8,
}

/// A text that is no version.
#[derive(Debug, thiserror::Error)]
#[error("a RouterOS version looks like 7.22.3 or 6.49")]
pub struct BadVersion;

impl Version {
    /// The version a router runs unless told otherwise.
    pub const DEFAULT: Self = Self {
        major: 7,
        minor: 22,
        patch: 3,
    };

    pub(crate) const fn at_least(self, (major, minor): (u8, u8)) -> bool {
        self.major > major || (self.major == major && self.minor >= minor)
    }

    /// `!empty` is sent before `!done` when a command has nothing to say.
    pub(crate) const fn says_empty(self) -> bool {
        self.at_least((7, 18))
    }

    /// Login is one plain sentence, not a challenge.
    pub(crate) const fn plain_login(self) -> bool {
        self.at_least((6, 43))
    }

    pub(crate) const fn iso_dates(self) -> bool {
        self.at_least((7, 10))
    }

    pub(crate) const fn counts_api_sessions(self) -> bool {
        self.at_least((7, 16))
    }

    pub(crate) const fn is_six(self) -> bool {
        self.major < 7
    }
}

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let mut parts = text
            .split('.')
            .map(|part| part.parse::<u8>().map_err(|_| BadVersion));
        let major = parts.next().ok_or(BadVersion)??;
        let minor = parts.next().ok_or(BadVersion)??;
        let patch = parts.next().transpose()?.unwrap_or(0);
        if parts.next().is_some() {
            return Err(BadVersion);
        }
        Ok(Self {
            major,
            minor,
            patch,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 {
            write!(out, ".{}", self.patch)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_not_by_text() {
        let new: Version = "7.18.2".parse().unwrap();
        let old: Version = "7.9".parse().unwrap();
        assert!(new > old);
        assert!(new.says_empty() && !old.says_empty());
        assert!(!"6.42".parse::<Version>().unwrap().plain_login());
        assert_eq!(new.to_string(), "7.18.2");
        assert!("seven".parse::<Version>().is_err());
    }
}
