//! Moving customers' money to another account, by an owner whose second factor is a passkey.

use mnara_tests::sim::daraja::{Answer, App, Kind};
use mnara_tests::story::PASSWORD;

use super::{person, set};

#[tokio::test]
async fn an_owner_moves_customers_money_by_a_passkey() {
    let (stage, chromium) = set().await;
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let owner = person(&stage, &chromium, "owner@example.com").await;
    owner.has_passkeys().await.unwrap();
    owner.open(&url("/account/passkeys")).await.unwrap();
    owner.fill("What to call it", "my phone").await.unwrap();
    owner.fill("Your own password", PASSWORD).await.unwrap();
    owner.press("Add a passkey").await.unwrap();
    owner.press("Make it").await.unwrap();
    owner.sees("The passkey is yours").await.unwrap();

    let account = App::sandbox_till();
    let Kind::Till { number } = &account.kind else {
        panic!("the sandbox's till is none");
    };
    let fields = [
        (
            "Paybill number, or the store number",
            account.shortcode.as_str(),
        ),
        ("Till number", number.as_str()),
        ("Consumer key", account.consumer_key.as_str()),
        ("Consumer secret", account.consumer_secret.as_str()),
        ("Passkey", account.passkey.as_str()),
        ("Your own M-PESA phone", "0722 000 111"),
    ];
    owner.open(&url("/settings/mpesa/change")).await.unwrap();
    owner.sees("Use a passkey").await.unwrap();
    assert_eq!(owner.faults().await.unwrap(), Vec::<String>::new());
    let prove = async || {
        owner.open(&url("/settings/mpesa/change")).await.unwrap();
        owner.tick("Till").await.unwrap();
        for (label, text) in fields {
            owner.fill(label, text).await.unwrap();
        }
        owner
            .fill("Your own password here", PASSWORD)
            .await
            .unwrap();
        owner.press("Use a passkey").await.unwrap();
    };
    // A passkey of today may be a thief's.
    prove().await;
    owner
        .sees("That passkey was added less than a day ago")
        .await
        .unwrap();
    let aged = "update passkeys set created_at = created_at - interval '1 day';";
    world.controller.write(aged).await.unwrap();
    prove().await;
    owner
        .sees("The new account waits for its shilling")
        .await
        .unwrap();
    let mine = "254722000111";
    world.daraja.await_prompt(mine).await.unwrap();
    world.daraja.answer(mine, &Answer::Accept).unwrap();
    world
        .until("money goes elsewhere", async || {
            owner.open(&url("/settings/mpesa")).await?;
            let moved = owner.says("Money goes elsewhere than before").await?;
            Ok(moved.then_some(()))
        })
        .await
        .unwrap();

    // Without script the page says what to do instead.
    owner.without_script().await.unwrap();
    owner.open(&url("/settings/mpesa/change")).await.unwrap();
    owner
        .sees("passkeys need script in the browser")
        .await
        .unwrap();
    assert!(!owner.says("Use a passkey").await.unwrap());
    owner.press("Set up six digits").await.unwrap();
    owner.sees("Set up the second factor").await.unwrap();
    stage.end().await.unwrap();
}
