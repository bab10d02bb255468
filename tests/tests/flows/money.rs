//! What real users of M-PESA hit, through the real programs: a till, another worker's token, an answer that never came, a
//! query that contradicts, the same money told twice, two presses at once. What each end of a prompt does is in `sell`.

use std::time::Duration;

use mnara_tests::sim::daraja::{
    Act, Answer, App, Callback, Code, Mode, QueryAnswer, Reply, Script, When,
};
use mnara_tests::world::buyer::Buyer;
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
}

/// Counts what the customers' money came to.
async fn sold(world: &World) -> Vec<Vec<String>> {
    world
        .controller
        .ask(
            "select status, count(*), (select count(*) from tickets) from payments group by status order by status",
        )
        .await
        .unwrap()
}

#[tokio::test]
async fn a_till_sells() {
    let world = world_of(App::sandbox_till()).await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let page = phone.home(router).await.unwrap();
    let plan = world.business.plan("One hour");
    phone
        .order(router, &page, &plan.id, "0770000000")
        .await
        .unwrap();
    // The simulator asks nobody when the till's number and the kind of transaction are not right.
    let prompt = world.daraja.await_prompt("254770000000").await.unwrap();
    assert_eq!((prompt.amount, prompt.shortcode.as_str()), (20, "600990"));
    world
        .daraja
        .answer("254770000000", &Answer::Accept)
        .unwrap();
    phone.comes_online(router).await.unwrap();
    assert_eq!(sold(&world).await, [["success", "1", "1"]]);
    world.end().await.unwrap();
}

#[tokio::test]
async fn another_worker_that_takes_the_token_costs_a_try_and_no_customer() {
    let account = App::sandbox_paybill();
    let world = world_of(account.clone()).await;
    for number in 0..3 {
        let buyer = Buyer::join(&world.site, 70_100_000 + number).unwrap();
        world.daraja.script_next(Script {
            prompt: Some(Act::Accept { after_ms: 10 }),
            ..Script::default()
        });
        let order = buyer
            .order(&world, world.business.plan("One hour"))
            .await
            .unwrap();
        let books = world.settled(&order.payment).await.unwrap();
        assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
        // Each new token ends the one before.
        let url = world.daraja.url() + "/oauth/v1/generate?grant_type=client_credentials";
        let taken = world
            .caller
            .get_as(&url, &account.consumer_key, &account.consumer_secret)
            .await
            .unwrap();
        assert_eq!(taken.status, 200, "{taken:?}");
    }
    assert!(
        world.daraja.counters().invalid_tokens >= 2,
        "the token was not taken away"
    );
    assert_eq!(world.daraja.payments().len(), 3, "a push was repeated");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_callback_before_a_push_answer_that_never_comes_is_one_ticket() {
    let world = world_of(App::sandbox_paybill()).await;
    let buyer = Buyer::join(&world.site, 70_200_000).unwrap();
    world.daraja.script_next(Script {
        reply: Reply::HangUp,
        accepted: true,
        prompt: Some(Act::Accept { after_ms: 0 }),
        callback: Callback {
            when: When::BeforeReply,
            ..Callback::default()
        },
        ..Script::default()
    });
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_query_that_contradicts_a_success_is_flagged_and_takes_nothing_away() {
    let world = world_of(App::sandbox_paybill()).await;
    let buyer = Buyer::join(&world.site, 70_300_000).unwrap();
    world.daraja.script_next(Script {
        prompt: Some(Act::Accept { after_ms: 0 }),
        query: vec![QueryAnswer::Code(Code::Number(1032))],
        ..Script::default()
    });
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world
        .until("the contradiction is flagged", async || {
            world.controller.advance(Duration::from_secs(5)).await?;
            world.daraja.advance(Duration::from_secs(5));
            Ok((world.books(&order.payment).await?.flag == "contrary").then_some(()))
        })
        .await
        .unwrap();
    let books = world.books(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    assert!(buyer.phone.online(&world.site.router));
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_push_that_is_confirmed_as_a_payment_by_hand_too_is_counted_once() {
    let world = world_of(App::sandbox_paybill()).await;
    world
        .controller
        .command(&["provider", "c2b-register", &world.business.provider])
        .await
        .unwrap();
    // The confirmation before the callback, after it, and three times.
    let confirmations = [(0, 200, 1), (200, 0, 1), (0, 0, 3)];
    let count = confirmations.len();
    for (index, (confirmed, called, copies)) in confirmations.into_iter().enumerate() {
        let number = 70_400_000 + u32::try_from(index).unwrap();
        let buyer = Buyer::join(&world.site, number).unwrap();
        let news = |delay_ms, copies| Callback {
            delay_ms,
            copies,
            ..Callback::default()
        };
        world.daraja.script_next(Script {
            prompt: Some(Act::Accept { after_ms: 0 }),
            callback: news(called, 1),
            confirmation: news(confirmed, copies),
            ..Script::default()
        });
        let order = buyer
            .order(&world, world.business.plan("One hour"))
            .await
            .unwrap();
        buyer.phone.comes_online(&world.site.router).await.unwrap();
        let books = world.settled(&order.payment).await.unwrap();
        assert_eq!(
            (books.status.as_str(), books.flag.as_str(), books.tickets),
            ("success", "", 1)
        );
    }
    world.callbacks_handled(2 * count).await.unwrap();
    let count = count.to_string();
    assert_eq!(
        sold(&world).await,
        [["success", count.as_str(), count.as_str()]]
    );
    world.end().await.unwrap();
}

#[tokio::test]
async fn two_presses_at_once_are_one_prompt() {
    let world = world_of(App::sandbox_paybill()).await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let page = phone.home(router).await.unwrap();
    let plan = &world.business.plan("One hour").id;
    let press = || phone.order(router, &page, plan, "0770500000");
    let (first, second) = tokio::join!(press(), press());
    for page in [first.unwrap(), second.unwrap()] {
        assert!(
            page.says("Check your phone") || page.says("Asking M-PESA"),
            "{}",
            page.text
        );
    }
    world.daraja.await_prompt("254770500000").await.unwrap();
    assert_eq!(world.daraja.payments().len(), 1, "two prompts for one try");
    world
        .daraja
        .answer("254770500000", &Answer::Accept)
        .unwrap();
    phone.comes_online(router).await.unwrap();
    assert_eq!(sold(&world).await, [["success", "1", "1"]]);
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_callback_is_believed_from_any_of_safaricoms_addresses() {
    let mut setup = Setup::default();
    // One that a widely copied list of addresses lacks.
    setup.daraja.knobs.forwarded_for = Some("196.201.212.69".to_owned());
    setup.daraja.knobs.mode = Mode::Automatic { after_ms: 0 };
    let world = World::start(setup).await.unwrap();
    let buyer = Buyer::join(&world.site, 70_600_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    world.end().await.unwrap();
}
