//! Signing up: a business and its owner, made together. Whether it is in business at once is the platform's rule.

use mnara_protocol::ids::{PersonId, ProviderId, StaffId};
use mnara_protocol::portal::Language;
use secrecy::SecretString;
use thiserror::Error;

use super::admission::{admit, tell};
use super::log_in::contact::{add, ask_to_show};
use super::open::callback_path;
use super::people::{BadPerson, Contact, Person, check_password, check_person_name};
use super::staff::{self, roles::Role};
use super::state::State;
use super::{BadProvider, Provider, check_name, look, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::passwords::Ending;

/// What somebody who signs up says.
#[derive(Clone, Debug)]
pub struct SigningUp {
    /// What customers will know the business by.
    pub business: String,
    /// What its owner is called.
    pub name: String,
    /// What they will log in with.
    pub contact: Contact,
    /// Their password.
    pub password: SecretString,
    /// What they read.
    pub language: Language,
}

/// Why nobody was signed up.
#[derive(Debug, Error)]
pub enum NotSignedUp {
    /// The business cannot be called so.
    #[error(transparent)]
    Business(#[from] BadProvider),
    /// The person cannot be taken so.
    #[error(transparent)]
    Person(#[from] BadPerson),
    /// Somebody has that address or number.
    #[error("somebody logs in with that e-mail or number already: log in with it, or give another")]
    Taken,
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("the business could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Opens a business from outside, with its owner.
///
/// # Errors
/// [`NotSignedUp`].
pub async fn sign_up(app: &App, signing: SigningUp) -> Result<(ProviderId, PersonId), NotSignedUp> {
    check_name(&signing.business)?;
    let name = check_person_name(&signing.name)?;
    check_password(&signing.password, &signing.contact)?;
    let password = app.passwords.hash(signing.password).await?;
    let now = app.clock.now();
    let person = Person {
        id: PersonId::new(now, app.entropy.bytes()),
        name,
        contact: signing.contact,
    };
    let provider = Provider {
        id: ProviderId::new(now, app.entropy.bytes()),
        business_name: signing.business.trim().to_owned(),
        contact_email: person.contact.email().map(ToOwned::to_owned),
        colour: look::PLAIN,
        help_phone: None,
        confirm_by_query: false,
    };
    let mut tx = app.db.platform(Reason::Login).await?;
    let state = admit(&mut tx, now).await?;
    if !add(app, &mut tx, &person, &password).await? {
        return Err(NotSignedUp::Taken);
    }
    store::insert(&mut tx, &provider, state, &callback_path(provider.id), now).await?;
    let place = StaffId::new(now, app.entropy.bytes());
    staff::store::insert(&mut tx, provider.id, place, person.id, Role::Owner, now).await?;
    let deed = Deed {
        act: "sign-up",
        subject: &provider.id.to_string(),
        before: None,
        after: Some(state.word().into()),
    };
    record(
        app,
        &mut tx,
        Some(provider.id),
        Actor::Staff(person.id),
        deed,
    )
    .await?;
    ask_to_show(app, &mut tx, &person, provider.id, signing.language).await?;
    if state == State::Pending {
        tell(app, &mut tx).await?;
    }
    tx.commit().await?;
    Ok((provider.id, person.id))
}
