//! Scheduled work: each kind does no harm when two run it at once, and each does what it says.

use std::collections::BTreeMap;

use sqlx::types::JsonValue;
use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::admin;
use crate::jobs::tasks::{Ran, run_now, stand, stand_missing};
use crate::providers::staff::roles::Role;
use crate::tests::browser::Browser;
use crate::tests::office::Office;
use crate::tests::pages::doors;

/// The sample of the walls holds rows whose seals are none.
async fn openable(world: &World) {
    let column = crate::vault::Column::EndpointSecret;
    let secret = world.app.vault.seal(world.shop.provider, column, b"x");
    let column = crate::vault::Column::MpesaOperator;
    let operator = world.app.vault.seal(world.shop.provider, column, b"x");
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    for sql in [
        "delete from smses".to_owned(),
        "delete from mails".to_owned(),
        format!("update webhook_endpoints set secret = '{secret}'"),
        format!("update mpesa_operators set credential = '{operator}'"),
    ] {
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

pub(in crate::tests) fn work_of(kind: &str) -> &'static jobs::Work {
    work::WORK.iter().find(|work| work.kind == kind).unwrap()
}

/// Has every row of a kind refused, as a fault of the database would.
pub(in crate::tests) async fn refuse(options: &PgConnectOptions, table: &str, when: &str) {
    let sql = format!(
        "create function refused() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
         create trigger refused before insert on {table} for each row when ({when}) execute function refused()"
    );
    as_superuser(options, sql).await;
}

pub(in crate::tests) async fn as_superuser(options: &PgConnectOptions, sql: String) {
    let mut db = PgConnection::connect_with(options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
}

/// Everything in the database but when work ran, and what a look at it leaves behind.
async fn everything(world: &World) -> BTreeMap<String, JsonValue> {
    let names: Vec<String> = read(
        &world.app,
        "select array_agg(tablename::text order by tablename) from pg_tables where schemaname = 'public'
         and tablename not in ('task_runs', 'jobs', '_sqlx_migrations', 'health_minutes', 'ledger_checks', 'report_days')",
    )
    .await;
    let mut all = BTreeMap::new();
    for name in names {
        let sql = format!(
            "select coalesce(jsonb_agg(to_jsonb(t) order by to_jsonb(t)::text), '[]') from {name} t"
        );
        all.insert(name, read(&world.app, &sql).await);
    }
    all
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_task_may_run_twice_at_once(pool: PgPoolOptions, options: PgConnectOptions) {
    let (_, world) = Office::world(pool, options.clone()).await;
    tenancy::fill(&world).await;
    openable(&world).await;
    leave_to_do(&world, &options).await;
    world.app.clock.advance(Duration::from_secs(400 * 86_400));
    let kinds = work::TASKS.iter().map(|task| task.kind);
    stand_missing(&world.app, kinds).await.unwrap();
    for task in work::TASKS {
        let work = work_of(task.kind);
        // Both have all of it to do, as if a lease had run out under the first.
        let mut job = tasks_job(&world, task.kind).await;
        job.payload = json!({"asked": world.app.clock.now().as_millis()});
        let (one, two) = tokio::join!((work.run)(&world.app, &job), (work.run)(&world.app, &job));
        assert!(one.is_ok() && two.is_ok(), "{}: {one:?} {two:?}", task.kind);
        // What one run leaves behind, two at once leave behind.
        let (first, second) = tokio::join!(run_now(&world.app, work), run_now(&world.app, work));
        let (first, second) = (first.unwrap(), second.unwrap());
        for ran in [&first, &second] {
            assert!(
                matches!(ran, Ran::Done | Ran::Busy),
                "{}: {ran:?}",
                task.kind
            );
        }
        assert!(first == Ran::Done || second == Ran::Done, "{}", task.kind);
        // Some do a part at a time.
        for _ in 0..4 {
            run_now(&world.app, work).await.unwrap();
        }
        // The same when nothing is left to do.
        let job = tasks_job(&world, task.kind).await;
        let before = everything(&world).await;
        let (one, two) = tokio::join!((work.run)(&world.app, &job), (work.run)(&world.app, &job));
        assert!(one.is_ok() && two.is_ok(), "{}: {one:?} {two:?}", task.kind);
        for (table, rows) in everything(&world).await {
            assert_eq!(rows, before[&table], "{} changed {table} again", task.kind);
        }
    }
    for once in [
        "mails where once like 'month:%'",
        "mails where once like 'summary:%'",
        "mails where once like 'keys:%'",
        "jobs where kind = 'ask-rail' and dead_at is null",
    ] {
        assert_eq!(world.count(once).await, 1, "{once}");
    }
}

/// An owner who hears of all there is, and a payment that nobody asks about.
async fn leave_to_do(world: &World, options: &PgConnectOptions) {
    doors::member(world, Role::Owner, 1).await;
    world
        .begin(world.shop.ask(9, "254722000999"))
        .await
        .unwrap();
    let sql = "delete from jobs where kind = 'ask-rail';
        insert into notice_choices (provider_id, person_id, topic, by_mail, changed_at)
        select s.provider_id, s.person_id, t.topic, true, s.created_at
        from staff s cross join (values ('summary'), ('month')) as t (topic) where s.role = 'owner'";
    as_superuser(options, sql.to_owned()).await;
}

/// The job of a task, as a worker has it.
pub(in crate::tests) async fn tasks_job(world: &World, kind: &str) -> jobs::Job {
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    jobs::tasks::in_hands(&mut tx, kind).await.unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn owners_are_reminded_of_old_keys_once_a_quarter(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    doors::member(&world, Role::Owner, 1).await;
    let since: bool = read(
        &world.app,
        &format!(
            "select mpesa_since = to_timestamp({}) from providers where id = '{}'",
            crate::app::tests::START.as_secs(),
            world.shop.provider.uuid()
        ),
    )
    .await;
    assert!(since);
    stand(&world.app, [admin::credentials::AGE]).await.unwrap();
    world.work().await;
    office.empty();
    world.pass(366 * 86_400).await;
    let letter = office.one();
    assert!(
        letter.subject.ends_with("change old keys"),
        "{}",
        letter.subject
    );
    assert!(
        letter.text.contains("the keys of the M-PESA account"),
        "{}",
        letter.text
    );
    for _ in 0..20 {
        world.pass(86_400).await;
    }
    assert!(office.empty().len() <= 1, "not every day");
    // The age of a webhook's secret counts from when it was drawn last.
    let now = world.app.clock.now();
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(
        "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, created_at) values ($1, $2, 'https://x.example/', 's', '{test}', true, $3)",
    )
    .bind(sqlx::types::Uuid::from_u128(7))
    .bind(world.shop.provider.uuid())
    .bind(crate::db::At(now.plus_secs(-400 * 86_400)))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let old = async || {
        let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
        let before = world.app.clock.now().plus_secs(-365 * 86_400);
        let found =
            admin::store::keys::old(&mut tx, world.shop.provider, before, world.app.clock.now())
                .await
                .unwrap();
        found.iter().filter(|key| key.kind == "webhook").count()
    };
    assert_eq!(old().await, 1);
    let endpoint = mnara_protocol::ids::EndpointId::from_uuid(sqlx::types::Uuid::from_u128(7));
    crate::webhooks::edit::new_secret(&world.app, world.shop.provider, Actor::Command, endpoint)
        .await
        .unwrap();
    assert_eq!(old().await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_silent_payment_whose_question_was_put_away_is_asked_about_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query("delete from jobs where kind = 'ask-rail'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    stand(&world.app, [crate::payments::silent::SWEEP])
        .await
        .unwrap();
    world.work().await;
    assert_eq!(world.daraja.queries(), 0);
    world.daraja.outcome("0");
    world.pass(301).await;
    assert_eq!(world.daraja.queries(), 1);
    assert_eq!(world.count("payments where status = 'success'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_silent_payment_whose_question_was_given_up_is_asked_about_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(
        "update jobs set attempts = 50, last_error = 'x', dead_at = created_at where kind = 'ask-rail'",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    stand(&world.app, [crate::payments::silent::SWEEP])
        .await
        .unwrap();
    world.work().await;
    assert_eq!(world.daraja.queries(), 0);
    world.daraja.outcome("0");
    world.pass(301).await;
    assert_eq!(world.daraja.queries(), 1);
    assert_eq!(world.count("payments where status = 'success'").await, 1);
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_silent_payment_that_cannot_be_asked_about_keeps_no_other_waiting(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options.clone()).await;
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.app.clock.advance(Duration::from_secs(1));
    world
        .begin(world.shop.ask(2, "254708374150"))
        .await
        .unwrap();
    world.app.clock.advance(Duration::from_secs(600));
    as_superuser(
        &options,
        "delete from jobs where kind = 'ask-rail'".to_owned(),
    )
    .await;
    let first = "select replace(id::text, '-', '') from payments order by created_at limit 1";
    let first: String = read(&world.app, first).await;
    refuse(&options, "jobs", &format!("new.unique_key = 'pay_{first}'")).await;
    let sweep = work_of(crate::payments::silent::SWEEP);
    let ran = run_now(&world.app, sweep).await.unwrap();
    assert!(matches!(ran, Ran::Failed(_)), "{ran:?}");
    assert_eq!(world.count("jobs where kind = 'ask-rail'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_day_that_cannot_be_added_up_keeps_no_other_waiting(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use crate::reports::period::Day;
    use crate::reports::store::days::{changed, mark};
    let (_, world) = Office::world(pool, options.clone()).await;
    let today = Day::of(world.app.clock.now());
    let (bad, good) = (today.plus(-2), today.plus(-1));
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    for day in [bad, good] {
        mark(&mut tx, world.shop.provider, day).await.unwrap();
    }
    tx.commit().await.unwrap();
    refuse(&options, "report_days", &format!("new.day = {}", bad.0)).await;
    let add_up = work_of(crate::reports::days::ADD_UP);
    let ran = run_now(&world.app, add_up).await.unwrap();
    assert!(matches!(ran, Ran::Failed(_)), "{ran:?}");
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    let left = changed(&mut tx, today, 10).await.unwrap();
    assert_eq!(left, [(world.shop.provider, bad)]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_platform_sees_its_keys_and_what_is_kept_for_how_long(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_, world) = Office::world(pool, options).await;
    stand(&world.app, [admin::reseal::RESEAL]).await.unwrap();
    world.work().await;
    assert_eq!(
        world.count("vault_keys where sealed_at is not null").await,
        1
    );
    let contact = "a@b.example".parse().unwrap();
    admin::begin::make(&world.app, "Admin", contact, browser::PASSWORD.into())
        .await
        .unwrap();
    world.pass(366 * 86_400).await;
    let mut browser = Browser::new(&world, 1);
    browser
        .log_in("a@b.example", browser::PASSWORD)
        .await
        .onward();
    let page = browser.get("/admin/jobs").await.page();
    assert!(page.contains("older than a year"), "{page}");
    assert!(
        page.contains("90\u{a0}days") && page.contains("smses"),
        "{page}"
    );
    for (table, time) in [
        ("hand_codes", "30\u{a0}days"),
        ("hand_codes", "180\u{a0}days"),
        ("health_minutes", "400\u{a0}days"),
        ("idempotency_keys", "1\u{a0}day"),
        ("site_samples", "1\u{a0}minute"),
    ] {
        let row = format!("<code>{table}</code></small></div><span>{time}</span>");
        assert!(page.contains(&row), "{row}: {page}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_change_of_key_seals_all_that_is_stored_anew_by_itself(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use secrecy::ExposeSecret as _;
    let old = Vault::new_key();
    let world = World::open_with_key(pool.clone(), options.clone(), &old).await;
    tenancy::fill(&world).await;
    openable(&world).await;
    let new = Vault::new_key();
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    let world = world
        .again(pool.clone(), options.clone(), &both.into())
        .await;
    stand(&world.app, [admin::reseal::RESEAL]).await.unwrap();
    world.work().await;
    // The new key alone opens everything now.
    let world = world.again(pool.clone(), options.clone(), &new).await;
    assert_eq!(admin::reseal::all(&world.app).await.unwrap(), 0);
    // Two see to another change at once, as if a lease had run out under the first.
    let newest = Vault::new_key();
    let both = format!("{},{}", newest.expose_secret(), new.expose_secret());
    let world = world
        .again(pool.clone(), options.clone(), &both.into())
        .await;
    let work = work_of(admin::reseal::RESEAL);
    let job = tasks_job(&world, work.kind).await;
    let (one, two) = tokio::join!((work.run)(&world.app, &job), (work.run)(&world.app, &job));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    let world = world.again(pool, options, &newest).await;
    assert_eq!(admin::reseal::all(&world.app).await.unwrap(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_process_that_was_not_restarted_seals_with_the_old_key_is_found_by_a_later_pass(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use secrecy::ExposeSecret as _;
    let (old, new) = (Vault::new_key(), Vault::new_key());
    let world = World::open_with_key(pool.clone(), options.clone(), &old).await;
    let both = format!("{},{}", new.expose_secret(), old.expose_secret());
    let world = world
        .again(pool.clone(), options.clone(), &both.into())
        .await;
    let contact = "a@b.example".parse().unwrap();
    admin::begin::make(&world.app, "Admin", contact, browser::PASSWORD.into())
        .await
        .unwrap();
    let is_clear = async |expected: bool| {
        let clear = world.count("vault_keys where clear_since is not null");
        assert_eq!(clear.await == 1, expected);
        let mut admin = Browser::new(&world, 1);
        admin
            .log_in("a@b.example", browser::PASSWORD)
            .await
            .onward();
        let page = admin.get("/admin/jobs").await.page();
        let said = "found nothing that an older key had sealed";
        assert_eq!(page.contains(said), expected, "{page}");
    };
    stand(&world.app, [admin::reseal::RESEAL]).await.unwrap();
    world.work().await;
    is_clear(false).await;
    world.pass(6 * 3_600).await;
    is_clear(true).await;
    // Somebody forgot a process, and it seals on.
    let forgotten = Vault::new(&old, world.app.clock.clone()).unwrap();
    let column = crate::vault::Column::EndpointSecret;
    let secret = forgotten.seal(world.shop.provider, column, b"x");
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(
        "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, created_at) values ($1, $2, 'https://x.example/', $3, '{test}', true, $4)",
    )
    .bind(sqlx::types::Uuid::from_u128(7))
    .bind(world.shop.provider.uuid())
    .bind(secret)
    .bind(crate::db::At(world.app.clock.now()))
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.pass(6 * 3_600).await;
    is_clear(false).await;
    world.pass(6 * 3_600).await;
    is_clear(true).await;
    let world = world.again(pool, options, &new).await;
    assert_eq!(admin::reseal::all(&world.app).await.unwrap(), 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn those_who_work_for_the_platform_hear_of_its_old_keys_once_a_quarter(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    admin::begin::make(
        &world.app,
        "Somebody",
        "some@b.example".parse().unwrap(),
        browser::PASSWORD.into(),
    )
    .await
    .unwrap();
    // The process that begins with a key notes since when.
    stand(&world.app, [admin::reseal::RESEAL, admin::credentials::AGE])
        .await
        .unwrap();
    world.work().await;
    assert_eq!(office.empty().len(), 0, "they are new");
    world.pass(366 * 86_400).await;
    let letters = office.empty();
    let told: Vec<_> = letters
        .iter()
        .filter(|letter| letter.text.contains("ENCRYPTION_KEY"))
        .collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("/admin/jobs"), "{}", told[0].text);
    for _ in 0..3 {
        world.pass(86_400).await;
    }
    let again = office.empty();
    assert!(
        again
            .iter()
            .filter(|letter| letter.text.contains("ENCRYPTION_KEY"))
            .count()
            <= 1
    );
}
