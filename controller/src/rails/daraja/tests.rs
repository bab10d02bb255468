//! The client against a small server that plays back answers, most of them byte for byte from Safaricom's documents.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::money::Money;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::result::ResultCode;
use super::*;
use crate::config::SourceCheck;
use crate::rails::msisdn::Msisdn;

const TOKEN: &str = r#"{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":"3599"}"#;
const ACCEPTED: &str = r#"{"MerchantRequestID":"2654-4b64-97ff-b827b542881d3130","CheckoutRequestID":"ws_CO_1007202409152617172396192","ResponseCode":"0","ResponseDescription":"Success. Request accepted for processing","CustomerMessage":"Success. Request accepted for processing"}"#;
const PROMPT: &str = "ws_CO_13012021093521236557";
const QUERIED: &str = r#"{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successsfully","MerchantRequestID":"22205-34066-1","CheckoutRequestID":"ws_CO_13012021093521236557","ResultCode":"0","ResultDesc":"The service request is processed successfully."}"#;
const SPIKE: &str = r#"{"fault":{"faultstring":"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#;
const CALLBACK: &str = "https://billing.example.com/api/pay/x/0123456789abcdef0123456789abcdef";

fn fault(code: &str, message: &str) -> String {
    format!(
        r#"{{"requestId":"1c5b-4ba8-815c-ac45c57a3db01495926","errorCode":"{code}","errorMessage":"{message}"}}"#
    )
}

#[derive(Default)]
struct Played {
    tokens: VecDeque<(u16, String)>,
    answers: VecDeque<(u16, String)>,
    seen: Vec<(String, String, Value)>,
}

/// A server that answers as told and remembers what it was asked.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Played>>);

impl Stage {
    async fn start() -> (Self, Daraja, Clock) {
        let stage = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(play).with_state(stage.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
        (stage, daraja(&base, &clock), clock)
    }

    fn token(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .tokens
            .push_back((status, body.to_owned()));
    }

    fn answer(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .answers
            .push_back((status, body.to_owned()));
    }

    fn seen(&self, path: &str) -> Vec<(String, Value)> {
        let played = self.0.lock().unwrap();
        played
            .seen
            .iter()
            .filter(|(found, ..)| found.contains(path))
            .map(|(_, token, body)| (token.clone(), body.clone()))
            .collect()
    }
}

async fn play(State(stage): State<Stage>, request: Request) -> Response {
    let path = request.uri().to_string();
    let token = request
        .headers()
        .get("authorization")
        .map_or_else(String::new, |value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 65536)
        .await
        .unwrap();
    let mut played = stage.0.lock().unwrap();
    let (status, answer) = if path.starts_with("/oauth/") {
        played.tokens.pop_front().unwrap_or((200, TOKEN.to_owned()))
    } else {
        played.answers.pop_front().expect("a call nobody expected")
    };
    played.seen.push((
        path,
        token,
        serde_json::from_slice(&body).unwrap_or_default(),
    ));
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}

fn daraja(base: &str, clock: &Clock) -> Daraja {
    let config = DarajaConfig {
        base: base.parse().unwrap(),
        queries_per_minute: 5,
        sources: Vec::new(),
        source_check: SourceCheck::Flag,
        most_shillings: 250_000,
    };
    Daraja::new(&config, clock).unwrap()
}

fn credentials() -> Credentials {
    Credentials {
        consumer_key: "key".into(),
        consumer_secret: "secret".into(),
        shortcode: "174379".to_owned(),
        passkey: "bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919".into(),
        kind: ShortcodeKind::Paybill,
    }
}

fn phone() -> Msisdn {
    "254708374149".parse().unwrap()
}

async fn push(daraja: &Daraja, credentials: &Credentials) -> Result<Accepted, PushError> {
    let order = PushOrder {
        amount: Money::from_shillings(20),
        phone: &phone(),
        callback: CALLBACK,
        reference: "S0123456789A",
        description: "1 hour / fast & furious",
    };
    daraja.push(credentials, &order).await.0
}

#[tokio::test]
async fn a_push_is_what_the_documents_say() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, ACCEPTED);
    let accepted = push(&daraja, &credentials()).await.unwrap();
    assert_eq!(
        accepted.merchant_request_id,
        "2654-4b64-97ff-b827b542881d3130"
    );
    assert_eq!(
        accepted.checkout_request_id,
        "ws_CO_1007202409152617172396192"
    );
    assert_eq!(
        stage.seen("/oauth/v1/generate?grant_type=client_credentials")[0].0,
        format!("Basic {}", STANDARD.encode("key:secret"))
    );
    let (token, body) = stage.seen("/mpesa/stkpush/v1/processrequest").remove(0);
    assert_eq!(token, "Bearer c9SQxWWhmdVRlyh0zh8gZDTkubVF");
    let time = "20270115110000";
    let password =
        format!("174379bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919{time}");
    let expected = serde_json::json!({
        "BusinessShortCode": "174379", "Password": STANDARD.encode(password), "Timestamp": time,
        "TransactionType": "CustomerPayBillOnline", "Amount": "20", "PartyA": "254708374149", "PartyB": "174379",
        "PhoneNumber": "254708374149", "CallBackURL": CALLBACK, "AccountReference": "S0123456789A", "TransactionDesc": "1 hour  fast ",
    });
    assert_eq!(body, expected);
}

/// Gateways and proxies between have been known to lay out an answer anew.
#[tokio::test]
async fn an_answer_is_read_however_it_is_laid_out() {
    let (stage, daraja, _) = Stage::start().await;
    for lay_out in [
        |body: &str| body.replace(',', ",\r\n  ").replace(':', " : "),
        |body: &str| format!("\u{feff}{body}"),
        |body: &str| format!("\r\n {body} \r\n\r\n"),
        |body: &str| body.replace(r#""ResponseCode":"0""#, r#""ResponseCode":0"#),
        |body: &str| body.replace(r#""3599""#, "3599"),
    ] {
        stage.token(200, &lay_out(TOKEN));
        stage.answer(200, &lay_out(ACCEPTED));
        daraja.check_keys(&credentials()).await.unwrap();
        let accepted = push(&daraja, &credentials()).await.unwrap();
        assert_eq!(
            accepted.checkout_request_id,
            "ws_CO_1007202409152617172396192"
        );
    }
}

#[tokio::test]
async fn a_till_is_paid_by_its_own_number() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, ACCEPTED);
    let till = Credentials {
        kind: ShortcodeKind::Till {
            number: "9876543".to_owned(),
        },
        ..credentials()
    };
    push(&daraja, &till).await.unwrap();
    let (_, body) = stage.seen("stkpush").remove(0);
    assert_eq!(body["TransactionType"], "CustomerBuyGoodsOnline");
    assert_eq!(body["BusinessShortCode"], "174379");
    assert_eq!(body["PartyB"], "9876543");
}

#[tokio::test]
async fn every_documented_refusal_says_whether_a_prompt_may_exist() {
    let (stage, daraja, _) = Stage::start().await;
    let html = "<html><body>Incident</body></html>";
    let busy =
        "Unable to lock subscriber, a transaction is already in process for the current subscriber";
    for (status, body, name) in [
        (
            400,
            fault("400.002.02", "Bad Request - Invalid BusinessShortCode"),
            "refused",
        ),
        (
            400,
            fault("400.002.05", "Invalid Request Payload"),
            "refused",
        ),
        (404, fault("404.001.01", "Resource not found"), "refused"),
        (
            404,
            fault("404.001.04", "Invalid Authentication Header"),
            "refused",
        ),
        (405, fault("405.001", "Method Not Allowed"), "refused"),
        (
            500,
            fault("500.001.1001", "Merchant does not exist"),
            "no-such-shortcode",
        ),
        (
            500,
            fault("500.001.1001", "Wrong credentials"),
            "wrong-passkey",
        ),
        (500, fault("500.001.1001", busy), "phone-busy"),
        (500, fault("500.001.1001", "Something new"), "unknown"),
        (
            500,
            fault(
                "500.003.02",
                "System is busy. Please try again in few minutes.",
            ),
            "busy",
        ),
        (
            500,
            fault("500.003.02", "Error Occurred: Spike Arrest Violation"),
            "busy",
        ),
        (
            500,
            fault("500.003.03", "Error Occurred: Quota Violation"),
            "quota-spent",
        ),
        (
            500,
            fault("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (
            200,
            fault("400.002.02", "Bad Request - Invalid Amount"),
            "refused",
        ),
        (
            200,
            fault("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (429, SPIKE.to_owned(), "busy"),
        (429, fault("429.001.01", "Too many requests"), "busy"),
        (429, html.to_owned(), "busy"),
        (403, html.to_owned(), "away"),
        (404, String::new(), "away"),
        (408, html.to_owned(), "unknown"),
        (503, html.to_owned(), "unknown"),
        (504, String::new(), "unknown"),
        (200, String::new(), "unknown"),
        (200, "{}".to_owned(), "unknown"),
        (
            200,
            r#"{"ResponseCode":"0","ResponseDescription":"Success"}"#.to_owned(),
            "unknown",
        ),
        (
            200,
            r#"{"ResponseCode":"1","ResponseDescription":"No"}"#.to_owned(),
            "refused",
        ),
        (302, String::new(), "unknown"),
    ] {
        stage.answer(status, &body);
        let error = push(&daraja, &credentials()).await.unwrap_err();
        assert_eq!(error.name(), name, "{status} {body}");
        assert_eq!(error.may_have_prompted(), name == "unknown");
    }
    assert_eq!(
        stage.seen("stkpush").len(),
        28,
        "nothing was ever sent twice"
    );
}

#[tokio::test]
async fn an_order_that_cannot_be_sent_is_not() {
    let (stage, daraja, _) = Stage::start().await;
    let phone = phone();
    let good = PushOrder {
        amount: Money::from_shillings(1),
        phone: &phone,
        callback: CALLBACK,
        reference: "S1",
        description: "x",
    };
    for order in [
        PushOrder {
            amount: Money::from_cents(150),
            ..good
        },
        PushOrder {
            amount: Money::ZERO,
            ..good
        },
        PushOrder {
            amount: Money::from_shillings(250_001),
            ..good
        },
        PushOrder {
            reference: "S0123456789AB",
            ..good
        },
        PushOrder {
            reference: "S-1",
            ..good
        },
        PushOrder {
            reference: "",
            ..good
        },
    ] {
        assert!(matches!(
            daraja.push(&credentials(), &order).await.0,
            Err(PushError::Order(_))
        ));
    }
    assert!(stage.seen("").is_empty());
}

#[tokio::test]
async fn many_callers_share_one_token_until_a_minute_before_its_end() {
    let (stage, daraja, clock) = Stage::start().await;
    for _ in 0..22 {
        stage.answer(200, ACCEPTED);
    }
    let mut pushes = Vec::new();
    for _ in 0..20 {
        let daraja = daraja.clone();
        pushes.push(tokio::spawn(async move {
            push(&daraja, &credentials()).await.map(drop)
        }));
    }
    for push in pushes {
        push.await.unwrap().unwrap();
    }
    assert_eq!(stage.seen("/oauth/").len(), 1);
    clock.advance(Duration::from_secs(3538));
    push(&daraja, &credentials()).await.unwrap();
    assert_eq!(stage.seen("/oauth/").len(), 1);
    clock.advance(Duration::from_secs(1));
    push(&daraja, &credentials()).await.unwrap();
    assert_eq!(stage.seen("/oauth/").len(), 2);
}

#[tokio::test]
async fn each_application_has_its_own_token() {
    let (stage, daraja, _) = Stage::start().await;
    for token in ["one", "two"] {
        stage.token(
            200,
            &format!(r#"{{"access_token":"{token}","expires_in":3599}}"#),
        );
    }
    let other = Credentials {
        consumer_secret: "another".into(),
        ..credentials()
    };
    for credentials in [&credentials(), &other, &credentials()] {
        stage.answer(200, ACCEPTED);
        push(&daraja, credentials).await.unwrap();
    }
    let tokens: Vec<String> = stage
        .seen("stkpush")
        .into_iter()
        .map(|(token, _)| token)
        .collect();
    assert_eq!(tokens, ["Bearer one", "Bearer two", "Bearer one"]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_repeated_once() {
    for (status, refusal) in [
        (404, fault("404.001.03", "Invalid Access Token")),
        (400, fault("400.003.01", "Invalid Access Token")),
        (401, fault("401.003.01", "Error Occurred - Invalid Access Token - x")),
        (401, String::new()),
        (401, r#"{"fault":{"faultstring":"Invalid access token","detail":{"errorcode":"oauth.v2.InvalidAccessToken"}}}"#.to_owned()),
    ] {
        let (stage, daraja, _) = Stage::start().await;
        stage.token(200, r#"{"access_token":"old","expires_in":"3599"}"#);
        stage.token(200, r#"{"access_token":"new","expires_in":"3599"}"#);
        stage.answer(status, &refusal);
        stage.answer(200, ACCEPTED);
        push(&daraja, &credentials()).await.unwrap();
        let tokens: Vec<String> = stage.seen("stkpush").into_iter().map(|(token, _)| token).collect();
        assert_eq!(tokens, ["Bearer old", "Bearer new"], "{refusal}");
        stage.answer(status, &refusal);
        stage.answer(status, &refusal);
        let error = push(&daraja, &credentials()).await.unwrap_err();
        assert!(!error.may_have_prompted(), "{refusal}");
        assert_eq!(stage.seen("stkpush").len(), 4);
    }
}

#[tokio::test]
async fn no_token_says_why_and_nothing_was_pushed() {
    for (status, body, name) in [
        (400, fault("400.008.01", "Invalid Authentication passed"), "wrong-keys"),
        (400, fault("400.008.02", "Invalid grant type passed"), "wrong-keys"),
        (500, fault("400.008.01", "Invalid Authentication passed"), "wrong-keys"),
        (400, String::new(), "wrong-keys"),
        (401, "<html>".to_owned(), "wrong-keys"),
        (401, r#"{"fault":{"faultstring":"Invalid API call as no apiproduct match found","detail":{"errorcode":"x"}}}"#.to_owned(), "product-missing"),
        (429, SPIKE.to_owned(), "busy"),
        (403, "<html>".to_owned(), "away"),
        (403, fault("403.001", "Forbidden"), "wrong-keys"),
        (503, "<html>".to_owned(), "away"),
        (200, "{}".to_owned(), "away"),
        (200, String::new(), "away"),
    ] {
        let (stage, daraja, _) = Stage::start().await;
        stage.token(status, &body);
        let error = push(&daraja, &credentials()).await.unwrap_err();
        assert_eq!((error.name(), error.may_have_prompted()), (name, false), "{status} {body}");
        assert!(stage.seen("stkpush").is_empty());
        stage.answer(200, ACCEPTED);
        push(&daraja, &credentials()).await.expect("a failure is not remembered");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_it_open_and_no_connection_does_not() {
    let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
    let (stage, _, _) = Stage::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let daraja = daraja(&format!("http://{address}"), &clock);
    let answering = tokio::spawn(async move {
        let (mut token, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        assert!(token.read(&mut read).await.unwrap() > 0);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{TOKEN}",
            TOKEN.len()
        );
        tokio::io::AsyncWriteExt::write_all(&mut token, answer.as_bytes())
            .await
            .unwrap();
        drop(token);
        let (mut push, _) = listener.accept().await.unwrap();
        assert!(push.read(&mut read).await.unwrap() > 0);
        // The push arrived; the answer never does.
    });
    let error = push(&daraja, &credentials()).await.unwrap_err();
    assert!(error.may_have_prompted(), "{error:?}");
    answering.await.unwrap();
    let error = push(&daraja, &credentials()).await.unwrap_err();
    assert_eq!((error.name(), error.may_have_prompted()), ("away", false));
    assert!(stage.seen("").is_empty());
}

#[tokio::test]
async fn a_query_tells_what_the_table_says() {
    let (stage, daraja, clock) = Stage::start().await;
    let result =
        |code: &str| QUERIED.replace(r#""ResultCode":"0""#, &format!(r#""ResultCode":"{code}""#));
    for (status, body, answer) in [
        (200, QUERIED.to_owned(), QueryAnswer::Paid),
        (
            200,
            QUERIED.replace(r#""ResultCode":"0""#, r#""ResultCode":0"#),
            QueryAnswer::Paid,
        ),
        (
            200,
            result("1032"),
            QueryAnswer::Failed(ResultCode::new("1032").unwrap()),
        ),
        (
            200,
            result("SFC_IC0003"),
            QueryAnswer::Failed(ResultCode::new("SFC_IC0003").unwrap()),
        ),
        (200, result("4999"), QueryAnswer::Pending),
        (
            200,
            result("31337"),
            QueryAnswer::Unrecognised(ResultCode::new("31337").unwrap()),
        ),
        (
            200,
            QUERIED.replace(PROMPT, "ws_CO_another"),
            QueryAnswer::Inconclusive("another prompt's answer"),
        ),
        (
            200,
            "<html>".to_owned(),
            QueryAnswer::Inconclusive("unreadable"),
        ),
        (
            500,
            QUERIED.to_owned(),
            QueryAnswer::Inconclusive("unreadable"),
        ),
        (
            500,
            fault("500.001.1001", "The transaction is being processed"),
            QueryAnswer::Pending,
        ),
        (
            500,
            fault("500.001.1001", "The transaction does not Exist"),
            QueryAnswer::Inconclusive("denied"),
        ),
        (
            500,
            fault("500.001.1001", "Wrong credentials"),
            QueryAnswer::Setup(Setup::WrongPasskey),
        ),
        (
            500,
            fault("500.001.1001", "Merchant does not exist"),
            QueryAnswer::Setup(Setup::NoSuchShortcode),
        ),
        (
            400,
            fault("400.002.02", "Bad Request - Invalid CheckoutRequestID"),
            QueryAnswer::NotKnown,
        ),
        (
            400,
            fault("400.002.02", "Bad Request - Invalid Timestamp"),
            QueryAnswer::Inconclusive("error"),
        ),
        (429, SPIKE.to_owned(), QueryAnswer::Limited),
        (
            429,
            fault("429.001.01", "Too many requests"),
            QueryAnswer::Limited,
        ),
        (503, String::new(), QueryAnswer::Inconclusive("unreadable")),
    ] {
        stage.answer(status, &body);
        assert_eq!(
            daraja.query(&credentials(), PROMPT, Turn::First).await.0,
            answer,
            "{status} {body}"
        );
        clock.advance(Duration::from_secs(60));
    }
    let (_, body) = stage.seen("/mpesa/stkpushquery/v1/query").remove(0);
    assert_eq!(body["CheckoutRequestID"], PROMPT);
    assert_eq!(body["BusinessShortCode"], "174379");
}

#[tokio::test]
async fn queries_stay_within_the_budget_of_their_application() {
    let (stage, daraja, clock) = Stage::start().await;
    let other = Credentials {
        consumer_key: "another".into(),
        ..credentials()
    };
    for _ in 0..3 {
        stage.answer(200, QUERIED);
    }
    assert_eq!(
        daraja.query(&credentials(), PROMPT, Turn::First).await.0,
        QueryAnswer::Paid
    );
    assert_eq!(
        daraja.query(&credentials(), PROMPT, Turn::First).await.0,
        QueryAnswer::Limited
    );
    assert_eq!(
        daraja.query(&other, PROMPT, Turn::First).await.0,
        QueryAnswer::Paid
    );
    clock.advance(Duration::from_secs(12));
    assert_eq!(
        daraja.query(&credentials(), PROMPT, Turn::First).await.0,
        QueryAnswer::Paid
    );
    assert_eq!(stage.seen("stkpushquery").len(), 3);
}

#[tokio::test]
async fn questions_nobody_waits_for_leave_half_of_the_budget() {
    let (stage, daraja, clock) = Stage::start().await;
    for _ in 0..12 {
        stage.answer(200, QUERIED);
    }
    let mut last = 0;
    let mut first = 0;
    for second in 1..=60 {
        clock.advance(Duration::from_secs(1));
        let credentials = credentials();
        if daraja.query(&credentials, PROMPT, Turn::Last).await.0 == QueryAnswer::Paid {
            last += 1;
        }
        if second % 6 == 0
            && daraja.query(&credentials, PROMPT, Turn::First).await.0 == QueryAnswer::Paid
        {
            first += 1;
        }
    }
    assert!(
        last <= 2 && first >= 3,
        "{last} of the last, {first} of the first"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (stage, other, clock) = Stage::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let daraja = daraja(
        &format!("http://{}", listener.local_addr().unwrap()),
        &clock,
    );
    let elsewhere = format!("{}/oauth/v1/generate", other.inner.http.base());
    let answering = tokio::spawn(async move {
        let (mut caller, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        assert!(caller.read(&mut read).await.unwrap() > 0);
        let answer = format!(
            "HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        tokio::io::AsyncWriteExt::write_all(&mut caller, answer.as_bytes())
            .await
            .unwrap();
    });
    let error = push(&daraja, &credentials()).await.unwrap_err();
    answering.await.unwrap();
    assert_eq!(error.name(), "away");
    assert!(stage.seen("").is_empty(), "the keys went nowhere else");
}

#[tokio::test]
async fn registering_twice_is_told_apart() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, r#"{"OriginatorCoversationID":"6e86-45dd-91ac-fd5d4178ab523408729","ResponseCode":"0","ResponseDescription":"Success"}"#);
    stage.answer(500, &fault("500.003.1001", "Urls are already registered."));
    stage.answer(
        400,
        &fault("400.003.02", "Bad Request - Invalid ValidationURL"),
    );
    stage.answer(503, "");
    stage.answer(500, &fault("500.003.1001", "Duplicate notification info"));
    stage.answer(500, &fault("500.003.1001", "Internal Server Error"));
    let register = || async {
        daraja
            .register_urls(&credentials(), "https://a.example/v", "https://a.example/c")
            .await
    };
    assert_eq!(register().await.unwrap(), Registered::Now);
    assert_eq!(register().await.unwrap(), Registered::Before);
    assert!(
        matches!(register().await, Err(RegisterError::Refused { code, .. }) if code == "400.003.02")
    );
    assert!(matches!(register().await, Err(RegisterError::Away(_))));
    assert!(matches!(register().await, Err(RegisterError::OldPlatform)));
    assert!(matches!(register().await, Err(RegisterError::Away(_))));
    let (_, body) = stage.seen("/mpesa/c2b/v2/registerurl").remove(0);
    let expected = serde_json::json!({
        "ShortCode": "174379", "ResponseType": "Completed", "ConfirmationURL": "https://a.example/c", "ValidationURL": "https://a.example/v",
    });
    assert_eq!(body, expected);
}

#[test]
fn nothing_secret_shows_itself() {
    let shown = format!("{:?}", credentials());
    for secret in ["\"key\"", "\"secret\"", "bfb279f9"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
