//! Tickets as the controller keeps them: issued for a payment, printed in series, revoked. Rows are in [`store`]; each change that
//! owns a transaction is a file of its own.

pub mod counter;
pub mod expire;
pub mod extend;
pub mod feed;
pub mod issue;
pub mod pages;
pub mod paper;
pub mod refresh;
pub mod revoke;
pub mod series;
pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PlanId, TicketId};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{EndReason, Phase, Right, Status, Ticket, Usage};

/// A ticket with what only the controller keeps of it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The ticket as both ends see it. Devices are the sites' affair: the slots are empty here.
    pub ticket: Ticket,
    /// Its code.
    pub code: TicketCode,
    /// The router's user name.
    pub username: String,
    /// The router's password.
    pub password: String,
    /// The plan it was made from; none for what a site gave away to try.
    pub plan: Option<PlanId>,
    /// The device that took it to try.
    pub tried_by: Option<Mac>,
    /// The plan's name on that day.
    pub plan_name: String,
    /// What it cost.
    pub price: Money,
}

/// What sites reported of a ticket, summed over them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reported {
    /// When its code was first used.
    pub redeemed_at: Option<Timestamp>,
    /// When its clock started.
    pub started_at: Option<Timestamp>,
    /// Since when its clock is held, if it is.
    pub paused_at: Option<Timestamp>,
    /// When and why it ended.
    pub ended: Option<(Timestamp, EndReason)>,
    /// What it used.
    pub usage: Usage,
}

/// Puts what the controller decided and what sites reported together. An end that the present decision no longer bears out (time was added,
/// a revocation was taken back) is no end.
///
/// What a ticket is now is always computed so. The word in `tickets.status` is as of the last change of its row and lags behind dates
/// that pass until [`expire`] has written it: queries that need it now compare the dates as well.
#[must_use]
pub fn assemble(id: TicketId, right: Right, reported: &Reported, now: Timestamp) -> Ticket {
    let Reported {
        redeemed_at,
        started_at,
        paused_at,
        ended,
        usage,
    } = *reported;
    let phase = match (redeemed_at, started_at, ended) {
        (_, since, Some((at, reason))) => Phase::Ended {
            redeemed_at,
            since,
            at,
            reason,
            usage,
        },
        (Some(redeemed_at), Some(since), None) => match paused_at {
            Some(at) => Phase::Paused {
                redeemed_at,
                since,
                at,
                usage,
            },
            None => Phase::Running {
                redeemed_at,
                since,
                slots: Vec::new(),
                usage,
            },
        },
        (Some(at), None, None) => Phase::Redeemed {
            at,
            slots: Vec::new(),
        },
        (None, _, None) => Phase::Unused,
    };
    // A site's clock may be a little ahead of ours: what it ended was due at that time.
    let now = ended.map_or(now, |(at, _)| now.max(at));
    Ticket { id, right, phase }.ruled(right, now)
}

/// The date the public API shows: the sell-by date of an unused one, when a running one's duration ends, when an ended one ended. One
/// that is used and waits for its device, or is paused, has none.
#[must_use]
pub fn expires_at(ticket: &Ticket) -> Option<Timestamp> {
    match &ticket.phase {
        Phase::Running { .. } => ticket.ends_at(),
        Phase::Ended { at, .. } => Some(*at),
        Phase::Unused => ticket.right.sell_by,
        Phase::Redeemed { .. } | Phase::Paused { .. } => None,
    }
}

/// Where a ticket is in its life, in a word for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has used its code.
    Unused,
    /// Its code was used, and the router has not let a device in yet.
    Connecting,
    /// Its clock runs.
    Running,
    /// Its clock is held.
    Paused,
    /// What it gives is used up.
    Used,
    /// A date passed first.
    Expired,
    /// It was taken back.
    Revoked,
}

impl Stage {
    /// Where a ticket is now.
    #[must_use]
    pub fn of(ticket: &Ticket, now: Timestamp) -> Self {
        match (ticket.status(now), &ticket.phase) {
            (Status::Used, _) => Self::Used,
            (Status::Expired, _) => Self::Expired,
            (Status::Revoked, _) => Self::Revoked,
            (Status::Active, Phase::Unused) => Self::Unused,
            (Status::Active, Phase::Redeemed { .. }) => Self::Connecting,
            (Status::Active, Phase::Paused { .. }) => Self::Paused,
            (Status::Active, Phase::Running { .. } | Phase::Ended { .. }) => Self::Running,
        }
    }

    /// Whether it can still give access, so that its code is worth money.
    #[must_use]
    pub const fn is_good(self) -> bool {
        matches!(
            self,
            Self::Unused | Self::Connecting | Self::Running | Self::Paused
        )
    }

    /// The word in files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unused => "unused",
            Self::Connecting => "connecting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A code with all but its ends hidden.
#[must_use]
pub fn masked(code: &TicketCode) -> String {
    let text = code.as_str();
    format!("{}••••{}", &text[..2], &text[text.len() - 1..])
}

/// A ticket's code as it stands where nobody writes down who sees it: hidden while it is worth money.
#[must_use]
pub fn in_passing(kept: &Kept, now: Timestamp) -> String {
    if Stage::of(&kept.ticket, now).is_good() {
        masked(&kept.code)
    } else {
        kept.code.shown()
    }
}
