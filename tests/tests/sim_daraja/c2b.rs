//! C2B: registration, validation, confirmation.

use std::time::Duration;

use mnara_tests::sim::daraja::{DeliveryKind, HandPayment};
use serde_json::json;

use super::world::{PHONE, World, assert_shape};

#[tokio::test]
async fn a_paid_push_raises_a_c2b_confirmation_on_a_registered_shortcode() {
    let mut world = World::automatic().await;
    let (status, body) = world.register_c2b("v2", "Completed").await;
    assert_eq!(
        (status, &body["ResponseDescription"]),
        (200, &json!("Success"))
    );
    assert_shape(
        &body,
        &[
            "OriginatorCoversationID",
            "ResponseCode",
            "ResponseDescription",
        ],
    );
    let (status, body) = world.register_c2b("v2", "Completed").await;
    assert_eq!(
        (status, &body["errorCode"], &body["errorMessage"]),
        (
            500,
            &json!("500.003.1001"),
            &json!("Urls are already registered.")
        )
    );
    world.push(10).await;
    let first = world.callbacks.recv().await.unwrap();
    let second = world.callbacks.recv().await.unwrap();
    let (callback, confirmation) = if first.path.starts_with("/callback") {
        (first, second)
    } else {
        (second, first)
    };
    let receipt =
        callback.json()["Body"]["stkCallback"]["CallbackMetadata"]["Item"][1]["Value"].clone();
    let confirmation = confirmation.json();
    assert_eq!(confirmation["TransID"], receipt);
    assert_eq!(confirmation["BillRefNumber"], "S123");
    assert_eq!(confirmation["TransAmount"], "10.00");
    assert_eq!(confirmation["MSISDN"], "25470****149");
}

#[tokio::test]
async fn c2b_version_one_hashes_the_phone() {
    let mut world = World::automatic().await;
    let (status, wrong) = world.register_c2b("v1", "Completed ").await;
    assert_eq!(
        (status, &wrong["errorCode"], &wrong["errorMessage"]),
        (
            400,
            &json!("400.003.02"),
            &json!("Bad Request - Invalid ResponseType")
        )
    );
    assert_eq!(world.register_c2b("v1", "Completed").await.0, 200);
    let token = world.token().await;
    let simulation = json!({"ShortCode": 174379, "CommandID": "CustomerPayBillOnline", "Amount": 1, "Msisdn": 254708374149_i64, "BillRefNumber": "x"});
    assert_eq!(
        world
            .post_as(&token, "/mpesa/c2b/v2/simulate", &simulation)
            .await
            .0,
        200
    );
    let called = world.callbacks.recv().await.unwrap();
    // What `sha256sum` says of the twelve digits of the phone.
    let digest = "bbff37cea44ac0b2d964ee0dfb8d2df8513dc7ba1b36129a929fc3fbd6dd4af4";
    assert_eq!(called.json()["MSISDN"], digest);
}

#[tokio::test]
async fn validation_decides_within_eight_seconds() {
    let mut world = World::automatic().await;
    world.register_c2b("v2", "Cancelled").await;
    world.daraja.tune(|knobs| knobs.c2b_validation = true);
    let by_hand = || HandPayment {
        shortcode: "174379".into(),
        msisdn: PHONE.into(),
        amount: 5,
        reference: "D1".into(),
    };

    world
        .answer
        .set(r#"{"ResultCode":"C2B00012","ResultDesc":"Rejected"}"#);
    assert_eq!(
        world.daraja.pay_by_hand(by_hand()).await.unwrap_err().code,
        "C2B00012"
    );
    assert_eq!(
        world.callbacks.recv().await.unwrap().json()["OrgAccountBalance"],
        ""
    );

    world
        .answer
        .set(r#"{"ResultCode":"0","ResultDesc":"Accepted","ThirdPartyTransID":"our-7"}"#);
    let receipt = world.daraja.pay_by_hand(by_hand()).await.unwrap();
    assert_eq!(world.callbacks.recv().await.unwrap().path, "/validation");
    let confirmed = world.callbacks.recv().await.unwrap();
    assert_eq!(confirmed.path, "/confirmation");
    assert_eq!(confirmed.json()["TransID"], json!(receipt));
    assert_eq!(confirmed.json()["ThirdPartyTransID"], "our-7");
    assert_eq!(confirmed.json()["OrgAccountBalance"], "5.00");

    world.answer.stall();
    let paying = async { world.daraja.pay_by_hand(by_hand()).await };
    let waiting = async {
        world.callbacks.recv().await.unwrap();
        world.daraja.clock().advance(Duration::from_secs(8));
    };
    let (paid, ()) = tokio::join!(paying, waiting);
    assert!(
        paid.is_err(),
        "no answer on a shortcode registered as Cancelled"
    );
    assert_eq!(world.daraja.ledger().len(), 1);
    let sent = world.daraja.deliveries();
    let last = sent.last().unwrap();
    assert_eq!(
        (last.kind, last.status, last.answer.as_str()),
        (DeliveryKind::Validation, None, "no answer within 8s")
    );
}

#[tokio::test]
async fn silence_completes_a_payment_where_it_was_registered_so() {
    let mut world = World::automatic().await;
    world.register_c2b("v2", "Completed").await;
    world.daraja.tune(|knobs| knobs.c2b_validation = true);
    world.answer.set_status(500, "broken");
    let by_hand = HandPayment {
        shortcode: "174379".into(),
        msisdn: PHONE.into(),
        amount: 5,
        reference: "D1".into(),
    };
    let receipt = world.daraja.pay_by_hand(by_hand).await.unwrap();
    assert_eq!(world.callbacks.recv().await.unwrap().path, "/validation");
    let confirmed = world.callbacks.recv().await.unwrap();
    assert_eq!(confirmed.json()["TransID"], json!(receipt));
}
