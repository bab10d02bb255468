//! What holds of every payment: one receipt, one ticket, one business.

use super::*;

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

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_provider_may_have_the_rail_asked_about_a_prompts_confirmation_as_well(
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
    let path = hand::open_till(&world, false).await;
    let account = || -> String {
        let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
        pushed["AccountReference"].as_str().unwrap().to_owned()
    };
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.daraja.query(500, "");
    world.daraja.outcome("0");
    let body = hand::confirmation("NLJ7RT61SV", &account(), "2547 ***** 149", "50.00");
    hand::told(&world, &path, body).await;
    assert_eq!(world.daraja.queries(), 1, "the rail is asked at once");
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    for _ in 0..3 {
        world.pass(30).await;
    }
    assert_eq!(world.status(begun.payment).await, "success");
    let receipt: Option<String> = read(&world.app, "select external_txn_id from payments").await;
    assert_eq!(receipt.as_deref(), Some("NLJ7RT61SV"));
    assert_eq!(world.count("callbacks where handled_at is null").await, 0);
    // The rail says no: the money is somebody's all the same, and a person says what becomes of it.
    let second = world
        .begin(world.shop.ask(2, "254708374152"))
        .await
        .unwrap();
    world.daraja.outcome("1032");
    let body = hand::confirmation("NLJ7RT61SW", &account(), "2547 ***** 149", "50.00");
    hand::told(&world, &path, body).await;
    for _ in 0..2 {
        world.pass(30).await;
    }
    assert_eq!(world.status(second.payment).await, "failed:cancelled");
    assert_eq!(
        world.flag(second.payment).await.as_deref(),
        Some("contrary")
    );
    let waits = "unmatched where receipt = 'NLJ7RT61SW' and closed_at is null";
    assert_eq!(world.count(waits).await, 1);
    assert_eq!(world.count("callbacks where handled_at is null").await, 0);
    world.books_are_equal().await;
    let found = crate::reports::books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(found.wrong, []);
}
