//! A program at payments that need somebody: that whoever works with it looked at one that is flagged, and what it is told of one whose device
//! nobody knows.

use super::api::{call, key, kind};
use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_closes_what_a_payment_is_flagged_for_and_its_key_is_named(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let short = callback(1, json!(0), Some(("NLJ7RT61SV", json!(49))));
    world.call_back(&secret, short).await;
    world.work().await;
    let open = async || {
        let path = "/payments?flagged=true";
        let (_, list) = call(&world, Method::GET, &key, path, Value::Null).await;
        list["items"].as_array().unwrap().len()
    };
    assert_eq!(open().await, 1);
    let path = format!("/payments/{}/looked", begun.payment);
    let look = async |flag: &str| {
        let body = json!({"flag": flag});
        call(&world, Method::POST, &key, &path, body).await
    };
    for odd in ["", "Amount", "a\u{0}"] {
        let (status, problem) = look(odd).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-field"),
            "{odd:?}"
        );
    }
    // What was read is not what it is flagged for.
    let (status, payment) = look("ids").await;
    assert_eq!(
        (status, &payment["looked_at"]),
        (StatusCode::OK, &Value::Null)
    );
    assert_eq!(open().await, 1);
    for _ in 0..2 {
        let (status, payment) = look("amount").await;
        assert_eq!(
            (status, &payment["flag"]),
            (StatusCode::OK, &json!("amount"))
        );
        assert!(payment["looked_at"].is_string(), "{payment}");
    }
    assert_eq!(open().await, 0);
    assert_eq!(
        world
            .count("audit where act = 'payment-look' and actor = 'key'")
            .await,
        1
    );
    let by_key = "payments where looked_key is not null and looked_by is null";
    assert_eq!(world.count(by_key).await, 1);
    let story = format!("/payments/{}", begun.payment);
    let page = owner.get(&story).await.page();
    assert!(
        page.contains("Looked at:") && page.contains("· A program"),
        "{page}"
    );
    // Something else calls a person again.
    let others = callback(7, json!(0), Some(("NLJ7RT61SW", json!(50))));
    world.call_back(&secret, others).await;
    world.work().await;
    assert_eq!(open().await, 1);
    assert_eq!(world.count(by_key).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_without_a_device_is_sent_to_none_and_is_paid_all_the_same(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let path = format!("/payments/{}/send", begun.payment);
    let refused = async || {
        let (status, problem) = call(&world, Method::POST, &key, &path, Value::Null).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        kind(&problem).to_owned()
    };
    assert_eq!(refused().await, "not-paid");
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update payments set mac = null")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(refused().await, "no-device");
    let page = owner.post(&path, &[]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.text.contains("no device of it is known"),
        "{}",
        page.text
    );
}
