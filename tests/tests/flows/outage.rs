//! A site without its cloud, and what happens when it comes back: both sides end up equal, with no person involved.

use mnara_tests::world::{Setup, World};

#[tokio::test]
async fn what_changed_during_an_outage_reaches_the_site_after_it() {
    let mut world = World::start(Setup::default()).await.unwrap();
    world.site.cable.cut();
    world
        .until("the site notices that the cloud is away", async || {
            Ok((world.site.agent.status().await?["cloud"] == false).then_some(()))
        })
        .await
        .unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 50, &[])
        .await
        .unwrap();
    assert_eq!(codes.len(), 50);
    assert_eq!(world.site.agent.status().await.unwrap()["codes"], 0);

    // Worse: both ends die meanwhile.
    world.controller.kill().await.unwrap();
    world.site.agent.kill().await.unwrap();
    world.site.agent.start().await.unwrap();
    world.controller.start().await.unwrap();
    world.site.cable.mend();
    world
        .until("the printed codes reach the site", async || {
            Ok((world.site.agent.status().await?["codes"] == 50).then_some(()))
        })
        .await
        .unwrap();
    world.drained(&world.site).await.unwrap();
    world.end().await.unwrap();
}
