//! The bodies of frames as CBOR. Only their shape; what a session does with them is beside.

use minicbor::{Decode, Encode};

use super::digest::FeedDigest;
use super::records::{EntryNo, FeedCursor, Mark, Refusal};
use crate::clock::Timestamp;
use crate::frame::{KeyId, KeyStatement};
use crate::ids::{AgentId, AttemptId, CommandId, JournalId};

/// How many key statements a challenge carries at most.
pub(crate) const MAX_STATEMENTS: usize = 8;

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Challenge {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) nonce: [u8; 32],
    #[n(1)]
    pub(crate) oldest: u16,
    #[n(2)]
    pub(crate) newest: u16,
    #[n(3)]
    pub(crate) key: KeyId,
    #[n(4)]
    pub(crate) statements: Vec<KeyStatement>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Hello {
    #[n(0)]
    pub(crate) agent: AgentId,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) nonce: [u8; 32],
    #[n(2)]
    pub(crate) version: u16,
    #[n(3)]
    pub(crate) journal: JournalId,
    #[n(4)]
    pub(crate) last: Mark,
    #[n(5)]
    pub(crate) cursor: FeedCursor,
    #[n(6)]
    pub(crate) software: String,
    #[n(7)]
    pub(crate) restored: bool,
    #[n(8)]
    pub(crate) link: Option<u64>,
    /// How many pages the agent takes before it has stored the first; one when it does not say.
    #[n(9)]
    pub(crate) pages: Option<u8>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Welcome {
    #[n(0)]
    pub(crate) wall: Timestamp,
    #[n(1)]
    pub(crate) epoch: u64,
    #[n(2)]
    pub(crate) acknowledged: Mark,
    #[n(3)]
    pub(crate) cursor: FeedCursor,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Refused {
    #[n(0)]
    code: u16,
    #[n(1)]
    secs: Option<u32>,
    #[n(2)]
    held: Option<Mark>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let bare = |code| Self {
            code,
            secs: None,
            held: None,
        };
        match refusal {
            Refusal::UnknownAgent => bare(1),
            Refusal::Revoked => bare(2),
            Refusal::Superseded => bare(3),
            Refusal::Busy { retry_after_secs } => Self {
                secs: Some(retry_after_secs),
                ..bare(4)
            },
            Refusal::Forked { held } => Self {
                held: Some(held),
                ..bare(5)
            },
            Refusal::Other(code) => bare(code),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match (refused.code, refused.secs, refused.held) {
            (1, ..) => Self::UnknownAgent,
            (2, ..) => Self::Revoked,
            (3, ..) => Self::Superseded,
            (4, secs, _) => Self::Busy {
                retry_after_secs: secs.unwrap_or(0),
            },
            (5, _, Some(held)) => Self::Forked { held },
            (code, ..) => Self::Other(code),
        }
    }
}

#[derive(Encode, Decode)]
pub(crate) struct WireEntry {
    #[n(0)]
    pub(crate) at: Timestamp,
    #[n(1)]
    pub(crate) kind: u16,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Entries {
    #[n(0)]
    pub(crate) first: EntryNo,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) previous: [u8; 32],
    #[n(2)]
    pub(crate) entries: Vec<WireEntry>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Acknowledged {
    #[n(0)]
    pub(crate) mark: Mark,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct PageStored {
    #[n(0)]
    pub(crate) cursor: FeedCursor,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Question {
    #[n(0)]
    pub(crate) id: AttemptId,
    #[n(1)]
    pub(crate) kind: u16,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
    #[n(3)]
    pub(crate) deadline_millis: u32,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Answer {
    #[n(0)]
    pub(crate) id: AttemptId,
    #[n(1)]
    pub(crate) kind: u16,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
}

/// A command or a sample.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Bare {
    #[n(0)]
    pub(crate) kind: u16,
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Report {
    #[n(0)]
    pub(crate) id: CommandId,
    #[n(1)]
    pub(crate) kind: u16,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) body: Vec<u8>,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Digest {
    #[n(0)]
    pub(crate) cursor: FeedCursor,
    #[n(1)]
    pub(crate) digest: FeedDigest,
}

#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct StartOver {}

/// The agent counts its heartbeats; the controller gives the number back with its time.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(crate) struct Heartbeat {
    #[n(0)]
    pub(crate) count: u64,
    #[n(1)]
    pub(crate) wall: Option<Timestamp>,
}

pub(crate) fn to_bytes<T: Encode<()>>(body: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(()) = minicbor::encode(body, &mut bytes) else {
        unreachable!("writing to a Vec cannot fail");
    };
    bytes
}
