//! Time: wrong clocks, 1970 at boot, a jump of years, and thirty days with the cloud away. Wrong clocks neither end nor prolong
//! a ticket, and a month alone costs a site nothing it holds.

use std::time::Duration;

use mnara_tests::sim::daraja::Mode;
use mnara_tests::sim::routeros::Reboot;
use mnara_tests::world::business::PlanSpec;
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

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Time passes for a site without its cloud.
async fn pass_at_site(world: &World, by: Duration) {
    world.site.agent.advance(by).await.unwrap();
    world.site.router.advance(by);
}

#[tokio::test]
async fn hours_online_stand_still_while_the_phone_is_away_also_where_the_router_forgets_nobody() {
    let mut setup = Setup::default();
    setup.plans.push(PlanSpec {
        name: "An hour online",
        price: 30,
        flags: &["--online", "1h"],
    });
    let world = World::start(setup).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "An hour online", 2, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 2).then_some(()))
        })
        .await
        .unwrap();
    let router = &world.site.router;
    let server = [("numbers", "hotspot1"), ("idle-timeout", "none")];
    router.run("/ip/hotspot/set", &server).unwrap();
    let seen_online = async |code: &str| {
        let phone = world.site.join().unwrap();
        phone.redeem(router, code).await.unwrap();
        phone.comes_online(router).await.unwrap();
        world
            .until("the page knows that the phone is online", async || {
                let page = phone.home(router).await?;
                Ok(page.says("You are online").then_some(()))
            })
            .await
            .unwrap();
        phone
    };
    let phone = seen_online(&codes[0]).await;
    let address = router.rows("/ip/hotspot/active")[0]["address"].clone();
    let log_ins = || {
        let log = router.rows("/log");
        let lines = log.iter().filter_map(|row| row.get("message"));
        let of_it = |line: &&String| line.contains(&address) && line.contains("by admin");
        lines.filter(of_it).count()
    };
    let before = log_ins();
    // Time passes at the site alone.
    world.site.cable.cut();
    router.leave(&phone.mac).unwrap();
    pass_at_site(&world, HOUR * 3).await;
    phone.goes_offline(router).await.unwrap();
    // Once this one is seen online, the agent has looked and acted since.
    seen_online(&codes[1]).await;
    assert!(!phone.online(router), "its time runs for nobody");
    assert_eq!(log_ins(), before);

    router.wake(&phone.mac).unwrap();
    phone.comes_online(router).await.unwrap();
    let state = phone.open(router, "state.json").await.unwrap();
    let state: serde_json::Value = serde_json::from_str(&state.text).unwrap();
    let left = state["seconds_left"].as_u64().unwrap();
    assert!(left > 50 * 60, "{state}");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_site_lives_a_month_without_its_cloud_and_both_sides_agree_afterwards() {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Automatic { after_ms: 10 };
    setup.plans.push(PlanSpec {
        name: "Two months",
        price: 900,
        flags: &["--duration", "60d"],
    });
    let mut world = World::start(setup).await.unwrap();
    let hours = world
        .business
        .print(&world.controller, "One hour", 20, &[])
        .await
        .unwrap();
    let months = world
        .business
        .print(&world.controller, "Two months", 2, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 22).then_some(()))
        })
        .await
        .unwrap();
    let long = world.site.join().unwrap();
    long.redeem(&world.site.router, &months[0]).await.unwrap();
    long.comes_online(&world.site.router).await.unwrap();
    // A ticket that is paid for and whose device comes back only after the cloud has gone.
    let away = Buyer::join(&world.site, 51_000_000).unwrap();
    world.site.router.leave(&away.phone.mac).unwrap();
    let order = away
        .order(&world, world.business.plan("Whole day"))
        .await
        .unwrap();
    world.settled(&order.payment).await.unwrap();
    world.drained(&world.site).await.unwrap();
    world
        .until("the paid ticket is at the site", async || {
            Ok((world.site.agent.status().await?["tickets"] == 2).then_some(()))
        })
        .await
        .unwrap();
    world.site.cable.cut();
    world.controller.kill().await.unwrap();
    pass_at_site(&world, HOUR * 20).await;
    let back = world.site.router.join(Some(&away.phone.mac)).unwrap();
    assert_eq!(back.mac, away.phone.mac);
    away.phone.comes_online(&world.site.router).await.unwrap();

    for day in 0..30_u8 {
        // Every day somebody uses a code for an hour, and no longer.
        if day % 3 == 0 {
            let code = &hours[usize::from(day / 3)];
            let phone = world.site.join().unwrap();
            let page = phone.redeem(&world.site.router, code).await.unwrap();
            phone
                .comes_online(&world.site.router)
                .await
                .unwrap_or_else(|error| panic!("day {day}: {error:#}\n{}", page.text));
            world
                .until("the clock of the ticket runs", async || {
                    let page = phone.home(&world.site.router).await?;
                    Ok(page.says("You are online").then_some(()))
                })
                .await
                .unwrap();
            pass_at_site(&world, HOUR - Duration::from_secs(120)).await;
            phone.comes_online(&world.site.router).await.unwrap();
            pass_at_site(&world, Duration::from_secs(180)).await;
            phone.goes_offline(&world.site.router).await.unwrap();
            world.site.router.leave(&phone.mac).unwrap();
            pass_at_site(&world, DAY - HOUR - Duration::from_secs(60)).await;
        } else {
            pass_at_site(&world, DAY).await;
        }
        if day % 10 == 5 {
            world.site.agent.kill().await.unwrap();
            world.site.router.reboot(Reboot::PowerCut);
            world.site.router.down().await;
            world.site.router.booted().await;
            world.site.agent.start().await.unwrap();
        }
        long.comes_online(&world.site.router).await.unwrap();
    }
    let status = world.site.agent.status().await.unwrap();
    assert_eq!(status["live_tickets"], 1, "{status}");

    world.controller.start().await.unwrap();
    world
        .controller
        .advance(DAY * 30 + HOUR * 20)
        .await
        .unwrap();
    world.site.cable.mend();
    world
        .until("the agent dials again", async || {
            world.site.agent.advance(Duration::from_secs(10)).await?;
            world.controller.advance(Duration::from_secs(10)).await?;
            Ok((world.site.agent.status().await?["cloud"] == true).then_some(()))
        })
        .await
        .unwrap();
    world.drained(&world.site).await.unwrap();
    let books = world
        .controller
        .ask("select status, coalesce(end_reason, ''), count(*) from tickets where redeemed_at is not null group by 1, 2 order by 1, 2")
        .await
        .unwrap();
    assert_eq!(
        books,
        [["active", "", "1"], ["used", "duration", "11"]],
        "both sides say the same of every ticket"
    );
    let status = world.site.agent.status().await.unwrap();
    assert_eq!(status["live_tickets"], 1, "{status}");
    world.end().await.unwrap();
}
