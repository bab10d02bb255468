//! What anybody may post to where Pesapal tells us of changes, and that the address is registered once.

use super::*;

const WEBHOOK: &str = "/api/payments/pesapal/webhook";

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_notice_that_counts_its_orders_is_heard_and_echoed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    rail.say(&order, 1);
    let asked = rail.seen("GetTransactionStatus").len();
    let body = json!({"OrderNotificationType": "IPNCHANGE", "OrderTrackingId": 4278, "OrderMerchantReference": order["merchant_reference"]});
    let (status, _, echo) = world
        .send(Method::POST, WEBHOOK, None, body.to_string().into_bytes())
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        echo,
        json!({"orderNotificationType": "IPNCHANGE", "orderTrackingId": "4278",
               "orderMerchantReference": order["merchant_reference"], "status": 200})
    );
    world.work().await;
    assert!(rail.seen("GetTransactionStatus").len() > asked);
    assert_eq!(state(&world, &order).await, "completed");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_no_row_can_hold_is_nobodys_and_acknowledged(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    let lines = world.count("platform_order_messages").await;
    let tracking = order["order_tracking_id"].as_str().unwrap();
    for query in [
        "OrderMerchantReference=%00".to_owned(),
        format!("OrderTrackingId={tracking}&OrderMerchantReference=a%00b"),
        format!("OrderTrackingId={tracking}&OrderNotificationType=IPN%00"),
    ] {
        let path = format!("{WEBHOOK}?{query}");
        let (status, _, echo) = world.send(Method::GET, &path, None, Vec::new()).await;
        assert_eq!((status, &echo["status"]), (StatusCode::OK, &json!(200)));
    }
    let body = r#"{"OrderTrackingId":"x","OrderMerchantReference":"\u0000"}"#;
    let (status, _, echo) = world
        .send(Method::POST, WEBHOOK, None, body.as_bytes().to_vec())
        .await;
    assert_eq!((status, &echo["status"]), (StatusCode::OK, &json!(200)));
    assert_eq!(world.count("platform_order_messages").await, lines);
    drop(rail);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn first_orders_that_come_together_register_the_address_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let orders = [1, 2, 3].map(|n| order(&world, &key, &plan, n));
    for (status, order) in futures_util::future::join_all(orders).await {
        assert_eq!(status, StatusCode::CREATED, "{order}");
    }
    assert_eq!(rail.seen("SubmitOrderRequest").len(), 3);
    assert_eq!(rail.seen("RegisterIPN").len(), 1);
    assert_eq!(world.count("pesapal_addresses").await, 1);
}

const CHARGES: &str = "jobs where kind = 'ask-pesapal-charge'";

/// A Pesapal, a business that paid by a card which is charged by itself from then on, and the account of that.
async fn on_card(pool: PgPoolOptions, options: PgConnectOptions) -> (Rail, World, String) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let wish = json!({"plan_id": plan.id.to_string(), "recurring": true});
    let (status, first) = ask(&world, &key, wish).await;
    assert_eq!(status, StatusCode::CREATED);
    rail.say(&first, 1);
    tell(&world, &first).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    let sent = rail.seen("SubmitOrderRequest").remove(0);
    let account = sent["account_number"].as_str().unwrap().to_owned();
    (rail, world, account)
}

/// Tells of charges that nobody made, each under a name of its own; says how many were taken.
async fn invented(world: &World, account: &str, from: impl Fn(u8) -> u8, count: u8) -> usize {
    let mut taken = 0;
    for n in 0..count {
        let tracking = format!(
            "96a5e1d9-0000-4000-9000-{:06}{n:06}",
            world.app.clock.now().as_secs() % 1_000_000
        );
        match told_of_charge(world, from(n), account, &tracking).await {
            status if status == 200 => taken += 1,
            status => assert_eq!(status, 500, "Pesapal would not tell of it again"),
        }
    }
    taken
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_crowd_of_invented_charges_is_few_questions_and_a_true_one_finds_its_place(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world, account) = on_card(pool, options).await;
    let questions = || rail.seen("GetTransactionStatus").len();
    let before = questions();
    // Each from an address of its own: no more of them are taken than have a place.
    assert_eq!(invented(&world, &account, |n| n, 80).await, 5);
    assert_eq!(world.count(CHARGES).await, 5);
    world.work().await;
    assert_eq!(questions(), before + 1, "asked about in one breath");
    // A true one finds no place yet, and is told of again.
    let charge = rail.charge(20, &account, 1500.00);
    assert_eq!(told_of_charge(&world, 200, &account, &charge).await, 500);
    for _ in 0..8 {
        world.pass(20).await;
    }
    assert!(questions() <= before + 9, "one in each breath at most");
    assert_eq!(told_of_charge(&world, 200, &account, &charge).await, 200);
    assert_eq!(world.count(CHARGES).await, 5);
    for _ in 0..6 {
        world.pass(20).await;
    }
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    // What Pesapal does not know is asked about some times more, and then no more.
    for _ in 0..75 {
        world.pass(1_200).await;
    }
    assert_eq!(world.count(CHARGES).await, 0);
    assert!(questions() < before + 45, "{}", questions() - before);
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_goes_on_inventing_charges_at_one_address_keeps_no_true_one_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world, account) = on_card(pool, options).await;
    assert_eq!(invented(&world, &account, |_| 9, 20).await, 5);
    for _ in 0..9 {
        world.pass(20).await;
    }
    for _ in 0..5 {
        assert!(invented(&world, &account, |_| 9, 20).await <= 3);
        for _ in 0..3 {
            world.pass(20).await;
        }
    }
    invented(&world, &account, |_| 9, 20).await;
    let charge = rail.charge(20, &account, 1500.00);
    assert_eq!(told_of_charge(&world, 200, &account, &charge).await, 200);
    for _ in 0..15 {
        world.pass(20).await;
    }
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_charge_of_which_pesapal_knows_only_later_is_found_all_the_same(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world, account) = on_card(pool, options).await;
    let early = rail.tracking(20);
    assert_eq!(told_of_charge(&world, 200, &account, &early).await, 200);
    world.work().await;
    for _ in 0..3 {
        world.pass(3_600).await;
    }
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    rail.charge(20, &account, 1500.00);
    world.pass(43_200).await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
}
