//! The counter: vouchers sold for cash, from the screen and from paper, each once, with who has the money.

use super::*;
use crate::providers::keys::scopes::Scope;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, Got};
use crate::tests::pages::doors::member;
use crate::tests::programs::api::{call, key};
use crate::tests::sites::reports::Site;

/// What stands in a hidden field of the form that sends to a path.
fn hidden(page: &str, action: &str, name: &str) -> String {
    let (_, form) = page.split_once(&format!("action=\"{action}\"")).unwrap();
    let (_, rest) = form
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// Presses "Sell" and says where that led.
async fn sell(browser: &mut Browser<'_>) -> Got {
    let page = browser.get("/counter").await.page();
    let (series, attempt) = (
        hidden(&page, "/counter/sell", "series"),
        hidden(&page, "/counter/sell", "attempt"),
    );
    let form = [("series", series.as_str()), ("attempt", &attempt)];
    let first = browser.post("/counter/sell", &form).await;
    // A finger that presses twice buys one.
    let again = browser.post("/counter/sell", &form).await;
    assert_eq!(first.location, again.location);
    first
}

fn codes(page: &str) -> Vec<String> {
    let codes = page.split("<code>").skip(1);
    codes
        .map(|rest| rest.split_once("</code>").unwrap().0.to_owned())
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_sold_on_paper_and_from_the_screen_is_never_the_same(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let page = cashier.get("/counter").await.page();
    assert!(page.contains("No voucher waits to be sold from the screen"));
    let printed = series::print(&world, 12).await;
    let shown: Vec<String> = printed
        .tickets
        .iter()
        .map(|ticket| ticket.code.shown())
        .collect();
    // One from the screen; the sheets then have all others, and the screen none.
    let sold = sell(&mut cashier).await.onward();
    let page = cashier.get(&sold).await.page();
    assert!(page.contains(&shown[0]), "{page}");
    assert!(page.contains("<dd>14 Feb 2027, 11:00</dd>"), "{page}");
    assert!(cashier.get("/counter").await.page().contains("Left: 11 "));
    let sheets = format!("/vouchers/series/{}/sheets", printed.series.id);
    assert_eq!(codes(&cashier.get(&sheets).await.page()), shown[1..]);
    let page = cashier.get("/counter").await.page();
    assert!(!page.contains("/counter/sell"), "{page}");
    // A paper that is handed out is noted by its code, however it is typed, and only once.
    let attempt = hidden(&page, "/counter/paper", "attempt");
    let typed = shown[4].to_lowercase();
    let form = [("code", typed.as_str()), ("attempt", &attempt)];
    for _ in 0..2 {
        assert_eq!(
            cashier.post("/counter/paper", &form).await.onward(),
            "/counter?done=noted"
        );
    }
    let page = cashier.get("/counter").await.page();
    assert!(page.contains("KSh\u{a0}100"), "{page}");
    for (code, status, says) in [
        (shown[4].as_str(), StatusCode::CONFLICT, "sold before"),
        (&shown[0], StatusCode::CONFLICT, "sold before"),
        ("ZZZZZZZZ", StatusCode::NOT_FOUND, "printed no voucher"),
        ("<b>", StatusCode::UNPROCESSABLE_ENTITY, "cannot be a code"),
    ] {
        let page = cashier.get("/counter").await.page();
        let attempt = hidden(&page, "/counter/paper", "attempt");
        let form = [("code", code), ("attempt", attempt.as_str())];
        let got = cashier.post("/counter/paper", &form).await;
        assert_eq!(got.status, status, "{code}");
        assert!(got.text.contains(says), "{code}: {}", got.text);
    }
    assert_eq!(world.count("cash_sales").await, 2);
    assert_eq!(
        world
            .count("audit where act = 'cash-sale' and person_id is not null")
            .await,
        2
    );
    // What is sold is printed on no further sheet.
    let page = cashier.get(&sheets).await.page();
    assert_eq!(codes(&page).len(), 10);
    assert!(!page.contains(&shown[4]));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_program_has_read_is_not_sold_from_the_screen(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let printed = series::print(&world, 5).await;
    let key = key(&world.app, world.shop.provider, &Scope::ALL).await;
    // A program that lists vouchers takes none out of the counter, since it gets no code that nobody has seen.
    let (_, list) = call(&world, Method::GET, &key, "/tickets", Value::Null).await;
    let listed = list["items"].as_array().unwrap();
    assert!(listed.iter().all(|one| one["code"].is_null()), "{list}");
    let code = async |index: usize| {
        let path = format!("/tickets/{}", printed.tickets[index].id);
        let (_, mut one) = call(&world, Method::GET, &key, &path, Value::Null).await;
        one["code"].take()
    };
    let shown = |index: usize| Value::from(printed.tickets[index].code.shown());
    assert_eq!(code(0).await, Value::Null);
    let path = format!("/series/{}/codes?limit=2", printed.series.id);
    let (status, part) = call(&world, Method::GET, &key, &path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{part}");
    assert!(cashier.get("/counter").await.page().contains("Left: 3 "));
    let sold = sell(&mut cashier).await.onward();
    let page = cashier.get(&sold).await.page();
    assert!(page.contains(&printed.tickets[2].code.shown()), "{page}");
    for index in 0..3 {
        assert_eq!(code(index).await, shown(index));
    }
    assert_eq!(code(3).await, Value::Null);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_made_long_ago_is_sold_from_the_screen_as_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let oldest = series::print(&world, 3).await;
    for _ in 0..20 {
        world.app.clock.advance(Duration::from_secs(1));
        series::print(&world, 3).await;
    }
    let count = |page: &str| page.matches("action=\"/counter/sell\"").count();
    let id = oldest.series.id.to_string();
    let page = cashier.get("/counter").await.page();
    assert!(count(&page) == 20 && !page.contains(&id), "{page}");
    let (_, older) = page.split_once("href=\"/counter?before=").unwrap();
    let older = format!("/counter?before={}", older.split('"').next().unwrap());
    let page = cashier.get(&older).await.page();
    assert!(count(&page) == 1 && page.contains(&id), "{page}");
    assert!(!page.contains("/counter?before="), "{page}");
    assert!(page.contains("The newest vouchers"), "{page}");
    let attempt = hidden(&page, "/counter/sell", "attempt");
    let form = [("series", id.as_str()), ("attempt", &attempt)];
    let sold = cashier.post("/counter/sell", &form).await.onward();
    let page = cashier.get(&sold).await.page();
    assert!(page.contains(&oldest.tickets[0].code.shown()), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn two_who_sell_at_once_sell_two(pool: PgPoolOptions, options: PgConnectOptions) {
    use crate::tickets::counter::{NotSold, Seller, sell};
    let world = World::open(pool, options).await;
    let printed = series::print(&world, 3).await;
    member(&world, Role::Cashier, 1).await;
    let person = read(&world.app, "select person_id from staff limit 1").await;
    let seller = Seller {
        provider: world.shop.provider,
        person: mnara_protocol::ids::PersonId::from_uuid(person),
        actor: Actor::Command,
    };
    let all = (0..4).map(|n| sell(&world.app, seller, printed.series.id, attempt(n)));
    let all = futures_util::future::join_all(all).await;
    let mut sold: Vec<_> = all.iter().filter_map(|one| one.as_ref().ok()).collect();
    sold.sort_unstable();
    sold.dedup();
    assert_eq!(sold.len(), 3);
    let refused = all.iter().filter_map(|one| one.as_ref().err());
    assert!(
        refused
            .into_iter()
            .all(|why| matches!(why, NotSold::NoneLeft))
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_goes_back_for_what_is_unused_and_each_sees_their_own(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut other = member(&world, Role::Cashier, 2).await;
    let mut owner = member(&world, Role::Owner, 3).await;
    let mut reader = member(&world, Role::Reader, 4).await;
    let mut stranger = Browser::new(&world, 5);
    stranger.sign_up("Another", "another@example.com").await;
    let printed = series::print(&world, 5).await;
    let first = sell(&mut cashier).await.onward();
    let second = sell(&mut cashier).await.onward();
    sell(&mut other).await.onward();
    // Not theirs, not there: another cashier, another business. Readers see none of it.
    for path in [first.clone(), format!("{first}/slip")] {
        assert_eq!(other.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(reader.get(&path).await.status, StatusCode::FORBIDDEN);
        assert_eq!(owner.get(&path).await.status, StatusCode::OK);
    }
    for browser in [&mut other, &mut stranger] {
        let got = browser.post(&format!("{first}/undo"), &[]).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
    }
    // Not even a series of another's can be sold from.
    let form = [
        ("series", printed.series.id.to_string()),
        ("attempt", attempt(9).to_string()),
    ];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let got = stranger.post("/counter/sell", &form).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    // What is used is used.
    let of = mnara_protocol::message::Printed {
        series: printed.series.id,
        index: printed.tickets[1].index,
    };
    let site = Site::new(&world, world.shop.site);
    site.redeem(
        &world,
        printed.tickets[1].id,
        Some(of),
        world.app.clock.now(),
    )
    .await;
    let got = cashier.post(&format!("{second}/undo"), &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    for _ in 0..2 {
        assert_eq!(
            cashier.post(&format!("{first}/undo"), &[]).await.onward(),
            "/counter?done=undone"
        );
    }
    assert_eq!(world.count("tickets where revoked_at is not null").await, 1);
    assert_eq!(world.count("audit where act = 'cash-undo'").await, 1);
    let page = cashier.get("/counter").await.page();
    assert!(
        page.contains("<p class=\"figure\">KSh\u{a0}50</p>"),
        "{page}"
    );
    assert!(!page.contains("cashier · 1"), "{page}");
    let page = owner.get("/counter").await.page();
    assert_eq!(page.matches("cashier · 1</dt><dd>KSh\u{a0}50").count(), 2);
    // Another day is another sum, and this one stays to be looked at.
    world.app.clock.advance(Duration::from_secs(86_400));
    let page = owner.get("/counter").await.page();
    assert!(page.contains("Nothing was sold for cash"), "{page}");
    let page = owner.get("/counter?day=2027-01-15").await.page();
    assert_eq!(page.matches("cashier · 1</dt><dd>KSh\u{a0}50").count(), 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_goes_back_later_leaves_the_day_of_its_sale_as_it_was(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut other = member(&world, Role::Cashier, 2).await;
    let mut owner = member(&world, Role::Owner, 3).await;
    series::print(&world, 5).await;
    let first = sell(&mut cashier).await.onward();
    sell(&mut cashier).await.onward();
    world.app.clock.advance(Duration::from_secs(86_400));
    // What is sold and undone on one day is on no sum of it.
    let same_day = sell(&mut cashier).await.onward();
    for sale in [&first, &same_day] {
        let led = cashier.post(&format!("{sale}/undo"), &[]).await.onward();
        assert_eq!(led, "/counter?done=undone");
    }
    let figure = |page: &str, amount: &str| {
        let says = format!("<p class=\"figure\">{amount}</p>");
        assert!(page.contains(&says), "{amount}: {page}");
    };
    let back = "Given back for earlier days";
    let link = format!("href=\"{first}\"");
    let page = cashier.get("/counter").await.page();
    figure(&page, "−KSh\u{a0}50");
    let (_, list) = page.split_once(back).unwrap();
    assert_eq!(list.matches(&link).count(), 1, "{page}");
    let page = cashier.get("/counter?day=2027-01-15").await.page();
    figure(&page, "KSh\u{a0}100");
    assert!(page.contains("money back, 16 Jan 2027"), "{page}");
    assert!(!page.contains(back), "{page}");
    // Another cashier sees nothing of it, and who sees all sees both days.
    let page = other.get("/counter").await.page();
    figure(&page, "KSh\u{a0}0");
    assert!(!page.contains(&link), "{page}");
    let page = owner.get("/counter").await.page();
    assert!(page.contains("cashier · 0</dt><dd>−KSh\u{a0}50"), "{page}");
    assert!(page.contains(&link), "{page}");
    let page = owner.get("/counter?day=2027-01-15").await.page();
    assert!(page.contains("cashier · 2</dt><dd>KSh\u{a0}100"), "{page}");
    // The day after, all of it is over.
    world.app.clock.advance(Duration::from_secs(86_400));
    let page = cashier.get("/counter").await.page();
    figure(&page, "KSh\u{a0}0");
    assert!(!page.contains(back), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_gave_money_back_for_a_voucher_that_a_cut_off_site_took_is_seen(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut owner = member(&world, Role::Owner, 2).await;
    let printed = series::print(&world, 5).await;
    let first = sell(&mut cashier).await.onward();
    let used = world.app.clock.now();
    world.app.clock.advance(Duration::from_secs(86_400));
    let led = cashier.post(&format!("{first}/undo"), &[]).await.onward();
    assert_eq!(led, "/counter?done=undone");
    let anyway = "used all the same";
    let page = owner.get("/counter").await.page();
    assert!(!page.contains(anyway), "{page}");
    // The site is back, and tells what it let in before it heard.
    let of = mnara_protocol::message::Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    let site = Site::new(&world, world.shop.site);
    site.redeem(&world, printed.tickets[0].id, Some(of), used)
        .await;
    for day in ["/counter", "/counter?day=2027-01-15"] {
        let page = owner.get(day).await.page();
        assert_eq!(page.matches(anyway).count(), 1, "{page}");
    }
}

/// Notes that a paper was sold, by a form of its own.
async fn note(browser: &mut Browser<'_>, code: &str) -> Got {
    let page = browser.get("/counter").await.page();
    let attempt = hidden(&page, "/counter/paper", "attempt");
    let form = [("code", code), ("attempt", attempt.as_str())];
    browser.post("/counter/paper", &form).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_paper_that_is_used_before_its_sale_is_noted_is_noted_all_the_same(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let batch = crate::tickets::series::Batch {
        sell_by_secs: Some(3 * 86_400),
        ..series::batch(&world.shop, 5)
    };
    let provider = world.shop.provider;
    let printed = crate::tickets::series::print(&world.app, provider, &batch, Actor::Command)
        .await
        .unwrap();
    let code = |index: usize| printed.tickets[index].code.shown();
    let site = Site::new(&world, world.shop.site);
    let now = world.app.clock.now();
    for ticket in &printed.tickets[..2] {
        let of = mnara_protocol::message::Printed {
            series: printed.series.id,
            index: ticket.index,
        };
        site.redeem(&world, ticket.id, Some(of), now).await;
    }
    site.confirm(&world, printed.tickets[1].id, now).await;
    // One customer uses it already; of another everything is used up, days after.
    assert_eq!(
        note(&mut cashier, &code(0)).await.onward(),
        "/counter?done=noted"
    );
    let got = note(&mut cashier, &code(0)).await;
    assert!(got.text.contains("sold before"), "{}", got.text);
    let page = cashier.get("/counter").await.page();
    assert!(page.contains("KSh\u{a0}50</p>"), "{page}");
    assert!(page.contains("<span class=\"tag good\">used<"), "{page}");
    let third = &printed.tickets[2].code;
    crate::tickets::revoke::ticket(&world.app, provider, third, Actor::Command)
        .await
        .unwrap();
    world.app.clock.advance(Duration::from_secs(4 * 86_400));
    assert_eq!(
        note(&mut cashier, &code(1)).await.onward(),
        "/counter?done=noted"
    );
    // What was taken back, and what nobody can use any more, was not sold.
    for index in [2, 3] {
        let got = note(&mut cashier, &code(index)).await;
        assert_eq!(got.status, StatusCode::CONFLICT);
        assert!(got.text.contains("nothing was noted"), "{}", got.text);
    }
    assert_eq!(world.count("cash_sales").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_used_paper_that_was_noted_by_mistake_is_taken_off_by_whoever_sees_all(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut owner = member(&world, Role::Owner, 2).await;
    let printed = series::print(&world, 5).await;
    let used = &printed.tickets[1];
    let site = Site::new(&world, world.shop.site);
    let of = mnara_protocol::message::Printed {
        series: printed.series.id,
        index: used.index,
    };
    let now = world.app.clock.now();
    site.redeem(&world, used.id, Some(of), now).await;
    site.confirm(&world, used.id, now).await;
    world.app.clock.advance(Duration::from_secs(60));
    let code = used.code.shown();
    let noted = "/counter?done=noted";
    assert_eq!(note(&mut cashier, &code).await.onward(), noted);
    // Whoever has the money does not say that there is none.
    let sale = format!("/counter/{}", used.id);
    let undo = format!("{sale}/undo");
    assert!(!cashier.get(&sale).await.page().contains(&undo));
    let got = cashier.post(&undo, &[]).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(owner.get(&sale).await.page().contains(&undo));
    for _ in 0..2 {
        let led = owner.post(&undo, &[]).await.onward();
        assert_eq!(led, "/counter?done=struck");
    }
    assert_eq!(world.count("audit where act = 'cash-undo'").await, 1);
    let gone = "tickets where revoked_at is not null";
    assert_eq!(world.count(gone).await, 0);
    let page = cashier.get("/counter").await.page();
    assert!(
        page.contains("<p class=\"figure\">KSh\u{a0}0</p>"),
        "{page}"
    );
    // It is sold after all; what was handed over of a day that is over stays as it was.
    assert_eq!(note(&mut cashier, &code).await.onward(), noted);
    let page = cashier.get("/counter").await.page();
    assert!(
        page.contains("<p class=\"figure\">KSh\u{a0}50</p>"),
        "{page}"
    );
    world.app.clock.advance(Duration::from_secs(86_400));
    owner.post(&undo, &[]).await.onward();
    let got = note(&mut cashier, &code).await;
    assert!(got.text.contains("sold before"), "{}", got.text);
    assert_eq!(world.count("cash_sales").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stopped_business_sells_nothing_for_cash(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    series::print(&world, 5).await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update providers set state = 'suspended'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let page = cashier.get("/counter").await.page();
    let (series, attempt) = (
        hidden(&page, "/counter/sell", "series"),
        hidden(&page, "/counter/sell", "attempt"),
    );
    let form = [("series", series.as_str()), ("attempt", &attempt)];
    let got = cashier.post("/counter/sell", &form).await;
    assert_eq!(got.status, StatusCode::CONFLICT);
    assert!(got.text.contains("may not sell now"), "{}", got.text);
    assert_eq!(world.count("cash_sales").await, 0);
}
