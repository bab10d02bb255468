//! The pages of passkeys: the list, making one, logging in with one, removing one, and the question for a form that takes one as a proof.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum_extra::extract::CookieJar;
use mnara_protocol::ids::PasskeyId;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::{
    Begun, NotTaken, begin_making, begin_using, finish_making, finish_using, proving as proofs,
    remove, store, work_here,
};
use crate::app::App;
use crate::db::Reason;
use crate::providers::log_in::again::second_factors;
use crate::providers::log_in::enter::NotEntered;
use crate::providers::log_in::{Token, Visit};
use crate::providers::pages::assets;
use crate::providers::pages::enter::{Way, browser, entered, ours};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::not_proved;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::way::log_in_path;
use crate::providers::pages::words::Words;
use crate::web::page::{html, onward};
use crate::web::{Caller, Json, Path};

/// One passkey in the list.
struct Row {
    id: PasskeyId,
    name: String,
    since: String,
    used: Option<String>,
}

#[derive(Template)]
#[template(path = "people/passkeys.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    keys: Vec<Row>,
    /// Whether six digits are asked for after the password; a passkey never is.
    has_digits: bool,
    work_here: bool,
    name: &'a str,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
pub struct Done {
    done: Option<String>,
}

/// Shows one's passkeys.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let done = match done.done.as_deref() {
        Some("added") => Some(w.passkeys.added),
        Some("removed") => Some(w.passkeys.removed),
        _ => None,
    };
    let said = Said {
        done,
        ..Said::default()
    };
    listed(&app, &frame, &visit, StatusCode::OK, said).await
}

/// What the list says above it, and what was typed.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    name: String,
    fault: Option<String>,
}

async fn listed(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    status: StatusCode,
    said: Said,
) -> Result<Response, Trouble> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let held = store::held(&mut tx, visit.person).await?;
    drop(tx);
    let factors = second_factors(app, visit.person).await?;
    let page = ListPage {
        frame,
        w: frame.words(),
        keys: held
            .into_iter()
            .map(|key| Row {
                id: key.id,
                name: key.name,
                since: frame.words().calendar.moment(key.since),
                used: key.used.map(|at| frame.words().calendar.moment(at)),
            })
            .collect(),
        has_digits: factors.has_digits,
        work_here: work_here(app),
        name: &said.name,
        done: said.done,
        fault: said.fault,
    };
    Ok(html(status, &page))
}

/// The words for what went wrong.
fn fault(error: NotTaken, w: &Words, refused: &str) -> Result<(StatusCode, String), Trouble> {
    let wrong = |words: &str| Ok((StatusCode::UNPROCESSABLE_ENTITY, words.to_owned()));
    match error {
        NotTaken::NotHere => wrong(w.passkeys.not_here),
        NotTaken::Name => wrong(w.passkeys.bad_name),
        NotTaken::Enough => wrong(w.passkeys.enough),
        NotTaken::Refused | NotTaken::NotEntered(NotEntered::Wrong) => wrong(refused),
        NotTaken::NotProved(error) => not_proved(error, w),
        NotTaken::TooMany(too) | NotTaken::NotEntered(NotEntered::TooMany(too)) => {
            Ok((StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait)))
        }
        NotTaken::NotEntered(NotEntered::Ending(error)) => Err(error.into()),
        NotTaken::NotEntered(NotEntered::Database(error)) | NotTaken::Database(error) => {
            Err(error.into())
        }
        NotTaken::Inside => Err(Trouble::Inside),
    }
}

#[derive(Template)]
#[template(path = "people/passkey.html")]
struct CeremonyPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    script: &'static str,
    is_making: bool,
    options: &'a str,
    token: &'a str,
    next: &'a str,
    /// Where one logs in by password instead, and then goes on.
    by_password: String,
    fault: Option<String>,
}

/// The form that begins a new passkey, or removes one.
#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// Begins a new passkey: the page that comes asks the browser for it.
///
/// # Errors
/// When the database is away.
pub async fn making(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let begun = begin_making(&app, &visit, &wanted.name, wanted.password, &wanted.digits).await;
    match begun {
        Ok(Begun { token, options }) => {
            let page = CeremonyPage {
                frame: &frame,
                w,
                script: assets::passkey_path(),
                is_making: true,
                options: &options,
                token: token.expose(),
                next: "",
                by_password: String::new(),
                fault: None,
            };
            Ok(html(StatusCode::OK, &page))
        }
        Err(error) => {
            let (status, fault) = fault(error, w, w.passkeys.not_kept)?;
            let said = Said {
                name: wanted.name,
                fault: Some(fault),
                ..Said::default()
            };
            listed(&app, &frame, &visit, status, said).await
        }
    }
}

/// What a browser answered.
#[derive(Deserialize)]
pub struct Answered {
    #[serde(default)]
    token: String,
    #[serde(default)]
    answer: String,
    next: Option<String>,
}

/// Takes a new passkey.
///
/// # Errors
/// When the database is away.
pub async fn made(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Form(answered): Form<Answered>,
) -> Result<Response, Trouble> {
    let outcome = match Token::sent(&answered.token) {
        Some(token) => finish_making(&app, &visit, &token, &answered.answer).await,
        None => Err(NotTaken::Refused),
    };
    match outcome {
        Ok(()) => Ok(onward("/account/passkeys?done=added")),
        Err(error) => {
            let refused = frame.words().passkeys.not_kept;
            not_done(&app, &frame, &visit, error, refused).await
        }
    }
}

async fn not_done(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    error: NotTaken,
    refused: &str,
) -> Result<Response, Trouble> {
    let (status, fault) = fault(error, frame.words(), refused)?;
    let said = Said {
        fault: Some(fault),
        ..Said::default()
    };
    listed(app, frame, visit, status, said).await
}

/// Removes a passkey.
///
/// # Errors
/// When the database is away.
pub async fn gone(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(id): Path<String>,
    Form(proof): Form<Wanted>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    match remove(&app, &visit, id, proof.password, &proof.digits).await {
        Ok(()) => Ok(onward("/account/passkeys?done=removed")),
        Err(error) => {
            let refused = frame.words().second.missed_text;
            not_done(&app, &frame, &visit, error, refused).await
        }
    }
}

/// Begins to prove once more who one is: what the browser is to be asked, for the script of the form that is proved.
///
/// # Errors
/// When the database is away.
pub async fn proving(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let (status, said) = match proofs::begin(&app, visit.claimant()).await {
        Ok(Begun { token, options }) => (
            StatusCode::OK,
            json!({"token": token.expose(), "options": options}),
        ),
        Err(error) => {
            let (status, fault) = fault(error, w, w.passkeys.none)?;
            (status, json!({"fault": fault}))
        }
    };
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(said)).into_response())
}

/// Begins a log-in with a passkey.
///
/// # Errors
/// When the database is away.
pub async fn using(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    Query(way): Query<Way>,
) -> Result<Response, Trouble> {
    let next = way.next();
    if frame.is_in() {
        return Ok(onward(&next));
    }
    asked(&app, caller, &frame, StatusCode::OK, &next, None).await
}

#[derive(Template)]
#[template(path = "people/told.html")]
struct OffPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    title: &'static str,
    text: String,
    onto: (&'static str, String),
}

async fn asked(
    app: &App,
    caller: Caller,
    frame: &Frame,
    status: StatusCode,
    next: &str,
    said: Option<String>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    match begin_using(app, caller.0).await {
        Ok(Begun { token, options }) => {
            let page = CeremonyPage {
                frame,
                w,
                script: assets::passkey_path(),
                is_making: false,
                options: &options,
                token: token.expose(),
                next,
                by_password: log_in_path(next),
                fault: said,
            };
            Ok(html(status, &page))
        }
        Err(error) => {
            let (status, text) = fault(error, w, w.passkeys.refused)?;
            let page = OffPage {
                frame,
                w,
                title: w.passkeys.using,
                text,
                onto: (w.passkeys.by_password, log_in_path(next)),
            };
            Ok(html(status, &page))
        }
    }
}

/// Logs in whoever's passkey answered.
///
/// # Errors
/// When the database is away.
pub async fn used(
    State(app): State<App>,
    caller: Caller,
    frame: Frame,
    jar: CookieJar,
    headers: HeaderMap,
    Form(answered): Form<Answered>,
) -> Result<Response, Trouble> {
    let next = ours(answered.next);
    let w = frame.words();
    let outcome = match Token::sent(&answered.token) {
        Some(token) => {
            let browser = browser(&app, caller, &headers, &jar);
            finish_using(&app, &browser, &token, &answered.answer).await
        }
        None => Err(NotTaken::Refused),
    };
    match outcome {
        Ok(done) => Ok(entered(&app, jar, &done, &next)),
        Err(error) => {
            let (status, said) = fault(error, w, w.passkeys.refused)?;
            asked(&app, caller, &frame, status, &next, Some(said)).await
        }
    }
}
