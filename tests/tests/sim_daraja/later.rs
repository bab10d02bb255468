//! Requests that are answered later: transaction status and reversal.

use mnara_tests::sim::daraja::{App, ResultScript};
use serde_json::json;

use super::world::{PHONE, World, assert_shape, parameter};

#[tokio::test]
async fn status_and_reversal_are_acknowledged_and_answered_later() {
    let mut world = World::automatic().await;
    world.push(300).await;
    world.callbacks.recv().await.unwrap();
    let receipt = world.daraja.ledger()[0].receipt.clone();

    let (status, ack) = world.ask_status(&receipt).await;
    assert_eq!(
        (status, &ack["ResponseDescription"]),
        (200, &json!("Accept the service request successfully."))
    );
    assert_shape(
        &ack,
        &[
            "OriginatorConversationID",
            "ConversationID",
            "ResponseCode",
            "ResponseDescription",
        ],
    );
    let called = world.callbacks.recv().await.unwrap();
    assert_eq!(called.path, "/result");
    let result = called.json()["Result"].clone();
    assert_eq!(
        (&result["ResultCode"], &result["ConversationID"]),
        (&json!(0), &ack["ConversationID"])
    );
    assert_eq!(parameter(&result, "TransactionStatus"), json!("Completed"));
    assert_eq!(parameter(&result, "Amount"), json!("300"));
    assert_eq!(parameter(&result, "ReceiptNo"), json!(receipt));

    world.ask_status("NEF61H8J60").await;
    let missing = world.callbacks.recv().await.unwrap().json()["Result"].clone();
    assert_eq!(missing["ResultCode"], "R000002");
    assert!(missing.get("ResultParameters").is_none());

    world
        .daraja
        .script(|scripts| scripts.results.push_back(ResultScript::QueueTimeOut));
    world.ask_status(&receipt).await;
    assert_eq!(world.callbacks.recv().await.unwrap().path, "/late");

    let (_, misspelt) = world.reverse(&receipt, "ReceiverIdentifierType").await;
    assert_eq!(
        misspelt["errorMessage"],
        "Bad Request - Invalid RecieverIdentifierType"
    );
    world.reverse(&receipt, "RecieverIdentifierType").await;
    let reversed = world.callbacks.recv().await.unwrap().json()["Result"].clone();
    assert_eq!(
        (
            &reversed["ResultCode"],
            parameter(&reversed, "OriginalTransactionID")
        ),
        (&json!(0), json!(receipt))
    );
    world.reverse(&receipt, "RecieverIdentifierType").await;
    assert_eq!(
        world.callbacks.recv().await.unwrap().json()["Result"]["ResultCode"],
        "R000001"
    );
    assert!(world.daraja.ledger()[0].reversed);
    let token = world.token_of(&App::sandbox_till()).await["access_token"].clone();
    let (status, body) = world
        .post_as("stale", "/mpesa/transactionstatus/v1/query", &json!({}))
        .await;
    assert_eq!(
        (status, &body["errorCode"]),
        (400, &json!("400.003.01")),
        "{token}"
    );
}

#[tokio::test]
async fn whoever_never_learnt_a_receipt_asks_by_the_conversation() {
    let mut world = World::automatic().await;
    let pushed = world.push(40).await;
    world.callbacks.recv().await.unwrap();
    world.register_c2b("v2", "Completed").await;
    let token = world.token().await;
    let payment = json!({"ShortCode": "174379", "CommandID": "CustomerPayBillOnline", "Amount": 41, "Msisdn": PHONE,
                         "BillRefNumber": "D1"});
    let (_, simulated) = world
        .post_as(&token, "/mpesa/c2b/v2/simulate", &payment)
        .await;
    assert_eq!(world.callbacks.recv().await.unwrap().path, "/confirmation");
    for (id, amount) in [
        (&pushed["MerchantRequestID"], "40"),
        (&simulated["OriginatorCoversationID"], "41"),
    ] {
        let (status, _) = world
            .ask_status_by("OriginalConversationID", id.as_str().unwrap())
            .await;
        assert_eq!(status, 200);
        let result = world.callbacks.recv().await.unwrap().json()["Result"].clone();
        assert_eq!(parameter(&result, "Amount"), json!(amount));
    }
    world
        .ask_status_by("OriginalConversationID", "1236-7134259-1")
        .await;
    let result = world.callbacks.recv().await.unwrap().json()["Result"].clone();
    assert_eq!(result["ResultCode"], "R000002");
}

#[tokio::test]
async fn a_payment_goes_back_whole_or_not_at_all() {
    let mut world = World::automatic().await;
    // What is asked for is 300.
    for amount in [200, 301] {
        world.push(amount).await;
        world.callbacks.recv().await.unwrap();
        let paid = world.daraja.ledger().pop().unwrap();
        assert_eq!(paid.amount, amount);
        world.reverse(&paid.receipt, "RecieverIdentifierType").await;
        let result = world.callbacks.recv().await.unwrap().json()["Result"].clone();
        assert_eq!(result["ResultCode"], "R000002", "{amount}");
    }
    assert!(world.daraja.ledger().iter().all(|one| !one.reversed));
}
