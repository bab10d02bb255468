//! What the public addresses tell anybody, and that none lets one business at another's.

use super::*;

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
            "/router/install.rsc",
            Method::GET,
            "/router/install.rsc?mode=container&version=7.24&arch=arm64".to_owned(),
            &no,
        ),
        (
            "/router/files/{*path}",
            Method::GET,
            "/router/files/remove.rsc?mode=container&version=7.24&arch=arm64".to_owned(),
            &no,
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
            "/api/payments/pesapal/callback",
            Method::GET,
            "/api/payments/pesapal/callback".to_owned(),
            &[StatusCode::SEE_OTHER],
        ),
        (
            "/api/payments/pesapal/webhook",
            Method::POST,
            "/api/payments/pesapal/webhook".to_owned(),
            &[StatusCode::BAD_REQUEST],
        ),
        (
            "/api/sms/{secret}/delivery",
            Method::POST,
            format!("/api/sms/{}/delivery", "0".repeat(32)),
            &[StatusCode::NOT_FOUND],
        ),
        (
            "/api/sms/{secret}/opt-out",
            Method::POST,
            format!("/api/sms/{}/opt-out", "0".repeat(32)),
            &[StatusCode::NOT_FOUND],
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
    let mut table: Vec<&str> = include_str!("../../routes/mod.rs")
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
