//! A program changes a plan as it read it, and not over what somebody made of it since.

use super::api::{call, key, kind};
use super::*;
use crate::providers::keys::scopes::Scope;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_price_that_somebody_changed_is_not_put_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let shop = &world.shop;
    let key = key(
        &world.app,
        shop.provider,
        &[Scope::PlansRead, Scope::PlansWrite],
    )
    .await;
    let path = format!("/plans/{}", shop.plan.id);
    let read = async || call(&world, Method::GET, &key, &path, Value::Null).await.1;
    let write = async |revision: Value| {
        let body = json!({"name": "1 hour, fast", "price": "50.00", "duration_seconds": 3600, "revision": revision});
        call(&world, Method::PUT, &key, &path, body).await
    };
    let seen = read().await["revision"].clone();
    let dearer = Draft {
        price: Money::from_shillings(80),
        ..hour()
    };
    plans::edit::change(
        &world.app,
        shop.provider,
        shop.plan.id,
        &dearer,
        Actor::Command,
    )
    .await
    .unwrap();
    let (status, problem) = write(seen).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "changed"),
        "{problem}"
    );
    let now = read().await;
    assert_eq!(
        (&now["price"], &now["name"], &now["revision"]),
        (&json!("80.00"), &json!("1 hour"), &json!(2))
    );
    // By the revision of now, or by none, it is changed.
    for (revision, next) in [(json!(2), 3), (Value::Null, 4)] {
        let (status, plan) = write(revision).await;
        assert_eq!(
            (status, &plan["price"], &plan["revision"]),
            (StatusCode::OK, &json!("50.00"), &json!(next)),
            "{plan}"
        );
        assert_eq!(read().await, plan);
    }
    for wrong in [json!(0), json!(2_147_483_648_u32), json!("4")] {
        let (status, problem) = write(wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains("revision"),
            "{problem}"
        );
    }
    // One that is made was changed by nobody.
    let new = json!({"name": "Day", "price": "100", "duration_seconds": 86400, "revision": 1});
    let (status, problem) = call(&world, Method::POST, &key, "/plans", new).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::UNPROCESSABLE_ENTITY, "bad-field")
    );
    assert_eq!(world.count("plans").await, 1);
}
