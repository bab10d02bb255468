//! The audit: what people read in it, and a chain that shows whoever changed it with the database in hand.

use mnara_protocol::clock::Timestamp;
use sqlx::PgPool;

use super::browser::{Browser, PASSWORD};
use super::*;
use crate::audit::chain::{self, Broken, Head, Proved};
use crate::audit::{Deed, record};
use crate::db::At;
use crate::providers::staff::By;
use crate::providers::staff::invite::{Joining, invite, join};
use crate::providers::staff::roles::Role;

/// Chains all that waits.
async fn seal(world: &World) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    while chain::chain(&mut tx, world.app.clock.now()).await.unwrap() > 0 {}
    tx.commit().await.unwrap();
}

async fn proved(world: &World, provider: Option<ProviderId>, noted: Option<Head>) -> Proved {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    chain::verify(&mut tx, provider, noted).await.unwrap()
}

/// Writes so many lines.
async fn write(world: &World, provider: Option<ProviderId>, count: u8) {
    for n in 0..count {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let deed = Deed {
            act: "site",
            subject: "a site",
            before: None,
            after: Some(json!({"name": format!("Site {n}"), "order": [2, 1]})),
        };
        record(&world.app, &mut tx, provider, Actor::Command, deed)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.app.clock.advance(Duration::from_secs(1));
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_line_is_chained_once_and_whoever_writes_waits_for_nobody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, Some(world.shop.provider));
    seal(&world).await;
    let before = proved(&world, shop, None).await;
    assert_eq!(before.broken, None);
    // One line is written and not committed while another, later one is, and is chained.
    let mut late = app.db.tenant(world.shop.provider).await.unwrap();
    let deed = Deed {
        act: "plan",
        subject: "late",
        before: None,
        after: None,
    };
    record(app, &mut late, shop, Actor::Command, deed)
        .await
        .unwrap();
    app.clock.advance(Duration::from_secs(5));
    write(&world, shop, 3).await;
    write(&world, None, 2).await;
    seal(&world).await;
    late.commit().await.unwrap();
    assert_eq!(proved(&world, shop, None).await.broken, None, "one waits");
    jobs::tasks::stand(app, work::TASKS.iter().map(|task| task.kind))
        .await
        .unwrap();
    world.work().await;
    let after = proved(&world, shop, Some(before.head)).await;
    assert_eq!(
        (after.broken, after.head.number),
        (None, before.head.number + 4)
    );
    let last: String = read(
        app,
        "select a.subject from audit_chain c join audit a on a.id = c.audit_id where c.provider_id is not null order by c.number desc limit 1",
    )
    .await;
    assert_eq!(last, "late", "it is chained when it is found");
    assert_eq!(proved(&world, None, None).await.head.number, 2);
    assert_eq!(world.count("audit_waiting").await, 0);
    // The job comes back by itself, and twice at once chains nothing twice.
    write(&world, shop, 2).await;
    let once = async || {
        let mut tx = app.db.platform(Reason::Admin).await.unwrap();
        let count = chain::chain(&mut tx, app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        count
    };
    let (a, b) = tokio::join!(once(), once());
    assert_eq!(a + b, 2);
    write(&world, shop, 1).await;
    world.pass(61).await;
    let end = proved(&world, shop, None).await;
    assert_eq!((end.broken, end.head.number), (None, after.head.number + 3));
}

/// Tampers as a superuser could, and gives what a proof says of it.
async fn tampered(world: &World, admin: &PgPool, sql: &str, noted: Option<Head>) -> Option<Broken> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(admin)
        .await
        .unwrap();
    proved(world, Some(world.shop.provider), noted).await.broken
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_changes_takes_away_puts_in_or_moves_a_line_is_found(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let admin = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await
        .unwrap();
    let world = World::open(pool, options).await;
    let shop = world.shop.provider;
    write(&world, Some(shop), 6).await;
    seal(&world).await;
    let whole = proved(&world, Some(shop), None).await;
    assert_eq!(whole.broken, None);
    let nth = |n: i64| {
        format!(
            "(select audit_id from audit_chain where chain = '{}' and number = {n})",
            shop.uuid()
        )
    };
    let number = whole.head.number - 2;
    let save = "drop table if exists kept, kept_chain; create table kept as table audit; create table kept_chain as table audit_chain";
    let restore = "delete from audit; insert into audit select * from kept; delete from audit_chain; insert into audit_chain select * from kept_chain; delete from audit_waiting";
    sqlx::raw_sql(save).execute(&admin).await.unwrap();
    let (one, two) = (nth(number), nth(number + 1));
    for sql in [
        format!("update audit set after = '{{\"name\": \"Another\"}}' where id = {one}"),
        format!("update audit set at = at - interval '1 millisecond' where id = {one}"),
        format!("update audit set actor = 'program' where id = {one}"),
        format!("update audit set subject = subject || ' ' where id = {one}"),
        format!("update audit set provider_id = null where id = {one}"),
        // Two lines change places.
        format!(
            "update audit a set after = b.after, before = b.before, at = b.at from audit b
             where (a.id = {one} and b.id = {two}) or (a.id = {two} and b.id = {one})"
        ),
    ] {
        let found = tampered(&world, &admin, &sql, None).await;
        assert!(
            matches!(found, Some(Broken::Changed { number: at, .. }) if at == number || at == number + 1),
            "{sql}: {found:?}"
        );
        sqlx::raw_sql(restore).execute(&admin).await.unwrap();
    }
    let gone = format!("delete from audit where id = {one}");
    let found = tampered(&world, &admin, &gone, None).await;
    assert!(
        matches!(found, Some(Broken::Gone { number: at, .. }) if at == number),
        "{found:?}"
    );
    sqlx::raw_sql(restore).execute(&admin).await.unwrap();
    // With its link, and those after it moved up.
    let both = format!(
        "delete from audit where id = {one}; delete from audit_chain where chain = '{0}' and number = {number};",
        shop.uuid()
    );
    let found = tampered(&world, &admin, &both, None).await;
    assert_eq!(found, Some(Broken::NoLink { number }));
    let closed = format!(
        "update audit_chain set number = number - 1 where chain = '{}' and number = {}; update audit_chain set number = number - 1 where chain = '{}' and number = {}",
        shop.uuid(),
        number + 1,
        shop.uuid(),
        number + 2
    );
    let found = tampered(&world, &admin, &closed, None).await;
    assert!(
        matches!(found, Some(Broken::Changed { number: at, .. }) if at == number),
        "{found:?}"
    );
    sqlx::raw_sql(restore).execute(&admin).await.unwrap();
    // A line put in before the others, as if it had always been there.
    let put_in = format!(
        "insert into audit (id, provider_id, at, actor, act, subject) values ('00000000-0000-7000-8000-000000000001', '{}', '2026-01-01', 'command', 'plan', 'x')",
        shop.uuid()
    );
    let found = tampered(&world, &admin, &put_in, None).await;
    assert!(matches!(found, Some(Broken::PutIn { .. })), "{found:?}");
    sqlx::raw_sql(restore).execute(&admin).await.unwrap();
    // The end cut off, lines and links: only a seal that somebody noted tells.
    let cut = format!(
        "delete from audit where id = {}; delete from audit_chain where chain = '{}' and number = {}",
        nth(whole.head.number),
        shop.uuid(),
        whole.head.number
    );
    assert_eq!(tampered(&world, &admin, &cut, None).await, None);
    let found = tampered(&world, &admin, "select 1", Some(whole.head)).await;
    assert_eq!(
        found,
        Some(Broken::NotAsNoted {
            number: whole.head.number
        })
    );
    sqlx::raw_sql(restore).execute(&admin).await.unwrap();
    assert_eq!(
        proved(&world, Some(shop), Some(whole.head)).await.broken,
        None
    );
    // A line that was taken away before the job came.
    write(&world, Some(shop), 1).await;
    let early = "delete from audit where id = (select audit_id from audit_waiting)";
    let found = tampered(&world, &admin, early, None).await;
    assert!(
        matches!(found, Some(Broken::NeverChained { .. })),
        "{found:?}"
    );
    seal(&world).await;
    admin.close().await;
}

/// The application itself can neither change nor take away a line or a link.
#[sqlx::test(migrations = "../migrations/controller")]
async fn what_happened_is_changed_by_no_right_the_program_has(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    seal(&world).await;
    for sql in [
        "update audit set act = 'x'",
        "delete from audit",
        "truncate audit",
        "update audit_chain set hash = hash",
        "delete from audit_chain",
    ] {
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let refused = sqlx::query(sql).execute(&mut *tx).await.unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap();
        assert_eq!(code, "42501", "{sql}");
    }
}

async fn member(world: &World, role: Role, n: u8) -> Browser<'_> {
    let by = By {
        actor: Actor::Command,
        role: Role::Owner,
    };
    let code = invite(&world.app, world.shop.provider, by, "<script>", role)
        .await
        .unwrap();
    let contact = format!("person{n}@example.com");
    let joining = Joining {
        name: format!("<script>{n}"),
        contact: contact.parse().unwrap(),
        password: PASSWORD.into(),
    };
    join(&world.app, &code, joining).await.unwrap();
    let mut browser = Browser::new(world, n);
    browser.log_in(&contact, PASSWORD).await.onward();
    browser
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
        ("\u{feff}number,time,who,act,subject,before,after", 3),
        "{file}"
    );
    assert!(
        lines[1].starts_with(",2027-01-18T08:00:00Z,<script>1,site,site_"),
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
async fn the_command_line_says_whether_the_chains_are_whole(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use clap::Parser as _;

    use crate::cli::{Cli, Command, audit};
    let admin = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options.clone())
        .await
        .unwrap();
    let world = World::open(pool, options).await;
    seal(&world).await;
    let shop = world.shop.provider;
    let head = proved(&world, Some(shop), None).await.head;
    let run = async |words: &[&str]| {
        let words = [&["mnara-controller", "audit", "verify"], words].concat();
        let Command::Audit(command) = Cli::try_parse_from(words).unwrap().command else {
            panic!("another command");
        };
        audit::run(command, &world.app).await
    };
    run(&[]).await.unwrap();
    run(&["--provider", "platform"]).await.unwrap();
    let (id, number, hash) = (
        shop.to_string(),
        head.number.to_string(),
        hex::encode(head.hash),
    );
    let noted = ["--provider", &id, "--number", &number, "--hash", &hash];
    run(&noted).await.unwrap();
    let other = "0".repeat(64);
    let wrong = ["--provider", &id, "--number", &number, "--hash", &other];
    run(&wrong).await.unwrap_err();
    sqlx::query("update audit set subject = 'x' where provider_id is not null")
        .execute(&admin)
        .await
        .unwrap();
    run(&[]).await.unwrap_err();
    run(&["--provider", "platform"]).await.unwrap();
    let changed: Timestamp = world.app.clock.now();
    let mut tx = world.app.db.tenant(shop).await.unwrap();
    let lines: i64 = sqlx::query_scalar("select count(*) from audit_chain where chained_at <= $1")
        .bind(At(changed))
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    assert_eq!(lines, head.number, "a business sees its own chain");
    admin.close().await;
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
