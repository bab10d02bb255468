//! More callers than there is room for: they wait, and what the business lives by goes on.

use mnara_tests::sim::daraja::{Answer, Mode};
use mnara_tests::world::{Setup, World};
use tokio::net::TcpStream;

/// Files that the controller may open.
const FILES: u32 = 400;
/// More than those.
const CALLERS: usize = 500;

/// The limits on open files of a running program, the soft and the hard one.
fn limits(world: &World) -> Vec<String> {
    let pid = world.controller.program().unwrap().pid().unwrap();
    let all = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let files = all
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let words = files.unwrap().split_whitespace().take(2);
    words.map(str::to_owned).collect()
}

#[tokio::test]
async fn callers_who_say_nothing_leave_room_for_a_sale() {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Hand;
    let mut world = World::start(setup).await.unwrap();
    world.site.agent.stop().await.unwrap();
    world.controller.stop().await.unwrap();
    world.controller.may_open(FILES);
    let start = world.controller.log().end();
    world.controller.start().await.unwrap();
    world.site.agent.start().await.unwrap();
    world.linked(&world.site).await.unwrap();
    let log = world.controller.log();
    assert_eq!(limits(&world), [FILES.to_string(), FILES.to_string()]);
    let warned = log.find(start, |line| line.contains("fewer connections are held"));
    assert!(warned.is_some(), "{}", log.tail(40));

    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let home = world
        .until("the portal sells", async || {
            let home = phone.home(router).await?;
            Ok(home.form("/portal/buy").is_some().then_some(home))
        })
        .await
        .unwrap();
    let mut callers = Vec::with_capacity(CALLERS);
    for _ in 0..CALLERS {
        let caller = TcpStream::connect(world.controller.address()).await;
        callers.push(caller.unwrap());
    }
    // The site has its place already; M-PESA is called from here.
    let plan = world.business.plan("One hour");
    phone
        .order(router, &home, &plan.id, "0712345678")
        .await
        .unwrap();
    world.daraja.await_prompt("254712345678").await.unwrap();
    // M-PESA's own call waits its turn, as everybody's does.
    drop(callers);
    world
        .daraja
        .answer("254712345678", &Answer::Accept)
        .unwrap();
    phone.comes_online(router).await.unwrap();
    let refused = log.find(start, |line| line.contains("was not accepted"));
    assert_eq!(refused, None);
    world.drained(&world.site).await.unwrap();
    world.end().await.unwrap();
}
