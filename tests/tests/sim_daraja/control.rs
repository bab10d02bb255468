//! The control API.

use std::time::Duration;

use mnara_tests::sim::daraja::{
    Answer, Callback, DeliveryKind, Refusal, Reply, Script, Scripts, When,
};
use serde_json::{Value, json};

use super::world::{PHONE, World};

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
    let documented = include_str!("../../src/sim/daraja/README.md");
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
async fn every_example_of_the_readme_works() {
    let world = World::hand().await;
    world.daraja.tune(|knobs| knobs.timestamp_skew_s = None);
    let readme = include_str!("../../src/sim/daraja/README.md");
    let examples = examples(readme);
    assert_eq!(examples.len(), 17, "{examples:?}");
    let mut before: Option<String> = None;
    for (method, path, body) in examples {
        // What the examples before have set going ends first.
        world.daraja.script(|scripts| *scripts = Scripts::default());
        world.daraja.advance(Duration::from_secs(120));
        if let Some(before) = before {
            world.daraja.await_end(&before).await.unwrap();
        }
        let when = if path.ends_with("/release") {
            When::Held
        } else {
            When::Never
        };
        world.daraja.script_next(Script {
            callback: Callback {
                when,
                ..Callback::default()
            },
            ..Script::default()
        });
        let pushed = world.push(10).await;
        let checkout = pushed["CheckoutRequestID"].as_str().unwrap();
        if path.ends_with("/release") || path.ends_with("/callback") {
            world.daraja.answer(PHONE, &Answer::Accept).unwrap();
        }
        let url = format!(
            "{}{}",
            world.daraja.control_url(),
            path.replace("$id", checkout)
        );
        let answer = world
            .http
            .request(method.parse().unwrap(), url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.clone())
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let told = answer.text().await.unwrap();
        assert!(
            status.is_success(),
            "{method} {path} {body}: {status} {told}"
        );
        before = Some(checkout.to_owned());
    }
}

/// Reads the `curl` lines of the control API out of the README: method, path and body.
fn examples(readme: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for piece in readme.split("    curl ").skip(1) {
        let Some((before, rest)) = piece.split_once("$control") else {
            continue;
        };
        let line = rest.lines().next().unwrap();
        let path = line.split(' ').next().unwrap().to_owned();
        let body = rest
            .split_once(" -d '")
            .filter(|(between, _)| !between.contains('\n'))
            .map(|(_, body)| body.split('\'').next().unwrap().to_owned());
        let method = before.trim().strip_prefix("-X ").unwrap_or("POST");
        found.push((method.to_owned(), path, body.unwrap_or_default()));
    }
    found
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_words() {
    let world = World::hand().await;
    let checkout = world.push(10).await["CheckoutRequestID"]
        .as_str()
        .unwrap()
        .to_owned();
    let refused = [
        ("/nowhere".to_owned(), json!({}), 404, "no such call"),
        ("/counters".to_owned(), json!({}), 405, "another method"),
        (
            "/payments/ws_CO_1/callback".to_owned(),
            json!({}),
            404,
            "CheckoutRequestID",
        ),
        (
            format!("/payments/{checkout}/callback"),
            json!({}),
            409,
            "has not ended",
        ),
        (
            format!("/payments/{checkout}/release"),
            json!({}),
            409,
            "is held",
        ),
        (
            "/prompts/254110000000/answer".to_owned(),
            json!("accept"),
            409,
            "no live prompt",
        ),
        (
            "/prompts/0708374149/answer".to_owned(),
            json!("accept"),
            422,
            "2547XXXXXXXX",
        ),
        (
            format!("/prompts/{PHONE}/answer"),
            json!("maybe"),
            422,
            "`wrong-pin`",
        ),
        (
            "/scripts/next".to_owned(),
            json!({"promt": 1}),
            422,
            "unknown field `promt`",
        ),
        (
            "/scripts/msisdn/0708374149".to_owned(),
            json!({}),
            422,
            "2547XXXXXXXX",
        ),
        (
            "/knobs".to_owned(),
            json!({"rule-18": true}),
            422,
            "unknown field `rule-18`",
        ),
        ("/knobs".to_owned(), json!([]), 422, "an object of knobs"),
        (
            "/clock/advance".to_owned(),
            json!({"minutes": 1}),
            422,
            "unknown field `minutes`",
        ),
        ("/clock/advance".to_owned(), json!({}), 422, "seconds"),
        (
            "/clock/advance".to_owned(),
            json!({"seconds": u64::MAX}),
            422,
            "a year at most",
        ),
        (
            "/c2b/pay".to_owned(),
            json!({"shortcode": "174379", "msisdn": "é", "amount": 1}),
            422,
            "msisdn",
        ),
        (
            "/c2b/pay".to_owned(),
            json!({"shortcode": "174379", "msisdn": PHONE, "amount": -1}),
            422,
            "from 1 to 250000",
        ),
        (
            "/c2b/pay".to_owned(),
            json!({"shortcode": "1", "msisdn": PHONE, "amount": 1}),
            409,
            "C2B00015",
        ),
        (
            "/apps".to_owned(),
            json!({"consumer-key": "k", "consumer-secret": "s", "shortcode": "12", "kind": "paybill", "passkey": "p", "business": "B"}),
            422,
            "five to seven digits",
        ),
    ];
    for (path, body, status, words) in refused {
        let (got, told) = world.tell(&path, &body).await;
        let error = told["error"].as_str().unwrap_or_default();
        assert!(
            got == status && error.contains(words),
            "{path} {body}: {got} {told}"
        );
    }
    assert_eq!(world.told("/clock").await["now"], "2026-11-22T09:00:00Z");
}
