//! Using a code at this site: which ticket it is, whether it opens the door, and what to write down. The rule itself is the protocol's.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, SiteId, TicketId};
use mnara_protocol::message::{Printed, RedeemedFact};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::Cloud;
use mnara_protocol::ticket::{Attempt, Place, Refusal, Ticket, redeem};

use super::state::State;
use super::tickets::{Known, Origin};

/// A code's ticket as the site knows it.
pub(crate) struct Candidate {
    ticket: Ticket,
    printed: Option<Printed>,
    place: Place,
}

impl Known {
    /// Whether it was sold by the controller, not given away here or printed.
    pub(crate) fn is_sold(&self) -> bool {
        matches!(self.origin, Origin::Bought(_)) && !self.is_trial()
    }

    /// Whether its code is honoured here unasked. That of a bought ticket which went to another site is not: the controller is asked, which
    /// knows what was used there.
    pub(crate) fn is_here(&self) -> bool {
        self.fed || !self.is_sold()
    }
}

/// Finds the ticket of a code.
///
/// # Errors
/// [`Refusal::Unknown`] when the site has none; others when the code is known and spent.
pub(crate) fn find(
    state: &mut State,
    site: SiteId,
    code: &TicketCode,
    cloud: Cloud,
) -> Result<Candidate, Refusal> {
    if let Some(known) = state
        .tickets
        .by_code(code)
        .and_then(|id| state.tickets.find(id))
        .filter(|known| known.is_here())
    {
        return Ok(Candidate {
            ticket: known.ticket.clone(),
            printed: None,
            place: Place::Good,
        });
    }
    let found = state.batches.find(code).ok_or(Refusal::Unknown)?;
    if found.used_elsewhere {
        return Err(Refusal::Used);
    }
    let place = found.series.place(site, cloud);
    let ticket = match state.tickets.find(found.ticket) {
        Some(known) => known.ticket.clone(),
        None if found.spent => return Err(Refusal::Used),
        None => Ticket::unused(found.ticket, found.right),
    };
    Ok(Candidate {
        ticket,
        printed: Some(found.printed),
        place,
    })
}

/// Finds a ticket the site has by its id, for a device that has it in hand.
pub(crate) fn known(state: &State, id: TicketId) -> Option<Candidate> {
    let known = state.tickets.find(id)?;
    Some(Candidate {
        ticket: known.ticket.clone(),
        printed: match known.origin {
            Origin::Bought(_) => None,
            Origin::Printed(printed) => Some(printed),
        },
        place: Place::Good,
    })
}

/// Finds a ticket by its id, for the device it was bought for or that asked the controller to have it used.
pub(crate) fn ordered(
    state: &State,
    site: SiteId,
    id: TicketId,
    cloud: Cloud,
) -> Option<Candidate> {
    known(state, id).or_else(|| {
        let (printed, series, right) = state.batches.ruled(id)?;
        Some(Candidate {
            ticket: Ticket::unused(id, right),
            printed: Some(printed),
            place: series.place(site, cloud),
        })
    })
}

/// Applies the rule and says what to write down.
///
/// # Errors
/// The reason the door stays shut.
pub(crate) fn decide(
    candidate: Candidate,
    mac: Mac,
    now: Timestamp,
    cloud: Cloud,
) -> Result<RedeemedFact, Refusal> {
    let attempt = Attempt {
        mac,
        place: candidate.place,
    };
    let redeemed = redeem(candidate.ticket, &attempt, now)?;
    Ok(RedeemedFact {
        ticket: redeemed.ticket.id,
        printed: candidate.printed,
        mac,
        at: now,
        first: redeemed.first,
        evicted: redeemed.evicted,
        cut_off: cloud == Cloud::Away,
    })
}
