//! The token of each application: how it is asked for, why there is none, and that it is renewed a minute early.

use std::time::Duration;

use secrecy::SecretString;

use super::wire::{Http, Lost, Reply, Shape, says, text};
use super::{Credentials, Setup};
use crate::clock::Clock;
use crate::rails::tokens::Token;

/// How much earlier than its end a token is renewed.
const EARLY: Duration = Duration::from_secs(60);
/// The life of a token that does not say how long it lives, or says nonsense.
const SHORTEST: Duration = Duration::from_secs(10);

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

/// Fetches the token of an application.
pub(super) async fn fetch(
    credentials: &Credentials,
    http: &Http,
    clock: &Clock,
) -> Result<Token, TokenError> {
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
