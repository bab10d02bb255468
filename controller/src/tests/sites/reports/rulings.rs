//! Of two uses of one ticket one stands, also when a clock was wrong.

use super::*;

async fn rulings(world: &World, site: SiteId) -> Vec<RulingRow> {
    let rows = world.feed(site).await;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Ruling(row) => Some(row),
            _ => None,
        })
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_uses_the_first_by_time_stands_in_whatever_order_they_are_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, printed) = two_sites(&world).await;
    let now = world.app.clock.now();
    let ticket = printed.tickets[0].id;
    let number = Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    second
        .redeem(&world, ticket, Some(number), now.plus_secs(50))
        .await;
    let told = rulings(&world, first.0.site).await;
    assert_eq!(
        (told.len(), told[0].used_elsewhere),
        (1, Some(now.plus_secs(50)))
    );
    assert_eq!(told[0].used_at, Some(second.0.site), "and by whom");
    assert_eq!(told[0].used_at_name.as_deref(), Some("Harbour"));
    assert!(
        rulings(&world, second.0.site).await.is_empty(),
        "who used it needs no telling"
    );
    assert_eq!(
        world.count("site_events where kind = 'double-use'").await,
        0
    );
    // The first site was cut off and had used it before: it keeps the ticket, what it was told is taken back, the other is told.
    first.redeem(&world, ticket, Some(number), now).await;
    assert_eq!(rulings(&world, first.0.site).await[0].used_elsewhere, None);
    assert_eq!(
        rulings(&world, second.0.site).await[0].used_elsewhere,
        Some(now)
    );
    assert_eq!(
        world
            .count("site_events where kind = 'double-use' and value = 50")
            .await,
        1
    );
    assert_eq!(world.count("redemptions where settled = 'kept'").await, 1);
    assert_eq!(
        world
            .count(&format!(
                "redemptions where settled = 'lost' and site_id = '{}'",
                second.0.site.uuid()
            ))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!(
                "tickets where redeemed_site_id = '{}'",
                first.0.site.uuid()
            ))
            .await,
        1
    );
    let revision = format!(
        "site_feed where site_id = '{}' and kind = 6",
        first.0.site.uuid()
    );
    let before: i64 = read(&world.app, &format!("select max(revision) from {revision}")).await;
    first.redeem(&world, ticket, Some(number), now).await;
    let after: i64 = read(&world.app, &format!("select max(revision) from {revision}")).await;
    assert_eq!(before, after, "who was told the same is not told again");
    // A revocation keeps what was settled.
    crate::tickets::revoke::ticket(
        &world.app,
        world.shop.provider,
        &printed.tickets[0].code,
        Actor::Command,
    )
    .await
    .unwrap();
    assert_eq!(
        rulings(&world, second.0.site).await[0].used_elsewhere,
        Some(now)
    );
    assert_eq!(rulings(&world, first.0.site).await[0].used_elsewhere, None);
    let told = rulings(&world, second.0.site).await;
    assert_eq!(told[0].used_at, Some(first.0.site));
    assert!(told[0].used_at_name.is_some());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_corrected_clock_moves_what_was_recorded_since_the_boot_and_settles_anew(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, printed) = two_sites(&world).await;
    let now = world.app.clock.now();
    let day = 86_400;
    let ticket = printed.tickets[0].id;
    let number = Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    let old = printed.tickets[1].id;
    let other = Printed {
        series: printed.series.id,
        index: printed.tickets[1].index,
    };
    first
        .redeem(&world, old, Some(other), now.plus_secs(-3 * day))
        .await;
    // The first site booted a day behind, and used the ticket an hour ago in truth.
    let wrong = now.plus_secs(-day - 3600);
    first
        .health(
            &world,
            HealthEvent::AgentStarted,
            Some(wrong.plus_secs(-60).as_millis()),
        )
        .await;
    first.redeem(&world, ticket, Some(number), wrong).await;
    first.confirm(&world, ticket, wrong.plus_secs(5)).await;
    first.meter(&world, ticket, 10, wrong.plus_secs(100)).await;
    second
        .redeem(&world, ticket, Some(number), now.plus_secs(-7200))
        .await;
    assert_eq!(
        world
            .count(&format!(
                "redemptions where settled = 'kept' and site_id = '{}'",
                first.0.site.uuid()
            ))
            .await,
        1
    );
    first
        .health(&world, HealthEvent::ClockCorrected, Some(day))
        .await;
    let at = |time: Timestamp| time.as_secs();
    let truth = at(now) - 3600;
    let moved = format!(
        "redemptions where site_id = '{}' and extract(epoch from redeemed_at) = {truth} and extract(epoch from started_at) = {truth} + 5",
        first.0.site.uuid()
    );
    assert_eq!(world.count(&moved).await, 1);
    assert_eq!(
        world
            .count(&format!(
                "grants where extract(epoch from confirmed_at) = {truth} + 5 and ended_at is null"
            ))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!(
                "sessions where extract(epoch from read_at) = {truth} + 100"
            ))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!(
                "redemptions where extract(epoch from redeemed_at) = {}",
                at(now) - 3 * day
            ))
            .await,
        1,
        "proven before"
    );
    // By true time the second site was first.
    assert_eq!(
        world
            .count(&format!(
                "redemptions where settled = 'kept' and site_id = '{}'",
                second.0.site.uuid()
            ))
            .await,
        1
    );
    assert_eq!(
        rulings(&world, first.0.site).await[0].used_elsewhere,
        Some(now.plus_secs(-7200))
    );
    let told = rulings(&world, second.0.site).await;
    let told = told.iter().find(|row| row.ticket == ticket).unwrap();
    assert_eq!(told.used_elsewhere, None);
    // A second correction moves the same times again, from where they are now.
    first
        .health(&world, HealthEvent::ClockCorrected, Some(-60))
        .await;
    assert_eq!(
        world
            .count(&moved.replace(&truth.to_string(), &(truth - 60).to_string()))
            .await,
        1
    );
}
