//! The cloud's portal API: what a customer's browser may ask.
//!
//! A device is only who a site's agent says it is, by a token it signed; a payment is shown to the holder of its own token. All
//! others hear one same answer.

pub mod buy;
pub mod plans;
pub mod ticket;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::token::DeviceToken;

use crate::app::App;
use crate::db::Reason;
use crate::fleet;
use crate::web::Problem;

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
        headers
            .get(AUTHORIZATION)?
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")
    })
}

/// Checks a device token against the keys of its site's agents.
///
/// # Errors
/// `401` for whatever is wrong with it.
pub async fn vouch(app: &App, token: &str) -> Result<Vouched, Problem> {
    let site = DeviceToken::peek_site(token).map_err(|_| Problem::unauthorised())?;
    let mut tx = app.db.platform(Reason::Captive).await?;
    let provider = fleet::store::owner_of_site(&mut tx, site)
        .await?
        .ok_or_else(Problem::unauthorised)?;
    let key = fleet::store::agent_key(&mut tx, provider, site)
        .await?
        .ok_or_else(Problem::unauthorised)?;
    let device =
        DeviceToken::verify(token, &key, app.clock.now()).map_err(|_| Problem::unauthorised())?;
    Ok(Vouched { provider, device })
}
