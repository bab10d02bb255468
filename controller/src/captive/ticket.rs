//! `GET /api/tickets/{code}/status` and `POST /api/tickets/{code}/activate`: codes of twelve characters, which are unique on the
//! whole platform.
//!
//! A ticket shows itself to a device that one of its provider's sites vouches for, and to the holder of the token of the payment that
//! bought it. To everybody else every code looks the same, and the same work is done for it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{Attempt, Place, Refusal, redeem};
use serde::{Deserialize, Serialize};

use super::{Vouched, bearer, device, payment_of, vouch};
use crate::access::questions::{holds, order};
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
    .detail(
        "Check the code, or ask where you got it. It may have been used or have expired. Details are shown to a device on the hotspot \
         and to whoever holds the payment's token.",
    )
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
        seconds_left: left.time().map(|left| left.as_secs()),
        bytes_left: left.bytes,
        expires_at: expires_at(ticket).map(|at| at.as_secs()),
    }
}

/// Finds a ticket for a device. Each try counts for the device; a wrong one also for its site and provider, so that nobody uses up the
/// tries of others with good codes.
async fn find(app: &App, vouched: &Vouched, code: &str) -> Answer<Found> {
    let Vouched { provider, device } = *vouched;
    app.limits.check(Act::Guess, By::Device(device.mac))?;
    let code = TicketCode::parse(code)
        .ok()
        .filter(TicketCode::is_platform_wide);
    if let Some(code) = code {
        let mut tx = app.db.tenant(provider).await?;
        if let Some(found) = store::by_code(&mut tx, provider, &code, app.clock.now()).await? {
            return Ok(found);
        }
    }
    app.limits
        .check_all(Act::Guess, [By::Site(device.site), By::Provider(provider)])?;
    Err(unknown())
}

/// Finds the ticket that the holder of a payment's token bought, if it has this code.
async fn bought(app: &App, token: &str, code: &str) -> Answer<Option<Found>> {
    let Some(held) = payment_of(app, token).await? else {
        return Ok(None);
    };
    if let Some(mac) = held.mac {
        app.limits.check(Act::Status, By::Device(mac))?;
    }
    let (Some(ticket), Ok(code)) = (held.ticket, TicketCode::parse(code)) else {
        return Ok(None);
    };
    let mut tx = app.db.tenant(held.provider).await?;
    let found = store::by_code(&mut tx, held.provider, &code, app.clock.now()).await?;
    Ok(found.filter(|found| found.kept.ticket.id == ticket))
}

/// Shows a ticket to its holder. Anybody else gets the answer of an unknown code.
///
/// # Errors
/// A problem document.
pub async fn status(
    State(app): State<App>,
    Caller(source): Caller,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Answer<Json<Shown>> {
    if let Some(token) = bearer(&headers, None) {
        if let Some(vouched) = vouch(&app, token).await? {
            return Ok(Json(show(&app, &find(&app, &vouched, &code).await?)));
        }
        if let Some(found) = bought(&app, token, &code).await? {
            return Ok(Json(show(&app, &found)));
        }
    }
    app.limits.check(Act::Guess, By::Address(source))?;
    Err(unknown())
}

/// Uses a ticket that nobody has used for the device that the token names: judged here by the rule the sites use, and sent to the device's
/// site, which lets the device online without typing.
///
/// What was spent is written by the site, where it is known also while we are away; its answer comes up by its journal.
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
    let token = bearer(&headers, holder.token.as_deref());
    let vouched = device(&app, Act::Guess, source, token).await?;
    let id = find(&app, &vouched, &code).await?.kept.ticket.id;
    let Vouched { provider, device } = vouched;
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    // Anew and locked: another site may be asking for it.
    let found = store::lock(&mut tx, provider, id, now)
        .await?
        .ok_or_else(unknown)?;
    let attempt = Attempt {
        mac: device.mac,
        place: Place::Good,
    };
    redeem(found.kept.ticket.clone(), &attempt, now).map_err(refused)?;
    if found.kept.ticket.redeemed_at().is_some() {
        // Whose place a device takes is the site's to say: it alone knows who holds one now.
        let place = (device.site, device.mac);
        return match holds(&mut tx, provider, id, place).await? {
            true => Ok((StatusCode::ACCEPTED, Json(show(&app, &found)))),
            false => Err(refused(Refusal::OtherSite)),
        };
    }
    let delivery = Delivery {
        to: device.mac,
        until: now + DELIVERED_WITHIN,
    };
    // A printed code is honoured by the sites that hold its key, and by no other.
    let changes = order(&mut tx, provider, &found, device.site, delivery)
        .await?
        .ok_or_else(|| refused(Refusal::OtherSite))?;
    fleet::feed::put(&mut tx, provider, changes).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(show(&app, &found))))
}

fn refused(refusal: Refusal) -> Problem {
    let (kind, title) = match refusal {
        Refusal::Unknown => return unknown(),
        Refusal::Used => ("ticket-used", "This code has been used up."),
        Refusal::Expired => ("ticket-expired", "This code has expired."),
        Refusal::Revoked => (
            "ticket-revoked",
            "This code was taken back. Ask where you got it.",
        ),
        Refusal::OtherSite | Refusal::NeedsController | Refusal::Other(_) => {
            ("type-it", "Type this code on the hotspot's page.")
        }
    };
    Problem::new(StatusCode::CONFLICT, kind, title)
}
