//! The controller's slices together, on a real database as the application's role, with a clock that stands still and a Daraja that
//! answers as told. What one slice can be asked alone is tested in the slice.

mod account;
mod admin;
mod api;
mod api_deeds;
mod api_rules;
mod audit;
mod backup;
mod books;
mod browser;
mod captive;
mod commands;
mod counter;
mod customers;
mod doors;
mod enrol;
mod every_page;
mod export;
mod extend;
mod feed;
mod firmware;
mod health;
mod intake;
mod keys;
mod keys_api;
mod link;
mod look;
mod mail;
mod money_pages;
mod mpesa_change;
mod neighbours;
mod notices;
mod office;
mod operator;
mod passkeys;
mod payments;
mod people;
mod report_days;
mod reports;
mod reset;
mod series;
mod set_up;
mod shuffle;
mod sites;
mod strangers;
mod subscriptions;
mod tasks;
mod tenancy;
mod texts;
mod trade;
mod view_as;
mod vouchers;
mod webhooks;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ed25519_dalek::SigningKey;
use mnara_protocol::ids::{AgentId, AttemptId, Mac, PaymentId, ProviderId, SiteId};
use mnara_protocol::message::Row;
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Plan, Terms};
use mnara_protocol::token::DeviceToken;
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Decode, Postgres, Type};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::app::App;
use crate::app::tests::{app_with_flags, app_with_keys};
use crate::audit::Actor;
use crate::db::{Db, Reason, RowId as _};
use crate::payments::checkout::{Ask, Begun, NotBegun, begin};
use crate::plans::Draft;
use crate::providers::open::Opening;
use crate::rails::daraja::{Credentials, ShortcodeKind};
use crate::vault::Vault;
use crate::{fleet, jobs, plans, providers, routes, web, work};

const TOKEN: &str = r#"{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":"3599"}"#;
/// The phone of the first customer.
const PHONE: &str = "254708374149";

/// A Daraja that plays back answers and remembers what it was asked.
#[derive(Clone, Default)]
struct Stage(Arc<Mutex<Played>>);

#[derive(Default)]
struct Played {
    pushes: VecDeque<(u16, String)>,
    queries: VecDeque<(u16, String)>,
    requests: VecDeque<(u16, String)>,
    taken: u32,
    seen: Vec<(String, Value)>,
    accepted: u32,
    refuses_keys: bool,
    hold: Option<Arc<tokio::sync::Semaphore>>,
}

impl Stage {
    async fn start() -> (Self, String) {
        let stage = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(play).with_state(stage.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (stage, base)
    }

    /// The next push is answered so; without a word of ours it is accepted.
    fn push(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .pushes
            .push_back((status, body.to_owned()));
    }

    /// The next query is answered so; without a word of ours it is "still processing".
    fn query(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .queries
            .push_back((status, body.to_owned()));
    }

    /// The next query says that the prompt ended with this code.
    fn outcome(&self, code: &str) {
        self.query(
            200,
            &json!({"ResponseCode": "0", "ResponseDescription": "accepted", "MerchantRequestID": "m", "CheckoutRequestID": "PROMPT",
                    "ResultCode": code, "ResultDesc": "as it ended"})
            .to_string(),
        );
    }

    /// The next request of an operator is answered so; without a word of ours it is taken.
    fn request(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .requests
            .push_back((status, body.to_owned()));
    }

    /// Pushes and requests of an operator wait until a permit is given.
    fn hold_pushes(&self) -> Arc<tokio::sync::Semaphore> {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        self.0.lock().unwrap().hold = Some(Arc::clone(&gate));
        gate
    }

    /// From now on no consumer key is taken, or every one is.
    fn refuse_keys(&self, refuses: bool) {
        self.0.lock().unwrap().refuses_keys = refuses;
    }

    fn seen(&self, path: &str) -> Vec<Value> {
        let played = self.0.lock().unwrap();
        played
            .seen
            .iter()
            .filter(|(found, _)| found.contains(path))
            .map(|(_, body)| body.clone())
            .collect()
    }

    fn pushes(&self) -> usize {
        self.seen("stkpush/v1/").len()
    }

    fn queries(&self) -> usize {
        self.seen("stkpushquery").len()
    }

    /// The secret in the callback address of the latest push.
    fn secret(&self) -> String {
        let pushed = self.seen("stkpush/v1/").pop().unwrap();
        pushed["CallBackURL"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    }
}

async fn play(State(stage): State<Stage>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 65536)
        .await
        .unwrap();
    let (held, (status, answer)) = {
        let mut played = stage.0.lock().unwrap();
        played.seen.push((
            path.clone(),
            serde_json::from_slice(&body).unwrap_or_default(),
        ));
        if path.contains("stkpush/v1/") {
            let answer = played.pushes.pop_front().unwrap_or_else(|| {
                played.accepted += 1;
                let (merchant, checkout) = ids(played.accepted);
                (
                    200,
                    json!({"MerchantRequestID": merchant, "CheckoutRequestID": checkout, "ResponseCode": "0",
                           "ResponseDescription": "Success. Request accepted for processing", "CustomerMessage": "Success"})
                    .to_string(),
                )
            });
            (played.hold.clone(), answer)
        } else if path.contains("stkpushquery") {
            let processing = json!({"requestId": "1", "errorCode": "500.001.1001", "errorMessage": "The transaction is being processed"});
            let asked = played
                .seen
                .last()
                .and_then(|(_, body)| body["CheckoutRequestID"].as_str().map(str::to_owned))
                .unwrap();
            let (status, answer) = played
                .queries
                .pop_front()
                .unwrap_or((500, processing.to_string()));
            (None, (status, answer.replace("PROMPT", &asked)))
        } else if path.contains("/reversal/") || path.contains("/transactionstatus/") {
            let answer = played.requests.pop_front().unwrap_or_else(|| {
                played.taken += 1;
                let (originator, conversation) = request_ids(played.taken);
                (
                    200,
                    json!({"OriginatorConversationID": originator, "ConversationID": conversation, "ResponseCode": "0",
                           "ResponseDescription": "Accept the service request successfully."})
                    .to_string(),
                )
            });
            (played.hold.clone(), answer)
        } else if path.contains("registerurl") {
            (None, (200, json!({"OriginatorCoversationID": "1", "ResponseCode": "0", "ResponseDescription": "success"}).to_string()))
        } else if played.refuses_keys {
            (None, (400, String::new()))
        } else {
            (None, (200, TOKEN.to_owned()))
        }
    };
    if let Some(gate) = held {
        gate.acquire().await.unwrap().forget();
    }
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}

/// The ids Daraja gives to the accepted push of this number.
fn ids(number: u32) -> (String, String) {
    (
        format!("29115-34620561-{number}"),
        format!("ws_CO_1501202711000{number:05}"),
    )
}

/// The names Daraja gives to the request of this number of an operator.
fn request_ids(number: u32) -> (String, String) {
    (
        format!("1236-7134259-{number}"),
        format!("AG_20270115_{number:020}"),
    )
}

/// A callback as Daraja posts it.
fn callback(number: u32, code: Value, paid: Option<(&str, Value)>) -> Vec<u8> {
    let (merchant, checkout) = ids(number);
    let mut callback = json!({"MerchantRequestID": merchant, "CheckoutRequestID": checkout, "ResultCode": code, "ResultDesc": "…"});
    if let Some((receipt, amount)) = paid {
        callback["CallbackMetadata"] = json!({"Item": [
            {"Name": "Amount", "Value": amount}, {"Name": "MpesaReceiptNumber", "Value": receipt}, {"Name": "Balance"},
            {"Name": "TransactionDate", "Value": 20_270_115_110_115_i64}, {"Name": "PhoneNumber", "Value": 254_708_374_149_i64}]});
    }
    json!({"Body": {"stkCallback": callback}})
        .to_string()
        .into_bytes()
}

fn success(number: u32, receipt: &str) -> Vec<u8> {
    callback(number, json!(0), Some((receipt, json!(50.00))))
}

/// A business with one site, its agent and a plan for 50 shillings.
struct Business {
    provider: ProviderId,
    site: SiteId,
    agent: AgentId,
    key: SigningKey,
    plan: Plan,
}

impl Business {
    /// A device token as the site's agent hands it to a browser.
    fn token(&self, app: &App, mac: Mac) -> String {
        let token = DeviceToken {
            site: self.site,
            mac,
            expires: app.clock.now().plus_secs(600),
        };
        token.sign(&self.key)
    }

    fn ask(&self, n: u8, phone: &str) -> Ask {
        Ask {
            site: Some(self.site),
            attempt: Some(attempt(n)),
            plan: self.plan.id,
            seen: Some((self.plan.revision, self.plan.price)),
            phone: phone.parse().unwrap(),
            mac: Some(mac(n)),
            deadline: None,
            by_sms: false,
        }
    }
}

fn mac(n: u8) -> Mac {
    Mac::from_bytes([2, 0, 0, 0, 0, n])
}

fn attempt(n: u8) -> AttemptId {
    AttemptId::from_bytes([n; 16])
}

fn hour() -> Draft {
    Draft {
        name: "1 hour".to_owned(),
        price: Money::from_shillings(50),
        terms: Terms {
            duration_secs: Some(3600),
            online_secs: None,
            data_bytes: None,
            devices: 1,
            rate: None,
        },
        sell_by_secs: Some(30 * 86_400),
        on_sale: true,
        position: 0,
        hours: None,
        colour: None,
    }
}

/// A controller with one business.
struct World {
    app: App,
    daraja: Stage,
    shop: Business,
    router: Router,
    _closing: Closing,
}

/// Closes the connections when a test ends. The tasks of its controller would hold them until they have been idle for a second, and its
/// database can be dropped only then.
struct Closing(Db);

impl Drop for Closing {
    fn drop(&mut self) {
        let db = self.0.clone();
        tokio::spawn(async move { db.close().await });
    }
}

impl World {
    async fn open(pool: PgPoolOptions, options: PgConnectOptions) -> Self {
        Self::open_with(pool, options, &[]).await
    }

    async fn open_with(pool: PgPoolOptions, options: PgConnectOptions, flags: &[&str]) -> Self {
        let (daraja, base) = Stage::start().await;
        let app = app_with_flags(pool, options, &base, &Vault::new_key(), flags).await;
        Self::with(daraja, app).await
    }

    async fn open_with_key(
        pool: PgPoolOptions,
        options: PgConnectOptions,
        key: &SecretString,
    ) -> Self {
        let (daraja, base) = Stage::start().await;
        let app = app_with_keys(pool, options, &base, key).await;
        Self::with(daraja, app).await
    }

    async fn with(daraja: Stage, app: App) -> Self {
        let shop = business(&app, 1).await;
        let router = web::layers::wrap(routes::table(&app), &app);
        Self {
            _closing: Closing(app.db.clone()),
            app,
            daraja,
            shop,
            router,
        }
    }

    /// Another process on the same database, or on what was brought back of it.
    async fn again(
        self,
        pool: PgPoolOptions,
        options: PgConnectOptions,
        key: &SecretString,
    ) -> Self {
        let app = app_with_keys(pool, options, self.app.config.daraja.base.as_str(), key).await;
        let router = web::layers::wrap(routes::table(&app), &app);
        Self {
            app,
            router,
            ..self
        }
    }

    /// Does all jobs that are due.
    async fn work(&self) {
        jobs::run_due(&self.app, work::WORK).await.unwrap();
    }

    /// Lets time pass and does what becomes due.
    async fn pass(&self, secs: u64) {
        self.app.clock.advance(Duration::from_secs(secs));
        self.work().await;
    }

    async fn begin(&self, ask: Ask) -> Result<Begun, NotBegun> {
        begin(&self.app, self.shop.provider, ask).await
    }

    /// Sends a request and reads the answer.
    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> (StatusCode, String, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let (status, headers, body) = self
            .send_from([192, 0, 2, 1], request.body(Body::from(body)).unwrap())
            .await;
        let kind = headers
            .get("content-type")
            .map_or("", |value| value.to_str().unwrap())
            .to_owned();
        (status, kind, body)
    }

    /// Sends any request from an address.
    async fn send_from(
        &self,
        source: [u8; 4],
        mut request: Request,
    ) -> (StatusCode, HeaderMap, Value) {
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from((source, 4000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        (
            status,
            headers,
            serde_json::from_slice(&body).unwrap_or_default(),
        )
    }

    /// Posts a callback to the address of a secret.
    async fn call_back(&self, secret: &str, body: Vec<u8>) -> StatusCode {
        let path = format!("/api/pay/{}/{secret}", self.shop.provider);
        self.send(Method::POST, &path, None, body).await.0
    }

    async fn status(&self, payment: PaymentId) -> String {
        let sql = format!(
            "select status || coalesce(':' || failure, '') from payments where id = '{}'",
            payment.uuid()
        );
        read(&self.app, &sql).await
    }

    async fn flag(&self, payment: PaymentId) -> Option<String> {
        read(
            &self.app,
            &format!("select flag from payments where id = '{}'", payment.uuid()),
        )
        .await
    }

    async fn count(&self, from: &str) -> i64 {
        count(&self.app, from).await
    }

    /// The rows of a site's feed that stand.
    async fn feed(&self, site: SiteId) -> Vec<Row> {
        feed_of(&self.app, site).await
    }

    /// Money in is one ticket out, one row of it in the site's feed, and nothing else.
    async fn books_are_equal(&self) {
        let paid = self.count("payments where status = 'success'").await;
        assert_eq!(
            self.count("tickets where payment_id is not null").await,
            paid
        );
        assert_eq!(self.count("payments p join tickets t on t.payment_id = p.id where p.status = 'success' and t.price = p.amount").await, paid);
        assert_eq!(
            self.count("site_feed where kind = 4 and not deleted").await,
            paid
        );
        assert_eq!(self.count("jobs where dead_at is not null").await, 0);
    }
}

async fn feed_of(app: &App, site: SiteId) -> Vec<Row> {
    let sql = format!(
        "select array_agg(kind order by revision, kind, row_id) from site_feed where not deleted and site_id = '{}'",
        site.uuid()
    );
    let kinds: Option<Vec<i32>> = read(app, &sql).await;
    let sql = sql.replace("array_agg(kind", "array_agg(body");
    let bodies: Option<Vec<Vec<u8>>> = read(app, &sql).await;
    let rows = kinds
        .unwrap_or_default()
        .into_iter()
        .zip(bodies.unwrap_or_default());
    rows.map(|(kind, body)| Row::decode(u16::try_from(kind).unwrap(), &body).unwrap())
        .collect()
}

/// Reads one value, past all tenants.
async fn read<T>(app: &App, sql: &str) -> T
where
    T: Send + Unpin + Type<Postgres> + for<'r> Decode<'r, Postgres>,
{
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .fetch_one(&mut *tx)
        .await
        .unwrap()
}

async fn count(app: &App, from: &str) -> i64 {
    read(app, &format!("select count(*) from {from}")).await
}

/// Opens a business, as its owner would on the command line.
async fn business(app: &App, n: u8) -> Business {
    let opening = Opening {
        business_name: format!("Business {n}"),
        contact_email: "owner@example.com".to_owned(),
        colour: 0x0a_7d4b,
        help_phone: None,
        confirm_by_query: false,
    };
    let provider = providers::open::open(app, opening).await.unwrap().id;
    let account = Credentials {
        consumer_key: format!("key {n}").into(),
        consumer_secret: "secret".into(),
        shortcode: format!("17437{n}"),
        passkey: "passkey".into(),
        kind: ShortcodeKind::Paybill,
    };
    crate::payments::account::set(app, provider, &account, Actor::Command)
        .await
        .unwrap();
    let plan = plans::edit::create(app, provider, &hour(), Actor::Command)
        .await
        .unwrap();
    let site = fleet::create::create(app, provider, "Market", Actor::Command)
        .await
        .unwrap();
    let key = SigningKey::from_bytes(&[n; 32]);
    let agent = enrolled(app, provider, site, &key).await;
    Business {
        provider,
        site,
        agent,
        key,
        plan,
    }
}

/// Enrols an agent on a site and lets the site be told everything.
async fn enrolled(app: &App, provider: ProviderId, site: SiteId, key: &SigningKey) -> AgentId {
    let claim = fleet::enrol::claim(app, provider, site, Actor::Command)
        .await
        .unwrap();
    let enrolled = fleet::enrol::enrol(app, &claim, &key.verifying_key(), "test")
        .await
        .unwrap();
    jobs::run_due(app, work::WORK).await.unwrap();
    enrolled.agent
}
