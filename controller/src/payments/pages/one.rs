//! One payment's story, from the order to the first packet, with what was said about it; and what people do about it.

use std::net::IpAddr;

use askama::Template;
use axum::extract::{Form, Query, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, TicketId};
use mnara_protocol::money::Money;
use serde::Deserialize;
use serde_json::Value;

use super::super::deeds::{self, NotDone, Noted};
use super::super::operator;
use super::super::operator::ask::{What, send_back};
use super::super::operator::stands::{Stands, not_asked};
use super::super::settle::Flag;
use super::super::store::messages::Kind;
use super::super::store::refunds::Refund;
use super::super::store::story::More;
use super::super::story::Story;
use super::super::tried::Tried;
use super::super::unmatched::pages::payer;
use super::super::{Push, State};
use super::line::{parts, price};
use super::{Standing, flag_words};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::Fault;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{PaymentWords, Unit, Words};
use crate::providers::staff::roles::Permission;
use crate::rails::daraja::callback::Payer;
use crate::tickets::pages::series::trouble as not_revoked;
use crate::tickets::{Stage, in_passing};
use crate::web::page::{html, onward};
use crate::web::{Path, show};

/// One step of the story.
struct Step {
    name: &'static str,
    at: Option<String>,
    gap: Option<String>,
}

struct Said {
    name: &'static str,
    at: String,
    body: String,
    /// The address it was posted from, and whether that is none of the rail's own.
    source: Option<(IpAddr, bool)>,
}

struct Back {
    amount: String,
    refund: Refund,
    at: String,
}

/// What the form of a refund, or that of sending it back, holds as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    amount: String,
    receipt: String,
    reason: String,
    /// Ticked by whoever knows that M-PESA does not send it back.
    sure: String,
    #[serde(skip)]
    tried: Tried,
}

#[derive(Template)]
#[template(path = "money/payment.html")]
struct OnePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: PaymentId,
    more: &'a More,
    amount: String,
    parts: Option<String>,
    credited: Option<String>,
    at: String,
    phone: String,
    standing: Standing,
    flag: Option<&'static str>,
    /// When somebody looked at that, and who.
    looked: Option<String>,
    may_look: bool,
    steps: Vec<Step>,
    said: Vec<Said>,
    backs: Vec<Back>,
    ticket: Option<TicketId>,
    code: Option<String>,
    /// Whether the code is worth money, so that it stands here only in part.
    is_hidden: bool,
    may_ask: bool,
    may_send: bool,
    may_refund: bool,
    /// Whether M-PESA says that it went back, and somebody here may write that down.
    is_reversed: bool,
    /// How it stands that M-PESA sends it back, and whether somebody here may ask for that.
    going: Option<Stands>,
    may_reverse: bool,
    filled: &'a Filled,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What was done just before, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

/// Shows the story.
///
/// # Errors
/// When there is no such payment, or the database is away.
pub async fn story(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = &frame.words().payments;
    let done = match done.done.as_str() {
        "ask" => Some(w.done_ask),
        "send" => Some(w.done_send),
        "refund" => Some(w.done_refund),
        "looked" => Some(w.done_looked),
        "reverse" => Some(frame.words().operator.done_back),
        _ => None,
    };
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    shown(&app, &frame, &seat, id, &Filled::default(), (done, None)).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: PaymentId,
    filled: &Filled,
    (done, fault): (Option<&'static str>, Option<Fault>),
) -> Result<Response, Trouble> {
    let w = frame.words();
    let provider = seat.provider();
    let now = app.clock.now();
    let may_work = seat.place.role.may(Permission::WorkPayments);
    let mut tx = app.db.tenant(provider).await?;
    let story = Story::read(&mut tx, provider, id, now)
        .await?
        .ok_or(Trouble::Nothing)?;
    let receipts: Vec<_> = story.more.line.receipt.iter().cloned().collect();
    let going = operator::store::going_back(&mut tx, provider, &receipts).await?;
    let can_reverse = operator::in_use::may(&mut tx, provider, operator::Right::Reversal).await?;
    drop(tx);
    let going = going.first().map(|request| Stands::of(request, now, w));
    let steps = steps(&story, w);
    let Story {
        more,
        said,
        back,
        ticket,
        ..
    } = story;
    let is_paid = more.line.state == State::Success;
    let is_unused = ticket
        .as_ref()
        .is_some_and(|found| deeds::is_waiting(&found.kept.ticket, now));
    let left = price(&more.line).cents()
        - more.credited.cents()
        - back.iter().map(|one| one.amount.cents()).sum::<i64>();
    let (status, fault) = match fault {
        Some((status, fault)) => (status, Some(fault)),
        None => (StatusCode::OK, None),
    };
    let page = OnePage {
        frame,
        w,
        id,
        amount: show::money(price(&more.line)),
        parts: parts(&more.line, w),
        credited: (more.credited.cents() > 0).then(|| show::money(more.credited)),
        at: w.calendar.moment(more.line.at),
        phone: payer(&Payer::read(&more.line.phone), &w.queue),
        standing: Standing::of_line(&more.line, w),
        flag: more
            .line
            .flag
            .as_deref()
            .map(|flag| flag_words(flag, &w.reasons)),
        may_look: may_work && more.line.looked.is_none(),
        looked: more.line.looked.map(|at| {
            let at = w.calendar.moment(at);
            match &more.looked_by {
                Some(person) => format!("{at} · {person}"),
                None => at,
            }
        }),
        steps,
        said: said
            .into_iter()
            .map(|message| Said {
                name: name(message.kind, &w.payments),
                at: w.calendar.second(message.at),
                body: pretty(&message.body),
                source: message.source.map(|source| {
                    let is_listed = app.config.daraja.sources.contains(&source);
                    (source, !is_listed)
                }),
            })
            .collect(),
        backs: back
            .into_iter()
            .map(|refund| Back {
                amount: show::money(refund.amount),
                at: w.calendar.moment(refund.at),
                refund,
            })
            .collect(),
        ticket: ticket.as_ref().map(|found| found.kept.ticket.id),
        is_hidden: ticket
            .as_ref()
            .is_some_and(|found| Stage::of(&found.kept.ticket, now).is_good()),
        code: ticket
            .filter(|_| may_work)
            .map(|found| in_passing(&found.kept, now)),
        may_ask: may_work && !is_paid && more.checkout_request_id.is_some(),
        may_send: may_work && is_unused && more.mac.is_some(),
        may_refund: may_work && is_paid && left > 0,
        is_reversed: may_work
            && is_paid
            && left > 0
            && more.line.flag.as_deref() == Some(Flag::Reversed.as_str()),
        may_reverse: seat.place.role.may(Permission::SendBack)
            && can_reverse
            && is_paid
            && left == more.line.amount.cents()
            && more.line.receipt.is_some()
            && going
                .as_ref()
                .is_none_or(|going| !going.is_open || going.is_silent),
        going,
        more: &more,
        filled,
        done,
        fault,
    };
    Ok(html(status, &page))
}

/// The steps that were made in the order of their times, then those that are still to come.
fn steps(story: &Story, words: &Words) -> Vec<Step> {
    let w = &words.payments;
    let more = &story.more;
    let is_taken = more.line.push == Some(Push::Accepted);
    let settled = more.settled.as_ref().map(|(at, _)| *at);
    let is_paid = more.line.state == State::Success;
    let mut money: Vec<(&'static str, Timestamp)> = [
        (w.asked, Some(more.line.at)),
        (w.sent, story.first(Kind::Push)),
        (w.taken, story.first(Kind::PushAnswer).filter(|_| is_taken)),
        (w.queried, story.first(Kind::Query)),
        (w.called, story.first(Kind::Callback)),
        (w.confirmed_money, story.first(Kind::Confirmation)),
        (if is_paid { w.settled } else { w.failed_at }, settled),
    ]
    .into_iter()
    .filter_map(|(name, at)| at.map(|at| (name, at)))
    .collect();
    money.sort_by_key(|(_, at)| *at);
    let mut all: Vec<(&'static str, Option<Timestamp>)> = money
        .into_iter()
        .map(|(name, at)| (name, Some(at)))
        .collect();
    if let Some(way) = &story.way {
        all.extend([
            (w.made, Some(way.made)),
            (w.delivered, way.delivered),
            (w.written, way.written),
            (w.online, way.confirmed),
            (w.packet, way.first_packet),
        ]);
    }
    let mut before: Option<Timestamp> = None;
    all.into_iter()
        .map(|(name, at)| {
            let gap = before
                .zip(at)
                .and_then(|(before, at)| gap(before, at, words));
            let shown = at.map(|at| match before {
                Some(before) => words.calendar.second_after(at, before),
                None => words.calendar.second(at),
            });
            before = at.or(before);
            Step {
                name,
                at: shown,
                gap,
            }
        })
        .collect()
}

/// How long after one thing another happened; nothing where two clocks disagree.
fn gap(before: Timestamp, at: Timestamp, words: &Words) -> Option<String> {
    let w = &words.payments;
    let millis = at.as_millis().checked_sub(before.as_millis())?;
    let secs = u64::try_from(millis).ok()? / 1000;
    let (count, unit) = match secs {
        0 => return Some(w.at_once.to_owned()),
        1..120 => (secs, Unit::Seconds),
        120..7_200 => (secs / 60, Unit::Minutes),
        7_200..172_800 => (secs / 3_600, Unit::Hours),
        _ => (secs / 86_400, Unit::Days),
    };
    let gap = words.calendar.short(&count.to_string(), unit);
    Some(format!("{gap} {}", w.later))
}

const fn name(kind: Kind, w: &PaymentWords) -> &'static str {
    match kind {
        Kind::Push => w.m_push,
        Kind::PushAnswer => w.m_push_answer,
        Kind::Callback => w.m_callback,
        Kind::Query => w.m_query,
        Kind::QueryAnswer => w.m_query_answer,
        Kind::Confirmation => w.m_confirmation,
    }
}

/// A body for people to read; what is no JSON stays as it came.
fn pretty(body: &str) -> String {
    let (status, rest) = match body.split_once('\n') {
        Some((status, rest)) if status.starts_with("HTTP ") => (Some(status), rest),
        _ => (None, body),
    };
    let rest = serde_json::from_str::<Value>(rest)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| rest.to_owned());
    match status {
        Some(status) => format!("{status}\n{rest}"),
        None => rest,
    }
}

/// Has M-PESA asked how the payment stands.
///
/// # Errors
/// When there is no such payment, or the database is away.
pub async fn ask(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let done = deeds::ask(&app, seat.provider(), seat.actor(), id).await;
    answered(&app, &frame, &seat, id, &Filled::default(), (done, "ask")).await
}

/// Sends the ticket to its site again.
///
/// # Errors
/// When there is no such payment, or the database is away.
pub async fn send(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let done = deeds::send(&app, seat.provider(), seat.actor(), id).await;
    answered(&app, &frame, &seat, id, &Filled::default(), (done, "send")).await
}

/// Writes down what was paid back.
///
/// # Errors
/// When there is no such payment, or the database is away.
pub async fn refund(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let amount = filled.amount.trim().replace(',', "").parse::<i32>();
    let noted = Noted {
        // What is no number is no amount either.
        amount: Money::from_shillings(amount.unwrap_or(0)),
        receipt: &filled.receipt,
        reason: &filled.reason,
    };
    let (provider, actor) = (seat.provider(), seat.actor());
    let done = if filled.sure.is_empty() {
        deeds::note(&app, provider, actor, id, noted).await
    } else {
        deeds::note_all_the_same(&app, provider, actor, id, noted).await
    };
    let tried = Tried::Refund;
    let filled = Filled { tried, ..filled };
    answered(&app, &frame, &seat, id, &filled, (done, "refund")).await
}

/// What a payment was flagged for when somebody was shown it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Looked {
    flag: String,
}

/// Notes that somebody looked at what the payment is flagged for.
///
/// # Errors
/// When there is no such payment, or the database is away.
pub async fn look(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(looked): Form<Looked>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let done = deeds::look(&app, seat.provider(), seat.actor(), id, &looked.flag).await;
    let filled = Filled::default();
    answered(&app, &frame, &seat, id, &filled, (done, "looked")).await
}

/// Has M-PESA send the payment back.
///
/// # Errors
/// When there is no such payment, or the database is away.
pub async fn reverse(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let who = (seat.person, seat.actor());
    let what = What::Payment(id);
    let done = send_back(&app, seat.provider(), who, what, &filled.reason).await;
    match done {
        Ok(()) => Ok(onward(&format!("/payments/{id}?done=reverse#back"))),
        Err(error) => {
            let fault = not_asked(error, frame.words())?;
            let tried = Tried::Back;
            let filled = Filled { tried, ..filled };
            shown(&app, &frame, &seat, id, &filled, (None, Some(fault))).await
        }
    }
}

async fn answered(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: PaymentId,
    filled: &Filled,
    (done, word): (Result<(), NotDone>, &str),
) -> Result<Response, Trouble> {
    let w = &frame.words().payments;
    let fault = match done {
        Ok(()) => return Ok(onward(&format!("/payments/{id}?done={word}"))),
        Err(NotDone::Missing) => return Err(Trouble::Nothing),
        Err(NotDone::Database(error)) => return Err(error.into()),
        Err(NotDone::Revoke(error)) => return Err(not_revoked(error)),
        Err(NotDone::NotPaid) => w.not_paid,
        Err(NotDone::NoDevice) => w.no_device,
        Err(NotDone::Amount) => w.bad_amount,
        Err(NotDone::Receipt) => w.bad_receipt,
        Err(NotDone::ReceiptTaken) => w.receipt_taken,
        Err(NotDone::Reason) => w.bad_reason,
        Err(NotDone::NotKnown) => w.not_known,
        Err(NotDone::Used | NotDone::Over) => w.used,
        Err(NotDone::GoingBack) => frame.words().operator.going_back,
    };
    let fault = (StatusCode::UNPROCESSABLE_ENTITY, fault.to_owned());
    shown(app, frame, seat, id, filled, (None, Some(fault))).await
}
