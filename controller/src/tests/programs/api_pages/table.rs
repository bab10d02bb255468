//! Each page of a business with its calls, or with the reason why programs have none.

/// What programs have of a page.
pub(super) enum Have {
    /// These calls.
    Calls(&'static [&'static str]),
    /// Nothing, and why; the reasons are told in the README as well.
    Nothing(&'static str),
}

use Have::{Calls, Nothing};

pub(super) const MONEY: &str = "a stolen key would send money elsewhere";
pub(super) const SECRETS: &str =
    "a key that makes keys or sends news elsewhere would outlive its end";
pub(super) const PEOPLE: &str = "who may do what is for people with a log-in of their own";
pub(super) const CASH: &str = "who sells for cash answers for it";
pub(super) const EYES: &str = "it is set by eye";
pub(super) const TRIAL: &str = "a trial is begun once, and an order given up, by whoever pays";
pub(super) const PAPER: &str = "a file for people; the lists hold the same";

/// What programs have of each page; where they have nothing, also of all pages whose paths begin so. Of several the longest path counts. A new
/// page needs a line.
pub(super) const PAGES: &[(&str, &str, Have)] = &[
    (
        "GET",
        "/home",
        Calls(&["GET /reports/now", "GET /reports/revenue"]),
    ),
    (
        "GET",
        "/first-sale",
        Nothing("it leads a person by the hand"),
    ),
    ("GET", "/reports/csv", Nothing(PAPER)),
    ("GET", "/reports/monthly", Nothing(PAPER)),
    (
        "GET",
        "/reports",
        Calls(&["GET /reports/sums", "GET /reports/revenue"]),
    ),
    ("GET", "/books.csv", Nothing(PAPER)),
    ("GET", "/books/day", Calls(&["GET /books"])),
    (
        "",
        "/books/statement",
        Nothing("a file that a person has is compared by eye"),
    ),
    ("GET", "/books", Calls(&["GET /books", "GET /books/now"])),
    ("", "/plans/preview", Nothing(EYES)),
    ("POST", "/plans/{id}", Calls(&["PUT /plans/{id}"])),
    ("POST", "/plans", Calls(&["POST /plans"])),
    ("GET", "/plans/new", Nothing(EYES)),
    ("GET", "/plans/{id}", Calls(&["GET /plans/{id}"])),
    ("GET", "/plans", Calls(&["GET /plans"])),
    ("GET", "/vouchers/series/{id}/sheets", Nothing(PAPER)),
    ("GET", "/vouchers/series/{id}/pdf", Nothing(PAPER)),
    (
        "GET",
        "/vouchers/series/{id}/csv",
        Calls(&["GET /series/{id}/codes"]),
    ),
    (
        "POST",
        "/vouchers/series/{id}/revoke",
        Calls(&["POST /series/{id}/revoke"]),
    ),
    (
        "GET",
        "/vouchers/series/{id}",
        Calls(&["GET /series/{id}", "GET /tickets"]),
    ),
    ("POST", "/vouchers/new", Calls(&["POST /series"])),
    ("GET", "/vouchers/new", Calls(&["GET /plans", "GET /sites"])),
    ("POST", "/vouchers/find", Calls(&["GET /tickets"])),
    (
        "GET",
        "/vouchers/{id}",
        Calls(&[
            "GET /tickets/{id}",
            "GET /tickets/{id}/story",
            "GET /sessions",
        ]),
    ),
    (
        "POST",
        "/vouchers/{id}/revoke",
        Calls(&["POST /tickets/{id}/revoke"]),
    ),
    (
        "POST",
        "/vouchers/{id}/extend",
        Calls(&["POST /tickets/{id}/extend"]),
    ),
    (
        "POST",
        "/vouchers/{id}/pause",
        Calls(&["POST /tickets/{id}/pause"]),
    ),
    (
        "POST",
        "/vouchers/{id}/resume",
        Calls(&["POST /tickets/{id}/resume"]),
    ),
    (
        "POST",
        "/vouchers/{id}/kick",
        Calls(&["POST /tickets/{id}/disconnect"]),
    ),
    (
        "POST",
        "/vouchers/{id}/free",
        Calls(&["POST /tickets/{id}/free"]),
    ),
    ("GET", "/vouchers", Calls(&["GET /series"])),
    ("POST", "/counter", Nothing(CASH)),
    ("GET", "/counter/{id}/slip", Nothing(PAPER)),
    ("GET", "/counter/{id}", Calls(&["GET /tickets/{id}"])),
    ("GET", "/counter", Calls(&["GET /counter/sales"])),
    (
        "POST",
        "/sites/{id}/claim",
        Calls(&["POST /sites/{id}/claim"]),
    ),
    (
        "POST",
        "/sites/{id}/diagnose",
        Calls(&["POST /sites/{id}/diagnose"]),
    ),
    ("POST", "/sites/{id}/name", Calls(&["PUT /sites/{id}"])),
    (
        "POST",
        "/sites/{id}/close",
        Calls(&["POST /sites/{id}/close"]),
    ),
    (
        "POST",
        "/sites/{id}/kick",
        Calls(&["POST /tickets/{id}/disconnect"]),
    ),
    (
        "POST",
        "/sites/{id}/pause",
        Calls(&["POST /tickets/{id}/pause"]),
    ),
    (
        "POST",
        "/sites/{id}/resume",
        Calls(&["POST /tickets/{id}/resume"]),
    ),
    (
        "POST",
        "/sites/{id}/move",
        Calls(&["POST /tickets/{id}/free"]),
    ),
    (
        "POST",
        "/sites/{id}/extend",
        Calls(&["POST /tickets/{id}/extend"]),
    ),
    (
        "",
        "/sites/{id}/files",
        Nothing("the line is run by somebody at the site anyway"),
    ),
    ("POST", "/sites/{id}/look", Calls(&["PUT /sites/{id}/look"])),
    ("POST", "/sites/{id}/look/", Nothing(EYES)),
    ("GET", "/sites/{id}/look/preview", Nothing(EYES)),
    ("GET", "/sites/{id}/look", Calls(&["GET /sites/{id}/look"])),
    (
        "GET",
        "/sites/{id}",
        Calls(&[
            "GET /sites/{id}",
            "GET /sites/{id}/live",
            "GET /sites/{id}/events",
            "GET /sessions",
        ]),
    ),
    ("GET", "/sites/{id}/live", Calls(&["GET /sites/{id}/live"])),
    ("GET", "/sites", Calls(&["GET /sites"])),
    ("POST", "/sites", Calls(&["POST /sites"])),
    ("POST", "/settings/mpesa", Nothing(MONEY)),
    ("GET", "/settings/mpesa", Calls(&["GET /settings/mpesa"])),
    (
        "GET",
        "/settings/mpesa/hand",
        Calls(&["GET /settings/mpesa"]),
    ),
    (
        "GET",
        "/settings/mpesa/operator",
        Calls(&["GET /settings/mpesa"]),
    ),
    (
        "GET",
        "/settings/mpesa/change",
        Calls(&["GET /settings/mpesa"]),
    ),
    (
        "POST",
        "/payments/unmatched/{id}/ticket",
        Calls(&["POST /queue/{id}/ticket"]),
    ),
    (
        "POST",
        "/payments/unmatched/{id}/credit",
        Calls(&["POST /queue/{id}/credit"]),
    ),
    (
        "POST",
        "/payments/unmatched/{id}/refund",
        Calls(&["POST /queue/{id}/refund"]),
    ),
    ("POST", "/payments/unmatched/{id}/reverse", Nothing(MONEY)),
    ("POST", "/payments/unmatched/receipts", Nothing(MONEY)),
    (
        "GET",
        "/payments/unmatched",
        Calls(&["GET /queue", "GET /queue/{id}"]),
    ),
    ("GET", "/payments.csv", Nothing(PAPER)),
    ("POST", "/payments/find", Calls(&["GET /payments"])),
    (
        "POST",
        "/payments/{id}/ask",
        Calls(&["POST /payments/{id}/ask"]),
    ),
    (
        "POST",
        "/payments/{id}/send",
        Calls(&["POST /payments/{id}/send"]),
    ),
    (
        "POST",
        "/payments/{id}/refund",
        Calls(&["POST /payments/{id}/refunds"]),
    ),
    ("POST", "/payments/{id}/reverse", Nothing(MONEY)),
    (
        "POST",
        "/payments/{id}/looked",
        Calls(&["POST /payments/{id}/looked"]),
    ),
    (
        "GET",
        "/payments/{id}",
        Calls(&["GET /payments/{id}", "GET /payments/{id}/story"]),
    ),
    ("GET", "/payments", Calls(&["GET /payments"])),
    ("POST", "/customers/find", Calls(&["GET /customers"])),
    (
        "POST",
        "/customers/{id}/block",
        Calls(&["POST /customers/{id}/block"]),
    ),
    (
        "POST",
        "/customers/{id}/unblock",
        Calls(&["POST /customers/{id}/unblock"]),
    ),
    (
        "POST",
        "/customers/{id}/give",
        Calls(&["POST /customers/{id}/gifts"]),
    ),
    ("GET", "/customers/{id}", Calls(&["GET /customers/{id}"])),
    ("GET", "/customers", Calls(&["GET /customers"])),
    (
        "POST",
        "/settings/name",
        Nothing("customers see it at once, and it changes once in years"),
    ),
    ("GET", "/settings/name", Calls(&["GET /me"])),
    ("POST", "/settings/portal/logo", Nothing(EYES)),
    ("", "/settings/portal/preview", Nothing(EYES)),
    ("POST", "/settings/portal", Calls(&["PUT /settings/portal"])),
    ("GET", "/settings/portal", Calls(&["GET /settings/portal"])),
    ("GET", "/staff/{id}/reset", Nothing(PEOPLE)),
    ("POST", "/staff", Nothing(PEOPLE)),
    (
        "GET",
        "/staff",
        Calls(&["GET /staff", "GET /staff/invitations"]),
    ),
    (
        "POST",
        "/settings/notices",
        Calls(&["PUT /settings/notices/{id}"]),
    ),
    (
        "GET",
        "/settings/notices",
        Calls(&["GET /settings/notices"]),
    ),
    (
        "POST",
        "/settings/messages",
        Calls(&["PUT /settings/messages"]),
    ),
    (
        "POST",
        "/settings/messages/{id}/again",
        Calls(&["POST /messages/{id}/again"]),
    ),
    (
        "POST",
        "/settings/messages/stop",
        Calls(&["POST /messages/stop"]),
    ),
    (
        "POST",
        "/settings/messages/start",
        Calls(&["POST /messages/start"]),
    ),
    (
        "GET",
        "/settings/messages",
        Calls(&[
            "GET /settings/messages",
            "GET /messages",
            "GET /messages/costs",
            "GET /messages/stopped",
        ]),
    ),
    ("POST", "/settings/keys", Nothing(SECRETS)),
    ("GET", "/settings/keys", Calls(&["GET /settings/keys"])),
    ("POST", "/settings/webhooks", Nothing(SECRETS)),
    (
        "POST",
        "/settings/webhooks/{id}/test",
        Calls(&["POST /settings/webhooks/{id}/test"]),
    ),
    (
        "POST",
        "/settings/webhooks/messages/{id}/again",
        Calls(&["POST /settings/webhooks/deliveries/{id}/again"]),
    ),
    (
        "GET",
        "/settings/webhooks",
        Calls(&["GET /settings/webhooks"]),
    ),
    (
        "GET",
        "/settings/webhooks/{id}",
        Calls(&[
            "GET /settings/webhooks/{id}",
            "GET /settings/webhooks/{id}/deliveries",
        ]),
    ),
    ("", "/settings/export", Nothing(SECRETS)),
    (
        "GET",
        "/settings/subscription/invoices/{id}/pdf",
        Nothing(PAPER),
    ),
    (
        "POST",
        "/settings/subscription",
        Nothing("paid at /api/providers/{id}/pesapal/create-order, with the same keys"),
    ),
    ("POST", "/settings/subscription/trial", Nothing(TRIAL)),
    (
        "POST",
        "/settings/subscription/orders/{id}/cancel",
        Nothing(TRIAL),
    ),
    (
        "GET",
        "/settings/subscription",
        Calls(&[
            "GET /subscription",
            "GET /subscription/plans",
            "GET /subscription/orders",
            "GET /subscription/invoices",
        ]),
    ),
    ("GET", "/audit.csv", Nothing(PAPER)),
    ("GET", "/audit", Calls(&["GET /audit"])),
];
