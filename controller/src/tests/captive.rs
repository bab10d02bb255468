//! The public API: who may ask for a prompt, who is told of a payment or a ticket, and that no address of the controller lets one
//! tenant at another's.

use mnara_protocol::ids::PlanId;
use mnara_protocol::message::{Fact, Printed, RedeemedFact};

use super::*;

struct Asked {
    status: StatusCode,
    body: Value,
}

/// Checks that an answer is a problem document as RFC 9457 has it.
fn problem(asked: &(StatusCode, String, Value), status: StatusCode, kind: &str) {
    let (found, content, body) = asked;
    assert_eq!(
        (*found, content.as_str()),
        (status, "application/problem+json"),
        "{body}"
    );
    assert!(body["type"].as_str().unwrap().ends_with(kind), "{body}");
    assert_eq!(body["status"], json!(status.as_u16()));
    assert!(!body["title"].as_str().unwrap().is_empty());
}

impl World {
    async fn initiate(
        &self,
        provider: ProviderId,
        token: Option<&str>,
        order: Value,
    ) -> (StatusCode, String, Value) {
        let path = format!("/api/captive/{provider}/initiate-mpesa");
        self.send(Method::POST, &path, token, order.to_string().into_bytes())
            .await
    }

    async fn ask_status(&self, path: &str, token: Option<&str>) -> Asked {
        let (status, _, body) = self.send(Method::GET, path, token, Vec::new()).await;
        Asked { status, body }
    }
}

fn order(plan: PlanId) -> Value {
    json!({"phone": "0708 374 149", "plan_id": plan.to_string()})
}

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
    fleet::create::let_go(&world.app, world.shop.provider, world.shop.site)
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
async fn unknown_used_and_expired_codes_look_the_same_to_strangers(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let code: String = read(&world.app, "select code from tickets").await;
    let unknown = world
        .ask_status("/api/tickets/ZZZZZZZZZZZZ/status", None)
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let path = format!("/api/tickets/{code}/status");
    let foreign = other.token(&world.app, mac(2));
    for (state, token) in [("live", None), ("live", Some(foreign.as_str()))] {
        let seen = world.ask_status(&path, token).await;
        assert_eq!(
            (seen.status, &seen.body),
            (unknown.status, &unknown.body),
            "{state}"
        );
    }
    world.app.clock.advance(Duration::from_secs(31 * 86_400));
    let expired = world.ask_status(&path, None).await;
    assert_eq!(
        (expired.status, &expired.body),
        (unknown.status, &unknown.body)
    );
    let token = world.shop.token(&world.app, mac(1));
    assert_eq!(
        world.ask_status(&path, Some(&token)).await.body["status"],
        "expired",
        "its holder is told"
    );
    for _ in 0..20 {
        world.ask_status(&path, None).await;
    }
    assert_eq!(
        world.ask_status(&path, None).await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(
        world
            .ask_status(&path, Some(&world.shop.token(&world.app, mac(1))))
            .await
            .status,
        StatusCode::OK,
        "an address is shared by a whole site"
    );
}

/// Buys a ticket by M-PESA; gives its code and the payment's token.
async fn bought(world: &World, n: u8) -> (String, String) {
    let phone = format!("25470837415{n}");
    let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
    let receipt = format!("NLJ7RT61S{n}");
    world
        .call_back(&world.daraja.secret(), success(n.into(), &receipt))
        .await;
    world.work().await;
    let sql = format!(
        "select code from tickets where payment_id = '{}'",
        begun.payment.uuid()
    );
    (read(&world.app, &sql).await, begun.token)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payments_own_token_shows_its_ticket_and_no_other(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (code, token) = bought(&world, 1).await;
    let (other, _) = bought(&world, 2).await;
    let (a, b, c) = (&code[..4], &code[4..8], &code[8..]);
    for typed in [
        code.clone(),
        format!("{a}-{b}-{c}").to_lowercase(),
        format!("{a}%20{b}%20{c}"),
    ] {
        let path = format!("/api/tickets/{typed}/status");
        let shown = world.ask_status(&path, Some(&token)).await;
        assert_eq!(
            (shown.status, shown.body["status"].as_str()),
            (StatusCode::OK, Some("active")),
            "{typed}"
        );
    }
    let path = format!("/api/tickets/{code}/status");
    let request = Request::get(&path).header("authorization", format!("bearer  {token}"));
    let (status, ..) = world
        .send_from([192, 0, 2, 2], request.body(Body::empty()).unwrap())
        .await;
    assert_eq!(status, StatusCode::OK, "the scheme has no case");
    let not_its = format!("/api/tickets/{other}/status");
    let answer = world.send(Method::GET, &not_its, Some(&token), Vec::new());
    problem(&answer.await, StatusCode::NOT_FOUND, "no-such-ticket");
    // It names no device, so it lets none online.
    let activate = format!("/api/tickets/{code}/activate");
    let answer = world.send(Method::POST, &activate, Some(&token), Vec::new());
    problem(&answer.await, StatusCode::UNAUTHORIZED, "unauthorised");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_holds_nothing_hears_one_answer_about_every_code(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let other = business(app, 2).await;
    let expired_token = shop.token(app, mac(9));
    app.clock.advance(Duration::from_secs(600));
    let (live, _) = bought(&world, 1).await;
    let (used, _) = bought(&world, 2).await;
    let (revoked, _) = bought(&world, 3).await;
    let (_, another_payments) = bought(&world, 4).await;
    let site = reports::Site::new(&world, shop.site);
    let sql = format!("select id from tickets where code = '{used}'");
    let ticket: sqlx::types::Uuid = read(app, &sql).await;
    let ticket = mnara_protocol::ids::TicketId::from_uuid(ticket);
    site.whole_life(&world, ticket).await;
    let code = mnara_protocol::ticket::code::TicketCode::parse(&revoked).unwrap();
    crate::tickets::revoke::ticket(app, shop.provider, &code, Actor::Command)
        .await
        .unwrap();
    let foreign = other.token(app, mac(2));
    let tokens = [
        None,
        Some("not a token"),
        Some(expired_token.as_str()),
        Some(foreign.as_str()),
        Some(another_payments.as_str()),
    ];
    let mut answers = std::collections::BTreeSet::new();
    for (n, token) in (1_u8..).zip(tokens) {
        for code in [
            live.as_str(),
            used.as_str(),
            revoked.as_str(),
            "ZZZZZZZZZZZZ",
            "no-code",
            "%F0%9F%8E%AB",
        ] {
            let mut request = Request::get(format!("/api/tickets/{code}/status"));
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let request = request.body(Body::empty()).unwrap();
            let (status, _, body) = world.send_from([198, 51, 100, n], request).await;
            answers.insert((status.as_u16(), body.to_string()));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    // The holder is told what became of each.
    for (code, word) in [(live, "active"), (used, "used"), (revoked, "revoked")] {
        let token = shop.token(app, mac(1));
        let path = format!("/api/tickets/{code}/status");
        let shown = world.ask_status(&path, Some(&token)).await;
        assert_eq!(shown.body["status"], word, "{}", shown.body);
        let path = format!("/api/tickets/{code}/activate");
        let answer = world.send(Method::POST, &path, Some(&token), Vec::new());
        let answer = answer.await;
        match word {
            "active" => assert_eq!(answer.0, StatusCode::ACCEPTED),
            word => problem(&answer, StatusCode::CONFLICT, &format!("ticket-{word}")),
        }
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_has_no_good_token_is_told_what_to_do_and_counted_by_address(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (code, _) = bought(&world, 1).await;
    let initiate = format!("/api/captive/{}/initiate-mpesa", world.shop.provider);
    let activate = format!("/api/tickets/{code}/activate");
    for (path, tries) in [(&initiate, 5), (&activate, 10)] {
        for token in ["", "not a token"] {
            for n in 0..=tries {
                let body = if path == &initiate {
                    order(world.shop.plan.id).to_string()
                } else {
                    json!({ "token": token }).to_string()
                };
                let request = Request::post(path)
                    .header("content-type", "application/json")
                    .header("authorization", format!("Bearer {token}"))
                    .body(Body::from(body))
                    .unwrap();
                let source = [203, 0, 113, u8::try_from(token.len()).unwrap()];
                let (status, headers, body) = world.send_from(source, request).await;
                if n == tries {
                    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{path} {token}");
                    continue;
                }
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{body}");
                assert_eq!(headers["www-authenticate"], "Bearer");
                assert_eq!(headers["content-type"], "application/problem+json");
                let detail = body["detail"].as_str().unwrap();
                assert!(detail.contains("hotspot's own page"), "{detail}");
            }
        }
    }
    // A customer behind the same address goes on.
    let token = world.shop.token(&world.app, mac(5));
    for (path, body) in [
        (&initiate, order(world.shop.plan.id)),
        (&activate, json!({})),
    ] {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let (status, _, body) = world.send_from([203, 0, 113, 0], request).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    }
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

#[sqlx::test(migrations = "../migrations/controller")]
async fn wrong_codes_of_some_do_not_shut_out_the_others(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (code, _) = bought(&world, 1).await;
    let mut last = StatusCode::OK;
    for n in 10..17 {
        let token = world.shop.token(&world.app, mac(n));
        for _ in 0..10 {
            last = world
                .ask_status("/api/tickets/ZZZZZZZZZZZZ/status", Some(&token))
                .await
                .status;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "a site has so many");
    let path = format!("/api/tickets/{code}/status");
    let token = world.shop.token(&world.app, mac(1));
    assert_eq!(
        world.ask_status(&path, Some(&token)).await.status,
        StatusCode::OK
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_printed_code_is_used_for_the_device_that_asks_where_its_key_is(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let batch = crate::tickets::series::Batch {
        length: 12,
        ..series::batch(shop, 1)
    };
    let made = crate::tickets::series::print(app, shop.provider, &batch, Actor::Command)
        .await
        .unwrap();
    let code = made.tickets[0].code.as_str();
    let token = shop.token(app, mac(1));
    let shown = world
        .ask_status(&format!("/api/tickets/{code}/status"), Some(&token))
        .await;
    assert_eq!(shown.body["status"], "active");
    let path = format!("/api/tickets/{code}/activate");
    let orders = |rows: Vec<Row>| {
        rows.into_iter()
            .filter_map(|row| match row {
                Row::Ruling(row) => Some((row.printed.index, row.deliver_to)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    // A site that has not its key cannot honour it.
    let harbour = fleet::create::create(app, shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let key = SigningKey::from_bytes(&[40; 32]);
    enrolled(app, shop.provider, harbour, &key).await;
    let there = DeviceToken {
        site: harbour,
        mac: mac(2),
        expires: app.clock.now().plus_secs(600),
    };
    let there = there.sign(&key);
    let answer = world.send(Method::POST, &path, Some(&there), Vec::new());
    problem(&answer.await, StatusCode::CONFLICT, "type-it");
    assert_eq!(orders(world.feed(harbour).await), []);
    let (status, _, body) = world
        .send(Method::POST, &path, Some(&token), Vec::new())
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    assert_eq!(orders(world.feed(shop.site).await), [(0, Some(mac(1)))]);
    // The site has used it: asking again changes nothing, and another device is the site's to judge.
    let site = reports::Site::new(&world, shop.site);
    site.report(
        &world,
        Fact::Redeemed(RedeemedFact {
            ticket: mnara_protocol::ticket::series::ticket_id(made.series.id, 0),
            printed: Some(Printed {
                series: made.series.id,
                index: 0,
            }),
            mac: mac(1),
            at: app.clock.now(),
            first: true,
            evicted: None,
            cut_off: false,
        }),
    )
    .await;
    for (n, expected) in [(1, StatusCode::ACCEPTED), (3, StatusCode::CONFLICT)] {
        let token = shop.token(app, mac(n));
        let (status, _, body) = world
            .send(Method::POST, &path, Some(&token), Vec::new())
            .await;
        assert_eq!(status, expected, "{body}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_activated_ticket_goes_to_the_site_of_the_device(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    world.begin(shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let code: String = read(app, "select code from tickets").await;
    let harbour = fleet::create::create(app, shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let key = SigningKey::from_bytes(&[40; 32]);
    enrolled(app, shop.provider, harbour, &key).await;
    let there = DeviceToken {
        site: harbour,
        mac: mac(2),
        expires: app.clock.now().plus_secs(600),
    };
    let path = format!("/api/tickets/{code}/activate");
    let body = json!({"token": there.sign(&key)}).to_string().into_bytes();
    let (status, _, shown) = world.send(Method::POST, &path, None, body).await;
    assert_eq!(
        (status, shown["status"].as_str()),
        (StatusCode::ACCEPTED, Some("active")),
        "{shown}"
    );
    let tickets = |rows: Vec<Row>| {
        rows.into_iter()
            .filter_map(|row| match row {
                Row::Ticket(row) => Some(row.deliver_to),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(tickets(world.feed(harbour).await), [Some(mac(2))]);
    assert_eq!(
        tickets(world.feed(shop.site).await),
        [],
        "it is good at one site at a time"
    );
    problem(
        &world.send(Method::POST, &path, None, b"{}".to_vec()).await,
        StatusCode::UNAUTHORIZED,
        "unauthorised",
    );
    let other = business(app, 2).await;
    let foreign = other.token(app, mac(3));
    problem(
        &world
            .send(Method::POST, &path, Some(&foreign), b"{}".to_vec())
            .await,
        StatusCode::NOT_FOUND,
        "no-such-ticket",
    );
    let ten = series::print(&world, 1).await.tickets.remove(0);
    let short = format!("/api/tickets/{}/activate", ten.code.as_str());
    let token = shop.token(app, mac(4));
    problem(
        &world
            .send(Method::POST, &short, Some(&token), b"{}".to_vec())
            .await,
        StatusCode::NOT_FOUND,
        "no-such-ticket",
    );
    app.clock.advance(Duration::from_secs(31 * 86_400));
    let token = shop.token(app, mac(4));
    problem(
        &world
            .send(Method::POST, &path, Some(&token), b"{}".to_vec())
            .await,
        StatusCode::CONFLICT,
        "ticket-expired",
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn plans_are_shown_to_anybody_and_only_those_on_sale(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hidden = Draft {
        on_sale: false,
        ..hour()
    };
    plans::edit::create(&world.app, world.shop.provider, &hidden, Actor::Command)
        .await
        .unwrap();
    let listed = world
        .ask_status(&format!("/api/captive/{}/plans", world.shop.provider), None)
        .await;
    assert_eq!(listed.status, StatusCode::OK);
    assert_eq!(listed.body.as_array().unwrap().len(), 1);
    assert_eq!(
        (
            listed.body[0]["price"].as_str(),
            listed.body[0]["id"].as_str()
        ),
        (Some("50.00"), Some(world.shop.plan.id.to_string().as_str()))
    );
    let nobody = ProviderId::from_bytes([9; 16]);
    assert_eq!(
        world
            .ask_status(&format!("/api/captive/{nobody}/plans"), None)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

/// Every address of the table, asked for the first business's things as the second one, and what such a caller may hear.
#[sqlx::test(migrations = "../migrations/controller")]
async fn no_address_lets_one_tenant_at_anothers(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let secret = world.daraja.secret();
    world
        .begin(world.shop.ask(2, "254708374152"))
        .await
        .unwrap();
    let code: String = read(&world.app, "select code from tickets").await;
    let state = "select md5(string_agg(t::text, '' order by t::text)) from (select id::text, status from payments union all
                 select id::text, status from tickets union all select row_id::text, revision::text from site_feed) t";
    let before: String = read(&world.app, state).await;
    let (p, theirs) = (world.shop.provider, other.token(&world.app, mac(7)));
    let no = [StatusCode::NOT_FOUND, StatusCode::UNAUTHORIZED];
    let ok = [StatusCode::OK];
    // The rail's addresses answer every body alike; what they let happen is looked at below.
    let asked: Vec<(&str, Method, String, &[StatusCode])> = vec![
        (
            "/api/pay/{provider}/{secret}",
            Method::POST,
            format!("/api/pay/{}/{}", other.provider, "0".repeat(32)),
            &ok,
        ),
        (
            "/api/pay/{provider}/{secret}/validation",
            Method::POST,
            format!("/api/pay/{p}/{secret}/validation"),
            &ok,
        ),
        (
            "/api/pay/{provider}/{secret}/confirmation",
            Method::POST,
            format!("/api/pay/{p}/{}/confirmation", "0".repeat(32)),
            &ok,
        ),
        (
            "/api/mpesa/callback/{provider}/{secret}",
            Method::POST,
            format!("/api/mpesa/callback/{p}/{}", "0".repeat(32)),
            &ok,
        ),
        (
            "/api/mpesa/callback/{provider}",
            Method::POST,
            format!("/api/mpesa/callback/{p}"),
            &ok,
        ),
        (
            "IDENTITY_PATH",
            Method::GET,
            format!("/agent/v1/identity?nonce={}", "0".repeat(64)),
            &ok,
        ),
        (
            "ENROL_PATH",
            Method::POST,
            "/agent/v1/enrol".to_owned(),
            &[StatusCode::UNPROCESSABLE_ENTITY, StatusCode::BAD_REQUEST],
        ),
        (
            "CLOCK_PATH",
            Method::POST,
            "/agent/v1/clock".to_owned(),
            &[StatusCode::BAD_REQUEST],
        ),
        (
            "LINK_PATH",
            Method::GET,
            "/agent/v1/link".to_owned(),
            &[StatusCode::UPGRADE_REQUIRED],
        ),
        (
            "/api/captive/{provider}/plans",
            Method::GET,
            format!("/api/captive/{p}/plans"),
            &ok,
        ),
        (
            "/api/captive/{provider}/initiate-mpesa",
            Method::POST,
            format!("/api/captive/{p}/initiate-mpesa"),
            &no,
        ),
        (
            "/api/payments/{payment}",
            Method::GET,
            format!("/api/payments/{}", begun.payment),
            &no,
        ),
        (
            "/api/tickets/{code}/status",
            Method::GET,
            format!("/api/tickets/{code}/status"),
            &no,
        ),
        (
            "/api/tickets/{code}/activate",
            Method::POST,
            format!("/api/tickets/{code}/activate"),
            &no,
        ),
        ("/healthz", Method::GET, "/healthz".to_owned(), &ok),
        ("/readyz", Method::GET, "/readyz".to_owned(), &ok),
        (
            "/metrics",
            Method::GET,
            "/metrics".to_owned(),
            &[StatusCode::FORBIDDEN],
        ),
    ];
    let mut table: Vec<&str> = include_str!("../routes/mod.rs")
        .split(".route(")
        .skip(1)
        .map(|rest| {
            rest.trim_start()
                .split([',', '\n'])
                .next()
                .unwrap()
                .trim()
                .trim_matches('"')
        })
        .collect();
    let mut known: Vec<&str> = asked.iter().map(|(route, ..)| *route).collect();
    table.sort_unstable();
    known.sort_unstable();
    assert_eq!(
        table, known,
        "a new address has its line here the day it is written"
    );
    for (route, method, path, allowed) in asked {
        let body = match route {
            "/api/captive/{provider}/initiate-mpesa" => {
                order(world.shop.plan.id).to_string().into_bytes()
            }
            "/agent/v1/enrol" | "ENROL_PATH" => b"{}".to_vec(),
            _ if method == Method::POST => success(2, "FORGED0001"),
            _ => Vec::new(),
        };
        let (status, ..) = world.send(method, &path, Some(&theirs), body).await;
        assert!(allowed.contains(&status), "{route}: {status}");
    }
    world.work().await;
    let after: String = read(&world.app, state).await;
    assert_eq!(before, after, "nothing of the first business has moved");
}
