//! What a plan lacks, as people and programs meet it.

use super::super::browser::PASSWORD;
use super::*;
use crate::jobs::tasks::stand;
use crate::providers::rights::{Rights, store as rights};
use crate::subscriptions::lapse::TEND;
use crate::webhooks::Kind;
use crate::webhooks::edit::add;

const DAY: u64 = 86_400;
const PAGE: &str = "/settings/subscription";

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_plan_lacks_leads_to_the_plans_that_have_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 1_500).await, payer(&world).await);
    let draft = Draft {
        name: "Everything".to_owned(),
        period: Period::Month,
        price: Price::new(300_000, Currency::Kes),
        most_sites: None,
        features: Feature::ALL.to_vec(),
        trial_days: 0,
    };
    let large = create(&world.app, Actor::Command, draft).await.unwrap();
    let reads = [Scope::ReportsRead, Scope::SitesWrite];
    let program = api::key(&world.app, world.shop.provider, &reads).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut technician = member(&world, Role::Technician, 2).await;
    // Who never chose may look at everything.
    owner.get("/reports").await.page();
    let order = made(&world, &key, &small, 1).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    let led = owner.get("/reports").await.onward();
    assert_eq!(led, "/settings/subscription?why=advanced-analytics");
    let page = owner.get(&led).await.page();
    assert!(
        page.contains("Your plan does not have this: advanced reports. These do: Everything."),
        "{page}"
    );
    owner.get("/settings/keys").await.page();
    let led = owner
        .get(&format!("/sites/{}/look", world.shop.site))
        .await
        .onward();
    assert!(led.ends_with("custom-portal"));
    // A plan is shown as it will be all the same, in the portal's own colours.
    let form = owner.get("/plans/new?preset=hour").await.page();
    let (_, phone) = form.split_once("<iframe name=\"preview\"").unwrap();
    let (_, first) = phone.split_once("src=\"").unwrap();
    let shown = owner.get(first.split('"').next().unwrap()).await.page();
    assert!(
        shown.contains("<b>1 hour</b><strong>KSh 10</strong>"),
        "{shown}"
    );
    let ask = async |method: Method, path: &str, body: &str| {
        let (status, _, answer) = world
            .send(method, path, Some(&program), body.as_bytes().to_vec())
            .await;
        (status, answer["feature"].as_str().unwrap_or("").to_owned())
    };
    let (status, lacks) = ask(Method::GET, "/api/v1/reports/now", "").await;
    assert_eq!(
        (status, &*lacks),
        (StatusCode::FORBIDDEN, "advanced-analytics")
    );
    // Three sites, and no fourth, by whatever way.
    for name in ["Second", "Third"] {
        let site = owner.post("/sites", &[("name", name)]).await.onward();
        assert!(site.starts_with("/sites/site_"), "{site}");
    }
    let full = [("name", "Fourth")];
    let led = owner.post("/sites", &full).await.onward();
    assert_eq!(led, "/settings/subscription?why=sites");
    let page = owner.get(&led).await.page();
    assert!(page.contains("Your plan is for no more sites"), "{page}");
    let body = r#"{"name": "Fourth"}"#;
    let (status, lacks) = ask(Method::POST, "/api/v1/sites", body).await;
    assert_eq!((status, &*lacks), (StatusCode::FORBIDDEN, "sites"));
    // Who may not see the subscription is told whom to ask.
    let got = technician.post("/sites", &full).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(
        got.text
            .contains("An owner or manager can choose another plan")
    );
    // At once for the difference of the whole month that is left; the time stays as it is.
    let page = owner.get(PAGE).await.page();
    assert!(page.contains("Change at once for KSh 1,500"), "{page}");
    world.pass(15 * DAY + DAY / 2).await;
    let again = ("owner1@example.com", PASSWORD);
    owner.log_in(again.0, again.1).await.onward();
    let page = owner.get(PAGE).await.page();
    assert!(page.contains("Change at once for KSh 750"), "{page}");
    let wish = json!({"plan_id": large.id.to_string(), "upgrade": true});
    let (status, order) = subscriptions::ask(&world, &key, wish.clone()).await;
    assert_eq!(
        (status, &order["amount"]),
        (StatusCode::CREATED, &json!("750.00"))
    );
    // Somebody else orders the same, and waits with paying.
    let (_, waits) = subscriptions::ask(&world, &key, wish.clone()).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    owner.get("/reports").await.page();
    assert!(
        owner
            .post("/sites", &full)
            .await
            .onward()
            .starts_with("/sites/site_")
    );
    // It is on the one, the other has no room for four sites, and for one that has there is nothing to pay.
    let draft = Draft {
        name: "Four".to_owned(),
        period: Period::Month,
        price: small.price,
        most_sites: Some(4),
        features: small.features.clone(),
        trial_days: 0,
    };
    let four = create(&world.app, Actor::Command, draft).await.unwrap();
    for (plan, expected) in [
        (&large, "no-upgrade"),
        (&small, "too-many-sites"),
        (&four, "nothing-to-order"),
    ] {
        let wish = json!({"plan_id": plan.id.to_string(), "upgrade": true});
        let (status, problem) = subscriptions::ask(&world, &key, wish).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            problem["type"],
            format!("urn:mnara:problem:{expected}").as_str()
        );
    }
    let next = made(&world, &key, &four, 5).await;
    rail.say(&next, 1);
    tell(&world, &next).await;
    stand(&world.app, [TEND]).await.unwrap();
    world.pass(60).await;
    owner.get("/reports").await.page();
    world.pass(16 * DAY).await;
    owner.log_in(again.0, again.1).await.onward();
    let led = owner.get("/reports").await.onward();
    assert!(led.ends_with("advanced-analytics"), "{led}");
    // What was counted for the first month is for that month, whenever it is paid.
    rail.say(&waits, 1);
    world.app.clock.advance(Duration::from_secs(20));
    tell(&world, &waits).await;
    assert_eq!(state(&world, &waits).await, "completed:late");
    assert!(
        owner
            .get("/reports")
            .await
            .onward()
            .ends_with("advanced-analytics")
    );
    // The difference goes back, and with it what it had bought.
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    rail.say(&order, 3);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_has_no_keys_is_led_to_what_there_is_for_programs_and_data(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let provider = world.shop.provider;
    let doors = ["/settings/keys", "/settings/webhooks", "/settings/export"];
    for (features, door) in [
        (Feature::ALL.to_vec(), doors[0]),
        (vec![Feature::Webhooks], doors[1]),
        (vec![Feature::AdvancedAnalytics], doors[2]),
    ] {
        let may = Rights {
            features: Some(features),
            ..Rights::default()
        };
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        rights::set(&mut tx, provider, &may, world.app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let page = owner.get("/more").await.page();
        for path in doors {
            let link = format!("href=\"{path}\"");
            assert_eq!(page.contains(&link), path == door, "{path}: {page}");
        }
        owner.get(door).await.page();
        // Wherever its tabs lead, one stands at that place.
        let lit = format!("<a href=\"{door}\" aria-current=\"page\"><svg");
        for at in [door, doors[2], "/api/v1"] {
            let page = owner.get(at).await.page();
            assert!(page.contains(&lit), "{at}: {page}");
            let tab = format!("<a href=\"{at}\" aria-current=\"page\">");
            assert!(page.contains(&tab), "{at}: {page}");
        }
    }
    // The tabs on that page lead to which plans have the rest.
    for (path, why) in [(doors[0], "api-access"), (doors[1], "webhooks")] {
        let led = owner.get(path).await.onward();
        assert_eq!(led, format!("/settings/subscription?why={why}"));
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_made_more_sites_before_choosing_comes_to_no_plan_for_fewer(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut owner = member(&world, Role::Owner, 1).await;
    for name in ["Second", "Third", "Fourth"] {
        let site = owner.post("/sites", &[("name", name)]).await.onward();
        assert!(site.starts_with("/sites/site_"), "{site}");
    }
    // While no plan is large enough, nobody is kept from paying.
    let out = made(&world, &key, &small, 1).await;
    let draft = Draft {
        name: "Everything".to_owned(),
        period: Period::Month,
        price: Price::new(300_000, Currency::Kes),
        most_sites: None,
        features: Feature::ALL.to_vec(),
        trial_days: 0,
    };
    let large = create(&world.app, Actor::Command, draft).await.unwrap();
    let (status, problem) = order(&world, &key, &small, 2).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["type"], "urn:mnara:problem:too-many-sites");
    assert_eq!(
        (&problem["most_sites"], &problem["sites"]),
        (&json!(3), &json!(4))
    );
    let page = owner.get(PAGE).await.page();
    assert!(
        page.contains("This plan is for 3 sites and you have 4. Choose one for more."),
        "{page}"
    );
    let small_id = small.id.to_string();
    assert!(!page.contains(&format!("value=\"{small_id}\"")), "{page}");
    let tried = [("plan", small_id.as_str())];
    let got = owner.post(&format!("{PAGE}/trial"), &tried).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("for fewer sites than you have"));
    made(&world, &key, &large, 3).await;
    // Money that is out counts all the same, and who is on a plan goes on with it, and with what took its place.
    rail.say(&out, 1);
    tell(&world, &out).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    made(&world, &key, &small, 4).await;
    let draft = Draft {
        name: small.name.clone(),
        period: small.period,
        price: small.price,
        most_sites: Some(2),
        features: small.features.clone(),
        trial_days: small.trial_days,
    };
    let lowered = crate::subscriptions::plans::change(&world.app, Actor::Command, small.id, draft)
        .await
        .unwrap();
    made(&world, &key, &lowered, 5).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_closed_counts_for_no_plan(pool: PgPoolOptions, options: PgConnectOptions) {
    let (rail, world) = Rail::world(pool, options).await;
    let key = payer(&world).await;
    let draft = Draft {
        name: "One".to_owned(),
        period: Period::Month,
        price: Price::new(100_000, Currency::Kes),
        most_sites: Some(1),
        features: vec![Feature::ApiAccess],
        trial_days: 0,
    };
    let one = create(&world.app, Actor::Command, draft).await.unwrap();
    plan(&world, 1_500).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let second = owner.post("/sites", &[("name", "Second")]).await.onward();
    let (status, problem) = order(&world, &key, &one, 1).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["type"], "urn:mnara:problem:too-many-sites");
    let sure = [("sure", "1")];
    owner.post(&format!("{second}/close"), &sure).await.onward();
    let order = made(&world, &key, &one, 2).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // And its place is free for another.
    let third = [("name", "Third")];
    let led = owner.post("/sites", &third).await.onward();
    assert_eq!(led, "/settings/subscription?why=sites");
    let first = format!("/sites/{}/close", world.shop.site);
    owner.post(&first, &sure).await.onward();
    let led = owner.post("/sites", &third).await.onward();
    assert!(led.starts_with("/sites/site_"), "{led}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_pays_for_a_better_plan_than_the_one_they_try_is_on_it_at_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 1_500).await, payer(&world).await);
    let draft = Draft {
        name: "Everything".to_owned(),
        period: Period::Month,
        price: Price::new(300_000, Currency::Kes),
        most_sites: None,
        features: Feature::ALL.to_vec(),
        trial_days: 0,
    };
    let large = create(&world.app, Actor::Command, draft).await.unwrap();
    plan(&world, 1_000).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    // Who never chose may have programs told of sites, which is looked after as long as the plan has it.
    let (url, kinds) = ("https://accounts.example.com/mnara", [Kind::SiteDown]);
    add(&world.app, world.shop.provider, Actor::Command, url, &kinds)
        .await
        .unwrap();
    let watches = async || world.count("jobs where kind = 'watch-sites'").await;
    assert_eq!(watches().await, 1);
    let small_id = small.id.to_string();
    let tried = [("plan", small_id.as_str())];
    let begun = owner.post(&format!("{PAGE}/trial"), &tried).await;
    assert!(begun.onward().ends_with("done=trial"));
    assert_eq!(stands(&world).await, ("trial", until("2027-01-29")));
    world.pass(DAY).await;
    assert_eq!(watches().await, 0);
    let led = owner.get("/reports").await.onward();
    assert!(led.ends_with("advanced-analytics"), "{led}");
    // Of the cheaper one it is said that it waits.
    let page = owner.get(PAGE).await.page();
    let waits = "After your trial only: paid now, this plan begins on 29 Jan 2027";
    assert_eq!(page.matches(waits).count(), 1, "{page}");
    let order = made(&world, &key, &large, 1).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-28")));
    assert_eq!(watches().await, 1);
    owner.get("/reports").await.page();
    let page = owner.get(PAGE).await.page();
    assert!(page.contains("Your subscription is paid"), "{page}");
    assert!(page.contains("<dd>Everything</dd>"), "{page}");
    // What goes back takes it along.
    rail.say(&order, 3);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("trial", until("2027-01-29")));
    let led = owner.get("/reports").await.onward();
    assert!(led.ends_with("advanced-analytics"), "{led}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_trial_makes_no_more_sites_than_the_plan_that_is_paid_to_follow_it_has_room_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 1_500).await, payer(&world).await);
    let draft = Draft {
        name: "Everything".to_owned(),
        period: Period::Month,
        price: Price::new(300_000, Currency::Kes),
        most_sites: None,
        features: Feature::ALL.to_vec(),
        trial_days: 14,
    };
    let large = create(&world.app, Actor::Command, draft).await.unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let large_id = large.id.to_string();
    let tried = [("plan", large_id.as_str())];
    let begun = owner.post(&format!("{PAGE}/trial"), &tried).await;
    assert!(begun.onward().ends_with("done=trial"));
    let order = made(&world, &key, &small, 1).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    for name in ["Second", "Third"] {
        let site = owner.post("/sites", &[("name", name)]).await.onward();
        assert!(site.starts_with("/sites/site_"), "{site}");
    }
    let led = owner.post("/sites", &[("name", "Fourth")]).await.onward();
    assert_eq!(led, "/settings/subscription?why=sites");
}
