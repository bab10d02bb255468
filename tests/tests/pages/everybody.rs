//! Every page that anybody can reach, by the rules for people who see, hear or move otherwise than most, and no wider than a cheap phone.

use mnara_tests::browser::{Screen, Tab, Walk};
use mnara_tests::gallery::{Album, Known, answers, in_swahili, passing, rooms};

use super::{person, set};

/// How pages are looked at.
static LOOKS: [(&str, Screen); 3] = [
    ("light", Screen::PHONE),
    ("dark", Screen::PHONE.dark()),
    ("laptop", Screen::DESKTOP),
];

/// Whether somebody wants pages in every look, which takes long.
#[expect(
    clippy::disallowed_methods,
    reason = "how a person asks for a longer look"
)]
fn every_look() -> bool {
    std::env::var("MNARA_LOOKS").is_ok_and(|looks| looks == "all")
}

/// Each page is looked at in English in the light and in the dark, and in Kiswahili, whose words are longer, in the dark. With `MNARA_LOOKS=all` it
/// is in each language in either, and on a laptop, where the way to other pages is drawn otherwise.
#[tokio::test]
async fn every_page_is_for_everybody() {
    let everything = every_look();
    let (stage, chromium) = set().await;
    let (mut faults, mut pages, mut known) = (Vec::new(), 0, Known::default());
    for room in rooms(&stage, &chromium).await.unwrap() {
        let mut walk = Walk::from(&room.doors).unwrap();
        while let Some(seen) = walk.next(&room.tab).await.unwrap() {
            pages += 1;
            if !known.is_new(&seen.name, &room.tab).await.unwrap() {
                continue;
            }
            let looks = if everything { &LOOKS[..] } else { &LOOKS[..2] };
            let found = faults_of(&room.tab, looks).await;
            faults.extend(
                found
                    .iter()
                    .map(|fault| format!("{}: {} {fault}", room.name, seen.address)),
            );
        }
        if !room.in_both {
            continue;
        }
        let before = pages;
        let mut walk = in_swahili(&stage, &room).await.unwrap();
        while let Some(seen) = walk.next(&room.tab).await.unwrap() {
            pages += 1;
            if !known.is_new(&seen.name, &room.tab).await.unwrap() {
                continue;
            }
            let looks = if everything { &LOOKS[..] } else { &LOOKS[1..2] };
            let found = faults_of(&room.tab, looks).await;
            faults.extend(
                found
                    .iter()
                    .map(|fault| format!("{} in Kiswahili: {} {fault}", room.name, seen.address)),
            );
        }
        let fewest = if room.name == "owner" { 20 } else { 2 };
        assert!(
            pages > before + fewest,
            "{}: {} pages",
            room.name,
            pages - before
        );
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    // A walk that gets nowhere would prove nothing.
    assert!(pages > 30, "{pages} pages");
    stage.end().await.unwrap();
}

/// Pages that no link leads to: what a form answers, and what a letter names. Previews of the hotspot's page are not among them: they run
/// no script, so no rules can be run in them, and the page they show is looked at on the hotspot.
#[tokio::test]
async fn what_forms_answer_and_letters_name_is_for_everybody() {
    let (mut stage, chromium) = set().await;
    let url = |path: &str| stage.world.controller.url(path);
    let owner = person(&stage, &chromium, "owner@example.com").await;
    owner.open(&url("/vouchers")).await.unwrap();
    let links = owner.links().await.unwrap();
    let series = links
        .iter()
        .find(|link| link.contains("/vouchers/series/ser_"));
    let series = series.expect("the demo has printed vouchers");
    for paper in ["a4-10", "roll-58"] {
        let sheet = format!("{series}/sheets?as={paper}");
        owner.open(&sheet).await.unwrap();
        // A sheet of paper is as wide as it is.
        owner.look_with(Screen::DESKTOP).await.unwrap();
        accepts(&owner, paper).await;
        owner.look_with(Screen::PHONE).await.unwrap();
    }
    let code = "document.querySelector('.sheet code').innerText";
    let code = owner.eval(code).await.unwrap();
    owner.open(&url("/vouchers")).await.unwrap();
    owner
        .fill("Its code", code.as_str().unwrap())
        .await
        .unwrap();
    owner.press("Find").await.unwrap();
    owner.sees("What happened").await.unwrap();
    accepts(&owner, "a voucher that was found").await;
    let site = format!("/sites/{}", stage.world.business.site);
    owner.open(&url(&site)).await.unwrap();
    owner.press("Enrol the agent").await.unwrap();
    owner.sees("mnara-agent enrol").await.unwrap();
    accepts(&owner, "the line of a site").await;

    let mut album = album();
    answers(&mut stage, &chromium, &owner, &mut album)
        .await
        .unwrap();
    let (faults, pages) = album.faults();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(pages > 28, "{pages} pages");
    stage.end().await.unwrap();
}

/// What is so for a while only: somebody buys, a business is stopped, and the cloud goes away.
#[tokio::test]
async fn what_is_so_for_a_while_is_for_everybody() {
    let (mut stage, chromium) = set().await;
    let owner = person(&stage, &chromium, "owner@example.com").await;
    let mut album = album();
    passing(&mut stage, &chromium, &owner, &mut album)
        .await
        .unwrap();
    let (faults, pages) = album.faults();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(pages > 15, "{pages} pages");
    stage.end().await.unwrap();
}

/// An album in the light, and with `MNARA_LOOKS=all` in the dark as well.
fn album() -> Album {
    let looks = if every_look() { 2 } else { 1 };
    Album::of_faults(&LOOKS[..looks])
}

/// What the rules find on a page as it is on some screens, each of which has a name.
async fn faults_of(tab: &Tab, looks: &[(&str, Screen)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, screen) in looks {
        tab.look_with(*screen).await.unwrap();
        let found = tab.faults().await.unwrap();
        faults.extend(found.iter().map(|fault| format!("({name}): {fault}")));
    }
    faults
}

/// The rules find nothing on what a tab shows.
async fn accepts(tab: &Tab, what: &str) {
    let found = tab.faults().await.unwrap();
    assert!(found.is_empty(), "{what}: {}", found.join("\n"));
}
