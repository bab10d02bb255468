//! Every page for people, and who may open it.

use super::{admin, books, messages, operator, people, subscription};
use crate::access::pages::{self as site, acts, stream};
use crate::app::App;
use crate::captive::look::name as look_name;
use crate::captive::look::pages as look;
use crate::captive::look::site_pages as site_look;
use crate::fleet::firmware;
use crate::payments::customers::pages as customers;
use crate::payments::pages::{list, moved, one};
use crate::providers::gate::{Door, Pages};
use crate::providers::keys;
use crate::providers::look::preview;
use crate::providers::notices::pages as notices;
use crate::providers::pages::{assets, audit, enter, reset, staff};
use crate::providers::staff::roles::Permission;
use crate::reports::voucher::pages as voucher;
use crate::tickets::counter::pages as counter;
use crate::tickets::pages as vouchers;
use crate::{api as public_api, export, fleet, payments, plans, reports, webhooks};

/// Every page for people, and who may open it.
#[must_use]
pub fn pages(app: &App) -> Pages {
    use Permission as P;
    let people = people::with(Pages::new(app));
    let money = operator::with(books::with(messages::with(admin::pages(people))));
    subscription::add(money)
        .get("/assets/{name}", Door::Anyone, assets::style)
        .get("/language/{tag}", Door::Anyone, enter::language)
        .get("/", Door::Anyone, enter::front)
        .any("/{*path}", Door::Anyone, enter::nothing)
        .get("/home", Door::Staff(P::SeeHome), reports::home::home)
        .get("/first-sale", Door::Staff(P::SeeHome), reports::first::sale)
        .get("/reports", Door::Staff(P::SeeReports), reports::pages::show)
        .get(
            "/reports/csv",
            Door::Staff(P::SeeReports),
            reports::pages::csv,
        )
        .get(
            "/reports/monthly",
            Door::Staff(P::SeeReports),
            reports::monthly::monthly,
        )
        .get("/plans", Door::Staff(P::SeePlans), plans::pages::list)
        .post("/plans", Door::Staff(P::EditPlans), plans::pages::add)
        .get("/plans/new", Door::Staff(P::EditPlans), plans::pages::new)
        .get(
            "/plans/preview",
            Door::Staff(P::EditPlans),
            plans::preview::first,
        )
        .post(
            "/plans/preview",
            Door::Staff(P::EditPlans),
            plans::preview::typed,
        )
        .get("/plans/{id}", Door::Staff(P::EditPlans), plans::pages::form)
        .post("/plans/{id}", Door::Staff(P::EditPlans), plans::pages::edit)
        .get("/vouchers", Door::Staff(P::SeeVouchers), vouchers::list)
        .post(
            "/vouchers/find",
            Door::Staff(P::SeeVouchers),
            vouchers::find,
        )
        .get(
            "/vouchers/new",
            Door::Staff(P::MakeVouchers),
            vouchers::new::form,
        )
        .post(
            "/vouchers/new",
            Door::Staff(P::MakeVouchers),
            vouchers::new::take,
        )
        .get(
            "/vouchers/series/{id}",
            Door::Staff(P::SeeVouchers),
            vouchers::series::one,
        )
        .post(
            "/vouchers/series/{id}/revoke",
            Door::Staff(P::MakeVouchers),
            vouchers::series::back,
        )
        .get(
            "/vouchers/series/{id}/sheets",
            Door::Staff(P::PrintVouchers),
            vouchers::sheets::page,
        )
        .get(
            "/vouchers/series/{id}/pdf",
            Door::Staff(P::PrintVouchers),
            vouchers::sheets::pdf,
        )
        .get(
            "/vouchers/series/{id}/csv",
            Door::Staff(P::PrintVouchers),
            vouchers::series::file,
        )
        .get("/vouchers/{id}", Door::Staff(P::SeeVouchers), voucher::one)
        .post(
            "/vouchers/{id}/revoke",
            Door::Staff(P::MakeVouchers),
            voucher::revoke,
        )
        .post(
            "/vouchers/{id}/extend",
            Door::Staff(P::MakeVouchers),
            voucher::extend,
        )
        .post(
            "/vouchers/{id}/pause",
            Door::Staff(P::ServeCustomers),
            voucher::pause,
        )
        .post(
            "/vouchers/{id}/resume",
            Door::Staff(P::ServeCustomers),
            voucher::resume,
        )
        .post(
            "/vouchers/{id}/kick",
            Door::Staff(P::ServeCustomers),
            voucher::kick,
        )
        .post(
            "/vouchers/{id}/free",
            Door::Staff(P::ServeCustomers),
            voucher::free,
        )
        .get("/counter", Door::Staff(P::SellForCash), counter::show)
        .post("/counter/sell", Door::Staff(P::SellForCash), counter::take)
        .post(
            "/counter/paper",
            Door::Staff(P::SellForCash),
            counter::noted,
        )
        .get("/counter/{id}", Door::Staff(P::SellForCash), counter::one)
        .get(
            "/counter/{id}/slip",
            Door::Staff(P::SellForCash),
            counter::slip,
        )
        .post(
            "/counter/{id}/undo",
            Door::Staff(P::SellForCash),
            counter::back,
        )
        .get("/sites", Door::Staff(P::SeeSites), fleet::pages::list)
        .post("/sites", Door::Staff(P::ManageSites), fleet::pages::add)
        .get("/sites/{id}", Door::Staff(P::SeeSites), site::site)
        .get("/sites/{id}/live", Door::Staff(P::SeeSites), stream::live)
        .post(
            "/sites/{id}/claim",
            Door::Staff(P::ManageSites),
            site::claim,
        )
        .post(
            "/sites/{id}/diagnose",
            Door::Staff(P::ManageSites),
            acts::diagnose,
        )
        .post("/sites/{id}/name", Door::Staff(P::ManageSites), acts::named)
        .post(
            "/sites/{id}/close",
            Door::Staff(P::ManageSites),
            acts::close,
        )
        .post(
            "/sites/{id}/kick",
            Door::Staff(P::ServeCustomers),
            acts::kick,
        )
        .post(
            "/sites/{id}/pause",
            Door::Staff(P::ServeCustomers),
            acts::pause,
        )
        .post(
            "/sites/{id}/resume",
            Door::Staff(P::ServeCustomers),
            acts::resume,
        )
        .post(
            "/sites/{id}/move",
            Door::Staff(P::ServeCustomers),
            acts::move_on,
        )
        .post(
            "/sites/{id}/extend",
            Door::Staff(P::MakeVouchers),
            acts::more_time,
        )
        .get(
            "/sites/{id}/files",
            Door::Staff(P::ManageSites),
            firmware::pages::form,
        )
        .post(
            "/sites/{id}/files",
            Door::Staff(P::ManageSites),
            firmware::pages::take,
        )
        .get(
            "/sites/{id}/look",
            Door::Staff(P::EditPortal),
            site_look::form,
        )
        .post(
            "/sites/{id}/look",
            Door::Staff(P::EditPortal),
            site_look::take,
        )
        .get(
            "/sites/{id}/look/preview",
            Door::Staff(P::EditPortal),
            site_look::kept,
        )
        .post(
            "/sites/{id}/look/preview",
            Door::Staff(P::EditPortal),
            site_look::typed,
        )
        .post(
            "/sites/{id}/look/logo",
            Door::Staff(P::EditPortal),
            site_look::logo,
        )
        .post(
            "/sites/{id}/look/logo/end",
            Door::Staff(P::EditPortal),
            site_look::logo_end,
        )
        .get(
            "/settings/mpesa",
            Door::Staff(P::SetMpesa),
            payments::pages::mpesa::form,
        )
        .post(
            "/settings/mpesa",
            Door::Staff(P::SetMpesa),
            payments::pages::mpesa::take,
        )
        .post(
            "/settings/mpesa/test",
            Door::Staff(P::SetMpesa),
            payments::pages::mpesa::test_it,
        )
        .get(
            "/settings/mpesa/hand",
            Door::Staff(P::SetMpesa),
            payments::pages::hand::form,
        )
        .post(
            "/settings/mpesa/hand",
            Door::Staff(P::SetMpesa),
            payments::pages::hand::register,
        )
        .post(
            "/settings/mpesa/hand/limits",
            Door::Staff(P::SetMpesa),
            payments::pages::hand::limit,
        )
        .get(
            "/settings/mpesa/change",
            Door::Staff(P::SetMpesa),
            moved::form,
        )
        .post(
            "/settings/mpesa/change",
            Door::Staff(P::SetMpesa),
            moved::begin,
        )
        .post(
            "/settings/mpesa/change/again",
            Door::Staff(P::SetMpesa),
            moved::again,
        )
        .post(
            "/settings/mpesa/change/cancel",
            Door::Staff(P::SetMpesa),
            moved::cancel,
        )
        .post(
            "/settings/mpesa/moves/{id}/back",
            Door::Staff(P::SetMpesa),
            moved::back,
        )
        .get("/payments", Door::Staff(P::SeePayments), list::list)
        .get("/payments.csv", Door::Staff(P::SeeReports), list::table)
        .post("/payments/find", Door::Staff(P::SeePayments), list::find)
        .get("/payments/{id}", Door::Staff(P::SeePayments), one::story)
        .post("/payments/{id}/ask", Door::Staff(P::WorkPayments), one::ask)
        .post(
            "/payments/{id}/send",
            Door::Staff(P::WorkPayments),
            one::send,
        )
        .post(
            "/payments/{id}/refund",
            Door::Staff(P::WorkPayments),
            one::refund,
        )
        .post(
            "/payments/{id}/looked",
            Door::Staff(P::WorkPayments),
            one::look,
        )
        .get("/customers", Door::Staff(P::SeePayments), customers::list)
        .post(
            "/customers/find",
            Door::Staff(P::SeePayments),
            customers::find,
        )
        .get(
            "/customers/{id}",
            Door::Staff(P::SeePayments),
            customers::one,
        )
        .post(
            "/customers/{id}/block",
            Door::Staff(P::WorkCustomers),
            customers::refuse,
        )
        .post(
            "/customers/{id}/unblock",
            Door::Staff(P::WorkCustomers),
            customers::allow,
        )
        .post(
            "/customers/{id}/give",
            Door::Staff(P::WorkCustomers),
            customers::gift,
        )
        .get(
            "/settings/name",
            Door::Staff(P::EditPortal),
            look_name::form,
        )
        .post(
            "/settings/name",
            Door::Staff(P::EditPortal),
            look_name::take,
        )
        .get("/settings/portal", Door::Staff(P::EditPortal), look::form)
        .post("/settings/portal", Door::Staff(P::EditPortal), look::take)
        .post(
            "/settings/portal/logo",
            Door::Staff(P::EditPortal),
            look::logo,
        )
        .post(
            "/settings/portal/logo/end",
            Door::Staff(P::EditPortal),
            look::logo_end,
        )
        .get(
            "/settings/portal/preview/{part}",
            Door::Staff(P::EditPortal),
            look::kept,
        )
        .post(
            "/settings/portal/preview/{part}",
            Door::Staff(P::EditPortal),
            look::typed,
        )
        .get(
            "/settings/portal/preview/style.css",
            Door::Anyone,
            preview::style,
        )
        .get("/staff", Door::Staff(P::SeeStaff), staff::list)
        .post("/staff/invite", Door::Staff(P::ManageStaff), staff::ask)
        .post("/staff/{id}/role", Door::Staff(P::ManageStaff), staff::role)
        .post("/staff/{id}/end", Door::Staff(P::ManageStaff), staff::end)
        .get(
            "/staff/{id}/reset",
            Door::Staff(P::ManageStaff),
            reset::staff_form,
        )
        .post(
            "/staff/{id}/reset",
            Door::Staff(P::ManageStaff),
            reset::staff_take,
        )
        .get(
            "/settings/notices",
            Door::Staff(P::SetNotices),
            notices::form,
        )
        .post(
            "/settings/notices",
            Door::Staff(P::SetNotices),
            notices::take,
        )
        .post(
            "/staff/invitations/{id}/end",
            Door::Staff(P::ManageStaff),
            staff::back,
        )
        .get(
            "/settings/keys",
            Door::Staff(P::ManageKeys),
            keys::pages::list,
        )
        .post(
            "/settings/keys",
            Door::Staff(P::ManageKeys),
            keys::pages::add,
        )
        .post(
            "/settings/keys/{id}/end",
            Door::Staff(P::ManageKeys),
            keys::pages::end,
        )
        .get(
            "/settings/webhooks",
            Door::Staff(P::ManageKeys),
            webhooks::pages::list,
        )
        .post(
            "/settings/webhooks",
            Door::Staff(P::ManageKeys),
            webhooks::pages::add,
        )
        .get(
            "/settings/webhooks/{id}",
            Door::Staff(P::ManageKeys),
            webhooks::pages::one,
        )
        .post(
            "/settings/webhooks/{id}/test",
            Door::Staff(P::ManageKeys),
            webhooks::pages::test,
        )
        .post(
            "/settings/webhooks/{id}/secret",
            Door::Staff(P::ManageKeys),
            webhooks::pages::secret,
        )
        .post(
            "/settings/webhooks/{id}/switch/{to}",
            Door::Staff(P::ManageKeys),
            webhooks::pages::switch,
        )
        .post(
            "/settings/webhooks/{id}/end",
            Door::Staff(P::ManageKeys),
            webhooks::pages::end,
        )
        .post(
            "/settings/webhooks/messages/{id}/again",
            Door::Staff(P::ManageKeys),
            webhooks::pages::again,
        )
        .get(
            "/settings/export",
            Door::Staff(P::Export),
            export::pages::form,
        )
        .post(
            "/settings/export",
            Door::Staff(P::Export),
            export::pages::make,
        )
        .get(
            "/settings/export/{code}",
            Door::Staff(P::Export),
            export::pages::download,
        )
        .get("/api/v1", Door::Anyone, public_api::pages::read)
        .get(
            "/api/v1/openapi.json",
            Door::Anyone,
            public_api::pages::document,
        )
        .get("/audit", Door::Staff(P::SeeAudit), audit::show)
        .get("/audit.csv", Door::Staff(P::SeeAudit), audit::file)
}
