//! Paying by hand, and claims of what was paid.

use mnara_protocol::message::{
    ByHand, ByHandAnswer, ByHandQuestion, ClaimQuestion, ClaimedAnswer, NotClaimed, TicketRow,
};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::payments::unmatched::resolve;
use crate::providers::staff::roles::Role;
use crate::tests::doors::member;

pub(super) const TILL: &str = "9876543";

/// Where M-PESA tells of payments to the shop's paybill, or to its till.
pub(super) async fn open_till(world: &World, is_till: bool) -> String {
    if is_till {
        let account = Credentials {
            consumer_key: "key 1".into(),
            consumer_secret: "secret".into(),
            shortcode: "174371".to_owned(),
            passkey: "passkey".into(),
            kind: ShortcodeKind::Till {
                number: TILL.to_owned(),
            },
        };
        crate::payments::account::set(&world.app, world.shop.provider, &account, Actor::Command)
            .await
            .unwrap();
    }
    let choice = providers::c2b::Choice::USUAL;
    crate::payments::hand::open(&world.app, world.shop.provider, choice)
        .await
        .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap().to_owned();
    let secret = address.rsplit('/').nth(1).unwrap();
    format!("/api/pay/{}/{secret}/confirmation", world.shop.provider)
}

pub(super) fn confirmation(receipt: &str, reference: &str, payer: &str, amount: &str) -> Vec<u8> {
    let (kind, code) = if reference.is_empty() {
        ("Buy Goods", TILL)
    } else {
        ("Pay Bill", "174371")
    };
    json!({"TransactionType": kind, "TransID": receipt, "TransTime": "20270115110130", "TransAmount": amount, "BusinessShortCode": code,
           "BillRefNumber": reference, "MSISDN": payer, "FirstName": "NICHOLAS"})
    .to_string()
    .into_bytes()
}

pub(super) async fn told(world: &World, path: &str, body: Vec<u8>) {
    let (status, ..) = world.send(Method::POST, path, None, body).await;
    assert_eq!(status, StatusCode::OK);
    world.work().await;
}

fn question(world: &World, n: u8, phone: Option<&str>) -> Question {
    Question::ByHand(ByHandQuestion {
        attempt: attempt(n),
        plan: world.shop.plan.id,
        revision: world.shop.plan.revision,
        price: world.shop.plan.price,
        phone: phone.map(str::to_owned),
        mac: mac(n),
        deadline: world.app.clock.now().plus_secs(30),
    })
}

async fn asked(world: &World, n: u8, question: Question) -> Answer {
    let site = reports::Site::new(world, world.shop.site);
    let ask = crate::dispatch::DISPATCH.ask;
    ask(&world.app, &site.0, attempt(n), question)
        .await
        .unwrap()
}

/// What a device is told to type.
pub(super) async fn place(world: &World, n: u8, phone: Option<&str>) -> ByHandAnswer {
    let answer = asked(world, n, question(world, n, phone)).await;
    let Answer::ByHand(place) = answer else {
        panic!("{answer:?}")
    };
    place
}

async fn claim(world: &World, n: u8, receipt: &str, phone: &str) -> Option<NotClaimed> {
    let question = Question::Claim(ClaimQuestion {
        attempt: attempt(n),
        receipt: receipt.to_owned(),
        phone: phone.to_owned(),
        mac: mac(n),
        deadline: world.app.clock.now().plus_secs(30),
    });
    let answer = asked(world, n, question).await;
    let Answer::Claimed(ClaimedAnswer { refusal, .. }) = answer else {
        panic!("{answer:?}")
    };
    world.work().await;
    refusal
}

/// Tickets on their way to a device.
async fn delivered(world: &World, n: u8) -> Vec<TicketRow> {
    let rows = world.feed(world.shop.site).await.into_iter();
    rows.filter_map(|row| match row {
        Row::Ticket(row) if row.deliver_to == Some(mac(n)) => Some(row),
        _ => None,
    })
    .collect()
}

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
async fn a_receipt_and_the_number_that_paid_bring_what_was_paid_for_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let payer = "2547 ***** 149";
    told(
        &world,
        &path,
        confirmation("RKL51ZDR40", "MAMA", payer, "50.00"),
    )
    .await;
    // Another number, another receipt, and after that the right ones; a second time it is spent.
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(
        claim(&world, 1, "RKL51ZDR40", "254708374150").await,
        unknown
    );
    assert_eq!(claim(&world, 1, "RKL51ZDR4X", PHONE).await, unknown);
    assert_eq!(claim(&world, 1, "RKL51ZDR40", PHONE).await, None);
    assert_eq!(delivered(&world, 1).await.len(), 1);
    assert_eq!(
        world
            .count("ledger where cause = 'paid' and debit = 'unmatched'")
            .await,
        1
    );
    // Until somebody uses it, it can come to the other phone of whoever paid.
    assert_eq!(claim(&world, 2, "RKL51ZDR40", PHONE).await, None);
    assert_eq!(
        (
            delivered(&world, 1).await.len(),
            delivered(&world, 2).await.len()
        ),
        (0, 1)
    );
    let site = reports::Site::new(&world, world.shop.site);
    let ticket = delivered(&world, 2).await[0].ticket;
    site.whole_life(&world, ticket).await;
    assert_eq!(
        claim(&world, 3, "RKL51ZDR40", PHONE).await,
        Some(NotClaimed::Spent)
    );
    // A receipt that is named before its money is told of: the device gets its ticket when it is.
    assert_eq!(claim(&world, 4, "RKL51ZDR41", PHONE).await, unknown);
    told(
        &world,
        &path,
        confirmation("RKL51ZDR41", "MAMA", payer, "50.00"),
    )
    .await;
    assert_eq!(delivered(&world, 4).await.len(), 1);
    // What is no plan's price, and what went back.
    told(
        &world,
        &path,
        confirmation("RKL51ZDR42", "MAMA", payer, "45.00"),
    )
    .await;
    told(
        &world,
        &path,
        confirmation("RKL51ZDR43", "MAMA", payer, "50.00"),
    )
    .await;
    assert_eq!(
        claim(&world, 5, "RKL51ZDR42", PHONE).await,
        Some(NotClaimed::NoPlan)
    );
    let id: sqlx::types::Uuid = read(
        &world.app,
        "select id from unmatched where receipt = 'RKL51ZDR43'",
    )
    .await;
    let mut owner = member(&world, Role::Owner, 1).await;
    owner.get("/home").await.page();
    let person = mnara_protocol::ids::PersonId::from_uuid(
        read(&world.app, "select person_id from staff limit 1").await,
    );
    let id = mnara_protocol::ids::UnmatchedId::from_uuid(id);
    resolve::refund(
        &world.app,
        world.shop.provider,
        Actor::Staff(person),
        id,
        ("RKL99ZDR99", "asked"),
    )
    .await
    .unwrap();
    assert_eq!(
        claim(&world, 5, "RKL51ZDR43", PHONE).await,
        Some(NotClaimed::Returned)
    );
    // A prompt's money whose ticket nobody used, days after.
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    world
        .begin(world.shop.ask(6, "254708374160"))
        .await
        .unwrap();
    let secret = world.daraja.secret();
    world.pass(2 * 86_400).await;
    world
        .call_back(&secret, success(number, "NLJ7RT61SV"))
        .await;
    world.work().await;
    assert_eq!(claim(&world, 7, "NLJ7RT61SV", "254708374160").await, None);
    assert_eq!(delivered(&world, 7).await.len(), 1);
    assert_eq!(
        world
            .count("unmatched where reason = 'late' and outcome = 'ticket'")
            .await,
        1
    );
    world.books_are_equal().await;
    // Whoever guesses is slowed down.
    let mut slowed = None;
    for number in 0..40 {
        slowed = claim(&world, 8, &format!("GUESS000{number:02}"), PHONE).await;
        if slowed == Some(NotClaimed::TooMany) {
            break;
        }
    }
    assert_eq!(slowed, Some(NotClaimed::TooMany));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_slip_of_the_finger_is_sent_back_before_the_money_moves(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false)
        .await
        .replace("confirmation", "validation");
    let code = place(&world, 1, None).await.account.unwrap();
    let slip = code.replace(&code[7..], if code.ends_with('9') { "0" } else { "9" });
    let stranger = path.replacen(path.split('/').nth(4).unwrap(), &"0".repeat(32), 1);
    for (path, reference, amount, says) in [
        (&path, code.as_str(), "50.00", "0"),
        (&path, slip.as_str(), "50.00", "C2B00012"),
        (&path, code.as_str(), "45.00", "C2B00013"),
        // What is not ours is not judged: other things are paid to the same number.
        (&path, "SMAMA1234567", "45.00", "0"),
        (&path, "DUKA LA MAMA", "45.00", "0"),
        (&path, "", "45.00", "0"),
        (&stranger, slip.as_str(), "50.00", "0"),
    ] {
        let body = confirmation("RKL51ZDR4F", reference, "2547 ***** 149", amount);
        let (status, _, answer) = world.send(Method::POST, path, None, body).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(answer["ResultCode"], says, "{reference} {amount}");
    }
    assert_eq!(world.count("callbacks").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_owner_registers_sees_how_it_stands_and_limits_what_is_taken(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("it has not been asked to"), "{page}");
    let form = [("version", "1"), ("completes", "no")];
    owner.post("/settings/mpesa/hand", &form).await.onward();
    let asked = world
        .daraja
        .seen("/mpesa/c2b/v1/registerurl")
        .pop()
        .unwrap();
    assert_eq!(asked["ResponseType"], "Cancelled");
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("M-PESA has our addresses"), "{page}");
    assert_eq!(world.count("audit where act = 'mpesa-by-hand'").await, 1);
    // The first payment that is told of proves it.
    let address = asked["ConfirmationURL"].as_str().unwrap();
    let path = format!(
        "/api/pay/{}/{}/confirmation",
        world.shop.provider,
        address.rsplit('/').nth(1).unwrap()
    );
    told(
        &world,
        &path,
        confirmation("RKL51ZDR4F", "MAMA", "2547 ***** 149", "50.00"),
    )
    .await;
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("was told of"), "{page}");
    for (least, most, a_day) in [("60", "10", ""), ("<script>", "", "")] {
        let form = [("least", least), ("most", most), ("most_a_day", a_day)];
        let got = owner.post("/settings/mpesa/hand/limits", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(
            got.text.contains("whole shillings") && !got.text.contains("<script>\""),
            "{}",
            got.text
        );
    }
    // A plan of fifty is too dear, then just right, then too often.
    let set = async |owner: &mut browser::Browser, most: &str, a_day: &str| {
        let form = [("least", ""), ("most", most), ("most_a_day", a_day)];
        owner
            .post("/settings/mpesa/hand/limits", &form)
            .await
            .onward();
    };
    set(&mut owner, "49", "").await;
    let refused = world.begin(world.shop.ask(1, PHONE)).await;
    assert!(matches!(
        refused,
        Err(NotBegun::NotAsked(PayFailure::LimitReached, _))
    ));
    assert_eq!(world.daraja.pushes(), 0);
    set(&mut owner, "50", "99").await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let refused = world.begin(world.shop.ask(2, PHONE)).await;
    assert!(matches!(
        refused,
        Err(NotBegun::NotAsked(PayFailure::LimitReached, _))
    ));
    world
        .begin(world.shop.ask(3, "254708374150"))
        .await
        .unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn while_mpesa_takes_no_prompts_the_sites_know_and_later_customers_try_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let away = async |world: &World| {
        let rows = world.feed(world.shop.site).await;
        rows.iter()
            .any(|row| matches!(row, Row::Site(row) if row.no_prompts_since.is_some()))
    };
    let fail = async |world: &World, n: u8| {
        world.daraja.push(503, "<html>busy</html>");
        let phone = format!("2547083741{n:02}");
        let _ = world.begin(world.shop.ask(n, &phone)).await;
    };
    fail(&world, 1).await;
    fail(&world, 2).await;
    assert!(!away(&world).await, "two are not an outage");
    // A phone's own trouble says nothing about M-PESA.
    world.daraja.push(500, &json!({"requestId": "1", "errorCode": "500.001.1001",
        "errorMessage": "Unable to lock subscriber, a transaction is already in process for the current subscriber"}).to_string());
    let _ = world.begin(world.shop.ask(3, "254708374203")).await;
    assert!(!away(&world).await);
    fail(&world, 4).await;
    assert!(away(&world).await);
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/settings/mpesa/hand").await.page();
    assert!(page.contains("takes no prompts since"), "{page}");
    // One that gets through ends it, and so does time.
    world
        .begin(world.shop.ask(5, "254708374205"))
        .await
        .unwrap();
    assert!(!away(&world).await);
    for n in 6..9 {
        fail(&world, n).await;
    }
    assert!(away(&world).await);
    world.pass(601).await;
    assert!(!away(&world).await);
}
