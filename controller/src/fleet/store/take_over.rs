//! All SQL of links that take each other's place.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::session::Claim;
use sqlx::PgConnection;

use super::link::{column, number};
use crate::db::{At, RowId};
use crate::fleet::dispatch::Sender;

/// Gives an agent's new link its number and notes the hello. A device that comes back from any other link than the newest is another one.
///
/// # Errors
/// When the database refuses.
pub async fn take_epoch(
    conn: &mut PgConnection,
    provider: ProviderId,
    claim: &Claim,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let epoch = sqlx::query_scalar!(
        "update agents set link_epoch = link_epoch + 1, software = $3, last_seen_at = $4,
                device_since = case when link_epoch = $5 then device_since else link_epoch + 1 end
         where provider_id = $1 and id = $2 returning link_epoch",
        provider.uuid(),
        claim.agent.uuid(),
        claim.software,
        At(now),
        claim.link.map(column),
    )
    .fetch_one(conn)
    .await?;
    Ok(number(epoch))
}

/// Notes that another device took a link's place; says how often that happened to its agent in these times, up to a number.
///
/// # Errors
/// When the database refuses.
pub async fn take_over(
    conn: &mut PgConnection,
    from: &Sender,
    (since, now): (Timestamp, Timestamp),
    most: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"update agents
           set take_overs = array(select past.moment from unnest(take_overs) as past (moment)
                                  where past.moment > $3 order by past.moment desc limit $5) || $4::timestamptz
           where provider_id = $1 and id = $2 returning cardinality(take_overs)::bigint as "count!""#,
        from.provider.uuid(),
        from.agent.uuid(),
        At(since),
        At(now),
        most - 1,
    )
    .fetch_one(conn)
    .await
}

/// Has somebody look at an agent whose key two devices seem to hold.
///
/// # Errors
/// When the database refuses.
pub async fn mark_duplicate(
    conn: &mut PgConnection,
    from: &Sender,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agents set duplicate_seen_at = $3 where provider_id = $1 and id = $2",
        from.provider.uuid(),
        from.agent.uuid(),
        At(now)
    )
    .execute(conn)
    .await
    .map(drop)
}
