//! Opening the store: bringing the file to this version and reading the state back.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{EntryNo, FeedCursor, Mark};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Executor, Row, SqliteConnection, query};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::about::{About, about};
use super::journal::{self, number};
use super::{Ended, QUEUE, Store, StoreError, feed, is_corrupt, writer};
use crate::core::{Core, Identity, Now, Replay};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/agent");

/// What a store that does not exist yet begins with.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    /// The journal's identity.
    pub journal: JournalId,
    /// The controller's time at the enrolment.
    pub floor: Timestamp,
}

/// A store that is open and has not been read.
pub struct Opened {
    conn: SqliteConnection,
    about: About,
}

impl Opened {
    /// Opens the file, making it if there is none.
    ///
    /// # Errors
    /// [`StoreError::Open`] when it cannot be opened, as when another agent has it; [`StoreError::Damaged`] when it is no store.
    pub async fn open(path: &Path, fresh: Fresh) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(2))
            .statement_cache_capacity(24);
        let mut conn = SqliteConnection::connect_with(&options)
            .await
            .map_err(opening)?;
        match begin(&mut conn, fresh).await {
            Ok(about) => Ok(Self { conn, about }),
            Err(error) => {
                close(conn).await;
                Err(error)
            }
        }
    }

    /// Lets go of the file.
    pub async fn close(self) {
        close(self.conn).await;
    }

    /// What the store says of itself.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Reads the state back. Damage to the snapshot or the journal is reported and leaves what is whole; then facts must be taken back from
    /// the controller.
    ///
    /// # Errors
    /// [`StoreError::Read`] when the file cannot be read at all.
    pub async fn load(
        &mut self,
        identity: Identity,
        seed: [u8; 32],
        now: Now,
    ) -> Result<Loaded, StoreError> {
        let mut replay = Replay::new(identity, seed, self.about.resynced);
        let mut damaged = false;
        let mut from = EntryNo(0);
        match self
            .saved("SELECT entry, body, sum FROM snapshot", "snapshot")
            .await?
        {
            Ok(Some((entry, body))) => match replay.snapshot(&body) {
                Ok(()) => from = entry,
                Err(error) => {
                    tracing::error!(%error, "the snapshot is left aside");
                    damaged = true;
                }
            },
            Ok(None) => {}
            Err(Rotten) => damaged = true,
        }
        let rotten = feed::each(&mut self.conn, |row, _| replay.row(row, now)).await?;
        if rotten > 0 {
            tracing::error!(
                rows = rotten,
                "rows of the feed are damaged and left aside; the controller is asked for all of them again"
            );
            replay.keep_all();
            feed::restart(&mut self.conn)
                .await
                .map_err(StoreError::Write)?;
            self.about.cursor = FeedCursor::default();
        }
        match self
            .saved("SELECT entry, body, sum FROM checkpoint", "checkpoint")
            .await?
        {
            // An older checkpoint than the snapshot has nothing to add.
            Ok(Some((entry, body))) if entry >= from => {
                if let Err(error) = replay.checkpoint(entry.0, &body) {
                    tracing::error!(%error, "the checkpoint is left aside");
                }
            }
            Ok(_) => {}
            Err(Rotten) => tracing::error!("the checkpoint is damaged and left aside"),
        }
        if from.next() < self.about.oldest {
            // The entries before are gone and the snapshot that had them is not readable.
            damaged = true;
        }
        let broken = self.replay(&mut replay, from).await?;
        damaged |= broken.is_some();
        if damaged {
            replay.distrust();
        }
        let last = self.about.last.number.0;
        let (strangers, later) = replay.unread(last);
        if strangers > 0 || later > 0 {
            tracing::warn!(
                strangers,
                later,
                "the journal names tickets this site does not have, or things only a later version knows"
            );
        }
        Ok(Loaded {
            core: replay.finish(last),
            broken_at: broken,
        })
    }

    /// Feeds the entries after the snapshot to the core. Names the first that is damaged, where it stops.
    async fn replay(
        &mut self,
        replay: &mut Replay,
        from: EntryNo,
    ) -> Result<Option<EntryNo>, StoreError> {
        let mut next = from.next().max(self.about.oldest);
        let mut expected: Option<Mark> = None;
        loop {
            let entries = journal::read(&mut self.conn, next..=self.about.last.number).await?;
            let Some(last) = entries.last() else {
                return Ok(None);
            };
            next = last.number.next();
            for entry in &entries {
                let follows = expected.is_none_or(|mark| {
                    mark.number.next() == entry.number && mark.chain == entry.previous
                });
                if !follows {
                    tracing::error!(entry = %entry.number, "the journal does not hang together from this entry on");
                    return Ok(Some(entry.number));
                }
                if let Err(error) = replay.entry(entry.number.0, entry.kind, &entry.body) {
                    tracing::error!(%error, "the journal is read up to this entry");
                    return Ok(Some(entry.number));
                }
                expected = Some(entry.mark());
            }
        }
    }

    async fn saved(
        &mut self,
        statement: &'static str,
        what: &'static str,
    ) -> Result<Result<Option<(EntryNo, Vec<u8>)>, Rotten>, StoreError> {
        let read_error = |source| StoreError::Read { what, source };
        let row = query(statement)
            .fetch_optional(&mut self.conn)
            .await
            .map_err(read_error)?;
        let Some(row) = row else {
            return Ok(Ok(None));
        };
        let entry = EntryNo(number(row.try_get("entry").map_err(read_error)?, what)?);
        let body: Vec<u8> = row.try_get("body").map_err(read_error)?;
        let sum: &[u8] = row.try_get("sum").map_err(read_error)?;
        if sum == writer::sum(entry, &body) {
            Ok(Ok(Some((entry, body))))
        } else {
            tracing::error!(what, "a sum does not match");
            Ok(Err(Rotten))
        }
    }

    /// Proves after a failed write that the disk keeps what it is given. What a flush failed to write is not written by the next one,
    /// though both files read as if it were there; so all of the log is written again, into the file.
    ///
    /// # Errors
    /// [`StoreError::Write`] when it still fails, [`StoreError::Held`] when somebody else reads it.
    pub async fn prove(&mut self) -> Result<(), StoreError> {
        let row = query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut self.conn)
            .await
            .map_err(StoreError::Write)?;
        let busy: i64 = row.try_get(0).map_err(StoreError::Write)?;
        if busy == 0 {
            Ok(())
        } else {
            Err(StoreError::Held)
        }
    }

    /// Starts the writer. It ends when every [`Store`] is dropped, having carried out what was asked.
    #[must_use]
    pub fn start(self) -> (Store, JoinHandle<Ended>) {
        let (requests, queue) = mpsc::channel(QUEUE);
        let writer = tokio::spawn(writer::run(self.conn, self.about.last, queue));
        (Store { requests }, writer)
    }

    #[cfg(test)]
    pub(super) const fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.conn
    }

    /// Has the database look itself over.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn check(&mut self) -> Result<bool, StoreError> {
        let row = query("PRAGMA quick_check(1)")
            .fetch_one(&mut self.conn)
            .await
            .map_err(|source| StoreError::Read {
                what: "integrity",
                source,
            })?;
        let said: &str = row.try_get(0).map_err(|source| StoreError::Read {
            what: "integrity",
            source,
        })?;
        Ok(said == "ok")
    }
}

/// What reading back gave.
pub struct Loaded {
    /// The core as it was.
    pub core: Core,
    /// The first entry that could not be read back, if any: the journal must be begun anew.
    pub broken_at: Option<EntryNo>,
}

struct Rotten;

/// Puts a damaged store, which nobody may have open, aside.
///
/// # Errors
/// When its files cannot be named otherwise.
pub fn put_aside(path: &Path, why: &StoreError) -> anyhow::Result<()> {
    tracing::error!(
        error = why as &dyn std::error::Error,
        "the store is damaged; it is put aside and what happened here is taken back from the controller"
    );
    for suffix in ["", "-wal", "-shm"] {
        let mut from = path.as_os_str().to_owned();
        from.push(suffix);
        let mut to = from.clone();
        to.push(".damaged");
        if let Err(error) = std::fs::rename(&from, &to)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).context("could not put the damaged store aside");
        }
    }
    Ok(())
}

/// How SQLite is to keep the file, in the order in which it must be told.
///
/// The smallest pages: a commit writes whole ones to the log, and entries are about a hundred bytes. One that opens it keeps it, since two
/// agents on one store would both redeem. Folding the log costs two more flushes, so the writer does it when nobody waits; the number here
/// is for a site without a quiet moment.
const KEEPING: &str = "PRAGMA page_size = 512;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 8000;
    PRAGMA cache_size = -512;
    PRAGMA temp_store = memory;";

/// Brings the file to this version.
async fn begin(conn: &mut SqliteConnection, fresh: Fresh) -> Result<About, StoreError> {
    conn.execute(KEEPING).await.map_err(opening)?;
    MIGRATIONS
        .run_direct(None, &mut *conn, false)
        .await
        .map_err(|error| match error {
            MigrateError::Execute(error) => opening(error),
            other => StoreError::Migrate(other),
        })?;
    query(
        "INSERT INTO meta (id, journal, resynced, acknowledged, cursor_revision, cursor_kind, cursor_id, feed_round, floor)
         VALUES (1, ?, 0, 0, 0, 0, zeroblob(16), 0, ?) ON CONFLICT DO NOTHING",
    )
    .bind(fresh.journal.as_bytes().as_slice())
    .bind(fresh.floor.as_millis())
    .execute(&mut *conn)
    .await
    .map_err(StoreError::Write)?;
    about(conn).await
}

/// Waits until SQLite has let go of the file: it removes the log by its name, which may be another store's by then.
async fn close(conn: SqliteConnection) {
    // Closing may fail for the same reason as what went before.
    let _ = conn.close().await;
}

/// Tells a file that cannot be opened now from one that is no store.
fn opening(error: sqlx::Error) -> StoreError {
    if is_corrupt(&error) {
        StoreError::Damaged(error)
    } else {
        StoreError::Open(error)
    }
}
