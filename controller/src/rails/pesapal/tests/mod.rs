//! The client against a small server that plays back answers, most of them byte for byte from Pesapal's documents and sandbox.

mod tokens;

use std::collections::VecDeque;
use std::sync::{LazyLock, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use clap::Parser as _;
use mnara_protocol::clock::Timestamp;
use tokio::net::TcpListener;

use super::ipn::Method;
use super::price::{Currency, Price};
use super::*;
use crate::cli::Cli;

const TOKEN: &str = r#"{"token":"eyJhbGciOi","expiryDate":"2027-01-15T09:00:00.7793772Z","error":null,"status":"200","message":"Request processed successfully"}"#;
const BAD_TOKEN: &str = r#"{"error":{"error_type":"authentication_error","code":"invalid_api_credentials_provided","message":"Invalid Access Token","call_back_url":""},"status":"500"}"#;
const REGISTERED: &str = r#"{"id":4278,"url":"https://billing.example.com/api/payments/pesapal/webhook","created_date":"2024-03-18T15:25:46.2652354Z","ipn_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","notification_type":0,"ipn_notification_type_description":"GET","ipn_status":1,"ipn_status_decription":"Active","error":null,"status":"200"}"#;
const SUBMITTED: &str = r#"{"order_tracking_id":"96a5e1d9-0000-4000-8000-000000000001","merchant_reference":"SUB-2026-000123","redirect_url":"https://cybqa.pesapal.com/pesapaliframe/PesapalIframe3/Index?OrderTrackingId=96a5e1d9-0000-4000-8000-000000000001","error":null,"status":"200"}"#;
const COMPLETED: &str = r#"{"payment_method":"MpesaKE","amount":6.00,"created_date":"2024-03-19T20:08:46.39","confirmation_code":"SCJ8JQ26SW","order_tracking_id":"96a5e1d9-0000-4000-8000-000000000001","payment_status_description":"Completed","description":null,"message":"Request processed successfully","payment_account":"2547xxx56689","call_back_url":"https://x","status_code":1,"merchant_reference":"SUB-2026-000123","payment_status_code":"","currency":"KES","error":{"error_type":null,"code":null,"message":null,"call_back_url":null},"status":"200"}"#;
const PENDING: &str = r#"{"payment_method":"","amount":10.00,"created_date":"2024-03-18T18:25:46.75","confirmation_code":"","order_tracking_id":"96a5e1d9-0000-4000-8000-000000000001","payment_status_description":"INVALID","description":null,"message":"Request processed successfully","payment_account":"","call_back_url":"https://x","status_code":0,"merchant_reference":"SUB-2026-000123","payment_status_code":"","currency":"KES","error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":"https://x"},"status":"500"}"#;
/// Of the order in the samples.
static TRACKING: LazyLock<Name> =
    LazyLock::new(|| "96a5e1d9-0000-4000-8000-000000000001".parse().unwrap());
static NOTIFICATION: LazyLock<Name> =
    LazyLock::new(|| "1da86d1c-1e8c-4183-bdfd-dd759463e4ce".parse().unwrap());

#[derive(Clone, Debug)]
struct Seen {
    path: String,
    token: String,
    accept: String,
    body: String,
}

#[derive(Default)]
struct Played {
    tokens: VecDeque<(u16, String)>,
    answers: VecDeque<(u16, String)>,
    seen: Vec<Seen>,
}

/// A server that answers as told and remembers what it was asked.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Played>>);

impl Stage {
    async fn start() -> (Self, Pesapal, Clock) {
        let stage = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(play).with_state(stage.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
        let pesapal = client(&base, &clock);
        (stage, pesapal, clock)
    }

    fn token(&self, status: u16, body: &str) {
        let mut played = self.0.lock().unwrap();
        played.tokens.push_back((status, body.to_owned()));
    }

    fn answer(&self, status: u16, body: &str) {
        let mut played = self.0.lock().unwrap();
        played.answers.push_back((status, body.to_owned()));
    }

    fn seen(&self, path: &str) -> Vec<Seen> {
        let played = self.0.lock().unwrap();
        let found = played.seen.iter().filter(|seen| seen.path.contains(path));
        found.cloned().collect()
    }

    fn tokens(&self) -> usize {
        self.seen("RequestToken").len()
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name);
    value.map_or_else(String::new, |value| value.to_str().unwrap().to_owned())
}

async fn play(State(stage): State<Stage>, request: Request) -> Response {
    let path = request.uri().to_string();
    let (token, accept) = (
        header(request.headers(), "authorization"),
        header(request.headers(), "accept"),
    );
    let body = axum::body::to_bytes(request.into_body(), 65536)
        .await
        .unwrap();
    let mut played = stage.0.lock().unwrap();
    let (status, answer) = if path.ends_with("/RequestToken") {
        played.tokens.pop_front().unwrap_or((200, TOKEN.to_owned()))
    } else {
        played.answers.pop_front().expect("a call nobody expected")
    };
    played.seen.push(Seen {
        path,
        token,
        accept,
        body: String::from_utf8(body.to_vec()).unwrap(),
    });
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}

fn client(base: &str, clock: &Clock) -> Pesapal {
    let flags = [
        "mnara-controller",
        "--pesapal",
        base,
        "--pesapal-consumer-key",
        "key",
        "--pesapal-consumer-secret",
        "hunter2",
        "--pesapal-callback-url",
        "https://billing.example.com/api/payments/pesapal/callback",
        "--pesapal-ipn-url",
        "https://billing.example.com/api/payments/pesapal/webhook",
        "run",
    ];
    let config = Cli::parse_from(flags).config.pesapal;
    Pesapal::new(&config, clock).unwrap().unwrap()
}

fn order() -> Order<'static> {
    Order {
        reference: "SUB-2026-000123",
        price: Price::new(150_000, Currency::Kes),
        description: "Plan Pro, Nov 2026",
        callback: "https://billing.example.com/return",
        notification: &NOTIFICATION,
        billed: Billed {
            email: "a@b.c",
            phone: "0712345678",
            name: "",
        },
        recurring: Some(Recurring {
            account: "ISP-77",
            start: jiff::civil::date(2027, 1, 24),
            end: jiff::civil::date(2027, 12, 31),
            frequency: Frequency::Monthly,
        }),
    }
}

#[tokio::test]
async fn an_order_is_what_the_documents_say() {
    let (stage, pesapal, _) = Stage::start().await;
    stage.answer(200, SUBMITTED);
    let (submitted, exchange) = pesapal.submit(&order()).await;
    let submitted = submitted.unwrap();
    assert_eq!(submitted.tracking, *TRACKING);
    assert!(submitted.redirect.starts_with("https://cybqa.pesapal.com/"));
    let seen = stage.seen("/api/Transactions/SubmitOrderRequest").remove(0);
    assert_eq!(
        seen.body,
        r#"{"id":"SUB-2026-000123","currency":"KES","amount":1500.00,"description":"Plan Pro, Nov 2026","redirect_mode":"TOP_WINDOW","callback_url":"https://billing.example.com/return","cancellation_url":"https://billing.example.com/return","notification_id":"1da86d1c-1e8c-4183-bdfd-dd759463e4ce","branch":"","billing_address":{"email_address":"a@b.c","phone_number":"0712345678","country_code":"KE","first_name":"","middle_name":"","last_name":"","line_1":"","line_2":"","city":"","state":"","postal_code":"","zip_code":""},"account_number":"ISP-77","subscription_details":{"start_date":"24-01-2027","end_date":"31-12-2027","frequency":"MONTHLY"}}"#
    );
    assert_eq!(seen.token, "Bearer eyJhbGciOi");
    assert_eq!(seen.accept, "application/json");
    let token = stage.seen("RequestToken").remove(0);
    assert_eq!(
        token.body,
        r#"{"consumer_key":"key","consumer_secret":"hunter2"}"#
    );
    // Kept for people to read, without whose phone it is.
    let sent = exchange.sent.unwrap();
    assert!(sent.contains("SUB-2026-000123") && !sent.contains("0712345678"));
    assert!(!format!("{pesapal:?}").contains("hunter2"));
}

#[tokio::test]
async fn an_order_once_names_no_account() {
    let (stage, pesapal, _) = Stage::start().await;
    stage.answer(200, SUBMITTED);
    let once = Order {
        recurring: None,
        price: Price::new(1_999, Currency::Usd),
        ..order()
    };
    pesapal.submit(&once).await.0.unwrap();
    let body = stage.seen("SubmitOrderRequest").remove(0).body;
    assert!(!body.contains("account_number") && !body.contains("subscription_details"));
    assert!(
        body.contains(r#""currency":"USD","amount":19.99,"#),
        "{body}"
    );
}

#[tokio::test]
async fn what_cannot_be_an_order_is_not_sent() {
    let (stage, pesapal, _) = Stage::start().await;
    let long = "x".repeat(51);
    for bad in [
        Order {
            reference: "a b",
            ..order()
        },
        Order {
            reference: "",
            ..order()
        },
        Order {
            reference: &long,
            ..order()
        },
        Order {
            price: Price::new(0, Currency::Kes),
            ..order()
        },
        Order {
            billed: Billed::default(),
            ..order()
        },
    ] {
        let (outcome, exchange) = pesapal.submit(&bad).await;
        assert!(matches!(outcome, Err(SubmitError::Order(_))), "{outcome:?}");
        assert_eq!(exchange, Exchange::default());
    }
    assert_eq!(stage.tokens(), 0);
}

#[tokio::test]
async fn only_a_clear_yes_is_an_order() {
    let (stage, pesapal, _) = Stage::start().await;
    let duplicate = r#"{"order_tracking_id":null,"merchant_reference":null,"redirect_url":null,"error":{"error_type":"api_error","code":"duplicate_order","message":"Duplicate"},"status":"500"}"#;
    for (status, body, name) in [
        (200, duplicate.to_owned(), "refused"),
        (500, duplicate.to_owned(), "refused"),
        (
            200,
            SUBMITTED.replace("SUB-2026-000123", "SUB-2026-000124"),
            "unknown",
        ),
        (
            200,
            SUBMITTED.replace("https://cybqa", "javascript://cybqa"),
            "unknown",
        ),
        (
            200,
            SUBMITTED.replace("96a5e1d9-0000-4000-8000-000000000001", "no name"),
            "unknown",
        ),
        (502, "<html>Bad gateway</html>".to_owned(), "unknown"),
        (200, String::new(), "unknown"),
        (429, String::new(), "busy"),
    ] {
        stage.answer(status, &body);
        let (outcome, exchange) = pesapal.submit(&order()).await;
        assert_eq!(outcome.unwrap_err().name(), name, "{status} {body}");
        assert!(
            exchange
                .heard
                .unwrap()
                .starts_with(&format!("HTTP {status}\n"))
        );
    }
    let nobody = client("http://127.0.0.1:9", &Clock::still(Timestamp::from_secs(0)));
    assert_eq!(nobody.submit(&order()).await.0.unwrap_err().name(), "away");
}

#[tokio::test]
async fn an_answer_that_leaves_our_reference_out_is_of_our_order() {
    let (stage, pesapal, _) = Stage::start().await;
    let said = r#""merchant_reference":"SUB-2026-000123","#;
    for left_out in ["", r#""merchant_reference":null,"#] {
        stage.answer(200, &SUBMITTED.replace(said, left_out));
        let submitted = pesapal.submit(&order()).await.0.unwrap();
        assert_eq!(submitted.tracking, *TRACKING);
    }
}

#[tokio::test]
async fn a_status_is_read_as_pesapal_writes_it() {
    let (stage, pesapal, _) = Stage::start().await;
    stage.answer(200, COMPLETED);
    let (answer, _) = pesapal.status(&TRACKING).await;
    assert_eq!(
        answer,
        StatusAnswer::Told(Told {
            code: Code::Completed,
            reference: Some("SUB-2026-000123".to_owned()),
            account: None,
            cents: Some(600),
            currency: Some("KES".to_owned()),
            confirmation: Some("SCJ8JQ26SW".to_owned()),
            method: Some("MpesaKE".to_owned()),
            payer: Some("2547xxx56689".to_owned()),
        })
    );
    assert_eq!(
        stage.seen("GetTransactionStatus").remove(0).path,
        "/api/Transactions/GetTransactionStatus?orderTrackingId=96a5e1d9-0000-4000-8000-000000000001"
    );
    let recurring = COMPLETED.replace(
        r#""currency":"KES","#,
        r#""currency":"KES","subscription_transaction_info":{"account_reference":"ISP-77","amount":6.00,"first_name":"A","last_name":"B","correlation_id":"1"},"#,
    );
    stage.answer(200, &recurring);
    let (answer, _) = pesapal.status(&TRACKING).await;
    assert!(
        matches!(answer, StatusAnswer::Told(told) if told.account.as_deref() == Some("ISP-77"))
    );
}

#[tokio::test]
async fn pending_is_not_failed_and_what_is_unclear_decides_nothing() {
    let (stage, pesapal, _) = Stage::start().await;
    let code =
        |code: &str| COMPLETED.replace(r#""status_code":1"#, &format!(r#""status_code":{code}"#));
    let bare = r#"{"error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":""},"status":"500"}"#;
    for (status, body, name) in [
        (200, PENDING.to_owned(), "pending"),
        (500, PENDING.to_owned(), "pending"),
        (500, bare.to_owned(), "pending"),
        (200, code("0"), "pending"),
        (200, code("\"1\""), "completed"),
        (200, code("1.0"), "completed"),
        (200, code("1.5"), "inconclusive"),
        (200, code("2"), "failed"),
        // Why a card was declined, where errors stand.
        (
            200,
            code("2").replace(
                r#""code":null,"message":null"#,
                r#""code":"card_declined","message":"Declined""#,
            ),
            "failed",
        ),
        (200, code("3"), "reversed"),
        (200, code("7"), "other"),
        (200, code("null"), "inconclusive"),
        // Paid, beside an error that says it is not.
        (
            200,
            PENDING.replace(r#""status_code":0"#, r#""status_code":1"#),
            "inconclusive",
        ),
        (
            200,
            COMPLETED.replace("96a5e1d9", "96a5e1d8"),
            "inconclusive",
        ),
        (
            500,
            r#"{"message":"It did not work","status":"500"}"#.to_owned(),
            "inconclusive",
        ),
        (
            200,
            r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"orderTrackingId is unknown","call_back_url":null},"status":"500"}"#.to_owned(),
            "denied",
        ),
        (503, "<html></html>".to_owned(), "inconclusive"),
        (429, String::new(), "limited"),
    ] {
        stage.answer(status, &body);
        let (answer, _) = pesapal.status(&TRACKING).await;
        assert_eq!(answer.name(), name, "{status} {body}");
    }
}

#[tokio::test]
async fn an_address_is_registered_and_found_again() {
    let (stage, pesapal, _) = Stage::start().await;
    stage.answer(200, REGISTERED);
    let registered = pesapal.register(pesapal.ipn(), Method::Get).await.unwrap();
    assert_eq!(
        registered.id.to_string(),
        "1da86d1c-1e8c-4183-bdfd-dd759463e4ce"
    );
    assert_eq!(
        (registered.method, registered.is_active),
        (Some(Method::Get), true)
    );
    assert_eq!(
        stage.seen("RegisterIPN").remove(0).body,
        r#"{"url":"https://billing.example.com/api/payments/pesapal/webhook","ipn_notification_type":"GET"}"#
    );
    // An account that many share has hundreds.
    let many = vec![REGISTERED; 600].join(",");
    for (body, count) in [
        ("[]", 0),
        (&*format!("[{REGISTERED}]"), 1),
        (&*format!("[{many}]"), 600),
    ] {
        stage.answer(200, body);
        assert_eq!(pesapal.registered().await.unwrap().len(), count);
    }
    // Whoever stands in for Pesapal may say no more than the name.
    stage.answer(201, r#"{"ipn_id":"ipn-1"}"#);
    let short = pesapal.register(pesapal.ipn(), Method::Post).await.unwrap();
    assert_eq!(
        (short.url.as_str(), short.id.as_str()),
        (pesapal.ipn(), "ipn-1")
    );
    assert_eq!((short.method, short.is_active), (Some(Method::Post), true));
    stage.answer(
        200,
        r#"{"error":{"code":"x","message":"no"},"status":"500"}"#,
    );
    assert_eq!(pesapal.registered().await.unwrap_err().name(), "refused");
}

#[tokio::test]
async fn money_back_and_the_end_of_an_order_are_what_the_documents_say() {
    let (stage, pesapal, _) = Stage::start().await;
    stage.answer(
        200,
        r#"{"status":"200","message":"Refund request successfully"}"#,
    );
    let refund = Refund {
        confirmation: "SCJ8JQ26SW",
        cents: 10_000,
        by: "John",
        remarks: "Paid twice",
    };
    pesapal.refund(&refund).await.unwrap();
    assert_eq!(
        stage.seen("/api/Transactions/RefundRequest").remove(0).body,
        r#"{"confirmation_code":"SCJ8JQ26SW","amount":"100.00","username":"John","remarks":"Paid twice"}"#
    );
    stage.answer(
        200,
        r#"{"status":"500","message":"Refund request rejected"}"#,
    );
    assert_eq!(pesapal.refund(&refund).await.unwrap_err().name(), "refused");
    stage.answer(
        200,
        r#"{"status":"200","message":"Order successfully cancelled."}"#,
    );
    pesapal.cancel(&TRACKING).await.unwrap();
    assert_eq!(
        stage.seen("/api/Transactions/CancelOrder").remove(0).body,
        r#"{"order_tracking_id":"96a5e1d9-0000-4000-8000-000000000001"}"#
    );
    stage.answer(
        200,
        r#"{"status":"500","message":"Order cannot be cancelled"}"#,
    );
    assert_eq!(
        pesapal.cancel(&TRACKING).await.unwrap_err().name(),
        "refused"
    );
}
