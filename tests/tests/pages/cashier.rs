//! A cashier's day: selling for cash from the screen and from paper, helping customers, and what is not theirs.

use super::{person, set};

#[tokio::test]
async fn a_cashier_sells_helps_and_reaches_no_more() {
    let (stage, chromium) = set().await;
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let (phone, router) = (&stage.phones[0].0, &stage.world.site.router);
    let cashier = person(&stage, &chromium, "cashier@example.com").await;
    cashier.press("Counter").await.unwrap();
    cashier.sees("Your cash today KSh 0").await.unwrap();
    cashier.sees("Left: 40").await.unwrap();

    // A code that nobody has seen is sold, printed on a slip, and works.
    cashier.press("Sell").await.unwrap();
    cashier.sees("Read the code out").await.unwrap();
    let code = cashier
        .eval("document.querySelector('.figure code').innerText")
        .await
        .unwrap();
    let code = code.as_str().unwrap().to_owned();
    cashier.press("Print, 58 mm roll").await.unwrap();
    cashier.sees(&code).await.unwrap();
    cashier.press("Back to the sale").await.unwrap();
    phone.redeem(router, &code).await.unwrap();
    phone.comes_online(router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    cashier.press("Sell another").await.unwrap();
    cashier.sees("Your cash today KSh 20").await.unwrap();
    cashier.sees("Left: 39").await.unwrap();
    cashier.sees("used").await.unwrap();

    // One on paper is noted, once.
    for says in ["Noted.", "This voucher was sold before"] {
        cashier
            .fill("Code on the paper", &stage.hours[0])
            .await
            .unwrap();
        cashier.press("Note the sale").await.unwrap();
        cashier.sees(says).await.unwrap();
        cashier.sees("Your cash today KSh 40").await.unwrap();
    }

    // One is given back before it was used: neither the money nor the code counts any more.
    cashier.press("Sell").await.unwrap();
    cashier
        .touch("The customer wants the money back")
        .await
        .unwrap();
    cashier.press("Take it back").await.unwrap();
    cashier.sees("Give the money back").await.unwrap();
    cashier.sees("Your cash today KSh 40").await.unwrap();

    // A customer whose connection hangs comes with the code.
    cashier.fill("Its code", &code).await.unwrap();
    cashier.press("Find").await.unwrap();
    cashier.sees("Sold for cash · Otieno Ouma").await.unwrap();
    cashier.press("Connect anew").await.unwrap();
    cashier.sees("taken off the air").await.unwrap();
    phone.comes_online(router).await.unwrap();
    cashier.press("Pause").await.unwrap();
    cashier
        .sees("Paused. This page shows it in a moment.")
        .await
        .unwrap();
    phone.goes_offline(router).await.unwrap();

    // More time, more vouchers, reports, money's way and people are others' affair.
    assert!(!cashier.says("Give more time").await.unwrap());
    for path in [
        "/vouchers/new",
        "/reports",
        "/sites",
        "/settings/mpesa",
        "/staff",
        "/audit",
        "/admin",
    ] {
        cashier.open(&url(path)).await.unwrap();
        cashier.sees("This is not for you").await.unwrap();
    }

    // The owner sees what is to be handed over, by whom.
    let owner = person(&stage, &chromium, "owner@example.com").await;
    owner.open(&url("/counter")).await.unwrap();
    owner.sees("Otieno Ouma · 2 KSh 40").await.unwrap();

    cashier.open(&url("/more")).await.unwrap();
    cashier.press("Log out").await.unwrap();
    cashier.open(&url("/counter")).await.unwrap();
    cashier.sees("E-mail or phone number").await.unwrap();
    stage.end().await.unwrap();
}
