//! Printed codes at the portal, with the cloud away: each opens what it sold and no more, guessing is slow, and two sites that
//! were cut off from each other are judged when they are back.

use std::time::Duration;

use mnara_tests::sim::routeros;
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::{Setup, World, uuid};
use serde_json::json;

#[tokio::test]
async fn a_printed_code_works_with_the_cloud_away_once_and_for_what_it_sold() {
    let mut world = World::start(Setup::default()).await.unwrap();
    let hours = world
        .business
        .print(&world.controller, "One hour", 20, &[])
        .await
        .unwrap();
    let megabytes = world
        .business
        .print(&world.controller, "Ten megabytes", 5, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 25).then_some(()))
        })
        .await
        .unwrap();
    world.site.cable.cut();
    world.controller.kill().await.unwrap();
    let router = &world.site.router;

    // As printed, as people type it, and as a phone's keyboard writes it.
    let first = world.site.join().unwrap();
    first
        .redeem(router, &hours[0].to_lowercase().replace('-', " "))
        .await
        .unwrap();
    first.comes_online(router).await.unwrap();

    // One device was sold: whoever types the code has the ticket in hand, and the device before goes off.
    let second = world.site.join().unwrap();
    second.redeem(router, &hours[0]).await.unwrap();
    second.comes_online(router).await.unwrap();
    first.goes_offline(router).await.unwrap();
    first.redeem(router, &hours[1]).await.unwrap();
    first.comes_online(router).await.unwrap();

    // Ten megabytes are ten megabytes.
    let third = world.site.join().unwrap();
    third.redeem(router, &megabytes[0]).await.unwrap();
    third.comes_online(router).await.unwrap();
    router.burst(&third.mac, 500_000, 10_500_000).unwrap();
    third.goes_offline(router).await.unwrap();
    // The router has cut it off by itself; the agent sees why at its next look.
    world
        .until("the page says that the megabytes are gone", async || {
            let page = third.home(router).await?;
            Ok(page.says("Your voucher is used up").then_some(()))
        })
        .await
        .unwrap();
    let fourth = world.site.join().unwrap();
    for phone in [&third, &fourth] {
        let page = phone.redeem(router, &megabytes[0]).await.unwrap();
        assert!(page.text.contains("This code is used up"), "{}", page.text);
        assert!(!phone.online(router), "a used-up code opened the door");
    }

    // What was told survives the agent's death.
    world.site.agent.kill().await.unwrap();
    world.site.agent.start().await.unwrap();
    let fifth = world.site.join().unwrap();
    let router = &world.site.router;
    let used = world
        .until("the site takes codes again", async || {
            let page = fifth.redeem(router, &megabytes[0]).await?;
            Ok(page.text.contains("This code is used up").then_some(()))
        })
        .await;
    used.unwrap();
    assert!(!fifth.online(router), "a code was forgotten to be used");
    fifth.redeem(router, &hours[2]).await.unwrap();
    fifth.comes_online(router).await.unwrap();

    world.controller.start().await.unwrap();
    world.site.cable.mend();
    world.drained(&world.site).await.unwrap();
    let books = world
        .controller
        .ask("select status, count(*) from tickets where redeemed_at is not null group by status order by status")
        .await
        .unwrap();
    assert_eq!(books, [["active", "3"], ["used", "1"]]);
    world.end().await.unwrap();
}

#[tokio::test]
async fn guessing_is_slow_and_customers_get_in_meanwhile() {
    let world = World::start(Setup::default()).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 5, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 5).then_some(()))
        })
        .await
        .unwrap();
    let router = &world.site.router;
    // Whoever gives a phone another address is a new customer each time, with free tries. The site counts them all, so that the next try is about
    // a minute away in the end, and no pause between two of them matters.
    let mut guessers = Vec::new();
    for device in 0..20 {
        let guesser = world.site.join().unwrap();
        for guess in 0..4 {
            guesser
                .redeem(router, &format!("ZZ{device:02}{guess:04}"))
                .await
                .unwrap();
        }
        guessers.push(guesser);
    }
    // The right one comes too late for whoever guessed so much.
    for guesser in &guessers {
        let page = guesser.redeem(router, &codes[0]).await.unwrap();
        assert_eq!(page.status, 429, "{}", page.text);
        assert!(
            !guesser.online(router),
            "eighty wrong codes did not slow anybody down"
        );
    }
    let customer = world.site.join().unwrap();
    customer.redeem(router, &codes[1]).await.unwrap();
    customer.comes_online(router).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn two_sites_that_were_cut_off_are_judged_when_they_are_back() {
    let mut world = World::start(Setup::default()).await.unwrap();
    let config = routeros::Config {
        phones: [127, 89, 0, 0].into(),
        ..Setup::default().router
    };
    let other = world.second_site("Back street", config).await.unwrap();
    let also = ["--also", other.id.as_str(), "--cut-off", "anywhere"];
    let codes = world
        .business
        .print(&world.controller, "One hour", 3, &also)
        .await
        .unwrap();
    for site in [&world.site, &other] {
        world
            .until("both sites have the codes", async || {
                Ok((site.agent.status().await?["codes"] == 3).then_some(()))
            })
            .await
            .unwrap();
        site.cable.cut();
    }
    world.controller.kill().await.unwrap();
    let (here, there) = (world.site.join().unwrap(), other.join().unwrap());
    here.redeem(&world.site.router, &codes[0]).await.unwrap();
    here.comes_online(&world.site.router).await.unwrap();
    // Each site's time is late by what its best word from the controller took to come: on a busy machine that may be more than what
    // lies between two customers here.
    for site in [&world.site, &other] {
        site.agent.advance(Duration::from_secs(10)).await.unwrap();
    }
    there.redeem(&other.router, &codes[0]).await.unwrap();
    there.comes_online(&other.router).await.unwrap();

    world.controller.start().await.unwrap();
    world.site.cable.mend();
    other.cable.mend();
    // The first by trusted time keeps it, the other is told and ends it.
    there.goes_offline(&other.router).await.unwrap();
    // It may have been told of the first one's use before its own was heard.
    world.drained(&world.site).await.unwrap();
    world.drained(&other).await.unwrap();
    let judged = world
        .until("both uses are judged", async || {
            let uses = world
                .controller
                .ask("select site_id, settled from redemptions order by settled")
                .await?;
            let all = uses.len() == 2 && uses.iter().all(|columns| !columns[1].is_empty());
            Ok(all.then_some(uses))
        })
        .await
        .unwrap();
    let plain = |id: &str| {
        let id = uuid(id);
        [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-")
    };
    assert_eq!(
        judged,
        [
            [plain(&world.site.id), "kept".to_owned()],
            [plain(&other.id), "lost".to_owned()]
        ]
    );
    // The controller may have heard of the later use first, and its first word may have been the other one.
    assert!(
        here.online(&world.site.router),
        "who came first was cut off"
    );
    let mut other = other;
    other.agent.stop().await.unwrap();
    world.end().await.unwrap();
}

/// A page outside the hotspot, such as a shop's, has the code and the token the portal gave: nobody types anything.
#[tokio::test]
async fn a_printed_code_is_used_by_way_of_the_controller() {
    let world = World::start(Setup::default()).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 2, &["--length", "12"])
        .await
        .unwrap();
    let first = Buyer::join(&world.site, 75_100_000).unwrap();
    let second = Buyer::join(&world.site, 75_100_001).unwrap();
    for (buyer, code, status) in [
        (&first, &codes[0], 202),
        (&second, &codes[1], 202),
        (&second, &codes[0], 409),
    ] {
        let token = buyer.handed_token(&world).await.unwrap();
        let url = world
            .controller
            .url(&format!("/api/tickets/{code}/activate"));
        let answer = world
            .caller
            .post(&url, &json!({ "token": token }))
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{answer:?}");
        buyer.phone.comes_online(&world.site.router).await.unwrap();
        world.drained(&world.site).await.unwrap();
    }
    assert!(first.phone.online(&world.site.router));
    world.end().await.unwrap();
}
