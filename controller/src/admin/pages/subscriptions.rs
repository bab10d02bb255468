//! What the platform sells to businesses, as its staff see it: how each stands, orders that need somebody, and money that goes back.

use askama::Template;
use axum::extract::{Form, State as Given};
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::{OrderId, ProviderId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::providers;
use crate::providers::log_in::Visit;
use crate::providers::log_in::again::prove;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::proof::not_proved;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::subscriptions::back::{self, NotDone};
use crate::subscriptions::store::listed as store;
use crate::subscriptions::store::{invoices, orders};
use crate::subscriptions::{Flag, Order, Refund, Resolution, Stage, State};
use crate::web::page::{html, onward};
use crate::web::{Path, Query};

const PAGE: u16 = 50;
/// Flagged orders on the page; the rest when these are done with.
const FLAGGED: u16 = 50;
const PATH: &str = "/admin/subscriptions";
/// The word of whoever says that Pesapal does not give money back.
const DECLINED: &str = "declined";
/// The longest text about who issues invoices.
const LONGEST: usize = 500;

struct Row {
    id: ProviderId,
    business: String,
    stage: &'static str,
    kind: &'static str,
    plan: Option<String>,
    due: Option<String>,
    closes: Option<String>,
}

struct Choice {
    word: &'static str,
    name: &'static str,
    count: i64,
    is_chosen: bool,
}

struct Look {
    id: OrderId,
    business: String,
    plan: String,
    asked: String,
    paid: Option<String>,
    why: &'static str,
    state: &'static str,
    receipt: Option<String>,
    refund: Option<&'static str>,
    at: String,
    may_extend: bool,
    may_refund: bool,
    may_decline: bool,
}

#[derive(Template)]
#[template(path = "admin/subscriptions.html")]
struct SubscriptionsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    is_on: bool,
    rows: Vec<Row>,
    stages: Vec<Choice>,
    is_all: bool,
    flagged: Vec<Look>,
    issuer: String,
    more: Option<String>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Which businesses, where in the list, and what was done just before.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    stage: String,
    before: Option<String>,
    done: Option<String>,
}

/// Shows how businesses stand and what needs somebody.
///
/// # Errors
/// When the database is away.
pub async fn list(
    Given(app): Given<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = &frame.words().sold;
    let done = match asked.done.as_deref() {
        Some("resolved") => Some(w.resolved),
        Some("issuer") => Some(w.issuer_kept),
        _ => None,
    };
    shown(&app, &frame, asked, done, None).await
}

async fn shown(
    app: &App,
    frame: &Frame,
    asked: Asked,
    done: Option<&'static str>,
    fault: Option<&'static str>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let stage = asked.stage.parse::<Stage>().ok();
    let before = match asked.before.as_deref() {
        Some(id) => Some(id.parse::<ProviderId>().map_err(|_| Trouble::Nothing)?),
        None => None,
    };
    let mut tx = app.db.platform(Reason::Admin).await?;
    let listed = store::subscribers(&mut tx, stage, before, PAGE).await?;
    let counts = store::stages(&mut tx).await?;
    let flagged = store::flagged(&mut tx, FLAGGED).await?;
    let issuer = invoices::issuer(&mut tx).await?;
    drop(tx);
    let last = listed.get(usize::from(PAGE) - 1);
    let more = last.map(|last| {
        let stage = stage.map_or("", Stage::word);
        format!("{PATH}?stage={stage}&before={}", last.provider)
    });
    let page = SubscriptionsPage {
        frame,
        w,
        is_on: app.rails.pesapal.is_some(),
        rows: listed.into_iter().map(|one| row(one, w)).collect(),
        stages: Stage::ALL
            .iter()
            .map(|one| Choice {
                word: one.word(),
                name: w.sold.stage(one.word()),
                count: counts
                    .iter()
                    .find(|(stage, _)| stage == one)
                    .map_or(0, |(_, count)| *count),
                is_chosen: stage == Some(*one),
            })
            .collect(),
        is_all: stage.is_none(),
        flagged: flagged.into_iter().map(|one| look(one, w)).collect(),
        issuer,
        more,
        done,
        fault,
    };
    let status = match fault {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, &page))
}

fn row(one: store::Subscriber, w: &'static Words) -> Row {
    Row {
        id: one.provider,
        business: one.business,
        stage: w.sold.stage(one.stage.word()),
        kind: match one.stage {
            Stage::Active => "good",
            Stage::Trial | Stage::None => "",
            Stage::Grace => "wait",
            Stage::Restricted => "bad",
        },
        plan: one
            .plan
            .zip(one.price)
            .map(|(plan, price)| format!("{plan}, {price}")),
        due: one.due.map(|at| w.calendar.moment(at)),
        closes: one
            .restricted_from
            .filter(|_| matches!(one.stage, Stage::Grace | Stage::None))
            .map(|at| w.calendar.moment(at)),
    }
}

fn look(one: store::Flagged, w: &'static Words) -> Look {
    let is_settled = matches!(one.state, State::Completed | State::Reversed);
    let goes_back = one.refund.is_some_and(Refund::is_under_way);
    // What came once more after it had gone back can go back again.
    let is_back = one.state == State::Reversed && one.flag != Flag::Contrary;
    // As for whoever counts it: nothing is known to be paid without the rail's name, and no books are kept in other currencies.
    let has_worth = match &one.paid {
        Some(paid) if paid.cents > 0 => paid.worth().is_some(),
        _ => true,
    };
    Look {
        id: one.order,
        business: one.business,
        plan: one.plan,
        asked: one.price.to_string(),
        paid: one.paid.map(|paid| paid.to_string()),
        why: w.sold.flag(one.flag.word()),
        state: w.sold.state(one.state.word()),
        may_refund: one.receipt.as_deref().is_some_and(|code| !code.is_empty())
            && !is_back
            && one.refund != Some(Refund::Taken),
        receipt: one.receipt,
        refund: one.refund.map(|refund| w.sold.refund(refund.word())),
        at: w.calendar.moment(one.at),
        may_extend: !is_settled && !goes_back && one.has_tracking && has_worth,
        may_decline: goes_back && !is_back,
    }
}

/// That somebody proves once more who they are; nothing typed where they were not asked yet.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Proof {
    password: SecretString,
    digits: String,
}

#[derive(Template)]
#[template(path = "admin/refund.html")]
struct RefundPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: OrderId,
    to: &'a str,
    title: &'static str,
    text: &'static str,
    button: &'static str,
    provider: ProviderId,
    business: String,
    amount: String,
    receipt: Option<String>,
    fault: Option<String>,
}

/// Asks who wants an order's money to go back, or says that it does not.
async fn proof_asked(
    app: &App,
    frame: &Frame,
    (provider, id, to): (ProviderId, OrderId, &str),
    (status, fault): (StatusCode, Option<String>),
) -> Result<Response, Trouble> {
    let mut tx = app.db.platform(Reason::Admin).await?;
    let business = providers::store::provider(&mut tx, provider).await?;
    let order = orders::lock(&mut tx, provider, id).await?;
    drop(tx);
    let (business, order) = business.zip(order).ok_or(Trouble::Nothing)?;
    let w = frame.words();
    let (title, text, button) = if to == DECLINED {
        (w.sold.declined_title, w.sold.declined_text, w.sold.declined)
    } else {
        (w.sold.refund_title, w.sold.refund_text, w.sold.refund)
    };
    let page = RefundPage {
        frame,
        w,
        title,
        text,
        button,
        id,
        to,
        provider,
        business: business.business_name,
        amount: order.whole().to_string(),
        receipt: order.confirmation.filter(|code| !code.is_empty()),
        fault,
    };
    Ok(html(status, &page))
}

/// What somebody decided about a flagged order: `extended`, `refunded` or `kept`; `refund` asks for any paid order's money to go back, and `declined`
/// says that it does not.
///
/// Money goes nowhere before whoever sends it has proved who they are.
///
/// # Errors
/// When there is no such order, or the database is away.
pub async fn decide(
    Given(app): Given<App>,
    frame: Frame,
    visit: Visit,
    Path((id, to)): Path<(String, String)>,
    Form(proof): Form<Proof>,
) -> Result<Response, Trouble> {
    let id: OrderId = id.parse().map_err(|_| Trouble::Nothing)?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    let provider = store::owner(&mut tx, id).await?;
    drop(tx);
    let provider = provider.ok_or(Trouble::Nothing)?;
    let by = (Actor::Admin(visit.person), visit.name.as_str());
    let (is_refund, is_declined) = (to == "refund", to == DECLINED);
    let resolution = to.parse::<Resolution>().ok();
    if is_refund || is_declined || resolution == Some(Resolution::Refunded) {
        let what = (provider, id, to.as_str());
        if proof.password.expose_secret().is_empty() {
            return proof_asked(&app, &frame, what, (StatusCode::OK, None)).await;
        }
        if let Err(error) = prove(&app, visit.claimant(), proof.password, &proof.digits).await {
            let (status, fault) = not_proved(error, frame.words())?;
            return proof_asked(&app, &frame, what, (status, Some(fault))).await;
        }
    }
    let outcome = if is_refund {
        back::refund(&app, provider, id, by).await
    } else if is_declined {
        back::declined(&app, provider, id, by.0).await
    } else {
        let resolution = resolution.ok_or(Trouble::Nothing)?;
        back::resolve(&app, provider, id, resolution, by).await
    };
    let w = &frame.words().sold;
    let fault = match outcome {
        Ok(()) if is_refund || is_declined => {
            return Ok(onward(&format!("{PATH}/{provider}?done={to}")));
        }
        Ok(()) => return Ok(onward(&format!("{PATH}?done=resolved"))),
        Err(NotDone::Nothing) => return Err(Trouble::Nothing),
        Err(NotDone::Senseless(_)) => w.senseless,
        Err(NotDone::Rail(error)) => {
            tracing::warn!(order.id = %id, error = &error as &dyn std::error::Error, "Pesapal did not take a refund");
            w.rail
        }
        Err(NotDone::Feed(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a site's feed could not be written"
            );
            return Err(Trouble::Inside);
        }
        Err(NotDone::Database(error)) => return Err(error.into()),
    };
    shown(&app, &frame, Asked::default(), None, Some(fault)).await
}

/// The form of who issues invoices.
#[derive(Deserialize)]
pub struct Issuer {
    #[serde(default)]
    issuer: String,
}

/// Says what stands above every invoice.
///
/// # Errors
/// When the database is away.
pub async fn issuer(
    Given(app): Given<App>,
    visit: Visit,
    Form(filled): Form<Issuer>,
) -> Result<Response, Trouble> {
    let text: String = filled.issuer.trim().chars().take(LONGEST).collect();
    let mut tx = app.db.platform(Reason::Admin).await?;
    let before = invoices::issuer(&mut tx).await?;
    invoices::set_issuer(&mut tx, &text, app.clock.now()).await?;
    let deed = Deed {
        act: "invoice-issuer",
        subject: "platform",
        before: Some(json!(before)),
        after: Some(json!(text)),
    };
    record(&app, &mut tx, None, Actor::Admin(visit.person), deed).await?;
    tx.commit().await?;
    Ok(onward(&format!("{PATH}?done=issuer")))
}

struct OrderRow {
    id: OrderId,
    at: String,
    price: String,
    state: &'static str,
    flag: Option<&'static str>,
    refund: Option<&'static str>,
    receipt: Option<String>,
    may_refund: bool,
    may_decline: bool,
}

#[derive(Template)]
#[template(path = "admin/subscription.html")]
struct OnePage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    id: ProviderId,
    business: String,
    orders: Vec<OrderRow>,
    older: Option<String>,
    done: Option<&'static str>,
    fault: Option<&'static str>,
}

/// Shows the orders of one business.
///
/// # Errors
/// When there is none such, or the database is away.
pub async fn one(
    Given(app): Given<App>,
    frame: Frame,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let id: ProviderId = id.parse().map_err(|_| Trouble::Nothing)?;
    let before = asked.before.and_then(|before| before.parse().ok());
    let mut tx = app.db.platform(Reason::Admin).await?;
    let business = providers::store::provider(&mut tx, id).await?;
    let business = business.ok_or(Trouble::Nothing)?;
    let from = match before {
        Some(order) => orders::lock(&mut tx, id, order).await?,
        None => None,
    };
    let from = from.map(|order| (order.created_at, order.id));
    let listed = orders::newest(&mut tx, id, from, PAGE).await?;
    drop(tx);
    let last = listed.get(usize::from(PAGE) - 1);
    let page = OnePage {
        frame: &frame,
        w,
        id,
        business: business.business_name,
        older: last.map(|order| format!("{PATH}/{id}?before={}", order.id)),
        orders: listed.iter().map(|order| order_row(order, w)).collect(),
        done: match asked.done.as_deref() {
            Some("refund") => Some(w.sold.refund_asked),
            Some(DECLINED) => Some(w.sold.was_declined),
            _ => None,
        },
        fault: None,
    };
    Ok(html(StatusCode::OK, &page))
}

fn order_row(order: &Order, w: &'static Words) -> OrderRow {
    let is_paid = order.state == State::Completed;
    let has_receipt = order
        .confirmation
        .as_deref()
        .is_some_and(|code| !code.is_empty());
    OrderRow {
        id: order.id,
        at: w.calendar.moment(order.created_at),
        price: order.price.to_string(),
        state: w.sold.state(order.state.word()),
        flag: order
            .flag
            .filter(|_| order.resolution.is_none())
            .map(|flag| w.sold.flag(flag.word())),
        refund: order.refund.map(|refund| w.sold.refund(refund.word())),
        receipt: order.confirmation.clone(),
        may_refund: is_paid && has_receipt && order.refund != Some(Refund::Taken),
        may_decline: order.may_be_declined(),
    }
}
