//! All SQL of outages that are told.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// An outage of a site.
#[derive(Clone, Debug)]
pub struct Outage {
    /// Whose.
    pub provider: ProviderId,
    /// Which site.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
}

/// An outage that was told of and is over.
#[derive(Clone, Debug)]
pub struct Back {
    /// The outage.
    pub outage: Outage,
    /// Whether anybody was told that it began.
    pub is_told: bool,
    /// When it ended.
    pub ended: Timestamp,
}

/// Outages that go on since a moment or longer and were not told of.
///
/// # Errors
/// When the database is away.
pub async fn away(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<Outage>> {
    let rows = sqlx::query!(
        "select o.provider_id, o.site_id, s.name, o.began_at from site_outages o join sites s on s.id = o.site_id
         where o.ended_at is null and o.began_at <= $1
         and not exists (select from outage_notices n where n.site_id = o.site_id and n.began_at = o.began_at)
         order by o.began_at, o.site_id limit $2",
        At(before),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Outage {
            provider: ProviderId::from_uuid(row.provider_id),
            site: SiteId::from_uuid(row.site_id),
            name: row.name,
            began: row.began_at.0,
        })
        .collect())
}

/// Outages that were told of, or might have been, and are over.
///
/// # Errors
/// When the database is away.
pub async fn back(conn: &mut PgConnection, most: i64) -> sqlx::Result<Vec<Back>> {
    let rows = sqlx::query!(
        r#"select n.provider_id, n.site_id, s.name, n.began_at, n.is_told, o.ended_at as "ended!: At"
           from outage_notices n join sites s on s.id = n.site_id
           join site_outages o on o.provider_id = n.provider_id and o.site_id = n.site_id and o.began_at = n.began_at
           where n.ended_at is null and o.ended_at is not null order by n.began_at, n.site_id limit $1"#,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Back {
            outage: Outage {
                provider: ProviderId::from_uuid(row.provider_id),
                site: SiteId::from_uuid(row.site_id),
                name: row.name,
                began: row.began_at.0,
            },
            is_told: row.is_told,
            ended: row.ended.0,
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
        "select count(*) from outage_notices where provider_id = $1 and site_id = $2 and began_at > $3 and is_told",
        provider.uuid(),
        site.uuid(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(told.unwrap_or(0))
}

/// Notes that an outage is told of; says whether it was not before.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    outage: &Outage,
    is_told: bool,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "insert into outage_notices (provider_id, site_id, began_at, noted_at, is_told) values ($1, $2, $3, $4, $5) on conflict do nothing",
        outage.provider.uuid(),
        outage.site.uuid(),
        At(outage.began),
        At(now),
        is_told,
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Notes that the end of an outage is told of; says whether it was not before.
///
/// # Errors
/// When the database refuses.
pub async fn end(conn: &mut PgConnection, outage: &Outage, ended: Timestamp) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update outage_notices set ended_at = $4 where provider_id = $1 and site_id = $2 and began_at = $3 and ended_at is null",
        outage.provider.uuid(),
        outage.site.uuid(),
        At(outage.began),
        At(ended),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
