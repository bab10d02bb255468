//! From nothing to a customer who is online, by somebody who has only the pages.

use mnara_tests::browser::Screen;
use mnara_tests::sim::daraja::{Answer, App};
use mnara_tests::story::PASSWORD;
use mnara_tests::world::uuid;

use super::{person, set};

#[tokio::test]
async fn an_owner_signs_up_sets_up_sells_and_sees_the_sale() {
    let (mut stage, chromium) = set().await;
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let owner = chromium.person(Screen::PHONE).await.unwrap();
    owner.open(&url("/")).await.unwrap();
    owner.press("Sign your business up").await.unwrap();
    owner
        .fill("Name of the business", "Pwani <b>Hotspots</b>")
        .await
        .unwrap();
    owner.fill("Your name", "Achieng Odhiambo").await.unwrap();
    owner
        .fill("E-mail or phone number", "0722 000 111")
        .await
        .unwrap();
    owner.fill("Password", PASSWORD).await.unwrap();
    owner.press("Sign up").await.unwrap();
    owner.sees("Pwani <b>Hotspots</b>").await.unwrap();
    owner.sees("We are looking at your sign-up").await.unwrap();

    let admin = person(&stage, &chromium, "admin@example.com").await;
    admin.open(&url("/admin/providers")).await.unwrap();
    admin.sees("Pwani <b>Hotspots</b>").await.unwrap();
    admin.press("Let in").await.unwrap();

    owner.open(&url("/home")).await.unwrap();
    assert!(!owner.says("We are looking at").await.unwrap());
    let account = App::sandbox_newcomer();
    owner
        .press("Go on: Say where customers' money goes")
        .await
        .unwrap();
    owner.tick("Paybill").await.unwrap();
    owner
        .fill("Paybill number", &account.shortcode)
        .await
        .unwrap();
    owner
        .fill("Consumer key", &account.consumer_key)
        .await
        .unwrap();
    owner
        .fill("Consumer secret", &account.consumer_secret)
        .await
        .unwrap();
    owner.fill("Passkey", &account.passkey).await.unwrap();
    owner
        .fill("Your own password here", PASSWORD)
        .await
        .unwrap();
    owner.press("Check the keys and keep").await.unwrap();
    owner.sees("Customers pay into").await.unwrap();

    // One shilling proves it. The first PIN is wrong, which is said; until it has come, home keeps asking.
    let mine = "254722000111";
    owner.open(&url("/home")).await.unwrap();
    owner
        .press("Go on: Prove it with one shilling")
        .await
        .unwrap();
    owner.sees("You can go on without it").await.unwrap();
    for answer in [Answer::WrongPin, Answer::Accept] {
        owner
            .fill("Your own M-PESA phone", "0722 000 111")
            .await
            .unwrap();
        owner.press("Ask my phone for KSh 1").await.unwrap();
        world.daraja.await_prompt(mine).await.unwrap();
        world.daraja.answer(mine, &answer).unwrap();
        let says = match answer {
            Answer::Accept => "KSh 1 arrived",
            _ => "Wrong PIN",
        };
        world
            .until("the page says how it went", async || {
                owner.press("Look again").await?;
                Ok(owner.says(says).await?.then_some(()))
            })
            .await
            .unwrap();
    }
    assert!(!owner.says("You can go on without it").await.unwrap());

    owner.open(&url("/plans")).await.unwrap();
    owner.press("1 hour").await.unwrap();
    owner.fill("Price in shillings", "15").await.unwrap();
    owner.press("Save").await.unwrap();
    owner.sees("KSh 15").await.unwrap();

    owner.open(&url("/sites")).await.unwrap();
    owner.fill("Name", "Beach road").await.unwrap();
    owner.press("Make the site").await.unwrap();
    let page = owner.address().await.unwrap();
    owner.press("Enrol the agent").await.unwrap();
    let line = owner
        .eval("[...document.querySelectorAll('code')].map(c => c.innerText).find(t => t.includes('mnara-agent enrol'))")
        .await
        .unwrap();
    // In the demo the line is pasted into the terminal, which brings up what would stand at the site.
    let said = stage.welcome(line.as_str().unwrap()).await.unwrap();
    assert!(said.contains("Be its first customer"));
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let site = &stage.newcomers[0];
    world
        .until("the page says that the site is up", async || {
            owner.open(&page).await?;
            Ok(owner.says("Up since").await?.then_some(()))
        })
        .await
        .unwrap();

    // The last step leads to a phone on the site's Wi-Fi.
    owner.open(&url("/home")).await.unwrap();
    owner.press("Go on: Make your first sale").await.unwrap();
    owner.sees("Join the Wi-Fi of a site").await.unwrap();
    assert_eq!(owner.faults().await.unwrap(), Vec::<String>::new());

    // A customer comes.
    let phone = site.join().unwrap();
    let port = site.router.forward(&phone.mac, 0).unwrap();
    let customer = chromium.person(Screen::PHONE).await.unwrap();
    world
        .until("the plan is at the site", async || {
            let home = phone.home(&site.router).await?;
            Ok(home.says("KSh 15").then_some(()))
        })
        .await
        .unwrap();
    customer.open(&format!("http://{port}/")).await.unwrap();
    customer
        .fill("M-PESA phone number", "0733 111 222")
        .await
        .unwrap();
    customer.press("Pay").await.unwrap();
    customer.sees("Check your phone").await.unwrap();
    world.daraja.await_prompt("254733111222").await.unwrap();
    world
        .daraja
        .answer("254733111222", &Answer::Accept)
        .unwrap();
    phone.comes_online(&site.router).await.unwrap();
    customer.sees("You are online").await.unwrap();

    owner.open(&url("/home")).await.unwrap();
    owner.sees("KSh 15").await.unwrap();
    assert!(!owner.says("Next steps").await.unwrap(), "all is done");

    // The number is theirs alone: nobody's addresses stand there, and nobody else is told of their money.
    owner.open(&url("/settings/mpesa/hand")).await.unwrap();
    owner.press("Register with M-PESA").await.unwrap();
    owner.sees("M-PESA has our addresses").await.unwrap();
    let elsewhere = format!(
        "select count(*) from unmatched where provider_id = '{}' and created_at >= '{}'",
        uuid(&world.business.provider),
        stage.since
    );
    assert_eq!(world.controller.value(&elsewhere).await.unwrap(), "0");
    stage.end().await.unwrap();
}
