//! The forms by which somebody changes what they log in with.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::account;
use super::frame::Frame;
use super::proof::not_proved;
use super::trouble::Trouble;
use super::words::Words;
use crate::app::App;
use crate::providers::log_in::contact::{NotChanged, Wished, confirm, wanted, wish};
use crate::providers::log_in::{Token, Visit};
use crate::providers::people::Contact;
use crate::web::Path;
use crate::web::page::{html, onward};

/// What somebody wants to log in with.
#[derive(Deserialize)]
pub struct Wish {
    who: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// Takes it.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Form(filled): Form<Wish>,
) -> Result<Response, Trouble> {
    let proof = (filled.password, filled.digits.as_str());
    let wished = wish(&app, &visit, &filled.who, proof, frame.language).await;
    match wished {
        Ok(Wished::Changed) => Ok(onward("/account?done=contact")),
        Ok(Wished::Mailed) => Ok(onward("/account?done=mailed")),
        Ok(Wished::Texted) => Ok(onward("/account?done=texted")),
        Err(error) => refused(&app, &frame, &visit, error, &filled.who).await,
    }
}

fn fault(error: NotChanged, w: &Words) -> Result<(StatusCode, String), Trouble> {
    let refused = |words: &str| Ok((StatusCode::UNPROCESSABLE_ENTITY, words.to_owned()));
    match error {
        NotChanged::Bad(error) => refused(w.people.bad(error)),
        NotChanged::Taken => refused(w.account.contact_taken),
        NotChanged::Enough => Ok((
            StatusCode::TOO_MANY_REQUESTS,
            w.account.contact_enough.to_owned(),
        )),
        NotChanged::NoBusiness => refused(w.account.contact_no_business),
        NotChanged::Over => Ok((StatusCode::NOT_FOUND, w.account.contact_over.to_owned())),
        NotChanged::NotProved(error) => not_proved(error, w),
        NotChanged::Database(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "people/contact.html")]
struct ContactPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    token: &'a str,
    contact: String,
    button: &'static str,
}

/// Shows what a link confirms, or that it is over.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let token = Token::sent(&token);
    let contact = match &token {
        Some(token) => wanted(&app, &visit, token).await?,
        None => None,
    };
    let Some((token, contact)) = token.zip(contact) else {
        return refused(&app, &frame, &visit, NotChanged::Over, "").await;
    };
    let w = frame.words();
    let page = ContactPage {
        frame: &frame,
        w,
        token: token.expose(),
        contact: contact.written(),
        button: match contact {
            Contact::Email(_) => w.mail.contact_button,
            Contact::Phone(_) => w.account.contact_phone,
        },
    };
    Ok(html(StatusCode::OK, &page))
}

/// Confirms it.
///
/// # Errors
/// When the database is away.
pub async fn confirmed(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let done = match Token::sent(&token) {
        Some(token) => confirm(&app, &visit, &token).await,
        None => Err(NotChanged::Over),
    };
    match done {
        Ok(()) => Ok(onward("/account?done=contact")),
        Err(error) => refused(&app, &frame, &visit, error, "").await,
    }
}

/// The account with what is wrong, and with what was typed.
async fn refused(
    app: &App,
    frame: &Frame,
    visit: &Visit,
    error: NotChanged,
    who: &str,
) -> Result<Response, Trouble> {
    let (status, fault) = fault(error, frame.words())?;
    account::shown(app, frame, visit, status, None, Some(fault), who).await
}
