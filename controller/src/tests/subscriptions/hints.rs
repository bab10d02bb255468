//! What anybody may post to where Pesapal tells us of changes, and that the address is registered once.

use super::*;

const WEBHOOK: &str = "/api/payments/pesapal/webhook";

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_notice_that_counts_its_orders_is_heard_and_echoed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    rail.say(&order, 1);
    let asked = rail.seen("GetTransactionStatus").len();
    let body = json!({"OrderNotificationType": "IPNCHANGE", "OrderTrackingId": 4278, "OrderMerchantReference": order["merchant_reference"]});
    let (status, _, echo) = world
        .send(Method::POST, WEBHOOK, None, body.to_string().into_bytes())
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        echo,
        json!({"orderNotificationType": "IPNCHANGE", "orderTrackingId": "4278",
               "orderMerchantReference": order["merchant_reference"], "status": 200})
    );
    world.work().await;
    assert!(rail.seen("GetTransactionStatus").len() > asked);
    assert_eq!(state(&world, &order).await, "completed");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_no_row_can_hold_is_nobodys_and_acknowledged(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let order = made(&world, &key, &plan, 1).await;
    let lines = world.count("platform_order_messages").await;
    let tracking = order["order_tracking_id"].as_str().unwrap();
    for query in [
        "OrderMerchantReference=%00".to_owned(),
        format!("OrderTrackingId={tracking}&OrderMerchantReference=a%00b"),
        format!("OrderTrackingId={tracking}&OrderNotificationType=IPN%00"),
    ] {
        let path = format!("{WEBHOOK}?{query}");
        let (status, _, echo) = world.send(Method::GET, &path, None, Vec::new()).await;
        assert_eq!((status, &echo["status"]), (StatusCode::OK, &json!(200)));
    }
    let body = r#"{"OrderTrackingId":"x","OrderMerchantReference":"\u0000"}"#;
    let (status, _, echo) = world
        .send(Method::POST, WEBHOOK, None, body.as_bytes().to_vec())
        .await;
    assert_eq!((status, &echo["status"]), (StatusCode::OK, &json!(200)));
    assert_eq!(world.count("platform_order_messages").await, lines);
    drop(rail);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn first_orders_that_come_together_register_the_address_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let orders = [1, 2, 3].map(|n| order(&world, &key, &plan, n));
    for (status, order) in futures_util::future::join_all(orders).await {
        assert_eq!(status, StatusCode::CREATED, "{order}");
    }
    assert_eq!(rail.seen("SubmitOrderRequest").len(), 3);
    assert_eq!(rail.seen("RegisterIPN").len(), 1);
    assert_eq!(world.count("pesapal_addresses").await, 1);
}
