//! Orders as programs make and list them: the same request sent again is the same order, and all are read to their end.

use super::*;

/// Asks for an order under a name.
async fn named(world: &World, key: &str, name: &str, wish: &Value) -> (StatusCode, Value) {
    let (status, _, answer) = answered(world, key, Some(name), wish).await;
    (status, answer)
}

/// The same, with or without a name, with the headers of the answer.
async fn answered(
    world: &World,
    key: &str,
    name: Option<&str>,
    wish: &Value,
) -> (StatusCode, HeaderMap, Value) {
    let path = format!(
        "/api/providers/{}/pesapal/create-order",
        world.shop.provider
    );
    let mut request = Request::post(path)
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json");
    if let Some(name) = name {
        request = request.header("idempotency-key", name);
    }
    let request = request.body(Body::from(wish.to_string()));
    world.send_from([192, 0, 2, 1], request.unwrap()).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_same_wish_by_one_name_is_one_order(pool: PgPoolOptions, options: PgConnectOptions) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let wish = json!({"plan_id": plan.id.to_string()});
    let (status, first) = named(&world, &key, "order-17", &wish).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    // In quotes or without, as everywhere.
    for name in ["order-17", "\"order-17\""] {
        let (status, again) = named(&world, &key, name, &wish).await;
        assert_eq!((status, &again), (StatusCode::CREATED, &first), "{name}");
    }
    assert!(first["redirect_url"].is_string(), "{first}");
    assert_eq!(rail.seen("SubmitOrderRequest").len(), 1);
    assert_eq!(world.count("platform_orders").await, 1);
    let other = json!({"plan_id": plan.id.to_string(), "recurring": true});
    let (status, problem) = named(&world, &key, "order-17", &other).await;
    assert_eq!(
        (status, api::kind(&problem)),
        (StatusCode::CONFLICT, "attempt-taken"),
        "{problem}"
    );
    let (status, problem) = named(&world, &key, "order 17", &wish).await;
    assert_eq!(
        (status, api::kind(&problem)),
        (StatusCode::BAD_REQUEST, "bad-request"),
        "{problem}"
    );
    assert_eq!(world.count("platform_orders").await, 1);
    // Another name is another order, and another key's names are its own.
    let second = payer(&world).await;
    for (key, name) in [(&key, "order-18"), (&second, "order-17")] {
        let (status, another) = named(&world, key, name, &wish).await;
        assert_eq!(status, StatusCode::CREATED, "{another}");
        assert_ne!(another["id"], first["id"]);
    }
    assert_eq!(world.count("platform_orders").await, 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_order_asked_for_again_by_its_name_is_marked_as_every_repeat_is(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let wish = json!({"plan_id": plan.id.to_string()});
    let own = json!({"plan_id": plan.id.to_string(), "attempt_id": attempt(9).to_string()});
    for (name, wish, marked) in [
        (Some("order-17"), &wish, [false, true, true]),
        // An attempt of the caller's own is the same order by any name, and without one nobody asked to be told.
        (None, &own, [false, false, false]),
        (Some("order-18"), &own, [true, true, true]),
    ] {
        for is_marked in marked {
            let (status, headers, order) = answered(&world, &key, name, wish).await;
            assert_eq!(status, StatusCode::CREATED, "{order}");
            let mark = headers.get("idempotency-replayed");
            assert_eq!(mark.is_some(), is_marked, "{name:?}");
            assert!(mark.is_none_or(|mark| mark == "true"), "{name:?}");
        }
    }
    assert_eq!(world.count("platform_orders").await, 2);
    // What was refused is no repeat.
    let other = json!({"plan_id": plan.id.to_string(), "recurring": true});
    let (status, headers, _) = answered(&world, &key, Some("order-17"), &other).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(!headers.contains_key("idempotency-replayed"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn orders_are_listed_from_the_newest_to_the_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut orders = Vec::new();
    for n in 1..=3 {
        orders.push(made(&world, &key, &plan, n).await);
        world.app.clock.advance(Duration::from_secs(1));
    }
    rail.say(&orders[0], 1);
    tell(&world, &orders[0]).await;
    let part = async |key: &str, path: &str| {
        let (status, part) = api::call(&world, Method::GET, key, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {part}");
        part
    };
    let first = part(&key, "/subscription/orders?limit=2").await;
    // What is listed is what was answered when it was made.
    assert_eq!(first["items"], json!([orders[2], orders[1]]));
    let next = first["next"].as_str().unwrap();
    let path = format!("/subscription/orders?limit=2&cursor={next}");
    let rest = part(&key, &path).await;
    assert_eq!(rest["next"], Value::Null);
    let paid = &rest["items"][0];
    assert_eq!(
        (&paid["id"], &paid["status"], &paid["confirmation_code"]),
        (&orders[0]["id"], &json!("completed"), &json!("SCJ8JQ26SW"))
    );
    assert!(paid["paid_at"].is_string(), "{paid}");
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    // A neighbour has none of them.
    let other = business(&world.app, 2).await;
    let theirs = api::key(&world.app, other.provider, &[Scope::SubscriptionRead]).await;
    let none = part(&theirs, "/subscription/orders").await;
    assert_eq!(none["items"], json!([]));
}
