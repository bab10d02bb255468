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
use crate::providers::passkeys::{self, proving};
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
    /// They became an owner a moment ago, as whoever stole another owner's log-in would.
    #[error("they have not been an owner of this business for a day")]
    NewOwner,
    /// The passkey's answer is too late, was given before, or is not theirs.
    #[error("the passkey was not taken")]
    Passkey,
    /// The passkey was added a moment ago, as whoever stole the log-in would.
    #[error("the passkey has not been there for a day")]
    NewPasskey,
    /// Their second factor is a passkey, and it was not used.
    #[error("this takes the passkey, and it was not used")]
    NoAnswer,
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

/// What somebody gives as their second factor.
#[derive(Clone, Copy, Debug)]
pub enum Second<'a> {
    /// The digits of now or a code from paper; nothing, where they have none.
    Digits(&'a str),
    /// What a passkey answered.
    Passkey {
        /// The token of the ceremony that asked it.
        token: &'a str,
        /// The answer, as the browser wrote it.
        answer: &'a str,
    },
}

/// What somebody has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The password, and the digits where there are some.
    ///
    /// A passkey alone is not asked for: it has no codes on paper, and whoever lost theirs could not even set up another second factor.
    WhatThereIs,
    /// Both.
    Both,
    /// Both, and the second factor has been there for a day.
    BothForADay,
}

/// How long a second factor has to be there, and its owner to be one, to be believed in what matters most.
pub const A_DAY: i64 = 86_400;

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
    let second = Second::Digits(digits);
    prove_as(app, who, password, second, Proof::WhatThereIs).await
}

/// Takes the password and as much of the second factor as it has to be.
///
/// # Errors
/// [`NotProved`].
pub async fn prove_as(
    app: &App,
    who: Claimant,
    password: SecretString,
    second: Second<'_>,
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
    let is_new =
        |since: Timestamp| proof == Proof::BothForADay && since.plus_secs(A_DAY) > app.clock.now();
    let digits = match second {
        Second::Digits(digits) => digits,
        Second::Passkey { token, answer } => {
            who.tries(app, Act::Second)?;
            let since = proving::finish(app, person, token, answer).await?;
            return if is_new(since) {
                Err(NotProved::NewPasskey)
            } else {
                Ok(())
            };
        }
    };
    let Some(since) = proofs.totp_since else {
        if proof == Proof::WhatThereIs {
            return Ok(());
        }
        return Err(if proving::can(app, person).await? {
            NotProved::NoAnswer
        } else {
            NotProved::NoSecond
        });
    };
    if is_new(since) {
        return Err(NotProved::NewSecond);
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

/// What somebody can give as their second factor.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactors {
    /// Six digits.
    pub has_digits: bool,
    /// A passkey that can be used at this controller's address.
    pub has_passkey: bool,
    /// Whether passkeys can be used there at all.
    pub passkeys_work: bool,
}

impl SecondFactors {
    /// Whether there is any.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.has_digits || self.has_passkey
    }
}

/// What somebody has for a second factor.
///
/// # Errors
/// When the database is away.
pub async fn second_factors(app: &App, person: PersonId) -> sqlx::Result<SecondFactors> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let proofs = people::store::proofs(&mut tx, person).await?;
    drop(tx);
    Ok(SecondFactors {
        has_digits: proofs.is_some_and(|proofs| proofs.totp.is_some()),
        has_passkey: proving::can(app, person).await?,
        passkeys_work: passkeys::work_here(app),
    })
}
