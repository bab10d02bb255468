//! What is put around all routes: a span with the path's template and a request id, a time limit, a body limit, headers
//! that keep browsers careful, and a count.
//!
//! Neither an address nor a path as sent is logged: both may carry secrets.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::Problem;
use crate::app::App;

/// The longest a request may take; an upgraded link is no request any more.
const LIMIT: Duration = Duration::from_secs(60);
/// The largest body taken where a route says nothing else.
const BODY: usize = 64 * 1024;
/// The longest request id taken over from a proxy.
const LONGEST_ID: usize = 64;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CAREFUL: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// Wraps the finished table of routes.
pub fn wrap(routes: Router<App>, app: &App) -> Router {
    routes
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "bad-method",
                "This address does not take that method.",
            )
        })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(app.clone(), around))
        .with_state(app.clone())
}

async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let method = request.method().clone();
    let id = request_id(&app, &request);
    let span = tracing::info_span!("request", http.method = %method, http.route = %route, request.id = %id);
    let began = app.clock.elapsed();
    let answered = tokio::time::timeout(LIMIT, next.run(request))
        .instrument(span.clone())
        .await;
    let mut response = answered.unwrap_or_else(|_| {
        span.in_scope(|| tracing::warn!("a request took too long"));
        Problem::busy(Duration::from_secs(5)).into_response()
    });
    let took = app.clock.elapsed().saturating_sub(began);
    let status = response.status();
    span.in_scope(|| {
        tracing::debug!(
            http.status = status.as_u16(),
            took_ms = took.as_millis(),
            "answered"
        )
    });
    let labels = [
        ("method", method.to_string()),
        ("route", route),
        ("status", status.as_str().to_owned()),
    ];
    metrics::counter!("mnara_http_requests_total", &labels).increment(1);
    metrics::histogram!("mnara_http_seconds", &labels[..2]).record(took.as_secs_f64());
    let headers = response.headers_mut();
    for (name, value) in CAREFUL {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The proxy's id if it is a plain one, else a new one.
fn request_id(app: &App, request: &Request) -> String {
    request
        .headers()
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .filter(|id| {
            (8..=LONGEST_ID).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
        .map_or_else(|| hex::encode(app.entropy.bytes::<8>()), ToOwned::to_owned)
}
