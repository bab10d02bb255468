//! What an endpoint was sent, for people to look at and send again.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{DeliveryId, EndpointId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, LAST, RowId as _};

/// A message as people see it.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its id.
    pub id: DeliveryId,
    /// Of what it tells.
    pub event: String,
    /// When that was.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it arrived.
    pub is_delivered: bool,
    /// Whether it was given up.
    pub is_dead: bool,
    /// What the last try was answered.
    pub status: Option<i32>,
    /// See above.
    pub answer: Option<String>,
    /// When it is tried next.
    pub next: Timestamp,
}

struct SentRow {
    id: Uuid,
    event: String,
    created_at: At,
    attempts: i32,
    is_delivered: bool,
    is_dead: bool,
    status: Option<i32>,
    answer: Option<String>,
    next_at: At,
}

impl From<SentRow> for Sent {
    fn from(row: SentRow) -> Self {
        Self {
            id: DeliveryId::from_uuid(row.id),
            event: row.event,
            at: row.created_at.0,
            attempts: row.attempts.unsigned_abs(),
            is_delivered: row.is_delivered,
            is_dead: row.is_dead,
            status: row.status,
            answer: row.answer,
            next: row.next_at.0,
        }
    }
}

/// An endpoint's messages, the newest first, those before one.
///
/// # Errors
/// When the database is away.
pub async fn sent(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    before: Option<(Timestamp, DeliveryId)>,
    limit: u16,
) -> sqlx::Result<Vec<Sent>> {
    let (at, id) = before.map_or((LAST, Uuid::max()), |(at, id)| (at, id.uuid()));
    let rows = sqlx::query_as!(
        SentRow,
        r#"select id, event, created_at, attempts, delivered_at is not null as "is_delivered!", dead_at is not null as "is_dead!", status, answer,
                  next_at
           from webhook_deliveries where provider_id = $1 and endpoint_id = $2
             and (created_at, id) < ($3, $4)
           order by created_at desc, id desc limit $5"#,
        provider.uuid(),
        endpoint.uuid(),
        At(at) as At,
        id,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Sent::from).collect())
}

/// One message, if its endpoint is not removed.
///
/// # Errors
/// When the database is away.
pub async fn one_sent(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: DeliveryId,
) -> sqlx::Result<Option<Sent>> {
    let row = sqlx::query_as!(
        SentRow,
        r#"select id, event, created_at, attempts, delivered_at is not null as "is_delivered!", dead_at is not null as "is_dead!", status, answer,
                  next_at
           from webhook_deliveries where provider_id = $1 and id = $2
             and exists (select from webhook_endpoints e where e.provider_id = $1 and e.id = endpoint_id and e.removed_at is null)"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Sent::from))
}

/// Makes a message wait again that was given up; says whether there was such a one.
///
/// # Errors
/// When the database refuses.
pub async fn wait_again(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: DeliveryId,
    now: Timestamp,
) -> sqlx::Result<Option<EndpointId>> {
    let endpoint = sqlx::query_scalar!(
        "update webhook_deliveries set dead_at = null, delivered_at = null, attempts = 0, next_at = $3
         where provider_id = $1 and id = $2
           and exists (select from webhook_endpoints e where e.provider_id = $1 and e.id = endpoint_id and e.removed_at is null and e.enabled)
         returning endpoint_id",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    Ok(endpoint.map(EndpointId::from_uuid))
}

/// Makes all of an endpoint's last messages due that wait, or were given up since a moment; says how many that changes.
///
/// # Errors
/// When the database refuses.
pub async fn wait_again_since(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    (since, now): (Timestamp, Timestamp),
    most: u16,
) -> sqlx::Result<u64> {
    // What waits for its first try is due as it is.
    let done = sqlx::query!(
        "with last as (select id from webhook_deliveries where provider_id = $1 and endpoint_id = $2 order by created_at desc, id desc limit $5)
         update webhook_deliveries d set dead_at = null, attempts = 0, next_at = $4
         from last where d.provider_id = $1 and d.id = last.id and d.delivered_at is null
             and (d.dead_at >= $3 or (d.dead_at is null and d.attempts > 0))",
        provider.uuid(),
        endpoint.uuid(),
        At(since),
        At(now),
        i64::from(most),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
