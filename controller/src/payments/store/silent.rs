//! Payments that wait: those no living job asks about, and those whose jobs are due and cannot all have their turn.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, PaymentId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::STUCK;
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
         where p.status = 'pending' and p.created_at < $1 and (p.flag is null or p.flag <> all($3))
           and not exists (select from jobs j where j.kind = 'ask-rail' and j.unique_key = 'pay_' || replace(p.id::text, '-', '') and j.dead_at is null)
         order by p.created_at limit $2",
        At(before),
        most,
        &STUCK as &[&str],
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

/// Questions about prompts that wait, due and in nobody's hands, the longest due first.
///
/// None while somebody else looks for them: of many that come together each would find all. They are not locked, so hands that take jobs meanwhile
/// need not step over them; [`put_off`] leaves those taken alone.
///
/// Two statements and no join: a job names its payment in text, and under row-level security a cast of it cannot be looked up in an index.
///
/// # Errors
/// When the database is away.
pub async fn due(
    conn: &mut PgConnection,
    (provider, account): (ProviderId, AccountId),
    now: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<Due>> {
    let is_first = sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('crowd:' || $1::uuid::text, 0)) as "is_first!""#,
        account.uuid(),
    )
    .fetch_one(&mut *conn)
    .await?;
    if !is_first {
        return Ok(Vec::new());
    }
    let jobs = sqlx::query!(
        "select id, unique_key from jobs
         where provider_id = $1 and kind = 'ask-rail' and run_at <= $2 and dead_at is null and (leased_until is null or leased_until <= $2)
         order by run_at limit $3",
        provider.uuid(),
        At(now) as At,
        most,
    )
    .fetch_all(&mut *conn)
    .await?;
    let jobs: Vec<(Uuid, Uuid)> = jobs
        .into_iter()
        .filter_map(|row| Some((row.id, row.unique_key.parse::<PaymentId>().ok()?.uuid())))
        .collect();
    let payments: Vec<Uuid> = jobs.iter().map(|(_, payment)| *payment).collect();
    let rows = sqlx::query!(
        r#"select id, checkout_request_id as "request!", created_at from payments
           where provider_id = $1 and id = any($2) and account_id = $3 and status = 'pending' and checkout_request_id is not null"#,
        provider.uuid(),
        &payments,
        account.uuid(),
    )
    .fetch_all(conn)
    .await?;
    let mut waiting: BTreeMap<Uuid, (String, Timestamp)> = rows
        .into_iter()
        .map(|row| (row.id, (row.request, row.created_at.0)))
        .collect();
    Ok(jobs
        .into_iter()
        .filter_map(|(job, payment)| {
            let (request, asked) = waiting.remove(&payment)?;
            Some(Due {
                job,
                request,
                asked,
            })
        })
        .collect())
}

/// Has each come at its time that is still due, as of then, and in nobody's hands.
///
/// # Errors
/// When the database is away.
pub async fn put_off(
    conn: &mut PgConnection,
    places: &[(Uuid, Timestamp)],
    due: Timestamp,
) -> sqlx::Result<()> {
    let (jobs, at): (Vec<Uuid>, Vec<At>) = places.iter().map(|(job, at)| (*job, At(*at))).unzip();
    sqlx::query!(
        "update jobs set run_at = place.at, attempts = 0, leased_until = null
         from unnest($1::uuid[], $2::timestamptz[]) as place (id, at)
         where jobs.id = place.id and run_at <= $3 and dead_at is null and (leased_until is null or leased_until <= $3)",
        &jobs,
        at.as_slice() as &[At],
        At(due) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}
