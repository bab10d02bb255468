//! A site put back from an old copy of its disk: it takes back what it had done since, before it redeems or sells again.

use mnara_tests::world::{Setup, World};

#[tokio::test]
async fn a_site_put_back_from_an_old_copy_takes_back_what_it_had_done() {
    let mut world = World::start(Setup::default()).await.unwrap();
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
    world.drained(&world.site).await.unwrap();
    world.site.agent.stop().await.unwrap();
    let store = world.site.agent.state().join("store.sqlite");
    let old = world.site.agent.state().join("old-copy");
    std::fs::copy(&store, &old).unwrap();

    world.site.agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();
    let phone = world.site.join().unwrap();
    phone.redeem(&world.site.router, &codes[0]).await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    world.site.agent.stop().await.unwrap();
    std::fs::rename(&old, &store).unwrap();

    world.allow("two histories");
    world.site.agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();
    world
        .until("the site knows again what it had done", async || {
            let status = world.site.agent.status().await?;
            Ok((status["resyncing"] == false && status["live_tickets"] == 1).then_some(()))
        })
        .await
        .unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    let other = world.site.join().unwrap();
    other.redeem(&world.site.router, &codes[1]).await.unwrap();
    other.comes_online(&world.site.router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    let used = world
        .controller
        .value("select count(*) from tickets where redeemed_at is not null")
        .await
        .unwrap();
    assert_eq!(used, "2");
    world.end().await.unwrap();
}
