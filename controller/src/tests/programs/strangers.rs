//! The API as a stranger meets it: numbers as people write them, bodies as programs get them wrong, addresses that are none. Whatever
//! comes, the answer is a problem document that says what to do and repeats nothing.

use super::api::key;
use super::*;
use crate::providers::keys::scopes::Scope;

impl World {
    fn order(&self, body: impl Into<Body>) -> Request {
        let token = self.shop.token(&self.app, mac(1));
        Request::post(format!(
            "/api/captive/{}/initiate-mpesa",
            self.shop.provider
        ))
        .header("content-type", "application/json")
        .header("authorization", format!("Bearer {token}"))
        .body(body.into())
        .unwrap()
    }

    async fn refused(&self, request: Request, status: StatusCode, what: &str) -> Value {
        let (found, headers, body) = self.send_from([192, 0, 2, 1], request).await;
        assert_eq!(found, status, "{what}: {body}");
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "{what}"
        );
        assert_eq!(body["status"], json!(status.as_u16()), "{what}");
        assert!(
            body["type"]
                .as_str()
                .unwrap()
                .starts_with("urn:mnara:problem:"),
            "{what}"
        );
        body
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_way_people_write_a_number_rings_the_same_phone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let plan = world.shop.plan.id.to_string();
    let forms = [
        json!("0708374149"),
        json!("254708374149"),
        json!("+254708374149"),
        json!("708374149"),
        json!("0708 374 149"),
        json!("(0708) 374-149"),
        json!("+254.708.374.149"),
        json!("\u{202a}+254\u{a0}708\u{a0}374149\u{202c}"),
        json!(254_708_374_149_u64),
        json!(708_374_149),
    ];
    for (n, phone) in (1_u32..).zip(forms) {
        let body = json!({"phone": phone, "plan_id": plan}).to_string();
        let (status, _, said) = world.send_from([192, 0, 2, 1], world.order(body)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{phone}: {said}");
        let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
        assert_eq!(
            (pushed["PartyA"].as_str(), pushed["PhoneNumber"].as_str()),
            (Some(PHONE), Some(PHONE)),
            "{phone}"
        );
        world
            .call_back(&world.daraja.secret(), callback(n, json!(1032), None))
            .await;
        world.pass(60).await;
    }
    for phone in [
        json!("0808374149"),
        json!("2540708374149"),
        json!("00254708374149"),
        json!("070837414"),
        json!("07083741490"),
        json!("0708374149 or 1=1"),
        json!("٠٧٠٨٣٧٤١٤٩"),
        json!("０７０８３７４１４９"),
        json!("+1 708 374 149"),
        json!(""),
        json!("📱"),
        json!(-254_708_374_149_i64),
        json!(254_708_374_149.5),
        json!(null),
        json!(["0708374149"]),
        json!({"number": "0708374149"}),
        json!(true),
    ] {
        let body = json!({"phone": phone, "plan_id": plan}).to_string();
        let said = world
            .refused(
                world.order(body),
                StatusCode::UNPROCESSABLE_ENTITY,
                &phone.to_string(),
            )
            .await;
        let detail = said["detail"].as_str().unwrap();
        assert!(detail.starts_with("phone: "), "{phone}: {detail}");
        assert!(
            !said.to_string().contains("70837414"),
            "a number is not repeated: {said}"
        );
        world.app.clock.advance(Duration::from_secs(2));
    }
    assert_eq!(world.daraja.pushes(), 10);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whatever_a_body_is_the_answer_says_what_to_send(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let plan = world.shop.plan.id.to_string();
    let good = json!({"phone": "0708374149", "plan_id": plan}).to_string();
    let nested = format!("{}{}", "[".repeat(9000), "]".repeat(9000));
    let twice = good.replace('{', r#"{"phone":"0712345678","#);
    let large = format!("{good}{}", " ".repeat(70_000));
    let cases: [(Vec<u8>, u16, &str); 13] = [
        (b"".to_vec(), 400, "JSON"),
        (b"{".to_vec(), 400, "JSON"),
        (b"phone=0708374149".to_vec(), 400, "JSON"),
        (format!("{good}{good}").into_bytes(), 400, "JSON"),
        (nested.into_bytes(), 400, "JSON"),
        (vec![0xff, 0xfe, 0x00], 400, "JSON"),
        (b"\"0708374149\"".to_vec(), 422, "one JSON object"),
        (b"null".to_vec(), 422, "one JSON object"),
        (b"{}".to_vec(), 422, "phone: this field is missing"),
        (
            br#"{"phone": "0708374149"}"#.to_vec(),
            422,
            "plan_id: this field is missing",
        ),
        (twice.into_bytes(), 422, "phone: give this field once"),
        (
            good.replace('}', r#","plan_revision":"one"}"#).into_bytes(),
            422,
            "plan_revision: this is of the wrong kind",
        ),
        (
            good.replace('}', r#","price":"50.00"}"#).into_bytes(),
            422,
            "plan_revision: give it with price",
        ),
    ];
    for (body, status, detail) in cases {
        let what = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let status = StatusCode::from_u16(status).unwrap();
        let said = world.refused(world.order(body), status, &what).await;
        assert!(
            said["detail"].as_str().unwrap().contains(detail),
            "{what}: {said}"
        );
    }
    let said = world
        .refused(world.order(large), StatusCode::PAYLOAD_TOO_LARGE, "large")
        .await;
    assert_eq!(said["type"], "urn:mnara:problem:too-large");
    for kind in [
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        None,
    ] {
        let mut request = world.order(good.clone());
        request.headers_mut().remove("content-type");
        if let Some(kind) = kind {
            request
                .headers_mut()
                .insert("content-type", kind.parse().unwrap());
        }
        let said = world
            .refused(request, StatusCode::UNSUPPORTED_MEDIA_TYPE, "kind")
            .await;
        assert_eq!(said["type"], "urn:mnara:problem:not-json");
    }
    for (field, value) in [
        ("plan_id", json!("plan")),
        ("plan_id", json!("../../etc/passwd")),
        ("plan_id", json!("'; drop table payments; --")),
        ("attempt_id", json!("🎫")),
        ("price", json!("50,00")),
    ] {
        let mut body: Value = serde_json::from_str(&good).unwrap();
        body["plan_revision"] = json!(1);
        body["price"] = json!("50.00");
        body[field] = value;
        let said = world
            .refused(
                world.order(body.to_string()),
                StatusCode::UNPROCESSABLE_ENTITY,
                field,
            )
            .await;
        assert!(
            said["detail"].as_str().unwrap().starts_with(field),
            "{said}"
        );
    }
    assert_eq!(world.daraja.pushes(), 0);
    assert_eq!(world.count("payments").await, 0);
    // A field nobody knows is not in the way, and a token in the body is as good as one in the header.
    let mut body: Value = serde_json::from_str(&good).unwrap();
    body["amount"] = json!(1);
    body["note"] = json!("\u{0}\u{1f3ab}");
    body["token"] = json!(world.shop.token(&world.app, mac(2)));
    let mut request = world.order(body.to_string());
    request.headers_mut().remove("authorization");
    let (status, _, said) = world.send_from([192, 0, 2, 1], request).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{said}");
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    assert_eq!(
        pushed["Amount"], "50",
        "the plan says what it costs, not the caller"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_address_that_is_none_and_a_method_that_is_wrong_are_said(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let provider = world.shop.provider;
    let long = "x".repeat(5000);
    for path in [
        "/api".to_owned(),
        format!("/api/captive/{provider}"),
        format!("/api/captive/{provider}/plans/"),
        "/api/captive/not-an-id/plans".to_owned(),
        "/api/captive/%00/plans".to_owned(),
        "/api/captive/%ff/plans".to_owned(),
        format!("/api/captive/{long}/plans"),
        "/api/captive/00000000-0000-0000-0000-000000000000/plans".to_owned(),
        "/api/payments/1".to_owned(),
        format!("/api/payments/{provider}"),
        "/api/payments/pay_%F0%9F%92%B0".to_owned(),
    ] {
        let request = Request::get(&path).body(Body::empty()).unwrap();
        let said = world.refused(request, StatusCode::NOT_FOUND, &path).await;
        assert_eq!(said["type"], "urn:mnara:problem:not-found", "{path}");
    }
    // The same id in each of its spellings.
    let bare = provider.uuid().to_string();
    for id in [provider.to_string(), bare.clone(), bare.to_uppercase()] {
        let request = Request::get(format!("/api/captive/{id}/plans"));
        let request = request.body(Body::empty()).unwrap();
        let (status, ..) = world.send_from([192, 0, 2, 1], request).await;
        assert_eq!(status, StatusCode::OK, "{id}");
    }
    for (path, method, allowed) in [
        (format!("/api/captive/{provider}/plans"), "POST", "GET,HEAD"),
        (
            format!("/api/captive/{provider}/initiate-mpesa"),
            "GET",
            "POST",
        ),
        (
            "/api/tickets/ZZZZZZZZZZZZ/status".to_owned(),
            "DELETE",
            "GET,HEAD",
        ),
        (
            "/api/tickets/ZZZZZZZZZZZZ/activate".to_owned(),
            "PUT",
            "POST",
        ),
        (format!("/api/mpesa/callback/{provider}"), "GET", "POST"),
        ("/healthz".to_owned(), "BREW", "GET,HEAD"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(&path)
            .body(Body::empty())
            .unwrap();
        let (status, headers, body) = world.send_from([192, 0, 2, 1], request).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(body["type"], "urn:mnara:problem:bad-method", "{path}");
        assert_eq!(headers["allow"], allowed, "{path}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_call_says_what_it_takes_with_and_without_a_name_for_the_request(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    let bearer = format!("Bearer {key}");
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(70_000));
    for name in [None, Some("a-1")] {
        for (kind, body, status) in [
            ("application/json", large.as_str(), 413),
            ("text/plain", r#"{"name": "Kibera"}"#, 415),
            ("application/json", r#"{"name": "#, 400),
            (
                "application/json",
                r#"{"name": "Kibera", "nmae": "x"}"#,
                422,
            ),
        ] {
            let mut request = Request::post("/api/v1/sites")
                .header("authorization", &bearer)
                .header("content-type", kind);
            if let Some(name) = name {
                request = request.header("idempotency-key", name);
            }
            let request = request.body(Body::from(body.to_owned())).unwrap();
            let what = format!("{status} {name:?}");
            let status = StatusCode::from_u16(status).unwrap();
            world.refused(request, status, &what).await;
        }
    }
    assert_eq!(world.count("sites where name = 'Kibera'").await, 0);
    assert_eq!(world.count("idempotency_keys").await, 0);
    for path in ["/api/v1/nothing", "/api/v1/sites/", "/api/v1/sites/%ff"] {
        let request = Request::get(path)
            .header("authorization", &bearer)
            .body(Body::empty())
            .unwrap();
        world.refused(request, StatusCode::NOT_FOUND, path).await;
    }
    let head = |bearer: &str| {
        Request::head("/api/v1/me")
            .header("authorization", bearer)
            .body(Body::empty())
            .unwrap()
    };
    let (status, headers, body) = world.send_from([192, 0, 2, 1], head(&bearer)).await;
    assert_eq!((status, body), (StatusCode::OK, Value::Null));
    assert!(headers.contains_key("ratelimit") && headers.contains_key("ratelimit-policy"));
    let (status, headers, _) = world.send_from([192, 0, 2, 1], head("Basic x")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(headers["www-authenticate"], "Bearer");
}
