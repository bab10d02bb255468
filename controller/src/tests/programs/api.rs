//! The API: every call as nobody, with a key that may not, with another's key; what it makes and shows.

use super::*;
use crate::api::calls;
use crate::payments::unmatched::{self, Arrived};
use crate::providers::keys::scopes::Scope;
use crate::providers::keys::{Listed, Secret, store};
use crate::rails::daraja::callback::Payer;
use crate::tests::sites::reports::Site;
use crate::tests::tickets::series;

/// A key of a business, good for some things.
pub(in crate::tests) async fn key(app: &App, provider: ProviderId, scopes: &[Scope]) -> String {
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

pub(in crate::tests) async fn call(
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

pub(in crate::tests) fn kind(problem: &Value) -> &str {
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
    let arrived = Arrived {
        reason: unmatched::Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Untold,
        reference: None,
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let taken = unmatched::take::take(&world.app, &mut tx, world.shop.provider, &arrived);
    assert!(taken.await.unwrap());
    tx.commit().await.unwrap();
    let queued: sqlx::types::Uuid = read(&world.app, "select id from unmatched").await;
    let payment: sqlx::types::Uuid = read(&world.app, "select id from payments").await;
    let customer: sqlx::types::Uuid = read(&world.app, "select id from customers").await;
    let webhook = api_reads::webhook(&world).await;
    let delivery = api_settings::delivery(&world, webhook).await.to_string();
    let listed = calls(&world.app);
    assert!(listed.listed().len() > 40);
    for one in listed.listed() {
        let id = match one.path.split('/').nth(1).unwrap() {
            "sites" => world.shop.site.to_string(),
            "plans" => world.shop.plan.id.to_string(),
            "series" => printed.series.id.to_string(),
            "tickets" => printed.tickets[0].id.to_string(),
            "payments" => PaymentId::from_uuid(payment).to_string(),
            "customers" => mnara_protocol::ids::CustomerId::from_uuid(customer).to_string(),
            "queue" => mnara_protocol::ids::UnmatchedId::from_uuid(queued).to_string(),
            "messages" => mnara_protocol::ids::SmsId::from_bytes([7; 16]).to_string(),
            "settings" if one.path.contains("deliveries/") => delivery.clone(),
            "settings" if one.path.contains("webhooks") => webhook.to_string(),
            "settings" => mnara_protocol::ids::StaffId::from_bytes([7; 16]).to_string(),
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
        }
        let unknown = format!("{path}?nothing=1");
        let (status, problem) = call(&world, one.method.clone(), &good, &unknown, body).await;
        assert_eq!(
            (status, kind(&problem)),
            (StatusCode::BAD_REQUEST, "bad-request"),
            "{what} with a parameter it does not know"
        );
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
    // What came this very second counts from the next on.
    world.pass(1).await;
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
