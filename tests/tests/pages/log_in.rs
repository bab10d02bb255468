//! Logging in with a second factor.

use mnara_tests::browser::Screen;
use mnara_tests::story::PASSWORD;
use totp_rs::{Builder, Secret};

use super::{person, set};

#[tokio::test]
async fn a_second_factor_is_set_up_and_asked_for() {
    let (stage, chromium) = set().await;
    let url = |path: &str| stage.world.controller.url(path);
    let owner = person(&stage, &chromium, "owner@example.com").await;
    owner.open(&url("/account/second")).await.unwrap();
    let secret = owner
        .eval("[...document.querySelectorAll('code')].map(c => c.innerText.replace(/\\s/g, '')).find(t => /^[A-Z2-7]{16,}$/.test(t))")
        .await
        .unwrap();
    let secret = secret.as_str().unwrap().to_owned();
    // The page's own clock is that of the program.
    let digits = async || {
        let now = stage
            .world
            .controller
            .ask("select extract(epoch from now())::bigint")
            .await
            .unwrap();
        code(&secret, now[0][0].parse().unwrap())
    };
    owner
        .fill("Then type the six digits it shows", &digits().await)
        .await
        .unwrap();
    owner.press("Switch on").await.unwrap();
    owner.sees("Write these down").await.unwrap();
    let paper = owner
        .eval("document.querySelector('.codes code').innerText")
        .await
        .unwrap();

    let other = chromium.person(Screen::DESKTOP).await.unwrap();
    other.open(&url("/log-in")).await.unwrap();
    other
        .fill("E-mail or phone number", "owner@example.com")
        .await
        .unwrap();
    other.fill("Password", PASSWORD).await.unwrap();
    other.press("Log in").await.unwrap();
    // Half in is not in.
    other.open(&url("/home")).await.unwrap();
    assert!(!other.says("Paid by M-PESA today").await.unwrap());
    other.open(&url("/log-in/second")).await.unwrap();
    other.fill("Six digits", "000000").await.unwrap();
    other.press("Go on").await.unwrap();
    other.sees("These are not the digits of now").await.unwrap();
    other
        .fill("Six digits", paper.as_str().unwrap())
        .await
        .unwrap();
    other.press("Go on").await.unwrap();
    other.sees("Paid by M-PESA today").await.unwrap();
    stage.end().await.unwrap();
}

fn code(secret: &str, now: u64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).build().unwrap();
    totp.generate(now).to_string()
}
