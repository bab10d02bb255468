//! The journal's statements: append, read, prune, begin anew.

use std::ops::RangeInclusive;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{Entry, EntryNo, Mark};
use sqlx::{Row, SqliteConnection, query};

use super::{NewEntry, StoreError};

/// Acknowledged entries are kept this long, so that a controller restored from a backup can be refilled.
const KEPT_SECS: i64 = 14 * 24 * 3600;
/// And no more bytes of them than this.
const KEPT_BYTES: i64 = 8 << 20;
/// What an entry costs beside its body, roughly.
pub(super) const OVERHEAD: usize = 60;
/// Entries read in one go.
pub(super) const READ_AT_ONCE: i64 = 64;

pub(super) fn number(value: i64, what: &'static str) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| StoreError::Inconsistent { what })
}

pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Numbers new entries after the journal's end and chains them on.
pub(super) fn chained(end: &mut Mark, entries: Vec<NewEntry>) -> impl Iterator<Item = Entry> {
    entries.into_iter().map(|new| {
        let entry = Entry {
            number: end.number.next(),
            previous: end.chain,
            at: new.at,
            kind: new.kind,
            body: new.body,
        };
        *end = entry.mark();
        entry
    })
}

/// Appends entries. Every statement costs a trip to SQLite's thread and back, which on a busy machine takes longer than the disk, so many go
/// in one.
pub(super) async fn append(
    conn: &mut SqliteConnection,
    entries: &[Entry],
) -> Result<(), sqlx::Error> {
    for chunk in entries.chunks(AT_ONCE) {
        let statement = match chunk.len() {
            1 => ONE,
            2..=FEW_ROWS => FEW,
            _ => MANY,
        };
        insert(conn, statement, chunk).await?;
    }
    Ok(())
}

const FEW_ROWS: usize = 8;
/// Entries that one statement appends. Alone it needs no transaction around it: it is one.
pub(super) const AT_ONCE: usize = 64;

const ONE: &str = "INSERT INTO journal (number, at, kind, body, previous) VALUES (?, ?, ?, ?, ?)";

/// Eight rows. Those for which nothing is bound are NULL and left out below, so that two statements do for all numbers of entries.
macro_rules! rows {
    () => {
        "(?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?), (?, ?, ?, ?, ?)"
    };
}
macro_rules! insert_of {
    ($($rows:expr),+) => {
        concat!(
            "INSERT INTO journal (number, at, kind, body, previous) SELECT * FROM (VALUES ",
            $($rows),+,
            ") WHERE column1 IS NOT NULL"
        )
    };
}
const FEW: &str = insert_of!(rows!());
#[rustfmt::skip]
const MANY: &str = insert_of!(
    rows!(), ", ", rows!(), ", ", rows!(), ", ", rows!(), ", ", rows!(), ", ", rows!(), ", ", rows!(), ", ", rows!()
);

async fn insert(
    conn: &mut SqliteConnection,
    statement: &'static str,
    entries: &[Entry],
) -> Result<(), sqlx::Error> {
    let statement = entries.iter().fold(query(statement), |statement, entry| {
        statement
            .bind(signed(entry.number.0))
            .bind(entry.at.as_millis())
            .bind(i64::from(entry.kind))
            .bind(entry.body.as_slice())
            .bind(entry.previous.as_slice())
    });
    statement.execute(conn).await?;
    Ok(())
}

pub(super) async fn read(
    conn: &mut SqliteConnection,
    range: RangeInclusive<EntryNo>,
) -> Result<Vec<Entry>, StoreError> {
    const WHAT: &str = "journal";
    let rows = query(
        "SELECT number, at, kind, body, previous FROM journal WHERE number BETWEEN ? AND ? ORDER BY number LIMIT ?",
    )
    .bind(signed(range.start().0))
    .bind(signed(range.end().0))
    .bind(READ_AT_ONCE)
    .fetch_all(conn)
    .await
    .map_err(|source| StoreError::Read { what: WHAT, source })?;
    rows.iter()
        .map(|row| {
            let read = |source| StoreError::Read { what: WHAT, source };
            let previous: &[u8] = row.try_get("previous").map_err(read)?;
            let kind: i64 = row.try_get("kind").map_err(read)?;
            Ok(Entry {
                number: EntryNo(number(row.try_get("number").map_err(read)?, WHAT)?),
                previous: previous
                    .try_into()
                    .map_err(|_| StoreError::Inconsistent { what: WHAT })?,
                at: Timestamp::from_millis(row.try_get("at").map_err(read)?),
                kind: u16::try_from(kind).map_err(|_| StoreError::Inconsistent { what: WHAT })?,
                body: row.try_get("body").map_err(read)?,
            })
        })
        .collect()
}

/// The journal's oldest number and its end.
pub(super) async fn ends(
    conn: &mut SqliteConnection,
    journal: JournalId,
) -> Result<(EntryNo, Mark), StoreError> {
    const WHAT: &str = "journal's ends";
    let read_error = |source| StoreError::Read { what: WHAT, source };
    let row = query("SELECT min(number) AS oldest, max(number) AS last FROM journal")
        .fetch_one(&mut *conn)
        .await
        .map_err(read_error)?;
    let oldest: Option<i64> = row.try_get("oldest").map_err(read_error)?;
    let last: Option<i64> = row.try_get("last").map_err(read_error)?;
    let (Some(oldest), Some(last)) = (oldest, last) else {
        return Ok((EntryNo(1), Mark::start(journal)));
    };
    let last = EntryNo(number(last, WHAT)?);
    let end = read(conn, last..=last)
        .await?
        .pop()
        .ok_or(StoreError::Inconsistent { what: WHAT })?;
    Ok((EntryNo(number(oldest, WHAT)?), end.mark()))
}

/// Lets go of entries that are acknowledged, in the snapshot, and old or beyond the allowance. The last entry always stays.
pub(super) async fn prune(
    conn: &mut SqliteConnection,
    acknowledged: EntryNo,
    snapshot: EntryNo,
    now: Timestamp,
) -> Result<EntryNo, sqlx::Error> {
    let free = signed(acknowledged.0.min(snapshot.0));
    query(
        "DELETE FROM journal WHERE number <= ?1 AND number < (SELECT max(number) FROM journal) AND (at < ?2 OR number <= (
             SELECT coalesce(max(number), 0) FROM (
                 SELECT number, sum(length(body) + ?3) OVER (ORDER BY number DESC) AS behind FROM journal WHERE number <= ?1
             ) WHERE behind > ?4))",
    )
    .bind(free)
    .bind(now.plus_secs(-KEPT_SECS).as_millis())
    .bind(signed(OVERHEAD as u64))
    .bind(KEPT_BYTES)
    .execute(&mut *conn)
    .await?;
    let row = query("SELECT coalesce(min(number), 1) AS oldest FROM journal")
        .fetch_one(conn)
        .await?;
    let oldest: i64 = row.try_get("oldest")?;
    Ok(EntryNo(u64::try_from(oldest).unwrap_or(1)))
}

/// Empties the journal and writes what came after an entry again, numbered anew.
pub(super) async fn begin_anew(
    conn: &mut SqliteConnection,
    journal: JournalId,
    after: EntryNo,
    before: Option<EntryNo>,
) -> Result<Mark, sqlx::Error> {
    let rows =
        query("SELECT at, kind, body FROM journal WHERE number > ? AND number < ? ORDER BY number")
            .bind(signed(after.0))
            .bind(before.map_or(i64::MAX, |before| signed(before.0)))
            .fetch_all(&mut *conn)
            .await?;
    let mut again = Vec::with_capacity(rows.len());
    for row in &rows {
        let kind: i64 = row.try_get("kind")?;
        again.push(NewEntry {
            at: Timestamp::from_millis(row.try_get("at")?),
            kind: u16::try_from(kind).map_err(|wrong| sqlx::Error::Decode(wrong.into()))?,
            body: row.try_get("body")?,
        });
    }
    query("DELETE FROM journal").execute(&mut *conn).await?;
    let mut end = Mark::start(journal);
    let again: Vec<Entry> = chained(&mut end, again).collect();
    append(conn, &again).await?;
    Ok(end)
}
