//! Money that a person has to look at.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::payments::deeds::NotDone;
use crate::tickets;

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_waits_is_dealt_with_by_one_tap_and_a_second_does_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let till = till(&world).await;
    for (receipt, account, amount) in [
        ("AAAAAAAA01", "<script>MAMA", "50.00"),
        ("AAAAAAAA02", "MAMA", "60.00"),
        ("AAAAAAAA03", "MAMA", "10.00"),
    ] {
        by_hand(&world, &till, receipt, account, amount).await;
        world.app.clock.advance(Duration::from_secs(1));
    }
    world.work().await;
    let page = cashier.get("/payments/unmatched").await.page();
    assert!(!page.contains("<script"), "{page}");
    assert!(
        page.contains("&#60;SCRIPT&#62;MAMA") && page.contains("2547•••149"),
        "{page}"
    );
    // The newest first; for ten shillings there is no plan.
    let waits = waiting(&page);
    assert_eq!(waits.len(), 2, "{page}");
    assert!(page.contains("No plan costs as little as this."));
    let home = cashier.get("/home").await.page();
    assert!(home.contains("waits to be sorted out"), "{home}");
    let (second, first) = (&waits[0], &waits[1]);
    let plan = world.shop.plan.id.to_string();
    let give = format!("/payments/unmatched/{first}/ticket");
    // Whoever may look may not decide, and a neighbour finds nothing.
    let got = reader.post(&give, &[("plan", &plan)]).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    let got = stranger.post(&give, &[("plan", &plan)]).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert_eq!(
        world.count("unmatched where closed_at is not null").await,
        0
    );
    // A voucher, once.
    for _ in 0..2 {
        cashier.post(&give, &[("plan", &plan)]).await.onward();
    }
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(world.count("ledger where cause = 'given'").await, 1);
    let page = cashier.get("/payments/unmatched").await.page();
    let code: String = read(&world.app, "select code from tickets").await;
    let code = mnara_protocol::ticket::code::TicketCode::parse(&code).unwrap();
    // Its code is one tap away, where it is written down who sees it.
    let hidden = tickets::masked(&code);
    assert!(
        page.contains(&hidden) && !page.contains(&code.shown()),
        "{page}"
    );
    let (_, link) = page.split_once("href=\"/vouchers/tkt_").unwrap();
    let voucher = format!("/vouchers/tkt_{}", link.split('"').next().unwrap());
    let seen = "audit where act = 'code-seen' and actor = 'staff'";
    assert_eq!(world.count(seen).await, 0);
    let page = cashier.get(&voucher).await.page();
    assert!(page.contains(&code.shown()), "{page}");
    assert_eq!(world.count(seen).await, 1);
    let page = reader.get("/payments/unmatched").await.page();
    assert!(!page.contains(&hidden), "a code is for whoever serves");
    // Back, once, with what was typed kept where it is wrong.
    let back = format!("/payments/unmatched/{second}/refund");
    for (receipt, reason, says) in [
        ("x", "rain", "Give the receipt of the refund"),
        ("AAAAAAAA02", "rain", "Give the receipt of the refund"),
        ("BBBBBBBB02", " ", "Say why"),
    ] {
        let got = cashier
            .post(&back, &[("receipt", receipt), ("reason", reason)])
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            got.text.contains(says) && got.text.contains(receipt),
            "{}",
            got.text
        );
    }
    let form = [("receipt", "bbbbbbbb02"), ("reason", "<script>rain")];
    for _ in 0..2 {
        cashier.post(&back, &form).await.onward();
    }
    let page = cashier.get("/payments/unmatched?closed=1").await.page();
    assert!(
        page.contains("BBBBBBBB02") && page.contains("&#60;script&#62;rain"),
        "{page}"
    );
    assert_eq!(world.count("ledger where cause = 'refund'").await, 1);
    // The third cannot go back by the receipt of the second, and no dearer plan is given for it.
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched where closed_at is null";
    let third: String = read(&world.app, sql).await;
    let back = format!("/payments/unmatched/{third}/refund");
    let got = cashier.post(&back, &form).await;
    assert!(got.text.contains("written down already"), "{}", got.text);
    let give = format!("/payments/unmatched/{third}/ticket");
    let got = cashier.post(&give, &[("plan", &plan)]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The money was a prompt's after all: what nobody dealt with is taken from the queue, and what somebody did is not paid twice.
    assert_eq!(balance(&world, "unmatched").await, 1_000);
    assert_eq!(world.count("audit where act like 'queue-%'").await, 2);
    let given = deed(&world, "queue-ticket").await;
    assert_eq!(given["before"], json!({"status": "waiting"}));
    assert_eq!(given["after"]["status"], "given");
    assert_eq!(given["after"]["plan"], world.shop.plan.name);
    let back = deed(&world, "queue-refund").await;
    assert_eq!(back["before"], json!({"status": "waiting"}));
    assert_eq!(back["after"]["status"], "refunded");
    assert_eq!(back["after"]["receipt"], "BBBBBBBB02");
    assert_balanced(&world, "the queue").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_of_the_queue_that_is_a_payments_becomes_its_and_is_never_spent_twice(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let till = till(&world).await;
    // By hand without an account, from what is told as another number, and the prompt's own callback long after.
    let first = world
        .begin(world.shop.ask(1, "254708374152"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    by_hand(&world, &till, "AAAAAAAA01", "", "50.00").await;
    world.work().await;
    world.pass(400).await;
    assert_eq!(balance(&world, "unmatched").await, 5_000);
    world.call_back(&secret, success(1, "AAAAAAAA01")).await;
    world.work().await;
    assert_eq!(world.status(first.payment).await, "success");
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_eq!(balance(&world, "till").await, -5_000);
    let page = owner.get("/payments/unmatched?closed=1").await.page();
    assert!(page.contains("AAAAAAAA01"), "{page}");
    // The same, but somebody was quicker: the receipt has had its voucher.
    let second = world
        .begin(world.shop.ask(2, "254708374150"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    by_hand(&world, &till, "AAAAAAAA02", "", "50.00").await;
    world.work().await;
    world.pass(400).await;
    let page = owner.get("/payments/unmatched").await.page();
    let give = format!("/payments/unmatched/{}/ticket", waiting(&page)[0]);
    let plan = world.shop.plan.id.to_string();
    owner.post(&give, &[("plan", &plan)]).await.onward();
    // As long as anybody asks, the rail says what its callback said.
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    world.call_back(&secret, success(2, "AAAAAAAA02")).await;
    for _ in 0..3 {
        world.pass(900).await;
    }
    assert_eq!(world.status(second.payment).await, "failed:expired");
    assert_eq!(
        world.flag(second.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(balance(&world, "till").await, -10_000);
    assert_balanced(&world, "claims").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_that_was_paid_after_all_is_not_counted_beside_what_a_person_gave_for_its_money(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let till = till(&world).await;
    // It ran out, and M-PESA took the money after that: its confirmation came, its callback never. From another device the same phone was asked as well.
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let ran_out = callback(1, json!(1037), None);
    world.call_back(&world.daraja.secret(), ran_out).await;
    world.work().await;
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    let cancelled = callback(2, json!(1032), None);
    world.call_back(&world.daraja.secret(), cancelled).await;
    world.work().await;
    by_hand(&world, &till, "AAAAAAAA01", "", "50.00").await;
    world.work().await;
    world.pass(400).await;
    let page = owner.get("/payments/unmatched").await.page();
    let give = format!("/payments/unmatched/{}/ticket", waiting(&page)[0]);
    let plan = world.shop.plan.id.to_string();
    owner.post(&give, &[("plan", &plan)]).await.onward();
    for _ in 0..3 {
        world.daraja.outcome("0");
    }
    for _ in 0..3 {
        world.pass(900).await;
    }
    assert_eq!(world.status(begun.payment).await, "failed:no-answer");
    assert_eq!(
        world.flag(begun.payment).await.as_deref(),
        Some("receipt-taken")
    );
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_balanced(&world, "paid after all").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_that_comes_days_late_waits_for_a_person_with_its_voucher(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    for (n, phone) in [(1, PHONE), (2, "254708374150")] {
        let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
        let secret = world.daraja.secret();
        world.app.clock.advance(Duration::from_secs(2 * DAY));
        world.work().await;
        let receipt = format!("AAAAAAAA0{n}");
        world.call_back(&secret, success(n.into(), &receipt)).await;
        world.work().await;
        assert_eq!(world.status(begun.payment).await, "success");
    }
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/payments/unmatched").await.page();
    let waits = waiting(&page);
    assert_eq!(waits.len(), 2, "{page}");
    assert!(
        page.contains("Came too late") && page.contains("AAAAAAAA02"),
        "{page}"
    );
    // Their vouchers' codes are one tap away.
    assert_eq!(
        page.matches("<a href=\"/vouchers/tkt_").count(),
        2,
        "{page}"
    );
    for n in [0, 1] {
        let sql = format!("select code from tickets order by id offset {n} limit 1");
        let code: String = read(&world.app, &sql).await;
        let code = mnara_protocol::ticket::code::TicketCode::parse(&code).unwrap();
        assert!(
            page.contains(&tickets::masked(&code)) && !page.contains(&code.shown()),
            "{page}"
        );
    }
    // Its money is the voucher's, not unmatched.
    assert_eq!(balance(&world, "unmatched").await, 0);
    let send = format!("/payments/unmatched/{}/ticket", waits[0]);
    for _ in 0..2 {
        owner.post(&send, &[]).await.onward();
    }
    let back = format!("/payments/unmatched/{}/refund", waits[1]);
    let form = [("receipt", "BBBBBBBB01"), ("reason", "late")];
    for _ in 0..2 {
        owner.post(&back, &form).await.onward();
    }
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(world.count("tickets where revoked_at is not null").await, 1);
    assert_eq!(world.count("refunds").await, 1);
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_eq!(balance(&world, "tickets").await, 5_000);
    assert_balanced(&world, "late").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_decided_about_last_comes_first_and_each_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    many(&world, 32).await;
    let (provider, actor) = (world.shop.provider, somebody(&world).await);
    let sql = "select array_agg(id order by at desc, id desc) from unmatched";
    let ids: Vec<sqlx::types::Uuid> = read(&world.app, sql).await;
    let (oldest, newer) = ids.split_last().unwrap();
    for (n, id) in newer.iter().enumerate() {
        let id = mnara_protocol::ids::UnmatchedId::from_uuid(*id);
        let receipt = format!("BBBBBB{n:04}");
        let said = (receipt.as_str(), "rain");
        resolve::refund(&world.app, (provider, actor), id, said, false)
            .await
            .unwrap();
        world.app.clock.advance(Duration::from_secs(1));
    }
    // Of the oldest it is said that it is found below.
    let oldest = mnara_protocol::ids::UnmatchedId::from_uuid(*oldest);
    let plan = world.shop.plan.id.to_string();
    let give = format!("/payments/unmatched/{oldest}/ticket");
    let next = owner.post(&give, &[("plan", &plan)]).await.onward();
    let page = owner.get(&next).await.page();
    assert!(page.contains("href=\"/vouchers/tkt_"), "{page}");
    // One by one through all of it.
    let (mut next, mut receipts) = ("/payments/unmatched?closed=1".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = owner.get(&next).await.page();
        let found = page
            .match_indices("AAAAAA")
            .map(|(at, _)| &page[at..at + 10]);
        receipts.extend(found.map(str::to_owned));
        let Some((_, older)) = page.split_once("href=\"/payments/unmatched?closed=1&") else {
            break;
        };
        let query = older.split('"').next().unwrap();
        let query = query.trim_start_matches("#38;").trim_start_matches("amp;");
        next = format!("/payments/unmatched?closed=1&{query}");
    }
    assert_eq!(receipts.len(), 32, "{receipts:?}");
    assert_eq!(receipts.first().map(String::as_str), Some("AAAAAA0000"));
    receipts.sort_unstable();
    receipts.dedup();
    assert_eq!(receipts.len(), 32, "{receipts:?}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_of_the_queue_is_found_by_its_receipt_and_stays_in_sight_when_an_act_is_refused(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    many(&world, 31).await;
    let page = owner.get("/payments/unmatched").await.page();
    assert!(!page.contains("AAAAAA0000"), "{page}");
    // The customer shows the receipt.
    let page = owner.get("/payments?receipt=aaaaaa0000").await.page();
    assert!(page.contains("This money came in"), "{page}");
    let (_, link) = page.split_once("href=\"/payments/unmatched?").unwrap();
    let link = format!("/payments/unmatched?{}", link.split('"').next().unwrap());
    let page = owner.get(&link).await.page();
    assert!(page.contains("AAAAAA0000"), "{page}");
    let waits = waiting(&page);
    assert_eq!(waits.len(), 1, "{page}");
    let back = format!("/payments/unmatched/{}/refund", waits[0]);
    let form = [("receipt", "x"), ("reason", "rain on the roof")];
    let got = owner.post(&back, &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    for text in ["AAAAAA0000", "AAAAAA0030", "rain on the roof"] {
        assert!(got.text.contains(text), "{text}: {}", got.text);
    }
    // Once it is dealt with as well.
    let form = [("receipt", "BBBBBB0000"), ("reason", "rain on the roof")];
    owner.post(&back, &form).await.onward();
    let page = owner.get(&link).await.page();
    assert!(
        page.contains("BBBBBB0000") && !page.contains("AAAAAA0001"),
        "{page}"
    );
    let other = "/payments/unmatched?receipt=ZZZZZZ0000";
    let page = owner.get(other).await.page();
    assert!(page.contains("No money here has this receipt"), "{page}");
    let page = owner.get("/payments?receipt=ZZZZZZ0000").await.page();
    assert!(page.contains("No payment fits"), "{page}");
}

/// Money that is nobody's, one after the other.
async fn many(world: &World, count: u32) {
    let till = till(world).await;
    for n in 0..count {
        by_hand(world, &till, &format!("AAAAAA{n:04}"), "MAMA", "50.00").await;
        world.work().await;
        world.app.clock.advance(Duration::from_secs(1));
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_by_which_money_of_the_queue_went_back_is_no_payments_as_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    member(&world, Role::Owner, 1).await;
    let (provider, actor) = (world.shop.provider, somebody(&world).await);
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    by_hand(&world, &till, "AAAAAAAA01", "MAMA", "50.00").await;
    world.work().await;
    let id = read(&world.app, "select id from unmatched").await;
    let id = mnara_protocol::ids::UnmatchedId::from_uuid(id);
    let said = ("BACK000001", "paid twice");
    resolve::refund(&world.app, (provider, actor), id, said, false)
        .await
        .unwrap();
    let noted = |receipt| Noted {
        amount: Money::from_shillings(50),
        receipt,
        reason: "rain",
    };
    let done = note(&world.app, provider, actor, paid, noted("BACK000001")).await;
    assert!(matches!(done, Err(NotDone::ReceiptTaken)), "{done:?}");
    assert_eq!(world.count("refunds").await, 0);
    note(&world.app, provider, actor, paid, noted("BACK000002"))
        .await
        .unwrap();
    assert_eq!(world.count("refunds").await, 1);
    assert_balanced(&world, "one receipt for two").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_that_is_written_down_twice_at_once_is_the_queues_or_a_payments(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    member(&world, Role::Owner, 1).await;
    let (provider, actor) = (world.shop.provider, somebody(&world).await);
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    by_hand(&world, &till, "AAAAAAAA01", "MAMA", "50.00").await;
    world.work().await;
    let id = read(&world.app, "select id from unmatched").await;
    let id = mnara_protocol::ids::UnmatchedId::from_uuid(id);
    // Written down for the queue, and not committed yet.
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let (who, said) = ((provider, actor), ("BACK000001", "paid twice"));
    resolve::refund_by_hand_in(&world.app, &mut tx, who, id, said, false)
        .await
        .unwrap();
    let is_noted = AtomicBool::new(false);
    let noting = async {
        let noted = Noted {
            amount: Money::from_shillings(50),
            receipt: "BACK000001",
            reason: "rain",
        };
        let done = note(&world.app, provider, actor, paid, noted).await;
        is_noted.store(true, Ordering::Relaxed);
        done
    };
    let committed = async {
        let waits = "pg_locks where locktype = 'advisory' and not granted
                     and database = (select oid from pg_database where datname = current_database())";
        while !is_noted.load(Ordering::Relaxed) && world.count(waits).await == 0 {
            tokio::task::yield_now().await;
        }
        tx.commit().await.unwrap();
    };
    let (done, ()) = futures_util::future::join(noting, committed).await;
    assert!(matches!(done, Err(NotDone::ReceiptTaken)), "{done:?}");
    assert_eq!(world.count("refunds").await, 0);
    assert_balanced(&world, "one receipt for two at once").await;
}
