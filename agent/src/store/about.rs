//! What the store says of itself: its journal, how far it is, and its place in the feed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{EntryNo, FeedCursor, Mark, Revision};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, query};

use super::journal::{self, number};
use super::{KeptFloor, StoreError};
use crate::clock::Uptime;

/// What the store says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The journal.
    pub journal: JournalId,
    /// Its oldest entry.
    pub oldest: EntryNo,
    /// Its end.
    pub last: Mark,
    /// The last entry the controller is known to have.
    pub acknowledged: EntryNo,
    /// The place in the feed.
    pub cursor: FeedCursor,
    /// Whether everything that happened at this site is known here.
    pub resynced: bool,
    /// The clock's floor, at or after every time in the store.
    pub floor: KeptFloor,
    /// Bytes of the snapshot; 0 when there is none.
    pub snapshot_size: usize,
}

/// Reads what the store says of itself.
///
/// # Errors
/// [`StoreError::Read`] or [`StoreError::Inconsistent`].
pub(super) async fn about(conn: &mut SqliteConnection) -> Result<About, StoreError> {
    const WHAT: &str = "description";
    let read_error = |source| StoreError::Read { what: WHAT, source };
    let row = query(
        "SELECT journal, resynced, acknowledged, cursor_revision, cursor_kind, cursor_id, unproven_since, boot, boot_millis, floor AS kept_floor,
            coalesce((SELECT length(body) FROM snapshot), 0) AS snapshot_size,
            max(floor, coalesce((SELECT max(at) FROM journal), floor), coalesce((SELECT at FROM snapshot), floor),
                coalesce((SELECT at FROM checkpoint), floor)) AS floor
         FROM meta",
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(read_error)?;
    let journal = JournalId::from_bytes(sixteen(&row, "journal")?);
    let (oldest, last) = journal::ends(conn, journal).await?;
    let kind: i64 = row.try_get("cursor_kind").map_err(read_error)?;
    let unproven: Option<i64> = row.try_get("unproven_since").map_err(read_error)?;
    let latest: i64 = row.try_get("floor").map_err(read_error)?;
    let kept: i64 = row.try_get("kept_floor").map_err(read_error)?;
    let size: i64 = row.try_get("snapshot_size").map_err(read_error)?;
    let boot: Option<Vec<u8>> = row.try_get("boot").map_err(read_error)?;
    let boot_millis: Option<i64> = row.try_get("boot_millis").map_err(read_error)?;
    let uptime = boot
        .and_then(|boot| <[u8; 16]>::try_from(boot).ok())
        .zip(boot_millis.and_then(|millis| u64::try_from(millis).ok()))
        .map(|(boot, millis)| Uptime {
            boot: u128::from_be_bytes(boot),
            millis,
        });
    Ok(About {
        journal,
        oldest,
        last,
        acknowledged: EntryNo(number(
            row.try_get("acknowledged").map_err(read_error)?,
            WHAT,
        )?),
        cursor: FeedCursor {
            revision: Revision(number(
                row.try_get("cursor_revision").map_err(read_error)?,
                WHAT,
            )?),
            kind: u16::try_from(kind).map_err(|_| StoreError::Inconsistent { what: WHAT })?,
            id: sixteen(&row, "cursor_id")?,
        },
        resynced: row.try_get("resynced").map_err(read_error)?,
        floor: KeptFloor {
            time: Timestamp::from_millis(latest.max(grown(kept, uptime))),
            unproven_since: unproven.map(Timestamp::from_millis),
            uptime,
        },
        snapshot_size: usize::try_from(size).unwrap_or(0),
    })
}

/// The floor as it would be now if the machine has not restarted since it was kept.
fn grown(kept: i64, then: Option<Uptime>) -> i64 {
    let since = then.zip(Uptime::read()).map_or(0, |(then, now)| {
        if then.boot == now.boot {
            now.millis.saturating_sub(then.millis)
        } else {
            0
        }
    });
    kept.saturating_add(i64::try_from(since).unwrap_or(0))
}

fn sixteen(row: &SqliteRow, column: &'static str) -> Result<[u8; 16], StoreError> {
    let bytes: &[u8] = row.try_get(column).map_err(|source| StoreError::Read {
        what: column,
        source,
    })?;
    bytes
        .try_into()
        .map_err(|_| StoreError::Inconsistent { what: column })
}
