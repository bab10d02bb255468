//! What people read in the audit.

use super::*;

async fn member(world: &World, role: Role, n: u8) -> Browser<'_> {
    let (name, contact) = (format!("<script>{n}"), format!("person{n}@example.com"));
    doors::named(world, role, (&name, &contact), n).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn people_read_who_changed_what_from_what_to_what(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/plans/{}", world.shop.plan.id);
    let form = [
        ("name", "1 hour <script>"),
        ("price", "70"),
        ("time", "1"),
        ("time_unit", "h"),
        ("devices", "1"),
        ("on_sale", "on"),
    ];
    owner.post(&path, &form).await.onward();
    let page = owner.get("/audit").await.page();
    for part in [
        "&#60;script&#62;1</strong> changed what is for sale",
        "<dt>price</dt>",
        "<del>KSh 50</del>",
        "<ins>KSh 70</ins>",
        "<ins>1 hour &#60;script&#62;</ins>",
        "15 Jan 2027, 11:00",
        "is sealed within a minute",
        "Mnara, by the command line",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        !page.contains("<script>")
            && !page.contains("<dt>devices</dt><dd><span class=\"unseen\">was")
    );
    seal(&world).await;
    let page = owner.get("/audit").await.page();
    assert!(!page.contains("is sealed within a minute"), "{page}");
    let head = proved(&world, Some(world.shop.provider), None).await.head;
    assert!(
        page.contains(&hex::encode(head.hash)),
        "the seal can be noted"
    );
    // In the other language, and what no words are for speaks for itself.
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let deed = Deed {
        act: "something-new",
        subject: "x",
        before: None,
        after: Some(json!({"passkey": "hush", "odd_field": true})),
    };
    record(
        &world.app,
        &mut tx,
        Some(world.shop.provider),
        Actor::Program,
        deed,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    owner.get("/language/sw?back=/audit").await.onward();
    let page = owner.get("/audit").await.page();
    assert!(
        page.contains("alibadilisha kinachouzwa") && page.contains("something-new"),
        "{page}"
    );
    assert!(
        page.contains("odd field") && page.contains("ndiyo") && !page.contains("hush"),
        "{page}"
    );
    // A cashier sees none of it, and a neighbour nothing of this business.
    let mut cashier = member(&world, Role::Cashier, 2).await;
    assert_eq!(cashier.get("/audit").await.status, StatusCode::FORBIDDEN);
    let mut stranger = Browser::new(&world, 3);
    stranger.sign_up("Another", "another@example.com").await;
    let page = stranger.get("/audit").await.page();
    assert!(
        page.contains("signed the business up") && !page.contains("something-new"),
        "{page}"
    );
    assert!(!page.contains("person1") && !page.contains("script&#62;1"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn lines_are_found_by_person_deed_and_day_and_had_as_a_file(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    world.app.clock.advance(Duration::from_secs(3 * 86_400));
    owner
        .post("/sites", &[("name", "=Kilimani")])
        .await
        .onward();
    let sql = "select person_id from staff where role = 'owner'";
    let person = mnara_protocol::ids::PersonId::from_uuid(read(&world.app, sql).await);
    let query = format!("/audit?person={person}&act=site&day=2027-01-18");
    let page = owner.get(&query).await.page();
    assert!(page.contains("<ins>=Kilimani</ins>"), "{page}");
    assert_eq!(page.matches("class=\"deed\"").count(), 1, "{page}");
    let file = "<a class=\"button quiet\" href=\"/audit.csv?";
    assert!(page.contains(file), "{page}");
    for other in [
        "/audit?day=2027-01-16".to_owned(),
        "/audit?act=mpesa&day=2027-01-18".to_owned(),
        format!(
            "/audit?person={}",
            mnara_protocol::ids::PersonId::from_bytes([8; 16])
        ),
        "/audit?before=deed_00000000000000000000000000000000".to_owned(),
    ] {
        let page = owner.get(&other).await.page();
        assert!(
            page.contains("Nothing was done that fits"),
            "{other}: {page}"
        );
    }
    // What cannot be read asks for nothing.
    for odd in ["/audit?day=yesterday", "/audit?person=x&before=y"] {
        assert!(owner.get(odd).await.page().contains("Kilimani"), "{odd}");
    }
    let file = owner.get("/audit.csv?act=site").await.page();
    let lines: Vec<_> = file.lines().collect();
    assert_eq!(
        (lines[0], lines.len()),
        (
            "\u{feff}number,time_nairobi,who,act,subject,before,after",
            3
        ),
        "{file}"
    );
    assert!(
        lines[1].starts_with(",2027-01-18 11:00:00,<script>1,site,site_"),
        "{file}"
    );
    // The list goes on where the page ends, and shows each line once.
    write(&world, Some(world.shop.provider), 120).await;
    let (mut path, mut seen, mut pages) = ("/audit".to_owned(), 0, 0);
    loop {
        let page = owner.get(&path).await.page();
        seen += page.matches("class=\"deed\"").count();
        pages += 1;
        let Some((_, rest)) = page.split_once("href=\"/audit?before=") else {
            break;
        };
        path = format!("/audit?before={}", rest.split_once('"').unwrap().0);
    }
    let all = format!("audit where provider_id = '{}'", world.shop.provider.uuid());
    let all = usize::try_from(world.count(&all).await).unwrap();
    assert_eq!((seen, pages), (all, all.div_ceil(50)));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_line_names_what_it_is_about_and_leads_there_where_its_reader_may_go(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = fleet::create::create(&world.app, world.shop.provider, "Stage <b>", Actor::Command)
        .await
        .unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get("/audit").await.page();
    let link = format!("<a href=\"/sites/{site}\">Stage &#60;b&#62;</a>");
    assert!(page.contains(&link), "{page}");
    let plan = format!("<a href=\"/plans/{}\">1 hour</a>", world.shop.plan.id);
    assert!(page.contains(&plan), "{page}");
    // A reader may see the lines and not change plans.
    let mut reader = member(&world, Role::Reader, 2).await;
    let page = reader.get("/audit").await.page();
    assert!(page.contains(&link) && !page.contains(&plan), "{page}");
    assert!(page.contains("1 hour"), "{page}");
    // What another business calls something is nobody's to read here, whatever a line says.
    let other = business(&world.app, 2).await;
    let deed = Deed {
        act: "site",
        subject: &other.site.to_string(),
        before: None,
        after: None,
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    record(
        &world.app,
        &mut tx,
        Some(world.shop.provider),
        Actor::Command,
        deed,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let page = owner.get("/audit").await.page();
    let bare = format!("/sites/{}", other.site);
    assert!(
        page.contains(&other.site.to_string()) && !page.contains(&bare),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn amounts_and_ids_are_told_as_people_say_them(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = fleet::create::create(&world.app, world.shop.provider, "Stage", Actor::Command)
        .await
        .unwrap();
    let mut owner = member(&world, Role::Owner, 1).await;
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    for (act, after) in [
        (
            "queue-ticket",
            json!({"amount": "1250.00", "site": site.to_string(), "ticket": format!("tkt_{}", "0".repeat(32))}),
        ),
        (
            "platform-order",
            json!({"amount": "12.00", "currency": "USD"}),
        ),
        ("mpesa-limits", json!({"most_a_day": 70_000})),
        ("notice", json!({"money-sms": true})),
    ] {
        let deed = Deed {
            act,
            subject: "x",
            before: None,
            after: Some(after),
        };
        record(
            &world.app,
            &mut tx,
            Some(world.shop.provider),
            Actor::Command,
            deed,
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    let page = owner.get("/audit").await.page();
    for part in [
        "<ins>KSh\u{a0}1,250</ins>",
        "<ins>Stage</ins>",
        "<ins>tkt_…000000</ins>",
        "<ins>12.00</ins>",
        "<ins>KSh\u{a0}70,000</ins>",
        "<dt>The most from one phone on one day</dt>",
        "<dt>Money to look at, by SMS</dt>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

async fn sells(owner: &mut Browser<'_>, path: &str, [sell_by, below, secs]: [&str; 3]) {
    let form = [
        ("name", "1 hour"),
        ("price", "50"),
        ("time", "1"),
        ("time_unit", "h"),
        ("devices", "1"),
        ("on_sale", "on"),
        ("down", "5"),
        ("up", "5"),
        ("burst_down", "10"),
        ("below_down", below),
        ("burst_secs", secs),
        ("sell_by", sell_by),
    ];
    owner.post(path, &form).await.onward();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_changes_of_a_plan_is_in_the_line_also_how_long_it_stays_good_and_its_burst(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/plans/{}", world.shop.plan.id);
    sells(&mut owner, &path, ["30", "4", "16"]).await;
    // Each alone is told.
    for (sell_by, below, secs, field, before, after) in [
        (
            "90",
            "4",
            "16",
            "an unused voucher stays good",
            "30 d",
            "90 d",
        ),
        (
            "90",
            "3",
            "16",
            "bursts while the average down is below",
            "4 Mbit/s",
            "3 Mbit/s",
        ),
        ("90", "3", "32", "bursts: average over", "16 s", "32 s"),
    ] {
        world.app.clock.advance(Duration::from_secs(1));
        sells(&mut owner, &path, [sell_by, below, secs]).await;
        let page = owner.get("/audit?act=plan").await.page();
        let newest = page.split("class=\"deed\"").nth(1).unwrap();
        let newest = newest.replace('\u{a0}', " ");
        for part in [
            format!("<dt>{field}</dt>"),
            format!("<del>{before}</del>"),
            format!("<ins>{after}</ins>"),
        ] {
            assert!(newest.contains(&part), "{part}: {newest}");
        }
        // That and the revision.
        assert_eq!(newest.matches("<dt>").count(), 2, "{newest}");
    }
    owner.get("/language/sw?back=/audit").await.onward();
    let page = owner.get("/audit?act=plan").await.page();
    for part in [
        "<dt>vocha isiyotumika hudumu</dt>",
        "<dt>kasi ya ziada: wastani wa</dt>",
        "<dt>kasi ya ziada · kasi ya kupokea</dt>",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}
