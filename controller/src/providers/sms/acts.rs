//! The forms on the page of SMS: sending one again whose answer was lost, and keeping SMS from a phone or letting them go there again.

use axum::extract::{Form, State};
use axum::response::Response;
use mnara_protocol::ids::SmsId;
use serde::Deserialize;

use super::again::{NotAgain, send_again_in};
use super::pages::{Asked, Typed, shown};
use super::stops::{start_in, stop_in};
use crate::app::App;
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
    let mut tx = app.db.tenant(seat.provider()).await?;
    let who = (seat.provider(), seat.actor());
    match send_again_in(&app, &mut tx, who, id).await {
        Ok(()) => {}
        Err(NotAgain::Missing) => return Err(Trouble::Nothing),
        Err(NotAgain::Over) => return Ok(onward("/settings/messages?done=over")),
        Err(NotAgain::Database(error)) => return Err(error.into()),
    }
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
    let mut tx = app.db.tenant(seat.provider()).await?;
    let who = (seat.provider(), seat.actor());
    stop_in(&app, &mut tx, who, phone).await?;
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
    let mut tx = app.db.tenant(seat.provider()).await?;
    let who = (seat.provider(), seat.actor());
    start_in(&app, &mut tx, who, phone).await?;
    tx.commit().await?;
    Ok(onward("/settings/messages?done=started"))
}
