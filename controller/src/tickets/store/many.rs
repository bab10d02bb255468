//! All SQL of asking for tickets by their ids.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, TicketId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Found, TicketRow};
use crate::db::RowId as _;

/// Whether there is a ticket of an id, whosever.
///
/// A site must not be able to hold a batch up by naming one that is a neighbour's, which could not be inserted. What is moved afterwards is looked
/// for among its own provider's.
///
/// # Errors
/// When the database is away.
pub async fn exists(conn: &mut PgConnection, id: TicketId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from tickets where id = $1) as "is!""#,
        id.uuid()
    )
    .fetch_one(conn)
    .await
}

/// Finds a provider's tickets by their ids; those that are not its own are missing.
///
/// # Errors
/// When the database is away.
pub async fn by_ids(
    conn: &mut PgConnection,
    provider: ProviderId,
    ids: &[TicketId],
    now: Timestamp,
) -> sqlx::Result<Vec<Found>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        TicketRow,
        "select id, code, username, password, price, plan_id, tried_by::text as tried_by, plan_name, duration_secs, online_secs, data_bytes, devices,
                rate_down_bps, rate_up_bps, burst, sell_by, revoked_at, extra_secs, series_id, series_index, sold_at_site_id,
                redeemed_at, redeemed_site_id, (select name from sites where id = redeemed_site_id) as redeemed_site_name, started_at,
                paused_at, ended_at, end_reason, online_used_secs, bytes_up, bytes_down
         from tickets where provider_id = $1 and id = any($2)",
        provider.uuid(),
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| Found::read(row, now))
    .collect()
}
