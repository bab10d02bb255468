//! Sites in the order they were made, and when each was last heard from.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// One site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it was closed for good.
    pub closed: Option<Timestamp>,
    /// The software of its agent, if it has one.
    pub software: Option<String>,
    /// When that was last heard from.
    pub seen: Option<Timestamp>,
}

/// Lists sites that are not closed after one, the first made first; or finds one, closed or not.
///
/// # Errors
/// When the database is away.
pub async fn sites(
    conn: &mut PgConnection,
    provider: ProviderId,
    one: Option<SiteId>,
    after: Option<(Timestamp, SiteId)>,
    limit: u16,
) -> sqlx::Result<Vec<Site>> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.created_at, s.closed_at, a.software as "software?", a.last_seen_at
           from sites s left join lateral (select software, last_seen_at from agents
                where provider_id = s.provider_id and site_id = s.id and revoked_at is null order by created_at desc, id desc limit 1) a on true
           where s.provider_id = $1 and ((s.closed_at is null and $2::uuid is null) or s.id = $2)
             and ($3::timestamptz is null or (s.created_at, s.id) > ($3, $4::uuid))
           order by s.created_at, s.id limit $5"#,
        provider.uuid(),
        one.map(|id| id.uuid()),
        at.map(At) as _,
        id.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Site {
            id: SiteId::from_uuid(row.id),
            name: row.name,
            made: row.created_at.0,
            closed: row.closed_at.map(|at| at.0),
            software: row.software,
            seen: row.last_seen_at.map(|at| at.0),
        })
        .collect())
}
