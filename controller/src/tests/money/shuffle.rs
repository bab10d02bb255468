//! Promise P1, generated: whatever comes about a payment, in any order, however often, with the work done at any time and by any number
//! of hands, a success ends in exactly one ticket and one row of it at the site.

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};

use super::*;
use crate::payments::confirm::apply;
use crate::payments::settle::{Evidence, Outcome};

#[derive(Clone, Debug)]
enum Event {
    Success,
    Failure(u32),
    Query(&'static str),
    Work,
    TwoHands,
    Dropped,
    Later(u64),
}

fn story(rng: &mut StdRng) -> (bool, Vec<Event>) {
    let paid = rng.random_bool(0.7);
    let mut events = Vec::new();
    if paid {
        events.extend((0..rng.random_range(0..6)).map(|_| Event::Success));
        events.extend((0..rng.random_range(0..2)).map(|_| Event::Query("0")));
    }
    events.extend(
        (0..rng.random_range(0..3))
            .map(|_| Event::Failure(*[1032, 1037, 2001, 1].choose(rng).unwrap())),
    );
    events.extend((0..rng.random_range(0..2)).map(|_| Event::Query("4999")));
    events.extend((0..rng.random_range(1..4)).map(|_| Event::Work));
    events.extend((0..rng.random_range(0..2)).map(|_| Event::TwoHands));
    events.extend((0..rng.random_range(0..3)).map(|_| Event::Dropped));
    events.extend((0..rng.random_range(0..3)).map(|_| Event::Later(rng.random_range(1..3000))));
    events.shuffle(rng);
    let is_paid = events.iter().any(|event| matches!(event, Event::Success));
    (is_paid, events)
}

async fn play(world: &World, n: u8, events: &[Event]) -> PaymentId {
    let phone = format!("2547083742{n:02}");
    if n.is_multiple_of(3) {
        world.daraja.push(504, "");
    }
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
    // A lost answer named ids too.
    world.daraja.0.lock().unwrap().accepted = number;
    let secret = world.daraja.secret();
    let receipt = format!("RCPT{n:06}");
    for event in events {
        match event {
            Event::Success => assert_eq!(
                world.call_back(&secret, success(number, &receipt)).await,
                StatusCode::OK
            ),
            Event::Failure(code) => assert_eq!(
                world
                    .call_back(&secret, callback(number, json!(code), None))
                    .await,
                StatusCode::OK
            ),
            Event::Query("0") => {
                apply(
                    &world.app,
                    world.shop.provider,
                    begun.payment,
                    &Evidence::Query(Outcome::Paid),
                    None,
                )
                .await
                .unwrap();
            }
            Event::Query(code) => world.daraja.outcome(code),
            Event::Work => world.work().await,
            Event::TwoHands => {
                futures_util::future::join(world.work(), world.work()).await;
            }
            Event::Dropped => {
                // A worker that dies at some point of its work: what it had committed stays, its lease runs out.
                let mut work = Box::pin(world.work());
                for _ in 0..40 {
                    if futures_util::poll!(&mut work).is_ready() {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
                drop(work);
                world.app.clock.advance(Duration::from_secs(100));
            }
            Event::Later(secs) => world.app.clock.advance(Duration::from_secs(*secs)),
        }
    }
    begun.payment
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_in_is_one_ticket_out_whatever_the_order(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    // Whose turn is near waits for it in time that nobody moves.
    let world = World::open_with(pool, options, &["--daraja-queries", "6000"]).await;
    let mut expected = Vec::new();
    for n in 1..=60 {
        let mut rng = StdRng::seed_from_u64(u64::from(n));
        let (has_success, events) = story(&mut rng);
        let is_paid = has_success
            || events
                .iter()
                .any(|event| matches!(event, Event::Query("0")));
        let payment = play(&world, n, &events).await;
        // Whatever was cut off is taken up again.
        for _ in 0..3 {
            world.pass(200).await;
        }
        let status = world.status(payment).await;
        assert_eq!(
            status == "success",
            is_paid,
            "seed {n}: {status} after {events:?}"
        );
        let tickets = world
            .count(&format!("tickets where payment_id = '{}'", payment.uuid()))
            .await;
        assert_eq!(tickets, i64::from(is_paid), "seed {n}: {events:?}");
        expected.push(is_paid);
        world.books_are_equal().await;
    }
    assert!(expected.iter().any(|paid| *paid) && expected.iter().any(|paid| !*paid));
    assert_eq!(world.count("callbacks where handled_at is null").await, 0);
    let receipts = world
        .count("payments where external_txn_id is not null")
        .await;
    assert!(receipts > 0);
}
