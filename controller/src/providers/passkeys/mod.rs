//! Passkeys (WebAuthn): a key in somebody's device that logs them in by their finger, face or PIN.
//!
//! One that was used with such a proof is both factors at once, and proves once more who somebody is where a second factor is wanted ([`proving`]).
//!
//! A ceremony's state is a row for a few minutes, taken away by its first answer, which is good for its purpose only. The address of this controller is what keys are for, so
//! they work at an https address with a name, or on localhost, and nowhere else.

pub mod pages;
pub mod proving;
pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PasskeyId, PersonId};
use secrecy::SecretString;
use serde_json::Value;
use thiserror::Error;
use url::Url;
use webauthn_rs::prelude::{
    CreationChallengeResponse, DiscoverableAuthentication, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Uuid, Webauthn, WebauthnBuilder,
    WebauthnError,
};

use super::log_in::again::{NotProved, prove};
use super::log_in::enter::{Browser, Entered, Entry, NotEntered, begin};
use super::log_in::leave::told;
use super::log_in::{Token, Visit};
use super::notices::{Own, tell_person};
use super::people;
use crate::app::App;
use crate::db::Reason;
use crate::ratelimit::{Act, By, TooMany};

/// How long somebody may take to find their key.
const GOOD_SECS: i64 = 300;
/// Passkeys of one person.
const MOST: usize = 10;

/// A passkey as its owner sees it.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its id.
    pub id: PasskeyId,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub since: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// A ceremony that began.
#[derive(Clone)]
pub struct Begun {
    /// What the page hands back with the answer.
    pub token: Token,
    /// What the browser is asked, as JSON.
    pub options: String,
}

/// Why a passkey was not made, used or removed.
#[derive(Debug, Error)]
pub enum NotTaken {
    /// They cannot be used at this controller's address.
    #[error("passkeys need an https address with a name, or localhost")]
    NotHere,
    /// The name is missing or too long.
    #[error("give the passkey a name of 1 to 40 letters")]
    Name,
    /// There are enough.
    #[error("you have ten passkeys already")]
    Enough,
    /// The answer is too late, was given before, or does not fit.
    #[error("the passkey was not taken")]
    Refused,
    /// Whoever asks did not prove who they are.
    #[error(transparent)]
    NotProved(#[from] NotProved),
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The log-in did not begin.
    #[error(transparent)]
    NotEntered(#[from] NotEntered),
    /// The library could not do its part; it was logged.
    #[error("the ceremony could not be prepared")]
    Inside,
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Whether passkeys work at this controller's address.
#[must_use]
pub fn work_here(app: &App) -> bool {
    site(app).is_some()
}

/// The name keys are for, and the address they are used at.
fn site(app: &App) -> Option<(String, Url)> {
    let public = app.config.web.public();
    let url = Url::parse(public.as_str()).ok()?;
    let name = url.domain()?.to_owned();
    let is_safe = public.is_encrypted() || name == "localhost";
    is_safe.then_some((name, url))
}

fn library(app: &App) -> Result<Webauthn, NotTaken> {
    let (name, url) = site(app).ok_or(NotTaken::NotHere)?;
    WebauthnBuilder::new(&name, &url)
        .and_then(|builder| builder.rp_name("Mnara").build())
        .map_err(inside)
}

fn inside(error: WebauthnError) -> NotTaken {
    tracing::warn!(%error, "a passkey's ceremony could not be prepared");
    NotTaken::Inside
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value, NotTaken> {
    serde_json::to_value(value).map_err(|error| {
        tracing::error!(%error, "a passkey's ceremony could not be written");
        NotTaken::Inside
    })
}

fn handle(person: PersonId) -> Uuid {
    Uuid::from_bytes(*person.as_bytes())
}

/// Begins to make a passkey for somebody who proves who they are once more: a stolen browser must not make itself a key.
///
/// # Errors
/// [`NotTaken`].
pub async fn begin_making(
    app: &App,
    visit: &Visit,
    name: &str,
    password: SecretString,
    digits: &str,
) -> Result<Begun, NotTaken> {
    let library = library(app)?;
    let name = name.trim();
    if !(1..=40).contains(&name.chars().count()) {
        return Err(NotTaken::Name);
    }
    prove(app, visit.claimant(), password, digits).await?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let held = store::keys(&mut tx, visit.person).await?;
    if !held.is_empty() && visit.is_admin && !visit.has_second {
        return Err(NotTaken::Refused);
    }
    if held.len() >= MOST {
        return Err(NotTaken::Enough);
    }
    let person = people::store::person(&mut tx, visit.person)
        .await?
        .ok_or(NotTaken::Refused)?;
    let before = held.iter().map(|key| key.cred_id().clone()).collect();
    let (challenge, state) = library
        .start_passkey_registration(
            handle(visit.person),
            &person.contact.written(),
            &person.name,
            Some(before),
        )
        .map_err(inside)?;
    let token = Token::draw(app);
    let ceremony = store::Ceremony {
        purpose: store::Purpose::Make(visit.person, name.to_owned()),
        state: json(&state)?,
    };
    store::begin(&mut tx, &token.hash(), &ceremony, now.plus_secs(GOOD_SECS)).await?;
    tx.commit().await?;
    Ok(Begun {
        token,
        options: asked_to_make(&challenge)?,
    })
}

/// Whether somebody of the platform came in by the password alone although they have a passkey.
///
/// With what a thief of the password has, no further factor is made, nor the one there removed, after which the thief could make another.
///
/// # Errors
/// When the database is away.
pub async fn is_missed(app: &App, visit: &Visit) -> sqlx::Result<bool> {
    if !visit.is_admin || visit.has_second {
        return Ok(false);
    }
    let mut tx = app.db.platform(Reason::Login).await?;
    Ok(!store::held(&mut tx, visit.person).await?.is_empty())
}

/// The options of a new key, which the device is to keep itself, so that a log-in need not ask who it is.
fn asked_to_make(challenge: &CreationChallengeResponse) -> Result<String, NotTaken> {
    let mut options = json(challenge)?;
    if let Some(selection) = options.pointer_mut("/publicKey/authenticatorSelection") {
        selection["residentKey"] = "required".into();
        selection["requireResidentKey"] = true.into();
    }
    Ok(options["publicKey"].to_string())
}

/// Takes the new key.
///
/// # Errors
/// [`NotTaken`].
pub async fn finish_making(
    app: &App,
    visit: &Visit,
    token: &Token,
    answer: &str,
) -> Result<(), NotTaken> {
    let library = library(app)?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let ceremony = store::take(&mut tx, &token.hash(), now).await?;
    // Taken whatever comes of it.
    tx.commit().await?;
    let ceremony = ceremony.ok_or(NotTaken::Refused)?;
    let name = match ceremony.purpose {
        store::Purpose::Make(person, name) if person == visit.person => name,
        _ => return Err(NotTaken::Refused),
    };
    let state: PasskeyRegistration =
        serde_json::from_value(ceremony.state).map_err(|_| NotTaken::Refused)?;
    let answer: RegisterPublicKeyCredential =
        serde_json::from_str(answer).map_err(|_| NotTaken::Refused)?;
    let key = library
        .finish_passkey_registration(&answer, &state)
        .map_err(refused)?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let row = store::NewKey {
        id: PasskeyId::new(now, app.entropy.bytes()),
        person: visit.person,
        credential: key.cred_id().as_ref(),
        key: &json(&key)?,
        name: &name,
    };
    if !store::insert(&mut tx, &row, now).await? {
        return Err(NotTaken::Refused);
    }
    let change = (None, Some(serde_json::json!({"name": name})));
    told(app, &mut tx, visit, "passkey", change).await?;
    tell_person(app, &mut tx, visit.person, Own::PasskeyAdded).await?;
    tx.commit().await?;
    Ok(())
}

fn refused(error: WebauthnError) -> NotTaken {
    tracing::debug!(%error, "a passkey's answer does not fit");
    NotTaken::Refused
}

/// Begins a log-in with whichever passkey somebody has.
///
/// # Errors
/// [`NotTaken`].
pub async fn begin_using(app: &App, address: std::net::IpAddr) -> Result<Begun, NotTaken> {
    let library = library(app)?;
    app.limits.check(Act::Passkey, By::Address(address))?;
    let (challenge, state) = library
        .start_discoverable_authentication()
        .map_err(inside)?;
    let token = Token::draw(app);
    let ceremony = store::Ceremony {
        purpose: store::Purpose::LogIn,
        state: json(&state)?,
    };
    let until = app.clock.now().plus_secs(GOOD_SECS);
    let mut tx = app.db.platform(Reason::Login).await?;
    store::begin(&mut tx, &token.hash(), &ceremony, until).await?;
    tx.commit().await?;
    Ok(Begun {
        token,
        options: json(&challenge)?["publicKey"].to_string(),
    })
}

/// Logs in whoever's passkey answered.
///
/// # Errors
/// [`NotTaken`].
pub async fn finish_using(
    app: &App,
    browser: &Browser<'_>,
    token: &Token,
    answer: &str,
) -> Result<Entered, NotTaken> {
    let library = library(app)?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let ceremony = store::take(&mut tx, &token.hash(), now).await?;
    tx.commit().await?;
    let ceremony = ceremony
        .filter(|ceremony| ceremony.purpose == store::Purpose::LogIn)
        .ok_or(NotTaken::Refused)?;
    let state: DiscoverableAuthentication =
        serde_json::from_value(ceremony.state).map_err(|_| NotTaken::Refused)?;
    let answer: PublicKeyCredential =
        serde_json::from_str(answer).map_err(|_| NotTaken::Refused)?;
    let (named, credential) = library
        .identify_discoverable_authentication(&answer)
        .map_err(refused)?;
    let person = PersonId::from_bytes(*named.as_bytes());
    let mut tx = app.db.platform(Reason::Login).await?;
    let mut used = store::find(&mut tx, person, credential)
        .await?
        .ok_or(NotTaken::Refused)?;
    let result = library
        .finish_discoverable_authentication_v2(&answer, state, &used.key)
        .map_err(refused)?;
    // Without it the device proves that it is there, and not whose hand holds it.
    if !result.user_verified() {
        return Err(NotTaken::Refused);
    }
    used.key.update_credential(&result);
    store::used(&mut tx, used.id, &json(&used.key)?, now).await?;
    tx.commit().await?;
    Ok(begin(app, browser, person, Entry::Passkey, None).await?)
}

/// Removes a passkey of somebody who proves who they are once more; one that is gone is fine.
///
/// # Errors
/// [`NotTaken`]; [`NotTaken::Refused`] where the passkey itself [is missed](is_missed).
pub async fn remove(
    app: &App,
    visit: &Visit,
    id: PasskeyId,
    password: SecretString,
    digits: &str,
) -> Result<(), NotTaken> {
    if is_missed(app, visit).await? {
        return Err(NotTaken::Refused);
    }
    prove(app, visit.claimant(), password, digits).await?;
    let mut tx = app.db.platform(Reason::Login).await?;
    if let Some(name) = store::remove(&mut tx, visit.person, id).await? {
        let change = (Some(serde_json::json!({"name": name})), None);
        told(app, &mut tx, visit, "passkey-end", change).await?;
        tell_person(app, &mut tx, visit.person, Own::PasskeyRemoved).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A stored key, read.
fn read(key: Value) -> sqlx::Result<Passkey> {
    serde_json::from_value(key).map_err(|error| sqlx::Error::Decode(error.into()))
}
