//! What customers read while the cloud or the router is away.

use super::*;

#[tokio::test]
async fn with_the_cloud_away_the_page_offers_what_works() {
    let world = world().await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let before = phone.home(router).await.unwrap();
    world.site.cable.cut();
    let told = [
        [
            "M-PESA cannot be reached from here right now",
            "Voucher codes still work",
        ],
        [
            "M-PESA haipatikani kutoka hapa kwa sasa",
            "Misimbo ya vocha bado inafanya kazi",
        ],
    ];
    let page = reads(&world, &world.site, &phone, told).await;
    assert!(page.form("/portal/buy").is_none(), "{}", page.text);
    assert!(page.form("/portal/code").is_some(), "{}", page.text);
    // Who has the page open from before and presses is told the same, and nobody is asked for money.
    let plan = world.business.plan("One hour");
    let page = phone
        .order(router, &before, &plan.id, "0765000000")
        .await
        .unwrap();
    assert!(page.says("Nothing was charged"), "{}", page.text);
    // A code that only the centre could know.
    for (language, words) in LANGUAGES.into_iter().zip([
        [
            "This code cannot be checked right now",
            "try this one again in a few minutes",
        ],
        [
            "Msimbo huu hauwezi kukaguliwa sasa",
            "jaribu huu tena baada ya dakika chache",
        ],
    ]) {
        let page = phone.open(router, language).await.unwrap();
        let page = phone
            .press(router, &page, "code", &[("code", "7KQ2-M0X1-9ABC")])
            .await
            .unwrap();
        for words in words {
            assert!(page.says(words), "no {words:?}:\n{}", page.text);
        }
    }
    assert_eq!(world.daraja.payments().len(), 0);
    world.end().await.unwrap();
}

#[tokio::test]
async fn with_the_router_away_the_page_says_that_nothing_is_lost() {
    let world = world().await;
    let router = &world.site.router;
    let (bystander, payer) = (world.site.join().unwrap(), world.site.join().unwrap());
    let before = bystander.home(router).await.unwrap();
    let msisdn = prompted(&world, &payer, 66_000_000).await;
    router.fault(|faults| faults.stall = true);
    world.daraja.answer(&msisdn, &Answer::Accept).unwrap();
    world
        .until("the agent notices that its router is silent", async || {
            world.site.agent.advance(Duration::from_secs(5)).await?;
            Ok((world.site.agent.status().await?["router"] == false).then_some(()))
        })
        .await
        .unwrap();
    let told = [
        [
            "The hotspot's router is not answering",
            "Do not pay again; this page updates itself",
        ],
        [
            "Ruta ya hotspot haijibu",
            "Usilipe tena; ukurasa huu unajisasisha wenyewe",
        ],
    ];
    reads(&world, &world.site, &bystander, told).await;
    // Who has paid sees the ticket, and that its time waits.
    let told = [
        ["Paid and safe", "you need not pay again"],
        ["Malipo yamepokelewa na yako salama", "huhitaji kulipa tena"],
    ];
    let page = reads(&world, &world.site, &payer, told).await;
    assert!(page.says("Nenosiri"), "{}", page.text);
    // Forms of a page from before are refused with a reason, too.
    let plan = world.business.plan("One hour");
    let page = bystander
        .order(router, &before, &plan.id, "0767000000")
        .await
        .unwrap();
    assert!(page.says("Nothing was charged or used"), "{}", page.text);
    assert_eq!(world.daraja.payments().len(), 1);

    router.fault(|faults| faults.stall = false);
    world
        .until("who has paid is let in", async || {
            world.site.agent.advance(Duration::from_secs(5)).await?;
            Ok(payer.online(router).then_some(()))
        })
        .await
        .unwrap();
    let told = [
        ["You are online", "Time left"],
        ["Uko online", "Muda uliobaki"],
    ];
    reads(&world, &world.site, &payer, told).await;
    world.end().await.unwrap();
}
