//! The API: every call as nobody, with a key that may not, with another's key; what it makes and shows; repeats; its description.

use std::collections::BTreeSet;

use super::reports::Site;
use super::*;
use crate::api::{calls, document};
use crate::providers::keys::scopes::Scope;
use crate::providers::keys::{Listed, Secret, store};

/// A key of a business, good for some things.
pub(super) async fn key(app: &App, provider: ProviderId, scopes: &[Scope]) -> String {
    let secret = Secret::draw(app);
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    let person: Option<sqlx::types::Uuid> = sqlx::query_scalar("select id from people limit 1")
        .fetch_optional(&mut *tx)
        .await
        .unwrap();
    drop(tx);
    let person = match person {
        Some(person) => mnara_protocol::ids::PersonId::from_uuid(person),
        None => crate::admin::begin::make(
            app,
            "Somebody",
            "some@b.example".parse().unwrap(),
            browser::PASSWORD.into(),
        )
        .await
        .unwrap(),
    };
    let listed = Listed {
        id: mnara_protocol::ids::KeyId::new(now, app.entropy.bytes()),
        name: "A program".to_owned(),
        ending: secret.ending().to_owned(),
        scopes: scopes.to_vec(),
        by: None,
        made: now,
        used: None,
        expires: None,
    };
    let mut tx = app.db.tenant(provider).await.unwrap();
    store::insert(&mut tx, provider, &listed, &secret.hash(), person)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    secret.expose().to_owned()
}

async fn call(
    world: &World,
    method: Method,
    key: &str,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let body = if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    };
    let (status, _, answer) = world
        .send(method, &format!("/api/v1{path}"), Some(key), body)
        .await;
    (status, answer)
}

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

fn kind(problem: &Value) -> &str {
    problem["type"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("urn:mnara:problem:")
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_call_opens_to_a_key_with_its_scope_and_to_nobody_else(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let printed = series::print(&world, 1).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let payment: sqlx::types::Uuid = read(&world.app, "select id from payments").await;
    let listed = calls(&world.app);
    assert!(listed.listed().len() > 20);
    for one in listed.listed() {
        let id = match one.path.split('/').nth(1).unwrap() {
            "sites" => world.shop.site.to_string(),
            "plans" => world.shop.plan.id.to_string(),
            "series" => printed.series.id.to_string(),
            "tickets" => printed.tickets[0].id.to_string(),
            "payments" => PaymentId::from_uuid(payment).to_string(),
            _ => String::new(),
        };
        let path = one.path.replace("{id}", &id);
        let body = one
            .operation
            .body
            .as_ref()
            .map_or(Value::Null, |body| body.example.clone());
        let what = format!("{} {path}", one.method);
        for nobody in ["", "mnara_", "x", Secret::draw(&world.app).expose()] {
            let (status, problem) =
                call(&world, one.method.clone(), nobody, &path, body.clone()).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{what} as nobody");
            assert_eq!(kind(&problem), "unauthorised");
        }
        if let Some(scope) = one.call.scope {
            let rest: Vec<Scope> = Scope::ALL
                .into_iter()
                .filter(|other| *other != scope)
                .collect();
            let without = key(&world.app, world.shop.provider, &rest).await;
            let (status, problem) =
                call(&world, one.method.clone(), &without, &path, body.clone()).await;
            assert_eq!(
                status,
                StatusCode::FORBIDDEN,
                "{what} without {}",
                scope.word()
            );
            assert_eq!(problem["scope"], scope.word());
        }
        if one.path.contains("{id}") {
            let neighbour = key(&world.app, other.provider, &Scope::ALL).await;
            let (status, _) =
                call(&world, one.method.clone(), &neighbour, &path, body.clone()).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{what} by a neighbour");
        }
        let good = key(&world.app, world.shop.provider, &Scope::ALL).await;
        if one.method == Method::GET {
            let (status, answer) =
                call(&world, one.method.clone(), &good, &path, Value::Null).await;
            assert_eq!(status, StatusCode::OK, "{what}: {answer}");
            let (status, _) = call(
                &world,
                one.method.clone(),
                &good,
                &format!("{path}?nothing=1"),
                Value::Null,
            )
            .await;
            let takes = one.operation.query.is_some();
            assert_eq!(
                status == StatusCode::BAD_REQUEST,
                takes,
                "{what} with a parameter it does not know"
            );
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_program_runs_the_business_by_its_key(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let (status, site) = call(
        &world,
        Method::POST,
        &key,
        "/sites",
        json!({"name": " Kibera "}),
    )
    .await;
    assert_eq!(
        (status, &site["name"]),
        (StatusCode::CREATED, &json!("Kibera"))
    );
    let at = format!("/sites/{}", site["id"].as_str().unwrap());
    assert_eq!(
        call(&world, Method::GET, &key, &at, Value::Null).await.1,
        site
    );
    let (status, claim) = call(
        &world,
        Method::POST,
        &key,
        &format!("{at}/claim"),
        Value::Null,
    )
    .await;
    assert_eq!(status, StatusCode::CREATED);
    assert!(claim["line"].as_str().unwrap().contains("--claim "));
    let plan = json!({"name": "Day", "price": "100.00", "duration_seconds": 86400, "down_bps": 5_000_000, "up_bps": 1_000_000});
    let (status, made) = call(&world, Method::POST, &key, "/plans", plan).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        (&made["price"], &made["devices"], &made["on_sale"]),
        (&json!("100.00"), &json!(1), &json!(true))
    );
    let at = format!("/plans/{}", made["id"].as_str().unwrap());
    let (status, changed) = call(
        &world,
        Method::PUT,
        &key,
        &at,
        json!({"name": "Day", "price": "90", "duration_seconds": 86400}),
    )
    .await;
    assert_eq!(
        (status, &changed["price"], &changed["revision"]),
        (StatusCode::OK, &json!("90.00"), &json!(2))
    );
    assert_eq!(changed["down_bps"], Value::Null);
    for (body, status, says) in [
        (
            json!({"name": "x", "price": "10.50", "duration_seconds": 60}),
            422,
            "price",
        ),
        (json!({"name": "x", "price": "10"}), 422, "duration_seconds"),
        (
            json!({"name": "x", "price": "10", "duration_seconds": 60, "colour": 1}),
            422,
            "colour",
        ),
        (
            json!({"name": "x", "price": "10", "duration_seconds": 60, "up_bps": 9000}),
            422,
            "down_bps",
        ),
        (json!({"price": "10"}), 422, "name"),
        (json!([]), 422, "object"),
    ] {
        let (found, problem) = call(&world, Method::POST, &key, "/plans", body).await;
        assert_eq!(found.as_u16(), status, "{problem}");
        assert!(
            problem["detail"].as_str().unwrap().contains(says),
            "{problem}"
        );
    }
    let (status, series) = call(&world, Method::POST, &key, "/series", json!({"plan_id": made["id"], "count": 5, "home_site_id": world.shop.site.to_string(), "site_ids": [site["id"]]})).await;
    assert_eq!(status, StatusCode::CREATED, "{series}");
    assert_eq!(series["site_ids"].as_array().unwrap().len(), 2);
    assert!(series.get("key").is_none());
    let at = format!("/series/{}", series["id"].as_str().unwrap());
    let (_, first) = call(
        &world,
        Method::GET,
        &key,
        &format!("{at}/codes?limit=3"),
        Value::Null,
    )
    .await;
    let (_, rest) = call(
        &world,
        Method::GET,
        &key,
        &format!(
            "{at}/codes?limit=3&cursor={}",
            first["next"].as_str().unwrap()
        ),
        Value::Null,
    )
    .await;
    assert_eq!(
        (
            first["items"].as_array().unwrap().len(),
            rest["items"].as_array().unwrap().len(),
            &rest["next"]
        ),
        (3, 2, &Value::Null)
    );
    let code = first["items"][0]["code"].as_str().unwrap();
    let typed = code.to_lowercase().replace('-', "");
    let (_, found) = call(
        &world,
        Method::GET,
        &key,
        &format!("/tickets?code={typed}"),
        Value::Null,
    )
    .await;
    let ticket = &found["items"][0];
    assert_eq!(
        (&ticket["code"], &ticket["phase"], &ticket["series_id"]),
        (&json!(code), &json!("unused"), &series["id"])
    );
    let at_ticket = format!("/tickets/{}", ticket["id"].as_str().unwrap());
    let (status, longer) = call(
        &world,
        Method::POST,
        &key,
        &format!("{at_ticket}/extend"),
        json!({"seconds": 600}),
    )
    .await;
    assert_eq!(
        (status, &longer["extra_seconds"]),
        (StatusCode::OK, &json!(600))
    );
    let (status, problem) = call(
        &world,
        Method::POST,
        &key,
        &format!("{at_ticket}/pause"),
        Value::Null,
    )
    .await;
    assert_eq!((status, kind(&problem)), (StatusCode::CONFLICT, "not-used"));
    let (status, gone) = call(
        &world,
        Method::POST,
        &key,
        &format!("{at_ticket}/revoke"),
        Value::Null,
    )
    .await;
    assert_eq!(
        (status, &gone["status"]),
        (StatusCode::OK, &json!("revoked"))
    );
    let (status, series) = call(
        &world,
        Method::POST,
        &key,
        &format!("{at}/revoke"),
        Value::Null,
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert!(series["revoked_at"].is_string());
    // Who did it is on the books.
    assert!(
        world
            .count("audit where actor = 'key' and key_id is not null")
            .await
            >= 3
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_sold_is_listed_from_one_end_to_the_other(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let all = key(&world.app, world.shop.provider, &Scope::ALL).await;
    for n in 1..=3_u8 {
        world
            .begin(world.shop.ask(n, &format!("25470837414{n}")))
            .await
            .unwrap();
        world
            .call_back(
                &world.daraja.secret(),
                success(u32::from(n), &format!("NLJ7RT61S{n}")),
            )
            .await;
        world.pass(60).await;
    }
    let mut seen = Vec::new();
    let mut path = "/payments?limit=2&status=success".to_owned();
    loop {
        let (status, part) = call(&world, Method::GET, &all, &path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{part}");
        seen.extend(part["items"].as_array().unwrap().clone());
        match part["next"].as_str() {
            Some(next) => path = format!("/payments?limit=2&status=success&cursor={next}"),
            None => break,
        }
    }
    let receipts: Vec<&str> = seen
        .iter()
        .map(|one| one["receipt"].as_str().unwrap())
        .collect();
    assert_eq!(receipts, ["NLJ7RT61S3", "NLJ7RT61S2", "NLJ7RT61S1"]);
    assert_eq!(
        (
            &seen[0]["amount"],
            &seen[0]["currency"],
            &seen[0]["created_at"]
        ),
        (
            &json!("50.00"),
            &json!("KES"),
            &json!("2027-01-15T08:02:00Z")
        )
    );
    let (_, one) = call(
        &world,
        Method::GET,
        &all,
        &format!("/payments/{}", seen[2]["id"].as_str().unwrap()),
        Value::Null,
    )
    .await;
    assert_eq!(one, seen[2]);
    let (_, of_phone) = call(
        &world,
        Method::GET,
        &all,
        "/payments?phone=0708374142",
        Value::Null,
    )
    .await;
    assert_eq!(of_phone["items"].as_array().unwrap().len(), 1);
    let (_, since) = call(
        &world,
        Method::GET,
        &all,
        "/payments?from=2027-01-15T08:01:00Z&to=2027-01-15T08:02:00Z",
        Value::Null,
    )
    .await;
    assert_eq!(since["items"][0]["receipt"], "NLJ7RT61S2");
    let (_, revenue) = call(
        &world,
        Method::GET,
        &all,
        "/reports/revenue?from=2027-01-15&to=2027-01-15",
        Value::Null,
    )
    .await;
    assert_eq!(
        revenue["days"],
        json!([{"day": "2027-01-15", "amount": "150.00", "payments": 3}])
    );
    // A ticket's code is worth money: only a key that may see codes does.
    let at = format!("/tickets/{}", seen[0]["ticket_id"].as_str().unwrap());
    let (_, ticket) = call(&world, Method::GET, &all, &at, Value::Null).await;
    assert_eq!(ticket["code"].as_str().unwrap().len(), 14);
    assert_eq!(ticket["payment_id"], seen[0]["id"]);
    let some = key(&world.app, world.shop.provider, &[Scope::TicketsRead]).await;
    assert_eq!(
        call(&world, Method::GET, &some, &at, Value::Null).await.1["code"],
        Value::Null
    );
    let site = Site::new(&world, world.shop.site);
    let sold = site.sold(&world).await;
    site.whole_life(&world, sold).await;
    let (_, sessions) = call(
        &world,
        Method::GET,
        &all,
        &format!("/sessions?ticket_id={sold}"),
        Value::Null,
    )
    .await;
    assert_eq!(sessions["items"][0]["ticket_id"], sold.to_string());
    for wrong in [
        "/payments?limit=0",
        "/payments?limit=x",
        "/payments?cursor=x",
        "/payments?status=paid",
        "/payments?from=today",
        "/tickets?code=%24",
        "/sessions?site_id=x",
        "/reports/revenue?from=2027-02-01&to=2027-01-01",
        "/reports/revenue?from=9999-12-31",
        "/payments?limit=1&limit=2",
    ] {
        let (status, problem) = call(&world, Method::GET, &all, wrong, Value::Null).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {problem}");
    }
    // A cursor of a mad moment is only the end or the beginning of a list.
    let cursor = crate::api::cursor::Cursor {
        place: i64::MAX,
        id: [255; 16],
    }
    .letters();
    assert_eq!(
        call(
            &world,
            Method::GET,
            &all,
            &format!("/payments?cursor={cursor}"),
            Value::Null
        )
        .await
        .0,
        StatusCode::OK
    );
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
    // After a day all is forgotten.
    world.pass(86_400).await;
    world.pass(3_600).await;
    assert_eq!(world.count("idempotency_keys").await, 0);
    assert_eq!(world.count("jobs where kind = 'forget-answers'").await, 0);
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
        for status in ["401", "403", "429", "500", "503"] {
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
