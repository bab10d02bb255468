//! Changing where customers' money goes, as a thief would try it: each proof that is missing, each order that is wrong, each way back.

use super::browser::{Browser, PASSWORD};
use super::doors::member;
use super::*;
use crate::providers::staff::roles::Role;

const OWN: &str = "254712345678";

const NEW: [(&str, &str); 9] = [
    ("kind", "till"),
    ("shortcode", "600100"),
    ("till", "5432109"),
    ("consumer_key", "key of the new app"),
    ("consumer_secret", "secret of the new app"),
    ("passkey", "passkey of the new number"),
    ("phone", "0712 345 678"),
    ("password", PASSWORD),
    ("digits", ""),
];

fn with<'a>(
    form: &[(&'a str, &'a str)],
    changes: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let changed = |name: &str| changes.iter().find(|(field, _)| *field == name);
    form.iter()
        .map(|(field, old)| (*field, changed(field).map_or(*old, |(_, new)| *new)))
        .collect()
}

/// An owner's authenticator.
pub(super) struct Authenticator(String);

impl Authenticator {
    pub(super) async fn set_up(world: &World, owner: &mut Browser<'_>) -> Self {
        let page = owner.get("/account/second").await.page();
        let value = |name: &str| {
            let (_, rest) = page
                .split_once(&format!("name=\"{name}\" value=\""))
                .unwrap();
            rest.split('"').next().unwrap().to_owned()
        };
        let sealed = value("sealed");
        let (_, rest) = page.split_once("<code>").unwrap();
        let made = Self(rest.split('<').next().unwrap().to_owned());
        let digits = made.now(world);
        let form = [("sealed", sealed.as_str()), ("digits", &digits)];
        owner.post("/account/second", &form).await.page();
        made
    }

    /// The digits of now; half a minute passes first, so that none is used twice.
    pub(super) fn next(&self, world: &World) -> String {
        world.app.clock.advance(Duration::from_secs(60));
        self.now(world)
    }

    fn now(&self, world: &World) -> String {
        let secret = totp_rs::Secret::try_from_base32(&self.0).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        let now = u64::try_from(world.app.clock.now().as_secs()).unwrap();
        totp.generate(now).to_string()
    }
}

/// A business that earns, and its owner, whose second factor is old enough.
async fn earning(world: &World) -> (Browser<'_>, Authenticator) {
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let mut owner = member(world, Role::Owner, 1).await;
    let phone = Authenticator::set_up(world, &mut owner).await;
    world.app.clock.advance(Duration::from_secs(86_400));
    (owner, phone)
}

/// The shortcode in use.
async fn in_use(world: &World) -> String {
    let sql = format!(
        "select mpesa_shortcode from providers where id = '{}'",
        world.shop.provider.uuid()
    );
    read(&world.app, &sql).await
}

fn shilling(number: u32, receipt: &str) -> Vec<u8> {
    callback(number, json!(0), Some((receipt, json!(1.00))))
}

async fn asks(world: &World, owner: &mut Browser<'_>, phone: &Authenticator) {
    let digits = phone.next(world);
    let got = owner
        .post(
            "/settings/mpesa/change",
            &with(&NEW, &[("digits", &digits)]),
        )
        .await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_with_every_proof_moves_the_money_once_the_shilling_arrives(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    // The shilling is asked for by the new account, from the owner's phone.
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    assert_eq!(pushed["BusinessShortCode"], "600100");
    assert_eq!(pushed["PartyB"], "5432109");
    assert_eq!(
        (pushed["Amount"].as_str(), pushed["PhoneNumber"].as_str()),
        (Some("1"), Some(OWN))
    );
    assert_eq!(in_use(&world).await, "174371", "nothing has changed yet");
    let page = owner.get("/settings/mpesa").await.page();
    assert!(
        page.contains("waits for its shilling") && !page.contains("of the new"),
        "{page}"
    );
    // Customers pay into the account before meanwhile.
    world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "174371"
    );
    let sale = world.daraja.secret();
    let trial: String = read(
        &world.app,
        "select checkout_request_id from payments where type = 'mpesa_account_test'",
    )
    .await;
    assert_eq!(trial, ids(2).1);
    let test = world.daraja.seen("stkpush/v1/")[1]["CallBackURL"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    world.call_back(&test, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
    // It is no sale: no ticket, no money of today's.
    world.call_back(&sale, success(3, "NLJ7RT61SW")).await;
    world.work().await;
    assert_eq!(world.count("tickets where payment_id is not null").await, 2);
    world.app.clock.advance(Duration::from_secs(1));
    assert!(owner.get("/home").await.page().contains("KSh\u{a0}50</p>"));
    let list = owner.get("/payments?state=test").await.page();
    assert!(
        list.contains("KSh\u{a0}1") && list.contains("TEST000001"),
        "{list}"
    );
    // Later customers pay into the new one.
    world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["PartyB"],
        "5432109"
    );
    // It is in the books, and no secret is.
    let books =
        "audit where act = 'mpesa' and actor = 'staff' and after ? 'till' and before ? 'paybill'";
    assert_eq!(world.count(books).await, 1);
    let sealed: String = read(&world.app, "select mpesa_consumer_key || mpesa_passkey from providers where mpesa_shortcode = '600100'").await;
    assert!(!sealed.contains("new"));
    let told: String = read(
        &world.app,
        "select string_agg(body, '') from payment_messages",
    )
    .await;
    assert!(
        !told.contains("Password") && !told.contains(&test),
        "{told}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn with_any_proof_missing_nothing_is_asked_of_anybody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let pushes = world.daraja.pushes();
    let digits = phone.next(&world);
    for (changes, says) in [
        (
            &[
                ("password", "not the password"),
                ("digits", digits.as_str()),
            ][..],
            "Your password or the six digits are others.",
        ),
        (
            &[("digits", "")],
            "Your password or the six digits are others.",
        ),
        (
            &[("digits", "000000")],
            "Your password or the six digits are others.",
        ),
        (&[("phone", "12")], "Give a Kenyan mobile number"),
    ] {
        let got = owner
            .post("/settings/mpesa/change", &with(&NEW, changes))
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        assert!(got.text.contains(says), "{}", got.text);
        assert!(got.text.contains("value=\"600100\"") && !got.text.contains("of the new"));
    }
    for (changes, says) in [
        (("shortcode", "12"), "Give the number as 5 to 7 digits"),
        (("till", "1"), "Give the till number"),
        (("passkey", " "), "Give consumer key"),
    ] {
        let digits = phone.next(&world);
        let got = owner
            .post(
                "/settings/mpesa/change",
                &with(&NEW, &[("digits", &digits), changes]),
            )
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{changes:?}");
        assert!(got.text.contains(says), "{}", got.text);
    }
    // Keys that Safaricom does not take.
    world.daraja.refuse_keys(true);
    let digits = phone.next(&world);
    let got = owner
        .post(
            "/settings/mpesa/change",
            &with(&NEW, &[("digits", &digits)]),
        )
        .await;
    assert!(
        got.text
            .contains("Safaricom does not accept the consumer key"),
        "{}",
        got.text
    );
    world.daraja.refuse_keys(false);
    // Digits that were used are used.
    let got = owner
        .post(
            "/settings/mpesa/change",
            &with(&NEW, &[("digits", &digits)]),
        )
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.daraja.pushes(), pushes);
    assert_eq!(world.count("mpesa_moves").await, 0);
    assert_eq!(world.count("mpesa_accounts").await, 0);
    assert_eq!(in_use(&world).await, "174371");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stolen_browser_and_password_do_not_make_a_second_factor_of_their_own(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let form = owner.get("/settings/mpesa/change").await.page();
    assert!(
        form.contains("href=\"/account/second\"") && !form.contains("consumer_key"),
        "{form}"
    );
    let got = owner.post("/settings/mpesa/change", &NEW).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text
            .contains("takes a second factor, and you have none"),
        "{}",
        got.text
    );
    let phone = Authenticator::set_up(&world, &mut owner).await;
    for hours in [0, 22] {
        world.app.clock.advance(Duration::from_secs(hours * 3600));
        let digits = phone.next(&world);
        let got = owner
            .post(
                "/settings/mpesa/change",
                &with(&NEW, &[("digits", &digits)]),
            )
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains("less than a day ago"), "{}", got.text);
    }
    assert_eq!(world.daraja.pushes(), 1);
    world.app.clock.advance(Duration::from_secs(2 * 3600));
    asks(&world, &mut owner, &phone).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_account_that_never_earned_is_put_right_at_once_but_not_without_a_second_factor(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let got = owner.post("/settings/mpesa/change", &NEW).await;
    assert!(
        got.text
            .contains("takes a second factor, and you have none")
    );
    let phone = Authenticator::set_up(&world, &mut owner).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(1, "TEST000001"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn only_owners_reach_the_forms(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    assert_eq!(
        manager.get("/settings/mpesa/change").await.status,
        StatusCode::FORBIDDEN
    );
    for path in [
        "/settings/mpesa/change",
        "/settings/mpesa/change/again",
        "/settings/mpesa/test",
        "/settings/mpesa/change/cancel",
    ] {
        assert_eq!(manager.post(path, &NEW).await.status, StatusCode::FORBIDDEN);
    }
    // The owner of another business touches nothing here.
    let mut stranger = Browser::new(&world, 2);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(
        stranger.get("/settings/mpesa/change").await.onward(),
        "/settings/mpesa"
    );
    let got = stranger.post("/settings/mpesa/change/again", &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert_eq!(world.daraja.pushes(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_shilling_that_comes_too_late_or_not_at_all_changes_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    let first = world.daraja.secret();
    // Cancelled on the phone: it is said why, and it can be asked for again for a while.
    world
        .call_back(&first, callback(2, json!(1032), None))
        .await;
    world.work().await;
    let page = owner.get("/settings/mpesa").await.page();
    assert!(
        page.contains("Cancelled on the phone.") && page.contains("Ask the phone once more"),
        "{page}"
    );
    assert_eq!(in_use(&world).await, "174371");
    let got = owner.post("/settings/mpesa/change/again", &[]).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "600100"
    );
    let second = world.daraja.secret();
    world.app.clock.advance(Duration::from_secs(15 * 60));
    let got = owner.post("/settings/mpesa/change/again", &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "its time is up");
    world.call_back(&second, shilling(3, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    assert_eq!(world.count("mpesa_moves where state = 'dropped'").await, 1);
    let page = owner.get("/settings/mpesa").await.page();
    assert!(page.contains("did not arrive in time"), "{page}");
    // The shilling itself is not lost from sight.
    assert!(
        owner
            .get("/payments?state=test")
            .await
            .page()
            .contains("TEST000001")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_shilling_proves_only_the_change_it_was_sent_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    // A test of the account in use proves no other.
    let got = owner
        .post("/settings/mpesa/test", &[("phone", "0733000000")])
        .await;
    assert_eq!(got.onward(), "/settings/mpesa#test");
    let test = world.daraja.secret();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "174371"
    );
    asks(&world, &mut owner, &phone).await;
    let first = world.daraja.secret();
    world.call_back(&test, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    assert!(
        owner
            .get("/settings/mpesa")
            .await
            .page()
            .contains("KSh 1 arrived. This account works.")
    );
    // Asked for anew with another number: the shilling of the one before comes too late.
    world.app.clock.advance(Duration::from_secs(120));
    let digits = phone.next(&world);
    let other = with(&NEW, &[("digits", &digits), ("shortcode", "600200")]);
    owner.post("/settings/mpesa/change", &other).await.onward();
    let second = world.daraja.secret();
    world.call_back(&first, shilling(3, "TEST000002")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    // Another amount than a shilling, and the word of somebody who does not have the address, prove nothing.
    world
        .call_back(
            &second,
            callback(4, json!(0), Some(("TEST000003", json!(50)))),
        )
        .await;
    let path = format!("/api/mpesa/callback/{}", world.shop.provider);
    world
        .send(Method::POST, &path, None, shilling(4, "TEST000004"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    // Left as it is: nothing that arrives afterwards changes it.
    owner
        .post("/settings/mpesa/change/cancel", &[])
        .await
        .onward();
    world.call_back(&second, shilling(4, "TEST000005")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
    assert_eq!(world.count("mpesa_moves where state = 'done'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_is_no_owner_any_more_when_it_arrives_has_changed_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let mut other = member(&world, Role::Owner, 2).await;
    asks(&world, &mut owner, &phone).await;
    let secret = world.daraja.secret();
    // The other owner sees it coming and may stop it, but not hurry it.
    let page = other.get("/settings/mpesa").await.page();
    assert!(page.contains("waits for its shilling") && !page.contains("Ask the phone once more"));
    assert_eq!(
        other.post("/settings/mpesa/change/again", &[]).await.status,
        StatusCode::CONFLICT
    );
    let sql = "select s.id from staff s join people p on p.id = s.person_id where p.email = 'owner1@example.com'";
    let place = mnara_protocol::ids::StaffId::from_uuid(read(&world.app, sql).await);
    other
        .post(&format!("/staff/{place}/end"), &[])
        .await
        .onward();
    world.call_back(&secret, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "174371");
}

/// The ids of changes that one may go back behind, as the page offers them.
fn ways_back(page: &str) -> Vec<String> {
    page.split("action=\"/settings/mpesa/moves/")
        .skip(1)
        .map(|rest| rest.split('/').next().unwrap().to_owned())
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn another_owner_is_shown_it_on_every_page_and_goes_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    let mut other = member(&world, Role::Owner, 2).await;
    let mut reader = member(&world, Role::Reader, 3).await;
    assert!(
        !other
            .get("/home")
            .await
            .page()
            .contains("Was this not you?")
    );
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    // And a thief who is in a hurry changes it twice.
    let digits = phone.next(&world);
    let again = with(
        &NEW,
        &[
            ("digits", &digits),
            ("shortcode", "600200"),
            ("phone", "0711111111"),
        ],
    );
    // The new account has earned nothing yet, so it takes the proofs and no waiting.
    owner.post("/settings/mpesa/change", &again).await.onward();
    world
        .call_back(&world.daraja.secret(), shilling(3, "TEST000002"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600200");
    // Somebody has begun to pay into it.
    world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    let paying = world.daraja.secret();
    for path in ["/home", "/plans", "/payments"] {
        assert!(
            other.get(path).await.page().contains("Was this not you?"),
            "{path}"
        );
        assert!(
            !reader.get(path).await.page().contains("Was this not you?"),
            "{path}"
        );
    }
    let page = other.get("/settings/mpesa").await.page();
    let ways = ways_back(&page);
    assert_eq!(ways.len(), 2, "{page}");
    let first = format!("/settings/mpesa/moves/{}/back", ways[1]);
    let got = other
        .post(&first, &[("password", "not the password")])
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(in_use(&world).await, "600200");
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let got = stranger.post(&first, &[("password", PASSWORD)]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "nothing of theirs");
    let got = other.post(&first, &[("password", PASSWORD)]).await;
    assert_eq!(got.onward(), "/settings/mpesa?done=back");
    assert_eq!(in_use(&world).await, "174371");
    assert_eq!(world.count("mpesa_moves where state = 'undone'").await, 2);
    assert!(
        !other
            .get("/home")
            .await
            .page()
            .contains("Was this not you?")
    );
    let got = other.post(&first, &[("password", PASSWORD)]).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "once is enough");
    // What was under way in the account that is left arrives all the same, and the next goes to the old one.
    world.call_back(&paying, success(4, "NLJ7RT61SW")).await;
    world.work().await;
    assert_eq!(world.count("tickets where payment_id is not null").await, 2);
    world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    assert_eq!(
        world.daraja.seen("stkpush/v1/").pop().unwrap()["BusinessShortCode"],
        "174371"
    );
    assert_eq!(world.count("audit where act = 'mpesa-back'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn after_a_week_it_is_no_news_and_there_is_no_way_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    let way = ways_back(&owner.get("/settings/mpesa").await.page()).remove(0);
    world.app.clock.advance(Duration::from_secs(7 * 86_400));
    let page = owner.get("/settings/mpesa").await.page();
    assert!(ways_back(&page).is_empty() && !page.contains("Was this not you?"));
    let digits = phone.next(&world);
    let form = [("password", PASSWORD), ("digits", digits.as_str())];
    let got = owner
        .post(&format!("/settings/mpesa/moves/{way}/back"), &form)
        .await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert_eq!(in_use(&world).await, "600100");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_pushed_with_the_old_account_is_asked_about_and_paid_with_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, phone) = earning(&world).await;
    providers::c2b::register(&world.app, world.shop.provider)
        .await
        .unwrap();
    let c2b = world.daraja.seen("registerurl").pop().unwrap()["ConfirmationURL"]
        .as_str()
        .unwrap()
        .to_owned();
    asks(&world, &mut owner, &phone).await;
    let proof = world.daraja.secret();
    let silent = world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    let told = world
        .begin(world.shop.ask(3, "254722000003"))
        .await
        .unwrap();
    let reference: String = read(
        &world.app,
        &format!(
            "select account_reference from payments where id = '{}'",
            told.payment.uuid()
        ),
    )
    .await;
    world.call_back(&proof, shilling(2, "TEST000001")).await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
    // The callback of one never comes: it is asked about by its own account's number.
    world.daraja.outcome("0");
    world.pass(30).await;
    let asked = world.daraja.seen("stkpushquery");
    let about = |n: u32| {
        asked
            .iter()
            .find(|body| body["CheckoutRequestID"] == ids(n).1.as_str())
    };
    assert_eq!(
        about(3).unwrap()["BusinessShortCode"],
        "174371",
        "{asked:?}"
    );
    assert_eq!(world.status(silent.payment).await, "success");
    // The other is told of by a confirmation for the old number.
    let body = json!({"TransactionType": "Pay Bill", "TransID": "NLJ7RT61SX", "TransTime": "20270115110115", "TransAmount": "50.00",
        "BusinessShortCode": "174371", "BillRefNumber": reference, "InvoiceNumber": "", "OrgAccountBalance": "", "ThirdPartyTransID": "",
        "MSISDN": "2547 ***** 003", "FirstName": "NICHOLAS", "MiddleName": "", "LastName": ""});
    let path = c2b
        .split_once("example.com")
        .map_or(c2b.as_str(), |(_, path)| path)
        .to_owned();
    world
        .send(Method::POST, &path, None, body.to_string().into_bytes())
        .await;
    world.work().await;
    assert_eq!(world.status(told.payment).await, "success");
    assert_eq!(world.count("tickets where payment_id is not null").await, 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_refused_shilling_says_what_to_put_right(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for (n, (message, says)) in [
        ("Merchant does not exist", "M-PESA does not know the shortcode."),
        ("Wrong credentials", "The passkey does not belong to the shortcode."),
        ("Unable to lock subscriber, a transaction is already in process for the current subscriber", "Another M-PESA prompt was open on the phone."),
    ]
    .into_iter()
    .enumerate()
    {
        let fault = json!({"requestId": "1", "errorCode": "500.001.1001", "errorMessage": message});
        world.daraja.push(500, &fault.to_string());
        let phone = format!("071234567{n}");
        owner.post("/settings/mpesa/test", &[("phone", &phone)]).await.onward();
        let page = owner.get("/settings/mpesa").await.page();
        assert!(page.contains(says), "{message}: {page}");
    }
    // It is the owner's own test: nobody is called to look at it.
    assert_eq!(world.count("payments where flag is not null").await, 0);
    // An answer that was lost is neither.
    world.daraja.push(504, "");
    owner
        .post("/settings/mpesa/test", &[("phone", "0712345679")])
        .await
        .onward();
    assert!(
        owner
            .get("/settings/mpesa")
            .await
            .page()
            .contains("Safaricom has not said whether it asked the phone.")
    );
    // The same phone again, while that one may be open.
    let got = owner
        .post("/settings/mpesa/test", &[("phone", "0712345679")])
        .await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("has an M-PESA prompt open"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_old_accounts_secrets_are_sealed_anew_with_the_others(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use secrecy::ExposeSecret as _;
    let (old, new) = (Vault::new_key(), Vault::new_key());
    let world = World::open_with_key(pool.clone(), options.clone(), &old).await;
    let (mut owner, phone) = earning(&world).await;
    asks(&world, &mut owner, &phone).await;
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    drop(owner);
    let kept: String = read(
        &world.app,
        "select string_agg(consumer_key || consumer_secret || passkey, '') from mpesa_accounts",
    )
    .await;
    assert!(!kept.contains("secret") && !kept.contains("passkey") && kept.len() > 100);
    let provider = world.shop.provider;
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    let world = world
        .again(pool.clone(), options.clone(), &both.into())
        .await;
    let sealed = async |world: &World| providers::mpesa::reseal(&world.app, provider).await;
    assert_eq!(sealed(&world).await.unwrap(), 6, "three of each account");
    assert_eq!(sealed(&world).await.unwrap(), 0);
    let world = world.again(pool, options, &new).await;
    let sql = "select id from mpesa_accounts where was_used";
    let id = mnara_protocol::ids::AccountId::from_uuid(read(&world.app, sql).await);
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let before = providers::mpesa::read_set(&mut tx, &world.app.vault, provider, id).await;
    assert_eq!(before.unwrap().unwrap().shortcode, "174371");
}
