//! Logging out: this browser, another one, or all others after a change of password.

use mnara_protocol::ids::{LogInId, PersonId};
use secrecy::SecretString;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::{Visit, reset, store, view};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::notices::{Own, tell_person};
use crate::providers::people::{self, BadPerson, check_password};
use crate::ratelimit::{Act, TooMany};

/// Logs one of a person's browsers out; one that is out already is fine.
///
/// # Errors
/// When the database refuses.
pub async fn leave(app: &App, visit: &Visit, log_in: LogInId) -> sqlx::Result<()> {
    let mut tx = app.db.platform(Reason::Login).await?;
    if store::end(&mut tx, visit.person, log_in, app.clock.now()).await? {
        view::close(app, &mut tx, log_in, Actor::Admin(visit.person)).await?;
    }
    tx.commit().await
}

/// Ends all log-ins of a person but one, and what they look at for the platform; says how many.
///
/// # Errors
/// When the database refuses.
pub async fn end_others(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    but: Option<LogInId>,
    actor: Actor,
) -> sqlx::Result<usize> {
    let ended = store::end_others(conn, person, but, app.clock.now()).await?;
    for log_in in &ended {
        view::close(app, conn, *log_in, actor).await?;
    }
    Ok(ended.len())
}

/// Why a password was not changed.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// The old one is another.
    #[error("your present password is another one")]
    Wrong,
    /// The new one cannot be.
    #[error(transparent)]
    Bad(#[from] BadPerson),
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("the password could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Changes a person's password, logs all their other browsers out and ends their links for a new one.
///
/// # Errors
/// [`NotChanged`].
pub async fn change_password(
    app: &App,
    visit: &Visit,
    old: SecretString,
    new: SecretString,
) -> Result<(), NotChanged> {
    visit.claimant().tries(app, Act::LogIn)?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let person = people::store::person(&mut tx, visit.person).await?;
    let proofs = people::store::proofs(&mut tx, visit.person).await?;
    drop(tx);
    let (Some(person), Some(proofs)) = (person, proofs) else {
        return Err(NotChanged::Wrong);
    };
    check_password(&new, &person.contact)?;
    if !app.passwords.fits(old, Some(proofs.password)).await? {
        return Err(NotChanged::Wrong);
    }
    let kept = app.passwords.hash(new).await?;
    let mut tx = app.db.platform(Reason::Login).await?;
    people::store::set_password(&mut tx, visit.person, &kept).await?;
    reset::store::spend_all(&mut tx, visit.person, app.clock.now()).await?;
    let actor = Actor::Admin(visit.person);
    end_others(app, &mut tx, visit.person, Some(visit.log_in), actor).await?;
    told(app, &mut tx, visit, "password", (None, None)).await?;
    tell_person(app, &mut tx, visit.person, Own::Password).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes down that somebody changed what they prove themselves with, and what of that is no secret.
pub(in crate::providers) async fn told(
    app: &App,
    conn: &mut PgConnection,
    visit: &Visit,
    act: &'static str,
    (before, after): (Option<JsonValue>, Option<JsonValue>),
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &visit.person.to_string(),
        before,
        after,
    };
    record(app, conn, visit.own_provider(), visit.actor(), deed).await
}
