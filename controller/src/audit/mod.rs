//! What people did, kept for good: who, what, to what, and how it was before and after.
//!
//! A line is written in the transaction of the change it
//! tells of. What is worth a line is the slices' affair; [`chain`] binds the lines together afterwards, [`read`] finds them again.

pub mod chain;
pub mod difference;
pub mod read;

use mnara_protocol::ids::{DeedId, KeyId, PersonId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::{JsonValue, Uuid};

use crate::app::App;
use crate::db::{At, RowId as _};

/// Who did something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Actor {
    /// Somebody who works for the business.
    Staff(PersonId),
    /// Somebody who works for the platform.
    Admin(PersonId),
    /// A program of the business, by its key.
    Key(KeyId),
    /// Whoever had the command line.
    Command,
    /// The program, by a rule somebody had set.
    Program,
}

impl Actor {
    /// The word of its kind, the person and the key, as a row has them.
    #[must_use]
    pub fn columns(self) -> (&'static str, Option<Uuid>, Option<Uuid>) {
        match self {
            Self::Staff(person) => ("staff", Some(person.uuid()), None),
            Self::Admin(person) => ("admin", Some(person.uuid()), None),
            Self::Key(key) => ("key", None, Some(key.uuid())),
            Self::Command => ("command", None, None),
            Self::Program => ("program", None, None),
        }
    }
}

/// One thing that was done. Secrets, codes and phone numbers of customers do not belong into it.
#[derive(Clone, Debug)]
pub struct Deed<'a> {
    /// What, in a word or two: `sign-up`, `role`, `suspend`.
    pub act: &'static str,
    /// To what: an id, or a name.
    pub subject: &'a str,
    /// How it was.
    pub before: Option<JsonValue>,
    /// How it is.
    pub after: Option<JsonValue>,
}

/// Writes a line.
///
/// # Errors
/// When the database refuses.
pub async fn record(
    app: &App,
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
    actor: Actor,
    deed: Deed<'_>,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    let (actor, person, key) = actor.columns();
    sqlx::query!(
        "with line as (insert into audit (id, provider_id, at, actor, person_id, act, subject, before, after, key_id)
                       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id, provider_id)
         insert into audit_waiting (audit_id, provider_id) select id, provider_id from line",
        DeedId::new(now, app.entropy.bytes()).uuid(),
        provider.map(|provider| provider.uuid()),
        At(now),
        actor,
        person,
        deed.act,
        deed.subject,
        deed.before,
        deed.after,
        key,
    )
    .execute(conn)
    .await
    .map(drop)
}
