//! What was told of sites: whether they are up.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::RowId as _;

/// A site that is not what was told of it.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The site.
    pub id: SiteId,
    /// What it is called.
    pub name: String,
    /// When it was last heard of.
    pub seen: Option<Timestamp>,
    /// Whether it is up.
    pub is_up: bool,
    /// Whether something else was told before.
    pub is_news: bool,
}

/// Sites that are not what was told of them. One whose agent was ever heard of is up but for its outages, of which those that are the
/// platform's own fault are none.
///
/// # Errors
/// When the database is away.
pub async fn changed(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<Changed>> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.told_up, a.seen, u.is_up as "is_up!"
           from sites s
           cross join lateral (select max(last_seen_at) as seen from agents
                where provider_id = s.provider_id and site_id = s.id and revoked_at is null) a
           cross join lateral (select a.seen is not null and not exists (select from site_outages o
                where o.provider_id = s.provider_id and o.site_id = s.id and o.ended_at is null) as is_up) u
           where s.provider_id = $1 and s.closed_at is null and s.told_up is distinct from u.is_up
           order by s.id limit $2"#,
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Changed {
            id: SiteId::from_uuid(row.id),
            name: row.name,
            seen: row.seen.map(|at| at.0),
            is_up: row.is_up,
            is_news: row.told_up.is_some(),
        })
        .collect())
}

/// Notes what was told of sites.
///
/// # Errors
/// When the database refuses.
pub async fn told(
    conn: &mut PgConnection,
    provider: ProviderId,
    told: &[Changed],
) -> sqlx::Result<()> {
    let sites: Vec<Uuid> = told.iter().map(|site| site.id.uuid()).collect();
    let are_up: Vec<bool> = told.iter().map(|site| site.is_up).collect();
    sqlx::query!(
        "update sites s set told_up = t.is_up from unnest($2::uuid[], $3::boolean[]) as t (site, is_up)
         where s.provider_id = $1 and s.id = t.site",
        provider.uuid(),
        &sites,
        &are_up,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets what was told, since nobody wants to know any more.
///
/// # Errors
/// When the database refuses.
pub async fn forget_told(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<()> {
    sqlx::query!(
        "update sites set told_up = null where provider_id = $1 and told_up is not null",
        provider.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}
