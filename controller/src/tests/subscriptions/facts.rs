//! What real users of Pesapal were hit by, each as a test.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn pending_that_comes_as_an_error_is_no_failure(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    // The recorded answer: HTTP 200, `"status":"500"`, an error, and INVALID in words.
    rail.change(&order, |said| {
        said["payment_status_description"] = json!("INVALID");
        said["status_code"] = json!(0);
        said["confirmation_code"] = json!("");
    });
    for _ in 0..3 {
        tell(&world, &order).await;
        assert_eq!(state(&world, &order).await, "submitted");
    }
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "completed");
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_notice_with_the_tracking_id_of_another_order_settles_nothing_it_does_not_name(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (cheap, dear) = (plan(&world, 10).await, plan(&world, 9_000).await);
    let key = payer(&world).await;
    let paid = made(&world, &key, &cheap, 1).await;
    let open = made(&world, &key, &dear, 2).await;
    rail.say(&paid, 1);
    // Who paid ten shillings names the order for nine thousand.
    let mut forged = open.clone();
    forged["order_tracking_id"] = paid["order_tracking_id"].clone();
    for _ in 0..2 {
        tell(&world, &forged).await;
        world.pass(60).await;
    }
    assert_eq!(state(&world, &open).await, "submitted");
    assert_eq!(world.count("subscription_entries").await, 1);
    let standing = standing(&world.app, world.shop.provider).await.unwrap();
    assert_eq!(standing.plan.unwrap().id, cheap.id);
}
