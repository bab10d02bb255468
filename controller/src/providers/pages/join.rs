//! The page an invitation leads to.

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
use crate::providers::staff::invite::{Joining, NotJoined, Offer, join, offer};
use crate::ratelimit::{Act, By};
use crate::web::page::html;
use crate::web::{Caller, Path};

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    code: &'a str,
    offer: Option<&'a Offer>,
    name: &'a str,
    who: &'a str,
    fault: Option<String>,
}

impl JoinPage<'_> {
    fn shown(&self, status: StatusCode) -> Response {
        html(status, self)
    }
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Filled {
    name: String,
    who: String,
    password: SecretString,
}

/// Shows what one is invited to.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    Path(code): Path<String>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let mut page = JoinPage {
        frame: &frame,
        w,
        code: &code,
        offer: None,
        name: "",
        who: "",
        fault: None,
    };
    if let Err(too) = app.limits.check(Act::Join, By::Address(caller.0)) {
        page.fault = Some(w.people.wait(too.wait));
        return Ok(page.shown(StatusCode::TOO_MANY_REQUESTS));
    }
    let found = offer(&app, &code).await?;
    let status = if found.is_some() {
        StatusCode::OK
    } else {
        page.fault = Some(w.staff.no_invitation.to_owned());
        StatusCode::NOT_FOUND
    };
    page.offer = found.as_ref();
    page.name = found
        .as_ref()
        .map_or("", |offer| offer.invitation.name.as_str());
    Ok(page.shown(status))
}

/// Takes the form, and logs whoever joined in.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    jar: CookieJar,
    headers: HeaderMap,
    Path(code): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let found = offer(&app, &code).await?;
    let refused = |status, fault: &str| {
        let page = JoinPage {
            frame: &frame,
            w,
            code: &code,
            offer: found.as_ref(),
            name: &filled.name,
            who: &filled.who,
            fault: Some(fault.to_owned()),
        };
        Ok(page.shown(status))
    };
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    if let Err(too) = app.limits.check(Act::Join, By::Address(caller.0)) {
        return refused(StatusCode::TOO_MANY_REQUESTS, &w.people.wait(too.wait));
    }
    let Ok(contact) = filled.who.parse::<Contact>() else {
        return refused(bad, w.people.bad_contact);
    };
    let joining = Joining {
        name: filled.name.clone(),
        contact,
        password: filled.password.clone(),
    };
    let person = match join(&app, &code, joining).await {
        Ok(person) => person,
        Err(NotJoined::Bad(error)) => return refused(bad, w.people.bad(error)),
        Err(NotJoined::Taken) => return refused(StatusCode::CONFLICT, w.people.taken),
        Err(NotJoined::NoInvitation | NotJoined::OwnersOnly) => {
            return refused(StatusCode::NOT_FOUND, w.staff.no_invitation);
        }
        Err(NotJoined::Ending(error)) => return Err(error.into()),
        Err(NotJoined::Database(error)) => return Err(error.into()),
    };
    let_in(&app, caller, &headers, jar, person, frame.language, "/").await
}
