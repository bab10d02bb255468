//! Vouchers on the provider's pages: making a series with its risk in sight, printing, finding, the story of one, and what can be done
//! with it.

use mnara_protocol::ids::TicketId;
use mnara_protocol::message::{Command, Printed, Report};
use mnara_protocol::ticket::code::TicketCode;

use super::browser::{Browser, PASSWORD};
use super::doors::member;
use super::reports::Site;
use super::*;
use crate::pdf::tests::streams;
use crate::providers::staff::roles::Role;
use crate::tickets::series::Printout;

/// The form of a series of the first business, with some fields filled in otherwise.
fn form<'a>(
    fields: &[(&'a str, &'a str)],
    changed: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let value = |name| changed.iter().find(|(field, _)| *field == name);
    fields
        .iter()
        .map(|(name, old)| (*name, value(*name).map_or(*old, |(_, new)| new)))
        .collect()
}

/// What stands in a hidden or shown field of a page.
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_series_is_made_once_and_not_before_its_risk_was_seen(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    assert!(
        owner
            .get("/vouchers")
            .await
            .page()
            .contains("No voucher is printed yet")
    );
    let page = owner.get("/vouchers/new").await.page();
    assert!(page.contains("<strong>0.003</strong>"), "{page}");
    assert!(page.contains("That is safe."), "{page}");
    let (id, plan, home) = (
        field(&page, "id"),
        world.shop.plan.id.to_string(),
        world.shop.site.to_string(),
    );
    let fields = [
        ("id", id.as_str()),
        ("plan", &plan),
        ("count", "300"),
        ("letters", "digits"),
        ("length", "10"),
        ("prefix", ""),
        ("home", &home),
        ("sell_by", ""),
        ("do", "make"),
    ];
    // Looking makes nothing, also at what is refused.
    let checked = form(&fields, &[("length", "6"), ("do", "check")]);
    let page = owner.post("/vouchers/new", &checked).await.page();
    // 300 codes, one try a second, a million possible: 9,461 a year, at 50 shillings each.
    assert!(page.contains("<strong>9461</strong>"), "{page}");
    assert!(page.contains("<strong>KSh\u{a0}473040</strong>"), "{page}");
    assert!(
        page.contains("This length is enough: <strong>10</strong>"),
        "{page}"
    );
    let refused = owner
        .post("/vouchers/new", &form(&fields, &[("length", "6")]))
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Choose longer codes"));
    for (changed, says) in [
        (("count", "0"), "Print 1 to 100,000"),
        (
            ("plan", "plan_00000000000000000000000000000000"),
            "Choose a plan",
        ),
        (("home", ""), "Choose a site"),
        (("prefix", "AB"), "with digits only where"),
        (("sell_by", "0"), "between one day and ten years"),
    ] {
        let refused = owner
            .post("/vouchers/new", &form(&fields, &[changed]))
            .await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(refused.text.contains(says), "{says}: {}", refused.text);
    }
    assert_eq!(world.count("series").await, 0);
    // A press, another press, and a third after coming back.
    let there = owner.post("/vouchers/new", &fields).await.onward();
    assert_eq!(there, format!("/vouchers/series/{id}?done=made"));
    for _ in 0..2 {
        let again = owner.post("/vouchers/new", &fields).await.onward();
        assert_eq!(again, format!("/vouchers/series/{id}"));
    }
    assert_eq!(world.count("series").await, 1);
    assert_eq!(world.count("tickets").await, 300);
    assert_eq!(
        world
            .count("audit where act = 'series' and actor = 'staff'")
            .await,
        1
    );
    let page = owner.get(&there).await.page();
    assert!(page.contains("Made. Its sites know the codes"), "{page}");
    // With these out, as many again would be too many.
    let more = form(&fields, &[("id", "")]);
    let refused = owner.post("/vouchers/new", &more).await;
    assert!(
        refused.text.contains("Choose longer codes"),
        "{}",
        refused.text
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn two_presses_at_once_make_one_series(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let batch = crate::tickets::series::Batch {
        id: Some(mnara_protocol::ids::SeriesId::from_bytes([5; 16])),
        ..series::batch(&world.shop, 500)
    };
    let presses = (0..4).map(|_| {
        crate::tickets::series::print(&world.app, world.shop.provider, &batch, Actor::Command)
    });
    let made = futures_util::future::join_all(presses).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    assert_eq!(world.count("tickets").await, 500);
}

/// What stands as text on sheets: the codes in the order they are printed.
fn codes_of(page: &str) -> Vec<String> {
    let codes = page.split("<code>").skip(1);
    codes
        .map(|rest| rest.split_once("</code>").unwrap().0.to_owned())
        .collect()
}

fn shown(printed: &Printout) -> Vec<String> {
    printed
        .tickets
        .iter()
        .map(|ticket| ticket.code.shown())
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn sheets_hold_what_can_be_sold_page_by_page(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let printed = series::print(&world, 400).await;
    let site = Site::new(&world, world.shop.site);
    let used = &printed.tickets[3];
    let of = Printed {
        series: printed.series.id,
        index: used.index,
    };
    site.redeem(&world, used.id, Some(of), world.app.clock.now())
        .await;
    crate::tickets::revoke::ticket(
        &world.app,
        world.shop.provider,
        &printed.tickets[5].code,
        Actor::Command,
    )
    .await
    .unwrap();
    let mut sold = shown(&printed);
    sold.remove(5);
    sold.remove(3);
    let path = format!("/vouchers/series/{}", printed.series.id);
    let first = cashier.get(&format!("{path}/sheets?as=a4-24")).await.page();
    assert_eq!(codes_of(&first), sold[..288]);
    assert_eq!(first.matches("<ul class=\"sheet\">").count(), 12);
    assert!(first.contains("class=\"a4-24\"") && first.contains("fill=\"#0a7d4b\""));
    let (_, next) = first.split_once("from=").unwrap();
    let next = next.split_once('"').unwrap().0;
    let second = cashier
        .get(&format!("{path}/sheets?as=a4-24&from={next}"))
        .await
        .page();
    assert_eq!(codes_of(&second), sold[288..]);
    assert!(!second.contains("Next page"));
    for layout in ["a4-10", "a4-50", "roll-58", "roll-80"] {
        let page = cashier
            .get(&format!("{path}/sheets?as={layout}"))
            .await
            .page();
        assert_eq!(codes_of(&page), sold[..300], "{layout}");
    }
    let request = Request::get(format!("{path}/pdf?as=a4-50")).body(Body::empty());
    let pdf = cashier.open(request.unwrap()).await;
    assert_eq!(pdf.status(), StatusCode::OK);
    let pdf = axum::body::to_bytes(pdf.into_body(), 1 << 20)
        .await
        .unwrap();
    let pages = streams(&pdf);
    assert_eq!(pages.len(), 8);
    let all = pages.concat();
    assert!(
        sold.iter()
            .all(|code| all.contains(&format!("({code}) Tj")))
    );
    assert!(!all.contains(&used.code.shown()));
    // Each look at codes that are worth money is in the books, with who had it.
    assert_eq!(
        world
            .count("audit where act = 'codes-seen' and person_id is not null")
            .await,
        7
    );
    let seen: String = read(
        &world.app,
        "select after::text from audit where act = 'codes-seen' and after ->> 'as' = 'pdf'",
    )
    .await;
    assert!(seen.contains("\"count\": 398"), "{seen}");
    crate::tickets::revoke::series(
        &world.app,
        world.shop.provider,
        printed.series.id,
        Actor::Command,
    )
    .await
    .unwrap();
    let page = cashier.get(&format!("{path}/sheets")).await.page();
    assert!(
        page.contains("No voucher of this series is unused"),
        "{page}"
    );
    assert_eq!(
        cashier.get(&format!("{path}/pdf")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_file_has_every_code_with_how_it_stands(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    // More than one reading from the database, and a name that a spreadsheet would carry out.
    let draft = Draft {
        name: "=HYPERLINK(\"x\")".to_owned(),
        ..hour()
    };
    let plan = plans::edit::create(&world.app, world.shop.provider, &draft, Actor::Command)
        .await
        .unwrap();
    let batch = crate::tickets::series::Batch {
        plan: plan.id,
        ..series::batch(&world.shop, 4_000)
    };
    let printed =
        crate::tickets::series::print(&world.app, world.shop.provider, &batch, Actor::Command)
            .await
            .unwrap();
    let site = Site::new(&world, world.shop.site);
    let used = &printed.tickets[2_500];
    let of = Printed {
        series: printed.series.id,
        index: used.index,
    };
    site.redeem(&world, used.id, Some(of), world.app.clock.now())
        .await;
    let path = format!("/vouchers/series/{}", printed.series.id);
    let file = owner.get(&format!("{path}/csv")).await.page();
    let lines: Vec<&str> = file.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 4_001);
    for (line, code) in lines[1..].iter().zip(shown(&printed)) {
        assert!(
            line.contains(&format!(",{code},\"'=HYPERLINK(\"\"x\"\")\",")),
            "{line}"
        );
    }
    assert!(lines[2_501].contains(",connecting,"), "{}", lines[2_501]);
    assert!(
        lines[2_501].ends_with(",2027-01-15 11:00:00,Market"),
        "{}",
        lines[2_501]
    );
    assert!(lines[1].contains(",unused,"), "{}", lines[1]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_code_is_found_however_it_is_typed_and_guessing_is_slow(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut reader = member(&world, Role::Reader, 1).await;
    let printed = series::print(&world, 3).await;
    let ticket = &printed.tickets[1];
    let typed = ticket
        .code
        .shown()
        .to_lowercase()
        .replace('0', "o")
        .replace('-', "+");
    let there = reader
        .get(&format!("/vouchers/find?code={typed}"))
        .await
        .onward();
    assert_eq!(there, format!("/vouchers/{}", ticket.id));
    // What is worth money is hidden from those who may not print.
    let page = reader.get(&there).await.page();
    assert!(
        !page.contains(&ticket.code.shown()) && page.contains("••••"),
        "{page}"
    );
    assert!(
        !page.contains("/revoke") && !page.contains("/extend"),
        "{page}"
    );
    let list = format!("/vouchers/series/{}", printed.series.id);
    let page = reader.get(&list).await.page();
    assert!(
        shown(&printed).iter().all(|code| !page.contains(code)),
        "{page}"
    );
    for (path, form) in [
        ("sheets", false),
        ("pdf", false),
        ("csv", false),
        ("revoke", true),
    ] {
        let path = format!("{list}/{path}");
        let got = if form {
            reader.post(&path, &[]).await
        } else {
            reader.get(&path).await
        };
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(
        world
            .count("audit where act in ('codes-seen', 'code-seen')")
            .await,
        0
    );
    // Nobody else's code is there, and it is found as little as one that does not exist.
    let mut stranger = Browser::new(&world, 2);
    stranger.sign_up("Another", "another@example.com").await;
    let code = ticket.code.as_str();
    for sought in [code, "ZZZZZZZZ"] {
        let got = stranger.get(&format!("/vouchers/find?code={sought}")).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
        assert!(
            got.text
                .contains("This business has no voucher of that code")
        );
    }
    for path in [
        there.clone(),
        list.clone(),
        format!("{list}/csv"),
        format!("{list}/sheets"),
    ] {
        assert_eq!(
            stranger.get(&path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    for path in [
        format!("{there}/revoke"),
        format!("{list}/revoke"),
        format!("{there}/pause"),
    ] {
        assert_eq!(
            stranger.post(&path, &[]).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(world.count("tickets where revoked_at is not null").await, 0);
    let bad = stranger.get("/vouchers/find?code=%3Cscript%3E").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!bad.text.contains("<script>"), "{}", bad.text);
    let mut last = StatusCode::OK;
    for n in 0..40 {
        last = stranger
            .get(&format!("/vouchers/find?code=ZZZZZZ{n:02}"))
            .await
            .status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    world.app.clock.advance(Duration::from_secs(10));
    let got = stranger.get("/vouchers/find?code=ZZZZZZZZ").await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_printed_vouchers_story_is_told_from_printing_to_its_end(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let (app, clock) = (&world.app, &world.app.clock);
    let printed = series::print(&world, 3).await;
    let ticket = &printed.tickets[0];
    let path = format!("/vouchers/{}", ticket.id);
    // Whoever may print sees the code, and that is kept, once an hour.
    for _ in 0..2 {
        assert!(owner.get(&path).await.page().contains(&ticket.code.shown()));
    }
    assert_eq!(world.count("audit where act = 'code-seen'").await, 1);
    let site = Site::new(&world, world.shop.site);
    let of = Printed {
        series: printed.series.id,
        index: 0,
    };
    clock.advance(Duration::from_secs(60));
    site.redeem(&world, ticket.id, Some(of), clock.now()).await;
    site.confirm(&world, ticket.id, clock.now()).await;
    clock.advance(Duration::from_secs(600));
    site.meter(&world, ticket.id, 51_000_000, clock.now()).await;
    let page = owner.get(&path).await.page();
    for says in [
        "running</span>",
        ">50\u{a0}minutes<",
        "51\u{a0}MB down",
        "Its code was used: Market, while the site had no internet",
        "Its clock started: Market",
        "Connected 02:00:00:00:00:01: Market",
        "still online",
        "Printed",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let place = |text: &str| page.find(text).unwrap();
    assert!(place("Its code was used") < place("Its clock started"));
    // More time, and the whole of it is told.
    let form = [("by", "30"), ("unit", "m")];
    let said = owner.post(&format!("{path}/extend"), &form).await.onward();
    assert_eq!(said, format!("{path}?said=extended"));
    let page = owner.get(&said).await.page();
    assert!(page.contains("The time is given."), "{page}");
    assert!(
        page.contains("More time was given (30\u{a0}minutes) · owner"),
        "{page}"
    );
    assert!(page.contains(">1 hour 20\u{a0}minutes<"), "{page}");
    for (by, said) in [("0", "too-much"), ("x", "too-much"), ("99999", "too-much")] {
        let form = [("by", by), ("unit", "d")];
        let got = owner.post(&format!("{path}/extend"), &form).await.onward();
        assert_eq!(got, format!("{path}?said={said}"));
    }
    // Its time passes and nobody reports: the page says what is the case now.
    clock.advance(Duration::from_secs(7_200));
    let page = owner.get(&path).await.page();
    assert!(page.contains("used up</span>"), "{page}");
    assert!(
        page.contains(&ticket.code.shown()),
        "what is over is not hidden"
    );
    // Another is taken back; its site hears of it.
    let other = format!("/vouchers/{}", printed.tickets[1].id);
    let said = owner.post(&format!("{other}/revoke"), &[]).await.onward();
    let page = owner.get(&said).await.page();
    assert!(
        page.contains("taken back</span>") && page.contains("Taken back · owner"),
        "{page}"
    );
    let told = world.feed(world.shop.site).await;
    assert!(
        told.iter()
            .any(|row| matches!(row, Row::Ruling(row) if row.right.revoked.is_some()))
    );
    assert_eq!(app.clock.now(), clock.now());
    // And the rest with the series.
    let series = format!("/vouchers/series/{}", printed.series.id);
    let page = owner.get(&series).await.page();
    assert!(page.contains("<dd>1 (33&nbsp;%)</dd>"), "{page}");
    assert!(
        page.contains("<dt>Taken back one by one</dt><dd>1</dd>"),
        "{page}"
    );
    let said = owner.post(&format!("{series}/revoke"), &[]).await.onward();
    let page = owner.get(&said).await.page();
    assert!(page.contains("The series is taken back."), "{page}");
    assert!(!page.contains("/sheets") && !page.contains(&format!("{series}/revoke")));
    // Also the one whose time has passed: its site has not told its end.
    assert_eq!(world.count("tickets where status = 'revoked'").await, 3);
    assert_eq!(
        world
            .count("audit where act in ('revoke', 'revoke-series', 'extend') and actor = 'staff'")
            .await,
        3
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_bought_vouchers_story_begins_with_its_payment(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut reader = member(&world, Role::Reader, 1).await;
    let ticket = reports::bought(&world).await;
    let page = reader.get(&format!("/vouchers/{ticket}")).await.page();
    for says in [
        "Bought by M-PESA",
        "Paid",
        "2547•••••149 · NLJ7RT61SV",
        "Market",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    assert!(!page.contains(PHONE), "a number is masked");
    let code: String = read(&world.app, "select code from tickets").await;
    let code = TicketCode::parse(&code).unwrap();
    assert!(!page.contains(&code.shown()) && !page.contains(code.as_str()));
}

/// A voucher that runs at the first site.
async fn running(world: &World) -> TicketId {
    let ticket = reports::bought(world).await;
    Site::new(world, world.shop.site)
        .lets_in(world, ticket)
        .await;
    ticket
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_away_is_said_to_be_and_is_told_nothing_later(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/vouchers/{}", running(&world).await);
    let page = owner.get(&path).await.page();
    let device = [("mac", field(&page, "mac")), ("site", field(&page, "site"))];
    let device = device
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    for (act, form) in [
        ("pause", &[][..]),
        ("resume", &[]),
        ("kick", &device),
        ("free", &device),
    ] {
        let said = owner.post(&format!("{path}/{act}"), form).await.onward();
        assert_eq!(said, format!("{path}?said=away"), "{act}");
        let page = owner.get(&said).await.page();
        assert!(page.contains("Nothing was done, and nothing will be done later"));
    }
    assert_eq!(world.count("commands").await, 0);
    assert_eq!(
        world
            .count("audit where act in ('pause', 'resume', 'kick', 'move')")
            .await,
        0
    );
    // A device of nobody's, and a site of somebody else's.
    for form in [
        [("mac", "nonsense"), device[1]],
        [device[0], ("site", "site_00000000000000000000000000000000")],
    ] {
        let got = owner.post(&format!("{path}/kick"), &form).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_there_holds_a_voucher_and_the_page_says_so(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let path = format!("/vouchers/{}", running(&world).await);
    let hub = link::hub(&world).await;
    let mut site = link::site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let page = cashier.get(&path).await.page();
    let device = [("mac", field(&page, "mac")), ("site", field(&page, "site"))];
    let device = device
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    for (act, form, said) in [
        ("pause", &[][..], "paused"),
        ("kick", &device, "kicked"),
        ("free", &device, "freed"),
        ("resume", &[], "not-paused"),
    ] {
        let act = format!("{path}/{act}");
        let mut pressed = std::pin::pin!(cashier.post(&act, form));
        tokio::select! {
            got = &mut pressed => panic!("nobody has answered: {}", got.status),
            () = answers(&mut site) => {}
        }
        let got = loop {
            world.app.clock.advance(Duration::from_millis(200));
            // The page asks again as its clock goes on, and the database takes a moment each time.
            let soon = tokio::time::timeout(Duration::from_millis(5), &mut pressed);
            if let Ok(got) = soon.await {
                break got;
            }
        };
        assert_eq!(got.onward(), format!("{path}?said={said}"), "{act}");
    }
    assert_eq!(
        world
            .count("audit where act in ('pause', 'kick', 'move') and actor = 'staff'")
            .await,
        3
    );
    assert_eq!(
        world.count("audit where act = 'resume'").await,
        0,
        "what was refused was not done"
    );
}

/// The site does what it is told, except that it lets nothing run on.
async fn answers(site: &mut link::Site) {
    let (id, report) = match commands::told(site).await {
        Command::Pause(hold) => (hold.id, Report::Done),
        Command::Kick(kick) => (kick.id, Report::Done),
        Command::Release(place) => (place.id, Report::Done),
        Command::Resume(hold) => {
            let why = mnara_protocol::message::NotDone::NotPaused;
            let refused = mnara_protocol::message::RefusedReport { why };
            (hold.id, Report::Refused(refused))
        }
        other => panic!("{other:?}"),
    };
    commands::reports(site, id, &report).await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_name_that_is_markup_is_a_name_everywhere(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner
        .sign_up("<script>alert(1)</script>", "o@example.com")
        .await;
    let name = "<script>alert(2)</script>";
    let form = [
        ("name", name),
        ("price", "50"),
        ("time", "1"),
        ("time_unit", "h"),
        ("devices", "1"),
    ];
    owner.post("/plans", &form).await.onward();
    let site = owner.post("/sites", &[("name", name)]).await.onward();
    let site = site.strip_prefix("/sites/").unwrap();
    let page = owner.get("/vouchers/new").await.page();
    assert!(!page.contains("<script>alert"), "{page}");
    let (_, plan) = page.split_once("<option value=\"").unwrap();
    let plan = plan.split_once('"').unwrap().0.to_owned();
    let form = [
        ("plan", plan.as_str()),
        ("count", "30"),
        ("length", "10"),
        ("home", site),
        ("do", "make"),
    ];
    let there = owner.post("/vouchers/new", &form).await.onward();
    let series = there.split_once('?').unwrap().0.to_owned();
    let page = owner.get(&there).await.page();
    let sql = "select id from tickets limit 1";
    let voucher = TicketId::from_uuid(read(&world.app, sql).await);
    let voucher = format!("/vouchers/{voucher}");
    assert!(page.contains(&voucher), "{page}");
    for path in [
        "/vouchers".to_owned(),
        there,
        voucher,
        format!("{series}/sheets"),
    ] {
        let page = owner.get(&path).await.page();
        assert!(!page.contains("<script>alert"), "{path}: {page}");
        assert!(page.contains("alert(2)"), "{path}: {page}");
    }
    let in_swahili = owner.get("/language/sw?back=%2Fvouchers").await.onward();
    assert!(owner.get(&in_swahili).await.page().contains("Tafuta vocha"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_long_list_of_series_goes_on(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for _ in 0..25 {
        series::print(&world, 1).await;
        world.app.clock.advance(Duration::from_secs(1));
    }
    let first = owner.get("/vouchers").await.page();
    assert_eq!(first.matches("href=\"/vouchers/series/").count(), 20);
    let (_, older) = first.split_once("href=\"/vouchers?before=").unwrap();
    let older = older.split_once('"').unwrap().0;
    let second = owner.get(&format!("/vouchers?before={older}")).await.page();
    assert_eq!(second.matches("href=\"/vouchers/series/").count(), 5);
    assert!(!second.contains("?before="));
    // Unused and too old is not left.
    world.app.clock.advance(Duration::from_secs(31 * 86_400));
    owner.log_in("owner1@example.com", PASSWORD).await.onward();
    let page = owner.get("/vouchers").await.page();
    assert_eq!(page.matches("Left 0").count(), 20, "{page}");
}
