//! Safaricom's Daraja: the token, the push, the query, the registration of C2B addresses, what an API operator may ask for, and the bodies it
//! posts to us.
//!
//! It says what Daraja answered, in types; what that means for a payment is decided in the payments slice. Nothing is
//! ever sent twice except after a refused token, when the gateway has turned the first one away.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::clock::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::clock::Clock;
use crate::config::DarajaConfig;

pub mod answered;
pub mod callback;
pub(crate) mod eat;
mod field;
mod operator;
mod push;
mod query;
mod register;
pub mod result;
mod reversal;
mod status;
mod token;
mod turns;
mod veil;
mod wire;

pub use operator::{Answers, Operator, RequestError, Taken};
pub use push::{Accepted, PushError, PushOrder};
pub use query::{QueryAnswer, comes_after};
pub use register::{Addresses, RegisterError, Registered, Version};
pub use reversal::ReversalOrder;
pub use token::TokenError;
pub use turns::{Place, Turn};

pub use super::exchange::Exchange;
use super::tokens::{InUse, Tokens};
use turns::Turns;
use wire::{Http, Lost, Reply};

/// A provider's own application at Safaricom, and the shortcode it is for.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Half of what opens the gateway.
    pub consumer_key: SecretString,
    /// The other half.
    pub consumer_secret: SecretString,
    /// The shortcode of go-live: the paybill, or the store or head-office number of a till.
    pub shortcode: String,
    /// Signs the password of each push for that shortcode.
    pub passkey: SecretString,
    /// Paybill or till.
    pub kind: ShortcodeKind,
}

/// What kind of shortcode money goes to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ShortcodeKind {
    /// Money goes to the shortcode itself.
    Paybill,
    /// Money goes to a till under the shortcode.
    Till {
        /// The till's own number.
        number: String,
    },
}

impl Credentials {
    /// What the gateway counts by: the application, whatever shortcode it is used for.
    fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(self.consumer_key.expose_secret());
        hash.update([0]);
        hash.update(self.consumer_secret.expose_secret());
        Fingerprint(hash.finalize().into())
    }

    /// The password of a push or query, and the time that is part of it: both must come from one reading of the clock.
    fn password(&self, now: Timestamp) -> (SecretString, String) {
        let time = eat::digits(now);
        let plain = SecretString::from(format!(
            "{}{}{time}",
            self.shortcode,
            self.passkey.expose_secret()
        ));
        (
            SecretString::from(STANDARD.encode(plain.expose_secret())),
            time,
        )
    }
}

/// Stands for a set of credentials without telling them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Fingerprint([u8; 32]);

impl Fingerprint {
    fn key(&self) -> u128 {
        let (half, _) = self
            .0
            .split_first_chunk()
            .expect("32 bytes have a first 16");
        u128::from_be_bytes(*half)
    }
}

/// What a provider has to put right before money can come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Setup {
    /// Consumer key and secret do not open the gateway.
    WrongKeys,
    /// They do, but the application was not given M-PESA Express.
    ProductMissing,
    /// The shortcode is unknown to M-PESA.
    NoSuchShortcode,
    /// The passkey does not belong to the shortcode.
    WrongPasskey,
    /// Paybill and till were mixed up, or the till is not under the shortcode.
    WrongKind,
}

impl Setup {
    /// What to do about it, for the provider.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::WrongKeys => {
                "Safaricom does not accept the consumer key and secret. Copy both again from your app on the Daraja portal."
            }
            Self::ProductMissing => {
                "Your Daraja app was not given M-PESA Express. Add that product to the app, or use the keys of the app that went live."
            }
            Self::NoSuchShortcode => {
                "M-PESA does not know this shortcode. For a till, enter the store or head-office number you went live with as the shortcode."
            }
            Self::WrongPasskey => {
                "The passkey does not belong to this shortcode. Use the passkey Safaricom e-mailed after go-live for exactly this number."
            }
            Self::WrongKind => {
                "M-PESA refuses this kind of payment for the shortcode. Check paybill or till, and the till number."
            }
        }
    }

    /// Its stable name, for rows and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongKeys => "wrong-keys",
            Self::ProductMissing => "product-missing",
            Self::NoSuchShortcode => "no-such-shortcode",
            Self::WrongPasskey => "wrong-passkey",
            Self::WrongKind => "wrong-kind",
        }
    }
}

/// The client, cheap to clone; all providers share its connections and none shares a token.
#[derive(Clone)]
pub struct Daraja {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    tokens: Tokens<Fingerprint>,
    /// Queries by application, since that is how the gateway counts them.
    turns: Turns,
    clock: Clock,
    most_shillings: i32,
}

impl fmt::Debug for Daraja {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Daraja({})", self.inner.http.base())
    }
}

/// Tokens tried for one call.
const TOKENS: usize = 3;

/// Why a call brought no answer that could be judged.
enum CallError {
    Token(TokenError),
    /// Fresh tokens were refused as well.
    TokenRefused {
        /// Since the application was not given the product; else somebody else's token took the place of ours.
        no_product: bool,
    },
    Lost(Lost),
}

impl Daraja {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &DarajaConfig, clock: &Clock) -> anyhow::Result<Self> {
        let inner = Inner {
            http: Http::new(config.base.as_str())?,
            tokens: Tokens::default(),
            turns: Turns::new(config.queries_per_minute),
            clock: clock.clone(),
            most_shillings: config.ceiling.at_once,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Proves consumer key and secret by asking for a token; it does not prove the passkey, which only a push does.
    ///
    /// # Errors
    /// When there is no token to be had.
    pub async fn check_keys(&self, credentials: &Credentials) -> Result<(), TokenError> {
        self.inner.tokens.forget(credentials.fingerprint());
        self.token(credentials).await.map(drop)
    }

    async fn token(&self, credentials: &Credentials) -> Result<InUse, TokenError> {
        let inner = &self.inner;
        let fetch = || token::fetch(credentials, &inner.http, &inner.clock);
        inner
            .tokens
            .current(credentials.fingerprint(), &inner.clock, fetch)
            .await
    }

    /// Posts with a token. A refused one is renewed, which is safe: the gateway turned the call away. And it is done twice, since each new token
    /// ends the one before, whoever asked for it.
    async fn post(
        &self,
        credentials: &Credentials,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply, CallError> {
        let inner = &self.inner;
        let mut no_product = false;
        for _ in 0..TOKENS {
            let token = self.token(credentials).await.map_err(CallError::Token)?;
            let reply = inner
                .http
                .post(path, token.value(), body)
                .await
                .map_err(CallError::Lost)?;
            if !reply.refuses_token() {
                return Ok(reply);
            }
            no_product = wire::says(&reply.text, "apiproduct");
            inner.tokens.discard(credentials.fingerprint(), &token);
        }
        Err(CallError::TokenRefused { no_product })
    }
}

#[cfg(test)]
mod tests;
