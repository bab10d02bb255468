//! All SQL of what a person should know about a site.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, LAST, RowId};

/// Something that happened at a site.
#[derive(Clone, Debug)]
pub struct SiteEvent {
    /// Its row.
    pub id: Uuid,
    /// What, in one word.
    pub kind: String,
    /// A number that goes with it.
    pub value: Option<i64>,
    /// When, by the site's clock where it is the site's word.
    pub at: Timestamp,
    /// When we heard of it, by which events are in order.
    pub received: Timestamp,
}

/// Reads the latest events of a site, the newest first, or those before one.
///
/// # Errors
/// When the database is away.
pub async fn events(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    before: Option<(Timestamp, Uuid)>,
    most: u16,
) -> sqlx::Result<Vec<SiteEvent>> {
    let (received, id) = before.unwrap_or((LAST, Uuid::max()));
    let rows = sqlx::query!(
        "select id, kind, value, at, received_at from site_events
         where provider_id = $1 and site_id = $2 and (received_at, id) < ($3, $4)
         order by received_at desc, id desc limit $5",
        provider.uuid(),
        site.uuid(),
        At(received) as At,
        id,
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SiteEvent {
            id: row.id,
            kind: row.kind,
            value: row.value,
            at: row.at.0,
            received: row.received_at.0,
        })
        .collect())
}
