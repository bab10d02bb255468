//! What a person tells a site to do: it does it and says so, or the person is told why not.

use mnara_tests::sim::daraja::Mode;
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::{Setup, World};

async fn site(world: &World, verb: &str, more: &[&str]) -> anyhow::Result<String> {
    let business = &world.business;
    let mut words = vec!["site", verb, "--provider", &business.provider];
    words.push(&business.site);
    words.extend(more);
    world.controller.command(&words).await
}

#[tokio::test]
async fn a_site_is_asked_how_it_is_and_says_so_unless_it_is_away() {
    let world = World::start(Setup::default()).await.unwrap();
    let said = site(&world, "diagnose", &[]).await.unwrap();
    assert!(said.contains("ok   hotspot: 1 running"), "{said}");
    let kept = "select count(*) from commands where report_kind = 3";
    assert_eq!(world.controller.value(kept).await.unwrap(), "1");

    // The switch behind the site's hotspot is seen from far away.
    world
        .site
        .router
        .run(
            "/ip/hotspot/set",
            &[("numbers", "hotspot1"), ("disabled", "yes")],
        )
        .unwrap();
    let said = site(&world, "diagnose", &[]).await.unwrap();
    assert!(said.contains("BAD  hotspot: none runs"), "{said}");
    assert!(
        said.contains("-> on the router: /ip/hotspot/print"),
        "{said}"
    );

    let log = world.controller.log();
    let before = log.end();
    world.site.cable.cut();
    // Until the controller has noticed it may believe that it has told the site.
    let is_gone = |line: &str| line.contains("a link ended") || line.contains("a link broke");
    log.said(before, "that the link is gone", is_gone)
        .await
        .unwrap();
    world
        .until("the site notices that the cloud is away", async || {
            Ok((world.site.agent.status().await?["cloud"] == false).then_some(()))
        })
        .await
        .unwrap();
    let refused = site(&world, "diagnose", &[]).await.unwrap_err().to_string();
    assert!(refused.contains("the site is away"), "{refused}");
    world.site.cable.mend();
    world.linked(&world.site).await.unwrap();
    let kept = "select count(*) from commands";
    assert_eq!(world.controller.value(kept).await.unwrap(), "2");
    site(&world, "diagnose", &[]).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_device_is_taken_off_the_air_and_may_come_back() {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Automatic { after_ms: 10 };
    let world = World::start(setup).await.unwrap();
    let buyer = Buyer::join(&world.site, 43_000_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.started(&order.payment).await.unwrap();
    let code = world
        .controller
        .value("select code from tickets where series_id is null")
        .await
        .unwrap();
    let said = site(&world, "kick", &["--code", &code]).await.unwrap();
    assert_eq!(said.trim(), "Done.");
    world
        .until("the session has ended", async || {
            let ended = "select count(*) from sessions where ended_at is not null";
            Ok((world.controller.value(ended).await? == "1").then_some(()))
        })
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    let unknown = site(&world, "kick", &["--code", "2222-2222-2222"]).await;
    let refused = unknown.unwrap_err().to_string();
    assert!(refused.contains("no ticket of that code"), "{refused}");
    world.end().await.unwrap();
}
