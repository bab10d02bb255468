//! Who may pay for whom, and what they see.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_may_pay_for_whom_is_said_by_login_or_key_and_never_by_the_path(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let plan = plan(&world, 1_500).await;
    let neighbour = business(&world.app, 2).await;
    let path = |provider: ProviderId| format!("/api/providers/{provider}/pesapal/create-order");
    let own = path(world.shop.provider);
    let body = json!({"plan_id": plan.id.to_string()}).to_string();
    let request = |path: &str| {
        Request::post(path)
            .header("content-type", "application/json")
            .body(Body::from(body.clone()))
            .unwrap()
    };
    let mut nobody = Browser::new(&world, 1);
    assert_eq!(
        nobody.send(request(&own)).await.status,
        StatusCode::UNAUTHORIZED
    );
    for (n, role, expected) in [
        (2, Role::Owner, StatusCode::CREATED),
        (3, Role::Manager, StatusCode::CREATED),
        (4, Role::Cashier, StatusCode::FORBIDDEN),
        (5, Role::Reader, StatusCode::FORBIDDEN),
    ] {
        let mut somebody = member(&world, role, n).await;
        assert_eq!(
            somebody.send(request(&own)).await.status,
            expected,
            "{role:?}"
        );
        let other = somebody.send(request(&path(neighbour.provider))).await;
        let expected = match expected {
            StatusCode::CREATED => StatusCode::NOT_FOUND,
            refused => refused,
        };
        assert_eq!(other.status, expected, "{role:?}");
    }
    // A form of another site's page, with the owner's cookies.
    let mut owner = member(&world, Role::Owner, 6).await;
    let mut foreign = request(&own);
    foreign
        .headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(owner.send(foreign).await.status, StatusCode::FORBIDDEN);
    let made = world.count("platform_orders").await;
    assert_eq!(made, 2);
    let bad = api::key(&world.app, world.shop.provider, &[Scope::SubscriptionRead]).await;
    let theirs = api::key(&world.app, neighbour.provider, &Scope::ALL).await;
    for (key, expected) in [
        (bad.as_str(), StatusCode::FORBIDDEN),
        (theirs.as_str(), StatusCode::NOT_FOUND),
        ("mnara_nonsense", StatusCode::UNAUTHORIZED),
    ] {
        let (status, ..) = world
            .send(Method::POST, &own, Some(key), body.clone().into_bytes())
            .await;
        assert_eq!(status, expected, "{key}");
    }
    assert_eq!(world.count("platform_orders").await, made);
    assert_eq!(world.count("platform_orders where provider_id <> (select id from providers where business_name = 'Business 1')").await, 0);
    // A plan that is not offered, and one that is none.
    let key = payer(&world).await;
    crate::subscriptions::plans::offer(&world.app, Actor::Command, plan.id, false)
        .await
        .unwrap();
    assert_eq!(
        deed(&world, "platform-plan-offered").await,
        json!({"before": true, "after": false})
    );
    for (asked, expected) in [
        (json!({"plan_id": plan.id.to_string()}), "no-such-plan"),
        (json!({"plan_id": "x"}), "bad-field"),
        (json!({}), "bad-field"),
    ] {
        let (status, problem) = ask(&world, &key, asked).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(problem["type"], format!("urn:mnara:problem:{expected}"));
    }
    assert_eq!(rail.seen("SubmitOrderRequest").len(), 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn without_an_account_at_pesapal_nobody_is_asked_to_pay(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use crate::providers::standing::{Standing, standing};
    let world = World::open(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let (status, problem) = order(&world, &key, &plan, 1).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["type"], "urn:mnara:problem:nothing-to-pay");
    assert_eq!(stands(&world).await, ("none", None));
    assert_eq!(world.count("platform_orders").await, 0);
    // A trial is for the first time only, and restricts nobody when it ends.
    let provider = world.shop.provider;
    let try_out = async || {
        crate::subscriptions::standing::try_out(&world.app, provider, Actor::Command, plan.id).await
    };
    try_out().await.unwrap();
    assert_eq!(stands(&world).await, ("trial", until("2027-01-29")));
    assert!(try_out().await.is_err());
    world.pass(15 * 86_400).await;
    assert_eq!(stands(&world).await, ("expired", until("2027-01-29")));
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let now = world.app.clock.now();
    assert_eq!(
        standing(&mut tx, provider, now).await.unwrap(),
        Standing::Open
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_page_says_how_one_stands_and_leads_to_pesapal(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const PATH: &str = "/settings/subscription";
    let (rail, world) = Rail::world(pool, options).await;
    let draft = Draft {
        name: "Pro <script>".to_owned(),
        period: Period::Year,
        price: Price::new(1_999_950, Currency::Kes),
        most_sites: None,
        features: vec![Feature::AdvancedAnalytics],
        trial_days: 14,
    };
    let plan = create(&world.app, Actor::Command, draft.clone())
        .await
        .unwrap();
    let monthly = Draft {
        period: Period::Month,
        price: Price::new(200_000, Currency::Kes),
        ..draft
    };
    create(&world.app, Actor::Command, monthly).await.unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    assert!(owner.get("/more").await.page().contains(PATH));
    let page = owner.get(PATH).await.page();
    assert!(page.contains("You have no subscription yet"), "{page}");
    assert!(page.contains("KSh 19,999.50 a year") && page.contains("any number of sites"));
    assert!(page.contains(">Try it free for 14 days</button>"), "{page}");
    assert_eq!(page.matches("16&nbsp;% less than twelve months").count(), 1);
    assert!(!page.contains("<script>"));
    let beside = "<button class=\"quiet\" aria-label=\"Pay KSh ";
    assert!(!page.contains(beside), "none is one's own yet: {page}");
    let form = [
        ("plan", &*plan.id.to_string()),
        ("attempt", &*attempt(1).to_string()),
    ];
    for _ in 0..2 {
        assert_eq!(
            owner.post(PATH, &form).await.onward(),
            "/settings/subscription?done=made"
        );
    }
    assert_eq!(world.count("platform_orders").await, 1);
    let page = owner.get(PATH).await.page();
    assert!(page.contains("https://pay.example.com/?OrderTrackingId="));
    // Whoever only looks sees how it stands, and no way to pay.
    let page = reader.get(PATH).await.page();
    assert!(
        page.contains("not paid yet")
            && !page.contains("pay.example.com")
            && !page.contains("<form method=\"post\" action=\"/settings")
    );
    let sql = "select tracking_id::text from platform_orders";
    let tracking: String = read(&world.app, sql).await;
    rail.say(&json!({"order_tracking_id": tracking}), 1);
    world.pass(60).await;
    let page = owner.get(PATH).await.page();
    assert!(page.contains("Your subscription is paid") && page.contains("15 Jan 2028"));
    assert!(page.contains("receipt SCJ8JQ26SW") && !page.contains("pay.example.com"));
    let other = format!("{beside}2,000: ");
    assert!(page.contains(&other), "{page}");
    assert_eq!(page.matches(beside).count(), 1, "{page}");
    // Too late to try it out; what is not offered is not sold; a rail that is away is told of.
    let tried = [("plan", &*plan.id.to_string())];
    let got = owner.post("/settings/subscription/trial", &tried).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text
            .contains("A trial is for businesses that never subscribed")
    );
    rail.submit(502, "<html>");
    let form = [
        ("plan", &*plan.id.to_string()),
        ("attempt", &*attempt(2).to_string()),
    ];
    let got = owner.post(PATH, &form).await;
    assert!(got.text.contains("Pesapal does not take the order now"));
    // What it refuses for good is no matter of waiting; an address that it forgot is registered again by the next try.
    for (said, tells) in [
        (
            "maximum_amount_limit_exceeded",
            "Pesapal refuses this order",
        ),
        ("Invalid IPN id", "Pesapal does not take the order now"),
    ] {
        let refused = json!({"error": {"error_type": "api_error", "code": said, "message": said}, "status": "500"});
        rail.submit(200, &refused.to_string());
        let got = owner.post(PATH, &form).await;
        assert!(got.text.contains(tells), "{said}: {}", got.text);
    }
    let got = owner.post(PATH, &[("plan", "x"), ("attempt", "y")]).await;
    assert!(got.text.contains("This plan is not offered any more"));
    // Its list goes on where it ends.
    for n in 3..30 {
        let sql = format!(
            "insert into platform_orders (id, provider_id, attempt_id, is_current, plan_id, kind, reference, amount_cents, currency, state, asked,
                 created_at, expires_at)
             select gen_random_uuid(), provider_id, gen_random_uuid(), true, plan_id, 'once', 'old_{n}', {n}00, 'KES', 'expired', 0,
                 created_at - interval '{n} days', expires_at from platform_orders where tracking_id is not null and state = 'completed' returning true"
        );
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let page = owner.get(PATH).await.page();
    let older = page
        .split("href=\"/settings/subscription?before=")
        .nth(1)
        .unwrap();
    let older = format!("{PATH}?before={}", older.split('"').next().unwrap());
    let page = owner.get(&older).await.page();
    assert!(page.contains("KSh 29</strong>") && !page.contains("KSh 3</strong>"));
}
