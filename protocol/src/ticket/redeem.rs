//! Using a code: the one rule that the agent applies at the portal and the controller applies when a ticket is redeemed in the cloud.

use super::{EndReason, Phase, Slot, Ticket};
use crate::clock::Timestamp;
use crate::ids::Mac;
use crate::numbered::numbered;

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

numbered! {
    /// Why a code does not open the door. The words for the customer are chosen elsewhere.
    pub enum Refusal {
        /// No ticket has this code.
        0 Unknown,
        /// Its allowance is spent.
        1 Used,
        /// It was not used before its sell-by date.
        2 Expired,
        /// The provider took it back.
        3 Revoked,
        /// It is good at another site.
        4 OtherSite,
        /// It is good here only while the controller can be reached.
        5 NeedsController,
    }
}

impl From<EndReason> for Refusal {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::Duration
            | EndReason::OnlineTime
            | EndReason::Data
            | EndReason::UsedElsewhere
            | EndReason::Other(_) => Self::Used,
            EndReason::SellBy => Self::Expired,
            EndReason::Revoked => Self::Revoked,
        }
    }
}

/// Uses a code for a device.
///
/// A device that holds a place already keeps it. When all places are taken, the newcomer takes the one seen longest ago: whoever types
/// the code has the ticket in hand, and a phone that changed its MAC must not lock its owner out. A paused ticket runs on.
///
/// Being cut off keeps only unused codes shut: one that is in use at this site was settled when it was first used.
///
/// # Errors
/// The reason the door stays shut; the ticket is unchanged then.
pub fn redeem(mut ticket: Ticket, attempt: &Attempt, now: Timestamp) -> Result<Redeemed, Refusal> {
    if let Some(reason) = ticket.due(now) {
        return Err(reason.into());
    }
    match (attempt.place, &ticket.phase) {
        (Place::Elsewhere, _) => return Err(Refusal::OtherSite),
        (Place::CutOff, Phase::Unused) => return Err(Refusal::NeedsController),
        (Place::Good | Place::CutOff, _) => {}
    }
    let newcomer = Slot {
        mac: attempt.mac,
        seen: now,
    };
    let room = usize::from(ticket.right.terms.devices.max(1));
    let mut first = false;
    let mut evicted = None;
    ticket.phase = match ticket.phase {
        Phase::Unused => {
            first = true;
            Phase::Redeemed {
                at: now,
                slots: vec![newcomer],
            }
        }
        Phase::Redeemed { at, mut slots } => {
            evicted = take_place(&mut slots, newcomer, room);
            Phase::Redeemed { at, slots }
        }
        Phase::Running {
            redeemed_at,
            since,
            mut slots,
            usage,
        } => {
            evicted = take_place(&mut slots, newcomer, room);
            Phase::Running {
                redeemed_at,
                since,
                slots,
                usage,
            }
        }
        Phase::Paused {
            redeemed_at,
            since,
            at,
            usage,
        } => Phase::Running {
            redeemed_at,
            since: since + now.since(at),
            slots: vec![newcomer],
            usage,
        },
        Phase::Ended { reason, .. } => return Err(reason.into()),
    };
    Ok(Redeemed {
        ticket,
        first,
        evicted,
    })
}

/// Gives the newcomer a place and says whose it was, if none was free.
fn take_place(slots: &mut Vec<Slot>, newcomer: Slot, room: usize) -> Option<Mac> {
    if let Some(held) = slots.iter_mut().find(|slot| slot.mac == newcomer.mac) {
        held.seen = held.seen.max(newcomer.seen);
        return None;
    }
    let longest_unseen = slots
        .iter()
        .enumerate()
        .min_by_key(|(_, slot)| slot.seen)
        .map(|(place, _)| place)
        .filter(|_| slots.len() >= room);
    let evicted = longest_unseen.map(|place| slots.remove(place).mac);
    slots.push(newcomer);
    evicted
}
