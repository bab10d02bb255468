//! Every page that anybody can reach, by the rules for people who see, hear or move otherwise than most, and no wider than a cheap phone.

use mnara_tests::browser::{Screen, Walk};
use mnara_tests::gallery::rooms;

use super::set;

#[tokio::test]
async fn every_page_is_for_everybody() {
    let (stage, chromium) = set().await;
    let (mut faults, mut pages) = (Vec::new(), 0);
    for room in rooms(&stage, &chromium).await.unwrap() {
        let mut walk = Walk::from(&room.doors).unwrap();
        while let Some(seen) = walk.next(&room.tab).await.unwrap() {
            pages += 1;
            for (light, screen) in [("light", Screen::PHONE), ("dark", Screen::PHONE.dark())] {
                room.tab.look_with(screen).await.unwrap();
                let found = room.tab.faults().await.unwrap();
                faults.extend(
                    found
                        .into_iter()
                        .map(|fault| format!("{}: {} ({light}): {fault}", room.name, seen.address)),
                );
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    // A walk that gets nowhere would prove nothing.
    assert!(pages > 30, "{pages} pages");
    stage.end().await.unwrap();
}
