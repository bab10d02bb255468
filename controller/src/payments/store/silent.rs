//! Payments that wait: those no job asks about, and those whose jobs are due and cannot all have their turn.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, PaymentId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};

/// Finds them, whosever they are, but those that a person has to look at: nothing the rail says would end them, the oldest first.
///
/// # Errors
/// When the database is away.
pub async fn unasked(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<(ProviderId, PaymentId)>> {
    let rows = sqlx::query!(
        "select p.provider_id, p.id from payments p
         where p.status = 'pending' and p.created_at < $1 and (p.flag is null or p.flag not in ('receipt-taken', 'contrary'))
           and not exists (select from jobs j where j.kind = 'ask-rail' and j.unique_key = 'pay_' || replace(p.id::text, '-', ''))
         order by p.created_at limit $2",
        At(before),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                ProviderId::from_uuid(row.provider_id),
                PaymentId::from_uuid(row.id),
            )
        })
        .collect())
}

/// A question that is due.
#[derive(Debug)]
pub struct Due {
    /// Its job.
    pub job: Uuid,
    /// The prompt it is about.
    pub request: String,
    /// When the customer asked for the prompt.
    pub asked: Timestamp,
}

/// Questions about prompts that wait, due and in nobody's hands, the longest due first; they stay locked.
///
/// # Errors
/// When the database is away.
pub async fn due(
    conn: &mut PgConnection,
    (provider, account): (ProviderId, AccountId),
    now: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"select j.id, p.checkout_request_id as "request!", p.created_at as "created_at: At"
           from jobs j join payments p on p.provider_id = j.provider_id and p.id = substr(j.unique_key, 5)::uuid
           where j.provider_id = $1 and j.kind = 'ask-rail' and j.run_at <= $3 and j.dead_at is null
             and (j.leased_until is null or j.leased_until <= $3)
             and p.account_id = $2 and p.status = 'pending' and p.checkout_request_id is not null
           order by j.run_at limit $4 for update of j skip locked"#,
        provider.uuid(),
        account.uuid(),
        At(now),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Due {
            job: row.id,
            request: row.request,
            asked: row.created_at.0,
        })
        .collect())
}

/// Has each come at its time.
///
/// # Errors
/// When the database is away.
pub async fn put_off(conn: &mut PgConnection, places: &[(Uuid, Timestamp)]) -> sqlx::Result<()> {
    let (jobs, at): (Vec<Uuid>, Vec<At>) = places.iter().map(|(job, at)| (*job, At(*at))).unzip();
    sqlx::query!(
        "update jobs set run_at = place.at, attempts = 0, leased_until = null
         from unnest($1::uuid[], $2::timestamptz[]) as place (id, at) where jobs.id = place.id",
        &jobs,
        at.as_slice() as &[At],
    )
    .execute(conn)
    .await
    .map(drop)
}
