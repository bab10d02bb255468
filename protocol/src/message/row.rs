//! Bodies that go down: what a site must know.

use super::*;

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
