//! The one writer: takes what has arrived, puts it into one commit, and answers after it. After a failed write it stops for good, since
//! what a disk that failed once has kept is known only by opening the file again; so it does when what it reads is damaged.

use std::time::Duration;

use mnara_protocol::session::{EntryNo, Mark};
use sha2::{Digest, Sha256};
use sqlx::{Connection, SqliteConnection, query};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::journal::{self, signed};
use super::{Closed, KeptFloor, NewJournal, Pruned, Request, Saved, StoreError, feed};

/// Requests put into one commit at most.
const TOGETHER: usize = 64;
/// Turns of the runtime that bring nothing new before what has arrived is committed.
const QUIET_TURNS: usize = 3;
/// The same while fewer have come than the last time: those who were answered together ask together.
const PATIENT_TURNS: usize = 30;
/// The log is folded into the file when it is worth it and nobody has asked for anything for a while.
const IDLE: Duration = Duration::from_secs(1);
/// Bytes worth folding; SQLite itself folds in mid-commit when the log has grown far beyond, see `open`.
const WORTH_FOLDING: usize = 64 * 1024;

type Answer = Box<dyn FnOnce(Result<(), Closed>) + Send>;

/// Why the writer has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was told to, or could not write.
    Closed,
    /// It came by a page that is damaged, which opening the file again need not come by.
    Damaged,
}

pub(super) async fn run(
    mut conn: SqliteConnection,
    mut end: Mark,
    mut requests: mpsc::Receiver<Request>,
) -> Ended {
    let mut batch = Vec::with_capacity(TOGETHER);
    let mut together = 1;
    let mut unfolded = 0;
    loop {
        let received = requests.recv_many(&mut batch, TOGETHER);
        let received = if unfolded < WORTH_FOLDING {
            received.await
        } else if let Ok(received) = timeout(IDLE, received).await {
            received
        } else {
            unfolded = 0;
            if let Err(error) = fold(&mut conn).await {
                // The next commit tells whether the disk still works.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the store's log could not be folded into its file"
                );
            }
            continue;
        };
        if received == 0 {
            break;
        }
        gather(&mut requests, &mut batch, together).await;
        let (writes, reads): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .partition(|request| !matches!(request, Request::Read(..) | Request::FeedDigest(_)));
        if !writes.is_empty() {
            together = writes.len();
            unfolded += writes.iter().map(size).sum::<usize>();
            if let Err(error) = commit(&mut conn, &mut end, writes).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the store could not be written and takes nothing more until it is opened again"
                );
                return give_up(conn, &error).await;
            }
        }
        for request in reads {
            if let Err(error) = read(&mut conn, request).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the store could not be read"
                );
                if error.is_damage() {
                    return give_up(conn, &error).await;
                }
            }
        }
    }
    if let Err(error) = conn.close().await {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the store was not closed in good order; nothing that was answered is lost"
        );
    }
    Ended::Closed
}

async fn give_up(conn: SqliteConnection, error: &StoreError) -> Ended {
    // Closing may fail for the same reason; the file is opened anew either way.
    let _ = conn.close().await;
    if error.is_damage() {
        Ended::Damaged
    } else {
        Ended::Closed
    }
}

/// Takes in what is on its way here, so that it shares the flush. Waits for no clock: a turn in which every task that could run has
/// run costs microseconds, and a request that comes alone is not held up by more than a few of them.
async fn gather(requests: &mut mpsc::Receiver<Request>, batch: &mut Vec<Request>, expected: usize) {
    let mut quiet = 0;
    while batch.len() < TOGETHER {
        tokio::task::yield_now().await;
        let before = batch.len();
        while batch.len() < TOGETHER
            && let Ok(request) = requests.try_recv()
        {
            batch.push(request);
        }
        quiet = if batch.len() == before { quiet + 1 } else { 0 };
        let patience = if batch.len() < expected {
            PATIENT_TURNS
        } else {
            QUIET_TURNS
        };
        if quiet >= patience {
            return;
        }
    }
}

/// About how much a request adds to the log.
fn size(request: &Request) -> usize {
    /// A page or two for the statement itself.
    const LEAST: usize = 1_024;
    match request {
        Request::Append(entries, _) => entries
            .iter()
            .map(|entry| entry.body.len() + journal::OVERHEAD)
            .sum(),
        Request::Rows(rows, _) => rows
            .rows
            .iter()
            .map(|row| row.body.as_ref().map_or(0, Vec::len) + LEAST)
            .sum(),
        Request::Checkpoint(saved, ..) | Request::Snapshot { saved, .. } => {
            saved.body.len() + LEAST
        }
        Request::NewJournal(new, _) => new.snapshot.len() + LEAST,
        Request::RestartFeed(_)
        | Request::Floor(..)
        | Request::Read(..)
        | Request::FeedDigest(_) => LEAST,
    }
}

/// Folds the log into the file, so that the next one begins at its start.
async fn fold(conn: &mut SqliteConnection) -> Result<(), StoreError> {
    query("PRAGMA wal_checkpoint(PASSIVE)")
        .execute(conn)
        .await
        .map(|_| ())
        .map_err(StoreError::Write)
}

/// Reads what is asked for. Whoever asked is told that it failed, the writer why.
async fn read(conn: &mut SqliteConnection, request: Request) -> Result<(), StoreError> {
    match request {
        Request::Read(range, done) => tell(done, journal::read(conn, range).await),
        Request::FeedDigest(done) => tell(done, feed::digest(conn).await),
        _ => Ok(()),
    }
}

fn tell<T>(
    done: oneshot::Sender<Result<T, Closed>>,
    read: Result<T, StoreError>,
) -> Result<(), StoreError> {
    let (told, failed) = match read {
        Ok(read) => (Ok(read), Ok(())),
        Err(error) => (Err(Closed), Err(error)),
    };
    // Whoever asked may have gone.
    let _ = done.send(told);
    failed
}

/// Carries out writes in one commit. Answers leave after it, or say that it failed.
async fn commit(
    conn: &mut SqliteConnection,
    end: &mut Mark,
    writes: Vec<Request>,
) -> Result<(), StoreError> {
    let mut answers: Vec<Answer> = Vec::with_capacity(writes.len());
    let mut reached = *end;
    let done = async {
        if is_one_statement(&writes) {
            let mut entries = Vec::new();
            for request in writes {
                if let Request::Append(new, done) = request {
                    entries.extend(journal::chained(&mut reached, new));
                    answers.push(answer(done, reached));
                }
            }
            return journal::append(conn, &entries).await;
        }
        let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
        let mut entries = Vec::new();
        for request in writes {
            let answer = match request {
                Request::Append(new, done) => {
                    entries.extend(journal::chained(&mut reached, new));
                    answer(done, reached)
                }
                other => {
                    journal::append(&mut transaction, &entries).await?;
                    entries.clear();
                    carry_out(&mut transaction, &mut reached, other).await?
                }
            };
            answers.push(answer);
        }
        journal::append(&mut transaction, &entries).await?;
        transaction.commit().await
    }
    .await;
    let told = match &done {
        Ok(()) => {
            *end = reached;
            Ok(())
        }
        Err(_) => Err(Closed),
    };
    for answer in answers {
        answer(told);
    }
    done.map_err(StoreError::Write)
}

/// Whether these are entries only, and so few that one statement takes them: that is a transaction without being told so, and the two
/// trips to SQLite's thread for its begin and its end are saved.
fn is_one_statement(writes: &[Request]) -> bool {
    let entries: Option<usize> = writes
        .iter()
        .map(|request| match request {
            Request::Append(entries, _) => Some(entries.len()),
            _ => None,
        })
        .sum();
    entries.is_some_and(|entries| (1..=journal::AT_ONCE).contains(&entries))
}

fn answer<T: Send + 'static>(done: oneshot::Sender<Result<T, Closed>>, value: T) -> Answer {
    Box::new(move |told| {
        // Whoever asked may have gone; what was asked is on disk all the same.
        let _ = done.send(told.map(|()| value));
    })
}

async fn carry_out(
    conn: &mut SqliteConnection,
    end: &mut Mark,
    request: Request,
) -> Result<Answer, sqlx::Error> {
    Ok(match request {
        Request::Rows(rows, done) => {
            let changes = feed::store(conn, rows).await?;
            answer(done, changes)
        }
        Request::RestartFeed(done) => {
            feed::restart(conn).await?;
            answer(done, ())
        }
        Request::Checkpoint(saved, floor, done) => {
            save(conn, Place::Checkpoint, end.number, &saved).await?;
            keep_floor(conn, floor).await?;
            answer(done, ())
        }
        Request::Snapshot {
            saved,
            floor,
            resynced,
            acknowledged,
            done,
        } => {
            save(conn, Place::Snapshot, end.number, &saved).await?;
            keep_floor(conn, floor).await?;
            query("UPDATE meta SET resynced = ?, acknowledged = max(acknowledged, ?)")
                .bind(resynced)
                .bind(signed(acknowledged.0))
                .execute(&mut *conn)
                .await?;
            let oldest = journal::prune(conn, acknowledged, end.number, saved.at).await?;
            answer(done, Pruned { oldest })
        }
        Request::Floor(floor, done) => {
            keep_floor(conn, floor).await?;
            answer(done, ())
        }
        Request::NewJournal(new, done) => {
            *end = begin_anew(conn, new).await?;
            let mark = *end;
            answer(done, mark)
        }
        // Entries are taken together and reads are parted from writes before.
        Request::Append(..) | Request::Read(..) | Request::FeedDigest(_) => Box::new(|_| ()),
    })
}

async fn begin_anew(conn: &mut SqliteConnection, new: NewJournal) -> Result<Mark, sqlx::Error> {
    let mark = journal::begin_anew(conn, new.journal, new.after, new.before).await?;
    query("UPDATE meta SET journal = ?, acknowledged = 0, resynced = 0")
        .bind(new.journal.as_bytes().as_slice())
        .execute(&mut *conn)
        .await?;
    query("DELETE FROM checkpoint").execute(&mut *conn).await?;
    let saved = Saved {
        at: new.at,
        body: new.snapshot,
    };
    save(conn, Place::Snapshot, mark.number, &saved).await?;
    Ok(mark)
}

#[derive(Clone, Copy)]
enum Place {
    Snapshot,
    Checkpoint,
}

async fn save(
    conn: &mut SqliteConnection,
    place: Place,
    entry: EntryNo,
    saved: &Saved,
) -> Result<(), sqlx::Error> {
    let statement = match place {
        Place::Snapshot => {
            "INSERT OR REPLACE INTO snapshot (id, entry, at, body, sum) VALUES (1, ?, ?, ?, ?)"
        }
        Place::Checkpoint => {
            "INSERT OR REPLACE INTO checkpoint (id, entry, at, body, sum) VALUES (1, ?, ?, ?, ?)"
        }
    };
    query(statement)
        .bind(signed(entry.0))
        .bind(saved.at.as_millis())
        .bind(&saved.body)
        .bind(sum(entry, &saved.body).as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// What tells damage from a snapshot: SHA-256 of the entry's number and the bytes.
pub(super) fn sum(entry: EntryNo, body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(entry.0.to_be_bytes())
        .chain_update(body)
        .finalize()
        .into()
}

async fn keep_floor(conn: &mut SqliteConnection, floor: KeptFloor) -> Result<(), sqlx::Error> {
    query("UPDATE meta SET floor = ?, unproven_since = ?, boot = ?, boot_millis = ?")
        .bind(floor.time.as_millis())
        .bind(
            floor
                .unproven_since
                .map(mnara_protocol::clock::Timestamp::as_millis),
        )
        .bind(
            floor
                .uptime
                .map(|uptime| uptime.boot.to_be_bytes().to_vec()),
        )
        .bind(floor.uptime.map(|uptime| signed(uptime.millis)))
        .execute(conn)
        .await?;
    Ok(())
}
