//! Every page of a business that names something, asked by the owner of another with what is really there: the answer is what it is for
//! something that nobody has.

use sqlx::types::Uuid;

use super::*;
use crate::providers::gate::Door;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, Got, PASSWORD};

/// Where the things lie that paths name: the beginning of the path, the longest first, and a question for the id of one. A page that names
/// something new needs a line here.
const THINGS: &[(&str, &str)] = &[
    (
        "/api/providers/",
        "select replace(id::text, '-', '') from providers limit 1",
    ),
    (
        "/plans/",
        "select replace(id::text, '-', '') from plans limit 1",
    ),
    (
        "/vouchers/series/",
        "select replace(id::text, '-', '') from series limit 1",
    ),
    (
        "/vouchers/",
        "select replace(id::text, '-', '') from tickets where payment_id is not null limit 1",
    ),
    (
        "/counter/",
        "select replace(ticket_id::text, '-', '') from cash_sales limit 1",
    ),
    (
        "/sites/",
        "select replace(site_id::text, '-', '') from agents limit 1",
    ),
    (
        "/payments/unmatched/",
        "select replace(id::text, '-', '') from unmatched limit 1",
    ),
    (
        "/payments/",
        "select replace(id::text, '-', '') from payments where status = 'success' limit 1",
    ),
    (
        "/customers/",
        "select replace(id::text, '-', '') from customers limit 1",
    ),
    (
        "/staff/invitations/",
        "select replace(id::text, '-', '') from invitations limit 1",
    ),
    (
        "/staff/",
        "select replace(id::text, '-', '') from staff limit 1",
    ),
    (
        "/settings/webhooks/messages/",
        "select replace(id::text, '-', '') from webhook_deliveries limit 1",
    ),
    (
        "/settings/webhooks/",
        "select replace(id::text, '-', '') from webhook_endpoints limit 1",
    ),
    (
        "/settings/keys/",
        "select replace(id::text, '-', '') from api_keys limit 1",
    ),
    (
        "/settings/mpesa/moves/",
        "select replace(id::text, '-', '') from mpesa_moves limit 1",
    ),
    (
        "/settings/messages/",
        "select replace(id::text, '-', '') from smses limit 1",
    ),
    (
        "/settings/subscription/orders/",
        "select replace(id::text, '-', '') from platform_orders limit 1",
    ),
    (
        "/settings/subscription/invoices/",
        "select number::text from platform_invoices limit 1",
    ),
];
/// What no id in it names, with the reason.
const NAMELESS: &[(&str, &str)] = &[
    (
        "/settings/export/{code}",
        "a secret that is made once, not an id",
    ),
    (
        "/settings/portal/preview/{part}",
        "a part of one's own page",
    ),
];

/// Forms of which much is asked.
const FORMS: [&str; 5] = [
    "/plans/{id}",
    "/vouchers/{id}/kick",
    "/vouchers/{id}/free",
    "/payments/{id}/refund",
    "/customers/{id}/give",
];

/// An invoice that nobody has.
const NO_NUMBER: &str = "987654";

/// The owner of another business that sells.
pub(super) async fn stranger<'a>(world: &'a World, other: &Business) -> Browser<'a> {
    let named = ("Stranger", "stranger@example.com");
    doors::joined(world, other.provider, Role::Owner, named).await;
    let mut browser = Browser::new(world, 77);
    let got = browser.log_in("stranger@example.com", PASSWORD).await;
    got.onward();
    browser
}

/// What somebody learns from an answer, without the id that they asked with.
fn learned(got: Got, id: &str) -> (StatusCode, Option<String>, String) {
    let without = |text: String| text.replace(id, "ID");
    // A number of few digits stands in many places of a page.
    let text = if id.len() == 32 {
        without(got.text)
    } else {
        String::new()
    };
    (got.status, got.location.map(without), text)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_page_tells_another_business_that_something_is_there(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    tenancy::fill(&world).await;
    let mut things = Vec::new();
    for (path, sql) in THINGS {
        let id: String = read(&world.app, sql).await;
        things.push((*path, id));
    }
    let other = business(&world.app, 2).await;
    let mut stranger = stranger(&world, &other).await;
    let deeds = format!("audit where provider_id = '{}'", world.shop.provider.uuid());
    let (before, sites) = (
        world.count(&deeds).await,
        world.feed(world.shop.site).await.len(),
    );
    let nobodys = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let nobodys = nobodys.simple().to_string();
    let ticket = things
        .iter()
        .find(|(path, _)| *path == "/vouchers/")
        .unwrap();
    let ticket = ticket.1.clone();
    let own_site = other.site.to_string();
    let own_plan = other.plan.id.to_string();

    let own_attempt = attempt(77).to_string();
    let mut asked = 0;
    for page in routes::pages(&world.app).listed() {
        if !matches!(page.door, Door::Staff(_) | Door::Business(..)) || !page.path.contains('{') {
            continue;
        }
        if NAMELESS.iter().any(|(path, _)| *path == page.path) {
            continue;
        }
        let found = things.iter().find(|(path, _)| page.path.starts_with(path));
        let (_, id) = found.unwrap_or_else(|| panic!("{} needs a line in THINGS", page.path));
        // Each form has some of these fields, and is filled in well enough to be acted on.
        let form = |ticket: &str| {
            [
                ("ticket", ticket),
                ("mac", "02:00:00:00:00:01"),
                ("minutes", "30"),
                ("by", "1"),
                ("unit", "h"),
                ("role", "reader"),
                ("plan", &own_plan),
                ("site", &own_site),
                ("phone", "0722 000 111"),
                ("reason", "because"),
                ("attempt", &own_attempt),
                ("receipt", "NLJ7RT61SA"),
                ("name", "Mine"),
                ("price", "50"),
                ("time", "1"),
                ("time_unit", "h"),
                ("devices", "1"),
                ("password", PASSWORD),
            ]
            .map(|(name, value)| (name, value.to_owned()))
        };
        let mut ask = async |id: &str, ticket: &str| {
            let path = page.path.replace("{id}", id).replace("{to}", "off");
            let form = form(ticket);
            let form: Vec<(&str, &str)> = form
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            match page.method {
                Method::POST => stranger.post(&path, &form).await,
                _ => stranger.get(&path).await,
            }
        };
        let theirs = learned(ask(id, &ticket).await, id);
        let what = format!("{} {}", page.method, page.path);
        // What is refused for its form, before anything is looked for, would prove nothing.
        let is_form = page.method == Method::POST && FORMS.contains(&page.path);
        assert!(!is_form || theirs.0 == StatusCode::NOT_FOUND, "{what}");
        assert!(
            !theirs.0.is_success() && !theirs.0.is_server_error(),
            "{what}: {}",
            theirs.0
        );
        let no_id = if id.len() == 32 { &nobodys } else { NO_NUMBER };
        let nothing = learned(ask(no_id, &nobodys).await, no_id);
        assert_eq!(theirs, nothing, "{what}");
        // A code to enrol with names no voucher, and is another one each time.
        let names_ticket = page.path.starts_with("/sites/") && page.path != "/sites/{id}/claim";
        if names_ticket && page.method == Method::POST {
            let theirs = learned(ask(&own_site, &ticket).await, &ticket);
            let nothing = learned(ask(&own_site, &nobodys).await, &nobodys);
            assert_eq!(theirs, nothing, "{what} with another's voucher");
        }
        asked += 1;
    }
    assert!(asked > 50, "only {asked} pages were asked");
    assert_eq!(world.count(&deeds).await, before, "something was done");
    assert_eq!(world.feed(world.shop.site).await.len(), sites);
}
