//! Making series, with their risk in sight, and their list.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_series_is_made_once_and_not_before_its_risk_was_seen(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/vouchers").await.page();
    assert!(page.contains("No voucher is printed yet"), "{page}");
    assert!(
        !page.contains("<button>"),
        "to make some is what stands out"
    );
    let page = owner.get("/vouchers/new").await.page();
    assert!(page.contains("<strong>0.003</strong>"), "{page}");
    assert!(page.contains("That is safe."), "{page}");
    assert!(page.contains("<p class=\"back\"><a href=\"/vouchers\">"));
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
    // What is wrong is told once: where it was looked at, or above all when it was to be made.
    for (act, place) in [("check", "<p class=\"bad\">"), ("make", "id=\"fault\">")] {
        let wrong = form(&fields, &[("count", "some"), ("do", act)]);
        let text = owner.post("/vouchers/new", &wrong).await.text;
        let told = "Print 1 to 100,000";
        assert_eq!(text.matches(told).count(), 1, "{act}: {text}");
        assert!(text.contains(&format!("{place}{told}")), "{act}: {text}");
    }
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
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update providers set state = 'active' where state = 'pending'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
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
