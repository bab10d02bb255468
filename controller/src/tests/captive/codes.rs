//! Codes and tokens: what each shows, to whom, and how seldom they can be guessed.

use super::*;
use crate::tests::sites::reports;
use crate::tests::tickets::series;

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
