//! Logging in with a second factor, and with a passkey.

use mnara_tests::browser::{Screen, Tab};
use mnara_tests::story::{PASSWORD, Stage};
use totp_rs::{Builder, Secret};

use super::{person, set};

/// How long digits are those of now (RFC 6238).
pub(super) const STEP_SECS: u64 = 30;

#[tokio::test]
async fn a_second_factor_is_set_up_and_asked_for() {
    let (stage, chromium) = set().await;
    let url = |path: &str| stage.world.controller.url(path);
    let owner = person(&stage, &chromium, "owner@example.com").await;
    let (secret, paper) = switch_on(&stage, &owner).await;

    let half_in = async || {
        let other = chromium.person(Screen::DESKTOP).await.unwrap();
        other.open(&url("/log-in")).await.unwrap();
        other
            .fill("E-mail or phone number", "owner@example.com")
            .await
            .unwrap();
        other.fill("Password", PASSWORD).await.unwrap();
        other.press("Log in").await.unwrap();
        other
    };
    // Half in is not in.
    let other = half_in().await;
    other.open(&url("/home")).await.unwrap();
    assert!(!other.says("Paid by M-PESA today").await.unwrap());
    other.open(&url("/log-in/second")).await.unwrap();
    assert_eq!(other.faults().await.unwrap(), Vec::<String>::new());
    other.fill("Six digits", "000000").await.unwrap();
    other.press("Go on").await.unwrap();
    other.sees("These are not the digits of now").await.unwrap();
    // Those of the set-up are used; the ones after them are good already.
    let next = digits(&stage, &secret, STEP_SECS).await;
    other.fill("Six digits", &next).await.unwrap();
    other.press("Go on").await.unwrap();
    other.sees("Paid by M-PESA today").await.unwrap();

    // The phone is lost.
    let other = half_in().await;
    other.sees("Six digits").await.unwrap();
    other.fill("Six digits", &paper).await.unwrap();
    other.press("Go on").await.unwrap();
    other.sees("Paid by M-PESA today").await.unwrap();
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_passkey_is_made_logs_in_alone_and_is_removed() {
    let (stage, chromium) = set().await;
    let url = |path: &str| stage.world.controller.url(path);
    let owner = person(&stage, &chromium, "owner@example.com").await;
    let device = owner.has_passkeys().await.unwrap();
    owner.open(&url("/account/passkeys")).await.unwrap();
    owner.fill("What to call it", "my phone").await.unwrap();
    owner.fill("Your own password", PASSWORD).await.unwrap();
    owner.press("Add a passkey").await.unwrap();
    owner.press("Make it").await.unwrap();
    owner.sees("The passkey is yours").await.unwrap();
    owner.sees("my phone").await.unwrap();
    assert_eq!(owner.passkeys(&device).await.unwrap(), 1);

    owner.open(&url("/more")).await.unwrap();
    owner.press("Log out").await.unwrap();
    owner.open(&url("/log-in")).await.unwrap();
    owner.press("Log in with a passkey").await.unwrap();
    owner.press("Use a passkey").await.unwrap();
    owner.sees("Paid by M-PESA today").await.unwrap();

    owner.open(&url("/account/passkeys")).await.unwrap();
    owner.sees("last used").await.unwrap();
    owner.touch("Remove").await.unwrap();
    // The first field of the name is the open part's; the other one is for a new passkey.
    owner.fill("Your own password", PASSWORD).await.unwrap();
    // What opened the part is called as its button is.
    let remove = "document.querySelector('details[open] form button').click()";
    owner.eval(remove).await.unwrap();
    owner.sees("The passkey is gone").await.unwrap();

    // The device still holds it; it opens nothing any more.
    owner.open(&url("/more")).await.unwrap();
    owner.press("Log out").await.unwrap();
    owner.open(&url("/log-in/passkey")).await.unwrap();
    owner.press("Use a passkey").await.unwrap();
    owner.sees("That passkey was not taken").await.unwrap();
    stage.end().await.unwrap();
}

/// Switches somebody's second factor on; gives its secret and one of the codes for paper.
pub(super) async fn switch_on(stage: &Stage, who: &Tab) -> (String, String) {
    let page = stage.world.controller.url("/account/second");
    who.open(&page).await.unwrap();
    let secret = who
        .eval("[...document.querySelectorAll('code')].map(c => c.innerText.replace(/\\s/g, '')).find(t => /^[A-Z2-7]{16,}$/.test(t))")
        .await
        .unwrap();
    let secret = secret.as_str().unwrap().to_owned();
    let now = digits(stage, &secret, 0).await;
    who.fill("Then type the six digits it shows", &now)
        .await
        .unwrap();
    who.fill("Your own password here, once more", PASSWORD)
        .await
        .unwrap();
    who.press("Switch on").await.unwrap();
    who.sees("Write these down").await.unwrap();
    let paper = who
        .eval("document.querySelector('.codes code').innerText")
        .await
        .unwrap();
    (secret, paper.as_str().unwrap().to_owned())
}

/// What an authenticator shows so many seconds from now.
pub(super) async fn digits(stage: &Stage, secret: &str, later: u64) -> String {
    // The page's own clock is that of the program. Rounded up, the digits after those of now would be the next but one.
    let now = "select floor(extract(epoch from now()))::bigint";
    let now = stage.world.controller.value(now).await.unwrap();
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    let now: u64 = now.parse().unwrap();
    totp.generate(now + later).to_string()
}
