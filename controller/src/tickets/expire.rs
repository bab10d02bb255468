//! Writing down what dates did to tickets of which nobody reports: codes that were never used, and what runs out at sites that are silent.
//!
//! What a ticket is now is computed whenever it is read (`assemble`), before this and after. So nothing is decided here and no site is told
//! anything; the word in the table catches up, for whoever reads the table or takes it out. What a site tells later is computed anew and
//! written over it.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::ticket::Status;

use super::store;
use super::store::expiry::{self, Passed};
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};

/// The kind of the job.
pub const EXPIRE: &str = "ticket-expiry";

const EVERY_SECS: i64 = 300;
/// A site has so long to tell of an end itself, or that its clock was held meanwhile.
const LATE_SECS: i64 = 3_600;
/// Businesses asked for at once.
const PAGE: i64 = 100;
/// Tickets written in one transaction.
const BATCH: i64 = 500;
/// Tickets written in one run; the rest a second later.
const MOST: u64 = 20_000;

/// Writes what has passed, every few minutes.
pub fn expire<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let passed = Passed {
            unused: now,
            used: now.plus_secs(-LATE_SECS),
        };
        let (mut after, mut failed, mut written) = (None, None, 0);
        loop {
            let mut tx = app.db.platform(Reason::Sweep).await?;
            let page = expiry::businesses(&mut tx, passed, after, PAGE).await?;
            drop(tx);
            for provider in &page {
                match one(app, *provider, passed, MOST - written, now).await {
                    Ok(count) => written += count,
                    // One whose rows cannot be written keeps nobody else waiting.
                    Err(error) => {
                        tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "tickets whose dates passed could not be written");
                        failed = Some(error);
                    }
                }
                if written >= MOST {
                    return Ok(Next::Again(now.plus_secs(1)));
                }
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                break;
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Next::Again(now.plus_secs(EVERY_SECS))),
        }
    })
}

/// Writes those of one business, about so many at most; says how many.
async fn one(
    app: &App,
    provider: ProviderId,
    passed: Passed,
    most: u64,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let (mut after, mut written) = (None, 0);
    loop {
        let mut tx = app.db.tenant(provider).await?;
        let places = expiry::lock_passed(&mut tx, provider, passed, after, BATCH).await?;
        let ids: Vec<_> = places.iter().map(|(_, id)| *id).collect();
        let found = store::by_ids(&mut tx, provider, &ids, now).await?;
        let over: Vec<_> = found
            .iter()
            .map(|found| (found.kept.ticket.id, found.kept.ticket.status(now)))
            .filter(|(_, status)| *status != Status::Active)
            .collect();
        written += expiry::set_status(&mut tx, provider, &over).await?;
        tx.commit().await?;
        after = places.last().copied();
        let is_last = i64::try_from(places.len()).unwrap_or(BATCH) < BATCH;
        if is_last || written >= most {
            return Ok(written);
        }
    }
}
