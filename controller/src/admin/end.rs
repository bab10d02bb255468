//! Ending somebody's place among the platform's staff: from the command line only, as it began.

use serde_json::json;
use thiserror::Error;

use super::store::people::{self, known};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::providers::log_in::leave::end_others;
use crate::providers::people::Contact;

/// What becomes of the last one who works for the platform.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Last {
    /// They stay: nobody would be left to let businesses in.
    Stays,
    /// They go as well.
    Goes,
}

/// Why nobody's place was ended.
#[derive(Debug, Error)]
pub enum NotEnded {
    /// Nobody logs in with that.
    #[error("nobody logs in with that")]
    Nobody,
    /// Whoever does has no such place.
    #[error("{0:?} does not work for the platform")]
    NotOne(String),
    /// They are the last.
    #[error(
        "{0:?} is the last who works for the platform, and nobody would be left to let businesses in: make somebody else first, or give --last"
    )]
    Last(String),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Whose place was ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What they are called.
    pub name: String,
    /// How many log-ins ended with it.
    pub log_ins: usize,
}

/// Ends the place of whoever logs in with that, and all their log-ins, since each of them opened the platform's pages. What they are to a business stays.
///
/// # Errors
/// [`NotEnded`].
pub async fn end(app: &App, contact: &Contact, last: Last) -> Result<Ended, NotEnded> {
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Admin).await?;
    let known = known(&mut tx, contact).await?.ok_or(NotEnded::Nobody)?;
    let first_two = people::hold_two(&mut tx).await?;
    if last == Last::Stays && first_two == [known.person] {
        return Err(NotEnded::Last(known.name));
    }
    if !people::end(&mut tx, known.person, now).await? {
        return Err(NotEnded::NotOne(known.name));
    }
    let log_ins = end_others(app, &mut tx, known.person, None, Actor::Command).await?;
    let deed = Deed {
        act: "admin-end",
        subject: &known.person.to_string(),
        before: Some(json!({"admin": true})),
        after: Some(json!({"admin": false})),
    };
    record(app, &mut tx, None, Actor::Command, deed).await?;
    tx.commit().await?;
    Ok(Ended {
        name: known.name,
        log_ins,
    })
}
