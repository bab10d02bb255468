//! Whose pages are looked at, and where each of them begins.

use std::net::SocketAddr;

use anyhow::{Result, ensure};

use super::Album;
use crate::browser::{Chromium, Screen, Tab, Walk};
use crate::sim::daraja::Answer;
use crate::story::{LAPSED_OWNER, PASSWORD, Stage, join};

/// Those who work for the demo's business and are not in the demo.
const STAFF: [(&str, &str, &str); 3] = [
    ("manager", "manager@example.com", "Wambui Kamau"),
    ("technician", "technician@example.com", "Juma Ali"),
    ("reader", "reader@example.com", "Akoth Adhiambo"),
];

/// Somebody and their tab.
#[derive(Debug)]
pub struct Room {
    /// Who.
    pub name: &'static str,
    /// Where they begin.
    pub doors: Vec<String>,
    /// Their tab.
    pub tab: Tab,
    /// Whether their pages are looked at in the other language too: those of who sees the same as another are not.
    pub in_both: bool,
}

/// Everybody who sees pages of the cloud: nobody in particular, people of each role, and owners of a business that did not pay and of one that
/// begins.
///
/// # Errors
/// When somebody cannot get in.
pub async fn rooms(stage: &Stage, chromium: &Chromium) -> Result<Vec<Room>> {
    let url = |path: &str| stage.world.controller.url(path);
    let nobody = chromium.person(Screen::PHONE).await?;
    let doors = ["/log-in", "/sign-up", "/forgot", "/nothing-here"];
    let mut rooms = vec![Room {
        name: "nobody",
        doors: doors.map(url).to_vec(),
        tab: nobody,
        in_both: true,
    }];
    for (role, contact) in stage.people.who() {
        let tab = chromium.person(Screen::PHONE).await?;
        log_in(stage, &tab, contact).await?;
        let first = if *role == "admin" {
            "/admin/providers"
        } else {
            "/home"
        };
        rooms.push(Room {
            name: role,
            // Who is in one business alone has no link to the second.
            doors: vec![url(first), url("/businesses")],
            tab,
            in_both: true,
        });
    }
    for (role, contact, name) in STAFF {
        join(&stage.world, role, contact, name).await?;
        let tab = chromium.person(Screen::PHONE).await?;
        log_in(stage, &tab, contact).await?;
        rooms.push(Room {
            name: role,
            doors: vec![url("/home")],
            tab,
            in_both: false,
        });
    }
    let tab = chromium.person(Screen::PHONE).await?;
    log_in(stage, &tab, LAPSED_OWNER).await?;
    rooms.push(Room {
        name: "lapsed",
        doors: vec![url("/settings/subscription?why=restricted")],
        tab,
        in_both: true,
    });
    let tab = chromium.person(Screen::PHONE).await?;
    tab.open(&url("/sign-up")).await?;
    tab.fill("Name of the business", "Pwani Hotspots").await?;
    tab.fill("Your name", "Achieng Odhiambo").await?;
    tab.fill("E-mail or phone number", "0722 000 111").await?;
    tab.fill("Password", PASSWORD).await?;
    tab.press("Sign up").await?;
    rooms.push(Room {
        name: "beginner",
        doors: vec![url("/home")],
        tab,
        in_both: true,
    });
    Ok(rooms)
}

/// A walk through the same pages in the other language.
///
/// # Errors
/// When the language is not changed.
pub async fn in_swahili(stage: &Stage, room: &Room) -> Result<Walk> {
    let other = stage.world.controller.url("/language/sw?back=%2Fhome");
    room.tab.look_with(Screen::PHONE).await?;
    room.tab.open(&other).await?;
    let language = room.tab.eval("document.documentElement.lang").await?;
    ensure!(language == "sw", "{} reads {language}", room.name);
    Walk::from(&room.doors)
}

/// Logs one of the demo's people in.
///
/// # Errors
/// When they are not let in.
pub async fn log_in(stage: &Stage, tab: &Tab, contact: &str) -> Result<()> {
    tab.open(&stage.world.controller.url("/log-in")).await?;
    tab.fill("E-mail or phone number", contact).await?;
    tab.fill("Password", PASSWORD).await?;
    tab.press("Log in").await?;
    tab.sees("Menu").await
}

/// What a customer sees, from the first page to being online.
pub(super) async fn customer(
    stage: &Stage,
    tab: &Tab,
    port: &SocketAddr,
    album: &mut Album,
) -> Result<()> {
    let (who, number) = ("customer", "0712345670");
    let home = format!("http://{port}/");
    tab.open(&home).await?;
    tab.sees("One hour").await?;
    album.add(tab, who, "plans").await?;
    tab.press("Kiswahili").await?;
    album.add(tab, who, "plans-swahili").await?;
    tab.press("English").await?;
    tab.fill("Voucher code", "AAAA-BBBB-CCCC").await?;
    tab.press("Use code").await?;
    album.add(tab, who, "wrong-code").await?;
    tab.open(&home).await?;
    tab.tick("One hour").await?;
    tab.fill("M-PESA phone number", number).await?;
    tab.press("Pay").await?;
    tab.sees("Check your phone").await?;
    album.add(tab, who, "check-your-phone").await?;
    stage.world.daraja.await_prompt("254712345670").await?;
    stage.world.daraja.answer("254712345670", &Answer::Accept)?;
    tab.sees("You are online").await?;
    album.add(tab, who, "online").await?;
    tab.open(&format!("http://{port}/portal/")).await?;
    tab.sees("Time left").await?;
    album.add(tab, who, "status").await
}
