//! From nothing to a customer who is online, by somebody who has only the pages.

use std::net::SocketAddr;

use mnara_tests::browser::{Screen, Tab};
use mnara_tests::sim::daraja::{Answer, App};
use mnara_tests::story::{PASSWORD, Stage};
use mnara_tests::world::phone::Phone;
use mnara_tests::world::uuid;
use tokio::sync::mpsc;

use super::{person, set};

/// Brings the line of a site to the demo's desk, waits until a router and an agent are up for it, and gives what the demo says of it.
async fn bring(stage: &mut Stage, desk: &Tab, line: &str) -> String {
    let address = stage.desk.url();
    let (said, mut heard) = mpsc::channel(4);
    let mut say = move |line: &str| {
        let _ = said.try_send(line.to_owned());
    };
    let attended = Box::pin(stage.attend(&mut say));
    let brought = async {
        desk.open(&address).await?;
        desk.fill("The line that your site's page shows", line)
            .await?;
        desk.press("Bring it up").await?;
        desk.sees("Your site is up").await
    };
    tokio::select! {
        gone = attended => panic!("nobody attends any more: {gone:?}"),
        up = brought => up.unwrap(),
    }
    heard.recv().await.unwrap()
}

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
    // In the demo the line is brought to its desk, which brings up what would stand at the site.
    let desk = chromium.person(Screen::PHONE).await.unwrap();
    let said = bring(&mut stage, &desk, line.as_str().unwrap()).await;
    assert!(said.contains("Be its first customer"), "{said}");
    let (world, url) = (&stage.world, |path: &str| stage.world.controller.url(path));
    let site = &stage.newcomers[0];
    world
        .until("the page says that the site is up", async || {
            owner.open(&page).await?;
            Ok(owner.says("Up since").await?.then_some(()))
        })
        .await
        .unwrap();

    // The last step leads to a phone on the site's Wi-Fi; in the demo by way of the desk, where the newest stands first.
    owner.open(&url("/home")).await.unwrap();
    owner.press("Go on: Make your first sale").await.unwrap();
    owner.sees("Join the Wi-Fi of a site").await.unwrap();
    assert_eq!(owner.faults().await.unwrap(), Vec::<String>::new());
    owner.press(&stage.desk.url()).await.unwrap();
    owner.sees("Phones on it").await.unwrap();
    let links = owner.links().await.unwrap();
    let address = links.first().unwrap();

    // A customer comes.
    let port = address.trim_start_matches("http://").trim_end_matches('/');
    let port: SocketAddr = port.parse().unwrap();
    let phones = site.router.phones();
    let listed = phones.into_iter().find(|phone| phone.forward == Some(port));
    let listed = listed.expect("the first in the list is on this site's Wi-Fi");
    let phone = Phone::new(listed.mac, site.agent.portal());
    let customer = chromium.person(Screen::PHONE).await.unwrap();
    world
        .until("the plan is at the site", async || {
            let home = phone.home(&site.router).await?;
            Ok(home.says("KSh 15").then_some(()))
        })
        .await
        .unwrap();
    customer.open(address).await.unwrap();
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
