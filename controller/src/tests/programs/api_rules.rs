//! What holds of every call of the API: a repeat has no second effect, a business that is stopped sells nothing, the description is true.

use std::collections::BTreeSet;

use mnara_protocol::message::{Command, NotDone, RefusedReport, Report};

use super::api::{call, key, kind};
use super::*;
use crate::api::{calls, document};
use crate::providers::keys::scopes::Scope;
use crate::tests::sites::commands::{is_quiet, reports, told};
use crate::tests::sites::link::{hub, site};
use crate::tests::tickets::series;

async fn once(
    world: &World,
    key: &str,
    name: &str,
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_same_request_twice_has_its_effect_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let first = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let body = json!({"name": "Kibera"});
    let (status, headers, made) = once(&world, &first, "\"a-1\"", "/sites", &body).await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(!headers.contains_key("idempotency-replayed"));
    // In quotes or without: the same name, the same answer, with where it is.
    let (status, again, same) = once(&world, &first, "a-1", "/sites", &body).await;
    assert_eq!((status, &same), (StatusCode::CREATED, &made));
    assert_eq!(again["idempotency-replayed"], "true");
    assert_eq!(again["location"], headers["location"]);
    assert_eq!(world.count("sites where name = 'Kibera'").await, 1);
    // The same name for something else; another key's names are its own.
    let (status, _, problem) =
        once(&world, &first, "a-1", "/sites", &json!({"name": "Other"})).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::UNPROCESSABLE_ENTITY, "key-reused")
    );
    let second = key(&world.app, world.shop.provider, &Scope::ALL).await;
    assert_eq!(
        once(&world, &second, "a-1", "/sites", &body).await.0,
        StatusCode::CREATED
    );
    assert_eq!(world.count("sites where name = 'Kibera'").await, 2);
    // What failed may be sent again with the same name.
    let (status, ..) = once(&world, &first, "a-2", "/sites", &json!({"name": " "})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        once(&world, &first, "a-2", "/sites", &json!({"name": "Now"}))
            .await
            .0,
        StatusCode::CREATED
    );
    // One that is being answered is waited for; one whose process died is taken over.
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update idempotency_keys set status = null, body = null, location = null where name = 'a-2'").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let (status, headers, problem) =
        once(&world, &first, "a-2", "/sites", &json!({"name": "Now"})).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "in-progress")
    );
    assert_eq!(headers["retry-after"], "2");
    world.app.clock.advance(Duration::from_secs(121));
    assert_eq!(
        once(&world, &first, "a-2", "/sites", &json!({"name": "Now"}))
            .await
            .0,
        StatusCode::CREATED
    );
    for wrong in ["", "a b", &"x".repeat(256)] {
        assert_eq!(
            once(&world, &first, wrong, "/sites", &body).await.0,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    // A line that enrols is a secret and is kept nowhere.
    let claim = format!("/sites/{}/claim", made["id"].as_str().unwrap());
    let one = once(&world, &first, "a-3", &claim, &Value::Null).await.2;
    assert_ne!(
        once(&world, &first, "a-3", &claim, &Value::Null).await.2["line"],
        one["line"]
    );
    assert_eq!(world.count("idempotency_keys where name = 'a-3'").await, 0);
    assert_eq!(
        world
            .count("audit where act = 'claim' and actor = 'key'")
            .await,
        2
    );
    // After a day all is forgotten.
    world.pass(86_400).await;
    world.pass(3_600).await;
    assert_eq!(world.count("idempotency_keys").await, 0);
    assert_eq!(world.count("jobs where kind = 'forget-answers'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_requests_at_once_with_one_name_one_has_the_effect(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let body = json!({"name": "Kibera"});
    let ask = || once(&world, &key, "a-1", "/sites", &body);
    let (one, other) = tokio::join!(ask(), ask());
    let mut made = Vec::new();
    for (status, _, answer) in [one, other] {
        if status == StatusCode::CREATED {
            made.push(answer);
        } else {
            assert_eq!(
                (status, kind(&answer)),
                (StatusCode::CONFLICT, "in-progress")
            );
        }
    }
    assert_eq!(world.count("sites where name = 'Kibera'").await, 1);
    // Whoever was told to wait has the same answer afterwards.
    let (status, _, answer) = ask().await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(!made.is_empty() && made.iter().all(|made| *made == answer));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_that_is_stopped_reads_and_sells_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update providers set state = 'suspended'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        call(&world, Method::GET, &key, "/me", Value::Null).await.1["state"],
        "suspended"
    );
    assert_eq!(
        call(&world, Method::GET, &key, "/payments", Value::Null)
            .await
            .0,
        StatusCode::OK
    );
    let body = json!({"plan_id": world.shop.plan.id.to_string(), "count": 5, "home_site_id": world.shop.site.to_string()});
    let (status, problem) = call(&world, Method::POST, &key, "/series", body).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::FORBIDDEN, "business-stopped")
    );
    assert_eq!(world.count("series").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_description_says_of_every_call_what_it_needs_and_gives(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (status, _, document) = world
        .send(Method::GET, "/api/v1/openapi.json", None, Vec::new())
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "Mnara");
    let table = calls(&world.app);
    assert_eq!(document, document::document(&world.app, table.listed()));
    let mut ids = BTreeSet::new();
    for one in table.listed() {
        let operation =
            &document["paths"][format!("/api/v1{}", one.path)][one.method.as_str().to_lowercase()];
        let what = format!("{} {}", one.method, one.path);
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
            "{what}"
        );
        assert!(operation["summary"].as_str().unwrap().len() > 5, "{what}");
        assert_eq!(
            operation["x-scope"].as_str(),
            one.call.scope.map(Scope::word),
            "{what}"
        );
        if let Some(scope) = one.call.scope {
            assert!(
                operation["description"]
                    .as_str()
                    .unwrap()
                    .contains(scope.word()),
                "{what}"
            );
        }
        for status in ["400", "401", "402", "403", "429", "500", "503"] {
            assert!(
                operation["responses"][status].is_object(),
                "{what}: {status}"
            );
        }
        assert_eq!(
            one.path.contains("{id}"),
            operation["responses"]["404"].is_object(),
            "{what}"
        );
        if let Some(body) = &one.operation.body {
            (body.reads)(&body.example).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
    }
    let operations: usize = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .map(|path| path.as_object().unwrap().len())
        .sum();
    assert_eq!(
        operations,
        table.listed().len(),
        "the document has no call the table has not"
    );
    // Every name in it leads somewhere in it.
    let text = document.to_string();
    for (at, mark) in text.match_indices("\"$ref\":\"#") {
        let rest = &text[at + mark.len()..];
        let pointer = &rest[..rest.find('"').unwrap()];
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    // The page tells the same to people.
    let mut reader = browser::Browser::new(&world, 7);
    let page = reader.get("/api/v1").await.page();
    for one in table.listed() {
        assert!(
            page.contains(&format!("id=\"{}\"", one.operation.id)),
            "{}",
            one.path
        );
    }
    assert!(page.contains("webhook-signature") && page.contains("codes:read"));
}

/// Lets time go on until a call is answered, not by days while it waits for a slow database.
async fn in_time<T>(world: &World, call: impl Future<Output = T>) -> T {
    tokio::pin!(call);
    loop {
        world.app.clock.advance(Duration::from_secs(5));
        let soon = tokio::time::timeout(Duration::from_millis(5), &mut call);
        if let Ok(answer) = soon.await {
            return answer;
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_device_is_cut_off_once_however_often_it_is_asked_what_came_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let ticket = series::print(&world, 1).await.tickets[0].id;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let path = format!("/tickets/{ticket}/disconnect");
    let body = json!({"site_id": world.shop.site.to_string(), "mac": "02:00:00:00:00:01"});
    let mut first = Box::pin(once(&world, &key, "cut", &path, &body));
    let command = tokio::select! {
        (status, _, answer) = &mut first => panic!("{status} before the site was told: {answer}"),
        command = told(&mut site) => command,
    };
    let Command::Kick(ask) = command else {
        panic!("the device is to be cut off");
    };
    let (status, _, problem) = in_time(&world, first).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::GATEWAY_TIMEOUT, "site-silent")
    );
    // The same again is the same command, whose report comes at last.
    site.hang_up();
    site.dial(&hub);
    site.ready().await;
    let mut again = Box::pin(once(&world, &key, "cut", &path, &body));
    tokio::select! {
        (status, _, answer) = &mut again => panic!("{status} before the site said anything: {answer}"),
        is_quiet = is_quiet(&mut site) => assert!(is_quiet, "it is told nothing more"),
    }
    reports(&mut site, ask.id, &Report::Done).await;
    let (status, _, answer) = in_time(&world, again).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(world.count("commands").await, 1);
    assert_eq!(world.count("audit where act = 'kick'").await, 1);
    let (status, headers, same) = once(&world, &key, "cut", &path, &body).await;
    assert_eq!((status, same), (StatusCode::OK, answer));
    assert_eq!(headers["idempotency-replayed"], "true");
    // Where nothing was done the name is free again.
    site.hang_up();
    world.pass(3_600).await;
    let (status, _, problem) = once(&world, &key, "cut-2", &path, &body).await;
    assert_eq!(
        (status, kind(&problem)),
        (StatusCode::CONFLICT, "site-away")
    );
    assert_eq!(
        world.count("idempotency_keys where name = 'cut-2'").await,
        0
    );
}

/// Lets time go on until there is such a row.
async fn comes(world: &World, row: &str) {
    for _ in 0..2_000 {
        if world.count(row).await == 1 {
            return;
        }
        world.app.clock.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
    }
    panic!("there never is one of {row}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_call_that_was_cut_off_ends_its_claim_all_the_same(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let ticket = series::print(&world, 1).await.tickets[0].id;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let path = format!("/tickets/{ticket}/disconnect");
    let body = json!({"site_id": world.shop.site.to_string(), "mac": "02:00:00:00:00:01"});
    for (name, answers_first) in [("done", true), ("silent", false)] {
        site.dial(&hub);
        site.ready().await;
        let mut first = Box::pin(once(&world, &key, name, &path, &body));
        let command = tokio::select! {
            (status, _, answer) = &mut first => panic!("{status} before the site was told: {answer}"),
            command = told(&mut site) => command,
        };
        let Command::Kick(ask) = command else {
            panic!("the device is to be cut off");
        };
        // As the time limit of all requests does, and a browser that goes away.
        drop(first);
        if answers_first {
            reports(&mut site, ask.id, &Report::Done).await;
            let answer = format!("idempotency_keys where name = '{name}' and status = 200");
            comes(&world, &answer).await;
        } else {
            let free = format!("idempotency_keys where name = '{name}' and let_go");
            comes(&world, &free).await;
            site.hang_up();
            site.dial(&hub);
            site.ready().await;
            reports(&mut site, ask.id, &Report::Done).await;
        }
        // The same again has what came of it, and does not wait for a lease to end.
        let again = once(&world, &key, name, &path, &body);
        let (status, headers, answer) = in_time(&world, again).await;
        assert_eq!(status, StatusCode::OK, "{name}: {answer}");
        assert_eq!(headers.contains_key("idempotency-replayed"), answers_first);
        site.hang_up();
    }
    assert_eq!(world.count("commands").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_site_refused_binds_no_name(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let ticket = series::print(&world, 1).await.tickets[0].id;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let path = format!("/tickets/{ticket}/disconnect");
    let device = |mac: &str| json!({"site_id": world.shop.site.to_string(), "mac": mac});
    let reports_of = [
        Report::Refused(RefusedReport {
            why: NotDone::NotHere,
        }),
        Report::Done,
    ];
    // The wrong device, and the right one by the same name.
    for (mac, report) in ["02:00:00:00:00:01", "02:00:00:00:00:02"]
        .into_iter()
        .zip(reports_of)
    {
        site.dial(&hub);
        site.ready().await;
        let body = device(mac);
        let mut call = Box::pin(once(&world, &key, "cut", &path, &body));
        let command = tokio::select! {
            (status, _, answer) = &mut call => panic!("{status} before the site was told: {answer}"),
            command = told(&mut site) => command,
        };
        let Command::Kick(ask) = command else {
            panic!("the device is to be cut off");
        };
        reports(&mut site, ask.id, &report).await;
        let (status, headers, answer) = in_time(&world, call).await;
        assert!(!headers.contains_key("idempotency-replayed"));
        let kept = world.count("idempotency_keys where name = 'cut'").await;
        match report {
            Report::Done => assert_eq!((status, kept), (StatusCode::OK, 1), "{answer}"),
            _ => assert_eq!(
                (status, kind(&answer), kept),
                (StatusCode::CONFLICT, "site-refused", 0)
            ),
        }
        site.hang_up();
    }
    assert_eq!(world.count("commands").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_taken_back_or_refused_is_answered_from_its_own_transaction(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let printed = series::print(&world, 2).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let (_, customers) = call(&world, Method::GET, &key, "/customers", Value::Null).await;
    let customer = customers["items"][0]["id"].as_str().unwrap();
    let none = Value::Null;
    let why = json!({"reason": "Took money back twice"});
    for (name, path, body, act) in [
        (
            "r-1",
            format!("/tickets/{}/revoke", printed.tickets[0].id),
            &none,
            "revoke",
        ),
        (
            "r-2",
            format!("/series/{}/revoke", printed.series.id),
            &none,
            "revoke-series",
        ),
        ("r-3", format!("/customers/{customer}/block"), &why, "block"),
        (
            "r-4",
            format!("/customers/{customer}/unblock"),
            &none,
            "unblock",
        ),
    ] {
        let (status, headers, first) = once(&world, &key, name, &path, body).await;
        assert_eq!(status, StatusCode::OK, "{path}: {first}");
        assert!(!headers.contains_key("idempotency-replayed"));
        let (_, headers, again) = once(&world, &key, name, &path, body).await;
        assert_eq!(headers["idempotency-replayed"], "true", "{path}");
        assert_eq!(again, first);
        let lines = format!("audit where act = '{act}' and actor = 'key'");
        assert_eq!(world.count(&lines).await, 1, "{path}");
    }
}
