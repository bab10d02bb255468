//! The acts of the story in order. Each is true or ends it.

use anyhow::{Context, Result, ensure};

use super::stage::Stage;
use super::{Told, paid, says, till};
use crate::sim::daraja::Answer;
use crate::sim::routeros::Reboot;
use crate::world::phone::Phone;

const NUMBER: &str = "0712345678";
const MSISDN: &str = "254712345678";

pub(super) async fn play(stage: &mut Stage, told: &mut Told<'_>) -> Result<()> {
    told.step(
        "a phone opens any page and is shown the plans by the portal",
        arrive(stage),
    )
    .await?;
    told.step("it buys an hour: the M-PESA prompt appears, the PIN is entered, and the router lets it through", buy(stage))
        .await?;
    told.step(
        "a second device types a printed code and is online",
        printed(stage),
    )
    .await?;
    told.step(
        "the controller is killed; the portal is still there and says what works",
        kill(stage),
    )
    .await?;
    told.step(
        "a third device redeems a printed code without the cloud",
        cut_off(stage),
    )
    .await?;
    told.step(
        "it uses up its ten megabytes and is cut off; the page says why",
        enforced(stage),
    )
    .await?;
    told.step(
        "the router loses power; the sessions that have time left come back by themselves",
        reboot(stage),
    )
    .await?;
    told.step(
        "the controller comes back and takes over all that happened",
        back(stage),
    )
    .await?;
    told.step(
        "both sides say the same of every ticket, and nothing waits to be sent",
        equal(stage),
    )
    .await?;
    told.step(
        "at another business a customer pays the till by hand, from the phone's own menu, and is online",
        async {
            let kiosk = stage.kiosk.as_ref().context("the kiosk is not there")?;
            till::pays(&stage.world, kiosk).await
        },
    )
    .await?;
    told.step(
        "a business whose trial ran out is reminded, pays at Pesapal and is open again, and the platform sees the money",
        paid::pays(&stage.world),
    )
    .await
}

fn phone(stage: &Stage, index: usize) -> Phone {
    stage.phones[index].0.clone()
}

async fn arrive(stage: &Stage) -> Result<()> {
    let (phone, router) = (phone(stage, 0), &stage.world.site.router);
    let caught = router.open(&phone.mac, "http://neverssl.example/").await?;
    let portal = format!("{}/portal/", stage.world.site.agent.portal());
    ensure!(
        caught.text().contains(&portal),
        "the router does not send the phone to {portal}:\n{}",
        caught.text()
    );
    let home = phone.home(router).await?;
    for plan in &stage.world.business.plans {
        says(&home, &[plan.name, &plan.price.to_string()])?;
    }
    ensure!(!phone.online(router), "a phone that has not paid is online");
    Ok(())
}

async fn buy(stage: &Stage) -> Result<()> {
    let (phone, world) = (phone(stage, 0), &stage.world);
    let plan = world.business.plan("One hour");
    let router = &world.site.router;
    let home = phone.home(router).await?;
    let page = phone.order(router, &home, &plan.id, NUMBER).await?;
    says(&page, &["Check your phone"])?;
    let payment = world.daraja.await_prompt(MSISDN).await?;
    ensure!(
        payment.amount == i64::from(plan.price),
        "the prompt asks for {} shillings",
        payment.amount
    );
    world
        .daraja
        .answer(MSISDN, &Answer::Accept)
        .context("entering the PIN")?;
    phone.comes_online(&world.site.router).await?;
    let page = world
        .until("the page says that it is online", async || {
            let page = phone.home(&world.site.router).await?;
            Ok(page.says("You are online").then_some(page))
        })
        .await?;
    says(
        &page,
        &[
            "Your voucher",
            "One hour",
            "User name",
            "Password",
            "Keep this code",
            "Time left",
        ],
    )
}

async fn printed(stage: &Stage) -> Result<()> {
    let (phone, router) = (phone(stage, 1), &stage.world.site.router);
    phone.redeem(router, &stage.hours[0]).await?;
    phone.comes_online(router).await
}

async fn kill(stage: &mut Stage) -> Result<()> {
    stage.world.controller.kill().await?;
    let (phone, world) = (phone(stage, 2), &stage.world);
    let page = world
        .until(
            "the portal says that M-PESA cannot be reached",
            async || {
                let page = phone.home(&world.site.router).await?;
                Ok(page.says("M-PESA cannot be reached").then_some(page))
            },
        )
        .await?;
    says(&page, &["Voucher codes still work"])?;
    ensure!(
        page.form("/portal/code").is_some() && page.form("/portal/buy").is_none(),
        "the page does not offer what works:\n{}",
        page.text
    );
    Ok(())
}

async fn cut_off(stage: &Stage) -> Result<()> {
    let (phone, router) = (phone(stage, 2), &stage.world.site.router);
    phone.redeem(router, &stage.megabytes[0]).await?;
    phone.comes_online(router).await
}

async fn enforced(stage: &Stage) -> Result<()> {
    let (phone, world) = (phone(stage, 2), &stage.world);
    let router = &world.site.router;
    router
        .burst(&phone.mac, 1_000_000, 11_000_000)
        .context("using data")?;
    phone.goes_offline(router).await?;
    world
        .until("the page says that the data are used up", async || {
            let page = phone.home(router).await?;
            Ok(page.says("Your voucher is used up").then_some(()))
        })
        .await?;
    let page = phone.redeem(router, &stage.megabytes[0]).await?;
    says(&page, &["This code is used up"])?;
    ensure!(
        !phone.online(router),
        "a used-up code opened the door again"
    );
    Ok(())
}

async fn reboot(stage: &Stage) -> Result<()> {
    let router = &stage.world.site.router;
    router.reboot(Reboot::PowerCut);
    router.down().await;
    router.booted().await;
    for index in [0, 1] {
        phone(stage, index).comes_online(router).await?;
    }
    ensure!(
        !phone(stage, 2).online(router),
        "a used-up ticket came back with the router"
    );
    Ok(())
}

async fn back(stage: &mut Stage) -> Result<()> {
    let world = &mut stage.world;
    world.controller.start().await?;
    world.linked(&world.site).await
}

async fn equal(stage: &Stage) -> Result<()> {
    let world = &stage.world;
    world.drained(&world.site).await?;
    let used = world
        .controller
        .ask(&format!(
            "select t.code, t.status, t.bytes_up + t.bytes_down, t.payment_id is not null, t.started_at is not null
             from tickets t where t.redeemed_at > '{}' order by t.created_at",
            stage.since
        ))
        .await?;
    let plain = |code: &str| code.replace('-', "");
    let of = |code: &str| used.iter().find(|row| row[0] == plain(code)).cloned();
    ensure!(
        used.len() == 3,
        "three tickets were used here and the controller knows of {used:?}"
    );
    let bought: Vec<_> = used.iter().filter(|row| row[3] == "t").collect();
    ensure!(
        bought.len() == 1 && bought[0][1] == "active",
        "one running ticket was bought: {used:?}"
    );
    let hour = of(&stage.hours[0]).context("the printed hour is not known to be used")?;
    ensure!(hour[1] == "active", "the printed hour still runs: {hour:?}");
    let megabytes =
        of(&stage.megabytes[0]).context("the printed megabytes are not known to be used")?;
    ensure!(
        megabytes[1] == "used" && megabytes[2].parse::<u64>()? >= 10_000_000,
        "the ten megabytes are spent: {megabytes:?}"
    );
    ensure!(
        used.iter().all(|row| row[4] == "t"),
        "every one of them was started: {used:?}"
    );
    let status = world.site.agent.status().await?;
    ensure!(
        status["live_tickets"] == 2,
        "the site has two running tickets: {status}"
    );
    let money = world
        .controller
        .ask(&format!(
            "select status, amount from payments where created_at > '{}'",
            stage.since
        ))
        .await?;
    ensure!(
        money == [["success", "20.00"]],
        "one payment of 20 shillings succeeded: {money:?}"
    );
    Ok(())
}
