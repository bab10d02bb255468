//! What programs do with SMS by the API: one whose answer was lost is sent again, phones are sent no more and let go again.

use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::sms::store::ByWhom;
use crate::tests::programs::api::{call, key, kind};

/// Posts to the API under a name.
async fn post(
    world: &World,
    (key, name): (&str, &str),
    path: &str,
    body: &Value,
) -> (StatusCode, HeaderMap, Value) {
    let request = Request::post(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {key}"))
        .header("content-type", "application/json")
        .header("idempotency-key", name)
        .body(Body::from(body.to_string()));
    world.send_from([192, 0, 2, 1], request.unwrap()).await
}

async fn get(world: &World, key: &str, path: &str) -> Value {
    let (status, answer) = call(world, Method::GET, key, path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer
}

/// A key that may do all but one thing.
async fn without(world: &World, scope: Scope) -> String {
    let rest: Vec<Scope> = Scope::ALL
        .into_iter()
        .filter(|other| *other != scope)
        .collect();
    key(&world.app, world.shop.provider, &rest).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_sends_a_lost_text_again_and_none_that_is_over(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    let all = key(&world.app, world.shop.provider, &Scope::ALL).await;
    tower.answer(Answer::HangUp);
    pay(&world, 1).await;
    let first = tower.one();
    let lost = get(&world, &all, "/messages").await["items"][0].clone();
    assert_eq!(
        (&lost["state"], &lost["may_be_sent_again"]),
        (&json!("unknown"), &json!(true))
    );
    let path = format!("/messages/{}/again", lost["id"].as_str().unwrap());
    let nothing = Value::Null;
    let less = without(&world, Scope::MessagesWrite).await;
    let (status, _, problem) = post(&world, (&less, "a-0"), &path, &nothing).await;
    assert_eq!(
        (status, &problem["scope"]),
        (StatusCode::FORBIDDEN, &json!("messages:write"))
    );
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    let (status, ..) = post(&world, (&theirs, "a-0"), &path, &nothing).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(states(&world).await, ["unknown"]);

    // The same request twice sends it once.
    let (status, headers, waits) = post(&world, (&all, "a-1"), &path, &nothing).await;
    assert_eq!(
        (status, &waits["id"], &waits["state"]),
        (StatusCode::OK, &lost["id"], &json!("waiting")),
        "{waits}"
    );
    assert!(!headers.contains_key("idempotency-replayed"));
    world.work().await;
    assert_eq!(tower.one().said, first.said);
    let (_, headers, same) = post(&world, (&all, "a-1"), &path, &nothing).await;
    assert_eq!(headers["idempotency-replayed"], "true");
    assert_eq!(same, waits);
    world.work().await;
    assert_eq!(tower.empty().len(), 0);
    let sent = get(&world, &all, "/messages").await["items"][0].clone();
    assert_eq!(
        (&sent["state"], &sent["may_be_sent_again"]),
        (&json!("sent"), &json!(false))
    );
    // What has arrived is over, and nobody asked for the same twice.
    let (status, _, problem) = post(&world, (&all, "a-2"), &path, &nothing).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "not-again")
    );
    for nobodys in ["x", "sms_00000000000000000000000000000000"] {
        let path = format!("/messages/{nobodys}/again");
        let (status, ..) = post(&world, (&all, "a-3"), &path, &nothing).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{nobodys}");
    }
    let lines = "audit where act = 'sms-again' and actor = 'key'";
    assert_eq!(world.count(lines).await, 1);
    assert_eq!(
        deed(&world, "sms-again").await,
        json!({"before": {"status": "unknown"}, "after": {"status": "waiting"}})
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_lists_the_phones_that_get_none_and_changes_which(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (tower, world) = Tower::world(pool, options).await;
    want(&world, always()).await;
    let provider = world.shop.provider;
    let all = key(&world.app, provider, &Scope::ALL).await;
    let stopped = "/messages/stopped";
    let (stop, start) = ("/messages/stop", "/messages/start");
    let which = |phone: &str| json!({"phone": phone});
    let since =
        |phone: &str, at: &str, told: &str| json!({"phone": phone, "stopped_at": at, "told": told});
    let at = "2027-01-15T08:00:00Z";
    // At one moment, so that their numbers are in order.
    for (name, phone, digits) in [
        ("s-3", "0712 000 003", "254712000003"),
        ("s-1", "+254712000001", "254712000001"),
        ("s-2", PHONE, PHONE),
    ] {
        let body = which(phone);
        let (status, _, first) = post(&world, (&all, name), stop, &body).await;
        assert_eq!(
            (status, &first),
            (StatusCode::OK, &since(digits, at, "staff"))
        );
        let (_, headers, same) = post(&world, (&all, name), stop, &body).await;
        assert_eq!(headers["idempotency-replayed"], "true");
        assert_eq!(same, first);
    }
    let later = world.app.clock.now().plus_secs(1);
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let phone = "254712000004".parse().unwrap();
    rows::opt_out(&mut tx, provider, phone, ByWhom::Network, later)
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let part = get(&world, &all, &format!("{stopped}?limit=2")).await;
    let network = since("254712000004", "2027-01-15T08:00:01Z", "network");
    assert_eq!(part["items"], json!([network, since(PHONE, at, "staff")]));
    let next = part["next"].as_str().unwrap();
    let rest = get(&world, &all, &format!("{stopped}?limit=2&cursor={next}")).await;
    assert_eq!(
        rest,
        json!({"items": [since("254712000001", at, "staff"), since("254712000003", at, "staff")], "next": null})
    );
    // A place that no list has given out.
    let nowhere = format!("{stopped}?cursor={}", "_".repeat(32));
    assert_eq!(get(&world, &all, &nowhere).await["items"], json!([]));

    pay(&world, 1).await;
    assert_eq!(tower.empty().len(), 0);
    assert_eq!(states(&world).await, ["dropped:opted-out"]);
    // Asked for twice it is one change.
    for name in ["g-1", "g-2"] {
        let (status, _, now) = post(&world, (&all, name), start, &which("0708374149")).await;
        let expected = json!({"phone": PHONE, "stopped_at": null, "told": null});
        assert_eq!((status, now), (StatusCode::OK, expected));
    }
    pay(&world, 2).await;
    assert_eq!(tower.empty().len(), 1);
    for name in ["g-3", "g-4"] {
        let (status, ..) = post(&world, (&all, name), stop, &which(PHONE)).await;
        assert_eq!(status, StatusCode::OK);
    }
    let lines = |act: &str| format!("audit where act = '{act}' and actor = 'key'");
    assert_eq!(world.count(&lines("sms-stop")).await, 4);
    assert_eq!(world.count(&lines("sms-start")).await, 1);

    for path in [stop, start] {
        let (status, _, problem) = post(&world, (&all, "b-1"), path, &which("0712 <b>")).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::UNPROCESSABLE_ENTITY, "bad-field")
        );
        assert!(!problem.to_string().contains("0712"), "{problem}");
        let less = without(&world, Scope::MessagesWrite).await;
        let (status, _, problem) = post(&world, (&less, "b-1"), path, &which(PHONE)).await;
        assert_eq!(
            (status, &problem["scope"]),
            (StatusCode::FORBIDDEN, &json!("messages:write"))
        );
    }
    let less = without(&world, Scope::MessagesRead).await;
    let (status, _) = call(&world, Method::GET, &less, stopped, Value::Null).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    // A neighbour's list is its own.
    let other = business(&world.app, 2).await;
    let theirs = key(&world.app, other.provider, &Scope::ALL).await;
    assert_eq!(get(&world, &theirs, stopped).await["items"], json!([]));
}
