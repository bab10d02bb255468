//! From an order to what it extends, whatever the rail says and when.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_order_is_stored_handed_in_paid_once_and_extended_by_the_next(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    assert_eq!(stands(&world).await, ("none", None));
    let first = made(&world, &key, &plan, 1).await;
    assert_eq!(first["status"], "submitted");
    assert_eq!(first["amount"], "1500.00");
    assert!(
        first["redirect_url"]
            .as_str()
            .unwrap()
            .starts_with("https://pay.example.com/")
    );
    assert_eq!(stands(&world).await, ("pending", None));
    let sent = rail.seen("SubmitOrderRequest").remove(0);
    assert_eq!(
        sent["notification_id"],
        "1da86d1c-1e8c-4183-bdfd-dd759463e4ce"
    );
    assert_eq!(
        sent["billing_address"]["email_address"],
        "owner@example.com"
    );
    // The same attempt is the same order; another plan under it is a mistake.
    let (status, again) = order(&world, &key, &plan, 1).await;
    assert_eq!((status, &again), (StatusCode::CREATED, &first));
    assert_eq!(rail.seen("SubmitOrderRequest").len(), 1);
    let other = subscriptions::plan(&world, 2_000).await;
    let (status, problem) = order(&world, &key, &other, 1).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(problem["type"], "urn:mnara:problem:attempt-taken");
    // So is a card that should be charged again by itself, where the order was to be paid once.
    let wish = json!({"plan_id": plan.id.to_string(), "attempt_id": attempt(1).to_string(), "recurring": true});
    let (status, problem) = ask(&world, &key, wish).await;
    assert_eq!(
        (status, &problem["type"]),
        (
            StatusCode::CONFLICT,
            &json!("urn:mnara:problem:attempt-taken")
        )
    );
    assert_eq!(rail.seen("SubmitOrderRequest").len(), 1);
    // A hint is no money.
    tell(&world, &first).await;
    assert_eq!(
        (stands(&world).await, state(&world, &first).await),
        (("pending", None), "submitted".to_owned())
    );
    rail.say(&first, 1);
    for _ in 0..3 {
        tell(&world, &first).await;
    }
    // START is 15 January 2027.
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    assert_eq!(world.count("subscription_entries").await, 1);
    // Two orders extend twice, whoever pays early.
    let second = made(&world, &key, &plan, 2).await;
    rail.say(&second, 1);
    tell(&world, &second).await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    // Its address was registered once, for both.
    assert_eq!(rail.seen("RegisterIPN").len(), 1);
    let path = format!("/api/providers/{}/subscription-status", world.shop.provider);
    let (status, _, told) = world.send(Method::GET, &path, Some(&key), Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(told["status"], "active");
    let paid_until = told["paid_until"].as_str().unwrap();
    assert!(paid_until.starts_with("2027-03-15T08:0"), "{paid_until}");
    assert_eq!(told["plan"]["name"], "Plan 1500");
    assert_eq!(told["orders"][0]["status"], "completed");
    assert_eq!(told["orders"][1]["confirmation_code"], "SCJ8JQ26SW");
    world.pass(60 * 86_400).await;
    assert_eq!(stands(&world).await, ("expired", until("2027-03-15")));
    // Nobody's telephone or key is kept.
    let said: String = read(
        &world.app,
        "select string_agg(body, '') from platform_order_messages",
    )
    .await;
    assert!(said.contains("SubmitOrder") || said.contains("Plan 1500"));
    assert!(!said.contains("owner@example.com") && !said.contains("secret"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_nobody_tells_us_of_is_found_by_asking_and_late_money_counts(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let silent = made(&world, &key, &plan, 1).await;
    world.pass(59).await;
    assert_eq!(rail.seen("GetTransactionStatus").len(), 0);
    rail.say(&silent, 1);
    world.pass(1).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // One that is never paid is waited for a day, and counts when it is paid after that.
    let late = made(&world, &key, &plan, 2).await;
    for _ in 0..24 {
        world.pass(3_600).await;
    }
    assert_eq!(state(&world, &late).await, "expired");
    assert!(rail.seen("GetTransactionStatus").len() < 50);
    rail.say(&late, 1);
    world.pass(6 * 3_600).await;
    assert_eq!(state(&world, &late).await, "completed");
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    // One that failed, too: its page can be opened again.
    let failed = made(&world, &key, &plan, 3).await;
    rail.say(&failed, 2);
    tell(&world, &failed).await;
    assert_eq!(state(&world, &failed).await, "failed");
    rail.say(&failed, 1);
    tell(&world, &failed).await;
    assert_eq!(state(&world, &failed).await, "completed");
    assert_eq!(stands(&world).await, ("active", until("2027-04-15")));
    // Money that goes back is seen although nobody told us, and what it paid for is gone; twice told it goes once.
    rail.say(&failed, 3);
    world.pass(86_400).await;
    assert_eq!(state(&world, &failed).await, "reversed");
    tell(&world, &failed).await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    assert_eq!(world.count("subscription_entries").await, 4);
    // Paid once more after that is for a person to look at.
    rail.say(&failed, 1);
    tell(&world, &failed).await;
    assert_eq!(state(&world, &failed).await, "reversed:contrary");
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn only_the_order_s_own_money_in_full_counts(pool: PgPoolOptions, options: PgConnectOptions) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut owner = member(&world, Role::Owner, 2).await;
    for (n, field, value, flag) in [
        (1, "amount", json!(1.00), "submitted:amount"),
        (2, "amount", json!(1499.99), "submitted:amount"),
        (3, "currency", json!("USD"), "submitted:currency"),
        (
            4,
            "merchant_reference",
            json!("ord_x"),
            "submitted:reference",
        ),
        (5, "status_code", json!(9), "submitted:code"),
    ] {
        let order = made(&world, &key, &plan, n).await;
        rail.say(&order, 1);
        rail.change(&order, |said| said[field] = value);
        tell(&world, &order).await;
        assert_eq!(state(&world, &order).await, flag);
        if n == 1 {
            // Nobody is sent to pay once more.
            let page = owner.get("/settings/subscription").await.page();
            assert!(page.contains("paid otherwise than asked"), "{page}");
            assert!(!page.contains("Waiting for your payment"), "{page}");
        }
    }
    // An order that was paid, told of under the name of one that was not, is itself and no other.
    let (paid, open) = (
        made(&world, &key, &plan, 6).await,
        made(&world, &key, &plan, 7).await,
    );
    rail.say(&paid, 1);
    let mut mixed = open.clone();
    mixed["order_tracking_id"] = paid["order_tracking_id"].clone();
    tell(&world, &mixed).await;
    assert_eq!(state(&world, &open).await, "submitted");
    assert_eq!(state(&world, &paid).await, "completed");
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // What nobody knows is acknowledged and leaves nothing; what names nothing is refused.
    let lines = world.count("platform_order_messages").await;
    let nothing = json!({"order_tracking_id": rail.tracking(99), "merchant_reference": "ord_y"});
    tell(&world, &nothing).await;
    assert_eq!(world.count("platform_order_messages").await, lines);
    for body in ["", "{}", "[", "\u{0}"] {
        let path = "/api/payments/pesapal/webhook";
        let (status, ..) = world
            .send(Method::POST, path, None, body.as_bytes().to_vec())
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    // A browser's return is a hint as well, whoever's it is, and leads to the page.
    rail.say(&open, 1);
    let mut browser = Browser::new(&world, 1);
    let path = format!(
        "/api/payments/pesapal/callback?OrderTrackingId={}&OrderMerchantReference={}",
        open["order_tracking_id"].as_str().unwrap(),
        open["merchant_reference"].as_str().unwrap()
    );
    assert_eq!(browser.get(&path).await.onward(), "/settings/subscription");
    assert_eq!(state(&world, &open).await, "submitted");
    world.work().await;
    assert_eq!(state(&world, &open).await, "completed");
    // A notification with a body, its words in another case; a flood of them is kept in part.
    let body = json!({"orderNotificationType": "IPNCHANGE", "orderTrackingId": open["order_tracking_id"], "orderMerchantReference": "x"});
    for _ in 0..80 {
        let path = "/api/payments/pesapal/webhook";
        let body = body.to_string().into_bytes();
        let (status, _, echo) = world.send(Method::POST, path, None, body).await;
        assert_eq!((status, &echo["status"]), (StatusCode::OK, &json!(200)));
    }
    assert_eq!(
        world
            .count("platform_order_messages where kind = 'notice'")
            .await,
        5 + 1 + 60
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_lost_answer_is_followed_by_a_new_order_and_the_old_one_still_counts(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let refused = r#"{"error":{"error_type":"api_error","code":"invalid_api_request_parameters","message":"no"},"status":"500"}"#;
    for (status, body, left, told) in [
        (502, "<html></html>", "lost", "away"),
        (200, refused, "refused", "refused"),
    ] {
        rail.submit(status, body);
        let (status, problem) = order(&world, &key, &plan, 1).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert_eq!(problem["type"], format!("urn:mnara:problem:pesapal-{told}"));
        let sql = "select state from platform_orders where is_current";
        let state: String = read(&world.app, sql).await;
        assert_eq!(state, left);
    }
    let order = made(&world, &key, &plan, 1).await;
    let references = rail.seen("SubmitOrderRequest");
    let references: std::collections::BTreeSet<_> = references
        .iter()
        .map(|sent| sent["id"].as_str().unwrap())
        .collect();
    assert_eq!(references.len(), 3, "a reference is used once");
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // The lost one was taken after all and somebody paid it: Pesapal's notice is the first to name it.
    let first = rail.seen("SubmitOrderRequest").remove(0);
    let lost = json!({"order_tracking_id": rail.tracking(1), "merchant_reference": first["id"]});
    assert_eq!(state(&world, &lost).await, "expired");
    rail.say(&lost, 1);
    // Under a name that is another's it is not believed.
    let mut wrong = lost.clone();
    wrong["order_tracking_id"] = json!(rail.tracking(2));
    rail.say(&wrong, 1);
    tell(&world, &wrong).await;
    assert_eq!(state(&world, &lost).await, "expired:reference");
    tell(&world, &lost).await;
    assert!(state(&world, &lost).await.starts_with("completed"));
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_card_that_is_charged_by_itself_extends_each_time(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let wish = json!({"plan_id": plan.id.to_string(), "attempt_id": attempt(1).to_string(), "recurring": true});
    let (status, first) = ask(&world, &key, wish.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(ask(&world, &key, wish).await, (status, first.clone()));
    let sent = rail.seen("SubmitOrderRequest").remove(0);
    let account = sent["account_number"].as_str().unwrap().to_owned();
    assert_eq!(
        sent["subscription_details"],
        json!({"start_date": "15-02-2027", "end_date": "15-02-2032", "frequency": "MONTHLY"})
    );
    rail.say(&first, 1);
    tell(&world, &first).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    let charge = |n, account: &str, amount| rail.charge(n, account, amount);
    let told = async |tracking: &str| {
        assert_eq!(told_of_charge(&world, 1, &account, tracking).await, 200);
        world.work().await;
        // What is told next comes later than a question may be asked again.
        world.app.clock.advance(Duration::from_secs(20));
    };
    let second = charge(20, &account, 1500.00);
    for _ in 0..3 {
        told(&second).await;
    }
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    assert_eq!(
        world
            .count("platform_orders where kind = 'recurring' and state = 'completed'")
            .await,
        1
    );
    // Some say the account where a reference stands.
    let third = charge(23, "", 1500.00);
    rail.change(&json!({"order_tracking_id": third}), |said| {
        said["merchant_reference"] = json!(account);
        said["subscription_transaction_info"] = Value::Null;
    });
    told(&third).await;
    assert_eq!(stands(&world).await, ("active", until("2027-04-15")));
    // Not the whole price, or not to this account: somebody looks, and what was paid before stays what it was.
    told(&charge(22, &account, 15.00)).await;
    assert_eq!(
        world.count("platform_orders where flag = 'amount'").await,
        1
    );
    // A better plan at once does not reach the card: the page says what it goes on paying for, and the charge counts in full as that.
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/subscription").await.page();
    assert!(!page.contains("Your card goes on"), "{page}");
    let large = super::plan(&world, 2_500).await;
    let wish = json!({"plan_id": large.id.to_string(), "upgrade": true});
    let (status, upgrade) = ask(&world, &key, wish).await;
    assert_eq!(status, StatusCode::CREATED, "{upgrade}");
    rail.say(&upgrade, 1);
    tell(&world, &upgrade).await;
    let page = owner.get("/settings/subscription").await.page();
    assert!(
        page.contains("You are on Plan 2500. Your card goes on being charged KSh 1,500"),
        "{page}"
    );
    told(&charge(24, &account, 1500.00)).await;
    assert_eq!(stands(&world).await, ("active", until("2027-05-15")));
    let sql = "select p.name from subscription_entries e join platform_plans p on p.id = e.plan_id order by e.number desc limit 1";
    let last: String = read(&world.app, sql).await;
    assert_eq!(last, "Plan 1500");
    assert_eq!(state(&world, &first).await, "completed");
    told(&charge(21, "acc_another", 2500.00)).await;
    assert_eq!(state(&world, &first).await, "completed:reference");
    assert_eq!(
        world
            .count("platform_orders where flag = 'reference' and paid_cents is null and confirmation_code = 'SCJ8JQ26SW'")
            .await,
        1
    );
    assert_eq!(stands(&world).await, ("active", until("2027-05-15")));
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_crowd_of_hints_is_few_questions_and_none_of_them_forgets_a_name(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let waiting = made(&world, &key, &plan, 1).await;
    let questions = || rail.seen("GetTransactionStatus").len();
    let crowd = async |count: u8| {
        for _ in 0..count {
            hint(&world, &waiting).await;
            world.work().await;
        }
    };
    crowd(10).await;
    assert_eq!(questions(), 1);
    world.pass(19).await;
    crowd(10).await;
    assert_eq!(questions(), 1);
    // What was told meanwhile is asked about as soon as may be.
    world.pass(1).await;
    assert_eq!(questions(), 2);
    // Whoever asks for fewer questions gets fewer, whatever anybody says.
    rail.0.lock().unwrap().answers.push_back(429);
    world.pass(20).await;
    crowd(1).await;
    assert_eq!(questions(), 3);
    // A hint that comes while it is being asked makes the job due at once, which waits all the same.
    {
        use crate::db::RowId as _;
        let provider = world.shop.provider;
        let id: sqlx::types::Uuid = read(&world.app, "select id from platform_orders").await;
        let whose = (provider, mnara_protocol::ids::OrderId::from_uuid(id));
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        crate::subscriptions::ask::ask_at(&world.app, &mut tx, whose, world.app.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    world.work().await;
    assert_eq!(questions(), 3);
    world.pass(280).await;
    crowd(3).await;
    assert_eq!(questions(), 3);
    world.pass(20).await;
    assert_eq!(questions(), 4);
    // The answer of another is lost. Its name is told once, and stays known when somebody tells of it without.
    rail.submit(502, "<html></html>");
    let (status, _) = order(&world, &key, &plan, 2).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    let sent = rail.seen("SubmitOrderRequest").remove(1);
    let lost = json!({"order_tracking_id": rail.tracking(2), "merchant_reference": sent["id"]});
    rail.say(&lost, 1);
    let nameless = json!({"order_tracking_id": "", "merchant_reference": sent["id"]});
    hint(&world, &lost).await;
    hint(&world, &nameless).await;
    world.work().await;
    assert_eq!(state(&world, &lost).await, "completed");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_stands_in_for_pesapal_may_lack_its_list_and_give_names_of_its_own(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    rail.0.lock().unwrap().is_listless = true;
    let first = made(&world, &key, &plan, 1).await;
    assert_eq!(rail.seen("RegisterIPN").len(), 1);
    made(&world, &key, &plan, 2).await;
    assert_eq!(rail.seen("RegisterIPN").len(), 1);
    rail.say(&first, 1);
    tell(&world, &first).await;
    assert_eq!(state(&world, &first).await, "completed");
    // Names that are no UUIDs; they are asked by as they are.
    let named = json!({"order_tracking_id": "TRK-7", "merchant_reference": "x"});
    rail.0
        .lock()
        .unwrap()
        .said
        .insert("TRK-7".to_owned(), json!({}));
    rail.submit(502, "");
    let (status, _) = order(&world, &key, &plan, 3).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    let sent = rail.seen("SubmitOrderRequest").pop().unwrap();
    rail.change(&named, |said| {
        *said = json!({"amount": 1500, "currency": "KES", "merchant_reference": sent["id"], "confirmation_code": "R1",
                       "order_tracking_id": "TRK-7"});
    });
    rail.say(&named, 1);
    let told = json!({"order_tracking_id": "TRK-7", "merchant_reference": sent["id"]});
    tell(&world, &told).await;
    assert!(state(&world, &told).await.starts_with("completed"));
    assert_eq!(
        world
            .count("platform_orders where tracking_id = 'TRK-7'")
            .await,
        1
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_many_answers_one_that_says_something_new_is_always_kept(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use crate::subscriptions::store::messages::{Kind, keep};
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    let id = order["id"].as_str().unwrap().parse().unwrap();
    let whose = (world.shop.provider, id);
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let mut at = world.app.clock.now();
    for kind in [Kind::StatusAnswer, Kind::Notice] {
        for body in [&["same"; 70][..], &["new", "new", "same"]].concat() {
            at = at.plus_secs(1);
            keep(&world.app, &mut tx, whose, (kind, at), body)
                .await
                .unwrap();
        }
    }
    tx.commit().await.unwrap();
    let kept = |kind| format!("platform_order_messages where kind = '{kind}'");
    assert_eq!(world.count(&kept("status-answer")).await, 60 + 2);
    // Anybody can send these.
    assert_eq!(world.count(&kept("notice")).await, 60);
    drop(rail);
}
