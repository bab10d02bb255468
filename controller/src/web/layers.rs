//! What is put around all routes: a span with the path's template and a request id, a time limit, a body limit, headers
//! that keep browsers careful, and a count.
//!
//! Neither an address nor a path as sent is logged: both may carry secrets.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::Problem;
use crate::app::App;

/// The longest a request may take; an upgraded link is no request any more.
pub const LIMIT: Duration = Duration::from_secs(60);
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
        .method_not_allowed_fallback(|| async { Problem::bad_method() })
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
        ("method", known(&method).to_owned()),
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

/// A method as a label: callers may make up others without end.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
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

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::StatusCode;
    use axum::routing::post;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
    use tower::ServiceExt as _;

    use super::*;
    use crate::app::tests::app;
    use crate::health;
    use crate::web::Raw;

    async fn ask(router: &Router, request: Request) -> (StatusCode, Response) {
        let response = router.clone().oneshot(request).await.unwrap();
        (response.status(), response)
    }

    async fn kind(response: Response) -> String {
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        let document: serde_json::Value = serde_json::from_slice(&body).unwrap();
        document["type"].as_str().unwrap().to_owned()
    }

    #[sqlx::test(migrations = "../migrations/controller")]
    async fn what_no_route_answers_is_a_careful_problem_too(
        pool: PgPoolOptions,
        options: PgConnectOptions,
    ) {
        let app = app(pool, options).await;
        let routes = Router::new().route("/take", post(|Raw(body): Raw| async move { body }));
        let router = wrap(routes, &app);
        let large = Body::from(vec![0; BODY + 1]);
        for (request, status) in [
            (
                Request::get("/nothing").body(Body::empty()).unwrap(),
                StatusCode::NOT_FOUND,
            ),
            (
                Request::get("/take").body(Body::empty()).unwrap(),
                StatusCode::METHOD_NOT_ALLOWED,
            ),
            (
                Request::post("/take").body(large).unwrap(),
                StatusCode::PAYLOAD_TOO_LARGE,
            ),
            (
                Request::post("/take").body(Body::from("x")).unwrap(),
                StatusCode::OK,
            ),
        ] {
            let (found, response) = ask(&router, request).await;
            assert_eq!(found, status);
            assert_eq!(response.headers()["x-content-type-options"], "nosniff");
            assert_eq!(response.headers()["x-request-id"].len(), 16);
            if status == StatusCode::METHOD_NOT_ALLOWED {
                assert_eq!(response.headers()["allow"], "POST");
            }
            if status != StatusCode::OK {
                assert!(kind(response).await.starts_with("urn:mnara:problem:"));
            }
        }
    }

    #[sqlx::test(migrations = "../migrations/controller")]
    async fn a_plain_request_id_is_kept_and_any_other_replaced(
        pool: PgPoolOptions,
        options: PgConnectOptions,
    ) {
        let app = app(pool, options).await;
        let router = wrap(Router::new().route("/take", post(|| async {})), &app);
        for (given, is_kept) in [
            ("0123abcd-ef", true),
            ("short", false),
            ("a b c d e f", false),
        ] {
            let request = Request::post("/take")
                .header(REQUEST_ID, given)
                .body(Body::empty());
            let (_, response) = ask(&router, request.unwrap()).await;
            assert_eq!(
                response.headers()["x-request-id"] == given,
                is_kept,
                "{given}"
            );
        }
    }

    #[sqlx::test(migrations = "../migrations/controller")]
    async fn health_and_readiness_differ_when_the_database_is_gone(
        pool: PgPoolOptions,
        options: PgConnectOptions,
    ) {
        use axum::routing::get;
        let app = app(pool, options).await;
        let routes = Router::new()
            .route("/healthz", get(health::alive))
            .route("/readyz", get(health::ready));
        let router = wrap(routes, &app);
        let at = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(ask(&router, at("/readyz")).await.0, StatusCode::OK);
        app.db.close().await;
        assert_eq!(ask(&router, at("/healthz")).await.0, StatusCode::OK);
        assert_eq!(
            ask(&router, at("/readyz")).await.0,
            StatusCode::SERVICE_UNAVAILABLE
        );
    }
}
