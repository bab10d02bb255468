//! All SQL of what is noted about a payment: the rail's words, questions asked, a flag for people.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;

use super::{OTHERS, STUCK};
use crate::audit::Actor;
use crate::db::{At, RowId};
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

/// Has a person look at a payment. The first flag stays while nobody has looked.
///
/// Something else that comes afterwards calls a person again, in its own name unless what becomes of the payment goes by the first; so does more
/// money beside it, for the same. Says when somebody had looked, if they are called again.
///
/// # Errors
/// When the database refuses.
pub async fn flag(
    conn: &mut PgConnection,
    payment: &Payment,
    flag: Flag,
) -> sqlx::Result<Option<Timestamp>> {
    let telling: Vec<&str> = STUCK.into_iter().chain(OTHERS).collect();
    let looked = sqlx::query_scalar!(
        r#"update payments p
           set flag = case when p.flag is null or (p.looked_at is not null and p.flag <> all($4)) then $3 else p.flag end,
               looked_at = case when p.flag = $3 and not was.has_more then p.looked_at end,
               looked_by = case when p.flag = $3 and not was.has_more then p.looked_by end,
               looked_key = case when p.flag = $3 and not was.has_more then p.looked_key end
           from (select y.id, y.looked_at,
                        exists (select from unmatched u where u.provider_id = $1 and u.payment_id = $2 and u.created_at > y.looked_at) as has_more
                 from payments y where y.provider_id = $1 and y.id = $2) was
           where p.provider_id = $1 and p.id = $2 and was.id = p.id
           returning case when p.looked_at is null then was.looked_at end as "looked?: At""#,
        payment.provider.uuid(),
        payment.id.uuid(),
        flag.as_str(),
        &telling as &[&str],
    )
    .fetch_optional(conn)
    .await?;
    Ok(looked.flatten().map(|at| at.0))
}

/// Has nobody look at a payment any more for one reason.
///
/// # Errors
/// When the database refuses.
pub async fn unflag(conn: &mut PgConnection, payment: &Payment, flag: Flag) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set flag = null, looked_at = null, looked_by = null, looked_key = null where provider_id = $1 and id = $2 and flag = $3",
        payment.provider.uuid(),
        payment.id.uuid(),
        flag.as_str(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a person, or a program for one, looked at what a payment is flagged for; says whether it was open and flagged for that.
///
/// # Errors
/// When the database refuses.
pub async fn look(
    conn: &mut PgConnection,
    (provider, id): (ProviderId, PaymentId),
    flag: &str,
    actor: Actor,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let (_, person, key) = actor.columns();
    let done = sqlx::query!(
        "update payments set looked_at = $4, looked_by = $5, looked_key = $6
         where provider_id = $1 and id = $2 and flag = $3 and looked_at is null",
        provider.uuid(),
        id.uuid(),
        flag,
        At(now),
        person,
        key,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
