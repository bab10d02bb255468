//! The page of what a business pays the platform: what it is on, until when, a way to pay, and what it ordered.

mod offer;
pub mod paper;
mod why;

use askama::Template;
use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::{AttemptId, OrderId, PlatformPlanId};
use serde::Deserialize;
use sqlx::PgConnection;

use self::offer::{Offer, attempt, offer, too_small};
use self::why::{named, reason};
use super::back::{self, NotDone};
use super::change::{self, NotChanged};
use super::order::{self, NotMade, Wish};
use super::plans::saves;
use super::room::room;
use super::standing::{NoTrial, SHOWN, Standing, Status, standing, try_out};
use super::store::{invoices, orders, plans};
use super::{Feature, Kind, Order, Period, PlatformPlan, State as OrderState};
use crate::app::App;
use crate::providers::gate::Seat;
use crate::providers::mail::fill;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{SubscriptionWords, Words};
use crate::providers::staff::roles::Permission;
use crate::tickets::feed::FeedError;
use crate::web::Path;
use crate::web::page::{html, onward};

const PATH: &str = "/settings/subscription";
/// The first part of the list, and nobody was led here.
const NOWHERE: (Option<OrderId>, Option<&str>) = (None, None);

/// A plan that can be chosen.
struct Choice {
    id: PlatformPlanId,
    name: String,
    price: String,
    period: &'static str,
    /// For how many sites it is.
    sites: String,
    features: Vec<&'static str>,
    /// The offer to try it for some days.
    trial: Option<String>,
    /// Whether the business is on it, or was last.
    is_own: bool,
    /// Whether the look of the business's own would rest on it.
    rests: bool,
    attempt: AttemptId,
    /// By how many percent a year of it is less than twelve months.
    saves: Option<i64>,
    /// The change to it at once.
    at_once: Option<Offer>,
    /// Why it can only be had for the next period.
    only_next: Option<String>,
    /// Why it cannot be had.
    too_small: Option<String>,
}

/// An order in the list.
struct Row {
    at: String,
    price: String,
    state: &'static str,
    is_paid: bool,
    receipt: Option<String>,
    is_recurring: bool,
    is_upgrade: bool,
    is_flagged: bool,
    invoice: Option<i64>,
}

/// The order that waits to be paid.
struct Open {
    id: OrderId,
    price: String,
    at: String,
    address: String,
}

#[derive(Template)]
#[template(path = "money/subscription.html")]
struct SubscriptionPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    is_on: bool,
    may_pay: bool,
    said: &'static str,
    plan: Option<String>,
    /// What ends, or ended, and when.
    until: Option<(&'static str, String)>,
    /// Until when everything goes on although nothing is paid.
    closes: Option<String>,
    /// Why somebody was led here.
    why: Option<String>,
    /// What a card is charged by itself that does not pay for the plan the business is on.
    card: Option<String>,
    /// Whether a voucher can be looked up here, as its own page is closed.
    looks_up: bool,
    /// Whether all data can be taken out from here, as the way there is closed.
    exports: bool,
    open: Option<Open>,
    /// Whether the plan that the business is on, or was last, can be paid for: the others are beside it.
    has_own: bool,
    choices: Vec<Choice>,
    rows: Vec<Row>,
    older: Option<String>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// What the address says: what was done just before, and which part of the list is meant.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    done: Option<String>,
    before: Option<String>,
    why: Option<String>,
}

/// Shows how the business stands.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = &frame.words().subscription;
    let done = match asked.done.as_deref() {
        Some("made") => Some(w.made),
        Some("trial") => Some(w.started),
        Some("cancelled") => Some(w.cancelled),
        Some("changed") => Some(w.changed),
        _ => None,
    };
    let before = asked.before.and_then(|id| id.parse().ok());
    let why = asked.why.as_deref();
    shown(&app, &frame, &seat, (before, why), done, None).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    seat: &Seat,
    (before, why): (Option<OrderId>, Option<&str>),
    done: Option<&'static str>,
    fault: Option<&'static str>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let words = &w.subscription;
    let now = app.clock.now();
    let Standing {
        status,
        plan,
        paid_until,
        is_trial,
        orders,
        rights,
    } = standing(app, seat.provider()).await?;
    let open = orders
        .iter()
        .find(|order| is_payable(order) && now < order.expires_at);
    let open = open.and_then(|order| {
        Some(Open {
            id: order.id,
            price: order.price.to_string(),
            at: w.calendar.moment(order.created_at),
            address: order.redirect.clone()?,
        })
    });
    let mut tx = app.db.tenant(seat.provider()).await?;
    let card = card(&mut tx, seat, plan.as_ref(), words).await?;
    let offered = plans::offered(&mut tx).await?;
    let terms = change::paid_for(&mut tx, seat.provider()).await?;
    let room = room(&mut tx, seat.provider(), &terms, now).await?;
    let listed = match before {
        None => orders,
        Some(id) => {
            let from = orders::lock(&mut tx, seat.provider(), id).await?;
            let from = from.map(|order| (order.created_at, order.id));
            orders::newest(&mut tx, seat.provider(), from, SHOWN).await?
        }
    };
    let ids: Vec<OrderId> = listed.iter().map(|order| order.id).collect();
    let invoices = invoices::of_orders(&mut tx, seat.provider(), &ids).await?;
    drop(tx);
    let saved: Vec<_> = offered.iter().map(|plan| saves(plan, &offered)).collect();
    let changes: Vec<_> = offered
        .iter()
        .map(|plan| offer(app, w, &terms, plan, now))
        .collect();
    let is_restricted = rights.is_restricted(now);
    let closes = rights.restricted_from.filter(|from| now < *from);
    let has_more = listed.len() >= usize::from(SHOWN);
    let older = listed.last().filter(|_| has_more);
    let is_dressed = rights.allows(Feature::CustomPortal);
    let is_new = status == Status::None || status == Status::Pending;
    let own = plan.as_ref().map(|plan| plan.id);
    let is_had = |plan: &PlatformPlan| own == Some(plan.id) && plan.price.cents > 0;
    let page = SubscriptionPage {
        frame,
        w,
        is_on: app.rails.pesapal.is_some(),
        may_pay: seat.place.role.may(Permission::PayPlatform),
        said: match status {
            Status::None => words.none,
            Status::Pending => words.pending,
            Status::Trial => words.trial,
            Status::Active => words.active,
            Status::Expired if is_restricted => words.restricted,
            Status::Expired => words.expired,
        },
        plan: plan.map(|plan| plan.name),
        until: paid_until.map(|until| {
            let ends = match (status == Status::Expired, is_trial) {
                (false, false) => words.until,
                (false, true) => words.trial_until,
                (true, false) => words.was_until,
                (true, true) => words.trial_ended,
            };
            (ends, w.calendar.moment(until))
        }),
        closes: closes
            .filter(|_| matches!(status, Status::Expired | Status::None | Status::Pending))
            .map(|from| w.calendar.moment(from)),
        why: why.and_then(|why| reason(w, frame.support.as_ref(), why, &offered)),
        card,
        looks_up: is_restricted && seat.place.role.may(Permission::SeeVouchers),
        exports: is_restricted && seat.place.role.may(Permission::Export),
        open,
        has_own: offered
            .iter()
            .any(|plan| is_had(plan) && room.check(plan).is_ok()),
        choices: offered
            .into_iter()
            .zip(changes.into_iter().zip(saved))
            .filter(|(plan, _)| plan.price.cents > 0 || (is_new && plan.trial_days > 0))
            .map(|(plan, ((at_once, only_next), saves))| Choice {
                saves,
                is_own: own == Some(plan.id),
                rests: is_dressed && !plan.features.contains(&Feature::CustomPortal),
                at_once,
                only_next,
                too_small: room.check(&plan).err().map(|few| too_small(words, few)),
                ..choice(app, words, plan, is_new)
            })
            .collect(),
        older: older.map(|order| format!("{PATH}?before={}", order.id)),
        rows: listed
            .iter()
            .map(|order| Row {
                invoice: invoices
                    .iter()
                    .find(|(of, _)| *of == order.id)
                    .map(|(_, number)| *number),
                ..row(w, order)
            })
            .collect(),
        done,
        fault,
    };
    let status = if fault.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok(html(status, &page))
}

/// A change of plan does not reach a card that is charged by itself, and nobody here can change that: so it is said what it goes on paying for.
async fn card(
    conn: &mut PgConnection,
    seat: &Seat,
    on: Option<&PlatformPlan>,
    words: &SubscriptionWords,
) -> sqlx::Result<Option<String>> {
    let (Some(order), Some(on)) = (orders::on_card(conn, seat.provider()).await?, on) else {
        return Ok(None);
    };
    if order.plan == on.id && order.price == on.price {
        return Ok(None);
    }
    let pays = plans::one(conn, order.plan).await?;
    let pays = pays.map_or_else(String::new, |plan| plan.name);
    let price = order.price.to_string();
    let places = [
        ("price", price.as_str()),
        ("plan", pays.as_str()),
        ("on", on.name.as_str()),
    ];
    let text = if orders::was_charged(conn, &order).await? {
        words.card_other
    } else {
        words.card_perhaps
    };
    Ok(Some(fill(text, &places)))
}

/// Whether somebody can still go to the rail's page and pay.
const fn is_payable(order: &Order) -> bool {
    matches!(order.state, OrderState::Submitted | OrderState::Failed)
        && order.redirect.is_some()
        && !order.is_paid_otherwise()
}

fn choice(app: &App, words: &SubscriptionWords, plan: PlatformPlan, is_new: bool) -> Choice {
    Choice {
        id: plan.id,
        name: plan.name,
        price: plan.price.to_string(),
        period: match plan.period {
            Period::Month => words.month,
            Period::Year => words.year,
        },
        sites: words.at_most(plan.most_sites),
        features: plan
            .features
            .iter()
            .map(|feature| named(words, *feature))
            .collect(),
        trial: Some(plan.trial_days)
            .filter(|days| is_new && *days > 0)
            .map(|days| words.try_out.replace("{n}", &days.to_string())),
        attempt: attempt(app),
        at_once: None,
        only_next: None,
        too_small: None,
        saves: None,
        is_own: false,
        rests: false,
    }
}

fn row(w: &Words, order: &Order) -> Row {
    let words = &w.subscription;
    Row {
        at: w.calendar.moment(order.created_at),
        price: order.price.to_string(),
        state: match order.state {
            _ if order.is_paid_otherwise() => words.state_otherwise,
            OrderState::Created | OrderState::Submitted => words.state_waiting,
            OrderState::Lost | OrderState::Refused => words.state_not_made,
            OrderState::Completed => words.state_paid,
            OrderState::Failed => words.state_failed,
            OrderState::Expired => words.state_expired,
            OrderState::Reversed => words.state_reversed,
        },
        is_paid: order.state == OrderState::Completed,
        receipt: order.confirmation.clone(),
        is_recurring: order.kind == Kind::Recurring,
        is_upgrade: order.is_upgrade,
        is_flagged: order.flag.is_some() && order.resolution.is_none(),
        invoice: None,
    }
}

/// What the form of a plan sends.
#[derive(Debug, Deserialize)]
pub struct Chosen {
    plan: String,
    attempt: String,
    recurring: Option<String>,
    upgrade: Option<String>,
    free: Option<String>,
}

/// Makes an order for a plan and shows it, with the way to the page on which it is paid; or changes the plan, where what is left is enough.
///
/// # Errors
/// When the database is away.
pub async fn pay(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(chosen): Form<Chosen>,
) -> Result<Response, Trouble> {
    let w = &frame.words().subscription;
    let (Ok(plan), Ok(attempt)) = (chosen.plan.parse(), chosen.attempt.parse()) else {
        return shown(&app, &frame, &seat, NOWHERE, None, Some(w.no_plan)).await;
    };
    if chosen.free.is_some() {
        let fault = match change::change(&app, seat.provider(), seat.actor(), plan).await {
            Ok(()) => return Ok(onward("/settings/subscription?done=changed")),
            Err(NotChanged::NotFree) => w.no_upgrade,
            Err(NotChanged::TooManySites(_)) => w.too_few_sites,
            Err(NotChanged::TooMany(_)) => w.too_many,
            Err(NotChanged::Feed(error)) => return Err(untold(&error)),
            Err(NotChanged::Database(error)) => return Err(error.into()),
        };
        return shown(&app, &frame, &seat, NOWHERE, None, Some(fault)).await;
    }
    let wish = Wish {
        plan,
        attempt,
        is_recurring: chosen.recurring.is_some(),
        is_upgrade: chosen.upgrade.is_some(),
    };
    let fault = match order::create(&app, seat.provider(), seat.actor(), wish).await {
        // Not on to the rail at once: a form of ours may lead to no other host.
        Ok(_) => return Ok(onward("/settings/subscription?done=made")),
        Err(NotMade::Off) => w.off,
        Err(NotMade::NoPlan) => w.no_plan,
        Err(NotMade::TooManySites(_)) => w.too_few_sites,
        Err(NotMade::OtherAttempt) => w.other_order,
        Err(NotMade::NoUpgrade) => w.no_upgrade,
        Err(NotMade::Free) => w.costs_nothing,
        Err(NotMade::NoContact) => w.no_contact,
        Err(NotMade::BeingMade) => w.being_made,
        Err(NotMade::TooMany(_)) => w.too_many,
        Err(error) if error.is_final() => w.refused,
        Err(NotMade::Rail(_)) => w.away,
        Err(NotMade::Fault(error)) => {
            return Err(match error.downcast::<sqlx::Error>() {
                Ok(error) => error.into(),
                Err(error) => {
                    tracing::error!(error = %format!("{error:#}"), "an order to the platform failed");
                    Trouble::Inside
                }
            });
        }
    };
    shown(&app, &frame, &seat, NOWHERE, None, Some(fault)).await
}

/// What the form of a trial sends.
#[derive(Debug, Deserialize)]
pub struct Tried {
    plan: String,
}

/// Begins a trial.
///
/// # Errors
/// When the database is away.
pub async fn trial(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Form(tried): Form<Tried>,
) -> Result<Response, Trouble> {
    let w = &frame.words().subscription;
    let Ok(plan) = tried.plan.parse() else {
        return shown(&app, &frame, &seat, NOWHERE, None, Some(w.no_plan)).await;
    };
    let fault = match try_out(&app, seat.provider(), seat.actor(), plan).await {
        Ok(()) => return Ok(onward("/settings/subscription?done=trial")),
        Err(NoTrial::NoPlan) => w.no_plan,
        Err(NoTrial::TooLate) => w.no_trial,
        Err(NoTrial::TooManySites(_)) => w.too_few_sites,
        Err(NoTrial::Feed(error)) => return Err(untold(&error)),
        Err(NoTrial::Database(error)) => return Err(error.into()),
    };
    shown(&app, &frame, &seat, NOWHERE, None, Some(fault)).await
}

fn untold(error: &FeedError) -> Trouble {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "a site's feed could not be written"
    );
    Trouble::Inside
}

/// Has an order paid no more.
///
/// # Errors
/// When there is no such order, or the database is away.
pub async fn cancel(
    State(app): State<App>,
    frame: Frame,
    seat: Seat,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id: OrderId = id.parse().map_err(|_| Trouble::Nothing)?;
    match back::cancel(&app, seat.provider(), id, seat.actor()).await {
        Ok(()) => Ok(onward("/settings/subscription?done=cancelled")),
        Err(NotDone::Senseless(_)) => Ok(onward(PATH)),
        Err(NotDone::Rail(_)) => {
            let fault = frame.words().subscription.not_cancelled;
            shown(&app, &frame, &seat, NOWHERE, None, Some(fault)).await
        }
        Err(NotDone::Nothing) => Err(Trouble::Nothing),
        Err(NotDone::Database(error)) => Err(error.into()),
        Err(NotDone::Feed(_)) => Err(Trouble::Inside),
    }
}
