//! The page of the M-PESA account: the form of the first one, and how the one in use stands: its numbers without its secrets, a test, and
//! what changed of late.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, MoveId, PaymentId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sqlx::PgConnection;

use super::super::account::{NotSet, set_first};
use super::super::account_test::{NotTried, try_out};
use super::super::moves::{Move, Stage};
use super::super::store::{account_tests, has_come_in, moves};
use super::super::{self as payments, Push};
use super::Standing;
use crate::app::App;
use crate::providers;
use crate::providers::BadProvider;
use crate::providers::gate::Seat;
use crate::providers::log_in::again::prove;
use crate::providers::mpesa::{self, AccountError};
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::{Given, not_proved};
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{MpesaWords, Words};
use crate::providers::staff::roles::Permission;
use crate::rails::daraja::{Credentials, Setup, ShortcodeKind};
use crate::web::page::{html, onward};
use crate::web::show;

/// Tests on the page.
const TESTS: u16 = 3;
/// Changes looked at.
const MOVES: u16 = 20;

/// What was typed into the form of an account and comes back when it was wrong; its secrets do not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Typed<'a> {
    pub(super) is_till: bool,
    pub(super) shortcode: &'a str,
    pub(super) till: &'a str,
}

/// The account as it may be shown.
struct Shown {
    shortcode: String,
    till: Option<String>,
}

/// A change one may go back behind.
struct Moved {
    id: MoveId,
    at: String,
    by: String,
    from: String,
    to: String,
}

/// A change that waits for its shilling.
struct Waiting {
    until: String,
    to: String,
    is_mine: bool,
}

/// A test.
struct Test {
    at: String,
    phone: String,
    class: &'static str,
    word: &'static str,
    says: &'static str,
    is_open: bool,
    /// Its payment, for those who may see payments.
    payment: Option<PaymentId>,
}

#[derive(Template)]
#[template(path = "money/mpesa.html")]
struct MpesaPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    account: Option<Shown>,
    typed: Typed<'a>,
    phone: &'a str,
    tests: Vec<Test>,
    /// Whether money has arrived in the account in use.
    is_proven: bool,
    waiting: Option<Waiting>,
    moved: Vec<Moved>,
    is_late: bool,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What the form holds.
#[derive(Deserialize)]
pub struct Filled {
    pub(super) kind: String,
    pub(super) shortcode: String,
    #[serde(default)]
    pub(super) till: String,
    pub(super) consumer_key: SecretString,
    pub(super) consumer_secret: SecretString,
    pub(super) passkey: SecretString,
    pub(super) password: SecretString,
    #[serde(flatten)]
    pub(super) given: Given,
    /// The phone that is asked for a shilling; the first account has none.
    #[serde(default)]
    pub(super) phone: String,
}

impl Filled {
    pub(super) fn typed(&self) -> Typed<'_> {
        Typed {
            is_till: self.kind == "till",
            shortcode: &self.shortcode,
            till: &self.till,
        }
    }

    /// Whether a till was typed and something else chosen: one of the two is a slip.
    pub(super) fn contradicts(&self) -> bool {
        self.kind != "till" && !self.till.trim().is_empty()
    }

    pub(super) fn account(&self) -> Credentials {
        // Nobody sees into these fields, and a space is easily copied along.
        let plain = |secret: &SecretString| SecretString::from(secret.expose_secret().trim());
        Credentials {
            shortcode: self.shortcode.trim().to_owned(),
            kind: if self.kind == "till" {
                ShortcodeKind::Till {
                    number: self.till.trim().to_owned(),
                }
            } else {
                ShortcodeKind::Paybill
            },
            consumer_key: plain(&self.consumer_key),
            consumer_secret: plain(&self.consumer_secret),
            passkey: plain(&self.passkey),
        }
    }
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// What a page says beside how the account stands.
pub(super) struct Said<'a> {
    pub(super) status: StatusCode,
    pub(super) typed: Typed<'a>,
    pub(super) phone: &'a str,
    pub(super) done: Option<&'static str>,
    pub(super) fault: Option<String>,
}

impl<'a> Said<'a> {
    pub(super) fn fault(status: StatusCode, typed: Typed<'a>, fault: String) -> Self {
        Self {
            status,
            typed,
            phone: "",
            done: None,
            fault: Some(fault),
        }
    }
}

/// Shows the account, or the form for it.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = &frame.words().mpesa;
    let said = Said {
        status: StatusCode::OK,
        typed: Typed::default(),
        phone: "",
        done: match done.done.as_str() {
            "set" => Some(w.done_set),
            "back" => Some(w.done_back),
            _ => None,
        },
        fault: None,
    };
    shown(&app, &frame, &seat, said).await
}

pub(super) async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    said: Said<'_>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let now = app.clock.now();
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let account = providers::store::account(&mut tx, provider).await?;
    let tests = account_tests(&mut tx, provider, TESTS).await?;
    let in_use = providers::store::account_id(&mut tx, provider).await?;
    let is_proven = match in_use {
        Some(account) => has_come_in(&mut tx, provider, account).await?,
        None => false,
    };
    let last = moves::last(&mut tx, provider, MOVES).await?;
    let mut waiting = None;
    let mut moved = Vec::new();
    for one in &last {
        if one.waits(now) {
            waiting = Some(Waiting {
                until: w.calendar.second(one.expires),
                to: number(&mut tx, seat, one.to).await?,
                is_mine: one.person == Some(seat.person),
            });
        } else if one.can_be_undone(now) {
            moved.push(Moved {
                id: one.id,
                at: w.calendar.moment(one.ended.unwrap_or(one.at)),
                by: by(one, &w.mpesa),
                from: number(&mut tx, seat, one.from).await?,
                to: number(&mut tx, seat, one.to).await?,
            });
        }
    }
    drop(tx);
    let may_see = seat.place.role.may(Permission::SeePayments);
    let page = MpesaPage {
        frame,
        w,
        account: account.map(|account| Shown {
            shortcode: account.shortcode,
            till: match account.kind {
                ShortcodeKind::Paybill => None,
                ShortcodeKind::Till { number } => Some(number),
            },
        }),
        typed: said.typed,
        phone: said.phone,
        tests: tests.iter().map(|one| test(one, may_see, w)).collect(),
        is_proven,
        waiting,
        moved,
        is_late: last.first().is_some_and(|one| is_late(one, now)),
        done: said.done,
        fault: said.fault,
    };
    Ok(html(said.status, &page))
}

/// Whether a change came to nothing because its time ran out, not long ago.
fn is_late(one: &Move, now: Timestamp) -> bool {
    let ran_out = match (one.stage, one.ended) {
        (Stage::Asked, _) => now >= one.expires,
        (Stage::Dropped, Some(ended)) => ended >= one.expires,
        _ => false,
    };
    ran_out && now < one.expires.plus_secs(3_600)
}

fn by(one: &Move, w: &MpesaWords) -> String {
    match (&one.person_name, one.person) {
        (Some(name), _) => name.clone(),
        (None, Some(_)) => w.by_other.to_owned(),
        (None, None) => w.by_command.to_owned(),
    }
}

/// The number customers see of an account.
async fn number(conn: &mut PgConnection, seat: &Seat, id: AccountId) -> sqlx::Result<String> {
    let account = mpesa::store::find(conn, seat.provider(), id).await?;
    Ok(account.map_or_else(
        || "?".to_owned(),
        |account| match account.kind {
            ShortcodeKind::Paybill => account.shortcode,
            ShortcodeKind::Till { number } => format!("{number} ({})", account.shortcode),
        },
    ))
}

fn test(one: &payments::store::AccountTest, may_see: bool, w: &Words) -> Test {
    let standing = Standing::of_test(one, w);
    let is_open = one.state == payments::State::Pending;
    Test {
        at: w.calendar.moment(one.at),
        phone: show::phone(&one.phone),
        class: standing.class,
        word: standing.word,
        says: match (one.state, one.push) {
            (payments::State::Success, _) => w.mpesa.test_good,
            (payments::State::Pending, Some(Push::Accepted)) => w.mpesa.test_waits,
            (payments::State::Pending, _) => w.mpesa.test_unknown,
            (payments::State::Failed(_), _) => standing.why.unwrap_or(w.reasons.other),
        },
        is_open,
        payment: may_see.then_some(one.id),
    }
}

/// What an account that was not set means on a page.
pub(super) fn not_set(error: NotSet, w: &MpesaWords) -> Result<(StatusCode, String), Trouble> {
    let bad = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        NotSet::Account(AccountError::Bad(error)) => Ok((bad, w.bad(error).to_owned())),
        NotSet::Refused(setup) => Ok((bad, refusal(setup, w).to_owned())),
        NotSet::Away => Ok((StatusCode::SERVICE_UNAVAILABLE, w.rail_away.to_owned())),
        NotSet::Taken => Ok((StatusCode::CONFLICT, w.over.to_owned())),
        NotSet::Account(AccountError::Database(error)) | NotSet::Database(error) => {
            Err(error.into())
        }
        error => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an M-PESA account could not be set"
            );
            Err(Trouble::Inside)
        }
    }
}

/// What a test that was not sent means on a page.
pub(super) fn not_tried(error: NotTried, w: &Words) -> Result<(StatusCode, String), Trouble> {
    match error {
        NotTried::NoAccount => Ok((StatusCode::CONFLICT, w.mpesa.over.to_owned())),
        NotTried::PhoneBusy => Ok((StatusCode::CONFLICT, w.mpesa.phone_busy.to_owned())),
        NotTried::TooMany(too) => Ok((StatusCode::TOO_MANY_REQUESTS, w.people.wait(too.wait))),
        NotTried::Ending => Err(Trouble::Away),
        NotTried::Database(error) => Err(error.into()),
        NotTried::Push(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a test could not be sent"
            );
            Err(Trouble::Inside)
        }
    }
}

/// Sets the first account.
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
    if filled.contradicts() {
        let said = Said::fault(
            StatusCode::UNPROCESSABLE_ENTITY,
            filled.typed(),
            w.mpesa.till_not_chosen.to_owned(),
        );
        return shown(&app, &frame, &seat, said).await;
    }
    let proved = prove(
        &app,
        seat.claimant(),
        filled.password.clone(),
        &filled.given.digits,
    )
    .await;
    let (status, fault) = match proved {
        Err(error) => not_proved(error, w)?,
        Ok(()) => match set_first(&app, seat.provider(), &filled.account(), seat.actor()).await {
            Ok(()) => return Ok(onward("/settings/mpesa?done=set")),
            Err(NotSet::Taken) => return Ok(onward("/settings/mpesa")),
            Err(error) => not_set(error, &w.mpesa)?,
        },
    };
    let said = Said::fault(status, filled.typed(), fault);
    shown(&app, &frame, &seat, said).await
}

/// The phone that is asked for a shilling.
#[derive(Deserialize)]
pub struct Phone {
    phone: String,
}

/// Tries the account in use.
///
/// # Errors
/// When the database is away.
pub async fn test_it(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Phone>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let (status, fault) = match filled.phone.parse() {
        Err(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            w.mpesa.bad_phone.to_owned(),
        ),
        Ok(phone) => match try_out(&app, seat.provider(), phone).await {
            Ok(()) => return Ok(onward("/settings/mpesa#test")),
            Err(error) => not_tried(error, w)?,
        },
    };
    let said = Said {
        phone: &filled.phone,
        ..Said::fault(status, Typed::default(), fault)
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
