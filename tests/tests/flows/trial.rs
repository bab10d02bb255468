//! What a site gives away to try: by the site alone, with the cloud away, once to a phone; and told afterwards.

use std::time::Duration;

use mnara_tests::world::{Setup, World};

#[tokio::test]
async fn a_phone_tries_once_while_the_cloud_is_away() {
    let setup = Setup::default();
    let account = setup.account.clone();
    let mut world = World::start(setup).await.unwrap();
    let phone = world.site.join().unwrap();
    let page = phone.home(&world.site.router).await.unwrap();
    assert!(!page.says("Try free"), "it is off by itself");
    world.give_trials(&account).await.unwrap();
    world
        .until("the site offers a trial", async || {
            let page = phone.home(&world.site.router).await?;
            Ok(page.says("Try free for 15\u{a0}minutes").then_some(()))
        })
        .await
        .unwrap();

    world.site.cable.cut();
    world
        .until("the site notices that the cloud is away", async || {
            Ok((world.site.agent.status().await?["cloud"] == false).then_some(()))
        })
        .await
        .unwrap();
    let page = phone.home(&world.site.router).await.unwrap();
    phone
        .press(&world.site.router, &page, "try", &[])
        .await
        .unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    world
        .until("the page says so", async || {
            let page = phone.home(&world.site.router).await?;
            Ok(page.says("You are online").then_some(()))
        })
        .await
        .unwrap();

    // The program dies in the middle, and the rest of the trial is what it was.
    world.site.agent.kill().await.unwrap();
    world.site.agent.start().await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    let passed = Duration::from_secs(16 * 60);
    world.site.agent.advance(passed).await.unwrap();
    world.site.router.advance(passed);
    phone.goes_offline(&world.site.router).await.unwrap();
    world
        .until("the page says that it is over", async || {
            let page = phone.home(&world.site.router).await?;
            Ok(page.says("Your free trial is over").then_some(()))
        })
        .await
        .unwrap();
    let page = phone.submit(&world.site.router, "try", &[]).await.unwrap();
    assert!(page.says("This phone has had its free trial"), "{page:?}");
    assert!(!phone.online(&world.site.router));

    // As much time has passed in the cloud.
    world.controller.advance(passed).await.unwrap();
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
        .ask("select status, end_reason, price, plan_id is null from tickets where tried_by is not null")
        .await
        .unwrap();
    assert_eq!(books, [["used", "duration", "0.00", "t"]]);
    let page = phone.home(&world.site.router).await.unwrap();
    assert!(page.says("One hour"), "the plans are the next step");
    world.end().await.unwrap();
}
