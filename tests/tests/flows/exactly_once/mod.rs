//! The drill of all drills for money: thousands of payments whose callbacks come never, once or up to five times, in any order, while the
//! controller is killed every two seconds, at each kind of moment on the wire in turn, and an outside database stopped hard before ten seconds are
//! over, again and again. Then the books hold each payment once.
//!
//! Who was called back never is found by asking. Where the answer of the push was lost too, nothing can be asked about: that money is known by
//! the confirmation that M-PESA sends of all that comes to the shortcode, whose account is the payment's.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use mnara_tests::sim::daraja::{Act, Callback, Code, Daraja, Mode, Payment, Reply, Script, When};
use mnara_tests::world::clock::Push;
use mnara_tests::world::{Setup, World, uuid};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt, SeedableRng};

use self::falls::{Falls, Moment, outside};
use self::till::Till;

mod falls;
mod till;

/// Payments of the short drill.
const FEW: usize = 150;
/// Payments and callbacks on their way at a time.
const AT_ONCE: usize = 64;
/// The price of what is sold, in cents.
const PRICE: usize = 2_000;
/// Questions a minute that the controller may ask.
const QUERIES: u32 = 6_000;
/// How far time is moved at once: so far that those wait who come for the next turns, and no more of them than can be asked about.
const STEPS: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(15);

/// `MNARA_PAYMENTS` says how many payments, 150 if it is not set, and `MNARA_SEED` plays one drill again.
#[tokio::test]
async fn every_payment_is_in_the_books_once() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how a person asks for a longer drill, or for one again"
    )]
    let number = |name: &str| {
        std::env::var(name).ok().map(|text| {
            text.parse::<u64>()
                .unwrap_or_else(|_| panic!("{name} is no number"))
        })
    };
    let seed = number("MNARA_SEED").unwrap_or(1);
    let wanted = number("MNARA_PAYMENTS").map_or(FEW, |many| usize::try_from(many).unwrap());
    eprintln!("{wanted} payments drawn from seed {seed}: play them again with MNARA_SEED={seed}");
    Box::pin(drill(wanted, StdRng::seed_from_u64(seed))).await;
}

async fn drill(wanted: usize, mut rng: StdRng) {
    let mut setup = Setup {
        outside_database: true,
        // Whose turn is near waits for it in time that nobody moves.
        queries: QUERIES,
        ..Setup::default()
    };
    setup.daraja.knobs.mode = Mode::Hand;
    let mut world = World::start(setup).await.unwrap();
    world
        .controller
        .command(&["provider", "c2b-register", &world.business.provider])
        .await
        .unwrap();
    let till = Till::of(&world).await;
    let mut falls = Falls::default();

    // Orders, until as many customers have paid: who dies before the phone is asked has sold nothing.
    let mut begun = 0;
    while paid(&world.daraja).len() < wanted {
        let missing = wanted - paid(&world.daraja).len();
        world
            .daraja
            .script(|scripts| scripts.next.extend((0..missing).map(|_| script(&mut rng))));
        let orders = stream::iter(begun..begun + missing)
            .map(|number| till.sell(number))
            .buffer_unordered(AT_ONCE)
            .for_each(async |()| {});
        let outside = outside(&mut world, &till);
        falls.during(orders, outside, &Moment::ALL).await;
        begun += missing;
        world
            .until("every phone that was asked has paid", async || {
                let live = world.daraja.payments();
                Ok(live.iter().all(|one| one.ended().is_some()).then_some(()))
            })
            .await
            .unwrap();
        // What nobody was asked for is nobody's.
        world.daraja.script(|scripts| scripts.next.clear());
    }
    let payments = paid(&world.daraja);
    assert_eq!(payments.len(), wanted);

    // What Daraja kept back comes now: not at all, or up to five times, shuffled.
    let mut calls: Vec<&Payment> = Vec::new();
    for payment in &payments {
        if payment.script.callback.when != When::Never {
            for _ in 0..rng.random_range(0..=5) {
                calls.push(payment);
            }
        }
    }
    calls.shuffle(&mut rng);
    let called: BTreeSet<u64> = calls.iter().map(|payment| payment.number).collect();
    let outside = outside(&mut world, &till);
    let daraja = outside.daraja;
    let callbacks = stream::iter(&calls)
        .map(|payment| till.hears(daraja, payment))
        .buffer_unordered(AT_ONCE)
        .for_each(async |()| {});
    let moments = [Moment::Question, Moment::Callback];
    falls.during(callbacks, outside, &moments).await;
    eprintln!(
        "{begun} orders, {} callbacks for {} payments; {falls:?}",
        calls.len(),
        called.len(),
    );
    falls.were_hard();

    // What workers held that were killed is looked at once their leases are over.
    let looked = "select count(*) from callbacks where handled_at is not null";
    let mut known = 0;
    loop {
        let all = world.controller.value("select count(*) from callbacks");
        let all = all.await.unwrap().parse().unwrap();
        if all == known {
            break;
        }
        moved_until(&world, all, looked).await;
        known = all;
    }

    // A push whose answer was lost has no number that could be asked about.
    let unknown = "select account_reference from payments where status = 'pending' and checkout_request_id is null";
    let unknown = world.controller.ask(unknown).await.unwrap();
    let unknown: BTreeSet<&str> = unknown.iter().map(|row| row[0].as_str()).collect();
    let is_lost = |payment: &&Payment| unknown.contains(payment.reference.as_str());
    let lost = payments.iter().filter(is_lost).count();

    // The rest is found by asking, in moved time.
    let paid = "select count(*) from payments where status = 'success'";
    moved_until(&world, wanted - lost, paid).await;
    let asked = "select count(*) from payments where settled_by = 'query'";
    let asked = world.controller.value(asked).await.unwrap();
    eprintln!("{asked} payments were found by asking, {lost} could not be asked about");
    assert!(wanted < FEW || asked != "0", "nothing was left to be found");
    assert!(wanted < FEW || lost > 0, "no answer of a push was lost");

    // The confirmations that had not come yet: those who could not be asked about are paid by them, all others learn their receipts at most.
    let daraja = &world.daraja;
    stream::iter(&payments)
        .map(|payment| daraja.confirm(payment))
        .buffer_unordered(AT_ONCE)
        .for_each(async |()| {})
        .await;
    let told =
        "select count(*) from payments where status = 'success' and external_txn_id is not null";
    moved_until(&world, wanted, told).await;
    adds_up(&world, &payments).await;
    for words in ["failed", "database", "could not", "was not", "cannot"] {
        world.allow(words);
    }
    world.end().await.unwrap();
}

/// Moves time until so many are as they should be, by a statement that counts them.
///
/// Time waits for who works: a job that takes longer than its lease is taken from its worker, and leases are of moved time.
async fn moved_until(world: &World, wanted: usize, count: &str) {
    let mut found = 0;
    let mut working = Working::default();
    while found < wanted {
        let more = world.until("more are as they should be", async || {
            let now = world.controller.value(count).await?.parse::<usize>()?;
            if now > found {
                return Ok(Some(now));
            }
            if let Some(pause) = working.pause(world).await? {
                let step = pause.clamp(*STEPS.start(), *STEPS.end());
                world.controller.advance(step).await?;
                world.daraja.advance(step);
            }
            Ok(None)
        });
        found = more.await.unwrap();
    }
}

/// Whether jobs are being done.
#[derive(Default)]
struct Working {
    /// Those that were due or in somebody's hands when one looked last, and how often one has seen that number.
    due: usize,
    times: u32,
}

impl Working {
    /// How often the same number is seen before whoever holds those jobs is taken for dead.
    const STILL: u32 = 5;

    /// How long nothing will be due, if nobody works.
    async fn pause(&mut self, world: &World) -> anyhow::Result<Option<Duration>> {
        let now = world.controller.push(Push::Read).await?.wall;
        let due = format!(
            "select count(*) filter (where run_at <= now.at),
                    coalesce(ceil(extract(epoch from min(run_at) filter (where run_at > now.at) - max(now.at)) * 1000), 0)::bigint
             from jobs, (select to_timestamp({now} / 1000.0) as at) as now where dead_at is null"
        );
        let rows = world.controller.ask(&due).await?;
        let due = rows[0][0].parse()?;
        self.times = if due == self.due { self.times + 1 } else { 0 };
        self.due = due;
        let is_still = due == 0 || self.times >= Self::STILL;
        Ok(is_still.then_some(Duration::from_millis(rows[0][1].parse()?)))
    }
}

/// Each payment is in the books once, with its ticket, and nobody has to explain anything.
async fn adds_up(world: &World, payments: &[Payment]) {
    let wanted = payments.len();
    let value = async |question: &str| world.controller.value(question).await.unwrap();
    let provider = uuid(&world.business.provider);
    let credits = value(&format!(
        "select count(*) || ' ' || count(distinct payment_id) || ' ' || coalesce(sum(cents), 0)
         from ledger where provider_id = '{provider}' and credit = 'tickets'"
    ))
    .await;
    assert_eq!(credits, format!("{wanted} {wanted} {}", wanted * PRICE));
    let others = "select count(*) from ledger where credit <> 'tickets'";
    assert_eq!(value(others).await, "0");
    let tickets = "select count(*) || ' ' || count(distinct payment_id) from tickets";
    assert_eq!(value(tickets).await, format!("{wanted} {wanted}"));
    assert_eq!(value("select count(*) from unmatched").await, "0");
    // Those that paid, each with its own receipt, and no other.
    let rows = "select account_reference, external_txn_id from payments where status = 'success'";
    let rows = world.controller.ask(rows).await.unwrap();
    let sold: BTreeSet<(&str, Option<&str>)> = rows
        .iter()
        .map(|row| (row[0].as_str(), Some(row[1].as_str())))
        .collect();
    let moved = payments.iter().map(|one| {
        let receipt = one.ended().and_then(|ended| ended.receipt.as_deref());
        (one.reference.as_str(), receipt)
    });
    assert_eq!(sold, moved.collect());
    let check = world.controller.command(&["books", "check"]).await;
    check.expect("the books balance");
}

/// The payments that customers accepted.
fn paid(daraja: &Daraja) -> Vec<Payment> {
    let mut all = daraja.payments();
    all.retain(|payment| {
        payment
            .ended()
            .is_some_and(|ended| ended.code == Code::PAID)
    });
    all
}

/// What becomes of one payment: most callbacks are kept back for the shuffle, some come at once, before the answer or more than once.
///
/// One payment in ten loses the answer of its push and is never called back. Of some the confirmation comes at once, of all at the end.
fn script(rng: &mut StdRng) -> Script {
    let never = Callback {
        when: When::Never,
        ..Callback::default()
    };
    let usual = Script {
        prompt: Some(Act::Accept {
            after_ms: rng.random_range(0..50),
        }),
        confirmation: never.clone(),
        ..Script::default()
    };
    let when = match rng.random_range(0..20) {
        0 | 1 => {
            return Script {
                reply: Reply::HangUp,
                accepted: true,
                callback: never,
                ..usual
            };
        }
        2 | 3 => When::BeforeReply,
        4..=7 => When::AfterAnswer,
        _ => When::Held,
    };
    Script {
        callback: Callback {
            when,
            copies: rng.random_range(1..=3),
            parallel: rng.random(),
            ..Callback::default()
        },
        confirmation: match rng.random_range(0..5) {
            0 => Callback::default(),
            _ => never,
        },
        ..usual
    }
}
