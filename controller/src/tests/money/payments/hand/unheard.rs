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

/// Money by hand of the usual number is told of that came when M-PESA's clock said `paid`.
async fn told_of_then(world: &World, path: &str, paid: &str) {
    told_of_receipt(world, path, "RKL51ZDR41", paid).await;
}

async fn told_of_receipt(world: &World, path: &str, receipt: &str, paid: &str) {
    let body = confirmation(receipt, "", "2547 ***** 149", "50.00");
    let body = String::from_utf8(body).unwrap();
    let body = body.replace("20270115110130", paid);
    told(world, path, body.into_bytes()).await;
}

/// The rail is asked until nobody asks any more, and says each time that the prompt was paid, with no receipt.
async fn asked_and_paid(world: &World) {
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    for _ in 0..4 {
        world.pass(300).await;
    }
}

/// The prompt ended well with nothing for a person to look at, and there is one payment with one voucher.
async fn assert_sold_once(world: &World, prompt: PaymentId) {
    assert_eq!(world.status(prompt).await, "success");
    assert_eq!(world.flag(prompt).await, None);
    assert_eq!(world.count("payments").await, 1);
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(world).await;
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
    // It may be told of any moment; once no phone shows it any more, it was what was paid.
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    world.pass(30).await;
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    for _ in 0..3 {
        world.pass(30).await;
    }
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(delivered(&world, 1).await.len(), 1);
    // Its own callback after all, and what the rail says of it.
    world
        .call_back(&world.daraja.secret(), success(1, "RKL51ZDR41"))
        .await;
    world.daraja.outcome("0");
    world.pass(60).await;
    assert_sold_once(&world, begun.payment).await;
    // Another receipt is other money.
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(
        world.flag(begun.payment).await.as_deref(),
        Some("second-receipt")
    );
    assert_eq!(world.count("unmatched where reason = 'double'").await, 1);
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_names_the_receipt_of_the_prompt_that_was_paid_has_an_ordinary_payment(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 1, "NLJ7RT61SV", PHONE).await, unknown);
    let body = confirmation("NLJ7RT61SV", "", "2547 ***** 149", "50.00");
    told(&world, &path, body).await;
    assert_eq!(world.status(begun.payment).await, "pending");
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    world.pass(30).await;
    assert_eq!(world.count("callbacks where handled_at is null").await, 0);
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_sold_once(&world, begun.payment).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whose_prompt_fails_has_what_was_paid_by_hand_beside_it_by_the_receipt(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    // By number and amount nobody could tell: another was shown how to pay as much.
    place(&world, 2, Some("254718374149")).await;
    let body = confirmation("RKL51ZDR41", "", "2547 ***** 149", "50.00");
    told(&world, &path, body).await;
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    let cancelled = callback(1, json!(1032), None);
    world.call_back(&world.daraja.secret(), cancelled).await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "failed:cancelled");
    world.pass(30).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    let by_hand = "payments where push = 'hand' and external_txn_id = 'RKL51ZDR41'";
    assert_eq!(world.count(by_hand).await, 1);
    assert_eq!(world.count("payments where flag is not null").await, 0);
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_whose_money_may_have_come_by_hand_ends_and_its_phone_can_be_asked_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    // Two of one device, and its owner names the receipt: which of them was paid nobody can tell.
    let first = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.pass(121).await;
    let again = Ask {
        attempt: Some(attempt(9)),
        ..world.shop.ask(1, PHONE)
    };
    let second = world.begin(again).await.unwrap();
    world.pass(1).await;
    let paid = eat::digits(world.app.clock.now());
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    told_of_then(&world, &path, &paid).await;
    assert_eq!(delivered(&world, 1).await.len(), 0);
    for _ in 0..4 {
        world.pass(30).await;
    }
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.status(first.payment).await, "pending");
    // One was paid, and no receipt is told: that money may be the same, so a person has to look, and nobody waits for that.
    let odd = callback(1, json!(0), Some(("no receipt!", json!(50.00))));
    world.call_back(&secret, odd).await;
    let cancelled = callback(2, json!(1032), None);
    world.call_back(&world.daraja.secret(), cancelled).await;
    world.work().await;
    assert_eq!(world.status(first.payment).await, "failed:expired");
    assert_eq!(
        world.flag(first.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.status(second.payment).await, "failed:cancelled");
    assert_eq!(world.count("tickets").await, 1);
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
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
    told_of_then(&world, &path, &paid).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.status(begun.payment).await, "success");
    // The rail says of the prompt that it was paid: by M-PESA's clock that money is the same.
    asked_and_paid(&world).await;
    assert_sold_once(&world, begun.payment).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_that_ran_out_is_not_paid_by_what_came_by_hand_long_after_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.pass(20).await;
    let paid = eat::digits(world.app.clock.now());
    world
        .call_back(&world.daraja.secret(), callback(1, json!(1037), None))
        .await;
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, unknown);
    for _ in 0..12 {
        world.pass(60).await;
    }
    told_of_then(&world, &path, &paid).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    let kept = "payments where push = 'hand' and paid_at < created_at - interval '10 minutes'";
    assert_eq!(world.count(kept).await, 1);
    // The rail says that it was paid after all, and tells no receipt: by M-PESA's clock that money may be the same.
    asked_and_paid(&world).await;
    assert_eq!(world.status(begun.payment).await, "failed:no-answer");
    assert_eq!(
        world.flag(begun.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_that_was_paid_after_all_is_not_counted_beside_the_claim_of_its_payers_other_device(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), callback(1, json!(1037), None))
        .await;
    world.work().await;
    world.pass(20).await;
    let paid = eat::digits(world.app.clock.now());
    told_of_then(&world, &path, &paid).await;
    let _ = claim(&world, 2, "RKL51ZDR41", PHONE).await;
    assert_eq!(delivered(&world, 2).await.len(), 1);
    asked_and_paid(&world).await;
    assert_eq!(world.status(begun.payment).await, "failed:no-answer");
    assert_eq!(
        world.flag(begun.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_prompts_of_one_phone_the_other_has_its_own_money_when_a_device_names_the_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    // For each of two devices the phone was asked, and M-PESA took the money after the prompt had run out.
    let mut prompts = Vec::new();
    for n in [1, 2] {
        let begun = world.begin(world.shop.ask(n, PHONE)).await.unwrap();
        let ran_out = callback(n.into(), json!(1037), None);
        world.call_back(&world.daraja.secret(), ran_out).await;
        world.work().await;
        prompts.push(begun.payment);
    }
    world.pass(20).await;
    let paid = eat::digits(world.app.clock.now());
    for receipt in ["RKL51ZDR41", "RKL51ZDR42"] {
        told_of_receipt(&world, &path, receipt, &paid).await;
    }
    for _ in 0..11 {
        world.pass(30).await;
    }
    let waits = "unmatched where closed_at is null";
    assert_eq!(world.count(waits).await, 2);
    assert_eq!(claim(&world, 1, "RKL51ZDR41", PHONE).await, None);
    assert_eq!(delivered(&world, 1).await.len(), 1);
    asked_and_paid(&world).await;
    // One may have to wait for its turn to be asked about.
    for _ in 0..2 {
        world.pass(900).await;
    }
    let flag = world.flag(prompts[0]).await;
    assert_eq!(flag.as_deref(), Some("receipt-taken"));
    assert_eq!(world.status(prompts[1]).await, "success");
    assert_eq!(delivered(&world, 2).await.len(), 1);
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(world.count(waits).await, 0);
    let came = "ledger where debit = 'till' and cents = 5000";
    assert_eq!(world.count(came).await, 2);
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
    told_of_then(&world, &path, &paid).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(world.status(begun.payment).await, "pending");
    // The prompt was paid as well, and the rail tells no receipt of it: both are money, and each has its voucher.
    asked_and_paid(&world).await;
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
    told_of_then(&world, &path, &paid).await;
    for _ in 0..11 {
        world.pass(30).await;
    }
    // It waits for its owner, not for the end of a prompt that came after it.
    let waits = "unmatched where receipt = 'RKL51ZDR41' and closed_at is null";
    assert_eq!(world.status(begun.payment).await, "pending");
    assert_eq!(world.count(waits).await, 1);
    // The prompt was paid as well, and the rail tells no receipt: that is other money.
    asked_and_paid(&world).await;
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count(waits).await, 1);
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world).await;
}
