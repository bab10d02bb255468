//! What the two ends say to each other: facts up (journal entries), rows down (feed), questions up with their answers, commands down.
//!
//! Every body is a CBOR map with numbered fields and travels as `(kind, bytes)`. A reader skips fields it does not know; a kind it does
//! not know is kept as bytes (facts, rows) or ignored (commands). Numbers are never used again for something else.

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::grant::Step;
use crate::ids::{
    AttemptId, CommandId, Mac, PaymentId, PlanId, ProviderId, SeriesId, SessionId, SiteId, TicketId,
};
use crate::money::Money;
use crate::plan::Plan;
use crate::ticket::series::Series;
use crate::ticket::{EndReason, Refusal, Right, Slot, Usage};

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadBody {
    /// A later version's kind: keep it raw and apply it after an upgrade.
    #[error("kind {0} is not known to this version")]
    UnknownKind(u16),
    /// A known kind that does not decode: the stream stops with an alarm.
    #[error("a body of kind {0} does not decode")]
    Malformed(u16),
}

macro_rules! bodies {
    ($(#[$doc:meta])* $name:ident { $($(#[$arm_doc:meta])* $kind:literal $arm:ident($body:ty),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$arm_doc])* $arm($body),)*
        }

        impl $name {
            /// Every kind this version knows.
            pub const KINDS: &'static [u16] = &[$($kind),*];

            /// The number of this body's kind on the wire.
            #[must_use]
            pub const fn kind(&self) -> u16 {
                match self {
                    $(Self::$arm(_) => $kind,)*
                }
            }

            /// The bytes of this body.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$arm(body) => to_bytes(body),)*
                }
            }

            /// Reads a body.
            ///
            /// # Errors
            /// [`BadBody`] tells a later version's kind from damage.
            pub fn decode(kind: u16, bytes: &[u8]) -> Result<Self, BadBody> {
                match kind {
                    $($kind => minicbor::decode(bytes).map(Self::$arm).map_err(|_| BadBody::Malformed(kind)),)*
                    other => Err(BadBody::UnknownKind(other)),
                }
            }
        }
    };
}

fn to_bytes<T: Encode<()>>(body: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Ok(()) = minicbor::encode(body, &mut bytes) else {
        unreachable!("writing to a Vec cannot fail");
    };
    bytes
}

bodies! {
    /// Something that happened on a site: the body of a journal entry.
    Fact {
        /// A code was used.
        1 Redeemed(RedeemedFact),
        /// A grant moved forward.
        2 Granted(GrantedFact),
        /// What a session has used so far, or in the end.
        3 Metered(MeteredFact),
        /// A ticket gives access no more.
        4 Ended(EndedFact),
        /// A device gave its place back.
        5 Released(ReleasedFact),
        /// The site's state of health changed.
        6 Health(HealthFact),
        /// Something on the router was not as the agent left it.
        7 Drift(DriftFact),
    }
}

bodies! {
    /// One line of what a site must know: the body of a feed row.
    Row {
        /// Who the site belongs to and how its portal looks; id = the site's.
        1 Site(SiteRow),
        /// A plan; id = the plan's.
        2 Plan(Plan),
        /// A printed batch; id = the series'.
        3 Series(Series),
        /// A bought ticket; id = the ticket's.
        4 Ticket(TicketRow),
        /// How a purchase stands; id = the attempt's.
        5 Checkout(CheckoutRow),
        /// What the controller decided about one ticket of a series; id = the ticket's.
        6 Ruling(RulingRow),
    }
}

bodies! {
    /// What an agent asks of the controller, with an attempt id and a deadline, never queued over a broken link.
    Question {
        /// Please have this phone prompted for this plan.
        1 Checkout(CheckoutQuestion),
        /// Do you know this code?
        2 Lookup(LookupQuestion),
        /// What had this site done, before this store existed?
        3 Facts(FactsQuestion),
    }
}

bodies! {
    /// What the controller answers.
    Answer {
        /// The prompt was accepted by the rail; the rest comes by the feed.
        1 Prompted(PromptedAnswer),
        /// The plan has changed: here it is; nothing was charged.
        2 PlanChanged(Plan),
        /// No prompt was sent.
        3 NotPrompted(NotPromptedAnswer),
        /// The code is known and its ticket is on the way by the feed, or why it is not.
        4 Looked(LookedAnswer),
        /// A page of what the site had done.
        5 Facts(FactsAnswer),
        /// The question was not understood by this version, or came too late.
        6 Refused(RefusedAnswer),
    }
}

bodies! {
    /// A true command: it has an id, an expiry and a result, and is not state.
    Command {
        /// Cut these devices off once; the ticket stays good.
        1 Kick(KickCommand),
        /// Look everything over and report.
        2 Diagnose(DiagnoseCommand),
    }
}

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

/// What a health entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum HealthEvent {
    /// The agent started.
    #[n(0)]
    AgentStarted,
    /// The router stopped answering.
    #[n(1)]
    RouterLost,
    /// The router answers again.
    #[n(2)]
    RouterBack,
    /// The router's uptime went back: it restarted.
    #[n(3)]
    RouterRebooted,
    /// The controller's time differed from the site's by more than a minute.
    #[n(4)]
    ClockCorrected,
    /// The router refuses the agent's log-in.
    #[n(5)]
    RouterRefusesLogin,
    /// The store began a new journal because the old one had forked.
    #[n(6)]
    JournalForked,
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

/// Who a site belongs to and how its portal looks.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SiteRow {
    /// The tenant.
    #[n(0)]
    pub provider: ProviderId,
    /// The site.
    #[n(1)]
    pub site: SiteId,
    /// The business's name.
    #[n(2)]
    pub business_name: String,
    /// The site's name.
    #[n(3)]
    pub site_name: String,
    /// Brand colour as 0xRRGGBB.
    #[n(4)]
    pub colour: u32,
    /// A number customers can call, as people write it.
    #[n(5)]
    pub help_phone: Option<String>,
    /// Whether M-PESA sales are open (credentials proven, subscription good).
    #[n(6)]
    pub sales_open: bool,
}

/// A bought ticket on its way to the site that sold it, or to the site where a customer brought its code.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TicketRow {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// Its code, in the stored form.
    #[n(1)]
    pub code: String,
    /// The router's user name.
    #[n(2)]
    pub username: String,
    /// The router's password.
    #[n(3)]
    pub password: String,
    /// What the controller decided.
    #[n(4)]
    pub right: Right,
    /// The plan's name on the day of sale.
    #[n(5)]
    pub plan_name: String,
    /// What was paid.
    #[n(6)]
    pub price: Money,
    /// The device that asked, to be logged in without typing.
    #[n(7)]
    pub deliver_to: Option<Mac>,
    /// After this it waits as an unstarted ticket.
    #[n(8)]
    pub deliver_until: Option<Timestamp>,
    /// The purchase it came from.
    #[n(9)]
    pub attempt: Option<AttemptId>,
    /// What the site or another had recorded of it, when it was used before it came here.
    #[n(10)]
    pub taken: Option<Taken>,
}

impl std::fmt::Debug for TicketRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TicketRow")
            .field("ticket", &self.ticket)
            .field("right", &self.right)
            .finish_non_exhaustive()
    }
}

/// How a purchase stands.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CheckoutRow {
    /// The try.
    #[n(0)]
    pub attempt: AttemptId,
    /// Its payment.
    #[n(1)]
    pub payment: PaymentId,
    /// The device that asked.
    #[n(2)]
    pub mac: Mac,
    /// Where it stands.
    #[n(3)]
    pub state: CheckoutState,
    /// When it got there.
    #[n(4)]
    pub at: Timestamp,
}

/// Where a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum CheckoutState {
    /// The customer's phone was asked, or it is not known whether it was.
    #[n(0)]
    Pending,
    /// The rail said no.
    #[n(1)]
    Failed(#[n(0)] PayFailure),
    /// Paid; this is the ticket.
    #[n(2)]
    Paid(#[n(0)] TicketId),
}

/// Why a payment did not happen, as the customer should hear it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum PayFailure {
    /// The PIN was wrong.
    #[n(0)]
    WrongPin,
    /// The customer cancelled the prompt.
    #[n(1)]
    Cancelled,
    /// The phone did not answer: off, busy, old SIM.
    #[n(2)]
    NoAnswer,
    /// Too little money.
    #[n(3)]
    NoMoney,
    /// A limit of the customer's account or the day.
    #[n(4)]
    LimitReached,
    /// Another prompt is open on that phone.
    #[n(5)]
    OtherPrompt,
    /// The same amount from the same phone within two minutes.
    #[n(6)]
    TooSoon,
    /// The prompt ran out.
    #[n(7)]
    Expired,
    /// The provider's account is full or blocked.
    #[n(8)]
    ProviderAccount,
    /// The provider's M-PESA settings are wrong.
    #[n(9)]
    ProviderSetup,
    /// M-PESA is busy.
    #[n(10)]
    Busy,
    /// The customer's M-PESA credential is locked.
    #[n(11)]
    Locked,
}

/// What the controller decided about one ticket of a series.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RulingRow {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// Where it was printed.
    #[n(1)]
    pub printed: Printed,
    /// What is decided now.
    #[n(2)]
    pub right: Right,
    /// When settlement gave it to another site.
    #[n(3)]
    pub used_elsewhere: Option<Timestamp>,
}

/// Please have this phone prompted for this plan.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CheckoutQuestion {
    /// The try; repeated on every resend.
    #[n(0)]
    pub attempt: AttemptId,
    /// The plan.
    #[n(1)]
    pub plan: PlanId,
    /// The revision the customer saw.
    #[n(2)]
    pub revision: u32,
    /// The price the customer saw.
    #[n(3)]
    pub price: Money,
    /// The phone to prompt, as twelve digits.
    #[n(4)]
    pub phone: String,
    /// The device, from the router's host table.
    #[n(5)]
    pub mac: Mac,
    /// After this the answer is no use.
    #[n(6)]
    pub deadline: Timestamp,
}

impl std::fmt::Debug for CheckoutQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckoutQuestion")
            .field("attempt", &self.attempt)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

/// Do you know this code? Asked when a customer brings one the site has not.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LookupQuestion {
    /// The try.
    #[n(0)]
    pub attempt: AttemptId,
    /// The code, in the stored form.
    #[n(1)]
    pub code: String,
    /// After this the answer is no use.
    #[n(2)]
    pub deadline: Timestamp,
}

impl std::fmt::Debug for LookupQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LookupQuestion")
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// What had this site done, before this store existed?
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FactsQuestion {
    /// This page's id.
    #[n(0)]
    pub attempt: AttemptId,
    /// The last ticket of the page before.
    #[n(1)]
    pub after: Option<TicketId>,
    /// After this the answer is no use.
    #[n(2)]
    pub deadline: Timestamp,
}

/// The prompt was accepted by the rail, or its outcome is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PromptedAnswer {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
}

/// No prompt was sent.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NotPromptedAnswer {
    /// Why.
    #[n(0)]
    pub reason: PayFailure,
    /// When trying again makes sense, in seconds.
    #[n(1)]
    pub retry_secs: Option<u32>,
}

/// What became of a look-up.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LookedAnswer {
    /// Absent when the ticket is on its way by the feed.
    #[n(0)]
    pub refusal: Option<Refusal>,
}

/// A page of what the site had done.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FactsAnswer {
    /// Tickets that were used here, in id order.
    #[n(0)]
    pub taken: Vec<Taken>,
    /// Whether there are more.
    #[n(1)]
    pub more: bool,
}

/// What a site had recorded of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Taken {
    /// The ticket.
    #[n(0)]
    pub ticket: TicketId,
    /// Where it was printed, if it was.
    #[n(1)]
    pub printed: Option<Printed>,
    /// When its code was used.
    #[n(2)]
    pub redeemed_at: Timestamp,
    /// When its clock started.
    #[n(3)]
    pub since: Option<Timestamp>,
    /// Who holds it.
    #[n(4)]
    pub slots: Vec<Slot>,
    /// What it used.
    #[n(5)]
    pub usage: Usage,
    /// Why and when it ended, if it did.
    #[n(6)]
    pub ended: Option<TakenEnd>,
}

/// How a ticket had ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TakenEnd {
    /// Why.
    #[n(0)]
    pub reason: EndReason,
    /// When.
    #[n(1)]
    pub at: Timestamp,
}

/// Why a question got no answer of its own.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct RefusedAnswer {
    /// Whether it came past its deadline (else it was not understood).
    #[n(0)]
    pub late: bool,
}

/// Cut devices off once.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KickCommand {
    /// The command.
    #[n(0)]
    pub id: CommandId,
    /// Not after this.
    #[n(1)]
    pub expires: Timestamp,
    /// The ticket.
    #[n(2)]
    pub ticket: TicketId,
    /// One device of it, or all.
    #[n(3)]
    pub mac: Option<Mac>,
}

/// Look everything over and report.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct DiagnoseCommand {
    /// The command.
    #[n(0)]
    pub id: CommandId,
    /// Not after this.
    #[n(1)]
    pub expires: Timestamp,
}
