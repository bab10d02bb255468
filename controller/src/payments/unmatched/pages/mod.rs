//! The page of the queue, and what people decide on it.

use askama::Template;
use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, UnmatchedId};
use mnara_protocol::receipt;
use serde::Deserialize;
use sqlx::PgConnection;

use super::credit;
use super::resolve::{self, NotResolved};
use super::store::{Queued, newest, of_receipt, queued};
use crate::app::App;
use crate::payments::deeds::NotDone;
use crate::payments::operator::ask;
use crate::payments::operator::stands::{Backs, Receipts, not_asked};
use crate::payments::reversal::{self, Booked, Place};
use crate::payments::tried::Tried;
use crate::plans;
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::Fault;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Permission;
use crate::web::page::{before, html, onward};
use crate::web::{Path, Query, show};
use item::{Choice, Item, shown_item};

mod item;

pub use item::payer;

/// Money on a page.
const PAGE: u16 = 30;
/// What was dealt with lately, below it.
const DONE: u16 = 10;

#[derive(Template)]
#[template(path = "money/queue.html")]
struct QueuePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    waits: Vec<Item>,
    closed: Vec<Item>,
    older: Option<String>,
    is_all_closed: bool,
    /// Whether one piece of money is looked for.
    is_sought: bool,
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
    receipt: String,
    money: String,
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

    /// The one piece of money that is looked for, waiting or dealt with.
    fn sought(&self) -> Option<Sought> {
        let by_id = self.money.parse().ok().map(Sought::Money);
        by_id.or_else(|| receipt::read(&self.receipt).map(Sought::Receipt))
    }
}

/// How money is looked for.
enum Sought {
    /// As the books name it.
    Money(UnmatchedId),
    /// By its receipt, as a customer shows it.
    Receipt(String),
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

    /// The same, of the money that it is said of.
    fn of(self, id: String, tried: Tried) -> Self {
        Self { id, tried, ..self }
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

/// The money on a page.
struct Rows {
    rows: Vec<Queued>,
    /// What was dealt with lately, below it.
    closed: Vec<Queued>,
    has_more: bool,
}

async fn read(
    conn: &mut PgConnection,
    provider: ProviderId,
    asked: &Asked,
    filled: &Filled,
) -> sqlx::Result<Rows> {
    if let Some(sought) = asked.sought() {
        let id = match sought {
            Sought::Money(id) => Some(id),
            Sought::Receipt(receipt) => {
                let found = of_receipt(conn, provider, &receipt).await?;
                found.map(|(id, _)| id)
            }
        };
        let found = match id {
            Some(id) => queued(conn, provider, id).await?,
            None => None,
        };
        return Ok(Rows {
            rows: found.into_iter().collect(),
            closed: Vec::new(),
            has_more: false,
        });
    }
    let is_closed = !asked.closed.is_empty();
    let mut rows = newest(conn, provider, is_closed, asked.cursor(), PAGE + 1).await?;
    let has_more = rows.len() > usize::from(PAGE);
    rows.truncate(usize::from(PAGE));
    let closed = if is_closed || asked.cursor().is_some() {
        Vec::new()
    } else {
        newest(conn, provider, true, None, DONE).await?
    };
    // What was refused may be of another page, and stands before all else with what was typed.
    if let Ok(id) = filled.id.parse::<UnmatchedId>()
        && !rows.iter().chain(&closed).any(|row| row.id == id)
        && let Some(refused) = queued(conn, provider, id).await?
    {
        rows.insert(0, refused);
    }
    Ok(Rows {
        rows,
        closed,
        has_more,
    })
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
    let is_sought = asked.sought().is_some();
    let mut tx = app.db.tenant(provider).await?;
    let Rows {
        rows,
        closed,
        has_more,
    } = read(&mut tx, provider, asked, filled).await?;
    let is_all_closed = if is_sought {
        !rows.is_empty() && rows.iter().all(|row| row.closed.is_some())
    } else {
        !asked.closed.is_empty()
    };
    let plans = if may_work {
        plans::store::plans(&mut tx, provider, plans::edit::MOST).await?
    } else {
        Vec::new()
    };
    let may_send = seat.place.role.may(Permission::SendBack);
    let backs = Backs::read(&mut tx, provider, rows.iter().chain(&closed), may_send).await?;
    let receipts = if is_all_closed || is_sought || !may_work {
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
        is_sought,
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
    let done = resolve::give(&app, who, what, plan, filled.is_sure()).await;
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
    let done = credit::make_over(&app, who, what, phone, filled.is_sure()).await;
    let filled = filled.of(id, Tried::Credit);
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
    let done = resolve::refund(&app, who, what, said, filled.is_sure()).await;
    let filled = filled.of(id, Tried::Refund);
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
    let filled = filled.of(id, Tried::Back);
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
