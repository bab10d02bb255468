//! Days that are added up once are what their rows say, however late a fact comes, whoever adds up meanwhile and whatever is corrected.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use mnara_protocol::clock::Timestamp;

use super::*;
use crate::jobs::tasks::stand;
use crate::reports::days;
use crate::reports::period::{Day, Span};
use crate::reports::store::days::{add_up, changed};
use crate::reports::store::sums::{Filter, report};
use crate::reports::store::{PaidDay, paid};
use crate::reports::sums::Report;

/// Days on which things happen, the last of which is today.
const DAYS: i64 = 6;

async fn run(world: &World, sql: String) {
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// A moment on one of the days, as SQL.
fn moment(world: &World, rng: &mut StdRng) -> String {
    let today = Day::of(world.app.clock.now());
    let begin = today.plus(1 - DAYS).begin();
    let at = begin.plus_millis(rng.random_range(0..DAYS * 86_400_000));
    format!("to_timestamp({} / 1000.0)", at.as_millis())
}

/// The statement of something that happened, or was corrected.
fn fact(world: &World, rng: &mut StdRng, (sites, plans): (&[String], &[String])) -> String {
    let provider = world.shop.provider.uuid();
    let (at, n) = (moment(world, rng), rng.random_range(0..1_000_000_000_u64));
    let site = &sites[rng.random_range(0..sites.len())];
    let plan = &plans[rng.random_range(0..plans.len())];
    let one = |table: &str| {
        format!(
            "(select id from {table} where provider_id = '{provider}' order by md5(id::text || '{n}') limit 1)"
        )
    };
    match rng.random_range(0..9) {
        0 => format!(
            "insert into sessions (id, provider_id, site_id, ticket_id, plan_id, mac, began_at, read_at, online_secs, bytes_up, bytes_down)
             select gen_random_uuid(), '{provider}', '{site}', id, '{plan}', '02:00:00:00:00:01', {at}, {at}, {n} % 900, {n}, {n} % 77
             from tickets where id = {}", one("tickets")
        ),
        1 => format!("update sessions set online_secs = online_secs + 60, bytes_down = bytes_down + {n} where id = {}", one("sessions")),
        2 => format!("update sessions set began_at = {at} where id = {}", one("sessions")),
        3 => format!("update tickets set redeemed_at = {at}, redeemed_site_id = '{site}', status = 'used' where id = {}", one("tickets")),
        4 => format!("update tickets set redeemed_at = null, redeemed_site_id = null, status = 'active' where id = {}", one("tickets")),
        5 => format!(
            "insert into payments (id, provider_id, type, provider_payload, amount, currency, external_txn_id, status, created_at, site_id, plan_id,
                 plan_revision, bought, msisdn, account_reference, secret_hash, push, settled_at, settled_by, queries)
             values (gen_random_uuid(), '{provider}', 'mpesa_customer_payment', '{{}}', {n} % 500 + 1, 'KES', 'R{n}', 'success', {at}, '{site}', '{plan}', 1, '\\x00',
                 '254700000000', 'X{n}', sha256(convert_to('{n}', 'UTF8')), 'accepted', {at}, 'callback', 0)"
        ),
        6 => format!(
            "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, plan_id, plan_revision, bought, msisdn,
                 account_reference, secret_hash, push, settled_at, failure, queries)
             values (gen_random_uuid(), '{provider}', 'mpesa_customer_payment', '{{}}', 7, 'KES', 'failed', {at}, '{plan}', 1, '\\x00',
                 '254700000000', 'F{n}', sha256(convert_to('f{n}', 'UTF8')), 'accepted', {at}, 'cancelled', 0)"
        ),
        // Money that came after all.
        7 => format!(
            "update payments set status = 'success', failure = null, settled_by = 'query', settled_at = {at}
             where id = (select id from payments where provider_id = '{provider}' and status = 'failed' order by id limit 1)"
        ),
        _ => format!("update series set skipped = skipped || {} where id = {}", n % 40, one("series")),
    }
}

/// The report with whatever is added up, and from the rows alone.
async fn both(world: &World, span: Span, filter: Filter) -> (Report, Report) {
    let provider = world.shop.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let with = report(&mut tx, provider, span, filter).await.unwrap();
    sqlx::query("delete from report_days")
        .execute(&mut *tx)
        .await
        .unwrap();
    let without = report(&mut tx, provider, span, filter).await.unwrap();
    (with, without)
}

/// Sees that what the first page shows is what the rows say, with whatever is added up; the report from the rows alone says what that is.
async fn home_is_right(world: &World, from: Day, then: Timestamp) {
    let provider = world.shop.provider;
    let now = world.app.clock.now();
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let shown = paid(&mut tx, provider, from, now, then).await.unwrap();
    sqlx::query("delete from report_days")
        .execute(&mut *tx)
        .await
        .unwrap();
    let mut rows = async |to: Timestamp| {
        let span = Span {
            from: from.begin(),
            to: to.max(from.begin()),
        };
        report(&mut tx, provider, span, Filter::default())
            .await
            .unwrap()
            .days
    };
    let until = now.plus_millis(1);
    let (all, by_then) = (rows(until).await, rows(then.min(until)).await);
    let expected: Vec<_> = all
        .into_iter()
        .filter(|(_, sums)| sums.sold > 0)
        .map(|(day, sums)| PaidDay {
            day,
            paid: sums.paid,
            sold: sums.sold,
            paid_by_then: by_then.get(&day).map_or(0, |sums| sums.paid),
        })
        .collect();
    assert_eq!(shown, expected, "from {from:?}, until {then:?}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_report_is_what_its_rows_say_whatever_comes_late_or_is_corrected(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let seed: u64 = rand::random();
    let mut rng = StdRng::seed_from_u64(seed);
    let world = World::open(pool, options).await;
    stand(&world.app, [days::ADD_UP]).await.unwrap();
    let provider = world.shop.provider;
    let today = Day::of(world.app.clock.now());
    let other = fleet::create::create(&world.app, provider, "Stage", Actor::Command)
        .await
        .unwrap();
    let draft = Draft {
        name: "1 day".to_owned(),
        ..hour()
    };
    let plan = plans::edit::create(&world.app, provider, &draft, Actor::Command)
        .await
        .unwrap();
    let sites = [world.shop.site, other];
    let plans = [world.shop.plan.id, plan.id];
    let names = (
        sites.map(|id| id.uuid().to_string()),
        plans.map(|id| id.uuid().to_string()),
    );
    for n in 0..12 {
        run(&world, format!(
            "insert into tickets (id, provider_id, code, username, password, plan_type, price, status, created_at, plan_id, plan_name, duration_secs, devices, extra_secs, online_used_secs, bytes_up, bytes_down)
             values (gen_random_uuid(), '{}', 'CDE{n:09}', 'u', 'p', 'time', 20, 'active', to_timestamp(1790000000), '{}', 'x', 3600, 1, 0, 0, 0, 0)",
            provider.uuid(), names.1[n % 2])).await;
    }
    for n in 0..4 {
        let at = moment(&world, &mut rng);
        run(&world, format!(
            "insert into series (id, provider_id, plan_id, plan_name, price, devices, count, skipped, alphabet, length, prefix, home_site_id, cut_off, key, created_at)
             values (gen_random_uuid(), '{}', '{}', 'x', 20, 1, 50, '{{}}', 'digits', 10, '', '{}', 'home', 'k', {at})",
            provider.uuid(), names.1[n % 2], names.0[n / 2])).await;
    }
    for round in 0..60 {
        for _ in 0..rng.random_range(1..6) {
            let sql = fact(&world, &mut rng, (&names.0, &names.1));
            run(&world, sql).await;
        }
        match rng.random_range(0..4) {
            0 => world.pass(300).await,
            1 => {
                // Also a day that is not over, by whoever wants to.
                let day = today.plus(-rng.random_range(0..DAYS));
                let mut tx = world.app.db.tenant(provider).await.unwrap();
                add_up(&mut tx, provider, day).await.unwrap();
                tx.commit().await.unwrap();
            }
            2 => {
                let found = days::check(&world.app, provider).await.unwrap();
                assert_eq!(found.wrong, [], "seed {seed}, round {round}");
            }
            _ => {}
        }
        let from = today.plus(-rng.random_range(0..DAYS));
        let to = from.plus(rng.random_range(1..=DAYS));
        let mut span = Span {
            from: from.begin(),
            to: to.begin(),
        };
        if rng.random_bool(0.5) {
            span.to = span.to.plus_millis(-rng.random_range(0..86_400_000));
        }
        if rng.random_bool(0.2) {
            span.from = span.from.plus_millis(rng.random_range(0..86_400_000));
        }
        let filter = Filter {
            site: rng.random_bool(0.4).then(|| sites[rng.random_range(0..2)]),
            plan: rng.random_bool(0.4).then(|| plans[rng.random_range(0..2)]),
        };
        let (with, without) = both(&world, span, filter).await;
        assert_eq!(
            with, without,
            "seed {seed}, round {round}: {span:?} {filter:?}"
        );
        home_is_right(&world, from, span.to).await;
    }
    days::refresh(&world.app, provider).await.unwrap();
    let found = days::check(&world.app, provider).await.unwrap();
    assert!(
        found.days > 0 && found.wrong.is_empty(),
        "seed {seed}: {found:?}"
    );
}

fn a_session(world: &World, at: &str) -> String {
    format!(
        "insert into sessions (id, provider_id, site_id, ticket_id, plan_id, mac, began_at, read_at, online_secs, bytes_up, bytes_down)
         select gen_random_uuid(), provider_id, '{}', id, plan_id, '02:00:00:00:00:01', {at}, {at}, 60, 1, 1
         from tickets where provider_id = '{}' limit 1",
        world.shop.site.uuid(),
        world.shop.provider.uuid()
    )
}

/// A world in which a voucher exists, yesterday, and a moment of it as SQL.
async fn yesterday(world: &World) -> (Day, String) {
    stand(&world.app, [days::ADD_UP]).await.unwrap();
    run(world, format!(
        "insert into tickets (id, provider_id, code, username, password, plan_type, price, status, created_at, plan_id, plan_name, duration_secs, devices, extra_secs, online_used_secs, bytes_up, bytes_down)
         values (gen_random_uuid(), '{}', 'CDE000000001', 'u', 'p', 'time', 20, 'active', to_timestamp(1790000000), '{}', 'x', 3600, 1, 0, 0, 0, 0)",
        world.shop.provider.uuid(), world.shop.plan.id.uuid())).await;
    let day = Day::of(world.app.clock.now()).plus(-1);
    (
        day,
        format!("to_timestamp({})", day.begin().as_secs() + 3_600),
    )
}

async fn sessions_on(world: &World, day: Day) -> i64 {
    let span = Span {
        from: day.begin(),
        to: day.plus(1).begin(),
    };
    let (with, without) = both(world, span, Filter::default()).await;
    assert_eq!(with, without);
    with.total().sessions
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_fact_that_is_being_written_while_its_day_is_added_up_is_not_lost(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (day, at) = yesterday(&world).await;
    run(&world, a_session(&world, &at)).await;
    let provider = world.shop.provider;
    let mut writing = world.app.db.tenant(provider).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(a_session(&world, &at)))
        .execute(&mut *writing)
        .await
        .unwrap();
    // Nobody waits for the other: the job adds up what it sees.
    world.work().await;
    assert_eq!(world.count("report_days").await, 1);
    assert_eq!(world.count("report_marks").await, 0);
    assert_eq!(sessions_on(&world, day).await, 1);
    writing.commit().await.unwrap();
    assert_eq!(sessions_on(&world, day).await, 2);
    world.pass(301).await;
    assert_eq!(world.count("report_marks").await, 0);
    assert_eq!(sessions_on(&world, day).await, 2);
    let found = days::check(&world.app, provider).await.unwrap();
    assert_eq!((found.days, found.wrong), (1, Vec::new()));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn sums_that_somebody_changed_are_found_and_made_anew(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (day, at) = yesterday(&world).await;
    run(&world, a_session(&world, &at)).await;
    world.work().await;
    let (app, provider) = (&world.app, world.shop.provider);
    run(&world, "delete from report_sums where grain = 3".to_owned()).await;
    assert_eq!(days::check(app, provider).await.unwrap().wrong, [day]);
    assert_eq!(sessions_on(&world, day).await, 1);
    world.pass(301).await;
    assert_eq!(days::check(app, provider).await.unwrap().wrong, []);
    // Today is not over; its marks are put together to one.
    let today = format!("to_timestamp({})", app.clock.now().as_secs());
    for _ in 0..3 {
        run(&world, a_session(&world, &today)).await;
    }
    assert_eq!(world.count("report_marks").await, 3);
    world.pass(301).await;
    assert_eq!(world.count("report_marks").await, 1);
    let mut tx = app.db.tenant(provider).await.unwrap();
    assert_eq!(changed(&mut tx, day.plus(1), 10).await.unwrap(), []);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_sees_or_changes_another_business_sums(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (day, at) = yesterday(&world).await;
    run(&world, a_session(&world, &at)).await;
    world.work().await;
    let other = business(&world.app, 2).await;
    let mut tx = world.app.db.tenant(other.provider).await.unwrap();
    for table in ["report_days", "report_sums", "report_marks"] {
        let sql = format!("select count(*) from {table}");
        let seen: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        assert_eq!(seen, 0, "{table}");
    }
    let span = Span {
        from: day.begin(),
        to: day.plus(1).begin(),
    };
    let theirs = report(&mut tx, world.shop.provider, span, Filter::default()).await;
    assert_eq!(theirs.unwrap(), Report::default());
}
