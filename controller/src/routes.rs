//! Every URL of the controller, in one table. A handler is named here and written in its slice.

use axum::routing::{any, get, post};
use axum::{Extension, Router};

use crate::app::App;
use crate::dispatch::DISPATCH;
use crate::fleet::hub::Hub;
use crate::fleet::identity::Identity;
use crate::fleet::{api, link};
use crate::payments::{c2b, callback};
use crate::providers::gate::{Door, Pages};
use crate::providers::pages::{account, assets, enter, join, second, sign_up, staff};
use crate::providers::staff::roles::Permission;
use crate::{admin, captive, health, reports};
use mnara_protocol::enrol::{CLOCK_PATH, ENROL_PATH, IDENTITY_PATH, LINK_PATH};

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
    // What agents call.
    let identity = Identity::default();
    let hub = Hub::start(app, DISPATCH, identity.clone());
    let agents = Router::new()
        .route(IDENTITY_PATH, get(api::identity))
        .route(ENROL_PATH, post(api::enrol_agent))
        .route(CLOCK_PATH, post(api::clock))
        .route(LINK_PATH, get(link::upgrade))
        .layer(Extension(identity))
        .layer(Extension(hub));
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
        .merge(agents)
        .merge(public)
        .merge(health)
        .merge(pages(app).into_router())
}

/// Every page for people, and who may open it.
#[must_use]
pub fn pages(app: &App) -> Pages {
    use Permission as P;
    Pages::new(app)
        .page("/assets/{name}", Door::Anyone, get(assets::style))
        .page("/language/{tag}", Door::Anyone, get(enter::language))
        .page("/", Door::Anyone, get(enter::front))
        .page("/{*path}", Door::Anyone, any(enter::nothing))
        .page(
            "/sign-up",
            Door::Anyone,
            get(sign_up::form).post(sign_up::take),
        )
        .page("/log-in", Door::Anyone, get(enter::form).post(enter::take))
        .page(
            "/log-in/second",
            Door::HalfIn,
            get(second::form).post(second::take),
        )
        .page("/log-out", Door::LoggedIn, post(enter::leave))
        .page(
            "/join/{code}",
            Door::Anyone,
            get(join::form).post(join::take),
        )
        .page("/account", Door::LoggedIn, get(account::form))
        .page("/account/password", Door::LoggedIn, post(account::password))
        .page(
            "/account/browsers/{id}/end",
            Door::LoggedIn,
            post(account::out),
        )
        .page(
            "/account/second",
            Door::LoggedIn,
            get(account::second_form).post(account::second_take),
        )
        .page(
            "/account/second/end",
            Door::LoggedIn,
            post(account::second_end),
        )
        .page("/home", Door::Staff(P::SeeHome), get(reports::home::home))
        .page("/staff", Door::Staff(P::SeeStaff), get(staff::list))
        .page(
            "/staff/invite",
            Door::Staff(P::ManageStaff),
            post(staff::ask),
        )
        .page(
            "/staff/{id}/role",
            Door::Staff(P::ManageStaff),
            post(staff::role),
        )
        .page(
            "/staff/{id}/end",
            Door::Staff(P::ManageStaff),
            post(staff::end),
        )
        .page(
            "/staff/invitations/{id}/end",
            Door::Staff(P::ManageStaff),
            post(staff::back),
        )
        .page(
            "/admin/providers",
            Door::Admin,
            get(admin::pages::providers),
        )
        .page(
            "/admin/providers/{id}/{to}",
            Door::Admin,
            post(admin::pages::moved),
        )
        .page(
            "/admin/admission",
            Door::Admin,
            post(admin::pages::admission),
        )
}
