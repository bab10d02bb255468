//! Selling: what begins a payment, and every way it can end. One test for each thing real users hit.

use mnara_protocol::message::{
    Answer, CheckoutQuestion, CheckoutState, PayFailure, Question, RefusedAnswer, Row,
};

use super::*;
use crate::payments::confirm::apply;
use crate::payments::settle::{Decision, Evidence, Flag, Outcome};
use crate::payments::sweep::ASK;

/// The newest word the site has of a try.
async fn told(world: &World, n: u8) -> CheckoutState {
    let rows = world.feed(world.shop.site).await;
    rows.into_iter()
        .find_map(|row| match row {
            Row::Checkout(row) if row.attempt == attempt(n) => Some(row.state),
            _ => None,
        })
        .unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_paid_prompt_is_one_ticket_on_its_way_to_the_device(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    assert_eq!(told(&world, 1).await, CheckoutState::Pending);
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    assert_eq!(
        (pushed["Amount"].as_str(), pushed["PhoneNumber"].as_str()),
        (Some("50"), Some(PHONE))
    );
    assert_eq!(
        world
            .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
            .await,
        StatusCode::OK
    );
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
    let rows = world.feed(world.shop.site).await;
    let ticket = rows.iter().find_map(|row| match row {
        Row::Ticket(row) => Some(row),
        _ => None,
    });
    let ticket = ticket.unwrap();
    assert_eq!(ticket.deliver_to, Some(mac(1)));
    assert_eq!(ticket.attempt, Some(attempt(1)));
    assert_eq!(
        (ticket.price, ticket.right.terms),
        (world.shop.plan.price, world.shop.plan.terms)
    );
    assert_eq!(told(&world, 1).await, CheckoutState::Paid(ticket.ticket));
    let receipt: String = read(&world.app, "select external_txn_id from payments").await;
    assert_eq!(receipt, "NLJ7RT61SV");
    assert_eq!(
        world.count("live_prompts").await,
        0,
        "the phone is free again"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_is_asked_when_nothing_can_be_sold(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let draft = Draft {
        price: Money::from_shillings(60),
        ..hour()
    };
    let changed = plans::edit::change(app, shop.provider, shop.plan.id, &draft, Actor::Command)
        .await
        .unwrap();
    match world.begin(shop.ask(1, PHONE)).await {
        Err(NotBegun::PlanChanged(plan)) => assert_eq!(
            (plan.price, plan.revision),
            (changed.price, changed.revision)
        ),
        other => panic!("{other:?}"),
    }
    let seen = Some((changed.revision, changed.price));
    let late = Ask {
        deadline: Some(app.clock.now()),
        seen,
        ..shop.ask(2, PHONE)
    };
    assert!(matches!(world.begin(late).await, Err(NotBegun::Late)));
    let hidden = Draft {
        on_sale: false,
        ..draft
    };
    plans::edit::change(app, shop.provider, shop.plan.id, &hidden, Actor::Command)
        .await
        .unwrap();
    assert!(matches!(
        world
            .begin(Ask {
                seen,
                ..shop.ask(3, PHONE)
            })
            .await,
        Err(NotBegun::NoPlan)
    ));
    let mut tx = app.db.tenant(shop.provider).await.unwrap();
    sqlx::query(
        "insert into provider_subscriptions (id, provider_id, status, start_date, expiry_date, amount, created_at)
         values ($1, $1, 'expired', $2, $3, 0, $2)",
    )
    .bind(shop.provider.uuid())
    .bind(crate::db::At(app.clock.now().plus_secs(-7200)))
    .bind(crate::db::At(app.clock.now().plus_secs(-3600)))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(
        world.begin(shop.ask(4, PHONE)).await,
        Err(NotBegun::Closed)
    ));
    assert_eq!(world.daraja.pushes(), 0);
    assert_eq!(world.count("payments").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn one_try_is_one_payment_and_one_prompt_however_often_it_is_asked(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let gate = world.daraja.hold_pushes();
    let tries = (0..3).map(|_| world.begin(world.shop.ask(1, PHONE)));
    gate.add_permits(8);
    let begun = futures_util::future::join_all(tries).await;
    let mut payments: Vec<_> = begun
        .into_iter()
        .map(|begun| begun.unwrap().payment)
        .collect();
    payments.push(world.begin(world.shop.ask(1, PHONE)).await.unwrap().payment);
    payments.dedup();
    assert_eq!(payments.len(), 1);
    assert_eq!(world.daraja.pushes(), 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_number_that_is_none_is_refused_and_nobody_waits_for_an_answer(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = reports::Site::new(&world, world.shop.site);
    for phone in ["", "254", "0712x45678", "254912345678"] {
        let question = Question::Checkout(CheckoutQuestion {
            attempt: attempt(1),
            plan: world.shop.plan.id,
            revision: world.shop.plan.revision,
            price: world.shop.plan.price,
            phone: phone.to_owned(),
            mac: mac(1),
            deadline: world.app.clock.now().plus_secs(30),
        });
        let ask = crate::dispatch::DISPATCH.ask;
        let answer = ask(&world.app, &site.0, attempt(1), question)
            .await
            .unwrap();
        assert_eq!(answer, Answer::Refused(RefusedAnswer { late: false }));
    }
    assert_eq!(world.count("payments").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn double_tap_is_one_call_to_daraja_and_a_second_push_waits_for_the_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let (one, two) = futures_util::future::join(
        world.begin(world.shop.ask(1, PHONE)),
        world.begin(world.shop.ask(2, PHONE)),
    )
    .await;
    let refused = |begun: &Result<Begun, NotBegun>| {
        matches!(
            begun,
            Err(NotBegun::NotAsked(PayFailure::OtherPrompt, Some(_)))
        )
    };
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert!(refused(&one) || refused(&two));
    let elsewhere = begin(&world.app, other.provider, other.ask(3, PHONE)).await;
    assert!(
        refused(&elsewhere),
        "one live prompt a phone on the whole platform: {elsewhere:?}"
    );
    assert_eq!(world.daraja.pushes(), 1);
    world.app.clock.advance(Duration::from_secs(120));
    world.begin(world.shop.ask(4, PHONE)).await.unwrap();
    assert_eq!(world.daraja.pushes(), 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_phone_has_so_many_tries(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    for n in 1..=3 {
        world.daraja.push(500, r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"Unable to lock subscriber, a transaction is already in process for the current subscriber"}"#);
        let begun = world.begin(world.shop.ask(n, PHONE)).await;
        assert!(
            matches!(
                begun,
                Err(NotBegun::NotAsked(PayFailure::OtherPrompt, Some(_)))
            ),
            "it is said when to try again: {begun:?}"
        );
    }
    assert!(matches!(
        world.begin(world.shop.ask(4, PHONE)).await,
        Err(NotBegun::TooMany(_))
    ));
    assert_eq!(world.daraja.pushes(), 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_refused_push_is_told_at_once_and_frees_the_phone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let fault = |code: &str, message: &str| {
        json!({"requestId": "1", "errorCode": code, "errorMessage": message}).to_string()
    };
    let shapes = [
        (400, fault("400.002.02", "Bad Request - Invalid Amount"), PayFailure::ProviderSetup),
        (500, fault("500.001.1001", "Wrong credentials"), PayFailure::ProviderSetup),
        (500, fault("500.001.1001", "Merchant does not exist"), PayFailure::ProviderSetup),
        (500, fault("500.003.03", "Quota Violation"), PayFailure::Busy),
        (429, r#"{"fault":{"faultstring":"Spike arrest violation","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#.to_owned(), PayFailure::Busy),
        (403, "<html>no</html>".to_owned(), PayFailure::Busy),
    ];
    for (n, (status, body, why)) in (1_u8..).zip(shapes) {
        world.daraja.push(status, &body);
        let phone = format!("25470837415{n}");
        match world.begin(world.shop.ask(n, &phone)).await {
            Err(NotBegun::NotAsked(found, _)) => assert_eq!(found, why, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
        assert_eq!(told(&world, n).await, CheckoutState::Failed(why));
    }
    assert_eq!(world.count("live_prompts").await, 0);
    assert_eq!(
        world
            .count("payments where status = 'failed' and push = 'refused'")
            .await,
        6
    );
}

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
async fn a_question_too_many_is_put_again_soon_and_not_counted(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    for _ in 0..12 {
        world.daraja.query(429, "");
    }
    world.daraja.outcome("0");
    world.pass(18).await;
    for _ in 0..11 {
        assert_eq!(world.status(begun.payment).await, "pending");
        world.pass(12).await;
    }
    world.pass(12).await;
    assert_eq!(world.daraja.queries(), 13);
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count("payments where queries = 1").await, 1);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn callbacks_that_never_arrive_are_made_up_by_asking(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.daraja.outcome("0");
    world.pass(17).await;
    assert_eq!(world.daraja.queries(), 0);
    world.pass(1).await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
    let receipt: Option<String> = read(&world.app, "select external_txn_id from payments").await;
    assert_eq!(receipt, None);
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let receipt: Option<String> = read(&world.app, "select external_txn_id from payments").await;
    assert_eq!(
        receipt.as_deref(),
        Some("NLJ7RT61SV"),
        "a late callback fills the receipt in"
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn answers_that_say_nothing_are_not_failures(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.daraja.query(400, r#"{"requestId":"1","errorCode":"400.002.02","errorMessage":"Bad Request - Invalid CheckoutRequestID"}"#);
    world.daraja.outcome("4999");
    world.daraja.query(500, r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"The transaction is being processed"}"#);
    world.daraja.query(429, r#"{"fault":{"faultstring":"Spike arrest violation","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#);
    world.daraja.outcome("0");
    for (asked, pause) in [18, 10, 15, 25].into_iter().enumerate() {
        world.pass(pause).await;
        assert_eq!(
            (
                world.daraja.queries(),
                world.status(begun.payment).await.as_str()
            ),
            (asked + 1, "pending")
        );
    }
    world.pass(30).await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn silence_ends_after_a_day_and_a_later_success_is_honoured(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    for _ in 0..24 * 4 - 1 {
        world.pass(15 * 60).await;
        assert_eq!(world.status(begun.payment).await, "pending");
    }
    world.pass(30 * 60).await;
    assert_eq!(world.status(begun.payment).await, "failed:no-answer");
    let asked = world.daraja.queries();
    assert!((90..110).contains(&asked), "{asked} questions in a day");
    assert_eq!(world.count("jobs").await, 0, "nobody asks for ever");
    world.pass(3 * 86_400).await;
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    world.books_are_equal().await;
    let rows = world.feed(world.shop.site).await;
    assert!(
        rows.iter()
            .any(|row| matches!(row, Row::Ticket(row) if row.deliver_to.is_none())),
        "it waits as an unstarted ticket"
    );
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn one_receipt_pays_once_on_the_whole_platform(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world
        .begin(world.shop.ask(1, "254708374151"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let other = business(&world.app, 2).await;
    let second = begin(&world.app, other.provider, other.ask(2, "254708374152"))
        .await
        .unwrap();
    world.daraja.outcome("1032");
    world
        .call_back(&world.daraja.secret(), success(2, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(
        world.flag(second.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.status(second.payment).await, "failed:cancelled");
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_provider_may_have_the_rail_asked_before_anything_is_granted(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update providers set confirm_by_query = true")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.daraja.query(500, "");
    world.daraja.outcome("0");
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "pending");
    world.pass(60).await;
    assert_eq!(world.status(begun.payment).await, "success");
    let receipt: Option<String> = read(&world.app, "select external_txn_id from payments").await;
    assert_eq!(receipt.as_deref(), Some("NLJ7RT61SV"));
    world.books_are_equal().await;
    // The rail says paid for one whose noted receipt is another payment's: it is granted once, without the receipt, and looked at.
    let second = world
        .begin(world.shop.ask(2, "254708374152"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), success(2, "NLJ7RT61SV"))
        .await;
    world.daraja.outcome("0");
    world.pass(1).await;
    assert_eq!(world.status(second.payment).await, "success");
    assert_eq!(
        world.flag(second.payment).await.as_deref(),
        Some("receipt-taken")
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_bought_is_given_whatever_the_plan_is_by_then(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let mut draft = Draft {
        price: Money::from_shillings(500),
        on_sale: false,
        ..hour()
    };
    draft.terms.duration_secs = Some(60);
    plans::edit::change(
        &world.app,
        world.shop.provider,
        world.shop.plan.id,
        &draft,
        Actor::Command,
    )
    .await
    .unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let (secs, hours): (i64, i32) = {
        let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
        sqlx::query_as("select duration_secs, duration_hours from tickets")
            .fetch_one(&mut *tx)
            .await
            .unwrap()
    };
    assert_eq!((secs, hours), (3600, 1));
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_the_process_died_over_is_asked_about(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let gate = world.daraja.hold_pushes();
    {
        // Whoever asked goes away in the middle; the call goes on without it.
        let begin = world.begin(world.shop.ask(1, PHONE));
        tokio::pin!(begin);
        while world.daraja.pushes() == 0 {
            assert!(futures_util::poll!(&mut begin).is_pending());
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(world.count(&format!("jobs where kind = '{ASK}'")).await, 1);
    gate.add_permits(1);
    world.app.tasks.close();
    while world.count("payments where push = 'accepted'").await == 0 {
        tokio::task::yield_now().await;
    }
    world.daraja.outcome("0");
    world.pass(18).await;
    world.books_are_equal().await;
    assert_eq!(world.count("payments where status = 'success'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_account_that_does_not_open_is_the_providers_to_mend(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update providers set mpesa_passkey = 'damaged'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let begun = world.begin(world.shop.ask(1, PHONE)).await;
    assert!(
        matches!(begun, Err(NotBegun::NotAsked(PayFailure::ProviderSetup, _))),
        "{begun:?}"
    );
    assert_eq!(
        told(&world, 1).await,
        CheckoutState::Failed(PayFailure::ProviderSetup)
    );
    assert_eq!(world.daraja.pushes(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_c2b_confirmation_of_our_own_payment_is_counted_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let registered = providers::c2b::register(&world.app, world.shop.provider)
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
            confirmation("RKL51ZDR40", "600000", &reference),
            "other-shortcode",
        ),
        (confirmation("RKL51ZDR4X", "174371", "MAMA"), "unmatched"),
        (b"{}".to_vec(), "unreadable"),
        (
            confirmation("RKL51ZDR4F", "174371", &reference.to_lowercase()),
            "success",
        ),
        (confirmation("RKL51ZDR4F", "174371", &reference), "nothing"),
    ];
    for (body, outcome) in bodies {
        let (status, ..) = world.send(Method::POST, &path, None, body).await;
        assert_eq!(status, StatusCode::OK);
        world.work().await;
        assert_eq!(
            world
                .count(&format!("callbacks where outcome = '{outcome}'"))
                .await,
            1,
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
    providers::c2b::register(&world.app, world.shop.provider)
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
        let body = json!({"TransactionType": "Buy Goods", "TransID": receipt, "TransTime": "20270115110130", "TransAmount": "50.00",
                          "BusinessShortCode": "9876543", "BillRefNumber": "", "MSISDN": payer});
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
    // Of two nobody can tell, and one of long ago is none.
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
async fn evidence_for_another_tenants_payment_does_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let decision = apply(
        &world.app,
        other.provider,
        begun.payment,
        &Evidence::Query(Outcome::Paid),
        None,
    )
    .await
    .unwrap();
    assert_eq!(decision, None);
    assert_eq!(world.status(begun.payment).await, "pending");
    let decision = apply(
        &world.app,
        world.shop.provider,
        begun.payment,
        &Evidence::Query(Outcome::Failed(PayFailure::Cancelled)),
        None,
    )
    .await
    .unwrap();
    assert_ne!(decision, Some(Decision::Flag(Flag::Contrary)));
}
