//! The simulated Pesapal held against the service's documented and recorded answers, byte for byte, and its rules.
#![expect(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected stops there"
)]

mod cards;
mod clients;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use mnara_tests::sim::pesapal::{By, Clock, Code, Config, Pesapal, SubmitFault};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The moment of the sandbox's recorded answers.
const MOMENT: &str = "2024-03-18T15:25:46.2652354Z";

struct Caller {
    http: Client,
    base: String,
    token: String,
}

impl Caller {
    async fn new(sim: &Pesapal) -> Self {
        Self::at(sim.url()).await
    }

    async fn at(base: String) -> Self {
        // Another test of this process may have named it before.
        drop(rustls::crypto::ring::default_provider().install_default());
        let http = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut caller = Self {
            http,
            base,
            token: String::new(),
        };
        caller.renew().await;
        caller
    }

    async fn renew(&mut self) {
        let keys =
            json!({"consumer_key": "mnara-pesapal-key", "consumer_secret": "mnara-pesapal-secret"});
        let answer = self.post("/api/Auth/RequestToken", &keys).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        self.token = answer["token"].as_str().unwrap().to_owned();
    }

    async fn post(&self, path: &str, body: &Value) -> String {
        let request = self.http.post(format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token).json(body);
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn get(&self, path: &str) -> String {
        let request = self.http.get(format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token);
        request.send().await.unwrap().text().await.unwrap()
    }

    async fn status(&self, tracking: &str) -> String {
        let path = "/api/Transactions/GetTransactionStatus?orderTrackingId=";
        self.get(&format!("{path}{tracking}")).await
    }

    async fn register(&self, url: &str, kind: &str) -> String {
        let body = json!({"url": url, "ipn_notification_type": kind});
        let answer = self.post("/api/URLSetup/RegisterIPN", &body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["ipn_id"].as_str().unwrap().to_owned()
    }

    async fn order(&self, address: &str, reference: &str) -> Value {
        let answer = self
            .post(
                "/api/Transactions/SubmitOrderRequest",
                &ask(address, reference),
            )
            .await;
        serde_json::from_str(&answer).unwrap()
    }

    /// Presses a button of an order's page.
    async fn press(&self, tracking: &str, act: &str) -> (StatusCode, Option<String>, String) {
        let page = format!(
            "{}/pesapaliframe/PesapalIframe3/Index?OrderTrackingId={tracking}",
            self.base
        );
        let request = self.http.post(page).body(format!("act={act}"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let location = answer.headers().get("location");
        let location = location.map(|to| to.to_str().unwrap().to_owned());
        (status, location, answer.text().await.unwrap())
    }
}

fn ask(address: &str, reference: &str) -> Value {
    json!({"id": reference, "currency": "KES", "amount": 10.00, "description": "Plan <b>Pro</b>", "redirect_mode": "TOP_WINDOW",
           "callback_url": "http://127.0.0.1:9/return", "cancellation_url": "http://127.0.0.1:9/cancel", "notification_id": address,
           "branch": "", "billing_address": {"email_address": "a@b.c"}, "account_number": "ISP-77",
           "subscription_details": {"start_date": "24-01-2027", "end_date": "31-12-2027", "frequency": "MONTHLY"}})
}

async fn sim() -> Pesapal {
    let config = Config {
        clock: Clock::held(MOMENT.parse().unwrap()),
        ..Config::default()
    };
    Pesapal::start(config).await.unwrap()
}

/// A merchant's address that answers as it is told to, and otherwise as it has to be.
#[derive(Clone, Default)]
struct Merchant {
    got: Arc<Mutex<Vec<String>>>,
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Merchant {
    async fn open() -> (Self, String) {
        let merchant = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/ipn", listener.local_addr().unwrap());
        let router = Router::new().fallback(hear).with_state(merchant.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (merchant, url)
    }
}

async fn hear(State(merchant): State<Merchant>, request: Request) -> Response {
    let query = request.uri().query().map(str::to_owned);
    let body = axum::body::to_bytes(request.into_body(), 4096)
        .await
        .unwrap();
    let text = query.unwrap_or_else(|| String::from_utf8(body.to_vec()).unwrap());
    let fields: Value = serde_json::from_str(&text).unwrap_or_else(|_| {
        url::form_urlencoded::parse(text.as_bytes())
            .map(|(name, value)| (name.into_owned(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    });
    merchant.got.lock().unwrap().push(text);
    if let Some(wrong) = merchant.wrong.lock().unwrap().pop() {
        return wrong.into_response();
    }
    json!({"orderNotificationType": fields["OrderNotificationType"], "orderTrackingId": fields["OrderTrackingId"],
           "orderMerchantReference": fields["OrderMerchantReference"], "status": 200})
    .to_string()
    .into_response()
}

#[tokio::test]
async fn answers_are_the_recorded_ones_byte_for_byte() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let keys =
        json!({"consumer_key": "mnara-pesapal-key", "consumer_secret": "mnara-pesapal-secret"});
    let token = caller.post("/api/Auth/RequestToken", &keys).await;
    let told: Value = serde_json::from_str(&token).unwrap();
    assert_eq!(
        token,
        format!(
            r#"{{"token":"{}","expiryDate":"2024-03-18T16:25:46.2652354Z","error":null,"status":"200","message":"Request processed successfully"}}"#,
            told["token"].as_str().unwrap()
        )
    );
    assert_eq!(caller.get("/api/URLSetup/GetIpnList").await, "[]");
    let body = json!({"url": "http://127.0.0.1:9/ipn", "ipn_notification_type": "GET"});
    let registered = caller.post("/api/URLSetup/RegisterIPN", &body).await;
    let address = sim.addresses().remove(0).id;
    assert_eq!(
        registered,
        format!(
            r#"{{"id":4278,"url":"http://127.0.0.1:9/ipn","created_date":"2024-03-18T15:25:46.2652354Z","ipn_id":"{address}","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","error":null,"status":"200"}}"#
        )
    );
    assert_eq!(
        caller.get("/api/URLSetup/GetIpnList").await,
        format!("[{registered}]")
    );
    let submitted = caller
        .post(
            "/api/Transactions/SubmitOrderRequest",
            &ask(&address, "S-1"),
        )
        .await;
    let tracking = sim.orders().remove(0).tracking;
    assert_eq!(
        submitted,
        format!(
            r#"{{"order_tracking_id":"{tracking}","merchant_reference":"S-1","redirect_url":"{}/pesapaliframe/PesapalIframe3/Index?OrderTrackingId={tracking}","error":null,"status":"200"}}"#,
            sim.url()
        )
    );
    let back =
        format!("http://127.0.0.1:9/return?OrderTrackingId={tracking}&OrderMerchantReference=S-1");
    assert_eq!(
        caller.status(&tracking).await,
        format!(
            r#"{{"payment_method":"","amount":10.00,"created_date":"2024-03-18T18:25:46.26","confirmation_code":"","order_tracking_id":"{tracking}","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"{back}","status_code":0,"merchant_reference":"S-1","payment_status_code":"","currency":"KES","error":{{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"{back}"}},"status":"500"}}"#
        )
    );
    sim.end(&tracking, Code::Completed).unwrap();
    let receipt = sim.order(&tracking).unwrap().paid.unwrap().confirmation;
    assert_eq!(
        caller.status(&tracking).await,
        format!(
            r#"{{"payment_method":"MpesaKE","amount":10.00,"created_date":"2024-03-18T18:25:46.26","confirmation_code":"{receipt}","order_tracking_id":"{tracking}","payment_status_description":"Completed","description":null,"message":"Request processed successfully","payment_account":"2547xxx56689","call_back_url":"{back}","status_code":1,"merchant_reference":"S-1","payment_status_code":"","currency":"KES","error":{{"error_type":null,"code":null,"message":null,"call_back_url":null}},"status":"200"}}"#
        )
    );
    let refund = json!({"confirmation_code": receipt, "amount": "10.00", "username": "John", "remarks": "twice"});
    let path = "/api/Transactions/RefundRequest";
    assert_eq!(
        caller.post(path, &refund).await,
        r#"{"status":"200","message":"Refund request successfully"}"#
    );
    // Once for each payment, and only the merchant's word makes it so.
    assert!(
        caller
            .post(path, &refund)
            .await
            .contains(r#""status":"500""#)
    );
    assert_eq!(sim.order(&tracking).unwrap().code, Code::Completed);
    sim.approve_refund(&tracking).unwrap();
    assert!(
        caller
            .status(&tracking)
            .await
            .contains(r#""status_code":3,"#)
    );
    caller.order(&address, "S-2").await;
    let second = sim.orders().remove(1).tracking;
    let cancel = json!({"order_tracking_id": second});
    let path = "/api/Transactions/CancelOrder";
    assert_eq!(
        caller.post(path, &cancel).await,
        r#"{"status":"200","message":"Order successfully cancelled."}"#
    );
    assert!(
        caller
            .post(path, &cancel)
            .await
            .contains(r#""status":"500""#)
    );
    sim.stop().await;
}

#[tokio::test]
async fn its_rules_are_the_documents() {
    let sim = sim().await;
    let mut caller = Caller::new(&sim).await;
    let address = caller.register("http://127.0.0.1:9/ipn", "POST").await;
    assert_eq!(caller.order(&address, "S-1").await["status"], "200");
    let error = |answer: &Value| answer["error"]["code"].as_str().unwrap().to_owned();
    assert_eq!(
        error(&caller.order(&address, "S-1").await),
        "duplicate_order"
    );
    for (field, value) in [
        ("id", json!("a b")),
        ("id", json!("x".repeat(51))),
        ("amount", json!(0)),
        ("amount", json!(1.005)),
        ("currency", json!("shillings")),
        ("description", json!("x".repeat(101))),
        ("notification_id", json!("1")),
        ("redirect_mode", json!("POPUP")),
        (
            "subscription_details",
            json!({"start_date": "2027-01-24", "end_date": "31-12-2027", "frequency": "MONTHLY"}),
        ),
        (
            "subscription_details",
            json!({"start_date": "24-01-2027", "end_date": "31-12-2027", "frequency": "HOURLY"}),
        ),
    ] {
        let mut body = ask(&address, "S-2");
        body[field] = value;
        let answer = caller
            .post("/api/Transactions/SubmitOrderRequest", &body)
            .await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(error(&answer), "invalid_api_request_parameters", "{field}");
    }
    assert_eq!(sim.orders().len(), 1);
    // What clients in use send besides: nulls, the amount in quotes, the scheme of a token in any case.
    let mut body = ask(&address, "S-5");
    body["cancellation_url"] = Value::Null;
    body["redirect_mode"] = Value::Null;
    body["amount"] = json!("10.50");
    let answer = caller
        .http
        .post(format!(
            "{}/api/Transactions/SubmitOrderRequest",
            caller.base
        ))
        .header("authorization", format!("bearer {}", caller.token))
        .json(&body);
    let answer: Value = answer.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["status"], "200", "{answer}");
    assert_eq!(sim.orders().last().unwrap().cents, 1_050);
    // What goes wrong on the way: taken and lost, or not taken.
    sim.tune(|knobs| knobs.submits = [SubmitFault::Lost, SubmitFault::BadGateway].into());
    for reference in ["S-3", "S-4"] {
        let answer = caller
            .post(
                "/api/Transactions/SubmitOrderRequest",
                &ask(&address, reference),
            )
            .await;
        assert!(answer.contains("502"), "{answer}");
    }
    assert_eq!(sim.orders().len(), 3);
    // A token lives five minutes whatever it says.
    sim.clock().advance(Duration::from_secs(299));
    assert!(
        caller
            .get("/api/URLSetup/GetIpnList")
            .await
            .starts_with("[{")
    );
    sim.clock().advance(Duration::from_secs(1));
    let refused = caller.get("/api/URLSetup/GetIpnList").await;
    assert_eq!(
        error(&serde_json::from_str(&refused).unwrap()),
        "invalid_api_credentials_provided"
    );
    caller.renew().await;
    assert!(
        caller
            .get("/api/URLSetup/GetIpnList")
            .await
            .starts_with("[{")
    );
    let config = Config {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..Config::default()
    };
    assert!(Pesapal::start(config).await.is_err());
    sim.stop().await;
}

#[tokio::test]
async fn its_page_pays_fails_tries_again_and_gives_up() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let (merchant, url) = Merchant::open().await;
    let address = caller.register(&url, "POST").await;
    let order = caller.order(&address, "S-1").await;
    let tracking = order["order_tracking_id"].as_str().unwrap();
    let page = caller.http.get(order["redirect_url"].as_str().unwrap());
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Plan &lt;b&gt;Pro&lt;/b&gt;") && page.contains("KES 10.00"));
    let (status, to, _) = caller.press(tracking, "abandon").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(to.unwrap().starts_with("http://127.0.0.1:9/cancel?"));
    assert!(
        caller
            .status(tracking)
            .await
            .contains(r#""status_code":0,"#)
    );
    let (status, _, text) = caller.press(tracking, "fail").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("You can try again"));
    assert!(
        caller
            .status(tracking)
            .await
            .contains(r#""status_code":2,"#)
    );
    // The same page pays after all; the browser goes on once its notification was answered.
    sim.tune(|knobs| {
        knobs.notice_before_return = true;
        knobs.pending_answers = 1;
    });
    let (status, to, _) = caller.press(tracking, "card").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(
        to.unwrap(),
        format!(
            "http://127.0.0.1:9/return?OrderTrackingId={tracking}&OrderMerchantReference=S-1&OrderNotificationType=CALLBACKURL"
        )
    );
    let expected = format!(
        r#"{{"OrderNotificationType":"IPNCHANGE","OrderTrackingId":"{tracking}","OrderMerchantReference":"S-1"}}"#
    );
    assert!(
        merchant
            .got
            .lock()
            .unwrap()
            .iter()
            .all(|got| *got == expected)
    );
    sim.await_deliveries(2, |delivery| delivery.is_taken)
        .await
        .unwrap();
    assert!(
        caller
            .status(tracking)
            .await
            .contains(r#""status_code":0,"#)
    );
    assert!(
        caller
            .status(tracking)
            .await
            .contains(r#""status_code":1,"#)
    );
    assert_eq!(
        caller.press(tracking, "mpesa").await.0,
        StatusCode::CONFLICT
    );
    sim.stop().await;
}

#[tokio::test]
async fn it_tells_again_until_it_is_answered_as_it_has_to_be() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let (merchant, url) = Merchant::open().await;
    let address = caller.register(&url, "GET").await;
    let order = caller.order(&address, "S-1").await;
    let tracking = order["order_tracking_id"].as_str().unwrap();
    *merchant.wrong.lock().unwrap() = vec![
        String::new(),
        format!(
            r#"{{"orderNotificationType":"IPNCHANGE","orderTrackingId":"{tracking}","orderMerchantReference":"S-1","status":500}}"#
        ),
    ];
    sim.pay(tracking, By::CardAgain).unwrap();
    for (count, secs) in [(1, 5), (2, 30), (3, 0)] {
        sim.await_deliveries(count, |_| true).await.unwrap();
        sim.clock().advance(Duration::from_secs(secs));
    }
    let sent = sim.deliveries();
    let taken: Vec<bool> = sent.iter().map(|one| one.is_taken).collect();
    assert_eq!(taken, [false, false, true]);
    assert_eq!(
        *merchant.got.lock().unwrap().last().unwrap(),
        format!(
            "OrderTrackingId={tracking}&OrderMerchantReference=S-1&OrderNotificationType=IPNCHANGE"
        )
    );
    // A card that is charged by itself is told of under the merchant's account, and is an order of its own.
    let charge = sim.charge("ISP-77").unwrap();
    sim.await_deliveries(4, |_| true).await.unwrap();
    assert_eq!(
        *merchant.got.lock().unwrap().last().unwrap(),
        format!(
            "OrderTrackingId={charge}&OrderMerchantReference=ISP-77&OrderNotificationType=RECURRING"
        )
    );
    let status = caller.status(&charge).await;
    assert!(status.contains(
        r#""subscription_transaction_info":{"account_reference":"ISP-77","amount":10.00,"#
    ));
    sim.stop().await;
}
