//! Taking all second factors of somebody away who lost them: from the command line only, which whoever has it could do anything with anyway.

use serde_json::json;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::store::people::known;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::providers::log_in::leave::end_others;
use crate::providers::log_in::store::first_place;
use crate::providers::notices::{Own, tell_person};
use crate::providers::passkeys;
use crate::providers::people::{self, Contact};

/// Why nothing was taken away.
#[derive(Debug, Error)]
pub enum NotForgotten {
    /// Nobody logs in with that.
    #[error("nobody logs in with that")]
    Nobody,
    /// Whoever does has none.
    #[error("{0:?} has no second factor and no passkey")]
    HasNone(String),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Whose second factors are gone.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// What they are called.
    pub name: String,
    /// Whether the six digits were among them.
    pub had_digits: bool,
    /// How many passkeys were.
    pub passkeys: usize,
    /// How many log-ins ended with them.
    pub log_ins: usize,
}

/// Takes the six digits and all passkeys away from whoever logs in with that, and ends all their log-ins, one of which may be a thief's. The
/// password stays.
///
/// # Errors
/// [`NotForgotten`].
pub async fn forget(app: &App, contact: &Contact) -> Result<Forgotten, NotForgotten> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let known = known(&mut tx, contact).await?.ok_or(NotForgotten::Nobody)?;
    let person = known.person;
    let proofs = people::store::proofs(&mut tx, person).await?;
    let had_digits = proofs.is_some_and(|proofs| proofs.totp.is_some());
    let held = passkeys::store::held(&mut tx, person).await?;
    let mut done: Vec<(&'static str, JsonValue, Option<JsonValue>)> = Vec::new();
    if had_digits {
        let now = app.clock.now();
        people::store::set_totp(&mut tx, person, None, now).await?;
        people::store::replace_recovery_codes(&mut tx, person, &[], now).await?;
        let off = json!({"on": false});
        done.push(("second-factor-end", json!({"on": true}), Some(off)));
        tell_person(app, &mut tx, person, Own::SecondOff).await?;
    }
    for key in &held {
        passkeys::store::remove(&mut tx, person, key.id).await?;
        done.push(("passkey-end", json!({"name": key.name}), None));
        tell_person(app, &mut tx, person, Own::PasskeyRemoved).await?;
    }
    if done.is_empty() {
        return Err(NotForgotten::HasNone(known.name));
    }
    let provider = first_place(&mut tx, person).await?;
    for (act, before, after) in done {
        let deed = Deed {
            act,
            subject: &person.to_string(),
            before: Some(before),
            after,
        };
        record(app, &mut tx, provider, Actor::Command, deed).await?;
    }
    let log_ins = end_others(app, &mut tx, person, None, Actor::Command).await?;
    tx.commit().await?;
    Ok(Forgotten {
        name: known.name,
        had_digits,
        passkeys: held.len(),
        log_ins,
    })
}
