//! Every URL of the controller, in one table. A handler is named here and written in its slice.

use axum::routing::{get, post};
use axum::{Extension, Router};

use crate::app::App;
use crate::payments::{c2b, callback};
use crate::{captive, health};

/// The table. Called once at the start, so a slice may start what writes for its handlers here.
#[must_use]
pub fn table(app: &App) -> Router<App> {
    // The rail's addresses. What we hand out is /api/pay, since Safaricom refuses addresses with its product's name.
    let rail = Router::new()
        .route("/api/pay/{provider}/{secret}", post(callback::post))
        .route("/api/pay/{provider}/{secret}/validation", post(c2b::validate))
        .route("/api/pay/{provider}/{secret}/confirmation", post(c2b::confirm))
        .route("/api/mpesa/callback/{provider}/{secret}", post(callback::post))
        .route("/api/mpesa/callback/{provider}", post(callback::post_unvouched))
        .layer(Extension(callback::intake(app)));
    // What anybody may call; each says in its own doc what it needs.
    let public = Router::new()
        .route("/api/captive/{provider}/plans", get(captive::plans::list))
        .route("/api/captive/{provider}/initiate-mpesa", post(captive::buy::initiate))
        .route("/api/payments/{payment}", get(captive::buy::progress))
        .route("/api/tickets/{code}/status", get(captive::ticket::status))
        .route("/api/tickets/{code}/activate", post(captive::ticket::activate));
    let health = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    Router::new().merge(rail).merge(public).merge(health)
}
