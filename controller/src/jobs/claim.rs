//! Taking what is due of a lane, and how long nothing of it will be. Each statement goes along the index of a kind, however many jobs wait.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::{GLANCE, Job, Work};
use crate::app::App;
use crate::db::{At, Reason, RowId as _};

/// Takes what is due of a lane's kinds, at most so many, each under its own lease.
///
/// # Errors
/// When the table cannot be read.
pub(super) async fn claim(
    app: &App,
    work: &[Work],
    most: usize,
    now: Timestamp,
) -> Result<Vec<(Job, Work)>, sqlx::Error> {
    let kinds: Vec<String> = work.iter().map(|work| work.kind.to_owned()).collect();
    let leases: Vec<At> = work.iter().map(|work| At(now + work.lease)).collect();
    let mut tx = app.db.platform(Reason::Jobs).await?;
    let rows = sqlx::query!(
        // Each kind's due jobs are read off an index, however many others of it, or of other kinds, are due or will be. Materialized: a subquery that
        // is run again for each row skips those it has just updated, and takes more than it may.
        r#"WITH known AS MATERIALIZED (
               SELECT due.id, lease.until AS lease
               FROM unnest($1::text[], $2::timestamptz[]) AS lease (kind, until)
               CROSS JOIN LATERAL (
                   SELECT one.id, one.run_at FROM jobs AS one
                   WHERE one.kind = lease.kind AND one.run_at <= $3 AND one.dead_at IS NULL AND (one.leased_until IS NULL OR one.leased_until <= $3)
                   ORDER BY one.run_at, one.id LIMIT $4 FOR UPDATE SKIP LOCKED) AS due
               ORDER BY due.run_at, due.id LIMIT $4)
           UPDATE jobs SET attempts = jobs.attempts + 1, leased_until = known.lease
           FROM known WHERE jobs.id = known.id
           RETURNING jobs.id, jobs.provider_id, jobs.kind, jobs.unique_key, jobs.payload, jobs.attempts,
                     jobs.leased_until AS "leased_until!""#,
        &kinds,
        leases.as_slice() as &[At],
        At(now),
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let claimed = rows.into_iter().filter_map(|row| {
        let work = work.iter().find(|work| work.kind == row.kind)?;
        let job = Job {
            id: row.id,
            lease: row.leased_until,
            kind: row.kind,
            provider: row.provider_id.map(ProviderId::from_uuid),
            key: row.unique_key,
            payload: row.payload,
            attempt: row.attempts,
        };
        Some((job, *work))
    });
    Ok(claimed.collect())
}

/// How long nothing of a lane's kinds becomes due after a claim, as of its time: what became due since is due at once. A lease that runs out
/// meanwhile is seen at the next glance.
pub(super) async fn pause(app: &App, work: &[Work], claimed: Timestamp) -> Duration {
    let kinds: Vec<String> = work.iter().map(|work| work.kind.to_owned()).collect();
    let next = async {
        let mut tx = app.db.platform(Reason::Jobs).await?;
        sqlx::query_scalar!(
            // The first of each kind off its index: the least of them all is found by reading every job that is still to come.
            "SELECT min(next.run_at) FROM unnest($1::text[]) AS lane (kind)
             CROSS JOIN LATERAL (
                 SELECT one.run_at FROM jobs AS one
                 WHERE one.kind = lane.kind AND one.run_at > $2 AND one.dead_at IS NULL
                 ORDER BY one.run_at LIMIT 1) AS next",
            &kinds,
            At(claimed),
        )
        .fetch_one(&mut *tx)
        .await
    };
    match next.await {
        Ok(Some(At(next))) => next.since(app.clock.now()).min(GLANCE),
        Ok(None) | Err(_) => GLANCE,
    }
}
