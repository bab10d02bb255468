//! The feed's statements: rows as they came, and the place they lead to.

use mnara_protocol::session::{FeedCursor, FeedDigest};
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection, query};

use super::about::about;
use super::journal::signed;
use super::{Rows, StoreError};
use crate::core::RowChange;

/// Rows read in one go.
const READ_AT_ONCE: i64 = 1_000;

pub(super) async fn store(
    conn: &mut SqliteConnection,
    change: Rows,
) -> Result<Vec<RowChange>, sqlx::Error> {
    let mut changes = change.rows;
    for row in &changes {
        let kind = i64::from(row.kind);
        match &row.body {
            Some(body) => {
                query(
                    "INSERT INTO feed (kind, id, round, body, sum) VALUES (?, ?, (SELECT feed_round FROM meta), ?, ?)
                     ON CONFLICT (kind, id) DO UPDATE SET round = excluded.round, body = excluded.body, sum = excluded.sum",
                )
                .bind(kind)
                .bind(row.id.as_slice())
                .bind(body)
                .bind(sum(row.kind, &row.id, body).as_slice())
                .execute(&mut *conn)
                .await?;
            }
            None => {
                query("DELETE FROM feed WHERE kind = ? AND id = ?")
                    .bind(kind)
                    .bind(row.id.as_slice())
                    .execute(&mut *conn)
                    .await?;
            }
        }
    }
    if !change.more {
        // A feed begins anew when the controller has lost rows. What it took away on purpose it names as taken away, so a series, a
        // ticket or a ruling it does not name was lost there, and is not taken from whoever paid for it.
        let stale = query(
            "DELETE FROM feed WHERE round < (SELECT feed_round FROM meta) AND kind NOT IN (3, 4, 6) RETURNING kind, id",
        )
        .fetch_all(&mut *conn)
        .await?;
        for row in &stale {
            let (kind, id) = key(row)?;
            changes.push(RowChange {
                kind,
                id,
                body: None,
            });
        }
    }
    set_cursor(conn, change.cursor).await?;
    Ok(changes)
}

pub(super) async fn restart(conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    query("UPDATE meta SET feed_round = feed_round + 1")
        .execute(&mut *conn)
        .await?;
    set_cursor(conn, FeedCursor::default()).await
}

async fn set_cursor(conn: &mut SqliteConnection, cursor: FeedCursor) -> Result<(), sqlx::Error> {
    query("UPDATE meta SET cursor_revision = ?, cursor_kind = ?, cursor_id = ?")
        .bind(signed(cursor.revision.0))
        .bind(i64::from(cursor.kind))
        .bind(cursor.id.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// What tells damage from a row: the beginning of the SHA-256 of all of it.
fn sum(kind: u16, id: &[u8; 16], body: &[u8]) -> [u8; 8] {
    let hash = Sha256::new()
        .chain_update(kind.to_be_bytes())
        .chain_update(id)
        .chain_update(body)
        .finalize();
    let mut sum = [0; 8];
    sum.copy_from_slice(&hash[..8]);
    sum
}

/// Reads all rows, some at a time, in one order, each with whether the feed as it is now has named it. Tells how many are damaged; those
/// are passed over.
pub(super) async fn each(
    conn: &mut SqliteConnection,
    mut take: impl FnMut(RowChange, bool),
) -> Result<usize, StoreError> {
    let read_error = |source| StoreError::Read {
        what: "feed",
        source,
    };
    let mut after = (-1_i64, Vec::new());
    let mut rotten = 0;
    loop {
        let rows = query(
            "SELECT kind, id, body, sum, round = (SELECT feed_round FROM meta) AS named FROM feed
             WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?",
        )
        .bind(after.0)
        .bind(&after.1)
        .bind(READ_AT_ONCE)
        .fetch_all(&mut *conn)
        .await
        .map_err(read_error)?;
        let Some(last) = rows.last() else {
            return Ok(rotten);
        };
        let (kind, id) = key(last).map_err(read_error)?;
        after = (i64::from(kind), id.to_vec());
        for row in &rows {
            let (kind, id) = key(row).map_err(read_error)?;
            let body: Vec<u8> = row.try_get("body").map_err(read_error)?;
            let kept: &[u8] = row.try_get("sum").map_err(read_error)?;
            if kept != sum(kind, &id, &body) {
                rotten += 1;
                continue;
            }
            let change = RowChange {
                kind,
                id,
                body: Some(body),
            };
            take(change, row.try_get("named").map_err(read_error)?);
        }
    }
}

/// Reads all rows the controller has too into one number, with the place they lead to. What it has lost and the site keeps does not count:
/// the two would never agree.
pub(super) async fn digest(
    conn: &mut SqliteConnection,
) -> Result<(FeedCursor, FeedDigest), StoreError> {
    let mut digest = FeedDigest::EMPTY;
    each(conn, |row, named| {
        if let Some(body) = row.body.as_ref().filter(|_| named) {
            digest = digest.with(row.kind, &row.id, body);
        }
    })
    .await?;
    Ok((about(conn).await?.cursor, digest))
}

fn key(row: &sqlx::sqlite::SqliteRow) -> Result<(u16, [u8; 16]), sqlx::Error> {
    let kind: i64 = row.try_get("kind")?;
    let id: &[u8] = row.try_get("id")?;
    let kind = u16::try_from(kind).map_err(|wrong| sqlx::Error::Decode(wrong.into()))?;
    let id = id
        .try_into()
        .map_err(|wrong: std::array::TryFromSliceError| sqlx::Error::Decode(wrong.into()))?;
    Ok((kind, id))
}
