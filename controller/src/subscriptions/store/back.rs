//! All SQL of taking back: money that should go back, and an order that should be paid no more.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};
use crate::subscriptions::{Order, Refund};

/// Notes where money is that should go back; what the rail took up stays so, whatever it says to whoever asks again.
///
/// # Errors
/// When the database refuses.
pub async fn note_refund(
    conn: &mut PgConnection,
    order: &Order,
    refund: Refund,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set refund = $3, refund_at = $4 where provider_id = $1 and id = $2 and refund is distinct from 'taken'",
        order.provider.uuid(),
        order.id.uuid(),
        refund.word(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that money does not go back after all; what was made of the order's flag by sending it is open again.
///
/// # Errors
/// When the database refuses.
pub async fn decline_refund(
    conn: &mut PgConnection,
    order: &Order,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set refund = 'refused', refund_at = $3,
                resolution = case when resolution = 'refunded' then null else resolution end,
                resolved_at = case when resolution = 'refunded' then null else resolved_at end
         where provider_id = $1 and id = $2",
        order.provider.uuid(),
        order.id.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Waits no longer for an order that was called off.
///
/// # Errors
/// When the database refuses.
pub async fn call_off(conn: &mut PgConnection, order: &Order, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update platform_orders set state = 'expired', expires_at = $3 where provider_id = $1 and id = $2 and state in ('submitted', 'failed')",
        order.provider.uuid(),
        order.id.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
