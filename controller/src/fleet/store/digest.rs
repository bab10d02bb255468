//! The digest of all rows a site should hold: one statement, so that it is of one moment, read as a stream, so that it fits anywhere.

use futures_util::TryStreamExt as _;
use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::session::{FeedCursor, FeedDigest, Revision};
use sqlx::PgConnection;

use crate::db::RowId;

/// Reads a site's feed: its last place, and the digest of the rows that are not deleted.
///
/// # Errors
/// When the database is away.
pub async fn feed_digest(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> sqlx::Result<(FeedCursor, FeedDigest)> {
    let mut rows = sqlx::query!(
        "select kind, row_id, revision, body, deleted from site_feed where provider_id = $1 and site_id = $2",
        provider.uuid(),
        site.uuid(),
    )
    .fetch(conn);
    let mut head = FeedCursor::default();
    let mut digest = FeedDigest::EMPTY;
    while let Some(row) = rows.try_next().await? {
        let kind = u16::try_from(row.kind)
            .map_err(|_| sqlx::Error::Decode("site_feed.kind is out of range".into()))?;
        let id = *row.row_id.as_bytes();
        head = head.max(FeedCursor {
            revision: Revision(row.revision.unsigned_abs()),
            kind,
            id,
        });
        if !row.deleted {
            digest = digest.with(kind, &id, &row.body);
        }
    }
    Ok((head, digest))
}
