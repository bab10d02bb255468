//! Orders: who may, what is wrong with them, and what is on sale.

use mnara_protocol::message::PayFailure;

use super::*;
use crate::payments::failure_word;
use crate::providers::limits::Limits;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_buyer_with_the_portals_token_pays_and_reads_the_ticket(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let token = world.shop.token(&world.app, mac(1));
    let (status, _, body) = world
        .initiate(world.shop.provider, Some(&token), order(world.shop.plan.id))
        .await;
    assert_eq!(
        (status, body["status"].as_str()),
        (StatusCode::ACCEPTED, Some("pending")),
        "{body}"
    );
    let path = format!("/api/payments/{}", body["payment_id"].as_str().unwrap());
    let own = body["payment_token"].as_str().unwrap().to_owned();
    let pending = world.ask_status(&path, Some(&own)).await;
    assert_eq!(
        (pending.status, pending.body["status"].as_str()),
        (StatusCode::OK, Some("pending"))
    );
    assert!(pending.body.get("ticket").is_none());
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let paid = world.ask_status(&path, Some(&own)).await.body;
    assert_eq!(paid["status"], "success");
    let code = paid["ticket"]["code"].as_str().unwrap().to_owned();
    assert_eq!(code.len(), 14, "shown as XXXX-XXXX-XXXX");
    // The payment is shown to the holder of its own token and to nobody else.
    let nobody = world.ask_status(&path, Some(&"0".repeat(32))).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.ask_status(&path, Some(&token)).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        world.ask_status(&path, None).await.status,
        StatusCode::UNAUTHORIZED
    );
    let ticket = format!("/api/tickets/{code}/status");
    let shown = world.ask_status(&ticket, Some(&token)).await;
    assert_eq!(
        (shown.status, shown.body["status"].as_str()),
        (StatusCode::OK, Some("active"))
    );
    assert_eq!(
        (
            shown.body["seconds_left"].as_u64(),
            shown.body["duration_hours"].as_u64()
        ),
        (Some(3600), Some(1))
    );
    assert_eq!(shown.body["redeemed"], false);
    // Of two limits of time the nearer one counts.
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update tickets set online_secs = 600")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let shown = world.ask_status(&ticket, Some(&token)).await;
    assert_eq!(shown.body["seconds_left"], 600);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_is_prompted_without_a_token_of_the_providers_own_site(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let plan = world.shop.plan.id;
    let none = world.initiate(world.shop.provider, None, order(plan)).await;
    problem(&none, StatusCode::UNAUTHORIZED, "unauthorised");
    let foreign = other.token(&world.app, mac(1));
    let refused = world
        .initiate(world.shop.provider, Some(&foreign), order(plan))
        .await;
    problem(&refused, StatusCode::UNAUTHORIZED, "unauthorised");
    let refused = world
        .initiate(other.provider, Some(&foreign), order(plan))
        .await;
    problem(&refused, StatusCode::CONFLICT, "no-such-plan");
    let mut forged = foreign.clone();
    forged.replace_range(..1, if forged.starts_with('A') { "B" } else { "A" });
    for bad in [forged.as_str(), "", "not a token"] {
        let refused = world.initiate(other.provider, Some(bad), order(plan)).await;
        problem(&refused, StatusCode::UNAUTHORIZED, "unauthorised");
    }
    let old = world.shop.token(&world.app, mac(1));
    world.app.clock.advance(Duration::from_secs(600));
    let expired = world
        .initiate(world.shop.provider, Some(&old), order(plan))
        .await;
    problem(&expired, StatusCode::UNAUTHORIZED, "unauthorised");
    let token = world.shop.token(&world.app, mac(1));
    fleet::create::let_go(
        &world.app,
        world.shop.provider,
        world.shop.site,
        Actor::Command,
    )
    .await
    .unwrap();
    let let_go = world
        .initiate(world.shop.provider, Some(&token), order(plan))
        .await;
    problem(&let_go, StatusCode::UNAUTHORIZED, "unauthorised");
    assert_eq!(world.daraja.pushes(), 0);
    assert_eq!(world.count("payments").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_wrong_with_an_order_is_said_in_a_problem_document(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let token = world.shop.token(&world.app, mac(1));
    let plan = world.shop.plan.id.to_string();
    let bad = [
        json!({"phone": "123", "plan_id": plan}),
        json!({"phone": "0708374149", "plan_id": "plan"}),
        json!({"phone": "0708374149", "plan_id": plan, "attempt_id": "again"}),
        json!({"phone": "0708374149", "plan_id": plan, "plan_revision": 1, "price": "free"}),
    ];
    for order in bad {
        let refused = world
            .initiate(world.shop.provider, Some(&token), order)
            .await;
        problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "bad-field");
        assert!(
            !refused.2.to_string().contains("0708374149"),
            "a phone number is not repeated"
        );
    }
    let changed =
        json!({"phone": "0708374149", "plan_id": plan, "plan_revision": 1, "price": "40.00"});
    let refused = world
        .initiate(world.shop.provider, Some(&token), changed)
        .await;
    problem(&refused, StatusCode::CONFLICT, "plan-changed");
    assert_eq!(
        (
            refused.2["price"].as_str(),
            refused.2["plan_revision"].as_u64()
        ),
        (Some("50.00"), Some(1))
    );
    let begun = world
        .initiate(world.shop.provider, Some(&token), order(world.shop.plan.id))
        .await;
    assert_eq!(begun.0, StatusCode::ACCEPTED);
    let second = world
        .initiate(world.shop.provider, Some(&token), order(world.shop.plan.id))
        .await;
    problem(&second, StatusCode::CONFLICT, "not-asked");
    assert_eq!(second.2["reason"], "other-prompt");
    let nonsense = world
        .send(
            Method::POST,
            &format!("/api/captive/{}/initiate-mpesa", world.shop.provider),
            Some(&token),
            b"{".to_vec(),
        )
        .await;
    assert!(nonsense.0.is_client_error());
    assert_eq!(nonsense.1, "application/problem+json");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_answer_to_an_order_says_where_to_ask_and_a_repeat_how_it_went(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let token = world.shop.token(&world.app, mac(1));
    let mut order = order(world.shop.plan.id);
    order["attempt_id"] = json!("0198c0de-0000-7000-8000-000000000001");
    let post = async |order: &Value, token: &str| {
        let path = format!("/api/captive/{}/initiate-mpesa", world.shop.provider);
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(order.to_string()))
            .unwrap();
        world.send_from([192, 0, 2, 1], request).await
    };
    let (status, headers, first) = post(&order, &token).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{first}");
    let place = first["status_url"].as_str().unwrap();
    assert_eq!(headers["location"], place);
    let own = first["payment_token"].as_str().unwrap();
    let standing = world.ask_status(place, Some(own)).await;
    assert_eq!(
        (standing.status, standing.body["status"].as_str()),
        (StatusCode::OK, Some("pending"))
    );
    // The try is the whole order: with another phone, or from another device, it is not this one.
    let mut other = order.clone();
    other["phone"] = json!("0712345678");
    let (status, _, body) = post(&other, &token).await;
    assert_eq!(
        (status, body["type"].as_str()),
        (
            StatusCode::CONFLICT,
            Some("urn:mnara:problem:attempt-taken")
        )
    );
    let (status, ..) = post(&order, &world.shop.token(&world.app, mac(2))).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        world.ask_status(place, Some(own)).await.status,
        StatusCode::OK
    );
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let (status, _, again) = post(&order, &token).await;
    assert_eq!(
        (status, again["status"].as_str()),
        (StatusCode::OK, Some("success")),
        "{again}"
    );
    assert_eq!(again["payment_id"], first["payment_id"]);
    // Both answers may have arrived, and whichever the caller kept is good.
    assert_eq!(again["payment_token"], first["payment_token"]);
    assert_eq!(
        world.ask_status(place, Some(own)).await.body["status"],
        "success"
    );
    assert_eq!(
        world
            .count(&format!("payments where token like '%{own}%'"))
            .await,
        0,
        "it is not readable at rest"
    );
    assert_eq!(again["ticket"]["code"].as_str().unwrap().len(), 14);
    assert_eq!(world.daraja.pushes(), 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn orders_are_counted_by_phone_by_device_and_by_site(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let ask = async |device: u8, phone: u32| {
        let order =
            json!({"phone": format!("2547{phone:08}"), "plan_id": world.shop.plan.id.to_string()});
        let token = world.shop.token(&world.app, mac(device));
        let answer = world
            .initiate(world.shop.provider, Some(&token), order)
            .await;
        if answer.0 == StatusCode::TOO_MANY_REQUESTS {
            problem(&answer, StatusCode::TOO_MANY_REQUESTS, "too-many");
            assert!(answer.2["retry_after"].as_u64().unwrap() >= 1);
        }
        answer.0.as_u16()
    };
    // One phone from several devices, then one device for several phones, then many of both.
    for (device, status) in [(1, 202), (2, 409), (3, 409), (4, 429)] {
        assert_eq!(ask(device, 1).await, status, "device {device}");
    }
    for phone in 10..15 {
        assert_eq!(ask(9, phone).await, 202);
    }
    assert_eq!(ask(9, 15).await, 429);
    let mut asked = 0;
    for n in 20..100 {
        match ask(n, 100 + u32::from(n)).await {
            202 => asked += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert_eq!(asked, 60 - 8, "a site has sixty at once");
    world.app.clock.advance(Duration::from_secs(60));
    assert_eq!(ask(101, 999).await, 202);
}

#[test]
fn every_reason_for_no_money_is_told_in_the_readme() {
    let readme = include_str!("../../../README.md");
    let (_, told) = readme.split_once("A `reason` is one of").unwrap();
    let (told, _) = told.split_once("\n\n").unwrap();
    for failure in PayFailure::KNOWN {
        let word = failure_word(*failure);
        assert!(told.contains(&format!("`{word}`")), "{word}: {told}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_is_over_the_business_s_limit_hears_what_else_they_can_do(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let provider = world.shop.provider;
    let limits = Limits {
        most: Some(49),
        ..Limits::default()
    };
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    providers::c2b::store::set_limits(&mut tx, provider, limits)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let token = world.shop.token(&world.app, mac(1));
    let refused = world
        .initiate(provider, Some(&token), order(world.shop.plan.id))
        .await;
    problem(&refused, StatusCode::CONFLICT, "not-asked");
    let title = refused.2["title"].as_str().unwrap();
    assert!(title.contains("another plan"), "{title}");
    assert_eq!(world.daraja.pushes(), 0);
}
