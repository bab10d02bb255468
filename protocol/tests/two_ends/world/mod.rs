//! The world: what happens to the two ends and the cable, in what order, and what must be true whenever and at the end.

use std::collections::BTreeSet;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use mnara_protocol::clock::Ticks;
use mnara_protocol::frame::Pinned;
use mnara_protocol::ids::JournalId;
use mnara_protocol::session::{Config, Mark, Session};

use crate::cable::{Cable, Chance, Fate};
use crate::controller::{Cloud, Database, wall};
use crate::site::{Disk, Site};

mod accidents;
mod checks;
mod faults;

pub(crate) use faults::Faults;

/// How many things happen in a world before it calms down.
const DEEDS: u64 = 120;
/// A calm world must have settled after this long: the longest wait between dials, and some.
const CALM: u64 = 40 * 60 * 1000;
/// The longest a dead line may go unnoticed, with a person waiting and without.
const NOTICED_WAITED: u64 = 9_000;
const NOTICED: u64 = 50_000;

pub(crate) struct World {
    pub(crate) site: Site,
    pub(crate) cloud: Cloud,
    pub(crate) dials: u64,
    pub(crate) cuts: u64,
    pub(crate) refused_frames: u64,
    pub(crate) crashes: u64,
    pub(crate) restores: u64,
    pub(crate) rotten: u64,
    pub(crate) dead: u64,
    pub(crate) dead_while_asking: u64,
    pub(crate) trace: Vec<String>,
    now: u64,
    chance: Chance,
    faults: Faults,
    cable: Option<Cable>,
    copies: Vec<Disk>,
    backups: Vec<Database>,
    /// Facts that were in a journal when its disk was replaced by an older copy, and had not reached the controller.
    excused: BTreeSet<Vec<u8>>,
    everything: BTreeSet<Vec<u8>>,
    site_starts_at: Option<u64>,
    cloud_starts_at: Option<u64>,
    checked: usize,
    anchors_checked: usize,
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let mut chance = Chance::new(seed);
        let agent = SigningKey::from_bytes(&chance.bytes());
        let identity = SigningKey::from_bytes(&chance.bytes());
        let config = Config {
            window_entries: 8,
            window_bytes: 2000,
            ..Config::STANDARD
        };
        // Either end, or both, may be of a time when a page waited for the one before it.
        let of = |every| Config {
            pages: if seed.is_multiple_of(every) { 1 } else { 4 },
            ..config
        };
        let pinned = Pinned {
            keys: vec![identity.verifying_key()],
            serial: 0,
        };
        let journal = JournalId::from_bytes(chance.bytes());
        let cloud = Cloud::new(identity, agent.verifying_key(), of(5));
        Self {
            site: Site::new(agent, pinned, journal, of(3)),
            cloud,
            dials: 0,
            cuts: 0,
            refused_frames: 0,
            crashes: 0,
            restores: 0,
            rotten: 0,
            dead: 0,
            dead_while_asking: 0,
            trace: Vec::new(),
            now: 0,
            chance,
            faults,
            cable: None,
            copies: Vec::new(),
            backups: Vec::new(),
            excused: BTreeSet::new(),
            everything: BTreeSet::new(),
            site_starts_at: None,
            cloud_starts_at: None,
            checked: 0,
            anchors_checked: 0,
        }
    }

    /// Lets things happen, then calms down and checks that both ends agree.
    pub(crate) fn live(&mut self) {
        let mut next_deed = 0;
        let mut deeds = 0;
        while deeds < DEEDS {
            let next = self.next_event().map_or(next_deed, |at| at.min(next_deed));
            assert!(next >= self.now);
            self.now = next;
            if self.now == next_deed {
                self.deed();
                deeds += 1;
                let quiet = if self.chance.once_in(12) {
                    400_000
                } else {
                    3_000
                };
                next_deed = self.now + 1 + self.chance.below(quiet);
            }
            self.step();
        }
        self.faults = Faults::NONE;
        if self.rotten > 0 {
            // Rows are compared once a day, and soon after the program has started: that saves this world a day of heartbeats.
            self.crash_site();
        }
        let end = self.now + CALM;
        while !self.settled() {
            self.now = self
                .next_event()
                .expect("a world that waits for nothing is stuck");
            assert!(self.now < end, "not settled: {}", self.state());
            self.step();
        }
        self.check_end();
    }

    fn next_event(&self) -> Option<u64> {
        let lanes = self
            .cable
            .iter()
            .flat_map(|cable| [cable.up.due(), cable.down.due()]);
        let session = self
            .site
            .session
            .as_ref()
            .and_then(Session::poll_timeout)
            .map(Ticks::as_millis);
        lanes
            .chain([
                session,
                self.site.next_store(),
                self.cloud.next_due(),
                self.site_starts_at,
                self.cloud_starts_at,
            ])
            .flatten()
            .min()
            .map(|at| at.max(self.now))
    }

    fn note(&mut self, what: &str) {
        let line = format!("{} {what}", self.now);
        self.trace.push(line);
    }

    /// Something happens in the world.
    fn deed(&mut self) {
        let faults = self.faults;
        if self.chance.once_in(faults.cut) {
            self.cut();
        }
        if self.chance.once_in(faults.crash) {
            self.crash_site();
        }
        if self.chance.once_in(faults.crash) {
            self.crash_cloud();
        }
        if self.chance.once_in(6) {
            self.backups.push(self.cloud.database.clone());
            self.copies.push(self.site.disk.clone());
        }
        if self.chance.once_in(faults.backup) && !self.backups.is_empty() {
            let at = usize::try_from(self.chance.below(self.backups.len() as u64)).unwrap();
            let backup = self.backups[at].clone();
            self.note("controller restored");
            self.restores += 1;
            self.crash_cloud();
            self.cloud.restore(backup);
            self.checked = self.site.acknowledged.len();
            self.backups.clear();
        }
        if self.chance.once_in(faults.old_copy) && !self.copies.is_empty() {
            self.restore_site();
        }
        if self.chance.once_in(faults.rot) {
            self.rot();
        }
        if self.chance.once_in(faults.dead) {
            self.die();
        }
        match self.chance.below(10) {
            0..=3 => {
                let count = 1 + self.chance.below(20);
                let before = self.site.disk.entries.len();
                self.site.happened(self.now, count, &mut self.chance);
                for entry in &self.site.disk.entries[before..] {
                    self.everything.insert(entry.body.clone());
                }
            }
            4..=6 => {
                for _ in 0..=self.chance.below(6) {
                    let kind = u16::try_from(self.chance.below(3)).unwrap();
                    let mut id = [0; 16];
                    id[0] = self.chance.below(20).to_le_bytes()[0];
                    let body =
                        (!self.chance.once_in(4)).then(|| self.chance.bytes::<24>().to_vec());
                    self.cloud.database.put(kind, id, body);
                }
                self.cloud.feed_changed();
            }
            7..=8 => self.site.ask(self.now, &mut self.chance),
            _ => {}
        }
    }

    /// The connection breaks for both ends, though the controller may hear of it late.
    fn cut(&mut self) {
        if self.cable.is_some() {
            self.note("cut");
            self.cuts += 1;
            self.lose_cable();
            self.site.link_lost(self.now, &mut self.chance);
        }
    }

    /// The agent's end is gone. Half of the time the controller sees it; else its end hangs until it is taken over or silent.
    fn lose_cable(&mut self) {
        self.cable = None;
        if self.chance.once_in(2) {
            self.cloud.link = None;
        }
    }

    fn step(&mut self) {
        if self.site_starts_at.is_some_and(|at| at <= self.now) {
            self.site_starts_at = None;
            self.note("agent starts");
            self.site.start();
        }
        if self.cloud_starts_at.is_some_and(|at| at <= self.now) {
            self.cloud_starts_at = None;
            self.note("controller starts");
            self.cloud.up = true;
        }
        self.dial();
        self.carry();
        let now = Ticks::from_millis(self.now);
        if let Some(session) = &mut self.site.session
            && self.site.linked
        {
            session.handle_timeout(now);
        }
        let site_drops = self.site.work(self.now, &mut self.chance);
        let cloud_drops = self.cloud.work(self.now, &mut self.chance);
        self.check_acknowledgements();
        self.check_time();
        self.check_dead_line();
        self.transmit();
        if cloud_drops {
            // What the controller still sent arrives before the end of the stream does.
            if let Some(cable) = &mut self.cable
                && self
                    .cloud
                    .link
                    .as_ref()
                    .is_some_and(|link| link.number == cable.number)
                && cable.dead.is_none()
            {
                cable.down.put(self.now, 1, Vec::new());
            }
            self.cloud.link = None;
        }
        if site_drops && self.site.linked {
            self.note("agent drops");
            self.lose_cable();
            self.site.link_lost(self.now, &mut self.chance);
        }
    }

    fn dial(&mut self) {
        let due = self
            .site
            .session
            .as_ref()
            .and_then(Session::poll_timeout)
            .is_some_and(|at| at.as_millis() <= self.now);
        if self.site.linked || !due {
            return;
        }
        if !self.cloud.up {
            self.site.link_lost(self.now, &mut self.chance);
            return;
        }
        self.dials += 1;
        self.note("dial");
        let nonce = self.chance.bytes();
        self.site.linked = true;
        let session = self.site.session.as_mut().unwrap();
        session.link_up(Ticks::from_millis(self.now), nonce);
        self.cable = Some(Cable {
            number: self.dials,
            ..Cable::default()
        });
        self.cloud.accept(self.now, self.dials, &mut self.chance);
    }

    fn transmit(&mut self) {
        let mut message = Vec::new();
        let mut messages = Vec::new();
        if let Some(session) = &mut self.site.session {
            while session.poll_transmit(&mut message) {
                messages.push(message.clone());
            }
        }
        for message in messages {
            self.send(true, message);
        }
        let Some(link) = &mut self.cloud.link else {
            return;
        };
        let mut messages = Vec::new();
        while link.session.poll_transmit(&mut message) {
            messages.push(message.clone());
        }
        let number = link.number;
        for message in messages {
            if self
                .cable
                .as_ref()
                .is_some_and(|cable| cable.number == number)
            {
                self.send(false, message);
            }
        }
    }

    fn send(&mut self, up: bool, mut message: Vec<u8>) {
        let fate = if self.chance.once_in(self.faults.cable) {
            [
                Fate::Lost,
                Fate::Repeated,
                Fate::Overtakes,
                Fate::Damaged,
                Fate::CutShort,
            ][usize::try_from(self.chance.below(5)).unwrap()]
        } else {
            Fate::Arrives
        };
        let delay = 1 + self.chance.below(200);
        let place = usize::try_from(self.chance.below(message.len() as u64)).unwrap();
        let now = self.now;
        let Some(cable) = &mut self.cable else {
            return;
        };
        if cable.dead.is_some() {
            return;
        }
        let lane = if up { &mut cable.up } else { &mut cable.down };
        match fate {
            Fate::Arrives => lane.put(now, delay, message),
            Fate::Lost => {}
            Fate::Repeated => {
                lane.put(now, delay, message.clone());
                lane.put(now, delay, message);
            }
            Fate::Overtakes => {
                lane.put(now, delay, message);
                lane.overtake();
            }
            Fate::Damaged => {
                message[place] ^= 0x10;
                lane.put(now, delay, message);
            }
            Fate::CutShort => {
                message.truncate(place);
                lane.put(now, delay, message);
                lane.put(now, delay, Vec::new());
            }
        }
    }

    /// Takes what has arrived. An empty message is the end of the stream.
    fn carry(&mut self) {
        let ticks = Ticks::from_millis(self.now);
        while let Some(message) = self
            .cable
            .as_mut()
            .and_then(|cable| cable.up.take(self.now))
        {
            let number = self.cable.as_ref().map_or(0, |cable| cable.number);
            let Some(link) = self
                .cloud
                .link
                .as_mut()
                .filter(|link| link.number == number)
            else {
                continue;
            };
            if message.is_empty() {
                self.cloud.link = None;
                self.cut();
            } else if link
                .session
                .handle_bytes(&message, ticks, Some(wall(self.now)))
                .is_err()
            {
                self.refused_frames += 1;
                self.note("controller refuses a frame");
                self.cloud.link = None;
                self.cut();
            } else {
                self.cloud.work(self.now, &mut self.chance);
            }
        }
        while let Some(message) = self
            .cable
            .as_mut()
            .and_then(|cable| cable.down.take(self.now))
        {
            let Some(session) = self.site.session.as_mut().filter(|_| self.site.linked) else {
                continue;
            };
            if message.is_empty() {
                self.cut();
            } else if session.handle_bytes(&message, ticks, None).is_err() {
                self.refused_frames += 1;
                self.note("agent refuses a frame");
                self.cut();
            } else if self.site.work(self.now, &mut self.chance) && self.site.linked {
                self.cut();
            }
        }
    }
}
