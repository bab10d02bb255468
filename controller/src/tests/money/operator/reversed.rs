//! Money that went back at M-PESA itself, as M-PESA answers when it is asked about the receipt, or as a statement shows.

use mnara_protocol::ids::UnmatchedId;

use super::*;
use crate::payments::reversal::{self, Booked, Told};
use crate::payments::unmatched::credit::make_over;
use crate::payments::unmatched::take::take;
use crate::payments::unmatched::{Arrived, Reason};
use crate::rails::daraja::callback::Payer;

const QUEUE: &str = "/payments/unmatched";
const TAP: &str = "/payments/unmatched/receipts/reversed";

/// Asks about a receipt, and M-PESA says that it was reversed.
async fn reversed(world: &World, person: &mut Browser<'_>, number: u32, receipt: &str) {
    let form = [("receipt", receipt)];
    let got = person.post("/payments/unmatched/receipts", &form).await;
    assert_eq!(got.onward(), "/payments/unmatched?asked=1");
    let (told, _) = secrets(world, STATUS);
    let body = known(number, receipt, "Reversed", "50", "174371");
    world.call_back(&told, body).await;
    world.work().await;
    world.app.clock.advance(Duration::from_secs(1));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_mpesa_says_was_reversed_is_flagged_and_written_by_one_tap(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(70),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Untold,
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
    // Nobody has it written of whom M-PESA said no such thing.
    let form = [("receipt", "NLJ7RT61SV")];
    assert_eq!(owner.post(TAP, &form).await.status, StatusCode::NOT_FOUND);
    reversed(&world, &mut owner, 1, "NLJ7RT61SV").await;
    assert_eq!(world.flag(paid).await.as_deref(), Some("reversed"));
    assert_eq!(world.count("refunds").await, 0, "a person says so first");
    let page = format!("/payments/{paid}");
    for path in [QUEUE, &page] {
        let shown = owner.get(path).await.page();
        assert!(
            shown.contains("reversed: the money went back") && shown.contains(TAP),
            "{shown}"
        );
    }
    assert!(!reader.get(&page).await.page().contains(TAP));
    assert_eq!(reader.post(TAP, &form).await.status, StatusCode::FORBIDDEN);
    let got = stranger.post(TAP, &form).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    let to = owner.post(TAP, &form).await.onward();
    assert_eq!(to, format!("{page}?done=refund"));
    owner.post(TAP, &form).await.onward();
    let written = "ledger where cause = 'reversal' and receipt = 'RVNLJ7RT61SV' and cents = 5000";
    assert_eq!(world.count(written).await, 1);
    assert_eq!(world.flag(paid).await, None);
    let shown = owner.get(&page).await.page();
    assert!(
        shown.contains("RVNLJ7RT61SV") && !shown.contains(TAP),
        "{shown}"
    );
    // Money of the queue as well; what the books say already is said so.
    reversed(&world, &mut owner, 2, "AAAAAAAA01").await;
    assert!(owner.get(QUEUE).await.page().contains(TAP));
    for _ in 0..2 {
        let form = [("receipt", "AAAAAAAA01")];
        let to = owner.post(TAP, &form).await.onward();
        assert_eq!(to, "/payments/unmatched?gone=1");
    }
    reversed(&world, &mut owner, 3, "NLJ7RT61SV").await;
    assert_eq!(world.flag(paid).await, None);
    let shown = owner.get(QUEUE).await.page();
    assert!(
        shown.contains("and the books say so") && !shown.contains(TAP),
        "{shown}"
    );
    assert_eq!(
        world
            .count("mpesa_requests where found = 'reversed' and is_booked")
            .await,
        3
    );
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_eq!(world.count("ledger where cause = 'reversal'").await, 2);
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_statement_ends_what_mpesa_was_asked_for_and_never_answered(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    let mut owner = proven(&world).await;
    let page = format!("/payments/{paid}");
    let why = [("reason", "rain")];
    owner.post(&format!("{page}/reverse"), &why).await.onward();
    let (told, _) = secrets(&world, REVERSAL);
    let person = read(&world.app, "select person_id from staff limit 1").await;
    let actor = Actor::Staff(mnara_protocol::ids::PersonId::from_uuid(person));
    let seen = Told {
        original: "NLJ7RT61SV",
        back: Some("BACK000001"),
        amount: Some(Money::from_shillings(50)),
        reason: "portal",
    };
    let booked = reversal::book(&world.app, world.shop.provider, actor, seen).await;
    assert!(matches!(booked, Ok(Booked::New(_))), "{booked:?}");
    let shown = owner.get(&page).await.page();
    assert!(
        shown.contains("and the books say so") && shown.contains("BACK000001"),
        "{shown}"
    );
    // Its word comes after all.
    world
        .call_back(&told, went_back(1, "NLJ7RT61SV", "BACK000001"))
        .await;
    world.work().await;
    assert_eq!(world.count("refunds").await, 1);
    assert_eq!(
        world
            .count(
                "mpesa_requests where state = 'done' and is_booked and back_receipt = 'BACK000001'"
            )
            .await,
        1
    );
    assert_balanced(&world).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_phone_paid_by_credit_is_no_part_of_what_was_reversed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = proven(&world).await;
    let person = read(&world.app, "select person_id from staff limit 1").await;
    let actor = Actor::Staff(mnara_protocol::ids::PersonId::from_uuid(person));
    let provider = world.shop.provider;
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(20),
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
    let id = read(&world.app, "select id from unmatched").await;
    make_over(
        &world.app,
        (provider, actor),
        UnmatchedId::from_uuid(id),
        None,
        false,
    )
    .await
    .unwrap();
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let body = callback(number, json!(0), Some(("NLJ7RT61SV", json!(30))));
    world.call_back(&world.daraja.secret(), body).await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    let seen = Told {
        original: "NLJ7RT61SV",
        back: Some("BACK000001"),
        amount: Some(Money::from_shillings(30)),
        reason: "portal",
    };
    let booked = reversal::book(&world.app, provider, actor, seen).await;
    assert!(matches!(booked, Ok(Booked::New(_))), "{booked:?}");
    // M-PESA says so as well, under no receipt of its own: all that came is back, and the credit is not.
    reversed(&world, &mut owner, 1, "NLJ7RT61SV").await;
    assert_eq!(world.flag(begun.payment).await, None);
    assert!(!owner.get(QUEUE).await.page().contains(TAP));
    let form = [("receipt", "NLJ7RT61SV")];
    let got = owner.post(TAP, &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.count("refunds").await, 1);
    assert_eq!(world.count("refunds where amount = 30").await, 1);
    assert_balanced(&world).await;
}
