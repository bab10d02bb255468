//! The token of each application: fetched once by however many callers wait for it, renewed a minute early, thrown away
//! when refused.
//!
//! A new token makes the one before it invalid, so there is never more than one per application here; another replica
//! may still take it away from us.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mnara_protocol::clock::Ticks;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::wire::{Http, Lost, Reply, Shape, says, text};
use super::{Credentials, Fingerprint, Setup};
use crate::clock::Clock;

/// Applications remembered; past it one is forgotten and fetches again.
const MOST: usize = 10_000;
/// How much earlier than its end a token is renewed.
const EARLY: Duration = Duration::from_secs(60);
/// The life of a token that does not say how long it lives, or says nonsense.
const SHORTEST: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Tokens {
    cells: Mutex<BTreeMap<Fingerprint, Arc<OnceCell<Token>>>>,
}

struct Token {
    value: SecretString,
    good_until: Ticks,
}

/// A token in use; it keeps the cell it came from, so that only this one is thrown away when it is refused.
pub(super) struct InUse {
    cell: Arc<OnceCell<Token>>,
    value: SecretString,
}

impl InUse {
    pub(super) const fn value(&self) -> &SecretString {
        &self.value
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The provider has to put something right.
    #[error("Daraja refuses the application: {}", .0.words())]
    Setup(Setup),
    /// Too many calls; nothing was done.
    #[error("Daraja asks for fewer calls")]
    Busy,
    /// No answer, or none that makes sense; nothing was done.
    #[error("Daraja gives no token")]
    Away(#[source] anyhow::Error),
}

impl Tokens {
    /// The current token, fetched if there is none; callers that arrive meanwhile share the fetch.
    pub(super) async fn current(
        &self,
        credentials: &Credentials,
        http: &Http,
        clock: &Clock,
    ) -> Result<InUse, TokenError> {
        let fingerprint = credentials.fingerprint();
        loop {
            let cell = self.cell(fingerprint);
            let token = cell
                .get_or_try_init(|| fetch(credentials, http, clock))
                .await?;
            if clock.monotonic() < token.good_until {
                let value = token.value.clone();
                return Ok(InUse { cell, value });
            }
            self.replace(fingerprint, &cell);
        }
    }

    /// A token fetched now, whatever is remembered.
    pub(super) async fn fresh(
        &self,
        credentials: &Credentials,
        http: &Http,
        clock: &Clock,
    ) -> Result<InUse, TokenError> {
        let fingerprint = credentials.fingerprint();
        let cell = self.cell(fingerprint);
        self.replace(fingerprint, &cell);
        self.current(credentials, http, clock).await
    }

    /// Throws away a refused token, unless somebody has already renewed it.
    pub(super) fn discard(&self, credentials: &Credentials, token: &InUse) {
        self.replace(credentials.fingerprint(), &token.cell);
    }

    fn cell(&self, fingerprint: Fingerprint) -> Arc<OnceCell<Token>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.len() >= MOST && !cells.contains_key(&fingerprint) {
            cells.pop_first();
        }
        Arc::clone(cells.entry(fingerprint).or_default())
    }

    fn replace(&self, fingerprint: Fingerprint, old: &Arc<OnceCell<Token>>) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells
            .get(&fingerprint)
            .is_some_and(|cell| Arc::ptr_eq(cell, old))
        {
            cells.insert(fingerprint, Arc::default());
        }
    }
}

async fn fetch(credentials: &Credentials, http: &Http, clock: &Clock) -> Result<Token, TokenError> {
    let asked_at = clock.monotonic();
    let reply = http
        .authorise(&credentials.consumer_key, &credentials.consumer_secret)
        .await;
    let reply = reply.map_err(|lost| match lost {
        Lost::NotSent(error) | Lost::Unanswered(error) => TokenError::Away(error.into()),
    })?;
    let (value, life) = read(&reply)?;
    Ok(Token {
        value,
        good_until: asked_at + life.saturating_sub(EARLY).max(SHORTEST),
    })
}

fn read(reply: &Reply) -> Result<(SecretString, Duration), TokenError> {
    if reply.is_limited() {
        return Err(TokenError::Busy);
    }
    match &reply.shape {
        Shape::Answer(answer) if reply.is_success() => {
            let token = text(answer, "access_token").filter(|token| !token.is_empty());
            let token = token
                .ok_or_else(|| TokenError::Away(anyhow::anyhow!("an answer without a token")))?;
            // A number in the documents, a string from the real service.
            let life = text(answer, "expires_in")
                .and_then(|life| life.parse().ok())
                .map_or(SHORTEST, Duration::from_secs);
            Ok((SecretString::from(token), life))
        }
        Shape::Fault { message, .. } | Shape::Gateway { message, .. }
            if says(message, "apiproduct") =>
        {
            Err(TokenError::Setup(Setup::ProductMissing))
        }
        // A page in front of Daraja: it says nothing about the keys.
        Shape::Unreadable if reply.status == 403 => Err(TokenError::Away(anyhow::anyhow!(
            "status 403 and a page that is not Daraja's"
        ))),
        // Wrong keys are answered with 400 or 401 and a body of any kind, often none.
        _ if matches!(reply.status, 400 | 401 | 403) => Err(TokenError::Setup(Setup::WrongKeys)),
        Shape::Fault { code, .. } if code.starts_with("400.008.") => {
            Err(TokenError::Setup(Setup::WrongKeys))
        }
        _ => Err(TokenError::Away(anyhow::anyhow!(
            "status {} and no token",
            reply.status
        ))),
    }
}
