//! Bodies that go up: what happened on a site.

use super::*;

/// A code was used at the portal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RedeemedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// The series and number it was printed under; absent for a bought ticket.
    #[n(1)]
    pub printed: Option<Printed>,
    /// The device.
    #[n(2)]
    pub mac: Mac,
    /// When, by the site's trusted clock.
    #[n(3)]
    pub at: Timestamp,
    /// Whether this use spent the code.
    #[n(4)]
    pub first: bool,
    /// Whose place it took.
    #[n(5)]
    pub evicted: Option<Mac>,
    /// Whether the controller could not be asked at the time.
    #[n(6)]
    pub cut_off: bool,
}

/// A device took what the site gives away to try: a ticket that the site made itself, used by that device at once.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TriedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// The device.
    #[n(1)]
    pub mac: Mac,
    /// When, by the site's trusted clock.
    #[n(2)]
    pub at: Timestamp,
    /// What it gives.
    #[n(3)]
    pub right: Right,
    /// Its code, in the stored form: twelve characters that are the router's user name and password too.
    #[n(4)]
    pub code: String,
    /// Whether the controller could not be asked at the time.
    #[n(5)]
    pub cut_off: bool,
}

/// Its code never reaches a log.
impl std::fmt::Debug for TriedFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TriedFact")
            .field("ticket", &self.ticket)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Where a printed ticket comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Printed {
    /// The batch.
    #[n(0)]
    pub series: SeriesId,
    /// Its number in the batch.
    #[n(1)]
    pub index: u32,
}

/// A grant moved forward.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GrantedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// The device.
    #[n(1)]
    pub mac: Mac,
    /// Where it is now.
    #[n(2)]
    pub step: Step,
    /// Since when.
    #[n(3)]
    pub at: Timestamp,
}

/// What a session has used: sums since it began, never differences.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MeteredFact {
    /// The session.
    #[n(0)]
    pub session: SessionId,
    /// The ticket.
    #[n(1)]
    pub ticket: TicketId,
    /// The device.
    #[n(2)]
    pub mac: Mac,
    /// When it began.
    #[n(3)]
    pub began: Timestamp,
    /// When it was read.
    #[n(4)]
    pub at: Timestamp,
    /// Its own sums.
    #[n(5)]
    pub usage: Usage,
    /// The ticket's sums over all its sessions.
    #[n(6)]
    pub total: Usage,
    /// Whether the session is over.
    #[n(7)]
    pub over: bool,
}

/// A ticket gives access no more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct EndedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// Why.
    #[n(1)]
    pub reason: EndReason,
    /// When.
    #[n(2)]
    pub at: Timestamp,
    /// What it used in all.
    #[n(3)]
    pub usage: Usage,
}

/// A device gave its place back.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ReleasedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// The device.
    #[n(1)]
    pub mac: Mac,
    /// When.
    #[n(2)]
    pub at: Timestamp,
}

/// A ticket's clock is held: its devices are off and what is left stays.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PausedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// What it used so far.
    #[n(2)]
    pub usage: Usage,
}

/// A held ticket's clock runs on without anybody having typed its code, which is a [`RedeemedFact`] and does the same.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ResumedFact {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// When.
    #[n(1)]
    pub at: Timestamp,
}

numbered! {
    /// What a health entry is about.
    pub enum HealthEvent {
        /// The agent started.
        0 AgentStarted,
        /// The router stopped answering.
        1 RouterLost,
        /// The router answers again.
        2 RouterBack,
        /// The router's uptime went back: it restarted.
        3 RouterRebooted,
        /// The controller's time differed from the site's by more than a minute.
        4 ClockCorrected,
        /// The router refuses the agent's log-in.
        5 RouterRefusesLogin,
        /// The store began a new journal because the old one had forked.
        6 JournalForked,
        /// Nothing could be written down for a while, which is over: the disk was full or failing. No code was taken meanwhile.
        7 StoreFailed,
    }
}

/// The site's state of health changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HealthFact {
    /// What happened.
    #[n(0)]
    pub event: HealthEvent,
    /// When.
    #[n(1)]
    pub at: Timestamp,
    /// A number that belongs to it, such as the seconds a clock was off.
    #[n(2)]
    pub value: Option<i64>,
}

/// Something on the router was not as the agent left it, and was put right.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DriftFact {
    /// The ticket it concerned, if one.
    #[n(0)]
    pub ticket: Option<TicketId>,
    /// How many repairs were made.
    #[n(1)]
    pub repairs: u32,
    /// When.
    #[n(2)]
    pub at: Timestamp,
}
