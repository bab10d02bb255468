//! All SQL of asking the rail about an order: by which name, how soon again, and how often it was.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};
use crate::rails::pesapal::Name;
use crate::subscriptions::Order;

/// Keeps the rail's name for an order whose answer was lost, once the rail itself has said whose it is.
///
/// # Errors
/// When the database refuses.
pub async fn note_tracking(
    conn: &mut PgConnection,
    order: &Order,
    tracking: &Name,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set tracking_id = $3 where provider_id = $1 and id = $2 and tracking_id is null",
        order.provider.uuid(),
        order.id.uuid(),
        tracking.as_str(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps a name that a notification gave an order of which we have none of our own; the rail has yet to say whose it is.
///
/// # Errors
/// When the database refuses.
pub async fn note_hint(conn: &mut PgConnection, order: &Order, hinted: &Name) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set hinted_id = $3 where provider_id = $1 and id = $2 and tracking_id is null",
        order.provider.uuid(),
        order.id.uuid(),
        hinted.as_str(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes before when no notification has the rail asked again.
///
/// # Errors
/// When the database refuses.
pub async fn note_pause(
    conn: &mut PgConnection,
    order: &Order,
    until: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set ask_after = $3 where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
        At(until),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts a question.
///
/// # Errors
/// When the database refuses.
pub async fn count_question(conn: &mut PgConnection, order: &Order) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set asked = asked + 1 where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}
