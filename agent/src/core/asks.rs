//! What browsers ask: home, use a code, buy, log out. Each ask is answered exactly once, now or when what it waits for comes or does not.

use std::net::IpAddr;
use std::time::Duration;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::{AttemptId, Mac, PlanId};
use mnara_protocol::message::{
    Answer, CheckoutQuestion, Fact, LookedAnswer, LookupQuestion, PayFailure, Question,
};
use mnara_protocol::plan::Plan;
use mnara_protocol::ticket::Refusal;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::Cloud;

use super::portal::{Ask, BuyError, ClaimError, Device, PurchaseState, RedeemError, Said};
use super::purchases::{DEADLINE, NotNow, Wanted, phone_digits};
use super::redeem;
use super::{AskId, Commands, Core, Lookup, Now, Resync};

/// How long an unknown device's ask waits for looks at the router.
const LOOK_WAIT: Duration = Duration::from_secs(2);
/// Looks after which a device that is still unknown is none of the hotspot's: the first may have begun before it joined.
const LOOKS: u8 = 2;
/// How long a buyer's page waits for the controller before it shows that it is asking.
const BUY_WAIT: Duration = Duration::from_secs(6);
/// How long a code's ticket may take by the feed once the controller knows it.
pub(super) const ROW_WAIT: Duration = Duration::from_secs(10);
/// Asks waiting at once, of each sort.
pub(super) const WAITING: usize = 256;
/// Codes the controller is asked about at once.
const LOOKUPS: usize = 8;

/// An ask of a device nobody knows yet.
pub(super) struct Parked {
    id: AskId,
    ask: Ask,
    until: Ticks,
    /// Looks that have come since.
    looks: u8,
}

impl Core {
    pub(super) fn asked(&mut self, id: AskId, ask: Ask, now: Now, out: &mut Commands) {
        if self.device(ask.peer()) == Device::NotInHotspot && self.parked.len() < WAITING {
            // It may have joined since the last look.
            self.parked.push(Parked {
                id,
                ask,
                until: now.ticks + LOOK_WAIT,
                looks: 0,
            });
            out.look = true;
            return;
        }
        self.serve(id, ask, now, out);
    }

    /// Serves asks that waited for this look, if their device is known now or will not be.
    pub(super) fn serve_parked(&mut self, now: Now, out: &mut Commands) {
        for parked in &mut self.parked {
            parked.looks = parked.looks.saturating_add(1);
        }
        self.serve_ready(now, out);
        out.look |= !self.parked.is_empty();
    }

    /// Serves asks whose device is known, and those that have waited long enough.
    fn serve_ready(&mut self, now: Now, out: &mut Commands) {
        let waited = std::mem::take(&mut self.parked);
        for parked in waited {
            let over = parked.looks >= LOOKS || parked.until <= now.ticks;
            if over || self.device(parked.ask.peer()) != Device::NotInHotspot {
                self.serve(parked.id, parked.ask, now, out);
            } else {
                self.parked.push(parked);
            }
        }
    }

    fn serve(&mut self, id: AskId, ask: Ask, now: Now, out: &mut Commands) {
        let peer = ask.peer();
        let said = match ask {
            Ask::Home { peer } => Some(Said::Home(self.home(peer, now))),
            Ask::Redeem { peer, code } => self
                .redeem(id, peer, &code, now, out)
                .map(|done| Said::Redeemed(done.map(|()| self.home(peer, now)))),
            Ask::Buy {
                plan,
                revision,
                phone,
                by_sms,
                ..
            } => match self.buy(id, peer, (plan, revision), (&phone, by_sms), now, out) {
                Ok(true) => None,
                Ok(false) => Some(Said::Buying(Ok(self.home(peer, now)))),
                Err(None) => Some(Said::Busy),
                Err(Some(error)) => Some(Said::Buying(Err(error))),
            },
            Ask::ByHand {
                plan,
                revision,
                phone,
                by_sms,
                ..
            } => match self.by_hand(id, peer, (plan, revision), (&phone, by_sms), now, out) {
                Ok(true) => None,
                Ok(false) => Some(Said::Buying(Ok(self.home(peer, now)))),
                Err(None) => Some(Said::Busy),
                Err(Some(error)) => Some(Said::Buying(Err(error))),
            },
            Ask::Claim { receipt, phone, .. } => self
                .claim(id, peer, &receipt, &phone, now, out)
                .map(|error| Said::Claimed(Err(error))),
            Ask::Try { peer } => {
                let done = self.try_free(peer, now, out);
                Some(Said::Tried(done.map(|()| self.home(peer, now))))
            }
            Ask::LogOut { peer } => {
                self.log_out(peer, now, out);
                Some(Said::LoggedOut(self.home(peer, now)))
            }
        };
        if let Some(said) = said {
            out.replies.push((id, said));
        }
    }

    /// Whether the controller is there to say what this site had done, and has not yet.
    pub(super) fn must_resync_first(&self) -> bool {
        self.resync != Resync::Done && self.cloud == Cloud::Reachable
    }

    /// Uses a code. `None` when the controller is being asked about it.
    fn redeem(
        &mut self,
        id: AskId,
        peer: IpAddr,
        typed: &str,
        now: Now,
        out: &mut Commands,
    ) -> Option<Result<(), RedeemError>> {
        let mac = match self.device(peer) {
            Device::Known { mac, .. } => mac,
            Device::NotInHotspot => return Some(Err(RedeemError::NotInHotspot)),
            Device::LetThrough => return Some(Err(RedeemError::LetThrough)),
            Device::RouterAway => return Some(Err(RedeemError::RouterAway)),
        };
        let Ok(code) = TicketCode::parse(typed) else {
            return Some(Err(RedeemError::BadCode));
        };
        if !self.store_open {
            return Some(Err(RedeemError::StoreFull));
        }
        if self.must_resync_first() {
            return Some(Err(RedeemError::Resyncing));
        }
        if let Err(retry_secs) = self.throttle.may_try(mac, now.ticks) {
            return Some(Err(RedeemError::Throttled { retry_secs }));
        }
        match self.use_code(&code, mac, now, out) {
            Ok(()) => Some(Ok(())),
            Err(Refusal::Unknown) => self.look_up(id, peer, mac, code, now, out).map(Err),
            Err(refusal) => {
                self.throttle.was_wrong(mac, now.ticks);
                Some(Err(RedeemError::Refused(refusal)))
            }
        }
    }

    fn use_code(
        &mut self,
        code: &TicketCode,
        mac: Mac,
        now: Now,
        out: &mut Commands,
    ) -> Result<(), Refusal> {
        let candidate = redeem::find(&mut self.state, self.identity.site, code, self.cloud)?;
        let fact = redeem::decide(candidate, mac, now.at, self.cloud)?;
        let (ticket, evicted) = (fact.ticket, fact.evicted);
        self.cut.remove(&(ticket, mac));
        self.record(Fact::Redeemed(fact), out);
        if let Some(evicted) = evicted {
            self.cut_off(ticket, evicted);
            self.give_back_waiting(ticket, evicted, now, out);
        }
        self.purchases.settled(mac);
        self.hands.settled(mac);
        out.router = true;
        Ok(())
    }

    /// Asks the controller about a code the site does not know. Says why not, if it cannot.
    fn look_up(
        &mut self,
        id: AskId,
        peer: IpAddr,
        mac: Mac,
        code: TicketCode,
        now: Now,
        out: &mut Commands,
    ) -> Option<RedeemError> {
        // Wrong until proven right, so that many at once gain nothing.
        self.throttle.was_wrong(mac, now.ticks);
        if self.cloud == Cloud::Away {
            return Some(RedeemError::CloudAwayUnknown);
        }
        let one_already = self.lookups.values().any(|lookup| lookup.mac == mac);
        if one_already || self.lookups.len() >= LOOKUPS {
            return Some(RedeemError::Throttled { retry_secs: 2 });
        }
        let attempt = self.new_attempt(now);
        let question = LookupQuestion {
            attempt,
            code: code.as_str().to_owned(),
            deadline: now.at + DEADLINE,
        };
        out.questions
            .push((attempt, Question::Lookup(question), DEADLINE));
        self.lookups.insert(
            attempt,
            Lookup {
                ask: id,
                peer,
                mac,
                code,
                until: now.ticks + DEADLINE,
                by_receipt: false,
            },
        );
        None
    }

    /// Tries looked-up codes again, now that rows came.
    pub(super) fn try_lookups(&mut self, now: Now, out: &mut Commands) {
        let waiting: Vec<AttemptId> = self.lookups.keys().copied().collect();
        for attempt in waiting {
            let Some(lookup) = self.lookups.get(&attempt) else {
                continue;
            };
            let (code, mac) = (lookup.code.clone(), lookup.mac);
            // The controller may not have heard yet of who came online.
            let used = if lookup.by_receipt && self.state.tickets.is_started(&code) {
                Err(Refusal::Used)
            } else {
                self.use_code(&code, mac, now, out)
            };
            let done = match used {
                Err(Refusal::Unknown) => continue,
                Ok(()) => Ok(()),
                Err(refusal) => Err(RedeemError::Refused(refusal)),
            };
            self.close_lookup(attempt, done, now, out);
        }
    }

    fn close_lookup(
        &mut self,
        attempt: AttemptId,
        done: Result<(), RedeemError>,
        now: Now,
        out: &mut Commands,
    ) {
        if let Some(lookup) = self.lookups.remove(&attempt) {
            if done.is_ok() {
                self.throttle.was_right(lookup.mac);
            }
            let said = done.map(|()| self.home(lookup.peer, now));
            let said = if lookup.by_receipt {
                Said::Claimed(said.map_err(ClaimError::of_code))
            } else {
                Said::Redeemed(said)
            };
            out.replies.push((lookup.ask, said));
        }
    }

    /// The device of somebody who wants to pay.
    pub(super) fn customer(&self, peer: IpAddr) -> Result<Mac, BuyError> {
        match self.device(peer) {
            Device::Known { mac, .. } => Ok(mac),
            Device::NotInHotspot => Err(BuyError::NotInHotspot),
            Device::LetThrough => Err(BuyError::LetThrough),
            Device::RouterAway => Err(BuyError::RouterAway),
        }
    }

    /// The plan a customer chose, if it is sold as they saw it and there is somebody to sell it.
    pub(super) fn chosen(
        &self,
        (plan, revision): (PlanId, u32),
        now: Now,
    ) -> Result<&Plan, BuyError> {
        let plan = self
            .plans
            .get(&plan)
            .filter(|plan| plan.on_sale)
            .ok_or(BuyError::PlanGone)?;
        if plan.revision != revision {
            return Err(BuyError::PriceChanged);
        }
        if !plan.is_sold_at(now.at) {
            return Err(BuyError::NotNow);
        }
        if self.cloud == Cloud::Away {
            return Err(BuyError::NoCloud);
        }
        Ok(plan)
    }

    /// Begins a purchase. `true` when the page waits for the controller, `false` when one is under way already.
    fn buy(
        &mut self,
        id: AskId,
        peer: IpAddr,
        (plan, revision): (PlanId, u32),
        (phone, by_sms): (&str, bool),
        now: Now,
        out: &mut Commands,
    ) -> Result<bool, Option<BuyError>> {
        let mac = self.customer(peer).map_err(Some)?;
        let phone = phone_digits(phone).ok_or(Some(BuyError::BadPhone))?;
        let plan = self.chosen((plan, revision), now).cloned().map_err(Some)?;
        if !self.sales_open {
            return Err(Some(BuyError::SalesClosed));
        }
        if !self.store_open || self.must_resync_first() || self.buying.len() >= WAITING {
            return Err(None);
        }
        match self.purchases.may_begin(mac, now.ticks) {
            Ok(()) => {}
            Err(NotNow::Same) => return Ok(false),
            Err(NotNow::TooMany(retry_secs)) => {
                return Err(Some(BuyError::TooMany { retry_secs }));
            }
        }
        let wanted = Wanted {
            mac,
            plan_name: plan.name.clone(),
            price: plan.price,
            phone_tail: phone.chars().skip(9).collect(),
        };
        let (plan, price) = (plan.id, plan.price);
        let attempt = self.new_attempt(now);
        self.purchases.begin(attempt, wanted, now.at, now.ticks);
        self.hands.settled(mac);
        let question = CheckoutQuestion {
            attempt,
            plan,
            revision,
            price,
            phone,
            mac,
            deadline: now.at + DEADLINE,
            by_sms: (by_sms && self.sms).then_some(true),
        };
        out.questions
            .push((attempt, Question::Checkout(question), DEADLINE));
        self.buying
            .insert(attempt, (id, peer, now.ticks + BUY_WAIT));
        Ok(true)
    }

    fn close_buy(
        &mut self,
        attempt: AttemptId,
        done: Result<(), BuyError>,
        now: Now,
        out: &mut Commands,
    ) {
        if let Some((id, peer, _)) = self.buying.remove(&attempt) {
            let said = done.map(|()| self.home(peer, now));
            out.replies.push((id, Said::Buying(said)));
        }
    }

    /// Answers buyers of whose purchase the feed has spoken.
    pub(super) fn answer_buyers(&mut self, now: Now, out: &mut Commands) {
        let failed: Vec<_> = self
            .buying
            .keys()
            .filter_map(|attempt| Some((*attempt, self.purchases.failure(*attempt)?)))
            .collect();
        for (attempt, failure) in failed {
            self.close_buy(attempt, Err(BuyError::NotPrompted(failure, None)), now, out);
        }
    }

    pub(super) fn answered(
        &mut self,
        attempt: AttemptId,
        answer: Answer,
        now: Now,
        out: &mut Commands,
    ) {
        match answer {
            Answer::Prompted(prompted) => {
                let since = now.at;
                self.purchases.credited(attempt, prompted.credit);
                self.purchases
                    .moved(attempt, PurchaseState::CheckPhone { since }, now.at);
                self.close_buy(attempt, Ok(()), now, out);
            }
            Answer::PlanChanged(plan) => {
                self.plans.insert(plan.id, plan);
                self.purchases
                    .moved(attempt, PurchaseState::PriceChanged, now.at);
                self.close_buy(attempt, Err(BuyError::PriceChanged), now, out);
                self.close_hand(attempt, Err(BuyError::PriceChanged), now, out);
            }
            Answer::NotPrompted(why) => {
                self.purchases
                    .moved(attempt, PurchaseState::Failed(why.reason), now.at);
                let error = BuyError::NotPrompted(why.reason, why.retry_secs);
                self.close_buy(attempt, Err(error), now, out);
                self.close_hand(attempt, Err(error), now, out);
            }
            Answer::ByHand(place) => self.close_hand(attempt, Ok(place), now, out),
            Answer::Claimed(claimed) => self.claimed(attempt, &claimed, now, out),
            Answer::Looked(looked) => self.looked(attempt, &looked, now, out),
            Answer::Facts(page) => self.facts_came(attempt, page, now, out),
            Answer::Refused(_) => self.unanswered(attempt, now, out),
        }
    }

    fn looked(&mut self, attempt: AttemptId, looked: &LookedAnswer, now: Now, out: &mut Commands) {
        if let Some(refusal) = looked.refusal {
            self.close_lookup(attempt, Err(RedeemError::Refused(refusal)), now, out);
            return;
        }
        if let Some(lookup) = self.lookups.get_mut(&attempt) {
            lookup.until = now.ticks + ROW_WAIT;
        }
        self.try_lookups(now, out);
    }

    /// The controller did not answer, in time or at all.
    pub(super) fn unanswered(&mut self, attempt: AttemptId, now: Now, out: &mut Commands) {
        self.close_lookup(attempt, Err(RedeemError::CloudAwayUnknown), now, out);
        // Whether the phone was prompted is not known: a success will come by the feed.
        self.purchases
            .moved(attempt, PurchaseState::LateUnknown, now.at);
        self.close_buy(attempt, Ok(()), now, out);
        self.close_hand(attempt, Err(BuyError::NoCloud), now, out);
        self.close_claim(attempt, Err(ClaimError::NoCloud), now, out);
        self.facts_did_not_come(attempt, now);
    }

    /// The controller has not heard of it, so nothing is to come: whoever wants to buy may do so again.
    pub(super) fn not_asked(&mut self, attempt: AttemptId, now: Now, out: &mut Commands) {
        if self.purchases.not_asked(attempt, now.at) {
            let busy = BuyError::NotPrompted(PayFailure::Busy, None);
            self.close_buy(attempt, Err(busy), now, out);
        }
        self.unanswered(attempt, now, out);
    }

    /// Gives back every place the device holds: a ticket that waited its turn would else have it, and its clock would start.
    fn log_out(&mut self, peer: IpAddr, now: Now, out: &mut Commands) {
        let Device::Known { mac, .. } = self.device(peer) else {
            return;
        };
        let held = self.state.tickets.of_device(mac);
        let held: Vec<_> = held.into_iter().map(|known| known.ticket.id).collect();
        for ticket in held {
            self.let_go(ticket, mac, now, out);
        }
    }

    /// Answers asks that have waited long enough.
    pub(super) fn expire_asks(&mut self, now: Now, out: &mut Commands) {
        if self.parked.iter().any(|parked| parked.until <= now.ticks) || self.router_away() {
            self.serve_ready(now, out);
        }
        let late: Vec<_> = self
            .lookups
            .iter()
            .filter(|(_, lookup)| lookup.until <= now.ticks)
            .map(|(attempt, _)| *attempt)
            .collect();
        for attempt in late {
            self.close_lookup(attempt, Err(RedeemError::CloudAwayUnknown), now, out);
        }
        let late: Vec<_> = self
            .buying
            .iter()
            .filter(|(_, (_, _, until))| *until <= now.ticks)
            .map(|(attempt, _)| *attempt)
            .collect();
        for attempt in late {
            // The page shows that the controller is being asked.
            self.close_buy(attempt, Ok(()), now, out);
        }
    }
}
