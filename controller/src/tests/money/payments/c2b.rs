//! Confirmations of payments by hand beside our own.

use super::hand::{confirmation, open_till, told};
use super::*;
use crate::rails::daraja::eat;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_c2b_confirmation_of_our_own_payment_is_counted_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let registered = crate::payments::hand::open(
        &world.app,
        world.shop.provider,
        providers::c2b::Choice::USUAL,
        Actor::Command,
    )
    .await
    .unwrap();
    assert_eq!(registered, crate::rails::daraja::Registered::Now);
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap().to_owned();
    crate::config::callback_fault(address.trim_start_matches("http://")).unwrap();
    let secret = address.rsplit('/').nth(1).unwrap().to_owned();
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let reference = world.daraja.seen("stkpush/v1/").pop().unwrap()["AccountReference"]
        .as_str()
        .unwrap()
        .to_owned();
    let confirmation = |id: &str, shortcode: &str, reference: &str| {
        json!({"TransactionType": "Pay Bill", "TransID": id, "TransTime": "20270115110130", "TransAmount": "50.00", "BusinessShortCode": shortcode,
               "BillRefNumber": reference, "MSISDN": "2547 ***** 149", "FirstName": "NICHOLAS"})
        .to_string()
        .into_bytes()
    };
    let path = format!("/api/pay/{}/{secret}/confirmation", world.shop.provider);
    let bodies = [
        (
            // Money that came to a number nobody set here is somebody's all the same.
            confirmation("RKL51ZDR40", "600000", &reference),
            "unmatched",
            1,
        ),
        (confirmation("RKL51ZDR4X", "174371", "MAMA"), "unmatched", 2),
        (b"{}".to_vec(), "unreadable", 1),
        (
            confirmation("RKL51ZDR4F", "174371", &reference.to_lowercase()),
            "success",
            1,
        ),
        (
            confirmation("RKL51ZDR4F", "174371", &reference),
            "nothing",
            1,
        ),
    ];
    for (body, outcome, count) in bodies {
        let (status, ..) = world.send(Method::POST, &path, None, body).await;
        assert_eq!(status, StatusCode::OK);
        world.work().await;
        assert_eq!(
            world
                .count(&format!("callbacks where outcome = '{outcome}'"))
                .await,
            count,
            "{outcome}"
        );
    }
    world
        .call_back(&world.daraja.secret(), success(1, "RKL51ZDR4F"))
        .await;
    world.work().await;
    world.books_are_equal().await;
    assert_eq!(
        world
            .count("payments where status = 'success' and settled_by = 'c2b'")
            .await,
        1
    );
    // Settled by a query, it learns its receipt from the confirmation.
    world.daraja.outcome("0");
    let second = world
        .begin(world.shop.ask(2, "254708374152"))
        .await
        .unwrap();
    let reference = world.daraja.seen("stkpush/v1/").pop().unwrap()["AccountReference"]
        .as_str()
        .unwrap()
        .to_owned();
    world.daraja.outcome("0");
    // Payment and check each wait for their turn: the gateway counts questions.
    world.pass(18).await;
    world.pass(12).await;
    assert_eq!(world.status(second.payment).await, "success");
    world
        .send(
            Method::POST,
            &path,
            None,
            confirmation("RKL51ZDR5F", "174371", &reference),
        )
        .await;
    world.work().await;
    assert_eq!(
        world
            .count("payments where external_txn_id = 'RKL51ZDR5F'")
            .await,
        1
    );
    let (status, _, body) = world
        .send(
            Method::POST,
            &path.replace("confirmation", "validation"),
            None,
            b"{}".to_vec(),
        )
        .await;
    assert_eq!(
        (status, body["ResultCode"].as_str()),
        (StatusCode::OK, Some("0"))
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_till_names_no_account_so_its_confirmation_waits_for_the_receipt(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
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
    crate::payments::hand::open(
        &world.app,
        world.shop.provider,
        providers::c2b::Choice::USUAL,
        Actor::Command,
    )
    .await
    .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let secret = asked["ConfirmationURL"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .nth(1)
        .unwrap()
        .to_owned();
    let path = format!("/api/pay/{}/{secret}/confirmation", world.shop.provider);
    let confirm_from = async |receipt: &str, payer: &str| {
        let time = eat::digits(world.app.clock.now());
        // Some gateways put something where a till has no account.
        let body = json!({"TransactionType": "Buy Goods", "TransID": receipt, "TransTime": time, "TransAmount": "50.00",
                          "BusinessShortCode": "9876543", "BillRefNumber": "N/A", "MSISDN": payer});
        world
            .send(Method::POST, &path, None, body.to_string().into_bytes())
            .await;
        world.work().await;
    };
    let confirm = async |receipt: &str| confirm_from(receipt, "25470****149").await;
    // The check on the prompt before may take the first turn.
    let until_asked = async || {
        (0..3).for_each(|_| world.daraja.outcome("0"));
        for _ in 0..6 {
            world.pass(12).await;
        }
    };
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    confirm("RKL51ZDR4F").await;
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    world
        .call_back(&world.daraja.secret(), success(1, "RKL51ZDR4F"))
        .await;
    world.work().await;
    world.pass(30).await;
    assert_eq!(world.count("callbacks where outcome = 'nothing'").await, 1);
    // A prompt whose callback is lost: the question settles it, and only its confirmation has the receipt.
    world.pass(120).await;
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    confirm("RKL51ZDR6Y").await;
    until_asked().await;
    let settled = "payments where settled_by = 'query' and external_txn_id = 'RKL51ZDR6Y'";
    assert_eq!(world.count(settled).await, 1);
    assert_eq!(world.count("callbacks where outcome = 'receipt'").await, 1);
    // Of two that were paid either is as good, and one of long ago is none.
    world.pass(120).await;
    for (n, phone) in [(3, "254701374149"), (4, "254702374149")] {
        world.begin(world.shop.ask(n, phone)).await.unwrap();
        until_asked().await;
    }
    assert_eq!(
        world
            .count("payments where settled_by = 'query' and external_txn_id is null")
            .await,
        2
    );
    confirm_from("RKL51ZDR7Z", "254****149").await;
    assert_eq!(
        world
            .count("payments where external_txn_id = 'RKL51ZDR7Z' and msisdn = '254701374149'")
            .await,
        1
    );
    // A mask that shows nothing is nobody's.
    confirm_from("RKL51ZDR7Y", "****").await;
    confirm_from("RKL51ZDR8A", "25470****150").await;
    world.pass(600).await;
    confirm_from("RKL51ZDR9B", "254701374149").await;
    world.pass(600).await;
    assert_eq!(
        world.count("callbacks where outcome = 'unmatched'").await,
        3
    );
    // Money that nobody was asked for stays for a person.
    confirm("RKL51ZDR5X").await;
    world.pass(240).await;
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    world.pass(60).await;
    assert_eq!(
        world.count("callbacks where outcome = 'unmatched'").await,
        4
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn at_a_busy_till_the_prompt_of_whoever_paid_is_found_among_all(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    for n in 1..=101 {
        let phone = format!("2547123{n:05}");
        world.begin(world.shop.ask(n, &phone)).await.unwrap();
        // A site asks for no more in a minute than come in one.
        world.app.clock.advance(Duration::from_secs(1));
    }
    let last = world.begin(world.shop.ask(102, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let body = confirmation("RKL51ZDR4F", "", "2547 ***** 149", "50.00");
    let body = String::from_utf8(body).unwrap();
    let body = body.replace("20270115110130", &eat::digits(world.app.clock.now()));
    told(&world, &path, body.into_bytes()).await;
    for _ in 0..6 {
        world.pass(60).await;
    }
    assert_eq!(world.count("unmatched").await, 0, "it waits for its prompt");
    world.call_back(&secret, success(102, "RKL51ZDR4F")).await;
    world.work().await;
    assert_eq!(world.status(last.payment).await, "success");
    world.pass(60).await;
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
}
