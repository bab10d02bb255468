//! The audit: what people read in it, and a chain that shows whoever changed it with the database in hand.

mod reading;

use mnara_protocol::clock::Timestamp;
use sqlx::PgPool;

use super::browser::Browser;
use super::pages::doors;
use super::*;
use crate::audit::chain::{self, Broken, Head, Proved};
use crate::audit::{Deed, record};
use crate::db::At;
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
