//! Entries up and rows down, however often the link breaks.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn entries_are_stored_once_and_then_acknowledged_however_often_the_link_breaks(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    for repairs in 1..=5 {
        site.drift(repairs);
    }
    let first = site.dial(&hub);
    site.ready().await;
    site.all_acknowledged().await;
    assert_eq!(world.count("journal_entries where applied").await, 5);
    assert_eq!(world.count("journals where mark_number = 5").await, 1);
    // Cut off with entries on their way: whatever came of them, each is applied once in the end.
    for repairs in 6..=150 {
        site.drift(repairs);
    }
    site.send().await;
    site.hang_up();
    first.await.unwrap();
    let second = site.dial(&hub);
    site.ready().await;
    site.all_acknowledged().await;
    assert_eq!(world.count("journal_entries").await, 150);
    assert_eq!(world.count("site_events where kind = 'drift'").await, 150);
    let sum: i64 = read(
        &world.app,
        "select sum(value)::bigint from site_events where kind = 'drift'",
    )
    .await;
    assert_eq!(sum, (1..=150).sum::<i64>());
    site.hang_up();
    second.await.unwrap();
    assert_eq!(
        world
            .count("agents where link_epoch = 2 and last_seen_at is not null")
            .await,
        1
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_feed_comes_down_by_pages_and_changes_wake_the_link(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    site.until(|event| matches!(event, Event::Page(page) if !page.more))
        .await;
    let told = |site: &Site| {
        site.rows
            .iter()
            .filter_map(|row| Row::decode(row.kind, &row.body).ok())
            .collect::<Vec<_>>()
    };
    assert!(
        told(&site).iter().any(
            |row| matches!(row, Row::Site(row) if row.sales_open && row.site == world.shop.site)
        )
    );
    assert!(
        told(&site)
            .iter()
            .any(|row| matches!(row, Row::Plan(plan) if plan.id == world.shop.plan.id))
    );
    let draft = Draft {
        price: Money::from_shillings(80),
        ..hour()
    };
    plans::edit::change(
        &world.app,
        world.shop.provider,
        world.shop.plan.id,
        &draft,
        Actor::Command,
    )
    .await
    .unwrap();
    let plan = world.shop.plan.id;
    site.until(|event| {
        matches!(event, Event::Page(page) if page.rows.iter().any(|row| row.id == *plan.as_bytes()))
    })
    .await;
    assert!(
        matches!(told(&site).pop(), Some(Row::Plan(plan)) if plan.price == Money::from_shillings(80))
    );
    let rows = site.rows.len();
    site.hang_up();
    site.dial(&hub);
    site.ready().await;
    world.shop_changes_again().await;
    site.until(|event| matches!(event, Event::Page(page) if !page.rows.is_empty()))
        .await;
    assert_eq!(
        site.rows.len(),
        rows + 1,
        "the cursor stood where it was stored"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_agent_that_holds_other_rows_reads_its_feed_anew(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    site.until(|event| matches!(event, Event::Page(page) if !page.more))
        .await;
    let held = site.rows.clone();
    assert!(held.len() > 1);
    for (rows, differed) in [(&held[..], 0), (&held[1..], 1)] {
        let digest = rows
            .iter()
            .filter(|row| !row.deleted)
            .fold(FeedDigest::EMPTY, |sum, row| {
                sum.with(row.kind, &row.id, &row.body)
            });
        site.hang_up();
        site.dial(&hub);
        site.ready().await;
        // The feed has been quiet for a while.
        world.app.clock.advance(Duration::from_secs(31));
        let now = world.app.clock.monotonic();
        site.session.handle_timeout(now);
        assert!(site.session.poll_digest_wanted());
        site.session.offer_digest(Some((site.cursor, digest)), now);
        if differed == 1 {
            site.rows.clear();
            site.until(|event| matches!(event, Event::FeedRestarted))
                .await;
            site.until(|event| matches!(event, Event::Page(page) if !page.more))
                .await;
            assert_eq!(site.rows, held, "all of it came again");
        }
        // Whatever comes after the digest is answered after it.
        site.session
            .ask(attempt(9), 999, vec![1], Duration::from_secs(30), now)
            .unwrap();
        site.until(|event| matches!(event, Event::Answer { .. }))
            .await;
        let told = world
            .count("site_events where kind = 'feed-differed'")
            .await;
        assert_eq!(told, differed);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_device_that_comes_back_from_a_dead_line_takes_over_from_nobody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let mut dead = Vec::new();
    for _ in 0..5 {
        site.dial(&hub);
        site.ready().await;
        // The controller's end of the line goes on standing.
        dead.extend(site.wire.take());
        site.session.link_down(world.app.clock.monotonic(), 0);
    }
    assert_eq!(
        world
            .count("agents where duplicate_seen_at is not null")
            .await,
        0
    );
    assert_eq!(world.count("agents where link_epoch = 5").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn unknown_kinds_are_kept_and_damaged_ones_stop_the_stream(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.drift(1);
    site.write(4000, b"from the future".to_vec());
    site.drift(2);
    site.write(7, b"\xffdamaged".to_vec());
    site.drift(3);
    let link = site.dial(&hub);
    site.ready().await;
    site.until(|event| matches!(event, Event::Acknowledged(mark) if mark.number == EntryNo(3)))
        .await;
    assert_eq!(
        world
            .count("journal_entries where kind = 4000 and not applied")
            .await,
        1
    );
    assert_eq!(
        world.count("journal_entries").await,
        3,
        "the stream stands before the damaged one, and nothing is passed over"
    );
    site.hang_up();
    link.await.unwrap();
    assert_eq!(
        world
            .count("site_events where kind = 'journal-stopped' and value = 4")
            .await,
        1
    );
    assert_eq!(world.count("journals where mark_number = 3").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_journal_with_another_history_is_flagged_and_nothing_is_dropped(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.drift(1);
    site.drift(2);
    let link = site.dial(&hub);
    site.ready().await;
    site.all_acknowledged().await;
    site.hang_up();
    link.await.unwrap();
    // The device was restored from a copy and went on otherwise.
    site.entries.pop();
    site.drift(50);
    let link = site.dial(&hub);
    site.until(|event| matches!(event, Event::Forked { .. }))
        .await;
    site.hang_up();
    tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
    let flagged = "journals where forked_at is not null and mark_number = 2";
    assert_eq!(world.count(flagged).await, 1);
    assert_eq!(
        world
            .count("site_events where kind = 'journal-forked'")
            .await,
        1
    );
    assert_eq!(world.count("journal_entries").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_fork_that_the_agent_finds_is_flagged_by_its_word(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.drift(1);
    site.drift(2);
    let link = site.dial(&hub);
    site.ready().await;
    site.all_acknowledged().await;
    site.hang_up();
    link.await.unwrap();
    // A copy that is ahead knows its own history at the controller's mark.
    site.entries.pop();
    site.drift(50);
    site.drift(51);
    let link = site.dial(&hub);
    site.until(|event| matches!(event, Event::Forked { .. }))
        .await;
    site.hang_up();
    tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
    // As the store does: a new journal that begins with what differs and says so.
    site.journal = JournalId::from_bytes([8; 16]);
    site.entries.clear();
    site.acknowledged = 0;
    site.drift(50);
    site.drift(51);
    let fact = Fact::Health(HealthFact {
        event: HealthEvent::JournalForked,
        at: world.app.clock.now(),
        value: None,
    });
    site.write(fact.kind(), fact.encode());
    site.dial(&hub);
    site.ready().await;
    site.all_acknowledged().await;
    assert_eq!(
        world
            .count("journals where forked_at is not null and mark_number = 2")
            .await,
        1
    );
    assert_eq!(
        world
            .count("journals where forked_at is null and mark_number = 3")
            .await,
        1
    );
    assert_eq!(
        world.count("journal_entries").await,
        5,
        "nothing is dropped"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_an_older_program_kept_is_applied_by_one_that_knows_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.drift(1);
    site.write(4000, b"from the future".to_vec());
    let link = site.dial(&hub);
    site.ready().await;
    site.all_acknowledged().await;
    site.hang_up();
    link.await.unwrap();
    // As a program before drift was known would have left it.
    change(
        &world,
        "update journal_entries set applied = false where number = 1",
    )
    .await;
    change(&world, "update site_events set kind = 'gone'").await;
    let applied = fleet::ingest::catch_up(&world.app, &DISPATCH)
        .await
        .unwrap();
    assert_eq!(applied, 1);
    assert_eq!(
        world
            .count("site_events where kind = 'drift' and value = 1")
            .await,
        1
    );
    assert_eq!(
        world
            .count("journal_entries where kind = 4000 and not applied")
            .await,
        1,
        "what is still unknown waits on"
    );
    let again = fleet::ingest::catch_up(&world.app, &DISPATCH).await;
    assert_eq!(again.unwrap(), 0, "and nothing is applied twice");
}
