//! What people do in a real browser, on the demo's business: signing up and selling, logging in, moving the money, a cashier's day, printing,
//! buying, watching a site, stopping a business, running one without script, and all pages by the rules for everybody's eyes and hands.

mod cashier;
mod everybody;
mod first_sale;
mod live;
mod log_in;
mod moved;
mod platform;
mod portal;
mod printing;
mod without_script;

use mnara_tests::browser::{Chromium, Screen, Tab};
use mnara_tests::gallery;
use mnara_tests::story::{Stage, alone};

/// The demo's business and a browser.
async fn set() -> (Stage, Chromium) {
    let stage = alone().await.unwrap();
    (stage, Chromium::start().await.unwrap())
}

/// One of the demo's people on a phone, logged in.
async fn person(stage: &Stage, chromium: &Chromium, contact: &str) -> Tab {
    let tab = chromium.person(Screen::PHONE).await.unwrap();
    gallery::log_in(stage, &tab, contact).await.unwrap();
    tab
}
