//! The registration of a shortcode's C2B addresses. In production it happens once: changing them takes two people at the portal.

use serde::Serialize;
use serde_json::{Map, Value};

use super::wire::{Lost, Shape, says, text};
use super::{CallError, Credentials, Daraja, Setup, TokenError};

/// Which version of the interface tells of payments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Version {
    /// Hides who paid behind a hash of the number, which says for sure whether a number is it.
    Hashed,
    /// Hides the middle of the number.
    Masked,
}

impl Version {
    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Hashed => 1,
            Self::Masked => 2,
        }
    }
}

/// The addresses of a shortcode.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a> {
    /// Which version posts to them.
    pub version: Version,
    /// Whether a payment goes through whose validation is not answered in time; else it is sent back.
    pub completes: bool,
    /// Where a payment is asked about before it is made.
    pub validation: &'a str,
    /// Where it is told of afterwards.
    pub confirmation: &'a str,
}

/// The call's body, in the order in which it is documented.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    short_code: &'a str,
    response_type: &'static str,
    #[serde(rename = "ConfirmationURL")]
    confirmation: &'a str,
    #[serde(rename = "ValidationURL")]
    validation: &'a str,
}

/// What became of the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Registered {
    /// The addresses are now registered.
    Now,
    /// Some were registered before, perhaps others; only the portal can tell and change them.
    Before,
}

/// Why nothing was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The provider has to put something right.
    #[error("{}", .0.words())]
    Setup(Setup),
    /// The shortcode's addresses are registered where Daraja cannot change them.
    #[error(
        "the shortcode's addresses are registered on Safaricom's older platform: ask Safaricom's API support to remove them there, then try again"
    )]
    OldPlatform,
    /// Daraja understood and refused.
    #[error("Daraja refused the addresses with {code}: {message}")]
    Refused {
        /// Daraja's code.
        code: String,
        /// Daraja's words.
        message: String,
    },
    /// It may be tried again; registering the same twice does no harm.
    #[error("Daraja gives no answer")]
    Away(#[source] anyhow::Error),
}

impl Daraja {
    /// Registers where M-PESA posts payments that nobody was asked for.
    ///
    /// # Errors
    /// When they are not registered.
    pub async fn register_urls(
        &self,
        credentials: &Credentials,
        addresses: Addresses<'_>,
    ) -> Result<Registered, RegisterError> {
        let body = Request {
            short_code: &credentials.shortcode,
            response_type: if addresses.completes {
                "Completed"
            } else {
                "Cancelled"
            },
            confirmation: addresses.confirmation,
            validation: addresses.validation,
        };
        let path = format!("/mpesa/c2b/v{}/registerurl", addresses.version.number());
        let reply = self
            .post(credentials, &path, &body)
            .await
            .map_err(|error| match error {
                CallError::Token(TokenError::Setup(setup)) => RegisterError::Setup(setup),
                CallError::Token(TokenError::Busy) => {
                    RegisterError::Away(anyhow::anyhow!("too many calls"))
                }
                CallError::Token(TokenError::Away(error)) => RegisterError::Away(error),
                CallError::TokenRefused { no_product: true } => {
                    RegisterError::Setup(Setup::ProductMissing)
                }
                CallError::TokenRefused { no_product: false } => {
                    RegisterError::Away(anyhow::anyhow!("others take the token"))
                }
                CallError::Lost(Lost::NotSent(error) | Lost::Unanswered(error)) => {
                    RegisterError::Away(error.into())
                }
            })?;
        match reply.shape {
            Shape::Answer(ref answer) if reply.is_success() && is_done(answer) => {
                Ok(Registered::Now)
            }
            Shape::Fault { message, .. } if says(&message, "already registered") => {
                Ok(Registered::Before)
            }
            Shape::Fault { message, .. } if says(&message, "duplicate notification") => {
                Err(RegisterError::OldPlatform)
            }
            Shape::Fault { code, message } | Shape::Gateway { code, message }
                if reply.status < 500 && reply.status != 429 =>
            {
                Err(RegisterError::Refused { code, message })
            }
            _ => Err(RegisterError::Away(anyhow::anyhow!(
                "status {}",
                reply.status
            ))),
        }
    }
}

/// Whether an answer says that the addresses are registered: whoever stands in for Daraja may say so in words only.
fn is_done(answer: &Map<String, Value>) -> bool {
    match text(answer, "ResponseCode").as_deref() {
        Some(code) => matches!(code, "0" | "00000000"),
        None => text(answer, "ResponseDescription")
            .is_some_and(|words| words.eq_ignore_ascii_case("success")),
    }
}
