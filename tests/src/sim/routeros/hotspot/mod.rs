//! The hotspot itself: who is in the air, who is known, who is logged in. Pure state; pages are in `servlet/`, the API in `exec.rs`.
mod air;
mod api;
mod limits;
mod login;
mod power;
pub use power::Reboot;

use std::net::Ipv4Addr;

pub(crate) use login::{Attempt, Refusal, Secret};

use super::clock::Ms;

/// A phone in the air, as the world knows it.
#[derive(Debug, Clone)]
pub(crate) struct Station {
    pub(crate) mac: String,
    pub(crate) address: Ipv4Addr,
    /// Answers the router's keepalive.
    pub(crate) awake: bool,
    /// In reach of the hotspot.
    pub(crate) present: bool,
    /// What the phone tries to send and fetch, in bytes per second.
    pub(crate) upload: u64,
    pub(crate) download: u64,
    /// When it last fell silent.
    pub(crate) silent_since: Option<Ms>,
}

/// A row of the router's host table.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) id: u64,
    pub(crate) mac: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) server: String,
    pub(crate) joined: Ms,
    pub(crate) bypassed: bool,
    pub(crate) blocked: bool,
    pub(crate) milli_in: u64,
    pub(crate) milli_out: u64,
}

/// A session of a user. Limits are copied at log-in: later edits of the user do not reach it.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) user_id: u32,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) domain: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) mac: String,
    pub(crate) server: String,
    pub(crate) login_by: &'static str,
    pub(crate) session_id: String,
    pub(crate) started: Ms,
    pub(crate) milli_in: u64,
    pub(crate) milli_out: u64,
    /// What the user had left at log-in.
    pub(crate) left_uptime: Option<Ms>,
    pub(crate) session_timeout: Option<Ms>,
    pub(crate) left_in: Option<u64>,
    pub(crate) left_out: Option<u64>,
    pub(crate) left_total: Option<u64>,
    pub(crate) idle_timeout: Option<Ms>,
    pub(crate) keepalive_timeout: Option<Ms>,
    /// How often its status page is loaded again.
    pub(crate) refresh: Option<Ms>,
    /// Written on the session itself, as old versions allow.
    pub(crate) comment: Option<String>,
    /// Upload and download in bits per second.
    pub(crate) rate: Option<(u64, u64)>,
}

impl Session {
    pub(crate) fn bytes_in(&self) -> u64 {
        self.milli_in / 1000
    }

    pub(crate) fn bytes_out(&self) -> u64 {
        self.milli_out / 1000
    }
}

/// A remembered log-in: by MAC, or by the browser when there is a token.
#[derive(Debug, Clone)]
pub(crate) struct Cookie {
    pub(crate) id: u64,
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) mac: String,
    pub(crate) expires: Ms,
    pub(crate) token: Option<String>,
}

/// Why a session ended, in the words of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    UserRequest,
    AdminReset,
    TrafficLimit,
    UptimeLimit,
    SessionTimeout,
    KeepaliveTimeout,
    IdleTimeout,
    ShuttingDown,
}

impl Cause {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::UserRequest => "user request",
            Self::AdminReset => "admin reset",
            Self::TrafficLimit => "traffic limit reached",
            Self::UptimeLimit => "uptime limit reached",
            Self::SessionTimeout => "session timeout",
            Self::KeepaliveTimeout => "keepalive timeout",
            Self::IdleTimeout => "idle timeout",
            Self::ShuttingDown => "hotspot service is shutting down",
        }
    }

    /// Returns whether the MAC cookie goes with the session.
    fn forgets(self) -> bool {
        match self {
            Self::UserRequest
            | Self::AdminReset
            | Self::TrafficLimit
            | Self::UptimeLimit
            | Self::SessionTimeout => true,
            Self::KeepaliveTimeout | Self::IdleTimeout | Self::ShuttingDown => false,
        }
    }
}
