//! All SQL of what is noted about a payment: the rail's words, questions asked, a flag for people.

use sqlx::PgConnection;

use crate::db::RowId;
use crate::payments::Payment;
use crate::payments::settle::Flag;

/// Keeps the last word of the rail: the code, and the body as it came.
///
/// # Errors
/// When the database refuses.
pub async fn keep_word(
    conn: &mut PgConnection,
    payment: &Payment,
    code: &str,
    body: &serde_json::Value,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set result_code = $3, provider_payload = $4 where provider_id = $1 and id = $2",
        payment.provider.uuid(),
        payment.id.uuid(),
        code,
        body,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Counts one question to the rail and keeps the code of its last word.
///
/// # Errors
/// When the database refuses.
pub async fn count_query(conn: &mut PgConnection, payment: &Payment) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set queries = queries + 1 where provider_id = $1 and id = $2",
        payment.provider.uuid(),
        payment.id.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps why the rail did not take the push.
///
/// # Errors
/// When the database refuses.
pub async fn note_push_error(
    conn: &mut PgConnection,
    payment: &Payment,
    word: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set push_error = $3 where provider_id = $1 and id = $2",
        payment.provider.uuid(),
        payment.id.uuid(),
        word,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Has a person look at a payment. The first flag stays.
///
/// # Errors
/// When the database refuses.
pub async fn flag(conn: &mut PgConnection, payment: &Payment, flag: Flag) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set flag = coalesce(flag, $3) where provider_id = $1 and id = $2",
        payment.provider.uuid(),
        payment.id.uuid(),
        flag.as_str(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Has nobody look at a payment any more for one reason.
///
/// # Errors
/// When the database refuses.
pub async fn unflag(conn: &mut PgConnection, payment: &Payment, flag: Flag) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set flag = null where provider_id = $1 and id = $2 and flag = $3",
        payment.provider.uuid(),
        payment.id.uuid(),
        flag.as_str(),
    )
    .execute(conn)
    .await
    .map(drop)
}
