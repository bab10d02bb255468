//! The documented samples, byte for byte: order of fields, spelling, numbers that are text and text that is numbers.
//! Ids differ each time, so a `*` stands for one.

use mnara_tests::sim::daraja::{Answer, App, HandPayment};
use serde_json::{Value, json};

use super::world::{PHONE, PUSH, World};

const QUERY: &str = "/mpesa/stkpushquery/v1/query";

#[track_caller]
fn assert_written(text: &str, sample: &str) {
    let mut pieces = sample.split('*');
    let mut rest = text
        .strip_prefix(pieces.next().unwrap())
        .unwrap_or_else(|| panic!("{text}\nis not\n{sample}"));
    for piece in pieces {
        let (id, after) = rest
            .split_once(piece)
            .filter(|_| !piece.is_empty())
            .unwrap_or_else(|| panic!("{text}\nis not\n{sample}"));
        assert!(
            !id.is_empty() && !id.contains('"'),
            "{text}\nis not\n{sample}"
        );
        rest = after;
    }
    assert_eq!(rest, "", "{text}\nis not\n{sample}");
}

#[tokio::test]
async fn tokens_and_refusals() {
    let world = World::hand().await;
    let app = App::sandbox_paybill();
    let asked = format!(
        "{}/oauth/v1/generate?grant_type=client_credentials",
        world.daraja.url()
    );
    let answer = world
        .http
        .get(asked)
        .basic_auth(&app.consumer_key, Some(&app.consumer_secret))
        .send()
        .await
        .unwrap();
    assert_written(
        &answer.text().await.unwrap(),
        r#"{"access_token":"*","expires_in":"3599"}"#,
    );
    let token = world.token().await;
    let mut order = world.order(10);
    order["BusinessShortCode"] = json!("1");
    let (_, text) = world.post_text(&token, PUSH, &order).await;
    assert_written(
        &text,
        r#"{"requestId":"*-4*-*-*","errorCode":"400.002.02","errorMessage":"Bad Request - Invalid BusinessShortCode"}"#,
    );
}

#[tokio::test]
async fn a_push_and_its_query() {
    let world = World::hand().await;
    world.daraja.tune(|knobs| knobs.query_per_minute = None);
    let token = world.token().await;
    let (_, text) = world.post_text(&token, PUSH, &world.order(10)).await;
    assert_written(
        &text,
        r#"{"MerchantRequestID":"*-4*-*-*","CheckoutRequestID":"ws_CO_22112026120000000708374149","ResponseCode":"0","ResponseDescription":"Success. Request accepted for processing","CustomerMessage":"Success. Request accepted for processing"}"#,
    );
    let accepted: Value = serde_json::from_str(&text).unwrap();
    let merchant = accepted["MerchantRequestID"].as_str().unwrap();
    let question = world.question("ws_CO_22112026120000000708374149");
    let (status, text) = world.post_text(&token, QUERY, &question).await;
    assert_eq!(status, 500);
    assert_written(
        &text,
        r#"{"requestId":"*-4*-*-*","errorCode":"500.001.1001","errorMessage":"The transaction is being processed"}"#,
    );
    world.daraja.answer(PHONE, &Answer::Accept).unwrap();
    let (_, text) = world.post_text(&token, QUERY, &question).await;
    assert_eq!(
        text,
        format!(
            r#"{{"ResponseCode":"0","ResponseDescription":"The service request has been accepted successsfully","MerchantRequestID":"{merchant}","CheckoutRequestID":"ws_CO_22112026120000000708374149","ResultCode":"0","ResultDesc":"The service request is processed successfully."}}"#
        )
    );
}

#[tokio::test]
async fn c2b_from_registration_to_confirmation() {
    let mut world = World::automatic().await;
    world.daraja.tune(|knobs| knobs.c2b_validation = true);
    let token = world.token().await;
    let base = world.receiver.split("/callback").next().unwrap();
    let registration = json!({"ShortCode": "174379", "ResponseType": "Completed", "ConfirmationURL": format!("{base}/confirmation"), "ValidationURL": format!("{base}/validation")});
    let path = "/mpesa/c2b/v2/registerurl";
    let (_, text) = world.post_text(&token, path, &registration).await;
    assert_written(
        &text,
        r#"{"OriginatorCoversationID":"*-4*-*-*","ResponseCode":"0","ResponseDescription":"Success"}"#,
    );
    let (status, text) = world.post_text(&token, path, &registration).await;
    assert_eq!(status, 500);
    assert_written(
        &text,
        r#"{"requestId":"*-4*-*-*","errorCode":"500.003.1001","errorMessage":"Urls are already registered."}"#,
    );
    let simulation = json!({"ShortCode": 174379, "CommandID": "CustomerPayBillOnline", "Amount": 1, "Msisdn": 254708374149_i64, "BillRefNumber": "x"});
    let (_, text) = world
        .post_text(&token, "/mpesa/c2b/v2/simulate", &simulation)
        .await;
    assert_written(
        &text,
        r#"{"OriginatorCoversationID":"*-4*-*-*","ResponseCode":"0","ResponseDescription":"Accept the service request successfully."}"#,
    );
    let written = |balance: &str| {
        format!(
            r#"{{"TransactionType":"Pay Bill","TransID":"UKM*","TransTime":"20261122120000","TransAmount":"1.00","BusinessShortCode":"174379","BillRefNumber":"x","InvoiceNumber":"","OrgAccountBalance":"{balance}","ThirdPartyTransID":"","MSISDN":"25470****149","FirstName":"NICHOLAS","MiddleName":"","LastName":""}}"#
        )
    };
    let validation = world.callbacks.recv().await.unwrap();
    assert_eq!(validation.path, "/validation");
    assert_written_but_mask(&validation.body, &written(""));
    let confirmation = world.callbacks.recv().await.unwrap();
    assert_eq!(confirmation.path, "/confirmation");
    assert_written_but_mask(&confirmation.body, &written("1.00"));
}

/// The mask of a phone is made of the sign that stands for an id here.
#[track_caller]
fn assert_written_but_mask(text: &str, sample: &str) {
    let plain = |text: &str| text.replace("****", "....");
    assert_written(&plain(text), &plain(sample));
}

#[tokio::test]
async fn a_till_takes_no_reference() {
    let mut world = World::automatic().await;
    let till = App::sandbox_till();
    let token = world.token_of(&till).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let base = world.receiver.split("/callback").next().unwrap();
    let registration = json!({"ShortCode": "600991", "ResponseType": "Completed", "ConfirmationURL": format!("{base}/confirmation"), "ValidationURL": format!("{base}/validation")});
    let path = "/mpesa/c2b/v2/registerurl";
    assert_eq!(world.post_as(&token, path, &registration).await.0, 200);
    for shortcode in ["600990", "600991"] {
        let by_hand = HandPayment {
            shortcode: shortcode.into(),
            msisdn: PHONE.into(),
            amount: 5,
            reference: "typed".into(),
        };
        world.daraja.pay_by_hand(by_hand).await.unwrap();
        let told = world.callbacks.recv().await.unwrap().json();
        assert_eq!(
            (&told["TransactionType"], &told["BillRefNumber"]),
            (&json!("Buy Goods"), &json!(""))
        );
    }
}

#[tokio::test]
async fn acknowledgements_of_what_is_answered_later() {
    let world = World::hand().await;
    let token = world.token().await;
    let base = world.receiver.split("/callback").next().unwrap();
    let status = json!({
        "Initiator": "testapiuser", "SecurityCredential": "Zm9v", "CommandID": "TransactionStatusQuery",
        "TransactionID": "NEF61H8J60", "PartyA": "174379", "IdentifierType": "4", "Remarks": "OK", "Occasion": "OK",
        "ResultURL": format!("{base}/result"), "QueueTimeOutURL": format!("{base}/late"),
    });
    let (_, text) = world
        .post_text(&token, "/mpesa/transactionstatus/v1/query", &status)
        .await;
    assert_written(
        &text,
        r#"{"OriginatorConversationID":"*-*-1","ConversationID":"AG_20261122_*","ResponseCode":"0","ResponseDescription":"Accept the service request successfully."}"#,
    );
    let reversal = json!({
        "Initiator": "apiop37", "SecurityCredential": "Zm9v", "CommandID": "TransactionReversal",
        "TransactionID": "PDU91HIVIT", "Amount": "200", "ReceiverParty": "174379", "RecieverIdentifierType": "11",
        "Remarks": "Payment reversal", "ResultURL": format!("{base}/result"), "QueueTimeOutURL": format!("{base}/late"),
    });
    let (_, text) = world
        .post_text(&token, "/mpesa/reversal/v1/request", &reversal)
        .await;
    assert_written(
        &text,
        r#"{"OriginatorConversationID":"*-4*-*-*","ConversationID":"AG_20261122_*","ResponseCode":"0","ResponseDescription":"Accept the service request successfully."}"#,
    );
}

#[tokio::test]
async fn pull_of_what_was_paid() {
    let mut world = World::automatic().await;
    let token = world.token().await;
    let registration = json!({"ShortCode": "174379", "RequestType": "Pull", "NominatedNumber": "0722000000", "CallBackURL": world.receiver});
    let path = "/pulltransactions/v1/register";
    for (status, words) in [
        ("1000", "Shortcode Registered Successfully"),
        ("1001", "Shortcode already Registered"),
    ] {
        let (_, text) = world.post_text(&token, path, &registration).await;
        assert_written(
            &text,
            &format!(
                r#"{{"ResponseRefID":"*-*-4*-*-*","ResponseStatus":"{status}","ShortCode":"174379","ResponseDescription":"{words}"}}"#
            ),
        );
    }
    world.push(168).await;
    world.callbacks.recv().await.unwrap();
    let token = world.token().await;
    // The documents' own sample writes three digits of seconds.
    let question = json!({"ShortCode": "174379", "StartDate": "2026-11-22 8:36:00", "EndDate": "2026-11-22 23:10:000", "OffSetValue": "0"});
    let row = r#"{"transactionId":"UKM*","trxDate":"2026-11-22T09:00:00Z","msisdn":254708374149,"transactiontype":"c2b-pay-bill-debit","billreference":"S123","amount":"168.00","organizationname":"MNARA WIFI"}"#;
    for nested in [false, true] {
        world.daraja.tune(|knobs| knobs.pull_nested = nested);
        let (_, text) = world
            .post_text(&token, "/pulltransactions/v1/query", &question)
            .await;
        let rows = if nested {
            format!("[[{row}]]")
        } else {
            format!("[{row}]")
        };
        assert_written(
            &text,
            &format!(
                r#"{{"ResponseRefID":"*-*-4*-*-*","ResponseCode":"1000","ResponseMessage":"Success","Response":{rows}}}"#
            ),
        );
    }
}
