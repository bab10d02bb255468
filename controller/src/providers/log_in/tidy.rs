//! Forgetting what ended: log-ins, marks of browsers, links for a new password, passkeys half made, letters that left.
//!
//! A log-in is kept for 30 days after it was last used or ended, so that its owner could see it; a mark for as long as a browser keeps it; links
//! and letters, of which no more than the kind and the time is left, for 90 days; an address or number that somebody wants to log in with for a day.

use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;

use super::reset;
use super::store;
use crate::app::App;
use crate::db::Reason;
use crate::jobs::{Job, Next};
use crate::providers::{mail, passkeys, people};

/// The kind of the job.
pub const TIDY: &str = "tidy";

const DAY: i64 = 86_400;
const EVERY_SECS: i64 = 3_600;
/// A log-in that is used goes on for 90 days at most, and is over when it was not used for 14.
pub const LOG_INS: i64 = 30 * DAY;
/// As long as the cookie.
pub const BROWSERS: i64 = 400 * DAY;
/// Of these no more than the kind and the time is left.
pub const LETTERS: i64 = 90 * DAY;
/// An address or number that somebody wants to log in with, and that a link was sent there.
pub const WISHES: i64 = DAY;
/// Rows forgotten in one go.
const MOST: i64 = 5_000;

/// Forgets, once an hour.
pub fn tidy<'a>(app: &'a App, _: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let now = app.clock.now();
        let before = |secs: i64| Timestamp::from_secs(now.as_secs() - secs);
        let mut tx = app.db.platform(Reason::Login).await?;
        let gone = [
            store::forget(&mut tx, before(LOG_INS), MOST).await?,
            store::forget_browsers(&mut tx, before(BROWSERS), MOST).await?,
            reset::store::forget(&mut tx, before(LETTERS), MOST).await?,
            people::store::wishes::forget_wishes(&mut tx, now, MOST).await?,
            people::store::wishes::forget_letters(&mut tx, before(WISHES), MOST).await?,
            passkeys::store::forget_ceremonies(&mut tx, now, MOST).await?,
            mail::store::forget(&mut tx, before(LETTERS), MOST).await?,
        ];
        tx.commit().await?;
        let rows: u64 = gone.iter().sum();
        tracing::debug!(rows, "what ended was forgotten");
        // As long as there is more, it goes on at once.
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        let pause = if rows >= most { 1 } else { EVERY_SECS };
        Ok(Next::Again(now.plus_secs(pause)))
    })
}
