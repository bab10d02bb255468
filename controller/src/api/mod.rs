//! The public API, `/api/v1`: what a business's own programs may ask and do with a key.
//!
//! Each file here is a thing one can ask for: it reads a request, calls one function of the slice whose thing it is, and writes JSON.
//! What stands before every call is in [`gate`], repeats are in [`once`], the description that is made from the table of calls in
//! [`document`].

pub mod audit;
pub mod books;
pub mod counter;
pub mod cursor;
pub mod customers;
pub mod devices;
pub mod document;
mod example;
pub mod gate;
pub mod keys;
pub mod live;
pub mod made;
pub mod me;
pub mod messages;
pub mod mpesa;
pub mod once;
pub mod operation;
pub mod pages;
pub mod payments;
pub mod plan_parts;
pub mod plans;
pub mod queue;
pub mod reports;
mod seen;
pub mod series;
pub mod sessions;
pub mod settings;
mod settings_calls;
mod shut;
pub mod site_looks;
pub mod sites;
pub mod staff;
pub mod stops;
pub mod store;
pub mod stories;
pub mod subscription;
pub mod tickets;
mod told;
pub mod types;
pub mod webhooks;

use crate::app::App;
use crate::providers::keys::scopes::Scope;
use gate::{Call, Calls};

/// Every call of the API, with what it needs and what it does.
#[must_use]
pub fn calls(app: &App) -> Calls {
    use Scope as S;
    let calls = Calls::new(app)
        .get("/me", Call::any(), me::operation(), me::show)
        .get(
            "/sites",
            Call::with(S::SitesRead),
            sites::listing(),
            sites::list,
        )
        .post(
            "/sites",
            Call::with(S::SitesWrite),
            sites::adding(),
            sites::add,
        )
        .get(
            "/sites/{id}",
            Call::with(S::SitesRead),
            sites::showing(),
            sites::show,
        )
        .put(
            "/sites/{id}",
            Call::with(S::SitesWrite),
            sites::changing(),
            sites::change,
        )
        .get(
            "/sites/{id}/look",
            Call::with(S::SettingsRead),
            site_looks::showing(),
            site_looks::show,
        )
        .put(
            "/sites/{id}/look",
            Call::with(S::SettingsWrite),
            site_looks::changing(),
            site_looks::change,
        )
        .get(
            "/sites/{id}/live",
            Call::with(S::SitesRead),
            live::operation(),
            live::show,
        )
        .get(
            "/sites/{id}/events",
            Call::with(S::SitesRead),
            live::listing(),
            live::list,
        )
        .post(
            "/sites/{id}/diagnose",
            Call::with(S::SitesWrite),
            devices::diagnosing(),
            devices::diagnose,
        )
        .post(
            "/sites/{id}/claim",
            Call::with(S::SitesWrite).fresh(),
            sites::claiming(),
            sites::claim,
        )
        .post(
            "/sites/{id}/close",
            Call::with(S::SitesWrite),
            sites::closing(),
            sites::close,
        )
        .get(
            "/plans",
            Call::with(S::PlansRead),
            plans::listing(),
            plans::list,
        )
        .post(
            "/plans",
            Call::with(S::PlansWrite),
            plans::adding(),
            plans::add,
        )
        .get(
            "/plans/{id}",
            Call::with(S::PlansRead),
            plans::showing(),
            plans::show,
        )
        .put(
            "/plans/{id}",
            Call::with(S::PlansWrite),
            plans::changing(),
            plans::change,
        )
        .get(
            "/series",
            Call::with(S::TicketsRead),
            series::listing(),
            series::list,
        )
        .post(
            "/series",
            Call::with(S::TicketsWrite).selling(),
            series::adding(),
            series::add,
        )
        .get(
            "/series/{id}",
            Call::with(S::TicketsRead),
            series::showing(),
            series::show,
        )
        .get(
            "/series/{id}/codes",
            Call::with(S::CodesRead),
            series::coding(),
            series::codes,
        )
        .post(
            "/series/{id}/revoke",
            Call::with(S::TicketsWrite),
            series::revoking(),
            series::revoke,
        )
        .get(
            "/tickets",
            Call::with(S::TicketsRead),
            tickets::listing(),
            tickets::list,
        )
        .get(
            "/tickets/{id}",
            Call::with(S::TicketsRead),
            tickets::showing(),
            tickets::show,
        )
        .get(
            "/tickets/{id}/story",
            Call::with(S::TicketsRead),
            stories::of_ticket(),
            stories::ticket,
        )
        .post(
            "/tickets/{id}/revoke",
            Call::with(S::TicketsWrite),
            tickets::revoking(),
            tickets::revoke,
        )
        .post(
            "/tickets/{id}/extend",
            Call::with(S::TicketsWrite).selling(),
            tickets::extending(),
            tickets::extend,
        )
        .post(
            "/tickets/{id}/pause",
            Call::with(S::TicketsWrite),
            tickets::pausing(),
            tickets::pause,
        )
        .post(
            "/tickets/{id}/resume",
            Call::with(S::TicketsWrite),
            tickets::resuming(),
            tickets::resume,
        )
        .post(
            "/tickets/{id}/disconnect",
            Call::with(S::TicketsWrite),
            devices::disconnecting(),
            devices::disconnect,
        )
        .post(
            "/tickets/{id}/free",
            Call::with(S::TicketsWrite),
            devices::freeing(),
            devices::free,
        )
        .get(
            "/payments",
            Call::with(S::PaymentsRead),
            payments::listing(),
            payments::list,
        )
        .get(
            "/payments/{id}",
            Call::with(S::PaymentsRead),
            payments::showing(),
            payments::show,
        )
        .get(
            "/payments/{id}/story",
            Call::with(S::PaymentsRead),
            stories::of_payment(),
            stories::payment,
        )
        .post(
            "/payments/{id}/ask",
            Call::with(S::PaymentsWrite),
            payments::asking(),
            payments::ask,
        )
        .post(
            "/payments/{id}/send",
            Call::with(S::PaymentsWrite),
            payments::sending(),
            payments::send,
        )
        .post(
            "/payments/{id}/looked",
            Call::with(S::PaymentsWrite),
            payments::looking(),
            payments::look,
        )
        .post(
            "/payments/{id}/refunds",
            Call::with(S::PaymentsWrite),
            payments::noting(),
            payments::note,
        )
        .get(
            "/queue",
            Call::with(S::PaymentsRead),
            queue::listing(),
            queue::list,
        )
        .get(
            "/queue/{id}",
            Call::with(S::PaymentsRead),
            queue::showing(),
            queue::show,
        )
        .post(
            "/queue/{id}/ticket",
            Call::with(S::PaymentsWrite).selling(),
            queue::giving(),
            queue::give,
        )
        .post(
            "/queue/{id}/credit",
            Call::with(S::PaymentsWrite),
            queue::crediting(),
            queue::credit,
        )
        .post(
            "/queue/{id}/refund",
            Call::with(S::PaymentsWrite),
            queue::refunding(),
            queue::refund,
        )
        .get(
            "/counter/sales",
            Call::with(S::PaymentsRead),
            counter::listing(),
            counter::list,
        )
        .get(
            "/books",
            Call::with(S::ReportsRead),
            books::showing(),
            books::show,
        )
        .get(
            "/books/now",
            Call::with(S::ReportsRead),
            books::standing(),
            books::now,
        )
        .get(
            "/messages",
            Call::with(S::MessagesRead),
            messages::listing(),
            messages::list,
        )
        .get(
            "/messages/costs",
            Call::with(S::MessagesRead),
            messages::costing(),
            messages::costs,
        )
        .post(
            "/messages/{id}/again",
            Call::with(S::MessagesWrite),
            messages::repeating(),
            messages::again,
        )
        .get(
            "/messages/stopped",
            Call::with(S::MessagesRead),
            stops::listing(),
            stops::list,
        )
        .post(
            "/messages/stop",
            Call::with(S::MessagesWrite),
            stops::stopping(),
            stops::stop,
        )
        .post(
            "/messages/start",
            Call::with(S::MessagesWrite),
            stops::starting(),
            stops::start,
        )
        .get(
            "/subscription",
            Call::with(S::SubscriptionRead),
            subscription::showing(),
            subscription::show,
        )
        .get(
            "/subscription/plans",
            Call::with(S::SubscriptionRead),
            subscription::offering(),
            subscription::offers,
        )
        .get(
            "/subscription/orders",
            Call::with(S::SubscriptionRead),
            subscription::ordering(),
            subscription::orders,
        )
        .get(
            "/subscription/invoices",
            Call::with(S::SubscriptionRead),
            subscription::invoicing(),
            subscription::list,
        )
        .get(
            "/customers",
            Call::with(S::CustomersRead),
            customers::listing(),
            customers::list,
        )
        .get(
            "/customers/{id}",
            Call::with(S::CustomersRead),
            customers::showing(),
            customers::show,
        )
        .post(
            "/customers/{id}/block",
            Call::with(S::CustomersWrite),
            customers::blocking(),
            customers::block,
        )
        .post(
            "/customers/{id}/unblock",
            Call::with(S::CustomersWrite),
            customers::unblocking(),
            customers::unblock,
        )
        .post(
            "/customers/{id}/gifts",
            Call::with(S::CustomersWrite).selling(),
            customers::giving(),
            customers::give,
        )
        .get(
            "/sessions",
            Call::with(S::SessionsRead),
            sessions::listing(),
            sessions::list,
        )
        .get(
            "/staff",
            Call::with(S::StaffRead),
            staff::listing(),
            staff::list,
        )
        .get(
            "/staff/invitations",
            Call::with(S::StaffRead),
            staff::inviting(),
            staff::invitations,
        )
        .get(
            "/reports/revenue",
            Call::with(S::ReportsRead),
            reports::revenue_by_day(),
            reports::revenue,
        )
        .get(
            "/reports/sums",
            Call::with(S::ReportsRead),
            reports::summing(),
            reports::sums,
        )
        .get(
            "/reports/now",
            Call::with(S::ReportsRead),
            reports::summing_now(),
            reports::now,
        );
    settings_calls::with(calls).get(
        "/audit",
        Call::with(S::AuditRead),
        audit::listing(),
        audit::list,
    )
}
