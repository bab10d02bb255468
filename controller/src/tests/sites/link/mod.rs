//! A real agent's session against the hub, over the bytes of a WebSocket.

mod peers;
mod processes;
mod streams;

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
pub(in crate::tests) const PATIENCE: Duration = Duration::from_secs(30);
const JOURNAL: JournalId = JournalId::from_bytes([6; 16]);

/// A hub whose process hears of what commits.
pub(in crate::tests) async fn hub(world: &World) -> Hub {
    hub_of(&world.app).await
}

async fn hub_of(app: &App) -> Hub {
    let hub = Hub::start(app, DISPATCH, Identity::default());
    let mut hints = app.bus.listen();
    tokio::spawn(bus::relay(app.clone(), app.shutdown.clone()));
    // The first word of a relay that listens.
    tokio::time::timeout(PATIENCE, hints.next()).await.unwrap();
    hub
}

/// An agent: its store, its session and its end of the connection.
pub(in crate::tests) struct Site {
    pub(in crate::tests) world: App,
    journal: JournalId,
    pub(in crate::tests) entries: Vec<Entry>,
    pub(in crate::tests) rows: Vec<FeedRow>,
    pub(in crate::tests) cursor: FeedCursor,
    pub(in crate::tests) acknowledged: u64,
    pub(in crate::tests) session: Session<Agent>,
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

    pub(in crate::tests) fn write(&mut self, kind: u16, body: Vec<u8>) {
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

    pub(in crate::tests) fn drift(&mut self, repairs: u32) {
        let fact = Fact::Drift(DriftFact {
            ticket: None,
            repairs,
            at: self.world.clock.now(),
        });
        self.write(fact.kind(), fact.encode());
    }

    /// Connects; the link runs until it ends.
    pub(in crate::tests) fn dial(&mut self, hub: &Hub) -> tokio::task::JoinHandle<()> {
        let (near, far) = tokio::io::duplex(1 << 16);
        self.wire = Some(near);
        self.session
            .resume(resume(self.journal, self.last(), self.cursor));
        self.session
            .link_up(self.world.clock.monotonic(), self.world.entropy.bytes());
        let (app, hub) = (self.world.clone(), hub.clone());
        tokio::spawn(async move { Box::pin(run(&app, &hub, Socket::new(far))).await })
    }

    pub(in crate::tests) fn hang_up(&mut self) {
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
    pub(in crate::tests) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
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

    pub(in crate::tests) async fn ready(&mut self) {
        self.until(|event| matches!(event, Event::Ready { .. }))
            .await;
    }

    pub(in crate::tests) async fn all_acknowledged(&mut self) {
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

pub(in crate::tests) async fn site(world: &World) -> Site {
    Site::new(world, world.shop.agent, &world.shop.key).await
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

async fn change(world: &World, sql: &str) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    sqlx::query(AssertSqlSafe(sql.to_owned()))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}
