//! What is told or done of money when it is over: it was dealt with, or its voucher ran out.

use super::credit::{free, in_queue, paid};
use super::*;
use crate::payments::unmatched::credit::make_over;

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_told_again_of_money_that_is_dealt_with_takes_no_credit(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    member(&world, Role::Owner, 1).await;
    let actor = somebody(&world).await;
    let give = async |id: String| {
        let id = id.parse().unwrap();
        make_over(&world.app, (world.shop.provider, actor), id, None, false)
            .await
            .unwrap();
    };
    give(in_queue(&world, &till, "AAAAAAAA01", PHONE, "20.00").await).await;
    let first = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), callback(1, json!(1037), None))
        .await;
    world.work().await;
    // Another spends its credit, and it is paid after all.
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), paid(2, "AAAAAAAA02", 30))
        .await;
    world.work().await;
    let told = async || {
        let evidence = Evidence::Query(Outcome::Paid);
        let (app, provider) = (&world.app, world.shop.provider);
        apply(app, provider, first.payment, &evidence, None)
            .await
            .unwrap();
    };
    told().await;
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched where closed_at is null";
    give(read(&world.app, sql).await).await;
    // As much is free by now as it once held, and more.
    for _ in 0..2 {
        told().await;
        assert_eq!(free(&world, PHONE).await, 3_000);
        assert_balanced(&world, "told again").await;
    }
    assert!(world.status(first.payment).await.starts_with("failed"));
    assert_eq!(world.count("tickets").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_came_late_and_whose_voucher_ran_out_unused_is_not_sent_and_becomes_credit(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.app.clock.advance(Duration::from_secs(2 * DAY));
    world.work().await;
    world.call_back(&secret, success(1, "AAAAAAAA01")).await;
    world.work().await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/payments/unmatched").await.page();
    let late = format!("/payments/unmatched/{}", waiting(&page)[0]);
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update tickets set sell_by = $1")
        .bind(crate::db::At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let got = owner.post(&format!("{late}/ticket"), &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("nobody used it"), "{}", got.text);
    assert_eq!(world.count("unmatched where closed_at is null").await, 1);
    owner.post(&format!("{late}/credit"), &[]).await.onward();
    assert_eq!(free(&world, PHONE).await, 5_000);
    assert_eq!(world.count("tickets where revoked_at is not null").await, 1);
    assert_eq!(balance(&world, "tickets").await, 0);
    assert_balanced(&world, "credited").await;
}
