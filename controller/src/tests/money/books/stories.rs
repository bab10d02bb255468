//! Whatever is told, in whatever order.

use super::*;
use crate::payments::reversal::{self, Booked, Told};

#[derive(Clone, Debug)]
enum Event {
    Called(String),
    Failed,
    Asked,
    ByHand(String, bool),
    Refund,
    Give,
    Back,
    /// It went back at the rail itself, as a statement shows twice at once.
    Gone,
    Work,
    TwoHands,
    Later(u64),
}

fn story(rng: &mut StdRng, n: u8) -> Vec<Event> {
    let own = format!("OWNRCPT{n:03}");
    let again = format!("AGNRCPT{n:03}");
    let mut events = Vec::new();
    for _ in 0..rng.random_range(0..4) {
        events.push(Event::Called(own.clone()));
    }
    for _ in 0..rng.random_range(0..3) {
        let receipt = [&own, &again].choose(rng).unwrap().to_string();
        events.push(Event::ByHand(receipt, rng.random_bool(0.6)));
    }
    if rng.random_bool(0.3) {
        events.push(Event::Called(again));
    }
    if rng.random_bool(0.3) {
        events.push(Event::ByHand(format!("STRRCPT{n:03}"), false));
    }
    let others = [
        (Event::Failed, 0.3),
        (Event::Asked, 0.4),
        (Event::Refund, 0.3),
        (Event::Give, 0.4),
        (Event::Back, 0.3),
        (Event::TwoHands, 0.5),
        (Event::Later(400), 0.5),
        (Event::Later(2 * DAY), 0.3),
    ];
    for (event, chance) in others {
        if rng.random_bool(chance) {
            events.push(event);
        }
    }
    events.extend((0..rng.random_range(1..4)).map(|_| Event::Work));
    events.shuffle(rng);
    events
}

/// The rail says that it was paid, by hand says the same without a name, and at last comes what tells that both are one.
fn told_twice() -> Vec<Event> {
    let receipt = "OWNRCPT041".to_owned();
    vec![
        Event::Asked,
        Event::ByHand(receipt.clone(), false),
        Event::Work,
        Event::Later(400),
        Event::Work,
        Event::Called(receipt),
        Event::Work,
    ]
}

/// By hand it comes without a name when nobody waits for it any more, and then the rail says what it was for.
fn known_at_last() -> Vec<Event> {
    let receipt = "OWNRCPT042".to_owned();
    vec![
        Event::Failed,
        Event::Work,
        Event::ByHand(receipt.clone(), false),
        Event::Work,
        Event::Later(1_000),
        Event::Work,
        Event::Called(receipt),
        Event::Work,
    ]
}

async fn open_row(world: &World) -> Option<mnara_protocol::ids::UnmatchedId> {
    let sql = "select (select id from unmatched where closed_at is null order by coalesce(receipt, 'late'), at, id limit 1)";
    let id: Option<sqlx::types::Uuid> = read(&world.app, sql).await;
    id.map(mnara_protocol::ids::UnmatchedId::from_uuid)
}

async fn play(world: &World, till: &str, n: u8, events: &[Event], told: &mut BTreeSet<String>) {
    let (app, provider, actor) = (&world.app, world.shop.provider, somebody(world).await);
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let phone = format!("2547083742{n:02}");
    let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
    let (secret, account) = (world.daraja.secret(), reference(world));
    for (place, event) in events.iter().enumerate() {
        match event {
            Event::Called(receipt) => {
                told.insert(receipt.clone());
                world.call_back(&secret, success(number, receipt)).await;
            }
            Event::Failed => {
                let body = callback(number, json!(1032), None);
                world.call_back(&secret, body).await;
            }
            Event::Asked => {
                let evidence = Evidence::Query(Outcome::Paid);
                apply(app, provider, begun.payment, &evidence, None)
                    .await
                    .unwrap();
            }
            Event::ByHand(receipt, is_named) => {
                told.insert(receipt.clone());
                let account = if *is_named { account.as_str() } else { "" };
                by_hand(world, till, receipt, account, "50.00").await;
            }
            Event::Refund => {
                let receipt = format!("BACK{n:02}{place:02}");
                let noted = Noted {
                    amount: Money::from_shillings(10),
                    receipt: &receipt,
                    reason: "rain",
                };
                // Nothing came yet, or all is back already: then nothing is written.
                let _ = note(app, provider, actor, begun.payment, noted).await;
            }
            Event::Give => {
                if let Some(id) = open_row(world).await {
                    let plan = Some(world.shop.plan.id);
                    let given = resolve::give(app, (provider, actor), id, plan, false);
                    given.await.unwrap();
                }
            }
            Event::Back => {
                if let Some(id) = open_row(world).await {
                    let receipt = format!("GONE{n:02}{place:02}");
                    let said = (receipt.as_str(), "rain");
                    let done = resolve::refund(app, (provider, actor), id, said, false);
                    done.await.unwrap();
                }
            }
            Event::Gone => {
                let kind = if place % 2 == 0 { "OWN" } else { "STR" };
                let (original, back) = (
                    format!("{kind}RCPT{n:03}"),
                    format!("PORTAL{n:02}{place:02}"),
                );
                let told = Told {
                    original: &original,
                    back: Some(&back),
                    amount: Some(Money::from_shillings(50)),
                    reason: "portal",
                };
                let tap = || reversal::book(app, provider, actor, told);
                let (one, two) = tokio::join!(tap(), tap());
                let new = [one.unwrap(), two.unwrap()]
                    .into_iter()
                    .filter(|booked| matches!(booked, Booked::New(_)));
                assert!(new.count() <= 1);
            }
            Event::Work => world.work().await,
            Event::TwoHands => {
                futures_util::future::join(world.work(), world.work()).await;
            }
            Event::Later(secs) => world.app.clock.advance(Duration::from_secs(*secs)),
        }
    }
    // Whatever waits is taken up, and what names nobody has been waited for.
    for _ in 0..4 {
        world.pass(200).await;
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whatever_is_told_in_whatever_order_each_receipt_comes_in_once_and_all_balances(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    drop(member(&world, Role::Owner, 1).await);
    let mut told = BTreeSet::new();
    for n in 1..=42 {
        let mut rng = StdRng::seed_from_u64(u64::from(n));
        let events = match n {
            41 => told_twice(),
            42 => known_at_last(),
            _ => {
                let mut events = story(&mut rng, n);
                if n % 3 == 0 {
                    events.insert(events.len() / 2, Event::Gone);
                }
                if n % 2 == 0 {
                    events.extend([Event::Work, Event::Gone, Event::Gone]);
                }
                events
            }
        };
        play(&world, &till, n, &events, &mut told).await;
        let what = format!("seed {n}: {events:?}");
        assert_balanced(&world, &what).await;
        // Each payment that succeeded has one line, and each receipt that was told stands somewhere.
        let paid = world.count("payments where status = 'success'").await;
        assert_eq!(
            world.count("ledger where cause = 'paid'").await,
            paid,
            "{what}"
        );
        let tickets = world.count("tickets where payment_id is not null").await;
        assert_eq!(tickets, paid, "{what}");
        let sql = "select coalesce(array_agg(distinct r order by r), '{}') from (
            select external_txn_id as r from payments where status = 'success' union select receipt from unmatched where reason <> 'late') x where r is not null";
        let known: Vec<String> = read(&world.app, sql).await;
        assert_eq!(known, told.iter().cloned().collect::<Vec<_>>(), "{what}");
        let unnamed = world
            .count("payments where status = 'success' and external_txn_id is null")
            .await;
        let receipts = i64::try_from(told.len()).unwrap();
        let came = -balance(&world, "till").await;
        assert_eq!(came, (receipts + unnamed) * 5_000, "{what}");
        // What a person dealt with bought nothing besides.
        let twice =
            "unmatched u join payments p on p.external_txn_id = u.receipt and p.status = 'success'
                     where u.outcome in ('ticket', 'refund') and u.reason <> 'late'";
        assert_eq!(world.count(twice).await, 0, "{what}");
        let over = "payments p where p.amount < (select sum(r.amount) from refunds r where r.payment_id = p.id)";
        assert_eq!(world.count(over).await, 0, "{what}");
        assert_eq!(world.count("jobs where dead_at is not null").await, 0);
    }
    for kind in ["nobody", "double", "late"] {
        let some = format!("unmatched where reason = '{kind}'");
        assert!(world.count(&some).await > 0, "{kind} was never played");
    }
    for cause in ["paid", "unmatched", "known", "given", "refund", "reversal"] {
        let some = format!("ledger where cause = '{cause}'");
        assert!(world.count(&some).await > 0, "{cause} was never played");
    }
    assert!(
        world
            .count("ledger where cause = 'paid' and debit = 'unmatched'")
            .await
            > 0
    );
}
