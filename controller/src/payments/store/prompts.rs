//! All SQL of prompts: the one that a phone may have on the whole platform, and what came of asking for it.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PaymentId;
use sqlx::{Connection as _, PgConnection};

use crate::db::{At, RowId};
use crate::payments::Payment;

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

/// Writes what came of the push. A prompt's id that another payment has, of any business, is not written: it could not tell them apart, and this
/// one's own address still can.
///
/// # Errors
/// When the database refuses.
pub async fn set_push(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<()> {
    // Only the index sees payments of other businesses, and those that are written at the same moment.
    let mut named = conn.begin().await?;
    let id = payment.checkout_request_id.as_deref();
    match write_push(&mut named, payment, id).await {
        Ok(()) => named.commit().await,
        Err(error) if is_taken(&error) => {
            named.rollback().await?;
            write_push(conn, payment, None).await
        }
        Err(error) => Err(error),
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.and_then(|error| error.constraint()) == Some("payments_checkout")
}

async fn write_push(
    conn: &mut PgConnection,
    payment: &Payment,
    checkout_request_id: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set push = $3, merchant_request_id = $4, checkout_request_id = $5 where provider_id = $1 and id = $2",
        payment.provider.uuid(),
        payment.id.uuid(),
        payment.push.as_str(),
        payment.merchant_request_id,
        checkout_request_id,
    )
    .execute(conn)
    .await
    .map(drop)
}
