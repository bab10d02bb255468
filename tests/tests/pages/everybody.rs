//! Every page that anybody can reach, by the rules for people who see, hear or move otherwise than most, and no wider than a cheap phone.

use mnara_tests::browser::{Screen, Tab, Walk};
use mnara_tests::gallery::rooms;
use url::Url;

use super::set;

/// What breaks a rule on the page that a tab shows, by day and by night.
async fn faults(tab: &Tab, who: &str, address: &str, faults: &mut Vec<String>) {
    for (light, screen) in [("light", Screen::PHONE), ("dark", Screen::PHONE.dark())] {
        tab.look_with(screen).await.unwrap();
        let found = tab.faults().await.unwrap();
        faults.extend(
            found
                .into_iter()
                .map(|fault| format!("{who}: {address} ({light}): {fault}")),
        );
    }
}

/// Whether an address is of a page of the table.
fn is_of(page: &str, address: &str) -> bool {
    let url = Url::parse(address).unwrap();
    let (asked, listed) = (url.path().split('/'), page.split('/'));
    asked.clone().count() == listed.clone().count()
        && asked
            .zip(listed)
            .all(|(asked, listed)| asked == listed || listed.starts_with('{'))
}

#[tokio::test]
async fn every_page_is_for_everybody() {
    let (stage, chromium) = set().await;
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for room in rooms(&stage, &chromium).await.unwrap() {
        let mut walk = Walk::from(&room.doors).unwrap();
        while let Some(page) = walk.next(&room.tab).await.unwrap() {
            faults(&room.tab, room.name, &page.address, &mut found).await;
            seen.push(page.address);
        }
        if room.name == "owner" {
            // What no link leads to: a form does, or a frame.
            let of = |page: &str| {
                let address = seen.iter().find(|address| is_of(page, address));
                address.unwrap().split('?').next().unwrap().to_owned()
            };
            let url = |path: &str| stage.world.controller.url(path);
            for address in [
                url("/vouchers/find?code=AAAA-BBBB-CCCC"),
                of("/vouchers/series/{id}") + "/sheets",
                of("/sites/{id}/look") + "/preview",
                url("/settings/portal/preview/home"),
                url("/settings/portal/preview/plans"),
                url("/settings/portal/preview/terms"),
            ] {
                room.tab.open(&address).await.unwrap();
                faults(&room.tab, room.name, &address, &mut found).await;
            }
            room.tab.open(&of("/sites/{id}")).await.unwrap();
            room.tab.press("Enrol the agent").await.unwrap();
            room.tab.sees("mnara-agent enrol").await.unwrap();
            faults(&room.tab, room.name, "the line", &mut found).await;
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    // A walk that gets nowhere would prove nothing.
    assert!(seen.len() > 30, "{} pages", seen.len());
    stage.end().await.unwrap();
}
