//! All SQL of what a person should know about a site.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::RowId;

/// Something that happened at a site.
#[derive(Clone, Debug)]
pub struct SiteEvent {
    /// What, in one word.
    pub kind: String,
    /// A number that goes with it.
    pub value: Option<i64>,
    /// When, by the site's clock where it is the site's word.
    pub at: Timestamp,
}

/// Reads the latest events of a site, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn events(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    most: u16,
) -> sqlx::Result<Vec<SiteEvent>> {
    let rows = sqlx::query!(
        "select kind, value, at from site_events where provider_id = $1 and site_id = $2
         order by received_at desc, id desc limit $3",
        provider.uuid(),
        site.uuid(),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SiteEvent {
            kind: row.kind,
            value: row.value,
            at: row.at.0,
        })
        .collect())
}
