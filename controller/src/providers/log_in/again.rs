//! Proving once more who one is, before something that a stolen browser must not do.

use mnara_protocol::ids::PersonId;
use secrecy::SecretString;
use thiserror::Error;

use super::second::{NotSecond, proves};
use crate::app::App;
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::people;
use crate::ratelimit::{Act, By, TooMany};

/// Why somebody has not proved it.
#[derive(Debug, Error)]
pub enum NotProved {
    /// The password or the digits are others.
    #[error("the password or the six digits are others")]
    Wrong,
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

/// Takes the password, and the digits of now where the person has a second factor.
///
/// # Errors
/// [`NotProved`].
pub async fn prove(
    app: &App,
    person: PersonId,
    password: SecretString,
    digits: &str,
) -> Result<(), NotProved> {
    app.limits.check(Act::LogIn, By::Person(person))?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let proofs = people::store::proofs(&mut tx, person).await?;
    drop(tx);
    let proofs = proofs.ok_or(NotProved::Wrong)?;
    if !app.passwords.fits(password, Some(proofs.password)).await? {
        return Err(NotProved::Wrong);
    }
    if proofs.totp.is_none() {
        return Ok(());
    }
    app.limits.check(Act::Second, By::Person(person))?;
    let mut tx = app.db.platform(Reason::Login).await?;
    let is_proved = proves(app, &mut tx, person, digits)
        .await
        .map_err(|error| match error {
            NotSecond::Database(error) => NotProved::Database(error),
            NotSecond::TooMany(too) => NotProved::TooMany(too),
            NotSecond::Wrong => NotProved::Wrong,
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
