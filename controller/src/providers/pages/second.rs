//! The page that asks for the second factor after the password.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::enter::{browser, entered};
use super::frame::Frame;
use super::proof::not_proved;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::log_in::Visit;
use crate::providers::log_in::again::NotProved;
use crate::providers::log_in::second::{NotSecond, pass};
use crate::web::Caller;
use crate::web::page::{html, is_ours, onward};

#[derive(Template)]
#[template(path = "people/second.html")]
struct SecondPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    next: &'a str,
    fault: Option<String>,
}

/// Where the page leads afterwards, and what was typed.
#[derive(Deserialize)]
pub struct Filled {
    next: Option<String>,
    #[serde(default)]
    digits: String,
}

impl Filled {
    fn next(&self) -> &str {
        let next = self.next.as_deref().filter(|path| is_ours(path));
        next.unwrap_or("/")
    }
}

/// Shows the form.
pub async fn form(frame: Frame, visit: Visit, Query(filled): Query<Filled>) -> Response {
    if visit.is_open {
        return onward(filled.next());
    }
    shown(&frame, StatusCode::OK, filled.next(), None)
}

fn shown(frame: &Frame, status: StatusCode, next: &str, fault: Option<String>) -> Response {
    let page = SecondPage {
        frame,
        w: frame.words(),
        next,
        fault,
    };
    html(status, &page)
}

/// The words for a second factor that was not taken.
///
/// # Errors
/// When it was nobody's fault.
pub fn fault(error: NotSecond, w: &Words) -> Result<(StatusCode, String), Trouble> {
    match error {
        NotSecond::Wrong => Ok((StatusCode::UNPROCESSABLE_ENTITY, w.second.wrong.to_owned())),
        NotSecond::NotProved(NotProved::Wrong) => Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            w.account.wrong_password.to_owned(),
        )),
        NotSecond::NotProved(error) => not_proved(error, w),
        NotSecond::TooMany(too) => Ok((StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait))),
        NotSecond::Vault(error) => {
            tracing::error!(%error, "a second factor does not open");
            Err(Trouble::Inside)
        }
        NotSecond::Database(error) => Err(error.into()),
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
    visit: Visit,
    jar: CookieJar,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    if visit.is_open {
        return Ok(onward(filled.next()));
    }
    let browser = browser(&app, caller, &headers, &jar);
    match pass(&app, &visit, &browser, &filled.digits).await {
        Ok(done) => Ok(entered(&app, jar, &done, filled.next())),
        Err(error) => {
            let (status, fault) = fault(error, frame.words())?;
            Ok(shown(&frame, status, filled.next(), Some(fault)))
        }
    }
}
