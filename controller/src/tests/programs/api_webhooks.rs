//! What a program does with the addresses that are told news: it tries one out.

use mnara_protocol::ids::EndpointId;

use super::api::{call, key, kind};
use super::webhooks::Receiver;
use super::*;
use crate::providers::keys::scopes::Scope;
use crate::webhooks::{Kind, edit, store};

/// Posts to the API under a name.
async fn post(
    world: &World,
    (key, name): (&str, &str),
    path: &str,
) -> (StatusCode, HeaderMap, Value) {
    let request = Request::post(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {key}"))
        .header("idempotency-key", name)
        .body(Body::empty());
    world.send_from([192, 0, 2, 1], request.unwrap()).await
}

/// A key that may do all but one thing.
async fn without(world: &World, scope: Scope) -> String {
    let rest: Vec<Scope> = Scope::ALL
        .into_iter()
        .filter(|other| *other != scope)
        .collect();
    key(&world.app, world.shop.provider, &rest).await
}

/// An address of the world's own business.
async fn endpoint(world: &World, url: &str) -> EndpointId {
    let provider = world.shop.provider;
    edit::add(&world.app, provider, Actor::Command, url, &[Kind::SiteUp])
        .await
        .unwrap();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let found = store::endpoints(&mut tx, provider, 1).await.unwrap();
    found[0].id
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_tries_an_address_out_once_for_each_request(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let provider = world.shop.provider;
    let endpoint = endpoint(&world, &url).await;
    let at = format!("/settings/webhooks/{endpoint}/test");
    let all = key(&world.app, provider, &Scope::ALL).await;
    let less = without(&world, Scope::SettingsWrite).await;
    let (status, _, problem) = post(&world, (&less, "a-0"), &at).await;
    assert_eq!(
        (status, &problem["scope"]),
        (StatusCode::FORBIDDEN, &json!("settings:write"))
    );
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    assert_eq!(
        post(&world, (&theirs, "a-0"), &at).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(world.count("webhook_deliveries").await, 0);

    let (status, headers, waits) = post(&world, (&all, "a-1"), &at).await;
    assert_eq!(
        (
            status,
            &waits["event"],
            &waits["status"],
            &waits["attempts"]
        ),
        (StatusCode::OK, &json!("test"), &json!("waiting"), &json!(0))
    );
    assert!(!headers.contains_key("idempotency-replayed"));
    let (_, headers, same) = post(&world, (&all, "a-1"), &at).await;
    assert_eq!(headers["idempotency-replayed"], "true");
    assert_eq!(same, waits);
    world.work().await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].0["webhook-id"], waits["id"].as_str().unwrap());
    let list = format!("/settings/webhooks/{endpoint}/deliveries");
    let (_, sent) = call(&world, Method::GET, &all, &list, Value::Null).await;
    assert_eq!(
        (&sent["items"][0]["id"], &sent["items"][0]["status"]),
        (&waits["id"], &json!("delivered"))
    );
    assert_eq!(post(&world, (&all, "a-2"), &at).await.0, StatusCode::OK);
    world.work().await;
    assert_eq!(receiver.seen().len(), 2);

    edit::switch(&world.app, provider, Actor::Command, endpoint, false)
        .await
        .unwrap();
    let (status, _, problem) = post(&world, (&all, "a-3"), &at).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "address-off")
    );
    edit::remove(&world.app, provider, Actor::Command, endpoint)
        .await
        .unwrap();
    assert_eq!(
        post(&world, (&all, "a-3"), &at).await.0,
        StatusCode::NOT_FOUND
    );
    world.work().await;
    assert_eq!(receiver.seen().len(), 2);
}
