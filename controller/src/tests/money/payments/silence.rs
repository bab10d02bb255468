//! What is asked when nothing is told, and what silence comes to.

use std::time::Duration;

use mnara_protocol::ids::AccountId;

use super::*;
use crate::db::{At, Reason, RowId as _};
use crate::payments::store::silent;

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
async fn a_crowd_that_fell_silent_is_told_its_places_by_the_first_that_comes_too_soon(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for number in 0_u8..12 {
        let phone = format!("2547123456{number:02}");
        world.begin(world.shop.ask(number, &phone)).await.unwrap();
        world.daraja.outcome("0");
    }
    world.pass(18).await;
    assert_eq!(world.daraja.queries(), 1);
    // Nobody else has to come to hear that it must wait, and no two come at one time.
    let places = "select count(distinct run_at) from jobs where kind = 'ask-rail' and run_at > $1";
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let places: i64 = sqlx::query_scalar(places)
        .bind(At(world.app.clock.now()))
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(places, 11);
    drop(tx);
    for asked in 2..=12 {
        world.pass(12).await;
        assert_eq!(world.daraja.queries(), asked);
    }
    assert_eq!(world.count("payments where status = 'success'").await, 12);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_was_taken_or_told_meanwhile_is_not_put_off(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for number in 0_u8..3 {
        let phone = format!("2547123456{number:02}");
        world.begin(world.shop.ask(number, &phone)).await.unwrap();
    }
    world.app.clock.advance(Duration::from_secs(18));
    let now = world.app.clock.now();
    let account = read(&world.app, "select account_id from payments limit 1").await;
    let whose = (world.shop.provider, AccountId::from_uuid(account));
    let minute = Duration::from_secs(60);
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let due = silent::due(&mut tx, whose, now, 10).await.unwrap();
    let [taken, told, waiting] = due.as_slice() else {
        panic!("{due:?}");
    };
    // Hands take one and another comes back later, while the crowd is told its places.
    let meanwhile = "update jobs set leased_until = case when id = $1 then $2::timestamptz end,
        run_at = case when id = $1 then run_at else $2 end where id = any($3)";
    let mut other = world.app.db.platform(Reason::Jobs).await.unwrap();
    sqlx::query(meanwhile)
        .bind(taken.job)
        .bind(At(now + minute))
        .bind(vec![taken.job, told.job])
        .execute(&mut *other)
        .await
        .unwrap();
    other.commit().await.unwrap();
    let places = due.iter().map(|one| (one.job, now + 2 * minute));
    let places: Vec<_> = places.collect();
    silent::put_off(&mut tx, &places, now).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    let put_off: Vec<sqlx::types::Uuid> =
        sqlx::query_scalar("select id from jobs where run_at > $1")
            .bind(At(now + minute))
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    assert_eq!(put_off, [waiting.job]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_silent_for_more_than_a_day_is_asked_about_before_it_is_given_up(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for number in 0_u8..4 {
        let phone = format!("2547123456{number:02}");
        world.begin(world.shop.ask(number, &phone)).await.unwrap();
        world.daraja.outcome("0");
    }
    // As when nothing worked for a weekend.
    world.pass(50 * 3_600).await;
    for _ in 0..3 {
        world.pass(12).await;
    }
    assert_eq!(world.daraja.queries(), 4);
    assert_eq!(world.count("payments where status = 'success'").await, 4);
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

/// From now on the shop's keys do not open, and it believes only what it was told when it asked.
async fn damage_keys(world: &World) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update providers set mpesa_passkey = 'damaged', confirm_by_query = true")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_whose_keys_do_not_open_shows_so_and_ends_after_a_day(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    damage_keys(&world).await;
    world.pass(3_600).await;
    assert_eq!(world.status(begun.payment).await, "pending");
    let shown = "jobs where kind = 'ask-rail' and last_error like '%do not open%'";
    assert_eq!(world.count(shown).await, 1);
    world.pass(24 * 3_600).await;
    assert_eq!(world.status(begun.payment).await, "failed:no-answer");
    assert_eq!(world.count("jobs").await, 0, "nobody asks for ever");
    assert_eq!(world.daraja.queries(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_said_to_be_paid_and_cannot_be_asked_about_is_left_to_a_person(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    damage_keys(&world).await;
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.pass(25 * 3_600).await;
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.flag(begun.payment).await.as_deref(), Some("contrary"));
    let asked = "jobs where kind = 'ask-rail' and dead_at is null";
    assert_eq!(world.count(asked).await, 0, "nobody asks for ever");
}
