//! What the two ends say to each other: facts up (journal entries), rows down (feed), questions up with their answers, commands down.
//!
//! Every body is a CBOR map with numbered fields and travels as `(kind, bytes)`. A reader skips fields it does not know; a kind it does
//! not know is kept as bytes (facts, rows) or ignored (commands). Numbers are never used again for something else.

mod fact;
mod question;
mod report;
mod row;
mod sample;

use minicbor::{Decode, Encode};
use thiserror::Error;

use crate::clock::Timestamp;
use crate::grant::Step;
use crate::ids::{
    AttemptId, CommandId, Mac, PaymentId, PlanId, ProviderId, SeriesId, SessionId, SiteId, TicketId,
};
use crate::money::Money;
use crate::numbered::numbered;
use crate::plan::{Plan, Terms};
use crate::ticket::series::Series;
use crate::ticket::{EndReason, NotNow, Refusal, Right, Slot, Usage};

pub use fact::*;
pub use question::*;
pub use report::*;
pub use row::*;
pub use sample::*;

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
        /// A ticket's clock is held.
        8 Paused(PausedFact),
        /// A held ticket's clock runs on.
        9 Resumed(ResumedFact),
        /// A device took what the site gives away to try.
        10 Tried(TriedFact),
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
        /// What a business says on its portal; id = the site's.
        7 Look(LookRow),
        /// The picture beside a business's name; id = its own.
        8 Logo(LogoRow),
        /// What the site gives away to try; id = the site's.
        9 Trial(TrialRow),
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
        /// Where can this device's owner pay by hand?
        4 ByHand(ByHandQuestion),
        /// Somebody says that this receipt is theirs.
        5 Claim(ClaimQuestion),
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
        /// Where to pay by hand.
        7 ByHand(ByHandAnswer),
        /// What became of a claim.
        8 Claimed(ClaimedAnswer),
    }
}

bodies! {
    /// A true command: it has an id, an expiry and a result, and is not state.
    Command {
        /// Cut these devices off once; the ticket stays good.
        1 Kick(KickCommand),
        /// Look everything over and report.
        2 Diagnose(DiagnoseCommand),
        /// Hold a ticket's clock and take its devices off the air; its code lets it run on.
        3 Pause(HoldCommand),
        /// Let a held ticket's clock run on; the devices that held a place have it back.
        4 Resume(HoldCommand),
        /// Somebody looks: send readings often, with who is online, for a while.
        5 Watch(WatchCommand),
        /// Give a device's place on a ticket back.
        6 Release(ReleaseCommand),
    }
}

bodies! {
    /// A live reading, unjournalled; one that waits for the line is replaced by a newer one.
    Sample {
        /// How the site is.
        1 Live(LiveSample),
    }
}
