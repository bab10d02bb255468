//! All SQL of how a site's agent stands, for people.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AgentId, ProviderId, SiteId};
use sqlx::PgConnection;

use super::link::number;
use crate::db::RowId;

/// How a site's agent stands, for people.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The present agent.
    pub agent: AgentId,
    /// Its software.
    pub software: String,
    /// When it was last heard of, to a minute.
    pub last_seen: Option<Timestamp>,
    /// Since when it has been heard of without a pause.
    pub up_since: Option<Timestamp>,
    /// When it was last found that two devices hold its key.
    pub duplicate: Option<Timestamp>,
    /// How far its newest journal is stored.
    pub mark: u64,
    /// How far its feed goes.
    pub feed: u64,
}

/// Reads how a site's agent stands.
///
/// # Errors
/// When the database is away.
pub async fn standing(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> sqlx::Result<Option<Standing>> {
    let row = sqlx::query!(
        r#"select a.id, a.software, a.last_seen_at, a.up_since, a.duplicate_seen_at, s.feed_revision,
                  (select mark_number from journals j where j.agent_id = a.id order by j.created_at desc, j.journal_id limit 1) as mark
           from agents a join sites s on s.provider_id = a.provider_id and s.id = a.site_id
           where a.provider_id = $1 and a.site_id = $2 and a.revoked_at is null order by a.created_at desc limit 1"#,
        provider.uuid(),
        site.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Standing {
        agent: AgentId::from_uuid(row.id),
        software: row.software,
        last_seen: row.last_seen_at.map(|at| at.0),
        up_since: row.up_since.map(|at| at.0),
        duplicate: row.duplicate_seen_at.map(|at| at.0),
        mark: number(row.mark.unwrap_or(0)),
        feed: number(row.feed_revision),
    }))
}
