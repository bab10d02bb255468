//! Pausing a ticket, letting it run on, giving it more time: the person at the cloud says so, the site does it.

use mnara_tests::sim::daraja::Mode;
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::{Setup, World};

async fn ticket(world: &World, words: &[&str]) -> anyhow::Result<String> {
    let mut all = vec!["ticket", words[0], "--provider", &world.business.provider];
    all.extend(&words[1..]);
    world.controller.command(&all).await
}

#[tokio::test]
async fn a_ticket_is_held_runs_on_and_gets_more_time() {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Automatic { after_ms: 10 };
    let world = World::start(setup).await.unwrap();
    let router = &world.site.router;
    let buyer = Buyer::join(&world.site, 44_000_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(router).await.unwrap();
    world.started(&order.payment).await.unwrap();
    let value = async |question: &str| world.controller.value(question).await.unwrap();
    let code = value("select code from tickets").await;

    assert_eq!(
        ticket(&world, &["pause", &code]).await.unwrap().trim(),
        "Paused."
    );
    buyer.phone.goes_offline(router).await.unwrap();
    world
        .until("the controller has it paused", async || {
            let held =
                "select count(*) from tickets where paused_at is not null and status = 'active'";
            Ok((world.controller.value(held).await? == "1").then_some(()))
        })
        .await
        .unwrap();
    let again = ticket(&world, &["pause", &code]).await.unwrap_err();
    assert!(again.to_string().contains("not running"), "{again}");

    assert_eq!(
        ticket(&world, &["resume", &code]).await.unwrap().trim(),
        "Runs on."
    );
    buyer.phone.comes_online(router).await.unwrap();

    let left = "select (extract(epoch from expires_at - started_at) / 60)::int from tickets where paused_at is null";
    world
        .until("the controller has it running", async || {
            Ok((world.controller.value(left).await? == "60").then_some(()))
        })
        .await
        .unwrap();
    ticket(&world, &["extend", &code, "--by", "30m"])
        .await
        .unwrap();
    assert_eq!(value(left).await, "90");
    world
        .until("the site gives the longer time", async || {
            let rows = router.rows("/ip/hotspot/user");
            let limit = rows.iter().find_map(|row| row.get("limit-uptime").cloned());
            let longer = limit.is_some_and(|limit| limit.starts_with("1h2"));
            Ok(longer.then_some(()))
        })
        .await
        .unwrap();
    let unknown = ticket(&world, &["extend", "2222-2222-2222", "--by", "30m"]).await;
    assert!(unknown.unwrap_err().to_string().contains("no ticket"));
    world.end().await.unwrap();
}
