//! The control API: JSON over its own port to see what happened, script what will, answer prompts and push time. It also
//! carries the phone page. It trusts whoever reaches it, so it belongs on loopback.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{FromRequest, Path, Request, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    Shared, c2b, callback,
    config::{App, Knobs, Unusable},
    fields::is_msisdn,
    page, prompt,
    script::{Answer, Body, Callback, QueryAnswer, Reply, ResultScript, Script},
    state::{Payment, State},
};

const LISTED: usize = 1_000;
const MOST_WAITING: usize = 10_000;
/// How far time can be pushed at once: nobody means to land in the year 9999.
const FURTHEST: Duration = Duration::from_secs(366 * 24 * 3_600);

type Sim = Extract<Arc<Shared>>;

/// Serves until the simulator stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    let stop = shared.stop.clone();
    crate::sim::serve(listener, routes(shared), stop, "Daraja's control").await;
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
        .fallback(|| async { Refused::NoSuchCall })
        .method_not_allowed_fallback(|| async { Refused::NotSo })
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
    Told(answer): Told<Answer>,
) -> Result<StatusCode, Refused> {
    let number = number(&shared, &checkout)?;
    let now = shared.clock.now();
    shared
        .change(|state| prompt::answer(state, number, &answer, now))
        .map_err(|_| Refused::NoPrompt)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn answer_phone(
    Extract(shared): Sim,
    Path(msisdn): Path<String>,
    Told(answer): Told<Answer>,
) -> Result<StatusCode, Refused> {
    phone(&msisdn)?;
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
    Told(resend): Told<Resend>,
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
    if shared.release(number(&shared, &checkout)?).await {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Refused::NotHeld)
    }
}

async fn answer_queries(
    Extract(shared): Sim,
    Path(checkout): Path<String>,
    Told(answers): Told<Vec<QueryAnswer>>,
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
    Told(script): Told<Script>,
) -> Result<StatusCode, Refused> {
    shared.change(|state| {
        if state.scripts.next.len() >= MOST_WAITING {
            return Err(Refused::TooMany);
        }
        state.scripts.next.push_back(script);
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn script_otherwise(Extract(shared): Sim, Told(script): Told<Script>) -> StatusCode {
    shared.change(|state| state.scripts.otherwise = script);
    StatusCode::NO_CONTENT
}

async fn script_msisdn(
    Extract(shared): Sim,
    Path(msisdn): Path<String>,
    Told(script): Told<Script>,
) -> Result<StatusCode, Refused> {
    phone(&msisdn)?;
    shared.change(|state| state.scripts.by_msisdn.insert(msisdn, script));
    Ok(StatusCode::NO_CONTENT)
}

async fn unscript_msisdn(Extract(shared): Sim, Path(msisdn): Path<String>) -> StatusCode {
    shared.change(|state| state.scripts.by_msisdn.remove(&msisdn));
    StatusCode::NO_CONTENT
}

async fn script_shortcode(
    Extract(shared): Sim,
    Path(shortcode): Path<String>,
    Told(script): Told<Script>,
) -> StatusCode {
    shared.change(|state| state.scripts.by_shortcode.insert(shortcode, script));
    StatusCode::NO_CONTENT
}

async fn unscript_shortcode(Extract(shared): Sim, Path(shortcode): Path<String>) -> StatusCode {
    shared.change(|state| state.scripts.by_shortcode.remove(&shortcode));
    StatusCode::NO_CONTENT
}

async fn script_tokens(Extract(shared): Sim, Told(replies): Told<Vec<Reply>>) -> StatusCode {
    shared.change(|state| state.scripts.tokens = replies.into());
    StatusCode::NO_CONTENT
}

async fn script_results(
    Extract(shared): Sim,
    Told(results): Told<Vec<ResultScript>>,
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
    Told(payment): Told<c2b::HandPayment>,
) -> Result<Json<Value>, Refused> {
    shared
        .read(|state| payment.check(&state.knobs))
        .map_err(Refused::Unreadable)?;
    match c2b::pay(&shared, payment, None).await {
        Ok(receipt) => Ok(Json(json!({ "receipt": receipt }))),
        Err(declined) => Err(Refused::Declined(declined.code)),
    }
}

async fn knobs(Extract(shared): Sim) -> Json<Knobs> {
    Json(shared.read(|state| state.knobs.clone()))
}

/// Changes the knobs that are named and leaves the others.
async fn tune(Extract(shared): Sim, Told(changes): Told<Value>) -> Result<Json<Knobs>, Refused> {
    let Value::Object(changes) = changes else {
        return Err(Refused::Unreadable("write an object of knobs".into()));
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

async fn add_app(Extract(shared): Sim, Told(app): Told<App>) -> Result<StatusCode, Refused> {
    app.check()?;
    shared.change(|state| state.apps.insert(app.consumer_key.clone(), app));
    Ok(StatusCode::NO_CONTENT)
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

async fn advance(Extract(shared): Sim, Told(by): Told<Advance>) -> Result<Json<Value>, Refused> {
    let by = Duration::from_secs(by.seconds).saturating_add(Duration::from_millis(by.millis));
    if by.is_zero() || by > FURTHEST {
        return Err(Refused::Unreadable(
            "push time by \"seconds\" or \"millis\", and by a year at most".into(),
        ));
    }
    shared.clock.advance(by);
    Ok(Json(json!({ "now": shared.clock.now().to_string() })))
}

fn phone(msisdn: &str) -> Result<(), Refused> {
    if is_msisdn(msisdn) {
        Ok(())
    } else {
        Err(Refused::NoPhone(msisdn.to_owned()))
    }
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

/// A JSON body, whatever its content type says: `curl -d` says another. None at all is an empty object.
struct Told<T>(T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Told<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| Refused::Unreadable(error.to_string()))?;
        let body = if body.is_empty() { b"{}" } else { &body[..] };
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|error| Refused::Unreadable(error.to_string()))
    }
}

/// Why the control API did not do something.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is no such call; the simulator's README lists them all")]
    NoSuchCall,
    #[error("this call has another method; the simulator's README lists them all")]
    NotSo,
    #[error("there is no payment with this CheckoutRequestID")]
    NotThere,
    #[error("{0:?} is no phone; write 2547XXXXXXXX or 2541XXXXXXXX")]
    NoPhone(String),
    #[error("no callback of this payment is held")]
    NotHeld,
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("there is no live prompt to answer")]
    NoPrompt,
    #[error("the payment has not ended, so there is no callback to send")]
    NotEnded,
    #[error("the payment was declined with {0}")]
    Declined(String),
    #[error("{MOST_WAITING} scripts wait already")]
    TooMany,
    #[error("{0}")]
    Unreadable(String),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NotThere | Self::NoSuchCall => StatusCode::NOT_FOUND,
            Self::NotSo => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoPrompt | Self::NotEnded | Self::NotHeld | Self::TooMany | Self::Declined(_) => {
                StatusCode::CONFLICT
            }
            Self::Unreadable(_) | Self::NoPhone(_) | Self::Unusable(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
