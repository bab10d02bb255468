//! A business run with script switched off, as in a browser that has none: all that is done every day, and no page that waits for script.

use mnara_tests::browser::{Chromium, Screen, Tab, Walk};
use mnara_tests::gallery;
use mnara_tests::sim::daraja::{Answer, App, Kind};
use mnara_tests::story::{PASSWORD, Stage};
use serde_json::Value;

use super::log_in::{STEP_SECS, digits, switch_on};
use super::set;

/// With what the demo's owner logs in.
const OWNER: &str = "owner@example.com";
/// What on a page only script could put to use: a button of no form, a form that nothing sends, a box that opens by script, a link to nowhere.
const DEAD: &str = "[\
    ...[...document.querySelectorAll('button')].filter(one => !one.form), \
    ...[...document.forms].filter(one => ![...one.elements].some(field => field.type === 'submit')), \
    ...document.querySelectorAll('dialog, [onclick], [onchange], a[href=\"#\"], a[href^=\"javascript:\"]')\
    ].map(one => one.outerHTML.slice(0, 120))";

#[tokio::test]
async fn an_owner_runs_the_business_without_script() {
    let (stage, chromium) = set().await;
    let url = |path: &str| stage.world.controller.url(path);
    let owner = without_script(&chromium).await;
    let paper = enters(&stage, &owner).await;
    sells(&stage, &owner).await;
    looks_at_payments(&stage, &owner).await;
    invites(&stage, &chromium, &owner).await;
    finds_nothing_dead(&stage, &owner).await;
    moves_the_money(&stage, &owner, &paper).await;
    owner.open(&url("/more")).await.unwrap();
    owner.press("Log out").await.unwrap();
    owner.open(&url("/home")).await.unwrap();
    owner.sees("E-mail or phone number").await.unwrap();
    stage.end().await.unwrap();
}

async fn without_script(chromium: &Chromium) -> Tab {
    let tab = chromium.person(Screen::PHONE).await.unwrap();
    tab.without_script().await.unwrap();
    tab
}

/// Logs in by password and second factor, which is set up before; gives a code for paper that is not used yet.
async fn enters(stage: &Stage, owner: &Tab) -> String {
    let url = |path: &str| stage.world.controller.url(path);
    // What needs script says so, and has no button that would do nothing.
    owner.open(&url("/log-in")).await.unwrap();
    owner.press("Log in with a passkey").await.unwrap();
    owner
        .sees("Passkeys need script in the browser")
        .await
        .unwrap();
    assert!(!owner.says("Use a passkey").await.unwrap());
    owner.press("Log in with a password instead").await.unwrap();

    gallery::log_in(stage, owner, OWNER).await.unwrap();
    owner.open(&url("/account/passkeys")).await.unwrap();
    owner.fill("What to call it", "my phone").await.unwrap();
    owner.fill("Your own password", PASSWORD).await.unwrap();
    owner.press("Add a passkey").await.unwrap();
    owner.sees("Switch it on and come back").await.unwrap();
    assert!(!owner.says("Make it").await.unwrap());

    let (secret, paper) = switch_on(stage, owner).await;
    owner.press("I have written them down").await.unwrap();
    owner.sees("Codes on paper left: 10").await.unwrap();
    owner.open(&url("/more")).await.unwrap();
    owner.press("Log out").await.unwrap();
    owner.open(&url("/log-in")).await.unwrap();
    owner.fill("E-mail or phone number", OWNER).await.unwrap();
    owner.fill("Password", PASSWORD).await.unwrap();
    owner.press("Log in").await.unwrap();
    owner.sees("Six digits").await.unwrap();
    // Those of the set-up are used; the ones after them are good already.
    let next = digits(stage, &secret, STEP_SECS).await;
    owner.fill("Six digits", &next).await.unwrap();
    owner.press("Go on").await.unwrap();
    owner.sees("Paid by M-PESA today").await.unwrap();
    paper
}

/// Makes a plan and a series of it, prints that, and finds one of its codes.
async fn sells(stage: &Stage, owner: &Tab) {
    let url = |path: &str| stage.world.controller.url(path);
    owner.open(&url("/plans")).await.unwrap();
    owner.press("1 hour").await.unwrap();
    owner
        .fill("Name on the customers' page", "Lunch hour")
        .await
        .unwrap();
    owner.fill("Price in shillings", "15").await.unwrap();
    owner.press("Save").await.unwrap();
    owner.sees("Kept. Every site hears of it").await.unwrap();
    owner.sees("Lunch hour").await.unwrap();

    owner.open(&url("/vouchers/new")).await.unwrap();
    owner.choose("Plan", "Lunch hour · KSh 15").await.unwrap();
    owner.fill("How many", "20").await.unwrap();
    owner.choose("Home site", "Main street").await.unwrap();
    // With script the page does this by itself, and it forgets nothing that was chosen.
    owner.press("Check").await.unwrap();
    owner
        .sees("Somebody who tries codes at one site")
        .await
        .unwrap();
    owner.press("Print").await.unwrap();
    owner.sees("Made. Its sites know the codes").await.unwrap();
    owner.sees("Lunch hour · KSh 15").await.unwrap();
    owner.press("Print").await.unwrap();
    owner.sees("Vouchers to print").await.unwrap();
    let codes = "[...document.querySelectorAll('.sheet code')].map(code => code.innerText)";
    let codes = owner.eval(codes).await.unwrap();
    let codes = codes.as_array().unwrap();
    assert_eq!(codes.len(), 20);
    // A sheet is wider than a phone, whose screen would cut it off.
    owner.look_with(Screen::DESKTOP).await.unwrap();
    owner.press("Back to the series").await.unwrap();
    owner.sees("The vouchers of the series").await.unwrap();
    owner.look_with(Screen::PHONE).await.unwrap();

    owner.open(&url("/vouchers")).await.unwrap();
    owner
        .fill("Its code", codes[0].as_str().unwrap())
        .await
        .unwrap();
    owner.press("Find").await.unwrap();
    owner.sees("What happened").await.unwrap();
    owner.sees("Lunch hour").await.unwrap();
}

/// Looks for the payments that failed, and at one of them.
async fn looks_at_payments(stage: &Stage, owner: &Tab) {
    let page = stage.world.controller.url("/payments");
    owner.open(&page).await.unwrap();
    owner.touch("Find payments").await.unwrap();
    owner.choose("How it stands", "Not paid").await.unwrap();
    // The button has the words of what opened the form.
    owner.enter("M-PESA receipt").await.unwrap();
    owner.sees("All payments").await.unwrap();
    assert!(owner.address().await.unwrap().contains("state=failed"));
    let all = "(rows => rows.length > 0 && rows.every(row => row.innerText.includes('Not paid')))\
               ([...document.querySelectorAll('main a.row')])";
    assert_eq!(owner.eval(all).await.unwrap(), Value::Bool(true));
    owner.press("Not paid").await.unwrap();
    owner.sees("The story").await.unwrap();
    owner.sees("The customer asked to pay").await.unwrap();
}

/// Invites somebody, who joins without script too.
async fn invites(stage: &Stage, chromium: &Chromium, owner: &Tab) {
    let page = stage.world.controller.url("/staff");
    owner.open(&page).await.unwrap();
    owner.fill("Their name", "Baraka Mwangi").await.unwrap();
    owner.tick("Cashier").await.unwrap();
    owner.press("Make the link").await.unwrap();
    owner.sees("Send this to them").await.unwrap();
    let link = owner
        .eval("document.querySelector('code.whole').innerText")
        .await
        .unwrap();
    let invited = without_script(chromium).await;
    invited.open(link.as_str().unwrap()).await.unwrap();
    invited.fill("Your name", "Baraka Mwangi").await.unwrap();
    invited
        .fill("E-mail or phone number", "0722 000 333")
        .await
        .unwrap();
    invited.fill("Password", PASSWORD).await.unwrap();
    invited.press("Join").await.unwrap();
    invited.press("Counter").await.unwrap();
    invited.sees("Your cash today KSh 0").await.unwrap();
}

/// Goes through all pages that links lead to.
async fn finds_nothing_dead(stage: &Stage, owner: &Tab) {
    let home = stage.world.controller.url("/home");
    let mut walk = Walk::from(&[home]).unwrap();
    let (mut pages, mut faults) = (0, Vec::new());
    while let Some(seen) = walk.next(owner).await.unwrap() {
        pages += 1;
        let dead = owner.eval(DEAD).await.unwrap();
        let dead: Vec<String> = serde_json::from_value(dead).unwrap();
        faults.extend(dead.iter().map(|one| format!("{}: {one}", seen.address)));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    // A walk that gets nowhere would prove nothing.
    assert!(pages > 20, "{pages} pages");
}

/// Has customers pay elsewhere, which takes the password, the second factor and a shilling.
async fn moves_the_money(stage: &Stage, owner: &Tab, paper: &str) {
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    // A second factor of today may be a thief's.
    let aged = "update people set totp_since = totp_since - interval '1 day';";
    world.controller.write(aged).await.unwrap();
    let account = App::sandbox_till();
    let Kind::Till { number } = &account.kind else {
        panic!("the sandbox's till is none");
    };
    owner.open(&url("/settings/mpesa/change")).await.unwrap();
    owner.tick("Till").await.unwrap();
    for (label, text) in [
        (
            "Paybill number, or the store number",
            account.shortcode.as_str(),
        ),
        ("Till number", number.as_str()),
        ("Consumer key", account.consumer_key.as_str()),
        ("Consumer secret", account.consumer_secret.as_str()),
        ("Passkey", account.passkey.as_str()),
        ("Your own M-PESA phone", "0722 000 111"),
        ("Your own password here", PASSWORD),
        ("Six digits", paper),
    ] {
        owner.fill(label, text).await.unwrap();
    }
    owner
        .press("Check the keys and ask my phone for KSh 1")
        .await
        .unwrap();
    owner
        .sees("The new account waits for its shilling")
        .await
        .unwrap();
    let mine = "254722000111";
    world.daraja.await_prompt(mine).await.unwrap();
    world.daraja.answer(mine, &Answer::Accept).unwrap();
    // With no script the page is looked at again by its own link.
    world
        .until("money goes elsewhere", async || {
            owner.press("Look again").await?;
            let moved = owner.says("Money goes elsewhere than before").await?;
            Ok(moved.then_some(()))
        })
        .await
        .unwrap();
}
