//! What people do on the page of SMS: send one again whose answer was lost, and keep SMS from a phone or let them go there again.

use axum::extract::{Form, State};
use axum::response::Response;
use mnara_protocol::ids::SmsId;
use serde::Deserialize;
use serde_json::json;

use super::pages::{Asked, Typed, shown};
use super::{hand_over, store};
use crate::app::App;
use crate::audit::{Deed, record};
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::rails::msisdn::Msisdn;
use crate::web::Path;
use crate::web::page::onward;

/// Sends a text again whose answer was lost.
///
/// # Errors
/// When the database is away, or there is none.
pub async fn again(
    State(app): State<App>,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: SmsId = id.parse().map_err(|_| Trouble::Nothing)?;
    let (provider, now) = (seat.provider(), app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    if store::lock(&mut tx, provider, id).await?.is_none() {
        return Err(Trouble::Nothing);
    }
    if !store::again(&mut tx, provider, id, now).await? {
        return Ok(onward("/settings/messages?done=over"));
    }
    hand_over(&app, &mut tx, provider, id, now).await?;
    let deed = Deed {
        act: "sms-again",
        subject: &id.to_string(),
        before: Some(json!({"status": "unknown"})),
        after: Some(json!({"status": "waiting"})),
    };
    record(&app, &mut tx, Some(provider), seat.by().actor, deed).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(onward("/settings/messages?done=again"))
}

/// A phone on a form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Named {
    phone: String,
}

/// Shows what was typed for a phone again, and says that it is none.
async fn mistyped(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    named: &Named,
) -> Result<Response, Trouble> {
    let typed = Typed {
        phone: &named.phone,
        fault: Some(frame.words().messages.bad_phone),
        ..Typed::default()
    };
    shown(app, frame, seat, &Asked::default(), typed).await
}

/// Sends a phone no more.
///
/// # Errors
/// When the database is away.
pub async fn stop(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(named): Form<Named>,
) -> Result<Response, Trouble> {
    let Ok(phone) = named.phone.parse::<Msisdn>() else {
        return mistyped(&app, &frame, &seat, &named).await;
    };
    let (provider, now) = (seat.provider(), app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    if store::opt_out(&mut tx, provider, phone, store::ByWhom::Staff, now).await? {
        let deed = Deed {
            act: "sms-stop",
            subject: &phone.masked(),
            before: Some(json!({"sms": true})),
            after: Some(json!({"sms": false})),
        };
        record(&app, &mut tx, Some(provider), seat.by().actor, deed).await?;
    }
    tx.commit().await?;
    Ok(onward("/settings/messages?done=stopped"))
}

/// Lets a phone be written to again, be it one of those shown or one whose number is typed: the page shows only the last that were stopped.
///
/// # Errors
/// When the database is away.
pub async fn start(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(named): Form<Named>,
) -> Result<Response, Trouble> {
    let Ok(phone) = named.phone.parse::<Msisdn>() else {
        return mistyped(&app, &frame, &seat, &named).await;
    };
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    if store::opt_in(&mut tx, provider, phone).await? {
        let deed = Deed {
            act: "sms-start",
            subject: &phone.masked(),
            before: Some(json!({"sms": false})),
            after: Some(json!({"sms": true})),
        };
        record(&app, &mut tx, Some(provider), seat.by().actor, deed).await?;
    }
    tx.commit().await?;
    Ok(onward("/settings/messages?done=started"))
}
