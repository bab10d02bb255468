//! The page on which a business signs up.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;

use super::enter::let_in;
use super::frame::Frame;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::people::Contact;
use crate::providers::sign_up::{NotSignedUp, SigningUp, sign_up};
use crate::ratelimit::{Act, By};
use crate::web::Caller;
use crate::web::page::{html, onward};

#[derive(Template)]
#[template(path = "people/sign_up.html")]
struct SignUpPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    business: &'a str,
    name: &'a str,
    who: &'a str,
    fault: Option<String>,
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Filled {
    business: String,
    name: String,
    who: String,
    password: SecretString,
}

/// Shows the form.
pub async fn form(frame: Frame) -> Response {
    if frame.is_in() {
        return onward("/");
    }
    shown(&frame, StatusCode::OK, ["", "", ""], None)
}

fn shown(
    frame: &Frame,
    status: StatusCode,
    [business, name, who]: [&str; 3],
    fault: Option<String>,
) -> Response {
    let page = SignUpPage {
        frame,
        w: frame.words(),
        business,
        name,
        who,
        fault,
    };
    html(status, &page)
}

/// Takes the form, and logs the owner in.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    jar: CookieJar,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let said = [&*filled.business, &*filled.name, &*filled.who];
    let refused = |status, fault: String| Ok(shown(&frame, status, said, Some(fault)));
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    let Ok(contact) = filled.who.parse::<Contact>() else {
        return refused(bad, w.people.bad_contact.to_owned());
    };
    if let Err(too) = app.limits.check(Act::SignUp, By::Address(caller.0)) {
        return refused(StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait));
    }
    let signing = SigningUp {
        business: filled.business.clone(),
        name: filled.name.clone(),
        contact,
        password: filled.password,
        language: frame.language,
    };
    let person = match sign_up(&app, signing).await {
        Ok((_, person)) => person,
        Err(NotSignedUp::Business(_)) => return refused(bad, w.people.bad_business.to_owned()),
        Err(NotSignedUp::Person(error)) => return refused(bad, w.people.bad(error).to_owned()),
        Err(NotSignedUp::Taken) => return refused(StatusCode::CONFLICT, w.people.taken.to_owned()),
        Err(NotSignedUp::Ending(error)) => return Err(error.into()),
        Err(NotSignedUp::Database(error)) => return Err(error.into()),
    };
    let_in(&app, caller, &headers, jar, person, frame.language, "/home").await
}
