//! The moves of a ticket one by one, generated lives against a naive model, and lives with power cuts. What all three start from is here.

mod life;
mod moves;
mod power;

use super::*;

/// The moment tests begin.
const START: Timestamp = Timestamp::from_secs(1_800_000_000);

fn secs(after_start: i64) -> Timestamp {
    START.plus_secs(after_start)
}

fn device(number: u8) -> Mac {
    Mac::from_bytes([2, 0, 0, 0, 0, number])
}

/// An hour for one device, without other limits.
fn hour() -> Right {
    Right {
        terms: Terms {
            duration_secs: Some(3600),
            online_secs: None,
            data_bytes: None,
            devices: 1,
            rate: None,
        },
        sell_by: None,
        revoked: None,
        extra_secs: 0,
    }
}

fn unused(right: Right) -> Ticket {
    Ticket::unused(TicketId::from_bytes([5; 16]), right)
}

fn good(number: u8) -> Attempt {
    Attempt {
        mac: device(number),
        place: Place::Good,
    }
}

/// A ticket that device 1 used at the start and the router confirmed ten seconds later.
fn running(right: Right) -> Ticket {
    redeem(unused(right), &good(1), START)
        .unwrap()
        .ticket
        .confirmed(secs(10))
}
