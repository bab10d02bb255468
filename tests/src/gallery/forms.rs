//! What forms answer: that something is wrong, that something was made, and what a statement comes to.

use anyhow::{Context, Result};
use serde_json::json;

use super::Album;
use crate::browser::{Chromium, Screen, Tab};
use crate::story::{PASSWORD, Stage};

/// Fails where no form on the page says what is wrong.
const FAULT: &str = "document.querySelector('#fault').innerText";

/// What they answer the owner of the demo's business, somebody who joins, and a business that begins.
pub(super) async fn all(
    stage: &Stage,
    chromium: &Chromium,
    owner: &Tab,
    album: &mut Album,
) -> Result<()> {
    led(stage, owner, album)
        .await
        .context("pages that forms lead to")?;
    refused(stage, owner, album)
        .await
        .context("forms that are refused")?;
    customer(stage, owner, album).await.context("a customer")?;
    statement(stage, owner, album)
        .await
        .context("a statement")?;
    staff(stage, chromium, owner, album)
        .await
        .context("somebody who is invited")?;
    account(stage, chromium, album)
        .await
        .context("where a business's money goes")
}

/// What is behind a question, and a page that a form leads to.
async fn led(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    let url = |path: &str| stage.world.controller.url(path);
    owner.open(&url("/staff")).await?;
    owner.touch("What each role may do").await?;
    owner.sees("Make and unmake owners").await?;
    album.add(owner, "owner", "staff-roles").await?;
    owner.open(&url("/settings/webhooks")).await?;
    owner.fill("Address", "https://example.com/mnara").await?;
    owner
        .eval("document.querySelector('input[name=event]').checked = true")
        .await?;
    owner
        .fill("Your own password here, once more", PASSWORD)
        .await?;
    owner.press("Add").await?;
    album
        .add(owner, "owner", "settings-webhooks-secret")
        .await?;
    owner.open(&url("/settings/webhooks")).await?;
    owner
        .press("What it was sent: https://example.com/mnara")
        .await?;
    album.add(owner, "owner", "settings-webhooks-one").await
}

/// Each large form with something in it that cannot be.
async fn refused(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    for (path, field, text, button, name) in [
        (
            "/plans/new?preset=hour",
            "Price in shillings",
            "twenty",
            "Save",
            "plans-new-refused",
        ),
        (
            "/vouchers/new",
            "How many",
            "many",
            "Print",
            "vouchers-new-refused",
        ),
        (
            "/settings/messages",
            "SMS a day to one phone",
            "0",
            "Save",
            "settings-messages-refused",
        ),
    ] {
        owner.open(&stage.world.controller.url(path)).await?;
        owner.fill(field, text).await?;
        owner.press(button).await?;
        owner.eval(FAULT).await.context(name)?;
        album.add(owner, "owner", name).await?;
    }
    Ok(())
}

/// Blocking a customer without saying why, and with it.
async fn customer(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    owner
        .open(&stage.world.controller.url("/customers"))
        .await?;
    let links = owner.links().await?;
    let one = links
        .iter()
        .find(|link| link.contains("/customers/"))
        .context("the demo has customers")?;
    owner.open(one).await?;
    let why = |text: &str| format!("document.querySelector('#why').value = {}", json!(text));
    owner.eval(&why("   ")).await?;
    owner.press("Block this number").await?;
    owner.eval(FAULT).await?;
    album.add(owner, "owner", "customers-one-refused").await?;
    owner.open(one).await?;
    owner.eval(&why("pays with other people's phones")).await?;
    owner.press("Block this number").await?;
    owner.sees("This number cannot pay any more").await?;
    album.add(owner, "owner", "customers-one-blocked").await?;
    owner.press("Let this number pay again").await?;
    owner.sees("This number can pay again").await
}

/// A file that is no statement, and a statement of yesterday with money that nobody here knows of.
async fn statement(stage: &Stage, owner: &Tab, album: &mut Album) -> Result<()> {
    let controller = &stage.world.controller;
    let yesterday = "select to_char(clock_timestamp() at time zone 'Africa/Nairobi' - interval '1 day', 'DD-MM-YYYY')";
    let day = controller.value(yesterday).await?;
    let whole = format!(
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\n\
         SKAAAAAA01,{day} 00:01:00,Pay Bill,Completed,50.00,,1250.00,254708374149 - JOHN,\n\
         SKAAAAAA02,{day} 23:58:00,Pay Bill,Completed,20.00,,1270.00,254722000123 - JANE,\n\
         SKAAAAAA03,{day} 23:59:00,Charge,Completed,,-5.00,1265.00,,\n"
    );
    for (file, says, name) in [
        (
            "a,b\n1,2\n",
            "This is not such a statement",
            "books-statement-refused",
        ),
        (whole.as_str(), "Take them in", "books-statement-compared"),
    ] {
        owner.open(&controller.url("/books/statement")).await?;
        let choose = format!(
            "(() => {{ const chosen = new DataTransfer(); chosen.items.add(new File([{}], 'statement.csv', {{type: 'text/csv'}})); \
             document.querySelector('#statement').files = chosen.files; }})()",
            json!(file)
        );
        owner.eval(&choose).await?;
        owner.press("Compare").await?;
        owner.sees(says).await?;
        album.add(owner, "owner", name).await?;
    }
    Ok(())
}

/// An invitation, which is shown once, and a link for a new password: a letter to whoever has an address, else shown once as well.
async fn staff(stage: &Stage, chromium: &Chromium, owner: &Tab, album: &mut Album) -> Result<()> {
    let staff = stage.world.controller.url("/staff");
    owner.open(&staff).await?;
    owner.fill("Their name", "Baraka Mwangi").await?;
    owner
        .eval("document.querySelector('input[name=role][value=technician]').checked = true")
        .await?;
    owner.press("Make the link").await?;
    owner.sees("Send this to them").await?;
    album.add(owner, "owner", "staff-invited").await?;
    let link = owner
        .eval("document.querySelector('code.whole').innerText")
        .await?;
    let link = link.as_str().context("the page shows no link")?;
    let baraka = chromium.person(Screen::PHONE).await?;
    baraka.open(link).await?;
    baraka.fill("Your name", "Baraka Mwangi").await?;
    baraka
        .fill("E-mail or phone number", "0722 000 333")
        .await?;
    baraka.fill("Password", PASSWORD).await?;
    baraka.press("Join").await?;
    let form = |who: &str| format!("A link for a new password: {who}");
    owner.open(&staff).await?;
    owner.press(&form("Baraka Mwangi")).await?;
    owner.fill("Your own password", "not mine").await?;
    owner.press("Make the link").await?;
    owner.eval(FAULT).await?;
    album.add(owner, "owner", "staff-reset-refused").await?;
    for (who, says, name) in [
        (
            "Otieno Ouma",
            "The link is on its way to their mail",
            "staff-reset-mailed",
        ),
        ("Baraka Mwangi", "Give them this link", "staff-reset-link"),
    ] {
        owner.open(&staff).await?;
        owner.press(&form(who)).await?;
        owner.fill("Your own password", PASSWORD).await?;
        owner.press("Make the link").await?;
        owner.sees(says).await?;
        album.add(owner, "owner", name).await?;
    }
    Ok(())
}

/// The first account for customers' money, with a number that is none.
async fn account(stage: &Stage, chromium: &Chromium, album: &mut Album) -> Result<()> {
    let url = |path: &str| stage.world.controller.url(path);
    let tab = chromium.person(Screen::PHONE).await?;
    tab.open(&url("/sign-up")).await?;
    tab.fill("Name of the business", "Bonde Hotspots").await?;
    tab.fill("Your name", "Kiprono Koech").await?;
    tab.fill("E-mail or phone number", "0722 000 444").await?;
    tab.fill("Password", PASSWORD).await?;
    tab.press("Sign up").await?;
    tab.open(&url("/settings/mpesa")).await?;
    tab.tick("Paybill").await?;
    tab.fill("Paybill number", "12").await?;
    tab.fill("Consumer key", "a key").await?;
    tab.fill("Consumer secret", "a secret").await?;
    tab.fill("Passkey", "a passkey").await?;
    tab.fill("Your own password here", PASSWORD).await?;
    tab.press("Check the keys and keep").await?;
    tab.eval(FAULT).await?;
    album.add(&tab, "beginner", "settings-mpesa-refused").await
}
