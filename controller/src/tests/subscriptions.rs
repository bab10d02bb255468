//! What businesses pay the platform: orders, Pesapal's hints and its word, the book, and who may see and do what.

use std::collections::BTreeMap;

use super::browser::Browser;
use super::doors::member;
use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::plans::{Draft, create};
use crate::subscriptions::standing::standing;
use crate::subscriptions::{Feature, Period, PlatformPlan};

/// A Pesapal that takes every order and says of each what it is told to say.
#[derive(Clone, Default)]
struct Rail(Arc<Mutex<Desk>>);

#[derive(Default)]
struct Desk {
    seen: Vec<(String, Value)>,
    /// What is said of an order, by its tracking id.
    said: BTreeMap<String, Value>,
    submits: VecDeque<(u16, String)>,
    registered: Vec<Value>,
}

impl Rail {
    async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> (Self, World) {
        let rail = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(rail.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let flags = [
            "--pesapal",
            &base,
            "--pesapal-consumer-key",
            "key",
            "--pesapal-consumer-secret",
            "secret",
            "--pesapal-callback-url",
            "https://billing.example.com/api/payments/pesapal/callback",
            "--pesapal-ipn-url",
            "https://billing.example.com/api/payments/pesapal/webhook",
        ];
        let world = World::open_with(pool, options, &flags).await;
        (rail, world)
    }

    /// From now on an order stands so.
    fn say(&self, order: &Value, code: i64) {
        self.change(order, |said| {
            said["status_code"] = json!(code);
            said["status"] = json!(if code == 0 { "500" } else { "200" });
            said["error"] = if code == 0 {
                json!({"error_type": "api_error", "code": "payment_details_not_found", "message": "Pending Payment", "call_back_url": ""})
            } else {
                json!({"error_type": null, "code": null, "message": null, "call_back_url": null})
            };
        });
    }

    fn change(&self, order: &Value, change: impl FnOnce(&mut Value)) {
        let tracking = order["order_tracking_id"].as_str().unwrap();
        let mut desk = self.0.lock().unwrap();
        change(desk.said.get_mut(tracking).unwrap());
    }

    /// The next order is answered so.
    fn submit(&self, status: u16, body: &str) {
        let mut desk = self.0.lock().unwrap();
        desk.submits.push_back((status, body.to_owned()));
    }

    fn seen(&self, path: &str) -> Vec<Value> {
        let desk = self.0.lock().unwrap();
        let found = desk.seen.iter().filter(|(found, _)| found.contains(path));
        found.map(|(_, body)| body.clone()).collect()
    }

    /// The tracking ids given out, the first first.
    fn tracking(&self, n: usize) -> String {
        format!("96a5e1d9-0000-4000-8000-{n:012}")
    }
}

async fn answer(State(rail): State<Rail>, request: Request) -> Response {
    let path = request.uri().to_string();
    let body = axum::body::to_bytes(request.into_body(), 65536)
        .await
        .unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let mut desk = rail.0.lock().unwrap();
    desk.seen.push((path.clone(), body.clone()));
    let answer = if path.ends_with("/RequestToken") {
        json!({"token": "t", "expiryDate": "2099-01-01T00:00:00Z", "error": null, "status": "200"})
    } else if path.ends_with("/GetIpnList") {
        json!(desk.registered)
    } else if path.ends_with("/RegisterIPN") {
        let made = json!({"url": body["url"], "ipn_id": "1da86d1c-1e8c-4183-bdfd-dd759463e4ce", "notification_type": 1,
                          "ipn_notification_type_description": body["ipn_notification_type"], "ipn_status": 1, "error": null, "status": "200"});
        desk.registered.push(made.clone());
        made
    } else if path.ends_with("/SubmitOrderRequest") {
        let tracking = rail.tracking(desk.said.len() + 1);
        desk.said.insert(
            tracking.clone(),
            json!({"payment_method": "MpesaKE", "amount": body["amount"], "confirmation_code": "SCJ8JQ26SW", "order_tracking_id": tracking,
                   "status_code": 0, "merchant_reference": body["id"], "currency": body["currency"], "payment_account": "2547xxx56689",
                   "error": {"code": "payment_details_not_found", "message": "Pending Payment"}, "status": "500"}),
        );
        if let Some((status, body)) = desk.submits.pop_front() {
            return (StatusCode::from_u16(status).unwrap(), body).into_response();
        }
        json!({"order_tracking_id": tracking, "merchant_reference": body["id"],
               "redirect_url": format!("https://pay.example.com/?OrderTrackingId={tracking}"), "error": null, "status": "200"})
    } else {
        let tracking = path.rsplit('=').next().unwrap();
        desk.said.get(tracking).cloned().unwrap_or_default()
    };
    answer.to_string().into_response()
}

/// A plan of the platform, by the month, at so many shillings.
pub(super) async fn plan(world: &World, shillings: i64) -> PlatformPlan {
    let draft = Draft {
        name: format!("Plan {shillings}"),
        period: Period::Month,
        price: Price::new(shillings * 100, Currency::Kes),
        most_sites: Some(3),
        features: vec![Feature::ApiAccess],
        trial_days: 14,
    };
    create(&world.app, Actor::Command, draft).await.unwrap()
}

/// Asks for an order as a program.
async fn order(world: &World, key: &str, plan: &PlatformPlan, n: u8) -> (StatusCode, Value) {
    ask(
        world,
        key,
        json!({"plan_id": plan.id.to_string(), "attempt_id": attempt(n).to_string()}),
    )
    .await
}

async fn ask(world: &World, key: &str, body: Value) -> (StatusCode, Value) {
    let path = format!(
        "/api/providers/{}/pesapal/create-order",
        world.shop.provider
    );
    let body = body.to_string().into_bytes();
    let (status, _, answer) = world.send(Method::POST, &path, Some(key), body).await;
    (status, answer)
}

async fn made(world: &World, key: &str, plan: &PlatformPlan, n: u8) -> Value {
    let (status, order) = order(world, key, plan, n).await;
    assert_eq!(status, StatusCode::CREATED, "{order}");
    order
}

async fn payer(world: &World) -> String {
    let scopes = [Scope::SubscriptionRead, Scope::SubscriptionPay];
    api::key(&world.app, world.shop.provider, &scopes).await
}

/// Pesapal tells of an order, and what that makes due is done.
async fn tell(world: &World, order: &Value) {
    let path = format!(
        "/api/payments/pesapal/webhook?OrderTrackingId={}&OrderMerchantReference={}&OrderNotificationType=IPNCHANGE",
        order["order_tracking_id"].as_str().unwrap(),
        order["merchant_reference"].as_str().unwrap(),
    );
    let (status, _, echo) = world.send(Method::GET, &path, None, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        echo,
        json!({"orderNotificationType": "IPNCHANGE", "orderTrackingId": order["order_tracking_id"],
               "orderMerchantReference": order["merchant_reference"], "status": 200})
    );
    world.work().await;
}

/// How the business stands, and until which day in Nairobi it has paid.
async fn stands(world: &World) -> (&'static str, Option<String>) {
    let standing = standing(&world.app, world.shop.provider).await.unwrap();
    let row: Option<String> = read(
        &world.app,
        "select (select to_char(paid_until at time zone 'Africa/Nairobi', 'YYYY-MM-DD') from subscriptions)",
    )
    .await;
    let until = standing
        .paid_until
        .map(|until| crate::subscriptions::terms::date(until).to_string());
    assert_eq!(row, until, "the row is not what the book comes to");
    (standing.status.word(), until)
}

async fn state(world: &World, order: &Value) -> String {
    let sql = format!(
        "select state || coalesce(':' || flag, '') from platform_orders where reference = '{}'",
        order["merchant_reference"].as_str().unwrap()
    );
    read(&world.app, &sql).await
}

fn until(day: &str) -> Option<String> {
    Some(day.to_owned())
}

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
    assert_eq!(told["paid_until"], "2027-03-15T08:00:00Z");
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
    for (status, body, left) in [(502, "<html></html>", "lost"), (200, refused, "refused")] {
        rail.submit(status, body);
        let (status, problem) = order(&world, &key, &plan, 1).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert_eq!(problem["type"], "urn:mnara:problem:pesapal-away");
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
    let wish = json!({"plan_id": plan.id.to_string(), "recurring": true});
    let (status, first) = ask(&world, &key, wish).await;
    assert_eq!(status, StatusCode::CREATED);
    let sent = rail.seen("SubmitOrderRequest").remove(0);
    let account = sent["account_number"].as_str().unwrap().to_owned();
    assert_eq!(
        sent["subscription_details"],
        json!({"start_date": "15-02-2027", "end_date": "15-02-2032", "frequency": "MONTHLY"})
    );
    rail.say(&first, 1);
    tell(&world, &first).await;
    assert_eq!(stands(&world).await, ("active", until("2027-02-15")));
    let charge = |n: usize, account: &str, amount: Value| {
        let tracking = rail.tracking(n);
        let said = json!({"amount": amount, "currency": "KES", "status_code": 1, "status": "200", "error": null, "order_tracking_id": tracking,
                          "merchant_reference": "whatever", "confirmation_code": "C", "subscription_transaction_info": {"account_reference": account}});
        rail.0.lock().unwrap().said.insert(tracking.clone(), said);
        tracking
    };
    let told = async |tracking: &str| {
        let body = json!({"OrderNotificationType": "RECURRING", "OrderTrackingId": tracking, "OrderMerchantReference": account});
        let path = "/api/payments/pesapal/webhook";
        let body = body.to_string().into_bytes();
        let (status, _, echo) = world.send(Method::POST, path, None, body).await;
        assert_eq!(
            (status, &echo["orderNotificationType"]),
            (StatusCode::OK, &json!("RECURRING"))
        );
        world.work().await;
    };
    let second = charge(20, &account, json!(1500.00));
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
    // Not to this account, or not the whole price.
    told(&charge(21, "acc_another", json!(1500.00))).await;
    told(&charge(22, &account, json!(15.00))).await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-15")));
    assert_eq!(
        world.count("platform_orders where flag = 'amount'").await,
        1
    );
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

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
    let plan = create(&world.app, Actor::Command, draft).await.unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    assert!(owner.get("/more").await.page().contains(PATH));
    let page = owner.get(PATH).await.page();
    assert!(page.contains("You have no subscription yet"), "{page}");
    assert!(page.contains("KSh 19,999.50 a year") && page.contains("any number of sites"));
    assert!(!page.contains("<script>"));
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
