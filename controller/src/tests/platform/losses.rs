//! Routers that do not answer while their sites are there: told once when it lasts, once when it is over, and never beside an outage.

use mnara_protocol::message::{HealthEvent, LiveSample, RouterAnswers, Sample};

use super::*;
use crate::admin::notices::{TELL, tell_all};
use crate::db::At;
use crate::fleet::sample::{FRESH_SECS, is_mute};
use crate::jobs::tasks::{in_hands, stand};
use crate::providers::staff::roles::Role;
use crate::tests::office::Office;
use crate::tests::pages::doors;
use crate::tests::sites::reports::Site;

async fn change(world: &World, sql: &str) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .bind(world.shop.provider.uuid())
        .bind(At(world.app.clock.now()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// All sites are heard of now.
async fn heard(world: &World) {
    let sql = "update agents set last_seen_at = $2,
                   up_since = case when last_seen_at > $2 - interval '150 s' then up_since else $2 end where provider_id = $1";
    change(world, sql).await;
}

/// So many minutes, in which sites are heard of or not.
pub(in crate::tests) async fn minutes(world: &World, count: u32, are_heard: bool) {
    for _ in 0..count {
        world.app.clock.advance(Duration::from_secs(60));
        if are_heard {
            heard(world).await;
        }
        world.work().await;
    }
}

/// A world whose sites are up for long, and in which outages and losses are told.
async fn begun(pool: PgPoolOptions, options: PgConnectOptions) -> (Office, World) {
    let (office, world) = Office::world(pool, options).await;
    doors::member(&world, Role::Owner, 1).await;
    doors::member(&world, Role::Cashier, 2).await;
    stand(&world.app, [TELL]).await.unwrap();
    minutes(&world, 20, true).await;
    world.work().await;
    office.empty();
    (office, world)
}

async fn told(world: &World, office: &Office) -> Vec<String> {
    world.work().await;
    let letters = office.empty();
    assert!(
        letters
            .iter()
            .all(|letter| letter.to == "owner1@example.com"),
        "{letters:?}"
    );
    letters.into_iter().map(|letter| letter.subject).collect()
}

/// What a site says of its router in a reading.
pub(super) async fn reads(world: &World, site: &Site, answers: RouterAnswers) {
    let now = world.app.clock.now();
    let sample = Sample::Live(LiveSample {
        at: now,
        looked: None,
        answers,
        router: None,
        hotspots: Vec::new(),
        hosts: 0,
        online: 0,
        sessions: None,
    });
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let body = sample.encode();
    let mute = is_mute(answers).then_some(now);
    let fresh = now.plus_secs(-FRESH_SECS);
    fleet::store::samples::keep(&mut tx, &site.0, (sample.kind(), &body), mute, (now, fresh))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

const LOST: &str = "Market: the router does not answer";
const BACK: &str = "Market: the router answers again";

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_router_that_does_not_answer_is_told_once_and_so_is_its_return(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = begun(pool, options).await;
    let site = Site::new(&world, world.shop.site);
    site.health(&world, HealthEvent::RouterLost, None).await;
    minutes(&world, 9, true).await;
    assert!(told(&world, &office).await.is_empty(), "no news yet");
    // Two that tell at once tell once.
    world.app.clock.advance(Duration::from_secs(60));
    heard(&world).await;
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    let job = in_hands(&mut tx, TELL).await.unwrap();
    drop(tx);
    let (one, two) = tokio::join!(tell_all(&world.app, &job), tell_all(&world.app, &job));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    world.work().await;
    let letter = office.one();
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        ("owner1@example.com", LOST)
    );
    assert!(
        letter.text.contains("We can reach Market"),
        "{}",
        letter.text
    );
    minutes(&world, 60, true).await;
    assert!(told(&world, &office).await.is_empty(), "once");
    site.health(&world, HealthEvent::RouterBack, None).await;
    minutes(&world, 2, true).await;
    assert_eq!(told(&world, &office).await, [BACK]);
    // A short one is told neither way.
    site.health(&world, HealthEvent::RouterLost, None).await;
    minutes(&world, 5, true).await;
    site.health(&world, HealthEvent::RouterBack, None).await;
    minutes(&world, 20, true).await;
    assert!(told(&world, &office).await.is_empty());
    // It comes and goes all day.
    for _ in 0..6 {
        site.health(&world, HealthEvent::RouterLost, None).await;
        minutes(&world, 11, true).await;
        site.health(&world, HealthEvent::RouterBack, None).await;
        minutes(&world, 1, true).await;
    }
    assert_eq!(told(&world, &office).await.len(), 4, "twice more each");
    assert_eq!(world.count("router_losses").await, 8);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn many_routers_are_one_letter_and_a_site_that_is_away_is_told_as_away_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = begun(pool, options).await;
    let provider = world.shop.provider;
    let mut sites = vec![Site::new(&world, world.shop.site)];
    for (n, name) in [(41, "Stage"), (42, "Gate")] {
        let site = fleet::create::create(&world.app, provider, name, Actor::Command)
            .await
            .unwrap();
        let key = SigningKey::from_bytes(&[n; 32]);
        enrolled(&world.app, provider, site, &key).await;
        sites.push(Site::new(&world, site));
    }
    minutes(&world, 5, true).await;
    for site in &sites {
        site.health(&world, HealthEvent::RouterLost, None).await;
    }
    minutes(&world, 12, true).await;
    assert_eq!(told(&world, &office).await, ["3 routers do not answer"]);
    for site in &sites {
        site.health(&world, HealthEvent::RouterBack, None).await;
    }
    minutes(&world, 1, true).await;
    assert_eq!(told(&world, &office).await, ["3 routers answer again"]);
    // The router, and a little later the whole site.
    sites[0].health(&world, HealthEvent::RouterLost, None).await;
    minutes(&world, 1, true).await;
    let site = world.shop.site.uuid();
    let away = format!(
        "insert into site_outages (id, provider_id, site_id, began_at) values (gen_random_uuid(), $1, '{site}', $2)"
    );
    change(&world, &away).await;
    minutes(&world, 15, false).await;
    assert_eq!(told(&world, &office).await, ["Market is away"]);
    // It is back and has so long to tell that the router is back too.
    change(
        &world,
        "update site_outages set ended_at = $2 where provider_id = $1",
    )
    .await;
    minutes(&world, 2, true).await;
    assert_eq!(told(&world, &office).await, ["Market is back"]);
    minutes(&world, 3, true).await;
    assert_eq!(told(&world, &office).await, [LOST], "it is not");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_site_reads_now_is_believed_before_what_it_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = begun(pool, options).await;
    let site = Site::new(&world, world.shop.site);
    // An agent that is started anew finds its router again without a word.
    site.health(&world, HealthEvent::RouterLost, None).await;
    minutes(&world, 1, true).await;
    site.health(&world, HealthEvent::AgentStarted, None).await;
    minutes(&world, 15, true).await;
    assert!(told(&world, &office).await.is_empty(), "nobody knows");
    reads(&world, &site, RouterAnswers::NotYet).await;
    minutes(&world, 1, true).await;
    assert_eq!(told(&world, &office).await, [LOST]);
    reads(&world, &site, RouterAnswers::Yes).await;
    minutes(&world, 2, true).await;
    assert_eq!(told(&world, &office).await, [BACK]);
    // One that answers all the same is no news.
    site.health(&world, HealthEvent::RouterLost, None).await;
    minutes(&world, 1, true).await;
    reads(&world, &site, RouterAnswers::Yes).await;
    minutes(&world, 15, true).await;
    assert!(told(&world, &office).await.is_empty());
    let open = "router_losses where ended_at is null";
    assert_eq!(world.count(open).await, 0);
    // An agent that forked tells its past again: that is no second loss.
    site.health(&world, HealthEvent::RouterLost, None).await;
    site.health(&world, HealthEvent::RouterLost, None).await;
    assert_eq!(world.count(open).await, 1);
    assert_eq!(world.count("router_losses").await, 3);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_router_that_never_answered_its_agent_is_told_by_readings_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = begun(pool, options).await;
    let site = Site::new(&world, world.shop.site);
    let read = async |count: u32, answers| {
        for _ in 0..count {
            reads(&world, &site, answers).await;
            minutes(&world, 1, true).await;
        }
    };
    // It takes a while to begin, and that is no loss.
    site.health(&world, HealthEvent::AgentStarted, None).await;
    read(9, RouterAnswers::NotYet).await;
    read(1, RouterAnswers::Yes).await;
    assert_eq!(world.count("router_losses").await, 0);
    // Readings that do not follow one another say nothing of the time between.
    read(7, RouterAnswers::NotYet).await;
    minutes(&world, 3, true).await;
    read(9, RouterAnswers::NotYet).await;
    assert!(told(&world, &office).await.is_empty(), "no news yet");
    read(2, RouterAnswers::NotYet).await;
    assert_eq!(told(&world, &office).await, [LOST]);
    read(30, RouterAnswers::NotYet).await;
    assert!(told(&world, &office).await.is_empty(), "once");
    site.health(&world, HealthEvent::RouterBack, None).await;
    minutes(&world, 2, true).await;
    assert_eq!(told(&world, &office).await, [BACK]);
    assert_eq!(world.count("router_losses").await, 1);
    // One that refuses its agent is not lost by the agent's word either, and a reading ends it as well.
    site.health(&world, HealthEvent::RouterRefusesLogin, None)
        .await;
    read(12, RouterAnswers::Refuses).await;
    assert_eq!(told(&world, &office).await, [LOST]);
    read(2, RouterAnswers::Yes).await;
    assert_eq!(told(&world, &office).await, [BACK]);
    assert_eq!(world.count("router_losses").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn pages_say_that_a_router_does_not_answer(pool: PgPoolOptions, options: PgConnectOptions) {
    let (_, world) = begun(pool, options).await;
    let site = Site::new(&world, world.shop.site);
    let mut owner = doors::member(&world, Role::Owner, 3).await;
    for (answers, is_said) in [
        (RouterAnswers::Yes, false),
        (RouterAnswers::Lost, true),
        (RouterAnswers::Refuses, true),
    ] {
        reads(&world, &site, answers).await;
        let home = owner.get("/home").await.page();
        let needs =
            home.contains("does not let Mnara in. Nobody can buy or log in there: <strong>Market");
        assert_eq!(needs, is_said, "{home}");
        for page in [home, owner.get("/sites").await.page()] {
            assert_eq!(page.contains(">router does not answer<"), is_said, "{page}");
        }
    }
    // Of a site that is away it is said that it is away.
    world.app.clock.advance(Duration::from_secs(149));
    assert!(
        owner
            .get("/home")
            .await
            .page()
            .contains(">router does not answer<")
    );
    change(
        &world,
        "update agents set last_seen_at = $2 - interval '150 s' where provider_id = $1",
    )
    .await;
    let home = owner.get("/home").await.page();
    assert!(
        home.contains("This site is away") && !home.contains("does not answer"),
        "{home}"
    );
}
