//! Customers who pay by hand, through the real programs: at the paybill with their device's code, at the till with their number, and by the
//! receipt where that does not tell.

use std::time::Duration;

use mnara_tests::sim::daraja::{App, HandPayment, Mode};
use mnara_tests::world::phone::{Page, Phone};
use mnara_tests::world::{Setup, World};

async fn world_of(account: App) -> World {
    let mut setup = Setup {
        account,
        ..Setup::default()
    };
    setup.daraja.knobs.mode = Mode::Hand;
    let world = World::start(setup).await.unwrap();
    world.knows_its_plans(&world.site).await.unwrap();
    world
        .controller
        .command(&["provider", "c2b-register", &world.business.provider])
        .await
        .unwrap();
    world
}

/// Chooses an hour on the portal and presses "Pay by hand", once the site has heard that it may be offered.
async fn asks(world: &World, phone: &Phone, number: &str) -> Page {
    let router = &world.site.router;
    let plan = world.business.plan("One hour");
    let page = world
        .until("the portal offers to pay by hand", async || {
            let page = phone.home(router).await?;
            Ok(page.text.contains("/portal/hand").then_some(page))
        })
        .await
        .unwrap();
    phone
        .ask_by_hand(router, &page, &plan.id, number)
        .await
        .unwrap()
}

/// The device's code, which is the account to pay to.
fn account(page: &Page) -> String {
    page.text
        .split("<b>")
        .map(|rest| rest.split('<').next().unwrap_or_default())
        .find(|text| text.len() == 8 && text.starts_with('D'))
        .unwrap_or_else(|| panic!("no code on {}", page.text))
        .to_owned()
}

fn payment(shortcode: &str, msisdn: &str, reference: &str) -> HandPayment {
    HandPayment {
        shortcode: shortcode.to_owned(),
        msisdn: msisdn.to_owned(),
        amount: 20,
        reference: reference.to_owned(),
    }
}

#[tokio::test]
async fn who_pays_the_paybill_with_the_devices_code_gets_online_and_so_does_who_names_the_receipt()
{
    let world = world_of(App::sandbox_paybill()).await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let page = asks(&world, &phone, "").await;
    let code = account(&page);
    assert!(page.says("174379") && page.says("KSh 20"), "{}", page.text);
    let paid = payment("174379", "254708374149", &code);
    world.daraja.pay_by_hand(paid).await.unwrap();
    phone.comes_online(router).await.unwrap();

    // Another types no code: the money is found by its receipt and the number that paid.
    let other = world.site.join().unwrap();
    let paid = payment("174379", "254711374150", "MAMA");
    let receipt = world.daraja.pay_by_hand(paid).await.unwrap();
    world
        .until("the money is told of", async || {
            let waits = world
                .controller
                .value("select count(*) from unmatched")
                .await?;
            Ok((waits == "1").then_some(()))
        })
        .await
        .unwrap();
    let claim = async |number: &str| {
        let form = [("receipt", receipt.as_str()), ("phone", number)];
        other.submit(router, "claim", &form).await.unwrap()
    };
    let refused = claim("0711 000 000").await;
    assert!(
        refused.says("We have not seen this payment yet"),
        "{}",
        refused.text
    );
    let start = other.home(router).await.unwrap();
    assert!(
        start.says("We are waiting for your payment"),
        "{}",
        start.text
    );
    claim("0711 374 150").await;
    other.comes_online(router).await.unwrap();
    let third = world.site.join().unwrap();
    world
        .until("the controller knows that both are used", async || {
            let used = "select count(*) from tickets where started_at is not null";
            Ok((world.controller.value(used).await? == "2").then_some(()))
        })
        .await
        .unwrap();
    let form = [("receipt", receipt.as_str()), ("phone", "0711374150")];
    let page = third.submit(router, "claim", &form).await.unwrap();
    assert!(page.says("This payment has been used"), "{}", page.text);
    assert!(!third.online(router));
    let sold = "select count(*), (select count(*) from tickets) from payments where status = 'success' and push = 'hand'";
    assert_eq!(world.controller.ask(sold).await.unwrap(), [["2", "2"]]);
    world.end().await.unwrap();
}

#[tokio::test]
async fn who_pays_the_till_by_hand_gets_online() {
    let world = world_of(App::sandbox_till()).await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let page = asks(&world, &phone, "0708 374 149").await;
    assert!(page.says("Buy Goods") && page.says("149"), "{}", page.text);
    let number = world
        .controller
        .value("select mpesa_till_number from providers")
        .await
        .unwrap();
    assert!(page.says(&number), "{}", page.text);
    let paid = payment(&number, "254708374149", "");
    world.daraja.pay_by_hand(paid).await.unwrap();
    phone.comes_online(router).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn who_comes_back_with_another_mac_before_being_online_gets_what_was_paid_for() {
    let world = world_of(App::sandbox_paybill()).await;
    let router = &world.site.router;
    let until_is = async |what: &str, tickets: &str| {
        let sql = format!("select count(*) from tickets where {tickets}");
        world
            .until(what, async || {
                Ok((world.controller.value(&sql).await? == "1").then_some(()))
            })
            .await
            .unwrap();
    };
    let phone = world.site.join().unwrap();
    let page = asks(&world, &phone, "").await;
    router.leave(&phone.mac).unwrap();
    // The router forgets it after a while; as long as it seems to be there it would be let in, and its time would run.
    router.advance(Duration::from_secs(600));
    let forgotten = router.until(|router| {
        let hosts = router.rows("/ip/hotspot/host");
        let mut macs = hosts.iter().filter_map(|row| row.get("mac-address"));
        let is_there = macs.any(|mac| mac.eq_ignore_ascii_case(&phone.mac));
        (!is_there).then_some(())
    });
    forgotten.await;
    let paid = payment("174379", "254708374149", &account(&page));
    let receipt = world.daraja.pay_by_hand(paid).await.unwrap();
    let held = "redeemed_at is not null and started_at is null";
    until_is("the voucher is held for the MAC that is gone", held).await;
    let back = world.site.join().unwrap();
    let form = [("receipt", receipt.as_str()), ("phone", "0708374149")];
    back.submit(router, "claim", &form).await.unwrap();
    back.comes_online(router).await.unwrap();
    until_is("the voucher has started", "started_at is not null").await;
    let third = world.site.join().unwrap();
    let page = third.submit(router, "claim", &form).await.unwrap();
    assert!(page.says("This payment has been used"), "{}", page.text);
    assert!(back.online(router) && !third.online(router));
    world.end().await.unwrap();
}
