//! All SQL of sites that were away.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use serde_json::json;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// Since when the watch has looked without a gap, and when it looked last.
///
/// # Errors
/// When the database is away.
pub async fn looked(conn: &mut PgConnection) -> sqlx::Result<Option<(Timestamp, Timestamp)>> {
    let row = sqlx::query!(
        "select value, changed_at from platform_settings where name = 'site-watch'"
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        let since = row.value.get("since")?.as_i64()?;
        Some((Timestamp::from_secs(since), row.changed_at.0))
    }))
}

/// Notes that the watch looked.
///
/// # Errors
/// When the database refuses.
pub async fn look(conn: &mut PgConnection, since: Timestamp, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into platform_settings (name, value, changed_at) values ('site-watch', $1, $2)
         on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at",
        json!({"since": since.as_secs()}),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A site that is away and not yet noted so.
#[derive(Clone, Debug)]
pub struct Away {
    /// Whose.
    pub provider: ProviderId,
    /// Which.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// When it was last heard of.
    pub seen: Timestamp,
}

/// Sites last heard of before a moment, and not noted as away.
///
/// # Errors
/// When the database is away.
pub async fn away(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<Away>> {
    let rows = sqlx::query!(
        r#"select s.provider_id, s.id, s.name, max(a.last_seen_at) as "seen!: At"
           from sites s join agents a on a.site_id = s.id and a.provider_id = s.provider_id and a.revoked_at is null
           where not exists (select from outages o where o.site_id = s.id and o.ended_at is null)
           group by s.provider_id, s.id, s.name having max(a.last_seen_at) <= $1 order by s.id limit $2"#,
        At(before),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Away {
            provider: ProviderId::from_uuid(row.provider_id),
            site: SiteId::from_uuid(row.id),
            name: row.name,
            seen: row.seen.0,
        })
        .collect())
}

/// A site that is back and still noted as away.
#[derive(Clone, Debug)]
pub struct Back {
    /// Whose.
    pub provider: ProviderId,
    /// Which.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// When it was last heard of before.
    pub began: Timestamp,
    /// When it was last heard of now.
    pub seen: Timestamp,
    /// Whether somebody was told that it was away.
    pub is_told: bool,
}

/// Sites noted as away that were heard of since.
///
/// # Errors
/// When the database is away.
pub async fn back(conn: &mut PgConnection, most: i64) -> sqlx::Result<Vec<Back>> {
    let rows = sqlx::query!(
        r#"select o.provider_id, o.site_id, s.name, o.began_at, o.is_told, max(a.last_seen_at) as "seen!: At"
           from outages o join sites s on s.id = o.site_id
           join agents a on a.site_id = o.site_id and a.provider_id = o.provider_id and a.revoked_at is null
           where o.ended_at is null group by o.provider_id, o.site_id, s.name, o.began_at, o.is_told
           having max(a.last_seen_at) > o.noted_at order by o.site_id limit $1"#,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Back {
            provider: ProviderId::from_uuid(row.provider_id),
            site: SiteId::from_uuid(row.site_id),
            name: row.name,
            began: row.began_at.0,
            seen: row.seen.0,
            is_told: row.is_told,
        })
        .collect())
}

/// How many outages of a site were told since a moment.
///
/// # Errors
/// When the database is away.
pub async fn told_since(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    since: Timestamp,
) -> sqlx::Result<i64> {
    let told = sqlx::query_scalar!(
        "select count(*) from outages where provider_id = $1 and site_id = $2 and began_at > $3 and is_told",
        provider.uuid(),
        site.uuid(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(told.unwrap_or(0))
}

/// Notes that a site is away; says whether it was not noted before.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    site: &Away,
    is_told: bool,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "insert into outages (provider_id, site_id, began_at, noted_at, is_told) values ($1, $2, $3, $4, $5) on conflict do nothing",
        site.provider.uuid(),
        site.site.uuid(),
        At(site.seen),
        At(now),
        is_told,
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Notes that a site is back; says whether it was noted as away.
///
/// # Errors
/// When the database refuses.
pub async fn end(conn: &mut PgConnection, site: &Back) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "update outages set ended_at = $3 where provider_id = $1 and site_id = $2 and ended_at is null",
        site.provider.uuid(),
        site.site.uuid(),
        At(site.seen),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}
