//! Asking about receipts that nobody told us of.

use mnara_protocol::message::NotClaimed;

use super::*;
use crate::payments::confirm::apply;
use crate::payments::hand::claim::{Claim, NoClaim, claim};
use crate::payments::settle::{Evidence, Outcome};
use crate::rails::daraja::eat;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_that_nobody_told_of_is_asked_about_and_buys_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let mut cashier = member(&world, Role::Cashier, 2).await;
    let mut reader = member(&world, Role::Reader, 3).await;
    let claimed = Claim {
        receipt: "nlj7 rt61 sv".to_owned(),
        phone: PHONE.parse().unwrap(),
        site: world.shop.site,
        mac: mac(5),
        deadline: world.app.clock.now().plus_secs(60),
    };
    let said = claim(&world.app, world.shop.provider, &claimed).await;
    assert!(
        matches!(said, Err(NoClaim::Not(NotClaimed::Unknown))),
        "{said:?}"
    );
    let queue = "/payments/unmatched";
    let page = cashier.get(queue).await.page();
    assert!(page.contains("NLJ7RT61SV"), "{page}");
    assert!(!reader.get(queue).await.page().contains("NLJ7RT61SV"));
    let ask = "/payments/unmatched/receipts";
    let got = cashier.post(ask, &[("receipt", "x")]).await;
    assert!(got.text.contains("Give the receipt"), "{}", got.text);
    let mut asks = async |receipt: &str| {
        let got = cashier.post(ask, &[("receipt", receipt)]).await;
        assert_eq!(got.onward(), "/payments/unmatched?asked=1");
        secrets(&world, STATUS).0
    };
    // It is somebody else's, or not done, or another: nothing comes of it.
    for (number, body) in [
        (1, known(1, "NLJ7RT61SV", "Completed", "50", "600999")),
        (2, known(2, "NLJ7RT61SV", "Reversed", "50", "174371")),
        (3, known(3, "NLJ7RT61SX", "Completed", "50", "174371")),
    ] {
        let told = asks("NLJ7RT61SV").await;
        world.call_back(&told, body).await;
        world.work().await;
        assert_eq!(world.count("payments").await, 0, "{number}");
        assert_eq!(world.count("unmatched").await, 0, "{number}");
        world.app.clock.advance(Duration::from_secs(1));
    }
    let told = asks("NLJ7RT61SV").await;
    for _ in 0..2 {
        let body = known(4, "NLJ7RT61SV", "Completed", "50.00", "174371");
        world.call_back(&told, body).await;
        world.work().await;
    }
    // Asked twice, and M-PESA's own confirmation comes after all.
    let again = asks("NLJ7RT61SV").await;
    let body = known(5, "NLJ7RT61SV", "Completed", "50", "174371");
    world.call_back(&again, body).await;
    world.work().await;
    assert_eq!(
        world
            .count("payments where push = 'hand' and external_txn_id = 'NLJ7RT61SV'")
            .await,
        1
    );
    world.books_are_equal().await;
    // Money that nobody named waits in the queue, also where the receipt that was asked about is not said again: a key may have no value.
    let told = asks("NLJ7RT61SW").await;
    let body = known(6, "NLJ7RT61SW", "Completed", "70", "174371");
    let body = String::from_utf8(body).unwrap();
    let bare = body.replace(
        r#""Key":"ReceiptNo","Value":"NLJ7RT61SW""#,
        r#""Key":"ReceiptNo""#,
    );
    assert_ne!(bare, body);
    let body = bare.into_bytes();
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(
        world
            .count("unmatched where receipt = 'NLJ7RT61SW' and amount = 70")
            .await,
        1
    );
    let page = owner.get(queue).await.page();
    assert!(
        page.contains("was not paid to your number")
            || page.contains("bought what it is for") && page.contains("it waits above"),
        "{page}"
    );
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_receipt_of_money_that_went_out_is_no_money_that_came(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let payment = sold(&world, 1, PHONE, "AAAAAAAA01").await;
    let why = [("reason", "rain")];
    let back = format!("/payments/{payment}/reverse");
    owner.post(&back, &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    let body = went_back(1, "AAAAAAAA01", "BACK000001");
    world.call_back(&told, body).await;
    world.work().await;
    let (ours, theirs) = ("174371 - Business", "254708374149 - NICHOLAS");
    // By the keys of the documents neither side is told from the other; an answer may tell who was paid by a key of its own.
    for (number, receipt, paid, bought) in [
        (2, "BACK000001", None, 0),
        (3, "NLJ7RT61SV", Some(theirs), 0),
        (4, "NLJ7RT61SV", Some(ours), 1),
    ] {
        let claimed = Claim {
            receipt: receipt.to_owned(),
            phone: PHONE.parse().unwrap(),
            site: world.shop.site,
            mac: mac(5),
            deadline: world.app.clock.now().plus_secs(60),
        };
        let said = claim(&world.app, world.shop.provider, &claimed).await;
        assert!(said.is_err(), "{said:?}");
        let form = [("receipt", receipt)];
        owner
            .post("/payments/unmatched/receipts", &form)
            .await
            .onward();
        let told = secrets(&world, STATUS).0;
        let body = known(number, receipt, "Completed", "50", "174371");
        let mut body = String::from_utf8(body).unwrap();
        if let Some(paid) = paid {
            let debit = format!(r#""DebitPartyName","Value":"{paid}""#);
            assert!(body.contains(&debit), "{body}");
            body = body.replace(&debit, &debit.replace("Debit", "Credit"));
        }
        world.call_back(&told, body.into_bytes()).await;
        world.work().await;
        let by_hand = world.count("payments where push = 'hand'").await;
        assert_eq!(by_hand, bought, "{number}");
        assert_eq!(world.count("unmatched").await, 0, "{number}");
        world.app.clock.advance(Duration::from_secs(1));
    }
    let others = world.count("mpesa_requests where found = 'other'").await;
    assert_eq!(others, 2);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_whose_word_was_lost_is_paid_by_its_receipt(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let asked = asked_beside_a_prompt(&world).await;
    its_receipt_pays(&world, asked, 0).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_is_paid_by_its_receipt_where_the_clock_of_m_pesa_is_behind_ours(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let asked = asked_beside_a_prompt(&world).await;
    its_receipt_pays(&world, asked, 60).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_is_paid_by_the_receipt_its_device_names_where_the_clock_of_m_pesa_is_behind_ours(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let asked = asked_beside_a_prompt(&world).await;
    names_its_receipt(&world).await;
    its_receipt_pays(&world, asked, 60).await;
    assert_eq!(world.count("payments").await, 1);
    assert_eq!(world.count("tickets").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_found_by_a_clock_that_is_behind_ours_is_a_prompts_that_turns_out_to_be_paid(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    // Two devices asked one phone, and M-PESA could not reach it either time: nobody can tell who paid.
    let (first, told) = asked_beside_a_prompt(&world).await;
    for n in [1, 2] {
        if n == 2 {
            world.begin(world.shop.ask(2, PHONE)).await.unwrap();
        }
        let failed = callback(n, json!(1037), None);
        world.call_back(&world.daraja.secret(), failed).await;
        world.work().await;
    }
    world.call_back(&told, paid_ago(&world, 30)).await;
    world.work().await;
    let waits = "unmatched where receipt = 'NLJ7RT61SV' and closed_at is null";
    assert_eq!(world.count(waits).await, 1);
    let paid = Evidence::Query(Outcome::Paid);
    apply(&world.app, world.shop.provider, first, &paid, None)
        .await
        .unwrap();
    assert_eq!(world.status(first).await, "success");
    assert_eq!(world.count(waits).await, 0);
    assert_eq!(world.count("ledger where debit = 'till'").await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_of_days_ago_is_not_that_of_a_prompt_of_today(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (prompt, told) = asked_beside_a_prompt(&world).await;
    let days = 4 * 86_400;
    world.call_back(&told, paid_ago(&world, days)).await;
    world.work().await;
    assert_eq!(world.status(prompt).await, "pending");
    let waits = "unmatched where receipt = 'NLJ7RT61SV' and closed_at is null";
    assert_eq!(world.count(waits).await, 1);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_prompt_whose_device_names_its_receipt_is_paid_by_it_and_no_second_time(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let asked = asked_beside_a_prompt(&world).await;
    names_its_receipt(&world).await;
    its_receipt_pays(&world, asked, 0).await;
    assert_eq!(world.count("payments").await, 1);
    assert_eq!(world.count("tickets").await, 1);
}

/// The device of the prompt names its receipt.
async fn names_its_receipt(world: &World) {
    let claimed = Claim {
        receipt: "NLJ7RT61SV".to_owned(),
        phone: PHONE.parse().unwrap(),
        site: world.shop.site,
        mac: mac(1),
        deadline: world.app.clock.now().plus_secs(60),
    };
    let said = claim(&world.app, world.shop.provider, &claimed).await;
    assert!(said.is_err(), "{said:?}");
}

/// Begins a prompt whose word is lost, and has M-PESA asked about a receipt: says where the answer comes.
async fn asked_beside_a_prompt(world: &World) -> (PaymentId, String) {
    let mut owner = proven(world).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let form = [("receipt", "NLJ7RT61SV")];
    owner
        .post("/payments/unmatched/receipts", &form)
        .await
        .onward();
    let (told, _) = secrets(world, STATUS);
    (begun.payment, told)
}

/// What M-PESA knows of a receipt that was paid so many seconds ago, by its clock.
fn paid_ago(world: &World, secs: i64) -> Vec<u8> {
    let body = known(1, "NLJ7RT61SV", "Completed", "50", "174371");
    let at = eat::digits(world.app.clock.now().plus_secs(-secs));
    let text = String::from_utf8(body).unwrap();
    text.replace("20270115110130", &at).into_bytes()
}

/// Paid when the prompt was on the phone, and told of by a clock that is so many seconds behind ours.
async fn its_receipt_pays(world: &World, (prompt, told): (PaymentId, String), behind: i64) {
    let body = paid_ago(world, behind);
    world.app.clock.advance(Duration::from_secs(1));
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(world.status(prompt).await, "success");
    // Its callback after all.
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    world.books_are_equal().await;
    assert_eq!(world.count("unmatched").await, 0);
    assert_balanced(world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_that_another_business_has_waits_for_a_person(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let other = business(&world.app, 2).await;
    begin(&world.app, other.provider, other.ask(2, "254708374152"))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let claimed = Claim {
        receipt: "NLJ7RT61SV".to_owned(),
        phone: PHONE.parse().unwrap(),
        site: world.shop.site,
        mac: mac(5),
        deadline: world.app.clock.now().plus_secs(60),
    };
    let said = claim(&world.app, world.shop.provider, &claimed).await;
    assert!(
        matches!(said, Err(NoClaim::Not(NotClaimed::Unknown))),
        "{said:?}"
    );
    let form = [("receipt", "NLJ7RT61SV")];
    owner
        .post("/payments/unmatched/receipts", &form)
        .await
        .onward();
    let told = secrets(&world, STATUS).0;
    let body = known(1, "NLJ7RT61SV", "Completed", "50", "174371");
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(
        world
            .count("mpesa_requests where state = 'done' and found = 'queue'")
            .await,
        1
    );
    assert_eq!(
        world
            .count("unmatched where receipt = 'NLJ7RT61SV' and amount = 50 and closed_at is null")
            .await,
        1
    );
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_receipt_of_another_business_on_the_same_number_is_no_money_here(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let other = business(&world.app, 2).await;
    let account = Credentials {
        consumer_key: "key 2".into(),
        consumer_secret: "secret".into(),
        shortcode: "174371".to_owned(),
        passkey: "passkey".into(),
        kind: ShortcodeKind::Paybill,
    };
    crate::payments::account::set(&world.app, other.provider, &account, Actor::Command)
        .await
        .unwrap();
    begin(&world.app, other.provider, other.ask(2, PHONE))
        .await
        .unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    // Whoever paid there names it here as well.
    names_its_receipt(&world).await;
    let form = [("receipt", "NLJ7RT61SV")];
    owner
        .post("/payments/unmatched/receipts", &form)
        .await
        .onward();
    let told = secrets(&world, STATUS).0;
    let body = known(1, "NLJ7RT61SV", "Completed", "50", "174371");
    world.call_back(&told, body).await;
    world.work().await;
    let found = "mpesa_requests where state = 'done' and found = 'known'";
    assert_eq!(world.count(found).await, 1);
    assert_eq!(world.count("unmatched").await, 0);
    assert_eq!(world.count("tickets").await, 1);
    world.books_are_equal().await;
    assert_balanced(&world).await;
}
