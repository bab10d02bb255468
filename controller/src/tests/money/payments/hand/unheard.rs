//! Money by hand at a till beside prompts: those whose end is still to come, and those of which nobody will hear.

use super::*;
use crate::rails::daraja::eat;

/// A prompt whose call came to no answer.
async fn unheard(world: &World, n: u8, phone: &str) -> (PaymentId, String) {
    world.daraja.push(503, "");
    let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
    assert_eq!(world.status(begun.payment).await, "pending");
    (begun.payment, world.daraja.secret())
}

async fn assert_balanced(world: &World) {
    world.books_are_equal().await;
    let found = crate::reports::books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(found.wrong, []);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_by_hand_waits_two_minutes_for_a_prompt_that_nobody_can_be_asked_about(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let hash = hex::encode(Sha256::digest("254708374152"));
    for (n, phone, payer) in [
        (1, "254708374151", "2547 ***** 151"),
        (2, "254708374152", hash.as_str()),
    ] {
        let (prompt, secret) = unheard(&world, n, phone).await;
        world.pass(30).await;
        let receipt = format!("RKL51ZDR4{n}");
        told(&world, &path, confirmation(&receipt, "", payer, "50.00")).await;
        assert_eq!(world.count("callbacks where handled_at is null").await, 1);
        assert_eq!(world.status(prompt).await, "pending");
        for _ in 0..3 {
            world.pass(30).await;
        }
        assert_eq!(world.status(prompt).await, "success", "{payer}");
        assert_eq!(delivered(&world, n).await.len(), 1);
        let settled =
            format!("payments where settled_by = 'c2b' and external_txn_id = '{receipt}'");
        assert_eq!(world.count(&settled).await, 1);
        // It was shown after all, and paid as well: that is money for a person.
        let second = success(u32::from(n), &format!("NLJ7RT61S{n}"));
        world.call_back(&secret, second).await;
        world.work().await;
        assert_eq!(world.flag(prompt).await.as_deref(), Some("second-receipt"));
        let double = "unmatched where reason = 'double'";
        assert_eq!(world.count(double).await, i64::from(n));
    }
    assert_eq!(world.count("tickets").await, 2);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_several_devices_can_be_meant_money_beside_an_unheard_prompt_waits_for_a_claim(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let (first, _) = unheard(&world, 1, "254708374151").await;
    let (second, _) = unheard(&world, 2, "254718374151").await;
    let body = confirmation("RKL51ZDR41", "", "2547 ***** 151", "50.00");
    told(&world, &path, body).await;
    for _ in 0..5 {
        world.pass(30).await;
    }
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    // One of them names the receipt: its prompt was what the money was for.
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(
        claim(&world, 2, "RKL51ZDR41", "254718374151").await,
        unknown
    );
    world.pass(30).await;
    assert_eq!(world.status(second).await, "success");
    assert_eq!(world.status(first).await, "pending");
    assert_eq!(delivered(&world, 2).await.len(), 1);
    // Another device that was shown how to pay as much from such a number may have paid as well.
    let (third, _) = unheard(&world, 3, "254708374153").await;
    place(&world, 4, Some("254718374153")).await;
    let body = confirmation("RKL51ZDR42", "", "2547 ***** 153", "50.00");
    told(&world, &path, body).await;
    for _ in 0..11 {
        world.pass(30).await;
    }
    let waits = "unmatched where receipt = 'RKL51ZDR42' and closed_at is null";
    assert_eq!(world.count(waits).await, 1);
    assert_eq!(world.status(third).await, "pending");
    assert_eq!(claim(&world, 4, "RKL51ZDR42", "254718374153").await, None);
    assert_eq!(delivered(&world, 4).await.len(), 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn while_a_prompt_is_pending_only_its_own_device_gets_what_its_receipt_names(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let body = confirmation("RKL51ZDR41", "", "2547 ***** 149", "50.00");
    told(&world, &path, body).await;
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 2, "RKL51ZDR41", PHONE).await, unknown);
    world.pass(30).await;
    assert_eq!(delivered(&world, 2).await.len(), 0);
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    world.pass(30).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.status(begun.payment).await, "pending");
    // The rail says of the prompt that it was paid, and tells no receipt: that money may be the same.
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    for _ in 0..4 {
        world.pass(30).await;
    }
    assert_eq!(world.status(begun.payment).await, "failed:expired");
    assert_eq!(
        world.flag(begun.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompts_money_that_is_told_of_long_after_it_is_counted_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.pass(20).await;
    let paid = eat::digits(world.app.clock.now());
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    for _ in 0..12 {
        world.pass(60).await;
    }
    let body = confirmation("RKL51ZDR41", "", "2547 ***** 149", "50.00");
    let body = String::from_utf8(body).unwrap();
    let body = body.replace("20270115110130", &paid);
    told(&world, &path, body.into_bytes()).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.status(begun.payment).await, "pending");
    let kept = "payments where push = 'hand' and paid_at < created_at - interval '10 minutes'";
    assert_eq!(world.count(kept).await, 1);
    // The rail says of the prompt that it was paid, and tells no receipt: by M-PESA's clock that money is the same.
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    for _ in 0..4 {
        world.pass(300).await;
    }
    assert_eq!(world.status(begun.payment).await, "failed:expired");
    assert_eq!(
        world.flag(begun.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_was_paid_long_before_a_prompt_is_not_the_prompts_however_late_it_is_told_of(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let paid = eat::digits(world.app.clock.now().plus_secs(-40 * 60));
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.pass(20).await;
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    world.pass(60).await;
    let body = confirmation("RKL51ZDR41", "", "2547 ***** 149", "50.00");
    let body = String::from_utf8(body).unwrap();
    let body = body.replace("20270115110130", &paid);
    told(&world, &path, body.into_bytes()).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.status(begun.payment).await, "pending");
    // The prompt was paid as well, and the rail tells no receipt of it: both are money, and each has its voucher.
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    for _ in 0..4 {
        world.pass(300).await;
    }
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count("payments where status = 'success'").await, 2);
    assert_eq!(world.count("tickets").await, 2);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_was_paid_before_a_prompt_began_is_not_what_the_prompt_was_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let paid = eat::digits(world.app.clock.now());
    world.pass(300).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let body = confirmation("RKL51ZDR41", "", "2547 ***** 149", "50.00");
    let body = String::from_utf8(body).unwrap();
    let body = body.replace("20270115110130", &paid);
    told(&world, &path, body.into_bytes()).await;
    for _ in 0..11 {
        world.pass(30).await;
    }
    // It waits for its owner, not for the end of a prompt that came after it.
    let waits = "unmatched where receipt = 'RKL51ZDR41' and closed_at is null";
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.count(waits).await, 1);
    // The prompt was paid as well, and the rail tells no receipt: that is other money.
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    for _ in 0..4 {
        world.pass(300).await;
    }
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count(waits).await, 1);
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}
