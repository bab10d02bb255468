//! All SQL of outages that are told.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

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

pub(super) struct BackRow {
    pub(super) provider_id: Uuid,
    pub(super) site_id: Uuid,
    pub(super) name: String,
    pub(super) began_at: At,
    pub(super) is_told: bool,
    pub(super) ended: At,
}

impl From<BackRow> for Back {
    fn from(row: BackRow) -> Self {
        Self {
            outage: Outage {
                provider: ProviderId::from_uuid(row.provider_id),
                site: SiteId::from_uuid(row.site_id),
                name: row.name,
                began: row.began_at.0,
            },
            is_told: row.is_told,
            ended: row.ended.0,
        }
    }
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
    let rows = sqlx::query_as!(
        BackRow,
        r#"select n.provider_id, n.site_id, s.name, n.began_at, n.is_told, o.ended_at as "ended!: At"
           from outage_notices n join sites s on s.id = n.site_id
           join site_outages o on o.provider_id = n.provider_id and o.site_id = n.site_id and o.began_at = n.began_at
           where n.ended_at is null and o.ended_at is not null order by n.began_at, n.site_id limit $1"#,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Back::from).collect())
}

/// Notes that outages of a business are told of, and says which sites are to be told of now: those that were not noted before, and of which
/// fewer than so many were told since a moment.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    provider: ProviderId,
    outages: &[Outage],
    (since, fewer_than): (Timestamp, i64),
    now: Timestamp,
) -> sqlx::Result<Vec<SiteId>> {
    let (sites, began) = columns(outages.iter());
    let begun = sqlx::query!(
        "insert into outage_notices (provider_id, site_id, began_at, noted_at, is_told)
         select $1, o.site, o.began, $4, (select count(*) from outage_notices n
                where n.provider_id = $1 and n.site_id = o.site and n.began_at > $5 and n.is_told) < $6
         from unnest($2::uuid[], $3::timestamptz[]) as o (site, began)
         on conflict do nothing returning site_id, is_told",
        provider.uuid(),
        &sites,
        began.as_slice() as &[At],
        At(now),
        At(since),
        fewer_than,
    )
    .fetch_all(conn)
    .await?;
    Ok(begun
        .into_iter()
        .filter(|row| row.is_told)
        .map(|row| SiteId::from_uuid(row.site_id))
        .collect())
}

/// Notes that the ends of outages of a business are told of, and says which were not before.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    provider: ProviderId,
    over: &[Back],
) -> sqlx::Result<Vec<(SiteId, Timestamp)>> {
    let (sites, began) = columns(over.iter().map(|one| &one.outage));
    let ended: Vec<At> = over.iter().map(|one| At(one.ended)).collect();
    let done = sqlx::query!(
        "update outage_notices n set ended_at = o.ended
         from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as o (site, began, ended)
         where n.provider_id = $1 and n.site_id = o.site and n.began_at = o.began and n.ended_at is null
         returning n.site_id, n.began_at",
        provider.uuid(),
        &sites,
        began.as_slice() as &[At],
        ended.as_slice() as &[At],
    )
    .fetch_all(conn)
    .await?;
    Ok(done
        .into_iter()
        .map(|row| (SiteId::from_uuid(row.site_id), row.began_at.0))
        .collect())
}

pub(super) fn columns<'a>(outages: impl Iterator<Item = &'a Outage>) -> (Vec<Uuid>, Vec<At>) {
    outages
        .map(|outage| (outage.site.uuid(), At(outage.began)))
        .unzip()
}
