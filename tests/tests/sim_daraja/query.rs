//! The query: the truth, scripts before the truth, and the pace.

use std::time::Duration;

use mnara_tests::sim::daraja::{Answer, Code, Pending, QueryAnswer, Script};
use serde_json::json;

use super::world::{PHONE, World};

#[tokio::test]
async fn queries_tell_the_truth_as_recorded() {
    let world = World::hand().await;
    world.daraja.tune(|knobs| knobs.query_per_minute = None);
    let (status, body) = world.query("ws_CO_260520211133524545").await;
    assert_eq!(
        (status, &body["errorMessage"]),
        (400, &json!("Bad Request - Invalid CheckoutRequestID"))
    );
    let accepted = world.push(10).await;
    let checkout = accepted["CheckoutRequestID"].as_str().unwrap().to_owned();
    let (status, body) = world.query(&checkout).await;
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.001.1001")));
    assert_eq!(body["errorMessage"], "The transaction is being processed");
    world
        .daraja
        .tune(|knobs| knobs.pending = Pending::StillProcessing);
    assert_eq!(world.query(&checkout).await.1["ResultCode"], "4999");
    world.daraja.answer(PHONE, &Answer::Accept).unwrap();
    let (status, body) = world.query(&checkout).await;
    assert_eq!(status, 200);
    assert_eq!(
        body,
        json!({
            "ResponseCode": "0", "ResponseDescription": "The service request has been accepted successsfully",
            "MerchantRequestID": accepted["MerchantRequestID"], "CheckoutRequestID": checkout,
            "ResultCode": "0", "ResultDesc": "The service request is processed successfully.",
        })
    );
}

#[tokio::test]
async fn queries_follow_their_script_and_then_the_truth() {
    let world = World::automatic().await;
    world.daraja.tune(|knobs| knobs.query_per_minute = None);
    let script = vec![
        QueryAnswer::InvalidCheckoutRequestId,
        QueryAnswer::StillProcessing,
        QueryAnswer::BeingProcessed,
        QueryAnswer::DoesNotExist,
        QueryAnswer::RateLimited,
        QueryAnswer::Code(Code::Number(1032)),
    ];
    world.daraja.script_next(Script {
        query: script,
        ..Script::default()
    });
    let checkout = world.push(10).await["CheckoutRequestID"]
        .as_str()
        .unwrap()
        .to_owned();
    world.daraja.await_end(&checkout).await.unwrap();
    let mut answers = Vec::new();
    for _ in 0..7 {
        let (status, body) = world.query(&checkout).await;
        let told = [
            &body["errorMessage"],
            &body["ResultCode"],
            &body["fault"]["detail"]["errorcode"],
        ];
        answers.push((
            status,
            told.into_iter()
                .find_map(|value| value.as_str())
                .unwrap()
                .to_owned(),
        ));
    }
    let expected = [
        (400, "Bad Request - Invalid CheckoutRequestID"),
        (200, "4999"),
        (500, "The transaction is being processed"),
        (500, "The transaction does not Exist"),
        (429, "policies.ratelimit.SpikeArrestViolation"),
        (200, "1032"),
        (200, "0"),
    ];
    assert_eq!(
        answers,
        expected.map(|(status, told)| (status, told.to_owned()))
    );
}

#[tokio::test]
async fn queries_are_limited_to_five_a_minute() {
    let world = World::automatic().await;
    let checkout = world.push(10).await["CheckoutRequestID"]
        .as_str()
        .unwrap()
        .to_owned();
    world.daraja.await_end(&checkout).await.unwrap();
    assert_eq!(world.query(&checkout).await.0, 200);
    let token = world.token().await;
    let (status, text) = world
        .post_text(
            &token,
            "/mpesa/stkpushquery/v1/query",
            &world.question(&checkout),
        )
        .await;
    assert_eq!(status, 429);
    assert_eq!(
        text,
        r#"{"fault":{"faultstring":"Spike arrest violation. Allowed rate : MessageRate{messagesPerPeriod=5, periodInMicroseconds=60000000, maxBurstMessageCount=1.0}","detail":{"errorcode":"policies.ratelimit.SpikeArrestViolation"}}}"#
    );
    world.daraja.advance(Duration::from_secs(12));
    assert_eq!(world.query(&checkout).await.0, 200);
}

#[tokio::test]
async fn every_end_has_its_code_as_text_and_the_words_of_the_query() {
    let world = World::hand().await;
    world.daraja.tune(|knobs| knobs.query_per_minute = None);
    let ends = [
        (
            Answer::WrongPin,
            "2001",
            "The initiator information is invalid.",
        ),
        (Answer::Cancel, "1032", "Request canceled by user"),
        (Answer::Ignore, "1037", "No response from user."),
        (
            Answer::NoMoney,
            "1",
            "The balance is insufficient for the transaction.",
        ),
        (
            Answer::Code(Code::Text("SFC_IC0003".into())),
            "SFC_IC0003",
            "The operator does not exist.",
        ),
    ];
    for (answer, code, words) in ends {
        let checkout = world.push(10).await["CheckoutRequestID"]
            .as_str()
            .unwrap()
            .to_owned();
        world.daraja.answer(PHONE, &answer).unwrap();
        let (status, body) = world.query(&checkout).await;
        assert_eq!(
            (status, &body["ResultCode"], &body["ResultDesc"]),
            (200, &json!(code), &json!(words))
        );
    }
}

#[tokio::test]
async fn a_query_has_to_come_from_the_shortcode_that_pushed() {
    let world = World::hand().await;
    world.daraja.tune(|knobs| knobs.query_per_minute = None);
    let accepted = world.push(10).await;
    let question = world.question(accepted["CheckoutRequestID"].as_str().unwrap());
    let token = world.token().await;
    let wrong = [
        (
            "BusinessShortCode",
            json!("174378"),
            "Merchant does not exist",
        ),
        ("Timestamp", json!("20261122120001"), "Wrong credentials"),
        ("Password", json!("x"), "Wrong credentials"),
        (
            "CheckoutRequestID",
            json!("ws_CO_1"),
            "Bad Request - Invalid CheckoutRequestID",
        ),
        (
            "Timestamp",
            json!("20261122"),
            "Bad Request - Invalid Timestamp",
        ),
    ];
    for (field, value, words) in wrong {
        let mut question = question.clone();
        question[field] = value;
        let (_, body) = world
            .post_as(&token, "/mpesa/stkpushquery/v1/query", &question)
            .await;
        assert_eq!(body["errorMessage"], words, "{field}");
    }
}
