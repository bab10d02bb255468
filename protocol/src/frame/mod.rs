//! Frames: one binary message on the link, its layout, numbers and signature. What the bodies mean is in `session`.
//!
//! `suite byte ‖ header (CBOR map) ‖ body ‖ Ed25519 signature`. The signature covers the bytes as sent, so nobody ever encodes a
//! second time to check one.

mod keys;
mod sign;
mod time;

use minicbor::{Decode, Encode};
use thiserror::Error;

pub use keys::{BadStatement, KeyId, KeyStatement, MAX_PINNED, Pinned};
pub use sign::{Binding, Direction};
pub use time::{
    BadClockAnswer, clock_answer, clock_question, read_clock_question, verify_clock_answer,
};

/// The longest message on the link.
pub const MAX_FRAME: usize = 128 * 1024;
/// The longest body inside a frame: what is left after the header and the signature.
pub const MAX_BODY: usize = MAX_FRAME - 128;
/// Ed25519, SHA-256 and CBOR: the only suite so far. The first byte of every message names the suite.
pub const SUITE: u8 = 1;
/// The flag of a frame that a reader who does not know its kind must not ignore.
pub const CRITICAL: u8 = 1;

const SIGNATURE: usize = 64;

/// Counts the frames of one direction of one session, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct FrameNo(#[n(0)] pub u64);

/// What stands in front of every body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Header {
    /// What the body is.
    #[n(0)]
    pub kind: u16,
    /// Its number in this direction.
    #[n(1)]
    pub number: FrameNo,
    /// [`CRITICAL`] or nothing; bits a reader does not know are ignored.
    #[n(2)]
    pub flags: u8,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// Every kind of frame this version knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> u16 {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            /// The kind with this number, if this version knows it.
            #[must_use]
            pub const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// Controller: a nonce, the versions it speaks and the key it will sign with. The only frame without a valid signature.
    Challenge = 1,
    /// Agent: who it is and where it stands.
    Hello = 2,
    /// Controller: the time, and where it stands.
    Welcome = 3,
    /// Controller: no, or no longer, and why.
    Refused = 4,
    /// Agent: journal entries.
    Entries = 5,
    /// Controller: entries up to here are on disk.
    Acknowledged = 6,
    /// Controller: feed rows.
    Page = 7,
    /// Agent: the page is on disk.
    PageStored = 8,
    /// Agent: a question with a deadline.
    Question = 9,
    /// Controller: its answer.
    Answer = 10,
    /// Controller: a true command.
    Command = 11,
    /// Agent: what became of a command.
    Report = 12,
    /// Agent: a live reading that nobody keeps.
    Sample = 13,
    /// Both: still here. The controller's tells the time.
    Heartbeat = 14,
    /// Agent: the digest of all feed rows it holds.
    Digest = 15,
    /// Controller: the agent's rows are not the site's; read the feed from its start.
    StartOver = 16,
}

/// Why a frame closes its link.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum FrameError {
    /// The message is longer than any may be.
    #[error("a frame is longer than {MAX_FRAME} bytes")]
    TooLong,
    /// The message is too short, or its header does not decode.
    #[error("a frame is cut short or damaged")]
    Malformed,
    /// A later version's cryptography.
    #[error("a frame uses suite {0}, which this version does not know")]
    UnknownSuite(u8),
    /// The signature is not the peer's over this frame in this session at this place.
    #[error("a frame's signature does not verify")]
    BadSignature,
    /// A frame is missing, repeated or out of order.
    #[error("frame {found} came where {expected} was due")]
    OutOfOrder {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The controller announces a key the agent has not pinned.
    #[error("the controller's key is not pinned")]
    UnknownController,
    /// No protocol version is spoken by both ends.
    #[error("the two ends have no protocol version in common")]
    NoCommonVersion,
    /// A known kind at a time when it makes no sense, or from the wrong end.
    #[error("a frame of kind {0} came at the wrong time")]
    Unexpected(u16),
    /// A known kind whose body does not decode or contradicts itself.
    #[error("the body of a frame of kind {0} is damaged")]
    BadBody(u16),
    /// An unknown kind that must not be ignored.
    #[error("a frame of kind {0} must be understood and is not")]
    UnknownCritical(u16),
    /// More entries, questions or pages in flight than agreed, or events that nobody takes.
    #[error("the peer has more in flight than it may")]
    Window,
    /// More frames in a second than agreed.
    #[error("the peer sends too many frames")]
    TooFast,
    /// The session is over; nothing is read any more.
    #[error("the session is closed")]
    Closed,
}

/// Splits a message whose signature has been dealt with into header and body.
pub(crate) fn split(message: &[u8]) -> Result<(Header, &[u8]), FrameError> {
    let unsigned = unsigned(message)?;
    let inner = &unsigned[1..];
    let mut decoder = minicbor::Decoder::new(inner);
    let header = decoder.decode().map_err(|_| FrameError::Malformed)?;
    Ok((header, &inner[decoder.position()..]))
}

/// Checks size and suite, and gives the message without its signature.
pub(crate) fn unsigned(message: &[u8]) -> Result<&[u8], FrameError> {
    if message.len() > MAX_FRAME {
        return Err(FrameError::TooLong);
    }
    let body = message
        .len()
        .checked_sub(SIGNATURE)
        .filter(|&length| length >= 2)
        .ok_or(FrameError::Malformed)?;
    if message[0] != SUITE {
        return Err(FrameError::UnknownSuite(message[0]));
    }
    Ok(&message[..body])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_numbers_read_back_and_are_unique() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(Kind::from_number(kind.number()), Some(*kind));
            assert!(
                Kind::ALL[..place]
                    .iter()
                    .all(|other| other.number() != kind.number())
            );
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Kind::from_number(999), None);
    }

    #[test]
    fn damage_is_named() {
        assert_eq!(unsigned(&[]), Err(FrameError::Malformed));
        assert_eq!(unsigned(&[SUITE; 65]), Err(FrameError::Malformed));
        assert_eq!(unsigned(&[9; 70]), Err(FrameError::UnknownSuite(9)));
        assert_eq!(
            unsigned(&vec![SUITE; MAX_FRAME + 1]),
            Err(FrameError::TooLong)
        );
        assert_eq!(split(&[SUITE; 80]).map(|_| ()), Err(FrameError::Malformed));
    }
}
