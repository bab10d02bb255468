//! Pull: what was paid in the last two days.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn pull_lists_two_days() {
    let mut world = World::automatic().await;
    let token = world.token().await;
    let registration = json!({"ShortCode": "174379", "RequestType": "Pull", "NominatedNumber": "0722000000", "CallBackURL": world.receiver});
    let (_, body) = world
        .post_as(&token, "/pulltransactions/v1/register", &registration)
        .await;
    assert_eq!(
        (&body["ResponseStatus"], &body["ResponseDescription"]),
        (&json!("1000"), &json!("Shortcode Registered Successfully"))
    );
    let (_, body) = world
        .post_as(&token, "/pulltransactions/v1/register", &registration)
        .await;
    assert_eq!(body["ResponseStatus"], "1001");
    world.push(10).await;
    world.callbacks.recv().await.unwrap();
    let token = world.token().await;
    let question = |offset: &str| json!({"ShortCode": "174379", "StartDate": "2026-11-20 8:36:00", "EndDate": "2026-11-24 10:10:00", "OffSetValue": offset});
    let (_, body) = world
        .post_as(&token, "/pulltransactions/v1/query", &question("0"))
        .await;
    assert_eq!(body["ResponseCode"], "1000");
    assert_eq!(
        body["Response"][0]["transactionId"],
        json!(world.daraja.ledger()[0].receipt)
    );
    assert_eq!(body["Response"][0]["amount"], "10.00");
    let got = world
        .http
        .get(format!("{}/pulltransactions/v1/query", world.daraja.url()))
        .bearer_auth(&token)
        .json(&question("1"))
        .send()
        .await
        .unwrap();
    let none: Value = got.json().await.unwrap();
    assert_eq!(
        (&none["ResponseCode"], &none["Response"]),
        (&json!("1001"), &json!("[[]]"))
    );
    world.daraja.advance(Duration::from_secs(48 * 3_600 + 1));
    let token = world.token().await;
    let (_, body) = world
        .post_as(&token, "/pulltransactions/v1/query", &question("0"))
        .await;
    assert_eq!(body["ResponseCode"], "1001", "two days have gone by");
    assert_eq!(
        world
            .post_as("stale", "/pulltransactions/v1/query", &question("0"))
            .await
            .1["errorCode"],
        "401.001"
    );
}
