//! Pages and states that no link leads to: what forms answer, what letters name, what is the case for a while only.

use anyhow::{Context, Result};

use super::{Album, forms, log_in, once, troubles};
use crate::browser::{Chromium, Screen, Tab};
use crate::story::{PASSWORD, Stage};

/// Takes them all; the cloud is away for a while at the end.
pub(super) async fn all(stage: &mut Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let owner = chromium.person(Screen::PHONE).await?;
    log_in(stage, &owner, "owner@example.com").await?;
    printed(stage, &owner, album)
        .await
        .context("sheets of vouchers")?;
    answers(stage, chromium, &owner, album).await?;
    passing(stage, chromium, &owner, album).await
}

/// What is so for a while only: a customer who buys and is online, a business that is looked at and stopped, what phones see of it, and at the
/// end a cloud that is away.
///
/// # Errors
/// When a page does not come.
pub async fn passing(
    stage: &mut Stage,
    chromium: &Chromium,
    owner: &Tab,
    album: &mut Album,
) -> Result<()> {
    let (_, port) = stage.phones.first().context("the demo has phones")?;
    let tab = chromium.person(Screen::PHONE).await?;
    super::rooms::customer(stage, &tab, port, album)
        .await
        .context("a customer who buys")?;
    site(stage, owner, album)
        .await
        .context("a site with somebody online")?;
    platform(stage, chromium, owner, album)
        .await
        .context("what the platform does with a business")?;
    customers(stage, chromium, album).await.context("customers")
}

/// What forms answer the demo's owner and others, what letters name, and what is shown once.
///
/// # Errors
/// When a page does not come.
pub async fn answers(
    stage: &mut Stage,
    chromium: &Chromium,
    owner: &Tab,
    album: &mut Album,
) -> Result<()> {
    forms::all(stage, chromium, owner, album).await?;
    troubles::all(stage, chromium, owner, album).await?;
    once::shown_once(stage, chromium, owner, album).await?;
    cashier(stage, chromium, album)
        .await
        .context("the counter")?;
    newcomer(stage, chromium, album)
        .await
        .context("somebody who joins")
}

async fn printed(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    owner.open(&stage.world.controller.url("/vouchers")).await?;
    let links = owner.links().await?;
    let series = links
        .iter()
        .find(|link| link.contains("/vouchers/series/ser_"))
        .context("the demo has printed vouchers")?;
    for paper in ["a4-10", "a4-50", "roll-58"] {
        owner.open(&format!("{series}/sheets?as={paper}")).await?;
        let name = format!("vouchers-sheets-{paper}");
        album.add(owner, "owner", &name).await?;
    }
    Ok(())
}

/// The customer of the pictures before is still there.
async fn site(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    let (world, site) = (&stage.world, &stage.world.business.site);
    let page = world.controller.url(&format!("/sites/{site}"));
    world
        .until("the site tells who is online", async || {
            owner.open(&page).await?;
            Ok(owner.says("Help this customer").await?.then_some(()))
        })
        .await?;
    album.add(owner, "owner", "sites-one-online").await?;
    owner.touch("Help this customer").await?;
    owner.sees("Disconnect once").await?;
    album.add(owner, "owner", "sites-one-help").await?;
    owner.open(&world.controller.url("/home")).await?;
    album.add(owner, "owner", "home-online").await
}

async fn cashier(stage: &Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    // Whoever walked through the pages has opened the sheets of all others.
    let business = &stage.world.business;
    let controller = &stage.world.controller;
    let words = &["--quiet"];
    business.print(controller, "One hour", 5, words).await?;
    let tab = chromium.person(Screen::PHONE).await?;
    log_in(stage, &tab, "cashier@example.com").await?;
    tab.open(&stage.world.controller.url("/counter")).await?;
    tab.press("Sell").await?;
    tab.sees("Read the code out").await?;
    album.add(&tab, "cashier", "counter-one").await?;
    tab.press("Print, 58 mm roll").await?;
    tab.sees("Back to the sale").await?;
    album.add(&tab, "cashier", "counter-one-slip").await
}

/// Somebody joins by an invitation, sets a second factor up, is asked for it, and loses the password.
async fn newcomer(stage: &Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let (controller, who) = (&stage.world.controller, "newcomer");
    let tab = chromium.person(Screen::PHONE).await?;
    let words = ["provider", "invite", &stage.world.business.provider];
    let words = [&words[..], &["--name", "Wanjiru", "--role", "manager"]].concat();
    let letter = controller.command(&words).await?;
    tab.open(letter.trim()).await?;
    album.add(&tab, who, "join").await?;
    tab.fill("Your name", "Wanjiru").await?;
    tab.fill("E-mail or phone number", "wanjiru@example.com")
        .await?;
    tab.fill("Password", PASSWORD).await?;
    tab.press("Join").await?;
    tab.open(&controller.url("/account/second")).await?;
    album.add(&tab, who, "account-second").await?;
    let secret = tab
        .eval("[...document.querySelectorAll('code')].map(c => c.innerText.replace(/\\s/g, '')).find(t => /^[A-Z2-7]{16,}$/.test(t))")
        .await?;
    let secret = totp_rs::Secret::try_from_base32(secret.as_str().unwrap_or_default())
        .map_err(|_| anyhow::anyhow!("the page shows no secret"))?;
    let totp = totp_rs::Builder::new()
        .with_secret(secret)
        .build()
        .map_err(|_| anyhow::anyhow!("the secret is none"))?;
    let now = controller
        .value("select floor(extract(epoch from clock_timestamp()))::bigint")
        .await?;
    let digits = totp.generate(now.parse()?).to_string();
    tab.fill("Then type the six digits it shows", &digits)
        .await?;
    tab.fill("Your own password here, once more", PASSWORD)
        .await?;
    tab.press("Switch on").await?;
    tab.sees("Write these down").await?;
    album.add(&tab, who, "recovery-codes").await?;
    let again = chromium.person(Screen::PHONE).await?;
    again.open(&controller.url("/log-in")).await?;
    again
        .fill("E-mail or phone number", "wanjiru@example.com")
        .await?;
    again.fill("Password", PASSWORD).await?;
    again.press("Log in").await?;
    again.sees("Six digits").await?;
    album.add(&again, who, "log-in-second").await?;
    let words = ["admin", "reset-link", "--who", "wanjiru@example.com"];
    let letter = controller.command(&words).await?;
    again.open(letter.trim()).await?;
    album.add(&again, who, "reset").await
}

/// Looking at a business as its owner, and stopping it.
async fn platform(
    stage: &Stage,
    chromium: &Chromium,
    owner: &Tab,
    album: &mut Album,
) -> Result<()> {
    let url = |path: &str| stage.world.controller.url(path);
    let admin = chromium.person(Screen::PHONE).await?;
    log_in(stage, &admin, "admin@example.com").await?;
    let found = url("/admin/providers?search=Mnara+Wi-Fi");
    admin.open(&found).await?;
    admin.press("Look as its owner").await?;
    admin.sees("You look at this business").await?;
    album.add(&admin, "admin", "view-as").await?;
    admin.press("Stop looking").await?;
    admin.open(&found).await?;
    admin.touch("Stop").await?;
    admin.sees("Its sites sell nothing").await?;
    album.add(&admin, "admin", "providers-stop-asked").await?;
    admin.press("Stop this business").await?;
    album.add(&admin, "admin", "providers-stopped").await?;
    owner.open(&url("/home")).await?;
    owner.sees("This business is stopped").await?;
    album.add(owner, "owner", "home-suspended").await?;
    admin.open(&found).await?;
    admin.press("Let go on").await?;
    // The sites have heard of it before somebody buys.
    let (world, phone) = (&stage.world, &stage.phones[1].0);
    world
        .until("the portal sells again", async || {
            let home = phone.home(&world.site.router).await?;
            Ok(home.says("Buy with M-PESA").then_some(()))
        })
        .await
}

/// What phones on the Wi-Fi see besides, ending with a cloud that is away.
async fn customers(stage: &mut Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let who = "customer";
    let home = |port: &std::net::SocketAddr| format!("http://{port}/portal/");
    let tab = chromium.person(Screen::PHONE).await?;
    tab.open(&home(&stage.phones[1].1)).await?;
    tab.tick("One hour").await?;
    tab.press("Pay by hand").await?;
    tab.sees("Lipa na M-PESA").await?;
    album.add(&tab, who, "by-hand").await?;
    tab.press("Paid, but not online?").await?;
    album.add(&tab, who, "receipt-claim").await?;

    let (phone, port) = stage.phones[2].clone();
    let (world, router) = (&stage.world, &stage.world.site.router);
    phone.redeem(router, &stage.megabytes[0]).await?;
    phone.comes_online(router).await?;
    router
        .burst(&phone.mac, 1_000_000, 11_000_000)
        .context("using the data up")?;
    phone.goes_offline(router).await?;
    world
        .until("the page says that it is used up", async || {
            let page = phone.home(router).await?;
            Ok(page.says("Your voucher is used up").then_some(()))
        })
        .await?;
    tab.open(&home(&port)).await?;
    album.add(&tab, who, "used-up").await?;

    stage.world.controller.kill().await?;
    let (world, router) = (&stage.world, &stage.world.site.router);
    world
        .until("the page says that M-PESA is away", async || {
            let page = phone.home(router).await?;
            Ok(page.says("M-PESA cannot be reached").then_some(()))
        })
        .await?;
    tab.open(&home(&port)).await?;
    album.add(&tab, who, "cloud-away").await?;
    stage.world.controller.start().await?;
    stage.world.linked(&stage.world.site).await
}
