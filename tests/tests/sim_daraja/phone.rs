//! The prompt on the phone: answers, its minute, its lock, and the rule against paying the same twice.

use std::time::Duration;

use mnara_tests::sim::daraja::{Act, Answer, Code, Lock, Script};
use serde_json::json;

use super::world::{PHONE, PUSH, STAMP, World};

#[tokio::test]
async fn every_answer_of_a_person_becomes_its_result() {
    let mut world = World::hand().await;
    let answers = [
        (Answer::Accept, json!(0)),
        (Answer::WrongPin, json!(2001)),
        (Answer::Cancel, json!(1032)),
        (Answer::Ignore, json!(1037)),
        (Answer::NoMoney, json!(1)),
        (
            Answer::Code(Code::Text("SFC_IC0003".into())),
            json!("SFC_IC0003"),
        ),
        (Answer::Code(Code::Number(8006)), json!(8006)),
    ];
    for (at, (answer, code)) in answers.into_iter().enumerate() {
        let accepted = world.push(10 + i64::try_from(at).unwrap()).await;
        world.daraja.await_prompt(PHONE).await.unwrap();
        world.daraja.answer(PHONE, &answer).unwrap();
        let called = world.callbacks.recv().await.unwrap();
        let callback = &called.json()["Body"]["stkCallback"];
        assert_eq!(callback["ResultCode"], code);
        assert_eq!(callback["CheckoutRequestID"], accepted["CheckoutRequestID"]);
        assert_eq!(callback["MerchantRequestID"], accepted["MerchantRequestID"]);
        assert_eq!(callback.get("CallbackMetadata").is_some(), code == json!(0));
        assert!(
            world.daraja.answer(PHONE, &answer).is_err(),
            "a prompt is answered once"
        );
    }
}

#[tokio::test]
async fn a_prompt_lives_sixty_seconds() {
    let mut world = World::hand().await;
    let accepted = world.push(10).await;
    let prompt = world.daraja.await_prompt(PHONE).await.unwrap();
    world.daraja.advance(Duration::from_millis(59_999));
    assert!(
        world
            .daraja
            .payment(&prompt.checkout_request_id)
            .unwrap()
            .is_live()
    );
    world.daraja.advance(Duration::from_millis(1));
    let ended = world
        .daraja
        .await_end(accepted["CheckoutRequestID"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(ended.code, Code::Number(1037));
    let called = world.callbacks.recv().await.unwrap();
    assert_eq!(
        called.json()["Body"]["stkCallback"]["ResultDesc"],
        "No response from user."
    );
}

#[tokio::test]
async fn one_phone_holds_one_prompt() {
    let mut world = World::hand().await;
    world.push(10).await;
    let token = world.token().await;
    let (status, body) = world.post_as(&token, PUSH, &world.order(20)).await;
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.001.1001")));
    assert!(
        body["errorMessage"]
            .as_str()
            .unwrap()
            .starts_with("Unable to lock subscriber")
    );
    let other = world.order_at(20, "254110000000", STAMP);
    assert_eq!(world.post_as(&token, PUSH, &other).await.0, 200);

    world.daraja.tune(|knobs| knobs.lock = Lock::EndSecond);
    world.push(20).await;
    assert_eq!(world.next_code().await, json!(1001));
    assert_eq!(world.daraja.await_prompt(PHONE).await.unwrap().amount, 10);

    world.daraja.tune(|knobs| knobs.lock = Lock::EndFirst);
    world.push(30).await;
    assert_eq!(world.next_code().await, json!(1037));
    assert_eq!(world.daraja.await_prompt(PHONE).await.unwrap().amount, 30);
}

#[tokio::test]
async fn the_same_amount_twice_in_two_minutes_is_limited() {
    let mut world = World::automatic().await;
    world.push(10).await;
    assert_eq!(world.next_code().await, json!(0));
    world.push(10).await;
    assert_eq!(world.next_code().await, json!(17));
    world.push(11).await;
    assert_eq!(world.next_code().await, json!(0));
    world.daraja.advance(Duration::from_secs(120));
    let order = world.order_at(10, PHONE, "20261122120200");
    world.push_order(&order).await;
    assert_eq!(world.next_code().await, json!(0));
}

#[tokio::test]
async fn a_failed_payment_can_succeed_later() {
    let mut world = World::hand().await;
    world.daraja.script_next(Script {
        late_success_ms: Some(300_000),
        prompt: Some(Act::NoAnswer),
        ..Script::default()
    });
    world.push(10).await;
    world.daraja.await_prompt(PHONE).await.unwrap();
    world.daraja.advance(Duration::from_secs(60));
    assert_eq!(world.next_code().await, json!(1037));
    world.daraja.advance(Duration::from_secs(300));
    assert_eq!(world.next_code().await, json!(0));
    assert_eq!(world.daraja.ledger().len(), 1);
}
