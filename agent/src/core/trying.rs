//! What the site gives away to try, also while the controller is away. Who may have it, `trials` says.

use std::net::IpAddr;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::message::{Fact, RedeemedFact, TriedFact};
use mnara_protocol::portal::Trial;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::Cloud;
use mnara_protocol::ticket::{Right, Ticket, login};

use super::portal::{Device, TryError};
use super::state::State;
use super::tickets::{Bought, Known, Origin};
use super::{Commands, Core, Now, Resync, random, redeem};
use crate::access::desired::Credential;

/// Codes drawn before giving up; with 60 bits a second draw is already a sign of trouble.
const DRAWS: u8 = 4;

impl State {
    /// Takes in that a device had a trial.
    pub(super) fn tried(&mut self, fact: &TriedFact) -> bool {
        self.trials.note(fact.mac, fact.at);
        self.admit_trial(fact.ticket, &fact.code, fact.right)
            && self.tickets.redeemed(&RedeemedFact {
                ticket: fact.ticket,
                printed: None,
                mac: fact.mac,
                at: fact.at,
                first: true,
                evicted: None,
                cut_off: fact.cut_off,
            })
    }

    /// Makes sure a ticket that the site gave away is known. What the controller has decided about it since stands.
    pub(super) fn admit_trial(&mut self, id: TicketId, code: &str, right: Right) -> bool {
        if self.tickets.mark_trial(id) {
            return true;
        }
        let Ok(code) = TicketCode::parse(code) else {
            return false;
        };
        let login = login::of_code(&code);
        self.tickets.restore(Known {
            ticket: Ticket::unused(id, right),
            origin: Origin::Bought(Box::new(Bought {
                code,
                username: Credential::new(login.username),
                password: Credential::new(login.password),
                plan_name: String::new(),
                deliver_to: None,
                deliver_until: None,
                attempt: None,
                trial: true,
            })),
            fed: false,
        });
        true
    }
}

impl Core {
    /// What a device is offered to try.
    pub(super) fn trial_for(&self, mac: Mac, holds_ticket: bool, now: Timestamp) -> Option<Trial> {
        if holds_ticket || !self.store_open || self.resync != Resync::Done {
            return None;
        }
        self.state.trials.may(mac, now).ok().map(Trial::from)
    }

    /// Lets a device try. One that has a ticket already keeps to that, and one that left its trial goes on with it.
    pub(super) fn try_free(
        &mut self,
        peer: IpAddr,
        now: Now,
        out: &mut Commands,
    ) -> Result<(), TryError> {
        let mac = match self.device(peer) {
            Device::Known { mac, .. } => mac,
            Device::NotInHotspot => return Err(TryError::NotInHotspot),
            Device::LetThrough => return Err(TryError::LetThrough),
            Device::RouterAway => return Err(TryError::RouterAway),
        };
        if !self.store_open {
            return Err(TryError::StoreFull);
        }
        if self.resync != Resync::Done {
            // Who had one is not known here.
            return Err(TryError::Resyncing);
        }
        if !self.state.tickets.of_device(mac).is_empty() || self.goes_on(mac, now, out) {
            return Ok(());
        }
        let row = *self.state.trials.may(mac, now.at)?;
        let fact = TriedFact {
            ticket: TicketId::new(now.at, random(&mut self.rng)),
            mac,
            at: now.at,
            right: Right {
                terms: row.terms,
                sell_by: None,
                revoked: None,
                extra_secs: 0,
            },
            code: self.free_code().as_str().to_owned(),
            cut_off: self.cloud == Cloud::Away,
        };
        self.record(Fact::Tried(fact), out);
        self.purchases.settled(mac);
        out.router = true;
        Ok(())
    }

    /// Takes up a trial again that its device had logged out of.
    fn goes_on(&mut self, mac: Mac, now: Now, out: &mut Commands) -> bool {
        let last = self
            .state
            .tickets
            .last_of(mac)
            .filter(|last| last.is_trial());
        let Some(last) = last.map(|last| last.ticket.id) else {
            return false;
        };
        let Some(candidate) = redeem::known(&self.state, last) else {
            return false;
        };
        let Ok(fact) = redeem::decide(candidate, mac, now.at, self.cloud) else {
            return false;
        };
        let evicted = fact.evicted;
        self.cut.remove(&(last, mac));
        self.record(Fact::Redeemed(fact), out);
        if let Some(evicted) = evicted {
            self.cut_off(last, evicted);
            self.give_back_waiting(last, evicted, now, out);
        }
        out.router = true;
        true
    }

    fn free_code(&mut self) -> TicketCode {
        let mut code = TicketCode::from_random(random(&mut self.rng));
        for _ in 1..DRAWS {
            if self.state.tickets.by_code(&code).is_none() {
                break;
            }
            code = TicketCode::from_random(random(&mut self.rng));
        }
        code
    }
}

impl Known {
    /// Whether the site gave it away to try.
    pub(crate) fn is_trial(&self) -> bool {
        matches!(&self.origin, Origin::Bought(bought) if bought.trial)
    }
}
