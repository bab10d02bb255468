//! What the site decides, as one pure machine: events in, commands out. It opens nothing, waits for nothing and asks neither the time
//! nor the system; those come in as arguments.
//!
//! Everything lasting is changed by facts alone: a decision makes a fact, the fact is applied to the state and goes to the journal, and
//! answers that rest on it leave when it is on disk. So the state is the journal read again.

#![warn(clippy::wildcard_enum_match_arm)]

mod asks;
mod commanded;
mod desired;
mod drift;
mod given_back;
mod hands;
mod home;
mod live;
mod looks;
mod metering;
pub mod portal;
mod purchases;
mod redeem;
mod replay;
mod resync;
mod router;
mod series;
mod site;
mod state;
#[cfg(test)]
mod tests;
mod throttle;
mod tickets;
mod times;
mod trials;
mod trying;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::ids::{
    AttemptId, CommandId, Mac, PlanId, ProviderId, SeriesId, SiteId, TicketId,
};
use mnara_protocol::message::{
    Answer, ByHand, Command, EndedFact, Fact, HealthEvent, HealthFact, LogoId, LogoRow, Question,
    Report, Sample,
};
use mnara_protocol::plan::Plan;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::Cloud;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use self::desired::Flow;
use self::hands::Hands;
use self::live::Live;
use self::portal::{Ask, Look, Said};
use self::purchases::Purchases;
use self::resync::Resync;
use self::router::Router;
use self::state::State;
use self::throttle::Throttle;
use crate::access::desired::{Desired, ObservationNo};
use crate::access::observed::Observed;

pub use self::replay::Replay;
pub use self::site::{BadRow, RowChange};

/// The two kinds of time, read once for one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The site's trusted time.
    pub at: Timestamp,
    /// Monotonic time since the program started.
    pub ticks: Ticks,
}

/// Who this agent is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The site it serves.
    pub site: SiteId,
    /// The business the site belongs to.
    pub provider: ProviderId,
    /// Its own key: opens sealed series keys and signs device tokens.
    pub signing: SigningKey,
}

/// Names one question of the portal until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// All that can happen.
#[derive(Debug)]
pub enum Event {
    /// The program has started and the state is read back. Says since when the site's times are not proven by the controller.
    Started(Option<Timestamp>),
    /// The portal asks.
    Asked(AskId, Ask),
    /// Feed rows that are on disk.
    Rows(Vec<RowChange>),
    /// The router was looked at.
    Observed(Arc<Observed>),
    /// The router took a user and the log-in of a device.
    Written(TicketId, Mac),
    /// The router stopped answering.
    RouterLost,
    /// The router refuses the agent's log-in.
    RouterRefusesLogin,
    /// The controller can be asked.
    LinkUp,
    /// It cannot.
    LinkDown,
    /// The controller answered a question.
    Answered(AttemptId, Answer),
    /// It did not, in time.
    Unanswered(AttemptId),
    /// The question never left the site.
    NotAsked(AttemptId),
    /// A true command.
    Commanded(Command),
    /// The trusted clock was corrected by this many seconds.
    ClockCorrected(i64),
    /// It was, all times since then, when that could not be written; the state was read back since.
    CorrectedUnwritten(Timestamp, i64),
    /// The store lost what it had (an old copy, a fork): facts must be taken back before new ones are made.
    Forked,
    /// Nothing more can be written down.
    StoreClosed,
    /// It can again.
    StoreOpen,
    /// It could not for so many seconds; the state was read back since.
    StoreFailed(i64),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Commands {
    /// To be appended to the journal in this order, in one commit, before anything below leaves.
    pub facts: Vec<Fact>,
    /// Answers for the portal.
    pub replies: Vec<(AskId, Said)>,
    /// Questions for the controller, each with the time it has.
    pub questions: Vec<(AttemptId, Question, Duration)>,
    /// What became of commands of the controller.
    pub reports: Vec<(CommandId, Report)>,
    /// What the router should have may have changed.
    pub router: bool,
    /// The router should be looked at now.
    pub look: bool,
    /// Facts were taken back from the controller: the next snapshot must be written at once.
    pub resynced: bool,
    /// Everything should be looked over and reported under this command.
    pub diagnose: Option<CommandId>,
    /// A live reading, which rests on nothing and may be lost.
    pub sample: Option<Sample>,
}

/// A code that only the controller may know.
struct Lookup {
    ask: AskId,
    peer: IpAddr,
    mac: Mac,
    code: TicketCode,
    until: Ticks,
    /// Whether a receipt brought the code, else it was typed.
    by_receipt: bool,
}

/// The site's decisions with everything they rest on.
pub struct Core {
    identity: Identity,
    rng: StdRng,
    state: State,
    look: Arc<Look>,
    logos: BTreeMap<LogoId, Arc<LogoRow>>,
    sales_open: bool,
    by_hand: Option<ByHand>,
    no_prompts_since: Option<Timestamp>,
    sms: bool,
    plans: BTreeMap<PlanId, Plan>,
    /// Facts of a former store whose batch or ticket has not come by the feed yet.
    strays: BTreeMap<TicketId, mnara_protocol::message::Taken>,
    /// Batches whose key was not sealed to this agent.
    unsealed: BTreeSet<SeriesId>,
    cloud: Cloud,
    store_open: bool,
    resync: Resync,
    resync_after: Option<TicketId>,
    purchases: Purchases,
    hands: Hands,
    throttle: Throttle,
    router: Router,
    online: BTreeSet<(TicketId, Mac)>,
    /// Since when a router that answers has had each device before it whose turn has come and that it has not let in.
    awaited: BTreeMap<(TicketId, Mac), Ticks>,
    written: BTreeSet<(TicketId, Mac)>,
    /// Devices to be kept off although their ticket stays, until a look after this one shows them off.
    cut: BTreeMap<(TicketId, Mac), ObservationNo>,
    flows: BTreeMap<TicketId, Flow>,
    lookups: BTreeMap<AttemptId, Lookup>,
    buying: BTreeMap<AttemptId, (AskId, IpAddr, Ticks)>,
    /// Asks of unknown devices, waiting for one more look at the router.
    parked: Vec<asks::Parked>,
    /// Commands carried out, with what was told of them.
    done: std::collections::VecDeque<(CommandId, Report)>,
    live: Live,
}

/// Printed codes derived in one go: under 2 ms on the slowest board, so that no page waits for them.
const CODES_AT_ONCE: usize = 256;
/// Commands of the controller remembered, so that a repeated one is not carried out again.
const COMMANDS_KEPT: usize = 64;

impl Core {
    fn new(identity: Identity, seed: [u8; 32], resynced: bool) -> Self {
        Self {
            identity,
            rng: StdRng::from_seed(seed),
            state: State::default(),
            look: Arc::new(Look::unknown()),
            logos: BTreeMap::new(),
            sales_open: false,
            by_hand: None,
            no_prompts_since: None,
            sms: false,
            plans: BTreeMap::new(),
            strays: BTreeMap::new(),
            unsealed: BTreeSet::new(),
            cloud: Cloud::Away,
            store_open: true,
            resync: if resynced {
                Resync::Done
            } else {
                Resync::Needed
            },
            resync_after: None,
            purchases: Purchases::default(),
            hands: Hands::default(),
            throttle: Throttle::default(),
            router: Router::default(),
            online: BTreeSet::new(),
            awaited: BTreeMap::new(),
            written: BTreeSet::new(),
            cut: BTreeMap::new(),
            flows: BTreeMap::new(),
            lookups: BTreeMap::new(),
            buying: BTreeMap::new(),
            parked: Vec::new(),
            done: std::collections::VecDeque::new(),
            live: Live::default(),
        }
    }

    /// Takes in one event and says what to do.
    pub fn handle(&mut self, event: Event, now: Now) -> Commands {
        let mut out = Commands::default();
        let looked = matches!(event, Event::Observed(_));
        match event {
            Event::Started(unproven) => self.started(unproven, now, &mut out),
            Event::Asked(id, ask) => self.asked(id, ask, now, &mut out),
            Event::Rows(rows) => self.rows(rows, now, &mut out),
            Event::Observed(seen) => self.observed(seen, now, &mut out),
            Event::Written(ticket, mac) => {
                self.written.insert((ticket, mac));
            }
            Event::RouterLost => self.router_lost(now, &mut out),
            Event::RouterRefusesLogin => self.router_refuses(now, &mut out),
            Event::LinkUp => {
                self.cloud = Cloud::Reachable;
                self.ask_facts(now, &mut out);
                self.deliver(now, &mut out);
            }
            Event::LinkDown => self.link_down(now, &mut out),
            Event::Answered(attempt, answer) => self.answered(attempt, answer, now, &mut out),
            Event::Unanswered(attempt) => self.unanswered(attempt, now, &mut out),
            Event::NotAsked(attempt) => self.not_asked(attempt, now, &mut out),
            Event::Commanded(command) => self.commanded(&command, now, &mut out),
            Event::ClockCorrected(secs) => self.corrected(secs, now, &mut out),
            Event::CorrectedUnwritten(from, by) => self.corrected_again(from, by, now, &mut out),
            Event::Forked => {
                self.resync = Resync::Needed;
                self.resync_after = None;
                self.health(HealthEvent::JournalForked, None, now, &mut out);
                self.ask_facts(now, &mut out);
            }
            Event::StoreClosed => self.store_open = false,
            Event::StoreFailed(secs) => {
                self.health(HealthEvent::StoreFailed, Some(secs), now, &mut out);
            }
            Event::StoreOpen => {
                self.store_open = true;
                self.deliver(now, &mut out);
            }
            Event::Tick => {}
        }
        self.expire(now, &mut out);
        self.reading(looked, now, &mut out);
        out
    }

    /// What the router should have now.
    #[must_use]
    pub fn desired(&self, now: Now) -> Desired {
        let answers = self
            .router
            .seen
            .as_ref()
            .map_or(ObservationNo(0), |seen| seen.number);
        let mut desired = desired::desired(
            &self.state,
            &self.plans,
            &self.cut,
            &self.flows,
            answers,
            now.at,
        );
        self.look_often(&mut desired, now);
        desired
    }

    /// How long it may be left alone, when nothing else happens.
    #[must_use]
    pub fn next_wake(&self, now: Now) -> Duration {
        let by_date = self
            .state
            .tickets
            .next_date()
            .map(|date| date.since(now.at));
        let waiting = !(self.parked.is_empty()
            && self.lookups.is_empty()
            && self.buying.is_empty()
            && self.hands.is_idle());
        by_date
            .into_iter()
            .chain(self.reading_due(now))
            .chain(self.facts_due(now))
            .min()
            .unwrap_or(Duration::from_secs(60))
            .min(if waiting {
                Duration::from_millis(500)
            } else {
                Duration::from_secs(60)
            })
            .max(Duration::from_millis(50))
    }

    /// Until when the controller may send something that a customer waits for, if it may.
    #[must_use]
    pub fn expected_until(&self, now: Now) -> Option<Ticks> {
        let by_prompt = self.purchases.expected_until(now.ticks);
        by_prompt.max(self.hands.expected_until(now.ticks))
    }

    /// How many batches cannot be used here because their key was not sealed to this agent.
    #[must_use]
    pub fn unsealed(&self) -> usize {
        self.unsealed.len()
    }

    /// Whether printed codes are still to be derived, when there is nothing else to do.
    #[must_use]
    pub fn has_codes_to_derive(&self) -> bool {
        self.state.batches.is_unfinished()
    }

    /// Derives some of them. One that is typed in earlier is found all the same.
    pub fn derive_codes(&mut self) {
        self.state.batches.derive(CODES_AT_ONCE);
    }

    /// Whether a session is going on, so that checkpoints matter.
    #[must_use]
    pub fn is_metering(&self) -> bool {
        !self.state.meters.sessions().is_empty()
    }

    /// Whether a date or a running clock depends on the time being remembered.
    #[must_use]
    pub fn needs_floor(&self) -> bool {
        self.state
            .tickets
            .iter()
            .any(|known| known.is_live() || known.ticket.right.sell_by.is_some())
            || self.state.batches.codes() > 0
    }

    /// Counts for `status`: live tickets, tickets known, codes in tables, devices online.
    #[must_use]
    pub fn counts(&self) -> [usize; 4] {
        [
            self.state.tickets.live().count(),
            self.state.tickets.len(),
            self.state.batches.codes(),
            self.online.len(),
        ]
    }

    /// Whether the site still has to take back what it had done.
    #[must_use]
    pub fn needs_resync(&self) -> bool {
        self.resync != Resync::Done
    }

    /// Writes down a fact: applied now, on disk before anything that rests on it leaves.
    fn record(&mut self, fact: Fact, out: &mut Commands) {
        self.state.apply(&fact);
        out.facts.push(fact);
    }

    fn health(&mut self, event: HealthEvent, value: Option<i64>, now: Now, out: &mut Commands) {
        let at = now.at;
        self.record(Fact::Health(HealthFact { event, at, value }), out);
    }

    fn link_down(&mut self, now: Now, out: &mut Commands) {
        self.cloud = Cloud::Away;
        self.ask_facts_anew();
        let waiting: Vec<_> = self.lookups.keys().copied().collect();
        for attempt in waiting {
            self.unanswered(attempt, now, out);
        }
        let waiting: Vec<_> = self.buying.keys().copied().collect();
        for attempt in waiting.into_iter().chain(self.hands.waiting()) {
            self.unanswered(attempt, now, out);
        }
    }

    /// Redeems tickets for the devices that bought them or asked for it.
    fn deliver(&mut self, now: Now, out: &mut Commands) {
        if !self.store_open || self.must_resync_first() {
            return;
        }
        let mut due = self.state.tickets.to_deliver(now.at);
        due.extend(self.state.batches.to_deliver(now.at));
        for (id, mac) in due {
            let site = self.identity.site;
            let Some(candidate) = redeem::ordered(&self.state, site, id, self.cloud) else {
                continue;
            };
            if let Ok(fact) = redeem::decide(candidate, mac, now.at, self.cloud) {
                self.record(Fact::Redeemed(fact), out);
                self.purchases.settled(mac);
                self.hands.settled(mac);
                out.router = true;
            }
        }
    }

    /// Ends what is due and lets go of what waited too long.
    fn expire(&mut self, now: Now, out: &mut Commands) {
        let due: Vec<_> = self
            .state
            .tickets
            .due(now.at)
            .map(|(known, reason)| (known.ticket.id, reason, known.ticket.usage()))
            .collect();
        for (ticket, reason, usage) in due {
            let at = now.at;
            self.record(
                Fact::Ended(EndedFact {
                    ticket,
                    reason,
                    at,
                    usage,
                }),
                out,
            );
            self.written.retain(|(id, _)| *id != ticket);
            self.cut.retain(|(id, _), _| *id != ticket);
            out.router = true;
        }
        self.expire_asks(now, out);
        self.ask_facts_again(now, out);
    }
}

fn random<const N: usize>(rng: &mut StdRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
