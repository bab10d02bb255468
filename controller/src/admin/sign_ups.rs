//! Telling the platform's staff of businesses that signed up and wait for one of them.
//!
//! Anybody can sign up, so however many do, each of the staff gets at most one letter in so long: what came since is in the next.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::store::people;
use super::store::providers::{self as store, Waiting};
use crate::app::App;
use crate::jobs::{Job, Next};
use crate::providers::mail::{self, Letter, NewMail, Reader, fill, post};
use crate::providers::pages::words::Words;

/// The word in the table of letters.
const KIND: &str = "sign-ups";
/// One letter in so long.
const AGAIN_SECS: i64 = 3 * 3_600;
/// A letter that could not leave for so long is not worth sending: the page says who waits.
const GOOD_FOR: Duration = Duration::from_secs(2 * 86_400);
/// Those who work for the platform that are written to.
const ADMINS: u16 = 100;
/// Businesses a letter names; of the others it says how many there are.
const NAMED: u16 = 10;

/// Tells everybody who works for the platform who waits, or comes back when it is time to.
pub fn tell<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let since = app.clock.now().plus_secs(-AGAIN_SECS);
        let mut tx = job.begin(app).await?;
        if let Some(last) = mail::store::last(&mut tx, KIND, since).await? {
            return Ok(Next::Again(last.plus_secs(AGAIN_SECS)));
        }
        if let Some(waiting) = store::waiting(&mut tx, NAMED).await? {
            for person in people::working(&mut tx, ADMINS).await? {
                let Some(reader) = mail::store::reader(&mut tx, person).await? else {
                    continue;
                };
                let news = NewMail {
                    provider: None,
                    letter: letter(app, &reader, &waiting),
                    to: &reader,
                    kind: KIND,
                    once: None,
                    good_for: GOOD_FOR,
                };
                post(app, &mut tx, news).await?;
            }
        }
        job.done(&mut tx).await?;
        tx.commit().await?;
        Ok(Next::Done)
    })
}

fn letter(app: &App, reader: &Reader, waiting: &Waiting) -> Letter {
    let m = &Words::of(reader.language).mail;
    let (subject, text) = match waiting.count {
        1 => (m.sign_up, m.sign_up_text),
        _ => (m.sign_ups, m.sign_ups_text),
    };
    let mut names = waiting.names.join(", ");
    let rest = waiting.count.saturating_sub(waiting.names.len());
    if rest > 0 {
        let more = fill(m.more_businesses, &[("count", &rest.to_string())]);
        names = format!("{names}, {more}");
    }
    let count = waiting.count.to_string();
    let places = [("businesses", names.as_str()), ("count", count.as_str())];
    Letter {
        subject: fill(subject, &places),
        lines: vec![
            fill(m.hello, &[("name", &reader.name)]),
            fill(text, &places),
        ],
        link: Some((
            m.to_waiting.to_owned(),
            app.config
                .web
                .public()
                .join("/admin/providers?state=pending"),
        )),
        foot: m.foot_admins.to_owned(),
    }
}
