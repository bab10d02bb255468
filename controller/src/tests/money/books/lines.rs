//! What happens to money is a line, and what does not balance is found.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn each_thing_that_happens_to_money_is_one_line_that_leads_to_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let empty = owner.get("/books").await.page();
    assert!(empty.contains("No money came in this month."), "{empty}");
    let till = till(&world).await;
    let paid = sold(&world, 1, PHONE, "AAAAAAAA01").await;
    // Once more by hand for the same order, told three times; another amount; and for nobody.
    let account = reference(&world);
    for _ in 0..3 {
        by_hand(&world, &till, "AAAAAAAA02", &account, "50.00").await;
    }
    by_hand(&world, &till, "AAAAAAAA03", &account, "20.00").await;
    by_hand(&world, &till, "AAAAAAAA04", "<script>MAMA", "70.00").await;
    world.work().await;
    let noted = Noted {
        amount: Money::from_shillings(30),
        receipt: "BBBBBBBB01",
        reason: "rain",
    };
    let actor = somebody(&world).await;
    note(&world.app, world.shop.provider, actor, paid, noted)
        .await
        .unwrap();
    for (account, cents) in [
        ("till", -19_000),
        ("tickets", 2_000),
        ("unmatched", 14_000),
        ("refunded", 3_000),
        ("own", 0),
    ] {
        assert_eq!(balance(&world, account).await, cents, "{account}");
    }
    assert_eq!(world.count("ledger").await, 5);
    assert_balanced(&world, "all kinds").await;

    let page = owner.get("/books").await.page();
    for text in ["KSh\u{a0}190", "KSh\u{a0}140 (3)", "January 2027", "Market"] {
        assert!(page.contains(text), "{text}: {page}");
    }
    // Every number leads to what makes it up, and a line to its payment.
    let (_, rest) = page.split_once("<tbody>").unwrap();
    let cell = rest.split("<a href=\"").nth(3).unwrap();
    let path = cell.split('"').next().unwrap().replace("&#38;", "&");
    assert!(
        path.contains("day=2027-01-15") && path.contains("account=tickets"),
        "{path}"
    );
    let day = owner.get(&path).await.page();
    assert!(
        day.contains(&format!("/payments/{paid}")) && day.contains("AAAAAAAA01"),
        "{day}"
    );
    assert!(
        !day.contains("AAAAAAAA02"),
        "only what moves vouchers: {day}"
    );
    let day = owner.get("/books/day?day=2027-01-15").await.page();
    assert!(
        day.contains("AAAAAAAA02") && day.contains("BBBBBBBB01"),
        "{day}"
    );
    assert_eq!(
        owner.get("/books/day?day=x").await.status,
        StatusCode::NOT_FOUND
    );
    let other = owner.get("/books?site=none").await.page();
    assert!(other.contains("KSh\u{a0}70") && !other.contains("KSh\u{a0}190"));
    // Nothing at one site is not nothing at all.
    let empty = format!("/books?month=2026-12&site={}", world.shop.site);
    let empty = owner.get(&empty).await.page();
    assert!(
        empty.contains("the other sites are not shown")
            && empty.contains("href=\"/books?month=2026-12\"")
            && !empty.contains("/first-sale"),
        "{empty}"
    );
    let table = owner.get("/books.csv?month=2027-01").await.page();
    assert!(
        table.contains("2027-01-15,Market,120.00,20.00,30.00,70.00,0.00"),
        "{table}"
    );
    assert!(
        table.contains("2027-01-15,No site,70.00,0.00,0.00,70.00,0.00"),
        "{table}"
    );
    // And nobody else's.
    let mut stranger = Browser::new(&world, 9);
    stranger.sign_up("Another", "another@example.com").await;
    for path in [&path, "/books", "/payments/unmatched"] {
        let page = stranger.get(path).await.page();
        assert!(
            !page.contains("KSh\u{a0}50") && !page.contains("AAAAAAAA"),
            "{page}"
        );
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_line_leads_to_money_of_the_queue_however_much_was_dealt_with_since(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let till = till(&world).await;
    let (provider, actor) = (world.shop.provider, somebody(&world).await);
    for n in 0..12 {
        let receipt = format!("AAAAAA{n:04}");
        by_hand(&world, &till, &receipt, "MAMA", "50.00").await;
        world.work().await;
        let sql = format!("select id from unmatched where receipt = '{receipt}'");
        let id = read(&world.app, &sql).await;
        let id = mnara_protocol::ids::UnmatchedId::from_uuid(id);
        let back = format!("BBBBBB{n:04}");
        let said = (back.as_str(), "rain");
        resolve::refund(&world.app, (provider, actor), id, said, false)
            .await
            .unwrap();
        world.app.clock.advance(Duration::from_secs(1));
    }
    let day = owner.get("/books/day?day=2027-01-15").await.page();
    for receipt in ["AAAAAA0000", "BBBBBB0000"] {
        let line = day.split("<li>").find(|line| line.contains(receipt));
        let (_, path) = line.unwrap().split_once("href=\"").unwrap();
        let page = owner.get(path.split('"').next().unwrap()).await.page();
        assert!(
            page.contains(receipt) && !page.contains("AAAAAA0011"),
            "{page}"
        );
    }
    let none = "/payments/unmatched?money=unm_00000000000000000000000000000000";
    let page = owner.get(none).await.page();
    assert!(!page.contains("AAAAAA00"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_does_not_balance_is_found_said_and_gone_when_it_is_put_right(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options.clone()).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    sold(&world, 1, PHONE, "AAAAAAAA01").await;
    stand(&world.app, [books::CHECK]).await.unwrap();
    world.work().await;
    assert_eq!(world.count("ledger_checks").await, 1);
    assert!(
        owner
            .get("/books")
            .await
            .page()
            .contains("The books balance.")
    );
    let change = async |sql: &str| {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let done = sqlx::query(AssertSqlSafe(sql.to_owned()))
            .execute(&mut *tx)
            .await;
        tx.commit().await.unwrap();
        done.map(drop)
    };
    change("update payments set amount = 51").await.unwrap();
    world.pass(300).await;
    assert_eq!(world.count("ledger_faults").await, 0, "an hour is not over");
    world.pass(3_600).await;
    let page = owner.get("/books").await.page();
    assert!(page.contains("The books do not balance"), "{page}");
    assert!(
        page.contains("KSh\u{a0}51 (1)") && page.contains("KSh\u{a0}50 (1)"),
        "{page}"
    );
    assert!(
        owner
            .get("/home")
            .await
            .page()
            .contains("The books do not balance")
    );
    change("update payments set amount = 50").await.unwrap();
    world.pass(3_600).await;
    assert!(
        owner
            .get("/books")
            .await
            .page()
            .contains("The books balance.")
    );
    // The books themselves are nobody's to change, not even the owner's of the tables.
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    for sql in [
        "update ledger set cents = cents + 1",
        "delete from ledger",
        "truncate ledger",
    ] {
        assert!(change(sql).await.is_err(), "{sql}");
        assert!(sqlx::query(sql).execute(&mut db).await.is_err(), "{sql}");
    }
    // What came in by other ways than this program's is written from its rows, and only once.
    sqlx::query("alter table ledger disable trigger user")
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::query("delete from ledger")
        .execute(&mut db)
        .await
        .unwrap();
    for _ in 0..2 {
        open_by_the_run_book(&mut db).await;
    }
    assert_eq!(world.count("ledger").await, 1);
    assert_balanced(&world, "opened").await;
    // One whose books cannot be looked at keeps nobody else waiting.
    business(&world.app, 2).await;
    world.pass(3_600).await;
    change("update payments set amount = 51").await.unwrap();
    sqlx::query("alter table ledger_faults add constraint nothing check (false) not valid")
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
    for _ in 0..2 {
        world.pass(3_600).await;
        let last: i64 = read(
            &world.app,
            "select extract(epoch from min(tried_at))::bigint from ledger_checks",
        )
        .await;
        assert_eq!(last, world.app.clock.now().as_secs());
    }
    assert_eq!(world.count("ledger_checks").await, 2);
    // And nobody says of them that they were checked then.
    assert_eq!(
        world
            .count("ledger_checks where checked_at < tried_at")
            .await,
        1
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn money_that_the_books_have_at_another_site_is_found(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    sold(&world, 1, PHONE, "AAAAAAAA01").await;
    assert_balanced(&world, "as it was sold").await;
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update payments set site_id = null")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // The sums of the day are the same. Found twice it is written once.
    for _ in 0..2 {
        let found = books::check_all(&world.app, world.shop.provider)
            .await
            .unwrap();
        let found: Vec<_> = found
            .wrong
            .iter()
            .map(|one| (one.part, one.site, one.rows.count, one.books.count))
            .collect();
        let part = books::Part::Paid;
        assert_eq!(
            found,
            [(part, None, 1, 0), (part, Some(world.shop.site), 0, 1)]
        );
    }
    let page = owner.get("/books").await.page();
    assert!(
        page.contains("15 Jan 2027 · No site") && page.contains("15 Jan 2027 · Market"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_phones_have_differs_once_however_many_days_are_compared(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    sold(&world, 1, PHONE, "AAAAAAAA01").await;
    world.app.clock.advance(Duration::from_secs(130 * DAY));
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("update customers set credit = 1")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let found = books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    let parts: Vec<_> = found.wrong.iter().map(|one| one.part).collect();
    assert_eq!(parts, [books::Part::Credit]);
}
