//! A simulator with its time held, somebody who receives its callbacks, and a client written for these tests alone: none
//! of the product's code takes part.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use mnara_tests::sim::daraja::{App, Clock, Config, Daraja, Mode};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

pub(super) const PHONE: &str = "254708374149";
/// 2026-11-22 12:00:00 in Nairobi.
pub(super) const NOON: &str = "2026-11-22T09:00:00Z";
pub(super) const STAMP: &str = "20261122120000";
pub(super) const PUSH: &str = "/mpesa/stkpush/v1/processrequest";

/// A simulator with time held at noon, a receiver of callbacks, and a client.
pub(super) struct World {
    pub(super) daraja: Daraja,
    pub(super) http: reqwest::Client,
    pub(super) receiver: String,
    pub(super) callbacks: mpsc::Receiver<Called>,
    pub(super) answer: Arc<ReceiverAnswer>,
}

/// One request the receiver got.
pub(super) struct Called {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Called {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What the receiver says, or that it says nothing.
pub(super) struct ReceiverAnswer {
    says: std::sync::Mutex<Option<(u16, String)>>,
    never: Notify,
}

impl ReceiverAnswer {
    pub(super) fn set(&self, body: &str) {
        self.set_status(200, body);
    }

    pub(super) fn set_status(&self, status: u16, body: &str) {
        *self.says.lock().unwrap() = Some((status, body.to_owned()));
    }

    pub(super) fn stall(&self) {
        *self.says.lock().unwrap() = None;
    }
}

impl World {
    pub(super) async fn hand() -> Self {
        Self::with(Mode::Hand).await
    }

    pub(super) async fn automatic() -> Self {
        Self::with(Mode::Automatic { after_ms: 0 }).await
    }

    async fn with(mode: Mode) -> Self {
        let mut config = config();
        config.knobs.mode = mode;
        Self::of(config).await
    }

    pub(super) async fn of(config: Config) -> Self {
        let daraja = Daraja::start(config).await.unwrap();
        let (sender, callbacks) = mpsc::channel(64);
        let answer = Arc::new(ReceiverAnswer {
            says: std::sync::Mutex::new(Some((
                200,
                r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#.into(),
            ))),
            never: Notify::new(),
        });
        let routes = Router::new()
            .fallback(post(receive))
            .with_state((sender, Arc::clone(&answer)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = format!(
            "http://{}/callback/0123456789abcdef0123456789abcdef",
            listener.local_addr().unwrap()
        );
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            daraja,
            http: client(),
            receiver,
            callbacks,
            answer,
        }
    }

    pub(super) async fn token_of(&self, app: &App) -> Value {
        let url = format!(
            "{}/oauth/v1/generate?grant_type=client_credentials",
            self.daraja.url()
        );
        let answer = self
            .http
            .get(url)
            .basic_auth(&app.consumer_key, Some(&app.consumer_secret))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    pub(super) async fn token(&self) -> String {
        self.token_of(&App::sandbox_paybill()).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    pub(super) fn order(&self, amount: i64) -> Value {
        self.order_at(amount, PHONE, STAMP)
    }

    pub(super) fn order_at(&self, amount: i64, phone: &str, stamp: &str) -> Value {
        let app = App::sandbox_paybill();
        json!({
            "BusinessShortCode": 174379, "Password": password(&app, stamp), "Timestamp": stamp,
            "TransactionType": "CustomerPayBillOnline", "Amount": amount.to_string(), "PartyA": phone,
            "PartyB": "174379", "PhoneNumber": phone, "CallBackURL": self.receiver,
            "AccountReference": "S123", "TransactionDesc": "Wi-Fi",
        })
    }

    pub(super) async fn push(&self, amount: i64) -> Value {
        self.push_order(&self.order(amount)).await
    }

    pub(super) async fn push_order(&self, order: &Value) -> Value {
        let token = self.token().await;
        let (status, body) = self.post_as(&token, PUSH, order).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(super) fn question(&self, checkout: &str) -> Value {
        let app = App::sandbox_paybill();
        json!({"BusinessShortCode": "174379", "Password": password(&app, STAMP), "Timestamp": STAMP, "CheckoutRequestID": checkout})
    }

    pub(super) async fn query(&self, checkout: &str) -> (u16, Value) {
        let token = self.token().await;
        self.post_as(
            &token,
            "/mpesa/stkpushquery/v1/query",
            &self.question(checkout),
        )
        .await
    }

    pub(super) async fn register_c2b(&self, version: &str, response_type: &str) -> (u16, Value) {
        let token = self.token().await;
        let base = self.receiver.split("/callback").next().unwrap();
        let body = json!({"ShortCode": "174379", "ResponseType": response_type, "ConfirmationURL": format!("{base}/confirmation"), "ValidationURL": format!("{base}/validation")});
        self.post_as(&token, &format!("/mpesa/c2b/{version}/registerurl"), &body)
            .await
    }

    pub(super) async fn ask_status(&self, receipt: &str) -> (u16, Value) {
        self.ask_status_by("TransactionID", receipt).await
    }

    pub(super) async fn ask_status_by(&self, field: &str, id: &str) -> (u16, Value) {
        let token = self.token().await;
        let base = self.receiver.split("/callback").next().unwrap();
        let mut body = json!({
            "Initiator": "testapiuser", "SecurityCredential": "Zm9v", "CommandID": "TransactionStatusQuery",
            "PartyA": "174379", "IdentifierType": "4", "Remarks": "OK", "Occasion": "OK",
            "ResultURL": format!("{base}/result"), "QueueTimeOutURL": format!("{base}/late"),
        });
        body[field] = json!(id);
        self.post_as(&token, "/mpesa/transactionstatus/v1/query", &body)
            .await
    }

    pub(super) async fn reverse(&self, receipt: &str, spelling: &str) -> (u16, Value) {
        let token = self.token().await;
        let base = self.receiver.split("/callback").next().unwrap();
        let mut body = json!({
            "Initiator": "apiop37", "SecurityCredential": "Zm9v", "CommandID": "TransactionReversal",
            "TransactionID": receipt, "Amount": "300", "ReceiverParty": "174379", "Remarks": "Payment reversal",
            "ResultURL": format!("{base}/result"), "QueueTimeOutURL": format!("{base}/late"),
        });
        body[spelling] = json!("11");
        self.post_as(&token, "/mpesa/reversal/v1/request", &body)
            .await
    }

    pub(super) async fn post_as(&self, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, text) = self.post_text(token, path, body).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub(super) async fn post_text(&self, token: &str, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}{path}", self.daraja.url());
        let answer = self
            .http
            .post(url)
            .bearer_auth(token)
            .json(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Asks the control API.
    pub(super) async fn told(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.daraja.control_url());
        self.http
            .get(url)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Tells the control API, as `curl -d` does: with whatever content type.
    pub(super) async fn tell(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.daraja.control_url());
        let answer = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_string())
            .send()
            .await
            .unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        let value = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        };
        (status, value)
    }

    pub(super) async fn next_code(&mut self) -> Value {
        self.callbacks.recv().await.unwrap().json()["Body"]["stkCallback"]["ResultCode"].clone()
    }

    pub(super) async fn next_checkout(&mut self) -> Value {
        self.callbacks.recv().await.unwrap().json()["Body"]["stkCallback"]["CheckoutRequestID"]
            .clone()
    }
}

/// What every simulator here starts with.
pub(super) fn config() -> Config {
    let mut config = Config::sandbox();
    config.clock = Clock::held(NOON.parse().unwrap());
    config
}

async fn receive(
    State((sender, answer)): State<(mpsc::Sender<Called>, Arc<ReceiverAnswer>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    sender
        .send(Called {
            path: uri.path().to_owned(),
            headers,
            body,
        })
        .await
        .unwrap();
    let says = answer.says.lock().unwrap().clone();
    let Some((status, words)) = says else {
        answer.never.notified().await;
        return StatusCode::OK.into_response();
    };
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_redirection() {
        return (status, [(header::LOCATION, words)]).into_response();
    }
    (status, words).into_response()
}

pub(super) fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

pub(super) fn password(app: &App, stamp: &str) -> String {
    STANDARD.encode(format!("{}{}{stamp}", app.shortcode, app.passkey))
}

pub(super) fn assert_shape(body: &Value, keys: &[&str]) {
    let mut found: Vec<_> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut wanted = keys.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

pub(super) fn parameter(result: &Value, key: &str) -> Value {
    let all = result["ResultParameters"]["ResultParameter"]
        .as_array()
        .unwrap();
    all.iter()
        .find(|parameter| parameter["Key"] == key)
        .unwrap()["Value"]
        .clone()
}
