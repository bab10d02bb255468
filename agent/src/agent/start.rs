//! Bringing the agent up: the store read back, the clock set, and every task started with what it needs; and taking it down in order.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use ed25519_dalek::SigningKey;
use futures_util::stream::FuturesOrdered;
use mnara_protocol::clock::{Floor, TrustedClock};
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{AgentKeys, Config, Session};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::keeping::Keeping;
use super::orders::Orders;
use super::{Agent, Sources};
use crate::access;
use crate::clock::Clock;
use crate::config::{Enrolment, StateDir};
use crate::core::{Event as CoreEvent, Identity, Now};
use crate::dial::Target;
use crate::health;
use crate::link::{Ends, Link};
use crate::portal::{self, PortalAsk};
use crate::routeros::client::Dial;
use crate::store::{Ended, Fresh, Loaded, Opened, StoreError, put_aside};

/// Asks of the portal that may wait.
const PORTAL: usize = 128;
/// Events of the link that may wait.
const LINK: usize = 64;

/// What the agent is started with.
pub struct Setup {
    /// The state folder.
    pub state: StateDir,
    /// Who it is and whom it trusts.
    pub enrolment: Enrolment,
    /// Its key.
    pub key: SigningKey,
    /// How the router is reached.
    pub router: Option<Dial>,
    /// Where the portal listens.
    pub portal: SocketAddr,
    /// The page a phone opens when it is online.
    pub outside: Url,
    /// Time.
    pub clock: Clock,
    /// From the operating system.
    pub seed: [u8; 32],
}

/// Runs the agent until told to stop.
///
/// # Errors
/// When it cannot start: the store is another agent's or damaged beyond use, or the portal's address is taken.
pub async fn run(setup: Setup, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(setup.portal)
        .await
        .with_context(|| format!("the portal cannot listen on {}", setup.portal))?;
    let portal_address = listener.local_addr()?;
    let target = Target::new(&setup.enrolment.controller, setup.enrolment.ca.as_deref())?;
    let mut rng = StdRng::from_seed(setup.seed);
    let tasks = TaskTracker::new();
    let (asks, portal_asks) = mpsc::channel::<PortalAsk>(PORTAL);
    let (status_asks, status) = mpsc::channel(4);
    let (events, link_events) = mpsc::channel(LINK);
    let (orders, link_orders) = mpsc::channel(LINK);
    let (handle, seat, router) = access::channel();

    let mut random = [0; 16];
    rng.fill_bytes(&mut random);
    let fresh = Fresh {
        journal: JournalId::from_bytes(random),
        floor: setup.enrolment.enrolled_at,
    };
    let identity = identity(&setup.enrolment, &setup.key);
    let path = setup.state.store();
    let Back {
        opened,
        loaded,
        trusted,
    } = back(&path, fresh, &identity, draw(&mut rng), &setup.clock).await?;
    let ticks = setup.clock.monotonic();
    // Reading it back may have found that rows of the feed are wanted again.
    let about = opened.about().clone();
    let (store, writer) = opened.start();
    let ends = Ends {
        oldest: about.oldest,
        last: about.last,
    };
    let (tell_trusted, hear_trusted) = watch::channel(trusted);
    let (tell_store, hear_store) = watch::channel(Some(store.clone()));
    let (tell_ends, hear_ends) = watch::channel(ends);

    let mut agent = Agent {
        core: loaded.core,
        state: setup.state.clone(),
        enrolment: setup.enrolment.clone(),
        key: setup.key.clone(),
        clock: setup.clock.clone(),
        trusted,
        rng: StdRng::from_seed(draw(&mut rng)),
        portal: portal_address.to_string(),
        store: Some(store),
        writer: Some(writer),
        ended: Ended::Closed,
        reopen_at: None,
        failed_at: None,
        issued: 0,
        done: 0,
        waiting: VecDeque::new(),
        pending: FuturesOrdered::new(),
        wanting: None,
        asks: BTreeMap::new(),
        next_ask: 0,
        tasks: tasks.clone(),
        stop: stop.clone(),
        orders: Orders::new(orders),
        access: handle,
        tell_trusted,
        tell_store,
        tell_ends,
        journal: about.journal,
        cursor: about.cursor,
        acknowledged: about.acknowledged,
        keeping: Keeping::new(about.snapshot_size, ticks),
        uncorrected: None,
        derive_from: ticks + super::START,
        feed_stopped: false,
        feed_torn: false,
        expected: None,
        cloud: false,
        refusal: None,
        router_trouble: None,
        router_seen: None,
    };
    let session = Session::<mnara_protocol::session::Agent>::new(
        Config::STANDARD,
        AgentKeys {
            agent: setup.enrolment.agent,
            signing: setup.key.clone(),
            pinned: setup.enrolment.pinned.clone(),
        },
        agent.resume(),
    );
    if let Some(broken) = loaded.broken_at {
        agent.begin_journal(Some(broken)).await;
    }
    agent
        .core_event(CoreEvent::Started(trusted.floor(ticks).unproven_since))
        .await;
    agent.keep_floor().await;

    let link = Link {
        target,
        session,
        clock: setup.clock.clone(),
        trusted: hear_trusted,
        store: hear_store,
        ends: hear_ends,
        orders: link_orders,
        events,
        rng: StdRng::from_seed(draw(&mut rng)),
        up: false,
        waiting: VecDeque::new(),
    };
    tasks.spawn(link.run(stop.clone()));
    let settings = portal::Settings {
        secret: draw(&mut rng),
        outside: setup.outside.into(),
    };
    tasks.spawn(portal::serve(listener, asks, settings, stop.clone()));
    match setup.router {
        Some(dial) => {
            let mut jitter = StdRng::from_seed(draw(&mut rng));
            tasks.spawn(access::run(
                seat,
                dial,
                access::Backoff::USUAL,
                stop.clone(),
                move || jitter.next_u32(),
            ));
        }
        None => {
            tracing::error!("no router is known: enrol again with --router");
        }
    }
    let socket = setup.state.socket();
    let status_stop = stop.clone();
    tasks.spawn(async move {
        if let Err(error) = health::serve(&socket, status_asks, status_stop).await {
            tracing::warn!(%error, "`status` and `doctor` cannot ask this agent");
        }
    });
    tasks.close();

    tracing::info!(
        agent.id = %setup.enrolment.agent,
        site.id = %setup.enrolment.site,
        portal = %portal_address,
        entries = about.last.number.0,
        "the agent is up and its portal listens"
    );
    agent
        .serve(Sources {
            portal: portal_asks,
            router,
            link: link_events,
            status,
            stop: stop.clone(),
        })
        .await;
    stop.cancel();
    // The tasks end on the token; a peer that does not answer is not waited for.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), tasks.wait()).await;
    Ok(())
}

/// The store, what was in it, and the clock as it left it.
struct Back {
    opened: Opened,
    loaded: Loaded,
    trusted: TrustedClock,
}

/// Opens the store and reads it back. One that is damaged is put aside and begun anew: what happened at this site is taken back from the
/// controller.
async fn back(
    path: &Path,
    fresh: Fresh,
    identity: &Identity,
    seed: [u8; 32],
    clock: &Clock,
) -> anyhow::Result<Back> {
    let read = match read_back(path, fresh, identity.clone(), seed, clock).await {
        Err(error) if error.is_damage() => {
            put_aside(path, &error)?;
            read_back(path, fresh, identity.clone(), seed, clock).await
        }
        read => read,
    };
    read.map_err(|error| match error {
        StoreError::Open(_) => {
            anyhow::Error::new(error).context("another agent may be running on this state folder")
        }
        error => anyhow::Error::new(error),
    })
}

async fn read_back(
    path: &Path,
    fresh: Fresh,
    identity: Identity,
    seed: [u8; 32],
    clock: &Clock,
) -> Result<Back, StoreError> {
    let mut opened = Opened::open(path, fresh).await?;
    let ticks = clock.monotonic();
    let kept = opened.about().floor;
    let floor = Floor {
        time: kept.time,
        unproven_since: kept.unproven_since,
    };
    let trusted = TrustedClock::resume(floor, ticks);
    let now = Now {
        at: trusted.now(ticks),
        ticks,
    };
    match opened.load(identity, seed, now).await {
        Ok(loaded) => Ok(Back {
            opened,
            loaded,
            trusted,
        }),
        Err(error) => {
            opened.close().await;
            Err(error)
        }
    }
}

fn draw(rng: &mut StdRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn identity(enrolment: &Enrolment, key: &SigningKey) -> Identity {
    Identity {
        site: enrolment.site,
        provider: enrolment.provider,
        signing: key.clone(),
    }
}

impl Agent {
    pub(super) fn identity(&self) -> Identity {
        identity(&self.enrolment, &self.key)
    }

    pub(super) fn seed(&mut self) -> [u8; 32] {
        draw(&mut self.rng)
    }

    pub(super) fn fresh(&mut self) -> Fresh {
        let mut random = [0; 16];
        self.rng.fill_bytes(&mut random);
        Fresh {
            journal: JournalId::from_bytes(random),
            floor: self.enrolment.enrolled_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;
    use mnara_protocol::ids::{ProviderId, SiteId};
    use mnara_protocol::session::FeedCursor;

    use super::*;
    use crate::core::RowChange;
    use crate::store::{NewEntry, Rows};

    const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);
    const PAGE: usize = 512;
    /// What the pages begin with that hold a journal's entries, and those with the feed's rows.
    const ENTRIES: u8 = 13;
    const ROWS: u8 = 10;

    fn identity() -> Identity {
        Identity {
            site: SiteId::from_bytes([1; 16]),
            provider: ProviderId::from_bytes([2; 16]),
            signing: SigningKey::from_bytes(&[3; 32]),
        }
    }

    /// A store with entries full of one byte and rows full of another, closed in good order.
    async fn lived(path: &Path, fresh: Fresh, marks: (u8, u8)) {
        let (store, writer) = Opened::open(path, fresh).await.unwrap().start();
        let entries = (1..=300)
            .map(|n| NewEntry {
                at: NOON.plus_secs(n),
                kind: 60_000,
                body: vec![marks.0; 60],
            })
            .collect();
        store.append(entries).await.await.unwrap().unwrap();
        let rows = (1..=30)
            .map(|n| RowChange {
                kind: 60_000,
                id: [n; 16],
                body: Some(vec![marks.1; 60]),
            })
            .collect();
        let rows = Rows {
            rows,
            cursor: FeedCursor::default(),
            more: false,
        };
        store.store_rows(rows).await.await.unwrap().unwrap();
        drop(store);
        writer.await.unwrap();
    }

    #[tokio::test]
    async fn a_store_with_a_page_of_zeros_is_put_aside_and_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, aside) = (
            folder.path().join("store"),
            folder.path().join("store.damaged"),
        );
        let fresh = Fresh {
            journal: JournalId::from_bytes([7; 16]),
            floor: NOON,
        };
        let clock = Clock::still(NOON);
        for (kind, mark) in [(ENTRIES, 0xab_u8), (ROWS, 0xcd)] {
            lived(&path, fresh, (0xab, 0xcd)).await;
            let whole = back(&path, fresh, &identity(), [5; 32], &clock)
                .await
                .unwrap();
            assert_eq!(whole.opened.about().last.number.0, 300);
            whole.opened.close().await;
            assert!(!aside.exists());

            let mut file = std::fs::read(&path).unwrap();
            let page = file
                .chunks_exact_mut(PAGE)
                .find(|page| page[0] == kind && page.windows(20).any(|run| run == [mark; 20]))
                .unwrap();
            page.fill(0);
            std::fs::write(&path, file).unwrap();
            let anew = back(&path, fresh, &identity(), [5; 32], &clock)
                .await
                .unwrap();
            assert!(anew.loaded.core.needs_resync());
            assert_eq!(anew.opened.about().last.number.0, 0);
            anew.opened.close().await;
            assert!(aside.exists());
            std::fs::remove_file(&aside).unwrap();
            std::fs::remove_file(&path).unwrap();
        }
    }
}
