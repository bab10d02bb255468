//! What is the case for a device, in one word: it chooses the page, tells the script when to look again, and is what other programs read.
//! No words for people but amounts.

use mnara_protocol::grant::Step;
use mnara_protocol::portal::{Language, Words, data};
use mnara_protocol::ticket::Status;
use serde::Serialize;

use crate::core::portal::{Device, Home, PurchaseState, TicketView};

/// After how many seconds the script of a page that waits looks again.
pub(super) const LOOK_AGAIN: &str = "3";

/// What is the case for a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Situation {
    /// It is not one of the hotspot's.
    NotInHotspot,
    /// The router lets it through without a ticket.
    LetThrough,
    /// Nobody can be recognised.
    RouterAway,
    /// The controller is being asked for a prompt.
    Asking,
    /// The phone should show a prompt.
    CheckPhone,
    /// The owner pays by hand, a ticket is on its way that was claimed, or a payment is waited for whose receipt was named.
    ByHand,
    /// A ticket is on its way to the router.
    Connecting,
    /// The ticket waits for the router.
    Waiting,
    /// On the air.
    Online,
    /// Nobody knows yet what became of a payment.
    Unknown,
    /// A payment did not happen.
    Failed,
    /// It has a ticket, and does not use it.
    NotHere,
    /// Its last ticket is over.
    Ended,
    /// None of these.
    Free,
}

impl Situation {
    /// What is the case.
    pub(super) fn of(home: &Home) -> Self {
        match home.device {
            Device::NotInHotspot => return Self::NotInHotspot,
            Device::LetThrough => return Self::LetThrough,
            Device::Known { .. } | Device::RouterAway => {}
        }
        let purchase = home.purchase.as_ref().map(|purchase| purchase.state);
        match purchase {
            Some(PurchaseState::Asking) => return Self::Asking,
            Some(PurchaseState::CheckPhone { .. }) => return Self::CheckPhone,
            _ => {}
        }
        let ticket = home.ticket.as_ref().map(Self::of_ticket);
        if home.device == Device::RouterAway && ticket != Some(Self::Waiting) {
            return match purchase {
                Some(PurchaseState::LateUnknown) => Self::Unknown,
                _ => Self::RouterAway,
            };
        }
        match (ticket, purchase) {
            (Some(using @ (Self::Connecting | Self::Waiting)), _) => using,
            _ if home.hand.is_some() || home.claimed || home.named => Self::ByHand,
            (Some(Self::Online), _) => Self::Online,
            (_, Some(PurchaseState::LateUnknown)) => Self::Unknown,
            (_, Some(_)) => Self::Failed,
            (ticket, None) => ticket.unwrap_or(Self::Free),
        }
    }

    /// What is the case with a ticket.
    pub(super) const fn of_ticket(ticket: &TicketView) -> Self {
        match ticket.status {
            Status::Used | Status::Expired | Status::Revoked => Self::Ended,
            Status::Active if !ticket.held => Self::NotHere,
            Status::Active if ticket.router_away => Self::Waiting,
            Status::Active if ticket.online => Self::Online,
            Status::Active => Self::Connecting,
        }
    }

    /// Whether it is about to change, so that the page looks again.
    pub(super) const fn is_passing(self) -> bool {
        matches!(
            self,
            Self::RouterAway
                | Self::Asking
                | Self::CheckPhone
                | Self::ByHand
                | Self::Connecting
                | Self::Waiting
                | Self::Unknown
        )
    }

    /// After how many seconds a page's script looks again.
    pub(super) const fn look_again_secs(self) -> Option<&'static str> {
        match self {
            Self::Online => Some("20"),
            passing if passing.is_passing() => Some(LOOK_AGAIN),
            _ => None,
        }
    }

    /// The word.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotInHotspot => "not_in_hotspot",
            Self::LetThrough => "let_through",
            Self::RouterAway => "router_away",
            Self::Asking => "asking",
            Self::CheckPhone => "check_phone",
            Self::ByHand => "by_hand",
            Self::Connecting => "connecting",
            Self::Waiting => "waiting",
            Self::Online => "online",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::NotHere => "not_here",
            Self::Ended => "ended",
            Self::Free => "free",
        }
    }
}

/// Whether nobody knows yet what became of the last payment, whatever else is the case.
pub(super) fn is_payment_unknown(home: &Home) -> bool {
    let purchase = home.purchase.as_ref();
    purchase.is_some_and(|purchase| purchase.state == PurchaseState::LateUnknown)
}

/// Whether the log-in takes longer than usual.
pub(super) fn is_late(home: &Home) -> bool {
    home.ticket.as_ref().is_some_and(|ticket| ticket.late)
}

/// Whether a ticket's clock runs.
pub(super) fn is_running(ticket: &TicketView) -> bool {
    ticket.step >= Step::Confirmed || ticket.ends_at.is_some()
}

/// The time that is left, in words.
pub(super) fn time_left(ticket: &TicketView, words: &Words) -> Option<String> {
    ticket.left.time().map(|left| words.duration(left))
}

#[derive(Serialize)]
struct State {
    state: Situation,
    cloud: bool,
    payment_unknown: bool,
    late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_left: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_left: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_left: Option<u64>,
}

/// `state.json`.
pub(super) fn state_json(home: &Home, language: Language) -> Option<String> {
    let state = Situation::of(home);
    let ticket = home
        .ticket
        .as_ref()
        .filter(|ticket| ticket.status == Status::Active && ticket.held);
    let seconds = ticket.and_then(|ticket| ticket.left.time());
    let bytes = ticket.and_then(|ticket| ticket.left.bytes);
    let state = State {
        state,
        cloud: home.cloud,
        payment_unknown: is_payment_unknown(home),
        late: is_late(home),
        time_left: ticket.and_then(|ticket| time_left(ticket, language.words())),
        data_left: bytes.map(data),
        seconds_left: seconds.map(|left| left.as_secs()),
        bytes_left: bytes,
    };
    serde_json::to_string(&state).ok()
}

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
    expires_in: i64,
    provider: String,
    site: String,
}

/// `token.json`: what a program on this device shows the controller. A page of another site cannot read it here.
pub(super) fn token_json(home: &Home, _: Language) -> Option<String> {
    let token = home.token.as_ref()?;
    let token = Token {
        token: &token.text,
        expires_in: token.secs,
        provider: token.provider.to_string(),
        site: token.site.to_string(),
    };
    serde_json::to_string(&token).ok()
}

#[derive(Serialize)]
struct Plan<'a> {
    id: String,
    revision: u32,
    name: &'a str,
    price: String,
    gives: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    open: bool,
}

/// `plans.json`.
pub(super) fn plans_json(home: &Home, language: Language) -> Option<String> {
    let words = language.words();
    let plans = home.plans.iter().map(|plan| Plan {
        id: plan.id.to_string(),
        revision: plan.revision,
        name: &plan.name,
        price: plan.price.to_string(),
        gives: words.terms(&plan.terms),
        hours: plan.hours.map(|hours| words.hours(&hours)),
        open: plan.is_open,
    });
    serde_json::to_string(&plans.collect::<Vec<_>>()).ok()
}
