//! A backup and a restore by the scripts of `deploy/`, as the run-book has it, while a site goes on selling and living.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use mnara_tests::world::controller::Controller;
use mnara_tests::world::program::built;
use mnara_tests::world::{Setup, World, uuid};
use tokio::process::Command;

/// Runs a script of `deploy/` for the controller's private database.
async fn script(world: &World, folder: &Path, name: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(name);
    let output = Command::new(path)
        .env("MNARA_CONTROLLER", built("mnara-controller")?)
        .env("MNARA_DATA_DIR", world.controller.data())
        .env("MNARA_BACKUP_DIR", folder)
        .env("MNARA_BACKUP_KEEP", "2")
        .env_remove("DATABASE_URL")
        .env_remove("DATABASE_ADMIN_URL")
        .output()
        .await
        .with_context(|| format!("starting {name}"))?;
    ensure!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

async fn count(controller: &Controller, from: &str) -> String {
    controller
        .value(&format!("select count(*) from {from}"))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_restored_controller_and_its_site_agree_and_no_ticket_is_lost() {
    let mut world = World::start(Setup::default()).await.unwrap();
    let backups = tempfile::tempdir().unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 5, &[])
        .await
        .unwrap();
    world
        .until("the printed codes reach the site", async || {
            Ok((world.site.agent.status().await?["codes"] == 5).then_some(()))
        })
        .await
        .unwrap();
    let early = world.site.join().unwrap();
    early.redeem(&world.site.router, &codes[0]).await.unwrap();
    early.comes_online(&world.site.router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    script(&world, backups.path(), "backup.sh").await.unwrap();

    // What the backup does not know: a code that was used, and a series that was printed and reached the site.
    let late = world.site.join().unwrap();
    late.redeem(&world.site.router, &codes[1]).await.unwrap();
    late.comes_online(&world.site.router).await.unwrap();
    let lost = world
        .business
        .print(&world.controller, "One hour", 3, &[])
        .await
        .unwrap();
    world
        .until("the later codes reach the site", async || {
            Ok((world.site.agent.status().await?["codes"] == 8).then_some(()))
        })
        .await
        .unwrap();
    // The last entry of a use is that the router was read back.
    world
        .until("the controller knows that both have started", async || {
            let started = "tickets where started_at is not null";
            Ok((count(&world.controller, started).await == "2").then_some(()))
        })
        .await
        .unwrap();
    let last = world.drained(&world.site).await.unwrap();

    assert!(
        script(&world, backups.path(), "restore.sh").await.is_err(),
        "not under a running controller"
    );
    world.controller.stop().await.unwrap();
    let said = script(&world, backups.path(), "restore.sh").await.unwrap();
    assert!(said.contains("feeds of 1 sites begin anew"), "{said}");
    world.controller.start().await.unwrap();
    assert_eq!(world.drained(&world.site).await.unwrap(), last);

    let site = uuid(&world.site.id).to_owned();
    let entries = format!("journal_entries where site_id = '{site}' and applied");
    assert_eq!(count(&world.controller, &entries).await, last.to_string());
    assert_eq!(
        count(&world.controller, "tickets where redeemed_at is not null").await,
        "2",
        "the use that came after the backup was told again"
    );
    assert!(early.online(&world.site.router) && late.online(&world.site.router));
    assert_eq!(
        count(&world.controller, "tickets").await,
        "5",
        "the controller has lost the later series"
    );
    let holder = world.site.join().unwrap();
    holder.redeem(&world.site.router, &lost[0]).await.unwrap();
    holder.comes_online(&world.site.router).await.unwrap();
    // State goes down again as before.
    world
        .business
        .print(&world.controller, "One hour", 2, &[])
        .await
        .unwrap();
    world
        .until(
            "codes printed after the restore reach the site",
            async || Ok((world.site.agent.status().await?["codes"] == 10).then_some(())),
        )
        .await
        .unwrap();
    world.drained(&world.site).await.unwrap();
    let told = format!("site_events where site_id = '{site}' and kind = 'unknown-ticket'");
    assert_ne!(
        count(&world.controller, &told).await,
        "0",
        "what the site alone knows is told of"
    );
    world.end().await.unwrap();
}

#[tokio::test]
async fn the_newest_backups_stay() {
    let world = World::start(Setup::default()).await.unwrap();
    let backups = tempfile::tempdir().unwrap();
    for hour in 1..=3 {
        let name = format!("mnara-20260101T0{hour}0000Z.dump");
        std::fs::write(backups.path().join(name), b"an old one").unwrap();
    }
    script(&world, backups.path(), "backup.sh").await.unwrap();
    let mut names: Vec<String> = std::fs::read_dir(backups.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2);
    assert_eq!(names[0], "mnara-20260101T030000Z.dump");
    world.end().await.unwrap();
}
