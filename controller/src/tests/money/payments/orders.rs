//! The same money told in every order and with every part missing is counted once.

use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

use super::hand::{confirmation, open_till, place, told};
use super::*;
use crate::rails::daraja::eat;

/// What is told of a prompt that was paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Callback,
    Confirmation,
    Query,
}

/// Every order of every part of what can be told, but nothing at all.
fn orders() -> Vec<Vec<Told>> {
    use Told::{Callback, Confirmation, Query};
    let mut all = vec![vec![Callback], vec![Confirmation], vec![Query]];
    for first in [Callback, Confirmation, Query] {
        for second in [Callback, Confirmation, Query] {
            if first != second {
                all.push(vec![first, second]);
                let third = [Callback, Confirmation, Query]
                    .into_iter()
                    .find(|told| *told != first && *told != second);
                all.push(vec![first, second, third.unwrap()]);
            }
        }
    }
    all
}

async fn counted_once(world: World, is_till: bool, seed: u64) {
    let path = open_till(&world, is_till).await;
    let mut random = StdRng::seed_from_u64(seed);
    let mut orders = orders();
    orders.shuffle(&mut random);
    let mut all = 0;
    for (index, order) in orders.into_iter().enumerate() {
        // At a till nothing but a prompt's own end says that it was paid, so without it the money waits.
        if is_till && order == [Told::Confirmation] {
            continue;
        }
        let n = u8::try_from(index).unwrap() + 1;
        let phone = format!("2547083742{n:02}");
        let receipt = format!("RKL51ZDR{n:02}");
        let number = world.daraja.0.lock().unwrap().accepted + 1;
        // Whoever has been shown how to pay by hand as well still pays once.
        if random.random_bool(0.5) {
            place(&world, n, Some(&phone)).await;
        }
        let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
        // Some who stand in for M-PESA write UTC.
        let behind = if random.random_bool(0.5) {
            3 * 3_600
        } else {
            0
        };
        let paid = eat::digits(world.app.clock.now().plus_secs(-behind));
        let secret = world.daraja.secret();
        let reference = world.daraja.seen("stkpush/v1/").pop().unwrap()["AccountReference"]
            .as_str()
            .unwrap()
            .to_owned();
        let reference = if is_till { "" } else { &reference };
        let payer = if random.random_bool(0.5) {
            hex::encode(Sha256::digest(&phone))
        } else {
            format!("2547 ***** {}", &phone[9..])
        };
        for told_now in &order {
            for _ in 0..random.random_range(1..3) {
                match told_now {
                    Told::Callback => {
                        world.call_back(&secret, success(number, &receipt)).await;
                        world.work().await;
                    }
                    Told::Confirmation => {
                        let body = confirmation(&receipt, reference, &payer, "50.00");
                        let body = String::from_utf8(body).unwrap();
                        let body = body.replace("20270115110130", &paid);
                        told(&world, &path, body.into_bytes()).await;
                    }
                    Told::Query => {
                        let paid = Evidence::Query(Outcome::Paid);
                        apply(&world.app, world.shop.provider, begun.payment, &paid, None)
                            .await
                            .unwrap();
                    }
                }
            }
            if random.random_bool(0.3) {
                world.pass(31).await;
            }
        }
        world.pass(31).await;
        let known = order != [Told::Query];
        let sql = format!(
            "payments where id = '{}' and status = 'success' and (external_txn_id is not null) = {known}",
            begun.payment.uuid()
        );
        assert_eq!(world.count(&sql).await, 1, "{order:?} of {n}, seed {seed}");
        all += 1;
        assert_eq!(
            world.count("payments").await,
            all,
            "{order:?} of {n}, seed {seed}"
        );
        assert_eq!(
            world.count("tickets").await,
            all,
            "{order:?} of {n}, seed {seed}"
        );
        // The next one is not of these ten minutes, as far as masks go.
        world.pass(700).await;
    }
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_eq!(
        world.count("ledger where debit = 'till'").await,
        world.count("payments").await
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_of_a_prompt_to_the_paybill_is_counted_once_in_any_order(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    counted_once(World::open(pool, options).await, false, 1).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_of_a_prompt_to_the_till_is_counted_once_in_any_order(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    counted_once(World::open(pool, options).await, true, 2).await;
}
