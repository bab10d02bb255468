//! A real agent's session against the hub, over the bytes of a WebSocket.

use mnara_protocol::frame::Pinned;
use mnara_protocol::ids::JournalId;
use mnara_protocol::message::{DriftFact, Fact, FactsQuestion, HealthEvent, HealthFact, Question};
use mnara_protocol::session::{
    Agent, AgentKeys, Config, Entry, EntryNo, Event, FeedCursor, FeedDigest, FeedRow, Mark,
    Refusal, Resume, Session,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::*;
use crate::bus;
use crate::dispatch::DISPATCH;
use crate::fleet::hub::Hub;
use crate::fleet::identity::{Identity, load};
use crate::fleet::link::run;
use crate::fleet::socket::Socket;

/// Longer than anything here takes; it ends a test that would hang.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
const JOURNAL: JournalId = JournalId::from_bytes([6; 16]);

/// A hub whose process hears of what commits.
pub(super) async fn hub(world: &World) -> Hub {
    let hub = Hub::start(&world.app, DISPATCH, Identity::default());
    let mut hints = world.app.bus.listen();
    tokio::spawn(bus::relay(world.app.clone(), world.app.shutdown.clone()));
    // The first word of a relay that listens.
    tokio::time::timeout(PATIENCE, hints.next()).await.unwrap();
    hub
}

/// An agent: its store, its session and its end of the connection.
pub(super) struct Site {
    pub(super) world: App,
    journal: JournalId,
    pub(super) entries: Vec<Entry>,
    pub(super) rows: Vec<FeedRow>,
    pub(super) cursor: FeedCursor,
    pub(super) acknowledged: u64,
    pub(super) session: Session<Agent>,
    wire: Option<DuplexStream>,
    /// How many entries went out, however often.
    offered: usize,
}

impl Site {
    async fn new(world: &World, agent: AgentId, key: &SigningKey) -> Self {
        let controller = load(&world.app).await.unwrap().signing.verifying_key();
        Self {
            world: world.app.clone(),
            journal: JOURNAL,
            entries: Vec::new(),
            rows: Vec::new(),
            cursor: FeedCursor::default(),
            acknowledged: 0,
            session: Session::<Agent>::new(
                Config::STANDARD,
                AgentKeys {
                    agent,
                    signing: key.clone(),
                    pinned: Pinned {
                        keys: vec![controller],
                        serial: 0,
                    },
                },
                resume(JOURNAL, Mark::start(JOURNAL), FeedCursor::default()),
            ),
            wire: None,
            offered: 0,
        }
    }

    fn last(&self) -> Mark {
        self.entries
            .last()
            .map_or(Mark::start(self.journal), Entry::mark)
    }

    pub(super) fn write(&mut self, kind: u16, body: Vec<u8>) {
        let last = self.last();
        self.entries.push(Entry {
            number: EntryNo(last.number.0 + 1),
            previous: last.chain,
            at: self.world.clock.now(),
            kind,
            body,
        });
        let last = self.last();
        self.session.journal_grew(last);
    }

    pub(super) fn drift(&mut self, repairs: u32) {
        let fact = Fact::Drift(DriftFact {
            ticket: None,
            repairs,
            at: self.world.clock.now(),
        });
        self.write(fact.kind(), fact.encode());
    }

    /// Connects; the link runs until it ends.
    pub(super) fn dial(&mut self, hub: &Hub) -> tokio::task::JoinHandle<()> {
        let (near, far) = tokio::io::duplex(1 << 16);
        self.wire = Some(near);
        self.session
            .resume(resume(self.journal, self.last(), self.cursor));
        self.session
            .link_up(self.world.clock.monotonic(), self.world.entropy.bytes());
        let (app, hub) = (self.world.clone(), hub.clone());
        tokio::spawn(async move { Box::pin(run(&app, &hub, Socket::new(far))).await })
    }

    pub(super) fn hang_up(&mut self) {
        self.wire = None;
        self.session.link_down(self.world.clock.monotonic(), 0);
    }

    async fn send(&mut self) {
        let mut frame = Vec::new();
        loop {
            while let Some(wanted) = self.session.poll_wanted() {
                let entries: Vec<Entry> = self
                    .entries
                    .iter()
                    .filter(|entry| wanted.contains(&entry.number))
                    .cloned()
                    .collect();
                self.offered += entries.len();
                self.session.offer(&entries);
            }
            if !self.session.poll_transmit(&mut frame) {
                return;
            }
            // The other end may be gone already; what it said last is still to be read.
            drop(self.wire.as_mut().unwrap().write_all(&masked(&frame)).await);
        }
    }

    /// Goes on until an event that is looked for; what else happens is stored as an agent would.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        let met = async {
            loop {
                self.send().await;
                while let Some(event) = self.session.poll_event() {
                    match &event {
                        Event::Page(page) => {
                            self.rows.extend(page.rows.iter().cloned());
                            self.cursor = page.cursor;
                            self.session.page_stored(page.cursor);
                        }
                        Event::Acknowledged(mark) => self.acknowledged = mark.number.0,
                        _ => {}
                    }
                    if wanted(&event) {
                        return event;
                    }
                }
                self.send().await;
                let message = unframed(self.wire.as_mut().unwrap())
                    .await
                    .expect("the link ended");
                let (now, wall) = (self.world.clock.monotonic(), None);
                self.session.handle_bytes(&message, now, wall).unwrap();
            }
        };
        tokio::time::timeout(PATIENCE, met)
            .await
            .expect("what is waited for never came")
    }

    pub(super) async fn ready(&mut self) {
        self.until(|event| matches!(event, Event::Ready { .. }))
            .await;
    }

    pub(super) async fn all_acknowledged(&mut self) {
        let last = self.last().number;
        if self.acknowledged < last.0 {
            self.until(|event| matches!(event, Event::Acknowledged(mark) if mark.number == last))
                .await;
        }
    }
}

fn resume(journal: JournalId, last: Mark, cursor: FeedCursor) -> Resume {
    Resume {
        journal,
        oldest: EntryNo(1),
        last,
        cursor,
        software: "test 1".to_owned(),
        restored: false,
    }
}

/// A client's frame: binary, whole, masked.
fn masked(payload: &[u8]) -> Vec<u8> {
    let mask = [7, 21, 99, 200];
    let mut bytes = vec![0x82];
    match u16::try_from(payload.len()) {
        Ok(short) if short < 126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
        Ok(long) => {
            bytes.push(0x80 | 126);
            bytes.extend(long.to_be_bytes());
        }
        Err(_) => {
            bytes.push(0x80 | 127);
            bytes.extend(u64::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    bytes
}

/// The payload of a server's binary frame; nothing when it says goodbye.
async fn unframed(wire: &mut DuplexStream) -> Option<Vec<u8>> {
    let mut head = [0; 2];
    wire.read_exact(&mut head).await.ok()?;
    if head[0] != 0x82 {
        return None;
    }
    let length = match head[1] {
        126 => usize::from(wire.read_u16().await.ok()?),
        127 => usize::try_from(wire.read_u64().await.ok()?).unwrap(),
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    wire.read_exact(&mut payload).await.ok()?;
    Some(payload)
}

pub(super) async fn site(world: &World) -> Site {
    Site::new(world, world.shop.agent, &world.shop.key).await
}

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

impl World {
    async fn shop_changes_again(&self) {
        plans::edit::change(
            &self.app,
            self.shop.provider,
            self.shop.plan.id,
            &hour(),
            Actor::Command,
        )
        .await
        .unwrap();
    }
}

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
    fleet::create::let_go(&world.app, world.shop.provider, world.shop.site)
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

async fn change(world: &World, sql: &str) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
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
