//! All SQL of questions about charges that the rail told of. Each is a job; how often the rail denied its charge stands beside what it is about.

use mnara_protocol::ids::ProviderId;
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;

use crate::db::RowId as _;
use crate::rails::pesapal::Name;
use crate::subscriptions::Order;

/// A question that is still asked.
#[derive(Debug)]
pub struct Open {
    /// The charge, by the rail's name as it was told.
    pub tracking: String,
    /// What its job knows.
    pub payload: JsonValue,
}

/// Questions about charges to the account of an order that began them; they stay locked, so that no denial is noted meanwhile.
///
/// # Errors
/// When the database is away.
pub async fn open(conn: &mut PgConnection, began: &Order) -> sqlx::Result<Vec<Open>> {
    sqlx::query_as!(
        Open,
        "select unique_key as tracking, payload from jobs
         where provider_id = $1 and kind = 'ask-pesapal-charge' and dead_at is null and payload ->> 'began' = $2
         for update",
        began.provider.uuid(),
        began.id.to_string(),
    )
    .fetch_all(conn)
    .await
}

/// Notes how often the rail has denied a charge by now.
///
/// # Errors
/// When the database refuses.
pub async fn note_denied(
    conn: &mut PgConnection,
    provider: ProviderId,
    tracking: &Name,
    times: usize,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update jobs set payload = payload || $3 where provider_id = $1 and kind = 'ask-pesapal-charge' and unique_key = $2",
        provider.uuid(),
        tracking.as_str(),
        json!({ "denied": times }),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Has a charge asked about no more.
///
/// # Errors
/// When the database refuses.
pub async fn give_up(
    conn: &mut PgConnection,
    provider: ProviderId,
    tracking: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from jobs where provider_id = $1 and kind = 'ask-pesapal-charge' and unique_key = $2",
        provider.uuid(),
        tracking,
    )
    .execute(conn)
    .await
    .map(drop)
}
