//! The push request: every field, every refusal, and what becomes of a client that does not hear the answer.

use std::time::Duration;

use mnara_tests::sim::daraja::{Act, Answer, App, Code, Refusal, Reply, Script};
use serde_json::{Value, json};

use super::world::{PHONE, PUSH, STAMP, World, password};

#[tokio::test]
async fn an_accepted_push_is_answered_as_documented() {
    let world = World::hand().await;
    let token = world.token().await;
    let (status, text) = world.post_text(&token, PUSH, &world.order(10)).await;
    assert_eq!(status, 200);
    let body: Value = serde_json::from_str(&text).unwrap();
    let merchant = body["MerchantRequestID"].as_str().unwrap();
    let checkout = body["CheckoutRequestID"].as_str().unwrap();
    assert_eq!(
        text,
        format!(
            r#"{{"MerchantRequestID":"{merchant}","CheckoutRequestID":"{checkout}","ResponseCode":"0","ResponseDescription":"Success. Request accepted for processing","CustomerMessage":"Success. Request accepted for processing"}}"#
        )
    );
    assert_eq!(checkout, "ws_CO_22112026120000000708374149");
    let prompt = world.daraja.await_prompt(PHONE).await.unwrap();
    assert_eq!(
        (prompt.amount, prompt.business.as_str()),
        (10, "MNARA WIFI")
    );
    assert_eq!(world.daraja.counters().pushes[PHONE], 1);
}

#[tokio::test]
async fn each_wrong_field_is_named() {
    let world = World::hand().await;
    let token = world.token().await;
    let wrong = [
        ("BusinessShortCode", json!("12")),
        ("Timestamp", json!("20261122")),
        // The same moment in UTC: three hours off.
        ("Timestamp", json!("20261122090000")),
        ("TransactionType", json!("BusinessBuyGoods")),
        ("Amount", json!("0")),
        ("Amount", json!(1.5)),
        ("Amount", json!("250001")),
        ("PartyA", json!("0708374149")),
        ("PartyB", json!("abc")),
        ("PhoneNumber", json!("+254708374149")),
        ("PhoneNumber", json!("254208374149")),
        ("CallBackURL", json!("https://pay.example/mpesa/x")),
        ("CallBackURL", json!("https://Pay.example/x")),
        ("AccountReference", json!("")),
        ("AccountReference", json!("room 7")),
        ("TransactionDesc", json!("fourteen chars")),
    ];
    for (field, value) in wrong {
        let mut order = world.order(10);
        order[field] = value.clone();
        let (status, body) = world.post_as(&token, PUSH, &order).await;
        assert_eq!(
            (status, &body["errorCode"]),
            (400, &json!("400.002.02")),
            "{field} = {value}"
        );
        assert_eq!(
            body["errorMessage"],
            format!("Bad Request - Invalid {field}")
        );
    }
    let (status, body) = world.post_as(&token, PUSH, &json!([])).await;
    assert_eq!((status, &body["errorCode"]), (400, &json!("400.002.05")));
    // The documents name a wrong content type as a cause of just this refusal.
    let typed = world
        .http
        .post(format!("{}{PUSH}", world.daraja.url()))
        .bearer_auth(&token)
        .header("content-type", "text/plain")
        .body(world.order(10).to_string())
        .send()
        .await
        .unwrap();
    assert_eq!(
        typed.json::<Value>().await.unwrap()["errorMessage"],
        "Bad Request - Invalid BusinessShortCode"
    );
    assert!(world.daraja.payments().is_empty());
    // Clients in wide use send these, so they can be let through.
    world.daraja.tune(|knobs| {
        knobs.timestamp_skew_s = None;
        knobs.plain_references = false;
        knobs.long_descriptions = true;
    });
    let mut order = world.order_at(10, PHONE, "20261122090000");
    order["AccountReference"] = json!("room 7");
    order["TransactionDesc"] = json!("Lipa na mpesa online");
    let (status, _) = world.post_as(&token, PUSH, &order).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn password_and_shortcode_have_to_fit() {
    let world = World::hand().await;
    let token = world.token().await;
    let mut order = world.order(10);
    order["Timestamp"] = json!("20261122120001");
    let (status, body) = world.post_as(&token, PUSH, &order).await;
    assert_eq!(
        (status, &body["errorCode"], &body["errorMessage"]),
        (500, &json!("500.001.1001"), &json!("Wrong credentials"))
    );
    let mut order = world.order(10);
    order["BusinessShortCode"] = json!("174378");
    let (status, body) = world.post_as(&token, PUSH, &order).await;
    assert_eq!(
        (status, &body["errorMessage"]),
        (500, &json!("Merchant does not exist"))
    );
    let bare = world
        .http
        .post(format!(
            "{}/mpesa/stkpush/v1/processrequest",
            world.daraja.url()
        ))
        .json(&world.order(10))
        .send()
        .await
        .unwrap();
    assert_eq!(
        bare.json::<Value>().await.unwrap()["errorCode"],
        "404.001.04"
    );
}

#[tokio::test]
async fn a_till_is_paid_by_its_own_number_and_type() {
    let mut world = World::automatic().await;
    let till = App::sandbox_till();
    let token = world.token_of(&till).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let order = |amount: i64, kind: &str, party: &str| {
        json!({
            "BusinessShortCode": till.shortcode, "Password": password(&till, STAMP), "Timestamp": STAMP,
            "TransactionType": kind, "Amount": amount, "PartyA": PHONE, "PartyB": party, "PhoneNumber": PHONE,
            "CallBackURL": world.receiver, "AccountReference": "S1", "TransactionDesc": "",
        })
    };
    let orders = [
        (order(1, "CustomerBuyGoodsOnline", "600991"), json!(0)),
        (
            order(2, "CustomerBuyGoodsOnline", "600990"),
            json!("SFC_IC0003"),
        ),
        (order(3, "CustomerPayBillOnline", "600991"), json!(2028)),
    ];
    for (order, code) in orders {
        assert_eq!(world.post_as(&token, PUSH, &order).await.0, 200);
        assert_eq!(world.next_code().await, code);
    }
    let mut long = world.order(5);
    long["AccountReference"] = json!("thirteen12345");
    world.push_order(&long).await;
    assert_eq!(world.next_code().await, json!(1025));
}

#[tokio::test]
async fn a_phone_pays_no_more_in_a_day_than_mpesa_lets_it() {
    let mut world = World::automatic().await;
    world.daraja.tune(|knobs| knobs.rule_17 = false);
    for (amount, code) in [(250_000, 0), (249_999, 0), (2, 4), (1, 0), (1, 4)] {
        world.push(amount).await;
        assert_eq!(world.next_code().await, json!(code), "{amount}");
    }
    world.daraja.advance(Duration::from_secs(24 * 3_600));
    let mut tomorrow = world.order(250_000);
    world.daraja.tune(|knobs| knobs.timestamp_skew_s = None);
    tomorrow["AccountReference"] = json!("S2");
    world.push_order(&tomorrow).await;
    assert_eq!(world.next_code().await, json!(0));
}

#[tokio::test]
async fn every_refusal_can_be_scripted() {
    let world = World::automatic().await;
    let token = world.token().await;
    let refusals = [
        (Refusal::InvalidField("PartyB".into()), 400, "400.002.02"),
        (Refusal::InvalidPayload, 400, "400.002.05"),
        (Refusal::InvalidToken, 404, "404.001.03"),
        (Refusal::ResourceNotFound, 404, "404.001.01"),
        (Refusal::HeaderMissing, 404, "404.001.04"),
        (Refusal::MethodNotAllowed, 405, "405.001"),
        (Refusal::MerchantUnknown, 500, "500.001.1001"),
        (Refusal::WrongCredentials, 500, "500.001.1001"),
        (Refusal::SubscriberLocked, 500, "500.001.1001"),
        (Refusal::SystemBusy, 500, "500.003.02"),
        (Refusal::SpikeArrest, 500, "500.003.02"),
        (Refusal::QuotaViolation, 500, "500.003.03"),
        (Refusal::InternalError, 500, "500.003.1001"),
    ];
    for (refusal, status, code) in refusals {
        world.daraja.script_next(Script {
            reply: Reply::Error(refusal),
            ..Script::default()
        });
        let (got, body) = world.post_as(&token, PUSH, &world.order(10)).await;
        assert_eq!((got, &body["errorCode"]), (status, &json!(code)));
    }
    world.daraja.script_next(Script {
        reply: Reply::OkWithError(Refusal::SystemBusy),
        ..Script::default()
    });
    let (status, body) = world.post_as(&token, PUSH, &world.order(10)).await;
    assert_eq!((status, &body["errorCode"]), (200, &json!("500.003.02")));
    world.daraja.script_next(Script {
        reply: Reply::Fault,
        ..Script::default()
    });
    let (status, body) = world.post_as(&token, PUSH, &world.order(10)).await;
    assert_eq!(
        (status, &body["fault"]["detail"]["errorcode"]),
        (429, &json!("policies.ratelimit.SpikeArrestViolation"))
    );
    world.daraja.script_next(Script {
        reply: Reply::Html,
        ..Script::default()
    });
    let (status, text) = world.post_text(&token, PUSH, &world.order(10)).await;
    assert!(status == 503 && text.starts_with("<html>"));
    world.daraja.script_next(Script {
        reply: Reply::Empty,
        ..Script::default()
    });
    let (_, text) = world.post_text(&token, PUSH, &world.order(10)).await;
    assert_eq!(text, "");
    assert!(
        world.daraja.payments().is_empty(),
        "a refused push leaves nothing behind"
    );
}

#[tokio::test]
async fn a_lost_answer_leaves_a_payment_whose_callback_comes() {
    let mut world = World::automatic().await;
    let token = world.token().await;
    world.daraja.script_next(Script {
        reply: Reply::HangUp,
        accepted: true,
        ..Script::default()
    });
    let sent = world
        .http
        .post(format!(
            "{}/mpesa/stkpush/v1/processrequest",
            world.daraja.url()
        ))
        .bearer_auth(&token)
        .json(&world.order(10))
        .send()
        .await;
    assert!(sent.is_err(), "the connection is closed without an answer");
    assert_eq!(world.next_code().await, json!(0));
    world.daraja.script_next(Script {
        reply: Reply::HangUp,
        ..Script::default()
    });
    let sent = world
        .http
        .post(format!(
            "{}/mpesa/stkpush/v1/processrequest",
            world.daraja.url()
        ))
        .bearer_auth(&token)
        .json(&world.order(11))
        .send()
        .await;
    assert!(sent.is_err());
    assert_eq!(
        world.daraja.payments().len(),
        1,
        "not accepted, so nothing was made"
    );
}

#[tokio::test]
async fn a_client_that_gives_up_does_not_take_the_payment_with_it() {
    let mut world = World::automatic().await;
    let token = world.token().await;
    world.daraja.script_next(Script {
        reply_delay_ms: 40_000,
        ..Script::default()
    });
    let (http, url, order) = (world.http.clone(), world.daraja.url(), world.order(10));
    let impatient = tokio::spawn(async move {
        http.post(format!("{url}/mpesa/stkpush/v1/processrequest"))
            .bearer_auth(token)
            .json(&order)
            .send()
            .await
    });
    world.daraja.await_prompt(PHONE).await.unwrap();
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    world.daraja.advance(Duration::from_secs(40));
    assert_eq!(world.next_code().await, json!(0));
}

#[tokio::test]
async fn scripts_are_found_by_phone_and_by_shortcode() {
    let mut world = World::automatic().await;
    let ends = |code| Script {
        prompt: Some(Act::End {
            code: Code::Number(code),
            after_ms: 0,
        }),
        ..Script::default()
    };
    world.daraja.script(|scripts| {
        scripts.by_msisdn.insert(PHONE.into(), ends(1));
        scripts.by_shortcode.insert("174379".into(), ends(2));
        scripts.next.push_back(ends(8006));
    });
    for code in [8006, 1] {
        world.push(10).await;
        assert_eq!(world.next_code().await, json!(code));
    }
    let other = world.order_at(10, "254110000000", STAMP);
    world.push_order(&other).await;
    assert_eq!(world.next_code().await, json!(2));
}

#[tokio::test]
async fn only_the_description_may_be_missing() {
    let world = World::hand().await;
    let token = world.token().await;
    let fields: Vec<String> = world
        .order(10)
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(fields.len(), 11);
    for field in fields {
        for empty in [None, Some(json!("")), Some(json!(null))] {
            let mut order = world.order(10);
            let members = order.as_object_mut().unwrap();
            match empty {
                None => members.remove(&field),
                Some(empty) => members.insert(field.clone(), empty),
            };
            let (status, body) = world.post_as(&token, PUSH, &order).await;
            if field == "TransactionDesc" {
                assert_eq!(status, 200, "{body}");
                world.daraja.answer(PHONE, &Answer::Cancel).unwrap();
            } else {
                assert_eq!(
                    (status, &body["errorMessage"]),
                    (400, &json!(format!("Bad Request - Invalid {field}")))
                );
            }
        }
    }
}
