//! Making somebody one of the platform's staff: from the command line only, which whoever has it could do anything with anyway.

use mnara_protocol::ids::PersonId;
use secrecy::SecretString;
use thiserror::Error;

use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::log_in::store::make_admin;
use crate::providers::people::{
    self, BadPerson, Contact, Person, check_password, check_person_name,
};

/// Why nobody was made one.
#[derive(Debug, Error)]
pub enum NotMade {
    /// The person cannot be taken so.
    #[error(transparent)]
    Bad(#[from] BadPerson),
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("the person could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Makes a person one of the platform's staff. Somebody who logs in with that address or number already stays who they are, and keeps their
/// password.
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
    let mut tx = app.db.platform(Reason::Admin).await?;
    let id = match people::store::by_contact(&mut tx, &contact).await? {
        Some(proofs) => proofs.person,
        None => {
            let person = Person {
                id: PersonId::new(now, app.entropy.bytes()),
                name,
                contact,
            };
            people::store::insert(&mut tx, &person, &kept, now).await?;
            person.id
        }
    };
    make_admin(&mut tx, id, now).await?;
    let deed = Deed {
        act: "admin",
        subject: &id.to_string(),
        before: None,
        after: None,
    };
    record(app, &mut tx, None, Actor::Command, deed).await?;
    tx.commit().await?;
    Ok(id)
}
