//! Pesapal 3.0, by which businesses pay the platform: the token, the addresses it tells of changes, the order, its status, refund and cancel.
//!
//! It says what Pesapal answered, in types; what that means for a subscription is decided in its slice. Nothing is ever sent twice except
//! after a refused token, when the first one was turned away.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{Mutex, MutexGuard};

use crate::clock::Clock;
use crate::config::PesapalConfig;

mod after;
pub mod ipn;
mod name;
mod order;
pub mod price;
mod status;
mod token;
mod wire;

pub use after::Refund;
pub use name::Name;
pub use order::{Billed, Frequency, Order, Recurring, SubmitError, Submitted};
pub use status::{Code, StatusAnswer, Told};
pub use token::TokenError;

pub use super::exchange::Exchange;
use super::http::LONGEST;
use super::tokens::Tokens;
use wire::{Http, Lost, Reply};

/// What opens the platform's account; it has one.
struct Keys {
    consumer_key: SecretString,
    consumer_secret: SecretString,
}

/// The client, cheap to clone.
#[derive(Clone)]
pub struct Pesapal {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    keys: Keys,
    /// There is one: the platform's.
    tokens: Tokens<()>,
    clock: Clock,
    callback: String,
    ipn: String,
    registering: Mutex<()>,
}

impl fmt::Debug for Pesapal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pesapal({})", self.inner.http.base())
    }
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The platform's keys are wrong.
    #[error("Pesapal does not accept PESAPAL_CONSUMER_KEY and PESAPAL_CONSUMER_SECRET")]
    WrongKeys,
    /// Too many calls; nothing was done.
    #[error("Pesapal asks for fewer calls")]
    Busy,
    /// Pesapal understood and refused; nothing was done.
    #[error("Pesapal refused with {code}: {message}")]
    Refused {
        /// Its code.
        code: String,
        /// Its words.
        message: String,
    },
    /// Nothing was sent; trying again is safe.
    #[error("Pesapal cannot be reached")]
    Away(#[source] anyhow::Error),
    /// It may have been done.
    #[error("Pesapal's answer is lost")]
    Lost(#[source] anyhow::Error),
}

impl CallError {
    /// Its stable name, for rows and counters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WrongKeys => "wrong-keys",
            Self::Busy => "busy",
            Self::Refused { .. } => "refused",
            Self::Away(_) => "away",
            Self::Lost(_) => "lost",
        }
    }

    /// What an answer that is no success means.
    fn refused(reply: &Reply) -> Self {
        if reply.is_limited() {
            return Self::Busy;
        }
        let fault = reply.fault();
        if reply.fields().is_none() {
            return Self::Lost(anyhow::anyhow!("{}", fault.message));
        }
        Self::Refused {
            code: fault.code,
            message: fault.message,
        }
    }
}

impl From<TokenError> for CallError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::WrongKeys => Self::WrongKeys,
            TokenError::Busy => Self::Busy,
            TokenError::Away(error) => Self::Away(error),
        }
    }
}

impl From<Lost> for CallError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::NotSent(error) => Self::Away(error.into()),
            Lost::Unanswered(error) => Self::Lost(error.into()),
        }
    }
}

impl Pesapal {
    /// Makes the client, or none for a platform that asks nobody to pay; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &PesapalConfig, clock: &Clock) -> anyhow::Result<Option<Self>> {
        let Some(account) = config.account() else {
            return Ok(None);
        };
        let inner = Inner {
            http: Http::new(config.base.as_str())?,
            keys: Keys {
                consumer_key: account.consumer_key.clone(),
                consumer_secret: account.consumer_secret.clone(),
            },
            tokens: Tokens::default(),
            clock: clock.clone(),
            callback: account.callback.to_string(),
            ipn: account.ipn.to_string(),
            registering: Mutex::default(),
        };
        Ok(Some(Self {
            inner: Arc::new(inner),
        }))
    }

    /// The address of the account: registered addresses are known to it alone.
    #[must_use]
    pub fn base(&self) -> &str {
        self.inner.http.base()
    }

    /// Where browsers come back to.
    #[must_use]
    pub fn callback(&self) -> &str {
        &self.inner.callback
    }

    /// Where changes are told.
    #[must_use]
    pub fn ipn(&self) -> &str {
        &self.inner.ipn
    }

    /// Waits until nobody else in this process registers our address: the account would have two names for it.
    pub async fn registering(&self) -> MutexGuard<'_, ()> {
        self.inner.registering.lock().await
    }

    async fn post(&self, path: &str, body: &impl Serialize) -> Result<Reply, CallError> {
        let body = to_raw_value(body).map_err(|error| CallError::Away(error.into()))?;
        self.call(path, Some(&body), LONGEST).await
    }

    async fn get(&self, path: &str) -> Result<Reply, CallError> {
        self.call(path, None, LONGEST).await
    }

    async fn get_up_to(&self, path: &str, longest: usize) -> Result<Reply, CallError> {
        self.call(path, None, longest).await
    }

    /// Calls with a token. A refused token is renewed once, which is safe: the first call was turned away.
    async fn call(
        &self,
        path: &str,
        body: Option<&RawValue>,
        longest: usize,
    ) -> Result<Reply, CallError> {
        let inner = &self.inner;
        for _ in 0..2 {
            let fetch = || token::fetch(&inner.keys, &inner.http, &inner.clock);
            let token = inner.tokens.current((), &inner.clock, fetch).await?;
            let reply = match body {
                Some(body) => inner.http.post(path, Some(token.value()), body).await?,
                None => inner.http.get(path, token.value(), longest).await?,
            };
            if !reply.refuses_token() {
                return Ok(reply);
            }
            inner.tokens.discard((), &token);
        }
        Err(CallError::WrongKeys)
    }
}

#[cfg(test)]
mod tests;
