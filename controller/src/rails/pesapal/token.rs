//! The platform's token: how it is asked for, why there is none, and that it is used for four minutes at most.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::Keys;
use super::wire::{Http, Lost, Reply};
use crate::clock::Clock;
use crate::rails::tokens::Token;

/// The documents say five minutes at most, whatever a token says of itself.
const LONGEST: Duration = Duration::from_secs(240);
/// The life of a token that ended before it came: our clocks differ.
const SHORTEST: Duration = Duration::from_secs(10);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The platform's keys are wrong.
    #[error("Pesapal does not accept PESAPAL_CONSUMER_KEY and PESAPAL_CONSUMER_SECRET")]
    WrongKeys,
    /// Too many calls; nothing was done.
    #[error("Pesapal asks for fewer calls")]
    Busy,
    /// No answer, or none that makes sense; nothing was done.
    #[error("Pesapal gives no token")]
    Away(#[source] anyhow::Error),
}

#[derive(Serialize)]
struct Ask<'a> {
    consumer_key: &'a str,
    consumer_secret: &'a str,
}

/// Fetches the platform's token.
pub(super) async fn fetch(keys: &Keys, http: &Http, clock: &Clock) -> Result<Token, TokenError> {
    let asked_at = clock.monotonic();
    let ask = Ask {
        consumer_key: keys.consumer_key.expose_secret(),
        consumer_secret: keys.consumer_secret.expose_secret(),
    };
    let reply = http.post("/api/Auth/RequestToken", None, &ask).await;
    let reply = reply.map_err(|lost| match lost {
        Lost::NotSent(error) | Lost::Unanswered(error) => TokenError::Away(error.into()),
    })?;
    let (value, life) = read(&reply, clock.now())?;
    Ok(Token {
        value,
        good_until: asked_at + life,
    })
}

fn read(reply: &Reply, now: Timestamp) -> Result<(SecretString, Duration), TokenError> {
    if reply.is_limited() {
        return Err(TokenError::Busy);
    }
    // The HTTP status says nothing: errors come under 200 as well.
    if let Some(fields) = reply.good()
        && let Some(token) = fields.filled("token")
    {
        let ends = fields.text("expiryDate").and_then(|text| moment(&text));
        let life = ends.map_or(LONGEST, |ends| ends.since(now).clamp(SHORTEST, LONGEST));
        return Ok((SecretString::from(token), life));
    }
    if reply.refuses_token() {
        return Err(TokenError::WrongKeys);
    }
    let fault = reply.fault();
    Err(TokenError::Away(anyhow::anyhow!(
        "status {}: {} {}",
        reply.status,
        fault.code,
        fault.message
    )))
}

/// A moment to any part of a second; one without a zone is taken for UTC's, the earliest it can be.
fn moment(text: &str) -> Option<Timestamp> {
    let in_utc = || {
        let at = text.parse::<jiff::civil::DateTime>().ok()?;
        let at = at.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(at.timestamp())
    };
    let at = text.parse::<jiff::Timestamp>().ok().or_else(in_utc)?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}
