//! A site's disk that fails: flushes return an error, as those of a worn-out card do. Nobody is told that a code is used when that is
//! not on disk, paid sessions go on, and when the disk works again so does everything.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Context;
use mnara_tests::world::{Setup, World};

/// Stands between the agent and the system: flushes fail while the file it is told of is there.
const FAILING: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int flush(long number, int file) {
    const char *sign = getenv("FAILING_DISK");
    if (sign && access(sign, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(number, file);
}

int fsync(int file) { return flush(SYS_fsync, file); }
int fdatasync(int file) { return flush(SYS_fdatasync, file); }
"#;

/// Builds it with the C compiler that the linker and SQLite need too.
fn failing(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("failing.c"), folder.join("failing.so"));
    std::fs::write(&source, FAILING).unwrap();
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .status()
        .unwrap();
    assert!(made.success());
    library
}

#[tokio::test]
async fn nobody_is_told_what_a_failing_disk_did_not_keep() {
    let mut world = World::start(Setup::default()).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 3, &[])
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let sign = folder.path().join("fails");
    let library = failing(folder.path());
    world.site.agent.stop().await.unwrap();
    let agent = &mut world.site.agent;
    agent.set("LD_PRELOAD", &library.display().to_string());
    agent.set("FAILING_DISK", &sign.display().to_string());
    agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 3).then_some(()))
        })
        .await
        .unwrap();
    let first = world.site.join().unwrap();
    first.redeem(&world.site.router, &codes[0]).await.unwrap();
    first.comes_online(&world.site.router).await.unwrap();

    // What was said before stands; the next is not told what is not kept.
    world.allow("the store could not be written");
    world.allow("nothing can be written down");
    std::fs::write(&sign, "").unwrap();
    let second = world.site.join().unwrap();
    let page = second.redeem(&world.site.router, &codes[1]).await.unwrap();
    assert!(
        page.text.contains("No new codes can be taken right now"),
        "{}",
        page.text
    );
    assert!(!second.online(&world.site.router));
    assert_eq!(world.site.agent.status().await.unwrap()["store"], false);
    let told = world.site.agent.command(&["doctor"]).await.unwrap_err();
    assert!(format!("{told:#}").contains("nothing can be written down"));
    world
        .site
        .agent
        .advance(Duration::from_secs(60))
        .await
        .unwrap();
    let page = second.redeem(&world.site.router, &codes[1]).await.unwrap();
    assert!(page.text.contains("No new codes can be taken right now"));
    assert!(first.online(&world.site.router), "paid sessions go on");
    world
        .business
        .print(&world.controller, "One hour", 2, &[])
        .await
        .unwrap();

    // It is mended: the store is opened again by itself, and then codes are taken.
    std::fs::remove_file(&sign).unwrap();
    world
        .site
        .agent
        .advance(Duration::from_secs(60))
        .await
        .unwrap();
    world
        .until("the store works again", async || {
            Ok((world.site.agent.status().await?["store"] == true).then_some(()))
        })
        .await
        .unwrap();
    world.linked(&world.site).await.unwrap();
    second.redeem(&world.site.router, &codes[1]).await.unwrap();
    second.comes_online(&world.site.router).await.unwrap();
    world
        .until("codes that were printed meanwhile are there", async || {
            Ok((world.site.agent.status().await?["codes"] == 5).then_some(()))
        })
        .await
        .unwrap();

    // And what was told since is on disk.
    world.site.agent.kill().await.unwrap();
    world.site.agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();
    assert_eq!(world.site.agent.status().await.unwrap()["live_tickets"], 2);
    world.drained(&world.site).await.unwrap();
    let told = world
        .controller
        .value("select count(*) from site_events where kind = 'store-failed'")
        .await
        .unwrap();
    assert_eq!(told, "1", "the provider is told");
    world.end().await.unwrap();
}

/// A world whose site has thirty codes.
async fn with_codes() -> (World, Vec<String>) {
    let world = World::start(Setup::default()).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 30, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 30).then_some(()))
        })
        .await
        .unwrap();
    (world, codes)
}

/// Fills the site's disk until a code that somebody types is what finds it full.
async fn fill(world: &mut World, codes: &[String]) {
    world.allow("could not be written");
    world.allow("nothing can be written down");
    world.site.agent.fill_disk(true).unwrap();
    let mut codes = codes.iter();
    world
        .until("the disk is found to be full", async || {
            let code = codes.next().context("all codes were taken")?;
            let phone = world.site.join()?;
            phone.redeem(&world.site.router, code).await?;
            Ok((world.site.agent.status().await?["store"] == false).then_some(()))
        })
        .await
        .unwrap();
}

/// The site boots two hours behind, its disk fills, and only then the controller says the time. What is read back once there is room
/// again does not know of it.
#[tokio::test]
async fn a_time_that_is_told_while_nothing_can_be_written_ends_no_ticket() {
    let (mut world, codes) = with_codes().await;
    world.drained(&world.site).await.unwrap();
    world.site.cable.cut();
    world.site.agent.stop().await.unwrap();
    let away = Duration::from_secs(2 * 3_600);
    world.controller.advance(away).await.unwrap();
    world.site.agent.start().await.unwrap();
    world
        .until("the router is seen", async || {
            Ok((world.site.agent.status().await?["router"] == true).then_some(()))
        })
        .await
        .unwrap();
    let phone = world.site.join().unwrap();
    phone.redeem(&world.site.router, &codes[0]).await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    world
        .until("the page knows that the phone is online", async || {
            let page = phone.home(&world.site.router).await?;
            Ok(page.says("You are online").then_some(()))
        })
        .await
        .unwrap();

    fill(&mut world, &codes[1..]).await;
    world.site.cable.mend();
    for (what, key, full) in [
        ("the controller has said the time", "time_proven", true),
        ("the store works again", "store", false),
    ] {
        world.site.agent.fill_disk(full).unwrap();
        world
            .until(what, async || {
                let few = Duration::from_secs(5);
                world.site.agent.advance(few).await?;
                Ok((world.site.agent.status().await?[key] == true).then_some(()))
            })
            .await
            .unwrap();
        assert_eq!(world.site.agent.status().await.unwrap()["store"], !full);
    }
    world.linked(&world.site).await.unwrap();
    let page = phone.open(&world.site.router, "state.json").await.unwrap();
    let state: serde_json::Value = serde_json::from_str(&page.text).unwrap();
    let left = state["seconds_left"].as_u64().unwrap_or_default();
    assert!(left > 40 * 60, "{state}");
    world.drained(&world.site).await.unwrap();
    world.end().await.unwrap();
}

/// What is in memory is all that the site has, and its cloud is away: whoever is online stays so, and codes go on being taken.
#[tokio::test]
async fn a_store_that_is_found_damaged_while_it_runs_takes_nobody_off() {
    let (mut world, codes) = with_codes().await;
    let phone = world.site.join().unwrap();
    phone.redeem(&world.site.router, &codes[0]).await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    world.site.cable.cut();

    fill(&mut world, &codes[1..]).await;
    world.allow("the store is damaged");
    let file = world.site.agent.state().join("store.sqlite");
    std::fs::write(&file, [0xff; 8_192]).unwrap();
    std::fs::write(file.with_extension("sqlite-wal"), []).unwrap();
    world.site.agent.fill_disk(false).unwrap();
    world
        .until("the store works again", async || {
            let few = Duration::from_secs(5);
            world.site.agent.advance(few).await?;
            Ok((world.site.agent.status().await?["store"] == true).then_some(()))
        })
        .await
        .unwrap();
    assert!(file.with_extension("sqlite.damaged").exists());
    let last = world.site.join().unwrap();
    last.redeem(&world.site.router, &codes[29]).await.unwrap();
    last.comes_online(&world.site.router).await.unwrap();
    assert!(phone.online(&world.site.router), "it was online before");
    world.site.cable.mend();
    world.linked(&world.site).await.unwrap();
    world.drained(&world.site).await.unwrap();
    assert!(phone.online(&world.site.router));
    world.end().await.unwrap();
}

/// An idle site writes the clock's floor once an hour, and nothing else.
#[tokio::test]
async fn an_idle_hour_costs_less_than_a_page_of_flash() {
    const HOURS: u64 = 3;
    let mut world = World::start(Setup::default()).await.unwrap();
    world
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
    world.site.cable.cut();
    world.site.agent.stop().await.unwrap();
    world.site.agent.start().await.unwrap();
    world
        .until("the router is seen", async || {
            Ok((world.site.agent.status().await?["router"] == true).then_some(()))
        })
        .await
        .unwrap();
    let log = world.site.agent.state().join("store.sqlite-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let first = length();
    for _ in 0..HOURS {
        let before = length();
        let hour = Duration::from_secs(3_600);
        world.site.router.advance(hour);
        world.site.agent.advance(hour).await.unwrap();
        world
            .until("the floor is written", async || {
                Ok((length() > before).then_some(()))
            })
            .await
            .unwrap();
    }
    let hourly = (length() - first) / HOURS;
    assert!(hourly <= 4_096, "{hourly} bytes an hour");
    world.end().await.unwrap();
}
