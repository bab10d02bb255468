//! Changes of plan at once, between periods and downwards: what the page says beforehand is what the book comes to.

use super::*;

const PAGE: &str = "/settings/subscription";
const DAY: u64 = 86_400;

async fn on_offer(world: &World, name: &str, period: Period, price: Price) -> PlatformPlan {
    let draft = Draft {
        name: name.to_owned(),
        period,
        price,
        most_sites: Some(3),
        features: vec![Feature::ApiAccess],
        trial_days: 0,
    };
    create(&world.app, Actor::Command, draft).await.unwrap()
}

/// The part of the page that is about a plan.
fn about<'a>(page: &'a str, plan: &PlatformPlan) -> &'a str {
    let id = plan.id.to_string();
    page.split("<li>")
        .find(|part| part.contains(&id))
        .unwrap_or_default()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_month_becomes_a_year_for_the_rest_of_its_price(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (month, key) = (plan(&world, 1_550).await, payer(&world).await);
    let shillings = |shillings: i64| Price::new(shillings * 100, Currency::Kes);
    let year = on_offer(&world, "Yearly", Period::Year, shillings(15_000)).await;
    let dollars = Price::new(1_500, Currency::Usd);
    let abroad = on_offer(&world, "Abroad", Period::Month, dollars).await;
    let paid = made(&world, &key, &month, 1).await;
    rail.say(&paid, 1);
    tell(&world, &paid).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // Ten of 31 days are used: 21 are worth 50 shillings each.
    world.pass(10 * DAY - 20).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get(PAGE).await.page();
    assert_eq!(page.matches(">Your plan</span>").count(), 1, "{page}");
    let offer = about(&page, &year);
    assert!(offer.contains("is worth KSh 1,050"), "{offer}");
    assert!(
        offer.contains("KSh 15,000 less that is KSh 13,950, rounded up"),
        "{offer}"
    );
    assert!(offer.contains("Change at once for KSh 13,950"), "{offer}");
    assert!(offer.contains("25 Jan 2028"), "{offer}");
    let elsewhere = about(&page, &abroad);
    assert!(
        elsewhere.contains("Only for the next period: what you have paid is in KES")
            && !elsewhere.contains("Change at once"),
        "{elsewhere}"
    );
    assert!(!about(&page, &month).contains("Change at once"), "{page}");
    let wish = json!({"plan_id": year.id.to_string(), "upgrade": true});
    let (status, change) = ask(&world, &key, wish).await;
    assert_eq!(
        (status, &change["amount"]),
        (StatusCode::CREATED, &json!("13950.00")),
        "{change}"
    );
    // Nothing has changed before it is paid.
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    rail.say(&change, 1);
    tell(&world, &change).await;
    assert_eq!(stands(&world).await, ("active", until("2028-01-25")));
    let sql = "select plan || ' ' || is_upgrade || ' ' || amount_cents from platform_invoices order by number desc limit 1";
    let invoice: String = read(&world.app, sql).await;
    assert_eq!(invoice, "Yearly true 1395000");
    // The money goes back: the month is what it was.
    rail.say(&change, 3);
    tell(&world, &change).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_cheaper_plan_at_once_lasts_longer_and_costs_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (large, key) = (plan(&world, 3_100).await, payer(&world).await);
    let small = plan(&world, 1_050).await;
    let paid = made(&world, &key, &large, 1).await;
    rail.say(&paid, 1);
    tell(&world, &paid).await;
    world.pass(10 * DAY - 20).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    // 21 days of 3,100 shillings are two months of 1,050.
    let page = owner.get(PAGE).await.page();
    let offer = about(&page, &small);
    assert!(
        offer.contains("is worth KSh 2,100") && offer.contains("25 Mar 2027"),
        "{offer}"
    );
    assert!(offer.contains("Change at once, nothing to pay"), "{offer}");
    let form = [
        ("plan", &*small.id.to_string()),
        ("attempt", &*attempt(7).to_string()),
        ("free", "yes"),
    ];
    let got = reader.post(PAGE, &form).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // Pressed twice it is done once.
    for _ in 0..2 {
        let led = owner.post(PAGE, &form).await.onward();
        assert_eq!(led, "/settings/subscription?done=changed");
    }
    assert_eq!(stands(&world).await, ("active", until("2027-03-25")));
    let changed =
        "subscription_entries where what = 'changed' and order_id is null and added_cents = 0";
    assert_eq!(world.count(changed).await, 1);
    assert_eq!(world.count("platform_orders").await, 1);
    assert_eq!(
        world
            .count("audit where act = 'platform-plan-change'")
            .await,
        1
    );
    let on = standing(&world.app, world.shop.provider).await.unwrap();
    assert_eq!(on.plan.map(|plan| plan.id), Some(small.id));
    // What costs something is not done for nothing.
    let form = [
        ("plan", &*large.id.to_string()),
        ("attempt", &*attempt(8).to_string()),
        ("free", "yes"),
    ];
    let got = owner.post(PAGE, &form).await;
    assert!(
        got.text.contains("This plan cannot be changed to at once"),
        "{}",
        got.text
    );
    // What paid for it all goes back, and takes all of it along. It was asked about a moment ago, for its week was over.
    world.app.clock.advance(Duration::from_secs(20));
    rail.say(&paid, 3);
    tell(&world, &paid).await;
    assert_eq!(stands(&world).await, ("none", None));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_difference_that_is_paid_after_another_change_makes_no_money(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (large, key) = (plan(&world, 3_100).await, payer(&world).await);
    let (small, best) = (plan(&world, 1_050).await, plan(&world, 6_200).await);
    let paid = made(&world, &key, &large, 1).await;
    rail.say(&paid, 1);
    tell(&world, &paid).await;
    world.pass(10 * DAY - 20).await;
    // The difference of 21 of 31 days is counted and left unpaid; what is left becomes two months of the cheapest plan meanwhile.
    let wish = json!({"plan_id": best.id.to_string(), "upgrade": true});
    let (status, better) = ask(&world, &key, wish).await;
    assert_eq!(
        (status, &better["amount"]),
        (StatusCode::CREATED, &json!("2100.00")),
        "{better}"
    );
    let mut owner = member(&world, Role::Owner, 1).await;
    let form = [
        ("plan", &*small.id.to_string()),
        ("attempt", &*attempt(7).to_string()),
        ("free", "yes"),
    ];
    owner.post(PAGE, &form).await.onward();
    assert_eq!(stands(&world).await, ("active", until("2027-03-25")));
    // Now it is paid: with what is left, 4,200 shillings, which are 21 days of 6,200 a month and no day of another plan.
    rail.say(&better, 1);
    tell(&world, &better).await;
    assert_eq!(state(&world, &better).await, "completed");
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    let on = standing(&world.app, world.shop.provider).await.unwrap();
    assert_eq!(on.plan.map(|plan| plan.id), Some(best.id));
    let changed = "subscription_entries where what = 'changed' and added_cents = 210000";
    assert_eq!(world.count(changed).await, 1);
    // The money goes back: the two months are there again.
    rail.say(&better, 3);
    tell(&world, &better).await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-25")));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_difference_that_is_paid_after_one_to_a_better_plan_lowers_nothing_and_is_time_on_that(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 3_100).await, payer(&world).await);
    let (middle, best) = (plan(&world, 6_200).await, plan(&world, 9_300).await);
    let paid = made(&world, &key, &small, 1).await;
    rail.say(&paid, 1);
    tell(&world, &paid).await;
    world.pass(10 * DAY - 20).await;
    // Both are ordered while it is on the smallest, and the better one is paid first.
    let mut orders = Vec::new();
    for (to, amount) in [(&middle, "2100.00"), (&best, "4200.00")] {
        let wish = json!({"plan_id": to.id.to_string(), "upgrade": true});
        let (status, order) = ask(&world, &key, wish).await;
        assert_eq!(
            (status, &order["amount"]),
            (StatusCode::CREATED, &json!(amount)),
            "{order}"
        );
        orders.push(order);
    }
    let (lower, better) = (&orders[0], &orders[1]);
    let is_on_best = async || {
        let on = standing(&world.app, world.shop.provider).await.unwrap();
        assert_eq!(on.plan.map(|plan| plan.id), Some(best.id));
    };
    world.app.clock.advance(Duration::from_secs(20));
    rail.say(better, 1);
    tell(&world, better).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    is_on_best().await;
    // 2,100 shillings are a week of 9,300 a month.
    rail.say(lower, 1);
    tell(&world, lower).await;
    assert_eq!(state(&world, lower).await, "completed:double");
    assert_eq!(stands(&world).await, ("active", until("2027-02-22")));
    is_on_best().await;
    let sql =
        "select plan || ' ' || amount_cents from platform_invoices order by number desc limit 1";
    let invoice: String = read(&world.app, sql).await;
    assert_eq!(invoice, "Plan 9300 210000");
    // The money goes back, and the week with it.
    rail.say(lower, 3);
    tell(&world, lower).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    is_on_best().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_card_goes_on_paying_is_said_only_where_a_card_may(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (small, key) = (plan(&world, 1_500).await, payer(&world).await);
    let large = plan(&world, 2_500).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    // A card was asked for, and it was paid by M-PESA: nothing recurs.
    let wish = json!({"plan_id": small.id.to_string(), "recurring": true});
    let (_, by_phone) = ask(&world, &key, wish.clone()).await;
    rail.say(&by_phone, 1);
    tell(&world, &by_phone).await;
    let better = json!({"plan_id": large.id.to_string(), "upgrade": true});
    let (_, better) = ask(&world, &key, better).await;
    rail.say(&better, 1);
    tell(&world, &better).await;
    let page = owner.get(PAGE).await.page();
    assert!(!page.contains("a change of plan does not reach"), "{page}");
    // By a card, of which nobody here knows whether it may be charged again.
    let (_, by_card) = ask(&world, &key, wish).await;
    rail.change(&by_card, |said| said["payment_method"] = json!("Visa"));
    rail.say(&by_card, 1);
    tell(&world, &by_card).await;
    let page = owner.get(PAGE).await.page();
    assert!(
        page.contains("You are on Plan 2500. If you ticked at Pesapal that your card may be"),
        "{page}"
    );
}
