//! Asking somebody to join a business: a code in an address, good once and for a week, and taking it, with a new log-in or with one that is there.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{InvitationId, PersonId, ProviderId, StaffId};
use mnara_protocol::portal::Language;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use thiserror::Error;

use super::roles::{Permission, Role};
use super::{By, Invitation, MOST, note_end, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::log_in::contact::{add, ask_to_show};
use crate::providers::log_in::{Visit, store as log_ins};
use crate::providers::notices::{Notice, tell_owners};
use crate::providers::people::{BadPerson, Contact, Person, check_password, check_person_name};

/// How long an invitation is good.
const GOOD_SECS: i64 = 7 * 86_400;

/// Why somebody was not asked, or did not join.
#[derive(Debug, Error)]
pub enum NotJoined {
    /// Something they said cannot be.
    #[error(transparent)]
    Bad(#[from] BadPerson),
    /// Only an owner makes owners.
    #[error("only an owner can do that")]
    OwnersOnly,
    /// The code is no good invitation's.
    #[error("this invitation was used, taken back or has run out: ask for a new one")]
    NoInvitation,
    /// Somebody has that address or number.
    #[error("somebody logs in with that e-mail or number already: log in with it, or give another")]
    Taken,
    /// They have a place in that business.
    #[error("you work in this business already")]
    Here,
    /// So many work there that nobody else can.
    #[error("{MOST} people work in this business, which is the most there can be")]
    Full,
    /// So many invitations are open that none can be added.
    #[error("{MOST} invitations of this business are open, which is the most there can be")]
    TooManyOpen,
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code).into()
}

/// Makes an invitation and gives its code, which is shown once.
///
/// # Errors
/// [`NotJoined`].
pub async fn invite(
    app: &App,
    provider: ProviderId,
    by: By,
    name: &str,
    role: Role,
) -> Result<String, NotJoined> {
    if role == Role::Owner && !by.role.may(Permission::MakeOwners) {
        return Err(NotJoined::OwnersOnly);
    }
    let now = app.clock.now();
    let code = app.entropy.url_secret();
    let invitation = Invitation {
        id: InvitationId::new(now, app.entropy.bytes()),
        name: check_person_name(name)?,
        role,
        expires: now.plus_secs(GOOD_SECS),
    };
    let mut tx = app.db.tenant(provider).await?;
    // One after another, so that two who ask at once do not both see the last that is free.
    store::lock_owners(&mut tx, provider).await?;
    if store::count(&mut tx, provider).await? >= MOST {
        return Err(NotJoined::Full);
    }
    if store::count_invitations(&mut tx, provider, now).await? >= MOST {
        return Err(NotJoined::TooManyOpen);
    }
    let maker = match by.actor {
        Actor::Staff(person) => Some(person),
        _ => None,
    };
    store::insert_invitation(&mut tx, provider, &invitation, &hash(&code), maker, now).await?;
    let deed = Deed {
        act: "invite",
        subject: &invitation.id.to_string(),
        before: None,
        after: Some(serde_json::json!({"name": invitation.name, "role": role.word()})),
    };
    record(app, &mut tx, Some(provider), by.actor, deed).await?;
    tx.commit().await?;
    Ok(code)
}

/// Takes an invitation back; one that is gone already is fine.
///
/// # Errors
/// When the database refuses.
pub async fn take_back(
    app: &App,
    provider: ProviderId,
    by: By,
    id: InvitationId,
) -> sqlx::Result<()> {
    let mut tx = app.db.tenant(provider).await?;
    let ended = store::end_invitation(&mut tx, provider, id, app.clock.now()).await?;
    if let Some((name, role)) = ended {
        note_end(app, &mut tx, (provider, by), (id, &name, &role)).await?;
    }
    tx.commit().await
}

/// What an invitation is to: the business's name beside it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The business.
    pub business: String,
    /// The invitation.
    pub invitation: Invitation,
    /// Whether whoever looks at it works there already.
    pub is_here: bool,
}

/// Looks an invitation's code up, for whoever is logged in.
///
/// # Errors
/// When the database is away.
pub async fn offer(app: &App, code: &str, who: Option<PersonId>) -> sqlx::Result<Option<Offer>> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let Some((provider, invitation)) =
        store::by_code(&mut tx, &hash(code), app.clock.now()).await?
    else {
        return Ok(None);
    };
    let is_here = match who {
        Some(person) => store::works_here(&mut tx, provider, person).await?,
        None => false,
    };
    let business = crate::providers::store::provider(&mut tx, provider).await?;
    Ok(business.map(|business| Offer {
        business: business.business_name,
        invitation,
        is_here,
    }))
}

/// What somebody who joins says.
#[derive(Clone, Debug)]
pub struct Joining {
    /// What they are called.
    pub name: String,
    /// What they will log in with.
    pub contact: Contact,
    /// Their password.
    pub password: SecretString,
    /// What they read.
    pub language: Language,
}

/// Takes an invitation: makes the person and their place, and spends the code, all or nothing.
///
/// An invitation goes from hand to hand, so it shows nothing of whoever takes it: a link leaves for what they named, as it does when they sign up.
///
/// # Errors
/// [`NotJoined`].
pub async fn join(app: &App, code: &str, joining: Joining) -> Result<PersonId, NotJoined> {
    let name = check_person_name(&joining.name)?;
    check_password(&joining.password, &joining.contact)?;
    let password = app.passwords.hash(joining.password).await?;
    let now: Timestamp = app.clock.now();
    let person = Person {
        id: PersonId::new(now, app.entropy.bytes()),
        name,
        contact: joining.contact,
    };
    let mut tx = app.db.platform(Reason::Login).await?;
    let found = store::by_code(&mut tx, &hash(code), now)
        .await?
        .ok_or(NotJoined::NoInvitation)?;
    if !add(app, &mut tx, &person, &password).await? {
        return Err(NotJoined::Taken);
    }
    place(app, &mut tx, &found, (person.id, person.name.as_str())).await?;
    ask_to_show(app, &mut tx, &person, found.0, joining.language).await?;
    tx.commit().await?;
    Ok(person.id)
}

/// Takes an invitation with the log-in that somebody has, whose browser looks at that business from now on.
///
/// # Errors
/// [`NotJoined`].
pub async fn take(app: &App, visit: &Visit, code: &str) -> Result<(), NotJoined> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let found = store::by_code(&mut tx, &hash(code), app.clock.now())
        .await?
        .ok_or(NotJoined::NoInvitation)?;
    place(app, &mut tx, &found, (visit.person, visit.name.as_str())).await?;
    log_ins::look_at(&mut tx, visit.log_in, visit.person, found.0).await?;
    tx.commit().await?;
    Ok(())
}

/// Spends an invitation for a place of this person in its business.
async fn place(
    app: &App,
    conn: &mut PgConnection,
    (provider, invitation): &(ProviderId, Invitation),
    (person, name): (PersonId, &str),
) -> Result<(), NotJoined> {
    let now = app.clock.now();
    // Whoever changes a place locks them too, before invitations end with it.
    store::lock_owners(conn, *provider).await?;
    // The one row both of two takers would change.
    let ended = store::end_invitation(conn, *provider, invitation.id, now).await?;
    if ended.is_none() {
        return Err(NotJoined::NoInvitation);
    }
    let place = StaffId::new(now, app.entropy.bytes());
    if !store::insert(conn, *provider, place, person, invitation.role, now).await? {
        return Err(NotJoined::Here);
    }
    if store::count(conn, *provider).await? > MOST {
        return Err(NotJoined::Full);
    }
    let deed = Deed {
        act: "join",
        subject: &place.to_string(),
        before: None,
        after: Some(invitation.role.word().into()),
    };
    record(app, conn, Some(*provider), Actor::Staff(person), deed).await?;
    if invitation.role == Role::Owner {
        let notice = Notice::NewOwner { who: name };
        tell_owners(app, conn, *provider, &notice).await?;
    }
    Ok(())
}
