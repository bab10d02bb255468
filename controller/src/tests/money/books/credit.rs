//! Credit of a phone: given out of the queue, held by a prompt, spent with it, and never twice.

use super::statement::upload;
use super::*;
use crate::payments::unmatched::credit::make_over;
use crate::payments::unmatched::resolve::NotResolved;
use crate::tests::platform::admin::{admin, text};

/// Money of no order, from a number as the rail tells it; its name in the queue.
pub(super) async fn in_queue(
    world: &World,
    till: &str,
    receipt: &str,
    phone: &str,
    amount: &str,
) -> String {
    let body = json!({"TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20270115110130", "TransAmount": amount,
                      "BusinessShortCode": "174371", "BillRefNumber": "MAMA", "MSISDN": phone, "FirstName": "NICHOLAS"});
    let body = body.to_string().into_bytes();
    let (status, ..) = world.send(Method::POST, till, None, body).await;
    assert_eq!(status, StatusCode::OK);
    world.work().await;
    let sql = format!(
        "select 'unm_' || replace(id::text, '-', '') from unmatched where receipt = '{receipt}'"
    );
    read(&world.app, &sql).await
}

/// In cents, what a phone has free.
pub(super) async fn free(world: &World, phone: &str) -> i64 {
    let sql = format!(
        "select coalesce(sum(credit * 100), 0)::bigint from customers where msisdn = '{phone}'"
    );
    read(&world.app, &sql).await
}

/// What the last prompt asked for, in shillings.
fn asked(world: &World) -> i64 {
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    let amount = &pushed["Amount"];
    amount
        .as_i64()
        .or_else(|| amount.as_str().and_then(|text| text.parse().ok()))
        .unwrap()
}

pub(super) fn paid(number: u32, receipt: &str, amount: i64) -> Vec<u8> {
    callback(number, json!(0), Some((receipt, json!(amount))))
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn credit_is_given_by_one_tap_and_pays_a_part_of_the_next_voucher(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    let mut owner = member(&world, Role::Owner, 3).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let id = in_queue(&world, &till, "AAAAAAAA01", PHONE, "35.00").await;
    let page = cashier.get("/payments/unmatched").await.page();
    assert!(page.contains("Credit for 0708\u{a0}374\u{a0}149"), "{page}");
    let tap = format!("/payments/unmatched/{id}/credit");
    assert_eq!(reader.post(&tap, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(stranger.post(&tap, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(free(&world, PHONE).await, 0);
    // Another number that is typed changes nothing where the rail told it in full; and a second tap nothing at all.
    for _ in 0..2 {
        let form = [("phone", "0711 111 111")];
        cashier.post(&tap, &form).await.onward();
    }
    assert_eq!(free(&world, PHONE).await, 3_500);
    assert_eq!(balance(&world, "credit").await, 3_500);
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_balanced(&world, "given").await;
    let customer: String = read(
        &world.app,
        "select 'cust_' || replace(id::text, '-', '') from customers where credit > 0",
    )
    .await;
    let path = format!("/customers/{customer}");
    let page = owner.get(&path).await.page();
    assert!(
        page.contains("Credit: KSh\u{a0}35") && page.contains("AAAAAAAA01"),
        "{page}"
    );
    // Another phone pays the whole price; this one what is left of it.
    world
        .begin(world.shop.ask(1, "254708374150"))
        .await
        .unwrap();
    assert_eq!(asked(&world), 50);
    let begun = world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    assert_eq!(asked(&world), 15);
    assert_eq!(begun.credit, Money::from_shillings(35));
    // The same order again is the same, with the same word about it.
    let again = world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    assert_eq!(
        (again.payment, again.amount, again.credit),
        (begun.payment, begun.amount, begun.credit)
    );
    assert_eq!(free(&world, PHONE).await, 0);
    assert_balanced(&world, "held").await;
    let page = owner.get(&path).await.page();
    assert!(
        page.contains("A prompt that is out holds KSh\u{a0}35"),
        "{page}"
    );
    let secret = world.daraja.secret();
    for _ in 0..3 {
        world.call_back(&secret, paid(2, "AAAAAAAA02", 15)).await;
        world.work().await;
    }
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(balance(&world, "credit").await, 0);
    assert_eq!(balance(&world, "tickets").await, 5_000);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_balanced(&world, "spent").await;
    let page = cashier
        .get(&format!("/payments/{}", begun.payment))
        .await
        .page();
    assert!(
        page.contains("KSh\u{a0}50: KSh\u{a0}35 by credit, KSh\u{a0}15 by M-PESA"),
        "{page}"
    );
    // Reports count it as it was sold, and the books show both ways.
    let home = cashier.get("/home").await.page();
    assert!(home.contains("KSh\u{a0}50"), "{home}");
    let mut admin = admin(&world).await;
    let page = text(&admin.get("/admin").await.page());
    assert!(page.contains("KSh 50 24 hours"), "{page}");
    let page = text(&admin.get("/admin/providers").await.page());
    assert!(page.contains("paid in 30 days: KSh 50"), "{page}");
    let books = owner.get("/books").await.page();
    assert!(books.contains("Credit of phones"), "{books}");
    let day = owner.get("/books/day").await.page();
    assert!(
        day.contains("Became credit of a phone") && day.contains("Paid by credit, for a voucher"),
        "{day}"
    );
    let said = owner.get("/audit").await.page();
    assert!(
        said.contains("made money over to a phone as credit"),
        "{said}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_number_that_is_typed_has_to_fit_what_the_rail_shows(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let id = in_queue(&world, &till, "AAAAAAAA01", "2547 ***** 149", "80.00").await;
    let tap = format!("/payments/unmatched/{id}/credit");
    for (typed, says) in [
        ("", "Give a Kenyan mobile number"),
        ("12", "Give a Kenyan mobile number"),
        ("0708 374 150", "This is not the number that paid"),
    ] {
        let got = cashier.post(&tap, &[("phone", typed)]).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains(says), "{}", got.text);
    }
    assert_eq!(balance(&world, "credit").await, 0);
    cashier
        .post(&tap, &[("phone", "0708 374 149")])
        .await
        .onward();
    assert_eq!(free(&world, PHONE).await, 8_000);
    // More credit than the price: the phone is asked for a shilling, and keeps the rest.
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    assert_eq!(asked(&world), 1);
    world
        .call_back(&world.daraja.secret(), paid(1, "AAAAAAAA02", 1))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(free(&world, PHONE).await, 3_100);
    assert_balanced(&world, "more than the price").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_failed_gives_its_credit_back_and_what_is_paid_after_all_never_spends_it_twice(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let actor = somebody(&world).await;
    let id = in_queue(&world, &till, "AAAAAAAA01", PHONE, "30.00").await;
    let give = async |id: &str| {
        let id = id.parse().unwrap();
        make_over(&world.app, (world.shop.provider, actor), id, None, false).await
    };
    give(&id).await.unwrap();
    // Cancelled: the credit is free again. Told twice, it is given back once.
    let first = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let first_secret = world.daraja.secret();
    for _ in 0..2 {
        world
            .call_back(&first_secret, callback(1, json!(1037), None))
            .await;
        world.work().await;
    }
    assert!(world.status(first.payment).await.starts_with("failed"));
    assert_eq!(free(&world, PHONE).await, 3_000);
    assert_balanced(&world, "given back").await;
    // The next one spends it.
    let second = world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), paid(2, "AAAAAAAA02", 20))
        .await;
    world.work().await;
    assert_eq!(world.status(second.payment).await, "success");
    // And the first is paid after all, as the rail says when it is asked: its money is in the queue, once, also when the receipt comes.
    let asked_again = Evidence::Query(Outcome::Paid);
    for _ in 0..2 {
        apply(
            &world.app,
            world.shop.provider,
            first.payment,
            &asked_again,
            None,
        )
        .await
        .unwrap();
    }
    assert_eq!(balance(&world, "unmatched").await, 2_000);
    // A statement of that time is compared while the money in the queue has no receipt.
    assert_eq!(world.count("unmatched where receipt is null").await, 1);
    let now = world.app.clock.now();
    let [from, to] = [-60, 60].map(|secs| web::show::sortable(now.plus_secs(secs)));
    let file =
        format!("Receipt No.,Completion Time,Paid In\nZZZZZZZZ01,{from},50\nZZZZZZZZ02,{to},50\n");
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(page.contains("ZZZZZZZZ01"), "{page}");
    for _ in 0..2 {
        world
            .call_back(&first_secret, paid(1, "AAAAAAAA03", 20))
            .await;
        world.work().await;
    }
    assert!(world.status(first.payment).await.starts_with("failed"));
    assert_eq!(world.flag(first.payment).await.as_deref(), Some("credit"));
    assert_eq!(balance(&world, "unmatched").await, 2_000);
    assert_eq!(balance(&world, "credit").await, 0);
    assert_eq!(world.count("tickets").await, 1);
    assert_balanced(&world, "short").await;
    let page = owner.get("/payments/unmatched").await.page();
    assert!(
        page.contains("Paid when its credit was spent") && page.contains("AAAAAAAA03"),
        "{page}"
    );
    // That becomes credit again, and buys the rest of a third.
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched where closed_at is null";
    let id: String = read(&world.app, sql).await;
    give(&id).await.unwrap();
    assert_eq!(free(&world, PHONE).await, 2_000);
    // What was told of it once more finds it dealt with.
    apply(
        &world.app,
        world.shop.provider,
        first.payment,
        &asked_again,
        None,
    )
    .await
    .unwrap();
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(free(&world, PHONE).await, 2_000);
    assert_balanced(&world, "again").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_came_late_becomes_credit_with_its_voucher_taken_back_unless_that_was_used(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    member(&world, Role::Owner, 1).await;
    let actor = somebody(&world).await;
    let mut late = Vec::new();
    for (n, phone) in [(1, PHONE), (2, "254708374150")] {
        let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
        let secret = world.daraja.secret();
        world.app.clock.advance(Duration::from_secs(2 * DAY));
        world.work().await;
        let receipt = format!("AAAAAAAA0{n}");
        world.call_back(&secret, success(n.into(), &receipt)).await;
        world.work().await;
        let sql = format!(
            "select 'unm_' || replace(id::text, '-', '') from unmatched where payment_id = '{}'",
            begun.payment.uuid()
        );
        let id: String = read(&world.app, &sql).await;
        late.push(id.parse().unwrap());
    }
    let give =
        async |id| make_over(&world.app, (world.shop.provider, actor), id, None, false).await;
    for _ in 0..2 {
        give(late[0]).await.unwrap();
    }
    assert_eq!(free(&world, PHONE).await, 5_000);
    assert_eq!(world.count("tickets where revoked_at is not null").await, 1);
    assert_eq!(balance(&world, "tickets").await, 5_000);
    assert_balanced(&world, "late").await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let sql = "update tickets set redeemed_at = $1 where revoked_at is null";
    sqlx::query(sql)
        .bind(crate::db::At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let done = give(late[1]).await;
    assert!(matches!(done, Err(NotResolved::Used)), "{done:?}");
    // Sent, it is done with.
    resolve::give(
        &world.app,
        (world.shop.provider, actor),
        late[1],
        None,
        false,
    )
    .await
    .unwrap();
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_balanced(&world, "used").await;
}

/// Whatever happens in whatever order, also at once: no phone spends more than it has, every shilling stands somewhere, and what was paid in full
/// has one voucher.
#[sqlx::test(migrations = "../migrations/controller")]
async fn credit_is_spent_exactly_once_in_whatever_order_things_are_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    member(&world, Role::Owner, 1).await;
    let actor = somebody(&world).await;
    let mut random = StdRng::seed_from_u64(26);
    let mut told: Vec<(String, Vec<u8>)> = Vec::new();
    let mut begun = Vec::new();
    let phones = [PHONE, "254708374150", "254708374151"];
    for round in 0..12_u8 {
        let phone = phones[usize::from(round) % phones.len()];
        let receipt = format!("CREDIT{round:04}");
        let amount = format!("{}.00", random.random_range(1..70));
        let id = in_queue(&world, &till, &receipt, phone, &amount).await;
        let id = id.parse().unwrap();
        // Two taps at once.
        let (one, two) = tokio::join!(
            make_over(&world.app, (world.shop.provider, actor), id, None, false),
            make_over(&world.app, (world.shop.provider, actor), id, None, false),
        );
        one.and(two).unwrap();
        // And two orders at once from one phone, of which one is asked.
        let before = world.daraja.pushes();
        let (one, two) = tokio::join!(
            world.begin(world.shop.ask(round * 2 + 1, phone)),
            world.begin(world.shop.ask(round * 2 + 2, phone)),
        );
        assert!(one.is_err() || two.is_err());
        if world.daraja.pushes() > before {
            let number = world.daraja.0.lock().unwrap().accepted;
            let one = one.or(two).unwrap();
            let secret = world.daraja.secret();
            let good = paid(number, &format!("PAID{round:06}"), one.amount.cents() / 100);
            let bad = callback(number, json!(1032), None);
            let all = [good, bad];
            for _ in 0..random.random_range(1..4) {
                told.push((secret.clone(), all.choose(&mut random).unwrap().clone()));
            }
            begun.push(one.payment);
        }
        told.shuffle(&mut random);
        for _ in 0..random.random_range(0..4) {
            if let Some((secret, body)) = told.pop() {
                world.call_back(&secret, body).await;
                let (one, two) = tokio::join!(
                    jobs::run_due(&world.app, work::WORK),
                    jobs::run_due(&world.app, work::WORK)
                );
                one.and(two).unwrap();
            }
        }
        world.pass(200).await;
        assert_balanced(&world, &format!("round {round}")).await;
    }
    for (secret, body) in told {
        world.call_back(&secret, body).await;
        world.work().await;
    }
    world.pass(2 * DAY).await;
    assert_balanced(&world, "at the end").await;
    let sql = "select coalesce(sum(credit * 100), 0)::bigint from customers";
    let free: i64 = read(&world.app, sql).await;
    assert_eq!(balance(&world, "credit").await, free);
    assert_eq!(
        world.count("tickets").await,
        world.count("payments where status = 'success'").await
    );
    assert!(
        world
            .count("payments where status = 'success' and credit > 0")
            .await
            > 0
    );
    assert_eq!(
        world
            .count("payments where status = 'success' and amount + credit <> 50")
            .await,
        0
    );
    assert!(!begun.is_empty());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_callback_with_another_amount_brings_its_money_into_the_queue_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    // Told twice, and confirmed with the same receipt before and after: it is one money, and asked about.
    let first = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let (secret, account) = (world.daraja.secret(), reference(&world));
    by_hand(&world, &till, "AAAAAAAA01", &account, "30.00").await;
    world.work().await;
    for _ in 0..2 {
        world.call_back(&secret, paid(1, "AAAAAAAA01", 30)).await;
        by_hand(&world, &till, "AAAAAAAA01", &account, "30.00").await;
        world.work().await;
    }
    assert_eq!(world.status(first.payment).await, "pending");
    assert_eq!(world.flag(first.payment).await.as_deref(), Some("amount"));
    assert_eq!(balance(&world, "unmatched").await, 3_000);
    assert_eq!(balance(&world, "till").await, -3_000);
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/payments/unmatched").await.page();
    assert!(page.contains("M-PESA told of another amount"), "{page}");
    assert_balanced(&world, "in the queue").await;
    // The rail says that the prompt was paid: that is the same money, and it buys what was asked.
    world.daraja.outcome("0");
    world.pass(30).await;
    assert_eq!(world.status(first.payment).await, "success");
    assert_eq!(world.count("tickets").await, 1);
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_eq!(balance(&world, "tickets").await, 5_000);
    by_hand(&world, &till, "AAAAAAAA01", &account, "50.00").await;
    world.work().await;
    assert_eq!(balance(&world, "till").await, -5_000);
    assert_balanced(&world, "known").await;
    // Where a person was quicker, the prompt is at its end and nothing is given twice.
    let second = world
        .begin(world.shop.ask(2, "254708374150"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), paid(2, "AAAAAAAA02", 70))
        .await;
    jobs::run_due(&world.app, work::WORK).await.unwrap();
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched where closed_at is null";
    let id: String = read(&world.app, sql).await;
    let plan = Some(world.shop.plan.id);
    let actor = somebody(&world).await;
    let (app, provider) = (&world.app, world.shop.provider);
    resolve::give(app, (provider, actor), id.parse().unwrap(), plan, false)
        .await
        .unwrap();
    assert_eq!(world.count("tickets").await, 2);
    world.daraja.outcome("0");
    world.pass(60).await;
    assert!(world.status(second.payment).await.starts_with("failed"));
    assert_eq!(world.count("tickets").await, 2);
    assert_eq!(balance(&world, "till").await, -12_000);
    assert_balanced(&world, "given").await;
}
