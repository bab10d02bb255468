//! What an organisation's API operator may ask for: the credentials, what is sent with each request, and what the answer says about it.
//!
//! The answer only says that the request was taken; what came of it is posted later to one of two addresses.

use std::fmt;

use secrecy::SecretString;
use serde::Serialize;

use super::veil::veil;
use super::wire::{Lost, Reply, Shape, says, text};
use super::{CallError, Credentials, Daraja, Exchange, Setup, TokenError};

/// An API operator of an organisation, as the Daraja portal makes its credential.
#[derive(Clone)]
pub struct Operator {
    /// Its user name.
    pub initiator: String,
    /// Its password as Safaricom's key has sealed it; the password itself is never asked for.
    pub credential: SecretString,
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operator({})", self.initiator)
    }
}

/// Where what came of a request is posted; each address has a secret of its own.
#[derive(Clone, Copy)]
pub struct Answers<'a> {
    /// What came of it.
    pub result: &'a str,
    /// That M-PESA gave up waiting, which says nothing about what came of it.
    pub time_out: &'a str,
}

/// Daraja took the request; the outcome is posted later.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Taken {
    /// Daraja's name for the request.
    pub originator_conversation_id: String,
    /// M-PESA's name for what it does about it.
    pub conversation_id: String,
}

/// Why a request was not taken. Only [`RequestError::Unknown`] leaves it open.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The request itself cannot be sent; nothing was.
    #[error("the request cannot be sent: {0}")]
    Request(&'static str),
    /// The application's keys do not open the gateway.
    #[error("Daraja does not accept the application's keys")]
    Keys,
    /// They do, but the application was not given this product.
    #[error("the application was not given this product")]
    ProductMissing,
    /// Too many calls; nothing was done.
    #[error("Daraja asks for fewer calls")]
    Busy,
    /// Daraja understood and refused.
    #[error("Daraja refused the request with {code}: {message}")]
    Refused {
        /// Daraja's code.
        code: String,
        /// Daraja's words; they name a field, never a person.
        message: String,
    },
    /// Nothing was sent.
    #[error("Daraja cannot be reached")]
    Away(#[source] anyhow::Error),
    /// It may have been taken. Only what is posted later can tell.
    #[error("the outcome of the request is not known")]
    Unknown(#[source] anyhow::Error),
}

impl RequestError {
    /// Whether it may have been taken all the same.
    #[must_use]
    pub const fn may_have_been_taken(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    /// Its stable name, for rows, counters and pages.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request(_) => "request",
            Self::Keys => "keys",
            Self::ProductMissing => "product-missing",
            Self::Busy => "busy",
            Self::Refused { .. } => "refused",
            Self::Away(_) => "away",
            Self::Unknown(_) => "unknown",
        }
    }

    /// What Daraja said, for people.
    #[must_use]
    pub fn said(&self) -> Option<String> {
        match self {
            Self::Refused { code, message } => Some(format!("{code}: {message}")),
            _ => None,
        }
    }
}

impl From<CallError> for RequestError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Token(TokenError::Setup(Setup::ProductMissing))
            | CallError::TokenRefused { no_product: true } => Self::ProductMissing,
            CallError::Token(TokenError::Setup(_)) => Self::Keys,
            CallError::Token(TokenError::Busy) | CallError::TokenRefused { no_product: false } => {
                Self::Busy
            }
            CallError::Token(TokenError::Away(error)) => Self::Away(error),
            CallError::Lost(Lost::NotSent(error)) => Self::Away(error.into()),
            CallError::Lost(Lost::Unanswered(error)) => Self::Unknown(error.into()),
        }
    }
}

impl Daraja {
    /// Sends a request of an operator and judges the answer.
    pub(super) async fn request(
        &self,
        credentials: &Credentials,
        path: &str,
        body: &impl Serialize,
    ) -> (Result<Taken, RequestError>, Exchange) {
        let mut exchange = Exchange::sending(body, veil);
        let outcome = match self.post(credentials, path, body).await {
            Ok(reply) => {
                exchange.heard(reply.status, &reply.text);
                judge(reply)
            }
            Err(error) => Err(error.into()),
        };
        (outcome, exchange)
    }
}

fn judge(reply: Reply) -> Result<Taken, RequestError> {
    let status = reply.status;
    let unknown = |what: String| RequestError::Unknown(anyhow::anyhow!("status {status}, {what}"));
    if reply.is_limited() {
        return Err(RequestError::Busy);
    }
    let is_success = reply.is_success();
    let is_refusal = (400..500).contains(&status) && status != 408;
    match reply.shape {
        Shape::Answer(answer) => {
            let id = |name| text(&answer, name).filter(|id| !id.is_empty());
            match (
                text(&answer, "ResponseCode"),
                id("OriginatorConversationID"),
                id("ConversationID"),
            ) {
                (Some(code), Some(originator_conversation_id), Some(conversation_id))
                    if code == "0" && is_success =>
                {
                    Ok(Taken {
                        originator_conversation_id,
                        conversation_id,
                    })
                }
                (Some(code), ..) if code != "0" => Err(RequestError::Refused {
                    code,
                    message: text(&answer, "ResponseDescription").unwrap_or_default(),
                }),
                _ => Err(unknown("an answer without ids".to_owned())),
            }
        }
        Shape::Fault { message, .. } | Shape::Gateway { message, .. }
            if says(&message, "apiproduct") =>
        {
            Err(RequestError::ProductMissing)
        }
        Shape::Fault { code, message } if code.starts_with('4') => {
            Err(RequestError::Refused { code, message })
        }
        Shape::Fault { code, message } => Err(unknown(format!("{code}: {message}"))),
        Shape::Gateway { code, message } if is_refusal => {
            Err(RequestError::Refused { code, message })
        }
        Shape::Gateway { code, .. } => Err(unknown(code)),
        // A page that is not Daraja's, from something in front of it.
        Shape::Unreadable if is_refusal => Err(RequestError::Away(anyhow::anyhow!(
            "status {status} and a page that is not Daraja's"
        ))),
        Shape::Unreadable => Err(unknown("no answer that can be read".to_owned())),
    }
}
