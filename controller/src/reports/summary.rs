//! The day in one mail, at eight in the evening, for those who chose it.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;

use super::period::Day;
use super::store;
use crate::app::App;
use crate::db::Reason;
use crate::fleet;
use crate::fleet::presence::is_up;
use crate::jobs::tasks::asked_at;
use crate::jobs::{Job, Next};
use crate::providers::notices::{Notice, Topic, store as choices, tell};
use crate::web::show;

/// The kind of the job.
pub const SUMMARY: &str = "summary";

/// Eight in the evening in Nairobi, in seconds of the day.
const EVENING: i64 = 20 * 3_600;
const DAY: i64 = 86_400;
/// Businesses asked for at once.
const PAGE: i64 = 100;

/// The last evening at or before a moment.
fn evening(now: Timestamp) -> Timestamp {
    let day = Day::of(now.plus_secs(-EVENING));
    day.begin().plus_secs(EVENING)
}

/// Tells everybody who chose it how the day went; a try again tells nobody twice.
pub fn send<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let evening = evening(now);
        let next = evening.plus_secs(DAY);
        // At a start long after, yesterday's news stays yesterday's.
        let is_time = now < evening.plus_secs(3_600);
        // Who asks at another hour has the day so far told, and a run again that same day.
        let of = match asked_at(job) {
            _ if is_time => evening,
            Some(asked) => Day::of(asked).begin(),
            None => return Ok(Next::Again(next)),
        };
        let (mut after, mut failed) = (None, None);
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = choices::wanted(&mut tx, Topic::Summary, after, PAGE).await?;
            drop(tx);
            for provider in &page {
                // One that cannot be told keeps nobody else waiting.
                if let Err(error) = one(app, *provider, of, now).await {
                    tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "people could not be told how the day went");
                    failed = Some(error);
                }
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                break;
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok(Next::Again(next)),
        }
    })
}

async fn one(app: &App, provider: ProviderId, of: Timestamp, now: Timestamp) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let today = store::paid(&mut tx, provider, Day::of(of), now, now).await?;
    let paid = today.iter().map(|day| day.paid).sum();
    let sales: i64 = today.iter().map(|day| day.sold).sum();
    let running = store::running(&mut tx, provider, now).await?;
    let sites = fleet::store::sites_seen(&mut tx, provider, None, fleet::store::ALL).await?;
    let up = sites.iter().filter(|site| is_up(site.seen, now)).count();
    let notice = Notice::Summary {
        paid: &show::money(Money::from_cents(paid)),
        sales: &show::thousands(sales.unsigned_abs()),
        running: &show::thousands(running.unsigned_abs()),
        up: &format!("{up}/{}", sites.len()),
    };
    let once = format!("summary:{provider}:{}", of.as_secs());
    tell(app, &mut tx, provider, Topic::Summary, &notice, &once).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evening_is_nairobis() {
        // 2027-01-15 08:00 UTC is 11:00 in Nairobi; the last evening was the 14th, 17:00 UTC.
        let now = Timestamp::from_secs(1_800_000_000);
        assert_eq!(evening(now).as_secs(), 1_800_000_000 - 15 * 3_600);
        let later = now.plus_secs(9 * 3_600);
        assert_eq!(evening(later), later);
    }
}
