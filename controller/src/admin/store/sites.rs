//! What the platform's staff see of sites and their agents, and when sites were away.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CommandId, ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};

/// A site and its agent.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The site.
    pub id: SiteId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub provider: ProviderId,
    /// What that business is called.
    pub business: String,
    /// What its agent runs.
    pub software: Option<String>,
    /// When its first agent came, whoever has taken its place since.
    pub since: Option<Timestamp>,
    /// When it was last heard of.
    pub seen: Option<Timestamp>,
    /// How long it was away in the stretch asked about, since it has had an agent.
    pub away_secs: i64,
    /// In how many pieces.
    pub outages: i64,
    /// How long its router did not answer in that stretch.
    pub lost_secs: i64,
}

/// Which sites to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// Those of this business alone.
    pub provider: Option<ProviderId>,
    /// Those alone that have not been heard of since.
    pub away_since: Option<Timestamp>,
    /// Those made before this one.
    pub after: Option<SiteId>,
}

/// Sites that are not closed from the newest on, with how long each and its router were away between two moments.
///
/// # Errors
/// When the database is away.
pub async fn list(
    conn: &mut PgConnection,
    wanted: Wanted,
    from: Timestamp,
    to: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.provider_id, p.business_name, a.software as "software?", f.since as "since?", a.last_seen_at as seen,
                  o.secs as "secs!", o.count as "count!", l.secs as "lost!"
           from sites s join providers p on p.id = s.provider_id
           left join lateral (select software, created_at, last_seen_at from agents a where a.site_id = s.id and a.provider_id = s.provider_id
                              and a.revoked_at is null order by last_seen_at desc nulls last limit 1) a on true
           cross join lateral (select min(f.created_at) as since, greatest($4, min(f.created_at)) as began
                               from agents f where f.site_id = s.id and f.provider_id = s.provider_id) f
           cross join lateral (select count(*) as count, coalesce(sum(extract(epoch from least(coalesce(o.ended_at, $5), $5) - greatest(o.began_at, f.began))), 0)::bigint as secs
                               from site_outages o where o.provider_id = s.provider_id and o.site_id = s.id and o.began_at < $5
                                 and (o.ended_at is null or o.ended_at > f.began)) o
           cross join lateral (select coalesce(sum(extract(epoch from least(coalesce(l.ended_at, $5), $5) - greatest(l.began_at, f.began))), 0)::bigint as secs
                               from router_losses l where l.provider_id = s.provider_id and l.site_id = s.id and l.began_at < $5
                                 and (l.ended_at is null or l.ended_at > f.began)) l
           where s.closed_at is null and ($1::uuid is null or s.provider_id = $1) and ($2::timestamptz is null or (a.created_at is not null and coalesce(a.last_seen_at <= $2, true)))
             and ($3::uuid is null or s.id < $3)
           order by s.id desc limit $6"#,
        wanted.provider.map(|id| id.uuid()),
        wanted.away_since.map(At) as Option<At>,
        wanted.after.map(|id| id.uuid()),
        At(from),
        At(to),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Listed {
            id: SiteId::from_uuid(row.id),
            name: row.name,
            provider: ProviderId::from_uuid(row.provider_id),
            business: row.business_name,
            software: row.software,
            since: row.since.map(|at| at.0),
            seen: row.seen.map(|at| at.0),
            away_secs: row.secs,
            outages: row.count,
            lost_secs: row.lost,
        })
        .collect())
}

/// A time in which a site was away.
#[derive(Clone, Debug)]
pub struct Outage {
    /// What the site is called.
    pub site: String,
    /// From when.
    pub began: Timestamp,
    /// Until when; none while it is.
    pub ended: Option<Timestamp>,
}

/// When the sites of a business were away, the last first.
///
/// # Errors
/// When the database is away.
pub async fn outages(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<Outage>> {
    let rows = sqlx::query!(
        "select s.name, o.began_at, o.ended_at from site_outages o join sites s on s.provider_id = o.provider_id and s.id = o.site_id
         where o.provider_id = $1 order by o.began_at desc, o.id limit $2",
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Outage {
            site: row.name,
            began: row.began_at.0,
            ended: row.ended_at.map(|at| at.0),
        })
        .collect())
}

/// How many agents run what, the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn versions(conn: &mut PgConnection, limit: u16) -> sqlx::Result<Vec<(String, i64)>> {
    let rows = sqlx::query!(
        r#"select software, count(*) as "count!" from agents where revoked_at is null group by software order by 2 desc, 1 limit $1"#,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.software, row.count))
        .collect())
}

/// How many sites with an agent there are, and how many of them were heard of since a moment.
///
/// # Errors
/// When the database is away.
pub async fn up(conn: &mut PgConnection, away: Timestamp) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(distinct site_id) as "all!", count(distinct site_id) filter (where last_seen_at > $1) as "up!" from agents where revoked_at is null"#,
        At(away),
    )
    .fetch_one(conn)
    .await?;
    Ok((row.all, row.up))
}

/// A site that is away and was not noted as such.
#[derive(Clone, Copy, Debug)]
pub struct Away {
    /// Whose.
    pub provider: ProviderId,
    /// Which.
    pub site: SiteId,
    /// Since when.
    pub since: Timestamp,
}

/// Sites that have gone away and were not noted yet.
///
/// Silence while the platform itself was down is not counted against them: it counts from when
/// the platform was back, and only after it had time to hear of them.
///
/// # Errors
/// When the database is away.
pub async fn gone(
    conn: &mut PgConnection,
    away: Timestamp,
    up_since: Timestamp,
    settled: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Away>> {
    let rows = sqlx::query!(
        r#"select s.provider_id, s.id, greatest(a.seen, $2) as "since!" from sites s
           cross join lateral (select max(a.last_seen_at) as seen from agents a
                               where a.site_id = s.id and a.provider_id = s.provider_id and a.revoked_at is null) a
           where s.closed_at is null and greatest(a.seen, $2) <= $1 and a.seen is not null and (a.seen >= $2 or $2 <= $3)
             and not exists (select from site_outages o where o.site_id = s.id and o.ended_at is null)
           order by s.id limit $4"#,
        At(away),
        At(up_since),
        At(settled),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Away {
            provider: ProviderId::from_uuid(row.provider_id),
            site: SiteId::from_uuid(row.id),
            since: row.since.0,
        })
        .collect())
}

/// Notes that sites went away; one that is noted already stays as it is.
///
/// # Errors
/// When the database refuses.
pub async fn begin_outages(
    conn: &mut PgConnection,
    outages: &[(CommandId, Away)],
) -> sqlx::Result<()> {
    let ids: Vec<Uuid> = outages
        .iter()
        .map(|(id, _)| Uuid::from_bytes(*id.as_bytes()))
        .collect();
    let providers: Vec<Uuid> = outages
        .iter()
        .map(|(_, away)| away.provider.uuid())
        .collect();
    let sites: Vec<Uuid> = outages.iter().map(|(_, away)| away.site.uuid()).collect();
    let since: Vec<At> = outages.iter().map(|(_, away)| At(away.since)).collect();
    sqlx::query!(
        "insert into site_outages (id, provider_id, site_id, began_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[])
         on conflict (site_id) where ended_at is null do nothing",
        &ids,
        &providers,
        &sites,
        since.as_slice() as &[At],
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the outages of sites that are back, or whose agent was let go.
///
/// # Errors
/// When the database refuses.
pub async fn end_outages(
    conn: &mut PgConnection,
    away: Timestamp,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let ended = sqlx::query!(
        "update site_outages o set ended_at = greatest(o.began_at, least(coalesce(a.seen, $2), $2))
         from sites s cross join lateral (select max(a.last_seen_at) as seen from agents a
                                          where a.site_id = s.id and a.provider_id = s.provider_id and a.revoked_at is null) a
         where s.id = o.site_id and s.provider_id = o.provider_id and o.ended_at is null and (a.seen is null or a.seen > $1)",
        At(away),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected())
}
