//! Printing: what is on paper is what both ends compute, no code is given twice, and what could be guessed is refused.

use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::{Alphabet, CutOff, SeriesKey, Table, numbers};
use mnara_protocol::ticket::{Status, login};

use super::*;
use crate::tickets::series::{Batch, PrintError, Printout};
use crate::tickets::{revoke, series as verbs, store};

pub(in crate::tests) fn batch(shop: &Business, count: u32) -> Batch {
    Batch {
        id: None,
        sell_by_secs: None,
        plan: shop.plan.id,
        count,
        alphabet: Alphabet::Crockford,
        length: 10,
        prefix: String::new(),
        home: shop.site,
        sites: Vec::new(),
        cut_off: CutOff::Anywhere,
    }
}

pub(in crate::tests) async fn print(world: &World, count: u32) -> Printout {
    verbs::print(
        &world.app,
        world.shop.provider,
        &batch(&world.shop, count),
        Actor::Command,
    )
    .await
    .unwrap()
}

/// The series as the site's agent finds it in its feed, and the key it opens.
async fn at_site(
    world: &World,
    printed: &Printout,
) -> (mnara_protocol::ticket::series::Series, SeriesKey) {
    let rows = world.feed(world.shop.site).await;
    let series = rows.into_iter().find_map(|row| match row {
        Row::Series(series) if series.id == printed.series.id => Some(series),
        _ => None,
    });
    let series = series.unwrap();
    let context = mnara_protocol::seal::series_key_context(series.id, world.shop.site);
    let key = mnara_protocol::seal::open(&world.shop.key, &context, &series.sealed_key).unwrap();
    let key = SeriesKey::from_bytes(key.as_slice().try_into().unwrap());
    (series, key)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn ten_thousand_printed_codes_are_the_ones_the_site_computes(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let printed = print(&world, 10_000).await;
    let (series, key) = at_site(&world, &printed).await;
    let table = Table::expand(&series, &key);
    assert_eq!((printed.tickets.len(), table.len()), (10_000, 10_000));
    assert!(numbers(&series).eq(printed.tickets.iter().map(|ticket| ticket.index)));
    for ticket in &printed.tickets {
        assert_eq!(table.find(&ticket.code), Some(ticket.index));
        let router = login::of_printed(&ticket.code, key.as_bytes(), ticket.index);
        assert_eq!(
            (&ticket.username, &ticket.password),
            (&router.username, &router.password)
        );
    }
    assert_eq!(world.count("tickets").await, 10_000);
    assert_eq!(world.count("tickets t join series s on s.id = t.series_id where t.series_index = any(s.skipped)").await, 0);
    let sealed: String = read(&world.app, "select key from series").await;
    assert!(!sealed.contains(&hex::encode(key.as_bytes())));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn taken_codes_are_passed_over_at_both_ends(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let short = Batch {
        alphabet: Alphabet::Digits,
        length: 10,
        ..batch(&world.shop, 300)
    };
    let first = verbs::print(&world.app, world.shop.provider, &short, Actor::Command)
        .await
        .unwrap();
    let (_, key) = at_site(&world, &first).await;
    // Another ticket of the provider has the code of number 300 already: a print that comes there must pass over it.
    let next = mnara_protocol::ticket::series::code(&key, "", Alphabet::Digits, 10, 300);
    let sql = format!(
        "update tickets set code = '{}' where series_index = 0",
        next.as_str()
    );
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    let mut again = first.series.clone();
    again.id = mnara_protocol::ids::SeriesId::from_bytes([77; 16]);
    again.count = 5;
    store::insert_series(&mut tx, world.shop.provider, &again, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let codes: Vec<_> = [299, 300, 301, 302]
        .into_iter()
        .map(|index| {
            let code = mnara_protocol::ticket::series::code(&key, "", Alphabet::Digits, 10, index);
            store::PrintedTicket {
                id: mnara_protocol::ticket::series::ticket_id(again.id, index),
                index,
                username: format!("u{index}"),
                password: "p".to_owned(),
                code,
            }
        })
        .collect();
    let added = store::insert_printed(
        &mut tx,
        world.shop.provider,
        &again,
        &codes,
        world.app.clock.now(),
    )
    .await
    .unwrap();
    assert_eq!(added, [301, 302], "299 was printed, 300 was taken");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn two_prints_at_once_share_no_code(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let short = Batch {
        length: 8,
        ..batch(&world.shop, 2000)
    };
    let prints =
        (0..3).map(|_| verbs::print(&world.app, world.shop.provider, &short, Actor::Command));
    let printed = futures_util::future::join_all(prints).await;
    let mut codes: Vec<String> = printed
        .into_iter()
        .flat_map(|print| print.unwrap().tickets)
        .map(|ticket| ticket.code.as_str().to_owned())
        .collect();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 6000);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_could_be_guessed_or_cannot_be_is_refused(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let six = Batch {
        alphabet: Alphabet::Digits,
        length: 6,
        ..batch(shop, 100)
    };
    assert!(
        matches!(verbs::print(app, shop.provider, &six, Actor::Command).await, Err(PrintError::Guessable { expected }) if expected > 1.0)
    );
    let none = batch(shop, 0);
    assert!(matches!(
        verbs::print(app, shop.provider, &none, Actor::Command).await,
        Err(PrintError::Count)
    ));
    let other = business(app, 2).await;
    let foreign = Batch {
        sites: vec![other.site],
        ..batch(shop, 5)
    };
    assert!(
        matches!(verbs::print(app, shop.provider, &foreign, Actor::Command).await, Err(PrintError::NoSite(site)) if site == other.site)
    );
    let foreign = Batch {
        plan: other.plan.id,
        ..batch(shop, 5)
    };
    assert!(matches!(
        verbs::print(app, shop.provider, &foreign, Actor::Command).await,
        Err(PrintError::NoPlan)
    ));
    assert_eq!(world.count("series").await, 0);
    // What is printed already counts: 10 digits allow some hundreds.
    let ten = Batch {
        alphabet: Alphabet::Digits,
        length: 10,
        ..batch(shop, 300)
    };
    verbs::print(app, shop.provider, &ten, Actor::Command)
        .await
        .unwrap();
    assert!(matches!(
        verbs::print(app, shop.provider, &ten, Actor::Command).await,
        Err(PrintError::Guessable { .. })
    ));
    // Codes whose date has passed count no more, although nobody touched their rows.
    app.clock.advance(Duration::from_secs(31 * 86_400));
    verbs::print(app, shop.provider, &ten, Actor::Command)
        .await
        .unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_revoked_code_or_series_is_told_to_the_sites_at_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let printed = print(&world, 5).await;
    let code = &printed.tickets[2].code;
    revoke::ticket(app, shop.provider, code, Actor::Command)
        .await
        .unwrap();
    revoke::ticket(app, shop.provider, code, Actor::Command)
        .await
        .unwrap();
    let now = app.clock.now();
    let rulings: Vec<_> = world
        .feed(shop.site)
        .await
        .into_iter()
        .filter_map(|row| match row {
            Row::Ruling(row) => Some((row.printed.index, row.right.revoked, row.used_elsewhere)),
            _ => None,
        })
        .collect();
    assert_eq!(rulings, [(printed.tickets[2].index, Some(now), None)]);
    let stands = async |code: &TicketCode| {
        let mut tx = app.db.tenant(shop.provider).await.unwrap();
        let found = store::by_code(&mut tx, shop.provider, code, app.clock.now())
            .await
            .unwrap();
        found.unwrap().kept.ticket.status(app.clock.now())
    };
    assert_eq!(stands(code).await, Status::Revoked);
    assert_eq!(stands(&printed.tickets[0].code).await, Status::Active);
    revoke::series(app, shop.provider, printed.series.id, Actor::Command)
        .await
        .unwrap();
    assert_eq!(at_site(&world, &printed).await.0.right.revoked, Some(now));
    assert_eq!(stands(&printed.tickets[0].code).await, Status::Revoked);
    assert_eq!(world.count("tickets where status = 'revoked'").await, 5);
    let unknown = revoke::series(
        app,
        shop.provider,
        mnara_protocol::ids::SeriesId::from_bytes([9; 16]),
        Actor::Command,
    )
    .await;
    assert!(unknown.is_err());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_business_is_stopped_although_a_key_does_not_open(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    use crate::admin::standing::stand;
    use crate::providers::state::{Move, State};
    let world = World::open(pool, options).await;
    print(&world, 5).await;
    let broken = async |from: &str, to: &str| {
        let sql = format!("update series set key = replace(key, '{from}', '{to}')");
        let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
        let changed = sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await;
        assert_eq!(changed.unwrap().rows_affected(), 1);
        tx.commit().await.unwrap();
    };
    let is_open = async || {
        let rows = world.feed(world.shop.site).await;
        let site = rows.into_iter().find_map(|row| match row {
            Row::Site(row) => Some(row),
            _ => None,
        });
        site.unwrap().sales_open
    };
    broken("gAAAA", "?AAAA").await;
    let stopped = stand(
        &world.app,
        world.shop.provider,
        Move::Suspend,
        Actor::Command,
    )
    .await;
    assert_eq!(stopped.unwrap(), State::Suspended);
    world.work().await;
    assert!(is_open().await, "its site cannot be told yet");
    broken("?AAAA", "gAAAA").await;
    world.pass(3_600).await;
    assert!(!is_open().await);
}
