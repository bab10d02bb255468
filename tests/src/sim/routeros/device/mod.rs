//! The router as data: tables, the phones it sees, sessions, cookies, log. Pure: time is told to it and nothing is sent from it.
mod certificates;
pub(crate) mod edit;
pub(crate) mod files;
pub(crate) mod rows;
mod seed;
mod table;

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

pub(crate) use table::{Row, Table, Usage};

use super::clock::Ms;
use super::hotspot::{Cookie, Host, Session, Station};
use super::tls::Identity;
use super::version::Version;

/// How many log lines a router keeps.
const LOG_LINES: usize = 1000;

/// What real hardware does and the facts leave open; the defaults are the worst case for a controller.
#[derive(Debug, Clone, Copy, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Removing or disabling a user ends the user's sessions.
    pub user_change_cuts_session: bool,
    /// Cookies are kept over a reboot.
    pub cookies_survive_reboot: bool,
    /// Removing one session removes all sessions of the same user.
    pub remove_takes_siblings: bool,
    /// From 7.21 on passwords are shown only to a print with `show-sensitive`.
    pub secrets_need_flag: bool,
    /// The licence's limit of sessions.
    pub licensed_sessions: Option<usize>,
    /// The licence's level, as a board has one; without it a cloud router's.
    pub licence_level: Option<u8>,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            user_change_cuts_session: false,
            cookies_survive_reboot: true,
            remove_takes_siblings: false,
            secrets_need_flag: false,
            licensed_sessions: None,
            licence_level: None,
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone)]
pub(crate) struct LogLine {
    pub(crate) id: u64,
    pub(crate) at: i64,
    pub(crate) topics: &'static str,
    pub(crate) message: String,
}

/// A connection of the API, as `/user/active` shows it.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) via: &'static str,
    pub(crate) since: i64,
}

/// Everything a router knows, and the phones around it.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) version: Version,
    pub(crate) knobs: Knobs,
    /// The time up to which everything has been worked out.
    pub(crate) now: Ms,
    pub(crate) booted: Ms,
    /// Whether the router is running.
    pub(crate) up: bool,
    /// Whether it was told to stay down.
    pub(crate) shut_down: bool,
    /// Seconds since 1970 the router believes it was when it booted.
    pub(crate) calendar: i64,
    pub(crate) tables: BTreeMap<&'static str, Table>,
    /// Phones in the air, whether the router knows them or not.
    pub(crate) stations: BTreeMap<String, Station>,
    pub(crate) hosts: BTreeMap<Ipv4Addr, Host>,
    pub(crate) sessions: BTreeMap<Ipv4Addr, Session>,
    pub(crate) cookies: Vec<Cookie>,
    pub(crate) members: BTreeMap<u64, Member>,
    /// Connections of the API that somebody ended by `/user/active`.
    pub(crate) ended: Vec<u64>,
    /// The keys behind certificates, by the number of their row.
    pub(crate) identities: BTreeMap<u32, Arc<Identity>>,
    pub(crate) log: VecDeque<LogLine>,
    /// How often each menu changed, so that listeners look only when they must.
    pub(crate) revisions: BTreeMap<&'static str, u64>,
    pub(crate) identifiers: u64,
    /// Usage of trial users by MAC: the time of first use and the time used.
    pub(crate) trials: BTreeMap<String, (Ms, Ms)>,
}

impl Device {
    pub(crate) fn new(version: Version, knobs: Knobs, calendar: i64) -> Self {
        let mut device = Self {
            version,
            knobs,
            now: 0,
            booted: 0,
            up: true,
            shut_down: false,
            calendar,
            tables: BTreeMap::new(),
            stations: BTreeMap::new(),
            hosts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            cookies: Vec::new(),
            members: BTreeMap::new(),
            ended: Vec::new(),
            identities: BTreeMap::new(),
            log: VecDeque::new(),
            revisions: BTreeMap::new(),
            identifiers: 1,
            trials: BTreeMap::new(),
        };
        device.seed();
        device
    }

    /// Marks a menu as changed.
    pub(crate) fn touch(&mut self, menu: &'static str) {
        *self.revisions.entry(menu).or_default() += 1;
    }

    /// Returns how often anything changed.
    pub(crate) fn revision(&self) -> u64 {
        self.revisions.values().sum()
    }

    pub(crate) fn next_identifier(&mut self) -> u64 {
        self.identifiers += 1;
        self.identifiers
    }

    pub(crate) fn table(&self, menu: &str) -> &Table {
        self.tables.get(menu).expect("every stored menu is seeded")
    }

    pub(crate) fn table_mut(&mut self, menu: &str) -> &mut Table {
        self.tables
            .get_mut(menu)
            .expect("every stored menu is seeded")
    }

    /// Returns what the router believes the date to be, in seconds since 1970.
    pub(crate) fn calendar_now(&self) -> i64 {
        let running = i64::try_from((self.now - self.booted) / 1000).unwrap_or_default();
        self.calendar + running
    }

    pub(crate) fn note(&mut self, topics: &'static str, message: impl Into<String>) {
        let id = self.next_identifier();
        let line = LogLine {
            id,
            at: self.calendar_now(),
            topics,
            message: message.into(),
        };
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(line);
        self.touch("/log");
    }

    /// Returns the hotspot profile of a server.
    pub(crate) fn server_profile(&self, server: &str) -> Option<&Row> {
        let server = self.table("/ip/hotspot").named(server)?;
        self.table("/ip/hotspot/profile")
            .named(&server.text("profile"))
    }

    /// Returns the first server that runs.
    pub(crate) fn running_server(&self) -> Option<&Row> {
        self.table("/ip/hotspot")
            .rows
            .iter()
            .find(|row| !row.is("disabled"))
    }
}
