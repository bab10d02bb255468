//! The thread everything meets on: one enum of all that can happen, one match.
//!
//! It feeds the core and carries out what the core commands; it decides nothing itself. The order it keeps: facts are on disk
//! before anything that rests on them leaves.

mod keeping;
mod linked;
mod log;
mod orders;
mod start;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use mnara_protocol::clock::{Correction, Source, Ticks, Timestamp, TrustedClock};
use mnara_protocol::ids::{AttemptId, CommandId};
use mnara_protocol::message::{Fact, Question, Report};
use mnara_protocol::session::{EntryNo, FeedCursor, Mark, Page, Refusal};
use rand::rngs::StdRng;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access;
use crate::access::apply::Outcome;
use crate::access::plan::Action;
use crate::clock::Clock;
use crate::config::{Enrolment, StateDir};
use crate::core::portal::{RedeemError, Said, TryError};
use crate::core::{AskId, Commands, Core, Event as CoreEvent, Now, RowChange};
use crate::health::{Status, StatusAsk};
use crate::link::{Ends, Event as LinkEvent, Order};
use crate::portal::PortalAsk;
use crate::routeros::client::Error as RouterError;
use crate::store::{Closed, Ended, NewEntry, Pruned, Rows, Store};

use self::orders::Orders;

pub use start::{Setup, run};

/// Questions of the portal answered by this thread at once.
const ASKS: usize = 512;

/// The router is told what it should have no later than this, however many pages are asked for.
const WANT: Duration = Duration::from_millis(250);
/// Codes are derived from so long after the start on: there is more to do before, and a code that is typed earlier is found all the same.
const START: Duration = Duration::from_millis(300);

/// All that can happen.
enum Event {
    Portal(PortalAsk),
    Router(access::Event),
    Link(LinkEvent),
    Status(StatusAsk),
    Appended(Result<Mark, Closed>),
    RowsStored(Result<Vec<RowChange>, Closed>, FeedCursor),
    FeedRestarted(Result<(), Closed>),
    Kept(Result<(), Closed>),
    Snapshotted(Result<Pruned, Closed>),
    NewJournal(Result<Mark, Closed>, mnara_protocol::ids::JournalId),
    /// Nobody waits for anything.
    Quiet,
    Time,
    Stop,
}

/// What leaves when the facts before it are on disk.
enum Effect {
    Reply(AskId, Said),
    Ask(AttemptId, Question, Duration),
    Report(CommandId, Report),
    Look,
}

/// What the store answers, in the order in which it was asked: the place in the feed and the journal's end only ever move forward.
type Pending = FuturesOrdered<Pin<Box<dyn Future<Output = Event> + Send>>>;

/// Where things come from.
struct Sources {
    portal: mpsc::Receiver<PortalAsk>,
    router: mpsc::Receiver<access::Event>,
    link: mpsc::Receiver<LinkEvent>,
    status: mpsc::Receiver<StatusAsk>,
    stop: CancellationToken,
}

/// The agent's thread.
struct Agent {
    core: Core,
    state: StateDir,
    enrolment: Enrolment,
    key: SigningKey,
    clock: Clock,
    trusted: TrustedClock,
    rng: StdRng,
    portal: String,

    store: Option<Store>,
    writer: Option<JoinHandle<Ended>>,
    /// Why the last writer has ended.
    ended: Ended,
    reopen_at: Option<Ticks>,
    failed_at: Option<Ticks>,
    /// Commits asked for and done; an effect waits for the number it was made at.
    issued: u64,
    done: u64,
    waiting: VecDeque<(u64, Effect)>,
    pending: Pending,
    /// Since when what the router should have may differ from what it was last told.
    wanting: Option<Ticks>,

    asks: BTreeMap<AskId, oneshot::Sender<Said>>,
    next_ask: u64,

    tasks: TaskTracker,
    stop: CancellationToken,
    orders: Orders,
    access: access::Handle,
    tell_trusted: watch::Sender<TrustedClock>,
    tell_store: watch::Sender<Option<Store>>,
    tell_ends: watch::Sender<Ends>,

    journal: mnara_protocol::ids::JournalId,
    cursor: FeedCursor,
    acknowledged: EntryNo,
    keeping: keeping::Keeping,
    uncorrected: Option<keeping::Uncorrected>,
    /// When printed codes may be derived between other work.
    derive_from: Ticks,
    feed_stopped: bool,
    /// A page of this link was lost with the store: later ones would leave a hole, so the feed is read again by a new link.
    feed_torn: bool,
    /// Until when the link knows that a customer waits for rows.
    expected: Option<Ticks>,

    cloud: bool,
    refusal: Option<Refusal>,
    router_trouble: Option<String>,
    router_seen: Option<RouterSeen>,
}

/// What `status` says of the router.
struct RouterSeen {
    version: String,
    hotspots: usize,
    hosts: usize,
}

impl Agent {
    /// Runs until told to stop.
    async fn serve(&mut self, mut sources: Sources) {
        loop {
            let wake = self.next_wake().min(self.orders.wait());
            let event = tokio::select! {
                biased;
                () = sources.stop.cancelled() => Event::Stop,
                Some(event) = self.pending.next() => event,
                Some(event) = sources.router.recv() => Event::Router(event),
                Some(event) = sources.link.recv() => Event::Link(event),
                Some(ask) = sources.status.recv() => Event::Status(ask),
                Some(ask) = sources.portal.recv() => Event::Portal(ask),
                () = tokio::task::yield_now(), if self.has_quiet_work() => Event::Quiet,
                () = self.clock.sleep(wake) => Event::Time,
            };
            if let Event::Stop = event {
                self.stop().await;
                return;
            }
            self.happened(event).await;
            self.keep().await;
            self.flush();
            // A portal that is never quiet does not keep the router waiting.
            let now = self.clock.monotonic();
            if self.may_want() && self.wanting.is_some_and(|since| now.since(since) > WANT) {
                self.want();
            }
        }
    }

    /// The one match.
    async fn happened(&mut self, event: Event) {
        match event {
            Event::Portal(ask) => self.asked(ask).await,
            Event::Router(event) => self.router(event).await,
            Event::Link(event) => self.link(event).await,
            Event::Status(ask) => {
                let status = self.status();
                // Whoever asked may have gone.
                let _ = ask.send(status);
            }
            Event::Appended(Ok(mark)) => {
                self.done += 1;
                self.correction_kept();
                self.tell_ends.send_modify(|ends| ends.last = mark);
            }
            Event::RowsStored(Ok(rows), cursor) => {
                self.cursor = cursor;
                let before = self.core.unsealed();
                self.core_event(CoreEvent::Rows(rows)).await;
                if self.core.unsealed() > before {
                    tracing::error!(
                        batches = self.core.unsealed(),
                        "the keys of printed batches were not sealed to this agent; their codes cannot be used here"
                    );
                }
                self.order(Order::PageStored(cursor));
            }
            Event::FeedRestarted(Ok(())) | Event::Kept(Ok(())) => {}
            Event::Snapshotted(Ok(pruned)) => {
                self.tell_ends
                    .send_modify(|ends| ends.oldest = pruned.oldest);
            }
            Event::NewJournal(Ok(mark), journal) => self.journal_begun(mark, journal),
            Event::Appended(Err(Closed))
            | Event::RowsStored(Err(Closed), _)
            | Event::FeedRestarted(Err(Closed))
            | Event::Kept(Err(Closed))
            | Event::Snapshotted(Err(Closed))
            | Event::NewJournal(Err(Closed), _) => self.store_failed().await,
            Event::Time => self.core_event(CoreEvent::Tick).await,
            Event::Quiet if self.may_want() => self.want(),
            Event::Quiet => self.core.derive_codes(),
            Event::Stop => {}
        }
    }

    fn now(&self) -> Now {
        let ticks = self.clock.monotonic();
        Now {
            at: self.trusted.now(ticks),
            ticks,
        }
    }

    /// Feeds the core and sees to what it commands.
    async fn core_event(&mut self, event: CoreEvent) {
        let now = self.now();
        let commands = self.core.handle(event, now);
        self.carry_out(commands, now).await;
        let expected = self.core.expected_until(now);
        if expected != self.expected {
            self.expected = expected;
            self.order(Order::Expect(expected));
        }
    }

    async fn carry_out(&mut self, commands: Commands, now: Now) {
        if !commands.facts.is_empty() {
            self.append(&commands.facts, now.at).await;
        }
        let after = self.issued;
        let mut effects: Vec<Effect> = Vec::new();
        effects.extend(
            commands
                .replies
                .into_iter()
                .map(|(id, said)| Effect::Reply(id, said)),
        );
        effects.extend(
            commands
                .questions
                .into_iter()
                .map(|(id, question, deadline)| Effect::Ask(id, question, deadline)),
        );
        effects.extend(
            commands
                .reports
                .into_iter()
                .map(|(id, report)| Effect::Report(id, report)),
        );
        if commands.look {
            effects.push(Effect::Look);
        }
        if commands.router {
            self.wanting.get_or_insert(now.ticks);
        }
        if let Some(id) = commands.diagnose {
            self.diagnose(id);
        }
        if let Some(sample) = commands.sample {
            self.order(Order::Sample(sample));
        }
        self.waiting
            .extend(effects.into_iter().map(|effect| (after, effect)));
        if commands.resynced {
            self.snapshot().await;
        }
    }

    async fn append(&mut self, facts: &[Fact], at: Timestamp) {
        for fact in facts {
            log::fact(fact);
        }
        let Some(store) = &self.store else { return };
        let entries: Vec<_> = facts
            .iter()
            .map(|fact| NewEntry {
                at,
                kind: fact.kind(),
                body: fact.encode(),
            })
            .collect();
        let bytes = entries.iter().map(|entry| entry.body.len()).sum();
        self.keeping.appended(entries.len(), bytes);
        self.issued += 1;
        let written = store.append(entries).await;
        self.pending.push_back(Box::pin(async move {
            Event::Appended(written.await.unwrap_or(Err(Closed)))
        }));
    }

    /// Whether there is work that customers need not wait for.
    fn has_quiet_work(&self) -> bool {
        let derives = self.core.has_codes_to_derive();
        self.may_want() || (derives && self.clock.monotonic() >= self.derive_from)
    }

    /// Whether the router may be told what it should have: that rests on all facts so far, so all must be on disk.
    fn may_want(&self) -> bool {
        self.wanting.is_some() && (self.issued == self.done || self.store.is_none())
    }

    /// Tells the access loop what the router should have now. Computing it takes longer with every ticket.
    fn want(&mut self) {
        self.wanting = None;
        self.access.want(self.core.desired(self.now()));
    }

    /// Lets out what rests on facts that are on disk.
    fn flush(&mut self) {
        self.orders.flush();
        while self
            .waiting
            .front()
            .is_some_and(|(after, _)| *after <= self.done)
        {
            let Some((_, effect)) = self.waiting.pop_front() else {
                return;
            };
            match effect {
                Effect::Reply(id, said) => {
                    if let Some(answer) = self.asks.remove(&id) {
                        // The browser may have gone.
                        let _ = answer.send(said);
                    }
                }
                Effect::Ask(id, question, deadline) => {
                    let (kind, body) = (question.kind(), question.encode());
                    let order = Order::Ask {
                        id,
                        kind,
                        body,
                        deadline,
                    };
                    if !self.orders.offer(order) {
                        self.pending.push_back(Box::pin(async move {
                            Event::Link(LinkEvent::NotAsked(id))
                        }));
                    }
                }
                Effect::Report(id, report) => self.order(Order::Report(id, report)),
                Effect::Look => self.access.look_now(),
            }
        }
    }

    fn order(&mut self, order: Order) {
        self.orders.tell(order);
    }

    async fn asked(&mut self, ask: PortalAsk) {
        if self.asks.len() >= ASKS {
            let _ = ask.answer.send(Said::Busy);
            return;
        }
        let id = AskId(self.next_ask);
        self.next_ask += 1;
        self.asks.insert(id, ask.answer);
        self.core_event(CoreEvent::Asked(id, ask.ask)).await;
    }

    async fn router(&mut self, event: access::Event) {
        match event {
            access::Event::Observed(seen) => {
                self.router_trouble = None;
                self.router_seen = Some(RouterSeen {
                    version: format!("{} {}", seen.router.identity, seen.router.version),
                    hotspots: seen
                        .servers
                        .iter()
                        .filter(|server| !server.disabled && !server.invalid)
                        .count(),
                    hosts: seen.hosts.len(),
                });
                self.core_event(CoreEvent::Observed(seen)).await;
            }
            access::Event::Applied(applied) => {
                for one in applied {
                    if let (Action::LogIn { ticket, mac, .. }, Outcome::Done) =
                        (&one.action, &one.outcome)
                    {
                        self.core_event(CoreEvent::Written(*ticket, *mac)).await;
                    } else if let Outcome::Refused(why) = one.outcome {
                        tracing::warn!(?why, "the router refused what the site wants");
                    }
                }
            }
            // The core sees it in the next look itself.
            access::Event::Rebooted { uptime_secs } => {
                tracing::info!(uptime_secs, "the router has restarted");
            }
            access::Event::RouterLost { why } => {
                tracing::warn!(%why, "the router does not answer");
                self.router_trouble = Some(why.to_string());
                let event = if matches!(why, RouterError::Auth) {
                    CoreEvent::RouterRefusesLogin
                } else {
                    CoreEvent::RouterLost
                };
                self.core_event(event).await;
            }
        }
    }

    fn status(&self) -> Status {
        let [live_tickets, tickets, codes, online] = self.core.counts();
        let now = self.now();
        let ends = *self.tell_ends.borrow();
        Status {
            software: crate::SOFTWARE.to_owned(),
            agent: self.enrolment.agent.to_string(),
            site: self.enrolment.site.to_string(),
            cloud: self.cloud,
            cloud_refusal: self.refusal.map(|refusal| format!("{refusal:?}")),
            router: self.router_trouble.is_none() && self.router_seen.is_some(),
            router_trouble: self.router_trouble.clone(),
            router_version: self.router_seen.as_ref().map(|seen| seen.version.clone()),
            hotspots: self.router_seen.as_ref().map_or(0, |seen| seen.hotspots),
            hosts: self.router_seen.as_ref().map_or(0, |seen| seen.hosts),
            live_tickets,
            tickets,
            codes,
            codes_ready: !self.core.has_codes_to_derive(),
            unsealed_batches: self.core.unsealed(),
            online,
            last_entry: ends.last.number.0,
            acknowledged: self.acknowledged.0,
            store: self.store.is_some(),
            resyncing: self.core.needs_resync(),
            time_ms: now.at.as_millis(),
            time_proven: self.trusted.source() == Source::Anchored,
            system_ahead_secs: self.clock.now().as_secs().saturating_sub(now.at.as_secs()),
            portal: self.portal.clone(),
        }
    }

    /// Tells everyone who waits that nothing can be written down.
    fn refuse_waiting(&mut self) {
        for (_, effect) in std::mem::take(&mut self.waiting) {
            if let Effect::Reply(id, said) = effect
                && let Some(answer) = self.asks.remove(&id)
            {
                let said = match said {
                    Said::Redeemed(_) => Said::Redeemed(Err(RedeemError::StoreFull)),
                    Said::Tried(_) => Said::Tried(Err(TryError::StoreFull)),
                    Said::Home(_)
                    | Said::Buying(_)
                    | Said::Claimed(_)
                    | Said::LoggedOut(_)
                    | Said::Busy => Said::Busy,
                };
                let _ = answer.send(said);
            }
        }
        self.wanting = None;
    }
}
