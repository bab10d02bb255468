//! What monitors ask, and what is answered while the database is killed and comes back.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use futures_util::StreamExt as _;

use super::*;
use crate::devdb::DevDb;

/// Callbacks of the drill, how many are under way at once, and how many are answered before the kill.
const CALLBACKS: usize = 200;
const AT_ONCE: usize = 32;
const BEFORE: usize = 60;

async fn ask(world: &World, path: &str) -> StatusCode {
    world.send(Method::GET, path, None, Vec::new()).await.0
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_database_was_killed_in_mid_commit() {
    let folder = tempfile::Builder::new().prefix("mnara").tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let mut running = Some(DevDb::start(folder.path()).await.unwrap());
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(2));
    let options = running.as_ref().unwrap().options();
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    assert_eq!(ask(&world, "/readyz").await, StatusCode::OK);

    let body = |n: usize| format!("{{\"n\":{n}}}").into_bytes();
    let posts = (0..CALLBACKS).map(|n| {
        let (world, secret) = (&world, &secret);
        async move { (n, world.call_back(secret, body(n)).await) }
    });
    let mut posts = futures_util::stream::iter(posts).buffer_unordered(AT_ONCE);
    let (mut kept, mut refused) = (BTreeSet::new(), BTreeSet::new());
    while let Some((n, status)) = posts.next().await {
        match status {
            StatusCode::OK => kept.insert(n),
            StatusCode::SERVICE_UNAVAILABLE => refused.insert(n),
            other => panic!("a callback was answered {other}"),
        };
        if kept.len() == BEFORE {
            // Dropping kills, as a cut of the power would.
            running = None;
        }
        if refused.len() == AT_ONCE {
            break;
        }
    }
    drop(posts);
    assert!(running.is_none() && !refused.is_empty());
    assert_eq!(ask(&world, "/healthz").await, StatusCode::OK);
    assert_eq!(
        ask(&world, "/readyz").await,
        StatusCode::SERVICE_UNAVAILABLE
    );

    let running = DevDb::start(folder.path()).await.unwrap();
    assert_eq!(ask(&world, "/readyz").await, StatusCode::OK, "and back");
    let found: Vec<Vec<u8>> = read(
        &world.app,
        "select coalesce(array_agg(body), '{}') from callbacks",
    )
    .await;
    let found: BTreeSet<Vec<u8>> = found.into_iter().collect();
    for n in &kept {
        assert!(
            found.contains(&body(*n)),
            "callback {n} was answered and is lost"
        );
    }
    // Whoever was refused sends again, and everything is there once.
    for n in refused {
        assert_eq!(world.call_back(&secret, body(n)).await, StatusCode::OK);
    }
    assert_eq!(
        world
            .count("(select body from callbacks group by body having count(*) > 1) twice")
            .await,
        0
    );
    world.app.closing.cancel();
    world.app.shutdown.cancel();
    world.app.db.close().await;
    running.stop().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_numbers_are_for_this_machine_and_for_whoever_has_the_token(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let from = async |address: [u8; 4], passed_on: bool| {
        let mut request = Request::builder().uri("/metrics");
        if passed_on {
            request = request.header("x-forwarded-for", "198.51.100.7");
        }
        let mut request = request.body(Body::empty()).unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from((address, 4000))));
        let response = world.router.clone().oneshot(request).await.unwrap();
        response.status()
    };
    assert_eq!(from([127, 0, 0, 1], false).await, StatusCode::OK);
    assert_eq!(from([127, 0, 0, 1], true).await, StatusCode::FORBIDDEN);
    assert_eq!(from([192, 0, 2, 1], false).await, StatusCode::FORBIDDEN);
}
