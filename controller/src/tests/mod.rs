//! The controller's slices together, on a real database as the application's role, with a clock that stands still and a Daraja that
//! answers as told. What one slice can be asked alone is tested in the slice. Here lie the means of all scenes: a browser, a mail server, that
//! Daraja. The tests stand in folders by what people come for.

mod audit;
mod browser;
mod captive;
mod look;
mod messages;
mod money;
mod office;
mod pages;
mod people;
mod platform;
mod programs;
mod rail;
mod sites;
mod subscriptions;
mod tenancy;
mod tickets;

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

use self::rail::{Stage, callback, ids, request_ids, success};
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

/// The phone of the first customer.
const PHONE: &str = "254708374149";

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
    // In one answer: rows may change between two.
    let sql = format!(
        "select array_agg(int4send(kind) || body order by revision, kind, row_id) from site_feed where not deleted and site_id = '{}'",
        site.uuid()
    );
    let rows: Option<Vec<Vec<u8>>> = read(app, &sql).await;
    let rows = rows.unwrap_or_default().into_iter();
    rows.map(|row| {
        let (kind, body) = row.split_first_chunk().unwrap();
        let kind = u16::try_from(i32::from_be_bytes(*kind)).unwrap();
        Row::decode(kind, body).unwrap()
    })
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

/// What the audit says of the one deed of a kind: how it was and how it is.
async fn deed(world: &World, act: &str) -> Value {
    let sql = format!(
        "select jsonb_build_object('before', before, 'after', after) from audit where act = '{act}'"
    );
    read(&world.app, &sql).await
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
