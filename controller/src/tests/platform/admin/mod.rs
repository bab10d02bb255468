//! The pages of the platform's own staff: businesses, payments, sites, failed work, settings, and how well the platform does.

mod away;
mod failing;
mod people;
mod shares;
mod stages;

use mnara_protocol::clock::Timestamp;

use super::*;
use crate::admin::{begin, outages, up};
use crate::db::At;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::sites::reports::Site;

pub(in crate::tests) async fn admin(world: &World) -> Browser<'_> {
    begin::make(
        &world.app,
        "Amina",
        "amina@mnara.example".parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut admin = Browser::new(world, 250);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    admin
}

/// The page as text: without tags, and with one space where there were several.
pub(in crate::tests) fn text(page: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for c in page.chars() {
        match c {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            c if !is_tag => text.push(if c == '\u{a0}' { ' ' } else { c }),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(in crate::tests) async fn run(world: &World, sql: &str) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .bind(At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// One prompt that ends with a code.
async fn prompt(world: &World, n: u8, code: &str) {
    let phone = format!("2547083741{n:02}");
    world.begin(world.shop.ask(n, &phone)).await.unwrap();
    let number = u32::from(n);
    let body = if code == "0" {
        success(number, &format!("NLJ7RT6{n:02}V"))
    } else {
        callback(number, json!(code.parse::<i64>().unwrap()), None)
    };
    world.call_back(&world.daraja.secret(), body).await;
    world.work().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn payments_are_told_by_business_and_by_what_safaricom_said(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let page = text(&admin.get("/admin/payments").await.page());
    assert!(page.contains("No customer was asked to pay"), "{page}");
    for (n, code) in [(1, "0"), (2, "0"), (3, "0"), (4, "1032"), (5, "1")] {
        prompt(&world, n, code).await;
    }
    let drawn = admin.get("/admin/payments").await.page();
    // A share says by itself that it is one.
    assert!(drawn.contains("<th scope=\"col\">Came to money</th>"));
    assert!(drawn.contains("data-name=\"Came to money\""));
    let page = text(&drawn);
    for part in [
        "60.00 % 75.00 % without those whose customer said no",
        "KSh 150",
        "The customer had not enough money. 1 1 50.00 %",
        "The customer said no. 1032 1 50.00 %",
        "Business 1 60.00 % 75.00 % 3 2 1 0",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let page = text(&admin.get("/admin").await.page());
    for part in ["3 of 5 · 75.00 %", "KSh 150 24 hours", "not reached"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // A day later they are a week's and not a day's.
    world.app.clock.advance(Duration::from_secs(86_401));
    let page = text(&admin.get("/admin/payments").await.page());
    assert!(page.contains("No customer was asked to pay"), "{page}");
    let page = text(&admin.get("/admin/payments?days=7").await.page());
    assert!(page.contains("Business 1 60.00 %"), "{page}");
    let page = text(&admin.get("/admin/providers").await.page());
    assert!(
        page.contains("Its customers paid in 30 days: KSh 150"),
        "{page}"
    );
    world.app.clock.advance(Duration::from_secs(30 * 86_400));
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    let page = text(&admin.get("/admin/providers").await.page());
    assert!(page.contains("30 days: KSh 0 (−100 % against"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_is_found_and_opened_and_its_name_is_text(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let mut owner = Browser::new(&world, 1);
    owner
        .sign_up("50% <script> Wi_Fi", "njeri@example.com")
        .await;
    for (search, finds) in [
        ("50%25", true),
        ("%3Cscript", true),
        ("wi_fi", true),
        ("5%25W", false),
        ("wiXfi", false),
    ] {
        let page = admin
            .get(&format!("/admin/providers?search={search}"))
            .await
            .page();
        assert_eq!(
            page.contains("50% &#60;script&#62; Wi_Fi"),
            finds,
            "{search}"
        );
        assert!(
            !page.contains("<script>") && !page.contains("Business 1<"),
            "{search}"
        );
    }
    let page = admin.get("/admin/providers?state=pending").await.page();
    assert!(
        page.contains("Wi_Fi") && !page.contains("Business 1<"),
        "{page}"
    );
    let page = admin
        .get("/admin/providers?state=active&search=nothing")
        .await
        .page();
    assert!(page.contains("No business fits"), "{page}");
    let path = format!("/admin/providers/{}", world.shop.provider);
    let page = text(&admin.get(&path).await.page());
    for part in [
        "Business 1 in business",
        "M-PESA number 174371",
        "Market",
        "Plans on sale 1",
        "Mnara, by the command line",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // Whoever signed up by phone is reached there.
    let mut other = Browser::new(&world, 2);
    other.sign_up("Otieno Net", "0722 000 111").await;
    let sql = "select id from providers where business_name = 'Otieno Net'";
    let theirs = ProviderId::from_uuid(read(&world.app, sql).await);
    let page = text(
        &admin
            .get(&format!("/admin/providers/{theirs}"))
            .await
            .page(),
    );
    assert!(
        page.contains("Owner Njeri Wanjiru · 0722 000 111"),
        "{page}"
    );
    assert_eq!(owner.get(&path).await.status, StatusCode::FORBIDDEN);
    for nobody in [
        format!("/admin/providers/{}", ProviderId::from_bytes([9; 16])),
        "/admin/providers/x".to_owned(),
    ] {
        assert_eq!(admin.get(&nobody).await.status, StatusCode::NOT_FOUND);
    }
    // More sites than its page holds at once.
    run(
        &world,
        "insert into sites (id, provider_id, name, feed_revision, feed_floor, created_at)
         select gen_random_uuid(), provider_id, 'Place ' || n, 0, 0, $1 from generate_series(1, 101) n, (select provider_id from sites order by id limit 1) s",
    )
    .await;
    let mut seen = 0;
    let mut next = Some(path.clone());
    while let Some(path) = next {
        let page = admin.get(&path).await.page();
        seen += page.matches("<strong>Place ").count();
        let more = page.split_once("class=\"button\" href=\"/admin/providers/");
        next = more.map(|(_, rest)| {
            let rest = rest.split_once("#sites\"").unwrap().0;
            format!("/admin/providers/{rest}")
        });
    }
    assert_eq!(seen, 101);
    let nowhere = format!("{path}?after=x");
    assert_eq!(admin.get(&nowhere).await.status, StatusCode::NOT_FOUND);
    // So many that one page does not hold them.
    run(
        &world,
        "insert into providers (id, business_name, contact_email, colour, mpesa_callback_path, confirm_by_query, created_at)
         select gen_random_uuid(), 'Number ' || n, 'n@example.com', 0, '/' || n, false, $1 from generate_series(1, 60) n",
    )
    .await;
    let (mut path, mut seen) = ("/admin/providers?search=number".to_owned(), 0);
    loop {
        let page = admin.get(&path).await.page();
        seen += page.matches("<strong>Number ").count();
        let Some((_, rest)) = page.split_once("class=\"button\" href=\"/admin/providers?") else {
            break;
        };
        let query = rest.split_once('"').unwrap().0.replace("&#38;", "&");
        path = format!("/admin/providers?{query}");
    }
    assert_eq!(seen, 60);
    let page = text(&admin.get("/admin").await.page());
    assert!(page.contains("11 Jan 2027 63"), "sign-ups by week: {page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn failed_work_is_tried_again_given_up_and_put_away_and_names_nobody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let page = text(&admin.get("/admin/jobs").await.page());
    assert!(
        page.contains("Nothing was given up.") && page.contains("Everything works."),
        "{page}"
    );
    let (dead, failing, fine) = (
        "00000000-0000-7000-8000-000000000001",
        "00000000-0000-7000-8000-000000000002",
        "00000000-0000-7000-8000-000000000003",
    );
    let error = "no answer about 254708374149 <script> for njeri@example.com, code ABCD-EFGH-JKMN";
    for (id, error, died) in [
        (dead, format!("'{error}'"), "$1"),
        (failing, format!("'{error}'"), "null"),
        (fine, "null".to_owned(), "null"),
    ] {
        let sql = format!(
            "insert into jobs (id, provider_id, kind, unique_key, payload, run_at, attempts, last_error, dead_at, created_at)
             values ('{id}', '{}', 'settle', '{id}', '{{\"untold\": 1}}', $1 + interval '1 day', 3, {error}, {died}, $1)",
            world.shop.provider.uuid()
        );
        run(&world, &sql).await;
    }
    let page = admin.get("/admin/jobs").await.page();
    assert_eq!(
        page.matches("no answer about … &#60;script&#62; for …, code …")
            .count(),
        2,
        "{page}"
    );
    assert!(
        !page.contains("0708") && !page.contains("untold") && !page.contains(fine),
        "{page}"
    );
    let act = async |admin: &mut Browser<'_>, id: &str, word: &str| {
        admin
            .post(&format!("/admin/jobs/{id}/{word}"), &[])
            .await
            .onward()
    };
    // What makes no sense of a job changes nothing.
    assert_eq!(
        act(&mut admin, fine, "retry").await,
        "/admin/jobs?done=moved-on"
    );
    assert_eq!(
        act(&mut admin, failing, "forget").await,
        "/admin/jobs?done=moved-on"
    );
    assert_eq!(
        act(&mut admin, dead, "give-up").await,
        "/admin/jobs?done=moved-on"
    );
    assert_eq!(
        act(&mut admin, failing, "give-up").await,
        "/admin/jobs?done=give-up"
    );
    assert_eq!(world.count("jobs where dead_at is not null").await, 2);
    assert_eq!(
        act(&mut admin, failing, "forget").await,
        "/admin/jobs?done=forget"
    );
    assert_eq!(
        act(&mut admin, dead, "retry").await,
        "/admin/jobs?done=retry"
    );
    let due = format!("jobs where id = '{dead}' and dead_at is null and attempts = 0");
    assert_eq!(world.count(&due).await, 1);
    assert_eq!(world.count("jobs").await, 2);
    let lines = "audit where act like 'job-%' and actor = 'admin' and provider_id is not null";
    assert_eq!(world.count(lines).await, 3);
    for (word, was, is) in [
        ("job-give-up", json!("failing"), json!("given-up")),
        ("job-forget", json!("given-up"), json!(null)),
        ("job-retry", json!("given-up"), json!("waiting")),
    ] {
        let line = deed(&world, word).await;
        assert_eq!(line["before"]["status"], was, "{word}");
        assert_eq!(line["after"]["status"], is, "{word}");
    }
    let odd = admin.post(&format!("/admin/jobs/{dead}/burn"), &[]).await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
    // What is never over cannot be given up.
    jobs::tasks::stand(&world.app, work::TASKS.iter().map(|task| task.kind))
        .await
        .unwrap();
    run(
        &world,
        "update jobs set last_error = 'x' where kind = 'audit-chain' and $1 is not null",
    )
    .await;
    let id: sqlx::types::Uuid =
        read(&world.app, "select id from jobs where kind = 'audit-chain'").await;
    assert_eq!(
        act(&mut admin, &id.to_string(), "give-up").await,
        "/admin/jobs?done=moved-on"
    );
    assert_eq!(
        world
            .count("jobs where kind = 'audit-chain' and dead_at is null")
            .await,
        1
    );
    // It is shown with how it goes, and run early.
    jobs::run_due(&world.app, work::WORK).await.unwrap();
    let page = admin.get("/admin/jobs").await.text;
    for task in work::TASKS {
        assert!(
            page.contains(&format!("/admin/tasks/{}/run", task.kind)),
            "{} is not shown",
            task.kind
        );
    }
    assert!(page.contains("Adds up the days of reports") && !page.contains("not run yet"));
    let due = "jobs where kind = 'report-days' and run_at <= (select max(ended_at) from task_runs)";
    assert_eq!(world.count(due).await, 0);
    let answer = admin.post("/admin/tasks/report-days/run", &[]).await;
    assert_eq!(answer.onward(), "/admin/jobs?done=run");
    assert_eq!(world.count(due).await, 1);
    assert_eq!(world.count("audit where act = 'task-run'").await, 1);
    let odd = admin.post("/admin/tasks/nothing/run", &[]).await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_rule_for_sign_ups_is_set_and_what_businesses_paid_us_is_shown(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let form = [("rule", "at-once"), ("a_day", "7")];
    assert_eq!(
        admin.post("/admin/admission", &form).await.onward(),
        "/admin/settings?done=kept"
    );
    let page = admin.get("/admin/settings?done=kept").await.page();
    assert!(
        page.contains("value=\"at-once\" checked") && page.contains("value=\"7\""),
        "{page}"
    );
    assert!(
        page.contains("Amina") && page.contains("no second factor"),
        "{page}"
    );
    let wrong = [("rule", "at-once"), ("a_day", "<many>")];
    let got = admin.post("/admin/admission", &wrong).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text.contains("value=\"&#60;many&#62;\"") && got.text.contains("as a whole number"),
        "{}",
        got.text
    );
    let page = text(&admin.get("/admin/audit?act=admission").await.page());
    assert!(page.contains("Amina set the rule for sign-ups"), "{page}");
    let page = text(&admin.get("/admin").await.page());
    assert!(
        page.contains("No business has paid for a subscription yet"),
        "{page}"
    );
    subscriptions::plan(&world, 1_500).await;
    for sql in [
        "insert into platform_orders (id, provider_id, attempt_id, is_current, plan_id, kind, reference, amount_cents, currency, state, tracking_id,
                                      asked, created_at, expires_at, settled_at)
         select gen_random_uuid(), '{}', gen_random_uuid(), true, l.id, 'once', 'ord_' || n, 150000, 'KES', 'completed', gen_random_uuid(), 1, $1, $1, $1
         from platform_plans l, generate_series(1, 2) n",
        "insert into subscriptions (provider_id, plan_id, paid_until, stage, created_at, changed_at)
         select '{}', id, $1 + interval '30 days', 'active', $1, $1 from platform_plans",
        "insert into subscription_entries (id, provider_id, number, what, plan_id, period, order_id, at)
         select gen_random_uuid(), provider_id, row_number() over (), 'paid', plan_id, 'month', id, $1 from platform_orders where provider_id = '{}'",
    ] {
        let sql = sql.replace("{}", &world.shop.provider.uuid().to_string());
        run(&world, &sql).await;
    }
    let drawn = admin.get("/admin").await.page();
    let page = text(&drawn);
    assert!(page.contains("January 2027 2 KSh 3,000"), "{page}");
    assert!(
        drawn.contains("id=\"earned-kes-title\"") && !drawn.contains("earned-usd"),
        "{drawn}"
    );
    assert!(
        drawn.contains("<title>January 2027: KSh 3,000</title>"),
        "{drawn}"
    );
    let page = text(&admin.get("/admin/providers").await.page());
    assert!(
        page.contains("Pays us: Plan 1500 (paid, until 14 Feb 2027"),
        "{page}"
    );
}

/// A whole life of tickets at a site leaves every page of the platform readable.
#[sqlx::test(migrations = "../migrations/controller")]
async fn every_page_of_the_platform_opens_on_a_busy_day_in_both_languages(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    prompt(&world, 1, "0").await;
    prompt(&world, 2, "1032").await;
    let site = Site::new(&world, world.shop.site);
    let ticket = site.sold(&world).await;
    site.whole_life(&world, ticket).await;
    up::note(&world.app).await.unwrap();
    let mut admin = admin(&world).await;
    let first: Timestamp = world.app.clock.now();
    for language in ["en", "sw"] {
        admin
            .get(&format!("/language/{language}?back=/admin"))
            .await
            .onward();
        for path in [
            "/admin",
            "/admin/providers",
            &format!("/admin/providers/{}", world.shop.provider),
            "/admin/subscriptions",
            "/admin/platform-plans",
            "/admin/payments?days=30",
            "/admin/sites",
            "/admin/jobs",
            "/admin/audit",
            "/admin/settings",
        ] {
            let page = admin.get(path).await.page();
            assert!(page.contains("<h1>") && !page.contains("{{"), "{path}");
        }
    }
    assert_eq!(world.app.clock.now(), first);
}
