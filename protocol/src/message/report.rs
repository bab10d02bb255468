//! What became of a command. Reports are kept with their command, for the person who asked; what must last is a fact.

use super::*;

/// The body of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The command was carried out, now or when it came before.
    Done,
    /// It came too late to be carried out.
    TooLate,
    /// It asked how the site is, and this is how.
    Findings(FindingsReport),
    /// It cannot be done as things are, and nothing was.
    Refused(RefusedReport),
}

/// Why a command was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RefusedReport {
    /// The reason.
    #[n(0)]
    pub why: NotDone,
}

numbered! {
    /// Why a command cannot be carried out.
    pub enum NotDone {
        /// No such ticket is in use here.
        0 NotHere,
        /// Its clock is not running, so there is nothing to hold.
        1 NotRunning,
        /// It is not held, so there is nothing to let go.
        2 NotPaused,
        /// It is over.
        3 Over,
    }
}

impl From<NotNow> for NotDone {
    fn from(why: NotNow) -> Self {
        match why {
            NotNow::NotRunning => Self::NotRunning,
            NotNow::NotPaused => Self::NotPaused,
            NotNow::Over(_) => Self::Over,
        }
    }
}

/// Everything that was looked over.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FindingsReport {
    /// In the order they were looked at.
    #[n(0)]
    pub findings: Vec<Finding>,
}

/// What was found about one thing, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Finding {
    /// What was looked at.
    #[n(0)]
    pub about: String,
    /// How serious it is.
    #[n(1)]
    pub verdict: Verdict,
    /// What was found. Never a code, a phone number, a password or a key.
    #[n(2)]
    pub says: String,
    /// What to do about it.
    #[n(3)]
    pub next: Option<String>,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Verdict {
    /// As it should be.
    #[n(0)]
    Good,
    /// Works, but worth a look.
    #[n(1)]
    Doubtful,
    /// Does not work.
    #[n(2)]
    Bad,
}

impl Report {
    /// Every kind with a body that this version knows.
    pub const KINDS: &'static [u16] = &[3, 4];

    /// The number of this body's kind on the wire.
    #[must_use]
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Done => 1,
            Self::TooLate => 2,
            Self::Findings(_) => 3,
            Self::Refused(_) => 4,
        }
    }

    /// The bytes of this body; the first two say all by their kind.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Done | Self::TooLate => Vec::new(),
            Self::Findings(body) => to_bytes(body),
            Self::Refused(body) => to_bytes(body),
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`BadBody`] tells a later version's kind from damage.
    pub fn decode(kind: u16, bytes: &[u8]) -> Result<Self, BadBody> {
        match kind {
            1 => Ok(Self::Done),
            2 => Ok(Self::TooLate),
            3 => minicbor::decode(bytes)
                .map(Self::Findings)
                .map_err(|_| BadBody::Malformed(kind)),
            4 => minicbor::decode(bytes)
                .map(Self::Refused)
                .map_err(|_| BadBody::Malformed(kind)),
            other => Err(BadBody::UnknownKind(other)),
        }
    }
}
