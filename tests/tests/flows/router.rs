//! The router away, rebooted, edited by hand, or another one: what is sold goes on, and what it has is what it should have.

use std::time::Duration;

use mnara_tests::sim::routeros::Reboot;
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::{Setup, World};

/// A world with one customer who has paid and is online.
async fn world_with_customer() -> (World, Buyer) {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = mnara_tests::sim::daraja::Mode::Automatic { after_ms: 10 };
    let world = World::start(setup).await.unwrap();
    let buyer = Buyer::join(&world.site, 40_000_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.started(&order.payment).await.unwrap();
    (world, buyer)
}

#[tokio::test]
async fn who_paid_while_the_router_was_away_is_online_when_it_is_back() {
    let (world, _) = world_with_customer().await;
    let late = Buyer::join(&world.site, 41_000_000).unwrap();
    world.site.router.fault(|faults| faults.stall = true);
    let order = late
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    assert!(!late.phone.online(&world.site.router));
    world.site.router.fault(|faults| faults.stall = false);
    late.phone.comes_online(&world.site.router).await.unwrap();
    // The clock of the ticket starts when the router lets the phone through, not when money came.
    world.started(&order.payment).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn sessions_come_back_after_a_reboot_and_after_a_cut_of_the_power() {
    let (world, buyer) = world_with_customer().await;
    for kind in [Reboot::Graceful, Reboot::PowerCut] {
        world.site.router.reboot(kind);
        world.site.router.down().await;
        world.site.router.booted().await;
        buyer.phone.comes_online(&world.site.router).await.unwrap();
    }
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_half_open_connection_is_noticed() {
    let (world, _) = world_with_customer().await;
    world.site.router.half_open();
    let late = Buyer::join(&world.site, 42_000_000).unwrap();
    late.order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    late.phone.comes_online(&world.site.router).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn what_somebody_broke_by_hand_is_mended_and_what_is_theirs_is_left_alone() {
    let (world, buyer) = world_with_customer().await;
    let router = &world.site.router;
    router
        .run(
            "/ip/hotspot/user/add",
            &[
                ("name", "the-owners-own"),
                ("password", "x"),
                ("comment", "mine"),
            ],
        )
        .unwrap();
    let ours: Vec<String> = router
        .rows("/ip/hotspot/user")
        .iter()
        .filter(|row| {
            row.get("comment")
                .is_some_and(|comment| comment.starts_with("mnara:"))
        })
        .map(|row| row[".id"].clone())
        .collect();
    assert!(
        !ours.is_empty(),
        "no hotspot user is ours: {:?}",
        router.rows("/ip/hotspot/user")
    );
    for id in &ours {
        router
            .run("/ip/hotspot/user/remove", &[(".id", id)])
            .unwrap();
    }
    for row in router.rows("/ip/hotspot/active") {
        router
            .run("/ip/hotspot/active/remove", &[(".id", &row[".id"])])
            .unwrap();
    }
    assert!(!buyer.phone.online(router));
    buyer.phone.comes_online(router).await.unwrap();
    let owners = router.rows("/ip/hotspot/user");
    assert!(
        owners
            .iter()
            .any(|row| row.get("name").is_some_and(|name| name == "the-owners-own")),
        "the owner's own user is gone: {owners:?}"
    );
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_router_that_shows_another_certificate_is_told_nothing() {
    let (mut world, _) = world_with_customer().await;
    world.site.router.change_certificate().unwrap();
    world.site.router.disconnect();
    world
        .until("the agent refuses the router and says why", async || {
            let status = world.site.agent.status().await?;
            let trouble = status["router_trouble"]
                .as_str()
                .unwrap_or_default()
                .to_lowercase();
            anyhow::ensure!(trouble.contains("certificate"), "{trouble}");
            Ok((status["router"] == false).then_some(()))
        })
        .await
        .unwrap();
    // It is said loudly: somebody must look.
    world.allow("router");
    world.end().await.unwrap();
}

#[tokio::test]
async fn an_hour_is_an_hour_on_the_router_and_in_the_books() {
    let (world, buyer) = world_with_customer().await;
    let pass = async |secs: u64| {
        let by = Duration::from_secs(secs);
        world.site.agent.advance(by).await.unwrap();
        world.controller.advance(by).await.unwrap();
        world.site.router.advance(by);
    };
    for _ in 0..11 {
        pass(300).await;
    }
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    pass(360).await;
    buyer.phone.goes_offline(&world.site.router).await.unwrap();
    world
        .until("the books say that the hour is over", async || {
            let rows = world
                .controller
                .ask("select status, end_reason from tickets")
                .await?;
            Ok((rows == [["used", "duration"]]).then_some(()))
        })
        .await
        .unwrap();
    world.end().await.unwrap();
}
