//! Proving once more who one is by a passkey, for somebody who is logged in already: the second factor beside their password.
//!
//! The ceremony is this person's, asks for one of their own keys and for whoever holds it, and its answer logs nobody in.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use webauthn_rs::prelude::{PasskeyAuthentication, PublicKeyCredential};

use super::{Begun, GOOD_SECS, NotTaken, inside, json, library, refused, store, work_here};
use crate::app::App;
use crate::db::Reason;
use crate::providers::log_in::again::NotProved;
use crate::providers::log_in::{Claimant, Token};
use crate::ratelimit::Act;

/// Whether somebody has a passkey that can be used at this controller's address.
///
/// # Errors
/// When the database is away.
pub async fn can(app: &App, person: PersonId) -> sqlx::Result<bool> {
    if !work_here(app) {
        return Ok(false);
    }
    let mut tx = app.db.platform(Reason::Login).await?;
    Ok(!store::held(&mut tx, person).await?.is_empty())
}

/// Begins to prove who somebody is by one of their passkeys.
///
/// # Errors
/// [`NotTaken`]; [`NotTaken::Refused`] where they have none.
pub async fn begin(app: &App, who: Claimant) -> Result<Begun, NotTaken> {
    let library = library(app)?;
    who.tries(app, Act::Passkey)?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let keys = store::keys(&mut tx, who.person).await?;
    if keys.is_empty() {
        return Err(NotTaken::Refused);
    }
    let (challenge, state) = library
        .start_passkey_authentication(&keys)
        .map_err(inside)?;
    let token = Token::draw(app);
    let ceremony = store::Ceremony {
        purpose: store::Purpose::Prove(who.person),
        state: json(&state)?,
    };
    let until = app.clock.now().plus_secs(GOOD_SECS);
    store::begin(&mut tx, &token.hash(), &ceremony, until).await?;
    tx.commit().await?;
    Ok(Begun {
        token,
        options: json(&challenge)?["publicKey"].to_string(),
    })
}

/// Takes what a passkey of this person answered; says since when they have it.
///
/// # Errors
/// [`NotProved::Passkey`] where it proves nothing.
pub async fn finish(
    app: &App,
    person: PersonId,
    token: &str,
    answer: &str,
) -> Result<Timestamp, NotProved> {
    taken(app, person, token, answer)
        .await
        .map_err(|error| match error {
            NotTaken::Database(error) => NotProved::Database(error),
            NotTaken::Inside => NotProved::Inside,
            _ => NotProved::Passkey,
        })
}

async fn taken(
    app: &App,
    person: PersonId,
    token: &str,
    answer: &str,
) -> Result<Timestamp, NotTaken> {
    let library = library(app)?;
    let token = Token::sent(token).ok_or(NotTaken::Refused)?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let ceremony = store::take(&mut tx, &token.hash(), now).await?;
    // Taken whatever comes of it.
    tx.commit().await?;
    let ceremony = ceremony
        .filter(|ceremony| ceremony.purpose == store::Purpose::Prove(person))
        .ok_or(NotTaken::Refused)?;
    let state: PasskeyAuthentication =
        serde_json::from_value(ceremony.state).map_err(|_| NotTaken::Refused)?;
    let answer: PublicKeyCredential =
        serde_json::from_str(answer).map_err(|_| NotTaken::Refused)?;
    let result = library
        .finish_passkey_authentication(&answer, &state)
        .map_err(refused)?;
    // Without it the device proves that it is there, and not whose hand holds it.
    if !result.user_verified() {
        return Err(NotTaken::Refused);
    }
    // It may have been removed since it was asked for.
    let mut tx = app.db.platform(Reason::Login).await?;
    let mut used = store::find(&mut tx, person, result.cred_id().as_ref())
        .await?
        .ok_or(NotTaken::Refused)?;
    let is_moved = used.key.update_credential(&result) == Some(true);
    // The ceremony knows the counter of when it began; a copy of the key may have answered another one since.
    if result.counter() > 0 && !is_moved {
        return Err(NotTaken::Refused);
    }
    store::used(&mut tx, used.id, &json(&used.key)?, now).await?;
    tx.commit().await?;
    Ok(used.since)
}
