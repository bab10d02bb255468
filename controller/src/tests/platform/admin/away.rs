//! What is counted against the platform: minutes in which it was away, sites that were, routers out of reach.

use mnara_protocol::message::{HealthEvent, RouterAnswers};

use super::*;
use crate::admin::notices::TELL;
use crate::jobs::tasks::stand;
use crate::tests::platform::losses::reads;

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
    // So many minutes of a platform that is up and looks twice at once; the site is heard of or not.
    let minutes = async |count: u32, is_heard: bool| {
        for _ in 0..count {
            app.clock.advance(Duration::from_secs(60));
            up::note(app).await.unwrap();
            if is_heard {
                seen().await;
            }
            tokio::join!(judge(), judge());
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
    let site = Site::new(&world, world.shop.site);
    up::note(&world.app).await.unwrap();
    world.app.clock.advance(Duration::from_secs(1_000));
    site.health(&world, HealthEvent::RouterLost, None).await;
    world.app.clock.advance(Duration::from_secs(500));
    site.health(&world, HealthEvent::RouterBack, None).await;
    world.app.clock.advance(Duration::from_secs(8_500));
    run(&world, "update agents set last_seen_at = $1").await;
    let page = text(&admin.get("/admin/sites").await.page());
    assert!(page.contains("Router in reach 95.00 %"), "{page}");
    assert!(page.contains("Up in 30 days 100.00 %"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_router_that_an_agent_found_again_without_a_word_is_in_reach(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let site = Site::new(&world, world.shop.site);
    up::note(&world.app).await.unwrap();
    stand(&world.app, [TELL]).await.unwrap();
    world.pass(1_000).await;
    site.health(&world, HealthEvent::RouterLost, None).await;
    world.pass(60).await;
    site.health(&world, HealthEvent::AgentStarted, None).await;
    world.pass(60).await;
    reads(&world, &site, RouterAnswers::Yes).await;
    world.pass(60).await;
    world.app.clock.advance(Duration::from_secs(10_820));
    run(&world, "update agents set last_seen_at = $1").await;
    let page = text(&admin.get("/admin/sites").await.page());
    assert!(page.contains("Router in reach 99.00 %"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_router_is_lost_from_its_first_word_to_the_word_that_it_is_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const MONTH_SECS: u64 = 30 * 86_400;
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let site = Site::new(&world, world.shop.site);
    let said = async |event| site.health(&world, event, None).await;
    let pass = |secs| world.app.clock.advance(Duration::from_secs(secs));
    up::note(&world.app).await.unwrap();
    run(&world, "update agents set last_seen_at = $1").await;
    let in_reach = async |admin: &mut Browser<'_>, share: &str| {
        let page = text(&admin.get("/admin/sites").await.page());
        assert!(
            page.contains(&format!("Router in reach {share} %")),
            "{share}: {page}"
        );
    };
    pass(900);
    said(HealthEvent::RouterBack).await;
    in_reach(&mut admin, "100.00").await;
    pass(100);
    said(HealthEvent::RouterLost).await;
    pass(10);
    said(HealthEvent::RouterLost).await;
    pass(990);
    in_reach(&mut admin, "50.00").await;
    said(HealthEvent::RouterBack).await;
    pass(2_000);
    in_reach(&mut admin, "75.00").await;
    // Half of it is more than a month ago, and then it is lost for longer than that.
    pass(MONTH_SECS - 2_500);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    in_reach(&mut admin, "99.98").await;
    said(HealthEvent::RouterLost).await;
    pass(MONTH_SECS + 60);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    in_reach(&mut admin, "0.00").await;
    said(HealthEvent::RouterBack).await;
    pass(MONTH_SECS + 60);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    in_reach(&mut admin, "100.00").await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_whose_agent_was_replaced_counts_from_its_first(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let site = Site::new(&world, world.shop.site);
    let pass = |secs| world.app.clock.advance(Duration::from_secs(secs));
    up::note(&world.app).await.unwrap();
    pass(1_000);
    site.health(&world, HealthEvent::RouterLost, None).await;
    pass(1_000);
    site.health(&world, HealthEvent::RouterBack, None).await;
    pass(2_000);
    let away = "insert into site_outages (id, provider_id, site_id, began_at, ended_at)
                select gen_random_uuid(), provider_id, id, $1 - interval '2000 s', $1 from sites";
    run(&world, away).await;
    let key = SigningKey::from_bytes(&[77; 32]);
    enrolled(&world.app, world.shop.provider, world.shop.site, &key).await;
    pass(1_000);
    run(&world, "update agents set last_seen_at = $1").await;
    let business = format!("/admin/providers/{}", world.shop.provider);
    for path in ["/admin/sites", business.as_str()] {
        let page = text(&admin.get(path).await.page());
        for part in [
            "Up in 30 days 60.00 %",
            "Times away 1, away in all 33 min",
            "Router in reach 80.00 %",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
