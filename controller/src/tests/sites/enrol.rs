//! Enrolment: a claim is spent by the first key that brings it, and a site has one agent.

use mnara_protocol::enrol::{sign_claim, verify_enrolled, verify_identity};

use super::*;
use crate::fleet::enrol::{EnrolError, claim, enrol};
use crate::tests::tickets::series;

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_first_key_spends_a_claim_and_may_repeat_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let site = fleet::create::create(app, shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let code = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let first = enrol(app, &code, &key(7).verifying_key(), "agent")
        .await
        .unwrap();
    assert_eq!((first.provider, first.site), (shop.provider, site));
    app.clock.advance(Duration::from_secs(7200));
    let again = enrol(app, &code, &key(7).verifying_key(), "agent")
        .await
        .unwrap();
    assert_eq!(
        (again.agent, again.site),
        (first.agent, site),
        "the first answer may have been lost"
    );
    let refused = |result| matches!(result, Err(EnrolError::NotGood));
    assert!(refused(
        enrol(app, &code, &key(8).verifying_key(), "agent").await
    ));
    assert!(refused(
        enrol(app, &"0".repeat(40), &key(8).verifying_key(), "agent").await
    ));
    let old = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    app.clock.advance(Duration::from_secs(3600));
    assert!(refused(
        enrol(app, &old, &key(8).verifying_key(), "agent").await
    ));
    let renewed = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let same = enrol(app, &renewed, &key(7).verifying_key(), "agent")
        .await
        .unwrap();
    assert_eq!(
        same.agent, first.agent,
        "the site's own agent may bring a new line"
    );
    let elsewhere = fleet::create::create(app, shop.provider, "Elsewhere", Actor::Command)
        .await
        .unwrap();
    let other = claim(app, shop.provider, elsewhere, Actor::Command)
        .await
        .unwrap();
    assert!(
        refused(enrol(app, &other, &key(7).verifying_key(), "agent").await),
        "a key belongs to one site"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_keys_at_once_one_is_enrolled(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let site = fleet::create::create(app, shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let code = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let (seven, eight) = (key(7).verifying_key(), key(8).verifying_key());
    let (one, two) = futures_util::future::join(
        enrol(app, &code, &seven, "agent"),
        enrol(app, &code, &eight, "agent"),
    )
    .await;
    assert!(one.is_ok() != two.is_ok());
    assert_eq!(
        world
            .count(&format!("agents where site_id = '{}'", site.uuid()))
            .await,
        1
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_replaced_agent_is_let_go_and_the_series_are_sealed_to_the_new_one(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let printed = series::print(&world, 5).await;
    let new = key(9);
    let agent = enrolled(&world.app, world.shop.provider, world.shop.site, &new).await;
    let present = format!(
        "agents where site_id = '{}' and revoked_at is null",
        world.shop.site.uuid()
    );
    assert_eq!(
        world
            .count(&format!("{present} and id = '{}'", agent.uuid()))
            .await,
        1
    );
    assert_eq!(world.count(&present).await, 1);
    let rows = world.feed(world.shop.site).await;
    let series = rows.into_iter().find_map(|row| match row {
        Row::Series(series) => Some(series),
        _ => None,
    });
    let series = series.unwrap();
    let context = mnara_protocol::seal::series_key_context(printed.series.id, world.shop.site);
    assert!(mnara_protocol::seal::open(&new, &context, &series.sealed_key).is_ok());
    assert!(mnara_protocol::seal::open(&world.shop.key, &context, &series.sealed_key).is_err());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_agent_is_enrolled_over_http_by_a_controller_that_proves_itself(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let nonce = [3; 32];
    let path = format!("/agent/v1/identity?nonce={}", hex::encode(nonce));
    let (status, _, body) = world.send(Method::GET, &path, None, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    let controller = fleet::identity::load(app)
        .await
        .unwrap()
        .signing
        .verifying_key();
    assert_eq!(body["keys"], json!([hex::encode(controller.as_bytes())]));
    let mut signature = [0; 64];
    hex::decode_to_slice(body["signature"].as_str().unwrap(), &mut signature).unwrap();
    verify_identity(&controller, &nonce, &signature).unwrap();
    let site = fleet::create::create(app, shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let code = claim(app, shop.provider, site, Actor::Command)
        .await
        .unwrap();
    let agent = key(7);
    let claimed = |signature: [u8; 64]| {
        json!({"claim": code, "public_key": hex::encode(agent.verifying_key().as_bytes()), "software": "agent 1",
               "signature": hex::encode(signature)})
        .to_string()
        .into_bytes()
    };
    let (status, ..) = world
        .send(
            Method::POST,
            "/agent/v1/enrol",
            None,
            claimed(sign_claim(&key(8), &code)),
        )
        .await;
    assert_eq!(
        status,
        StatusCode::BAD_REQUEST,
        "who brings a claim holds the key it is for"
    );
    let (status, _, body) = world
        .send(
            Method::POST,
            "/agent/v1/enrol",
            None,
            claimed(sign_claim(&agent, &code)),
        )
        .await;
    assert_eq!(status, StatusCode::OK, "{body}");
    let enrolled = mnara_protocol::enrol::Enrolled {
        agent: body["agent_id"].as_str().unwrap().parse().unwrap(),
        site: body["site_id"].as_str().unwrap().parse().unwrap(),
        provider: body["provider_id"].as_str().unwrap().parse().unwrap(),
        time: mnara_protocol::clock::Timestamp::from_millis(
            body["controller_time"].as_i64().unwrap(),
        ),
    };
    assert_eq!(
        (enrolled.site, enrolled.provider, enrolled.time),
        (site, shop.provider, app.clock.now())
    );
    hex::decode_to_slice(body["proof"].as_str().unwrap(), &mut signature).unwrap();
    verify_enrolled(
        &controller,
        &agent.verifying_key(),
        &code,
        &enrolled,
        &signature,
    )
    .unwrap();
    let (status, kind, body) = world
        .send(
            Method::POST,
            "/agent/v1/enrol",
            None,
            claimed(sign_claim(&agent, &"0".repeat(40))),
        )
        .await;
    assert_eq!(
        (status, kind.as_str()),
        (StatusCode::BAD_REQUEST, "application/problem+json"),
        "{body}"
    );
}
