//! Pages that are shown once, or only on the way to something: a key of the API, a link to all data, a passkey that is being made, an address that
//! a letter asks about, money that is about to go back.

use anyhow::{Context, Result};

use super::{Album, log_in};
use crate::browser::{Chromium, Screen, Tab};
use crate::story::{PASSWORD, Stage};

/// The owner's and, of what concerns the platform, the admin's.
pub(super) async fn shown_once(
    stage: &Stage,
    chromium: &Chromium,
    owner: &Tab,
    album: &mut Album,
) -> Result<()> {
    secrets(stage, owner, album)
        .await
        .context("a key and a link to all data")?;
    account(stage, owner, album)
        .await
        .context("an owner's account")?;
    refund(stage, chromium, album)
        .await
        .context("money that is about to go back")
}

async fn secrets(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    let url = |path: &str| stage.world.controller.url(path);
    owner.open(&url("/settings/keys")).await?;
    owner.fill("What is it for?", "the till").await?;
    owner
        .eval("document.querySelector('input[name=scope]').checked = true")
        .await?;
    owner
        .fill("Your own password here, once more", PASSWORD)
        .await?;
    owner.press("Make the key").await?;
    owner.sees("Your key").await?;
    album.add(owner, "owner", "settings-keys-secret").await?;
    owner.open(&url("/settings/export")).await?;
    owner
        .fill("Your own password here, once more", PASSWORD)
        .await?;
    owner.press("Make the link").await?;
    owner.sees("Your data is ready").await?;
    album.add(owner, "owner", "settings-export-ready").await
}

async fn account(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    let url = |path: &str| stage.world.controller.url(path);
    owner.open(&url("/account/passkeys")).await?;
    owner.fill("What to call it", "my phone").await?;
    owner.fill("Your own password", PASSWORD).await?;
    owner.press("Add a passkey").await?;
    owner.sees("Make it").await?;
    album.add(owner, "owner", "account-passkey-making").await?;
    let wanted = "njeri@example.com";
    owner.open(&url("/account")).await?;
    owner.fill("E-mail or phone number", wanted).await?;
    owner.fill("Present password", PASSWORD).await?;
    owner.press("Log in with this").await?;
    let mail = stage.world.mail.as_ref().context("the demo has no mail")?;
    let letter = mail.letter_to(wanted).await?;
    let links = letter.links();
    let link = links
        .iter()
        .find(|link| link.contains("/account/contact/"))
        .context("the letter has no link")?;
    owner.open(link).await?;
    owner.sees(wanted).await?;
    album.add(owner, "owner", "account-contact").await
}

async fn refund(stage: &Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let admin = chromium.person(Screen::PHONE).await?;
    log_in(stage, &admin, "admin@example.com").await?;
    let path = format!("/admin/subscriptions/{}", stage.world.business.provider);
    admin.open(&stage.world.controller.url(&path)).await?;
    admin.press("Give it back").await?;
    admin.sees("Leave it as it is").await?;
    album.add(&admin, "admin", "refund-asked").await
}
