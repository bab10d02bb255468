//! A database of somebody else's under the controller: stopped hard while money comes in, away, and back. What was acknowledged
//! is there, or waits on the controller's own disk; what was not is found by asking, and sites go on meanwhile.

use std::time::Duration;

use mnara_tests::sim::daraja::{Answer, DeliveryKind, Mode};
use mnara_tests::world::buyer::{Buyer, Order};
use mnara_tests::world::{Setup, World};

async fn world() -> World {
    let mut setup = Setup {
        outside_database: true,
        ..Setup::default()
    };
    setup.daraja.knobs.mode = Mode::Hand;
    World::start(setup).await.unwrap()
}

/// A controller without its database may say so.
fn allow_trouble(world: &mut World) {
    for words in ["failed", "database", "could not", "was not", "cannot"] {
        world.allow(words);
    }
}

async fn ready(world: &World) -> u16 {
    let url = world.controller.url("/readyz");
    world.caller.get(&url).await.unwrap().status.as_u16()
}

async fn callbacks(world: &World) -> usize {
    let sql = "select count(*) from callbacks";
    world.controller.value(sql).await.unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_database_that_is_stopped_in_mid_commit() {
    let mut world = world().await;
    let plan = world.business.plan("One hour").clone();
    let mut orders: Vec<(Buyer, Order)> = Vec::new();
    for number in 0..12 {
        let buyer = Buyer::join(&world.site, 72_000_000 + number).unwrap();
        let order = buyer.order(&world, &plan).await.unwrap();
        world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
        orders.push((buyer, order));
    }
    // All pay at once, and the server falls with the first answer.
    for (buyer, _) in &orders {
        world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    }
    let first = world
        .daraja
        .await_deliveries(1, |delivery| delivery.kind == DeliveryKind::StkCallback)
        .await;
    let mut database = world.database.take().unwrap();
    database.stop_hard().await.unwrap();
    first.unwrap();
    let deliveries = world
        .daraja
        .await_deliveries(orders.len(), |delivery| {
            delivery.kind == DeliveryKind::StkCallback
        })
        .await
        .unwrap();
    database.begin().await.unwrap();
    world.database = Some(database);
    world
        .until("the controller has its database again", async || {
            Ok((ready(&world).await == 200).then_some(()))
        })
        .await
        .unwrap();
    // An answer of 200 is a promise: the body is in the books, or comes into them from the controller's own disk.
    let promised = deliveries
        .iter()
        .filter(|delivery| delivery.status == Some(200))
        .count();
    world
        .until("what was acknowledged is kept", async || {
            world.controller.advance(Duration::from_secs(1)).await?;
            Ok((callbacks(&world).await >= promised).then_some(()))
        })
        .await
        .unwrap();
    for (buyer, order) in &orders {
        world
            .until("every payment is one ticket", async || {
                world.controller.advance(Duration::from_secs(5)).await?;
                world.daraja.advance(Duration::from_secs(5));
                let books = world.books(&order.payment).await?;
                Ok((books.status == "success" && books.tickets == 1).then_some(()))
            })
            .await
            .unwrap();
        buyer.phone.comes_online(&world.site.router).await.unwrap();
    }
    let tickets = world
        .controller
        .value("select count(*) from tickets")
        .await
        .unwrap();
    assert_eq!(tickets, orders.len().to_string());
    allow_trouble(&mut world);
    world.end().await.unwrap();
}

#[tokio::test]
async fn with_the_database_away_callbacks_wait_on_our_own_disk_and_sites_go_on() {
    let mut world = world().await;
    let codes = world
        .business
        .print(&world.controller, "One hour", 3, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 3).then_some(()))
        })
        .await
        .unwrap();
    let payer = Buyer::join(&world.site, 72_100_000).unwrap();
    let plan = world.business.plan("One hour").clone();
    let order = payer.order(&world, &plan).await.unwrap();
    world.daraja.await_prompt(&payer.msisdn).await.unwrap();

    let mut database = world.database.take().unwrap();
    database.stop_hard().await.unwrap();
    world
        .until("the controller says that it cannot serve", async || {
            Ok((ready(&world).await == 503).then_some(()))
        })
        .await
        .unwrap();
    let alive = world
        .caller
        .get(&world.controller.url("/healthz"))
        .await
        .unwrap();
    assert_eq!(alive.status, 200, "it lives, and need not be restarted");
    // Money that comes now is told of once: it is kept where there is room.
    world.daraja.answer(&payer.msisdn, &Answer::Accept).unwrap();
    let told = world
        .daraja
        .await_deliveries(1, |delivery| delivery.kind == DeliveryKind::StkCallback)
        .await
        .unwrap();
    assert!(
        told.iter().all(|delivery| delivery.status == Some(200)),
        "{told:?}"
    );
    // A printed code asks nobody.
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    phone.redeem(router, &codes[0]).await.unwrap();
    phone.comes_online(router).await.unwrap();

    database.begin().await.unwrap();
    world.database = Some(database);
    world
        .until("what was told comes into the books", async || {
            world.controller.advance(Duration::from_secs(1)).await?;
            Ok((callbacks(&world).await == 1).then_some(()))
        })
        .await
        .unwrap();
    world
        .until("the money is there", async || {
            world.controller.advance(Duration::from_secs(5)).await?;
            world.site.agent.advance(Duration::from_secs(5)).await?;
            world.daraja.advance(Duration::from_secs(5));
            Ok((world.books(&order.payment).await?.status == "success").then_some(()))
        })
        .await
        .unwrap();
    world
        .until("who paid is let in", async || {
            // The site may be between two tries to reach us.
            world.site.agent.advance(Duration::from_secs(5)).await?;
            Ok(payer.phone.online(&world.site.router).then_some(()))
        })
        .await
        .unwrap();
    assert_eq!(ready(&world).await, 200);
    world.drained(&world.site).await.unwrap();
    let used = world
        .controller
        .value("select count(*) from tickets where redeemed_at is not null")
        .await
        .unwrap();
    assert_eq!(used, "2");
    allow_trouble(&mut world);
    world.end().await.unwrap();
}
