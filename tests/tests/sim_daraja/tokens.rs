//! Tokens: their shape, their hour, and how they are refused.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use mnara_tests::sim::daraja::{App, ExpiresIn, Refusal, Reply};
use serde_json::{Value, json};

use super::world::{PHONE, PUSH, World, assert_shape};

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
    let (status, body) = world.post_as(&old, PUSH, &world.order(10)).await;
    assert_eq!((status, &body["errorCode"]), (404, &json!("404.001.03")));
    assert_eq!(body["errorMessage"], "Invalid Access Token");
    assert_shape(&body, &["requestId", "errorCode", "errorMessage"]);
    let till = world.token_of(&App::sandbox_till()).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(till, again, "apps do not disturb each other");
    assert_eq!(world.post_as(&again, PUSH, &world.order(10)).await.0, 200);
}

#[tokio::test]
async fn a_token_dies_after_an_hour() {
    let world = World::hand().await;
    let token = world.token().await;
    world.daraja.advance(Duration::from_secs(3_599));
    let order = world.order_at(10, PHONE, "20261122125959");
    assert_eq!(world.post_as(&token, PUSH, &order).await.0, 200);
    world.daraja.advance(Duration::from_secs(1));
    assert_eq!(world.post_as(&token, PUSH, &order).await.0, 404);
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
    let refused: Value = bare.json().await.unwrap();
    assert_eq!(
        (&refused["errorCode"], &refused["errorMessage"]),
        (
            &json!("400.008.01"),
            &json!("Invalid authentication type passed")
        )
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
    assert_eq!(
        wrong.json::<Value>().await.unwrap()["errorCode"],
        "400.008.01"
    );
    let schemes = [("basic", 200), ("Bearer", 400), ("Basic", 200)];
    for (scheme, status) in schemes {
        let pair = STANDARD.encode(format!("{}:{}", app.consumer_key, app.consumer_secret));
        let asked = world
            .http
            .get(format!("{url}?grant_type=client_credentials"))
            .header("authorization", format!("{scheme} {pair}"))
            .send()
            .await
            .unwrap();
        assert_eq!(asked.status(), status, "{scheme}");
    }
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
