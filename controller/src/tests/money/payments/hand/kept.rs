//! What is kept of devices that pay by hand, and until when.

use super::*;
use crate::admin::retention::FORGET;
use crate::db::At;
use crate::jobs::tasks::stand;
use crate::payments::hand::store;

const DAY: u64 = 86_400;
/// The work comes back after so long.
const HOUR: u64 = 3_600;

/// A device's code at the paybill.
async fn code(world: &World, n: u8, phone: Option<&str>) -> String {
    place(world, n, phone).await.account.unwrap()
}

/// Somebody whose number is hidden pays by a code.
async fn pays(world: &World, path: &str, receipt: &str, code: &str) {
    let body = confirmation(receipt, code, "2547 ***** 149", "50.00");
    told(world, path, body).await;
}

/// Payments by hand of a device.
async fn paid_by(world: &World, n: u8) -> i64 {
    let of = format!("payments where push = 'hand' and mac = '{}'", mac(n));
    world.count(&of).await
}

/// A device has a code that was another's, as when it is drawn again.
async fn draws(world: &World, n: u8, code: &str) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query(
        "insert into hand_codes (provider_id, code, site_id, mac, asked_at) values ($1, $2, $3, $4::text::macaddr, $5)",
    )
    .bind(world.shop.provider.uuid())
    .bind(code)
    .bind(world.shop.site.uuid())
    .bind(mac(n).to_string())
    .bind(At(world.app.clock.now()))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_code_goes_when_nobody_asked_for_it_or_paid_by_it_for_half_a_year(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    stand(&world.app, [FORGET]).await.unwrap();
    let idle = code(&world, 1, None).await;
    // Saved as an account, it is paid by and never asked for again.
    let saved = code(&world, 2, None).await;
    world.pass(100 * DAY).await;
    pays(&world, &path, "RKL51ZDR41", &saved).await;
    let young = code(&world, 3, None).await;
    world.pass(80 * DAY).await;
    assert_eq!(world.count("hand_codes").await, 3, "180 days are not over");
    world.pass(HOUR).await;
    let left = format!("hand_codes where code in ('{saved}', '{young}')");
    assert_eq!(world.count(&left).await, 2);
    assert_eq!(world.count("hand_codes").await, 2);
    pays(&world, &path, "RKL51ZDR42", &saved).await;
    assert_eq!(paid_by(&world, 2).await, 2);
    // What comes by the code that is gone waits for a person, and whoever had it is given another one.
    pays(&world, &path, "RKL51ZDR43", &idle).await;
    let queue = "unmatched where receipt = 'RKL51ZDR43' and reason = 'nobody'";
    assert_eq!(world.count(queue).await, 1);
    let fresh = code(&world, 1, None).await;
    assert_ne!(fresh, idle);
    // Drawn again, it is the other device's alone.
    draws(&world, 4, &idle).await;
    pays(&world, &path, "RKL51ZDR44", &idle).await;
    pays(&world, &path, "RKL51ZDR45", &fresh).await;
    assert_eq!((paid_by(&world, 4).await, paid_by(&world, 1).await), (1, 1));
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_device_was_to_pay_and_what_was_typed_there_goes_after_a_month_and_its_code_stays(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    stand(&world.app, [FORGET]).await.unwrap();
    let old = code(&world, 1, Some(PHONE)).await;
    let unknown = Some(NotClaimed::Unknown);
    assert_eq!(claim(&world, 2, "RKL51ZDR41", PHONE).await, unknown);
    let typed = "hand_codes where msisdn is not null and amount is not null";
    let named = "hand_codes where receipt is not null and receipt_msisdn is not null";
    world.pass(30 * DAY).await;
    assert_eq!(world.count(typed).await, 1);
    assert_eq!(world.count(named).await, 1);
    let young = code(&world, 3, Some(PHONE)).await;
    world.pass(HOUR).await;
    assert_eq!(world.count(typed).await, 1, "of the young one");
    assert_eq!(world.count(named).await, 0);
    let bare = "hand_codes where num_nonnulls(amount, msisdn, receipt, receipt_msisdn) = 0";
    assert_eq!(world.count(bare).await, 2);
    // Both codes bring their voucher. What was typed at the young one says whose hidden number it was.
    pays(&world, &path, "RKL51ZDR42", &old).await;
    pays(&world, &path, "RKL51ZDR43", &young).await;
    assert_eq!((paid_by(&world, 1).await, paid_by(&world, 3).await), (1, 1));
    for (receipt, phone) in [("RKL51ZDR42", "is null"), ("RKL51ZDR43", "is not null")] {
        let known = format!("payments where external_txn_id = '{receipt}' and msisdn {phone}");
        assert_eq!(world.count(&known).await, 1, "{receipt}");
    }
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn codes_and_what_was_typed_go_in_parts_the_oldest_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    open_till(&world, false).await;
    for n in 1..=3 {
        code(&world, n, Some(PHONE)).await;
        world.app.clock.advance(Duration::from_secs(60));
    }
    let now = world.app.clock.now();
    let newest = format!("hand_codes where mac = '{}'", mac(3));
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    assert_eq!(store::forget_expected(&mut tx, now, 2).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(world.count("hand_codes where msisdn is not null").await, 1);
    assert_eq!(
        world
            .count(&format!("{newest} and msisdn is not null"))
            .await,
        1
    );
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    assert_eq!(store::forget(&mut tx, now, 2).await.unwrap(), 2);
    tx.commit().await.unwrap();
    assert_eq!(world.count("hand_codes").await, 1);
    assert_eq!(world.count(&newest).await, 1);
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    assert_eq!(store::forget_expected(&mut tx, now, 2).await.unwrap(), 1);
    assert_eq!(store::forget(&mut tx, now, 2).await.unwrap(), 1);
    assert_eq!(store::forget(&mut tx, now, 2).await.unwrap(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_paid_with_the_code_of_a_closed_site_makes_no_voucher_there(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let path = open_till(&world, false).await;
    let code = place(&world, 1, None).await.account.unwrap();
    world.app.clock.advance(Duration::from_secs(3_600));
    let (provider, site) = (world.shop.provider, world.shop.site);
    fleet::close::close(&world.app, provider, site, Actor::Command)
        .await
        .unwrap();
    let body = confirmation("RKL51ZDR4F", &code, "2547 ***** 149", "50.00");
    let validation = path.replace("confirmation", "validation");
    let (_, _, answer) = world
        .send(Method::POST, &validation, None, body.clone())
        .await;
    assert_eq!(answer["ResultCode"].as_str(), Some("C2B00012"));
    told(&world, &path, body).await;
    assert_eq!(world.count("tickets").await, 0);
    assert_eq!(world.count("unmatched where closed_at is null").await, 1);
}
