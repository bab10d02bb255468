//! What the platform's staff see of addresses that take no news: whose they are and how they fail, and nothing of what they were sent.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{EndpointId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::RowId as _;
use crate::web;

/// An endpoint that takes nothing.
#[derive(Clone, Debug)]
pub struct Failing {
    /// Its id.
    pub id: EndpointId,
    /// What its business is called.
    pub business: String,
    /// Where it is; the rest of its address is not told.
    pub host: String,
    /// Since when nothing has arrived.
    pub since: Timestamp,
    /// When it was switched off for that.
    pub given_up: Option<Timestamp>,
    /// How many of its last messages wait.
    pub waiting: i64,
    /// How many of them were given up since.
    pub lost: i64,
    /// How many of all these another try would make due: one that waits for its first try is due as it is.
    pub to_retry: i64,
    /// The status of the last answer.
    pub status: Option<i32>,
    /// Why there was none, in a word.
    pub fault: Option<String>,
}

/// Endpoints of all businesses that take nothing, the last added first, those added before one.
///
/// Of each so many of its last messages are counted. One that its business has switched off is its business's affair.
///
/// # Errors
/// When the database is away.
pub async fn failing(
    conn: &mut PgConnection,
    before: Option<EndpointId>,
    counted: u16,
    limit: u16,
) -> sqlx::Result<Vec<Failing>> {
    let before = before.map_or_else(Uuid::max, |id| id.uuid());
    // Each part goes along an index; messages are counted for those endpoints alone that are on the page.
    let rows = sqlx::query!(
        r#"select e.id, e.url, e.failing_since as "failing_since!", e.given_up_at, e.last_status, e.last_fault, p.business_name,
                  d.waiting as "waiting!", d.lost as "lost!", d.to_retry as "to_retry!"
           from (select id, provider_id, url, failing_since, given_up_at, last_status, last_fault from webhook_endpoints
                 where removed_at is null and failing_since is not null and (enabled or given_up_at is not null) and id < $1
                 order by id desc limit $3) e
           join providers p on p.id = e.provider_id
           cross join lateral (select count(*) filter (where l.delivered_at is null and l.dead_at is null) as waiting,
                                      count(*) filter (where l.dead_at >= e.failing_since) as lost,
                                      count(*) filter (where l.delivered_at is null and (l.dead_at >= e.failing_since
                                          or (l.dead_at is null and l.attempts > 0))) as to_retry
                               from (select delivered_at, dead_at, attempts from webhook_deliveries where provider_id = e.provider_id and endpoint_id = e.id
                                     order by created_at desc, id desc limit $2) l) d
           order by e.id desc"#,
        before,
        i64::from(counted),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Failing {
            id: EndpointId::from_uuid(row.id),
            business: row.business_name,
            host: web::host(&row.url).unwrap_or_default(),
            since: row.failing_since.0,
            given_up: row.given_up_at.map(|at| at.0),
            waiting: row.waiting,
            lost: row.lost,
            to_retry: row.to_retry,
            status: row.last_status,
            fault: row.last_fault,
        })
        .collect())
}

/// How many endpoints of all businesses take nothing.
///
/// # Errors
/// When the database is away.
pub async fn count(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhook_endpoints
           where removed_at is null and failing_since is not null and (enabled or given_up_at is not null)"#
    )
    .fetch_one(conn)
    .await
}

/// Whose an endpoint is.
///
/// # Errors
/// When the database is away.
pub async fn owner(conn: &mut PgConnection, id: EndpointId) -> sqlx::Result<Option<ProviderId>> {
    let provider = sqlx::query_scalar!(
        "select provider_id from webhook_endpoints where id = $1 and removed_at is null",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(provider.map(ProviderId::from_uuid))
}
