//! Making somebody one of the platform's staff: from the command line only, which whoever has it could do anything with anyway.
//!
//! Whoever signs up proves no address, so somebody who logs in already is never taken for the one who is meant: that has to be said.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::store::people::{Known, Service, known};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::log_in::store::make_admin;
use crate::providers::people::store::Kept;
use crate::providers::people::{
    self, BadPerson, Contact, Person, check_password, check_person_name,
};
use crate::web::show;

/// Why nobody was made one.
#[derive(Debug, Error)]
pub enum NotMade {
    /// The person cannot be taken so.
    #[error(transparent)]
    Bad(#[from] BadPerson),
    /// Somebody logs in with that already.
    #[error("{}", refused(.0))]
    Taken(Known),
    /// Nobody logs in with that.
    #[error("nobody logs in with that: leave --existing out, and give --name and a password")]
    Nobody,
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("the person could not be stored")]
    Database(#[from] sqlx::Error),
}

/// What whoever types the command is told of somebody who logs in already. Names are strangers' words, so they are quoted as a terminal can show them.
fn refused(known: &Known) -> String {
    let places: Vec<String> = known
        .places
        .iter()
        .map(|place| format!("{} of {:?}", place.role.word(), place.business))
        .collect();
    let places = if places.is_empty() {
        "works for no business".to_owned()
    } else {
        places.join(", ")
    };
    let who = format!(
        "{:?} logs in with that already, since {}, and is {places}",
        known.name,
        show::utc(known.since)
    );
    let who = match known.service {
        Service::Now => return format!("{who}. They work for the platform already"),
        Service::Until(at) => format!(
            "{who}; they worked for the platform until {}",
            show::utc(at)
        ),
        Service::Never => who,
    };
    format!(
        "{who}. Nothing was changed. Whoever signs up proves no address, so that need not be who you mean. If it is, give --existing: \
         that log-in becomes one of the platform's staff as it is, and its password stays. If not, give another address or number"
    )
}

/// Makes a new person one of the platform's staff.
///
/// # Errors
/// [`NotMade`].
pub async fn make(
    app: &App,
    name: &str,
    contact: Contact,
    password: SecretString,
) -> Result<PersonId, NotMade> {
    let name = check_person_name(name)?;
    check_password(&password, &contact)?;
    let kept = app.passwords.hash(password).await?;
    let now = app.clock.now();
    let person = Person {
        id: PersonId::new(now, app.entropy.bytes()),
        name,
        contact,
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    // Whoever only named it is told of too: it may be the one who is meant.
    if !people::store::insert(&mut tx, &person, &kept, Kept::ByName, now).await? {
        let known = known(&mut tx, &person.contact).await?;
        return Err(known.map_or(NotMade::Nobody, NotMade::Taken));
    }
    admit(app, &mut tx, person.id, now).await?;
    tx.commit().await?;
    Ok(person.id)
}

/// Makes somebody who logs in already one of the platform's staff, as they are: also one who was it before.
///
/// # Errors
/// [`NotMade`].
pub async fn promote(app: &App, contact: &Contact) -> Result<Known, NotMade> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let known = known(&mut tx, contact).await?.ok_or(NotMade::Nobody)?;
    admit(app, &mut tx, known.person, app.clock.now()).await?;
    tx.commit().await?;
    Ok(known)
}

async fn admit(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<()> {
    if !make_admin(conn, person, now).await? {
        return Ok(());
    }
    let deed = Deed {
        act: "admin",
        subject: &person.to_string(),
        before: Some(json!({"admin": false})),
        after: Some(json!({"admin": true})),
    };
    record(app, conn, None, Actor::Command, deed).await
}
