//! What a plan is made of: one value for each thing that can be done to the router. The commands they become are in `apply`.

use std::net::IpAddr;

use mnara_protocol::ids::{Mac, TicketId};

use super::super::desired::{Credential, ProfileSpec};
use super::super::observed::RowId;

/// One thing to do, safe to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Makes a user profile.
    AddProfile {
        /// Its name.
        name: String,
        /// What it says.
        spec: ProfileSpec,
    },
    /// Writes a user profile over.
    SetProfile {
        /// The row.
        id: RowId,
        /// Its name.
        name: String,
        /// What it says.
        spec: ProfileSpec,
    },
    /// Switches a user off, so that it cannot come back while it is cut off.
    DisableUser {
        /// The row.
        id: RowId,
        /// Its ticket.
        ticket: TicketId,
    },
    /// Takes away a remembered log-in.
    RemoveCookie {
        /// The row.
        id: RowId,
        /// The user's ticket.
        ticket: TicketId,
    },
    /// Ends a session.
    RemoveActive {
        /// The row.
        id: RowId,
        /// The user's ticket.
        ticket: TicketId,
        /// The device.
        mac: Mac,
        /// What for.
        why: Cut,
    },
    /// Removes a user that has no session and no cookie any more, so that its counters hold all it used.
    RemoveUser {
        /// The row.
        id: RowId,
        /// Its ticket.
        ticket: TicketId,
    },
    /// Makes a hotspot user.
    AddUser {
        /// Its ticket; goes into the comment.
        ticket: TicketId,
        /// Its name.
        name: Credential,
        /// Its password.
        password: Credential,
        /// Its profile.
        profile: String,
        /// The only device that may use it.
        mac: Option<Mac>,
        /// The limit on connected seconds over its life.
        limit_uptime: Option<u64>,
        /// The limit on bytes over its life.
        limit_bytes: Option<u64>,
    },
    /// Changes a hotspot user where it differs.
    SetUser {
        /// The row.
        id: RowId,
        /// Its ticket.
        ticket: TicketId,
        /// What differs.
        change: UserChange,
    },
    /// Logs a device in.
    LogIn {
        /// The user's ticket.
        ticket: TicketId,
        /// The user's row, when it was there before this list.
        row: Option<RowId>,
        /// The user's name.
        name: Credential,
        /// The user's password.
        password: Credential,
        /// The device.
        mac: Mac,
        /// Its address.
        address: IpAddr,
    },
    /// Removes a user profile nobody uses.
    RemoveProfile {
        /// The row.
        id: RowId,
        /// Its name.
        name: String,
    },
}

impl Action {
    /// Says whether it only gives, so that doing it on an older look can take nothing from anybody.
    #[must_use]
    pub const fn gives(&self) -> bool {
        match self {
            Self::AddProfile { .. }
            | Self::SetProfile { .. }
            | Self::AddUser { .. }
            | Self::SetUser { .. }
            | Self::LogIn { .. } => true,
            Self::DisableUser { .. }
            | Self::RemoveCookie { .. }
            | Self::RemoveActive { .. }
            | Self::RemoveUser { .. }
            | Self::RemoveProfile { .. } => false,
        }
    }

    /// The ticket it is about, if it is about one.
    #[must_use]
    pub const fn ticket(&self) -> Option<TicketId> {
        match self {
            Self::DisableUser { ticket, .. }
            | Self::RemoveCookie { ticket, .. }
            | Self::RemoveActive { ticket, .. }
            | Self::RemoveUser { ticket, .. }
            | Self::AddUser { ticket, .. }
            | Self::SetUser { ticket, .. }
            | Self::LogIn { ticket, .. } => Some(*ticket),
            Self::AddProfile { .. } | Self::SetProfile { .. } | Self::RemoveProfile { .. } => None,
        }
    }
}

/// Why a session is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The ticket gives no access any more.
    Ended,
    /// The device is not to be online with it any more.
    LoggedOut,
    /// The device has moved to another address.
    Stale,
    /// The ticket's places are needed for devices that must be online.
    Surplus,
}

/// What of a user differs. The outer `Option` says whether to write, the inner one what, `None` being none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// The password.
    pub password: Option<Credential>,
    /// The profile.
    pub profile: Option<String>,
    /// The only device.
    pub mac: Option<Option<Mac>>,
    /// The limit on connected seconds.
    pub limit_uptime: Option<Option<u64>>,
    /// The limit on bytes.
    pub limit_bytes: Option<Option<u64>>,
    /// Switch it on again.
    pub enable: bool,
}

impl UserChange {
    /// Says whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
