//! The page of the operator: what it is called, what it may do, and a test of each.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::SecretString;
use serde::Deserialize;

use super::ask::{self, NotAsked};
use super::credential::{self, NotKept};
use super::in_use::current;
use super::stands::{Stands, not_asked};
use super::{Purpose, Request, Right, store};
use crate::app::App;
use crate::payments::moving::Proofs;
use crate::providers;
use crate::providers::gate::Seat;
use crate::providers::log_in::again::{Second, SecondFactors, second_factors};
use crate::providers::pages::assets;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::{Fault, Given, not_proved};
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::page::{html, onward};

/// Tests of each right on the page.
const TESTS: u16 = 3;
/// The page.
const HERE: &str = "/settings/mpesa/operator";

struct Shown {
    initiator: String,
    shortcode: String,
    since: String,
    is_used: bool,
}

struct Tried {
    proven: Option<String>,
    tests: Vec<Stands>,
}

#[derive(Template)]
#[template(path = "money/mpesa_operator.html")]
struct OperatorPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    has_account: bool,
    second: SecondFactors,
    script: &'static str,
    kept: Option<Shown>,
    status: Tried,
    reversal: Tried,
    has_shilling: bool,
    initiator: &'a str,
    receipt: &'a str,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// What the form of an operator holds.
#[derive(Deserialize)]
pub struct Filled {
    initiator: String,
    credential: SecretString,
    password: SecretString,
    #[serde(flatten)]
    given: Given,
}

/// What removing takes.
#[derive(Deserialize)]
pub struct Ending {
    password: SecretString,
    #[serde(default)]
    digits: String,
}

/// A receipt, as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    receipt: String,
}

struct Said<'a> {
    status: StatusCode,
    initiator: &'a str,
    receipt: &'a str,
    done: Option<&'static str>,
    fault: Option<String>,
}

impl Said<'_> {
    const NOTHING: Said<'static> = Said {
        status: StatusCode::OK,
        initiator: "",
        receipt: "",
        done: None,
        fault: None,
    };

    fn fault((status, fault): Fault) -> Self {
        Self {
            status,
            fault: Some(fault),
            ..Said::NOTHING
        }
    }
}

/// Shows the operator, or the form for one.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = &frame.words().operator;
    let said = Said {
        done: match done.done.as_str() {
            "set" => Some(w.done_set),
            "end" => Some(w.done_end),
            "test" => Some(w.done_test),
            _ => None,
        },
        ..Said::NOTHING
    };
    shown(&app, &frame, &seat, said).await
}

async fn shown(app: &App, frame: &Frame, seat: &Seat, said: Said<'_>) -> Result<Response, Trouble> {
    let w = frame.words();
    let now = app.clock.now();
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let account = providers::store::account(&mut tx, provider).await?;
    let kept = store::operator(&mut tx, provider).await?;
    let used = current(&mut tx, provider).await?;
    let status = store::latest(&mut tx, provider, (Right::Status, Purpose::Test), TESTS).await?;
    let reversal = (Right::Reversal, Purpose::Test);
    let reversal = store::latest(&mut tx, provider, reversal, TESTS).await?;
    let shilling = match &used {
        Some(used) => store::receipts::shilling(&mut tx, provider, &used.shortcode).await?,
        None => None,
    };
    drop(tx);
    let tried = |requests: &[Request], right: Right| Tried {
        proven: used
            .as_ref()
            .and_then(|used| used.proven(right))
            .map(|at| w.calendar.moment(at)),
        tests: requests
            .iter()
            .map(|request| Stands::of(request, now, w))
            .collect(),
    };
    let page = OperatorPage {
        frame,
        w,
        has_account: account.is_some(),
        second: second_factors(app, seat.person).await?,
        script: assets::passkey_path(),
        status: tried(&status, Right::Status),
        reversal: tried(&reversal, Right::Reversal),
        has_shilling: shilling.is_some(),
        kept: kept.map(|kept| Shown {
            since: w.calendar.day(kept.since),
            is_used: used.is_some(),
            initiator: kept.initiator,
            shortcode: kept.shortcode,
        }),
        initiator: said.initiator,
        receipt: said.receipt,
        done: said.done,
        fault: said.fault,
    };
    Ok(html(said.status, &page))
}

fn not_kept(error: NotKept, words: &Words) -> Result<Fault, Trouble> {
    let w = &words.operator;
    let text = match error {
        NotKept::Proof(error) => return not_proved(error, words),
        NotKept::NoAccount => w.no_operator,
        NotKept::Initiator => w.bad_initiator,
        NotKept::Credential => w.bad_credential,
        NotKept::Database(error) => return Err(error.into()),
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, text.to_owned()))
}

/// Keeps an operator.
///
/// # Errors
/// When the database is away.
pub async fn set(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let proofs = Proofs {
        password: filled.password,
        second: filled.given.second(),
    };
    let who = (seat.claimant(), seat.actor());
    let typed = (filled.initiator.as_str(), &filled.credential);
    match credential::set(&app, seat.provider(), who, proofs, typed).await {
        Ok(()) => Ok(onward("/settings/mpesa/operator?done=set")),
        Err(NotKept::NoAccount) => Ok(onward("/settings/mpesa")),
        Err(error) => {
            let said = Said {
                initiator: &filled.initiator,
                ..Said::fault(not_kept(error, frame.words())?)
            };
            shown(&app, &frame, &seat, said).await
        }
    }
}

/// Removes the operator.
///
/// # Errors
/// When the database is away.
pub async fn end(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Ending>,
) -> Result<Response, Trouble> {
    let proofs = Proofs {
        password: filled.password,
        second: Second::Digits(&filled.digits),
    };
    let who = (seat.claimant(), seat.actor());
    match credential::remove(&app, seat.provider(), who, proofs).await {
        Ok(()) => Ok(onward("/settings/mpesa/operator?done=end")),
        Err(error) => {
            let said = Said::fault(not_kept(error, frame.words())?);
            shown(&app, &frame, &seat, said).await
        }
    }
}

/// Tries the right to ask.
///
/// # Errors
/// When the database is away.
pub async fn status(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(typed): Form<Typed>,
) -> Result<Response, Trouble> {
    let who = (seat.person, seat.actor());
    let done = ask::test_status(&app, seat.provider(), who, &typed.receipt).await;
    answered(&app, &frame, &seat, &typed.receipt, done).await
}

/// Tries the right to send back.
///
/// # Errors
/// When the database is away.
pub async fn reversal(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
) -> Result<Response, Trouble> {
    let who = (seat.person, seat.actor());
    let done = ask::test_reversal(&app, seat.provider(), who).await;
    answered(&app, &frame, &seat, "", done).await
}

async fn answered(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    receipt: &str,
    done: Result<(), NotAsked>,
) -> Result<Response, Trouble> {
    match done {
        Ok(()) => Ok(onward(&format!("{HERE}?done=test#tests"))),
        Err(error) => {
            let said = Said {
                receipt,
                ..Said::fault(not_asked(error, frame.words())?)
            };
            shown(app, frame, seat, said).await
        }
    }
}
