//! All SQL of live readings: the newest of each site, and who was told that somebody watches.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SiteId};
use sqlx::PgConnection;

use crate::db::{At, RowId};
use crate::fleet::dispatch::Sender;

/// A reading as it came.
#[derive(Clone, Debug)]
pub struct Kept {
    /// When, by our clock.
    pub at: Timestamp,
    /// Its kind on the wire.
    pub kind: u16,
    /// Its body.
    pub body: Vec<u8>,
}

/// Keeps a site's newest reading, and since when its router does not answer: since a moment, or as long as the reading before said, if that one
/// came after `before`.
///
/// # Errors
/// When the database refuses.
pub async fn keep(
    conn: &mut PgConnection,
    from: &Sender,
    (kind, body): (u16, &[u8]),
    mute: Option<Timestamp>,
    (now, before): (Timestamp, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into site_samples as s (site_id, provider_id, at, kind, body, mute_since) values ($1, $2, $3, $4, $5, $6)
         on conflict (site_id) do update set at = excluded.at, kind = excluded.kind, body = excluded.body,
             mute_since = case when excluded.mute_since is not null and s.at > $7 then coalesce(s.mute_since, excluded.mute_since)
                               else excluded.mute_since end",
        from.site.uuid(),
        from.provider.uuid(),
        At(now),
        i32::from(kind),
        body,
        mute.map(At) as Option<At>,
        At(before),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Reads a site's newest reading, if it came after a time.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    after: Timestamp,
) -> sqlx::Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"select at as "at!", kind as "kind!", body as "body!" from site_samples where provider_id = $1 and site_id = $2 and at > $3"#,
        provider.uuid(),
        site.uuid(),
        At(after),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Kept {
        at: row.at.0,
        kind: u16::try_from(row.kind).unwrap_or(u16::MAX),
        body: row.body,
    }))
}

/// The newest readings of a business's sites that came after a time.
///
/// # Errors
/// When the database is away.
pub async fn all(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Timestamp,
    most: u16,
) -> sqlx::Result<BTreeMap<SiteId, Kept>> {
    let rows = sqlx::query!(
        r#"select site_id, at as "at!", kind as "kind!", body as "body!" from site_samples
           where provider_id = $1 and at > $2 order by site_id limit $3"#,
        provider.uuid(),
        At(after),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let kept = Kept {
                at: row.at.0,
                kind: u16::try_from(row.kind).unwrap_or(u16::MAX),
                body: row.body,
            };
            (SiteId::from_uuid(row.site_id), kept)
        })
        .collect())
}

/// Notes that a site is to be watched until then; says whether it has to be told, since what it was told before runs out.
///
/// # Errors
/// When the database refuses.
pub async fn watch(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    until: Timestamp,
    renew_before: Timestamp,
) -> sqlx::Result<bool> {
    let told = sqlx::query!(
        "insert into site_samples as s (site_id, provider_id, watched_until) values ($1, $2, $3)
         on conflict (site_id) do update set watched_until = excluded.watched_until
         where s.watched_until is null or s.watched_until < $4",
        site.uuid(),
        provider.uuid(),
        At(until),
        At(renew_before),
    )
    .execute(conn)
    .await?;
    Ok(told.rows_affected() > 0)
}

/// When a site's newest reading came, if after a time.
///
/// # Errors
/// When the database is away.
pub async fn newest_at(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    after: Timestamp,
) -> sqlx::Result<Option<Timestamp>> {
    let at = sqlx::query_scalar!(
        r#"select at as "at!" from site_samples where provider_id = $1 and site_id = $2 and at > $3"#,
        provider.uuid(),
        site.uuid(),
        At(after),
    )
    .fetch_optional(conn)
    .await?;
    Ok(at.map(|at| at.0))
}
