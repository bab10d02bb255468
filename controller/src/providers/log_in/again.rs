//! Proving once more who one is, before something that a stolen browser must not do.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use secrecy::SecretString;
use thiserror::Error;

use super::Claimant;
use super::second::{NotSecond, proves};
use crate::app::App;
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::people;
use crate::ratelimit::{Act, TooMany};

/// Why somebody has not proved it.
#[derive(Debug, Error)]
pub enum NotProved {
    /// The password or the digits are others.
    #[error("the password or the six digits are others")]
    Wrong,
    /// There is no second factor, and this takes one.
    #[error("this takes a second factor, and there is none")]
    NoSecond,
    /// The second factor was set up a moment ago, as whoever stole the log-in would.
    #[error("the second factor has not been there for a day")]
    NewSecond,
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The stored second factor does not open; it was logged.
    #[error("the stored second factor does not open")]
    Inside,
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database is away.
    #[error("it could not be looked up")]
    Database(#[from] sqlx::Error),
}

/// What somebody has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password, and the second factor where there is one.
    WhatThereIs,
    /// Both.
    Both,
    /// Both, and the second factor has been there for a day.
    BothForADay,
}

/// How long a second factor has to be there to be believed in what matters most.
const A_DAY: i64 = 86_400;

/// Takes the password, and the digits of now where the person has a second factor.
///
/// # Errors
/// [`NotProved`].
pub async fn prove(
    app: &App,
    who: Claimant,
    password: SecretString,
    digits: &str,
) -> Result<(), NotProved> {
    prove_as(app, who, password, digits, Proof::WhatThereIs).await
}

/// Takes the password and as much of the second factor as it has to be.
///
/// # Errors
/// [`NotProved`].
pub async fn prove_as(
    app: &App,
    who: Claimant,
    password: SecretString,
    digits: &str,
    proof: Proof,
) -> Result<(), NotProved> {
    let person = who.person;
    who.tries(app, Act::LogIn)?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let proofs = people::store::proofs(&mut tx, person).await?;
    drop(tx);
    let proofs = proofs.ok_or(NotProved::Wrong)?;
    if !app.passwords.fits(password, Some(proofs.password)).await? {
        return Err(NotProved::Wrong);
    }
    let is_old = |since: Timestamp| since.plus_secs(A_DAY) <= app.clock.now();
    match (proofs.totp_since, proof) {
        (None, Proof::WhatThereIs) => return Ok(()),
        (None, Proof::Both | Proof::BothForADay) => return Err(NotProved::NoSecond),
        (Some(since), Proof::BothForADay) if !is_old(since) => return Err(NotProved::NewSecond),
        (Some(_), _) => {}
    }
    who.tries(app, Act::Second)?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let is_proved = proves(app, &mut tx, person, digits)
        .await
        .map_err(|error| match error {
            NotSecond::Database(error) => NotProved::Database(error),
            NotSecond::TooMany(too) => NotProved::TooMany(too),
            NotSecond::Wrong => NotProved::Wrong,
            NotSecond::NotProved(error) => error,
            NotSecond::Vault(error) => {
                tracing::error!(%error, "a second factor does not open");
                NotProved::Inside
            }
        })?;
    if !is_proved {
        return Err(NotProved::Wrong);
    }
    tx.commit().await?;
    Ok(())
}

/// Whether somebody has a second factor.
///
/// # Errors
/// When the database is away.
pub async fn has_second(app: &App, person: PersonId) -> sqlx::Result<bool> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let proofs = people::store::proofs(&mut tx, person).await?;
    Ok(proofs.is_some_and(|proofs| proofs.totp.is_some()))
}
