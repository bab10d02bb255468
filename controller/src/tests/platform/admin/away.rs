//! What is counted against the platform: minutes in which it was away, sites that were, routers out of reach.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_platform_counts_the_minutes_in_which_it_was_up(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let page = text(&admin.get("/admin").await.page());
    assert!(page.contains("nothing to count yet"), "{page}");
    // A thousand minutes, of which one is missing, then another.
    for n in 0..1_000 {
        if n != 500 {
            up::note(&world.app).await.unwrap();
        }
        world.app.clock.advance(Duration::from_secs(60));
    }
    up::note(&world.app).await.unwrap();
    let page = text(&admin.get("/admin").await.page());
    assert!(
        page.contains("99.90 % 24 hours reached 999 of 1,000 min"),
        "{page}"
    );
    admin.get("/language/sw").await.onward();
    let page = text(&admin.get("/admin").await.page());
    assert!(page.contains("999 kati ya dakika 1,000"), "{page}");
    admin.get("/language/en").await.onward();
    world.app.clock.advance(Duration::from_secs(120));
    let page = text(&admin.get("/admin").await.page());
    assert!(
        page.contains("99.80 % 24 hours not reached 1,000 of 1,002 min"),
        "{page}"
    );
    // A second process notes the same minute.
    up::note(&world.app).await.unwrap();
    up::note(&world.app).await.unwrap();
    assert_eq!(world.count("health_minutes").await, 1_001);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn outages_of_sites_are_noted_once_and_not_for_what_the_platform_missed_itself(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let app = &world.app;
    let judge = async || {
        let mut tx = app.db.platform(Reason::Jobs).await.unwrap();
        outages::judge(app, &mut tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    let seen = async || run(&world, "update agents set last_seen_at = $1").await;
    // So many minutes of a platform that is up; the site is heard of or not.
    let minutes = async |count: u32, is_heard: bool| {
        for _ in 0..count {
            app.clock.advance(Duration::from_secs(60));
            up::note(app).await.unwrap();
            if is_heard {
                seen().await;
            }
            judge().await;
        }
    };
    minutes(10, true).await;
    assert_eq!(world.count("site_outages").await, 0);
    let gone = app.clock.now();
    minutes(5, false).await;
    judge().await;
    let open = "site_outages where ended_at is null";
    assert_eq!(world.count(open).await, 1);
    let began: At = read(app, "select began_at from site_outages").await;
    assert_eq!(began.0, gone, "from when it was last heard of");
    let page = text(&admin.get("/admin/sites?away=1").await.page());
    assert!(page.contains("Market · Business 1 away"), "{page}");
    assert!(page.contains("Times away 1, away in all"), "{page}");
    let business = format!("/admin/providers/{}", world.shop.provider);
    let page = text(&admin.get(&business).await.page());
    assert!(
        page.contains("Market 5 min") && page.contains("still away"),
        "{page}"
    );
    minutes(2, true).await;
    assert_eq!(world.count(open).await, 0);
    let secs: i64 = read(
        app,
        "select extract(epoch from ended_at - began_at)::bigint from site_outages",
    )
    .await;
    assert_eq!(secs, 360);
    let page = text(&admin.get("/admin/sites?away=1").await.page());
    assert!(page.contains("Every site is up"), "{page}");
    let page = text(&admin.get("/admin/sites").await.page());
    assert!(
        page.contains("Market · Business 1 up") && page.contains("Times away 1, away in all 6 min"),
        "{page}"
    );
    assert!(page.contains("test 1"), "versions: {page}");
    let page = text(&admin.get(&business).await.page());
    for part in ["Times away 1, away in all 6 min", "Market 6 min"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("still away"), "{page}");
    // The platform itself is down for an hour, and the site is back at once with it.
    app.clock.advance(Duration::from_secs(3_600));
    up::note(app).await.unwrap();
    judge().await;
    minutes(4, false).await;
    assert_eq!(
        world.count("site_outages").await,
        1,
        "it had no time to come back"
    );
    seen().await;
    minutes(3, true).await;
    assert_eq!(world.count("site_outages").await, 1);
    // And one that does not come back is away from when the platform was back.
    app.clock.advance(Duration::from_secs(3_600));
    let back = app.clock.now();
    up::note(app).await.unwrap();
    minutes(6, false).await;
    let began: At = read(
        app,
        "select began_at from site_outages where ended_at is null",
    )
    .await;
    assert_eq!(began.0, up::minute(back));
    // An agent that was let go is nobody's outage.
    fleet::create::let_go(app, world.shop.provider, world.shop.site, Actor::Command)
        .await
        .unwrap();
    judge().await;
    assert_eq!(world.count(open).await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_router_out_of_reach_counts_as_its_agent_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    up::note(&world.app).await.unwrap();
    let lost = world.app.clock.now().plus_secs(1_000);
    for (n, kind, at) in [
        (1, "router-lost", lost),
        (2, "router-back", lost.plus_secs(500)),
    ] {
        let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
        sqlx::query("insert into site_events (id, provider_id, site_id, kind, at, received_at) values ($1, $2, $3, $4, $5, $5)")
            .bind(sqlx::types::Uuid::from_u128(n))
            .bind(world.shop.provider.uuid())
            .bind(world.shop.site.uuid())
            .bind(kind)
            .bind(At(at))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    world.app.clock.advance(Duration::from_secs(10_000));
    run(&world, "update agents set last_seen_at = $1").await;
    let page = text(&admin.get("/admin/sites").await.page());
    assert!(page.contains("Router in reach 95.00 %"), "{page}");
    assert!(page.contains("Up in 30 days 100.00 %"), "{page}");
}
