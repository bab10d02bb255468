//! Wrong clocks: 1970 at boot, a jump of years, with the cloud away. They neither end nor prolong a ticket.

use std::time::Duration;

use mnara_tests::sim::daraja::Mode;
use mnara_tests::sim::routeros::Reboot;
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::clock::Push;
use mnara_tests::world::{Setup, World};

const YEAR_2096: i64 = 4_000_000_000_000;

#[tokio::test]
async fn a_site_that_boots_in_1970_keeps_what_was_sold_and_no_more() {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Automatic { after_ms: 10 };
    let mut world = World::start(setup).await.unwrap();
    let buyer = Buyer::join(&world.site, 50_000_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.started(&order.payment).await.unwrap();
    world.drained(&world.site).await.unwrap();

    // The cloud goes away, then the power; everything at the site boots without the date.
    world.site.cable.cut();
    world.site.agent.kill().await.unwrap();
    world.site.router.reboot(Reboot::PowerCut);
    world.site.router.down().await;
    world.site.router.booted().await;
    world.site.agent.start().await.unwrap();
    world.site.agent.push(Push::Set(0)).await.unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();

    let live =
        async |world: &World| world.site.agent.status().await.unwrap()["live_tickets"].clone();
    // A time server, or a person, sets the clock years ahead, and back.
    for wall in [YEAR_2096, 0, YEAR_2096] {
        world.site.agent.push(Push::Set(wall)).await.unwrap();
        world
            .site
            .agent
            .advance(Duration::from_secs(300))
            .await
            .unwrap();
        world.site.router.advance(Duration::from_secs(300));
        assert_eq!(live(&world).await, 1, "the wall clock ended a ticket");
        buyer.phone.comes_online(&world.site.router).await.unwrap();
    }
    // Fifteen minutes are gone. In fifty more the hour is over, whatever the wall clock says.
    world.site.agent.push(Push::Set(0)).await.unwrap();
    for _ in 0..10 {
        world
            .site
            .agent
            .advance(Duration::from_secs(300))
            .await
            .unwrap();
        world.site.router.advance(Duration::from_secs(300));
    }
    world
        .until("the ticket ends by the time that passed", async || {
            Ok((live(&world).await == 0).then_some(()))
        })
        .await
        .unwrap();
    buyer.phone.goes_offline(&world.site.router).await.unwrap();

    // As much time has passed in the cloud.
    let passed = Duration::from_secs(13 * 300);
    world.controller.advance(passed).await.unwrap();
    world.site.cable.mend();
    world
        .until(
            "the agent dials again, which it does ever less often",
            async || {
                world.site.agent.advance(Duration::from_secs(10)).await?;
                world.controller.advance(Duration::from_secs(10)).await?;
                Ok((world.site.agent.status().await?["cloud"] == true).then_some(()))
            },
        )
        .await
        .unwrap();
    world.drained(&world.site).await.unwrap();
    let books = world
        .controller
        .ask("select status, end_reason from tickets")
        .await
        .unwrap();
    assert_eq!(books, [["used", "duration"]]);
    world.end().await.unwrap();
}
