//! People at the pages: signing up, logging in, the second factor, staff and their invitations, and what the platform's staff decide.

use super::*;
use crate::admin::begin;
use crate::providers::staff::roles::Role;
use crate::providers::standing::{Standing, standing};
use crate::providers::state::Admission;
use crate::providers::store::set_admission;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors::member;

const OWNER: &str = "njeri@example.com";
const ADMIN: &str = "admin@mnara.example";

async fn admin(world: &World) -> Browser<'_> {
    begin::make(&world.app, "Admin", ADMIN.parse().unwrap(), PASSWORD.into())
        .await
        .unwrap();
    let mut admin = Browser::new(world, 250);
    assert_eq!(admin.log_in(ADMIN, PASSWORD).await.onward(), "/");
    admin
}

async fn provider_of(world: &World, business: &str) -> ProviderId {
    let sql = format!("select id from providers where business_name = '{business}'");
    ProviderId::from_uuid(read(&world.app, &sql).await)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_signs_up_waits_until_somebody_lets_them_in_and_sells_then(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    assert!(
        owner
            .get("/home")
            .await
            .page()
            .contains("We are looking at your sign-up")
    );
    let provider = provider_of(&world, "Njeri Wi-Fi").await;
    let now = world.app.clock.now();
    let stands = async || {
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        standing(&mut tx, provider, now).await.unwrap()
    };
    assert_eq!(stands().await, Standing::Shut);
    let mut admin = admin(&world).await;
    assert!(
        admin
            .get("/admin/providers")
            .await
            .page()
            .contains("Njeri Wi-Fi")
    );
    let approve = format!("/admin/providers/{provider}/approve");
    assert_eq!(
        owner.post(&approve, &[]).await.status,
        StatusCode::FORBIDDEN,
        "nobody lets themselves in"
    );
    assert_eq!(
        admin.post(&approve, &[]).await.onward(),
        "/admin/providers?done=moved"
    );
    assert_eq!(stands().await, Standing::NoAccount);
    assert!(
        !owner
            .get("/home")
            .await
            .page()
            .contains("We are looking at")
    );
    let lines = "audit where act in ('sign-up', 'approve', 'admin')";
    assert_eq!(world.count(lines).await, 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_rule_lets_so_many_in_a_day(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    world.app.clock.advance(Duration::from_secs(2 * 86_400));
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let rule = Admission::AtOnce { a_day: 1 };
    set_admission(&mut tx, rule, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    for (n, business, state) in [(1, "First", "active"), (2, "Second", "pending")] {
        let mut owner = Browser::new(&world, n);
        owner
            .sign_up(business, &format!("owner{n}@example.com"))
            .await;
        let sql = format!("select state from providers where business_name = '{business}'");
        assert_eq!(read::<String>(&world.app, &sql).await, state, "{business}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_that_is_stopped_sells_nothing_and_its_sites_hear_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let open = async || {
        let rows = world.feed(world.shop.site).await;
        rows.iter()
            .any(|row| matches!(row, Row::Site(site) if site.sales_open))
    };
    assert!(open().await);
    world.begin(world.shop.ask(3, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    let path = format!("/admin/providers/{}", world.shop.provider);
    admin.post(&format!("{path}/suspend"), &[]).await.onward();
    assert!(!open().await);
    assert!(matches!(
        world.begin(world.shop.ask(1, PHONE)).await,
        Err(NotBegun::Closed)
    ));
    // Nothing is given away either, nor made to be sold later: each page says so.
    let mut owner = member(&world, Role::Owner, 2).await;
    let shop = &world.shop;
    let sold: sqlx::types::Uuid = read(&world.app, "select id from tickets").await;
    let customer: sqlx::types::Uuid = read(&world.app, "select id from customers").await;
    let batch = [
        ("plan", shop.plan.id.to_string()),
        ("count", "10".to_owned()),
        ("length", "10".to_owned()),
        ("home", shop.site.to_string()),
    ];
    let batch = batch
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let got = owner.post("/vouchers/new", &batch).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("may not sell now"), "{}", got.text);
    let more = [("by", "1"), ("unit", "h")];
    let extend = format!("/vouchers/{}/extend", sold.simple());
    let next = owner.post(&extend, &more).await.onward();
    let page = owner.get(&next).await.page();
    assert!(page.contains("may not sell now"), "{page}");
    let (plan, pressed) = (shop.plan.id.to_string(), attempt(9).to_string());
    let gift = [
        ("attempt", pressed.as_str()),
        ("plan", plan.as_str()),
        ("site", ""),
        ("reason", "a slow day"),
    ];
    let give = format!("/customers/{}/give", customer.simple());
    let got = owner.post(&give, &gift).await;
    assert!(got.text.contains("may not sell now"), "{}", got.text);
    assert_eq!(world.count("series").await + world.count("gifts").await, 0);
    admin.post(&format!("{path}/reinstate"), &[]).await.onward();
    assert!(open().await);
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_log_in_is_kept_by_the_browser_and_ends_when_it_should(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut phone = Browser::new(&world, 1);
    phone.sign_up("Njeri Wi-Fi", OWNER).await;
    let mut laptop = Browser::new(&world, 2);
    assert_eq!(
        laptop.get("/staff?x=1").await.onward(),
        "/log-in?next=%2Fstaff%3Fx%3D1"
    );
    let form = [
        ("who", " Njeri@Example.com"),
        ("password", PASSWORD),
        ("next", "/staff?x=1"),
    ];
    assert_eq!(laptop.post("/log-in", &form).await.onward(), "/staff?x=1");
    let stolen = [
        ("who", OWNER),
        ("password", PASSWORD),
        ("next", "//evil.example"),
    ];
    assert_eq!(
        Browser::new(&world, 3)
            .post("/log-in", &stolen)
            .await
            .onward(),
        "/"
    );
    // The token itself is nowhere in the database.
    let token = laptop.kept("mnara").unwrap().to_owned();
    let sql = format!("log_ins where encode(token_hash, 'hex') = '{token}'");
    assert_eq!(world.count(&sql).await, 0);
    assert_eq!(laptop.post("/log-out", &[]).await.onward(), "/log-in");
    assert!(laptop.kept("mnara").is_none());
    let mut copy = Browser::new(&world, 2);
    copy.keep("mnara", &token);
    assert_eq!(copy.get("/home").await.onward(), "/log-in?next=%2Fhome");
    // A browser that nobody uses.
    world.app.clock.advance(Duration::from_secs(13 * 86_400));
    phone.get("/home").await.page();
    world.app.clock.advance(Duration::from_secs(14 * 86_400));
    assert_eq!(phone.get("/home").await.onward(), "/log-in?next=%2Fhome");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_learns_who_logs_in_here_and_strangers_cannot_lock_an_owner_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    owner.post("/log-out", &[]).await.onward();
    let mut stranger = Browser::new(&world, 9);
    let wrong = stranger.log_in(OWNER, "not the password").await;
    let nobody = stranger
        .log_in("nobody@example.com", "not the password")
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        wrong.text.replace(OWNER, ""),
        nobody.text.replace("nobody@example.com", "")
    );
    // Many strangers, each from an address of its own, and one who goes on until that address has to wait.
    for n in 10..30 {
        Browser::new(&world, n)
            .log_in(OWNER, "guess after guess")
            .await;
    }
    let mut refused = stranger.log_in(OWNER, "guess after guess").await;
    for _ in 0..10 {
        refused = stranger.log_in(OWNER, "guess after guess").await;
    }
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.text.contains("Try again in"));
    for mut browser in [owner, Browser::new(&world, 31)] {
        assert_eq!(browser.log_in(OWNER, PASSWORD).await.onward(), "/");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn with_a_second_factor_a_password_alone_opens_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let page = owner.get("/account/second").await.page();
    let between = |page: &str, before: &str, after: &str| {
        let (_, rest) = page.split_once(before).unwrap();
        rest.split_once(after).unwrap().0.to_owned()
    };
    let sealed = between(&page, "name=\"sealed\" value=\"", "\"");
    let secret = between(&page, "<code>", "</code>");
    assert!(secret.split(' ').all(|typed| typed.len() == 4), "{secret}");
    let digits = |world: &World| {
        let secret = totp_rs::Secret::try_from_base32(secret.replace(' ', "")).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        let now = u64::try_from(world.app.clock.now().as_secs()).unwrap();
        totp.generate(now).to_string()
    };
    let form = |password: &'static str, digits: &str| {
        [
            ("sealed", sealed.clone()),
            ("password", password.to_owned()),
            ("digits", digits.to_owned()),
        ]
    };
    let set_up = async |owner: &mut Browser<'_>, password, digits: &str| {
        let form = form(password, digits);
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        owner.post("/account/second", &form).await
    };
    let wrong = set_up(&mut owner, PASSWORD, "000000").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains(&secret), "the same secret once more");
    let first = digits(&world);
    // Whoever has the open browser and not the password locks nobody out.
    for password in ["", "guessed it 1234"] {
        let stolen = set_up(&mut owner, password, &first).await;
        assert_eq!(stolen.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            stolen.text.contains("That is not your present password"),
            "{}",
            stolen.text
        );
    }
    assert_eq!(world.count("recovery_codes where used_at is null").await, 0);
    let codes = set_up(&mut owner, PASSWORD, &first).await.page();
    let paper = between(&codes, "<li><code>", "</code>");
    // Whoever has the open browser cannot put another in its place.
    assert_eq!(owner.get("/account/second").await.onward(), "/account");
    let again = set_up(&mut owner, PASSWORD, &first).await;
    assert_eq!(again.onward(), "/account");
    assert_eq!(
        world.count("recovery_codes where used_at is null").await,
        10
    );
    let mut laptop = Browser::new(&world, 2);
    assert_eq!(
        laptop.log_in(OWNER, PASSWORD).await.onward(),
        "/log-in/second?next=%2F"
    );
    assert_eq!(laptop.get("/home").await.onward(), "/log-in?next=%2Fhome");
    let half = laptop.kept("mnara").unwrap().to_owned();
    let used = laptop.post("/log-in/second", &[("digits", &first)]).await;
    assert_eq!(
        used.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "digits work once"
    );
    world.app.clock.advance(Duration::from_secs(60));
    let now = digits(&world);
    assert_eq!(
        laptop
            .post("/log-in/second", &[("digits", &now), ("next", "/staff")])
            .await
            .onward(),
        "/staff"
    );
    assert_ne!(
        laptop.kept("mnara").unwrap(),
        half,
        "what was half in is another"
    );
    laptop.get("/home").await.page();
    // A code from paper works once, too.
    for works in [true, false] {
        let mut tablet = Browser::new(&world, 3);
        tablet.log_in(OWNER, PASSWORD).await.onward();
        let got = tablet.post("/log-in/second", &[("digits", &paper)]).await;
        assert_eq!(got.status == StatusCode::SEE_OTHER, works);
        world.app.clock.advance(Duration::from_secs(120));
    }
    // Guessing ends soon, whoever has the password.
    let mut thief = Browser::new(&world, 4);
    thief.log_in(OWNER, PASSWORD).await.onward();
    let mut refused = 0;
    for n in 0..10 {
        let got = thief
            .post("/log-in/second", &[("digits", &format!("{n:06}"))])
            .await;
        refused += u32::from(got.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(refused >= 4, "{refused}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn somebody_invited_joins_once_as_what_they_were_invited_to(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let page = owner
        .post("/staff/invite", &[("name", "Otieno"), ("role", "cashier")])
        .await
        .page();
    let (_, rest) = page.split_once("/join/").unwrap();
    let path = format!("/join/{}", &rest[..32]);
    let mut cashier = Browser::new(&world, 2);
    assert!(cashier.get(&path).await.page().contains("Cashier"));
    let form = [
        ("name", "Otieno"),
        ("who", "0712 000 001"),
        ("password", "lake and fishing boat"),
    ];
    assert_eq!(cashier.post(&path, &form).await.onward(), "/");
    assert_eq!(cashier.get("/").await.onward(), "/home");
    assert_eq!(cashier.get("/staff").await.status, StatusCode::FORBIDDEN);
    let again = [
        ("name", "Otieno"),
        ("who", "0712 000 002"),
        ("password", "lake and fishing boat"),
    ];
    let spent = Browser::new(&world, 3).post(&path, &again).await;
    assert_eq!(spent.status, StatusCode::NOT_FOUND);
    assert_eq!(world.count("staff where role = 'cashier'").await, 1);
    // Their place ends, and with it their log-in.
    let sql = "select id from staff where role = 'cashier'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    owner
        .post(&format!("/staff/{place}/end"), &[])
        .await
        .onward();
    assert_eq!(cashier.get("/home").await.onward(), "/log-in?next=%2Fhome");
    // They come in to their own account, and there is nothing else for them.
    let out = cashier.log_in("0712000001", "lake and fishing boat").await;
    assert_eq!(out.onward(), "/");
    assert_eq!(cashier.get("/").await.onward(), "/businesses");
    let page = cashier.get("/businesses").await.page();
    assert!(page.contains("You have no place in any business"), "{page}");
    assert_eq!(cashier.get("/home").await.status, StatusCode::FORBIDDEN);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_keeps_an_owner_and_only_owners_make_owners(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let page = owner
        .post("/staff/invite", &[("name", "Achieng"), ("role", "manager")])
        .await
        .page();
    let (_, rest) = page.split_once("/join/").unwrap();
    let mut manager = Browser::new(&world, 2);
    let form = [
        ("name", "Achieng"),
        ("who", "achieng@example.com"),
        ("password", "green hills far off"),
    ];
    manager
        .post(&format!("/join/{}", &rest[..32]), &form)
        .await
        .onward();
    let invited = manager
        .post("/staff/invite", &[("name", "A friend"), ("role", "owner")])
        .await;
    assert_eq!(invited.status, StatusCode::FORBIDDEN);
    let id = async |role: &str| {
        let sql = format!("select id from staff where role = '{role}'");
        mnara_protocol::ids::StaffId::from_uuid(read(&world.app, &sql).await)
    };
    let boss = id("owner").await;
    let ended = manager.post(&format!("/staff/{boss}/end"), &[]).await;
    assert_eq!(ended.status, StatusCode::FORBIDDEN);
    let demoted = owner
        .post(
            &format!("/staff/{boss}/role"),
            &[("role", "reader"), ("password", PASSWORD)],
        )
        .await;
    assert_eq!(demoted.status, StatusCode::CONFLICT);
    assert!(demoted.text.contains("A business needs an owner"));
    let second = id("manager").await;
    owner
        .post(
            &format!("/staff/{second}/role"),
            &[("role", "owner"), ("password", PASSWORD)],
        )
        .await
        .onward();
    owner
        .post(
            &format!("/staff/{boss}/role"),
            &[("role", "reader"), ("password", PASSWORD)],
        )
        .await
        .onward();
    assert_eq!(owner.get("/staff").await.status, StatusCode::OK);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_changed_password_logs_other_browsers_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut phone = Browser::new(&world, 1);
    phone.sign_up("Njeri Wi-Fi", OWNER).await;
    let mut laptop = Browser::new(&world, 2);
    laptop.log_in(OWNER, PASSWORD).await.onward();
    for (old, new, status) in [
        (
            "not this one",
            "a new long password",
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
        (PASSWORD, "short", StatusCode::UNPROCESSABLE_ENTITY),
        (PASSWORD, "two rivers and a hill", StatusCode::SEE_OTHER),
    ] {
        let got = phone
            .post("/account/password", &[("old", old), ("new", new)])
            .await;
        assert_eq!(got.status, status, "{new}");
    }
    phone.get("/account").await.page();
    assert_eq!(laptop.get("/home").await.onward(), "/log-in?next=%2Fhome");
    laptop.log_in(OWNER, "two rivers and a hill").await.onward();
    // The list shows both, and the phone can put the laptop out.
    assert!(phone.get("/account").await.page().contains("/end"));
}
