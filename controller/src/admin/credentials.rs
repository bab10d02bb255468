//! Keys that are in use for long: owners are reminded of theirs once a quarter, and the platform's own stand on the page of its work.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;

use super::store::keys as store;
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::notices::{Notice, OldKey, tell_owners_once};

/// The kind of the job.
pub const AGE: &str = "key-age";

const DAY: i64 = 86_400;
/// A key that is in use for longer should be changed.
pub const OLD_SECS: i64 = 365 * DAY;
/// Owners are reminded once in so long.
const AGAIN_SECS: i64 = 90 * DAY;
/// Businesses asked for at once.
const PAGE: i64 = 100;

/// Reminds owners of old keys, once a day; each is told once a quarter.
pub fn remind<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = Timestamp::from_secs(now.as_secs() - OLD_SECS);
        let (mut after, mut failed) = (None, None);
        loop {
            let mut tx = app.db.platform(Reason::Admin).await?;
            let page = store::businesses(&mut tx, before, now, after, PAGE).await?;
            drop(tx);
            for provider in &page {
                // One that cannot be told keeps nobody else waiting.
                if let Err(error) = one(app, *provider, before, now).await {
                    tracing::warn!(provider.id = %provider, error = &error as &dyn std::error::Error, "owners could not be told of old keys");
                    failed = Some(error);
                }
            }
            after = page.last().copied();
            if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
                // What was told is told once: the next try is for those that failed.
                return match failed {
                    Some(error) => Err(error.into()),
                    None => Ok(Next::Again(now.plus_secs(DAY))),
                };
            }
        }
    })
}

async fn one(
    app: &App,
    provider: ProviderId,
    before: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let old = store::old(&mut tx, provider, before, now).await?;
    let keys: Vec<_> = old
        .iter()
        .map(|key| {
            let which = match key.kind.as_str() {
                "api" => OldKey::Api(&key.name),
                "webhook" => OldKey::Webhook(&key.name),
                "operator" => OldKey::Operator(&key.name),
                _ => OldKey::Mpesa,
            };
            (which, key.since)
        })
        .collect();
    if !keys.is_empty() {
        let quarter = now.as_secs().div_euclid(AGAIN_SECS);
        let once = format!("keys:{provider}:{quarter}");
        let notice = Notice::KeysOld { keys: &keys };
        tell_owners_once(app, &mut tx, provider, &notice, &once).await?;
    }
    tx.commit().await
}
