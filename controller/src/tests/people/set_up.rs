//! A business from its sign-up to its first sale, by its owner's pages alone.

use super::*;
use crate::admin::begin;
use crate::fleet::presence;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::sites::reports;

const OWNER: &str = "njeri@example.com";

const MPESA: [(&str, &str); 7] = [
    ("kind", "paybill"),
    ("shortcode", "174379"),
    ("till", ""),
    ("consumer_key", "key of the app"),
    ("consumer_secret", "secret of the app"),
    ("passkey", "passkey of the number"),
    ("password", PASSWORD),
];

fn with<'a>(form: &[(&'a str, &'a str)], name: &str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let changed = form
        .iter()
        .map(|(field, old)| (*field, if *field == name { value } else { old }));
    changed.collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_gets_from_sign_up_to_a_sale_by_pages_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let home = owner.get("/home").await.page();
    assert_eq!(home.matches(">Go on</a>").count(), 6, "{home}");
    assert!(!home.contains("All is well"), "{home}");
    // All but the proof, for which no sale waits.
    let sale = owner.get("/first-sale").await.page();
    assert!(sale.contains("Before the first sale"), "{sale}");
    assert_eq!(sale.matches(">Go on</a>").count(), 4, "{sale}");
    // The way money goes: the keys are proved at Safaricom before they are kept.
    owner.post("/settings/mpesa", &MPESA).await.onward();
    let page = owner.get("/settings/mpesa").await.page();
    assert!(
        page.contains("174379") && !page.contains("passkey of"),
        "{page}"
    );
    // Something for sale.
    let form = [
        ("name", "1 hour"),
        ("price", "50"),
        ("time", "1"),
        ("time_unit", "h"),
        ("devices", "1"),
        ("down", "5"),
        ("on_sale", "on"),
    ];
    assert_eq!(
        owner.post("/plans", &form).await.onward(),
        "/plans?done=kept"
    );
    assert!(
        owner
            .get("/plans")
            .await
            .page()
            .contains("1\u{a0}hour · 5\u{a0}Mbit/s")
    );
    // A place, and the line for its machine.
    let path = owner.post("/sites", &[("name", "Kilimani")]).await.onward();
    let page = owner.get(&path).await.page();
    for part in [
        "id=\"live\"",
        "/assets/live.",
        "id=\"standing\"",
        "<p id=\"still\" role=\"status\" hidden>",
    ] {
        assert!(page.contains(part), "it waits to be heard from: {page}");
    }
    assert_eq!(
        owner.post(&format!("{path}/claim"), &[]).await.onward(),
        path
    );
    // Shown once, by a page that is loaded again without another claim.
    let claims = world.count("claims").await;
    let page = owner.get(&path).await.page();
    let again = owner.get(&path).await.page();
    assert!(!again.contains("--claim ") && again.contains("id=\"live\""));
    assert_eq!(world.count("claims").await, claims);
    let (_, rest) = page.split_once("--claim ").unwrap();
    assert_eq!(
        world
            .count("audit where act = 'claim' and actor = 'staff' and after->>'until' is not null")
            .await,
        1,
        "whoever has the line may put an agent there"
    );
    let key = SigningKey::from_bytes(&[77; 32]);
    let enrolled = fleet::enrol::enrol(&world.app, &rest[..40], &key.verifying_key(), "test/1")
        .await
        .unwrap();
    world.work().await;
    let rows = world.feed(enrolled.site).await;
    let sales_open = |rows: &[Row]| {
        rows.iter()
            .any(|row| matches!(row, Row::Site(site) if site.sales_open))
    };
    assert!(
        rows.iter()
            .any(|row| matches!(row, Row::Plan(plan) if plan.name == "1 hour"))
    );
    assert!(!sales_open(&rows), "nobody has let the business in");
    begin::make(
        &world.app,
        "Admin",
        "a@b.example".parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut admin = Browser::new(&world, 2);
    admin.log_in("a@b.example", PASSWORD).await.onward();
    let approve = format!("/admin/providers/{}/approve", enrolled.provider);
    admin.post(&approve, &[]).await.onward();
    assert!(sales_open(&world.feed(enrolled.site).await));
    // Every change of consequence is in the books, by whoever made it.
    let mine = format!(
        "audit where provider_id = '{}' and actor = 'staff'",
        enrolled.provider.uuid()
    );
    assert_eq!(
        world
            .count(&format!("{mine} and act = 'mpesa' and after ? 'paybill'"))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!("{mine} and act in ('plan', 'site')"))
            .await,
        2
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_money_goes_is_set_once_by_an_owner_who_proves_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let accounts = "providers where mpesa_shortcode is not null";
    let before = world.count(accounts).await;
    for (name, value, says) in [
        (
            "password",
            "not the password",
            "Your password or the six digits are wrong.",
        ),
        ("shortcode", "12", "Give the number as 5 to 7 digits"),
        (
            "passkey",
            " ",
            "Give consumer key, consumer secret and passkey.",
        ),
    ] {
        let got = owner
            .post("/settings/mpesa", &with(&MPESA, name, value))
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(got.text.contains(says), "{}", got.text);
        assert!(
            !got.text.contains("secret of the app"),
            "it does not come back"
        );
    }
    // A till under a paybill would be dropped, and each push would go to the store number.
    let got = owner
        .post("/settings/mpesa", &with(&MPESA, "till", "5432109"))
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text
            .contains("You typed a till number, and Paybill is chosen.")
            && got.text.contains("value=\"5432109\""),
        "{}",
        got.text
    );
    world.daraja.refuse_keys(true);
    let got = owner.post("/settings/mpesa", &MPESA).await;
    assert!(
        got.text
            .contains("Safaricom does not accept the consumer key"),
        "{}",
        got.text
    );
    world.daraja.refuse_keys(false);
    assert_eq!(world.count(accounts).await, before);
    owner.post("/settings/mpesa", &MPESA).await.onward();
    // Whoever has the owner's browser and password still cannot send the money elsewhere.
    owner
        .post("/settings/mpesa", &with(&MPESA, "shortcode", "654321"))
        .await
        .onward();
    assert_eq!(
        world
            .count("providers where mpesa_shortcode = '654321'")
            .await,
        0
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_plan_is_changed_in_its_form_and_a_wrong_one_keeps_what_was_typed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let form = [
        ("name", "Night <b>owl</b>"),
        ("price", "20"),
        ("data", "300"),
        ("devices", "1"),
        ("on_sale", "on"),
    ];
    owner.post("/plans", &form).await.onward();
    let page = owner.get("/plans").await.page();
    assert!(page.contains("Night &#60;b&#62;owl&#60;/b&#62;"), "{page}");
    let (_, rest) = page.split_once("href=\"/plans/plan_").unwrap();
    let path = format!("/plans/plan_{}", &rest[..32]);
    assert!(owner.get(&path).await.page().contains("value=\"300\""));
    let got = owner.post(&path, &with(&form, "price", "free")).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("value=\"free\"") && got.text.contains("value=\"300\""));
    owner
        .post(&path, &with(&form, "price", "25"))
        .await
        .onward();
    assert!(owner.get("/plans").await.page().contains("KSh\u{a0}25"));
    // Another business's plan is nobody's here.
    let theirs = format!("/plans/{}", world.shop.plan.id);
    assert_eq!(owner.get(&theirs).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        owner.post(&theirs, &form).await.status,
        StatusCode::NOT_FOUND
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn home_counts_the_money_of_today_and_the_vouchers_that_run(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let by = providers::staff::By {
        actor: Actor::Command,
        role: providers::staff::roles::Role::Owner,
    };
    let role = providers::staff::roles::Role::Reader;
    let code =
        providers::staff::invite::invite(&world.app, world.shop.provider, by, "Reader", role)
            .await
            .unwrap();
    let mut reader = Browser::new(&world, 2);
    let form = [
        ("name", "Reader"),
        ("who", "r@example.com"),
        ("password", "hills beyond the lake"),
    ];
    reader.post(&format!("/join/{code}"), &form).await.onward();
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let ticket = read(
        &world.app,
        "select id from tickets where payment_id is not null",
    )
    .await;
    let site = reports::Site::new(&world, world.shop.site);
    site.lets_in(&world, mnara_protocol::ids::TicketId::from_uuid(ticket))
        .await;
    world.pass(1).await;
    let page = reader.get("/home").await.page();
    assert!(page.contains("KSh\u{a0}50</p>"), "{page}");
    assert!(page.contains("<p class=\"figure\">1</p>"), "{page}");
    let neighbour = owner.get("/home").await.page();
    assert!(
        neighbour.contains("KSh\u{a0}0</p>") && neighbour.contains("<p class=\"figure\">0</p>")
    );
    // A week later, by the same hour, it is what there was then.
    world
        .app
        .clock
        .advance(Duration::from_secs(7 * 86_400 + 60));
    reader
        .log_in("r@example.com", "hills beyond the lake")
        .await
        .onward();
    assert!(
        reader
            .get("/home")
            .await
            .page()
            .contains("last week: KSh\u{a0}50")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_is_up_while_some_process_holds_its_link(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = fleet::hub::Hub::start(
        &world.app,
        crate::dispatch::DISPATCH,
        fleet::identity::Identity::default(),
    );
    let sender = fleet::dispatch::Sender {
        provider: world.shop.provider,
        site: world.shop.site,
        agent: world.shop.agent,
        journal: mnara_protocol::ids::JournalId::from_bytes([1; 16]),
        epoch: 0,
    };
    let mailbox = hub.join(&sender);
    let seen = async || {
        let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
        let sites = fleet::store::sites_seen(&mut tx, world.shop.provider, None, 10).await;
        presence::is_up(sites.unwrap()[0].seen, world.app.clock.now())
    };
    assert!(!seen().await);
    presence::note(&world.app, &hub.held()).await.unwrap();
    assert!(seen().await);
    // The hub notes each minute too, so the clock moves only once there is nothing to note.
    hub.leave(&sender);
    world.app.clock.advance(Duration::from_secs(200));
    presence::note(&world.app, &hub.held()).await.unwrap();
    assert!(!seen().await);
    drop(mailbox);
}
