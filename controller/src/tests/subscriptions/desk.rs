//! The platform's desk: plans, orders that need somebody, money that goes back, and what the platform earned.

use super::super::browser::PASSWORD;
use super::*;
use crate::admin::begin;

async fn admin(world: &World) -> Browser<'_> {
    let contact = "amina@mnara.example".parse().unwrap();
    begin::make(&world.app, "Amina", contact, PASSWORD.into())
        .await
        .unwrap();
    let mut admin = Browser::new(world, 250);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    admin
}

async fn id_of(world: &World, order: &Value) -> String {
    let reference = order["merchant_reference"].as_str().unwrap();
    let sql = format!("select id from platform_orders where reference = '{reference}'");
    let id: sqlx::types::Uuid = read(&world.app, &sql).await;
    format!("ord_{}", id.simple())
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn plans_are_made_changed_for_new_periods_and_taken_off_sale(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const PATH: &str = "/admin/platform-plans";
    let (rail, world) = Rail::world(pool, options).await;
    let key = payer(&world).await;
    let mut admin = admin(&world).await;
    let page = admin.get(PATH).await.page();
    assert!(page.contains("No plan yet"), "{page}");
    assert!(page.contains("<a href=\"/admin/subscriptions\" aria-current=\"page\"><svg"));
    assert!(page.contains("<p class=\"back\"><a href=\"/admin/subscriptions\">"));
    let form = |price: &'static str, name: &'static str, period: &'static str| {
        vec![
            ("name", name),
            ("price", price),
            ("currency", "USD"),
            ("period", period),
            ("sites", "3"),
            ("trial_days", "14"),
            ("api_access", "yes"),
        ]
    };
    for (price, name, says) in [
        ("<b>", "Pro", "Type a price"),
        ("-1", "Pro", "Type a price"),
        ("12.50", " ", "Give the plan a name"),
    ] {
        let got = admin.post(PATH, &form(price, name, "month")).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{price}");
        assert!(
            got.text.contains(says) && !got.text.contains("<b>"),
            "{price}"
        );
    }
    admin
        .post(PATH, &form("12.50", "Pro <script>", "month"))
        .await
        .onward();
    admin
        .post(PATH, &form("120", "Pro <script>", "year"))
        .await
        .onward();
    let page = admin.get(PATH).await.page();
    assert!(page.contains("US$ 12.50 a month") && page.contains("US$ 120 a year"));
    assert!(page.contains("20&nbsp;% less than twelve months"), "{page}");
    assert!(!page.contains("<script>"));
    // Somebody buys a month; then it gets dearer.
    let sql = "select id from platform_plans where period = 'month'";
    let id: sqlx::types::Uuid = read(&world.app, sql).await;
    let old = format!("pplan_{}", id.simple());
    let wish = json!({"plan_id": old});
    let (_, order) = ask(&world, &key, wish.clone()).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    let one = format!("{PATH}/{old}");
    assert!(admin.get(&one).await.page().contains("value=\"12.50\""));
    admin.post(&one, &form("15", "Pro", "month")).await.onward();
    let (status, problem) = ask(&world, &key, wish).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["type"], "urn:mnara:problem:no-such-plan");
    // What was bought stays what was bought.
    let standing = standing(&world.app, world.shop.provider).await.unwrap();
    assert_eq!(standing.plan.unwrap().price.decimal(), "12.50");
    let page = admin.get(PATH).await.page();
    assert!(page.contains("US$ 15 a month") && page.contains("Businesses on it: 1"));
    // A plan that is off sale cannot be changed, and can be offered again.
    assert_eq!(
        admin.post(&one, &form("16", "Pro", "month")).await.status,
        StatusCode::NOT_FOUND
    );
    admin.post(&format!("{one}/offer"), &[]).await.onward();
    admin.post(&format!("{one}/retire"), &[]).await.onward();
    let nothing = format!("{PATH}/pplan_{}", "0".repeat(32));
    assert_eq!(admin.get(&nothing).await.status, StatusCode::NOT_FOUND);
    let page = admin.get("/admin").await.page();
    assert!(page.contains("US$ 12.50"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_flagged_order_is_extended_given_back_or_left_and_written_down(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const PATH: &str = "/admin/subscriptions";
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut admin = admin(&world).await;
    assert!(
        admin
            .get(PATH)
            .await
            .page()
            .contains("No order needs anybody")
    );
    let short = async |n: u8| {
        let order = made(&world, &key, &plan, n).await;
        rail.say(&order, 1);
        rail.change(&order, |said| said["amount"] = json!(1499.00));
        tell(&world, &order).await;
        assert_eq!(state(&world, &order).await, "submitted:amount");
        order
    };
    let (first, second, third) = (short(1).await, short(2).await, short(3).await);
    let page = admin.get(PATH).await.page();
    assert!(page.contains("another amount was paid") && page.contains("1,499"));
    let act = |id: &str, to: &str| format!("/admin/orders/{id}/{to}");
    // A shilling short is near enough.
    let id = id_of(&world, &first).await;
    admin.post(&act(&id, "extended"), &[]).await.onward();
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // What was paid is what the invoice and the books say, and not what was asked.
    let sql = "select amount_cents from platform_invoices";
    assert_eq!(read::<i64>(&world.app, sql).await, 149_900);
    let page = admin.get("/admin").await.page();
    assert!(page.contains("KSh 1,499"), "{page}");
    // Done with is done with.
    let got = admin.post(&act(&id, "kept"), &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    tell(&world, &first).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // What was really paid goes back, once Pesapal's merchant agrees.
    let id = id_of(&world, &second).await;
    // Not from a browser that somebody left open.
    let page = admin.post(&act(&id, "refunded"), &[]).await.page();
    assert!(
        page.contains("name=\"password\"") && page.contains("KSh 1,499"),
        "{page}"
    );
    let got = admin
        .post(&act(&id, "refunded"), &[("password", "guessed it 1234")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(rail.seen("RefundRequest").is_empty());
    let proof = [("password", PASSWORD)];
    admin.post(&act(&id, "refunded"), &proof).await.onward();
    let sent = rail.seen("RefundRequest").remove(0);
    assert_eq!(
        (
            &sent["amount"],
            &sent["confirmation_code"],
            &sent["username"]
        ),
        (&json!("1499.00"), &json!("SCJ8JQ26SW"), &json!("Amina"))
    );
    // Two who ask at once: what Pesapal took up stays so, whatever it says to the second.
    {
        use crate::subscriptions::Refund;
        use crate::subscriptions::store::{back, orders};
        let provider = world.shop.provider;
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        let order = orders::lock(&mut tx, provider, id.parse().unwrap()).await;
        let (order, now) = (order.unwrap().unwrap(), world.app.clock.now());
        back::note_refund(&mut tx, &order, Refund::Refused, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let taken = "platform_orders where refund = 'taken'";
    assert_eq!(world.count(taken).await, 1);
    rail.say(&second, 3);
    tell(&world, &second).await;
    assert!(state(&world, &second).await.starts_with("reversed"));
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // Money that is on its way back pays for nothing.
    let id = id_of(&world, &third).await;
    admin.post(&act(&id, "refund"), &proof).await.onward();
    let got = admin.post(&act(&id, "extended"), &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    admin.post(&act(&id, "kept"), &[]).await.onward();
    assert!(
        admin
            .get(PATH)
            .await
            .page()
            .contains("No order needs anybody")
    );
    // A paid one of any business goes back from its own page; asked twice it is asked once.
    let one = format!("{PATH}/{}", world.shop.provider);
    assert!(admin.get(&one).await.page().contains("Give it back"));
    let id = id_of(&world, &first).await;
    for _ in 0..2 {
        admin.post(&act(&id, "refund"), &proof).await;
    }
    assert_eq!(rail.seen("RefundRequest").len(), 3);
    rail.say(&first, 3);
    // Nobody tells of it; it is asked about all the same.
    world.pass(6 * 3_600).await;
    // The one that was left still waits for its money.
    assert_eq!(stands(&world).await, ("pending", None));
    let sql = "select count(*) from audit where act in ('order-resolve', 'order-refund')";
    assert_eq!(read::<i64>(&world.app, sql).await, 3 + 3);
    // Two that were open side by side and both paid: perhaps somebody paid twice. It counts, and somebody looks.
    let (one, two) = (
        made(&world, &key, &plan, 4).await,
        made(&world, &key, &plan, 5).await,
    );
    for order in [&one, &two] {
        world.pass(1).await;
        rail.say(order, 1);
        tell(&world, order).await;
    }
    assert_eq!(state(&world, &one).await, "completed");
    assert_eq!(state(&world, &two).await, "completed:double");
    assert!(admin.get(PATH).await.page().contains("perhaps paid twice"));
    for bad in ["ord_x", &format!("ord_{}", "0".repeat(32))] {
        let got = admin.post(&act(bad, "kept"), &[]).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_order_that_waits_is_called_off_by_its_own_business_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const PAGE: &str = "/settings/subscription";
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    let id = id_of(&world, &order).await;
    let path = format!("{PAGE}/orders/{id}/cancel");
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(
        stranger.post(&path, &[]).await.status,
        StatusCode::NOT_FOUND
    );
    let mut owner = member(&world, Role::Owner, 1).await;
    assert!(owner.get(PAGE).await.page().contains(&path));
    let led = owner.post(&path, &[]).await.onward();
    assert!(
        owner
            .get(&led)
            .await
            .page()
            .contains("The order is called off")
    );
    let sent = rail.seen("CancelOrder").remove(0);
    assert_eq!(sent["order_tracking_id"], order["order_tracking_id"]);
    assert_eq!(state(&world, &order).await, "expired");
    owner.post(&path, &[]).await.onward();
    assert_eq!(rail.seen("CancelOrder").len(), 1);
    let order_stands = |state: &str| json!({"state": state, "refund": null, "amount": "1500.00", "currency": "KES"});
    assert_eq!(
        deed(&world, "order-cancel").await,
        json!({"before": order_stands("submitted"), "after": order_stands("expired")})
    );
    // Money that was under way all the same counts.
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    assert_eq!(
        deed(&world, "subscription-paid").await,
        json!({"before": order_stands("expired"), "after": order_stands("completed")})
    );
    // The audit says so in words.
    for (language, words) in [
        ("en", ["how it stands", "not paid yet", "given up", "paid"]),
        (
            "sw",
            ["hali yake", "bado haijalipwa", "imeachwa", "imelipwa"],
        ),
    ] {
        let path = format!("/language/{language}?back=/audit");
        owner.get(&path).await.onward();
        let page = owner.get("/audit").await.page();
        for word in words {
            assert!(page.contains(&format!(">{word}<")), "{word}: {page}");
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_paid_goes_back_and_what_pesapal_declined_is_asked_again_or_counted(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut admin = admin(&world).await;
    let list = format!("/admin/subscriptions/{}", world.shop.provider);
    let act = |id: &str, to: &str| format!("/admin/orders/{id}/{to}");
    let proof = [("password", PASSWORD)];
    // A currency of which no books are kept: digits of what was paid, and not of what was asked.
    let order = made(&world, &key, &plan, 1).await;
    rail.say(&order, 1);
    rail.change(&order, |said| {
        said["amount"] = json!(42000.5);
        said["currency"] = json!("UGX");
    });
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "submitted:currency");
    let id = id_of(&world, &order).await;
    // Nor can it be counted, so nobody is offered that.
    let page = admin.get("/admin/subscriptions").await.page();
    assert!(page.contains(&act(&id, "refunded")), "{page}");
    assert!(!page.contains(&act(&id, "extended")), "{page}");
    let page = admin.post(&act(&id, "refunded"), &[]).await.page();
    assert!(page.contains("UGX 42000.50"), "{page}");
    admin.post(&act(&id, "refunded"), &proof).await.onward();
    let sent = rail.seen("RefundRequest").remove(0);
    assert_eq!(sent["amount"], "42000.50");
    let order_stands = |refund: Value| json!({"state": "submitted", "refund": refund, "amount": "42000.50", "currency": "UGX"});
    assert_eq!(
        deed(&world, "order-refund").await,
        json!({"before": order_stands(Value::Null), "after": order_stands(json!("asked"))})
    );
    // Nobody tells of a merchant who says no; somebody of the platform does, and not from a browser left open.
    let short = made(&world, &key, &plan, 2).await;
    rail.say(&short, 1);
    rail.change(&short, |said| said["amount"] = json!(1499.00));
    tell(&world, &short).await;
    let id = id_of(&world, &short).await;
    let page = admin.get("/admin/subscriptions").await.page();
    assert!(page.contains(&act(&id, "extended")), "{page}");
    let early = admin.post(&act(&id, "declined"), &proof).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    for times in 1..=2 {
        admin.post(&act(&id, "refunded"), &proof).await.onward();
        assert_eq!(rail.seen("RefundRequest").len(), 1 + times);
        let extended = admin.post(&act(&id, "extended"), &[]).await;
        assert_eq!(extended.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            admin
                .get(&list)
                .await
                .page()
                .contains("Pesapal declined it")
        );
        let page = admin.post(&act(&id, "declined"), &[]).await.page();
        assert!(page.contains("name=\"password\"") && page.contains("KSh 1,499"));
        let led = admin.post(&act(&id, "declined"), &proof).await.onward();
        assert!(admin.get(&led).await.page().contains("counts as kept"));
    }
    let declined = "audit where act = 'order-refund-declined'";
    assert_eq!(world.count(declined).await, 2);
    // It is flagged again, and counts as paid after all.
    admin.post(&act(&id, "extended"), &[]).await.onward();
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    // What goes back is what was paid.
    rail.say(&short, 3);
    tell(&world, &short).await;
    let order_stands = |state: &str| json!({"state": state, "refund": "refused", "amount": "1499.00", "currency": "KES"});
    assert_eq!(
        deed(&world, "subscription-reversed").await,
        json!({"before": order_stands("completed"), "after": order_stands("reversed")})
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_came_once_more_after_it_had_gone_back_goes_back_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut admin = admin(&world).await;
    let list = "/admin/subscriptions";
    let act = |id: &str, to: &str| format!("/admin/orders/{id}/{to}");
    let proof = [("password", PASSWORD)];
    let order = made(&world, &key, &plan, 1).await;
    let id = id_of(&world, &order).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    admin.post(&act(&id, "refund"), &proof).await.onward();
    rail.say(&order, 3);
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "reversed");
    let got = admin.post(&act(&id, "refund"), &proof).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "reversed:contrary");
    // Twice, since the merchant declined it in between.
    for sent in 2..=3 {
        let page = admin.get(list).await.page();
        assert!(page.contains(&act(&id, "refunded")), "{page}");
        assert!(!page.contains(&act(&id, "extended")), "{page}");
        admin.post(&act(&id, "refunded"), &proof).await.onward();
        assert_eq!(rail.seen("RefundRequest").len(), sent);
        let page = admin.get(list).await.page();
        assert!(page.contains("No order needs anybody"), "{page}");
        let got = admin.post(&act(&id, "refund"), &proof).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        // Told once more of the same, nobody is asked anew.
        tell(&world, &order).await;
        assert_eq!(rail.seen("RefundRequest").len(), sent);
        admin.post(&act(&id, "declined"), &proof).await.onward();
    }
    // Once that is back too, nothing is asked of it any more, and what comes a third time is seen as that.
    admin.post(&act(&id, "refunded"), &proof).await.onward();
    rail.say(&order, 3);
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "reversed");
    let got = admin.post(&act(&id, "declined"), &proof).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "reversed:contrary");
    let page = admin.get(list).await.page();
    assert!(page.contains(&act(&id, "refunded")), "{page}");
    // Of which Pesapal took back that it was paid, and which then went back, came once.
    let order = made(&world, &key, &plan, 2).await;
    let id = id_of(&world, &order).await;
    for (code, expected) in [(1, "completed"), (2, "completed:contrary"), (3, "reversed")] {
        rail.say(&order, code);
        tell(&world, &order).await;
        assert_eq!(state(&world, &order).await, expected);
    }
    let got = admin.post(&act(&id, "refund"), &proof).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(rail.seen("RefundRequest").len(), 4);
}
