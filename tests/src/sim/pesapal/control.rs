//! The control API: what happened, what is to go wrong, and what banks and merchants do. It trusts whoever reaches it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::state::{By, Code, Delivery, Knobs, NotNow, Order};

type Sim = Extract<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/orders", get(orders))
        .route("/orders/{tracking}/end", post(end))
        .route("/orders/{tracking}/approve-refund", post(approve))
        .route("/orders/{tracking}/notify", post(notify))
        .route("/accounts/{account}/charge", post(charge))
        .route("/accounts/{account}/opt-out", post(opt_out))
        .route("/deliveries", get(deliveries))
        .route("/knobs", get(knobs).post(tune))
        .route("/clock", get(clock))
        .route("/clock/advance", post(advance))
}

impl IntoResponse for NotNow {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Cancelled | Self::Otherwise => StatusCode::CONFLICT,
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

async fn orders(Extract(shared): Sim) -> Json<Vec<Order>> {
    Json(shared.read(|state| state.orders.iter().rev().cloned().collect()))
}

async fn deliveries(Extract(shared): Sim) -> Json<Vec<Delivery>> {
    Json(shared.read(|state| state.deliveries.iter().rev().cloned().collect()))
}

/// How an order is to end.
#[derive(Deserialize)]
struct End {
    code: Code,
    #[serde(default)]
    by: By,
}

async fn end(
    Extract(shared): Sim,
    Path(tracking): Path<String>,
    Json(end): Json<End>,
) -> Result<StatusCode, NotNow> {
    shared
        .end(&tracking, end.code, end.by)
        .map(|_| StatusCode::NO_CONTENT)
}

async fn approve(Extract(shared): Sim, Path(tracking): Path<String>) -> Result<StatusCode, NotNow> {
    shared.approve(&tracking).map(|()| StatusCode::NO_CONTENT)
}

/// Tells of an order once more, whatever came of it.
async fn notify(Extract(shared): Sim, Path(tracking): Path<String>) -> Result<StatusCode, NotNow> {
    super::deliver::notify(&shared, &tracking)
        .map(|_| StatusCode::NO_CONTENT)
        .ok_or(NotNow::Unknown)
}

async fn charge(Extract(shared): Sim, Path(account): Path<String>) -> Result<Json<Value>, NotNow> {
    let tracking = shared.charge(&account)?;
    Ok(Json(json!({ "tracking": tracking })))
}

async fn opt_out(Extract(shared): Sim, Path(account): Path<String>) -> Result<StatusCode, NotNow> {
    shared.opt_out(&account).map(|()| StatusCode::NO_CONTENT)
}

async fn knobs(Extract(shared): Sim) -> Json<Knobs> {
    Json(shared.read(|state| state.knobs.clone()))
}

/// Changes the knobs that are named, and no other.
async fn tune(Extract(shared): Sim, Json(named): Json<Value>) -> Response {
    let changed = shared.change(|state| {
        let mut all = serde_json::to_value(&state.knobs)?;
        if let (Some(all), Some(named)) = (all.as_object_mut(), named.as_object()) {
            all.extend(named.clone());
        }
        state.knobs = serde_json::from_value(all)?;
        Ok::<_, serde_json::Error>(state.knobs.clone())
    });
    match changed {
        Ok(knobs) => Json(knobs).into_response(),
        Err(error) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({ "error": error.to_string() })),
        )
            .into_response(),
    }
}

async fn clock(Extract(shared): Sim) -> Json<Value> {
    Json(json!({ "now": shared.clock.now().to_string() }))
}

#[derive(Deserialize)]
struct Advance {
    seconds: u64,
}

async fn advance(Extract(shared): Sim, Json(by): Json<Advance>) -> StatusCode {
    shared.clock.advance(Duration::from_secs(by.seconds));
    StatusCode::NO_CONTENT
}
