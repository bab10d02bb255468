//! Live readings of a site: unjournalled, shown while somebody looks, replaced by the next. What must last is a fact.

use super::*;

/// Sessions one reading names at most, so that it always fits a frame; the rest is counted.
pub const SESSIONS_SHOWN: usize = 400;

/// How a site is at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LiveSample {
    /// When it was made.
    #[n(0)]
    pub at: Timestamp,
    /// When the router was last looked at, if ever since the agent started.
    #[n(1)]
    pub looked: Option<Timestamp>,
    /// Whether the router answers.
    #[n(2)]
    pub answers: RouterAnswers,
    /// The router as the last look showed it.
    #[n(3)]
    pub router: Option<RouterSample>,
    /// Its hotspots.
    #[n(4)]
    pub hotspots: Vec<HotspotSample>,
    /// Devices in the hotspot's network, logged in or not.
    #[n(5)]
    pub hosts: u32,
    /// Devices that are logged in.
    #[n(6)]
    pub online: u32,
    /// Who they are; only while somebody watches.
    #[n(7)]
    pub sessions: Option<Vec<SessionSample>>,
}

numbered! {
    /// Whether the router answers its agent.
    pub enum RouterAnswers {
        /// It does.
        0 Yes,
        /// It did, and is out of reach.
        1 Lost,
        /// It refuses the agent's name or password.
        2 Refuses,
        /// It has not answered since the agent started.
        3 NotYet,
    }
}

/// The router itself.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RouterSample {
    /// Its board.
    #[n(0)]
    pub board: String,
    /// Its version, as it writes it.
    #[n(1)]
    pub version: String,
    /// Its processor architecture.
    #[n(2)]
    pub architecture: String,
    /// Seconds since it started.
    #[n(3)]
    pub uptime_secs: u64,
    /// Its processor's load in percent.
    #[n(4)]
    pub cpu_load: u32,
    /// Memory it has free, in bytes.
    #[n(5)]
    pub free_memory: u64,
}

/// One hotspot of the router.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HotspotSample {
    /// Its name.
    #[n(0)]
    pub name: String,
    /// The interface it runs on.
    #[n(1)]
    pub interface: String,
    /// Whether it runs.
    #[n(2)]
    pub runs: bool,
}

/// One device that is logged in.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SessionSample {
    /// The ticket it is on; none for a user the router's owner made.
    #[n(0)]
    pub ticket: Option<TicketId>,
    /// The device.
    #[n(1)]
    pub mac: Mac,
    /// Its address, as text.
    #[n(2)]
    pub address: String,
    /// Seconds since it logged in.
    #[n(3)]
    pub online_secs: u64,
    /// Bytes from the customer since it logged in.
    #[n(4)]
    pub up: u64,
    /// Bytes to the customer since it logged in.
    #[n(5)]
    pub down: u64,
    /// Bits a second from the customer, between the last two looks.
    #[n(6)]
    pub up_bps: Option<u64>,
    /// Bits a second to the customer, between the last two looks.
    #[n(7)]
    pub down_bps: Option<u64>,
}

/// Tells a site that somebody watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct WatchCommand {
    /// The command.
    #[n(0)]
    pub id: CommandId,
    /// Not to be begun after this.
    #[n(1)]
    pub expires: Timestamp,
    /// Until when; an agent bears at most a quarter of an hour of it.
    #[n(2)]
    pub until: Timestamp,
}

/// Gives a device's place on a ticket back, so that the customer's next one may take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReleaseCommand {
    /// The command.
    #[n(0)]
    pub id: CommandId,
    /// Not to be begun after this.
    #[n(1)]
    pub expires: Timestamp,
    /// The ticket.
    #[n(2)]
    pub ticket: TicketId,
    /// The device.
    #[n(3)]
    pub mac: Mac,
}
