//! Pages on which nothing can be done: what is not for somebody, what failed inside, and a passkey that was not used. What does not exist is where
//! nobody in particular begins.

use anyhow::{Context, Result};

use super::{Album, log_in};
use crate::browser::{Chromium, Screen, Tab};
use crate::story::{PASSWORD, Stage};

/// They are each somebody's.
pub(super) async fn all(
    stage: &mut Stage,
    chromium: &Chromium,
    owner: &Tab,
    album: &mut Album,
) -> Result<()> {
    not_for_them(stage, chromium, album)
        .await
        .context("what is not for a cashier")?;
    missed(stage, chromium, album)
        .await
        .context("a passkey that was not used")?;
    inside(stage, owner, album)
        .await
        .context("what failed inside")
}

async fn not_for_them(stage: &Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let tab = chromium.person(Screen::PHONE).await?;
    log_in(stage, &tab, "cashier@example.com").await?;
    tab.open(&stage.world.controller.url("/settings/mpesa"))
        .await?;
    tab.sees("This is not for you").await?;
    album.add(&tab, "cashier", "not-for-you").await
}

/// Another of the platform's staff, who has a passkey and comes in by the password alone.
async fn missed(stage: &Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let (controller, who) = (&stage.world.controller, "zawadi@example.com");
    let url = |path: &str| controller.url(path);
    // The one of the demo's admin.
    let file = stage.world.folder().join("admin.password");
    let file = file.display().to_string();
    let words = ["admin", "create", "--name", "Zawadi Kato"];
    let words = [&words[..], &["--contact", who, "--password", &file]].concat();
    controller.command(&words).await?;
    let tab = chromium.person(Screen::PHONE).await?;
    log_in(stage, &tab, who).await?;
    tab.has_passkeys().await?;
    tab.open(&url("/account/passkeys")).await?;
    tab.fill("What to call it", "my phone").await?;
    tab.fill("Your own password", PASSWORD).await?;
    tab.press("Add a passkey").await?;
    tab.press("Make it").await?;
    tab.sees("The passkey is yours").await?;
    let other = chromium.person(Screen::PHONE).await?;
    other.open(&url("/log-in")).await?;
    other.fill("E-mail or phone number", who).await?;
    other.fill("Password", PASSWORD).await?;
    other.press("Log in").await?;
    other.open(&url("/account/second")).await?;
    other.sees("it counts as your second factor").await?;
    album.add(&other, "admin", "account-second-missed").await
}

/// The database refuses what a page asks, as after an upgrade that went half wrong.
async fn inside(stage: &mut Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    stage.world.allow("the database refused a page");
    let controller = &stage.world.controller;
    controller
        .write("revoke select on api_keys from mnara_app;")
        .await?;
    let opened = owner.open(&controller.url("/settings/keys")).await;
    controller
        .write("grant select on api_keys to mnara_app;")
        .await?;
    opened?;
    owner.sees("Something went wrong on our side").await?;
    album.add(owner, "owner", "failed-inside").await
}
