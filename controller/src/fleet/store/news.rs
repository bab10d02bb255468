//! What was told of sites: whether they are up.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

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

/// Sites that are not what was told of them; up is who was heard of after a moment.
///
/// # Errors
/// When the database is away.
pub async fn changed(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Changed>> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.told_up, a.seen, coalesce(a.seen > $2, false) as "is_up!"
           from sites s left join lateral (select max(last_seen_at) as seen from agents
                where provider_id = s.provider_id and site_id = s.id and revoked_at is null) a on true
           where s.provider_id = $1 and s.told_up is distinct from coalesce(a.seen > $2, false)
           order by s.id limit $3"#,
        provider.uuid(),
        At(after),
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

/// Notes what was told of a site.
///
/// # Errors
/// When the database refuses.
pub async fn told(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    is_up: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update sites set told_up = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        site.uuid(),
        is_up,
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
