//! A site in moved time: the core, a hotspot that does what `Desired` says, a journal that can be read again. Each file tells one sort of
//! story.

mod buying;
mod by_hand;
mod crashes;
mod fixtures;
mod generated;
mod live;
mod redeeming;
mod time;
mod trying;

pub(in crate::core) use fixtures::*;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mnara_protocol::ids::PaymentId;
use mnara_protocol::message::*;
use mnara_protocol::money::Money;
use mnara_protocol::plan::Terms;
use mnara_protocol::seal;
use mnara_protocol::ticket::Right;
use mnara_protocol::ticket::series::{self, Alphabet, CutOff, Series, SeriesKey};

use super::portal::{Device, Home, RedeemError, TicketView};
use super::*;
use crate::access::desired::{Credential, UserSpec};
use crate::access::observed::{ActiveRow, Host, Observed, RouterFacts, RowId, UserRow};

pub(super) const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);
pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// One user of the hotspot.
#[derive(Clone)]
struct User {
    spec: UserSpec,
    row: u32,
    uptime: u64,
    up: u64,
    down: u64,
}

/// One session of the hotspot.
#[derive(Clone)]
struct Session {
    user: Credential,
    began: u64,
    up: u64,
    down: u64,
}

/// A hotspot that obeys at once and counts as RouterOS does: a session's count joins its user when it ends, and a power cut loses it.
#[derive(Default)]
pub(super) struct Hotspot {
    users: BTreeMap<TicketId, User>,
    sessions: BTreeMap<Mac, Session>,
    pub(super) present: BTreeSet<u8>,
    /// Lets nobody more in: its licence is used up.
    pub(super) is_full: bool,
    /// Devices that it lets through anyway.
    pub(super) bypassed: BTreeSet<u8>,
    uptime: u64,
    looks: u64,
    rows: u32,
}

impl Hotspot {
    fn obey(&mut self, desired: &Desired) {
        let wanted: BTreeMap<_, _> = desired
            .users
            .iter()
            .map(|spec| (spec.ticket, spec.clone()))
            .collect();
        let gone: Vec<_> = self
            .users
            .keys()
            .filter(|id| !wanted.contains_key(id))
            .copied()
            .collect();
        for id in gone {
            let name = self.users[&id].spec.name.clone();
            self.log_out(|_, session| session.user == name);
            self.users.remove(&id);
        }
        for (id, mac) in &desired.cut {
            if let Some(name) = self.users.get(id).map(|user| user.spec.name.clone()) {
                self.log_out(|device, session| session.user == name && device == mac);
            }
        }
        for (id, spec) in wanted {
            self.rows += 1;
            let row = self.rows;
            let user = self.users.entry(id).or_insert_with(|| User {
                spec: spec.clone(),
                row,
                uptime: 0,
                up: 0,
                down: 0,
            });
            user.spec = spec.clone();
            for mac in &spec.devices {
                let here = self
                    .present
                    .iter()
                    .any(|n| Mac::from_bytes([2, 0, 0, 0, 0, *n]) == *mac);
                let mine = self
                    .sessions
                    .get(mac)
                    .is_some_and(|session| session.user == spec.name);
                if here && !mine && !self.is_full {
                    let device = *mac;
                    self.log_out(|other, _| *other == device);
                    let began = self.uptime;
                    self.sessions.insert(
                        *mac,
                        Session {
                            user: spec.name.clone(),
                            began,
                            up: 0,
                            down: 0,
                        },
                    );
                }
            }
        }
    }

    fn log_out(&mut self, which: impl Fn(&Mac, &Session) -> bool) {
        let ended: Vec<_> = self
            .sessions
            .iter()
            .filter(|(mac, session)| which(mac, session))
            .map(|(mac, _)| *mac)
            .collect();
        for mac in ended {
            let session = self.sessions.remove(&mac).unwrap();
            if let Some(user) = self
                .users
                .values_mut()
                .find(|user| user.spec.name == session.user)
            {
                user.uptime += self.uptime - session.began;
                user.up += session.up;
                user.down += session.down;
            }
        }
    }

    /// A device leaves the Wi-Fi.
    pub(super) fn leaves(&mut self, n: u8) {
        self.present.remove(&n);
        self.log_out(|device, _| *device == mac(n));
    }

    pub(super) fn uses(&mut self, n: u8, up: u64, down: u64) {
        if let Some(session) = self.sessions.get_mut(&mac(n)) {
            session.up += up;
            session.down += down;
        }
    }

    /// The power goes: sessions and what they counted are lost.
    pub(super) fn power_cut(&mut self) {
        self.sessions.clear();
        self.uptime = 0;
    }

    pub(super) fn is_online(&self, n: u8) -> bool {
        self.sessions.contains_key(&mac(n))
    }

    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    fn observe(&mut self) -> Arc<Observed> {
        self.looks += 1;
        Arc::new(Observed {
            number: ObservationNo(self.looks),
            router: RouterFacts {
                uptime_secs: self.uptime,
                ..RouterFacts::default()
            },
            servers: Vec::new(),
            profiles: Vec::new(),
            users: self
                .users
                .iter()
                .map(|(ticket, user)| UserRow {
                    id: RowId(format!("*{:X}", user.row)),
                    ticket: *ticket,
                    name: user.spec.name.clone(),
                    password: Some(user.spec.password.clone()),
                    profile: user.spec.profile.clone(),
                    mac: user.spec.mac,
                    limit_uptime: user.spec.limit_uptime,
                    limit_bytes_total: user.spec.limit_bytes,
                    uptime_secs: user.uptime,
                    bytes_in: user.up,
                    bytes_out: user.down,
                    disabled: false,
                })
                .collect(),
            active: self
                .sessions
                .iter()
                .map(|(mac, session)| ActiveRow {
                    id: RowId(format!("*A{mac}")),
                    user: session.user.clone(),
                    address: address(mac.as_bytes()[5]),
                    mac: *mac,
                    server: "hotspot1".to_owned(),
                    uptime_secs: self.uptime - session.began,
                    idle_secs: 0,
                    bytes_in: session.up,
                    bytes_out: session.down,
                })
                .collect(),
            hosts: self
                .present
                .iter()
                .map(|n| Host {
                    id: RowId(format!("*H{n}")),
                    mac: mac(*n),
                    address: address(*n),
                    to_address: None,
                    server: "hotspot1".to_owned(),
                    idle_secs: 0,
                    authorized: self.sessions.contains_key(&mac(*n)),
                    bypassed: self.bypassed.contains(n),
                })
                .collect(),
            cookies: Vec::new(),
        })
    }
}

/// A site that sells.
fn site_row() -> SiteRow {
    SiteRow {
        provider: identity().provider,
        site: identity().site,
        business_name: "Kilele Wi-Fi".to_owned(),
        site_name: "Stage".to_owned(),
        colour: 0x00_aa_00,
        help_phone: None,
        sales_open: true,
        by_hand: None,
        no_prompts_since: None,
        sms: None,
    }
}

/// A site with its journal.
pub(super) struct Site {
    pub(super) core: Core,
    pub(super) hotspot: Hotspot,
    pub(super) ticks: Ticks,
    /// The trusted time at tick zero.
    pub(super) base: Timestamp,
    pub(super) journal: Vec<(u16, Vec<u8>)>,
    pub(super) rows: BTreeMap<(u16, [u8; 16]), Vec<u8>>,
    pub(super) checkpoint: Option<(u64, Vec<u8>)>,
    pub(super) snapshot: Option<Vec<u8>>,
    pub(super) replies: BTreeMap<AskId, Said>,
    pub(super) questions: Vec<(AttemptId, Question)>,
    asked: u64,
    restarts: u8,
}

impl Site {
    /// A site with an hour's plan and a batch of fifty one-hour tickets, its facts taken back, and a router that has been looked at.
    pub(super) fn new() -> Self {
        Self::with(terms())
    }

    pub(super) fn with(terms: Terms) -> Self {
        let core = Replay::new(identity(), [9; 32], true).finish(0);
        let mut site = Self::around(core);
        site.event(Event::Started(None));
        site.row(Row::Site(site_row()));
        site.row(Row::Plan(plan()));
        site.row(Row::Series(batch(terms, CutOff::Anywhere)));
        site.look();
        site
    }

    fn around(core: Core) -> Self {
        Self {
            core,
            hotspot: Hotspot::default(),
            ticks: Ticks::from_millis(0),
            base: NOON,
            journal: Vec::new(),
            rows: BTreeMap::new(),
            checkpoint: None,
            snapshot: None,
            replies: BTreeMap::new(),
            questions: Vec::new(),
            asked: 0,
            restarts: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        Now {
            at: self.base + Duration::from_millis(self.ticks.as_millis()),
            ticks: self.ticks,
        }
    }

    pub(super) fn event(&mut self, event: Event) -> Vec<Fact> {
        let commands = self.core.handle(event, self.now());
        for fact in &commands.facts {
            self.journal.push((fact.kind(), fact.encode()));
        }
        for (id, said) in commands.replies {
            assert!(self.replies.insert(id, said).is_none(), "answered twice");
        }
        for (attempt, question, _) in commands.questions {
            self.questions.push((attempt, question));
        }
        if commands.router {
            let desired = self.core.desired(self.now());
            self.hotspot.obey(&desired);
        }
        commands.facts
    }

    pub(super) fn row(&mut self, row: Row) -> Vec<Fact> {
        let (kind, body) = (row.kind(), row.encode());
        let id = match &row {
            Row::Site(row) => *row.site.as_bytes(),
            Row::Plan(plan) => *plan.id.as_bytes(),
            Row::Series(series) => *series.id.as_bytes(),
            Row::Ticket(row) => *row.ticket.as_bytes(),
            Row::Checkout(row) => *row.attempt.as_bytes(),
            Row::Ruling(row) => *row.ticket.as_bytes(),
            Row::Look(_) | Row::Trial(_) => *identity().site.as_bytes(),
            Row::Logo(_) => [0x0a; 16],
        };
        self.rows.insert((kind, id), body.clone());
        let change = RowChange {
            kind,
            id,
            body: Some(body),
        };
        Core::check(std::slice::from_ref(&change)).unwrap();
        self.event(Event::Rows(vec![change]))
    }

    pub(super) fn look(&mut self) -> Vec<Fact> {
        let seen = self.hotspot.observe();
        self.event(Event::Observed(seen))
    }

    /// Lets time pass, looking every ten seconds.
    pub(super) fn pass(&mut self, time: Duration) {
        let until = self.ticks + time;
        while self.ticks < until {
            let step = until.since(self.ticks).min(Duration::from_secs(10));
            self.ticks = self.ticks + step;
            self.hotspot.uptime += step.as_secs();
            self.look();
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) -> Option<Said> {
        self.asked += 1;
        let id = AskId(self.asked);
        self.event(Event::Asked(id, ask));
        self.replies.remove(&id)
    }

    pub(super) fn joins(&mut self, n: u8) {
        self.hotspot.present.insert(n);
        self.look();
    }

    pub(super) fn types(&mut self, n: u8, code: &str) -> Result<Box<Home>, RedeemError> {
        let ask = Ask::Redeem {
            peer: address(n),
            code: code.to_owned(),
        };
        match self.ask(ask) {
            Some(Said::Redeemed(done)) => done,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn home(&mut self, n: u8) -> Box<Home> {
        match self.ask(Ask::Home { peer: address(n) }) {
            Some(Said::Home(home)) => home,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn ticket(&mut self, n: u8) -> TicketView {
        self.home(n).ticket.unwrap()
    }

    pub(super) fn keep_checkpoint(&mut self) {
        self.checkpoint = Some((self.journal.len() as u64, self.core.checkpoint()));
    }

    /// Keeps the state as a snapshot; the journal before it goes.
    pub(super) fn keep_snapshot(&mut self) {
        self.snapshot = Some(self.core.snapshot());
        self.checkpoint = None;
        self.journal.clear();
    }

    /// Kills the program and reads everything back from the last snapshot, the rows, the last checkpoint and the journal.
    ///
    /// As in life, a program that starts draws random numbers of its own: two of one seed would name two tickets alike.
    pub(super) fn restart(&mut self) -> Vec<Fact> {
        self.restart_after(|_| {})
    }

    /// The same; something is done once the rows are read.
    pub(super) fn restart_after(&mut self, rows: impl FnOnce(&mut Replay)) -> Vec<Fact> {
        self.read_back(rows);
        self.event(Event::Started(None))
    }

    /// Reads everything back, and no more.
    pub(super) fn read_back(&mut self, rows: impl FnOnce(&mut Replay)) {
        self.restarts = self.restarts.wrapping_add(1);
        let mut seed = [10; 32];
        seed[0] = self.restarts;
        let mut replay = Replay::new(identity(), seed, true);
        if let Some(snapshot) = &self.snapshot {
            replay.snapshot(snapshot).unwrap();
        }
        for ((kind, id), body) in &self.rows {
            let change = RowChange {
                kind: *kind,
                id: *id,
                body: Some(body.clone()),
            };
            replay.row(change, self.now());
        }
        rows(&mut replay);
        if let Some((entry, body)) = &self.checkpoint {
            replay.checkpoint(*entry, body).unwrap();
        }
        for (number, (kind, body)) in (1..).zip(&self.journal) {
            replay.entry(number, *kind, body).unwrap();
        }
        self.core = replay.finish(self.journal.len() as u64);
        self.replies.clear();
    }
}

pub(super) const BOUGHT: &str = "7KQ2M0X190AB";
