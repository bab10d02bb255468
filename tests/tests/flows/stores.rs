//! What can become of an agent's store: an old copy put back, a copy that runs beside it, a new machine in its place, a disk
//! that is full. Nothing is given twice, nothing is dropped, and the provider can read what happened.

use std::path::PathBuf;
use std::time::Duration;

use mnara_tests::sim::daraja::Mode;
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::folder::copy;
use mnara_tests::world::phone::Phone;
use mnara_tests::world::{Setup, World, uuid};

/// A world whose site has ten printed codes of a kind.
async fn world_with(plan: &str) -> (World, Vec<String>) {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Automatic { after_ms: 10 };
    let world = World::start(setup).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, plan, 10, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 10).then_some(()))
        })
        .await
        .unwrap();
    (world, codes)
}

async fn uses(world: &World, code: &str) -> Phone {
    let phone = world.site.join().unwrap();
    let page = phone.redeem(&world.site.router, code).await.unwrap();
    phone
        .comes_online(&world.site.router)
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", page.text));
    phone
}

/// Types a code until the site takes codes again, and expects to be told that it is used up.
async fn is_used_up(world: &World, code: &str) {
    let phone = world.site.join().unwrap();
    world
        .until("the code is known to be used up", async || {
            let page = phone.redeem(&world.site.router, code).await?;
            anyhow::ensure!(
                page.says("This code is used up"),
                "the page says:\n{}",
                page.text
            );
            Ok(Some(()))
        })
        .await
        .unwrap();
    assert!(
        !phone.online(&world.site.router),
        "a code opened the door twice"
    );
}

async fn events(world: &World, kind: &str) -> u64 {
    let count = world
        .controller
        .value(&format!(
            "select count(*) from site_events where kind = '{kind}'"
        ))
        .await
        .unwrap();
    count.parse().unwrap()
}

/// Lets a site's agent wait no longer before it dials, and waits until it has the cloud and its router.
async fn linked_again(world: &World) {
    world
        .until("the agent is linked again", async || {
            world.site.agent.advance(Duration::from_secs(5)).await?;
            let status = world.site.agent.status().await?;
            Ok((status["cloud"] == true && status["router"] == true).then_some(()))
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn an_old_copy_that_is_put_back_takes_its_facts_back_before_it_redeems() {
    let (mut world, codes) = world_with("Ten megabytes").await;
    let early = uses(&world, &codes[0]).await;
    world.drained(&world.site).await.unwrap();
    world.site.agent.stop().await.unwrap();
    let backup = world.folder().join("backup");
    copy(world.site.agent.state(), &backup).unwrap();
    world.site.agent.start().await.unwrap();
    linked_again(&world).await;

    // After the backup a code is used up, and the customer of before goes on.
    let late = uses(&world, &codes[1]).await;
    let router = &world.site.router;
    router.burst(&late.mac, 1_000_000, 10_000_000).unwrap();
    late.goes_offline(router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    let entries = async |world: &World| {
        let count = world
            .controller
            .value("select count(*) from journal_entries")
            .await;
        count.unwrap().parse::<u64>().unwrap()
    };
    let before = entries(&world).await;

    world.site.agent.kill().await.unwrap();
    copy(&backup, world.site.agent.state()).unwrap();
    world.site.agent.start().await.unwrap();
    linked_again(&world).await;
    // What the copy never knew is known again, and who was online stays so.
    is_used_up(&world, &codes[1]).await;
    early.comes_online(&world.site.router).await.unwrap();
    uses(&world, &codes[2]).await;
    world.drained(&world.site).await.unwrap();
    assert!(
        events(&world, "journal-forked").await > 0,
        "the provider cannot read that the site's store was put back"
    );
    assert!(entries(&world).await > before, "entries were dropped");
    let used = world
        .controller
        .ask("select status, count(*) from tickets where redeemed_at is not null group by status order by status")
        .await
        .unwrap();
    assert_eq!(used, [["active", "2"], ["used", "1"]]);
    world.allow("two histories");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_copy_that_runs_beside_its_original_is_noticed() {
    let (mut world, codes) = world_with("One hour").await;
    let customer = uses(&world, &codes[0]).await;
    world.drained(&world.site).await.unwrap();
    world.site.agent.stop().await.unwrap();
    let mut clone = world.another_agent("clone").unwrap();
    copy(world.site.agent.state(), clone.state()).unwrap();
    world.site.agent.start().await.unwrap();
    linked_again(&world).await;
    clone.start().await.unwrap();
    // Each that dials takes over from the other, which then waits; somebody who restarts them makes it three.
    for _ in 0..2 {
        world
            .until("the copy holds the link", async || {
                clone.advance(Duration::from_secs(5)).await?;
                Ok((clone.status().await?["cloud"] == true).then_some(()))
            })
            .await
            .unwrap();
        world.site.agent.stop().await.unwrap();
        world.site.agent.start().await.unwrap();
        linked_again(&world).await;
        clone.stop().await.unwrap();
        clone.start().await.unwrap();
    }
    world
        .until("the provider can read it", async || {
            let seen = world
                .controller
                .value("select count(*) from agents where duplicate_seen_at is not null")
                .await?;
            Ok((seen == "1" && events(&world, "duplicate-identity").await > 0).then_some(()))
        })
        .await
        .unwrap();
    clone.kill().await.unwrap();
    linked_again(&world).await;
    customer.comes_online(&world.site.router).await.unwrap();
    uses(&world, &codes[1]).await;
    world.drained(&world.site).await.unwrap();
    world.allow("two histories");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_new_machine_in_its_place_goes_on_where_the_old_one_ended() {
    let (mut world, codes) = world_with("Ten megabytes").await;
    let running = uses(&world, &codes[0]).await;
    let spent = uses(&world, &codes[1]).await;
    let router = &world.site.router;
    router.burst(&spent.mac, 1_000_000, 10_000_000).unwrap();
    spent.goes_offline(router).await.unwrap();
    let buyer = Buyer::join(&world.site, 71_000_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(router).await.unwrap();
    world.started(&order.payment).await.unwrap();
    world.drained(&world.site).await.unwrap();

    // The machine burns. Another gets a new line and, like the old one, its place beside the router.
    world.site.agent.kill().await.unwrap();
    let burnt = PathBuf::from(world.site.agent.state());
    std::fs::remove_dir_all(&burnt).unwrap();
    let line = world
        .business
        .claim(&world.controller, &world.site.id)
        .await
        .unwrap();
    let cable = world.site.cable.address();
    world
        .site
        .agent
        .enrol(&line, cable, &world.site.router)
        .await
        .unwrap();
    world.site.agent.start().await.unwrap();
    linked_again(&world).await;

    is_used_up(&world, &codes[1]).await;
    for phone in [&running, &buyer.phone] {
        phone.comes_online(&world.site.router).await.unwrap();
    }
    uses(&world, &codes[2]).await;
    // What was used before counts: two of the ten megabytes are left.
    world.drained(&world.site).await.unwrap();
    let agents = world
        .controller
        .ask(&format!(
            "select revoked_at is null, count(*) from agents where site_id = '{}' group by 1 order by 1",
            uuid(&world.site.id)
        ))
        .await
        .unwrap();
    assert_eq!(agents, [["f", "1"], ["t", "1"]], "the old key is let go");
    // It may hear of the keys that were sealed to the old one before those sealed to it.
    world.allow("were not sealed to this agent");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_new_codes_and_keeps_who_has_paid() {
    let (mut world, codes) = world_with("One hour").await;
    let customer = uses(&world, &codes[0]).await;
    world.drained(&world.site).await.unwrap();
    world.site.agent.fill_disk(true).unwrap();
    let late = world.site.join().unwrap();
    for (language, words) in [
        (
            "?lang=en",
            [
                "No new codes can be taken right now",
                "Your code is not used; tell the people here",
            ],
        ),
        (
            "?lang=sw",
            [
                "Misimbo mipya haipokelewi sasa hivi",
                "Msimbo wako haujatumika",
            ],
        ),
    ] {
        let router = &world.site.router;
        world
            .until(
                "the page says that nothing can be written down",
                async || {
                    let page = late.open(router, language).await?;
                    let page = late
                        .press(router, &page, "code", &[("code", codes[1].as_str())])
                        .await?;
                    anyhow::ensure!(
                        words.iter().all(|words| page.says(words)),
                        "the page says:\n{}",
                        page.text
                    );
                    Ok(Some(()))
                },
            )
            .await
            .unwrap();
    }
    assert!(!late.online(&world.site.router));
    assert!(
        customer.online(&world.site.router),
        "who has paid was put off"
    );
    assert_eq!(world.site.agent.status().await.unwrap()["store"], false);

    // Room again: nothing that was told is gone, and the code that was refused was not used.
    world.site.agent.fill_disk(false).unwrap();
    world
        .until("the agent writes again", async || {
            world.site.agent.advance(Duration::from_secs(5)).await?;
            Ok((world.site.agent.status().await?["store"] == true).then_some(()))
        })
        .await
        .unwrap();
    // Until it has looked at the router again it knows nobody, and says so.
    world
        .until("the code is taken", async || {
            let page = late.redeem(&world.site.router, &codes[1]).await?;
            anyhow::ensure!(!page.says("id=\"trouble\""), "it says:\n{}", page.text);
            Ok(Some(()))
        })
        .await
        .unwrap();
    late.comes_online(&world.site.router).await.unwrap();
    linked_again(&world).await;
    world.drained(&world.site).await.unwrap();
    assert!(customer.online(&world.site.router));
    let used = world
        .controller
        .value("select count(*) from tickets where redeemed_at is not null")
        .await
        .unwrap();
    assert_eq!(used, "2");
    world.allow("could not be written");
    world.allow("nothing can be written down");
    world.end().await.unwrap();
}
