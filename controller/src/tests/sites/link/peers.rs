//! Who is at the other end, what they ask and how much.

use mnara_protocol::enrol::{LINK_PATH, SUBPROTOCOL};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::web::serve::serve;

#[sqlx::test(migrations = "../migrations/controller")]
async fn questions_are_answered_over_the_link(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let question = Question::Facts(FactsQuestion {
        attempt: attempt(1),
        after: None,
        deadline: world.app.clock.now().plus_secs(30),
    });
    let now = world.app.clock.monotonic();
    site.session
        .ask(
            attempt(1),
            question.kind(),
            question.encode(),
            Duration::from_secs(30),
            now,
        )
        .unwrap();
    let answer = site
        .until(|event| matches!(event, Event::Answer { .. }))
        .await;
    let Event::Answer { id, kind, body } = answer else {
        unreachable!()
    };
    assert_eq!(id, attempt(1));
    let answer = mnara_protocol::message::Answer::decode(kind, &body).unwrap();
    assert!(
        matches!(answer, mnara_protocol::message::Answer::Facts(facts) if facts.taken.is_empty() && !facts.more)
    );
    // A later version's question is refused, not left to its deadline.
    site.session
        .ask(attempt(2), 999, vec![1], Duration::from_secs(30), now)
        .unwrap();
    let Event::Answer { kind, body, .. } = site
        .until(|event| matches!(event, Event::Answer { .. }))
        .await
    else {
        unreachable!()
    };
    let refused = mnara_protocol::message::Answer::decode(kind, &body).unwrap();
    assert!(matches!(refused, mnara_protocol::message::Answer::Refused(refused) if !refused.late));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_newer_link_takes_over_and_three_take_overs_are_flagged(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut older = site(&world).await;
    let mut link = older.dial(&hub);
    older.ready().await;
    for n in 1..=3 {
        let mut newer = site(&world).await;
        let newer_link = newer.dial(&hub);
        newer.ready().await;
        older
            .until(|event| matches!(event, Event::Superseded))
            .await;
        drop(older);
        tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
        let flagged = world
            .count("agents where duplicate_seen_at is not null")
            .await;
        assert_eq!(flagged, i64::from(n >= 3), "{n}");
        (older, link) = (newer, newer_link);
    }
    assert!(
        world
            .count("site_events where kind = 'duplicate-identity'")
            .await
            > 0
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_revocation_ends_the_link_at_once(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let link = site.dial(&hub);
    site.ready().await;
    fleet::create::let_go(
        &world.app,
        world.shop.provider,
        world.shop.site,
        Actor::Command,
    )
    .await
    .unwrap();
    let event = site.until(|event| matches!(event, Event::Refused(_))).await;
    assert_eq!(event, Event::Refused(Refusal::Revoked));
    // No clock has moved: it was told, it did not find out.
    site.hang_up();
    tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
    site.dial(&hub);
    let event = site
        .until(|event| matches!(event, Event::Refused(_) | Event::Ready { .. }))
        .await;
    assert_eq!(event, Event::Refused(Refusal::Revoked));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn strangers_and_impostors_are_not_let_in(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut stranger = Site::new(&world, AgentId::from_bytes([9; 16]), &world.shop.key).await;
    stranger.dial(&hub);
    let event = stranger
        .until(|event| matches!(event, Event::Refused(_) | Event::Ready { .. }))
        .await;
    assert_eq!(event, Event::Refused(Refusal::UnknownAgent));
    let mut impostor =
        Site::new(&world, world.shop.agent, &SigningKey::from_bytes(&[66; 32])).await;
    let link = impostor.dial(&hub);
    let answered = async {
        loop {
            impostor.send().await;
            match unframed(impostor.wire.as_mut().unwrap()).await {
                None => return,
                Some(message) => {
                    let now = world.app.clock.monotonic();
                    if impostor.session.handle_bytes(&message, now, None).is_err() {
                        return;
                    }
                    while let Some(event) = impostor.session.poll_event() {
                        assert!(!matches!(event, Event::Ready { .. }), "{event:?}");
                    }
                }
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap();
    link.await.unwrap();
    assert_eq!(
        world.count("agents where link_epoch > 0").await,
        0,
        "nothing is written before the signature is checked"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_floods_is_taken_slowly_and_told_of(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let spent = world.app.limits.check_many(
        crate::ratelimit::Act::Journal,
        crate::ratelimit::By::Agent(world.shop.agent),
        u32::MAX,
    );
    assert_eq!(spent, Ok(()));
    site.drift(1);
    site.dial(&hub);
    site.ready().await;
    site.until(|event| matches!(event, Event::Page(page) if !page.more))
        .await;
    let held_back = async {
        while world
            .count("site_events where kind = 'journal-flood'")
            .await
            == 0
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, held_back).await.unwrap();
    assert_eq!(world.count("journal_entries").await, 0);
    let other = fleet::create::create(&world.app, world.shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let key = SigningKey::from_bytes(&[77; 32]);
    let agent = enrolled(&world.app, world.shop.provider, other, &key).await;
    let mut calm = Site::new(&world, agent, &key).await;
    calm.drift(5);
    calm.dial(&hub);
    calm.ready().await;
    calm.all_acknowledged().await;
    world.app.clock.advance(Duration::from_secs(1));
    site.all_acknowledged().await;
    assert_eq!(world.count("journal_entries").await, 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_says_nothing_is_let_go_after_ten_seconds(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut silent = site(&world).await;
    let link = silent.dial(&hub);
    // The challenge: from here on a hello is waited for.
    assert!(unframed(silent.wire.as_mut().unwrap()).await.is_some());
    world.app.clock.advance(Duration::from_secs(10));
    tokio::time::timeout(PATIENCE, link).await.unwrap().unwrap();
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_link_is_one_of_the_connections_held_at_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let router = world.router.clone();
    let serving = tokio::spawn(serve(listener, router, None, 1, shutdown.clone()));
    let mut link = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {LINK_PATH} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-protocol: {SUBPROTOCOL}\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    link.write_all(request.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    link.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");

    let mut other = TcpStream::connect(address).await.unwrap();
    other
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    // Time enough to be answered, if there were a place.
    for _ in 0..10_000 {
        tokio::task::yield_now().await;
    }
    let early = other.try_read(&mut [0; 1]).unwrap_err();
    assert_eq!(early.kind(), std::io::ErrorKind::WouldBlock);
    drop(link);
    let mut answer = String::new();
    let answered = other.read_to_string(&mut answer);
    tokio::time::timeout(PATIENCE, answered)
        .await
        .unwrap()
        .unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    shutdown.cancel();
    serving.await.unwrap();
}
