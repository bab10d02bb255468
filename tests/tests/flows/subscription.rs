//! What a business pays the platform, through the real programs and a Pesapal on a real port: a subscription that ran out closes sales on the
//! portal, and the money opens them again, also on a site that was cut off when it came.

use anyhow::{Result, ensure};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use mnara_tests::world::business::Business;
use mnara_tests::world::controller::Controller;
use mnara_tests::world::http::Caller;
use mnara_tests::world::{Setup, World};

const PASSWORD: &str = "mango rain tower";
const OWNER: &str = "njeri@example.com";

/// A trial of a fortnight that began 22 days ago: it is over for a day more than grace.
fn tried<'a>(controller: &'a Controller, business: &'a Business) -> LocalBoxFuture<'a, Result<()>> {
    async move {
        let words = ["platform-plan", "create", "--name", "Pro"];
        let more = ["--period", "month", "--price", "1500", "--trial-days", "14"];
        let plan = controller.command(&[&words[..], &more].concat()).await?;
        controller.jump(-22).await?;
        let words = ["provider", "invite", &business.provider];
        let more = ["--name", "Njeri", "--role", "owner"];
        let invited = controller.command(&[&words[..], &more].concat()).await?;
        let form = [("name", "Njeri"), ("who", OWNER), ("password", PASSWORD)];
        let caller = Caller::program()?;
        caller.form(invited.trim(), &form).await?;
        let log_in = controller.url("/log-in");
        let inside = caller.form(&log_in, &form[1..]).await?;
        let page = controller.url("/settings/subscription/trial");
        let form = [("plan", plan.trim())];
        let begun = caller.form_with(&page, &inside.cookies, &form).await?;
        ensure!(begun.status == 303, "no trial begins: {}", begun.text);
        controller.jump(22).await?;
        Ok(())
    }
    .boxed_local()
}

async fn portal_says(world: &World, words: &str) {
    let phone = world.site.join().unwrap();
    world
        .until("the portal says so", async || {
            let page = phone.home(&world.site.router).await?;
            Ok(page.says(words).then_some(()))
        })
        .await
        .unwrap();
}

async fn look(world: &World) {
    world
        .until("the subscriptions are looked at", async || {
            let said = world.controller.command(&["task", "subscriptions"]).await?;
            Ok(said.contains("went well").then_some(()))
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn who_has_not_paid_sells_nothing_and_a_site_that_was_cut_off_hears_of_the_money() {
    let setup = Setup {
        pesapal: true,
        past: Some(tried),
        ..Setup::default()
    };
    let world = World::start(setup).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 1, &[])
        .await
        .unwrap();
    look(&world).await;
    portal_says(&world, "M-PESA sales are closed here").await;
    // What was printed works.
    let phone = world.site.join().unwrap();
    phone.redeem(&world.site.router, &codes[0]).await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();

    // The site is cut off; its owner pays on Pesapal's page.
    world.site.cable.cut();
    let form = [("who", OWNER), ("password", PASSWORD)];
    let caller = Caller::program().unwrap();
    let log_in = world.controller.url("/log-in");
    let inside = caller.form(&log_in, &form).await.unwrap();
    let page = world.controller.url("/settings/subscription");
    let attempt = "try_0123456789abcdef0123456789abcdef";
    let sql = "select id from platform_plans";
    let plan = world.controller.value(sql).await.unwrap();
    let form = [("plan", plan.as_str()), ("attempt", attempt)];
    let made = caller
        .form_with(&page, &inside.cookies, &form)
        .await
        .unwrap();
    assert_eq!(made.status, 303, "{}", made.text);
    let rail = world.pesapal.as_ref().unwrap();
    let order = rail
        .await_order(|order| order.cents == 150_000)
        .await
        .unwrap();
    let hosted = format!(
        "{}/pesapaliframe/PesapalIframe3/Index?OrderTrackingId={}",
        rail.url(),
        order.tracking
    );
    let shown = caller.get(&hosted).await.unwrap();
    assert!(shown.text.contains("Pay by M-PESA"), "{}", shown.text);
    // It fails first, and is tried again on the same page.
    for act in ["fail", "mpesa"] {
        caller.form(&hosted, &[("act", act)]).await.unwrap();
    }
    let paid = "select count(*) from subscription_entries where what = 'paid'";
    world
        .until("the money is seen", async || {
            Ok((world.controller.value(paid).await? == "1").then_some(()))
        })
        .await
        .unwrap();
    world.site.cable.mend();
    portal_says(&world, "Buy with M-PESA").await;
    world.end().await.unwrap();
}
