//! Money by hand at a paybill and at a till, and whose it is.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_pays_the_paybill_by_hand_with_the_devices_code_is_online(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let refused = asked(&world, 1, question(&world, 1, None)).await;
    assert!(
        matches!(refused, Answer::NotPrompted(_)),
        "nobody would hear of it"
    );
    let path = open_till(&world, false).await;
    let rows = world.feed(world.shop.site).await;
    let opened = rows
        .iter()
        .any(|row| matches!(row, Row::Site(row) if row.by_hand == Some(ByHand::Paybill)));
    assert!(opened, "the site's portal offers it");
    let shown = place(&world, 1, None).await;
    assert_eq!(
        (shown.kind, shown.number.as_str()),
        (ByHand::Paybill, "174371")
    );
    let code = shown.account.unwrap();
    assert_eq!(
        place(&world, 1, None).await.account.as_ref(),
        Some(&code),
        "it is the device's"
    );
    assert_ne!(place(&world, 2, None).await.account.as_ref(), Some(&code));
    // As people type it, told four times.
    let typed = format!("{} {}", code[..4].to_lowercase(), &code[4..]);
    for _ in 0..4 {
        told(
            &world,
            &path,
            confirmation("RKL51ZDR4F", &typed, "2547 ***** 149", "50.00"),
        )
        .await;
    }
    let tickets = delivered(&world, 1).await;
    assert_eq!(tickets.len(), 1);
    assert!(tickets[0].deliver_until.unwrap() > world.app.clock.now());
    let hand = "payments where push = 'hand' and settled_by = 'c2b' and external_txn_id = 'RKL51ZDR4F' and payer = '2547*149' and msisdn is null";
    assert_eq!(world.count(hand).await, 1);
    assert_eq!(
        world
            .count("ledger where cause = 'paid' and debit = 'till' and cents = 5000")
            .await,
        1
    );
    assert_eq!(world.count("unmatched").await, 0);
    world.books_are_equal().await;
    // It stands among the payments with its story.
    let mut owner = member(&world, Role::Owner, 1).await;
    let list = owner.get("/payments").await.page();
    assert!(list.contains("2547•••149"), "{list}");
    let id = list.split("/payments/pay_").nth(1).unwrap();
    let one = owner
        .get(&format!("/payments/pay_{}", &id[..32]))
        .await
        .page();
    assert!(
        one.contains("RKL51ZDR4F") && one.contains("2547•••149"),
        "{one}"
    );
    // A second payment is a second ticket; a slip of the finger and an amount that is no plan's wait for a person.
    told(
        &world,
        &path,
        confirmation("RKL51ZDR5F", &code, "254708374149", "50.00"),
    )
    .await;
    assert_eq!(delivered(&world, 1).await.len(), 2);
    assert_eq!(
        world.count("customers where msisdn = '254708374149'").await,
        1
    );
    let last = if code.ends_with('9') { '0' } else { '9' };
    let slip = format!("{}{last}", &code[..7]);
    told(
        &world,
        &path,
        confirmation("RKL51ZDR6F", &slip, "2547 ***** 149", "50.00"),
    )
    .await;
    told(
        &world,
        &path,
        confirmation("RKL51ZDR7F", &code, "2547 ***** 149", "45.00"),
    )
    .await;
    assert_eq!(
        world
            .count("unmatched where reason = 'nobody' and site_id is null")
            .await,
        1
    );
    assert_eq!(
        world
            .count("unmatched where reason = 'amount' and site_id is not null")
            .await,
        1
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_pays_the_till_by_hand_is_told_by_number_and_amount_if_only_one_can_be_meant(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let shown = place(&world, 1, Some("254708374149")).await;
    assert_eq!(
        (shown.kind, shown.number.as_str(), shown.account),
        (ByHand::Till, TILL, None)
    );
    // Hidden in each of the three ways.
    let hash = hex::encode(Sha256::digest("254708374149"));
    for (index, payer) in ["2547 ***** 149", "25470****149", hash.as_str()]
        .into_iter()
        .enumerate()
    {
        place(&world, 1, Some("254708374149")).await;
        told(
            &world,
            &path,
            confirmation(&format!("RKL51ZDR4{index}"), "", payer, "50.00"),
        )
        .await;
        assert_eq!(delivered(&world, 1).await.len(), index + 1, "{payer}");
    }
    assert_eq!(
        world
            .count("payments where msisdn = '254708374149' and push = 'hand'")
            .await,
        3
    );
    // Who pays first and asks then is found as well; another amount is nobody's.
    told(
        &world,
        &path,
        confirmation("RKL51ZDR50", "", "2547 ***** 150", "50.00"),
    )
    .await;
    told(
        &world,
        &path,
        confirmation("RKL51ZDR51", "", "2547 ***** 150", "40.00"),
    )
    .await;
    assert_eq!(world.count("callbacks where handled_at is null").await, 2);
    place(&world, 2, Some("254708374150")).await;
    world.pass(60).await;
    assert_eq!(delivered(&world, 2).await.len(), 1);
    // Whose prompt failed may pay by hand without a word.
    let begun = world
        .begin(world.shop.ask(3, "254708374151"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), callback(1, json!(1032), None))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "failed:cancelled");
    told(
        &world,
        &path,
        confirmation("RKL51ZDR52", "", "2547 ***** 151", "50.00"),
    )
    .await;
    assert_eq!(delivered(&world, 3).await.len(), 1);
    // Of two that may be meant nobody can tell: the money waits for a claim.
    place(&world, 4, Some("254708374152")).await;
    place(&world, 5, Some("254718374152")).await;
    told(
        &world,
        &path,
        confirmation("RKL51ZDR53", "", "2547 ***** 152", "50.00"),
    )
    .await;
    for _ in 0..11 {
        world.pass(30).await;
    }
    assert_eq!(
        world
            .count("unmatched where receipt = 'RKL51ZDR53' and closed_at is null")
            .await,
        1
    );
    assert_eq!(claim(&world, 5, "rkl51 zdr53", "254718374152").await, None);
    assert_eq!(delivered(&world, 5).await.len(), 1);
    assert_eq!(delivered(&world, 4).await.len(), 0);
    assert_eq!(
        world.count("unmatched where closed_at is null").await,
        1,
        "forty shillings"
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_that_was_paid_at_a_paybill_beside_money_that_names_another_account_has_its_ticket(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let payer = "2547 ***** 149";
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    let code = place(&world, 1, Some(PHONE)).await.account.unwrap();
    let body = confirmation("RKL51ZDR41", &code, payer, "50.00");
    told(&world, &path, body).await;
    assert_eq!(delivered(&world, 1).await.len(), 1);
    // And money with nobody's account, which waits in the queue until its receipt is named.
    let body = confirmation("RKL51ZDR42", "MAMA", payer, "50.00");
    told(&world, &path, body).await;
    assert_eq!(claim(&world, 1, "RKL51ZDR42", PHONE).await, None);
    assert_eq!(delivered(&world, 1).await.len(), 2);
    // The rail says that the prompt was paid, and tells no receipt: its own money names its own account, so it is not one of these.
    world.daraja.outcome("0");
    world.pass(60).await;
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.flag(begun.payment).await, None);
    assert_eq!(delivered(&world, 1).await.len(), 3);
    let own = pushed["AccountReference"].as_str().unwrap();
    let body = confirmation("RKL51ZDR43", own, payer, "50.00");
    told(&world, &path, body).await;
    let prompts = "payments where push <> 'hand' and external_txn_id = 'RKL51ZDR43'";
    assert_eq!(world.count(prompts).await, 1);
    let by_hand = "payments where push = 'hand' and status = 'success' and flag is null
                   and external_txn_id in ('RKL51ZDR41', 'RKL51ZDR42')";
    assert_eq!(world.count(by_hand).await, 2);
    assert_eq!(world.count("tickets").await, 3);
    let paid = "ledger where cause = 'paid' and credit = 'tickets' and cents = 5000";
    assert_eq!(world.count(paid).await, 3);
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_finds_its_device_after_midnight_is_of_one_day_in_rows_and_books(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    // Two minutes to midnight in Nairobi.
    world.pass(13 * 3600 - 120).await;
    let body = confirmation("RKL51ZDR50", "", "2547 ***** 150", "50.00");
    told(&world, &path, body).await;
    world.pass(180).await;
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    place(&world, 2, Some("254708374150")).await;
    world.pass(30).await;
    assert_eq!(delivered(&world, 2).await.len(), 1);
    let settled = "payments p join ledger l on l.payment_id = p.id and l.cause = 'paid'
                   where p.settled_at = l.at and l.day = report_day(p.created_at) + 1";
    assert_eq!(world.count(settled).await, 1);
    let found = crate::reports::books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(found.wrong, []);
    world.books_are_equal().await;
}
