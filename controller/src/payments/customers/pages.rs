//! The pages of customers: who they are, what they had, refusing one, giving one a voucher. No address holds a phone number.

use askama::Template;
use axum::extract::{Form, Query, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, CustomerId, PlanId, SiteId, TicketId};
use mnara_protocol::ticket::{Phase, Status, Ticket};
use serde::Deserialize;
use sqlx::PgConnection;

use super::block::{block, unblock};
use super::give::{Gift, NotGiven, give};
use super::store::Had;
use super::{Customer, NotDone, credit, store};
use crate::app::App;
use crate::payments::pages::line::Shown;
use crate::payments::store::list::{Wanted, lines};
use crate::providers::gate::Seat;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{VoucherWords, Words};
use crate::providers::staff::roles::Permission;
use crate::web::page::{before, html, onward};
use crate::web::{Path, show};
use crate::{fleet, plans, tickets};

/// Customers on a page.
const PAGE: u16 = 50;
/// Vouchers and payments on a customer's page.
const FEW: u16 = 20;

struct Row {
    id: CustomerId,
    phone: String,
    at: String,
    is_blocked: bool,
}

#[derive(Template)]
#[template(path = "money/customers.html")]
struct ListPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    is_blocked: bool,
    /// Whether newer ones stand on a page before.
    is_older: bool,
    rows: Vec<Row>,
    older: Option<String>,
    /// The number that was looked for and not found.
    typed: &'a str,
    fault: Option<&'static str>,
}

/// Which customers are looked for, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    blocked: String,
    before: String,
}

impl Asked {
    fn cursor(&self) -> Option<(Timestamp, CustomerId)> {
        before(&self.before)
    }
}

/// Shows the newest customers, or those who are refused.
///
/// # Errors
/// When the database is away.
pub async fn list(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    listed(&app, &frame, &seat, &asked, None).await
}

async fn listed(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    asked: &Asked,
    missed: Option<(&str, &'static str)>,
) -> Result<Response, Trouble> {
    let is_blocked = !asked.blocked.is_empty();
    let mut tx = app.db.tenant(seat.provider()).await?;
    let mut found = if is_blocked {
        store::blocked(&mut tx, seat.provider(), asked.cursor(), PAGE + 1).await?
    } else {
        store::newest(&mut tx, seat.provider(), asked.cursor(), PAGE + 1).await?
    };
    drop(tx);
    let has_more = found.len() > usize::from(PAGE);
    found.truncate(usize::from(PAGE));
    let place = |customer: &Customer| match &customer.blocked {
        Some((at, _)) if is_blocked => *at,
        _ => customer.at,
    };
    let older = found.last().filter(|_| has_more).map(|last| {
        let only = if is_blocked { "blocked=1&" } else { "" };
        let at = place(last).as_millis();
        format!("/customers?{only}before={at}.{}", last.id)
    });
    let page = ListPage {
        frame,
        w: frame.words(),
        is_blocked,
        is_older: asked.cursor().is_some(),
        rows: found
            .iter()
            .map(|customer| Row {
                id: customer.id,
                phone: show::phone(&customer.phone),
                at: frame.words().calendar.moment(place(customer)),
                is_blocked: customer.blocked.is_some(),
            })
            .collect(),
        older,
        typed: missed.map_or("", |(typed, _)| typed),
        fault: missed.map(|(_, fault)| fault),
    };
    let status = match missed {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

/// A phone that is looked for; in a form's body, so that no address holds it.
#[derive(Deserialize)]
pub struct Sought {
    phone: String,
}

/// Finds a customer by phone.
///
/// # Errors
/// When the database is away.
pub async fn find(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Form(sought): Form<Sought>,
) -> Result<Response, Trouble> {
    let w = &frame.words().customers;
    let fault = match sought.phone.parse() {
        Ok(phone) => {
            let mut tx = app.db.tenant(seat.provider()).await?;
            let found = store::by_phone(&mut tx, seat.provider(), phone).await?;
            drop(tx);
            if let Some(customer) = found {
                return Ok(onward(&format!("/customers/{}", customer.id)));
            }
            w.unknown
        }
        Err(_) => w.bad_phone,
    };
    let missed = Some((sought.phone.as_str(), fault));
    listed(&app, &frame, &seat, &Asked::default(), missed).await
}

struct Voucher {
    id: TicketId,
    name: String,
    at: String,
    class: &'static str,
    word: &'static str,
    until: Option<String>,
    code: Option<String>,
    gift: Option<String>,
}

struct Choice {
    id: String,
    name: String,
    is_chosen: bool,
}

/// What the form of a gift holds, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    plan: String,
    site: String,
    reason: String,
    attempt: String,
    /// Why somebody was to be blocked, where that was refused.
    #[serde(skip)]
    why: Option<String>,
}

#[derive(Template)]
#[template(path = "money/customer.html")]
struct OnePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: CustomerId,
    phone: String,
    blocked: Option<(String, String)>,
    vouchers: Vec<Voucher>,
    older: Option<String>,
    payments: Vec<Shown>,
    credit: Option<credit::Credit>,
    may_work: bool,
    plans: Vec<Choice>,
    sites: Vec<Choice>,
    filled: &'a Filled,
    /// So that a form that is sent twice gives once.
    attempt: AttemptId,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What was done just before and from where on vouchers are shown, as the address says it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
    before: String,
}

/// What a page says about what was just done, and where its list of vouchers begins.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    fault: Option<&'static str>,
    before: Option<(Timestamp, TicketId)>,
}

/// Shows a customer.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn one(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Response, Trouble> {
    let w = &frame.words().customers;
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let said = Said {
        done: match done.done.as_str() {
            "block" => Some(w.done_block),
            "unblock" => Some(w.done_unblock),
            _ => None,
        },
        before: before(&done.before),
        ..Said::default()
    };
    shown(&app, &frame, &seat, id, &Filled::default(), said).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: CustomerId,
    filled: &Filled,
    said: Said,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let provider = seat.provider();
    let role = seat.place.role;
    let mut tx = app.db.steady(provider).await?;
    let customer = store::by_id(&mut tx, provider, id)
        .await?
        .ok_or(Trouble::Nothing)?;
    let shows_codes = role.may(Permission::WorkPayments);
    let now = app.clock.now();
    let (vouchers, older) = vouchers(
        &mut tx,
        seat,
        (&customer, said.before),
        (shows_codes, now),
        w,
    )
    .await?;
    let wanted = Wanted {
        customer: Some(id),
        ..Wanted::default()
    };
    let payments = lines(&mut tx, provider, &wanted, None, FEW).await?;
    let credit = credit::of(&mut tx, seat, id, w).await?;
    let choice = |id: String, name: String, chosen: &str| Choice {
        is_chosen: id == chosen,
        id,
        name,
    };
    let plans = plans::store::plans(&mut tx, provider, plans::edit::MOST).await?;
    let sites = fleet::store::sites(&mut tx, provider, None, fleet::store::ALL).await?;
    drop(tx);
    let status = match said.fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = OnePage {
        frame,
        w,
        id,
        phone: show::phone(&customer.phone),
        blocked: customer
            .blocked
            .map(|(at, why)| (w.calendar.moment(at), why)),
        vouchers,
        older,
        payments: payments
            .into_iter()
            .map(|line| Shown::new(line, w))
            .collect(),
        credit,
        may_work: role.may(Permission::WorkCustomers),
        plans: plans
            .into_iter()
            .map(|plan| choice(plan.id.to_string(), plan.name, &filled.plan))
            .collect(),
        sites: sites
            .into_iter()
            .map(|site| choice(site.id.to_string(), site.name, &filled.site))
            .collect(),
        filled,
        attempt: AttemptId::from_bytes(app.entropy.bytes()),
        done: said.done,
        fault: said.fault,
    };
    Ok(html(status, &page))
}

/// Some of a customer's vouchers, and where those before them are.
async fn vouchers(
    conn: &mut PgConnection,
    seat: &Seat,
    (customer, before): (&Customer, Option<(Timestamp, TicketId)>),
    (shows_codes, now): (bool, Timestamp),
    w: &Words,
) -> sqlx::Result<(Vec<Voucher>, Option<String>)> {
    let mut had = store::tickets(conn, seat.provider(), customer, before, FEW + 1).await?;
    let has_more = had.len() > usize::from(FEW);
    had.truncate(usize::from(FEW));
    let older = had.last().filter(|_| has_more).map(|last| {
        let (id, at) = (customer.id, last.at.as_millis());
        format!("/customers/{id}?before={at}.{}#vouchers", last.ticket)
    });
    let mut vouchers = Vec::with_capacity(had.len());
    for Had { ticket, at, gift } in had {
        let Some(found) = tickets::store::by_id(conn, seat.provider(), ticket, now).await? else {
            continue;
        };
        let (class, word) = standing(&found.kept.ticket, now, &w.vouchers);
        vouchers.push(Voucher {
            id: ticket,
            at: w.calendar.moment(at),
            class,
            word,
            until: tickets::expires_at(&found.kept.ticket)
                .filter(|until| *until > now)
                .map(|at| w.calendar.moment(at)),
            code: shows_codes.then(|| tickets::in_passing(&found.kept, now)),
            name: found.kept.plan_name,
            gift,
        });
    }
    Ok((vouchers, older))
}

/// What a ticket is now, and the class of its tag: first whether it is over, by dates that no site has told of yet.
fn standing(ticket: &Ticket, now: Timestamp, w: &VoucherWords) -> (&'static str, &'static str) {
    match (ticket.status(now), &ticket.phase) {
        (Status::Revoked, _) => ("bad", w.taken_back),
        (Status::Expired, _) => ("", w.expired),
        (Status::Used, _) | (_, Phase::Ended { .. }) => ("", w.spent),
        (Status::Active, Phase::Running { .. }) => ("good", w.running),
        (Status::Active, Phase::Paused { .. }) => ("wait", w.paused),
        (Status::Active, Phase::Redeemed { .. }) => ("wait", w.connecting),
        (Status::Active, Phase::Unused) => ("wait", w.unused),
    }
}

/// Why somebody is refused, as typed.
#[derive(Deserialize)]
pub struct Why {
    #[serde(default)]
    reason: String,
}

/// Refuses a customer from now on.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn refuse(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(why): Form<Why>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let done = block(&app, seat.provider(), id, &why.reason, seat.actor()).await;
    answered(&app, &frame, &seat, id, Some(why.reason), (done, "block")).await
}

/// Lets a customer pay again.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn allow(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let done = unblock(&app, seat.provider(), id, seat.actor()).await;
    answered(&app, &frame, &seat, id, None, (done, "unblock")).await
}

async fn answered(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    id: CustomerId,
    why: Option<String>,
    (done, word): (Result<(), NotDone>, &str),
) -> Result<Response, Trouble> {
    let fault = match done {
        Ok(()) => return Ok(onward(&format!("/customers/{id}?done={word}"))),
        Err(NotDone::Missing) => return Err(Trouble::Nothing),
        Err(NotDone::Database(error)) => return Err(error.into()),
        Err(NotDone::Reason) => frame.words().customers.bad_block,
    };
    let said = Said {
        fault: Some(fault),
        ..Said::default()
    };
    let filled = Filled {
        why,
        ..Filled::default()
    };
    shown(app, frame, seat, id, &filled, said).await
}

/// Gives a customer a voucher and leads to it, where its code is.
///
/// # Errors
/// When there is no such customer, or the database is away.
pub async fn gift(
    Given(app): Given<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
    Form(filled): Form<Filled>,
) -> Result<Response, Trouble> {
    let w = &frame.words().customers;
    let id = id.parse().map_err(|_| Trouble::Nothing)?;
    let attempt: AttemptId = filled.attempt.parse().map_err(|_| Trouble::Nothing)?;
    let site = match filled.site.as_str() {
        "" => Some(None),
        text => text.parse::<SiteId>().ok().map(Some),
    };
    let done = match (filled.plan.parse::<PlanId>().ok(), site) {
        (Some(plan), Some(site)) => {
            let gift = Gift {
                customer: id,
                plan,
                site,
                reason: &filled.reason,
                attempt: Some(attempt),
            };
            give(&app, seat.provider(), seat.actor(), gift).await
        }
        _ => Err(NotGiven::Missing),
    };
    let fault = match done {
        Ok(kept) => return Ok(onward(&format!("/vouchers/{}?said=given", kept.ticket.id))),
        Err(NotGiven::Missing) => w.bad_choice,
        Err(NotGiven::Shut) => frame.words().counter.shut,
        Err(NotGiven::Reason) => w.bad_reason,
        Err(NotGiven::Enough) => w.enough,
        Err(NotGiven::Database(error)) => return Err(error.into()),
        Err(NotGiven::Issue(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a voucher could not be given"
            );
            return Err(Trouble::Inside);
        }
    };
    let said = Said {
        fault: Some(fault),
        ..Said::default()
    };
    shown(&app, &frame, &seat, id, &filled, said).await
}
