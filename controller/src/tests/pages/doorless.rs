//! Every address without a door, asked by another business with all that is its own, and by nobody: what it names of the first business is
//! neither told nor changed. Which addresses these are is read from the table, so that a new one needs a line here.

use std::collections::BTreeMap;

use mnara_protocol::enrol::{CLOCK_PATH, ENROL_PATH, IDENTITY_PATH, LINK_PATH, sign_claim};
use mnara_protocol::frame::clock_question;

use super::*;
use crate::fleet::enrol::{claim, enrol};

/// For whoever runs the program; they say nothing of anybody.
const HEALTH: [&str; 3] = ["/healthz", "/readyz", "/metrics"];
/// Tables of a business in which something may change, with the reason.
const NOISE: [(&str, &str); 5] = [
    (
        "jobs",
        "a body that names a prompt has the rail asked about it",
    ),
    (
        "payments",
        "how often it was asked about; the rest is compared",
    ),
    ("payment_messages", "what the rail answered"),
    ("platform_orders", "as payments are"),
    ("platform_order_messages", "hints are kept"),
];

/// One request.
struct Ask {
    method: Method,
    path: String,
    bearer: Option<String>,
    body: Vec<u8>,
    /// How it is answered; some refusal, where nothing is said.
    answer: Option<StatusCode>,
}

impl Ask {
    fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            bearer: None,
            body: Vec::new(),
            answer: None,
        }
    }

    fn post(path: String, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::POST,
            body: body.into(),
            ..Self::get(path)
        }
    }

    fn with(self, bearer: &str) -> Self {
        Self {
            bearer: Some(bearer.to_owned()),
            ..self
        }
    }

    fn answered(self, status: StatusCode) -> Self {
        Self {
            answer: Some(status),
            ..self
        }
    }
}

/// What the first business has, and what the other brings.
struct Sides {
    provider: ProviderId,
    plan: String,
    payment: PaymentId,
    code: String,
    /// What Daraja posts about the first business's pending prompt.
    told: Vec<u8>,
    /// What it posts about money by hand to the first business's number, for the account of its prompt.
    by_hand: Vec<u8>,
    /// A claim of the first business that its agent spent.
    claim: String,
    /// The reference of its order at Pesapal.
    order: String,
    other: Business,
    device: String,
    secret: String,
    by_hand_secret: String,
    payment_token: String,
    own_claim: String,
}

impl Sides {
    /// How an address of the table is asked. A new one needs a line here.
    fn asks(&self, address: &str) -> Vec<Ask> {
        let ok = StatusCode::OK;
        let (unknown, nobody) = (StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED);
        let Self {
            provider,
            payment,
            code,
            ..
        } = self;
        let (no_secret, no_claim) = ("0".repeat(32), "0".repeat(40));
        let place = |path: &str, secret: &str| {
            path.replace("{provider}", &provider.to_string())
                .replace("{secret}", secret)
                .replace("{payment}", &payment.to_string())
                .replace("{code}", code)
        };
        // Every body of a rail is answered alike.
        let told = |own: &str, body: &[u8]| {
            [own, no_secret.as_str()]
                .map(|secret| Ask::post(place(address, secret), body).answered(ok))
                .into()
        };
        let order = |plan: &str| json!({"phone": "0708 374 149", "plan_id": plan}).to_string();
        match address {
            "/api/pay/{provider}/{secret}" | "/api/mpesa/callback/{provider}/{secret}" => {
                told(&self.secret, &self.told)
            }
            "/api/pay/{provider}/{secret}/validation"
            | "/api/pay/{provider}/{secret}/confirmation" => {
                told(&self.by_hand_secret, &self.by_hand)
            }
            "/api/mpesa/callback/{provider}" => {
                vec![Ask::post(place(address, ""), self.told.clone()).answered(ok)]
            }
            "/api/payments/pesapal/callback" | "/api/payments/pesapal/webhook" => {
                let hint = format!(
                    "OrderNotificationType=IPNCHANGE&OrderTrackingId=t&OrderMerchantReference={}",
                    self.order
                );
                let status = if address.ends_with("callback") {
                    StatusCode::SEE_OTHER
                } else {
                    ok
                };
                vec![Ask::get(format!("{address}?{hint}")).answered(status)]
            }
            "/api/sms/{secret}/delivery" | "/api/sms/{secret}/opt-out" => {
                let body = format!("id=ATXid_1&status=Failed&phoneNumber=%2B{PHONE}");
                [self.secret.as_str(), no_secret.as_str()]
                    .map(|secret| Ask::post(place(address, secret), body.clone()).answered(unknown))
                    .into()
            }
            "IDENTITY_PATH" => {
                let nonce = "0".repeat(64);
                vec![Ask::get(format!("{IDENTITY_PATH}?nonce={nonce}")).answered(ok)]
            }
            "ENROL_PATH" => [self.claim.as_str(), no_claim.as_str()]
                .map(|claim| {
                    let key = &self.other.key;
                    let body = json!({
                        "claim": claim,
                        "public_key": hex::encode(key.verifying_key().as_bytes()),
                        "software": "test",
                        "signature": hex::encode(sign_claim(key, claim)),
                    });
                    Ask::post(ENROL_PATH.to_owned(), body.to_string())
                        .answered(StatusCode::FORBIDDEN)
                })
                .into(),
            "CLOCK_PATH" => {
                vec![Ask::post(CLOCK_PATH.to_owned(), clock_question([1; 32])).answered(ok)]
            }
            // What an agent says there is signed: `link` has who speaks for another.
            "LINK_PATH" => vec![Ask::get(LINK_PATH.to_owned())],
            "/router/install.rsc" | "/router/files/{*path}" => {
                let path = address.replace("{*path}", "remove.rsc");
                let path = format!("{path}?mode=container&version=7.20&arch=arm64");
                vec![
                    Ask::get(path.clone()).with(&self.own_claim).answered(ok),
                    Ask::get(path.clone()).with(&no_claim).answered(unknown),
                    Ask::get(path).answered(unknown),
                ]
            }
            // What is on sale is public.
            "/api/captive/{provider}/plans" => vec![Ask::get(place(address, "")).answered(ok)],
            "/api/captive/{provider}/initiate-mpesa" => {
                let own = address.replace("{provider}", &self.other.provider.to_string());
                vec![
                    Ask::post(place(address, ""), order(&self.plan))
                        .with(&self.device)
                        .answered(nobody),
                    Ask::post(place(address, ""), order(&self.plan)).answered(nobody),
                    Ask::post(own, order(&self.plan))
                        .with(&self.device)
                        .answered(StatusCode::CONFLICT),
                ]
            }
            "/api/payments/{payment}" => vec![
                Ask::get(place(address, ""))
                    .with(&self.payment_token)
                    .answered(unknown),
                Ask::get(place(address, ""))
                    .with(&self.device)
                    .answered(unknown),
                Ask::get(place(address, "")).answered(nobody),
            ],
            "/api/tickets/{code}/status" => vec![
                Ask::get(place(address, ""))
                    .with(&self.device)
                    .answered(unknown),
                Ask::get(place(address, ""))
                    .with(&self.payment_token)
                    .answered(unknown),
                Ask::get(place(address, "")).answered(unknown),
            ],
            "/api/tickets/{code}/activate" => vec![
                Ask::post(place(address, ""), "{}")
                    .with(&self.device)
                    .answered(unknown),
                Ask::post(place(address, ""), "{}")
                    .with(&self.payment_token)
                    .answered(nobody),
                Ask::post(place(address, ""), "{}").answered(nobody),
            ],
            new => panic!("{new} has no door: say here how a neighbour asks it"),
        }
    }
}

/// The addresses that `routes::table` lists itself.
fn doorless() -> Vec<&'static str> {
    let table = include_str!("../../routes/mod.rs");
    let calls = table.split(".route(").skip(1);
    let paths = calls.filter_map(|call| call.trim_start().split(',').next());
    paths
        .map(|path| path.trim_matches('"'))
        .filter(|path| !HEALTH.contains(path))
        .collect()
}

/// The rows of a business, table by table, as something to compare.
async fn rows(app: &App, provider: ProviderId) -> BTreeMap<String, String> {
    let sql = "select array_agg(distinct table_name::text) from information_schema.columns
               where table_schema = 'public' and column_name = 'provider_id'";
    let tables: Vec<String> = read(app, sql).await;
    let mut all = BTreeMap::new();
    for table in tables {
        if NOISE.iter().any(|(noise, _)| *noise == table) {
            continue;
        }
        let sql = format!(
            "select coalesce(string_agg(t::text, '\n' order by t::text), '') from {table} t where provider_id = '{}'",
            provider.uuid()
        );
        all.insert(table, read(app, &sql).await);
    }
    let sql = format!(
        "select string_agg(concat_ws(' ', id, status, external_txn_id, noted_receipt, result_code, failure, settled_at, flag), '\n' order by id)
         from payments where provider_id = '{}'",
        provider.uuid()
    );
    all.insert("payments".to_owned(), read(app, &sql).await);
    let sql = format!(
        "select string_agg(concat_ws(' ', id, state, paid_cents, confirmation_code, flag), '\n' order by id)
         from platform_orders where provider_id = '{}'",
        provider.uuid()
    );
    all.insert("platform_orders".to_owned(), read(app, &sql).await);
    all
}

async fn sides(world: &World) -> Sides {
    let (app, shop) = (&world.app, &world.shop);
    let address = |pushed: &Value| pushed["ConfirmationURL"].as_str().unwrap().to_owned();
    let text = async |sql: &str| read::<String>(app, sql).await;
    let bought = "select {} from tickets where payment_id is not null limit 1";
    let code = text(&bought.replace("{}", "code")).await;
    let payment = read::<sqlx::types::Uuid>(app, &bought.replace("{}", "payment_id")).await;
    world.begin(shop.ask(9, "254722000999")).await.unwrap();
    let number = world.daraja.0.lock().unwrap().accepted;
    let reference = world.daraja.seen("stkpush/v1/").pop().unwrap()["AccountReference"].clone();
    let by_hand = json!({"TransactionType": "Pay Bill", "TransID": "RKL51ZDR4Z", "TransTime": "20270115110130",
        "TransAmount": "50.00", "BusinessShortCode": "174371", "BillRefNumber": reference, "MSISDN": "2547 ***** 999"});
    let spent = claim(app, shop.provider, shop.site, Actor::Command)
        .await
        .unwrap();
    enrol(app, &spent, &shop.key.verifying_key(), "test")
        .await
        .unwrap();

    let other = business(app, 2).await;
    let usual = providers::c2b::Choice::USUAL;
    crate::payments::hand::open(app, other.provider, usual, Actor::Command)
        .await
        .unwrap();
    let own = world.daraja.seen("registerurl").pop().unwrap();
    let begun = begin(app, other.provider, other.ask(8, "254722000888"))
        .await
        .unwrap();
    let own_claim = claim(app, other.provider, other.site, Actor::Command)
        .await
        .unwrap();
    world.work().await;
    Sides {
        provider: shop.provider,
        plan: shop.plan.id.to_string(),
        payment: PaymentId::from_uuid(payment),
        code,
        told: success(number, "NLJ7RT69ZZ"),
        by_hand: by_hand.to_string().into_bytes(),
        claim: spent,
        order: text("select reference from platform_orders limit 1").await,
        device: other.token(app, mac(8)),
        secret: world.daraja.secret(),
        by_hand_secret: address(&own).rsplit('/').nth(1).unwrap().to_owned(),
        payment_token: begun.token,
        own_claim,
        other,
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_address_without_a_door_tells_or_changes_what_is_anothers(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", "https://billing.example.com"];
    let world = World::open_with(pool, options, &flags).await;
    tenancy::fill(&world).await;
    let sides = sides(&world).await;
    let secrets = "select array_agg(said) from (
        select username as said from tickets union select password from tickets union select code from tickets
        union select shown from (select regexp_replace(code, '(.{4})(.{4})(.{4})', '\\1-\\2-\\3') as shown from tickets) as typed
        union select msisdn from payments where msisdn is not null and provider_id <> $$other$$
        union select replace(id::text, '-', '') from agents where provider_id <> $$other$$) as all_of_it
        where length(said) > 6";
    let secrets = secrets.replace("$$other$$", &format!("'{}'", sides.other.provider.uuid()));
    let secrets: Vec<String> = read(&world.app, &secrets).await;
    assert!(secrets.len() > 5, "{} secrets", secrets.len());
    let before = rows(&world.app, world.shop.provider).await;
    assert!(before.len() > 30, "{} tables", before.len());

    let mut faults = Vec::new();
    for address in doorless() {
        for ask in sides.asks(address) {
            let what = format!("{} {}", ask.method, ask.path);
            let mut request = Request::builder()
                .method(ask.method)
                .uri(&ask.path)
                .header("content-type", "application/json");
            if let Some(bearer) = &ask.bearer {
                request = request.header("authorization", format!("Bearer {bearer}"));
            }
            let mut request = request.body(Body::from(ask.body)).unwrap();
            let source = SocketAddr::from(([192, 0, 2, 7], 4000));
            request.extensions_mut().insert(ConnectInfo(source));
            let response = world.router.clone().oneshot(request).await.unwrap();
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
            let body = String::from_utf8_lossy(&body.unwrap()).into_owned();
            let is_answered = match ask.answer {
                Some(expected) => status == expected,
                None => status.is_client_error(),
            };
            if !is_answered {
                faults.push(format!("{what}: {status} {body}"));
            }
            if secrets.iter().any(|secret| body.contains(secret.as_str())) {
                faults.push(format!("{what} tells: {body}"));
            }
        }
    }
    world.work().await;
    let after = rows(&world.app, world.shop.provider).await;
    for (table, rows) in &before {
        if after[table] != *rows {
            faults.push(format!("{table}:\n{rows}\nbecame\n{}", after[table]));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
