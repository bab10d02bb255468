//! The pages of the platform's own staff.

use crate::admin::pages::{
    audit, offers, overview, payments, providers, settings, sites, subscriptions, view, webhooks,
    work,
};
use crate::providers::gate::{Door, Pages};

/// Adds them to the others.
pub(super) fn pages(pages: Pages) -> Pages {
    pages
        .get("/admin", Door::Admin, overview::show)
        .get("/admin/providers", Door::Admin, providers::list)
        .get("/admin/providers/{id}", Door::Admin, providers::one)
        .post("/admin/providers/{id}/view", Door::Admin, view::begin)
        .post("/admin/view/end", Door::Admin, view::end)
        .post("/admin/providers/{id}/{to}", Door::Admin, providers::moved)
        .get("/admin/subscriptions", Door::Admin, subscriptions::list)
        .get("/admin/subscriptions/{id}", Door::Admin, subscriptions::one)
        .post(
            "/admin/orders/{id}/{to}",
            Door::Admin,
            subscriptions::decide,
        )
        .post("/admin/invoices/issuer", Door::Admin, subscriptions::issuer)
        .get("/admin/platform-plans", Door::Admin, offers::list)
        .post("/admin/platform-plans", Door::Admin, offers::add)
        .get("/admin/platform-plans/{id}", Door::Admin, offers::form)
        .post("/admin/platform-plans/{id}", Door::Admin, offers::change)
        .post(
            "/admin/platform-plans/{id}/{to}",
            Door::Admin,
            offers::offer,
        )
        .get("/admin/payments", Door::Admin, payments::show)
        .get("/admin/sites", Door::Admin, sites::list)
        .get("/admin/jobs", Door::Admin, work::list)
        .post("/admin/jobs/{id}/{to}", Door::Admin, work::act)
        .post("/admin/tasks/{kind}/run", Door::Admin, work::run)
        .post("/admin/webhooks/{id}/retry", Door::Admin, webhooks::retry)
        .get("/admin/audit", Door::Admin, audit::show)
        .get("/admin/settings", Door::Admin, settings::form)
        .post("/admin/admission", Door::Admin, settings::admission)
}
