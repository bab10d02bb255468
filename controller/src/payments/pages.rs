//! The page of the M-PESA account: set once, after Safaricom has taken its keys, and shown without its secrets.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::account::{NotSet, set_first};
use crate::app::App;
use crate::providers;
use crate::providers::BadProvider;
use crate::providers::gate::Seat;
use crate::providers::log_in::again::{NotProved, prove};
use crate::providers::mpesa::AccountError;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{MpesaWords, Words};
use crate::rails::daraja::{Credentials, Setup, ShortcodeKind};
use crate::web::page::{html, onward};

/// The account as it may be shown.
struct Shown {
    shortcode: String,
    till: Option<String>,
}

#[derive(Template)]
#[template(path = "mpesa.html")]
struct MpesaPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    account: Option<Shown>,
    is_till: bool,
    shortcode: &'a str,
    till: &'a str,
    fault: Option<String>,
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Filled {
    kind: String,
    shortcode: String,
    #[serde(default)]
    till: String,
    consumer_key: SecretString,
    consumer_secret: SecretString,
    passkey: SecretString,
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// Shows the account, or the form for it.
///
/// # Errors
/// When the database is away.
pub async fn form(State(app): State<App>, frame: Frame, seat: Seat) -> Result<Response, Trouble> {
    let said = Said {
        status: StatusCode::OK,
        is_till: false,
        shortcode: "",
        till: "",
        fault: None,
    };
    shown(&app, &frame, &seat, said).await
}

struct Said<'a> {
    status: StatusCode,
    is_till: bool,
    shortcode: &'a str,
    till: &'a str,
    fault: Option<String>,
}

async fn shown(app: &App, frame: &Frame, seat: &Seat, said: Said<'_>) -> Result<Response, Trouble> {
    let mut tx = app.db.tenant(seat.provider()).await?;
    let account = providers::store::account(&mut tx, seat.provider()).await?;
    drop(tx);
    let page = MpesaPage {
        frame,
        w: frame.words(),
        account: account.map(|account| Shown {
            shortcode: account.shortcode,
            till: match account.kind {
                ShortcodeKind::Paybill => None,
                ShortcodeKind::Till { number } => Some(number),
            },
        }),
        is_till: said.is_till,
        shortcode: said.shortcode,
        till: said.till,
        fault: said.fault,
    };
    Ok(html(said.status, &page))
}

/// Sets the account.
///
/// # Errors
/// When the database is away.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let is_till = filled.kind == "till";
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    let refused = |status, fault: String| Said {
        status,
        is_till,
        shortcode: &filled.shortcode,
        till: &filled.till,
        fault: Some(fault),
    };
    let said = match prove(&app, seat.person, filled.password.clone(), &filled.digits).await {
        Err(NotProved::Wrong) => Some(refused(bad, w.mpesa.wrong_proof.to_owned())),
        Err(NotProved::TooMany(too)) => Some(refused(
            StatusCode::TOO_MANY_REQUESTS,
            w.people.wait(too.wait),
        )),
        Err(NotProved::Inside) => return Err(Trouble::Inside),
        Err(NotProved::Ending(error)) => return Err(error.into()),
        Err(NotProved::Database(error)) => return Err(error.into()),
        Ok(()) => None,
    };
    if let Some(said) = said {
        return shown(&app, &frame, &seat, said).await;
    }
    let account = Credentials {
        shortcode: filled.shortcode.trim().to_owned(),
        kind: if is_till {
            ShortcodeKind::Till {
                number: filled.till.trim().to_owned(),
            }
        } else {
            ShortcodeKind::Paybill
        },
        consumer_key: filled.consumer_key.clone(),
        consumer_secret: filled.consumer_secret.clone(),
        passkey: filled.passkey.clone(),
    };
    let said = match set_first(&app, seat.provider(), &account, seat.actor()).await {
        Ok(()) => return Ok(onward("/home")),
        Err(NotSet::Account(AccountError::Bad(error))) => {
            refused(bad, w.mpesa.bad(error).to_owned())
        }
        Err(NotSet::Refused(setup)) => refused(bad, refusal(setup, &w.mpesa).to_owned()),
        Err(NotSet::Away) => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            w.mpesa.rail_away.to_owned(),
        ),
        Err(NotSet::Taken) => return Ok(onward("/settings/mpesa")),
        Err(NotSet::Account(AccountError::Database(error)) | NotSet::Database(error)) => {
            return Err(error.into());
        }
        Err(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an M-PESA account could not be set"
            );
            return Err(Trouble::Inside);
        }
    };
    shown(&app, &frame, &seat, said).await
}

/// What Safaricom's refusal means for whoever typed the keys.
const fn refusal(setup: Setup, w: &MpesaWords) -> &'static str {
    match setup {
        Setup::WrongKeys => w.wrong_keys,
        Setup::ProductMissing => w.product_missing,
        Setup::NoSuchShortcode => w.bad_shortcode,
        Setup::WrongPasskey => w.wrong_passkey,
        Setup::WrongKind => w.wrong_kind,
    }
}

impl MpesaWords {
    /// What is wrong with what was typed.
    const fn bad(&self, error: BadProvider) -> &'static str {
        match error {
            BadProvider::Till => self.bad_till,
            BadProvider::Credential => self.bad_key,
            BadProvider::Shortcode
            | BadProvider::Name
            | BadProvider::Email
            | BadProvider::Colour
            | BadProvider::HelpPhone => self.bad_shortcode,
        }
    }
}
