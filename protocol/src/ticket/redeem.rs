//! Using a code: the one rule that the agent applies at the portal and the controller applies when a ticket is redeemed in the cloud.

use minicbor::{Decode, Encode};

use super::{EndReason, Phase, Slot, Ticket};
use crate::clock::Timestamp;
use crate::ids::Mac;

/// One use of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The device, from the router's host table.
    pub mac: Mac,
    /// Whether the ticket is good at this site.
    pub place: Place,
}

/// Where the code is being used, as the ticket sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A site where it is good.
    Good,
    /// A site where it is good only while the controller can be asked, and it cannot.
    CutOff,
    /// A site where it is not good.
    Elsewhere,
}

/// A ticket after its code was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The new state.
    pub ticket: Ticket,
    /// Whether this was the first use, which spends the code.
    pub first: bool,
    /// The device whose place the new one took.
    pub evicted: Option<Mac>,
}

/// Why a code does not open the door. The words for the customer are chosen elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Refusal {
    /// No ticket has this code.
    #[n(0)]
    Unknown,
    /// Its allowance is spent.
    #[n(1)]
    Used,
    /// It was not used before its sell-by date.
    #[n(2)]
    Expired,
    /// The provider took it back.
    #[n(3)]
    Revoked,
    /// It is good at another site.
    #[n(4)]
    OtherSite,
    /// It is good here only while the controller can be reached.
    #[n(5)]
    NeedsController,
}

impl From<EndReason> for Refusal {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Duration
            | EndReason::OnlineTime
            | EndReason::Data
            | EndReason::UsedElsewhere => Self::Used,
            EndReason::SellBy => Self::Expired,
            EndReason::Revoked => Self::Revoked,
        }
    }
}

/// Uses a code for a device.
///
/// A device that holds a place already keeps it. When all places are taken, the newcomer takes the one seen longest ago: whoever types
/// the code has the ticket in hand, and a phone that changed its MAC must not lock its owner out.
///
/// # Errors
/// The reason the door stays shut; the ticket is unchanged then.
pub fn redeem(mut ticket: Ticket, attempt: &Attempt, now: Timestamp) -> Result<Redeemed, Refusal> {
    if let Phase::Ended { reason, .. } = &ticket.phase {
        return Err((*reason).into());
    }
    if let Some(reason) = ticket.due(now) {
        return Err(reason.into());
    }
    match attempt.place {
        Place::Good => {}
        Place::CutOff => return Err(Refusal::NeedsController),
        Place::Elsewhere => return Err(Refusal::OtherSite),
    }
    let newcomer = Slot {
        mac: attempt.mac,
        seen: now,
    };
    let room = usize::from(ticket.right.terms.devices.max(1));
    let mut evicted = None;
    let first = match &mut ticket.phase {
        Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } => {
            if let Some(held) = slots.iter_mut().find(|slot| slot.mac == attempt.mac) {
                held.seen = now;
            } else {
                if slots.len() >= room
                    && let Some(oldest) = slots
                        .iter()
                        .enumerate()
                        .min_by_key(|(_, slot)| slot.seen)
                        .map(|(place, _)| place)
                {
                    evicted = Some(slots.remove(oldest).mac);
                }
                slots.push(newcomer);
            }
            false
        }
        Phase::Unused => true,
        Phase::Ended { reason, .. } => return Err((*reason).into()),
    };
    if first {
        ticket.phase = Phase::Redeemed {
            at: now,
            slots: vec![newcomer],
        };
    }
    Ok(Redeemed {
        ticket,
        first,
        evicted,
    })
}
