//! What balancers and monitors ask: is the process alive, can it do its work, and in numbers how it does.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::web::Problem;

/// `GET /healthz`: the process answers. It stays true while the database is away, since a restart would not bring it back.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: requests can be served.
///
/// # Errors
/// When the database does not answer within two seconds, or we are about to end.
pub async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.shutdown.is_cancelled() {
        return Err(Problem::busy(Duration::from_secs(30)).detail("This process is ending."));
    }
    match tokio::time::timeout(Duration::from_secs(2), app.db.ping()).await {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(_)) | Err(_) => {
            Err(Problem::busy(Duration::from_secs(5)).detail("The database does not answer."))
        }
    }
}

/// `GET /metrics`: all counters, for Prometheus.
pub async fn metrics(State(app): State<App>) -> Response {
    (
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.metrics.render(),
    )
        .into_response()
}
