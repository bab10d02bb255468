//! All SQL of live prompts: one a phone, on the whole platform.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PaymentId;
use sqlx::PgConnection;

use crate::db::{At, RowId};

/// Takes the one live prompt a phone may have on the whole platform; says whether it was free.
///
/// # Errors
/// When the database refuses.
pub async fn take_prompt(
    conn: &mut PgConnection,
    phone: &[u8; 32],
    payment: PaymentId,
    until: Timestamp,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into live_prompts as live (msisdn_hash, payment_id, until) values ($1, $2, $3)
         on conflict (msisdn_hash) do update set payment_id = excluded.payment_id, until = excluded.until where live.until <= $4",
        phone.as_slice(),
        payment.uuid(),
        At(until),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a phone's place back, if this payment still has it.
///
/// # Errors
/// When the database refuses.
pub async fn free_prompt(conn: &mut PgConnection, payment: PaymentId) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from live_prompts where payment_id = $1",
        payment.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}
