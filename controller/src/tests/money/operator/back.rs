//! Money goes back by M-PESA: once, whoever taps how often, and whatever comes in which order.

use mnara_protocol::message::NotClaimed;

use super::*;
use crate::payments::hand;
use crate::payments::hand::claim::{Claim, NoClaim, claim};
use crate::payments::hand::settle::{Settled, settle_in};
use crate::payments::unmatched::take::take;
use crate::payments::unmatched::{Arrived, Reason};
use crate::rails::daraja::callback::Payer;
use crate::tests::sites::reports;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_goes_back_by_one_tap_and_once(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    let page = format!("/payments/{paid}");
    let (reverse, refund) = (format!("{page}/reverse"), format!("{page}/refund"));
    let why = [("reason", "<script>rain")];
    let mut manager = member(&world, Role::Manager, 2).await;
    let mut cashier = member(&world, Role::Cashier, 3).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    // Without an operator that has proved it there is no button, and no way around it.
    assert!(!manager.get(&page).await.page().contains("/reverse"));
    let got = manager.post(&reverse, &why).await;
    assert!(got.text.contains("no operator"), "{}", got.text);
    let _owner = proven(&world).await;
    assert!(manager.get(&page).await.page().contains("/reverse"));
    assert!(!cashier.get(&page).await.page().contains("/reverse"));
    let got = cashier.post(&reverse, &why).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    let got = stranger.post(&reverse, &why).await;
    assert!(
        [StatusCode::NOT_FOUND, StatusCode::UNPROCESSABLE_ENTITY].contains(&got.status),
        "{}",
        got.status
    );
    let got = manager.post(&reverse, &[("reason", " ")]).await;
    assert!(got.text.contains("Say why"), "{}", got.text);
    assert!(world.daraja.seen(REVERSAL).is_empty());
    // Tapped twice at once, with the word about it before the answer.
    let gate = world.daraja.hold_pushes();
    let mut second = member(&world, Role::Manager, 4).await;
    let mut tapping = Box::pin(manager.post(&reverse, &why));
    while world.daraja.seen(REVERSAL).is_empty() {
        assert!(futures_util::poll!(&mut tapping).is_pending());
        tokio::task::yield_now().await;
    }
    let got = second.post(&reverse, &why).await;
    assert!(got.text.contains("being sent back already"), "{}", got.text);
    let form = [
        ("amount", "50"),
        ("receipt", "HAND000001"),
        ("reason", "rain"),
    ];
    let got = second.post(&refund, &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text.contains("may be sending this back"),
        "{}",
        got.text
    );
    let (told, gave_up) = secrets(&world, REVERSAL);
    let body = went_back(1, "NLJ7RT61SV", "BACK000001");
    world.call_back(&told, body.clone()).await;
    world.work().await;
    gate.add_permits(1);
    assert_eq!(tapping.await.onward(), format!("{page}?done=reverse#back"));
    for _ in 0..2 {
        world.call_back(&told, body.clone()).await;
    }
    world.call_back(&gave_up, b"{}".to_vec()).await;
    // The same told otherwise: it was done before.
    world
        .call_back(&told, result(1, json!("R000001"), "AAA0000000", None))
        .await;
    world.work().await;
    let asked = world.daraja.seen(REVERSAL);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["Amount"], "50");
    assert_eq!(
        world
            .count(
                "mpesa_requests where state = 'done' and is_booked and originator_id is not null"
            )
            .await,
        1
    );
    assert_eq!(
        world
            .count("refunds where receipt = 'BACK000001' and amount = 50 and person_id is not null")
            .await,
        1
    );
    assert_eq!(world.count("refunds").await, 1);
    let shown = manager.get(&page).await.page();
    assert!(
        shown.contains("BACK000001")
            && shown.contains("&#60;script&#62;rain")
            && !shown.contains("/reverse"),
        "{shown}"
    );
    // Nobody had used its voucher.
    assert_eq!(world.count("tickets where status = 'revoked'").await, 1);
    let got = manager.post(&reverse, &why).await;
    assert!(got.text.contains("dealt with already"), "{}", got.text);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_nobody_knows_stays_locked_and_is_asked_again_only_by_a_person(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    let other = sold(&world, 2, "254708374150", "NLJ7RT61SW").await;
    let mut owner = proven(&world).await;
    let page = format!("/payments/{paid}");
    let reverse = format!("{page}/reverse");
    let why = [("reason", "rain")];
    // The answer is lost.
    world.daraja.request(502, "<html>");
    owner.post(&reverse, &why).await.onward();
    let (first, _) = secrets(&world, REVERSAL);
    let shown = owner.get(&page).await.page();
    assert!(
        shown.contains("did not say whether it was done") && !shown.contains("/reverse"),
        "{shown}"
    );
    world.pass(29 * 60).await;
    assert_eq!(
        world.daraja.seen(REVERSAL).len(),
        1,
        "nothing is asked again by itself"
    );
    let got = owner.post(&reverse, &why).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Half an hour without a word, as after a process that died over the call.
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update mpesa_requests set state = 'made', code = null")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.pass(60).await;
    assert!(owner.get(&page).await.page().contains("/reverse"));
    owner.post(&reverse, &why).await.onward();
    let (second, _) = secrets(&world, REVERSAL);
    assert_eq!(world.daraja.seen(REVERSAL).len(), 2);
    // The first had been done; the second says so. Then the word about the first comes after all.
    world
        .call_back(&second, result(1, json!("R000001"), "AAA0000000", None))
        .await;
    world.work().await;
    assert_eq!(
        world.count("refunds where receipt = 'RVNLJ7RT61SV'").await,
        1
    );
    world
        .call_back(&first, went_back(7, "NLJ7RT61SV", "BACK000001"))
        .await;
    world.work().await;
    assert_eq!(world.count("refunds").await, 1);
    assert_eq!(world.count("mpesa_requests where state = 'done'").await, 2);
    assert_eq!(world.count("mpesa_requests where is_booked").await, 1);
    // Somebody looks at the statement and pays by hand; then M-PESA's word comes all the same, and the page says what that may mean.
    let page = format!("/payments/{other}");
    owner.post(&format!("{page}/reverse"), &why).await.onward();
    let (told, gave_up) = secrets(&world, REVERSAL);
    world.call_back(&gave_up, b"{}".to_vec()).await;
    world.work().await;
    let form = [
        ("amount", "50"),
        ("receipt", "HAND000001"),
        ("reason", "rain"),
        ("sure", "1"),
    ];
    owner.post(&format!("{page}/refund"), &form).await.onward();
    world
        .call_back(&told, went_back(2, "NLJ7RT61SW", "BACK000002"))
        .await;
    world.work().await;
    let shown = owner.get(&page).await.page();
    assert!(shown.contains("may have gone back twice"), "{shown}");
    assert_eq!(world.count("refunds").await, 2);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_in_the_queue_goes_back_and_nobody_is_given_a_voucher_for_it_meanwhile(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    // One that is nobody's, and one that came when nobody waited for it any more.
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Number(PHONE.parse().unwrap()),
        reference: Some("MAMA".to_owned()),
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    take(&world.app, &mut tx, world.shop.provider, &arrived)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.pass(25 * 3600).await;
    world.call_back(&secret, success(1, "AAAAAAAA02")).await;
    world.work().await;
    let id = async |reason: &str| -> String {
        let sql = format!(
            "select 'unm_' || replace(id::text, '-', '') from unmatched where reason = '{reason}'"
        );
        read(&world.app, &sql).await
    };
    let (nobodys, late) = (id("nobody").await, id("late").await);
    let why = [("reason", "rain")];
    let path = |id: &str, act: &str| format!("/payments/unmatched/{id}/{act}");
    let page = owner.get("/payments/unmatched").await.page();
    assert_eq!(page.matches("/reverse\"").count(), 2, "{page}");
    let got = stranger.post(&path(&nobodys, "reverse"), &why).await;
    assert!(got.status == StatusCode::UNPROCESSABLE_ENTITY || got.status == StatusCode::NOT_FOUND);
    owner.post(&path(&nobodys, "reverse"), &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    let plan = world.shop.plan.id.to_string();
    for (act, form) in [
        ("ticket", &[("plan", plan.as_str())][..]),
        ("refund", &[("receipt", "HAND000001"), ("reason", "rain")]),
    ] {
        let got = owner.post(&path(&nobodys, act), form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            got.text.contains("may be sending this back"),
            "{}",
            got.text
        );
    }
    let page = owner.get("/payments/unmatched").await.page();
    assert_eq!(page.matches("/reverse\"").count(), 1, "{page}");
    assert!(page.contains("M-PESA took it"), "{page}");
    // Refused: it can be dealt with again, and is not sent twice by itself.
    world
        .call_back(&told, result(1, json!(1), "AAA0000000", None))
        .await;
    world.work().await;
    let page = owner.get("/payments/unmatched").await.page();
    assert!(page.contains("holds too little"), "{page}");
    owner.post(&path(&nobodys, "reverse"), &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    for _ in 0..2 {
        world
            .call_back(&told, went_back(2, "AAAAAAAA01", "BACK000001"))
            .await;
    }
    owner.post(&path(&late, "reverse"), &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    world
        .call_back(&told, went_back(3, "AAAAAAAA02", "BACK000002"))
        .await;
    world.work().await;
    assert_eq!(world.count("unmatched where outcome = 'refund'").await, 2);
    assert_eq!(world.count("ledger where cause = 'refund'").await, 2);
    // The voucher of what came late is taken back with it.
    assert_eq!(world.count("tickets where status = 'revoked'").await, 1);
    assert_eq!(world.count("mpesa_requests where is_booked").await, 2);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_on_its_way_back_pays_no_prompt_and_is_nobodys_who_paid_by_hand(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let provider = world.shop.provider;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let prompt = world.daraja.secret();
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Number(PHONE.parse().unwrap()),
        reference: Some("MAMA".to_owned()),
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    take(&world.app, &mut tx, provider, &arrived).await.unwrap();
    tx.commit().await.unwrap();
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched";
    let id: String = read(&world.app, sql).await;
    let path = format!("/payments/unmatched/{id}/reverse");
    owner.post(&path, &[("reason", "rain")]).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    let payer = hand::Payer {
        site: world.shop.site,
        mac: mac(5),
        plan: None,
        phone: None,
    };
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let settled = settle_in(&world.app, &mut tx, provider, &payer, &arrived, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(settled, Settled::Known);
    world.call_back(&prompt, success(1, "AAAAAAAA01")).await;
    world.work().await;
    assert!(world.status(begun.payment).await.starts_with("failed"));
    let flag = world.flag(begun.payment).await;
    assert_eq!(flag.as_deref(), Some("receipt-taken"));
    let waits = "unmatched where closed_at is null";
    assert_eq!(world.count(waits).await, 1);
    assert_balanced(&world).await;
    let body = went_back(1, "AAAAAAAA01", "BACK000001");
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(world.count("unmatched where outcome = 'refund'").await, 1);
    assert_eq!(world.count("tickets").await, 0);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_paid_with_credit_as_well_is_no_money_of_one_receipt(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(30),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Number(PHONE.parse().unwrap()),
        reference: None,
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    take(&world.app, &mut tx, world.shop.provider, &arrived)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched";
    let id: String = read(&world.app, sql).await;
    let credit = format!("/payments/unmatched/{id}/credit");
    owner.post(&credit, &[]).await.onward();
    // Of fifty shillings twenty are asked for, and they come when nobody waits for them.
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.app.clock.advance(Duration::from_secs(2 * 86_400));
    let number = world.daraja.0.lock().unwrap().accepted;
    world
        .call_back(
            &world.daraja.secret(),
            callback(number, json!(0), Some(("NLJ7RT61SV", json!(20)))),
        )
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    let queue = owner.get("/payments/unmatched").await.page();
    assert!(queue.contains("KSh\u{a0}50<"), "{queue}");
    let one = owner.get(&format!("/payments/{}", begun.payment)).await;
    for page in [&queue, &one.page()] {
        assert!(!page.contains("/reverse"), "{page}");
    }
    let why = [("reason", "rain")];
    let got = owner
        .post(&format!("/payments/{}/reverse", begun.payment), &why)
        .await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(world.daraja.seen(REVERSAL).is_empty());
    assert_balanced(&world).await;
}

/// A receipt is named at another device.
async fn claims(world: &World, n: u8, receipt: &str, phone: &str) -> Result<(), NoClaim> {
    let said = Claim {
        receipt: receipt.to_owned(),
        phone: phone.parse().unwrap(),
        site: world.shop.site,
        mac: mac(n),
        deadline: world.app.clock.now().plus_secs(30),
    };
    claim(&world.app, world.shop.provider, &said).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_goes_back_is_given_to_nobody_and_a_voucher_that_waits_is_taken_back_with_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let why = [("reason", "rain")];
    let other = "254708374150";
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let first = world.daraja.secret();
    let begun = world.begin(world.shop.ask(2, other)).await.unwrap();
    let second = world.daraja.secret();
    world.pass(25 * 3600).await;
    world.call_back(&first, success(1, "AAAAAAAA01")).await;
    world.work().await;
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched where reason = 'late'";
    let late: String = read(&world.app, sql).await;
    world.call_back(&second, success(2, "AAAAAAAA02")).await;
    world.work().await;
    // While it goes back, and afterwards.
    let path = format!("/payments/unmatched/{late}/reverse");
    owner.post(&path, &why).await.onward();
    let got = claims(&world, 3, "AAAAAAAA01", PHONE).await;
    assert!(
        matches!(got, Err(NoClaim::Not(NotClaimed::Returned))),
        "{got:?}"
    );
    let (told, _) = secrets(&world, REVERSAL);
    let body = went_back(1, "AAAAAAAA01", "BACK000001");
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(world.count("tickets where status = 'revoked'").await, 1);
    let got = claims(&world, 3, "AAAAAAAA01", PHONE).await;
    assert!(
        matches!(got, Err(NoClaim::Not(NotClaimed::Returned))),
        "{got:?}"
    );
    // One that was given to its buyer before.
    claims(&world, 4, "AAAAAAAA02", other).await.unwrap();
    let path = format!("/payments/{}/reverse", begun.payment);
    owner.post(&path, &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    let body = went_back(2, "AAAAAAAA02", "BACK000002");
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(world.count("tickets where status = 'revoked'").await, 2);
    // One that was used goes on.
    let used = sold(&world, 5, "254708374151", "AAAAAAAA03").await;
    let site = reports::Site::new(&world, world.shop.site);
    let sql = format!(
        "select id from tickets where payment_id = '{}'",
        used.uuid()
    );
    let ticket = mnara_protocol::ids::TicketId::from_uuid(read(&world.app, &sql).await);
    site.whole_life(&world, ticket).await;
    let path = format!("/payments/{used}/reverse");
    owner.post(&path, &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    let body = went_back(3, "AAAAAAAA03", "BACK000003");
    world.call_back(&told, body).await;
    world.work().await;
    assert_eq!(world.count("refunds").await, 3);
    assert_eq!(world.count("tickets where status = 'revoked'").await, 2);
    assert_balanced(&world).await;
}
