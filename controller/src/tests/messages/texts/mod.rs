//! SMS from row to phone, against somebody who answers as Africa's Talking is documented to.

mod choices;
mod failures;
mod links;
mod nights;
mod phones;
mod programs;
mod stops;
mod told;

use std::collections::BTreeMap;
use std::sync::PoisonError;

use super::*;
use crate::providers::sms::store as rows;
use crate::providers::sms::{Codes, Settings};
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors;

/// What stands in the address of reports.
const SECRET: &str = "0123456789abcdef";

/// A text that was handed in.
#[derive(Clone, Debug)]
struct Text {
    to: String,
    said: String,
    from: String,
    key: String,
}

impl Text {
    /// The address of ours in it, as a path.
    #[track_caller]
    fn path(&self, begins: &str) -> String {
        let at = self.said.find(begins).unwrap();
        let rest = self.said[at..].split_whitespace().next();
        rest.unwrap().to_owned()
    }
}

/// How a text is answered.
#[derive(Clone, Debug)]
enum Answer {
    /// With a status and a body.
    Say(u16, String),
    /// Not at all: the connection ends.
    HangUp,
}

/// The sender of texts.
#[derive(Clone, Default)]
struct Tower(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    got: Vec<Text>,
    answers: VecDeque<Answer>,
    count: u32,
}

/// The documented answer, for the text of a number.
fn taken(number: u32) -> String {
    recipient(101, "Success", "KES 0.8000", &format!("ATXid_{number}"))
}

fn recipient(code: u16, status: &str, cost: &str, id: &str) -> String {
    json!({"SMSMessageData": {"Message": "Sent to 1/1 Total Cost: KES 0.8000", "Recipients": [
        {"statusCode": code, "number": "+254708374149", "status": status, "cost": cost, "messageId": id}]}})
    .to_string()
}

impl Tower {
    async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> (Self, World) {
        Self::world_with(pool, options, &[]).await
    }

    async fn world_with(
        pool: PgPoolOptions,
        options: PgConnectOptions,
        more: &[&str],
    ) -> (Self, World) {
        let tower = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let serving = tower.clone();
        let router = Router::new().fallback(answer).with_state(serving);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut flags = vec![
            "--africastalking",
            &base,
            "--africastalking-username",
            "mnara",
            "--africastalking-api-key",
            "atsk_test",
            "--africastalking-sender-id",
            "MNARA",
            "--africastalking-callback-secret",
            SECRET,
        ];
        flags.extend(more);
        let world = World::open_with(pool, options, &flags).await;
        (tower, world)
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next text is answered so.
    fn answer(&self, answer: Answer) {
        self.inside().answers.push_back(answer);
    }

    fn say(&self, status: u16, body: &str) {
        self.answer(Answer::Say(status, body.to_owned()));
    }

    /// All texts, and forgets them.
    fn empty(&self) -> Vec<Text> {
        std::mem::take(&mut self.inside().got)
    }

    #[track_caller]
    fn one(&self) -> Text {
        let mut all = self.empty();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }
}

async fn answer(State(tower): State<Tower>, request: Request) -> Response {
    assert_eq!(request.uri().path(), "/version1/messaging");
    let key = request.headers()["apikey"].to_str().unwrap().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 65_536)
        .await
        .unwrap();
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    assert_eq!(form["username"], "mnara");
    let answer = {
        let mut inside = tower.inside();
        inside.got.push(Text {
            to: form["to"].clone(),
            said: form["message"].clone(),
            from: form["from"].clone(),
            key,
        });
        inside.count += 1;
        let number = inside.count;
        let next = inside.answers.pop_front();
        next.unwrap_or_else(|| Answer::Say(201, taken(number)))
    };
    match answer {
        Answer::Say(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Answer::HangUp => {
            // A body that breaks off: the caller has a status and nothing to read.
            let broken = futures_util::stream::once(async {
                Err::<axum::body::Bytes, _>(std::io::Error::other("gone"))
            });
            (StatusCode::CREATED, Body::from_stream(broken)).into_response()
        }
    }
}

/// What the business wants.
async fn want(world: &World, settings: Settings) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let now = world.app.clock.now();
    rows::settle(&mut tx, world.shop.provider, &settings, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Every buyer gets the code, at any hour.
fn always() -> Settings {
    Settings {
        codes: Codes::Always,
        ..Settings::default()
    }
}

/// A customer pays, and what that makes due is done.
async fn pay(world: &World, n: u8) -> PaymentId {
    pay_by(world, n, PHONE).await
}

async fn pay_by(world: &World, n: u8, phone: &str) -> PaymentId {
    let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
    let receipt = format!("NLJ7RT61{n:02}");
    let body = success(u32::from(n), &receipt);
    world.call_back(&world.daraja.secret(), body).await;
    world.work().await;
    begun.payment
}

/// The states of all texts, with why.
async fn states(world: &World) -> Vec<String> {
    let sql = "select coalesce(array_agg(s.state || coalesce(':' || s.why, '') order by s.created_at, p.external_txn_id), '{}') from smses s left join payments p on p.id = s.payment_id";
    read(&world.app, sql).await
}

/// Posts a form to an address of ours, as Africa's Talking does.
async fn told(world: &World, secret: &str, what: &str, form: &str) -> StatusCode {
    let request = Request::post(format!("/api/sms/{secret}/{what}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    world.send_from([192, 0, 2, 9], request).await.0
}

async fn report(world: &World, id: &str, status: &str) {
    let form =
        format!("id={id}&status={status}&phoneNumber=%2B{PHONE}&networkCode=63902&retryCount=0");
    let status = told(world, SECRET, "delivery", &form).await;
    assert_eq!(status, StatusCode::OK);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_buyer_gets_the_code_once_and_its_arrival_and_cost_are_shown(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    let payment = pay(&world, 1).await;
    let code: String = read(&world.app, "select code from tickets").await;
    let text = tower.one();
    assert_eq!(
        (text.to.as_str(), text.from.as_str()),
        ("+254708374149", "MNARA")
    );
    assert_eq!(text.key, "atsk_test");
    let shown = format!("{}-{}-{}", &code[..4], &code[4..8], &code[8..]);
    assert!(text.said.contains(&shown), "{}", text.said);
    assert!(
        text.said.starts_with("Business 1: your code is"),
        "{}",
        text.said
    );
    // The same money is told again, and again.
    for _ in 0..3 {
        let body = success(1, "NLJ7RT6101");
        world.call_back(&world.daraja.secret(), body).await;
        world.work().await;
    }
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(states(&world).await, ["sent"]);
    assert_eq!(
        world.count("smses where body is null and cost_cents = 80 and currency = 'KES' and rail_id = 'ATXid_1' and parts = 1").await,
        1
    );
    // Reports come in any order and number.
    for status in ["Buffered", "Success", "Sent", "Success"] {
        report(&world, "ATXid_1", status).await;
    }
    assert_eq!(states(&world).await, ["delivered"]);
    let mut owner = doors::member(&world, providers::staff::roles::Role::Owner, 1).await;
    let page = owner.get("/settings/messages").await.page();
    assert!(page.contains("KSh\u{a0}0.80"), "{page}");
    assert!(
        page.contains("on the phone") && page.contains("2547•••••149"),
        "{page}"
    );
    assert!(!page.contains(&shown) && !page.contains(PHONE), "{page}");
    assert!(page.contains(&format!("/payments/{payment}")), "{page}");
    // December 2026 is another month.
    let page = owner.get("/settings/messages?month=2026-12").await.page();
    assert!(page.contains("No SMS was sent in this month"), "{page}");
    let nothing = owner.get("/settings/messages?month=whenever").await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn only_those_who_asked_get_the_code_where_buyers_may_ask(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    let provider = world.shop.provider;
    let asked = Settings {
        codes: Codes::Asked,
        ..Settings::default()
    };
    want(&world, asked).await;
    pay(&world, 1).await;
    assert_eq!(tower.empty().len(), 0);
    let begun = world
        .begin(world.shop.ask(2, "254711000222"))
        .await
        .unwrap();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    use crate::providers::sms::customers;
    assert!(
        customers::may_ask(&world.app, &mut tx, provider)
            .await
            .unwrap()
    );
    for _ in 0..2 {
        customers::wish(&world.app, &mut tx, provider, begun.payment)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(2, "NLJ7RT6102"))
        .await;
    world.work().await;
    assert_eq!(tower.one().to, "+254711000222");
    // A wish is not stronger than a business that pays for none.
    want(&world, Settings::default()).await;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    assert!(
        !customers::may_ask(&world.app, &mut tx, provider)
            .await
            .unwrap()
    );
    drop(tx);
    pay_by(&world, 3, "254711000333").await;
    assert_eq!(tower.empty().len(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn reports_are_believed_at_the_secret_address_only(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    pay(&world, 1).await;
    let form = "id=ATXid_1&status=Success&phoneNumber=%2B254708374149";
    for secret in ["0123456789abcdeg", "0", "x0123456789abcdef"] {
        let status = told(&world, secret, "delivery", form).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let status = told(&world, secret, "opt-out", form).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    assert_eq!(states(&world).await, ["sent"]);
    // What is of nobody, or makes no sense, changes nothing and is not sent again for ever.
    for form in [
        "",
        "id=ATXid_9&status=Failed&phoneNumber=%2B254700000000",
        "id=ATXid_1&status=Lost",
        "%00%ff=&&&",
    ] {
        let status = told(&world, SECRET, "delivery", form).await;
        assert_eq!(status, StatusCode::OK);
    }
    assert_eq!(states(&world).await, ["sent"]);
}
