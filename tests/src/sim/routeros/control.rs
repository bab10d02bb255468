//! The control API: JSON over HTTP on a port of its own, so that any program can move phones, time and faults. The same as methods of `Router`.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router as Routes};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::device::Knobs;
use super::faults::Faults;
use super::hotspot::Reboot;
use super::panel;
use super::phone::NoPhone;
use super::{Refused, Router};

/// Serves the control API until the simulator stops.
pub(crate) fn serve(router: Router, listener: tokio::net::TcpListener) {
    let router = Arc::new(router);
    let stop = router.shared.stop.clone();
    let tasks = router.shared.tasks.clone();
    let routes = Routes::new()
        .route("/", get(panel::show))
        .route("/press", post(panel::press))
        .route("/state", get(state))
        .route("/rows", get(rows))
        .route("/phones", post(join))
        .route("/phones/{mac}/{what}", post(phone))
        .route("/reboot", post(reboot))
        .route("/clock/advance", post(advance))
        .route("/clock/set", post(set_clock))
        .route("/faults", get(faults).post(set_faults))
        .route("/knobs", get(knobs).post(set_knobs))
        .route("/connections/{what}", post(connections))
        .route("/users", post(add_user))
        .route("/run", post(run))
        .route("/portal", post(portal))
        .fallback(|| async {
            Wrong(
                StatusCode::NOT_FOUND,
                "no such call; the README of the simulator lists them".to_owned(),
            )
        })
        .with_state(router);
    tasks.spawn(async move {
        let serving = axum::serve(listener, routes).into_future();
        tokio::select! {
            () = stop.cancelled() => {}
            // The listener lives as long as the simulator.
            _ = serving => {}
        }
    });
}

type Handle = State<Arc<Router>>;

/// A request that cannot be carried out, in words.
struct Wrong(StatusCode, String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<NoPhone> for Wrong {
    fn from(error: NoPhone) -> Self {
        let status = if error == NoPhone::Unknown {
            StatusCode::NOT_FOUND
        } else {
            StatusCode::BAD_REQUEST
        };
        Self(status, error.to_string())
    }
}

impl From<Refused> for Wrong {
    fn from(error: Refused) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, error.0)
    }
}

impl From<anyhow::Error> for Wrong {
    fn from(error: anyhow::Error) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"))
    }
}

/// What the body of a request says: JSON of whatever content type, and nothing is `{}`.
struct Told<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Told<T> {
    type Rejection = Wrong;

    async fn from_request(request: Request, state: &S) -> Result<Self, Wrong> {
        let wrong = |words: String| Wrong(StatusCode::BAD_REQUEST, words);
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|error| wrong(error.to_string()))?;
        let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
        let told = serde_json::from_slice(body).map_err(|error| wrong(error.to_string()))?;
        Ok(Self(told))
    }
}

type Answer = Result<Json<Value>, Wrong>;

const DONE: Json<Value> = Json(Value::Null);

async fn state(State(router): Handle) -> Json<Value> {
    let (up, now, calendar) = router
        .shared
        .with(|device| (device.up, device.now, device.calendar_now()));
    let faults = router.shared.faults.borrow().clone();
    let portal = router.portal();
    Json(json!({
        "version": router.shared.config.version.to_string(),
        "up": up,
        "clock_ms": now,
        "calendar": calendar,
        "api": router.api(),
        "api_tls": router.api_tls(),
        "http": router.http(),
        "control": router.control(),
        "fingerprint": router.fingerprint(),
        "portal": portal,
        "phones": router.phones(),
        "hosts": router.rows("/ip/hotspot/host"),
        "active": router.rows("/ip/hotspot/active"),
        "users": router.rows("/ip/hotspot/user"),
        "cookies": router.rows("/ip/hotspot/cookie"),
        "log": router.rows("/log"),
        "faults": faults,
    }))
}

async fn rows(State(router): Handle, Query(query): Query<BTreeMap<String, String>>) -> Answer {
    let menu = query.get("menu").map(String::as_str).unwrap_or_default();
    if super::menu::at(menu).is_none() {
        return Err(Wrong(
            StatusCode::NOT_FOUND,
            "no such command prefix".to_owned(),
        ));
    }
    Ok(Json(json!(router.rows(menu))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join {
    mac: Option<String>,
    /// The number of the forwarding port; 0 or nothing takes any.
    #[serde(default)]
    forward_port: u16,
}

async fn join(State(router): Handle, Told(join): Told<Join>) -> Answer {
    let mut phone = router.join(join.mac.as_deref())?;
    phone.forward = Some(router.forward(&phone.mac, join.forward_port)?);
    Ok(Json(json!(phone)))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Move {
    upload: u64,
    download: u64,
    mac: Option<String>,
}

async fn phone(
    State(router): Handle,
    Path((mac, what)): Path<(String, String)>,
    Told(wanted): Told<Move>,
) -> Answer {
    match what.as_str() {
        "leave" => router.leave(&mac)?,
        "sleep" => router.sleep(&mac)?,
        "wake" => router.wake(&mac)?,
        "traffic" => router.traffic(&mac, wanted.upload, wanted.download)?,
        "burst" => router.burst(&mac, wanted.upload, wanted.download)?,
        "rotate" => {
            let mut phone = router.rotate_mac(&mac, wanted.mac.as_deref())?;
            phone.forward = Some(router.forward(&phone.mac, 0)?);
            return Ok(Json(json!(phone)));
        }
        _ => {
            return Err(Wrong(
                StatusCode::NOT_FOUND,
                "phones leave, sleep, wake, traffic, burst, rotate".to_owned(),
            ));
        }
    }
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Down {
    kind: Reboot,
}

async fn reboot(State(router): Handle, Told(down): Told<Down>) -> Json<Value> {
    router.reboot(down.kind);
    DONE
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seconds {
    seconds: u64,
}

async fn advance(State(router): Handle, Told(by): Told<Seconds>) -> Json<Value> {
    router.advance(Duration::from_secs(by.seconds));
    Json(json!({ "clock_ms": router.clock().now() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Calendar {
    /// Seconds since 1970.
    unix: i64,
}

async fn set_clock(State(router): Handle, Told(calendar): Told<Calendar>) -> Json<Value> {
    router.set_calendar(calendar.unix);
    DONE
}

async fn faults(State(router): Handle) -> Json<Faults> {
    Json(router.shared.faults.borrow().clone())
}

async fn set_faults(State(router): Handle, Told(faults): Told<Faults>) -> Json<Value> {
    router.fault(|have| *have = faults);
    DONE
}

async fn knobs(State(router): Handle) -> Json<Knobs> {
    Json(router.shared.with(|device| device.knobs))
}

async fn set_knobs(State(router): Handle, Told(knobs): Told<Knobs>) -> Json<Value> {
    router.knob(|have| *have = knobs);
    DONE
}

async fn connections(State(router): Handle, Path(what): Path<String>) -> Answer {
    match what.as_str() {
        "half-open" => router.half_open(),
        "disconnect" => router.disconnect(),
        "certificate" => router.change_certificate()?,
        _ => {
            return Err(Wrong(
                StatusCode::NOT_FOUND,
                "half-open, disconnect or certificate".to_owned(),
            ));
        }
    }
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    command: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

async fn add_user(
    State(router): Handle,
    Told(attributes): Told<BTreeMap<String, String>>,
) -> Answer {
    carry_out(&router, "/ip/hotspot/user/add", &attributes)
}

async fn run(State(router): Handle, Told(command): Told<Command>) -> Answer {
    carry_out(&router, &command.command, &command.attributes)
}

fn carry_out(router: &Router, command: &str, attributes: &BTreeMap<String, String>) -> Answer {
    let attributes: Vec<(&str, &str)> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let ret = router.run(command, &attributes)?;
    Ok(Json(json!({ "ret": ret })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Portal {
    address: Option<SocketAddr>,
}

async fn portal(State(router): Handle, Told(portal): Told<Portal>) -> Json<Value> {
    router.set_portal(portal.address);
    DONE
}
