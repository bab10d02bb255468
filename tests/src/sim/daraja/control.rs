//! The control API: JSON over its own port to see what happened, script what will, answer prompts and push time. It also
//! carries the phone page. It trusts whoever reaches it, so it belongs on loopback.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    Shared, c2b, callback,
    config::{App, Knobs},
    page,
    script::{Answer, Body, Callback, QueryAnswer, Reply, ResultScript, Script},
    state::{Payment, State},
};

const LISTED: usize = 1_000;
const MOST_WAITING: usize = 10_000;

type Sim = Extract<Arc<Shared>>;

/// Serves until the simulator stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let stop = shared.stop.clone();
    let served = axum::serve(listener, routes(shared))
        .with_graceful_shutdown(async move { stop.cancelled().await });
    if let Err(error) = served.await {
        tracing::error!(%error, "the control port stopped serving");
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/state", get(state))
        .route("/counters", get(counters))
        .route("/payments", get(payments))
        .route("/payments/{checkout}", get(payment))
        .route("/payments/{checkout}/answer", post(answer_payment))
        .route("/payments/{checkout}/callback", post(resend))
        .route("/payments/{checkout}/release", post(release))
        .route("/payments/{checkout}/query", post(answer_queries))
        .route("/requests", get(requests))
        .route("/deliveries", get(deliveries))
        .route("/scripts", get(scripts))
        .route("/scripts/next", post(script_next))
        .route("/scripts/otherwise", post(script_otherwise))
        .route(
            "/scripts/msisdn/{msisdn}",
            post(script_msisdn).delete(unscript_msisdn),
        )
        .route(
            "/scripts/shortcode/{shortcode}",
            post(script_shortcode).delete(unscript_shortcode),
        )
        .route("/scripts/tokens", post(script_tokens))
        .route("/scripts/results", post(script_results))
        .route("/prompts", get(prompts))
        .route("/prompts/{msisdn}/answer", post(answer_phone))
        .route("/c2b/pay", post(pay_by_hand))
        .route("/knobs", get(knobs).post(tune))
        .route("/apps", post(add_app))
        .route("/clock", get(clock))
        .route("/clock/advance", post(advance))
        .merge(page::routes())
        .with_state(shared)
}

async fn state(Extract(shared): Sim) -> Json<Value> {
    let now = shared.clock.now().to_string();
    Json(shared.read(|state| {
        json!({
            "now": now,
            "apps": state.apps.values().map(|app| json!({
                "shortcode": app.shortcode, "kind": app.kind, "business": app.business,
            })).collect::<Vec<_>>(),
            "knobs": state.knobs,
            "counters": state.counters,
            "scripts": state.scripts,
            "payments": recent_payments(state),
            "ledger": latest(state.ledger.iter().rev()),
            "registrations": state.registrations,
            "requests": state.received.len(),
            "deliveries": state.deliveries.len(),
        })
    }))
}

async fn counters(Extract(shared): Sim) -> Json<Value> {
    Json(shared.read(|state| json!(state.counters)))
}

async fn payments(Extract(shared): Sim) -> Json<Value> {
    Json(shared.read(recent_payments))
}

async fn payment(
    Extract(shared): Sim,
    Path(checkout): Path<String>,
) -> Result<Json<Value>, Refused> {
    shared
        .read(|state| {
            state
                .payment_by_checkout(&checkout)
                .map(|payment| described(state, payment))
        })
        .map(Json)
        .ok_or(Refused::NotThere)
}

async fn answer_payment(
    Extract(shared): Sim,
    Path(checkout): Path<String>,
    Json(answer): Json<Answer>,
) -> Result<StatusCode, Refused> {
    let msisdn = shared
        .read(|state| {
            state
                .payment_by_checkout(&checkout)
                .map(|payment| payment.msisdn.clone())
        })
        .ok_or(Refused::NotThere)?;
    let live = shared.read(|state| {
        state
            .live_prompt(&msisdn)
            .is_some_and(|payment| payment.checkout_request_id == checkout)
    });
    if !live {
        return Err(Refused::NoPrompt);
    }
    shared
        .answer_phone(&msisdn, &answer)
        .map_err(|_| Refused::NoPrompt)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn answer_phone(
    Extract(shared): Sim,
    Path(msisdn): Path<String>,
    Json(answer): Json<Answer>,
) -> Result<StatusCode, Refused> {
    shared
        .answer_phone(&msisdn, &answer)
        .map_err(|_| Refused::NoPrompt)?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a callback is sent again.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct Resend {
    callback: Callback,
    body: Body,
}

async fn resend(
    Extract(shared): Sim,
    Path(checkout): Path<String>,
    Json(resend): Json<Resend>,
) -> Result<StatusCode, Refused> {
    let number = number(&shared, &checkout)?;
    if shared.read(|state| state.payments.get(&number).is_none_or(Payment::is_live)) {
        return Err(Refused::NotEnded);
    }
    callback::send_as(&shared, number, &resend.callback, &resend.body).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn release(
    Extract(shared): Sim,
    Path(checkout): Path<String>,
) -> Result<StatusCode, Refused> {
    shared.release(number(&shared, &checkout)?).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn answer_queries(
    Extract(shared): Sim,
    Path(checkout): Path<String>,
    Json(answers): Json<Vec<QueryAnswer>>,
) -> Result<StatusCode, Refused> {
    shared
        .answer_queries(&checkout, answers)
        .map_err(|_| Refused::NotThere)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn requests(Extract(shared): Sim) -> Json<Value> {
    Json(shared.read(|state| latest(state.received.iter().rev())))
}

async fn deliveries(Extract(shared): Sim) -> Json<Value> {
    Json(shared.read(|state| latest(state.deliveries.iter().rev())))
}

async fn scripts(Extract(shared): Sim) -> Json<Value> {
    Json(shared.read(|state| json!(state.scripts)))
}

async fn script_next(
    Extract(shared): Sim,
    Json(script): Json<Script>,
) -> Result<StatusCode, Refused> {
    shared.change(|state| {
        if state.scripts.next.len() >= MOST_WAITING {
            return Err(Refused::TooMany);
        }
        state.scripts.next.push_back(script);
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn script_otherwise(Extract(shared): Sim, Json(script): Json<Script>) -> StatusCode {
    shared.change(|state| state.scripts.otherwise = script);
    StatusCode::NO_CONTENT
}

async fn script_msisdn(
    Extract(shared): Sim,
    Path(msisdn): Path<String>,
    Json(script): Json<Script>,
) -> StatusCode {
    shared.change(|state| state.scripts.by_msisdn.insert(msisdn, script));
    StatusCode::NO_CONTENT
}

async fn unscript_msisdn(Extract(shared): Sim, Path(msisdn): Path<String>) -> StatusCode {
    shared.change(|state| state.scripts.by_msisdn.remove(&msisdn));
    StatusCode::NO_CONTENT
}

async fn script_shortcode(
    Extract(shared): Sim,
    Path(shortcode): Path<String>,
    Json(script): Json<Script>,
) -> StatusCode {
    shared.change(|state| state.scripts.by_shortcode.insert(shortcode, script));
    StatusCode::NO_CONTENT
}

async fn unscript_shortcode(Extract(shared): Sim, Path(shortcode): Path<String>) -> StatusCode {
    shared.change(|state| state.scripts.by_shortcode.remove(&shortcode));
    StatusCode::NO_CONTENT
}

async fn script_tokens(Extract(shared): Sim, Json(replies): Json<Vec<Reply>>) -> StatusCode {
    shared.change(|state| state.scripts.tokens = replies.into());
    StatusCode::NO_CONTENT
}

async fn script_results(
    Extract(shared): Sim,
    Json(results): Json<Vec<ResultScript>>,
) -> StatusCode {
    shared.change(|state| state.scripts.results = results.into());
    StatusCode::NO_CONTENT
}

async fn prompts(Extract(shared): Sim) -> Json<Value> {
    Json(shared.read(|state| {
        latest(
            state
                .prompts
                .values()
                .filter_map(|number| state.payments.get(number)),
        )
    }))
}

async fn pay_by_hand(
    Extract(shared): Sim,
    Json(payment): Json<c2b::HandPayment>,
) -> Result<Json<Value>, Refused> {
    match c2b::pay(&shared, payment).await {
        Ok(receipt) => Ok(Json(json!({ "receipt": receipt }))),
        Err(declined) => Err(Refused::Declined(declined.code)),
    }
}

async fn knobs(Extract(shared): Sim) -> Json<Knobs> {
    Json(shared.read(|state| state.knobs.clone()))
}

/// Changes the knobs that are named and leaves the others.
async fn tune(Extract(shared): Sim, Json(changes): Json<Value>) -> Result<Json<Knobs>, Refused> {
    let Value::Object(changes) = changes else {
        return Err(Refused::Unreadable("an object of knobs".into()));
    };
    shared.change(|state| {
        let mut all = json!(state.knobs);
        if let Value::Object(all) = &mut all {
            all.extend(changes);
        }
        state.knobs =
            serde_json::from_value(all).map_err(|error| Refused::Unreadable(error.to_string()))?;
        Ok(Json(state.knobs.clone()))
    })
}

async fn add_app(Extract(shared): Sim, Json(app): Json<App>) -> StatusCode {
    shared.change(|state| state.apps.insert(app.consumer_key.clone(), app));
    StatusCode::NO_CONTENT
}

async fn clock(Extract(shared): Sim) -> Json<Value> {
    Json(json!({ "now": shared.clock.now().to_string() }))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Advance {
    #[serde(default)]
    seconds: u64,
    #[serde(default)]
    millis: u64,
}

async fn advance(Extract(shared): Sim, Json(by): Json<Advance>) -> Json<Value> {
    shared
        .clock
        .advance(Duration::from_secs(by.seconds).saturating_add(Duration::from_millis(by.millis)));
    Json(json!({ "now": shared.clock.now().to_string() }))
}

fn number(shared: &Shared, checkout: &str) -> Result<u64, Refused> {
    shared
        .read(|state| state.by_checkout.get(checkout).copied())
        .ok_or(Refused::NotThere)
}

fn recent_payments(state: &State) -> Value {
    latest(state.payments.values().rev())
}

fn latest<T: serde::Serialize>(items: impl Iterator<Item = T>) -> Value {
    Value::from(
        items
            .take(LISTED)
            .map(|item| json!(item))
            .collect::<Vec<_>>(),
    )
}

/// Tells all about one payment, with every request and delivery that belongs to it.
fn described(state: &State, payment: &Payment) -> Value {
    let number = Some(payment.number);
    let mut all = json!(payment);
    if let Value::Object(all) = &mut all {
        all.insert(
            "requests".into(),
            latest(
                state
                    .received
                    .iter()
                    .filter(|request| request.payment == number),
            ),
        );
        all.insert(
            "deliveries".into(),
            latest(
                state
                    .deliveries
                    .iter()
                    .filter(|delivery| delivery.payment == number),
            ),
        );
    }
    all
}

/// Why the control API did not do something.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is no such payment")]
    NotThere,
    #[error("there is no live prompt to answer")]
    NoPrompt,
    #[error("the payment has not ended, so there is no callback to send")]
    NotEnded,
    #[error("the payment was declined with {0}")]
    Declined(String),
    #[error("{MOST_WAITING} scripts wait already")]
    TooMany,
    #[error("this cannot be read: {0}")]
    Unreadable(String),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotThere => StatusCode::NOT_FOUND,
            Self::NoPrompt | Self::NotEnded | Self::TooMany | Self::Declined(_) => {
                StatusCode::CONFLICT
            }
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
