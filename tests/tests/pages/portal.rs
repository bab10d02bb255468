//! The captive portal on a phone's screen, with script and without.

use mnara_tests::browser::Screen;
use mnara_tests::sim::daraja::Answer;

use super::set;

#[tokio::test]
async fn a_customer_buys_with_script_and_without() {
    let (stage, chromium) = set().await;
    for (index, number, msisdn, script) in [
        (0, "0712 345 001", "254712345001", true),
        (1, "+254 712 345 002", "254712345002", false),
    ] {
        let (phone, port) = &stage.phones[index];
        let tab = chromium.person(Screen::PHONE).await.unwrap();
        if !script {
            tab.without_script().await.unwrap();
        }
        tab.open(&format!("http://{port}/")).await.unwrap();
        // The router's own page leads to it.
        tab.sees("Buy with M-PESA").await.unwrap();
        if script {
            // The rules themselves are script.
            assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
        }
        tab.tick("One hour").await.unwrap();
        tab.fill("M-PESA phone number", number).await.unwrap();
        tab.press("Pay").await.unwrap();
        tab.sees("Check your phone").await.unwrap();
        if script {
            assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
        }
        stage.world.daraja.await_prompt(msisdn).await.unwrap();
        // A wrong PIN is said with what to do, and the next try is one press away.
        stage
            .world
            .daraja
            .answer(msisdn, &Answer::WrongPin)
            .unwrap();
        tab.sees("The M-PESA PIN was wrong").await.unwrap();
        if script {
            assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
        }
        tab.open(&format!("http://{port}/portal/")).await.unwrap();
        tab.tick("One hour").await.unwrap();
        tab.fill("M-PESA phone number", number).await.unwrap();
        tab.press("Pay").await.unwrap();
        stage.world.daraja.await_prompt(msisdn).await.unwrap();
        stage.world.daraja.answer(msisdn, &Answer::Accept).unwrap();
        phone.comes_online(&stage.world.site.router).await.unwrap();
        tab.sees("You are online").await.unwrap();
        tab.open(&format!("http://{port}/portal/")).await.unwrap();
        tab.sees("Time left").await.unwrap();
        if script {
            assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
        }
    }
    stage.end().await.unwrap();
}

#[tokio::test]
async fn a_printed_code_is_typed_in_both_languages() {
    let (stage, chromium) = set().await;
    let (phone, port) = &stage.phones[0];
    let tab = chromium.person(Screen::PHONE).await.unwrap();
    tab.open(&format!("http://{port}/")).await.unwrap();
    tab.press("Kiswahili").await.unwrap();
    assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
    tab.press("English").await.unwrap();
    tab.fill("Voucher code", "aaaa bbbb cccc").await.unwrap();
    tab.press("Use code").await.unwrap();
    assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
    tab.fill("Voucher code", &stage.hours[0].to_lowercase())
        .await
        .unwrap();
    tab.press("Use code").await.unwrap();
    let router = &stage.world.site.router;
    phone.comes_online(router).await.unwrap();
    tab.sees("You are online").await.unwrap();

    // The code moves to another phone, and the first is told so and may take it back.
    let (other, its_port) = &stage.phones[1];
    let second = chromium.person(Screen::PHONE).await.unwrap();
    second.open(&format!("http://{its_port}/")).await.unwrap();
    second.fill("Voucher code", &stage.hours[0]).await.unwrap();
    second.press("Use code").await.unwrap();
    other.comes_online(router).await.unwrap();
    second.sees("You are online").await.unwrap();
    assert_eq!(second.faults().await.unwrap(), Vec::<String>::new());
    stage
        .world
        .until(
            "the first phone is told that its place was taken",
            async || {
                let page = phone.home(router).await?;
                Ok(page.says("its place was freed or taken").then_some(()))
            },
        )
        .await
        .unwrap();
    tab.open(&format!("http://{port}/portal/")).await.unwrap();
    tab.sees("Use it on this device").await.unwrap();
    assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
    tab.press("Use it on this device").await.unwrap();
    phone.comes_online(router).await.unwrap();
    tab.sees("You are online").await.unwrap();
    stage.end().await.unwrap();
}

#[tokio::test]
async fn what_ended_and_a_cloud_that_is_away_are_told_to_everybody() {
    let (mut stage, chromium) = set().await;
    let (phone, port) = stage.phones[2].clone();
    let home = format!("http://{port}/portal/");
    let tab = chromium.person(Screen::PHONE.dark()).await.unwrap();
    let router = &stage.world.site.router;
    phone.redeem(router, &stage.megabytes[0]).await.unwrap();
    phone.comes_online(router).await.unwrap();
    tab.open(&home).await.unwrap();
    tab.sees("Data left").await.unwrap();
    assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
    router.burst(&phone.mac, 1_000_000, 11_000_000).unwrap();
    phone.goes_offline(router).await.unwrap();
    stage
        .world
        .until("the page says that it is used up", async || {
            let page = phone.home(router).await?;
            Ok(page.says("Your voucher is used up").then_some(()))
        })
        .await
        .unwrap();
    tab.open(&home).await.unwrap();
    tab.sees("Your voucher is used up").await.unwrap();
    assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());

    stage.world.controller.kill().await.unwrap();
    let router = &stage.world.site.router;
    stage
        .world
        .until("the page says that M-PESA is away", async || {
            let page = phone.home(router).await?;
            Ok(page.says("M-PESA cannot be reached").then_some(()))
        })
        .await
        .unwrap();
    tab.open(&home).await.unwrap();
    tab.sees("M-PESA cannot be reached").await.unwrap();
    assert_eq!(tab.faults().await.unwrap(), Vec::<String>::new());
    stage.world.controller.start().await.unwrap();
    stage.world.linked(&stage.world.site).await.unwrap();
    stage.end().await.unwrap();
}
