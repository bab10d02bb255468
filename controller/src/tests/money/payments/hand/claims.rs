//! A receipt and the number that paid, and slips of the finger.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::payments::hand::claim::{Claim, NoClaim};
use crate::payments::hand::settle::{Settled, settle_in};
use crate::payments::hand::{Payer, store};
use crate::payments::unmatched::take::take;
use crate::payments::unmatched::{Arrived, Reason};
use crate::rails::daraja::callback::Payer as PaidBy;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_and_the_number_that_paid_bring_what_was_paid_for_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let payer = "2547 ***** 149";
    told(
        &world,
        &path,
        confirmation("RKL51ZDR40", "MAMA", payer, "50.00"),
    )
    .await;
    // Another number, another receipt, and after that the right ones; a second time it is spent.
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(
        claim(&world, 1, "RKL51ZDR40", "254708374150").await,
        unknown
    );
    assert_eq!(claim(&world, 1, "RKL51ZDR4X", PHONE).await, unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR40", PHONE).await, None);
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(
        world
            .count("ledger where cause = 'paid' and debit = 'unmatched'")
            .await,
        1
    );
    // Until somebody uses it, it can come to the other phone of whoever paid.
    assert_eq!(claim(&world, 2, "RKL51ZDR40", PHONE).await, None);
    assert_eq!(
        (
            delivered(&world, 1).await.len(),
            delivered(&world, 2).await.len()
        ),
        (0, 1)
    );
    let site = reports::Site::new(&world, world.shop.site);
    let ticket = delivered(&world, 2).await[0].ticket;
    site.whole_life(&world, ticket).await;
    assert_eq!(
        claim(&world, 3, "RKL51ZDR40", PHONE).await,
        Some(NotClaimed::Spent)
    );
    // A receipt that is named before its money is told of: the device gets its ticket when it is.
    assert_eq!(claim(&world, 4, "RKL51ZDR41", PHONE).await, unknown);
    told(
        &world,
        &path,
        confirmation("RKL51ZDR41", "MAMA", payer, "50.00"),
    )
    .await;
    assert_eq!(delivered(&world, 4).await.len(), 1);
    // What is no plan's price, and what went back.
    told(
        &world,
        &path,
        confirmation("RKL51ZDR42", "MAMA", payer, "45.00"),
    )
    .await;
    told(
        &world,
        &path,
        confirmation("RKL51ZDR43", "MAMA", payer, "50.00"),
    )
    .await;
    assert_eq!(
        claim(&world, 5, "RKL51ZDR42", PHONE).await,
        Some(NotClaimed::NoPlan)
    );
    let id: sqlx::types::Uuid = read(
        &world.app,
        "select id from unmatched where receipt = 'RKL51ZDR43'",
    )
    .await;
    let mut owner = member(&world, Role::Owner, 1).await;
    owner.get("/home").await.page();
    let person = mnara_protocol::ids::PersonId::from_uuid(
        read(&world.app, "select person_id from staff limit 1").await,
    );
    let id = mnara_protocol::ids::UnmatchedId::from_uuid(id);
    resolve::refund(
        &world.app,
        (world.shop.provider, Actor::Staff(person)),
        id,
        ("RKL99ZDR99", "asked"),
        false,
    )
    .await
    .unwrap();
    assert_eq!(
        claim(&world, 5, "RKL51ZDR43", PHONE).await,
        Some(NotClaimed::Returned)
    );
    // A prompt's money whose ticket nobody used, days after.
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    world
        .begin(world.shop.ask(6, "254708374160"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    world.pass(2 * 86_400).await;
    world
        .call_back(&secret, success(number, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(claim(&world, 7, "NLJ7RT61SV", "254708374160").await, None);
    assert_eq!(delivered(&world, 7).await.len(), 1);
    assert_eq!(
        world
            .count("unmatched where reason = 'late' and outcome = 'ticket'")
            .await,
        1
    );
    world.books_are_equal().await;
    // Whoever guesses is slowed down.
    let mut slowed = None;
    for number in 0..40 {
        slowed = claim(&world, 8, &format!("GUESS000{number:02}"), PHONE).await;
        if slowed == Some(NotClaimed::TooMany) {
            break;
        }
    }
    assert_eq!(slowed, Some(NotClaimed::TooMany));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_a_ticket_that_nobody_was_online_with_the_payer_is_told_the_code(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = reports::Site::new(&world, world.shop.site);
    let ticket = reports::bought(&world).await;
    let code = delivered(&world, 1).await.remove(0).code;
    let now = world.app.clock.now();
    site.redeem(&world, ticket, None, now).await;
    let told = async |n: u8, phone: &str| {
        let claimed = claimed(&world, n, "NLJ7RT61SV", phone).await;
        (claimed.refusal, claimed.code)
    };
    let unknown = (Some(NotClaimed::Unknown), None);
    assert_eq!(told(2, "254708374150").await, unknown);
    // A site that does not read the code says what it always said.
    let spent = Some(NotClaimed::Spent);
    assert_eq!(told(2, PHONE).await, (spent, Some(code.clone())));
    // At another site, which has never heard of the ticket.
    let provider = world.shop.provider;
    let second = fleet::create::create(&world.app, provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let said = Claim {
        receipt: "NLJ7RT61SV".to_owned(),
        phone: PHONE.parse().unwrap(),
        site: second,
        mac: mac(3),
        deadline: now.plus_secs(30),
    };
    let got = crate::payments::hand::claim::claim(&world.app, provider, &said).await;
    let Err(NoClaim::Unstarted(known)) = got else {
        panic!("{got:?}")
    };
    assert_eq!(known.as_str(), code);
    let rows = world.feed(second).await;
    let is_there =
        |row: &Row| matches!(row, Row::Ticket(row) if row.ticket == ticket && row.taken.is_some());
    assert!(rows.iter().any(is_there));
    // Back at the first, which has it no more although its code was used there.
    assert_eq!(told(3, PHONE).await, (spent, Some(code.clone())));
    let rows = world.feed(world.shop.site).await;
    let is_back = |row: &Row| matches!(row, Row::Ticket(row) if row.ticket == ticket);
    assert!(rows.iter().any(is_back));
    // Once the router has let somebody through with it, it is used.
    site.confirm(&world, ticket, now).await;
    assert_eq!(told(4, PHONE).await, (spent, None));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_slip_of_the_finger_is_sent_back_before_the_money_moves(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false)
        .await
        .replace("confirmation", "validation");
    let code = place(&world, 1, None).await.account.unwrap();
    let slip = code.replace(&code[7..], if code.ends_with('9') { "0" } else { "9" });
    let stranger = path.replacen(path.split('/').nth(4).unwrap(), &"0".repeat(32), 1);
    for (path, reference, amount, says) in [
        (&path, code.as_str(), "50.00", "0"),
        (&path, slip.as_str(), "50.00", "C2B00012"),
        (&path, code.as_str(), "45.00", "C2B00013"),
        // What is not ours is not judged: other things are paid to the same number.
        (&path, "SMAMA1234567", "45.00", "0"),
        (&path, "DUKA LA MAMA", "45.00", "0"),
        (&path, "", "45.00", "0"),
        (&stranger, slip.as_str(), "50.00", "0"),
    ] {
        let body = confirmation("RKL51ZDR4F", reference, "2547 ***** 149", amount);
        let (status, _, answer) = world.send(Method::POST, path, None, body).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(answer["ResultCode"], says, "{reference} {amount}");
    }
    assert_eq!(world.count("callbacks").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn m_pesa_is_answered_in_the_documented_bytes(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let confirming = open_till(&world, false).await;
    let validating = confirming.replace("confirmation", "validation");
    for (path, reference, documented) in [
        (
            validating.as_str(),
            "MAMA",
            r#"{"ResultCode":"0","ResultDesc":"Accepted"}"#,
        ),
        (
            validating.as_str(),
            "D1234567",
            r#"{"ResultCode":"C2B00012","ResultDesc":"Rejected"}"#,
        ),
        (
            confirming.as_str(),
            "MAMA",
            r#"{"ResultCode":0,"ResultDesc":"Success"}"#,
        ),
    ] {
        let body = confirmation("RKL51ZDR4F", reference, "2547 ***** 149", "50.00");
        let mut request = Request::post(path)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        let source = SocketAddr::from(([192, 0, 2, 1], 4000));
        request.extensions_mut().insert(ConnectInfo(source));
        let response = world.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "application/json");
        let said = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&said), documented);
    }
}

/// What M-PESA is told of a slip of the finger in a device's code, asked from an address.
async fn said_of_a_slip(world: &World, path: &str, source: [u8; 4]) -> Value {
    let body = confirmation("RKL51ZDR4F", "D1234567", "2547 ***** 149", "50.00");
    let request = Request::post(path).body(Body::from(body)).unwrap();
    let (status, _, mut answer) = world.send_from(source, request).await;
    assert_eq!(status, StatusCode::OK);
    answer["ResultCode"].take()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_tries_codes_hears_of_so_many_slips_and_then_that_all_is_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false)
        .await
        .replace("confirmation", "validation");
    // From as many addresses as one likes.
    let tried = async || {
        let mut told = 0;
        for n in 0..100 {
            let said = said_of_a_slip(&world, &path, [203, 0, 113, n]).await;
            assert!(said == "C2B00012" || said == "0", "{said}");
            told += u32::from(said == "C2B00012");
        }
        told
    };
    assert_eq!(tried().await, 60);
    world.app.clock.advance(Duration::from_secs(60));
    assert_eq!(tried().await, 30);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_only_the_rails_addresses_are_believed_nobody_else_tries_codes(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--daraja-source-check", "enforce"]).await;
    let path = open_till(&world, false)
        .await
        .replace("confirmation", "validation");
    assert_eq!(said_of_a_slip(&world, &path, [203, 0, 113, 9]).await, "0");
    let rails = [196, 201, 212, 69];
    assert_eq!(said_of_a_slip(&world, &path, rails).await, "C2B00012");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_that_is_named_while_its_money_is_told_of_brings_its_voucher(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let provider = world.shop.provider;
    // As a claim does that found no money and is not committed yet.
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    crate::payments::unmatched::store::lock_receipt(&mut tx, "RKL51ZDR41")
        .await
        .unwrap();
    let code = store::code(
        &mut tx,
        &world.app,
        provider,
        (world.shop.site, mac(1)),
        &store::Wanted::default(),
        world.app.clock.now(),
    )
    .await
    .unwrap()
    .unwrap();
    let named = ("RKL51ZDR41", PHONE.parse().unwrap());
    store::keep_claim(&mut tx, provider, &code, named)
        .await
        .unwrap();
    let body = confirmation("RKL51ZDR41", "MAMA", "2547 ***** 149", "50.00");
    let (status, ..) = world.send(Method::POST, &path, None, body).await;
    assert_eq!(status, StatusCode::OK);
    let committed = async {
        let waits = "pg_locks where locktype = 'advisory' and not granted
                     and database = (select oid from pg_database where datname = current_database())";
        while world.count(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
    };
    futures_util::future::join(world.work(), committed).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.count("unmatched").await, 0);
    world.books_are_equal().await;
}

/// A device is given money while the rail says of its prompt that it was paid: it stands in the books once.
async fn is_given_while_its_prompt_is_asked_about(world: &World, n: u8, is_queued: bool) {
    let provider = world.shop.provider;
    let phone = format!("25470837415{n}");
    let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
    let now = world.app.clock.now();
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: format!("RKL51ZDR4{n}"),
        payer: PaidBy::Number(phone.parse().unwrap()),
        reference: None,
        payment: None,
        site: None,
        at: now,
        paid_at: now,
    };
    if is_queued {
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        take(&world.app, &mut tx, provider, &arrived).await.unwrap();
        tx.commit().await.unwrap();
    }
    let payer = Payer {
        site: world.shop.site,
        mac: mac(n),
        plan: None,
        phone: phone.parse().ok(),
    };
    // Given, and not committed yet.
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let settled = settle_in(&world.app, &mut tx, provider, &payer, &arrived, None)
        .await
        .unwrap();
    assert!(matches!(settled, Settled::Bought(_)), "{settled:?}");
    let is_done = AtomicBool::new(false);
    let asking = async {
        let paid = Evidence::Query(Outcome::Paid);
        let done = apply(&world.app, provider, begun.payment, &paid, None).await;
        is_done.store(true, Ordering::Relaxed);
        done.unwrap()
    };
    let committed = async {
        let waits = "pg_locks l join pg_stat_activity a on a.pid = l.pid
                     where not l.granted and a.datname = current_database()";
        while !is_done.load(Ordering::Relaxed) && world.count(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
    };
    let (done, ()) = futures_util::future::join(asking, committed).await;
    assert_eq!(done, Some(Decision::Flag(Flag::ReceiptTaken)));
    assert_eq!(world.status(begun.payment).await, "failed:expired");
    assert_eq!(delivered(world, n).await.len(), 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_a_device_is_given_while_its_prompt_is_asked_about_is_counted_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    open_till(&world, true).await;
    is_given_while_its_prompt_is_asked_about(&world, 1, true).await;
    is_given_while_its_prompt_is_asked_about(&world, 2, false).await;
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(world.count("ledger where debit = 'till'").await, 2);
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    world.books_are_equal().await;
}
