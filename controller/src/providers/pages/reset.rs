//! The pages of the way back in: asking for a link, choosing a new password with it, and making a link for somebody of the staff.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;

use super::frame::Frame;
use super::proof::not_proved;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::cookies;
use crate::providers::gate::Seat;
use crate::providers::log_in::Token;
use crate::providers::log_in::reset::below::{Made, NotMade, for_staff, is_below};
use crate::providers::log_in::reset::{NotReset, ask as ask_for, reset, whose};
use crate::providers::people::Contact;
use crate::providers::staff::store;
use crate::ratelimit::{Act, By};
use crate::web::page::{html, onward};
use crate::web::{Caller, Path};

#[derive(Template)]
#[template(path = "people/forgot.html")]
struct ForgotPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    is_set_up: bool,
    who: &'a str,
    fault: Option<String>,
}

/// Shows the form that asks for a link.
pub async fn forgot(State(app): State<App>, frame: Frame) -> Response {
    asking(&app, &frame, StatusCode::OK, "", None)
}

fn asking(
    app: &App,
    frame: &Frame,
    status: StatusCode,
    who: &str,
    fault: Option<String>,
) -> Response {
    let page = ForgotPage {
        frame,
        w: frame.words(),
        is_set_up: app.rails.mail.is_set_up() || app.rails.sms.is_set_up(),
        who,
        fault,
    };
    html(status, &page)
}

#[derive(Template)]
#[template(path = "people/told.html")]
struct ToldPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    title: &'static str,
    text: &'static str,
    onto: (&'static str, &'static str),
}

fn told(
    frame: &Frame,
    status: StatusCode,
    title: &'static str,
    text: &'static str,
    onto: (&'static str, &'static str),
) -> Response {
    let page = ToldPage {
        frame,
        w: frame.words(),
        title,
        text,
        onto,
    };
    html(status, &page)
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Asked {
    who: String,
}

/// Takes the form. The answer says nothing of who is somebody here, and neither does its time.
///
/// # Errors
/// When the database is away.
pub async fn ask(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    Form(asked): Form<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let back = (w.reset.back, "/log-in");
    let refused = |status, fault: String| asking(&app, &frame, status, &asked.who, Some(fault));
    let Ok(contact) = asked.who.parse::<Contact>() else {
        return Ok(refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            w.people.bad_contact.to_owned(),
        ));
    };
    let (leaves, (title, text), not) = match contact {
        Contact::Email(_) => (
            app.rails.mail.is_set_up(),
            (w.reset.asked, w.reset.asked_text),
            (w.reset.no_mail, w.reset.by_staff),
        ),
        Contact::Phone(_) => (
            app.rails.sms.is_set_up(),
            (w.reset.asked_by_phone, w.reset.asked_by_phone_text),
            (w.reset.by_phone, w.reset.by_staff),
        ),
    };
    if !leaves {
        return Ok(told(&frame, StatusCode::OK, not.0, not.1, back));
    }
    let by = [
        By::Address(caller.0),
        By::Stranger(contact.number(), caller.0),
    ];
    if let Err(too) = app.limits.check_all(Act::Forgot, by) {
        return Ok(refused(
            StatusCode::TOO_MANY_REQUESTS,
            w.people.wait(too.wait),
        ));
    }
    ask_for(&app, &contact, frame.language).await?;
    Ok(told(&frame, StatusCode::OK, title, text, back))
}

#[derive(Template)]
#[template(path = "people/reset.html")]
struct ResetPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    token: &'a str,
    whose: &'a str,
    fault: Option<String>,
}

fn over(frame: &Frame) -> Response {
    let w = frame.words();
    let onto = (w.reset.again, "/forgot");
    let (title, text) = (w.reset.over, w.reset.over_text);
    told(frame, StatusCode::NOT_FOUND, title, text, onto)
}

/// Shows the form of a link. Looking at it does not use it up: mail servers look at what they carry.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let Some(token) = Token::sent(&token) else {
        return Ok(over(&frame));
    };
    choosing(&app, &frame, StatusCode::OK, &token, None).await
}

async fn choosing(
    app: &App,
    frame: &Frame,
    status: StatusCode,
    token: &Token,
    fault: Option<String>,
) -> Result<Response, Trouble> {
    let Some(whose) = whose(app, token).await? else {
        return Ok(over(frame));
    };
    let page = ResetPage {
        frame,
        w: frame.words(),
        token: token.expose(),
        whose: &whose,
        fault,
    };
    Ok(html(status, &page))
}

/// The form of a new password.
#[derive(Deserialize)]
pub struct Chosen {
    password: SecretString,
}

/// Sets the password.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    jar: CookieJar,
    Path(token): Path<String>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let Some(token) = Token::sent(&token) else {
        return Ok(over(&frame));
    };
    let (status, fault) = match reset(&app, &token, chosen.password).await {
        Ok(mark) => {
            let jar = cookies::give_mark(jar, &app, Some(&mark));
            return Ok((jar, onward("/log-in?done=reset")).into_response());
        }
        Err(NotReset::Over) => return Ok(over(&frame)),
        Err(NotReset::Bad(error)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            w.people.bad(error).to_owned(),
        ),
        Err(NotReset::TooMany(too)) => (StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait)),
        Err(NotReset::Ending(error)) => return Err(error.into()),
        Err(NotReset::Database(error)) => return Err(error.into()),
    };
    choosing(&app, &frame, status, &token, Some(fault)).await
}

#[derive(Template)]
#[template(path = "people/staff_reset.html")]
struct StaffPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: &'a str,
    name: &'a str,
    made: Option<&'a Made>,
    fault: Option<String>,
}

/// Shows the form that makes a link for somebody of the staff.
///
/// # Errors
/// When the database is away, or it is nobody below whoever asks.
pub async fn staff_form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let name = below(&app, &seat, &id).await?;
    Ok(for_one(&frame, StatusCode::OK, &id, &name, None, None))
}

fn for_one(
    frame: &Frame,
    status: StatusCode,
    id: &str,
    name: &str,
    made: Option<&Made>,
    fault: Option<String>,
) -> Response {
    let page = StaffPage {
        frame,
        w: frame.words(),
        id,
        name,
        made,
        fault,
    };
    html(status, &page)
}

async fn below(app: &App, seat: &Seat, id: &str) -> Result<String, Trouble> {
    let place = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.tenant(seat.provider()).await?;
    let found = store::find(&mut tx, seat.provider(), place).await?;
    let found = found.ok_or(Trouble::Nothing)?;
    if !is_below(seat.place.role, found.role) {
        return Err(Trouble::NotYours);
    }
    Ok(found.name)
}

/// What whoever asks proves themselves with.
#[derive(Deserialize)]
pub struct Proof {
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// Makes the link, and shows it once or says that it was mailed.
///
/// # Errors
/// When the database is away, or it is nobody below whoever asks.
pub async fn staff_take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(proof): Form<Proof>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let name = below(&app, &seat, &id).await?;
    let place = id.parse().map_err(|_| Trouble::Nothing)?;
    let (status, fault) = match for_staff(&app, &seat, place, proof.password, &proof.digits).await {
        Ok(made) => {
            return Ok(for_one(
                &frame,
                StatusCode::OK,
                &id,
                &name,
                Some(&made),
                None,
            ));
        }
        Err(NotMade::Nobody) => return Err(Trouble::Nothing),
        Err(NotMade::NotBelow) => return Err(Trouble::NotYours),
        Err(NotMade::Elsewhere) => (StatusCode::CONFLICT, w.reset.elsewhere.to_owned()),
        Err(NotMade::NotProved(error)) => not_proved(error, w)?,
        Err(NotMade::Database(error)) => return Err(error.into()),
    };
    Ok(for_one(&frame, status, &id, &name, None, Some(fault)))
}
