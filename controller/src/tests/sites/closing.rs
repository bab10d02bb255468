//! Closing a site: what it is in no more, what stays as it was, and when it is refused.

use mnara_protocol::session::{Event, Refusal};

use super::link::{PATIENCE, hub, site};
use super::*;
use crate::fleet::close::{NotClosed, close};
use crate::fleet::enrol::{ClaimError, EnrolError, claim, claimed, enrol};
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;
use crate::tests::platform::admin::{admin, run};
use crate::tests::programs::api::{call, key, kind};
use crate::tests::tickets::series;
use crate::tickets::series::{Batch, PrintError, print};

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_closed_site_is_in_no_list_and_its_line_is_not_good(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let mut owner = member(&world, Role::Owner, 1).await;
    let harbour = fleet::create::create(app, provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let code = claim(app, provider, harbour, Actor::Command).await.unwrap();
    assert!(claimed(app, &code).await.unwrap().is_some());
    let path = format!("/sites/{harbour}");
    let act = format!("{path}/close");
    // Not by a press alone.
    let led = owner.post(&act, &[]).await.onward();
    let page = owner.get(&led).await.page();
    assert!(page.contains("Tick that you want to close it"), "{page}");
    assert_eq!(world.count("sites where closed_at is not null").await, 0);
    // Pressed twice, it is closed once.
    for _ in 0..2 {
        let led = owner.post(&act, &[("sure", "1")]).await.onward();
        let page = owner.get(&led).await.page();
        assert!(page.contains("The site is closed."), "{page}");
        assert!(page.contains("Closed since"), "{page}");
        assert!(!page.contains("action=\"/sites/"), "{page}");
    }
    let told = json!({"before": {"closed": false}, "after": {"closed": true}});
    assert_eq!(deed(&world, "site-close").await, told);
    assert_eq!(world.count("audit where act = 'site-close'").await, 1);
    for list in ["/sites", "/home", "/vouchers/new"] {
        let page = owner.get(list).await.page();
        assert!(!page.contains("Harbour"), "{list}");
    }
    // What was sold there is still found.
    let page = owner.get("/payments").await.page();
    assert!(page.contains("Harbour"), "{page}");
    // No machine comes to it, by an old line or a new one.
    assert!(claimed(app, &code).await.unwrap().is_none());
    let new = SigningKey::from_bytes(&[9; 32]).verifying_key();
    assert!(matches!(
        enrol(app, &code, &new, "agent").await,
        Err(EnrolError::NotGood)
    ));
    assert!(matches!(
        claim(app, provider, harbour, Actor::Command).await,
        Err(ClaimError::NoSite)
    ));
    let got = owner
        .post(&format!("{path}/name"), &[("name", "Pier")])
        .await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    let got = owner.get(&format!("{path}/files")).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    let batch = Batch {
        home: harbour,
        ..series::batch(&world.shop, 5)
    };
    assert!(matches!(
        print(app, provider, &batch, Actor::Command).await,
        Err(PrintError::NoSite(site)) if site == harbour
    ));
    let mut admin = admin(&world).await;
    let page = admin.get("/admin/sites").await.page();
    assert!(page.contains("Market") && !page.contains("Harbour"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_closes_a_site_and_finds_it_by_its_id(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let harbour = fleet::create::create(app, provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let key = key(app, provider, &Scope::ALL).await;
    let path = format!("/sites/{harbour}");
    let act = format!("{path}/close");
    let (_, before) = call(&world, Method::GET, &key, &path, Value::Null).await;
    assert_eq!(before["closed_at"], Value::Null);
    for _ in 0..2 {
        let (status, closed) = call(&world, Method::POST, &key, &act, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{closed}");
        assert!(closed["closed_at"].is_string(), "{closed}");
    }
    assert_eq!(world.count("audit where act = 'site-close'").await, 1);
    let (_, shown) = call(&world, Method::GET, &key, &path, Value::Null).await;
    assert_eq!(shown["name"], "Harbour");
    let (_, listed) = call(&world, Method::GET, &key, "/sites", Value::Null).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    let (_, now) = call(&world, Method::GET, &key, "/reports/now", Value::Null).await;
    assert_eq!(now["sites"], 1, "{now}");
    let name = json!({"name": "Pier"});
    let (status, _) = call(&world, Method::PUT, &key, &path, name).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    // Nobody closes another's.
    let other = business(app, 2).await;
    assert!(matches!(
        close(app, other.provider, world.shop.site, Actor::Command).await,
        Err(NotClosed::NoSite)
    ));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_on_the_air_is_not_closed_and_one_that_comes_back_is_refused(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let act = format!("/sites/{}/close", world.shop.site);
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let link = site.dial(&hub);
    site.ready().await;
    let led = owner.post(&act, &[("sure", "1")]).await.onward();
    let page = owner.get(&led).await.page();
    assert!(page.contains("It is still on the air"), "{page}");
    let (status, problem) = call(&world, Method::POST, &key, &act, Value::Null).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "still-up"),
        "{problem}"
    );
    site.hang_up();
    tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
    world.app.clock.advance(Duration::from_secs(400));
    for began in [
        "insert into site_outages (id, provider_id, site_id, began_at) select gen_random_uuid(), provider_id, id, $1 from sites",
        "insert into outage_notices (provider_id, site_id, began_at, noted_at, is_told) select provider_id, id, $1, $1, true from sites",
        "insert into router_losses (provider_id, site_id, began_at, heard_at, noted_at, is_told)
         select provider_id, id, $1, $1, $1, true from sites",
    ] {
        run(&world, began).await;
    }
    world.app.clock.advance(Duration::from_secs(60));
    close(
        &world.app,
        world.shop.provider,
        world.shop.site,
        Actor::Command,
    )
    .await
    .unwrap();
    // It is away no longer, and nobody is told that it is back.
    for goes_on in [
        "site_outages where ended_at is null",
        "outage_notices where ended_at is null",
        "router_losses where ended_at is null or closed_at is null",
        "agents where revoked_at is null",
    ] {
        assert_eq!(world.count(goes_on).await, 0, "{goes_on}");
    }
    site.dial(&hub);
    let event = site
        .until(|event| matches!(event, Event::Refused(_) | Event::Ready { .. }))
        .await;
    assert_eq!(event, Event::Refused(Refusal::Revoked));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_counter_sells_nothing_that_is_good_at_a_closed_site_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let printed = series::print(&world, 10).await;
    let sells = "action=\"/counter/sell\"";
    assert!(cashier.get("/counter").await.page().contains(sells));
    close(
        &world.app,
        world.shop.provider,
        world.shop.site,
        Actor::Command,
    )
    .await
    .unwrap();
    assert!(!cashier.get("/counter").await.page().contains(sells));
    let (series, attempt) = (printed.series.id.to_string(), attempt(7).to_string());
    let form = [("series", series.as_str()), ("attempt", attempt.as_str())];
    cashier.post("/counter/sell", &form).await;
    assert_eq!(world.count("cash_sales").await, 0);
}
