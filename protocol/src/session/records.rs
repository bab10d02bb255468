//! What a session moves: journal entries and their marks upwards, feed rows and their cursor downwards. Bodies are bytes here; what
//! they say is in `message`.

use std::fmt;

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::digest::FeedDigest;
use crate::clock::Timestamp;
use crate::ids::{AgentId, JournalId};

/// Numbers the entries of one journal, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct EntryNo(#[n(0)] pub u64);

/// Numbers the changes of one site's feed, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Revision(#[n(0)] pub u64);

impl EntryNo {
    /// The number after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The number before this; 0 stays 0.
    #[must_use]
    pub const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl fmt::Display for EntryNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A place in a journal: an entry's number and the hash chain up to and including it.
#[derive(Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Mark {
    /// The last entry's number; 0 before the first.
    #[n(0)]
    pub number: EntryNo,
    /// Its chain value.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub chain: [u8; 32],
}

impl Mark {
    /// Where a journal begins, before its first entry. Differs between journals, so that two never share a chain value.
    #[must_use]
    pub fn start(journal: JournalId) -> Self {
        Self {
            number: EntryNo(0),
            chain: Sha256::new()
                .chain_update(b"mnara journal 1")
                .chain_update(journal.as_bytes())
                .finalize()
                .into(),
        }
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.chain;
        write!(f, "{}:{a:02x}{b:02x}", self.number)
    }
}

/// One journal entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number.
    pub number: EntryNo,
    /// The chain value of the entry before, or of [`Mark::start`].
    pub previous: [u8; 32],
    /// When it was written, by the site's trusted clock.
    pub at: Timestamp,
    /// What kind of fact the body is.
    pub kind: u16,
    /// The fact.
    pub body: Vec<u8>,
}

impl Entry {
    /// The place just after this entry.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            number: self.number,
            chain: chain(&self.previous, self),
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({}, kind {})", self.number, self.kind)
    }
}

/// The chain value after an entry: SHA-256 of the value before, number, time, kind (big-endian) and body.
#[must_use]
pub fn chain(previous: &[u8; 32], entry: &Entry) -> [u8; 32] {
    Sha256::new()
        .chain_update(previous)
        .chain_update(entry.number.0.to_be_bytes())
        .chain_update(entry.at.as_millis().to_be_bytes())
        .chain_update(entry.kind.to_be_bytes())
        .chain_update(&entry.body)
        .finalize()
        .into()
}

/// A place in a site's feed. Rows are ordered by this triple.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct FeedCursor {
    /// The row's revision.
    #[n(0)]
    pub revision: Revision,
    /// The row's kind.
    #[n(1)]
    pub kind: u16,
    /// The row's id.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub id: [u8; 16],
}

/// One line of what a site must know. It replaces whatever the agent held under (kind, id), whatever revision that had.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct FeedRow {
    /// What kind of row the body is.
    #[n(0)]
    pub kind: u16,
    /// The row's id.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub id: [u8; 16],
    /// When it last changed.
    #[n(2)]
    pub revision: Revision,
    /// Whether the row is gone.
    #[n(3)]
    pub deleted: bool,
    /// The row; empty when it is gone.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub body: Vec<u8>,
}

impl FeedRow {
    /// The row's place in the feed.
    #[must_use]
    pub const fn cursor(&self) -> FeedCursor {
        FeedCursor {
            revision: self.revision,
            kind: self.kind,
            id: self.id,
        }
    }
}

impl fmt::Debug for FeedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeedRow({}, kind {})", self.revision, self.kind)
    }
}

/// Some rows in the order of the feed. The agent stores them and the cursor in one commit.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Page {
    /// The rows.
    #[n(0)]
    pub rows: Vec<FeedRow>,
    /// The place of the last one.
    #[n(1)]
    pub cursor: FeedCursor,
    /// Whether there are rows after it.
    #[n(2)]
    pub more: bool,
}

/// What an agent's hello says of itself. Nothing of it is proven before [`authenticate`](super::Session::authenticate).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who it says it is.
    pub agent: AgentId,
    /// Its journal.
    pub journal: JournalId,
    /// The journal's end.
    pub last: Mark,
    /// Where it stands in the feed.
    pub cursor: FeedCursor,
    /// Its software and version, for people.
    pub software: String,
    /// Whether its store is new or was restored, so that it must take back its site's facts first.
    pub restored: bool,
    /// The protocol version both will speak.
    pub version: u16,
    /// The number of the last link this device had since its program started. Another device with the same key has another.
    pub link: Option<u64>,
}

/// What the controller knows of an agent when it lets it in.
#[derive(Clone, Copy, Debug)]
pub struct Admitted {
    /// What is stored of the claimed journal; `None` when the controller has not met that journal.
    pub acknowledged: Option<Mark>,
    /// The link's number, taken in the hello's transaction.
    pub epoch: u64,
    /// The newest revision of the site's feed. An agent that is past it knows rows the controller has lost: the feed starts over.
    pub feed_head: Revision,
    /// From where on the site's feed is whole; 0 unless the controller was restored from a backup, which moves all revisions past any
    /// that were ever given out. An agent that stands before it starts over.
    pub feed_floor: Revision,
}

/// Why the controller does not let an agent in, or lets it go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody enrolled this agent.
    UnknownAgent,
    /// The provider took its enrolment back.
    Revoked,
    /// A newer link of the same agent took over.
    Superseded,
    /// Not now; not before so many seconds.
    Busy {
        /// Seconds to wait at least.
        retry_after_secs: u32,
    },
    /// The journal and what the controller stored of it are not one history.
    Forked {
        /// What the controller holds.
        held: Mark,
    },
    /// A later version's reason.
    Other(u16),
}

/// Why a session closed on its own account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The handshake took too long.
    NoHandshake,
    /// Two heartbeats went missing, or while a person waits, the answer to one.
    Silent,
    /// The controller refused, or this controller did.
    Refused,
    /// The journal has forked.
    Forked,
}

/// What happened in a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Controller: somebody says hello; look its key up, authenticate, then admit or refuse.
    Hello(Claim),
    /// The link is up. On the agent, `wall` is the controller's signed time.
    Ready {
        /// The controller's time when it welcomed.
        wall: Timestamp,
        /// The link's number.
        epoch: u64,
    },
    /// Agent: the controller's signed time, put forward by half the measured round trip.
    Anchor {
        /// The time now.
        wall: Timestamp,
    },
    /// Agent: a statement changed the pinned keys; keep them.
    KeysChanged(crate::frame::Pinned),
    /// Controller: entries that follow without a gap on the mark, chain verified. Store them, move the mark, then call `stored`.
    Entries(Vec<Entry>),
    /// Controller: the agent no longer has these entries and the controller never had them. The entries after them follow.
    Missing {
        /// The first that is lost.
        from: EntryNo,
        /// The last that is lost.
        to: EntryNo,
    },
    /// Agent: the controller has everything up to here on disk. Comes once after every `Ready` too, as soon as the mark is proven to be
    /// part of this journal; lower than before when the controller was restored from a backup.
    Acknowledged(Mark),
    /// Agent: rows to store together with their cursor.
    Page(Page),
    /// Agent: the controller's feed is older than what is held here, or another; it starts over. What the new feed does not name by the first page
    /// without `more` is not the controller's any longer.
    FeedRestarted,
    /// Controller: the digest of the rows an agent holds, up to this place. If that is the feed's end and the digest of the site's rows
    /// is another, call `start_over`.
    Digest {
        /// Up to where.
        cursor: FeedCursor,
        /// Of all rows.
        digest: FeedDigest,
    },
    /// Controller: a question to answer before its deadline.
    Question {
        /// The try.
        id: crate::ids::AttemptId,
        /// The question's kind.
        kind: u16,
        /// The question.
        body: Vec<u8>,
    },
    /// Agent: the answer to a question.
    Answer {
        /// The try.
        id: crate::ids::AttemptId,
        /// The answer's kind.
        kind: u16,
        /// The answer.
        body: Vec<u8>,
    },
    /// Agent: no answer came in time, or the link was lost.
    Unanswered {
        /// The try.
        id: crate::ids::AttemptId,
    },
    /// Agent: a command.
    Command {
        /// The command's kind.
        kind: u16,
        /// The command.
        body: Vec<u8>,
    },
    /// Controller: what became of a command.
    Report {
        /// The command.
        id: crate::ids::CommandId,
        /// The report's kind.
        kind: u16,
        /// The report.
        body: Vec<u8>,
    },
    /// Controller: a live reading.
    Sample {
        /// The reading's kind.
        kind: u16,
        /// The reading.
        body: Vec<u8>,
    },
    /// The journal and what the controller stored of it are not one history: begin a new journal, re-send what differs, tell people.
    Forked {
        /// What the controller holds.
        held: Mark,
    },
    /// The stream up (or down) cannot go on: this entry (or row) is larger than a frame. Raise an alarm.
    TooLarge {
        /// The entry's number or the row's revision.
        number: u64,
    },
    /// Agent: a newer link of this agent took over.
    Superseded,
    /// Agent: the controller says no.
    Refused(Refusal),
    /// The session is over; send what `poll_transmit` still gives, then drop the connection.
    Closed(Closed),
}
