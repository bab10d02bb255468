//! The controller's identity key changes while a site is off, and is lost and replaced by the word of the spare.

use std::time::Duration;

use mnara_tests::world::{Setup, World};

/// The name of the key with a role, as `identity show` prints it.
async fn named(world: &World, role: &str) -> String {
    let shown = world
        .controller
        .command(&["identity", "show"])
        .await
        .unwrap();
    let line = shown
        .lines()
        .find(|line| line.split('\t').nth(1) == Some(role))
        .unwrap_or_else(|| panic!("no {role} key in {shown}"));
    line.split('\t').next().unwrap().to_owned()
}

#[tokio::test]
async fn an_agent_that_was_off_follows_the_controllers_key() {
    let mut world = World::start(Setup::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let spare = folder.path().join("spare.key").display().to_string();
    world
        .controller
        .command(&["identity", "spare", "--out", &spare])
        .await
        .unwrap();
    let again = ["identity", "spare", "--out", &spare];
    assert!(
        world.controller.command(&again).await.is_err(),
        "no secret is written over"
    );

    // Off through a rotation whose old key is trusted no more when it comes back.
    world.site.agent.stop().await.unwrap();
    world
        .controller
        .command(&["identity", "rotate"])
        .await
        .unwrap();
    let old = named(&world, "previous").await;
    world
        .controller
        .command(&["identity", "retire", &old])
        .await
        .unwrap();
    world
        .controller
        .advance(Duration::from_secs(60))
        .await
        .unwrap();
    world.site.agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();

    // Off while the key in use is lost, together with what sealed it.
    world.site.agent.stop().await.unwrap();
    world.controller.stop().await.unwrap();
    let lost = named(&world, "current").await;
    let key = world.controller.command(&["key", "new"]).await.unwrap();
    world.controller.set("ENCRYPTION_KEY", key.trim());
    assert!(
        world
            .controller
            .command(&["identity", "show"])
            .await
            .is_err()
    );
    world
        .controller
        .command(&["identity", "recover", "--spare", &spare])
        .await
        .unwrap();
    assert_ne!(named(&world, "current").await, lost);
    world.controller.start().await.unwrap();
    world.site.agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();
    world.end().await.unwrap();
}
