//! News to a business's own programs: written with what happened, signed, sent until it arrives, and never into a private network.

use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mnara_protocol::portal::Language;

use super::*;
use crate::admin::{outages, up};
use crate::clock::Clock;
use crate::jobs::tasks::stand;
use crate::providers::notices::Notice;
use crate::providers::pages::words::Words;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::office::Office;
use crate::tests::pages::doors;
use crate::tests::sites::reports::Site;

/// A program that takes news, and answers as told.
#[derive(Clone, Default)]
pub(super) struct Receiver(Arc<Mutex<Received>>);

#[derive(Default)]
struct Received {
    answers: VecDeque<u16>,
    slow: Option<(Clock, Duration)>,
    seen: Vec<(HeaderMap, String)>,
}

impl Receiver {
    pub(super) async fn start() -> (Self, String) {
        let receiver = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (receiver, url)
    }

    pub(super) fn answer(&self, status: u16) {
        self.0.lock().unwrap().answers.push_back(status);
    }

    /// It takes so long over each message, by the clock of a world.
    pub(super) fn take_time(&self, world: &World, each: Duration) {
        self.0.lock().unwrap().slow = Some((world.app.clock.clone(), each));
    }

    pub(super) fn seen(&self) -> Vec<(HeaderMap, String)> {
        self.0.lock().unwrap().seen.clone()
    }

    fn kinds(&self) -> Vec<String> {
        let seen = self.seen();
        let kinds = seen.iter().map(|(_, body)| {
            let body: Value = serde_json::from_str(body).unwrap();
            body["type"].as_str().unwrap().to_owned()
        });
        kinds.collect()
    }
}

async fn take(State(receiver): State<Receiver>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 65_536).await.unwrap();
    let mut received = receiver.0.lock().unwrap();
    received
        .seen
        .push((parts.headers, String::from_utf8(body.to_vec()).unwrap()));
    if let Some((clock, each)) = &received.slow {
        clock.advance(*each);
    }
    let status = received.answers.pop_front().unwrap_or(204);
    let answer = (StatusCode::from_u16(status).unwrap(), "<b>as told</b>");
    if status == 302 {
        return ([("location", "http://127.0.0.1:9/elsewhere")], answer).into_response();
    }
    answer.into_response()
}

/// An owner of the world's own business, at a browser.
pub(super) async fn owner(world: &World) -> Browser<'_> {
    let njeri = ("Njeri", "njeri@example.com");
    doors::named(world, Role::Owner, njeri, 1).await
}

fn secret(page: &str) -> String {
    let at = page.find("whsec_").expect("a secret");
    let rest = &page[at..];
    let secret = &rest[..rest.find('<').unwrap()];
    secret
        .replace("&#43;", "+")
        .replace("&#47;", "/")
        .replace("&#61;", "=")
}

pub(super) async fn endpoint(world: &World) -> String {
    let id = read(
        &world.app,
        "select id from webhook_endpoints where removed_at is null",
    )
    .await;
    format!(
        "/settings/webhooks/{}",
        mnara_protocol::ids::EndpointId::from_uuid(id)
    )
}

pub(super) const EVERYTHING: [(&str, &str); 6] = [
    ("event", "payment.succeeded"),
    ("event", "payment.failed"),
    ("event", "ticket.redeemed"),
    ("event", "ticket.ended"),
    ("event", "site.up"),
    ("event", "site.down"),
];

pub(super) async fn add(owner: &mut Browser<'_>, url: &str) -> String {
    let mut form = vec![("url", url), ("password", PASSWORD)];
    form.extend(EVERYTHING);
    secret(&owner.post("/settings/webhooks", &form).await.page())
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_happens_is_told_once_signed_and_without_codes_or_numbers(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    let secret = add(&mut owner, &url).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    // Daraja sends it twice.
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(receiver.kinds(), ["payment.succeeded"]);
    let (headers, body) = receiver.seen().remove(0);
    let id = headers["webhook-id"].to_str().unwrap();
    let at = headers["webhook-timestamp"].to_str().unwrap();
    assert_eq!(at, "1800000000");
    let key = base64::engine::general_purpose::STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap())
        .unwrap();
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{at}.{body}").as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(headers["webhook-signature"], format!("v1,{signature}"));
    let message: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(message["id"], id);
    assert_eq!(message["data"]["amount"], "50.00");
    assert_eq!(message["data"]["site_id"], world.shop.site.to_string());
    assert!(!body.contains("708374149") && !body.contains("NLJ7RT61SV"));
    let code: String = read(&world.app, "select code from tickets").await;
    assert!(!body.contains(&code));
    let site = Site::new(&world, world.shop.site);
    let ticket = site.sold(&world).await;
    site.whole_life(&world, ticket).await;
    world
        .begin(world.shop.ask(2, "254708374150"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), callback(2, json!(1032), None))
        .await;
    world.work().await;
    // What happened in the same moment has no order.
    let mut kinds = receiver.kinds();
    kinds.sort_unstable();
    let all = [
        "payment.failed",
        "payment.succeeded",
        "ticket.ended",
        "ticket.redeemed",
    ];
    assert_eq!(kinds, all);
    let path = endpoint(&world).await;
    let page = owner.get(&path).await.page();
    assert!(page.contains("a customer has paid") && page.contains("Arrived"));
    assert!(!page.contains("<b>as told"));
    // The secret is sealed, and nobody else's business.
    let stored: String = read(
        &world.app,
        "select to_jsonb(e)::text from webhook_endpoints e",
    )
    .await;
    assert!(!stored.contains(&secret[6..20]));
    let mut other = Browser::new(&world, 2);
    other.sign_up("Another", "another@example.com").await;
    assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
    for act in ["test", "secret", "switch/off", "end"] {
        let got = other.post(&format!("{path}/{act}"), &[]).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{act}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_does_not_arrive_is_sent_again_then_given_up_and_a_dead_address_is_switched_off(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    add(&mut owner, &url).await;
    let path = endpoint(&world).await;
    let test = format!("{path}/test");
    // A redirect is an answer like any other and is not followed.
    receiver.answer(302);
    receiver.answer(500);
    assert_eq!(
        owner.post(&test, &[]).await.onward(),
        format!("{path}?done=test")
    );
    world.work().await;
    assert_eq!(receiver.seen().len(), 1);
    assert!(owner.get(&path).await.page().contains("Answer 302"));
    // Again after ten seconds and then a minute, each up to a tenth later.
    world.pass(9).await;
    assert_eq!(receiver.seen().len(), 1);
    world.pass(2).await;
    world.pass(66).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(
        |(headers, body)| headers["webhook-id"] == seen[0].0["webhook-id"] && *body == seen[0].1
    ));
    assert_eq!(
        world
            .count("webhook_deliveries where delivered_at is not null and attempts = 3")
            .await,
        1
    );
    assert_eq!(world.count("jobs where kind = 'webhooks'").await, 0);
    // Nothing arrives for a day: it is given up, and can be sent again by hand.
    for _ in 0..20 {
        receiver.answer(503);
    }
    owner.post(&test, &[]).await.onward();
    for _ in 0..40 {
        world.pass(3_600).await;
    }
    assert_eq!(
        world
            .count("webhook_deliveries where dead_at is not null and attempts = 9")
            .await,
        1
    );
    let page = owner.get(&path).await.page();
    assert!(page.contains("Given up") && page.contains("Nothing has arrived since"));
    // For five days: the address is switched off, and says so.
    for _ in 0..4 {
        owner.post(&test, &[]).await.onward();
        world.work().await;
        world.pass(86_400).await;
    }
    assert!(
        world
            .count("webhook_endpoints where not enabled and given_up_at is not null")
            .await
            == 1
    );
    assert!(
        owner
            .get("/settings/webhooks")
            .await
            .page()
            .contains("We switched it off")
    );
    let before = receiver.seen().len();
    assert_eq!(owner.post(&test, &[]).await.status, StatusCode::NOT_FOUND);
    world.pass(86_400).await;
    assert_eq!(receiver.seen().len(), before);
    assert_eq!(world.count("jobs where kind = 'webhooks'").await, 0);
    receiver.0.lock().unwrap().answers.clear();
    let on = format!("{path}/switch/on");
    let proof = [("password", PASSWORD)];
    owner.post(&on, &proof).await.onward();
    let dead: sqlx::types::Uuid = read(
        &world.app,
        "select id from webhook_deliveries where dead_at is not null limit 1",
    )
    .await;
    let again = format!(
        "/settings/webhooks/messages/{}/again",
        mnara_protocol::ids::DeliveryId::from_uuid(dead)
    );
    owner.post(&again, &[]).await.onward();
    world.work().await;
    assert_eq!(receiver.seen().len(), before + 1);
    // Whoever answers 410 wants no more.
    receiver.answer(410);
    owner.post(&test, &[]).await.onward();
    world.work().await;
    assert_eq!(world.count("webhook_endpoints where enabled").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_little_happens_an_address_is_given_up_after_a_messages_day_and_owners_hear_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, mut flags) = (Office::open().await, vec!["--webhooks-to-loopback"]);
    flags.extend(office.1.iter().map(String::as_str));
    let world = World::open_with(pool, options, &flags).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    add(&mut owner, &url).await;
    let path = endpoint(&world).await;
    let test = format!("{path}/test");
    let a_message_dies = async |owner: &mut Browser<'_>| {
        for _ in 0..9 {
            receiver.answer(503);
        }
        owner.post(&test, &[]).await.onward();
        world.work().await;
        for _ in 0..40 {
            world.pass(3_600).await;
        }
    };
    a_message_dies(&mut owner).await;
    assert_eq!(
        world
            .count("webhook_deliveries where dead_at is not null")
            .await,
        1
    );
    // The next is due when nothing has arrived for longer than we wait, and meets a server that is away for a moment.
    world.pass(5 * 86_400).await;
    receiver.answer(503);
    owner.post(&test, &[]).await.onward();
    world.work().await;
    let on = "webhook_endpoints where enabled and given_up_at is null";
    assert_eq!(world.count(on).await, 1);
    world.pass(12).await;
    assert_eq!(
        world
            .count("webhook_deliveries where delivered_at is not null")
            .await,
        1
    );
    let well = "webhook_endpoints where enabled and failing_since is null";
    assert_eq!(world.count(well).await, 1);
    // The same once more, and this time it stays away: after that message's day it is over, and whoever owns the business is told, once.
    a_message_dies(&mut owner).await;
    world.pass(5 * 86_400).await;
    assert_eq!(world.count(on).await, 1);
    office.0.empty();
    a_message_dies(&mut owner).await;
    world.pass(60).await;
    assert_eq!(world.count(on).await, 0);
    let whole = "webhook_deliveries where dead_at is not null and attempts = 9";
    assert_eq!(world.count(whole).await, 3);
    let mut letters = office.0.empty();
    letters.retain(|letter| letter.subject.contains("127.0.0.1"));
    assert_eq!(letters.len(), 1, "{letters:?}");
    let letter = letters.remove(0);
    assert_eq!(letter.to, "njeri@example.com");
    assert!(
        letter
            .subject
            .ends_with("news to 127.0.0.1 is switched off"),
        "{letter:?}"
    );
    letter.path("/settings/webhooks");
    let news = Notice::WebhookOff {
        host: "hooks.example.com",
    };
    let swahili = news.letter(Words::of(Language::Swahili), "Duka", &world.app);
    assert_eq!(
        swahili.subject,
        "Duka: habari kwa hooks.example.com zimezimwa"
    );
    assert!(swahili.lines[0].contains("kwenye hooks.example.com haikupokea"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_address_leads_into_a_private_network(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    for (url, says) in [
        (url.as_str(), "must begin with https"),
        ("https://127.0.0.1/", "private network"),
        ("https://2130706433/", "private network"),
        ("https://[::ffff:10.0.0.1]/", "private network"),
        ("https://169.254.169.254/latest", "private network"),
        ("https://a:b@example.com/", "name and password"),
        ("hook", "whole address"),
    ] {
        let mut form = vec![("url", url), ("password", PASSWORD)];
        form.extend(EVERYTHING);
        let got = owner.post("/settings/webhooks", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert!(got.text.contains(says), "{url}");
    }
    assert_eq!(world.count("webhook_endpoints").await, 0);
    // A good name today that leads home tomorrow, and an address from a time when more was allowed.
    add(&mut owner, "https://example.com/hook").await;
    let port = url
        .rsplit(':')
        .next()
        .unwrap()
        .trim_end_matches("/hook")
        .to_owned();
    for (n, now) in [
        format!("https://ip6-localhost:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        url.clone(),
    ]
    .iter()
    .enumerate()
    {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        sqlx::query("update webhook_endpoints set url = $1")
            .bind(now)
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        owner
            .post(&format!("{}/test", endpoint(&world).await), &[])
            .await
            .onward();
        world.work().await;
        let tried = world
            .count("webhook_deliveries where status is null and attempts = 1")
            .await;
        assert_eq!(tried, i64::try_from(n).unwrap() + 1, "{now}");
    }
    assert!(receiver.seen().is_empty());
    assert!(
        world
            .count("webhook_deliveries where answer = 'private-address'")
            .await
            >= 2
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_goes_away_and_comes_back_is_told_once_each(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    let heard = async || {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        sqlx::query("update agents set last_seen_at = $1")
            .bind(crate::db::At(world.app.clock.now()))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    stand(&world.app, [outages::WATCH]).await.unwrap();
    // So many minutes of a platform that is up.
    let minutes = async |count: u32| {
        for _ in 0..count {
            up::note(&world.app).await.unwrap();
            world.pass(60).await;
        }
    };
    heard().await;
    add(&mut owner, &url).await;
    world.work().await;
    minutes(1).await;
    assert!(receiver.kinds().is_empty(), "how it stands is no news");
    minutes(5).await;
    assert_eq!(receiver.kinds(), ["site.down"]);
    let body: Value = serde_json::from_str(&receiver.seen()[0].1).unwrap();
    assert_eq!(body["data"]["name"], "Market");
    assert_eq!(body["data"]["last_seen_at"], "2027-01-15T08:00:00Z");
    heard().await;
    minutes(1).await;
    heard().await;
    minutes(1).await;
    assert_eq!(receiver.kinds(), ["site.down", "site.up"]);
    // The platform itself is down for an hour: sites have time to come back.
    world.app.clock.advance(Duration::from_secs(3_600));
    minutes(2).await;
    heard().await;
    minutes(2).await;
    assert_eq!(receiver.kinds().len(), 2);
    // Nobody wants to know any more: nobody looks.
    let path = endpoint(&world).await;
    owner.post(&format!("{path}/end"), &[]).await.onward();
    world.pass(60).await;
    world.pass(600).await;
    assert_eq!(world.count("jobs where kind = 'watch-sites'").await, 0);
    assert_eq!(receiver.kinds().len(), 2);
}
