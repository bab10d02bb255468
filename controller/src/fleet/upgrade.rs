//! How a link begins: a request to upgrade, which is checked before anything is held for it. What is said then is in `link.rs`.

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::TokioIo;
use mnara_protocol::enrol::SUBPROTOCOL;
use tungstenite::handshake::derive_accept_key;

use super::hub::Hub;
use super::link::{SEND, run};
use super::socket::Socket;
use crate::app::App;
use crate::ratelimit::{Act, By};
use crate::web::serve::Place;
use crate::web::{Caller, Problem};

/// `GET /agent/v1/link`: the upgrade.
///
/// # Errors
/// A problem document when the request is no WebSocket of ours.
pub async fn upgrade(
    State(app): State<App>,
    Extension(hub): Extension<Hub>,
    Caller(source): Caller,
    mut request: Request,
) -> Result<Response, Problem> {
    app.limits.check(Act::Link, By::Address(source))?;
    let accept = accept(request.headers())?;
    let place = request.extensions().get::<Place>().cloned();
    let upgrade = hyper::upgrade::on(&mut request);
    app.tasks.spawn({
        let app = app.clone();
        async move {
            // Held to the end: a link is a connection like any other.
            let _place = place;
            match tokio::time::timeout(SEND, upgrade).await {
                Ok(Ok(upgraded)) => {
                    Box::pin(run(&app, &hub, Socket::new(TokioIo::new(upgraded)))).await
                }
                Ok(Err(error)) => tracing::debug!(%error, "a link was not upgraded"),
                Err(_) => tracing::debug!("a link was not upgraded in time"),
            }
        }
    });
    let headers = [
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (
            SEC_WEBSOCKET_PROTOCOL,
            HeaderValue::from_static(SUBPROTOCOL),
        ),
        (SEC_WEBSOCKET_ACCEPT, accept),
    ];
    Ok((StatusCode::SWITCHING_PROTOCOLS, headers).into_response())
}

fn accept(headers: &HeaderMap) -> Result<HeaderValue, Problem> {
    let says = |name, word: &str| {
        let values = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let key = headers.get(SEC_WEBSOCKET_KEY).map(HeaderValue::as_bytes);
    match key {
        Some(key)
            if says(UPGRADE, "websocket")
                && says(SEC_WEBSOCKET_VERSION, "13")
                && says(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) =>
        {
            HeaderValue::from_str(&derive_accept_key(key)).map_err(|_| Problem::internal())
        }
        _ => Err(Problem::new(
            StatusCode::UPGRADE_REQUIRED,
            "not-a-link",
            "This address is for agents: a WebSocket with the subprotocol mnara.1.",
        )),
    }
}
