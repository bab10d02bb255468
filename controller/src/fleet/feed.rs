//! State going down: one row per thing a site must know, changed in the transaction of its cause. What a row says is not known here.

use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::bus::{self, Hint};
use crate::db::RowId;

/// One row that a site must learn, or unlearn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The site.
    pub site: SiteId,
    /// The row's kind, as the protocol numbers it.
    pub kind: u16,
    /// The row's id, unique within site and kind.
    pub row: [u8; 16],
    /// What it says now; `None` takes it away.
    pub body: Option<Vec<u8>>,
}

/// Locks sites' feeds until the transaction ends. Whoever writes rows anew from what is stored does this before reading: what others
/// change meanwhile then comes after it in the feed and not under it.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    sites: &[SiteId],
) -> sqlx::Result<()> {
    let sites: Vec<Uuid> = sites.iter().map(|site| site.uuid()).collect();
    sqlx::query_scalar!(
        "select id from sites where provider_id = $1 and id = any($2) order by id for no key update",
        provider.uuid(),
        &sites,
    )
    .fetch_all(conn)
    .await
    .map(drop)
}

/// Gives sites the next revisions of their feeds and wakes their links. Of several changes of one row the last counts, and a row that
/// says the same already keeps its place.
///
/// Must be the last step before commit: it locks the site rows, in id order, so that revisions become visible in the order they count.
///
/// # Errors
/// When the database refuses; the caller's transaction is lost then.
pub async fn put(
    conn: &mut PgConnection,
    provider: ProviderId,
    mut changes: Vec<Change>,
) -> sqlx::Result<()> {
    // Stable, and turned round: the last change of a row is the first of its run, which is the one that stays.
    changes.reverse();
    changes.sort_by_key(|change| (change.site, change.kind, change.row));
    changes.dedup_by_key(|change| (change.site, change.kind, change.row));
    let mut rest = changes.as_slice();
    while let Some(first) = rest.first() {
        let (mine, later) = rest.split_at(rest.partition_point(|change| change.site == first.site));
        rest = later;
        put_site(conn, provider, first.site, mine).await?;
    }
    Ok(())
}

async fn put_site(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    changes: &[Change],
) -> sqlx::Result<()> {
    let revision = sqlx::query_scalar!(
        "update sites set feed_revision = feed_revision + 1 where provider_id = $1 and id = $2 returning feed_revision",
        provider.uuid(),
        site.uuid(),
    )
    .fetch_one(&mut *conn)
    .await?;
    let kinds: Vec<i32> = changes
        .iter()
        .map(|change| i32::from(change.kind))
        .collect();
    let rows: Vec<Uuid> = changes
        .iter()
        .map(|change| Uuid::from_bytes(change.row))
        .collect();
    let bodies: Vec<Vec<u8>> = changes
        .iter()
        .map(|change| change.body.clone().unwrap_or_default())
        .collect();
    let deleted: Vec<bool> = changes.iter().map(|change| change.body.is_none()).collect();
    sqlx::query!(
        "insert into site_feed (provider_id, site_id, kind, row_id, revision, body, deleted)
         select $1, $2, kind, row_id, $3, body, deleted
         from unnest($4::int[], $5::uuid[], $6::bytea[], $7::bool[]) as changed (kind, row_id, body, deleted)
         on conflict (site_id, kind, row_id) do update
         set revision = excluded.revision, body = excluded.body, deleted = excluded.deleted
         where site_feed.body <> excluded.body or site_feed.deleted <> excluded.deleted",
        provider.uuid(),
        site.uuid(),
        revision,
        &kinds,
        &rows,
        &bodies,
        &deleted,
    )
    .execute(&mut *conn)
    .await?;
    bus::notify(conn, Hint::Site(site)).await
}
