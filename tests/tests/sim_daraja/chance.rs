//! Pushes, answers, queries and jumps of time in a drawn order, and what must hold afterwards whatever was drawn. A failure
//! prints its seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use mnara_tests::sim::daraja::{
    Act, Answer, Callback, Code, DeliveryKind, Lock, Payment, QueryAnswer, Refusal, Reply, Script,
    When,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;

use super::world::{PUSH, STAMP, World};

const PHONES: [&str; 3] = ["254708374149", "254110000001", "254720000002"];
const STEPS: usize = 60;

#[tokio::test]
async fn whatever_happens_the_books_agree() {
    for seed in 1..=12 {
        let played = tokio::spawn(play(seed)).await;
        assert!(played.is_ok(), "seed {seed}");
    }
}

async fn play(seed: u64) {
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut world = World::hand().await;
    world.daraja.tune(|knobs| {
        knobs.timestamp_skew_s = None;
        knobs.query_per_minute = None;
        // One of them ends the first prompt and one the second, so a lock is let go in every way.
        knobs.lock = [Lock::Refuse, Lock::EndFirst, Lock::EndSecond][rng.random_range(0..3)];
    });
    world.register_c2b("v2", "Completed").await;
    let mut token = world.token().await;
    let mut accepted = BTreeSet::new();
    let mut paid_by_hand = BTreeSet::new();
    for _ in 0..STEPS {
        match rng.random_range(0..10) {
            0..=4 => {
                world.daraja.script_next(script(rng));
                let phone = PHONES[rng.random_range(0..PHONES.len())];
                let order = world.order_at(rng.random_range(1..4), phone, STAMP);
                let (status, body) = world.post_as(&token, PUSH, &order).await;
                if status == 404 {
                    token = world.token().await;
                }
                if let Some(checkout) = body["CheckoutRequestID"].as_str() {
                    assert!(
                        accepted.insert(checkout.to_owned()),
                        "an id was given twice"
                    );
                }
                // A refused push leaves its script unused only when the token was old.
                world.daraja.script(|scripts| scripts.next.clear());
            }
            5 | 6 => {
                let phone = PHONES[rng.random_range(0..PHONES.len())];
                let answers = [
                    Answer::Accept,
                    Answer::Cancel,
                    Answer::WrongPin,
                    Answer::Ignore,
                ];
                let answer = &answers[rng.random_range(0..answers.len())];
                let prompt =
                    world.daraja.payments().into_iter().find(|payment| {
                        payment.shown && payment.is_live() && payment.msisdn == phone
                    });
                // It may have ended in this moment.
                if let Some(prompt) = prompt
                    && world.daraja.answer(phone, answer).is_ok()
                    && *answer == Answer::Accept
                {
                    paid_by_hand.insert(prompt.number);
                }
            }
            7 => {
                if let Some(checkout) = accepted.iter().next_back() {
                    let question = world.question(checkout);
                    let (status, body) = world
                        .post_as(&token, "/mpesa/stkpushquery/v1/query", &question)
                        .await;
                    let told = (status, &body["ResultCode"], &body["errorCode"]);
                    assert!(
                        status == 200 && body["ResultCode"].is_string()
                            || [400, 404, 500].contains(&status) && body["errorCode"].is_string()
                            || status == 429 && body["fault"].is_object(),
                        "{told:?}"
                    );
                }
            }
            _ => world
                .daraja
                .advance(Duration::from_secs(rng.random_range(1..90))),
        }
        one_prompt_a_phone(&world);
        while world.callbacks.try_recv().is_ok() {}
    }
    settle(&mut world, &paid_by_hand).await;
    let payments = world.daraja.payments();
    for payment in &payments {
        let ended = payment.ended().expect("every prompt has ended");
        assert_eq!(
            ended.code == Code::PAID,
            ended.receipt.is_some(),
            "a receipt belongs to a payment: {payment:?}"
        );
    }
    books_agree(&world, &payments, &paid_by_hand);
    assert_eq!(
        world.told("/prompts").await,
        json!([]),
        "every lock is let go"
    );
    world.daraja.stop().await;
}

/// Draws what happens to one payment.
fn script(rng: &mut StdRng) -> Script {
    let when = [
        When::AfterAnswer,
        When::AfterAnswer,
        When::BeforeReply,
        When::Never,
    ][rng.random_range(0..4)];
    let prompt = match rng.random_range(0..5) {
        0 => None,
        1 => Some(Act::NoAnswer),
        2 => Some(Act::Accept {
            after_ms: rng.random_range(0..5_000),
        }),
        _ => Some(Act::End {
            code: Code::Number([1, 1032, 2001, 8006][rng.random_range(0..4)]),
            after_ms: rng.random_range(0..5_000),
        }),
    };
    let late = matches!(prompt, Some(Act::End { .. })) && rng.random_bool(0.3);
    let replies = [
        Reply::Normal,
        Reply::Normal,
        Reply::Normal,
        Reply::Error(Refusal::SystemBusy),
        Reply::Fault,
    ];
    Script {
        reply: replies[rng.random_range(0..replies.len())].clone(),
        accepted: rng.random_bool(0.5),
        prompt,
        callback: Callback {
            when,
            delay_ms: rng.random_range(0..3_000),
            copies: rng.random_range(1..4),
            parallel: rng.random_bool(0.5),
            again_after_ms: (0..rng.random_range(0..3)).map(|at| at * 1_000).collect(),
        },
        query: vec![QueryAnswer::RateLimited; rng.random_range(0..2)],
        late_success_ms: late.then_some(2_000),
        ..Script::default()
    }
}

fn one_prompt_a_phone(world: &World) {
    let mut live = BTreeMap::new();
    for payment in world.daraja.payments() {
        if payment.shown && payment.is_live() {
            let other = live.insert(payment.msisdn.clone(), payment.number);
            assert!(other.is_none(), "{} shows two prompts", payment.msisdn);
        }
    }
}

/// Lets all time pass that anything waits for, and waits for every delivery.
async fn settle(world: &mut World, paid_by_hand: &BTreeSet<u64>) {
    for _ in 0..4 {
        world.daraja.advance(Duration::from_secs(120));
        for payment in world.daraja.payments() {
            world
                .daraja
                .await_end(&payment.checkout_request_id)
                .await
                .unwrap();
        }
    }
    let payments = world.daraja.payments();
    for payment in payments
        .iter()
        .filter(|payment| ends(payment, paid_by_hand) == 2)
    {
        world
            .daraja
            .await_payment(|now| {
                now.number == payment.number
                    && now.ended().is_some_and(|ended| ended.receipt.is_some())
            })
            .await
            .unwrap();
    }
    world.daraja.advance(Duration::from_secs(120));
    let callbacks: usize = payments
        .iter()
        .map(|payment| scripted(payment, paid_by_hand))
        .sum();
    let confirmations = world.daraja.ledger().len();
    let receiver = &mut world.callbacks;
    let drain = async { while receiver.recv().await.is_some() {} };
    let all = world
        .daraja
        .await_deliveries(callbacks + confirmations, |_| true);
    tokio::select! {
        all = all => assert_eq!(all.unwrap().len(), callbacks + confirmations),
        () = drain => unreachable!("the receiver lives as long as the world"),
    }
}

/// How often a payment ends: a failed one may succeed after all, unless a person has paid it before it could fail.
fn ends(payment: &Payment, paid_by_hand: &BTreeSet<u64>) -> usize {
    let late = payment.script.late_success_ms.is_some();
    if late && !paid_by_hand.contains(&payment.number) {
        2
    } else {
        1
    }
}

/// How many callbacks a payment's script asks for.
fn scripted(payment: &Payment, paid_by_hand: &BTreeSet<u64>) -> usize {
    let callback = &payment.script.callback;
    let copies = usize::from(callback.copies);
    match callback.when {
        When::AfterAnswer => {
            ends(payment, paid_by_hand) * copies * (1 + callback.again_after_ms.len())
        }
        // Sent once while the push waits; a late success has no push that waits.
        When::BeforeReply => copies,
        When::Held | When::Never => 0,
    }
}

fn books_agree(world: &World, payments: &[Payment], paid_by_hand: &BTreeSet<u64>) {
    let mut sent: BTreeMap<u64, usize> = BTreeMap::new();
    for delivery in world.daraja.deliveries() {
        if delivery.kind == DeliveryKind::StkCallback {
            *sent.entry(delivery.payment.unwrap()).or_default() += 1;
            assert_eq!(delivery.status, Some(200));
        }
    }
    for payment in payments {
        assert_eq!(
            sent.get(&payment.number).copied().unwrap_or_default(),
            scripted(payment, paid_by_hand),
            "{payment:?}"
        );
    }
    let receipts: BTreeSet<_> = payments
        .iter()
        .filter_map(|payment| payment.ended()?.receipt.clone())
        .collect();
    let booked: Vec<_> = world
        .daraja
        .ledger()
        .into_iter()
        .map(|transaction| transaction.receipt)
        .collect();
    assert_eq!(booked.len(), receipts.len(), "one receipt for each payment");
    assert_eq!(booked.into_iter().collect::<BTreeSet<_>>(), receipts);
    assert!(world.daraja.ledger().is_sorted_by_key(|booked| booked.at));
}
