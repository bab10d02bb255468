//! The store: one SQLite file in which the journal is the truth.
//!
//! A commit that answers wait for appends entries only; one writer puts together what has arrived, so that many answers cost one
//! flush of the disk.
//!
//! What entries, rows and snapshots mean is the core's; here they are bytes with numbers.
//!
//! Statements are `query`, not `query!`: nearly all of them carry blobs, which the macro would copy out of SQLite's pages and wrap in rows
//! of its own, and the journal's append is one statement of many rows. The database is a file that every test makes anew from the
//! migrations, so each statement is checked against the schema by being run.

mod about;
mod feed;
mod journal;
mod open;
#[cfg(test)]
mod tests;
mod writer;

use std::ops::RangeInclusive;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{Entry, EntryNo, FeedCursor, FeedDigest, Mark};
use sqlx::migrate::MigrateError;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

pub use self::about::About;
pub use self::open::{Fresh, Loaded, Opened, put_aside};
pub use self::writer::Ended;
use crate::clock::Uptime;
use crate::core::RowChange;

/// Requests that may wait for the writer.
const QUEUE: usize = 256;

/// Why the store cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file cannot be opened; another agent may be running.
    #[error("could not open the store")]
    Open(#[source] sqlx::Error),
    /// The file is there and is no store, or a damaged one.
    #[error("the store is damaged")]
    Damaged(#[source] sqlx::Error),
    /// It could not be brought to this version.
    #[error("could not bring the store to this version")]
    Migrate(#[source] MigrateError),
    /// Something could not be read.
    #[error("could not read the {what} from the store")]
    Read {
        /// What was being read.
        what: &'static str,
        /// Why not.
        #[source]
        source: sqlx::Error,
    },
    /// Something could not be written: the disk is full or failing.
    #[error("could not write to the store")]
    Write(#[source] sqlx::Error),
    /// A row that no version of this program writes.
    #[error("the {what} in the store makes no sense")]
    Inconsistent {
        /// Which row.
        what: &'static str,
    },
    /// Its log cannot be folded into the file: somebody else reads it.
    #[error("the store's log is in use")]
    Held,
}

impl StoreError {
    /// Whether the file itself is damaged, so that no other try reads it. A disk that is full, or that gives nothing at all, is no damage:
    /// what is on it may come back.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) | Self::Inconsistent { .. } => true,
            Self::Open(error)
            | Self::Write(error)
            | Self::Read { source: error, .. }
            | Self::Migrate(
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _),
            ) => is_corrupt(error),
            Self::Migrate(_) | Self::Held => false,
        }
    }
}

/// Whether SQLite says that a page, or the whole file, is not what it wrote, or a value is not of the kind its column takes.
fn is_corrupt(error: &sqlx::Error) -> bool {
    const CORRUPT: u32 = 11;
    const NOT_A_DATABASE: u32 = 26;
    if let sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) = error {
        return true;
    }
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .and_then(|code| code.parse::<u32>().ok());
    // The last byte is the kind; what is above it says where.
    matches!(code.map(|code| code & 0xff), Some(CORRUPT | NOT_A_DATABASE))
}

/// Says that the writer has stopped after a failed write: nothing more is taken until the store is opened again.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the store is closed after a failed write")]
pub struct Closed;

/// A journal entry before it has a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// When, by the trusted clock.
    pub at: Timestamp,
    /// What kind of fact.
    pub kind: u16,
    /// The fact.
    pub body: Vec<u8>,
}

/// Bytes that stand for the state after all entries that were appended before they are saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// When they were made.
    pub at: Timestamp,
    /// The bytes.
    pub body: Vec<u8>,
}

/// The clock's floor as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptFloor {
    /// It is at least so late.
    pub time: Timestamp,
    /// Since when that is not proven.
    pub unproven_since: Option<Timestamp>,
    /// How long the machine had been up, so that a restart of the program alone loses no time.
    pub uptime: Option<Uptime>,
}

/// Feed rows with the place they lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// What changed.
    pub rows: Vec<RowChange>,
    /// The place in the feed after them.
    pub cursor: FeedCursor,
    /// Whether more follow; when not, rows of an earlier round of the feed are dropped.
    pub more: bool,
}

/// A new journal in the place of one that has forked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJournal {
    /// Its identity.
    pub journal: JournalId,
    /// Entries of the old journal after this one are written again in the new.
    pub after: EntryNo,
    /// Entries from this one on are damaged and left behind.
    pub before: Option<EntryNo>,
    /// The whole state, good for the last entry written again.
    pub snapshot: Vec<u8>,
    /// Now.
    pub at: Timestamp,
}

/// What was let go of after a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The oldest entry still kept.
    pub oldest: EntryNo,
}

pub(crate) enum Request {
    Append(Vec<NewEntry>, oneshot::Sender<Result<Mark, Closed>>),
    Rows(Rows, oneshot::Sender<Result<Vec<RowChange>, Closed>>),
    RestartFeed(oneshot::Sender<Result<(), Closed>>),
    Checkpoint(Saved, KeptFloor, oneshot::Sender<Result<(), Closed>>),
    Snapshot {
        saved: Saved,
        floor: KeptFloor,
        resynced: bool,
        acknowledged: EntryNo,
        done: oneshot::Sender<Result<Pruned, Closed>>,
    },
    Floor(KeptFloor, oneshot::Sender<Result<(), Closed>>),
    NewJournal(NewJournal, oneshot::Sender<Result<Mark, Closed>>),
    FeedDigest(oneshot::Sender<Result<(FeedCursor, FeedDigest), Closed>>),
    Read(
        RangeInclusive<EntryNo>,
        oneshot::Sender<Result<Vec<Entry>, Closed>>,
    ),
}

/// The way to the writer, cheap to clone. Requests are carried out in the order they are made.
#[derive(Clone)]
pub struct Store {
    requests: mpsc::Sender<Request>,
}

/// The writer's answer to come: it says "done" only after the commit.
pub type Written<T> = oneshot::Receiver<Result<T, Closed>>;

impl Store {
    async fn put<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Closed>>) -> Request,
    ) -> Written<T> {
        let (done, answer) = oneshot::channel();
        // A writer that is gone drops the sender, which the answer tells.
        let _ = self.requests.send(request(done)).await;
        answer
    }

    /// Appends entries in one commit; answers the journal's new end.
    pub async fn append(&self, entries: Vec<NewEntry>) -> Written<Mark> {
        self.put(|done| Request::Append(entries, done)).await
    }

    /// Stores feed rows and their cursor in one commit; answers all changes, also of rows that a feed begun anew no longer names.
    pub async fn store_rows(&self, rows: Rows) -> Written<Vec<RowChange>> {
        self.put(|done| Request::Rows(rows, done)).await
    }

    /// Notes that the feed begins anew.
    pub async fn restart_feed(&self) -> Written<()> {
        self.put(Request::RestartFeed).await
    }

    /// Keeps what running sessions have used.
    pub async fn checkpoint(&self, saved: Saved, floor: KeptFloor) -> Written<()> {
        self.put(|done| Request::Checkpoint(saved, floor, done))
            .await
    }

    /// Keeps the whole state and lets go of entries that nobody needs any more.
    pub async fn snapshot(
        &self,
        saved: Saved,
        floor: KeptFloor,
        resynced: bool,
        acknowledged: EntryNo,
    ) -> Written<Pruned> {
        self.put(|done| Request::Snapshot {
            saved,
            floor,
            resynced,
            acknowledged,
            done,
        })
        .await
    }

    /// Keeps the clock's floor.
    pub async fn keep_floor(&self, floor: KeptFloor) -> Written<()> {
        self.put(|done| Request::Floor(floor, done)).await
    }

    /// Begins a new journal in the place of a forked one.
    pub async fn new_journal(&self, journal: NewJournal) -> Written<Mark> {
        self.put(|done| Request::NewJournal(journal, done)).await
    }

    /// Reads all feed rows into one number, with the place they lead to.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn feed_digest(&self) -> Result<(FeedCursor, FeedDigest), Closed> {
        self.put(Request::FeedDigest)
            .await
            .await
            .unwrap_or(Err(Closed))
    }

    /// Reads entries, at most as many as fit into one answer to the controller.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn read(&self, range: RangeInclusive<EntryNo>) -> Result<Vec<Entry>, Closed> {
        self.put(|done| Request::Read(range, done))
            .await
            .await
            .unwrap_or(Err(Closed))
    }
}
