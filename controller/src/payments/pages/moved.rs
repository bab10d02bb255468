//! The pages of changing the M-PESA account: the form that takes every proof, the shilling once more, leaving it, going back.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::super::moving::{self, NotMoved, Proofs};
use super::mpesa::{Filled, Said, Typed, not_set, not_tried, shown};
use crate::app::App;
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::log_in::again::{Second, SecondFactors, second_factors};
use crate::providers::pages::assets;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::not_proved;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Path;
use crate::web::page::{html, onward};

/// The page where a change is seen.
const SEEN: &str = "/settings/mpesa#change";

#[derive(Template)]
#[template(path = "money/mpesa_change.html")]
struct ChangePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    second: SecondFactors,
    script: &'static str,
    typed: Typed<'a>,
    phone: &'a str,
    fault: Option<String>,
}

/// Shows the form.
///
/// # Errors
/// When there is no account to change, or the database is away.
pub async fn form(State(app): State<App>, frame: Frame, seat: Seat) -> Result<Response, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let account = providers::store::account_id(&mut tx, seat.provider()).await?;
    drop(tx);
    if account.is_none() {
        return Ok(onward("/settings/mpesa"));
    }
    asked(
        &app,
        &frame,
        &seat,
        (Typed::default(), ""),
        (StatusCode::OK, None),
    )
    .await
}

async fn asked(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    (typed, phone): (Typed<'_>, &str),
    (status, fault): (StatusCode, Option<String>),
) -> Result<Response, Trouble> {
    let page = ChangePage {
        frame,
        w: frame.words(),
        second: second_factors(app, seat.person).await?,
        script: assets::passkey_path(),
        typed,
        phone,
        fault,
    };
    Ok(html(status, &page))
}

/// Begins a change.
///
/// # Errors
/// When the database is away.
pub async fn begin(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let fault = match filled.phone.parse() {
        _ if filled.contradicts() => (
            StatusCode::UNPROCESSABLE_ENTITY,
            w.mpesa.till_not_chosen.to_owned(),
        ),
        Err(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            w.mpesa.bad_phone.to_owned(),
        ),
        Ok(phone) => {
            let proofs = Proofs {
                password: filled.password.clone(),
                second: filled.given.second(),
            };
            let account = filled.account();
            let begun = moving::begin(
                &app,
                seat.provider(),
                (seat.claimant(), seat.actor()),
                proofs,
                &account,
                phone,
            )
            .await;
            match begun {
                Ok(()) => return Ok(onward(SEEN)),
                Err(error) => not_moved(error, w)?,
            }
        }
    };
    let typed = (filled.typed(), filled.phone.as_str());
    asked(&app, &frame, &seat, typed, (fault.0, Some(fault.1))).await
}

fn not_moved(error: NotMoved, w: &Words) -> Result<(StatusCode, String), Trouble> {
    match error {
        NotMoved::Proof(error) => not_proved(error, w),
        NotMoved::Account(error) => not_set(error, &w.mpesa),
        NotMoved::Test(error) => not_tried(error, w),
        NotMoved::Over => Ok((StatusCode::CONFLICT, w.mpesa.over.to_owned())),
        NotMoved::Database(error) => Err(error.into()),
    }
}

async fn answered(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    done: Result<&'static str, NotMoved>,
) -> Result<Response, Trouble> {
    match done {
        Ok(path) => Ok(onward(path)),
        Err(error) => {
            let (status, fault) = not_moved(error, frame.words())?;
            let said = Said::fault(status, Typed::default(), fault);
            shown(app, frame, seat, said).await
        }
    }
}

/// Sends the shilling of a change once more.
///
/// # Errors
/// When the database is away.
pub async fn again(State(app): State<App>, frame: Frame, seat: Seat) -> Result<Response, Trouble> {
    let done = moving::again(&app, seat.provider(), seat.person).await;
    answered(&app, &frame, &seat, done.map(|()| SEEN)).await
}

/// Leaves the account as it is.
///
/// # Errors
/// When the database is away.
pub async fn cancel(State(app): State<App>, seat: Seat) -> Result<Response, Trouble> {
    moving::cancel(&app, seat.provider(), seat.actor()).await?;
    Ok(onward("/settings/mpesa"))
}

/// What going back takes.
#[derive(Deserialize)]
pub struct Back {
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// Goes back behind a change.
///
/// # Errors
/// When the database is away.
pub async fn back(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Back>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let proofs = Proofs {
        password: filled.password,
        second: Second::Digits(&filled.digits),
    };
    let done = moving::back(
        &app,
        seat.provider(),
        (seat.claimant(), seat.actor()),
        id,
        proofs,
    )
    .await;
    let done = done.map(|()| "/settings/mpesa?done=back");
    answered(&app, &frame, &seat, done).await
}
