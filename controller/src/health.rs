//! What balancers and monitors ask: is the process alive, can it do its work, and in numbers how it does.

use std::time::Duration;

use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, FORWARDED};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::web::{Caller, Problem};

/// How often what is not counted by itself is looked at.
const LOOK: Duration = Duration::from_secs(15);

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
///
/// They hold no secret and name no customer, but how much is sold is nobody else's business:
/// whoever shows the token may read them, and without a token this machine alone.
///
/// # Errors
/// When the caller may not read them.
pub async fn metrics(
    State(app): State<App>,
    Caller(source): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let may_read = match &app.config.web.metrics_token {
        Some(token) => bearer(&headers)
            .is_some_and(|shown| shown.ct_eq(token.expose_secret().as_bytes()).into()),
        // A proxy on this machine speaks for somebody else.
        None => {
            let is_passed_on =
                headers.contains_key(FORWARDED) || headers.contains_key("x-forwarded-for");
            source.is_loopback() && !is_passed_on
        }
    };
    if !may_read {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "not-for-you",
            "These numbers are not public.",
        )
        .detail("Show the token of MNARA_METRICS_TOKEN as a bearer token, or ask from the same machine."));
    }
    Ok((
        [(CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.metrics.render(),
    )
        .into_response())
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    headers
        .get(AUTHORIZATION)?
        .as_bytes()
        .strip_prefix(b"Bearer ")
}

/// Keeps the numbers up until shutdown, also when nobody reads them.
pub async fn watch(app: App) {
    loop {
        app.metrics.run_upkeep();
        let (open, idle) = app.db.connections();
        metrics::gauge!("mnara_database_connections", "state" => "open").set(open);
        metrics::gauge!("mnara_database_connections", "state" => "idle").set(idle);
        match crate::jobs::standing(&app).await {
            Ok(standing) => {
                metrics::gauge!("mnara_jobs_due").set(standing.due);
                metrics::gauge!("mnara_jobs_given_up").set(standing.given_up);
                metrics::gauge!("mnara_database_up").set(1.0);
            }
            Err(error) => {
                tracing::debug!(%error, "the jobs could not be counted");
                metrics::gauge!("mnara_database_up").set(0.0);
            }
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = app.clock.sleep(LOOK) => {}
        }
    }
}
