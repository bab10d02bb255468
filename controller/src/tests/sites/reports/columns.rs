//! How a ticket's columns follow what sites report of it.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_tickets_columns_follow_what_its_site_reports(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = Site::new(&world, world.shop.site);
    let ticket = bought(&world).await;
    let now = world.app.clock.now();
    assert_eq!(status(&world, ticket).await, Status::Active);
    site.redeem(&world, ticket, None, now).await;
    site.confirm(&world, ticket, now.plus_secs(1)).await;
    assert_eq!(world.count("tickets where status = 'active' and redeemed_at is not null and started_at = redeemed_at + interval '1 s'").await, 1);
    assert_eq!(
        world
            .count("tickets where expires_at = started_at + interval '1 h'")
            .await,
        1
    );
    site.whole_life(&world, ticket).await;
    site.whole_life(&world, ticket).await;
    assert_eq!(status(&world, ticket).await, Status::Used);
    assert_eq!(world.count("tickets where status = 'used' and end_reason = 'duration' and online_used_secs = 3600 and bytes_down = 2000").await, 1);
    assert_eq!(
        world
            .count("sessions where bytes_down = 1000 and read_at - began_at = interval '60 s'")
            .await,
        1
    );
    assert_eq!(
        world
            .count("grants where step = 'confirmed' and written_at is not null")
            .await,
        1
    );
    assert_eq!(
        world.count("site_events where kind = 'router-lost'").await,
        2
    );
    // Time added by the owner opens it again where it stood.
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update tickets set extra_secs = 36000")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(status(&world, ticket).await, Status::Active);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_status_is_computed_when_it_is_read(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let ticket = bought(&world).await;
    world.app.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(status(&world, ticket).await, Status::Expired);
    assert_eq!(
        world.count("tickets where status = 'active'").await,
        1,
        "the stored word is as of the last change"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_ticket_nobody_sold_is_written_down_for_a_person(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let ticket = bought(&world).await;
    let neighbour = Site::of(other.provider, other.site, other.agent);
    neighbour.whole_life(&world, ticket).await;
    assert_eq!(
        status(&world, ticket).await,
        Status::Active,
        "another provider's agent has no say"
    );
    assert_eq!(world.count("redemptions").await, 0);
    assert_eq!(
        world.count("grants").await + world.count("sessions").await,
        0
    );
    assert!(
        world
            .count("site_events where kind = 'unknown-ticket'")
            .await
            > 0
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_held_ticket_stays_active_and_gives_back_what_was_left(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (site, _, printed) = two_sites(&world).await;
    let now = world.app.clock.now();
    let ticket = printed.tickets[0].id;
    let number = Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    site.redeem(&world, ticket, Some(number), now).await;
    site.confirm(&world, ticket, now).await;
    let paused = PausedFact {
        ticket,
        at: now.plus_secs(600),
        usage: Usage {
            online_secs: 600,
            bytes_up: 1,
            bytes_down: 2,
        },
    };
    site.report(&world, Fact::Paused(paused)).await;
    let day = 86_400;
    world.app.clock.advance(Duration::from_secs(86_400));
    let held = "tickets where paused_at is not null and status = 'active' and expires_at is null and online_used_secs = 600";
    assert_eq!(world.count(held).await, 1);
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let taken = crate::access::store::taken(&mut tx, world.shop.provider, site.0.site, None, 10)
        .await
        .unwrap();
    assert_eq!(taken[0].paused, Some(now.plus_secs(600)));
    assert!(taken[0].slots.is_empty());
    drop(tx);

    let resumed = ResumedFact {
        ticket,
        at: now.plus_secs(day),
    };
    site.report(&world, Fact::Resumed(resumed)).await;
    let since: f64 = read(
        &world.app,
        "select extract(epoch from started_at - redeemed_at)::float8 from redemptions where paused_at is null",
    )
    .await;
    assert!((since - 85_800.0).abs() < 1.0, "{since}");
    assert_eq!(
        world
            .count("tickets where status = 'active' and expires_at > started_at and paused_at is null and redeemed_at is not null")
            .await,
        1
    );

    // A later version's end is an end.
    let ended = EndedFact {
        ticket,
        reason: EndReason::Other(77),
        at: now.plus_secs(day + 10),
        usage: Usage::default(),
    };
    site.report(&world, Fact::Ended(ended)).await;
    assert_eq!(
        world
            .count("tickets where end_reason = 'other' and status = 'used'")
            .await,
        1
    );
}
