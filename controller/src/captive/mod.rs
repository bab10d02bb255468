//! The cloud's side of the portal: what a customer's browser may ask, and how owners make it look.
//!
//! A device is only who a site's agent says it is, by a token it signed; a payment is shown to the holder of its own token. All
//! others hear one same answer.

pub mod buy;
pub mod look;
pub mod plans;
pub mod ticket;

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::token::DeviceToken;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::db::Reason;
use crate::fleet;
use crate::payments::store::{Held, by_token};
use crate::ratelimit::{Act, By};
use crate::web::{Answer, Problem};

/// A device on a site, vouched for by the site's agent.
#[derive(Clone, Copy, Debug)]
pub struct Vouched {
    /// Whose site it is.
    pub provider: ProviderId,
    /// The device and where it is.
    pub device: DeviceToken,
}

/// Reads a token from the body's field or the header `Authorization: Bearer …`.
#[must_use]
pub fn bearer<'a>(headers: &'a HeaderMap, field: Option<&'a str>) -> Option<&'a str> {
    field.or_else(|| {
        let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    })
}

/// Reads a device token: `None` for whatever is wrong with it.
///
/// # Errors
/// When the database is away.
pub async fn vouch(app: &App, token: &str) -> Answer<Option<Vouched>> {
    let Ok(site) = DeviceToken::peek_site(token) else {
        return Ok(None);
    };
    let mut tx = app.db.platform(Reason::Captive).await?;
    let Some(provider) = fleet::store::owner_of_site(&mut tx, site).await? else {
        return Ok(None);
    };
    let key = fleet::store::agent_key(&mut tx, provider, site).await?;
    let device = key.and_then(|key| DeviceToken::verify(token, &key, app.clock.now()).ok());
    Ok(device.map(|device| Vouched { provider, device }))
}

/// The device that asks for something only a device gets. Whoever has no good token is counted by address.
///
/// # Errors
/// `401` with what to do, or `429`.
pub async fn device(app: &App, act: Act, source: IpAddr, token: Option<&str>) -> Answer<Vouched> {
    let vouched = match token {
        Some(token) => vouch(app, token).await?,
        None => None,
    };
    let Some(vouched) = vouched else {
        app.limits.check(act, By::Address(source))?;
        return Err(no_device());
    };
    app.limits
        .check(Act::Status, By::Device(vouched.device.mac))?;
    Ok(vouched)
}

/// The refusal of a caller that no site vouches for.
#[must_use]
pub fn no_device() -> Problem {
    Problem::unauthorised().detail(
        "Open /portal/token.json at the hotspot's own page on this device and send its \"token\", in the body or as Authorization: Bearer. \
         It is good for a few minutes and at that hotspot only.",
    )
}

/// The payment whose own token this is, if it is one.
///
/// # Errors
/// When the database is away.
pub async fn payment_of(app: &App, token: &str) -> Answer<Option<Held>> {
    let is_shaped = token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_shaped {
        return Ok(None);
    }
    let hash = Sha256::digest(token.as_bytes());
    let mut tx = app.db.platform(Reason::Captive).await?;
    Ok(by_token(&mut tx, hash.as_slice()).await?)
}

/// Where the holder of a payment's token asks how it stands.
#[must_use]
pub fn payment_path(payment: PaymentId) -> String {
    format!("/api/payments/{payment}")
}
