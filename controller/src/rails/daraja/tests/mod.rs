//! The client against a small server that plays back answers, most of them byte for byte from Safaricom's documents.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use mnara_protocol::money::Money;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::result::ResultCode;
use super::*;
use crate::config::{Ceiling, SourceCheck};
use crate::rails::msisdn::Msisdn;

mod operators;
mod pushes;
mod queries;
mod tokens;

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
    sent: Vec<(String, String)>,
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

impl Stage {
    /// The last body to a path, as it came.
    fn sent(&self, path: &str) -> String {
        let played = self.0.lock().unwrap();
        let sent = played.sent.iter().rfind(|(found, _)| found.contains(path));
        sent.map(|(_, body)| body.clone()).unwrap()
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
    let text = String::from_utf8(body.to_vec()).unwrap();
    played.sent.push((path.clone(), text));
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
        ceiling: Ceiling {
            at_once: 250_000,
            a_day: 500_000,
        },
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
    let addresses = |version, completes| Addresses {
        version,
        completes,
        validation: "https://a.example/v",
        confirmation: "https://a.example/c",
    };
    let register = || async {
        daraja
            .register_urls(&credentials(), addresses(Version::Masked, true))
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
    stage.answer(200, r#"{"ResponseCode":"0"}"#);
    let hashed = addresses(Version::Hashed, false);
    let done = daraja.register_urls(&credentials(), hashed).await;
    assert_eq!(done.unwrap(), Registered::Now);
    // Whoever stands in for Daraja may leave the code out and say it in words.
    stage.answer(
        200,
        r#"{"ConversationID":"","OriginatorCoversationID":"","ResponseDescription":"success"}"#,
    );
    let done = daraja.register_urls(&credentials(), hashed).await;
    assert_eq!(done.unwrap(), Registered::Now);
    stage.answer(200, r#"{"ResponseDescription":"failed"}"#);
    let not = daraja.register_urls(&credentials(), hashed).await;
    assert!(matches!(not, Err(RegisterError::Away(_))));
    let (_, body) = stage.seen("/mpesa/c2b/v1/registerurl").remove(0);
    assert_eq!(body["ResponseType"], "Cancelled");
    assert_eq!(
        stage.sent("/mpesa/c2b/v2/registerurl"),
        r#"{"ShortCode":"174379","ResponseType":"Completed","ConfirmationURL":"https://a.example/c","ValidationURL":"https://a.example/v"}"#
    );
}

#[test]
fn nothing_secret_shows_itself() {
    let shown = format!("{:?}", credentials());
    for secret in ["\"key\"", "\"secret\"", "bfb279f9"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
