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
use super::way::log_in_path;
use super::words::Words;
use crate::app::App;
use crate::providers::log_in::Visit;
use crate::providers::people::Contact;
use crate::providers::staff::invite::{self, Joining, NotJoined, Offer, join, offer};
use crate::providers::staff::roles::Role;
use crate::ratelimit::{Act, By, TooMany};
use crate::web::page::{html, onward};
use crate::web::{Caller, Path};

#[derive(Template)]
#[template(path = "people/join.html")]
struct JoinPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    code: &'a str,
    offer: Option<&'a Offer>,
    /// What one may do in such a place.
    may: Vec<&'static str>,
    /// Who is logged in, if anybody is.
    me: Option<&'a str>,
    /// Where one logs in and comes back from.
    log_in: String,
    name: &'a str,
    who: &'a str,
    is_taken: bool,
    fault: Option<String>,
}

impl<'a> JoinPage<'a> {
    fn of(frame: &'a Frame, code: &'a str, offer: Option<&'a Offer>) -> Self {
        let w = frame.words();
        let role = offer.map(|offer| offer.invitation.role);
        Self {
            frame,
            w,
            code,
            offer,
            may: role
                .into_iter()
                .flat_map(Role::permissions)
                .map(|permission| w.staff.permission(permission))
                .collect(),
            me: frame.visit.as_ref().map(|visit| visit.name.as_str()),
            log_in: log_in_path(&path(code)),
            name: offer.map_or("", |offer| offer.invitation.name.as_str()),
            who: "",
            is_taken: false,
            fault: None,
        }
    }

    fn shown(&self, status: StatusCode) -> Response {
        html(status, self)
    }
}

fn path(code: &str) -> String {
    format!("/join/{code}")
}

/// Too many tries: whether the code is right is not told either.
fn limited(frame: &Frame, code: &str, too: TooMany) -> Response {
    let page = JoinPage {
        fault: Some(frame.words().people.wait(too.wait)),
        ..JoinPage::of(frame, code, None)
    };
    page.shown(StatusCode::TOO_MANY_REQUESTS)
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
    if let Err(too) = app.limits.check(Act::Join, By::Address(caller.0)) {
        return Ok(limited(&frame, &code, too));
    }
    let me = frame.visit.as_ref().map(|visit| visit.person);
    let found = offer(&app, &code, me).await?;
    let mut page = JoinPage::of(&frame, &code, found.as_ref());
    let status = if found.is_some() {
        StatusCode::OK
    } else {
        page.fault = Some(w.staff.no_invitation.to_owned());
        StatusCode::NOT_FOUND
    };
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
    // Whoever came in meanwhile, in another window say, takes it with the log-in they have.
    if frame.is_in() {
        return Ok(onward(&path(&code)));
    }
    let w = frame.words();
    if let Err(too) = app.limits.check(Act::Join, By::Address(caller.0)) {
        return Ok(limited(&frame, &code, too));
    }
    let found = offer(&app, &code, None).await?;
    let refused = |status: StatusCode, fault: &str| {
        let page = JoinPage {
            name: &filled.name,
            who: &filled.who,
            is_taken: status == StatusCode::CONFLICT,
            fault: Some(fault.to_owned()),
            ..JoinPage::of(&frame, &code, found.as_ref())
        };
        Ok(page.shown(status))
    };
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    let Ok(contact) = filled.who.parse::<Contact>() else {
        return refused(bad, w.people.bad_contact);
    };
    let joining = Joining {
        name: filled.name.clone(),
        contact,
        password: filled.password.clone(),
        language: frame.language,
    };
    let person = match join(&app, &code, joining).await {
        Ok(person) => person,
        Err(NotJoined::Bad(error)) => return refused(bad, w.people.bad(error)),
        Err(NotJoined::Taken) => return refused(StatusCode::CONFLICT, w.people.taken),
        Err(NotJoined::Full) => return refused(bad, w.staff.full_there),
        Err(
            NotJoined::NoInvitation
            | NotJoined::OwnersOnly
            | NotJoined::Here
            | NotJoined::TooManyOpen,
        ) => {
            return refused(StatusCode::NOT_FOUND, w.staff.no_invitation);
        }
        Err(NotJoined::Ending(error)) => return Err(error.into()),
        Err(NotJoined::Database(error)) => return Err(error.into()),
    };
    let_in(&app, caller, &headers, jar, person, frame.language, "/").await
}

/// Takes the invitation with the log-in somebody has.
///
/// # Errors
/// When the database is away.
pub async fn here(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    visit: Visit,
    Path(code): Path<String>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    if let Err(too) = app.limits.check(Act::Join, By::Address(caller.0)) {
        return Ok(limited(&frame, &code, too));
    }
    let (status, fault) = match invite::take(&app, &visit, &code).await {
        Ok(()) => return Ok(onward("/home")),
        // The page says so of itself.
        Err(NotJoined::Here) => (StatusCode::CONFLICT, None),
        Err(NotJoined::Full) => (StatusCode::CONFLICT, Some(w.staff.full_there.to_owned())),
        Err(
            NotJoined::NoInvitation
            | NotJoined::OwnersOnly
            | NotJoined::Bad(_)
            | NotJoined::Taken
            | NotJoined::TooManyOpen,
        ) => {
            let gone = w.staff.no_invitation.to_owned();
            (StatusCode::NOT_FOUND, Some(gone))
        }
        Err(NotJoined::Ending(error)) => return Err(error.into()),
        Err(NotJoined::Database(error)) => return Err(error.into()),
    };
    let found = offer(&app, &code, Some(visit.person)).await?;
    let page = JoinPage {
        fault,
        ..JoinPage::of(&frame, &code, found.as_ref())
    };
    Ok(page.shown(status))
}
