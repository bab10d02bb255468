//! How the business goes: days add up, what comes late counts on its own day, and nobody's money is in another's report.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{SessionId, TicketId};
use mnara_protocol::message::{Fact, MeteredFact, Printed, RedeemedFact};
use mnara_protocol::ticket::Usage;

use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors;
use crate::tests::sites::reports::Site;
use crate::tests::tickets::series;
use crate::tickets::series::print;

const READER: &str = "reader@example.com";

/// Somebody of the first business, logged in.
async fn member<'a>(world: &'a World, role: Role, contact: &str, n: u8) -> Browser<'a> {
    doors::named(world, role, ("Somebody", contact), n).await
}

/// A customer is asked to pay; the money comes when the callback does.
async fn asked(world: &World, n: u8) -> String {
    let phone = format!("2547083741{n:02}");
    world.begin(world.shop.ask(n, &phone)).await.unwrap();
    world.daraja.secret()
}

async fn paid(world: &World, n: u8, secret: &str) {
    let receipt = format!("NLJ7RT61{n:02}");
    world
        .call_back(secret, success(u32::from(n), &receipt))
        .await;
    world.work().await;
}

async fn ticket_of(world: &World, n: u8) -> TicketId {
    let sql = format!(
        "select t.id from tickets t join payments p on p.id = t.payment_id where p.external_txn_id = 'NLJ7RT61{n:02}'"
    );
    TicketId::from_uuid(read(&world.app, &sql).await)
}

/// The lines of a file after its head, each as its cells.
fn lines(csv: &str) -> Vec<Vec<&str>> {
    csv.trim_start_matches('\u{feff}')
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect())
        .collect()
}

fn column(csv: &str, at: usize) -> f64 {
    let cells = lines(csv).into_iter();
    cells.map(|line| line[at].parse::<f64>().unwrap()).sum()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_counts_on_the_day_it_came_and_days_add_up(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    // It is 11:00 in Nairobi on 15 January 2027.
    let secret = asked(&world, 1).await;
    paid(&world, 1, &secret).await;
    // Asked a minute before midnight, paid a minute after.
    world.pass(13 * 3600 - 60).await;
    let secret = asked(&world, 2).await;
    world.app.clock.advance(Duration::from_secs(120));
    paid(&world, 2, &secret).await;
    world.pass(3600).await;
    let secret = asked(&world, 3).await;
    paid(&world, 3, &secret).await;
    world.pass(60).await;
    let mut reader = member(&world, Role::Reader, READER, 1).await;
    let page = reader.get("/reports?period=7").await.page();
    assert!(page.contains("KSh\u{a0}150"), "{page}");
    let by = async |reader: &mut Browser<'_>, query: &str| {
        let path = format!("/reports/csv?period=7&{query}");
        reader.get(&path).await.page()
    };
    let days = by(&mut reader, "by=day").await;
    let last: Vec<_> = lines(&days).split_off(5);
    assert_eq!(last[0][..3], ["2027-01-15", "50.00", "1"], "{days}");
    assert_eq!(last[1][..3], ["2027-01-16", "100.00", "2"], "{days}");
    assert_eq!(lines(&days).len(), 7);
    for part in ["day", "hour", "plan", "site"] {
        let csv = by(&mut reader, &format!("by={part}")).await;
        assert!((column(&csv, 1) - 150.0).abs() < 0.001, "{csv}");
        assert!((column(&csv, 2) - 3.0).abs() < 0.001, "{csv}");
    }
    let hours = by(&mut reader, "by=hour").await;
    assert_eq!(lines(&hours)[11][..2], ["11:00", "50.00"], "{hours}");
    assert_eq!(lines(&hours)[0][..2], ["00:00", "50.00"], "{hours}");
    // What the tables on the page say is what the file says.
    assert!(
        page.contains("<th scope=\"row\">16 Jan</th><td data-name=\"KSh\">100</td><td data-name=\"Sold\">2</td>"),
        "{page}"
    );
    reader.get("/language/sw").await;
    let page_sw = reader.get("/reports?period=7").await.page();
    assert!(
        page_sw.contains("Jms 16 Jan 2027") && page_sw.contains("Januari 2027"),
        "{page_sw}"
    );
    reader.get("/language/en").await;
    // Today so far against yesterday until the same hour: one o'clock.
    let page = reader.get("/reports?period=today").await.page();
    assert!(
        page.contains("KSh\u{a0}100</p>") && page.contains("None before"),
        "{page}"
    );
    assert!(page.contains("Fri 15 Jan 2027, up to the same time"));
    world.pass(12 * 3600).await;
    reader.log_in(READER, PASSWORD).await.onward();
    let page = reader.get("/reports?period=today").await.page();
    assert!(
        page.contains("100\u{a0}% more than KSh\u{a0}50 before"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_site_tells_a_week_late_counts_on_its_own_day(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let used = world.app.clock.now();
    let secret = asked(&world, 1).await;
    paid(&world, 1, &secret).await;
    let ticket = ticket_of(&world, 1).await;
    world.pass(7 * 86_400).await;
    let mut reader = member(&world, Role::Reader, READER, 1).await;
    let file = "/reports/csv?by=day&period=dates&from=2027-01-15&to=2027-01-22";
    let before = reader.get(file).await.page();
    assert_eq!(
        lines(&before)[0][4..],
        ["0", "0", "0.00", "0", "0.00", "0.00", "0"]
    );
    let site = Site::new(&world, world.shop.site);
    tell(&world, &site, ticket, used, 1_800, 250_000_000).await;
    // Told twice, and once more with more of it: sums of a session only grow.
    tell(&world, &site, ticket, used, 1_800, 250_000_000).await;
    tell(&world, &site, ticket, used, 5_400, 500_000_000).await;
    let after = reader.get(file).await.page();
    assert_eq!(
        lines(&after)[0],
        [
            "2027-01-15",
            "50.00",
            "1",
            "0",
            "1",
            "0",
            "0.00",
            "1",
            "1.50",
            "500.00",
            "0"
        ]
    );
    assert_eq!(lines(&after)[1..], lines(&before)[1..]);
    // The filters leave out what is elsewhere.
    for (query, hours) in [
        (format!("site={}", world.shop.site), 1.5),
        (format!("plan={}", world.shop.plan.id), 1.5),
        (format!("site={}", SiteId::from_bytes([9; 16])), 0.0),
    ] {
        let csv = reader.get(&format!("{file}&{query}")).await.page();
        assert!((column(&csv, 8) - hours).abs() < 0.001, "{query}: {csv}");
    }
}

async fn tell(
    world: &World,
    site: &Site,
    ticket: TicketId,
    at: Timestamp,
    online_secs: u32,
    bytes_down: u64,
) {
    let redeemed = RedeemedFact {
        ticket,
        printed: None,
        mac: mac(1),
        at,
        first: true,
        evicted: None,
        cut_off: true,
    };
    site.report(world, Fact::Redeemed(redeemed)).await;
    let usage = Usage {
        online_secs,
        bytes_up: 0,
        bytes_down,
    };
    let metered = MeteredFact {
        session: SessionId::from_bytes([7; 16]),
        ticket,
        mac: mac(1),
        began: at,
        at: at.plus_secs(i64::from(online_secs)),
        usage,
        total: usage,
        over: false,
    };
    site.report(world, Fact::Metered(metered)).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_neighbours_money_is_in_no_report(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let secret = asked(&world, 1).await;
    paid(&world, 1, &secret).await;
    world.pass(1).await;
    let mut neighbour = Browser::new(&world, 2);
    neighbour.sign_up("Another", "another@example.com").await;
    let queries = [
        String::new(),
        format!("&site={}", world.shop.site),
        format!("&plan={}", world.shop.plan.id),
    ];
    for query in queries {
        let page = neighbour
            .get(&format!("/reports?period=30{query}"))
            .await
            .page();
        assert!(page.contains("Nothing was sold or used"), "{page}");
        assert!(!page.contains("KSh\u{a0}50"), "{page}");
        assert!(!page.contains("1 hour"), "{page}");
        for part in ["day", "hour", "plan", "site"] {
            let path = format!("/reports/csv?period=30&by={part}{query}");
            let csv = neighbour.get(&path).await.page();
            assert!(column(&csv, 1).abs() < 0.001, "{csv}");
        }
    }
    let home = neighbour.get("/home").await.page();
    assert!(
        home.contains("KSh\u{a0}0</p>") && !home.contains("class=\"chart\""),
        "{home}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn names_are_text_in_charts_tables_files_and_on_paper(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let evil = "<script>alert(1)</script>";
    let mut owner = member(&world, Role::Owner, "owner@example.com", 1).await;
    let plan = [
        ("name", evil),
        ("price", "20"),
        ("time", "1"),
        ("time_unit", "h"),
        ("devices", "1"),
        ("on_sale", "on"),
    ];
    owner.post("/plans", &plan).await.onward();
    owner.post("/sites", &[("name", "=cmd<b>")]).await.onward();
    let secret = asked(&world, 1).await;
    paid(&world, 1, &secret).await;
    world.pass(1).await;
    for show in ["money", "sold", "used", "online", "data", "nonsense"] {
        let path = format!("/reports?period=month&show={show}\"><script>");
        let page = owner
            .get(
                &path
                    .replace('"', "%22")
                    .replace('<', "%3C")
                    .replace('>', "%3E"),
            )
            .await
            .page();
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&#60;script&#62;alert(1)"), "{page}");
        // Every chart says what it is, and has its table.
        assert_eq!(page.matches("role=\"img\"").count(), 4);
        assert_eq!(page.matches("<desc ").count(), 4);
        assert_eq!(page.matches("<table class=\"stack\">").count(), 4);
    }
    let csv = owner.get("/reports/csv?by=site&period=today").await.page();
    assert!(csv.contains("'=cmd"), "{csv}");
    for (path, status) in [
        ("/reports/csv?by=moon", StatusCode::NOT_FOUND),
        (
            "/reports/csv?by=day&period=dates&from=2020-01-01&to=2027-01-01",
            StatusCode::NOT_FOUND,
        ),
        ("/reports/monthly?month=2027-02", StatusCode::NOT_FOUND),
        ("/reports/monthly?month=nonsense", StatusCode::NOT_FOUND),
        ("/reports?period=dates&from=x", StatusCode::OK),
    ] {
        assert_eq!(owner.get(path).await.status, status, "{path}");
    }
    let page = owner
        .get("/reports?period=dates&from=2027-01-02&to=2027-01-01")
        .await
        .page();
    assert!(page.contains("Give two dates"), "{page}");
    for kept in [
        "value=\"2027-01-02\"",
        "value=\"2027-01-01\"",
        "<details open>",
    ] {
        assert!(page.contains(kept), "{kept}: {page}");
    }
    let paper = owner.get("/reports/monthly?month=2027-01").await.page();
    assert!(paper.starts_with("%PDF-"), "{}", &paper[..20]);
    assert!(paper.trim_end().ends_with("%%EOF"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn home_says_what_needs_somebody_and_else_that_all_is_well(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, "owner@example.com", 1).await;
    // Nothing waits, but nothing is sold either, and the site was never heard of.
    let page = owner.get("/home").await.page();
    assert!(page.contains("Next steps"), "{page}");
    assert!(
        !page.contains("All is well") && !page.contains("Needs attention"),
        "{page}"
    );
    let sale = owner.get("/first-sale").await.page();
    assert_eq!(sale.matches(">Go on</a>").count(), 1, "{sale}");
    set(&world, "agents set last_seen_at = created_at").await;
    let sale = owner.get("/first-sale").await.page();
    assert!(!sale.contains("Before the first sale"), "{sale}");
    // Paid, and a quarter of an hour later on no router.
    let secret = asked(&world, 1).await;
    paid(&world, 1, &secret).await;
    let page = owner.get("/home").await.page();
    assert!(
        page.contains("All is well") && !page.contains("Next steps"),
        "{page}"
    );
    // Paid less than was asked for, which somebody must look at.
    let secret = asked(&world, 2).await;
    let short = callback(2, json!(0), Some(("NLJ7RT6199", json!(20.00))));
    world.call_back(&secret, short).await;
    world.app.clock.advance(Duration::from_secs(16 * 60));
    world.work().await;
    owner.log_in("owner@example.com", PASSWORD).await.onward();
    let page = owner.get("/home").await.page();
    for says in [
        "Paid within the last 24 hours and not online yet: <strong>1</strong>",
        "Payments that somebody should look at: <strong>1</strong>",
        "This site is away. What it sold goes on; it sells nothing new by M-PESA: <strong>",
        "<svg",
        "<tr><th scope=\"row\">Fri 15 Jan</th><td data-name=\"Paid by M-PESA\">KSh\u{a0}50</td></tr>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains("All is well"));
    // The way there shows what was counted, and nothing else.
    let offline = "/payments?state=offline";
    assert!(page.contains(&format!("href=\"{offline}\"")), "{page}");
    let list = owner.get(offline).await.page();
    assert_eq!(list.matches("href=\"/payments/pay_").count(), 1, "{list}");
    assert!(list.contains("NLJ7RT6101"), "{list}");
    let other = owner.get(&format!("{offline}&receipt=NLJ7RT6199")).await;
    assert!(!other.page().contains("href=\"/payments/pay_"));
    // A technician sees that a site is away, with the way there, and gets no link to payments.
    let mut technician = member(&world, Role::Technician, "t@example.com", 2).await;
    let page = technician.get("/home").await.page();
    assert!(page.contains("href=\"/sites/site_") && !page.contains("href=\"/payments?"));
    assert!(
        page.contains("KSh\u{a0}50</td>"),
        "the chart's table: {page}"
    );
    // The router lets the device in, and the site is heard of.
    let site = Site::new(&world, world.shop.site);
    site.lets_in(&world, ticket_of(&world, 1).await).await;
    let now = world.app.clock.now().as_millis();
    set(
        &world,
        &format!("agents set last_seen_at = to_timestamp({now} / 1000.0)"),
    )
    .await;
    assert!(
        !owner
            .get(offline)
            .await
            .page()
            .contains("href=\"/payments/pay_")
    );
    let page = owner.get("/home").await.page();
    assert!(
        !page.contains("not online yet") && !page.contains("This site is away"),
        "{page}"
    );
    assert!(
        page.contains("The latest vouchers running") && page.contains("<strong>1 hour</strong>"),
        "{page}"
    );
}

/// Sets what only another program would.
async fn set(world: &World, what: &str) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let sql = format!("update {what}");
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn printed_vouchers_count_when_they_are_used_and_what_they_cost_stands_apart(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let batch = series::batch(&world.shop, 10);
    let printout = print(&world.app, world.shop.provider, &batch, Actor::Command)
        .await
        .unwrap();
    let now = world.app.clock.now();
    let site = Site::new(&world, world.shop.site);
    for one in &printout.tickets[..9] {
        let printed = Printed {
            series: printout.series.id,
            index: one.index,
        };
        let fact = RedeemedFact {
            ticket: one.id,
            printed: Some(printed),
            mac: mac(1),
            at: now,
            first: true,
            evicted: None,
            cut_off: true,
        };
        site.report(&world, Fact::Redeemed(fact)).await;
    }
    world.pass(1).await;
    let mut reader = member(&world, Role::Reader, READER, 1).await;
    let csv = reader.get("/reports/csv?by=plan&period=today").await.page();
    assert_eq!(
        lines(&csv)[0][1..7],
        ["0.00", "0", "10", "9", "9", "450.00"],
        "{csv}"
    );
    let page = reader.get("/reports?period=today").await.page();
    assert!(
        page.contains("9 of them printed, worth KSh\u{a0}450"),
        "{page}"
    );
    let home = reader.get("/home").await.page();
    assert!(
        home.contains("nearly used up") && home.contains("1 hour, 1</strong>"),
        "{home}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_has_its_name_in_reports_however_many_there_are(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query(
        "insert into sites (id, provider_id, name, feed_revision, feed_floor, created_at)
         select gen_random_uuid(), $1, 'A place ' || n, 0, 0, $2 from generate_series(1, 201) n",
    )
    .bind(world.shop.provider.uuid())
    .bind(crate::db::At(world.app.clock.now()))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let mut owner = member(&world, Role::Owner, READER, 1).await;
    let csv = owner.get("/reports/csv?by=site&period=today").await.page();
    assert!(
        csv.contains("Market") && !csv.contains("No longer listed"),
        "{csv}"
    );
}
