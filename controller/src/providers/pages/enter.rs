//! The log-in page, logging out, and the choice of a language.

use askama::Template;
use axum::extract::{Form, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use mnara_protocol::ids::PersonId;
use mnara_protocol::portal::Language;
use secrecy::SecretString;
use serde::Deserialize;

use super::frame::Frame;
use super::trouble::{Trouble, told};
use super::way::encoded;
use super::words::Words;
use crate::app::App;
use crate::providers::cookies;
use crate::providers::log_in::enter::{Browser, Entered, Entry, NotEntered, begin, enter};
use crate::providers::log_in::{Visit, leave, speak};
use crate::providers::passkeys::work_here;
use crate::providers::people::Contact;
use crate::web::page::{html, is_ours, onward};
use crate::web::{Caller, Path, Problem};

/// Where the page leads afterwards.
#[derive(Debug, Default, Deserialize)]
pub struct Way {
    next: Option<String>,
    done: Option<String>,
}

impl Way {
    /// A way of ours, or the front door.
    #[must_use]
    pub fn next(self) -> String {
        ours(self.next)
    }
}

/// A way of ours, or the front door.
#[must_use]
pub fn ours(next: Option<String>) -> String {
    next.filter(|path| is_ours(path))
        .unwrap_or_else(|| "/".to_owned())
}

#[derive(Template)]
#[template(path = "people/log_in.html")]
struct LogInPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    next: &'a str,
    who: &'a str,
    /// The way on, for an address.
    encoded: String,
    has_passkeys: bool,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// The front door: on to where this person's work is.
pub async fn front(frame: Frame) -> Response {
    let path = match &frame.visit {
        Some(visit) if visit.place.is_some() => "/home",
        Some(visit) if visit.is_admin => "/admin",
        Some(_) => "/businesses",
        None => "/log-in",
    };
    onward(path)
}

/// Shows the form.
pub async fn form(State(app): State<App>, frame: Frame, Query(way): Query<Way>) -> Response {
    let is_reset = way.done.as_deref() == Some("reset");
    let next = way.next();
    if frame.is_in() {
        return onward(&next);
    }
    let done = is_reset.then_some(frame.words().reset.done);
    shown(&app, &frame, StatusCode::OK, &next, "", done, None)
}

fn shown(
    app: &App,
    frame: &Frame,
    status: StatusCode,
    next: &str,
    who: &str,
    done: Option<&'static str>,
    fault: Option<String>,
) -> Response {
    let page = LogInPage {
        frame,
        w: frame.words(),
        next,
        who,
        encoded: encoded(next),
        has_passkeys: work_here(app),
        done,
        fault,
    };
    html(status, &page)
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Filled {
    who: String,
    password: SecretString,
    next: Option<String>,
}

/// The browser a request comes from.
#[must_use]
pub fn browser<'a>(
    app: &App,
    caller: Caller,
    headers: &'a HeaderMap,
    jar: &CookieJar,
) -> Browser<'a> {
    Browser {
        address: caller.0,
        user_agent: headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or(""),
        mark: cookies::mark(jar, app),
    }
}

/// Gives the browser what it is to keep and sends it on.
#[must_use]
pub fn entered(app: &App, jar: CookieJar, entered: &Entered, next: &str) -> Response {
    let jar = cookies::give(jar, app, &entered.token);
    let jar = cookies::give_mark(jar, app, entered.mark.as_ref());
    let path = if entered.needs_second {
        format!("/log-in/second?next={}", encoded(next))
    } else {
        next.to_owned()
    };
    (jar, onward(&path)).into_response()
}

/// Logs in somebody who has just come to be a person here, and sends them on.
///
/// # Errors
/// When the database is away.
pub async fn let_in(
    app: &App,
    caller: Caller,
    headers: &HeaderMap,
    jar: CookieJar,
    person: PersonId,
    language: Language,
    next: &str,
) -> Result<Response, Trouble> {
    speak(app, person, language).await?;
    let browser = browser(app, caller, headers, &jar);
    match begin(app, &browser, person, Entry::Password, None).await {
        Ok(done) => Ok(entered(app, jar, &done, next)),
        Err(NotEntered::Database(error)) => Err(error.into()),
        // They are somebody here and not logged in: the log-in page is the next step.
        Err(_) => Ok(onward("/log-in")),
    }
}

/// Takes the form.
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
    let next = ours(filled.next);
    let w = frame.words();
    let refused =
        |status, fault: String| shown(&app, &frame, status, &next, &filled.who, None, Some(fault));
    let Ok(contact) = filled.who.parse::<Contact>() else {
        return Ok(refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            w.people.bad_contact.to_owned(),
        ));
    };
    let browser = browser(&app, caller, &headers, &jar);
    match enter(&app, browser, &contact, filled.password).await {
        Ok(done) => Ok(entered(&app, jar, &done, &next)),
        Err(NotEntered::Wrong) => Ok(refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            w.log_in.wrong.to_owned(),
        )),
        Err(NotEntered::TooMany(too)) => Ok(refused(
            StatusCode::TOO_MANY_REQUESTS,
            format!("{}. {}", w.people.wait(too.wait), w.log_in.too_many),
        )),
        Err(NotEntered::Ending(error)) => Err(error.into()),
        Err(NotEntered::Database(error)) => Err(error.into()),
    }
}

/// What no other route answers: a page for whoever reads pages, a problem document for programs.
pub async fn nothing(headers: HeaderMap) -> Response {
    if reads_pages(&headers) {
        Trouble::Nothing.into_response()
    } else {
        Problem::not_found().into_response()
    }
}

/// What a page's address answers to what it does not take, told in the same two ways. No gate stands before it, so it makes its page itself.
pub async fn no_method(jar: CookieJar, request: Request) -> Response {
    if reads_pages(request.headers()) {
        told(&Trouble::Method, &Frame::of(&request, &jar, None))
    } else {
        Problem::bad_method().into_response()
    }
}

fn reads_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    accepted
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains("text/html"))
}

/// Logs this browser out.
///
/// # Errors
/// When the database is away.
pub async fn leave(
    State(app): State<App>,
    visit: Visit,
    jar: CookieJar,
) -> Result<Response, Trouble> {
    leave::leave(&app, &visit, visit.log_in).await?;
    Ok((cookies::take(jar, &app), onward("/log-in")).into_response())
}

/// Where the choice of a language leads back to.
#[derive(Debug, Deserialize)]
pub struct Back {
    back: Option<String>,
}

/// Chooses a language and goes back.
///
/// # Errors
/// When the database is away.
pub async fn language(
    State(app): State<App>,
    frame: Frame,
    Path(tag): Path<String>,
    Query(back): Query<Back>,
    jar: CookieJar,
) -> Result<Response, Trouble> {
    let back = ours(back.back);
    let Some(language) = Language::parse(&tag) else {
        return Ok(onward(&back));
    };
    if let Some(visit) = &frame.visit {
        speak(&app, visit.person, language).await?;
    }
    let jar = cookies::give_language(jar, language.tag());
    Ok((jar, onward(&back)).into_response())
}
