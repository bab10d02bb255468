//! What a business pays the platform, through the real programs and a Pesapal on a real port: a subscription that ran out closes sales on the
//! portal, and the money opens them again, also on a site that was cut off when it came.

use mnara_tests::world::http::Caller;
use mnara_tests::world::{Setup, World, uuid};

const PASSWORD: &str = "mango rain tower";

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
        ..Setup::default()
    };
    let world = World::start(setup).await.unwrap();
    world.knows_its_plans(&world.site).await.unwrap();
    let codes = world
        .business
        .print(&world.controller, "One hour", 1, &[])
        .await
        .unwrap();
    let words = [
        "platform-plan",
        "create",
        "--name",
        "Pro",
        "--period",
        "month",
    ];
    let words = [&words[..], &["--price", "1500"]].concat();
    let plan = world.controller.command(&words).await.unwrap();
    let provider = uuid(&world.business.provider);
    // A trial that ended eight days ago, which is a day more than grace.
    let past = format!(
        "insert into subscription_entries (id, provider_id, number, what, plan_id, days, at)
         select gen_random_uuid(), '{provider}', 1, 'trial', id, 14, clock_timestamp() - interval '22 days' from platform_plans;
         insert into subscriptions (provider_id, plan_id, paid_until, asked_at, look_at, created_at, changed_at)
         select '{provider}', id, clock_timestamp() - interval '8 days', clock_timestamp() - interval '22 days', clock_timestamp(),
             clock_timestamp(), clock_timestamp() from platform_plans
         on conflict (provider_id) do update set plan_id = excluded.plan_id, paid_until = excluded.paid_until, asked_at = excluded.asked_at,
             look_at = excluded.look_at;"
    );
    world.controller.write(&past).await.unwrap();
    look(&world).await;
    portal_says(&world, "M-PESA sales are closed here").await;
    // What was printed works.
    let phone = world.site.join().unwrap();
    phone.redeem(&world.site.router, &codes[0]).await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();

    // The site is cut off; its owner pays on Pesapal's page.
    world.site.cable.cut();
    let invited = world
        .controller
        .command(&[
            "provider",
            "invite",
            &world.business.provider,
            "--name",
            "Njeri",
            "--role",
            "owner",
        ])
        .await
        .unwrap();
    let form = [
        ("name", "Njeri"),
        ("who", "njeri@example.com"),
        ("password", PASSWORD),
    ];
    let caller = Caller::program().unwrap();
    caller.form(invited.trim(), &form).await.unwrap();
    let log_in = world.controller.url("/log-in");
    let inside = caller.form(&log_in, &form[1..]).await.unwrap();
    let page = world.controller.url("/settings/subscription");
    let attempt = "try_0123456789abcdef0123456789abcdef";
    let form = [("plan", plan.trim()), ("attempt", attempt)];
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
