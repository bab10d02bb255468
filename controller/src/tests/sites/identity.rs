//! The controller's identity key changes, and no agent is lost.

use mnara_protocol::enrol::verify_identity;
use mnara_protocol::frame::{KeyId, KeyStatement, Pinned, clock_question, verify_clock_answer};

use super::link::{Site, hub, site};
use super::*;
use crate::app::tests::app_with_keys;
use crate::dispatch::DISPATCH;
use crate::fleet::hub::Hub;
use crate::fleet::identity::{Identity, load};
use crate::fleet::rotate::{self, RotateError};
use crate::vault::Vault;

/// Longer than a program goes by keys it has read.
const STALE: Duration = Duration::from_secs(60);

async fn lives(site: &mut Site, hub: &Hub) {
    site.world.clock.advance(STALE);
    site.drift(1);
    site.dial(hub);
    site.ready().await;
    site.all_acknowledged().await;
    site.hang_up();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_agent_that_was_away_through_rotations_comes_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    lives(&mut site, &hub).await;
    let first = load(&world.app).await.unwrap().signing.verifying_key();
    let spare = rotate::spare(&world.app).await.unwrap().verifying_key();
    let second = rotate::rotate(&world.app).await.unwrap();
    rotate::retire(&world.app, KeyId::of(&first)).await.unwrap();
    let third = rotate::rotate(&world.app).await.unwrap();
    let signing = load(&world.app).await.unwrap().signing.verifying_key();
    assert_eq!(signing, third);
    lives(&mut site, &hub).await;
    let pinned = &site.session.pinned().keys;
    for (key, is_pinned) in [(first, false), (second, true), (third, true), (spare, true)] {
        assert_eq!(pinned.contains(&key), is_pinned);
    }
    // The same agent again, by what it keeps: nothing old is taken back.
    let known = site.session.pinned().clone();
    lives(&mut site, &hub).await;
    assert_eq!(*site.session.pinned(), known);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_lost_key_is_replaced_by_the_word_of_the_spare(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool.clone(), options.clone()).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let spare = rotate::spare(&world.app).await.unwrap();
    lives(&mut site, &hub).await;
    let lost = load(&world.app).await.unwrap().signing.verifying_key();
    // ENCRYPTION_KEY is gone, and with it the secret of the key in use.
    let after = app_with_keys(pool, options, "http://127.0.0.1:9", &Vault::new_key()).await;
    after.clock.advance(Duration::from_secs(3600));
    assert!(load(&after).await.is_err());
    let stranger = SigningKey::from_bytes(&[99; 32]);
    assert!(matches!(
        rotate::recover(&after, &stranger).await,
        Err(RotateError::NotTheSpare)
    ));
    let new = rotate::recover(&after, &spare).await.unwrap();
    let hub = Hub::start(&after, DISPATCH, Identity::default());
    site.world = after;
    lives(&mut site, &hub).await;
    let pinned = &site.session.pinned().keys;
    assert!(pinned.contains(&new) && !pinned.contains(&lost));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_new_agent_takes_the_spare_by_the_word_of_the_key_in_its_line(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    load(&world.app).await.unwrap();
    let spare = rotate::spare(&world.app).await.unwrap().verifying_key();
    let current = rotate::rotate(&world.app).await.unwrap();
    let path = format!("/agent/v1/identity?nonce={}", "ab".repeat(32));
    let (status, _, body) = world.send(Method::GET, &path, None, Vec::new()).await;
    assert_eq!(status, StatusCode::OK);
    let key = hex::decode(body["keys"][0].as_str().unwrap()).unwrap();
    assert_eq!(key, current.as_bytes());
    assert_eq!(body["keys"].as_array().unwrap().len(), 3);
    let signature = hex::decode(body["signature"].as_str().unwrap()).unwrap();
    verify_identity(&current, &[0xab; 32], &signature.try_into().unwrap()).unwrap();
    let mut pinned = Pinned {
        keys: vec![current],
        serial: 0,
    };
    for statement in body["statements"].as_array().unwrap() {
        let bytes = hex::decode(statement.as_str().unwrap()).unwrap();
        let statement: KeyStatement = minicbor::decode(&bytes).unwrap();
        let _ = pinned.apply(&statement);
    }
    assert_eq!(pinned.keys, [current, spare]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_clock_answers_with_a_key_that_whoever_asks_knows(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let old = load(&world.app).await.unwrap().signing.verifying_key();
    let new = rotate::rotate(&world.app).await.unwrap();
    let ask = async |path: String| {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .body(Body::from(clock_question([5; 32])))
            .unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4000))));
        let response = world.router.clone().oneshot(request).await.unwrap();
        axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap()
    };
    let name = hex::encode(KeyId::of(&old).0);
    let answer = ask(format!("/agent/v1/clock?keys=0011223344556677,{name}")).await;
    let time = verify_clock_answer(&[old], [5; 32], &answer).unwrap();
    assert_eq!(time, world.app.clock.now());
    let answer = ask("/agent/v1/clock".to_owned()).await;
    assert!(verify_clock_answer(&[new], [5; 32], &answer).is_ok());
    rotate::retire(&world.app, KeyId::of(&old)).await.unwrap();
    world.app.clock.advance(STALE);
    let answer = ask(format!("/agent/v1/clock?keys={name}")).await;
    assert!(verify_clock_answer(&[old], [5; 32], &answer).is_err());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn keys_change_one_sound_step_at_a_time(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let app = &world.app;
    assert!(matches!(rotate::rotate(app).await, Err(RotateError::NoKey)));
    let first = load(app).await.unwrap().signing.verifying_key();
    assert!(matches!(
        rotate::retire(app, KeyId::of(&first)).await,
        Err(RotateError::InUse)
    ));
    assert!(matches!(
        rotate::retire(app, KeyId([9; 8])).await,
        Err(RotateError::NoSuchKey)
    ));
    let (one, two) = tokio::join!(rotate::rotate(app), rotate::rotate(app));
    let (one, two) = (one.unwrap(), two.unwrap());
    let keys = load(app).await.unwrap();
    assert!([one, two].contains(&keys.signing.verifying_key()));
    assert_eq!(keys.statements.len(), 2);
    assert_eq!(
        world
            .count("identity_keys where role = 'retired' and secret is null")
            .await,
        1
    );
}
