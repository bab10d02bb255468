//! What is printed of a series, and its file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// What stands as text on sheets: the codes in the order they are printed.
fn codes_of(page: &str) -> Vec<String> {
    let codes = page.split("<code>").skip(1);
    codes
        .map(|rest| rest.split_once("</code>").unwrap().0.to_owned())
        .collect()
}

/// What is drawn on the pages of the PDF that a page of a browser leads to.
async fn pdf_of(browser: &mut Browser<'_>, page: &str, series: &str) -> String {
    let (_, rest) = page.split_once(&format!("href=\"{series}/pdf")).unwrap();
    let query = rest.split_once('"').unwrap().0;
    let query = query.replace("&#38;", "&").replace("&amp;", "&");
    let request = Request::get(format!("{series}/pdf{query}")).body(Body::empty());
    let pdf = browser.open(request.unwrap()).await;
    assert_eq!(pdf.status(), StatusCode::OK);
    let pdf = axum::body::to_bytes(pdf.into_body(), 1 << 20).await;
    streams(&pdf.unwrap()).concat()
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
    // It ends at an hour, not with the day.
    assert!(first.contains("Use it by 14 Feb 2027, 11:00"), "{first}");
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
    // What is printed from both pages' PDFs is on one paper only.
    let papers = [
        pdf_of(&mut cashier, &first, &path).await,
        pdf_of(&mut cashier, &second, &path).await,
    ];
    for (at, code) in sold.iter().enumerate() {
        let has_it = papers.each_ref().map(|paper| paper.contains(code.as_str()));
        assert_eq!(has_it, [at < 288, at >= 288], "{at}");
    }
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
        cashier.get(&format!("{path}/pdf")).await.onward(),
        format!("{path}?done=none"),
        "the page of the series says that nothing is left"
    );
}

/// Uses the vouchers of a series up to a number, as if its site had told so.
async fn use_up(world: &World, printed: &Printout, below: u32) {
    let site = world.shop.site.uuid();
    let at = world.app.clock.now().as_millis();
    let sql = format!(
        "update tickets set redeemed_at = to_timestamp({at} / 1000.0), redeemed_site_id = '{site}'
         where series_index < {below} and series_id = '{}'",
        printed.series.id.uuid()
    );
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_old_series_gives_what_it_has_left_and_its_file(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let printed = series::print(&world, 1_300).await;
    let last = printed.tickets.iter().map(|ticket| ticket.index).max();
    let last = last.unwrap();
    let path = format!("/vouchers/series/{}", printed.series.id);
    // A browser's pages end with the stretch that was chosen.
    let asked = format!("{path}/sheets?as=a4-10&from=1000");
    let page = cashier.get(&asked).await.page();
    let within = printed.tickets.iter();
    let within = within.filter(|ticket| (1_000..1_200).contains(&ticket.index));
    let within: Vec<String> = within.map(|ticket| ticket.code.shown()).collect();
    assert_eq!(codes_of(&page), within);
    assert!(!page.contains("Next page"));
    use_up(&world, &printed, 1_250).await;
    // A stretch of which nothing is left gives no other's codes, and is not offered.
    let none = format!("{path}?done=none");
    let first = format!("{path}/pdf?as=a4-24&from=0");
    assert_eq!(cashier.get(&first).await.onward(), none);
    let page = cashier.get(&path).await.page();
    assert!(!page.contains("<option value=\"0\""), "{page}");
    let request = Request::get(format!("{path}/pdf?as=a4-24")).body(Body::empty());
    let pdf = cashier.open(request.unwrap()).await;
    assert_eq!(pdf.status(), StatusCode::OK);
    let pdf = axum::body::to_bytes(pdf.into_body(), 1 << 20)
        .await
        .unwrap();
    let all = streams(&pdf).concat();
    for ticket in &printed.tickets {
        let has_it = all.contains(&format!("({}) Tj", ticket.code.shown()));
        assert_eq!(has_it, ticket.index >= 1_250, "{}", ticket.index);
    }
    use_up(&world, &printed, last + 1).await;
    let asked = format!("{path}/pdf?as=a4-24");
    assert_eq!(cashier.get(&asked).await.onward(), none);
    let page = cashier.get(&path).await.page();
    assert!(!page.contains("/pdf\""), "{page}");
    assert!(page.contains(&format!("href=\"{path}/csv\"")), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_series_of_which_all_is_sold_for_cash_says_that_none_is_left_to_print(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let printed = series::print(&world, 2).await;
    for _ in &printed.tickets {
        let page = cashier.get("/counter").await.page();
        let (_, sale) = page.split_once("action=\"/counter/sell\"").unwrap();
        let (series, attempt) = (field(sale, "series"), field(sale, "attempt"));
        let form = [("series", series.as_str()), ("attempt", &attempt)];
        cashier.post("/counter/sell", &form).await.onward();
    }
    let path = format!("/vouchers/series/{}", printed.series.id);
    let says = "There is nothing left to print here";
    let page = cashier.get(&path).await.page();
    assert!(!page.contains(says), "{page}");
    let led = cashier.get(&format!("{path}/pdf?as=a4-24")).await.onward();
    let page = cashier.get(&led).await.page();
    assert!(page.contains(says), "{page}");
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
async fn the_logo_is_on_sheets_once_however_many_vouchers_show_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let printed = series::print(&world, 30).await;
    let path = format!("/vouchers/series/{}", printed.series.id);
    let sheets = format!("{path}/sheets?as=a4-24");
    let plain = cashier.get(&sheets).await.page();
    assert!(!plain.contains("#logo") && !plain.contains("data:image"));
    let png = STANDARD.decode(PNG).unwrap();
    let (app, provider) = (&world.app, world.shop.provider);
    crate::captive::look::set_logo(app, provider, Some(&png), Actor::Command)
        .await
        .unwrap();
    let page = cashier.get(&sheets).await.page();
    assert_eq!(page.matches("href=\"#logo\"").count(), 30);
    let picture = format!("href=\"data:image/png;base64,{PNG}\"");
    assert_eq!(page.matches(&picture).count(), 1, "{page}");
    let roll = cashier.get(&format!("{path}/sheets?as=roll-58")).await;
    assert!(!roll.page().contains("#logo"));
    // The picture, and how much of each dot is seen.
    for (layout, times) in [("a4-24", 2), ("roll-80", 0)] {
        let request = Request::get(format!("{path}/pdf?as={layout}")).body(Body::empty());
        let pdf = cashier.open(request.unwrap()).await.into_body();
        let pdf = axum::body::to_bytes(pdf, 1 << 20).await.unwrap();
        let text = String::from_utf8_lossy(&pdf);
        assert_eq!(text.matches("/Subtype /Image").count(), times, "{layout}");
    }
}
