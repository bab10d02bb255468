//! Trying somebody's account: it keeps out whoever tries and not whose it is, and it gets nowhere however many try.

use super::*;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::money::mpesa_change::Authenticator;

const OWNER: &str = "njeri@example.com";

/// Somebody who gave the owner's password and has not the owner's phone.
async fn thief(world: &World, n: u8) -> Browser<'_> {
    let mut thief = Browser::new(world, n);
    let next = thief.log_in(OWNER, PASSWORD).await.onward();
    assert_eq!(next, "/log-in/second?next=%2F");
    thief
}

/// How many of so many guesses at the digits were looked at.
async fn guess(thief: &mut Browser<'_>, count: u32) -> u32 {
    let mut looked_at = 0;
    for n in 0..count {
        let digits = format!("{n:06}");
        let got = thief.post("/log-in/second", &[("digits", &digits)]).await;
        match got.status {
            StatusCode::UNPROCESSABLE_ENTITY => looked_at += 1,
            status => assert_eq!(status, StatusCode::TOO_MANY_REQUESTS),
        }
    }
    looked_at
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn thirty_tries_a_minute_keep_no_owner_from_a_new_phone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    Browser::new(&world, 1).sign_up("Njeri Wi-Fi", OWNER).await;
    for minute in 0..20 {
        for n in 0..15 {
            for _ in 0..2 {
                let mut attacker = Browser::new(&world, 30 + n);
                let got = attacker.log_in(OWNER, "guess after guess").await;
                assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
            }
        }
        let mut phone = Browser::new(&world, 100 + minute);
        assert_eq!(phone.log_in(OWNER, PASSWORD).await.onward(), "/");
        world.app.clock.advance(Duration::from_secs(60));
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn however_many_try_a_password_few_tries_are_looked_at(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    owner.post("/log-out", &[]).await.onward();
    let mut looked_at = 0;
    for each in [8, 2] {
        for n in 0..30 {
            for _ in 0..each {
                let got = Browser::new(&world, 30 + n).log_in(OWNER, "guesses").await;
                looked_at += u32::from(got.status == StatusCode::UNPROCESSABLE_ENTITY);
            }
        }
        world.app.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(looked_at, 200 + 40);
    // Where the owner was before, none of this counts.
    assert_eq!(owner.log_in(OWNER, PASSWORD).await.onward(), "/");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_has_the_password_keeps_no_owner_from_the_second_factor(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut laptop = Browser::new(&world, 1);
    laptop.sign_up("Njeri Wi-Fi", OWNER).await;
    let phone = Authenticator::set_up(&world, &mut laptop).await;

    // One thief, who goes on: only that address has to wait.
    let mut one = thief(&world, 30).await;
    assert_eq!(guess(&mut one, 20).await, 6);
    let mut tablet = Browser::new(&world, 2);
    tablet.log_in(OWNER, PASSWORD).await.onward();
    let digits = phone.next(&world);
    let got = tablet.post("/log-in/second", &[("digits", &digits)]).await;
    assert_eq!(got.onward(), "/");

    // Many thieves: few of their tries are looked at, and no browser that the owner was in is kept from anything.
    let mut thieves = Vec::new();
    for n in 31..39 {
        let thief = thief(&world, n).await;
        assert_eq!(
            thief.kept("mnara-known"),
            None,
            "a password makes nobody known"
        );
        thieves.push(thief);
    }
    let (mut looked_at, minutes) = (0, 5);
    for _ in 0..minutes {
        let digits = phone.next(&world);
        for thief in &mut thieves {
            looked_at += guess(thief, 4).await;
        }
        tablet.post("/log-out", &[]).await.onward();
        tablet.log_in(OWNER, PASSWORD).await.onward();
        let got = tablet.post("/log-in/second", &[("digits", &digits)]).await;
        assert_eq!(got.onward(), "/", "known by the second factor");
        let digits = phone.next(&world);
        let form = [
            ("who", "0712 345 678"),
            ("password", PASSWORD),
            ("digits", digits.as_str()),
        ];
        let got = laptop.post("/account/contact", &form).await;
        assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    }
    assert!(looked_at <= 20 + 3 * 2 * minutes, "{looked_at}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn somebody_in_a_stolen_browser_keeps_nobody_elsewhere_from_proving_who_they_are(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut stolen = Browser::new(&world, 1);
    stolen.sign_up("Njeri Wi-Fi", OWNER).await;
    let mut phone = Browser::new(&world, 2);
    phone.log_in(OWNER, PASSWORD).await.onward();
    let form = |password| [("who", "0712 345 678"), ("password", password)];
    let mut refused = StatusCode::OK;
    for _ in 0..15 {
        let got = stolen.post("/account/contact", &form("guesses")).await;
        refused = got.status;
    }
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    let got = phone.post("/account/contact", &form(PASSWORD)).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
}
