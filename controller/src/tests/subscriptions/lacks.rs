//! What a plan lacks, as people and programs meet it.

use super::super::browser::PASSWORD;
use super::*;
use crate::jobs::tasks::stand;
use crate::subscriptions::lapse::TEND;

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
    // It is on the one, and for the other there is nothing to pay.
    for (plan, expected) in [(&large, "no-upgrade"), (&small, "nothing-to-order")] {
        let wish = json!({"plan_id": plan.id.to_string(), "upgrade": true});
        let (status, problem) = subscriptions::ask(&world, &key, wish).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(
            problem["type"],
            format!("urn:mnara:problem:{expected}").as_str()
        );
    }
    let next = made(&world, &key, &small, 5).await;
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
