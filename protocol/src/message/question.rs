//! Questions with their answers, and commands.

use super::*;

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
    /// Whether the customer wants the code by SMS as well; an older portal does not ask.
    #[n(7)]
    pub by_sms: Option<bool>,
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

/// Where can this device's owner pay by hand?
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ByHandQuestion {
    /// The try.
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
    /// The phone that will pay, as twelve digits: a till knows its customers by nothing else.
    #[n(4)]
    pub phone: Option<String>,
    /// The device, from the router's host table.
    #[n(5)]
    pub mac: Mac,
    /// After this the answer is no use.
    #[n(6)]
    pub deadline: Timestamp,
    /// Whether the customer wants the code by SMS as well; an older portal does not ask.
    #[n(7)]
    pub by_sms: Option<bool>,
}

impl std::fmt::Debug for ByHandQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ByHandQuestion")
            .field("attempt", &self.attempt)
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

/// Somebody says that this receipt is theirs, and that nothing came of it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClaimQuestion {
    /// The try.
    #[n(0)]
    pub attempt: AttemptId,
    /// The M-PESA receipt.
    #[n(1)]
    pub receipt: String,
    /// The phone that paid, as twelve digits.
    #[n(2)]
    pub phone: String,
    /// The device, from the router's host table.
    #[n(3)]
    pub mac: Mac,
    /// After this the answer is no use.
    #[n(4)]
    pub deadline: Timestamp,
}

impl std::fmt::Debug for ClaimQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimQuestion")
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// The prompt was accepted by the rail, or its outcome is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PromptedAnswer {
    /// The payment.
    #[n(0)]
    pub payment: PaymentId,
    /// What of the price the phone's credit pays, so that it is asked for less; absent when it has none.
    #[n(1)]
    pub credit: Option<Money>,
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

/// Where to pay by hand.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ByHandAnswer {
    /// How.
    #[n(0)]
    pub kind: ByHand,
    /// The number to pay to.
    #[n(1)]
    pub number: String,
    /// What to type as the account; a till asks for none.
    #[n(2)]
    pub account: Option<String>,
}

/// The account is the device's own.
impl std::fmt::Debug for ByHandAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ByHandAnswer")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

numbered! {
    /// Why a receipt brings nothing now.
    pub enum NotClaimed {
        /// No such money is known yet, or the number did not pay it. It is remembered: should the money come, the device gets its ticket.
        0 Unknown,
        /// Its ticket has been used, or it came for something else.
        1 Spent,
        /// It went back.
        2 Returned,
        /// No plan costs as much as was paid.
        3 NoPlan,
        /// Too many tries.
        4 TooMany,
    }
}

/// What became of a claim.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClaimedAnswer {
    /// Absent when the ticket is on its way by the feed.
    #[n(0)]
    pub refusal: Option<NotClaimed>,
    /// When trying again makes sense, in seconds.
    #[n(1)]
    pub retry_secs: Option<u32>,
    /// The ticket's code, in the stored form, when the ticket is spent on a device that was never online with it: the code takes it from
    /// there. A site that does not read this goes by the refusal.
    #[n(2)]
    pub code: Option<String>,
}

/// The code never reaches a log.
impl std::fmt::Debug for ClaimedAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClaimedAnswer")
            .field("refusal", &self.refusal)
            .field("retry_secs", &self.retry_secs)
            .finish_non_exhaustive()
    }
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
    /// Since when its clock is held, if it is.
    #[n(7)]
    pub paused: Option<Timestamp>,
    /// What the site had made of it, if it gave it away to try.
    #[n(8)]
    pub tried: Option<Box<TakenTrial>>,
}

/// A ticket that a site had given away to try, and that nobody else can tell it of.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TakenTrial {
    /// The device.
    #[n(0)]
    pub mac: Mac,
    /// What it gives, as decided now.
    #[n(1)]
    pub right: Right,
    /// Its code, in the stored form.
    #[n(2)]
    pub code: String,
}

/// Its code never reaches a log.
impl std::fmt::Debug for TakenTrial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TakenTrial").finish_non_exhaustive()
    }
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

/// Hold a ticket's clock, or let a held one run on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HoldCommand {
    /// The command.
    #[n(0)]
    pub id: CommandId,
    /// Not after this.
    #[n(1)]
    pub expires: Timestamp,
    /// The ticket.
    #[n(2)]
    pub ticket: TicketId,
}
