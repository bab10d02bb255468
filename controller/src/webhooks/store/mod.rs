//! All SQL of webhooks.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{DeliveryId, EndpointId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Endpoint, Kind};
use crate::db::{At, RowId as _};
use crate::providers::rights::{Feature, store as rights};

mod lock;
mod sent;

pub use lock::{lock, lock_sealed, set_sealed};
pub use sent::{Sent, one_sent, sent, wait_again, wait_again_since};

/// Endpoints that want to know of a kind of news.
///
/// # Errors
/// When the database is away.
pub async fn wanting(
    conn: &mut PgConnection,
    provider: ProviderId,
    kind: Kind,
) -> sqlx::Result<Vec<EndpointId>> {
    let ids = sqlx::query_scalar!(
        "select id from webhook_endpoints
         where provider_id = $1 and removed_at is null and enabled and $2 = any (events) order by created_at, id",
        provider.uuid(),
        kind.word(),
    )
    .fetch_all(&mut *conn)
    .await?;
    // What was set up under a larger plan waits for one.
    let is_sent = ids.is_empty()
        || rights::rights(conn, provider)
            .await?
            .allows(Feature::Webhooks);
    let ids = ids.into_iter().filter(|_| is_sent);
    Ok(ids.map(EndpointId::from_uuid).collect())
}

/// Adds a message that waits to be sent.
///
/// # Errors
/// When the database refuses.
pub async fn insert_delivery(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    id: DeliveryId,
    event: &str,
    body: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into webhook_deliveries (id, provider_id, endpoint_id, event, body, created_at, attempts, next_at)
         values ($1, $2, $3, $4, $5, $6, 0, $6)",
        id.uuid(),
        provider.uuid(),
        endpoint.uuid(),
        event,
        body,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

struct EndpointRow {
    id: Uuid,
    url: String,
    events: Vec<String>,
    enabled: bool,
    failing_since: Option<At>,
    given_up_at: Option<At>,
    created_at: At,
}

impl From<EndpointRow> for Endpoint {
    fn from(row: EndpointRow) -> Self {
        Self {
            id: EndpointId::from_uuid(row.id),
            url: row.url,
            kinds: row
                .events
                .iter()
                .filter_map(|word| Kind::chosen(word))
                .collect(),
            is_enabled: row.enabled,
            failing: row.failing_since.map(|at| at.0),
            given_up: row.given_up_at.map(|at| at.0),
            added: row.created_at.0,
        }
    }
}

/// The endpoints of a business, the first added first.
///
/// # Errors
/// When the database is away.
pub async fn endpoints(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<Endpoint>> {
    let rows = sqlx::query_as!(
        EndpointRow,
        "select id, url, events, enabled, failing_since, given_up_at, created_at from webhook_endpoints
         where provider_id = $1 and removed_at is null order by created_at, id limit $2",
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Endpoint::from).collect())
}

/// Finds one endpoint and its sealed secret.
///
/// # Errors
/// When the database is away.
pub async fn endpoint(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
) -> sqlx::Result<Option<(Endpoint, String)>> {
    let row = sqlx::query!(
        "select id, url, events, enabled, failing_since, given_up_at, created_at, secret from webhook_endpoints
         where provider_id = $1 and id = $2 and removed_at is null",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let endpoint = EndpointRow {
            id: row.id,
            url: row.url,
            events: row.events,
            enabled: row.enabled,
            failing_since: row.failing_since,
            given_up_at: row.given_up_at,
            created_at: row.created_at,
        };
        (Endpoint::from(endpoint), row.secret)
    }))
}

/// Adds an endpoint.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: &Endpoint,
    secret: &str,
) -> sqlx::Result<()> {
    let events: Vec<String> = endpoint
        .kinds
        .iter()
        .map(|kind| kind.word().to_owned())
        .collect();
    sqlx::query!(
        "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
        endpoint.id.uuid(),
        provider.uuid(),
        endpoint.url,
        secret,
        &events,
        endpoint.is_enabled,
        At(endpoint.added),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Switches an endpoint on or off; its failures are forgotten.
///
/// # Errors
/// When the database refuses.
pub async fn switch(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
    is_enabled: bool,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update webhook_endpoints set enabled = $3, failing_since = null, given_up_at = null
         where provider_id = $1 and id = $2 and removed_at is null",
        provider.uuid(),
        id.uuid(),
        is_enabled,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes another secret of an endpoint, made at a time.
///
/// # Errors
/// When the database refuses.
pub async fn set_secret(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
    secret: &str,
    made: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update webhook_endpoints set secret = $3, secret_at = $4 where provider_id = $1 and id = $2 and removed_at is null",
        provider.uuid(),
        id.uuid(),
        secret,
        At(made),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes an endpoint; what it was sent is kept for its month.
///
/// # Errors
/// When the database refuses.
pub async fn remove(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: EndpointId,
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "update webhook_endpoints set removed_at = $3, enabled = false
         where provider_id = $1 and id = $2 and removed_at is null returning url",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .fetch_optional(conn)
    .await
}

/// A message that waits.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its id.
    pub id: DeliveryId,
    /// What is sent.
    pub body: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When that happened of which it tells.
    pub at: Timestamp,
}

/// The messages of an endpoint that are due, the oldest first.
///
/// # Errors
/// When the database is away.
pub async fn due(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    now: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        "select id, body, attempts, created_at from webhook_deliveries
         where provider_id = $1 and endpoint_id = $2 and delivered_at is null and dead_at is null and next_at <= $3
         order by next_at, id limit $4",
        provider.uuid(),
        endpoint.uuid(),
        At(now),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            id: DeliveryId::from_uuid(row.id),
            body: row.body,
            attempts: row.attempts.unsigned_abs(),
            at: row.created_at.0,
        })
        .collect())
}

/// When the next message of an endpoint is due.
///
/// # Errors
/// When the database is away.
pub async fn next_due(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
) -> sqlx::Result<Option<Timestamp>> {
    let next = sqlx::query_scalar!(
        "select min(next_at) from webhook_deliveries
         where provider_id = $1 and endpoint_id = $2 and delivered_at is null and dead_at is null",
        provider.uuid(),
        endpoint.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(next.map(|at| at.0))
}

/// When one of the messages that wait for an endpoint was last tried and nobody answered.
///
/// # Errors
/// When the database is away.
pub async fn last_unanswered(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
) -> sqlx::Result<Option<Timestamp>> {
    let tried = sqlx::query_scalar!(
        "select max(tried_at) from webhook_deliveries
         where provider_id = $1 and endpoint_id = $2 and delivered_at is null and dead_at is null and status is null",
        provider.uuid(),
        endpoint.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(tried.map(|at| at.0))
}

/// How one try ended.
#[derive(Clone, Debug)]
pub struct Tried<'a> {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// What was answered, or why nothing was, in a few words.
    pub answer: &'a str,
    /// Whether it arrived.
    pub is_delivered: bool,
    /// When it is tried again, if it is.
    pub next: Option<Timestamp>,
}

/// Notes how a try ended.
///
/// # Errors
/// When the database refuses.
pub async fn note(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: DeliveryId,
    tried: &Tried<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let is_dead = !tried.is_delivered && tried.next.is_none();
    sqlx::query!(
        "update webhook_deliveries
         set attempts = attempts + 1, tried_at = $3::timestamptz, status = $4, answer = $5, next_at = coalesce($6, next_at),
             delivered_at = case when $7 then $3::timestamptz end, dead_at = case when $8 then $3::timestamptz end
         where provider_id = $1 and id = $2 and delivered_at is null and dead_at is null",
        provider.uuid(),
        id.uuid(),
        At(now),
        tried.status.map(i32::from),
        tried.answer,
        tried.next.map(At) as _,
        tried.is_delivered,
        is_dead,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes whether an endpoint took what it was sent, and what it said; gives since when it has taken nothing.
///
/// # Errors
/// When the database refuses.
pub async fn note_health(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    tried: &Tried<'_>,
    now: Timestamp,
) -> sqlx::Result<Option<Timestamp>> {
    let since = sqlx::query_scalar!(
        "update webhook_endpoints set failing_since = case when $3 then null else coalesce(failing_since, $4) end, last_status = $5, last_fault = $6
         where provider_id = $1 and id = $2 returning failing_since",
        provider.uuid(),
        endpoint.uuid(),
        tried.is_delivered,
        At(now),
        tried.status.map(i32::from),
        // What it answered may hold anything; ours is only why it did not.
        tried.status.is_none().then_some(tried.answer),
    )
    .fetch_optional(conn)
    .await?;
    Ok(since.flatten().map(|at| at.0))
}

/// Switches an endpoint off that has taken nothing for days; says whether it was on.
///
/// # Errors
/// When the database refuses.
pub async fn give_up(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update webhook_endpoints set enabled = false, given_up_at = $3 where provider_id = $1 and id = $2 and enabled",
        provider.uuid(),
        endpoint.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives up everything that waits for an endpoint.
///
/// # Errors
/// When the database refuses.
pub async fn drop_waiting(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update webhook_deliveries set dead_at = $3
         where provider_id = $1 and endpoint_id = $2 and delivered_at is null and dead_at is null",
        provider.uuid(),
        endpoint.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets an endpoint's messages from before a moment, but those that wait.
///
/// # Errors
/// When the database refuses.
pub async fn forget(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    before: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from webhook_deliveries where provider_id = $1 and endpoint_id = $2 and created_at < $3
         and (delivered_at is not null or dead_at is not null)",
        provider.uuid(),
        endpoint.uuid(),
        At(before),
    )
    .execute(conn)
    .await
    .map(drop)
}
