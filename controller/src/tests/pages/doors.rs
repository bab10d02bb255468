//! Every page as everybody: nobody, each role of the business, the owner of another, the platform's staff. What is not meant for somebody
//! answers with the log-in or a refusal, whatever the path names.

use std::collections::BTreeSet;

use mnara_protocol::ids::PersonId;

use super::*;
use crate::admin::begin;
use crate::providers::gate::Door;
use crate::providers::staff::By;
use crate::providers::staff::invite::{Joining, invite, join};
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};

/// A path with something in its places.
fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", id)
        .replace("{to}", "suspend")
        .replace("{token}", &"0".repeat(64))
        .replace("{code}", &"0".repeat(32))
        .replace("{name}", "style.css")
        .replace("{tag}", "sw")
        .replace("{part}", "home")
        .replace("{*path}", "nothing/here")
}

/// Somebody of the world's own business, logged in.
pub(in crate::tests) async fn member(world: &World, role: Role, n: u8) -> Browser<'_> {
    let contact = format!("{}{n}@example.com", role.word());
    named(world, role, (role.word(), &contact), n).await
}

/// The same, of a name and with what they log in with.
pub(in crate::tests) async fn named<'a>(
    world: &'a World,
    role: Role,
    (name, contact): (&str, &str),
    n: u8,
) -> Browser<'a> {
    joined(world, world.shop.provider, role, (name, contact)).await;
    let mut browser = Browser::new(world, n);
    browser.log_in(contact, PASSWORD).await.onward();
    browser
}

/// Somebody of any business.
pub(in crate::tests) async fn joined(
    world: &World,
    provider: ProviderId,
    role: Role,
    (name, contact): (&str, &str),
) -> PersonId {
    let owner = By {
        actor: Actor::Command,
        role: Role::Owner,
    };
    let code = invite(&world.app, provider, owner, name, role)
        .await
        .unwrap();
    let joining = Joining {
        name: name.to_owned(),
        contact: contact.parse().unwrap(),
        password: PASSWORD.into(),
        language: mnara_protocol::portal::Language::English,
    };
    join(&world.app, &code, joining).await.unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_page_opens_to_those_its_door_names_and_to_nobody_else(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let pages = routes::pages(&world.app);
    assert!(pages.listed().len() > 20);
    begin::make(
        &world.app,
        "Admin",
        "a@b.example".parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut admin = Browser::new(&world, 200);
    admin.log_in("a@b.example", PASSWORD).await.onward();
    for (n, role) in (10..).zip(Role::ALL) {
        let mut somebody = member(&world, role, n).await;
        let mut nobody = Browser::new(&world, n);
        for page in pages.listed() {
            // Leaving would be the last thing somebody does.
            if page.path == "/log-out" {
                continue;
            }
            let path = filled(page.path, "staff_00000000000000000000000000000000");
            let what = format!("{} {path}", page.method);
            let ask = async |browser: &mut Browser<'_>| match page.method {
                Method::POST => browser.post(&path, &[]).await,
                _ => browser.get(&path).await,
            };
            let got = ask(&mut nobody).await;
            let is_sent_to_log_in = got
                .location
                .as_deref()
                .is_some_and(|path| path.starts_with("/log-in"));
            assert_eq!(
                is_sent_to_log_in,
                !matches!(page.door, Door::Anyone | Door::Business(..)) || path == "/",
                "{what} as nobody: {}",
                got.status
            );
            assert!(!got.status.is_server_error(), "{what} as nobody");
            if matches!(page.door, Door::Business(..)) {
                assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{what} as nobody");
            }
            let got = ask(&mut somebody).await;
            let may = match page.door {
                Door::Anyone | Door::HalfIn | Door::LoggedIn => true,
                Door::Staff(permission) | Door::Business(permission, _) => role.may(permission),
                Door::Admin => false,
            };
            assert_eq!(
                got.status != StatusCode::FORBIDDEN,
                may,
                "{what} as {role:?}"
            );
            assert!(!got.status.is_server_error(), "{what} as {role:?}");
            let got = ask(&mut admin).await;
            let may = !matches!(page.door, Door::Staff(_) | Door::Business(..));
            assert_eq!(
                got.status != StatusCode::FORBIDDEN,
                may,
                "{what} as an admin"
            );
            assert!(!got.status.is_server_error(), "{what} as an admin");
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whatever_takes_a_form_can_be_come_back_to(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let pages = routes::pages(&world.app);
    let path = |path: &str| filled(path, "staff_00000000000000000000000000000000");
    let opens: BTreeSet<String> = pages
        .listed()
        .iter()
        .filter(|page| page.method == Method::GET)
        .map(|page| path(page.path))
        .collect();
    let mut browser = Browser::new(&world, 1);
    let mut led_up = 0;
    for page in pages.listed() {
        if page.method != Method::POST || matches!(page.door, Door::Business(..)) {
            continue;
        }
        let path = path(page.path);
        let got = browser.get(&path).await;
        assert_ne!(got.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        if !opens.contains(&path) {
            let above = got.onward();
            assert!(path.starts_with(&above), "{path} leads to {above}");
            assert!(opens.contains(&above), "{path} leads to {above}");
            led_up += 1;
        }
    }
    assert!(led_up > 50, "{led_up}");
    // The other language on a page that answers a form.
    let mut owner = member(&world, Role::Owner, 2).await;
    let (site, form) = (format!("/sites/{}", world.shop.site), [("name", "")]);
    let got = owner.post("/staff/invite", &form).await;
    let (_, link) = got.text.split_once("class=\"language\" href=\"").unwrap();
    let back = owner.get(link.split('"').next().unwrap()).await.onward();
    assert_eq!(back, "/staff/invite");
    assert_eq!(owner.get(&back).await.onward(), "/staff");
    assert!(owner.get("/staff").await.page().contains("lang=\"sw\""));
    // Parts of a path that are somebody's come along.
    assert_eq!(owner.get(&format!("{site}/claim")).await.onward(), site);
    assert_eq!(owner.get("/log-out").await.onward(), "/");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nothing_is_a_page_to_people_and_a_document_to_programs(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut browser = Browser::new(&world, 1);
    for (accept, says) in [
        ("text/html,*/*;q=0.8", "There is nothing here</h1>"),
        ("*/*", "urn:mnara:problem:not-found"),
    ] {
        let request = Request::get("/nothing/here").header("accept", accept);
        let got = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
        assert!(got.text.contains(says), "{}", got.text);
    }
    for (accept, says) in [
        ("text/html,*/*;q=0.8", "There is nothing here</h1>"),
        ("*/*", "urn:mnara:problem:bad-method"),
    ] {
        let request = Request::put("/staff").header("accept", accept);
        let got = browser.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(got.status, StatusCode::METHOD_NOT_ALLOWED);
        assert!(got.text.contains(says), "{}", got.text);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_owner_of_one_business_touches_nothing_of_another(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut stranger = Browser::new(&world, 2);
    stranger.sign_up("Another", "another@example.com").await;
    let sql = "select id from staff where role = 'cashier'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    let code = invite(
        &world.app,
        world.shop.provider,
        By {
            actor: Actor::Command,
            role: Role::Owner,
        },
        "Somebody",
        Role::Reader,
    )
    .await
    .unwrap();
    let sql = "select id from invitations where name = 'Somebody'";
    let asked = mnara_protocol::ids::InvitationId::from_uuid(read(&world.app, sql).await);
    let sql = "select l.id from log_ins l join staff s on s.person_id = l.person_id where s.role = 'cashier'";
    let log_in = mnara_protocol::ids::LogInId::from_uuid(read(&world.app, sql).await);
    for (path, form) in [
        (format!("/staff/{place}/role"), &[("role", "reader")][..]),
        (format!("/staff/{place}/end"), &[]),
        (format!("/staff/invitations/{asked}/end"), &[]),
        (format!("/account/browsers/{log_in}/end"), &[]),
    ] {
        let got = stranger.post(&path, form).await;
        assert!(
            got.status == StatusCode::NOT_FOUND || got.status == StatusCode::SEE_OTHER,
            "{path}: {}",
            got.status
        );
    }
    assert_eq!(
        world
            .count("staff where role = 'cashier' and ended_at is null")
            .await,
        1
    );
    assert_eq!(world.count("invitations where ended_at is null").await, 1);
    cashier.get("/home").await.page();
    assert!(!stranger.get("/staff").await.page().contains("Somebody"));
    // What was sent from another site's page, with the owner's own cookies.
    let request = Request::post("/staff/invite")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from("name=Thief&role=owner"))
        .unwrap();
    assert_eq!(stranger.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.count("invitations where name = 'Thief'").await, 0);
    drop(code);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn half_a_form_is_told_on_a_page(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for (path, form) in [
        ("/sites", &[][..]),
        ("/staff/invite", &[("role", "cashier")]),
    ] {
        let got = owner.post(path, form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(got.text.contains("We could not read that"), "{path}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_old_browser_sends_forms_through_a_proxy_that_hands_on_no_host(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", "https://billing.example.com"];
    let world = World::open_with(pool, options, &flags).await;
    for (origin, is_ours) in [
        ("https://billing.example.com", true),
        ("http://billing.example.com", false),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let mut request = Request::post("/log-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", "127.0.0.1:8080")
            .header("origin", origin)
            .body(Body::from("who=nobody%40example.com&password=wrong"))
            .unwrap();
        let peer = SocketAddr::from(([198, 51, 100, 7], 4000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = world.router.clone().oneshot(request).await.unwrap();
        let is_taken = response.status() != StatusCode::FORBIDDEN;
        assert_eq!(is_taken, is_ours, "{origin}: {}", response.status());
    }
}
