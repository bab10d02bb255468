//! The Daraja simulator against the service's documented samples and the behaviour seen from it. The clients here are
//! written for these tests alone; none of the product's code takes part.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router, body::Bytes, extract::State, http::HeaderMap, http::Uri, response::IntoResponse,
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use mnara_tests::sim::daraja::{
    Act, Answer, App, Body, Callback, Clock, Code, Config, Daraja, DeliveryKind, ExpiresIn, Forged,
    HandPayment, Lock, Mode, Pending, QueryAnswer, Refusal, Reply, ResultScript, Script, When,
};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};

const PHONE: &str = "254708374149";
/// 2026-11-22 12:00:00 in Nairobi.
const NOON: &str = "2026-11-22T09:00:00Z";
const STAMP: &str = "20261122120000";

#[tokio::test]
async fn a_token_has_the_recorded_shape_and_replaces_the_one_before() {
    let world = World::hand().await;
    let first = world.token_of(&App::sandbox_paybill()).await;
    assert_eq!(
        first["expires_in"],
        json!("3599"),
        "the real service writes text"
    );
    let old = first["access_token"].as_str().unwrap().to_owned();
    assert_eq!(old.len(), 28);
    let again = world.token_of(&App::sandbox_paybill()).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let (status, body) = world
        .post_as(&old, "/mpesa/stkpush/v1/processrequest", &world.order(10))
        .await;
    assert_eq!((status, &body["errorCode"]), (404, &json!("404.001.03")));
    assert_eq!(body["errorMessage"], "Invalid Access Token");
    assert_shape(&body, &["requestId", "errorCode", "errorMessage"]);
    let till = world.token_of(&App::sandbox_till()).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(till, again, "apps do not disturb each other");
    assert_eq!(
        world
            .post_as(&again, "/mpesa/stkpush/v1/processrequest", &world.order(10))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_token_dies_after_an_hour() {
    let world = World::hand().await;
    let token = world.token().await;
    world.daraja.advance(Duration::from_secs(3_599));
    let order = world.order_at(10, PHONE, "20261122125959");
    assert_eq!(
        world
            .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
            .await
            .0,
        200
    );
    world.daraja.advance(Duration::from_secs(1));
    assert_eq!(
        world
            .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn token_requests_are_refused_as_documented() {
    let world = World::hand().await;
    world
        .daraja
        .tune(|knobs| knobs.expires_in = ExpiresIn::Number);
    assert_eq!(
        world.token_of(&App::sandbox_paybill()).await["expires_in"],
        json!(3599)
    );
    let url = format!("{}/oauth/v1/generate", world.daraja.url());
    let bare = world
        .http
        .get(format!("{url}?grant_type=client_credentials"))
        .send()
        .await
        .unwrap();
    assert_eq!(bare.status(), 400);
    assert_eq!(
        bare.json::<Value>().await.unwrap()["errorCode"],
        "400.008.01"
    );
    let app = App::sandbox_paybill();
    let grant = world
        .http
        .get(&url)
        .basic_auth(&app.consumer_key, Some(&app.consumer_secret))
        .send()
        .await
        .unwrap();
    assert_eq!(
        grant.json::<Value>().await.unwrap()["errorCode"],
        "400.008.02"
    );
    let wrong = world
        .http
        .get(format!("{url}?grant_type=client_credentials"))
        .basic_auth(&app.consumer_key, Some("no"))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 400);
    let posted = world.http.post(&url).send().await.unwrap();
    assert_eq!(
        (
            posted.status().as_u16(),
            &posted.json::<Value>().await.unwrap()["errorCode"]
        ),
        (405, &json!("405.001"))
    );
    let lost = world
        .http
        .get(format!("{}/mpesa/nowhere", world.daraja.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            lost.status().as_u16(),
            &lost.json::<Value>().await.unwrap()["errorCode"]
        ),
        (404, &json!("404.001.01"))
    );
}

#[tokio::test]
async fn an_accepted_push_is_answered_as_documented() {
    let world = World::hand().await;
    let token = world.token().await;
    let (status, text) = world
        .post_text(&token, "/mpesa/stkpush/v1/processrequest", &world.order(10))
        .await;
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
    let parts: Vec<_> = merchant.split('-').map(str::len).collect();
    assert_eq!(parts, [4, 4, 4, 16]);
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
        ("TransactionDesc", json!("fourteen chars")),
    ];
    for (field, value) in wrong {
        let mut order = world.order(10);
        order[field] = value.clone();
        let (status, body) = world
            .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
            .await;
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
    let (status, body) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &json!([]))
        .await;
    assert_eq!((status, &body["errorCode"]), (400, &json!("400.002.05")));
    assert!(world.daraja.payments().is_empty());
    // Clients in wide use send both of these, so they can be let through.
    world
        .daraja
        .tune(|knobs| (knobs.timestamp_skew_s, knobs.long_descriptions) = (None, true));
    let mut order = world.order_at(10, PHONE, "20261122090000");
    order["TransactionDesc"] = json!("Lipa na mpesa online");
    let (status, _) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
        .await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn password_and_shortcode_have_to_fit() {
    let world = World::hand().await;
    let token = world.token().await;
    let mut order = world.order(10);
    order["Timestamp"] = json!("20261122120001");
    let (status, body) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
        .await;
    assert_eq!(
        (status, &body["errorCode"], &body["errorMessage"]),
        (500, &json!("500.001.1001"), &json!("Wrong credentials"))
    );
    let mut order = world.order(10);
    order["BusinessShortCode"] = json!("174378");
    let (status, body) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
        .await;
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
async fn the_callback_arrives_with_the_observed_headers_and_items() {
    let mut world = World::automatic().await;
    world
        .daraja
        .tune(|knobs| knobs.forwarded_for = Some("196.201.212.69".into()));
    world.push(10).await;
    let called = world.callbacks.recv().await.unwrap();
    assert_eq!(called.path, "/callback/0123456789abcdef0123456789abcdef");
    assert_eq!(
        called.headers["content-type"],
        "application/json;charset=UTF-8"
    );
    assert_eq!(called.headers["businessshortcode"], "174379");
    assert_eq!(called.headers["x-forwarded-for"], "196.201.212.69");
    let receipt = world.daraja.payments()[0]
        .ended()
        .unwrap()
        .receipt
        .clone()
        .unwrap();
    assert!(called.body.contains(&format!(
        r#"{{"Item":[{{"Name":"Amount","Value":10.00}},{{"Name":"MpesaReceiptNumber","Value":"{receipt}"}},{{"Name":"TransactionDate","Value":{STAMP}}},{{"Name":"PhoneNumber","Value":{PHONE}}}]}}"#
    )));
    let sent = world.daraja.await_deliveries(1, |_| true).await.unwrap();
    assert_eq!(
        (sent[0].status, sent[0].answer.as_str()),
        (Some(200), r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#)
    );
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
    let (status, body) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &world.order(20))
        .await;
    assert_eq!((status, &body["errorCode"]), (500, &json!("500.001.1001")));
    assert!(
        body["errorMessage"]
            .as_str()
            .unwrap()
            .starts_with("Unable to lock subscriber")
    );
    let other = world.order_at(20, "254110000000", STAMP);
    assert_eq!(
        world
            .post_as(&token, "/mpesa/stkpush/v1/processrequest", &other)
            .await
            .0,
        200
    );

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
        assert_eq!(
            world
                .post_as(&token, "/mpesa/stkpush/v1/processrequest", &order)
                .await
                .0,
            200
        );
        assert_eq!(world.next_code().await, code);
    }
    let mut long = world.order(5);
    long["AccountReference"] = json!("thirteen12345");
    world.push_order(&long).await;
    assert_eq!(world.next_code().await, json!(1025));
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
        let (got, body) = world
            .post_as(&token, "/mpesa/stkpush/v1/processrequest", &world.order(10))
            .await;
        assert_eq!((got, &body["errorCode"]), (status, &json!(code)));
    }
    world.daraja.script_next(Script {
        reply: Reply::OkWithError(Refusal::SystemBusy),
        ..Script::default()
    });
    let (status, body) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &world.order(10))
        .await;
    assert_eq!((status, &body["errorCode"]), (200, &json!("500.003.02")));
    world.daraja.script_next(Script {
        reply: Reply::Fault,
        ..Script::default()
    });
    let (status, body) = world
        .post_as(&token, "/mpesa/stkpush/v1/processrequest", &world.order(10))
        .await;
    assert_eq!(
        (status, &body["fault"]["detail"]["errorcode"]),
        (429, &json!("policies.ratelimit.SpikeArrestViolation"))
    );
    world.daraja.script_next(Script {
        reply: Reply::Html,
        ..Script::default()
    });
    let (status, text) = world
        .post_text(&token, "/mpesa/stkpush/v1/processrequest", &world.order(10))
        .await;
    assert!(status == 503 && text.starts_with("<html>"));
    world.daraja.script_next(Script {
        reply: Reply::Empty,
        ..Script::default()
    });
    let (_, text) = world
        .post_text(&token, "/mpesa/stkpush/v1/processrequest", &world.order(10))
        .await;
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
async fn a_callback_can_be_answered_before_the_push_is() {
    let mut world = World::hand().await;
    let script = Script {
        prompt: Some(Act::Accept { after_ms: 0 }),
        callback: Callback {
            when: When::BeforeReply,
            ..Callback::default()
        },
        ..Script::default()
    };
    world.daraja.script_next(script);
    let accepted = world.push(10).await;
    let called = world
        .callbacks
        .try_recv()
        .expect("the callback came before the answer to the push");
    assert_eq!(
        called.json()["Body"]["stkCallback"]["CheckoutRequestID"],
        accepted["CheckoutRequestID"]
    );
}

#[tokio::test]
async fn callbacks_are_dropped_delayed_repeated_and_reordered() {
    let mut world = World::automatic().await;
    let with = |callback| Script {
        callback,
        ..Script::default()
    };

    world.daraja.script_next(with(Callback {
        when: When::Never,
        ..Callback::default()
    }));
    let dropped = world.push(1).await["CheckoutRequestID"]
        .as_str()
        .unwrap()
        .to_owned();
    world.daraja.await_end(&dropped).await.unwrap();

    world.daraja.script_next(with(Callback {
        delay_ms: 90_000,
        ..Callback::default()
    }));
    let delayed = world.push(2).await["CheckoutRequestID"].clone();
    world
        .daraja
        .await_end(delayed.as_str().unwrap())
        .await
        .unwrap();

    world.daraja.script_next(with(Callback {
        copies: 4,
        parallel: true,
        ..Callback::default()
    }));
    let repeated = world.push(3).await["CheckoutRequestID"].clone();
    for _ in 0..4 {
        assert_eq!(
            world.next_checkout().await,
            repeated,
            "the delayed one waits for its time"
        );
    }
    world.daraja.advance(Duration::from_secs(90));
    assert_eq!(world.next_checkout().await, delayed);

    let mut held = Vec::new();
    for amount in [4, 5] {
        world.daraja.script_next(with(Callback {
            when: When::Held,
            ..Callback::default()
        }));
        let order = world.order_at(amount, PHONE, "20261122120130");
        let checkout = world.push_order(&order).await["CheckoutRequestID"]
            .as_str()
            .unwrap()
            .to_owned();
        world.daraja.await_end(&checkout).await.unwrap();
        held.push(world.daraja.payment(&checkout).unwrap());
    }
    for payment in held.iter().rev() {
        world.daraja.release(payment).await;
        assert_eq!(
            world.next_checkout().await,
            json!(payment.checkout_request_id)
        );
    }
    world
        .daraja
        .resend(
            &held[0],
            &Callback {
                copies: 2,
                ..Callback::default()
            },
            &Body::default(),
        )
        .await;
    for _ in 0..2 {
        assert_eq!(
            world.next_checkout().await,
            json!(held[0].checkout_request_id)
        );
    }
    assert!(world.callbacks.try_recv().is_err());
    assert!(
        world
            .daraja
            .deliveries()
            .iter()
            .all(|delivery| !delivery.body.contains(&dropped))
    );
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

#[tokio::test]
async fn forged_callbacks_lack_the_secret() {
    let mut world = World::automatic().await;
    for (at, forged) in [Forged::OtherSecret, Forged::NoSecret]
        .into_iter()
        .enumerate()
    {
        world.daraja.script_next(Script {
            body: Body {
                forged,
                ..Body::default()
            },
            ..Script::default()
        });
        world.push(10 + i64::try_from(at).unwrap()).await;
        let called = world.callbacks.recv().await.unwrap();
        assert!(called.path.starts_with("/callback"));
        assert!(
            !called.path.contains("0123456789abcdef0123456789abcdef"),
            "{}",
            called.path
        );
    }
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
async fn token_requests_can_be_scripted() {
    let world = World::automatic().await;
    let replies = [
        Reply::Html,
        Reply::Empty,
        Reply::HangUp,
        Reply::Error(Refusal::NoApiProduct),
    ];
    world
        .daraja
        .script(|scripts| scripts.tokens.extend(replies));
    let app = App::sandbox_paybill();
    let url = format!(
        "{}/oauth/v1/generate?grant_type=client_credentials",
        world.daraja.url()
    );
    let ask = || {
        world
            .http
            .get(&url)
            .basic_auth(&app.consumer_key, Some(&app.consumer_secret))
            .send()
    };
    assert_eq!(ask().await.unwrap().status(), 503);
    assert_eq!(ask().await.unwrap().text().await.unwrap(), "");
    assert!(ask().await.is_err());
    let missing: Value = ask().await.unwrap().json().await.unwrap();
    assert_eq!(
        missing["fault"]["faultstring"],
        "Invalid API call as no apiproduct match found"
    );
    world.token().await;
}

#[tokio::test]
async fn repeats_come_minutes_later_and_confirmations_have_their_own_script() {
    let mut world = World::automatic().await;
    world.register_c2b("v2", "Completed").await;
    world.daraja.script_next(Script {
        callback: Callback {
            again_after_ms: vec![120_000],
            ..Callback::default()
        },
        confirmation: Callback {
            delay_ms: 60_000,
            copies: 2,
            ..Callback::default()
        },
        ..Script::default()
    });
    world.push(10).await;
    let first = world.next_code().await;
    world.daraja.advance(Duration::from_secs(60));
    for _ in 0..2 {
        assert_eq!(world.callbacks.recv().await.unwrap().path, "/confirmation");
    }
    world.daraja.advance(Duration::from_secs(60));
    assert_eq!(world.next_code().await, first);
    assert!(world.callbacks.try_recv().is_err());
}

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
    assert_eq!(world.register_c2b("v1", "Wrong").await.0, 400);
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
}

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
    assert_ne!(missing["ResultCode"], json!(0));
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

#[tokio::test]
async fn the_control_api_scripts_answers_and_moves_time() {
    let mut world = World::hand().await;
    let control = world.daraja.control_url();
    let script =
        json!({"prompt": {"end": {"code": 1, "after-ms": 5000}}, "callback": {"copies": 2}});
    let scripted = world
        .http
        .post(format!("{control}/scripts/next"))
        .json(&script)
        .send()
        .await
        .unwrap();
    assert_eq!(scripted.status(), 204);
    let documented = include_str!("../src/sim/daraja/README.md");
    let example = documented
        .split("```json\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let read: Script = serde_json::from_str(example).expect("the README's script is a script");
    assert_eq!(read.reply, Reply::Error(Refusal::SubscriberLocked));
    let wrong = world
        .http
        .post(format!("{control}/scripts/next"))
        .json(&json!({"promt": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 422);
    let accepted = world.push(10).await;
    world.daraja.await_prompt(PHONE).await.unwrap();
    let advanced = world
        .http
        .post(format!("{control}/clock/advance"))
        .json(&json!({"seconds": 5}))
        .send()
        .await
        .unwrap();
    assert_eq!(
        advanced.json::<Value>().await.unwrap()["now"],
        "2026-11-22T09:00:05Z"
    );
    for _ in 0..2 {
        assert_eq!(world.next_code().await, json!(1));
    }
    world
        .daraja
        .await_deliveries(2, |delivery| delivery.kind == DeliveryKind::StkCallback)
        .await
        .unwrap();
    let checkout = accepted["CheckoutRequestID"].as_str().unwrap();
    let told: Value = world
        .http
        .get(format!("{control}/payments/{checkout}"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(told["stage"]["ended"]["code"], 1);
    assert_eq!(told["requests"].as_array().unwrap().len(), 1);
    assert_eq!(told["deliveries"].as_array().unwrap().len(), 2);
    let knobs = world
        .http
        .post(format!("{control}/knobs"))
        .json(&json!({"rule-17": false}))
        .send()
        .await
        .unwrap();
    assert_eq!(knobs.json::<Value>().await.unwrap()["rule-17"], false);
    let resent = world
        .http
        .post(format!("{control}/payments/{checkout}/callback"))
        .json(&json!({}))
        .send()
        .await
        .unwrap();
    assert_eq!(resent.status(), 204);
    assert_eq!(world.next_code().await, json!(1));
    let state: Value = world
        .http
        .get(format!("{control}/state"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(state["counters"]["pushes"][PHONE], 1);
}

#[tokio::test]
async fn the_phone_page_shows_the_prompt_and_takes_the_answer() {
    let mut world = World::hand().await;
    let page = format!("{}/phone/{PHONE}", world.daraja.control_url());
    let empty = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(empty.contains("No M-PESA prompt"));
    world.push(10).await;
    world.daraja.await_prompt(PHONE).await.unwrap();
    let shown = world
        .http
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for part in [
        "Ksh 10",
        "MNARA WIFI",
        "S123",
        "value=\"accept\"",
        "value=\"wrong-pin\"",
        "value=\"cancel\"",
        "value=\"no-answer\"",
        "value=\"no-money\"",
    ] {
        assert!(shown.contains(part), "{part}");
    }
    assert!(!shown.contains("<script"));
    let pressed = world
        .http
        .post(format!("{page}/answer"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("answer=cancel&alone=true")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (pressed.status().as_u16(), &pressed.headers()["location"]),
        (303, &format!("/phone/{PHONE}").parse().unwrap())
    );
    assert_eq!(world.next_code().await, json!(1032));
    let again = world
        .http
        .post(format!("{page}/answer"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("answer=accept")
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 409);
    world.daraja.stop().await;
}

/// A simulator with time held at noon, a receiver of callbacks, and a client.
struct World {
    daraja: Daraja,
    http: reqwest::Client,
    receiver: String,
    callbacks: mpsc::Receiver<Called>,
    answer: Arc<ReceiverAnswer>,
}

/// One request the receiver got.
struct Called {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Called {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What the receiver says, or that it says nothing.
struct ReceiverAnswer {
    body: std::sync::Mutex<Option<String>>,
    never: Notify,
}

impl ReceiverAnswer {
    fn set(&self, body: &str) {
        *self.body.lock().unwrap() = Some(body.to_owned());
    }

    fn stall(&self) {
        *self.body.lock().unwrap() = None;
    }
}

impl World {
    async fn hand() -> Self {
        Self::with(Mode::Hand).await
    }

    async fn automatic() -> Self {
        Self::with(Mode::Automatic { after_ms: 0 }).await
    }

    async fn with(mode: Mode) -> Self {
        let mut config = Config::sandbox();
        config.clock = Clock::held(NOON.parse().unwrap());
        config.knobs.mode = mode;
        let daraja = Daraja::start(config).await.unwrap();
        let (sender, callbacks) = mpsc::channel(64);
        let answer = Arc::new(ReceiverAnswer {
            body: std::sync::Mutex::new(Some(r#"{"ResultCode":0,"ResultDesc":"Accepted"}"#.into())),
            never: Notify::new(),
        });
        let routes = Router::new()
            .fallback(post(receive))
            .with_state((sender, Arc::clone(&answer)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = format!(
            "http://{}/callback/0123456789abcdef0123456789abcdef",
            listener.local_addr().unwrap()
        );
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            daraja,
            http: client(),
            receiver,
            callbacks,
            answer,
        }
    }

    async fn token_of(&self, app: &App) -> Value {
        let url = format!(
            "{}/oauth/v1/generate?grant_type=client_credentials",
            self.daraja.url()
        );
        let answer = self
            .http
            .get(url)
            .basic_auth(&app.consumer_key, Some(&app.consumer_secret))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    async fn token(&self) -> String {
        self.token_of(&App::sandbox_paybill()).await["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn order(&self, amount: i64) -> Value {
        self.order_at(amount, PHONE, STAMP)
    }

    fn order_at(&self, amount: i64, phone: &str, stamp: &str) -> Value {
        let app = App::sandbox_paybill();
        json!({
            "BusinessShortCode": 174379, "Password": password(&app, stamp), "Timestamp": stamp,
            "TransactionType": "CustomerPayBillOnline", "Amount": amount.to_string(), "PartyA": phone,
            "PartyB": "174379", "PhoneNumber": phone, "CallBackURL": self.receiver,
            "AccountReference": "S123", "TransactionDesc": "Wi-Fi",
        })
    }

    async fn push(&self, amount: i64) -> Value {
        self.push_order(&self.order(amount)).await
    }

    async fn push_order(&self, order: &Value) -> Value {
        let token = self.token().await;
        let (status, body) = self
            .post_as(&token, "/mpesa/stkpush/v1/processrequest", order)
            .await;
        assert_eq!(status, 200, "{body}");
        body
    }

    fn question(&self, checkout: &str) -> Value {
        let app = App::sandbox_paybill();
        json!({"BusinessShortCode": "174379", "Password": password(&app, STAMP), "Timestamp": STAMP, "CheckoutRequestID": checkout})
    }

    async fn query(&self, checkout: &str) -> (u16, Value) {
        let token = self.token().await;
        self.post_as(
            &token,
            "/mpesa/stkpushquery/v1/query",
            &self.question(checkout),
        )
        .await
    }

    async fn register_c2b(&self, version: &str, response_type: &str) -> (u16, Value) {
        let token = self.token().await;
        let base = self.receiver.split("/callback").next().unwrap();
        let body = json!({"ShortCode": "174379", "ResponseType": response_type, "ConfirmationURL": format!("{base}/confirmation"), "ValidationURL": format!("{base}/validation")});
        self.post_as(&token, &format!("/mpesa/c2b/{version}/registerurl"), &body)
            .await
    }

    async fn ask_status(&self, receipt: &str) -> (u16, Value) {
        let token = self.token().await;
        let base = self.receiver.split("/callback").next().unwrap();
        let body = json!({
            "Initiator": "testapiuser", "SecurityCredential": "Zm9v", "CommandID": "TransactionStatusQuery",
            "TransactionID": receipt, "PartyA": "174379", "IdentifierType": "4", "Remarks": "OK", "Occasion": "OK",
            "ResultURL": format!("{base}/result"), "QueueTimeOutURL": format!("{base}/late"),
        });
        self.post_as(&token, "/mpesa/transactionstatus/v1/query", &body)
            .await
    }

    async fn reverse(&self, receipt: &str, spelling: &str) -> (u16, Value) {
        let token = self.token().await;
        let base = self.receiver.split("/callback").next().unwrap();
        let mut body = json!({
            "Initiator": "apiop37", "SecurityCredential": "Zm9v", "CommandID": "TransactionReversal",
            "TransactionID": receipt, "Amount": "300", "ReceiverParty": "174379", "Remarks": "Payment reversal",
            "ResultURL": format!("{base}/result"), "QueueTimeOutURL": format!("{base}/late"),
        });
        body[spelling] = json!("11");
        self.post_as(&token, "/mpesa/reversal/v1/request", &body)
            .await
    }

    async fn post_as(&self, token: &str, path: &str, body: &Value) -> (u16, Value) {
        let (status, text) = self.post_text(token, path, body).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    async fn post_text(&self, token: &str, path: &str, body: &Value) -> (u16, String) {
        let url = format!("{}{path}", self.daraja.url());
        let answer = self
            .http
            .post(url)
            .bearer_auth(token)
            .json(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn next_code(&mut self) -> Value {
        self.callbacks.recv().await.unwrap().json()["Body"]["stkCallback"]["ResultCode"].clone()
    }

    async fn next_checkout(&mut self) -> Value {
        self.callbacks.recv().await.unwrap().json()["Body"]["stkCallback"]["CheckoutRequestID"]
            .clone()
    }
}

async fn receive(
    State((sender, answer)): State<(mpsc::Sender<Called>, Arc<ReceiverAnswer>)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let body = String::from_utf8(body.to_vec()).unwrap();
    sender
        .send(Called {
            path: uri.path().to_owned(),
            headers,
            body,
        })
        .await
        .unwrap();
    let words = answer.body.lock().unwrap().clone();
    match words {
        Some(words) => words,
        None => {
            answer.never.notified().await;
            String::new()
        }
    }
}

fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

fn password(app: &App, stamp: &str) -> String {
    STANDARD.encode(format!("{}{}{stamp}", app.shortcode, app.passkey))
}

fn assert_shape(body: &Value, keys: &[&str]) {
    let mut found: Vec<_> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut wanted = keys.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted);
}

fn parameter(result: &Value, key: &str) -> Value {
    let all = result["ResultParameters"]["ResultParameter"]
        .as_array()
        .unwrap();
    all.iter()
        .find(|parameter| parameter["Key"] == key)
        .unwrap()["Value"]
        .clone()
}
