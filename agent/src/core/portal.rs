//! What the portal asks of the core and what it is told: pure data. No words for people are here (the portal has them in two
//! languages), and no HTTP.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{AttemptId, Mac, PlanId, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{ByHand, ByHandAnswer, LogoRow, NotClaimed, PayFailure};
use mnara_protocol::money::Money;
use mnara_protocol::plan::Terms;
use mnara_protocol::ticket::{Left, Refusal, Status};

use crate::access::desired::Credential;

pub use mnara_protocol::portal::{Look, PlanView, Trial};

/// What a browser wants. The device is only ever its TCP peer address, looked up in the router's host table.
#[derive(Clone, PartialEq, Eq)]
pub enum Ask {
    /// How things stand for this device.
    Home {
        /// The TCP peer.
        peer: IpAddr,
    },
    /// Use this code.
    Redeem {
        /// The TCP peer.
        peer: IpAddr,
        /// What the customer typed.
        code: String,
    },
    /// Have this phone prompted.
    Buy {
        /// The TCP peer.
        peer: IpAddr,
        /// The plan.
        plan: PlanId,
        /// The plan's revision on the page the customer saw.
        revision: u32,
        /// What the customer typed.
        phone: String,
        /// Whether the customer wants the code by SMS as well.
        by_sms: bool,
    },
    /// Say where to pay by hand.
    ByHand {
        /// The TCP peer.
        peer: IpAddr,
        /// The plan.
        plan: PlanId,
        /// The plan's revision on the page the customer saw.
        revision: u32,
        /// What the customer typed: the number that will pay.
        phone: String,
        /// Whether the customer wants the code by SMS as well.
        by_sms: bool,
    },
    /// Take what this receipt has paid for.
    Claim {
        /// The TCP peer.
        peer: IpAddr,
        /// What the customer typed.
        receipt: String,
        /// What the customer typed: the number that paid.
        phone: String,
    },
    /// Let this device try for nothing.
    Try {
        /// The TCP peer.
        peer: IpAddr,
    },
    /// Give this device's place back.
    LogOut {
        /// The TCP peer.
        peer: IpAddr,
    },
}

impl Ask {
    /// The TCP peer that asks.
    #[must_use]
    pub const fn peer(&self) -> IpAddr {
        match self {
            Self::Home { peer }
            | Self::Redeem { peer, .. }
            | Self::Buy { peer, .. }
            | Self::ByHand { peer, .. }
            | Self::Claim { peer, .. }
            | Self::Try { peer }
            | Self::LogOut { peer } => *peer,
        }
    }
}

/// Codes and phone numbers never reach a log by accident.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Home { .. } => "Home",
            Self::Redeem { .. } => "Redeem",
            Self::Buy { .. } => "Buy",
            Self::ByHand { .. } => "ByHand",
            Self::Claim { .. } => "Claim",
            Self::Try { .. } => "Try",
            Self::LogOut { .. } => "LogOut",
        })
    }
}

/// What the portal is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// To [`Ask::Home`].
    Home(Box<Home>),
    /// To [`Ask::Redeem`]; on success the home shows the ticket.
    Redeemed(Result<Box<Home>, RedeemError>),
    /// To [`Ask::Buy`] and [`Ask::ByHand`]; on success the home shows the purchase, or where to pay.
    Buying(Result<Box<Home>, BuyError>),
    /// To [`Ask::Claim`]; on success the ticket is on its way.
    Claimed(Result<Box<Home>, ClaimError>),
    /// To [`Ask::Try`]; on success the home shows the ticket.
    Tried(Result<Box<Home>, TryError>),
    /// To [`Ask::LogOut`].
    LoggedOut(Box<Home>),
    /// To anything: too much is being asked at once; try again in a few seconds.
    Busy,
}

/// Why a code did not open the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedeemError {
    /// The ticket says no.
    Refused(Refusal),
    /// Too many wrong codes; try again after this many seconds.
    Throttled {
        /// At least one.
        retry_secs: u32,
    },
    /// No ticket could have this code: mistyped.
    BadCode,
    /// The asker is not a device of the hotspot.
    NotInHotspot,
    /// The router lets the asker through without a ticket.
    LetThrough,
    /// The router does not answer, so nobody can be recognised or logged in.
    RouterAway,
    /// The site can write nothing down at present, so it takes no new codes.
    StoreFull,
    /// The site is still taking back what it had done before its store was lost.
    Resyncing,
    /// The code is not known here and the controller cannot be asked.
    CloudAwayUnknown,
}

/// Why a device may not try for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryError {
    /// Nothing is given away here, or not any more.
    NotOffered,
    /// This device had it lately.
    HadOne {
        /// It may have it again after so many seconds.
        again_secs: u32,
    },
    /// The site has given away what it gives on one day.
    DayIsFull,
    /// The asker is not a device of the hotspot.
    NotInHotspot,
    /// The router lets the asker through without a ticket.
    LetThrough,
    /// The router does not answer.
    RouterAway,
    /// The site can write nothing down at present.
    StoreFull,
    /// The site is still taking back what it had done before its store was lost.
    Resyncing,
}

/// Why a purchase did not begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuyError {
    /// The number cannot be an M-PESA number.
    BadPhone,
    /// The plan is not for sale any more.
    PlanGone,
    /// The plan has changed since the page was shown; nothing was charged.
    PriceChanged,
    /// The controller cannot be reached, so M-PESA cannot be asked.
    NoCloud,
    /// The plan is sold at other hours.
    NotNow,
    /// The business does not take M-PESA now.
    SalesClosed,
    /// Too many tries; again after this many seconds.
    TooMany {
        /// At least one.
        retry_secs: u32,
    },
    /// The asker is not a device of the hotspot.
    NotInHotspot,
    /// The router lets the asker through without a ticket.
    LetThrough,
    /// The router does not answer.
    RouterAway,
    /// The rail refused to prompt the phone, and when trying again makes sense.
    NotPrompted(PayFailure, Option<u32>),
}

/// Why a receipt brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimError {
    /// The number cannot be an M-PESA number.
    BadPhone,
    /// That is no receipt.
    BadReceipt,
    /// The controller says no.
    Refused(NotClaimed),
    /// Too many tries; again after this many seconds.
    TooMany {
        /// At least one.
        retry_secs: u32,
    },
    /// The controller cannot be asked.
    NoCloud,
    /// The asker is not a device of the hotspot.
    NotInHotspot,
    /// The router lets the asker through without a ticket.
    LetThrough,
    /// The router does not answer.
    RouterAway,
}

impl ClaimError {
    /// What is said of a receipt whose ticket's code did not open the door.
    pub(super) fn of_code(error: RedeemError) -> Self {
        if error == RedeemError::CloudAwayUnknown {
            Self::NoCloud
        } else {
            Self::Refused(NotClaimed::Spent)
        }
    }
}

/// What a device was told of paying by hand.
#[derive(Clone, PartialEq, Eq)]
pub struct HandView {
    /// The plan's name.
    pub plan_name: String,
    /// What to pay.
    pub price: Money,
    /// Where: how, the number, and the account at a paybill.
    pub place: ByHandAnswer,
    /// The last three digits of the phone it said it pays with.
    pub phone_tail: Option<String>,
}

/// The account is the device's own.
impl fmt::Debug for HandView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandView")
            .field("price", &self.price)
            .finish_non_exhaustive()
    }
}

/// How things stand for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Whose portal it is.
    pub look: Arc<Look>,
    /// The picture the look names, once it is here.
    pub logo: Option<Arc<LogoRow>>,
    /// Who is asking.
    pub device: Device,
    /// What the device may have for nothing now.
    pub trial: Option<Trial>,
    /// What is for sale, in the provider's order.
    pub plans: Vec<PlanView>,
    /// Whether the controller can be reached.
    pub cloud: bool,
    /// Whether the business takes M-PESA now.
    pub sales_open: bool,
    /// How customers may pay by hand, if they may.
    pub by_hand: Option<ByHand>,
    /// Whether no prompts get through at present, as far as the controller has seen.
    pub no_prompts: bool,
    /// Whether the code may be asked for by SMS.
    pub sms: bool,
    /// The device's purchase under way or just failed.
    pub purchase: Option<PurchaseView>,
    /// Where the device pays by hand.
    pub hand: Option<HandView>,
    /// Whether a ticket is on its way that was claimed by receipt.
    pub claimed: bool,
    /// Whether a receipt was named whose payment nobody has seen yet.
    pub named: bool,
    /// The ticket the device uses, or used last.
    pub ticket: Option<TicketView>,
    /// Tickets the device holds that begin when the one in use ends, soonest first; if it holds none, others that it gave back. At most
    /// three.
    pub waiting: Vec<TicketView>,
    /// What the browser may show the controller, while the controller can be reached.
    pub token: Option<DeviceTokenText>,
}

/// A signed token for the controller's public endpoints, and where it is good. It never shows itself in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceTokenText {
    /// What was signed.
    pub text: String,
    /// For how many seconds it is good.
    pub secs: i64,
    /// Whose endpoints take it.
    pub provider: ProviderId,
    /// The site that vouches.
    pub site: SiteId,
}

impl fmt::Debug for DeviceTokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTokenText")
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// Who is asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// A device of the hotspot.
    Known {
        /// Its hardware address, from the router.
        mac: Mac,
        /// Its own address.
        address: IpAddr,
    },
    /// Not in the router's host table.
    NotInHotspot,
    /// A binding on the router lets it through, so it is never logged in.
    LetThrough,
    /// The router does not answer. What is shown is for the device that had the address at the last look, if that was lately.
    RouterAway,
}

/// A purchase on the portal. What the site forgot in a restart is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseView {
    /// The try.
    pub attempt: AttemptId,
    /// The plan's name.
    pub plan_name: Option<String>,
    /// What it costs.
    pub price: Option<Money>,
    /// What of that the phone's credit pays.
    pub credit: Option<Money>,
    /// The last three digits of the phone.
    pub phone_tail: Option<String>,
    /// Where it stands.
    pub state: PurchaseState,
}

/// Where a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseState {
    /// The controller is being asked.
    Asking,
    /// The phone should show the prompt.
    CheckPhone {
        /// Since when.
        since: Timestamp,
    },
    /// It did not happen.
    Failed(PayFailure),
    /// The price had changed; nothing was charged.
    PriceChanged,
    /// The controller went away before it was asked; nothing was charged.
    NoCloud,
    /// No answer came in time: the phone may or may not show a prompt. If money was taken the ticket will come.
    LateUnknown,
}

/// A ticket on the portal.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketView {
    /// Its id.
    pub id: TicketId,
    /// Its code with dashes.
    pub code_shown: String,
    /// The router's user name.
    pub username: Credential,
    /// The router's password.
    pub password: Credential,
    /// The plan's name.
    pub plan_name: String,
    /// What it gives in all.
    pub terms: Terms,
    /// The state word.
    pub status: Status,
    /// Whether this device holds a place on it; else it logged out or another took its place, and the code brings it back.
    pub held: bool,
    /// Whether its clock is held: no device holds a place then, and the code lets it run on.
    pub paused: bool,
    /// How far this device's grant has come.
    pub step: Step,
    /// Whether the router showed this device online at the last look.
    pub online: bool,
    /// What is left.
    pub left: Left,
    /// When it runs out by the clock, once its clock runs.
    pub ends_at: Option<Timestamp>,
    /// How many devices hold it.
    pub devices_used: u16,
    /// How many may.
    pub devices: u16,
    /// Whether it was bought by M-PESA (else printed, or given away).
    pub bought: bool,
    /// Whether it was given away to try.
    pub trial: bool,
    /// Whether the router does not answer at present, so that the log-in has to wait.
    pub router_away: bool,
    /// Whether this device should be online by now: its place has waited long for a router that answers, and the clock has not started.
    pub late: bool,
}

impl fmt::Debug for TicketView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketView")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
