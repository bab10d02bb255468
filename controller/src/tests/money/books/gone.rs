//! Money that went back at the rail itself, as a statement shows.

use super::statement::{lines, upload};
use super::*;
use crate::payments::reversal::{self, Booked, Told};

const HEAD: &str = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn,Linked Transaction ID\n";

/// A line of money that came in.
fn came(receipt: &str, amount: u32) -> String {
    format!("{receipt},15-01-2027 11:00:00,Pay Bill,Completed,{amount}.00,,\n")
}

/// A line of money that went back.
fn back(receipt: &str, original: &str, amount: u32) -> String {
    format!("{receipt},15-01-2027 12:00:00,Pay Bill Reversal,Completed,,-{amount}.00,{original}\n")
}

/// A payment that came when nobody waited for it any more.
async fn late(world: &World, n: u8, phone: &str, receipt: &str) -> PaymentId {
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
    let secret = world.daraja.secret();
    world.app.clock.advance(Duration::from_secs(2 * DAY));
    world.work().await;
    world.call_back(&secret, success(number, receipt)).await;
    world.work().await;
    begun.payment
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_went_back_at_the_rail_itself_is_shown_and_written_into_the_books_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut cashier = member(&world, Role::Cashier, 2).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let paid = sold(&world, 1, PHONE, "AAAAAAAA01").await;
    let slow = late(&world, 2, "254708374150", "AAAAAAAA02").await;
    for (receipt, amount) in [("AAAAAAAA03", "60.00"), ("AAAAAAAA04", "50.00")] {
        by_hand(&world, &till, receipt, "MAMA", amount).await;
    }
    world.work().await;
    // Of one a part went back before, one is in the books as it stands here, one by the name that stands for it; for one there is a voucher.
    let actor = somebody(&world).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let mut dealt = Vec::new();
    for (n, original, receipt, amount) in [
        (5, "AAAAAAAA05", "HAND000005", 20),
        (6, "AAAAAAAA06", "BBBBBBBB06", 50),
        (7, "AAAAAAAA07", "RVAAAAAAAA07", 50),
    ] {
        let one = sold(&world, n, &format!("25470837416{n}"), original).await;
        let noted = Noted {
            amount: Money::from_shillings(amount),
            receipt,
            reason: "rain",
        };
        note(app, provider, actor, one, noted).await.unwrap();
        dealt.push(one);
    }
    let sql =
        "select 'unm_' || replace(id::text, '-', '') from unmatched where receipt = 'AAAAAAAA04'";
    let id: String = read(app, sql).await;
    let plan = Some(world.shop.plan.id);
    resolve::give(app, (provider, actor), id.parse().unwrap(), plan, false)
        .await
        .unwrap();
    assert_balanced(&world, "before").await;
    stand(app, [books::CHECK]).await.unwrap();
    let tickets = world.count("tickets where revoked_at is null").await;
    let file = [
        HEAD.to_owned(),
        came("AAAAAAAA01", 50),
        back("BBBBBBBB01", "AAAAAAAA01", 50),
        back("BBBBBBBB02", "AAAAAAAA02", 50),
        back("BBBBBBBB03", "AAAAAAAA03", 60),
        back("BBBBBBBB04", "AAAAAAAA04", 50),
        back("BBBBBBBB05", "AAAAAAAA05", 50),
        back("BBBBBBBB06", "AAAAAAAA06", 50),
        back("BBBBBBBB07", "AAAAAAAA07", 50),
        back("BBBBBBBB08", "ZZZZZZZZ08", 50),
    ]
    .concat();
    let page = upload(&mut owner, file.as_bytes()).await.page();
    for text in [
        "Went back at M-PESA, not in the books",
        "BBBBBBBB01 of AAAAAAAA01",
        "BBBBBBBB02 of AAAAAAAA02",
        "BBBBBBBB03 of AAAAAAAA03",
        "BBBBBBBB04 of AAAAAAAA04",
        "BBBBBBBB05 of AAAAAAAA05",
        "href=\"/payments/unmatched?receipt=AAAAAAAA03\"",
        "Went back, and in the books: 2",
        "whose payment is not with us: 1",
        &format!("/payments/{paid}"),
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    for text in ["BBBBBBBB06", "BBBBBBBB07", "BBBBBBBB08"] {
        assert!(!page.contains(text), "{text}: {page}");
    }
    let (_, form) = page.split_once("action=\"/books/statement/gone\"").unwrap();
    let lines = lines(form);
    assert!(!lines.contains("BBBBBBBB04"), "{lines}");
    let tap = "/books/statement/gone";
    let got = cashier.post(tap, &[("lines", &lines)]).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    stranger.post(tap, &[("lines", &lines)]).await.onward();
    assert_eq!(world.count("ledger where cause = 'reversal'").await, 0);
    for _ in 0..2 {
        let to = owner.post(tap, &[("lines", &lines)]).await.onward();
        assert!(
            owner
                .get(&to)
                .await
                .page()
                .contains("Written into the books")
        );
    }
    assert_eq!(world.count("ledger where cause = 'reversal'").await, 4);
    assert_eq!(world.count("audit where act = 'reversal'").await, 4);
    // No more than is left of a payment; the vouchers of three that went back whole go with them, and nobody looks for what came late any more.
    for (receipt, cents) in [
        ("BBBBBBBB01", 5_000),
        ("BBBBBBBB02", 5_000),
        ("BBBBBBBB03", 6_000),
        ("BBBBBBBB05", 3_000),
    ] {
        let one = format!(
            "ledger where cause = 'reversal' and receipt = '{receipt}' and cents = {cents} and credit = 'refunded'"
        );
        assert_eq!(world.count(&one).await, 1, "{receipt}");
    }
    assert_eq!(
        world.count("tickets where revoked_at is null").await,
        tickets - 3
    );
    assert_eq!(
        world
            .count("unmatched where outcome = 'refund' and refund_receipt in ('BBBBBBBB02', 'BBBBBBBB03')")
            .await,
        2
    );
    assert_eq!(world.count("unmatched where closed_at is null").await, 0);
    assert_eq!(balance(&world, "unmatched").await, 0);
    assert_balanced(&world, "written").await;
    world.pass(3_600).await;
    assert_eq!(world.count("ledger_faults").await, 0);
    // It is in the payment's story and among the lines of the day, and the statement has nothing new.
    for (payment, receipt) in [
        (paid, "BBBBBBBB01"),
        (slow, "BBBBBBBB02"),
        (dealt[0], "BBBBBBBB05"),
    ] {
        let page = owner.get(&format!("/payments/{payment}")).await.page();
        assert!(
            page.contains(receipt) && page.contains("went back at M-PESA"),
            "{page}"
        );
    }
    let page = owner.get("/books/day").await.page();
    assert!(page.contains("Taken back by M-PESA"), "{page}");
    let page = upload(&mut owner, file.as_bytes()).await.page();
    assert!(!page.contains("action=\"/books/statement/gone\""), "{page}");
    assert!(page.contains("Went back, and in the books: 6"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_something_else_was_written_for_meanwhile_is_not_said_to_be_written(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let till = till(&world).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    by_hand(&world, &till, "AAAAAAAA01", "MAMA", "50.00").await;
    world.work().await;
    let file = [HEAD.to_owned(), back("BBBBBBBB01", "AAAAAAAA01", 50)].concat();
    let page = upload(&mut owner, file.as_bytes()).await.page();
    let (_, form) = page.split_once("action=\"/books/statement/gone\"").unwrap();
    let lines = lines(form);
    // Somebody gives a voucher for it before the tap.
    let actor = somebody(&world).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let id =
        mnara_protocol::ids::UnmatchedId::from_uuid(read(app, "select id from unmatched").await);
    resolve::give(app, (provider, actor), id, Some(world.shop.plan.id), false)
        .await
        .unwrap();
    let tap = "/books/statement/gone";
    let to = owner.post(tap, &[("lines", &lines)]).await.onward();
    let page = owner.get(&to).await.page();
    assert!(page.contains("Not all was written"), "{page}");
    assert!(!page.contains("Written into the books"), "{page}");
    assert_eq!(world.count("ledger where cause = 'reversal'").await, 0);
    assert_balanced(&world, "something else").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_written_as_gone_is_not_written_again_from_its_rows(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options.clone()).await;
    member(&world, Role::Owner, 1).await;
    let actor = somebody(&world).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let paid = sold(&world, 1, PHONE, "AAAAAAAA01").await;
    let noted = Noted {
        amount: Money::from_shillings(10),
        receipt: "HAND000001",
        reason: "rain",
    };
    note(app, provider, actor, paid, noted).await.unwrap();
    let told = Told {
        original: "AAAAAAAA01",
        back: Some("BBBBBBBB01"),
        amount: Some(Money::from_shillings(30)),
        reason: "portal",
    };
    let booked = reversal::book(app, provider, actor, told).await.unwrap();
    assert!(matches!(booked, Booked::New(_)), "{booked:?}");
    // What the statement says is no more than came, and nothing is left but ten shillings.
    let told = Told {
        back: Some("BBBBBBBB02"),
        amount: Some(Money::from_shillings(5_000)),
        ..told
    };
    let booked = reversal::book(app, provider, actor, told).await.unwrap();
    assert!(matches!(booked, Booked::New(_)), "{booked:?}");
    let told = Told {
        back: Some("BBBBBBBB03"),
        ..told
    };
    let booked = reversal::book(app, provider, actor, told).await.unwrap();
    assert_eq!(booked, Booked::Nothing);
    assert_eq!(balance(&world, "refunded").await, 5_000);
    assert_eq!(balance(&world, "tickets").await, 0);
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    open_by_the_run_book(&mut db).await;
    db.close().await.unwrap();
    assert_eq!(world.count("ledger where cause = 'refund'").await, 1);
    assert_eq!(world.count("ledger where cause = 'reversal'").await, 2);
    assert_balanced(&world, "opened").await;
}
