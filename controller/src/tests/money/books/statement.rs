//! The rail's own statement beside the books.

use super::*;
use crate::payments::hand::claim::{Claim, claim};

const STATEMENT: &str = "\u{feff}Short Code:,174371,,,\r\nOrganization:,\"MAMA, MBOGA\",,,\r\n\r\n\
Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\r\n\
AAAAAAAA01,15-01-2027 11:00:00,Pay Bill,Completed,50.00,,\"1,250.00\",254708374149 - JOHN,\r\n\
AAAAAAAA02,15-01-2027 11:00:05,Pay Bill,Completed,60.00,,\"1,310.00\",,\r\n\
AAAAAAAA08,15-01-2027 11:05:00,Pay Bill,Completed,\"1,050.00\",,\"2,310.00\",254722000123 - <script>JANE,<SCRIPT>\r\n\
AAAAAAAA09,15-01-2027 12:00:00,Charge,Completed,,-5.00,\"2,305.00\",,\r\n";

/// The lines that a form of the page holds.
pub(super) fn lines(form: &str) -> String {
    let (_, rest) = form.split_once("name=\"lines\" value=\"").unwrap();
    let lines = rest.split('"').next().unwrap();
    lines
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
}

pub(super) async fn upload(browser: &mut Browser<'_>, file: &[u8]) -> browser::Got {
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
    let lines = lines(&page);
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_line_of_what_another_business_sold_on_the_same_number_is_not_taken_in(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let other = business(&world.app, 2).await;
    let account = Credentials {
        consumer_key: "key 2".into(),
        consumer_secret: "secret".into(),
        shortcode: "174371".to_owned(),
        passkey: "passkey".into(),
        kind: ShortcodeKind::Paybill,
    };
    crate::payments::account::set(&world.app, other.provider, &account, Actor::Command)
        .await
        .unwrap();
    begin(&world.app, other.provider, other.ask(2, PHONE))
        .await
        .unwrap();
    let (account, secret) = (reference(&world), world.daraja.secret());
    let file = format!(
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\r\n\
         AAAAAAAA01,15-01-2027 11:00:20,Pay Bill,Completed,50.00,,\"1,250.00\",254708374149 - JOHN,{account}\r\n\
         AAAAAAAA02,15-01-2027 11:00:40,Pay Bill,Completed,60.00,,\"1,310.00\",254708374149 - JOHN,MAMA\r\n"
    );
    world.app.clock.advance(Duration::from_secs(60));
    // While its prompt is open, and once that was paid.
    for is_paid in [false, true] {
        if is_paid {
            world.call_back(&secret, success(1, "AAAAAAAA01")).await;
            world.work().await;
        }
        owner
            .post("/books/statement/take", &[("lines", &file)])
            .await
            .onward();
        let taken: Option<String> =
            read(&world.app, "select string_agg(receipt, ',') from unmatched").await;
        assert_eq!(taken.as_deref(), Some("AAAAAAAA02"), "{is_paid}");
    }
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(
        page.contains("Lines of another business that is paid into the same number: 1"),
        "{page}"
    );
    assert!(!page.contains("AAAAAAAA01"), "{page}");
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn one_business_has_only_so_many_statements_read(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for _ in 0..10 {
        let got = upload(&mut owner, b"a,b").await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let got = upload(&mut owner, b"a,b").await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(got.text.contains("Too many tries"), "{}", got.text);
    for path in ["/books/statement/take", "/books/statement/gone"] {
        let got = owner.post(path, &[("lines", "a,b")]).await;
        assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    world.app.clock.advance(Duration::from_secs(60));
    let page = upload(&mut owner, STATEMENT.as_bytes()).await.page();
    assert!(page.contains("AAAAAAAA08"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_statement_tells_of_a_prompt_that_is_open_is_that_prompts_money_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    let account = pushed["AccountReference"].as_str().unwrap();
    let lines = format!(
        "Receipt No.,Completion Time,Paid In,A/C No.\nAAAAAAAA11,15-01-2027 11:00:00,50.00,{account}\n"
    );
    for _ in 0..2 {
        owner
            .post("/books/statement/take", &[("lines", &lines)])
            .await
            .onward();
    }
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count("audit where act = 'statement-take'").await, 1);
    // The rail says so too, later on.
    world.daraja.outcome("0");
    world.pass(30).await;
    world
        .call_back(&world.daraja.secret(), success(1, "AAAAAAAA11"))
        .await;
    world.work().await;
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.count("ledger where debit = 'till'").await, 1);
}

/// Money of the shop comes to a till, which asks for no account.
pub(super) async fn at_a_till(world: &World) {
    let account = Credentials {
        consumer_key: "key 1".into(),
        consumer_secret: "secret".into(),
        shortcode: "174371".to_owned(),
        passkey: "passkey".into(),
        kind: ShortcodeKind::Till {
            number: "9876543".to_owned(),
        },
    };
    crate::payments::account::set(&world.app, world.shop.provider, &account, Actor::Command)
        .await
        .unwrap();
}

/// A till's statement of payments by [`PHONE`], each so many seconds from now.
pub(super) fn of_till(world: &World, lines: &[(&str, i64)]) -> String {
    let mut file = "Receipt No.,Completion Time,Paid In,Other Party Info\n".to_owned();
    for (receipt, secs) in lines {
        let at = web::show::sortable(world.app.clock.now().plus_secs(*secs));
        file.push_str(&format!("{receipt},{at},50.00,{PHONE} - JOHN\n"));
    }
    file
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_tills_line_waits_for_the_prompt_that_it_may_be_and_is_its_money_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    at_a_till(&world).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    // M-PESA's clock is behind ours.
    let file = of_till(&world, &[("AAAAAAAA11", -30)]);
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(
        page.contains("M-PESA is still being asked about a payment that may be this one"),
        "{page}"
    );
    assert!(!page.contains("action=\"/books/statement/take\""), "{page}");
    // What was shown before the prompt began is looked at again.
    let to = owner
        .post("/books/statement/take", &[("lines", &file)])
        .await
        .onward();
    let page = owner.get(&to).await.page();
    assert!(page.contains("Not all was taken in"), "{page}");
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.status(begun.payment).await, "pending");
    // The rail says long after that it was paid, and no more: then the line is the prompt's.
    world.daraja.outcome("0");
    world.pass(1_500).await;
    assert_eq!(world.status(begun.payment).await, "success");
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(
        page.contains("Everything on the statement is with us."),
        "{page}"
    );
    for _ in 0..2 {
        owner
            .post("/books/statement/take", &[("lines", &file)])
            .await
            .onward();
    }
    let learnt = "payments where external_txn_id = 'AAAAAAAA11'";
    assert_eq!(world.count(learnt).await, 1);
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.count("audit where act = 'statement-take'").await, 1);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_balanced(&world, "learnt").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_tills_statement_brought_is_the_money_of_a_prompt_that_turns_out_to_be_paid(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    at_a_till(&world).await;
    // Two devices asked one phone, and M-PESA could not reach it either time: nobody can tell who paid.
    let mut last = None;
    for n in [1, 2] {
        let begun = world.begin(world.shop.ask(n, PHONE)).await.unwrap();
        let failed = callback(n.into(), json!(1037), None);
        world.call_back(&world.daraja.secret(), failed).await;
        world.work().await;
        last = Some(begun.payment);
    }
    let last = last.unwrap();
    let file = of_till(&world, &[("AAAAAAAA12", -30)]);
    let page = upload(&mut owner, file.as_bytes()).await.page();
    let lines = lines(&page);
    owner
        .post("/books/statement/take", &[("lines", &lines)])
        .await
        .onward();
    assert_eq!(balance(&world, "unmatched").await, 5_000);
    let paid = Evidence::Query(Outcome::Paid);
    apply(&world.app, world.shop.provider, last, &paid, None)
        .await
        .unwrap();
    assert_eq!(world.status(last).await, "success");
    let learnt = "payments where external_txn_id = 'AAAAAAAA12'";
    assert_eq!(world.count(learnt).await, 1);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_balanced(&world, "known").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_line_whose_receipt_was_named_at_the_portal_is_its_devices_voucher_unless_it_went_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let now = world.app.clock.now();
    let named = |receipt: &str| Claim {
        receipt: receipt.to_owned(),
        phone: PHONE.parse().unwrap(),
        site: world.shop.site,
        mac: mac(1),
        deadline: now.plus_secs(30),
    };
    let first = named("AAAAAAAA13");
    let unknown = claim(&world.app, world.shop.provider, &first).await;
    assert!(unknown.is_err(), "{unknown:?}");
    let at = web::show::sortable(now);
    let lines = format!(
        "Receipt No.,Completion Time,Paid In,A/C No.,Other Party Info\n\
         AAAAAAAA13,{at},50.00,MAMA,{PHONE} - JOHN\n"
    );
    for _ in 0..2 {
        owner
            .post("/books/statement/take", &[("lines", &lines)])
            .await
            .onward();
    }
    let bought = "payments where push = 'hand' and external_txn_id = 'AAAAAAAA13'";
    assert_eq!(world.count(bought).await, 1);
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.count("audit where act = 'statement-take'").await, 1);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_balanced(&world, "named").await;
    let second = named("AAAAAAAA16");
    let unknown = claim(&world.app, world.shop.provider, &second).await;
    assert!(unknown.is_err(), "{unknown:?}");
    let file = format!(
        "Receipt No.,Completion Time,Transaction Status,Paid In,A/C No.,Other Party Info\n\
         AAAAAAAA16,{at},Reversed,50.00,MAMA,{PHONE} - JOHN\n"
    );
    let page = upload(&mut owner, file.as_bytes()).await.page();
    let lines = self::lines(&page);
    owner
        .post("/books/statement/take", &[("lines", &lines)])
        .await
        .onward();
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(balance(&world, "unmatched").await, 5_000);
    assert_balanced(&world, "went back").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_without_a_receipt_that_is_on_no_line_is_not_on_the_statement(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let account = reference(&world);
    world.daraja.outcome("0");
    world.pass(30).await;
    assert_eq!(world.status(begun.payment).await, "success");
    let now = world.app.clock.now();
    let [from, to] = [-60, 60].map(|secs| web::show::sortable(now.plus_secs(secs)));
    let head = "Receipt No.,Completion Time,Paid In,A/C No.";
    let around = format!("{head}\nZZZZZZZZ01,{from},70,MAMA\nZZZZZZZZ02,{to},70,MAMA\n");
    let page = upload(&mut owner, around.as_bytes()).await.page();
    for text in [
        "no receipt",
        &account,
        &format!("/payments/{}", begun.payment),
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let all = "Everything of ours in that time is on the statement.";
    assert!(!page.contains(all), "{page}");
    let file = format!("{around}AAAAAAAA14,{from},50,{account}\n");
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(page.contains(all), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_learns_its_receipt_from_a_line_and_then_its_way_back_is_found(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let account = reference(&world);
    world.daraja.outcome("0");
    world.pass(30).await;
    assert_eq!(world.status(begun.payment).await, "success");
    let at = web::show::sortable(world.app.clock.now());
    let file = format!(
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Linked Transaction ID,A/C No.\n\
         AAAAAAAA15,{at},Pay Bill,Completed,50.00,,,{account}\n\
         BBBBBBBB15,{at},Pay Bill Reversal,Completed,,-50.00,AAAAAAAA15,\n"
    );
    let page = upload(&mut owner, file.as_bytes()).await.page();
    for text in [
        "Receipts of payments that are with us",
        "whose receipt is to be taken in first: 1",
        &format!("/payments/{}", begun.payment),
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(!page.contains("whose payment is not with us"), "{page}");
    let to = owner
        .post("/books/statement/take", &[("lines", &lines(&page))])
        .await
        .onward();
    let page = owner.get(&to).await.page();
    assert!(page.contains("each stands with its payment now"), "{page}");
    let learnt = "payments where external_txn_id = 'AAAAAAAA15'";
    assert_eq!(world.count(learnt).await, 1);
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(page.contains("BBBBBBBB15 of AAAAAAAA15"), "{page}");
    owner
        .post("/books/statement/gone", &[("lines", &lines(&page))])
        .await
        .onward();
    assert_eq!(world.count("ledger where cause = 'reversal'").await, 1);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_eq!(balance(&world, "refunded").await, 5_000);
    assert_balanced(&world, "went back").await;
}
