//! Every URL of the controller, in two tables: what programs call is here, pages for people are in `pages.rs` and the files beside it. A
//! handler is named here and written in its slice.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Extension, Router};
use mnara_protocol::enrol::{CLOCK_PATH, ENROL_PATH, IDENTITY_PATH, LINK_PATH};

use crate::access::pages::stream::Watchers;
use crate::app::App;
use crate::dispatch::DISPATCH;
use crate::fleet::firmware::fetched;
use crate::fleet::hub::Hub;
use crate::fleet::identity::Identity;
use crate::fleet::{api, upgrade};
use crate::payments::{c2b, callback};
use crate::providers::sms::reports;
use crate::subscriptions::notify;
use crate::{api as public_api, captive, health};

mod admin;
mod books;
mod messages;
mod operator;
mod pages;
mod people;
mod subscription;

pub use pages::pages;

/// The table. Called once at the start, so a slice may start what writes for its handlers here.
pub fn table(app: &App) -> Router<App> {
    // The rail's addresses. What we hand out is /api/pay, since Safaricom refuses addresses with its product's name.
    let rail = Router::new()
        .route("/api/pay/{provider}/{secret}", post(callback::post))
        .route(
            "/api/pay/{provider}/{secret}/validation",
            post(c2b::validate),
        )
        .route(
            "/api/pay/{provider}/{secret}/confirmation",
            post(c2b::confirm),
        )
        .route(
            "/api/mpesa/callback/{provider}/{secret}",
            post(callback::post),
        )
        .route(
            "/api/mpesa/callback/{provider}",
            post(callback::post_unvouched),
        )
        .layer(Extension(callback::intake(app)));
    // Pesapal's hints and its browsers; no body of it is longer than a line.
    let platform = Router::new()
        .route("/api/payments/pesapal/callback", get(notify::back))
        .route(
            "/api/payments/pesapal/webhook",
            get(notify::by_get).post(notify::by_post),
        )
        .layer(DefaultBodyLimit::max(16 * 1024));
    // What whoever sends SMS for us tells of them.
    let texts = Router::new()
        .route("/api/sms/{secret}/delivery", post(reports::delivery))
        .route("/api/sms/{secret}/opt-out", post(reports::opt_out))
        .layer(DefaultBodyLimit::max(16 * 1024));
    // What agents call.
    let identity = Identity::default();
    let hub = Hub::start(app, DISPATCH, identity.clone());
    let agents = Router::new()
        .route(IDENTITY_PATH, get(api::identity))
        .route(ENROL_PATH, post(api::enrol_agent))
        .route(CLOCK_PATH, post(api::clock))
        .route(LINK_PATH, get(upgrade::upgrade))
        .layer(Extension(identity))
        .layer(Extension(hub));
    // What routers fetch once, while somebody sets them up.
    let routers = Router::new()
        .route("/router/install.rsc", get(fetched::script))
        .route("/router/files/{*path}", get(fetched::file));
    // What anybody may call; each says in its own doc what it needs.
    let public = Router::new()
        .route("/api/captive/{provider}/plans", get(captive::plans::list))
        .route(
            "/api/captive/{provider}/initiate-mpesa",
            post(captive::buy::initiate),
        )
        .route("/api/payments/{payment}", get(captive::buy::progress))
        .route("/api/tickets/{code}/status", get(captive::ticket::status))
        .route(
            "/api/tickets/{code}/activate",
            post(captive::ticket::activate),
        );
    let health = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics));
    Router::new()
        .merge(rail)
        .merge(platform)
        .merge(texts)
        .merge(agents)
        .merge(routers)
        .merge(public)
        .merge(health)
        .merge(public_api::calls(app).into_router())
        .merge(
            pages(app)
                .into_router()
                .layer(Extension(Watchers::default()))
                .layer(Extension(public_api::pages::Description::default())),
        )
}
