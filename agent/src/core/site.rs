//! Feed rows: what the controller decides for this site. They are on disk before they come here, and a later row of the same id takes
//! the place of an earlier one.

use std::sync::Arc;

use mnara_protocol::ids::{AttemptId, PlanId, SeriesId, TicketId};
use mnara_protocol::message::{BadBody, ByHand, EndedFact, Fact, ResumedFact, Row, RulingRow};
use mnara_protocol::money::Currency;
use mnara_protocol::seal;
use mnara_protocol::ticket::series::{Alphabet, Series, SeriesKey};
use mnara_protocol::ticket::{EndReason, Phase};
use thiserror::Error;

use super::state::State;
use super::tickets::Origin;
use super::{Commands, Core, Now};

/// The kind of the row of a bought ticket.
const TICKET: u16 = 4;

/// One row of the feed as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct RowChange {
    /// What kind of row.
    pub kind: u16,
    /// Which row.
    pub id: [u8; 16],
    /// Its body; `None` when it is gone.
    pub body: Option<Vec<u8>>,
}

/// A body may hold a code.
impl std::fmt::Debug for RowChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowChange")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Says that a row of a known kind does not decode: the feed stops there rather than skip it.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a feed row of kind {kind} does not decode")]
pub struct BadRow {
    /// Which kind.
    pub kind: u16,
}

impl Core {
    /// Checks that rows can be applied, before they are stored. Rows of kinds that only a later version knows pass: they are kept raw.
    ///
    /// # Errors
    /// [`BadRow`] names the first that cannot.
    pub fn check(rows: &[RowChange]) -> Result<(), BadRow> {
        for row in rows {
            let Some(body) = &row.body else { continue };
            match Row::decode(row.kind, body) {
                Ok(_) | Err(BadBody::UnknownKind(_)) => {}
                Err(BadBody::Malformed(kind)) => return Err(BadRow { kind }),
            }
        }
        Ok(())
    }

    pub(super) fn rows(&mut self, rows: Vec<RowChange>, now: Now, out: &mut Commands) {
        for row in rows {
            if row.kind == TICKET && row.body.is_none() {
                self.moved_on(TicketId::from_bytes(row.id), now, out);
            }
            self.row(row, now);
        }
        self.end_used_elsewhere(now, out);
        self.deliver(now, out);
        self.try_lookups(now, out);
        self.answer_buyers(now, out);
        out.router = true;
    }

    /// Takes everybody off a bought ticket that goes to another site: it serves as many devices as were sold at one site, not at each.
    fn moved_on(&mut self, ticket: TicketId, now: Now, out: &mut Commands) {
        let Some(known) = self.state.tickets.find(ticket).filter(|it| it.is_sold()) else {
            return;
        };
        let held: Vec<_> = known.ticket.slots().iter().map(|slot| slot.mac).collect();
        let at = now.at;
        // Typed at the next site it runs on, so the clock that is held here does too.
        if matches!(known.ticket.phase, Phase::Paused { .. }) {
            self.record(Fact::Resumed(ResumedFact { ticket, at }), out);
        }
        for mac in held {
            self.let_go(ticket, mac, now, out);
            self.give_back_waiting(ticket, mac, now, out);
        }
    }

    /// The same for those whose row went before this start, while nobody was taken off yet.
    pub(super) fn release_moved(&mut self, now: Now, out: &mut Commands) {
        let tickets = self.state.tickets.iter();
        let gone: Vec<_> = tickets
            .filter(|known| !known.is_here() && !matches!(known.ticket.phase, Phase::Ended { .. }))
            .map(|known| known.ticket.id)
            .collect();
        for ticket in gone {
            self.moved_on(ticket, now, out);
        }
    }

    /// Applies one row; nothing is written down for it, since the row itself is on disk.
    pub(super) fn row(&mut self, change: RowChange, now: Now) {
        let Some(body) = change.body else {
            self.row_gone(change.kind, change.id);
            return;
        };
        // What does not decode here is of a later version: `check` has stopped the rest before they were stored.
        let Ok(row) = Row::decode(change.kind, &body) else {
            return;
        };
        match row {
            Row::Site(site) => {
                self.sales_open = site.sales_open;
                // What only a later version knows how to pay is not paid so.
                self.by_hand = site.by_hand.filter(|kind| ByHand::KNOWN.contains(kind));
                self.no_prompts_since = site.no_prompts_since;
                self.sms = site.sms.unwrap_or_default();
                Arc::make_mut(&mut self.look).take_site(site);
            }
            Row::Plan(mut plan) => {
                // A price in money that only a later version knows cannot be shown, so it is not asked.
                plan.on_sale &= Currency::KNOWN.contains(&plan.price.currency());
                self.plans.insert(plan.id, plan);
            }
            Row::Series(series) => self.series(series, now),
            Row::Ticket(row) => {
                let id = row.ticket;
                self.state.tickets.take_row(row, now.at);
                if let Some(taken) = self.strays.remove(&id) {
                    self.state.take_back(&taken, now.at);
                }
            }
            Row::Checkout(row) => self.purchases.take_row(row),
            Row::Ruling(row) => self.ruling(row, now),
            Row::Look(row) => Arc::make_mut(&mut self.look).take_look(Some(row)),
            Row::Trial(row) => self.state.trials.take_row(Some(row)),
            Row::Logo(row) => {
                self.logos.insert(change.id, Arc::new(row));
            }
        }
    }

    fn row_gone(&mut self, kind: u16, id: [u8; 16]) {
        const PLAN: u16 = 2;
        const SERIES: u16 = 3;
        const CHECKOUT: u16 = 5;
        const RULING: u16 = 6;
        const LOOK: u16 = 7;
        const LOGO: u16 = 8;
        const TRIAL: u16 = 9;
        match kind {
            PLAN => {
                self.plans.remove(&PlanId::from_bytes(id));
            }
            SERIES => {
                let id = SeriesId::from_bytes(id);
                self.unsealed.remove(&id);
                self.state.batches.drop_row(id);
            }
            TICKET => self.state.tickets.drop_row(TicketId::from_bytes(id)),
            CHECKOUT => self.purchases.drop_row(AttemptId::from_bytes(id)),
            RULING => self.state.batches.drop_ruling(TicketId::from_bytes(id)),
            LOOK => Arc::make_mut(&mut self.look).take_look(None),
            TRIAL => self.state.trials.take_row(None),
            LOGO => {
                self.logos.remove(&id);
            }
            // The site's own row stays; other kinds are a later version's.
            _ => {}
        }
    }

    fn series(&mut self, series: Series, now: Now) {
        let context = seal::series_key_context(series.id, self.identity.site);
        let key = seal::open(&self.identity.signing, &context, &series.sealed_key)
            .ok()
            .and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
        let known = Alphabet::KNOWN.contains(&series.alphabet);
        let Some(key) = key.filter(|_| known) else {
            // `status` tells how many: the codes of such a batch cannot be used here until it is sealed anew, or until this agent knows
            // their letters.
            self.unsealed.insert(series.id);
            return;
        };
        let id = series.id;
        let is_revoked = series.right.revoked.is_some();
        self.unsealed.remove(&id);
        self.state.batches.take(series, SeriesKey::from_bytes(key));
        if is_revoked {
            self.take_back_series(id, now);
        }
        let back: Vec<_> = self
            .strays
            .values()
            .filter(|taken| taken.printed.is_some_and(|printed| printed.series == id))
            .cloned()
            .collect();
        for taken in back {
            self.state.take_back(&taken, now.at);
            self.strays.remove(&taken.ticket);
        }
    }

    /// Rules what was used of a series that was taken back: also what runs gives no access any more, and what was used while the site was
    /// cut off, of which the controller has not heard.
    fn take_back_series(&mut self, id: SeriesId, now: Now) {
        let State {
            tickets, batches, ..
        } = &mut self.state;
        let used: Vec<_> = tickets
            .iter()
            .filter_map(|known| match known.origin {
                Origin::Printed(printed) if printed.series == id => {
                    Some((known.ticket.id, batches.right(printed)?))
                }
                Origin::Printed(_) | Origin::Bought(_) => None,
            })
            .collect();
        for (ticket, right) in used {
            tickets.rule(ticket, right, now.at);
        }
    }

    fn ruling(&mut self, row: RulingRow, now: Now) {
        let ticket = row.ticket;
        let right = self.state.batches.rule(row);
        self.state.tickets.rule(ticket, right, now.at);
    }

    /// Ends live tickets that settlement gave to another site. One that was used here before stays: the controller has not heard of it
    /// yet, and takes its word back when it has.
    fn end_used_elsewhere(&mut self, now: Now, out: &mut Commands) {
        let lost: Vec<_> = self
            .state
            .tickets
            .live()
            .filter(|known| {
                let elsewhere = self.state.batches.used_elsewhere(known.ticket.id);
                let here = known.ticket.redeemed_at();
                elsewhere.is_some_and(|first| here.is_none_or(|here| first <= here))
            })
            .map(|known| (known.ticket.id, known.ticket.usage()))
            .collect();
        for (ticket, usage) in lost {
            self.record(
                Fact::Ended(EndedFact {
                    ticket,
                    reason: EndReason::UsedElsewhere,
                    at: now.at,
                    usage,
                }),
                out,
            );
        }
    }
}
