//! The way back in: a link by mail, from an owner, once and for an hour, that tells nobody who is somebody here and keeps nobody out.

use super::*;
use crate::providers::log_in::second::begin as second;
use crate::providers::staff::By;
use crate::providers::staff::invite::invite;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::office::Office;

const OWNER: &str = "njeri@example.com";
const NEW: &str = "tower rain mango";

async fn owner<'a>(world: &'a World, office: &Office) -> Browser<'a> {
    let mut owner = Browser::new(world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    office.empty();
    owner
}

async fn ask(world: &World, n: u8, who: &str) -> browser::Got {
    let got = Browser::new(world, n)
        .post("/forgot", &[("who", who)])
        .await;
    world.work().await;
    got
}

/// Somebody who joins the first browser's business.
async fn member<'a>(
    world: &'a World,
    by: &mut Browser<'_>,
    role: &str,
    who: &str,
    n: u8,
) -> Browser<'a> {
    let form = [("name", "Otieno"), ("role", role)];
    let page = by.post("/staff/invite", &form).await.page();
    let at = page.find("/join/").unwrap();
    let path = page[at..].split('<').next().unwrap().to_owned();
    let mut browser = Browser::new(world, n);
    let form = [("name", "Otieno"), ("who", who), ("password", PASSWORD)];
    browser.post(&path, &form).await.onward();
    browser
}

async fn place(world: &World, who: &str) -> String {
    let sql = format!(
        "select s.id::text from staff s join people p on p.id = s.person_id where p.email = '{who}' or p.phone = '{who}'"
    );
    read(&world.app, &sql).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_sets_a_new_password_once_and_ends_every_log_in(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut phone = owner(&world, &office).await;
    ask(&world, 2, " Njeri@Example.com").await.page();
    let path = office.one().path("/reset/");
    let mut browser = Browser::new(&world, 3);
    // A mail server that looks at what it carries uses nothing up.
    for _ in 0..2 {
        let page = browser.get(&path).await.page();
        assert!(page.contains("Choose a new password"));
        assert!(page.contains("Njeri Wanjiru · Njeri Wi-Fi"), "{page}");
        assert!(
            !page.contains("src=\"http") && !page.contains("href=\"http"),
            "{page}"
        );
    }
    let short = browser.post(&path, &[("password", "short")]).await;
    assert_eq!(short.status, StatusCode::UNPROCESSABLE_ENTITY);
    let form = [("password", NEW)];
    assert_eq!(
        browser.post(&path, &form).await.onward(),
        "/log-in?done=reset"
    );
    assert!(
        browser
            .get("/log-in?done=reset")
            .await
            .page()
            .contains("The password is set")
    );
    assert_eq!(
        browser.post(&path, &form).await.status,
        StatusCode::NOT_FOUND,
        "once"
    );
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(phone.get("/home").await.onward(), "/log-in?next=%2Fhome");
    let refused = browser.log_in(OWNER, PASSWORD).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.log_in(OWNER, NEW).await.onward();
    world.work().await;
    assert_eq!(office.one().subject, "Your password was changed");
    assert_eq!(world.count("audit where act = 'password-reset'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_learns_who_is_somebody_here(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    owner(&world, &office).await;
    let known = ask(&world, 2, OWNER).await.page();
    let unknown = ask(&world, 3, "nobody@example.com").await.page();
    assert_eq!(known, unknown);
    assert_eq!(office.one().to, OWNER);
    assert_eq!(
        world.count("resets where person_id is null").await,
        0,
        "nothing is kept of a stranger"
    );
    let phones = [
        ask(&world, 4, "0712 345 678").await.page(),
        ask(&world, 5, "0799 999 999").await.page(),
    ];
    assert!(phones[0].contains("No SMS leaves here"));
    assert_eq!(phones[0], phones[1]);
    let token = "0".repeat(64);
    let form = [("password", NEW)];
    let guessed = Browser::new(&world, 6)
        .post(&format!("/reset/{token}"), &form)
        .await;
    assert_eq!(guessed.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_asks_in_an_owners_name_keeps_no_owner_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    owner(&world, &office).await;
    for n in 0..20 {
        ask(&world, 20 + n, OWNER).await.page();
    }
    let letters = office.empty();
    assert_eq!(letters.len(), 3, "a few letters, and no flood");
    // The first of them works as well as the last.
    let path = letters[0].path("/reset/");
    Browser::new(&world, 2)
        .post(&path, &[("password", NEW)])
        .await
        .onward();
    for letter in &letters {
        let got = Browser::new(&world, 3).get(&letter.path("/reset/")).await;
        assert_eq!(
            got.status,
            StatusCode::NOT_FOUND,
            "one link used ends the others"
        );
    }
    Browser::new(&world, 4).log_in(OWNER, NEW).await.onward();
    // One address cannot ask for ever, and less often for one name.
    let mut refused = StatusCode::OK;
    for n in 0..61 {
        refused = ask(&world, 5, &format!("n{n}@example.com")).await.status;
    }
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..7 {
        refused = ask(&world, 6, "nobody@example.com").await.status;
    }
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    ask(&world, 6, "other@example.com").await.page();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stranger_at_the_owners_address_leaves_the_owner_a_way_back_in(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    owner(&world, &office).await;
    let mut phone = Browser::new(&world, 7);
    for minute in 0..5 {
        for n in 0..31 {
            let name = format!("n{n}@example.com");
            Browser::new(&world, 7).log_in(&name, "guesses").await;
        }
        for n in 0..20 {
            ask(&world, 7, &format!("n{minute}.{n}@example.com")).await;
        }
        let refused = phone.log_in(OWNER, PASSWORD).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        world.app.clock.advance(Duration::from_secs(60));
    }
    ask(&world, 7, OWNER).await.page();
    let path = office.one().path("/reset/");
    for n in 0..31 {
        let name = format!("n{n}@example.com");
        Browser::new(&world, 7).log_in(&name, "guesses").await;
    }
    let form = [("password", NEW)];
    phone.post(&path, &form).await.onward();
    assert_eq!(phone.log_in(OWNER, NEW).await.onward(), "/");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_is_over_after_an_hour(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    owner(&world, &office).await;
    ask(&world, 2, OWNER).await.page();
    let path = office.one().path("/reset/");
    world.app.clock.advance(Duration::from_secs(3_601));
    let form = [("password", NEW)];
    let got = Browser::new(&world, 3).post(&path, &form).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert!(got.text.contains("This link is over"));
    ask(&world, 2, OWNER).await.page();
    office.one();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_opens_no_second_factor(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    let mut phone = owner(&world, &office).await;
    let person = read(
        &world.app,
        "select id from people where email = 'njeri@example.com'",
    )
    .await;
    let set_up = second(
        &world.app,
        mnara_protocol::ids::PersonId::from_uuid(person),
        OWNER,
    );
    let digits = browser::digits(&world, &set_up.typed);
    let form = [
        ("sealed", set_up.sealed.as_str()),
        ("password", PASSWORD),
        ("digits", &digits),
    ];
    phone.post("/account/second", &form).await.page();
    ask(&world, 2, OWNER).await.page();
    let path = office.empty().last().unwrap().path("/reset/");
    let mut browser = Browser::new(&world, 3);
    browser.post(&path, &[("password", NEW)]).await.onward();
    assert!(
        browser
            .log_in(OWNER, NEW)
            .await
            .onward()
            .starts_with("/log-in/second")
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_makes_a_link_for_staff_below_given_the_password(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = owner(&world, &office).await;
    let mut manager = member(&world, &mut owner, "manager", "manager@example.com", 2).await;
    member(&world, &mut owner, "cashier", "0712 345 678", 3).await;
    office.empty();
    let cashier = place(&world, "254712345678").await;
    let path = format!("/staff/{cashier}/reset");
    assert!(
        owner
            .get("/staff")
            .await
            .page()
            .contains(&format!("{}/reset", cashier.replace('-', "")))
    );
    let wrong = owner.post(&path, &[("password", "not mine at all")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.count("resets").await, 0);
    let page = manager.post(&path, &[("password", PASSWORD)]).await.page();
    let at = page.find("/reset/").unwrap();
    let link = page[at..].split('<').next().unwrap().to_owned();
    Browser::new(&world, 4)
        .post(&link, &[("password", NEW)])
        .await
        .onward();
    Browser::new(&world, 5)
        .log_in("0712345678", NEW)
        .await
        .onward();
    // Whoever has an address gets the link there, and nobody else sees it.
    let above = place(&world, "manager@example.com").await;
    let path = format!("/staff/{above}/reset");
    let page = owner.post(&path, &[("password", PASSWORD)]).await.page();
    assert!(page.contains("on its way to their mail") && !page.contains("/reset/00"));
    world.work().await;
    let letters = office.empty();
    assert_eq!(letters.last().unwrap().to, "manager@example.com");
    // Never upwards, and never a neighbour's.
    let own = place(&world, OWNER).await;
    for (who, path) in [(&mut manager, format!("/staff/{own}/reset"))] {
        let got = who.post(&path, &[("password", PASSWORD)]).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN);
    }
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    let got = stranger
        .post(
            &format!("/staff/{cashier}/reset"),
            &[("password", PASSWORD)],
        )
        .await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_that_somebody_was_shown_is_good_while_they_stand_above(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = owner(&world, &office).await;
    let mut manager = member(&world, &mut owner, "manager", "manager@example.com", 2).await;
    member(&world, &mut owner, "cashier", "0712 345 678", 3).await;
    let cashier = place(&world, "254712345678").await;
    let above = place(&world, "manager@example.com").await;
    let proof = ("password", PASSWORD);
    // The cashier rises, or whoever was shown the link falls: then it opens nothing, and once that is undone it does again.
    for (n, (path, there, back)) in [
        (format!("/staff/{cashier}/role"), "manager", "cashier"),
        (format!("/staff/{cashier}/role"), "owner", "cashier"),
        (format!("/staff/{above}/role"), "reader", "manager"),
    ]
    .into_iter()
    .enumerate()
    {
        world.app.clock.advance(Duration::from_secs(300));
        let shows = format!("/staff/{cashier}/reset");
        let page = manager.post(&shows, &[proof]).await.page();
        let at = page.find("/reset/").unwrap();
        let link = page[at..].split('<').next().unwrap().to_owned();
        let mut friend = Browser::new(&world, 10 + u8::try_from(n).unwrap());
        friend.get(&link).await.page();
        owner.post(&path, &[("role", there), proof]).await.onward();
        assert_eq!(friend.get(&link).await.status, StatusCode::NOT_FOUND);
        let got = friend.post(&link, &[("password", NEW)]).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{path} {there}");
        owner.post(&path, &[("role", back), proof]).await.onward();
        friend.get(&link).await.page();
    }
    let page = manager
        .post(&format!("/staff/{cashier}/reset"), &[proof])
        .await
        .page();
    let at = page.find("/reset/").unwrap();
    let link = page[at..].split('<').next().unwrap().to_owned();
    owner
        .post(&format!("/staff/{above}/end"), &[])
        .await
        .onward();
    let got = Browser::new(&world, 20)
        .post(&link, &[("password", NEW)])
        .await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert_eq!(world.count("audit where act = 'password-reset'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_ends_when_the_password_is_changed(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = owner(&world, &office).await;
    ask(&world, 2, OWNER).await.page();
    let path = office.one().path("/reset/");
    Browser::new(&world, 3).get(&path).await.page();
    let form = [("old", PASSWORD), ("new", NEW)];
    owner.post("/account/password", &form).await.onward();
    let got = Browser::new(&world, 3)
        .post(&path, &[("password", PASSWORD)])
        .await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_is_shown_a_link_into_another_business(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = owner(&world, &office).await;
    let mut cashier = member(&world, &mut owner, "cashier", "0712 345 678", 3).await;
    // The cashier owns a business too.
    let by = By {
        actor: Actor::Command,
        role: Role::Owner,
    };
    let code = invite(&world.app, world.shop.provider, by, "Otieno", Role::Owner)
        .await
        .unwrap();
    let here = format!("/join/{code}/here");
    assert_eq!(cashier.post(&here, &[]).await.onward(), "/home");
    let sql = "select s.id::text from staff s join people p on p.id = s.person_id where p.phone = '254712345678' and s.role = 'cashier'";
    let cashier: String = read(&world.app, sql).await;
    let path = format!("/staff/{cashier}/reset");
    let got = owner.post(&path, &[("password", PASSWORD)]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert_eq!(world.count("resets").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_owner_whose_account_strangers_try_comes_in_by_a_link(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    owner(&world, &office).await;
    // From so many addresses that the account takes no more strangers.
    for n in 30..52 {
        for _ in 0..10 {
            Browser::new(&world, n)
                .log_in(OWNER, "guess after guess")
                .await;
        }
    }
    // A new phone, and the right password.
    let mut phone = Browser::new(&world, 2);
    let refused = phone.log_in(OWNER, PASSWORD).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        refused
            .text
            .contains("The browser in which you set it is let in at once"),
        "{}",
        refused.text
    );
    ask(&world, 2, OWNER).await.page();
    let path = office.one().path("/reset/");
    phone.post(&path, &[("password", NEW)]).await.onward();
    assert_eq!(phone.log_in(OWNER, NEW).await.onward(), "/");
    let stranger = Browser::new(&world, 60).log_in(OWNER, NEW).await;
    assert_eq!(stranger.status, StatusCode::TOO_MANY_REQUESTS);
}
