//! All links of this process: who is linked, and a mailbox for each. A mailbox is a handful of bits and no queue: it says that something
//! is worth reading, and the row says what.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mnara_protocol::ids::{AgentId, SiteId};
use tokio::sync::{Notify, Semaphore};

use super::dispatch::{Dispatch, Sender};
use super::identity::Identity;
use super::ingest::{self, Ingest};
use super::presence;
use crate::app::App;
use crate::batch::Batcher;
use crate::bus::{Heard, Hint};

/// Handshakes at once: each costs a signature and a transaction.
const DOOR: usize = 64;
/// Journal batches waiting for a commit at once.
const QUEUE: usize = 2048;

/// The feed has new rows.
pub const FEED: u8 = 1;
/// The agent's own row changed: it may be revoked, or another process may hold a newer link.
pub const AGENT: u8 = 2;
/// A newer link of the same agent has this one's place here.
pub const SUPERSEDED: u8 = 4;

/// A link's mailbox.
#[derive(Debug, Default)]
pub struct Mailbox {
    bits: AtomicU8,
    bell: Notify,
}

impl Mailbox {
    /// Puts bits in and wakes the link.
    pub fn put(&self, bits: u8) {
        self.bits.fetch_or(bits, Ordering::AcqRel);
        self.bell.notify_one();
    }

    /// Waits for bits and takes them out.
    pub async fn take(&self) -> u8 {
        loop {
            let bits = self.bits.swap(0, Ordering::AcqRel);
            if bits != 0 {
                return bits;
            }
            self.bell.notified().await;
        }
    }
}

#[derive(Debug, Default)]
struct Links {
    agents: BTreeMap<AgentId, (u64, SiteId, Arc<Mailbox>)>,
}

/// All links of this process; cheap to clone.
#[derive(Clone, Debug)]
pub struct Hub {
    /// The controller's identity.
    pub identity: Identity,
    /// What messages mean.
    pub dispatch: Dispatch,
    /// The writer of all journals.
    pub ingest: Batcher<Ingest>,
    /// How many may shake hands at once.
    pub door: Arc<Semaphore>,
    links: Arc<Mutex<Links>>,
}

impl Hub {
    /// Starts a hub; it hears hints until shutdown.
    #[must_use]
    pub fn start(app: &App, dispatch: Dispatch, identity: Identity) -> Self {
        let ingest = Batcher::start(
            Ingest::new(app.clone(), dispatch),
            QUEUE,
            1,
            &app.tasks,
            &app.closing,
        );
        let hub = Self {
            identity,
            dispatch,
            ingest,
            door: Arc::new(Semaphore::new(DOOR)),
            links: Arc::default(),
        };
        app.tasks.spawn(hear(app.clone(), hub.clone()));
        app.tasks.spawn(catch_up(app.clone(), dispatch));
        app.tasks.spawn(note_links(app.clone(), hub.clone()));
        hub
    }

    /// Adds a link, which finds its mail in what is given back. An older one of the same agent is told to go.
    #[must_use]
    pub fn join(&self, sender: &Sender) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        let before = links.agents.insert(
            sender.agent,
            (sender.epoch, sender.site, Arc::clone(&mailbox)),
        );
        if let Some((_, _, older)) = before {
            older.put(SUPERSEDED);
        }
        gauge(&links);
        mailbox
    }

    /// Takes a link away, unless a newer one has its place.
    pub fn leave(&self, sender: &Sender) {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if links
            .agents
            .get(&sender.agent)
            .is_some_and(|(epoch, _, _)| *epoch == sender.epoch)
        {
            links.agents.remove(&sender.agent);
        }
        gauge(&links);
    }

    /// The links this process holds, each agent with its epoch, in the order of the agents.
    #[must_use]
    pub fn held(&self) -> Vec<(AgentId, u64)> {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links
            .agents
            .iter()
            .map(|(agent, (epoch, _, _))| (*agent, *epoch))
            .collect()
    }

    fn tell(&self, heard: Heard) {
        let links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        match heard {
            Heard::Hint(Hint::Payment(_)) => {}
            Heard::Hint(Hint::Agent(agent)) => {
                if let Some((_, _, mailbox)) = links.agents.get(&agent) {
                    mailbox.put(AGENT);
                }
            }
            Heard::Hint(Hint::Site(site)) => {
                for (_, _, mailbox) in links.agents.values().filter(|(_, at, _)| *at == site) {
                    mailbox.put(FEED);
                }
            }
            Heard::Missed => {
                for (_, _, mailbox) in links.agents.values() {
                    mailbox.put(FEED | AGENT);
                }
            }
        }
    }
}

fn gauge(links: &Links) {
    // Exact below 4 billion links, which one process never has.
    metrics::gauge!("mnara_links").set(f64::from(
        u32::try_from(links.agents.len()).unwrap_or(u32::MAX),
    ));
}

/// Once at the start: an older program may have kept entries that this one knows.
async fn catch_up(app: App, dispatch: Dispatch) {
    let caught_up = tokio::select! {
        () = app.shutdown.cancelled() => return,
        caught_up = ingest::catch_up(&app, &dispatch) => caught_up,
    };
    match caught_up {
        Ok(0) => {}
        Ok(count) => tracing::info!(
            count,
            "entries of sites that had waited for this version were applied"
        ),
        Err(error) => {
            tracing::warn!(%error, "entries that wait for this version were not applied; the next start tries again")
        }
    }
}

/// Notes until shutdown which sites are up.
async fn note_links(app: App, hub: Hub) {
    loop {
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = app.clock.sleep(presence::EVERY) => {}
        }
        if let Err(error) = presence::note(&app, &hub.held()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "it was not noted which sites are up"
            );
        }
    }
}

async fn hear(app: App, hub: Hub) {
    let mut hints = app.bus.listen();
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            heard = hints.next() => hub.tell(heard),
        }
    }
}
