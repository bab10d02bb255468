//! What callbacks, answers and silence prove, in any order.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_lost_push_answer_stays_open_and_its_callback_settles(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.daraja.push(504, "");
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    assert_eq!(
        world
            .count("payments where push = 'unknown' and status = 'pending'")
            .await,
        1
    );
    let again = world.begin(world.shop.ask(2, PHONE)).await;
    assert!(
        matches!(again, Err(NotBegun::NotAsked(PayFailure::OtherPrompt, _))),
        "never blindly again: {again:?}"
    );
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_callback_before_the_push_answer_settles(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let gate = world.daraja.hold_pushes();
    let overtaken = async {
        while world.daraja.pushes() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            world
                .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
                .await,
            StatusCode::OK
        );
        world.work().await;
        world.books_are_equal().await;
        assert_eq!(world.count("payments where status = 'success'").await, 1);
        gate.add_permits(1);
    };
    let (begun, ()) =
        futures_util::future::join(world.begin(world.shop.ask(1, PHONE)), overtaken).await;
    assert_eq!(world.status(begun.unwrap().payment).await, "success");
    world.pass(60).await;
    world.books_are_equal().await;
    assert_eq!(world.count("payments where push = 'accepted'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_push_that_fails_after_its_callback_came_is_no_failure(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let locked = r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"Unable to lock subscriber, a transaction is already in process for the current subscriber"}"#;
    for (n, (status, body)) in (1_u8..).zip([(504, ""), (500, locked)]) {
        world.daraja.push(status, body);
        let gate = world.daraja.hold_pushes();
        let before = world.daraja.pushes();
        let receipt = format!("NLJ7RT61S{n}");
        let overtaken = async {
            while world.daraja.pushes() == before {
                tokio::task::yield_now().await;
            }
            world
                .call_back(&world.daraja.secret(), success(n.into(), &receipt))
                .await;
            world.work().await;
            gate.add_permits(1);
        };
        let phone = format!("25470837415{n}");
        let (begun, ()) =
            futures_util::future::join(world.begin(world.shop.ask(n, &phone)), overtaken).await;
        assert_eq!(world.status(begun.unwrap().payment).await, "success");
        world.books_are_equal().await;
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_rail_that_repeats_its_ids_is_told_apart_by_the_secrets(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (merchant, checkout) = ids(1);
    let answer =
        json!({"MerchantRequestID": merchant, "CheckoutRequestID": checkout, "ResponseCode": "0"});
    let mut secrets = Vec::new();
    let mut payments = Vec::new();
    for n in 1..=2 {
        world.daraja.push(200, &answer.to_string());
        let phone = format!("25470837415{n}");
        payments.push(
            world
                .begin(world.shop.ask(n, &phone))
                .await
                .unwrap()
                .payment,
        );
        secrets.push(world.daraja.secret());
    }
    world.call_back(&secrets[1], success(1, "NLJ7RT61SV")).await;
    world.work().await;
    assert_eq!(world.status(payments[0]).await, "pending");
    assert_eq!(world.status(payments[1]).await, "success");
    world.call_back(&secrets[0], success(1, "NLJ7RT61SW")).await;
    world.work().await;
    assert_eq!(world.status(payments[0]).await, "success");
    world.books_are_equal().await;
    // Another business sees nothing of it, and its own payment is paid all the same.
    let other = business(&world.app, 2).await;
    world.daraja.push(200, &answer.to_string());
    let begun = begin(&world.app, other.provider, other.ask(3, "254708374153"))
        .await
        .unwrap();
    let path = format!("/api/pay/{}/{}", other.provider, world.daraja.secret());
    world
        .send(Method::POST, &path, None, success(1, "NLJ7RT61SX"))
        .await;
    world.work().await;
    let paid = format!(
        "payments where id = '{}' and status = 'success'",
        begun.payment.uuid()
    );
    assert_eq!(world.count(&paid).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn paying_twice_in_panic_is_two_tickets_and_a_second_receipt_is_looked_at(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let first = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.app.clock.advance(Duration::from_secs(121));
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(2, "NLJ7RT61SX"))
        .await;
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    assert_eq!(world.count("tickets").await, 2, "nothing paid is lost");
    world.call_back(&secret, success(1, "NLJ7RT61SY")).await;
    world.work().await;
    assert_eq!(
        world.flag(first.payment).await.as_deref(),
        Some("second-receipt")
    );
    assert_eq!(world.count("tickets").await, 2);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_success_for_other_ids_than_ours_settles_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(7, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.flag(begun.payment).await.as_deref(), Some("ids"));
    assert_eq!(world.daraja.queries(), 1, "the rail is asked");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_wrong_set_up_is_shown_to_people_however_the_rail_tells_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let asked = world
        .begin(world.shop.ask(1, "254708374151"))
        .await
        .unwrap();
    world
        .call_back(
            &world.daraja.secret(),
            callback(1, json!("SFC_IC0003"), None),
        )
        .await;
    world.work().await;
    assert_eq!(world.flag(asked.payment).await.as_deref(), Some("setup"));
    world.daraja.push(
        500,
        r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"Merchant does not exist"}"#,
    );
    world
        .begin(world.shop.ask(2, "254708374152"))
        .await
        .unwrap_err();
    assert_eq!(world.count("payments where flag = 'setup'").await, 2);
    let full = world
        .begin(world.shop.ask(4, "254708374154"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    world.call_back(&secret, callback(2, json!(8), None)).await;
    world.work().await;
    assert_eq!(world.flag(full.payment).await.as_deref(), Some("full"));
    world.pass(18).await;
    // A code of a query that nobody has documented is looked at too, and the payment waits on.
    let odd = world
        .begin(world.shop.ask(3, "254708374153"))
        .await
        .unwrap();
    world.daraja.outcome("31337");
    world.pass(18).await;
    assert_eq!(world.status(odd.payment).await, "pending");
    assert_eq!(world.flag(odd.payment).await.as_deref(), Some("code"));
    world.daraja.outcome("0");
    world.pass(15).await;
    assert_eq!(world.status(odd.payment).await, "success");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_success_that_tells_no_receipt_settles_and_learns_it_later(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let odd = callback(1, json!(0), Some(("no receipt!", json!(50.00))));
    world.call_back(&secret, odd).await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count("tickets").await, 1);
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    assert_eq!(
        world
            .count("payments where external_txn_id = 'NLJ7RT61SV'")
            .await,
        1
    );
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_query_does_not_deny_what_the_callback_told_before_it_was_asked(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    // A success without an amount proves nothing by itself, so the rail is asked, and denies it.
    world
        .call_back(&world.daraja.secret(), callback(1, json!(0), None))
        .await;
    // That the rail is still at it takes nothing from the word of the callback.
    for code in ["4999", "1032", "1032", "1032"] {
        world.daraja.outcome(code);
    }
    world.work().await;
    world.pass(60).await;
    assert!(world.daraja.queries() >= 2);
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.count("payments where flag = 'contrary'").await, 1);
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_success_after_a_failure_is_honoured_and_a_failure_after_a_success_is_not(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world
        .call_back(&secret, callback(1, json!(1037), None))
        .await;
    world.work().await;
    assert_eq!(
        told(&world, 1).await,
        CheckoutState::Failed(PayFailure::NoAnswer)
    );
    let asked = world.daraja.queries();
    world.pass(15 * 60).await;
    assert!(
        world.daraja.queries() > asked,
        "a prompt that ran out stays in the sweep"
    );
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    world
        .call_back(&secret, callback(1, json!(1032), None))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.flag(begun.payment).await.as_deref(), Some("contrary"));
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_query_that_contradicts_a_success_flags_and_never_flips(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    world.daraja.outcome("1032");
    world.pass(18).await;
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.flag(begun.payment).await.as_deref(), Some("contrary"));
    assert_eq!(world.count("jobs").await, 0);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn each_failure_is_told_as_what_it_was(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let codes = [
        (json!(2001), PayFailure::WrongPin),
        (json!(1032), PayFailure::Cancelled),
        (json!("1037"), PayFailure::NoAnswer),
        (json!(1), PayFailure::NoMoney),
        (json!(1019), PayFailure::Expired),
        (json!("SFC_IC0003"), PayFailure::ProviderSetup),
        (json!(2028), PayFailure::ProviderSetup),
    ];
    for (n, (code, why)) in (1_u8..).zip(codes) {
        world
            .begin(world.shop.ask(n, &format!("25470837415{n}")))
            .await
            .unwrap();
        world
            .call_back(
                &world.daraja.secret(),
                callback(n.into(), code.clone(), None),
            )
            .await;
        world.work().await;
        assert_eq!(told(&world, n).await, CheckoutState::Failed(why), "{code}");
    }
    assert_eq!(world.count("tickets").await, 0);
    assert_eq!(world.count("live_prompts").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_undocumented_code_and_a_wrong_amount_are_asked_about(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let odd = world
        .begin(world.shop.ask(1, "254708374151"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), callback(1, json!(424_242), None))
        .await;
    world.work().await;
    assert_eq!(world.daraja.queries(), 1, "the rail is asked at once");
    world.app.clock.advance(Duration::from_secs(1));
    let short = world
        .begin(world.shop.ask(2, "254708374152"))
        .await
        .unwrap();
    world
        .call_back(
            &world.daraja.secret(),
            callback(2, json!(0), Some(("NLJ7RT61SV", json!(1)))),
        )
        .await;
    world.daraja.outcome("1032");
    world.work().await;
    assert_eq!(world.status(odd.payment).await, "pending");
    assert_eq!(world.flag(odd.payment).await.as_deref(), Some("code"));
    assert_eq!(world.flag(short.payment).await.as_deref(), Some("amount"));
    assert_eq!(
        world.status(short.payment).await,
        "failed:cancelled",
        "the rail had the word, not the callback"
    );
    world.books_are_equal().await;
}
