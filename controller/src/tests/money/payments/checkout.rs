//! A prompt is asked for: who may, how often, and what is refused.

use mnara_protocol::message::NotPromptedAnswer;

use super::*;
use crate::ratelimit::{Act, By};
use crate::tests::sites::reports;

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
        "insert into provider_rights (provider_id, due_at, restricted_from, changed_at) values ($1, $2, $3, $2)",
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
            by_sms: None,
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
async fn a_customer_over_the_sites_limit_is_sent_to_no_prompt(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let limits = &world.app.limits;
    let by = By::Site(world.shop.site);
    while limits.check(Act::Checkout, by).is_ok() {}
    let question = Question::Checkout(CheckoutQuestion {
        attempt: attempt(1),
        plan: world.shop.plan.id,
        revision: world.shop.plan.revision,
        price: world.shop.plan.price,
        phone: PHONE.to_owned(),
        mac: mac(1),
        deadline: world.app.clock.now().plus_secs(30),
        by_sms: None,
    });
    let site = reports::Site::new(&world, world.shop.site);
    let ask = crate::dispatch::DISPATCH.ask;
    let answer = ask(&world.app, &site.0, attempt(1), question)
        .await
        .unwrap();
    assert_eq!(
        answer,
        Answer::NotPrompted(NotPromptedAnswer {
            reason: PayFailure::Busy,
            retry_secs: Some(1)
        })
    );
    assert_eq!(world.daraja.pushes(), 0);
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
        (400, fault("400.002.02", "Bad Request - Invalid PhoneNumber"), PayFailure::NoMpesa),
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
        7
    );
    assert_eq!(
        world
            .count("payments where failure = 'no-mpesa' and flag is null")
            .await,
        1,
        "a customer's wrong number is not the business's trouble"
    );
}
