//! The page of the queue, and what people decide on it.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, PaymentId, TicketId, UnmatchedId};
use mnara_protocol::ticket::code::TicketCode;
use serde::Deserialize;

use super::Reason;
use super::credit;
use super::resolve::{self, NotResolved};
use super::store::{Queued, newest};
use crate::app::App;
use crate::payments::deeds::NotDone;
use crate::payments::operator::ask;
use crate::payments::operator::stands::{Backs, Receipts, Stands, not_asked};
use crate::payments::reversal::{self, Booked, Place};
use crate::payments::tried::Tried;
use crate::plans;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::Fault;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{QueueWords, Words};
use crate::providers::staff::roles::Permission;
use crate::rails::daraja::callback::Payer;
use crate::tickets::masked;
use crate::web::page::{before, html, onward};
use crate::web::{Path, Query, show};

/// Money on a page.
const PAGE: u16 = 30;
/// What was dealt with lately, below it.
const DONE: u16 = 10;

struct Choice {
    id: String,
    name: String,
    is_chosen: bool,
}

struct Item {
    id: UnmatchedId,
    amount: String,
    name: &'static str,
    text: &'static str,
    is_late: bool,
    /// The number that gets the credit, if it is known in full.
    credits: Option<String>,
    at: String,
    payer: String,
    receipt: Option<String>,
    reference: Option<String>,
    site: Option<String>,
    payment: Option<PaymentId>,
    plans: Vec<Choice>,
    became: Option<(&'static str, String)>,
    person: Option<String>,
    ticket: Option<TicketId>,
    /// With all but its ends hidden: on its own page it is whole, and who sees it there is written down.
    code: Option<String>,
    back: Option<(String, String)>,
    customer: Option<CustomerId>,
    going: Option<Stands>,
    may_reverse: bool,
    tried: Tried,
}

#[derive(Template)]
#[template(path = "money/queue.html")]
struct QueuePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    waits: Vec<Item>,
    closed: Vec<Item>,
    older: Option<String>,
    is_all_closed: bool,
    may_work: bool,
    receipts: Option<Receipts>,
    filled: &'a Filled,
    done: Option<&'static str>,
    fault: Option<String>,
}

/// What is asked for, as the address has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    closed: String,
    before: String,
    done: String,
    taken: String,
    asked: String,
    back: String,
    gone: String,
}

impl Asked {
    fn cursor(&self) -> Option<(Timestamp, UnmatchedId)> {
        before(&self.before)
    }
}

/// What somebody decides, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    plan: String,
    receipt: String,
    reason: String,
    phone: String,
    /// Ticked by whoever knows that M-PESA does not send it back.
    sure: String,
    #[serde(skip)]
    id: String,
    #[serde(skip)]
    tried: Tried,
}

impl Filled {
    const fn is_sure(&self) -> bool {
        !self.sure.is_empty()
    }
}

/// Shows the queue.
///
/// # Errors
/// When the database is away.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    shown(&app, &frame, &seat, &asked, &Filled::default(), None).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    asked: &Asked,
    filled: &Filled,
    fault: Option<Fault>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let now = app.clock.now();
    let provider = seat.provider();
    let may_work = seat.place.role.may(Permission::WorkPayments);
    let is_all_closed = !asked.closed.is_empty();
    let mut tx = app.db.tenant(provider).await?;
    let mut rows = newest(&mut tx, provider, is_all_closed, asked.cursor(), PAGE + 1).await?;
    let closed = if is_all_closed || asked.cursor().is_some() {
        Vec::new()
    } else {
        newest(&mut tx, provider, true, None, DONE).await?
    };
    let plans = if may_work {
        plans::store::plans(&mut tx, provider, plans::edit::MOST).await?
    } else {
        Vec::new()
    };
    let has_more = rows.len() > usize::from(PAGE);
    rows.truncate(usize::from(PAGE));
    let may_send = seat.place.role.may(Permission::SendBack);
    let backs = Backs::read(&mut tx, provider, rows.iter().chain(&closed), may_send).await?;
    let receipts = if is_all_closed || !may_work {
        None
    } else {
        Receipts::read(&mut tx, provider, now, w).await?
    };
    drop(tx);
    let older = rows.last().filter(|_| has_more).map(|last| {
        let closed = if is_all_closed { "closed=1&" } else { "" };
        format!(
            "/payments/unmatched?{closed}before={}.{}",
            last.listed_at().as_millis(),
            last.id
        )
    });
    let item = |row: Queued| {
        // The dearest that the money pays for comes first.
        let mut fitting: Vec<_> = plans
            .iter()
            .filter(|plan| plan.price.cents() <= row.amount.cents())
            .collect();
        fitting.sort_by_key(|plan| -plan.price.cents());
        let is_filled = filled.id == row.id.to_string();
        let chosen = fitting
            .iter()
            .position(|plan| is_filled && plan.id.to_string() == filled.plan);
        let choices = fitting.iter().enumerate().map(|(place, plan)| Choice {
            id: plan.id.to_string(),
            name: format!("{}, {}", plan.name, show::money(plan.price)),
            is_chosen: place == chosen.unwrap_or(0),
        });
        let choices = choices.collect();
        let back = backs.of(&row, now, w);
        let mut item = shown_item(row, choices, may_work, back, w);
        if is_filled {
            item.tried = filled.tried;
        }
        item
    };
    let (mut waits, mut done) = (Vec::new(), Vec::new());
    for row in rows {
        if row.closed.is_some() {
            done.push(item(row));
        } else {
            waits.push(item(row));
        }
    }
    done.extend(closed.into_iter().map(item));
    let (status, fault) = match fault {
        Some((status, fault)) => (status, Some(fault)),
        None => (StatusCode::OK, None),
    };
    let page = QueuePage {
        frame,
        w,
        waits,
        closed: done,
        older,
        is_all_closed,
        may_work,
        receipts,
        filled,
        done: match (asked.done.is_empty(), asked.taken.is_empty()) {
            _ if !asked.asked.is_empty() => Some(w.operator.done_test),
            _ if !asked.back.is_empty() => Some(w.operator.done_back),
            _ if !asked.gone.is_empty() => Some(w.statement.gone_done),
            (false, _) => Some(w.queue.done),
            (true, false) => Some(w.statement.took),
            (true, true) => None,
        },
        fault,
    };
    Ok(html(status, &page))
}

fn shown_item(
    row: Queued,
    plans: Vec<Choice>,
    may_work: bool,
    (going, may_reverse): (Option<Stands>, bool),
    words: &Words,
) -> Item {
    let w = &words.queue;
    let (name, text) = match row.reason {
        Some(Reason::Amount) => (w.amount, w.amount_text),
        Some(Reason::Double) => (w.double, w.double_text),
        Some(Reason::Statement) => (w.statement, w.statement_text),
        Some(Reason::Late) => (w.late, w.late_text),
        Some(Reason::Asked) => (w.asked, w.asked_text),
        Some(Reason::Short) => (w.short, w.short_text),
        Some(Reason::Nobody) | None => (w.nobody, w.nobody_text),
    };
    let became = row.closed.map(|(outcome, at)| {
        let word = match outcome.as_str() {
            "ticket" => w.was_ticket,
            "refund" => w.was_refund,
            "credit" => w.was_credit,
            _ => w.was_known,
        };
        (word, words.calendar.moment(at))
    });
    let (ticket, code) = row.ticket.unzip();
    Item {
        id: row.id,
        amount: show::money(row.amount),
        name,
        text,
        is_late: row.reason == Some(Reason::Late),
        credits: match &row.payer {
            Payer::Number(phone) => Some(show::phone(&phone.digits())),
            Payer::Masked { .. } | Payer::Hash(_) | Payer::Untold => None,
        },
        at: words.calendar.moment(row.at),
        payer: payer(&row.payer, w),
        receipt: row.receipt,
        reference: row.reference,
        site: row.site,
        payment: row.payment,
        plans,
        became,
        person: row.person,
        ticket,
        code: code
            .filter(|_| may_work)
            .and_then(|code| TicketCode::parse(&code).ok())
            .map(|code| masked(&code)),
        back: row.back,
        customer: row.customer,
        going,
        may_reverse,
        tried: Tried::Nothing,
    }
}

/// Who paid, as far as it is known.
#[must_use]
pub fn payer(payer: &Payer, w: &QueueWords) -> String {
    match payer {
        Payer::Number(phone) => show::phone(&phone.digits()),
        Payer::Masked { head, tail } => format!("{head}•••{tail}"),
        Payer::Hash(_) => w.hidden.to_owned(),
        Payer::Untold => w.untold.to_owned(),
    }
}

/// Gives a voucher for money.
///
/// # Errors
/// When there is no such money, or the database is away.
pub async fn give(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let what = id.parse().map_err(|_| Trouble::Nothing)?;
    let plan = filled.plan.parse().ok();
    let who = (seat.provider(), seat.actor());
    let done = resolve::give_as(&app, who, what, plan, filled.is_sure()).await;
    answered(&app, &frame, &seat, Filled { id, ..filled }, done).await
}

/// Makes money over to a phone as credit.
///
/// # Errors
/// When there is no such money, or the database is away.
pub async fn credit(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let what = id.parse().map_err(|_| Trouble::Nothing)?;
    let phone = filled.phone.parse().ok();
    let who = (seat.provider(), seat.actor());
    let done = credit::make_over_as(&app, who, what, phone, filled.is_sure()).await;
    let tried = Tried::Credit;
    let filled = Filled {
        id,
        tried,
        ..filled
    };
    answered(&app, &frame, &seat, filled, done).await
}

/// Writes down that money went back.
///
/// # Errors
/// When there is no such money, or the database is away.
pub async fn refund(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let what = id.parse().map_err(|_| Trouble::Nothing)?;
    let said = (filled.receipt.as_str(), filled.reason.as_str());
    let who = (seat.provider(), seat.actor());
    let done = resolve::refund_as(&app, who, what, said, filled.is_sure()).await;
    let tried = Tried::Refund;
    let filled = Filled {
        id,
        tried,
        ..filled
    };
    answered(&app, &frame, &seat, filled, done).await
}

/// Has M-PESA send money back.
///
/// # Errors
/// When there is no such money, or the database is away.
pub async fn reverse(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let what = ask::What::Queue(id.parse().map_err(|_| Trouble::Nothing)?);
    let who = (seat.person, seat.actor());
    let done = ask::send_back(&app, seat.provider(), who, what, &filled.reason).await;
    let tried = Tried::Back;
    let filled = Filled {
        id,
        tried,
        ..filled
    };
    asked_for(&app, &frame, &seat, &filled, (done, "back")).await
}

/// Asks M-PESA about a receipt that nobody told us of.
///
/// # Errors
/// When the database is away.
pub async fn ask(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let who = (seat.person, seat.actor());
    let done = ask::ask(&app, seat.provider(), who, &filled.receipt).await;
    let tried = Tried::Receipt;
    let filled = Filled { tried, ..filled };
    asked_for(&app, &frame, &seat, &filled, (done, "asked")).await
}

/// Writes into the books that M-PESA says of a receipt that its money went back.
///
/// # Errors
/// When it says no such thing, or the database is away.
pub async fn reversed(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let said = (filled.receipt.as_str(), w.statement.gone_why);
    let done = reversal::book_answered(&app, seat.provider(), seat.actor(), said).await;
    match done {
        Ok(Booked::New(Place::Payment(id))) => Ok(onward(&format!("/payments/{id}?done=refund"))),
        Ok(Booked::New(Place::Queue) | Booked::Known) => Ok(onward("/payments/unmatched?gone=1")),
        Ok(Booked::Nothing) => {
            let fault = (StatusCode::UNPROCESSABLE_ENTITY, w.operator.over.to_owned());
            let (asked, filled) = (Asked::default(), Filled::default());
            shown(&app, &frame, &seat, &asked, &filled, Some(fault)).await
        }
        Err(error) => answered(&app, &frame, &seat, Filled::default(), Err(error)).await,
    }
}

async fn asked_for(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    filled: &Filled,
    (done, word): (Result<(), ask::NotAsked>, &str),
) -> Result<Response, Trouble> {
    match done {
        Ok(()) => Ok(onward(&format!("/payments/unmatched?{word}=1"))),
        Err(error) => {
            let fault = Some(not_asked(error, frame.words())?);
            shown(app, frame, seat, &Asked::default(), filled, fault).await
        }
    }
}

async fn answered(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    filled: Filled,
    done: Result<(), NotResolved>,
) -> Result<Response, Trouble> {
    let w = &frame.words().queue;
    let fault = match done {
        Ok(()) => return Ok(onward("/payments/unmatched?done=1")),
        Err(NotResolved::Missing) => return Err(Trouble::Nothing),
        Err(NotResolved::Database(error) | NotResolved::Payment(NotDone::Database(error))) => {
            return Err(error.into());
        }
        Err(NotResolved::Plan) => w.bad_plan,
        Err(NotResolved::Phone) => w.bad_phone,
        Err(NotResolved::OtherPhone) => w.other_phone,
        Err(NotResolved::Used) => w.used,
        Err(NotResolved::Payment(NotDone::Over)) => w.over,
        Err(NotResolved::Receipt | NotResolved::Payment(NotDone::Receipt)) => w.bad_receipt,
        Err(NotResolved::ReceiptTaken | NotResolved::Payment(NotDone::ReceiptTaken)) => {
            w.receipt_taken
        }
        Err(NotResolved::Reason | NotResolved::Payment(NotDone::Reason)) => w.bad_reason,
        Err(NotResolved::GoingBack) => frame.words().operator.going_back,
        Err(error) => {
            tracing::warn!(%error, "money in the queue was not dealt with");
            w.not_done
        }
    };
    let fault = (StatusCode::UNPROCESSABLE_ENTITY, fault.to_owned());
    shown(app, frame, seat, &Asked::default(), &filled, Some(fault)).await
}
