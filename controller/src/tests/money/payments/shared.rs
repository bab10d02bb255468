//! Two businesses that are paid into one number: M-PESA posts what comes in there to one address, whoever sold.

use super::hand::{TILL, confirmation, open_till, told};
use super::*;
use crate::fleet::close::close;
use crate::payments::hand::code::DeviceCode;
use crate::payments::hand::store::{Wanted, code};

/// Another business that is paid into the first one's number.
async fn beside(world: &World, kind: ShortcodeKind) -> Business {
    let other = business(&world.app, 2).await;
    let account = Credentials {
        consumer_key: "key 2".into(),
        consumer_secret: "secret".into(),
        shortcode: "174371".to_owned(),
        passkey: "passkey".into(),
        kind,
    };
    crate::payments::account::set(&world.app, other.provider, &account, Actor::Command)
        .await
        .unwrap();
    other
}

/// Another business that takes payments by hand on the first one's paybill, and where M-PESA tells the first of all that comes in there.
async fn by_hand_beside(world: &World) -> (Business, String) {
    let other = beside(world, ShortcodeKind::Paybill).await;
    let choice = providers::c2b::Choice::USUAL;
    crate::payments::hand::open(&world.app, other.provider, choice, Actor::Command)
        .await
        .unwrap();
    // The first business registers last.
    let path = open_till(world, false).await;
    (other, path)
}

/// The code that a business shows to a device.
async fn shown(world: &World, business: &Business) -> DeviceCode {
    let wanted = Wanted {
        plan: Some(business.plan.id),
        ..Wanted::default()
    };
    let provider = business.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let (device, now) = ((business.site, mac(2)), world.app.clock.now());
    let code = code(&mut tx, &world.app, provider, device, &wanted, now).await;
    tx.commit().await.unwrap();
    code.unwrap().unwrap()
}

/// Begins a sale; says what its customer's M-PESA shows as the account.
async fn sell(world: &World, seller: &Business, n: u8, phone: &str) -> (PaymentId, String) {
    let begun = begin(&world.app, seller.provider, seller.ask(n, phone))
        .await
        .unwrap();
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    let reference = pushed["AccountReference"].as_str().unwrap().to_owned();
    (begun.payment, reference)
}

async fn closed(world: &World, outcome: &str) -> i64 {
    world
        .count(&format!("callbacks where outcome = '{outcome}'"))
        .await
}

/// Nothing of the other's money stands with the first business.
async fn assert_untouched(world: &World) {
    let first = world.shop.provider.uuid();
    for table in ["unmatched", "ledger", "payments", "payment_messages"] {
        let rows = world
            .count(&format!("{table} where provider_id = '{first}'"))
            .await;
        assert_eq!(rows, 0, "{table}");
    }
}

async fn receipt(world: &World, payment: PaymentId) -> Option<String> {
    let sql = format!(
        "select external_txn_id from payments where id = '{}'",
        payment.uuid()
    );
    read(&world.app, &sql).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_another_business_sells_on_the_same_paybill_is_its_money_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let other = beside(&world, ShortcodeKind::Paybill).await;
    let masked = "2547 ***** 149";
    // Told of before its callback it waits for that, and told of afterwards it is no news.
    let (first, account) = sell(&world, &other, 1, PHONE).await;
    let secret = world.daraja.secret();
    let body = confirmation("RKL51ZDR4F", &account, masked, "50.00");
    told(&world, &path, body).await;
    assert_eq!(world.count("callbacks where handled_at is null").await, 1);
    assert_untouched(&world).await;
    world.call_back(&secret, success(1, "RKL51ZDR4F")).await;
    world.work().await;
    world.pass(30).await;
    assert_eq!(closed(&world, "anothers").await, 1);
    let (second, paid_second) = sell(&world, &other, 2, "254708374152").await;
    world
        .call_back(&world.daraja.secret(), success(2, "RKL51ZDR5F"))
        .await;
    world.work().await;
    let body = confirmation("RKL51ZDR5F", &paid_second.to_lowercase(), masked, "50.00");
    told(&world, &path, body).await;
    assert_eq!(closed(&world, "anothers").await, 2);
    // Where the callback is lost the question settles it, and only the confirmation has the receipt.
    let (third, unheard) = sell(&world, &other, 3, "254708374153").await;
    let body = confirmation("RKL51ZDR6F", &unheard, masked, "50.00");
    told(&world, &path, body).await;
    (0..3).for_each(|_| world.daraja.outcome("0"));
    for _ in 0..8 {
        world.pass(12).await;
    }
    assert_eq!(closed(&world, "receipt").await, 1);
    assert_untouched(&world).await;
    for (payment, name) in [
        (first, "RKL51ZDR4F"),
        (second, "RKL51ZDR5F"),
        (third, "RKL51ZDR6F"),
    ] {
        assert_eq!(world.status(payment).await, "success", "{name}");
        assert_eq!(receipt(&world, payment).await.as_deref(), Some(name));
        assert_eq!(world.flag(payment).await, None, "{name}");
    }
    assert_eq!(world.count("tickets").await, 3);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_by_hand_is_nobody_elses_for_what_it_names(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let other = beside(&world, ShortcodeKind::Paybill).await;
    let third = business(&world.app, 3).await;
    let masked = "2547 ***** 149";
    let (_, account) = sell(&world, &other, 1, PHONE).await;
    let secret = world.daraja.secret();
    world.call_back(&secret, success(1, "RKL51ZDR4F")).await;
    world.work().await;
    let (_, elsewhere) = sell(&world, &third, 2, "254708374152").await;
    let (_, open) = sell(&world, &other, 3, "254708374153").await;
    for (count, name, account, amount) in [
        (1, "RKL51ZDR4X", "MAMA", "50.00"),
        // The account of a sale that has another receipt.
        (2, "RKL51ZDR5X", account.as_str(), "50.00"),
        // Another amount than was asked for.
        (3, "RKL51ZDR6X", open.as_str(), "60.00"),
        // The account of a prompt that was paid into another number.
        (4, "RKL51ZDR7X", elsewhere.as_str(), "50.00"),
    ] {
        told(&world, &path, confirmation(name, account, masked, amount)).await;
        let queued = format!(
            "unmatched where provider_id = '{}'",
            world.shop.provider.uuid()
        );
        assert_eq!(world.count(&queued).await, count, "{name}");
    }
    assert_eq!(world.count("unmatched").await, 4);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_another_business_sells_on_the_same_till_is_known_by_its_receipt(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, true).await;
    let number = TILL.to_owned();
    let other = beside(&world, ShortcodeKind::Till { number }).await;
    let (payment, _) = sell(&world, &other, 1, PHONE).await;
    let secret = world.daraja.secret();
    let body = confirmation("RKL51ZDR4F", "", "2547 ***** 149", "50.00");
    told(&world, &path, body).await;
    world.call_back(&secret, success(1, "RKL51ZDR4F")).await;
    world.work().await;
    world.pass(30).await;
    assert_eq!(closed(&world, "anothers").await, 1);
    world.pass(600).await;
    assert_untouched(&world).await;
    assert_eq!(world.status(payment).await, "success");
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_by_hand_is_of_the_business_whose_device_has_the_code_whoever_is_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (other, path) = by_hand_beside(&world).await;
    let code = shown(&world, &other).await;
    let masked = "2547 ***** 149";
    let validation = path.replace("confirmation", "validation");
    for (amount, word) in [("50.00", "0"), ("60.00", "C2B00013")] {
        let body = confirmation("RKL51ZDR4F", code.as_str(), masked, amount);
        let (_, _, answer) = world.send(Method::POST, &validation, None, body).await;
        assert_eq!(answer["ResultCode"].as_str(), Some(word), "{amount}");
    }
    let body = confirmation("RKL51ZDR4F", code.as_str(), masked, "50.00");
    told(&world, &path, body).await;
    assert_eq!(closed(&world, "by-hand").await, 1);
    assert_untouched(&world).await;
    let theirs = format!("tickets where provider_id = '{}'", other.provider.uuid());
    assert_eq!(world.count(&theirs).await, 1);
    world.books_are_equal().await;
    // Who is told, by its own secret, of a number that is not its own gives nothing there.
    let choice = providers::c2b::Choice::USUAL;
    let third = business(&world.app, 3).await;
    crate::payments::hand::open(&world.app, third.provider, choice, Actor::Command)
        .await
        .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap();
    let secret = address.rsplit('/').nth(1).unwrap();
    let path = format!("/api/pay/{}/{secret}/confirmation", third.provider);
    let body = confirmation("RKL51ZDR9F", code.as_str(), masked, "50.00");
    told(&world, &path, body).await;
    assert_eq!(world.count(&theirs).await, 1);
    let queued = format!("unmatched where provider_id = '{}'", third.provider.uuid());
    assert_eq!(world.count(&queued).await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_code_of_a_neighbours_closed_site_buys_nothing_there(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (other, path) = by_hand_beside(&world).await;
    let code = shown(&world, &other).await;
    close(&world.app, other.provider, other.site, Actor::Command)
        .await
        .unwrap();
    let body = || confirmation("RKL51ZDR4F", code.as_str(), "2547 ***** 149", "50.00");
    let validation = path.replace("confirmation", "validation");
    let (_, _, answer) = world.send(Method::POST, &validation, None, body()).await;
    assert_eq!(answer["ResultCode"].as_str(), Some("C2B00012"));
    told(&world, &path, body()).await;
    assert_eq!(closed(&world, "unmatched").await, 1);
    assert_eq!(world.count("tickets").await, 0);
    let queued = format!(
        "unmatched where provider_id = '{}'",
        world.shop.provider.uuid()
    );
    assert_eq!(world.count(&queued).await, 1);
    world.books_are_equal().await;
}

/// A sale is told of at a busy till too: whoever has a hundred thousand payments would else have all of them read for each.
#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_told_is_looked_up_among_all_payments_by_its_account(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let asked = statement("as \"is_named!\"");
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    // There are few rows here: each plan that reads them all is taken for dearer than it is.
    for setting in [
        "set local enable_seqscan = off",
        "set local plan_cache_mode = force_generic_plan",
    ] {
        sqlx::query(setting).execute(&mut *tx).await.unwrap();
    }
    let prepared = format!("prepare asked as {asked}");
    sqlx::raw_sql(AssertSqlSafe(prepared))
        .execute(&mut *tx)
        .await
        .unwrap();
    let plan: Vec<String> =
        sqlx::query_scalar("explain (costs off) execute asked(null, null, null, null, null, null)")
            .fetch_all(&mut *tx)
            .await
            .unwrap();
    let plan = plan.join("\n");
    let along = |index: &str| plan.contains(&format!("using {index} on payments"));
    assert!(
        along("payments_account_reference_key") && along("payments_receipt"),
        "{plan}"
    );
    let read = plan.matches(" on payments").count();
    assert_eq!(read, 2, "{plan}");
}

/// The program's statement with these words, as it is built in.
fn statement(words: &str) -> String {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx")).unwrap();
    let all = folder.map(|file| {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let stored: Value = serde_json::from_str(&text).unwrap();
        stored["query"].as_str().unwrap().to_owned()
    });
    let mut found = all.filter(|query| query.contains(words));
    let one = found.next().unwrap();
    assert_eq!(found.next(), None);
    one
}
