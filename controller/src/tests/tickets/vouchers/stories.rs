//! Finding a code, and the story of a voucher.

use super::*;
use crate::audit::{Deed, record};
use crate::reports::voucher::Known;
use crate::tests::browser::Got;
use crate::tests::sites::reports;

/// What answers whoever looks for a code.
async fn found(browser: &mut Browser<'_>, code: &str) -> Got {
    browser.post("/vouchers/find", &[("code", code)]).await
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
        .replace('-', " ");
    let there = found(&mut reader, &typed).await.onward();
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
        let got = found(&mut stranger, sought).await;
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
    let bad = found(&mut stranger, "<script>").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!bad.text.contains("<script>"), "{}", bad.text);
    let mut last = StatusCode::OK;
    for n in 0..40 {
        last = found(&mut stranger, &format!("ZZZZZZ{n:02}")).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    world.app.clock.advance(Duration::from_secs(10));
    let got = found(&mut stranger, "ZZZZZZZZ").await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn no_address_holds_the_code_that_somebody_looks_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let form = "<form method=\"post\" action=\"/vouchers/find\">";
    for path in ["/vouchers", "/counter"] {
        let page = cashier.get(path).await.page();
        assert!(page.contains(form), "{path}: {page}");
    }
    // An address that was kept leads to the field, and not to the voucher.
    let printed = series::print(&world, 3).await;
    let kept = format!("/vouchers/find?code={}", printed.tickets[0].code.as_str());
    assert_eq!(cashier.get(&kept).await.onward(), "/vouchers");
    // Another site's page finds out nothing.
    let request = Request::post("/vouchers/find")
        .header(
            axum::http::header::CONTENT_TYPE,
            "application/x-www-form-urlencoded",
        )
        .header("sec-fetch-site", "cross-site")
        .body(Body::from("code=ZZZZZZZZ"));
    let got = cashier.send(request.unwrap()).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
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
    // A second person who sees it right after the first is there as well.
    let mut cashier = member(&world, Role::Cashier, 2).await;
    for browser in [&mut cashier, &mut owner] {
        browser.get(&path).await.page();
    }
    assert_eq!(world.count("audit where act = 'code-seen'").await, 2);
    let people = "(select distinct person_id from audit where act = 'code-seen') seen";
    assert_eq!(world.count(people).await, 2);
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
    assert!(page.contains(">1\u{a0}hour 20\u{a0}minutes<"), "{page}");
    for by in ["0", "x", "1.5", "99999"] {
        let form = [("by", by), ("unit", "d")];
        let got = owner.post(&format!("{path}/extend"), &form).await.onward();
        assert_eq!(got, format!("{path}?said=too-much"));
        let page = owner.get(&got).await.page();
        assert!(page.contains("such as 90 minutes"), "{by}: {page}");
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
    assert_eq!(
        deed(&world, "revoke").await,
        json!({"before": {"status": "unused"}, "after": {"status": "revoked"}})
    );
    assert_eq!(
        deed(&world, "revoke-series").await,
        json!({"before": {"revoked": false}, "after": {"revoked": true, "count": 2}})
    );
    // And it is told in words.
    let page = owner.get("/audit?act=revoke").await.page();
    assert!(
        page.contains("not used") && page.contains("taken back"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn time_is_given_once_however_often_its_form_is_sent(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/vouchers/{}", reports::bought(&world).await);
    let extend = format!("{path}/extend");
    let was = field(&owner.get(&path).await.page(), "was");
    let half = [("by", "30"), ("unit", "m"), ("was", was.as_str())];
    for _ in 0..2 {
        let said = owner.post(&extend, &half).await.onward();
        assert_eq!(said, format!("{path}?said=extended"));
    }
    assert_eq!(world.count("tickets where extra_secs = 1800").await, 1);
    assert_eq!(world.count("audit where act = 'extend'").await, 1);
    // Somebody else had the same page and gives another time: who does is told to look first.
    let more = [("by", "2"), ("unit", "h"), ("was", was.as_str())];
    let said = owner.post(&extend, &more).await.onward();
    assert_eq!(said, format!("{path}?said=meanwhile"));
    let page = owner.get(&said).await.page();
    assert!(page.contains("Somebody gave this voucher time"), "{page}");
    assert_eq!(world.count("tickets where extra_secs = 1800").await, 1);
    let was = field(&page, "was");
    let again = [("by", "30"), ("unit", "m"), ("was", was.as_str())];
    let said = owner.post(&extend, &again).await.onward();
    assert_eq!(said, format!("{path}?said=extended"));
    assert_eq!(world.count("tickets where extra_secs = 3600").await, 1);
    assert_eq!(world.count("audit where act = 'extend'").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_more_deeds_than_a_story_holds_it_tells_the_last_in_their_order(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let ticket = series::print(&world, 3).await.tickets[0].id;
    let subject = ticket.to_string();
    let mut tx = app.db.tenant(provider).await.unwrap();
    for secs in 0..=100 {
        let seen = Deed {
            act: "code-seen",
            subject: &subject,
            before: None,
            after: Some(json!({"secs": secs})),
        };
        record(app, &mut tx, Some(provider), Actor::Command, seen)
            .await
            .unwrap();
        app.clock.advance(Duration::from_secs(3_600));
    }
    let known = Known::read(&mut tx, provider, ticket).await.unwrap();
    let secs = known.unwrap().deeds.into_iter().map(|deed| deed.secs);
    assert!(secs.eq((1..=100).map(Some)));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_bought_vouchers_story_begins_with_its_payment(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut reader = member(&world, Role::Reader, 1).await;
    let ticket = reports::bought(&world).await;
    let path = format!("/vouchers/{ticket}");
    let page = reader.get(&path).await.page();
    for says in [
        "Bought by M-PESA",
        "Paid",
        ">2547•••••149</a>",
        ">NLJ7RT61SV</a>",
        "Market",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    // From the voucher to its payment and its customer, and from each of them back.
    for kind in ["/payments/pay_", "/customers/cust_"] {
        let (_, rest) = page
            .split_once(&format!("<dd><a href=\"{kind}"))
            .or_else(|| page.split_once(&format!("· <a href=\"{kind}")))
            .unwrap();
        let there = format!("{kind}{}", rest.split('"').next().unwrap());
        let there = reader.get(&there).await.page();
        assert!(there.contains(&format!("href=\"{path}\"")), "{there}");
    }
    assert!(!page.contains(PHONE), "a number is masked");
    let code: String = read(&world.app, "select code from tickets").await;
    let code = TicketCode::parse(&code).unwrap();
    assert!(!page.contains(&code.shown()) && !page.contains(code.as_str()));
}
