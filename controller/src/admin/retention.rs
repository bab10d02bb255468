//! What is kept for how long: one table, shown to people as it stands, and the work that takes away what is over.
//!
//! What is not in the table is kept as long as its business: payments and the books with what was said of them, vouchers, the audit.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;

use super::outages;
use super::store::retention as store;
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::payments::hand;
use crate::providers::log_in::tidy;
use crate::{fleet, webhooks};

/// The kind of the job.
pub const FORGET: &str = "forget-old";

const EVERY_SECS: i64 = 3_600;
const DAY: i64 = 86_400;
/// Rows taken away in one go.
const MOST: i64 = 5_000;
/// Answers of the API to a request that may come again; `api` has the number too.
const ANSWERS: i64 = DAY;
/// Bodies of callbacks that were dealt with.
const CALLBACKS: i64 = 90 * DAY;
/// SMS: a year and a month, so that a year's cost can be compared.
const TEXTS: i64 = 400 * DAY;
/// Wishes of buyers whose payment came to its end long ago.
const WISHES: i64 = 30 * DAY;
/// Work that was given up and that nobody looked at.
const JOBS: i64 = 90 * DAY;
/// Who took all data out, and when: the audit has it for good.
const EXPORTS: i64 = 30 * DAY;

/// Something that is kept for a time.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    /// What, as its words are called.
    pub what: &'static str,
    /// In which tables.
    pub tables: &'static str,
    /// For how long, in seconds.
    pub secs: i64,
}

const fn kept(what: &'static str, tables: &'static str, secs: i64) -> Kept {
    Kept { what, tables, secs }
}

/// The table.
pub const TABLE: &[Kept] = &[
    kept("callbacks", "callbacks", CALLBACKS),
    kept("answers", "idempotency_keys", ANSWERS),
    kept("log-ins", "log_ins", tidy::LOG_INS),
    kept("browsers", "known_browsers", tidy::BROWSERS),
    kept("letters", "mails, resets", tidy::LETTERS),
    kept(
        "addresses",
        "contact_changes, contact_letters",
        tidy::WISHES,
    ),
    kept("texts", "smses", TEXTS),
    kept("wishes", "sms_wishes", WISHES),
    kept("expected", "hand_codes", hand::EXPECTED_SECS),
    kept("codes", "hand_codes", hand::KEPT_SECS),
    kept("news", "webhook_deliveries", webhooks::send::KEPT_SECS),
    kept("commands", "commands", fleet::command::KEPT_SECS),
    kept("jobs", "jobs", JOBS),
    kept("exports", "exports", EXPORTS),
    kept("minutes", "health_minutes", outages::KEPT_SECS),
    kept("samples", "site_samples", 60),
];

/// Takes away what is over, once an hour.
pub fn forget<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = |secs: i64| Timestamp::from_secs(now.as_secs() - secs);
        let mut tx = app.db.platform(Reason::Jobs).await?;
        let mut gone = store::callbacks(&mut tx, before(CALLBACKS), MOST).await?;
        gone += store::jobs(&mut tx, before(JOBS), MOST).await?;
        gone += store::exports(&mut tx, before(EXPORTS), MOST).await?;
        gone += store::texts(&mut tx, before(TEXTS), now, MOST).await?;
        gone += store::wishes(&mut tx, before(WISHES), MOST).await?;
        gone += store::expected(&mut tx, before(hand::EXPECTED_SECS), MOST).await?;
        gone += store::hand_codes(&mut tx, before(hand::KEPT_SECS), MOST).await?;
        gone += store::news(&mut tx, before(webhooks::send::KEPT_SECS), MOST).await?;
        gone += store::commands(&mut tx, before(fleet::command::KEPT_SECS), MOST).await?;
        tx.commit().await?;
        tracing::debug!(rows = gone, "what was over was taken away");
        // As long as there is more, it goes on at once.
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        let pause = if gone >= most { 1 } else { EVERY_SECS };
        Ok(Next::Again(now.plus_secs(pause)))
    })
}

#[cfg(test)]
mod tests {
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::providers::pages::words::Words;

    #[test]
    fn what_is_kept_for_a_time_is_named_in_both_languages() {
        for kept in TABLE {
            for language in Language::ALL {
                let name = Words::of(language).tasks.kept(kept.what);
                assert_ne!(name, kept.what, "{language:?}");
            }
        }
    }
}
