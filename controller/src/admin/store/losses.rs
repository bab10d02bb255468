//! All SQL of routers that were lost and are told.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use mnara_protocol::message::RouterAnswers;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::notices::{Back, BackRow, Outage, columns};
use crate::admin::routers::Loss;
use crate::db::{At, RowId as _};
use crate::fleet::sample::Reading;
use crate::fleet::store::samples::Kept;

/// A router that is lost, with what is known of its site.
#[derive(Clone, Debug)]
pub struct Open {
    /// Whose it is, and since when.
    pub outage: Outage,
    /// Whether people were told of it, or it was noted that they are not to be.
    pub is_noted: bool,
    /// What is known of it.
    pub loss: Loss,
}

/// Routers that have not answered since a moment or longer by readings that go on after another, and of which no loss is open.
///
/// # Errors
/// When the database is away.
pub async fn mute(
    conn: &mut PgConnection,
    (before, after): (Timestamp, Timestamp),
    most: i64,
) -> sqlx::Result<Vec<Outage>> {
    let rows = sqlx::query!(
        r#"select r.provider_id, r.site_id, s.name, r.mute_since as "began!" from site_samples r join sites s on s.id = r.site_id
           where r.mute_since <= $1 and r.at > $2 and s.closed_at is null
           and not exists (select from router_losses l where l.provider_id = r.provider_id and l.site_id = r.site_id
                           and (l.ended_at is null or l.began_at = r.mute_since))
           order by r.mute_since, r.site_id limit $3"#,
        At(before),
        At(after),
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
            began: row.began.0,
        })
        .collect())
}

/// Begins losses of a business.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    provider: ProviderId,
    mute: &[Outage],
) -> sqlx::Result<()> {
    let (sites, began) = columns(mute.iter());
    sqlx::query!(
        "insert into router_losses (provider_id, site_id, began_at, heard_at)
         select $1, o.site, o.began, o.began from unnest($2::uuid[], $3::timestamptz[]) as o (site, began)
         on conflict do nothing",
        provider.uuid(),
        &sites,
        began.as_slice() as &[At],
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Routers that are lost, by site after one.
///
/// # Errors
/// When the database is away.
pub async fn open(
    conn: &mut PgConnection,
    after: Option<SiteId>,
    most: i64,
) -> sqlx::Result<Vec<Open>> {
    let rows = sqlx::query!(
        r#"select l.provider_id, l.site_id, s.name, l.began_at, l.heard_at, l.noted_at, a.last_seen_at as "seen?", a.up_since as "up_since?",
                  exists (select from site_events e where e.provider_id = l.provider_id and e.site_id = l.site_id and e.received_at >= l.heard_at
                          and e.kind = 'agent-started') as "is_restarted!",
                  r.at as "at?", r.kind as "kind?", r.body as "body?"
           from router_losses l join sites s on s.id = l.site_id
           left join lateral (select last_seen_at, up_since from agents a where a.site_id = l.site_id and a.provider_id = l.provider_id
                              and a.revoked_at is null order by last_seen_at desc nulls last limit 1) a on true
           left join site_samples r on r.site_id = l.site_id and r.provider_id = l.provider_id
           where l.ended_at is null and l.site_id > $1 order by l.site_id limit $2"#,
        after.map_or(Uuid::nil(), |site| site.uuid()),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Open {
            outage: Outage {
                provider: ProviderId::from_uuid(row.provider_id),
                site: SiteId::from_uuid(row.site_id),
                name: row.name,
                began: row.began_at.0,
            },
            is_noted: row.noted_at.is_some(),
            loss: Loss {
                heard: row.heard_at.0,
                seen: row.seen.map(|at| at.0),
                up_since: row.up_since.map(|at| at.0),
                is_restarted: row.is_restarted,
                reading: reading(row.at.zip(row.kind).zip(row.body)),
            },
        })
        .collect())
}

/// Losses that were told of, or might have been, and are over.
///
/// # Errors
/// When the database is away.
pub async fn over(conn: &mut PgConnection, most: i64) -> sqlx::Result<Vec<Back>> {
    let rows = sqlx::query_as!(
        BackRow,
        r#"select l.provider_id, l.site_id, s.name, l.began_at, l.is_told, l.ended_at as "ended!: At"
           from router_losses l join sites s on s.id = l.site_id
           where l.ended_at is not null and l.noted_at is not null and l.closed_at is null order by l.site_id, l.began_at limit $1"#,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Back::from).collect())
}

/// Notes that losses of a business are told of, and says which sites are to be told of now.
///
/// Those are the ones that were not noted before and go on, and of which fewer than so many were told since a moment.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    conn: &mut PgConnection,
    provider: ProviderId,
    lost: &[Outage],
    (since, fewer_than): (Timestamp, i64),
    now: Timestamp,
) -> sqlx::Result<Vec<SiteId>> {
    let (sites, began) = columns(lost.iter());
    let noted = sqlx::query!(
        "update router_losses l set noted_at = $4, is_told = (select count(*) from router_losses n
                where n.provider_id = $1 and n.site_id = l.site_id and n.began_at > $5 and n.is_told) < $6
         from unnest($2::uuid[], $3::timestamptz[]) as o (site, began)
         where l.provider_id = $1 and l.site_id = o.site and l.began_at = o.began and l.noted_at is null and l.ended_at is null
         returning l.site_id, l.is_told",
        provider.uuid(),
        &sites,
        began.as_slice() as &[At],
        At(now),
        At(since),
        fewer_than,
    )
    .fetch_all(conn)
    .await?;
    Ok(noted
        .into_iter()
        .filter(|row| row.is_told)
        .map(|row| SiteId::from_uuid(row.site_id))
        .collect())
}

/// Ends losses of a business whose routers were seen to answer then.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    provider: ProviderId,
    found: &[(Outage, Timestamp)],
) -> sqlx::Result<()> {
    let (sites, began) = columns(found.iter().map(|(loss, _)| loss));
    let ended: Vec<At> = found.iter().map(|(_, at)| At(*at)).collect();
    sqlx::query!(
        "update router_losses l set ended_at = greatest(l.began_at, o.ended)
         from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as o (site, began, ended)
         where l.provider_id = $1 and l.site_id = o.site and l.began_at = o.began and l.ended_at is null and l.heard_at < o.ended",
        provider.uuid(),
        &sites,
        began.as_slice() as &[At],
        ended.as_slice() as &[At],
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that the ends of losses of a business are told of, and says which were not before.
///
/// # Errors
/// When the database refuses.
pub async fn close(
    conn: &mut PgConnection,
    provider: ProviderId,
    over: &[Back],
    now: Timestamp,
) -> sqlx::Result<Vec<(SiteId, Timestamp)>> {
    let (sites, began) = columns(over.iter().map(|one| &one.outage));
    let closed = sqlx::query!(
        "update router_losses l set closed_at = $4
         from unnest($2::uuid[], $3::timestamptz[]) as o (site, began)
         where l.provider_id = $1 and l.site_id = o.site and l.began_at = o.began and l.noted_at is not null and l.ended_at is not null
           and l.closed_at is null
         returning l.site_id, l.began_at",
        provider.uuid(),
        &sites,
        began.as_slice() as &[At],
        At(now),
    )
    .fetch_all(conn)
    .await?;
    Ok(closed
        .into_iter()
        .map(|row| (SiteId::from_uuid(row.site_id), row.began_at.0))
        .collect())
}

/// What the newest reading of a site says of its router, and when it came.
fn reading(kept: Option<((At, i32), Vec<u8>)>) -> Option<(Timestamp, RouterAnswers)> {
    let ((at, kind), body) = kept?;
    let kept = Kept {
        at: at.0,
        kind: u16::try_from(kind).unwrap_or(u16::MAX),
        body,
    };
    Reading::of(&kept).map(|reading| (reading.at, reading.live.answers))
}
