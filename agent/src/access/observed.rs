//! What the router said just now, in our words. Pure values; reading them off the wire is `observe`'s work. Nothing here is
//! remembered from an earlier look.

use std::collections::BTreeMap;
use std::net::IpAddr;

use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::Rate;

use super::desired::{Credential, ObservationNo};

/// The router's own name for a row, such as `*1A`; good until the row is removed or the router restarts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowId(pub String);

/// Everything the loop looks at, read in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Which look this was.
    pub number: ObservationNo,
    /// The router itself.
    pub router: RouterFacts,
    /// Its hotspots.
    pub servers: Vec<Server>,
    /// The user profiles that bear our prefix.
    pub profiles: Vec<ProfileRow>,
    /// The hotspot users that bear our comment.
    pub users: Vec<UserRow>,
    /// Every device that is logged in, ours or not.
    pub active: Vec<ActiveRow>,
    /// Every device the hotspot has seen, logged in or not.
    pub hosts: Vec<Host>,
    /// Every remembered log-in, ours or not.
    pub cookies: Vec<CookieRow>,
}

impl Observed {
    /// The device behind each TCP peer address: first among the addresses the router translates to, then among the devices' own.
    #[must_use]
    pub fn peers(&self) -> BTreeMap<IpAddr, &Host> {
        let mut peers = BTreeMap::new();
        let translated = self
            .hosts
            .iter()
            .filter_map(|host| Some((host.to_address?, host)));
        let own = self.hosts.iter().map(|host| (host.address, host));
        for (peer, host) in translated.chain(own) {
            peers.entry(peer).or_insert(host);
        }
        peers
    }

    /// Lists the sessions that run under a user name.
    pub fn sessions_of<'a>(&'a self, user: &'a Credential) -> impl Iterator<Item = &'a ActiveRow> {
        self.active.iter().filter(move |row| row.user == *user)
    }

    /// Adds up what each ticket has used by the router's count: what its user row has from ended sessions and what its running
    /// sessions have so far. A session that ends between the two reads is missing until the next look, so a smaller figure
    /// than the last one is no news; a power cut loses what running sessions had.
    #[must_use]
    pub fn usage(&self) -> BTreeMap<TicketId, Usage> {
        let mut sessions: BTreeMap<&Credential, Usage> = BTreeMap::new();
        for row in &self.active {
            let sum = sessions.entry(&row.user).or_default();
            sum.uptime_secs = sum.uptime_secs.saturating_add(row.uptime_secs);
            sum.bytes_in = sum.bytes_in.saturating_add(row.bytes_in);
            sum.bytes_out = sum.bytes_out.saturating_add(row.bytes_out);
        }
        let mut used: BTreeMap<TicketId, Usage> = BTreeMap::new();
        for row in &self.users {
            let running = sessions.get(&row.name).copied().unwrap_or_default();
            let sum = used.entry(row.ticket).or_default();
            sum.uptime_secs = sum
                .uptime_secs
                .saturating_add(row.uptime_secs)
                .saturating_add(running.uptime_secs);
            sum.bytes_in = sum
                .bytes_in
                .saturating_add(row.bytes_in)
                .saturating_add(running.bytes_in);
            sum.bytes_out = sum
                .bytes_out
                .saturating_add(row.bytes_out)
                .saturating_add(running.bytes_out);
        }
        used
    }
}

/// What a ticket has used, as the router counts it. Connected seconds of several devices add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Connected seconds, all devices together.
    pub uptime_secs: u64,
    /// Bytes from the customer.
    pub bytes_in: u64,
    /// Bytes to the customer.
    pub bytes_out: u64,
}

/// The router itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterFacts {
    /// Its identity.
    pub identity: String,
    /// Its version as it writes it, such as `7.20.8 (long-term)`.
    pub version: String,
    /// Its board.
    pub board: String,
    /// Its processor architecture.
    pub architecture: String,
    /// Seconds since it started; smaller than before means it has restarted.
    pub uptime_secs: u64,
    /// Memory it has free, in bytes.
    pub free_memory: u64,
    /// Its processor's load in percent.
    pub cpu_load: u64,
}

/// One hotspot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// The interface it runs on.
    pub interface: String,
    /// Whether it is switched off.
    pub disabled: bool,
    /// Whether the router says it cannot run.
    pub invalid: bool,
}

/// One user profile of ours. A value the router has that we would never write is `Foreign`, so that it gets written over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// The row.
    pub id: RowId,
    /// Its name.
    pub name: String,
    /// Its speed limit.
    pub rate: Setting<Rate>,
    /// How many devices of a user may be online at once; `Off` for no limit.
    pub shared_users: Setting<u16>,
    /// How long a silent device stays online, in seconds.
    pub keepalive_secs: Setting<u32>,
    /// How long the router logs a known device in by itself, in seconds.
    pub mac_cookie_secs: Setting<u32>,
}

/// A setting as the router has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting<T> {
    /// Switched off, or not there.
    Off,
    /// Set to this.
    On(T),
    /// Set to something we do not write.
    Foreign,
}

impl<T: Copy + PartialEq> Setting<T> {
    /// Says whether the router has just what is wanted.
    pub fn is(self, wanted: Option<T>) -> bool {
        match (self, wanted) {
            (Self::Off, None) => true,
            (Self::On(has), Some(wants)) => has == wants,
            (Self::Off | Self::On(_) | Self::Foreign, _) => false,
        }
    }
}

/// One hotspot user of ours. Its counters stand still while a session runs and take the session in when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The row.
    pub id: RowId,
    /// Its ticket, from the comment.
    pub ticket: TicketId,
    /// Its name.
    pub name: Credential,
    /// Its password, if the router shows it.
    pub password: Option<Credential>,
    /// Its profile's name.
    pub profile: String,
    /// The only device that may use it.
    pub mac: Option<Mac>,
    /// The router's limit on connected seconds over the user's life.
    pub limit_uptime: Option<u64>,
    /// The router's limit on bytes over the user's life.
    pub limit_bytes_total: Option<u64>,
    /// Connected seconds of ended sessions.
    pub uptime_secs: u64,
    /// Bytes from the customer in ended sessions.
    pub bytes_in: u64,
    /// Bytes to the customer in ended sessions.
    pub bytes_out: u64,
    /// Whether it is switched off.
    pub disabled: bool,
}

/// One device that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveRow {
    /// The row.
    pub id: RowId,
    /// The user it is logged in as.
    pub user: Credential,
    /// Its address.
    pub address: IpAddr,
    /// Its hardware address.
    pub mac: Mac,
    /// The hotspot it is on.
    pub server: String,
    /// Seconds since it logged in.
    pub uptime_secs: u64,
    /// Seconds since it last sent anything.
    pub idle_secs: u64,
    /// Bytes from it.
    pub bytes_in: u64,
    /// Bytes to it.
    pub bytes_out: u64,
}

/// A device that was silent for this long has gone.
const GONE_IDLE_SECS: u64 = 240;

/// One device the hotspot has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The row.
    pub id: RowId,
    /// Its hardware address.
    pub mac: Mac,
    /// The address it uses.
    pub address: IpAddr,
    /// The address others see, when the router translates.
    pub to_address: Option<IpAddr>,
    /// The hotspot it is on.
    pub server: String,
    /// Seconds since it last sent anything.
    pub idle_secs: u64,
    /// Whether it is logged in.
    pub authorized: bool,
    /// Whether a binding lets it through without logging in.
    pub bypassed: bool,
}

impl Host {
    /// Whether the device is there, and not only its row: one that was silent for long has gone.
    ///
    /// Logged in, its time would run for nobody until keepalive ends the session, which is to take longer than this, and then again.
    #[must_use]
    pub const fn is_there(&self) -> bool {
        self.idle_secs < GONE_IDLE_SECS
    }

    /// The address to log the device in by: the translated one where there is one.
    #[must_use]
    pub fn login_address(&self) -> IpAddr {
        self.to_address.unwrap_or(self.address)
    }
}

/// One remembered log-in, by which the router logs a device in by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieRow {
    /// The row.
    pub id: RowId,
    /// The user it logs in.
    pub user: Credential,
    /// The device it is for.
    pub mac: Option<Mac>,
}
