//! Every page from a sample in which every text that anybody outside can write is one that breaks pages: as an owner, as somebody of the
//! platform and as nobody, in both languages. Which texts there are is asked of the database, and which pages of the table of pages, so that
//! neither can be forgotten.

use std::collections::BTreeSet;

use axum::http::header;
use mnara_protocol::ids::StaffId;
use mnara_protocol::message::{
    Finding, FindingsReport, HotspotSample, LiveSample, Report, RouterAnswers, RouterSample,
    Sample, SessionSample, Verdict,
};
use mnara_protocol::portal::Language;
use sqlx::{Connection as _, PgConnection};

use super::doors::member;
use super::*;
use crate::admin::begin;
use crate::db::At;
use crate::providers::gate::Door;
use crate::providers::log_in::reset;
use crate::providers::staff::By;
use crate::providers::staff::invite::invite;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD, digits};

mod poison;
mod typed;

use poison::{closed_site, given_up, poison, told_by_the_site, wants_email};

/// What no page may hold as it is: escaped once, neither is there.
const RAW: [&str; 2] = ["<script>\"", "\"'&"];
/// Texts that break pages, from the longest to the one that fits where there is hardly room.
const TEXTS: [&str; 3] = ["<script>\"'&{here}</script>", "<b>\"'&", "<\"'&"];

/// Columns of text that only the program itself writes and reads, with the reason. Whatever is not here and that no rule of its own table
/// refuses is filled with what breaks pages.
const OWN: &[(&str, &str)] = &[
    ("callbacks.outcome", "a word of the program's"),
    ("jobs.unique_key", "a word of the program's"),
    ("payments.flag", "a word of the program's"),
    ("redemptions.end_reason", "a word of the program's"),
    ("site_events.kind", "a word of the program's"),
    ("webhook_deliveries.event", "a word of the program's"),
    ("_sqlx_migrations.description", "the owner's"),
    ("ceremonies.state", "what is between two pages of a passkey"),
    ("identity_keys.role", "a word of the program's"),
    ("identity_keys.secret", "sealed"),
    (
        "idempotency_keys.location",
        "an address that the program made",
    ),
    ("jobs.kind", "a word of the program's"),
    ("jobs.payload", "what a job needs to know"),
    ("log_ins.device", "a browser's name in the program's words"),
    ("mails.kind", "a word of the program's"),
    ("mails.letter", "a letter that waits; no page shows it"),
    ("mpesa_accounts.consumer_key", "sealed"),
    ("mpesa_accounts.consumer_secret", "sealed"),
    ("mpesa_accounts.passkey", "sealed"),
    ("mpesa_operators.credential", "sealed"),
    (
        "mpesa_requests.code",
        "a word of the program's, or M-PESA's code",
    ),
    ("passkeys.key", "a public key"),
    ("payments.token", "sealed"),
    ("people.password", "a hash"),
    ("people.totp_secret", "sealed"),
    ("platform_numbers.name", "a word of the program's"),
    ("platform_settings.name", "a word of the program's"),
    ("platform_settings.value", "what the name says"),
    ("providers.mpesa_consumer_key", "sealed"),
    ("providers.mpesa_consumer_secret", "sealed"),
    ("providers.mpesa_passkey", "sealed"),
    (
        "redemptions.slots",
        "addresses of devices, as sites report them",
    ),
    ("series.key", "sealed"),
    ("smses.kind", "a word of the program's"),
    ("smses.body", "sealed"),
    ("smses.why", "a word of the program's"),
    ("notice_choices.topic", "a word of the program's"),
    ("webhook_endpoints.events", "words of the program's"),
    ("webhook_endpoints.last_fault", "a word of the program's"),
    ("webhook_endpoints.secret", "sealed"),
];

/// How a page of the table is opened.
#[derive(Debug)]
enum How {
    /// With nothing in its path.
    Plain,
    /// At these addresses.
    At(Vec<String>),
    /// It gives no page but a file, a stream or the way somewhere else.
    NoPage,
}

/// The names of what the sample holds.
struct Names {
    ids: Vec<(&'static str, String)>,
    reset: String,
    join: String,
}

impl Names {
    async fn read(world: &World) -> Self {
        let app = &world.app;
        let id = async |prefix: &str, sql: &str| {
            let id: sqlx::types::Uuid = read(app, sql).await;
            format!("{prefix}_{}", id.simple())
        };
        let owner = By {
            actor: Actor::Command,
            role: Role::Owner,
        };
        let join = invite(app, world.shop.provider, owner, "Asked", Role::Reader)
            .await
            .unwrap();
        let contact = "owner1@example.com".parse().unwrap();
        let reset = reset::by_command(app, &contact).await.unwrap().unwrap();
        let staff: sqlx::types::Uuid =
            read(app, "select id from staff where role = 'cashier' limit 1").await;
        Self {
            ids: vec![
                ("plan", world.shop.plan.id.to_string()),
                ("series", id("ser", "select id from series limit 1").await),
                (
                    "ticket",
                    id("tkt", "select ticket_id from gifts limit 1").await,
                ),
                (
                    "printed",
                    id("tkt", "select ticket_id from cash_sales limit 1").await,
                ),
                ("site", world.shop.site.to_string()),
                ("closed", closed_site(world).await),
                (
                    "command",
                    id("cmd", "select id from commands limit 1").await,
                ),
                (
                    "payment",
                    id(
                        "pay",
                        "select id from payments where status = 'success' limit 1",
                    )
                    .await,
                ),
                (
                    "customer",
                    id("cust", "select id from customers limit 1").await,
                ),
                ("staff", StaffId::from_uuid(staff).to_string()),
                (
                    "webhook",
                    id("hook", "select id from webhook_endpoints limit 1").await,
                ),
                ("provider", world.shop.provider.to_string()),
                (
                    "offer",
                    id("pplan", "select id from platform_plans limit 1").await,
                ),
            ],
            reset: reset.rsplit('/').next().unwrap().to_owned(),
            join: join.rsplit('/').next().unwrap().to_owned(),
        }
    }

    fn id(&self, name: &str) -> &str {
        let found = self.ids.iter().find(|(listed, _)| *listed == name);
        &found.unwrap().1
    }

    /// Where a page of the table is opened. A page with a place in its path needs a line here.
    fn of(&self, path: &str) -> How {
        let at = |name: &str| How::At(vec![path.replace("{id}", self.id(name))]);
        match path {
            "/plans/{id}" => at("plan"),
            "/vouchers/series/{id}" => at("series"),
            "/vouchers/series/{id}/sheets" => at("series"),
            "/vouchers/{id}" => How::At(vec![
                format!("/vouchers/{}", self.id("ticket")),
                format!("/vouchers/{}", self.id("printed")),
            ]),
            "/counter/{id}" | "/counter/{id}/slip" => at("printed"),
            // As it is, and with what the agent found when it was asked to look the site over.
            "/sites/{id}" => How::At(vec![
                format!("/sites/{}", self.id("site")),
                format!("/sites/{}?asked={}", self.id("site"), self.id("command")),
                format!("/sites/{}", self.id("closed")),
            ]),
            "/sites/{id}/files" | "/sites/{id}/look" | "/sites/{id}/look/preview" => at("site"),
            "/payments/{id}" => at("payment"),
            "/customers/{id}" => at("customer"),
            "/staff/{id}/reset" => at("staff"),
            "/settings/webhooks/{id}" => at("webhook"),
            "/admin/providers/{id}" | "/admin/subscriptions/{id}" => at("provider"),
            "/admin/platform-plans/{id}" => at("offer"),
            "/settings/subscription" => How::At(vec![
                path.to_owned(),
                format!("{path}?why=%3Cscript%3E%22%27%26"),
                format!("{path}?why=custom-portal"),
            ]),
            "/settings/portal/preview/{part}" => How::At(
                ["home", "plans", "terms"]
                    .map(|part| path.replace("{part}", part))
                    .to_vec(),
            ),
            "/reset/{token}" => How::At(vec![path.replace("{token}", &self.reset)]),
            "/join/{code}" => How::At(vec![path.replace("{code}", &self.join)]),
            "/books" => How::At(vec![
                path.to_owned(),
                format!("{path}?month=%3Cscript%3E%22&site=%22%27%26"),
            ]),
            "/payments/unmatched" => How::At(vec![path.to_owned(), format!("{path}?closed=1")]),
            "/plans/new" => How::At(vec![format!("{path}?preset=hour"), path.to_owned()]),
            "/plans/preview" => How::At(vec![path.to_owned(), format!("{path}?preset=hour")]),
            "/audit" | "/admin/audit" => How::At(vec![
                path.to_owned(),
                format!("{path}?act=%22%27%26&day=%3Cscript%3E%22&person=%22%27%26"),
            ]),
            // To the person whose link it is only, so it is opened apart.
            "/account/contact/{token}" => How::NoPage,
            "/"
            | "/{*path}"
            | "/assets/{name}"
            | "/language/{tag}"
            | "/reports/csv"
            | "/reports/monthly"
            | "/vouchers/series/{id}/pdf"
            | "/vouchers/series/{id}/csv"
            | "/sites/{id}/live"
            | "/payments.csv"
            | "/books.csv"
            | "/settings/portal/preview/style.css"
            | "/settings/export/{code}"
            | "/api/v1/openapi.json"
            | "/api/providers/{id}/subscription-status"
            | "/api/providers/{id}/pesapal/create-order"
            | "/settings/subscription/invoices/{id}/pdf"
            | "/audit.csv" => How::NoPage,
            plain => {
                assert!(
                    !plain.contains('{'),
                    "{plain} has no sample: say where it is opened"
                );
                How::Plain
            }
        }
    }
}

/// What is wrong with a page, if anything.
fn faults(page: &str, language: Language) -> Vec<String> {
    let mut faults = Vec::new();
    let mut wrong = |is: bool, what: &str| {
        if is {
            faults.push(what.to_owned());
        }
    };
    for raw in RAW {
        let at = page.find(raw);
        wrong(
            at.is_some(),
            &at.map_or_else(String::new, |at| {
                let from = page.floor_char_boundary(at.saturating_sub(60));
                let to = page.floor_char_boundary(at + 60);
                format!("unescaped: {}", &page[from..to])
            }),
        );
    }
    let html = format!("<html lang=\"{}\"", language.tag());
    wrong(!page.contains(&html), "the language is not said");
    let title = page.split_once("<title>").map_or("", |(_, rest)| rest);
    let title = title.split("</title>").next().unwrap_or_default();
    wrong(title.trim().trim_matches('·').trim().is_empty(), "no title");
    wrong(page.matches("<h1").count() != 1, "not one h1");
    for (piece, what) in [
        ("{{", "a template's own words"),
        ("{%", "a template's own words"),
        ("Some(", "a value as programmers write it"),
        ("&amp;#", "escaped twice"),
        ("&#38;#", "escaped twice"),
    ] {
        wrong(page.contains(piece), what);
    }
    for name in [
        "h1", "h2", "h3", "label", "button", "dt", "legend", "summary", "caption", "title",
    ] {
        let end = format!("></{name}>");
        let begin = format!("<{name}");
        // Something may stand between two tags; it is empty where the one that ends there is its own.
        let is_empty = page.match_indices(&end).any(|(at, _)| {
            let tag = page[..at].rfind('<').map_or("", |from| &page[from..at]);
            tag.starts_with(&begin)
        });
        wrong(is_empty, &format!("an empty {name}"));
    }
    wrong(page.contains("aria-label=\"\""), "an empty name");
    let tables = page.matches("<table").count();
    let names = page.matches("<caption>").count();
    wrong(tables != names, "a table without a name");
    let folded = page.split("<summary>").skip(1);
    let mut folded: Vec<_> = folded.map(|rest| rest.split("</summary>").next()).collect();
    let all = folded.len();
    folded.sort_unstable();
    folded.dedup();
    wrong(folded.len() < all, "two parts that open by one name");
    faults
}

/// Opens a page and looks at it.
async fn look(
    browser: &mut Browser<'_>,
    path: &str,
    who: &str,
    language: Language,
    seen: &mut Vec<String>,
) -> Vec<String> {
    let request = Request::get(path)
        .header(header::ACCEPT, "text/html")
        .body(Body::empty());
    let response = browser.open(request.unwrap()).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = axum::body::to_bytes(response.into_body(), 1 << 22)
        .await
        .unwrap();
    let page = String::from_utf8_lossy(&body).into_owned();
    let text = |name| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
            .to_owned()
    };
    let mut found = faults(&page, language);
    if status != StatusCode::OK {
        found.push(format!("{status} {}", text(header::LOCATION)));
    }
    if !text(header::CONTENT_TYPE).starts_with("text/html") {
        found.push(text(header::CONTENT_TYPE));
    }
    if !text(header::CONTENT_SECURITY_POLICY).contains("default-src 'none'") {
        found.push("no policy for what it may load".to_owned());
    }
    seen.push(page);
    let say = |fault: String| format!("{path} as {who} in {}: {fault}", language.name());
    found.into_iter().map(say).collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_page_shows_whatever_anybody_wrote_and_runs_none_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = [
        "--public-url",
        "https://billing.example.com",
        "--pesapal",
        "http://127.0.0.1:9",
        "--pesapal-consumer-key",
        "key",
        "--pesapal-consumer-secret",
        "secret",
        "--pesapal-callback-url",
        "https://billing.example.com/api/payments/pesapal/callback",
        "--pesapal-ipn-url",
        "https://billing.example.com/api/payments/pesapal/webhook",
    ];
    let world = World::open_with(pool, options.clone(), &flags).await;
    tenancy::fill(&world).await;
    begin::make(
        &world.app,
        "Admin",
        "a@b.example".parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut admin = Browser::new(&world, 200);
    admin.log_in("a@b.example", PASSWORD).await.onward();
    let names = Names::read(&world).await;
    // Somebody who has said their password and not their digits.
    let mut manager = member(&world, Role::Manager, 2).await;
    let page = manager.get("/account/second").await.page();
    let between = |before: &str, after: &str| {
        let (_, rest) = page.split_once(before).unwrap();
        rest.split_once(after).unwrap().0.to_owned()
    };
    let (sealed, secret) = (
        between("name=\"sealed\" value=\"", "\""),
        between("<code>", "</code>"),
    );
    let now = digits(&world, &secret);
    let form = [
        ("sealed", sealed.as_str()),
        ("password", PASSWORD),
        ("digits", &now),
    ];
    manager.post("/account/second", &form).await.page();
    let mut half = Browser::new(&world, 3);
    half.log_in("manager2@example.com", PASSWORD).await.onward();
    let mut nobody = Browser::new(&world, 4);

    let wanted = wants_email(&world).await;
    let block = format!("/customers/{}/block", names.id("customer"));
    owner.post(&block, &[("reason", "Why")]).await.onward();
    given_up(&world, &options).await;
    let taken = poison(&options).await;
    told_by_the_site(&world, &options).await;
    let pages = routes::pages(&world.app);
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for language in Language::ALL {
        for browser in [&mut owner, &mut admin, &mut half, &mut nobody] {
            let path = format!("/language/{}", language.tag());
            browser.get(&path).await.onward();
        }
        found.extend(look(&mut owner, &wanted, "the owner", language, &mut seen).await);
        // It is a form to nobody, a button to somebody, and no more than a word to whoever works there.
        let join = format!("/join/{}", names.join);
        found.extend(look(&mut admin, &join, "an admin", language, &mut seen).await);
        found.extend(look(&mut owner, &join, "the owner", language, &mut seen).await);
        let gets = pages
            .listed()
            .iter()
            .filter(|page| page.method == Method::GET);
        for page in gets {
            let paths = match names.of(page.path) {
                How::Plain => vec![page.path.to_owned()],
                How::At(paths) => paths,
                How::NoPage => continue,
            };
            for path in paths {
                let mut as_ = async |browser: &mut Browser<'_>, who: &str| {
                    found.extend(look(browser, &path, who, language, &mut seen).await);
                };
                match page.door {
                    Door::Anyone => as_(&mut nobody, "nobody").await,
                    Door::HalfIn => as_(&mut half, "somebody half in").await,
                    Door::LoggedIn => {
                        as_(&mut owner, "the owner").await;
                        as_(&mut admin, "an admin").await;
                    }
                    Door::Staff(_) => as_(&mut owner, "the owner").await,
                    // Answered as to programs.
                    Door::Business(..) => {}
                    Door::Admin => as_(&mut admin, "an admin").await,
                }
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    // It is shown, not left out: what people write stands on some page, in so many words.
    let all = seen.concat();
    for column in [
        "providers.business_name",
        "sites.name",
        "plans.name",
        "people.name",
        "customers.block_reason",
        "refunds.reason",
        "unmatched.reference",
        "unmatched.note",
        "mpesa_requests.said",
        "gifts.reason",
        "api_keys.name",
        "webhook_deliveries.answer",
        "payment_messages.body",
        "jobs.last_error",
        "audit.after",
        "portal_looks.welcome_en",
        "portal_looks.terms_sw",
        "agents.software",
        "platform_plans.name",
    ] {
        assert!(taken.contains(column), "{column} took nothing: {taken:?}");
        assert!(
            all.contains(&format!("{column}&#60;/script&#62;")),
            "{column} is on no page"
        );
    }
    for told in [
        "router.board",
        "hotspot.name",
        "session.address",
        "finding.about",
        "finding.says",
        "finding.next",
    ] {
        assert!(all.contains(told), "{told} is on no page");
    }
}
