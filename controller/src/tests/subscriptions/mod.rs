//! What businesses pay the platform: orders, Pesapal's hints and its word, the book, and who may see and do what.

mod changes;
mod desk;
mod facts;
mod hints;
mod invoices;
mod keys;
mod lacks;
mod life;
mod looks;
mod orders;
mod people;
mod repeats;

use std::collections::BTreeMap;

use super::browser::Browser;
use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::plans::{Draft, create};
use crate::subscriptions::standing::standing;
use crate::subscriptions::{Feature, Period, PlatformPlan};
use crate::tests::pages::doors::member;
use crate::tests::programs::api;

/// A Pesapal that takes every order and says of each what it is told to say.
#[derive(Clone, Default)]
struct Rail(Arc<Mutex<Desk>>);

#[derive(Default)]
struct Desk {
    seen: Vec<(String, Value)>,
    /// What is said of an order, by its tracking id.
    said: BTreeMap<String, Value>,
    submits: VecDeque<(u16, String)>,
    /// The next questions are answered so.
    answers: VecDeque<u16>,
    registered: Vec<Value>,
    /// Whether it has no list of addresses, as many that stand in for it.
    is_listless: bool,
}

impl Rail {
    async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> (Self, World) {
        Self::world_with(pool, options, &[]).await
    }

    async fn world_with(
        pool: PgPoolOptions,
        options: PgConnectOptions,
        more: &[&str],
    ) -> (Self, World) {
        let rail = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(rail.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let flags = [&flags(&base)[..], more].concat();
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

    /// A card was charged by itself to an account; gives the tracking id of that.
    fn charge(&self, n: usize, account: &str, amount: f64) -> String {
        let tracking = self.tracking(n);
        let said = json!({"amount": amount, "currency": "KES", "status_code": 1, "status": "200", "error": null, "order_tracking_id": tracking,
                          "merchant_reference": "whatever", "confirmation_code": "C", "subscription_transaction_info": {"account_reference": account}});
        self.0.lock().unwrap().said.insert(tracking.clone(), said);
        tracking
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

/// What leads a controller to a Pesapal.
fn flags(base: &str) -> [&str; 10] {
    [
        "--pesapal",
        base,
        "--pesapal-consumer-key",
        "key",
        "--pesapal-consumer-secret",
        "secret",
        "--pesapal-callback-url",
        "https://billing.example.com/api/payments/pesapal/callback",
        "--pesapal-ipn-url",
        "https://billing.example.com/api/payments/pesapal/webhook",
    ]
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
    } else if path.ends_with("/GetIpnList") && desk.is_listless {
        return (StatusCode::NOT_FOUND, "<html></html>").into_response();
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
    } else if path.ends_with("/RefundRequest") {
        json!({"status": "200", "message": "Refund request successfully"})
    } else if path.ends_with("/CancelOrder") {
        json!({"status": "200", "message": "Order successfully cancelled."})
    } else if let Some(status) = desk.answers.pop_front() {
        return (StatusCode::from_u16(status).unwrap(), "").into_response();
    } else {
        let tracking = path.rsplit('=').next().unwrap();
        let unknown = || {
            json!({"error": {"error_type": "invalid_request_error", "code": "invalid_api_request_parameters",
                                          "message": "orderTrackingId is unknown", "call_back_url": null}, "status": "500"})
        };
        desk.said.get(tracking).cloned().unwrap_or_else(unknown)
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

/// Pesapal tells of an order, and what that makes due is done; what it tells next comes later than a question may be asked again.
async fn tell(world: &World, order: &Value) {
    hint(world, order).await;
    world.work().await;
    world.app.clock.advance(Duration::from_secs(20));
}

/// Pesapal tells of an order.
async fn hint(world: &World, order: &Value) {
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

/// Tells of a charge by itself from an address; gives the status in the answer.
async fn told_of_charge(world: &World, from: u8, account: &str, tracking: &str) -> Value {
    let body = json!({"OrderNotificationType": "RECURRING", "OrderTrackingId": tracking, "OrderMerchantReference": account});
    let request = Request::builder()
        .method(Method::POST)
        .uri("/api/payments/pesapal/webhook")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    let (status, _, echo) = world.send_from([198, 51, 100, from], request).await;
    assert_eq!(
        (status, &echo["orderNotificationType"]),
        (StatusCode::OK, &json!("RECURRING"))
    );
    echo["status"].clone()
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
