//! Every URL of the controller, in one table. A handler is named here and written in its slice.

use axum::Router;
use axum::routing::get;

use crate::app::App;
use crate::health;

/// The table. Called once at the start, so a slice may start what writes for its handlers here.
#[must_use]
pub fn table(_app: &App) -> Router<App> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
}
