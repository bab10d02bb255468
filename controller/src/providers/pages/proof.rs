//! The part of a form in which somebody proves once more who they are.

use axum::http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;

use super::frame::Frame;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::log_in::again::{NotProved, Second, prove};

/// What is wrong with a form, and what the page that says so is sent with.
pub type Fault = (StatusCode, String);

/// The second factor as a form hands it in: digits that were typed, or what the script of passkeys filled in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Given {
    /// The digits.
    pub digits: String,
    passkey_token: String,
    passkey_answer: String,
}

impl Given {
    /// The one that was given.
    #[must_use]
    pub fn second(&self) -> Second<'_> {
        if self.passkey_answer.is_empty() {
            Second::Digits(&self.digits)
        } else {
            Second::Passkey {
                token: &self.passkey_token,
                answer: &self.passkey_answer,
            }
        }
    }
}

/// Takes the password and the digits; gives what to say where they prove nothing.
///
/// # Errors
/// When it cannot be looked up.
pub async fn proved(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    password: SecretString,
    digits: &str,
) -> Result<Option<Fault>, Trouble> {
    match prove(app, seat.claimant(), password, digits).await {
        Ok(()) => Ok(None),
        Err(error) => not_proved(error, frame.words()).map(Some),
    }
}

/// The words for somebody who did not prove who they are.
///
/// # Errors
/// When it was nobody's fault.
pub fn not_proved(error: NotProved, w: &Words) -> Result<Fault, Trouble> {
    let refused = |words: &str| Ok((StatusCode::UNPROCESSABLE_ENTITY, words.to_owned()));
    match error {
        NotProved::Wrong => refused(w.keys.wrong_proof),
        NotProved::NoSecond => refused(w.mpesa.no_second),
        NotProved::NewSecond => refused(w.mpesa.new_second),
        NotProved::NewOwner => refused(w.mpesa.new_owner),
        NotProved::Passkey => refused(w.passkeys.not_proved),
        NotProved::NewPasskey => refused(w.passkeys.new_passkey),
        NotProved::NoAnswer => refused(w.passkeys.no_answer),
        NotProved::TooMany(too) => Ok((StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait))),
        NotProved::Inside => Err(Trouble::Inside),
        NotProved::Ending(error) => Err(error.into()),
        NotProved::Database(error) => Err(error.into()),
    }
}

/// The values of a form in which a name may stand several times.
pub struct Filled(pub Vec<(String, String)>);

impl Filled {
    /// The first value of a name, or nothing.
    #[must_use]
    pub fn one(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The first value of a name, as a secret.
    #[must_use]
    pub fn secret(&self, name: &str) -> SecretString {
        SecretString::from(self.one(name))
    }
}
