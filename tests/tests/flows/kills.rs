//! `kill -9` of either program at named moments on the wire, and a seeded drill on top. Whatever was acknowledged is there
//! afterwards, once.

use mnara_tests::sim::daraja::{Act, Answer, Callback, DeliveryKind, Mode, Script, When};
use mnara_tests::sim::routeros::Cut;
use mnara_tests::world::buyer::{Buyer, Order};
use mnara_tests::world::cable::Way;
use mnara_tests::world::{Setup, World, uuid};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

async fn world() -> World {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Hand;
    World::start(setup).await.unwrap()
}

/// What must hold after any accident: every payment that succeeded has exactly one ticket, no other ticket exists, and the
/// journal has no gap and no double.
async fn adds_up(world: &World, paid: &[Order]) {
    for order in paid {
        let books = world.settled(&order.payment).await.unwrap();
        assert_eq!(
            (books.status.as_str(), books.tickets),
            ("success", 1),
            "payment {}",
            order.payment
        );
    }
    let tickets = world
        .controller
        .value("select count(*) from tickets where payment_id is not null")
        .await
        .unwrap();
    assert_eq!(
        tickets,
        paid.len().to_string(),
        "as many tickets as payments"
    );
    let last = world.drained(&world.site).await.unwrap();
    let kept = world
        .controller
        .value(&format!(
            "select count(*) || ' ' || coalesce(max(number), 0) from journal_entries where site_id = '{}'",
            uuid(&world.site.id)
        ))
        .await
        .unwrap();
    assert_eq!(kept, format!("{last} {last}"), "every entry is kept once");
}

/// Lets a buyer order and gives the order with the prompt on the phone.
async fn prompted(world: &World, buyer: &Buyer) -> Order {
    let order = buyer
        .order(world, world.business.plan("One hour"))
        .await
        .unwrap();
    world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
    order
}

#[tokio::test]
async fn the_controller_dies_with_the_prompt_on_the_phone() {
    let mut world = world().await;
    let buyer = Buyer::join(&world.site, 20_000_000).unwrap();
    let order = prompted(&world, &buyer).await;
    world.controller.kill().await.unwrap();
    // The customer pays, and the callback finds nobody; Safaricom does not call again.
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    let lost = world
        .daraja
        .await_deliveries(1, |delivery| delivery.kind == DeliveryKind::StkCallback)
        .await
        .unwrap();
    assert!(
        lost.iter().all(|delivery| delivery.status.is_none()),
        "{lost:?}"
    );
    world.controller.start().await.unwrap();
    world
        .until("the money is found by asking", async || {
            world
                .controller
                .advance(std::time::Duration::from_secs(5))
                .await?;
            world.daraja.advance(std::time::Duration::from_secs(5));
            Ok((world.books(&order.payment).await?.status == "success").then_some(()))
        })
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    adds_up(&world, &[order]).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn the_controller_dies_right_after_it_took_the_callback() {
    let mut world = world().await;
    let buyer = Buyer::join(&world.site, 21_000_000).unwrap();
    let order = prompted(&world, &buyer).await;
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    let taken = world
        .daraja
        .await_deliveries(1, |delivery| delivery.status == Some(200))
        .await;
    world.controller.kill().await.unwrap();
    taken.unwrap();
    world.controller.start().await.unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    adds_up(&world, &[order]).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn the_agent_dies_while_the_ticket_is_on_the_wire() {
    let mut world = world().await;
    let buyer = Buyer::join(&world.site, 22_000_000).unwrap();
    let order = prompted(&world, &buyer).await;
    world.site.cable.hold(Way::Down);
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    world.settled(&order.payment).await.unwrap();
    world.site.agent.kill().await.unwrap();
    world.site.cable.glitch();
    world.site.cable.mend();
    world.site.agent.start().await.unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    adds_up(&world, &[order]).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn entries_whose_acknowledgement_is_withheld_are_kept_once() {
    let mut world = world().await;
    let buyer = Buyer::join(&world.site, 23_000_000).unwrap();
    let order = prompted(&world, &buyer).await;
    // The ticket comes down; then nothing does any more, while the journal goes up.
    let before = world.drained(&world.site).await.unwrap();
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.site.cable.hold(Way::Down);
    let burst = world.site.router.burst(&buyer.phone.mac, 1_000, 1_000);
    burst.unwrap();
    world
        .until("the entries are with the controller", async || {
            let rows = world
                .controller
                .value("select coalesce(max(mark_number), 0) from journals")
                .await?;
            Ok((rows.parse::<u64>()? > before).then_some(()))
        })
        .await
        .unwrap();
    world.site.agent.kill().await.unwrap();
    world.controller.kill().await.unwrap();
    world.site.cable.glitch();
    world.site.cable.mend();
    world.controller.start().await.unwrap();
    world.site.agent.start().await.unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    adds_up(&world, &[order]).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn the_agent_dies_with_entries_on_the_wire_and_the_site_goes_on() {
    let mut world = world().await;
    let buyer = Buyer::join(&world.site, 24_000_000).unwrap();
    let order = prompted(&world, &buyer).await;
    // A page whose receipt is held back would keep the ticket's page from coming down.
    world.drained(&world.site).await.unwrap();
    world.site.cable.hold(Way::Up);
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    // Nothing goes up, and the customer is online all the same.
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.site.agent.kill().await.unwrap();
    assert!(
        buyer.phone.online(&world.site.router),
        "the router needs no agent to keep a session"
    );
    world.site.cable.glitch();
    world.site.cable.mend();
    world.site.agent.start().await.unwrap();
    adds_up(&world, &[order]).await;
    assert!(buyer.phone.online(&world.site.router));
    world.end().await.unwrap();
}

#[tokio::test]
async fn the_controller_dies_with_its_push_received_and_not_answered() {
    let mut world = world().await;
    let buyer = Buyer::join(&world.site, 25_000_000).unwrap();
    world.daraja.script_next(Script {
        reply_delay_ms: 60_000,
        ..Script::default()
    });
    let ask = buyer.ask(&world, world.business.plan("One hour"), None);
    let prompt = world.daraja.await_prompt(&buyer.msisdn);
    tokio::select! {
        answer = ask => panic!("answered before the push was: {answer:?}"),
        prompt = prompt => prompt.unwrap(),
    };
    world.controller.kill().await.unwrap();
    world.controller.start().await.unwrap();
    // Nobody knows how the push ended; the customer does, and is not asked a second time.
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    assert_eq!(world.daraja.payments().len(), 1, "the push was repeated");
    let payment = world
        .controller
        .value("select id from payments")
        .await
        .unwrap();
    let order = Order {
        payment,
        token: String::new(),
    };
    adds_up(&world, &[order]).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn the_agent_dies_between_what_it_answered_and_the_router() {
    let mut world = world().await;
    let codes = world
        .business
        .print(&world.controller, "One hour", 2, &[])
        .await
        .unwrap();
    world
        .until("the site has the codes", async || {
            Ok((world.site.agent.status().await?["codes"] == 2).then_some(()))
        })
        .await
        .unwrap();
    let phone = world.site.join().unwrap();
    phone.home(&world.site.router).await.unwrap();
    world.site.router.fault(|faults| faults.stall = true);
    // Answered, so it is on disk; the router has heard nothing of it.
    let page = phone.redeem(&world.site.router, &codes[0]).await.unwrap();
    assert!(page.says("Connecting you"), "{}", page.text);
    world.site.agent.kill().await.unwrap();
    assert!(!phone.online(&world.site.router));
    world.site.router.fault(|faults| faults.stall = false);
    world.site.agent.start().await.unwrap();
    phone.comes_online(&world.site.router).await.unwrap();
    // And at the very word: the command is carried out and its answer cut off.
    let second = world.site.join().unwrap();
    second.home(&world.site.router).await.unwrap();
    world.site.router.fault(|faults| {
        faults.cut = Some(Cut {
            command: "/ip/hotspot/user/add".to_owned(),
            after_bytes: 0,
        });
    });
    second.redeem(&world.site.router, &codes[1]).await.unwrap();
    second.comes_online(&world.site.router).await.unwrap();
    let users = world.site.router.rows("/ip/hotspot/user");
    let ours = users.iter().filter(|row| {
        row.get("comment")
            .is_some_and(|comment| comment.starts_with("mnara:"))
    });
    assert_eq!(ours.count(), 2, "one user for each ticket: {users:?}");
    adds_up(&world, &[]).await;
    world.end().await.unwrap();
}

/// Plays drills from a first seed on. `MNARA_DRILLS` says how many, one if it is not set, and `MNARA_SEED` plays one again.
async fn drills(first: u64) {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a person asks for more drills, or for one again"
    )]
    let number = |name: &str| {
        std::env::var(name).ok().map(|text| {
            text.parse::<u64>()
                .unwrap_or_else(|_| panic!("{name} is no number"))
        })
    };
    let count = number("MNARA_DRILLS").unwrap_or(1);
    let mut seeds = (0..count).map(|place| first + 2 * place).collect();
    if let Some(again) = number("MNARA_SEED") {
        seeds = vec![again];
    }
    for seed in seeds {
        eprintln!("a drill drawn from seed {seed}: play it again with MNARA_SEED={seed}");
        Box::pin(drill(seed)).await;
    }
}

/// Everything dies and breaks in an order drawn from a seed, while customers pay.
async fn drill(seed: u64) {
    let mut world = world().await;
    let mut rng = StdRng::seed_from_u64(seed);
    let mut paid = Vec::new();
    let mut buyers = Vec::new();
    let mut codes = 0;
    for round in 0..8_u32 {
        match rng.random_range(0..7) {
            0 => {
                world.controller.kill().await.unwrap();
                world.controller.start().await.unwrap();
            }
            1 => {
                world.site.agent.kill().await.unwrap();
                world.site.agent.start().await.unwrap();
            }
            2 => {
                world.site.agent.kill().await.unwrap();
                world.controller.kill().await.unwrap();
                world.controller.start().await.unwrap();
                world.site.agent.start().await.unwrap();
            }
            3 => world.site.cable.glitch(),
            4 => {
                if rng.random() {
                    world.site.cable.cut();
                } else {
                    world
                        .site
                        .cable
                        .hold(if rng.random() { Way::Up } else { Way::Down });
                }
            }
            5 => world.site.cable.mend(),
            _ => {
                let printed = world
                    .business
                    .print(&world.controller, "Whole day", 5, &[])
                    .await
                    .unwrap();
                codes += printed.len();
            }
        }
        let buyer = Buyer::join(&world.site, 30_000_000 + round).unwrap();
        world.daraja.script_next(Script {
            callback: Callback {
                copies: rng.random_range(1..4),
                when: if rng.random() {
                    When::AfterAnswer
                } else {
                    When::BeforeReply
                },
                ..Callback::default()
            },
            prompt: Some(Act::Accept {
                after_ms: rng.random_range(0..80),
            }),
            ..Script::default()
        });
        paid.push(
            buyer
                .order(&world, world.business.plan("One hour"))
                .await
                .unwrap(),
        );
        buyers.push(buyer);
        if rng.random() {
            // Dies in the middle of whatever it does with that payment.
            world.controller.kill().await.unwrap();
            world.controller.start().await.unwrap();
        }
    }
    world.site.cable.mend();
    for order in &paid {
        world
            .until("every payment is settled", async || {
                world
                    .controller
                    .advance(std::time::Duration::from_secs(4))
                    .await?;
                world.daraja.advance(std::time::Duration::from_secs(4));
                Ok((world.books(&order.payment).await?.status == "success").then_some(()))
            })
            .await
            .unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    for buyer in &buyers {
        buyer
            .phone
            .comes_online(&world.site.router)
            .await
            .unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
    }
    adds_up(&world, &paid).await;
    world
        .until("every printed code reached the site", async || {
            Ok((world.site.agent.status().await?["codes"] == codes).then_some(()))
        })
        .await
        .unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_drill_drawn_from_seed_1() {
    drills(1).await;
}

#[tokio::test]
async fn a_drill_drawn_from_seed_2() {
    drills(2).await;
}
