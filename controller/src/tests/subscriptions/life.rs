//! The life of a subscription in moved time: trial, reminders, grace, a closed door and back, and what sites, programs and people see of it.

use std::collections::BTreeSet;

use mnara_protocol::message::SiteRow;

use super::super::browser::PASSWORD;
use super::super::office::Office;
use super::*;
use crate::jobs::tasks::{hasten, stand};
use crate::subscriptions::lapse::TEND;
use crate::tests::platform::tasks::{tasks_job, work_of};
use crate::tests::tickets::series;

const DAY: u64 = 86_400;
const PAGE: &str = "/settings/subscription";

async fn started(pool: PgPoolOptions, options: PgConnectOptions) -> (Rail, Office, World) {
    let (office, flags) = Office::open().await;
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let (rail, world) = Rail::world_with(pool, options, &flags).await;
    (rail, office, world)
}

/// Lets days pass, one by one; gives the subjects of what the owner was written on each.
async fn days(world: &World, office: &Office, count: u64) -> Vec<(u64, String)> {
    let mut told = Vec::new();
    for day in 1..=count {
        world.pass(DAY).await;
        // Letters are posted by one job and handed in by others.
        world.work().await;
        for letter in office.empty() {
            if letter.to.starts_with("owner") {
                told.push((day, letter.subject));
            }
        }
    }
    told
}

async fn site_row(world: &World) -> SiteRow {
    let rows = world.feed(world.shop.site).await;
    let found = rows.into_iter().find_map(|row| match row {
        Row::Site(row) => Some(row),
        _ => None,
    });
    found.unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_trial_that_runs_out_closes_sales_and_a_payment_opens_them_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, office, world) = started(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let sites = api::key(&world.app, world.shop.provider, &[Scope::SitesRead]).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut cashier = member(&world, Role::Cashier, 2).await;
    stand(&world.app, [TEND]).await.unwrap();
    world.work().await;
    let tried = [("plan", &*plan.id.to_string())];
    let path = format!("{PAGE}/trial");
    assert!(
        owner
            .post(&path, &tried)
            .await
            .onward()
            .ends_with("done=trial")
    );
    let page = owner.get(PAGE).await.page();
    assert!(page.contains(">Trial until<"), "{page}");
    office.empty();
    // Seven, three and one day before, on the day, in the middle of grace.
    let told = days(&world, &office, 20).await;
    let seen: Vec<_> = told
        .iter()
        .map(|(day, subject)| (*day, subject.split(": ").nth(1).unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (7, "your trial of Mnara ends on 29 Jan 2027, 11:00"),
            (11, "your trial of Mnara ends on 29 Jan 2027, 11:00"),
            (13, "your trial of Mnara ends on 29 Jan 2027, 11:00"),
            (14, "your trial of Mnara has ended"),
            (18, "sales stop on 5 Feb 2027, 11:00"),
        ]
    );
    // In grace all goes on, and every page says until when. Nobody used these browsers for a fortnight.
    for (browser, who) in [(&mut owner, "owner1"), (&mut cashier, "cashier2")] {
        let contact = format!("{who}@example.com");
        browser.log_in(&contact, PASSWORD).await.onward();
    }
    let page = owner.get("/home").await.page();
    assert!(
        page.contains("Everything goes on until 5 Feb 2027"),
        "{page}"
    );
    let page = cashier.get("/home").await.page();
    assert!(!page.contains("Everything goes on until"));
    assert!(site_row(&world).await.sales_open);
    // A prompt is out when the door closes.
    world.pass(DAY - 60).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.pass(60).await;
    world.work().await;
    let closed: Vec<_> = office.empty().into_iter().map(|one| one.subject).collect();
    assert_eq!(closed, ["Business 1: new sales have stopped"]);
    assert!(!site_row(&world).await.sales_open);
    assert!(matches!(
        world.begin(world.shop.ask(2, "254708374150")).await,
        Err(NotBegun::Closed)
    ));
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    world.books_are_equal().await;
    assert_eq!(world.count("payments where status = 'success'").await, 1);
    // Pages lead to where it is paid; whoever does not pay is told whom to ask; one's own account stays open.
    for path in ["/home", "/vouchers", "/reports", "/settings/keys"] {
        assert_eq!(
            owner.get(path).await.onward(),
            "/settings/subscription?why=restricted",
            "{path}"
        );
    }
    let form = [("name", "One more")];
    assert_eq!(
        owner.post("/sites", &form).await.onward(),
        "/settings/subscription?why=restricted"
    );
    let page = owner
        .get("/settings/subscription?why=restricted")
        .await
        .page();
    assert!(page.contains("vouchers that were sold go on working") && page.contains("Plan 1500"));
    assert!(page.contains(">Trial ended<"), "{page}");
    // To pay comes before all else there; one's own data are in reach from every page.
    let at = |words: &str| page.find(words).unwrap();
    let pay = at("<form method=\"post\" action=\"/settings/subscription\">");
    assert!(pay < at("action=\"/vouchers/find\"") && pay < at("Your data are yours"));
    assert!(page.contains("Pay <span class=\"amount\">KSh 1,500</span>"));
    assert!(page.contains("<a href=\"/settings/export\"><svg"), "{page}");
    let bill = "Pay and everything opens again at once";
    assert!(!page.contains(bill) && owner.get("/account").await.page().contains(bill));
    assert!(!page.contains("href=\"/vouchers\""), "{page}");
    owner.get("/account").await.page();
    let got = cashier.get("/counter").await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    assert!(got.text.contains("Ask an owner or manager to pay"));
    // What was sold goes on, so it can be looked up.
    assert!(
        got.text.contains("action=\"/vouchers/find\""),
        "{}",
        got.text
    );
    let code: String = read(&world.app, "select code from tickets limit 1").await;
    let found = cashier.post("/vouchers/find", &[("code", &code)]).await;
    let page = cashier.get(&found.onward()).await.page();
    assert!(page.contains("Plan") || page.contains("1 hour"), "{page}");
    // Nothing on it that does not open, and nothing on what a mistyped code leads to.
    let found = owner.post("/vouchers/find", &[("code", &code)]).await;
    let page = owner.get(&found.onward()).await.page();
    assert!(!page.contains("action=\"/vouchers/tkt"), "{page}");
    let got = owner.post("/vouchers/find", &[("code", "ZZZZZZZZ")]).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert!(got.text.contains("action=\"/vouchers/find\"") && !got.text.contains("/vouchers/new"));
    let page = owner.get("/settings/subscription").await.page();
    assert!(page.contains("action=\"/vouchers/find\""), "{page}");
    let ask = async |path: &str, key: &str| {
        let (status, _, body) = world.send(Method::GET, path, Some(key), Vec::new()).await;
        (status, body["type"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(
        ask("/api/v1/sites", &sites).await,
        (
            StatusCode::PAYMENT_REQUIRED,
            "urn:mnara:problem:subscription-ended".to_owned()
        )
    );
    assert_eq!(ask("/api/v1/me", &sites).await.0, StatusCode::OK);
    // Looking again, and twice at once, tells nobody twice.
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update subscriptions set look_at = $1")
        .bind(crate::db::At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    hasten(&mut tx, TEND, world.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.work().await;
    assert_eq!(days(&world, &office, 3).await, []);
    // The money is seen: everything is open in the same moment, and the receipt leads to an invoice.
    let order = made(&world, &key, &plan, 1).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    world.work().await;
    assert_eq!(stands(&world).await, ("active", until("2027-03-08")));
    assert!(site_row(&world).await.sales_open);
    owner.get("/home").await.page();
    assert_eq!(ask("/api/v1/sites", &sites).await.0, StatusCode::OK);
    world
        .begin(world.shop.ask(3, "254708374151"))
        .await
        .unwrap();
    let mut letters = office.empty();
    letters.sort_by(|a, b| a.subject.cmp(&b.subject));
    let subjects: Vec<_> = letters.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "Business 1: everything is open again",
            "Business 1: we received KSh 1,500"
        ]
    );
    let path = letters[1].path(&format!("{PAGE}/invoices/"));
    let got = owner.get(&path).await;
    assert_eq!(got.status, StatusCode::OK);
    assert!(got.text.starts_with("%PDF-"));
    assert!(owner.get(PAGE).await.page().contains("/invoices/1/pdf"));
    // Nobody else's.
    business(&world.app, 2).await;
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
    // Money that goes back closes again what it opened, which is told again, and no other reminder is repeated.
    rail.say(&order, 3);
    tell(&world, &order).await;
    world.work().await;
    assert!(!site_row(&world).await.sales_open);
    let letters = office
        .empty()
        .into_iter()
        .filter(|one| one.to != "another@example.com");
    // Two hands post letters, and either may be first.
    let subjects: BTreeSet<_> = letters.map(|one| one.subject).collect();
    let told = [
        "Another waits for you",
        "Business 1: KSh 1,500 went back to you",
        "Business 1: new sales have stopped",
    ];
    assert_eq!(subjects, told.map(str::to_owned).into());
    assert_eq!(days(&world, &office, 2).await, []);
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn two_who_look_at_once_remind_and_close_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, office, world) = started(pool, options).await;
    let plan = plan(&world, 1_500).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    stand(&world.app, [TEND]).await.unwrap();
    world.work().await;
    let tried = [("plan", &*plan.id.to_string())];
    let path = format!("{PAGE}/trial");
    owner.post(&path, &tried).await.onward();
    world.work().await;
    office.empty();
    let (look, job) = (work_of(TEND).run, tasks_job(&world, TEND).await);
    let mut told = Vec::new();
    for day in 1..=21 {
        world.app.clock.advance(Duration::from_secs(DAY));
        let (one, two) = tokio::join!(look(&world.app, &job), look(&world.app, &job));
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        // Letters are posted by one job and handed in by others.
        world.work().await;
        world.work().await;
        let letters = office.empty().into_iter();
        let to_owner = letters.filter(|letter| letter.to.starts_with("owner"));
        told.extend(to_owner.map(|letter| (day, letter.subject)));
    }
    let seen: Vec<_> = told
        .iter()
        .map(|(day, subject)| (*day, subject.split(": ").nth(1).unwrap()))
        .collect();
    assert_eq!(
        seen,
        [
            (7, "your trial of Mnara ends on 29 Jan 2027, 11:00"),
            (11, "your trial of Mnara ends on 29 Jan 2027, 11:00"),
            (13, "your trial of Mnara ends on 29 Jan 2027, 11:00"),
            (14, "your trial of Mnara has ended"),
            (18, "sales stop on 5 Feb 2027, 11:00"),
            (21, "new sales have stopped"),
        ]
    );
    assert!(!site_row(&world).await.sales_open);
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_year_of_renewals_ends_each_month_on_its_own_last_day(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    stand(&world.app, [TEND]).await.unwrap();
    // START is 15 January 2027; the first payment is on the 31st.
    world.pass(16 * DAY).await;
    let mut n = 0;
    let mut pay = async || {
        n += 1;
        let order = made(&world, &key, &plan, n).await;
        rail.say(&order, 1);
        tell(&world, &order).await;
        order
    };
    let mut ends = Vec::new();
    let mut last = None;
    for _ in 0..12 {
        last = Some(pay().await);
        let (status, end) = stands(&world).await;
        assert_eq!(status, "active");
        ends.push(end.unwrap());
        // Two days before it is due the next one is paid.
        let sql = "select extract(epoch from paid_until)::bigint from subscriptions";
        let due: i64 = read(&world.app, sql).await;
        let wait = due - world.app.clock.now().as_secs() - 2 * 86_400;
        world.pass(wait.unsigned_abs()).await;
    }
    assert_eq!(
        ends,
        [
            "2027-02-28",
            "2027-03-31",
            "2027-04-30",
            "2027-05-31",
            "2027-06-30",
            "2027-07-31",
            "2027-08-31",
            "2027-09-30",
            "2027-10-31",
            "2027-11-30",
            "2027-12-31",
            "2028-01-31"
        ]
    );
    assert_eq!(world.count("platform_invoices").await, 12);
    let sql = "select max(number) from platform_invoices";
    assert_eq!(read::<i64>(&world.app, sql).await, 12, "numbers have gaps");
    // The year is over, nobody pays: grace, and then closed.
    let stage = async || read::<String>(&world.app, "select stage from subscriptions").await;
    world.pass(2 * DAY).await;
    assert_eq!(stage().await, "grace");
    // Paid on the very moment it keeps the day of the month.
    pay().await;
    assert_eq!(stands(&world).await.1, until("2028-02-29"));
    // The last payment of the year goes back: what came after begins when it was paid.
    let last = last.unwrap();
    rail.say(&last, 3);
    tell(&world, &last).await;
    assert_eq!(stands(&world).await, ("active", until("2028-02-29")));
    world.pass(45 * DAY).await;
    assert_eq!(stage().await, "restricted");
    pay().await;
    assert_eq!(stage().await, "active");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_platform_that_asks_no_more_opens_what_it_closed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Rail::world(pool, options).await;
    let plan = plan(&world, 1_500).await;
    stand(&world.app, [TEND]).await.unwrap();
    world.work().await;
    // Nobody chose a plan for a fortnight.
    world.pass(14 * DAY - 60).await;
    assert!(site_row(&world).await.sales_open);
    world.pass(60).await;
    assert!(!site_row(&world).await.sales_open);
    // One that was only let in now has a fortnight of its own.
    let other = business(&world.app, 2).await;
    world.pass(60).await;
    let rows = feed_of(&world.app, other.site).await;
    assert!(
        rows.iter()
            .any(|row| matches!(row, Row::Site(row) if row.sales_open))
    );
    crate::subscriptions::plans::offer(&world.app, Actor::Command, plan.id, false)
        .await
        .unwrap();
    world.pass(60).await;
    assert!(site_row(&world).await.sales_open);
    let restricted = "provider_rights where restricted_from is not null";
    assert_eq!(world.count(restricted).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn more_days_of_grace_reach_whoever_is_restricted_already(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Rail::world(pool.clone(), options.clone()).await;
    let (plan, provider) = (plan(&world, 1_500).await, world.shop.provider);
    crate::subscriptions::standing::try_out(&world.app, provider, Actor::Command, plan.id)
        .await
        .unwrap();
    stand(&world.app, [TEND]).await.unwrap();
    world.work().await;
    world.pass(21 * DAY).await;
    assert!(!site_row(&world).await.sales_open);
    // Another process with more days; nothing else would have anybody looked at.
    let flags = [
        &flags("http://127.0.0.1:9")[..],
        &["--subscription-grace-days", "30"],
    ]
    .concat();
    let daraja = world.app.config.daraja.base.as_str();
    let app = app_with_flags(pool, options, daraja, &Vault::new_key(), &flags).await;
    app.clock.advance(Duration::from_secs(21 * DAY + 60));
    jobs::run_due(&app, work::WORK).await.unwrap();
    assert!(site_row(&world).await.sales_open);
    let stage: String = read(&app, "select stage from subscriptions").await;
    assert_eq!(stage, "grace");
    // It is written by the new number now, and nobody is looked at for ever.
    let mut tx = app.db.platform(Reason::Sweep).await.unwrap();
    let (grace, now) = (app.config.pesapal.grace(), app.clock.now());
    let due = crate::subscriptions::store::life::due(&mut tx, true, grace, None, now, 10)
        .await
        .unwrap();
    assert!(due.is_empty());
    drop(tx);
    app.db.close().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_payment_opens_everything_although_a_key_does_not_open(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let printed = series::print(&world, 5).await;
    stand(&world.app, [TEND]).await.unwrap();
    world.work().await;
    world.pass(14 * DAY).await;
    assert!(!site_row(&world).await.sales_open);
    let broken = async |from: &str, to: &str| {
        let sql = format!("update series set key = replace(key, '{from}', '{to}') returning true");
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    broken("gAAAA", "?AAAA").await;
    let order = made(&world, &key, &plan, 1).await;
    rail.say(&order, 1);
    tell(&world, &order).await;
    assert_eq!(state(&world, &order).await, "completed");
    assert_eq!(stands(&world).await, ("active", until("2027-02-28")));
    assert_eq!(
        read::<String>(&world.app, "select stage from subscriptions").await,
        "active"
    );
    // The site hears once its keys open.
    assert!(!site_row(&world).await.sales_open);
    broken("?AAAA", "gAAAA").await;
    world.pass(3_600).await;
    assert!(site_row(&world).await.sales_open);
    drop(printed);
}
