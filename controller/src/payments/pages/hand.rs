//! The page of payments by hand: whether M-PESA tells of them, registering for that, and how much is taken.

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::audit::{Deed, record};
use crate::payments::hand::{NotOpened, open};
use crate::providers::c2b::{self, C2bError, Choice, store};
use crate::providers::gate::Seat;
use crate::providers::limits::Limits;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{HandWords, Words};
use crate::rails::daraja::{ShortcodeKind, Version};
use crate::web::page::{html, onward};
use crate::web::show;

/// How it stands, in words.
struct Stands {
    class: &'static str,
    word: &'static str,
    text: &'static str,
    said: Option<String>,
    at: String,
}

#[derive(Template)]
#[template(path = "money/mpesa_hand.html")]
struct HandPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    /// The number customers pay to, and whether it is a till's.
    number: Option<(String, bool)>,
    stands: Option<Stands>,
    is_hashed: bool,
    completes: bool,
    no_prompts_since: Option<String>,
    limits: Filled,
    /// The most that M-PESA takes at once, and from a phone on a day.
    own: [String; 2],
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// What the form of limits holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    least: String,
    most: String,
    most_a_day: String,
}

/// What the form of registration holds.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    version: String,
    completes: String,
}

/// Shows how it stands.
///
/// # Errors
/// When the database is away.
pub async fn form(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = &frame.words().hand;
    let done = match done.done.as_str() {
        "asked" => Some(w.done_asked),
        "limits" => Some(w.done_limits),
        _ => None,
    };
    shown(&app, &frame, &seat, None, (done, None)).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    filled: Option<Filled>,
    (done, fault): (Option<&'static str>, Option<&'static str>),
) -> Result<Response, Trouble> {
    let w = frame.words();
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let account = crate::providers::store::account(&mut tx, provider).await?;
    let registration = store::registration(&mut tx, provider).await?;
    let kept = store::limits(&mut tx, provider).await?;
    let since = store::no_prompts_since(&mut tx, provider).await?;
    drop(tx);
    let ours = account.as_ref().map(|account| account.shortcode.clone());
    let registration = registration.filter(|one| Some(&one.shortcode) == ours.as_ref());
    let is_hashed = registration
        .as_ref()
        .is_some_and(|one| one.version == Version::Hashed);
    let completes = registration.as_ref().is_none_or(|one| one.completes);
    let stands = registration.map(|one| {
        let (class, word, text) = stands(&one, &w.hand);
        Stands {
            class,
            word,
            text,
            at: w.calendar.moment(one.heard.unwrap_or(one.at)),
            said: one.said,
        }
    });
    let own = app.config.daraja.ceiling;
    let text = |number: Option<i32>| number.map_or_else(String::new, |number| number.to_string());
    let page = HandPage {
        frame,
        w,
        number: account.map(|account| match account.kind {
            ShortcodeKind::Paybill => (account.shortcode, false),
            ShortcodeKind::Till { number } => (number, true),
        }),
        stands,
        is_hashed,
        completes,
        no_prompts_since: since.map(|at| w.calendar.moment(at)),
        limits: filled.unwrap_or_else(|| Filled {
            least: text(kept.least),
            most: text(kept.most),
            most_a_day: text(kept.most_a_day),
        }),
        own: [own.at_once, own.a_day].map(|most| show::thousands(most.unsigned_abs().into())),
        done,
        fault,
    };
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

fn stands(one: &c2b::Registration, w: &HandWords) -> (&'static str, &'static str, &'static str) {
    match one.state {
        _ if one.heard.is_some() => ("good", w.works, w.works_text),
        c2b::State::Now => ("good", w.registered, w.registered_text),
        c2b::State::Before => ("wait", w.before, w.before_text),
        c2b::State::Asked | c2b::State::Away => ("wait", w.away, w.away_text),
        c2b::State::OldPlatform => ("bad", w.old, w.old_text),
        c2b::State::Setup | c2b::State::Refused => ("bad", w.refused, w.refused_text),
    }
}

/// Registers the addresses.
///
/// # Errors
/// When the database is away.
pub async fn register(
    State(app): State<App>,
    seat: Seat,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Trouble> {
    let choice = Choice {
        version: if chosen.version == "1" {
            Version::Hashed
        } else {
            Version::Masked
        },
        completes: chosen.completes != "no",
    };
    let provider = seat.provider();
    match open(&app, provider, choice, seat.actor()).await {
        // What Safaricom said stands on the page.
        Ok(_) | Err(NotOpened::C2b(C2bError::Rail(_))) => {}
        Err(NotOpened::C2b(C2bError::NoAccount)) => return Ok(onward("/settings/mpesa")),
        Err(NotOpened::Database(error) | NotOpened::C2b(C2bError::Database(error))) => {
            return Err(error.into());
        }
        Err(NotOpened::Ending) => return Err(Trouble::Away),
        Err(error) => {
            tracing::error!(%error, "addresses could not be registered");
            return Err(Trouble::Inside);
        }
    }
    Ok(onward("/settings/mpesa/hand?done=asked"))
}

/// Sets how much is taken.
///
/// # Errors
/// When the database is away.
pub async fn limit(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let own = app.config.daraja.ceiling;
    let Ok(limits) = Limits::read(&filled.least, &filled.most, &filled.most_a_day, own) else {
        let fault = Some(frame.words().hand.bad_limits);
        return shown(&app, &frame, &seat, Some(filled), (None, fault)).await;
    };
    let provider = seat.provider();
    let mut tx = app.db.tenant(provider).await?;
    let before = store::limits(&mut tx, provider).await?;
    store::set_limits(&mut tx, provider, limits).await?;
    let deed = Deed {
        act: "mpesa-limits",
        subject: &provider.to_string(),
        before: Some(json!(before)),
        after: Some(json!(limits)),
    };
    record(&app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    Ok(onward("/settings/mpesa/hand?done=limits"))
}
