//! News of many businesses are sent by the same few hands: an address that is slow or does not answer gives way to others'.

use super::webhooks::{Receiver, add, endpoint, owner};
use super::*;
use crate::webhooks::{Event, emit};

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_address_that_takes_its_time_gives_way_to_others(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let (receiver, url) = Receiver::start().await;
    let mut owner = owner(&world).await;
    add(&mut owner, &url).await;
    let test = format!("{}/test", endpoint(&world).await);
    receiver.take_time(&world, Duration::from_secs(4));
    for _ in 0..5 {
        owner.post(&test, &[]).await.onward();
    }
    world.work().await;
    assert_eq!(receiver.seen().len(), 3, "a go is over after ten seconds");
    world.pass(9).await;
    assert_eq!(receiver.seen().len(), 3);
    world.pass(1).await;
    assert_eq!(receiver.seen().len(), 5);
    assert_eq!(world.count("jobs where kind = 'webhooks'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_address_that_does_not_answer_rests_ever_longer_however_much_happens(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open_with(pool, options, &["--webhooks-to-loopback"]).await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", nobody.local_addr().unwrap());
    drop(nobody);
    let mut owner = owner(&world).await;
    add(&mut owner, &url).await;
    let test = format!("{}/test", endpoint(&world).await);
    let provider = world.shop.provider;
    let happens = async || {
        let event = Event::Site {
            site: world.shop.site,
            name: "Market".to_owned(),
            is_up: false,
            seen: None,
        };
        let mut tx = world.app.db.tenant(provider).await.unwrap();
        emit(&world.app, &mut tx, provider, &event).await.unwrap();
        tx.commit().await.unwrap();
        world.work().await;
    };
    let tries = async || {
        let sum = "select sum(attempts)::bigint from webhook_deliveries";
        read::<i64>(&world.app, sum).await
    };
    for _ in 0..3 {
        happens().await;
    }
    assert_eq!(tries().await, 1, "the first call tells that nobody answers");
    world.pass(10).await;
    assert_eq!(tries().await, 2, "one call at a time");
    // After an hour it is called every five minutes.
    world.pass(3_600).await;
    assert_eq!(tries().await, 3);
    happens().await;
    world.pass(299).await;
    happens().await;
    assert_eq!(tries().await, 3);
    world.pass(1).await;
    assert_eq!(tries().await, 4);
    // Whoever asks for it has perhaps mended it, and need not wait.
    owner.post(&test, &[]).await.onward();
    world.work().await;
    assert_eq!(tries().await, 5);
}
