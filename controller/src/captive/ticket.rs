//! `GET /api/tickets/{code}/status` and `POST /api/tickets/{code}/activate`: codes of twelve characters, which are unique on the
//! whole platform.
//!
//! To a caller without a device token every code looks the same.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use mnara_protocol::ticket::Status;
use mnara_protocol::ticket::code::TicketCode;
use serde::{Deserialize, Serialize};

use super::{Vouched, bearer, vouch};
use crate::access::questions::carry;
use crate::app::App;
use crate::fleet;
use crate::payments::DELIVERED_WITHIN;
use crate::ratelimit::{Act, By};
use crate::tickets::expires_at;
use crate::tickets::feed::Delivery;
use crate::tickets::store::{self, Found};
use crate::web::{Answer, Caller, Json, Path, Problem};

/// A ticket as its holder sees it.
#[derive(Debug, Serialize)]
pub struct Shown {
    code: String,
    status: &'static str,
    plan: String,
    plan_type: &'static str,
    duration_hours: Option<u32>,
    data_limit_mb: Option<u64>,
    devices: u16,
    redeemed: bool,
    seconds_left: Option<u64>,
    bytes_left: Option<u64>,
    expires_at: Option<i64>,
}

/// Who asks, when not by the header.
#[derive(Debug, Default, Deserialize)]
pub struct Holder {
    token: Option<String>,
}

fn unknown() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-ticket",
        "This code cannot be used here.",
    )
    .detail("Check the code, or ask where you got it. It may have been used or have expired.")
}

fn show(app: &App, found: &Found) -> Shown {
    let now = app.clock.now();
    let ticket = &found.kept.ticket;
    let terms = &ticket.right.terms;
    let left = ticket.left(now);
    Shown {
        code: found.kept.code.shown(),
        status: ticket.status(now).as_str(),
        plan: found.kept.plan_name.clone(),
        plan_type: terms.plan_type().as_str(),
        duration_hours: terms.duration_hours(),
        data_limit_mb: terms.data_limit_mb(),
        devices: terms.devices,
        redeemed: ticket.redeemed_at().is_some(),
        seconds_left: left.duration.or(left.online).map(|left| left.as_secs()),
        bytes_left: left.bytes,
        expires_at: expires_at(ticket).map(|at| at.as_secs()),
    }
}

async fn find(app: &App, vouched: &Vouched, code: &str) -> Answer<Found> {
    app.limits.check_all(
        Act::Guess,
        [
            By::Device(vouched.device.mac),
            By::Site(vouched.device.site),
            By::Provider(vouched.provider),
        ],
    )?;
    let code = TicketCode::parse(code)
        .ok()
        .filter(TicketCode::is_platform_wide)
        .ok_or_else(unknown)?;
    let mut tx = app.db.tenant(vouched.provider).await?;
    store::by_code(&mut tx, vouched.provider, &code, app.clock.now())
        .await?
        .ok_or_else(unknown)
}

/// Shows a ticket to a device on one of the provider's sites. Anybody else gets the answer of an unknown code.
///
/// # Errors
/// A problem document.
pub async fn status(
    State(app): State<App>,
    Caller(source): Caller,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<Shown>> {
    let Some(token) = bearer(&headers, None) else {
        app.limits.check(Act::Guess, By::Address(source))?;
        return Err(unknown());
    };
    let vouched = vouch(&app, token).await?;
    Ok(Json(show(&app, &find(&app, &vouched, &code).await?)))
}

/// Sends a ticket to the device's site, to be used there for the device without typing.
///
/// The site's agent redeems it: what was spent is known there, also while we are away.
///
/// # Errors
/// A problem document.
pub async fn activate(
    State(app): State<App>,
    Caller(source): Caller,
    Path(code): Path<String>,
    headers: HeaderMap,
    holder: Option<Json<Holder>>,
) -> Answer<(StatusCode, Json<Shown>)> {
    let holder = holder.map_or_else(Holder::default, |Json(holder)| holder);
    let Some(token) = bearer(&headers, holder.token.as_deref()) else {
        app.limits.check(Act::Guess, By::Address(source))?;
        return Err(Problem::unauthorised()
            .detail("Send the token that the hotspot's portal gave to this device."));
    };
    let vouched = vouch(&app, token).await?;
    let found = find(&app, &vouched, &code).await?;
    let now = app.clock.now();
    match found.kept.ticket.status(now) {
        Status::Active => {}
        Status::Used => return Err(ended("ticket-used", "This code has been used up.")),
        Status::Expired => return Err(ended("ticket-expired", "This code has expired.")),
        Status::Revoked => {
            return Err(ended(
                "ticket-revoked",
                "This code was taken back. Ask where you got it.",
            ));
        }
    }
    if found.printed.is_some() {
        // A printed code is honoured by the sites that hold its key, and by no other.
        return Err(ended("type-it", "Type this code on the hotspot's page."));
    }
    let device = vouched.device;
    let delivery = Delivery {
        to: device.mac,
        until: now + DELIVERED_WITHIN,
    };
    let mut tx = app.db.tenant(vouched.provider).await?;
    // Anew and locked: another site may be asking for it.
    let found = store::lock(&mut tx, vouched.provider, found.kept.ticket.id, now)
        .await?
        .ok_or_else(unknown)?;
    let changes = carry(
        &mut tx,
        vouched.provider,
        &found,
        device.site,
        Some(delivery),
    )
    .await?;
    fleet::feed::put(&mut tx, vouched.provider, changes).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(show(&app, &found))))
}

fn ended(kind: &'static str, title: &'static str) -> Problem {
    Problem::new(StatusCode::CONFLICT, kind, title)
}
