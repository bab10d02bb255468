//! The books of a till: whatever happens to money, in whatever order it is told, stands in them once, and they balance to the cent. The queue
//! of what nobody can be matched to, and a statement of the rail beside the books.

use std::collections::BTreeSet;

use axum::http::header;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{Connection as _, PgConnection};

use super::browser::Browser;
use super::doors::member;
use super::*;
use crate::jobs::tasks::stand;
use crate::payments::confirm::apply;
use crate::payments::deeds::{Noted, note};
use crate::payments::settle::{Evidence, Outcome};
use crate::payments::unmatched::resolve;
use crate::providers::staff::roles::Role;
use crate::reports::books;

const DAY: u64 = 86_400;

/// Where the rail tells of payments by hand.
async fn till(world: &World) -> String {
    providers::c2b::register(&world.app, world.shop.provider)
        .await
        .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap().to_owned();
    let secret = address.rsplit('/').nth(1).unwrap();
    format!("/api/pay/{}/{secret}/confirmation", world.shop.provider)
}

async fn by_hand(world: &World, till: &str, receipt: &str, reference: &str, amount: &str) {
    let body = json!({"TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20270115110130", "TransAmount": amount,
                      "BusinessShortCode": "174371", "BillRefNumber": reference, "MSISDN": "2547 ***** 149", "FirstName": "NICHOLAS"});
    let body = body.to_string().into_bytes();
    let (status, ..) = world.send(Method::POST, till, None, body).await;
    assert_eq!(status, StatusCode::OK);
}

fn reference(world: &World) -> String {
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    pushed["AccountReference"].as_str().unwrap().to_owned()
}

/// Somebody who works here.
async fn somebody(world: &World) -> Actor {
    let person = read(&world.app, "select person_id from staff limit 1").await;
    Actor::Staff(mnara_protocol::ids::PersonId::from_uuid(person))
}

/// A payment that is paid at once.
async fn sold(world: &World, n: u8, phone: &str, receipt: &str) -> PaymentId {
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(number, receipt))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    begun.payment
}

/// In cents, what an account has.
async fn balance(world: &World, account: &str) -> i64 {
    let sql = format!(
        "select coalesce(sum(case when credit = '{account}' then cents else -cents end), 0)::bigint from ledger
         where debit = '{account}' or credit = '{account}'"
    );
    read(&world.app, &sql).await
}

async fn assert_balanced(world: &World, what: &str) {
    let found = books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(found.wrong, [], "{what}");
    let (till, rest) = (
        balance(world, "till").await,
        balance(world, "tickets").await
            + balance(world, "own").await
            + balance(world, "unmatched").await
            + balance(world, "refunded").await,
    );
    assert_eq!(-till, rest, "{what}");
}

/// What waits in the queue, as its page names it.
fn waiting(page: &str) -> Vec<String> {
    page.split("action=\"/payments/unmatched/")
        .skip(1)
        .filter_map(|rest| rest.split_once("/ticket").map(|(id, _)| id.to_owned()))
        .filter(|id| id.len() == "unm_".len() + 32)
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn each_thing_that_happens_to_money_is_one_line_that_leads_to_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let empty = owner.get("/books").await.page();
    assert!(empty.contains("No money came in this month."), "{empty}");
    let till = till(&world).await;
    let paid = sold(&world, 1, PHONE, "AAAAAAAA01").await;
    // Once more by hand for the same order, told three times; another amount; and for nobody.
    let account = reference(&world);
    for _ in 0..3 {
        by_hand(&world, &till, "AAAAAAAA02", &account, "50.00").await;
    }
    by_hand(&world, &till, "AAAAAAAA03", &account, "20.00").await;
    by_hand(&world, &till, "AAAAAAAA04", "<script>MAMA", "70.00").await;
    world.work().await;
    let noted = Noted {
        amount: Money::from_shillings(30),
        receipt: "BBBBBBBB01",
        reason: "rain",
    };
    let actor = somebody(&world).await;
    note(&world.app, world.shop.provider, actor, paid, noted)
        .await
        .unwrap();
    for (account, cents) in [
        ("till", -19_000),
        ("tickets", 2_000),
        ("unmatched", 14_000),
        ("refunded", 3_000),
        ("own", 0),
    ] {
        assert_eq!(balance(&world, account).await, cents, "{account}");
    }
    assert_eq!(world.count("ledger").await, 5);
    assert_balanced(&world, "all kinds").await;

    let page = owner.get("/books").await.page();
    for text in ["KSh\u{a0}190", "KSh\u{a0}140 (3)", "January 2027", "Market"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // Every number leads to what makes it up, and a line to its payment.
    let (_, rest) = page.split_once("<tbody>").unwrap();
    let cell = rest.split("<a href=\"").nth(3).unwrap();
    let path = cell.split('"').next().unwrap().replace("&#38;", "&");
    assert!(
        path.contains("day=2027-01-15") && path.contains("account=tickets"),
        "{path}"
    );
    let day = owner.get(&path).await.page();
    assert!(
        day.contains(&format!("/payments/{paid}")) && day.contains("AAAAAAAA01"),
        "{day}"
    );
    assert!(
        !day.contains("AAAAAAAA02"),
        "only what moves vouchers: {day}"
    );
    let day = owner.get("/books/day?day=2027-01-15").await.page();
    assert!(
        day.contains("AAAAAAAA02") && day.contains("BBBBBBBB01"),
        "{day}"
    );
    assert_eq!(
        owner.get("/books/day?day=x").await.status,
        StatusCode::NOT_FOUND
    );
    let other = owner.get("/books?site=none").await.page();
    assert!(other.contains("KSh\u{a0}70") && !other.contains("KSh\u{a0}190"));
    let table = owner.get("/books.csv?month=2027-01").await.page();
    assert!(
        table.contains("2027-01-15,Market,120.00,20.00,30.00,70.00,0.00"),
        "{table}"
    );
    assert!(
        table.contains("2027-01-15,No site,70.00,0.00,0.00,70.00,0.00"),
        "{table}"
    );
    // And nobody else's.
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    for path in [&path, "/books", "/payments/unmatched"] {
        let page = stranger.get(path).await.page();
        assert!(
            !page.contains("KSh\u{a0}50") && !page.contains("AAAAAAAA"),
            "{page}"
        );
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_waits_is_dealt_with_by_one_tap_and_a_second_does_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let till = till(&world).await;
    for (receipt, account, amount) in [
        ("AAAAAAAA01", "<script>MAMA", "50.00"),
        ("AAAAAAAA02", "MAMA", "60.00"),
        ("AAAAAAAA03", "MAMA", "10.00"),
    ] {
        by_hand(&world, &till, receipt, account, amount).await;
        world.app.clock.advance(Duration::from_secs(1));
    }
    world.work().await;
    let page = cashier.get("/payments/unmatched").await.page();
    assert!(!page.contains("<script"), "{page}");
    assert!(
        page.contains("&#60;SCRIPT&#62;MAMA") && page.contains("2547•••149"),
        "{page}"
    );
    // The newest first; for ten shillings there is no plan.
    let waits = waiting(&page);
    assert_eq!(waits.len(), 2, "{page}");
    assert!(page.contains("No plan costs as little as this."));
    let home = cashier.get("/home").await.page();
    assert!(home.contains("waits to be sorted out"), "{home}");
    let (second, first) = (&waits[0], &waits[1]);
    let plan = world.shop.plan.id.to_string();
    let give = format!("/payments/unmatched/{first}/ticket");
    // Whoever may look may not decide, and a neighbour finds nothing.
    let got = reader.post(&give, &[("plan", &plan)]).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    let got = stranger.post(&give, &[("plan", &plan)]).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.count("unmatched where closed_at is not null").await,
        0
    );
    // A voucher, once.
    for _ in 0..2 {
        cashier.post(&give, &[("plan", &plan)]).await.onward();
    }
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(world.count("ledger where cause = 'given'").await, 1);
    let page = cashier.get("/payments/unmatched").await.page();
    let code: String = read(&world.app, "select code from tickets").await;
    let code = mnara_protocol::ticket::code::TicketCode::parse(&code).unwrap();
    assert!(page.contains(&code.shown()), "{page}");
    let seen = reader.get("/payments/unmatched").await.page();
    assert!(
        !seen.contains(&code.shown()),
        "a code is for whoever serves"
    );
    // Back, once, with what was typed kept where it is wrong.
    let back = format!("/payments/unmatched/{second}/refund");
    for (receipt, reason, says) in [
        ("x", "rain", "Give the receipt of the refund"),
        ("AAAAAAAA02", "rain", "Give the receipt of the refund"),
        ("BBBBBBBB02", " ", "Say why"),
    ] {
        let got = cashier
            .post(&back, &[("receipt", receipt), ("reason", reason)])
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            got.text.contains(says) && got.text.contains(receipt),
            "{}",
            got.text
        );
    }
    let form = [("receipt", "bbbbbbbb02"), ("reason", "<script>rain")];
    for _ in 0..2 {
        cashier.post(&back, &form).await.onward();
    }
    let page = cashier.get("/payments/unmatched?closed=1").await.page();
    assert!(
        page.contains("BBBBBBBB02") && page.contains("&#60;script&#62;rain"),
        "{page}"
    );
    assert_eq!(world.count("ledger where cause = 'refund'").await, 1);
    // The third cannot go back by the receipt of the second, and no dearer plan is given for it.
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched where closed_at is null";
    let third: String = read(&world.app, sql).await;
    let back = format!("/payments/unmatched/{third}/refund");
    let got = cashier.post(&back, &form).await;
    assert!(got.text.contains("written down already"), "{}", got.text);
    let give = format!("/payments/unmatched/{third}/ticket");
    let got = cashier.post(&give, &[("plan", &plan)]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The money was a prompt's after all: what nobody dealt with is taken from the queue, and what somebody did is not paid twice.
    assert_eq!(balance(&world, "unmatched").await, 1_000);
    assert_eq!(world.count("audit where act like 'queue-%'").await, 2);
    assert_balanced(&world, "the queue").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_of_the_queue_that_is_a_payments_becomes_its_and_is_never_spent_twice(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let till = till(&world).await;
    // By hand without an account, and the prompt's own callback long after.
    let first = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    by_hand(&world, &till, "AAAAAAAA01", "", "50.00").await;
    world.work().await;
    world.pass(400).await;
    assert_eq!(balance(&world, "unmatched").await, 5_000);
    world.call_back(&secret, success(1, "AAAAAAAA01")).await;
    world.work().await;
    assert_eq!(world.status(first.payment).await, "success");
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_eq!(balance(&world, "till").await, -5_000);
    let page = owner.get("/payments/unmatched?closed=1").await.page();
    assert!(page.contains("AAAAAAAA01"), "{page}");
    // The same, but somebody was quicker: the receipt has had its voucher.
    let second = world
        .begin(world.shop.ask(2, "254708374150"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    by_hand(&world, &till, "AAAAAAAA02", "", "50.00").await;
    world.work().await;
    world.pass(400).await;
    let page = owner.get("/payments/unmatched").await.page();
    let give = format!("/payments/unmatched/{}/ticket", waiting(&page)[0]);
    let plan = world.shop.plan.id.to_string();
    owner.post(&give, &[("plan", &plan)]).await.onward();
    world.call_back(&secret, success(2, "AAAAAAAA02")).await;
    world.work().await;
    assert_ne!(world.status(second.payment).await, "success");
    assert_eq!(
        world.flag(second.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(balance(&world, "till").await, -10_000);
    assert_balanced(&world, "claims").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_that_comes_days_late_waits_for_a_person_with_its_voucher(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for (n, phone) in [(1, PHONE), (2, "254708374150")] {
        let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
        let secret = world.daraja.secret();
        world.app.clock.advance(Duration::from_secs(2 * DAY));
        world.work().await;
        let receipt = format!("AAAAAAAA0{n}");
        world.call_back(&secret, success(n.into(), &receipt)).await;
        world.work().await;
        assert_eq!(world.status(begun.payment).await, "success");
    }
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/payments/unmatched").await.page();
    let waits = waiting(&page);
    assert_eq!(waits.len(), 2, "{page}");
    assert!(
        page.contains("Came too late") && page.contains("AAAAAAAA02"),
        "{page}"
    );
    // Its money is the voucher's, not unmatched.
    assert_eq!(balance(&world, "unmatched").await, 0);
    let send = format!("/payments/unmatched/{}/ticket", waits[0]);
    for _ in 0..2 {
        owner.post(&send, &[]).await.onward();
    }
    let back = format!("/payments/unmatched/{}/refund", waits[1]);
    let form = [("receipt", "BBBBBBBB01"), ("reason", "late")];
    for _ in 0..2 {
        owner.post(&back, &form).await.onward();
    }
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(world.count("tickets where revoked_at is not null").await, 1);
    assert_eq!(world.count("refunds").await, 1);
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_eq!(balance(&world, "tickets").await, 5_000);
    assert_balanced(&world, "late").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_does_not_balance_is_found_said_and_gone_when_it_is_put_right(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options.clone()).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    sold(&world, 1, PHONE, "AAAAAAAA01").await;
    stand(&world.app, [books::CHECK]).await.unwrap();
    world.work().await;
    assert_eq!(world.count("ledger_checks").await, 1);
    assert!(
        owner
            .get("/books")
            .await
            .page()
            .contains("The books balance.")
    );
    let change = async |sql: &str| {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut *tx)
            .await;
        tx.commit().await.unwrap();
        done.map(drop)
    };
    change("update payments set amount = 51").await.unwrap();
    world.pass(300).await;
    assert_eq!(world.count("ledger_faults").await, 0, "an hour is not over");
    world.pass(3_600).await;
    let page = owner.get("/books").await.page();
    assert!(page.contains("The books do not balance"), "{page}");
    assert!(
        page.contains("KSh\u{a0}51 (1)") && page.contains("KSh\u{a0}50 (1)"),
        "{page}"
    );
    assert!(
        owner
            .get("/home")
            .await
            .page()
            .contains("The books do not balance")
    );
    change("update payments set amount = 50").await.unwrap();
    world.pass(3_600).await;
    assert!(
        owner
            .get("/books")
            .await
            .page()
            .contains("The books balance.")
    );
    // The books themselves are nobody's to change, not even the owner's of the tables.
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    for sql in [
        "update ledger set cents = cents + 1",
        "delete from ledger",
        "truncate ledger",
    ] {
        assert!(change(sql).await.is_err(), "{sql}");
        assert!(sqlx::query(sql).execute(&mut db).await.is_err(), "{sql}");
    }
    // What came in by other ways than this program's is written from its rows, and only once.
    sqlx::query("alter table ledger disable trigger user")
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query("delete from ledger")
        .execute(&mut db)
        .await
        .unwrap();
    for _ in 0..2 {
        sqlx::query("select ledger_open(id) from providers")
            .execute(&mut db)
            .await
            .unwrap();
    }
    db.close().await.unwrap();
    assert_eq!(world.count("ledger").await, 1);
    assert_balanced(&world, "opened").await;
}

const STATEMENT: &str = "\u{feff}Short Code:,174371,,,\r\nOrganization:,\"MAMA, MBOGA\",,,\r\n\r\n\
Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\r\n\
AAAAAAAA01,15-01-2027 11:00:00,Pay Bill,Completed,50.00,,\"1,250.00\",254708374149 - JOHN,\r\n\
AAAAAAAA02,15-01-2027 11:00:05,Pay Bill,Completed,60.00,,\"1,310.00\",,\r\n\
AAAAAAAA08,15-01-2027 11:05:00,Pay Bill,Completed,\"1,050.00\",,\"2,310.00\",254722000123 - <script>JANE,<SCRIPT>\r\n\
AAAAAAAA09,15-01-2027 12:00:00,Charge,Completed,,-5.00,\"2,305.00\",,\r\n";

async fn upload(browser: &mut Browser<'_>, file: &[u8]) -> browser::Got {
    let mut body =
        b"--cut\r\nContent-Disposition: form-data; name=\"statement\"; filename=\"s.csv\"\r\n\r\n"
            .to_vec();
    body.extend(file);
    body.extend(b"\r\n--cut--\r\n");
    let request = Request::post("/books/statement")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body));
    browser.send(request.unwrap()).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_statement_shows_what_only_one_side_knows_and_its_money_can_be_taken_in(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    sold(&world, 1, PHONE, "AAAAAAAA01").await;
    sold(&world, 2, "254708374150", "AAAAAAAA02").await;
    world.app.clock.advance(Duration::from_secs(60));
    sold(&world, 3, "254708374151", "AAAAAAAA03").await;
    world.app.clock.advance(Duration::from_secs(7_200));
    for (file, says) in [
        (&b""[..], "Choose a file first."),
        (b"a,b\n1,2", "This is not such a statement"),
        (
            b"Receipt No.,Completion Time,Paid In\n",
            "No completed payment",
        ),
        (&vec![b'x'; 6 << 20], "too large"),
    ] {
        let got = upload(&mut owner, file).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(got.text.contains(says), "{says}: {}", got.text);
    }
    let page = upload(&mut owner, STATEMENT.as_bytes()).await.page();
    assert!(
        !page.contains("<script") && !page.contains("<SCRIPT"),
        "{page}"
    );
    for text in [
        "1 · KSh\u{a0}50",
        "AAAAAAAA08",
        "KSh\u{a0}1,050",
        "254722•••123",
        "AAAAAAAA03",
        "statement KSh\u{a0}60 · with us KSh\u{a0}50",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(
        !page.contains("254722000123"),
        "a whole number is not shown"
    );
    // What is taken in stands in the queue and in the books once, on the day it came.
    let (_, rest) = page.split_once("name=\"lines\" value=\"").unwrap();
    let lines = rest.split('"').next().unwrap();
    let lines = lines
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'");
    for _ in 0..2 {
        owner
            .post("/books/statement/take", &[("lines", &lines)])
            .await
            .onward();
    }
    let page = owner.get("/payments/unmatched").await.page();
    assert!(
        page.contains("Only on the statement") && page.contains("AAAAAAAA08"),
        "{page}"
    );
    assert_eq!(world.count("unmatched").await, 1);
    assert_eq!(balance(&world, "unmatched").await, 105_000);
    let kept: String = read(&world.app, "select payer from unmatched").await;
    assert_eq!(kept, "254722*123");
    assert_eq!(world.count("audit where act = 'statement'").await, 1);
    assert_eq!(world.count("audit where act = 'statement-take'").await, 1);
    // The rail tells of it after all: it is the same money.
    let till = till(&world).await;
    by_hand(&world, &till, "AAAAAAAA08", "MAMA", "1050.00").await;
    world.work().await;
    assert_eq!(balance(&world, "unmatched").await, 105_000);
    let page = upload(&mut owner, STATEMENT.as_bytes()).await.page();
    assert!(
        page.contains("Everything on the statement is with us."),
        "{page}"
    );
    assert_balanced(&world, "statement").await;
    let mut cashier = member(&world, Role::Cashier, 2).await;
    let got = upload(&mut cashier, STATEMENT.as_bytes()).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
}

#[derive(Clone, Debug)]
enum Event {
    Called(String),
    Failed,
    Asked,
    ByHand(String, bool),
    Refund,
    Give,
    Back,
    Work,
    TwoHands,
    Later(u64),
}

fn story(rng: &mut StdRng, n: u8) -> Vec<Event> {
    let own = format!("OWNRCPT{n:03}");
    let again = format!("AGNRCPT{n:03}");
    let mut events = Vec::new();
    for _ in 0..rng.random_range(0..4) {
        events.push(Event::Called(own.clone()));
    }
    for _ in 0..rng.random_range(0..3) {
        let receipt = [&own, &again].choose(rng).unwrap().to_string();
        events.push(Event::ByHand(receipt, rng.random_bool(0.6)));
    }
    if rng.random_bool(0.3) {
        events.push(Event::Called(again));
    }
    if rng.random_bool(0.3) {
        events.push(Event::ByHand(format!("STRRCPT{n:03}"), false));
    }
    let others = [
        (Event::Failed, 0.3),
        (Event::Asked, 0.4),
        (Event::Refund, 0.3),
        (Event::Give, 0.4),
        (Event::Back, 0.3),
        (Event::TwoHands, 0.5),
        (Event::Later(400), 0.5),
        (Event::Later(2 * DAY), 0.3),
    ];
    for (event, chance) in others {
        if rng.random_bool(chance) {
            events.push(event);
        }
    }
    events.extend((0..rng.random_range(1..4)).map(|_| Event::Work));
    events.shuffle(rng);
    events
}

/// The rail says that it was paid, by hand says the same without a name, and at last comes what tells that both are one.
fn told_twice() -> Vec<Event> {
    let receipt = "OWNRCPT041".to_owned();
    vec![
        Event::Asked,
        Event::ByHand(receipt.clone(), false),
        Event::Work,
        Event::Later(400),
        Event::Work,
        Event::Called(receipt),
        Event::Work,
    ]
}

/// By hand it comes without a name when nobody waits for it any more, and then the rail says what it was for.
fn known_at_last() -> Vec<Event> {
    let receipt = "OWNRCPT042".to_owned();
    vec![
        Event::Failed,
        Event::Work,
        Event::ByHand(receipt.clone(), false),
        Event::Work,
        Event::Later(1_000),
        Event::Work,
        Event::Called(receipt),
        Event::Work,
    ]
}

async fn open_row(world: &World) -> Option<mnara_protocol::ids::UnmatchedId> {
    let sql = "select (select id from unmatched where closed_at is null order by coalesce(receipt, 'late'), at, id limit 1)";
    let id: Option<sqlx::types::Uuid> = read(&world.app, sql).await;
    id.map(mnara_protocol::ids::UnmatchedId::from_uuid)
}

async fn play(world: &World, till: &str, n: u8, events: &[Event], told: &mut BTreeSet<String>) {
    let (app, provider, actor) = (&world.app, world.shop.provider, somebody(world).await);
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let phone = format!("2547083742{n:02}");
    let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
    let (secret, account) = (world.daraja.secret(), reference(world));
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Called(receipt) => {
                told.insert(receipt.clone());
                world.call_back(&secret, success(number, receipt)).await;
            }
            Event::Failed => {
                let body = callback(number, json!(1032), None);
                world.call_back(&secret, body).await;
            }
            Event::Asked => {
                let evidence = Evidence::Query(Outcome::Paid);
                apply(app, provider, begun.payment, &evidence, None)
                    .await
                    .unwrap();
            }
            Event::ByHand(receipt, is_named) => {
                told.insert(receipt.clone());
                let account = if *is_named { account.as_str() } else { "" };
                by_hand(world, till, receipt, account, "50.00").await;
            }
            Event::Refund => {
                let receipt = format!("BACK{n:02}{place:02}");
                let noted = Noted {
                    amount: Money::from_shillings(10),
                    receipt: &receipt,
                    reason: "rain",
                };
                // Nothing came yet, or all is back already: then nothing is written.
                let _ = note(app, provider, actor, begun.payment, noted).await;
            }
            Event::Give => {
                if let Some(id) = open_row(world).await {
                    let plan = Some(world.shop.plan.id);
                    resolve::give(app, provider, actor, id, plan).await.unwrap();
                }
            }
            Event::Back => {
                if let Some(id) = open_row(world).await {
                    let receipt = format!("GONE{n:02}{place:02}");
                    let said = (receipt.as_str(), "rain");
                    let done = resolve::refund(app, provider, actor, id, said);
                    done.await.unwrap();
                }
            }
            Event::Work => world.work().await,
            Event::TwoHands => {
                futures_util::future::join(world.work(), world.work()).await;
            }
            Event::Later(secs) => world.app.clock.advance(Duration::from_secs(*secs)),
        }
    }
    // Whatever waits is taken up, and what names nobody has been waited for.
    for _ in 0..4 {
        world.pass(200).await;
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whatever_is_told_in_whatever_order_each_receipt_comes_in_once_and_all_balances(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    drop(member(&world, Role::Owner, 1).await);
    let mut told = BTreeSet::new();
    for n in 1..=42 {
        let mut rng = StdRng::seed_from_u64(u64::from(n));
        let events = match n {
            41 => told_twice(),
            42 => known_at_last(),
            _ => story(&mut rng, n),
        };
        play(&world, &till, n, &events, &mut told).await;
        let what = format!("seed {n}: {events:?}");
        assert_balanced(&world, &what).await;
        // Each payment that succeeded has one line, and each receipt that was told stands somewhere.
        let paid = world.count("payments where status = 'success'").await;
        assert_eq!(
            world.count("ledger where cause = 'paid'").await,
            paid,
            "{what}"
        );
        let tickets = world.count("tickets where payment_id is not null").await;
        assert_eq!(tickets, paid, "{what}");
        let sql = "select coalesce(array_agg(distinct r order by r), '{}') from (
            select external_txn_id as r from payments where status = 'success' union select receipt from unmatched where reason <> 'late') x where r is not null";
        let known: Vec<String> = read(&world.app, sql).await;
        assert_eq!(known, told.iter().cloned().collect::<Vec<_>>(), "{what}");
        let unnamed = world
            .count("payments where status = 'success' and external_txn_id is null")
            .await;
        let receipts = i64::try_from(told.len()).unwrap();
        let came = -balance(&world, "till").await;
        assert_eq!(came, (receipts + unnamed) * 5_000, "{what}");
        // What a person dealt with bought nothing besides.
        let twice =
            "unmatched u join payments p on p.external_txn_id = u.receipt and p.status = 'success'
                     where u.outcome in ('ticket', 'refund') and u.reason <> 'late'";
        assert_eq!(world.count(twice).await, 0, "{what}");
        assert_eq!(world.count("jobs where dead_at is not null").await, 0);
    }
    for kind in ["nobody", "double", "late"] {
        let some = format!("unmatched where reason = '{kind}'");
        assert!(world.count(&some).await > 0, "{kind} was never played");
    }
    for cause in ["paid", "unmatched", "known", "given", "refund"] {
        let some = format!("ledger where cause = '{cause}'");
        assert!(world.count(&some).await > 0, "{cause} was never played");
    }
    assert!(
        world
            .count("ledger where cause = 'paid' and debit = 'unmatched'")
            .await
            > 0
    );
}
