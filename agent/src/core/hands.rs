//! Paying by hand: what a device was told to type on its phone, and receipts that it names. Which money is whose is the controller's business;
//! a restart forgets what is here, and a press of the button brings it back.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::{AttemptId, Mac, PlanId};
use mnara_protocol::message::{
    ByHand, ByHandAnswer, ByHandQuestion, ClaimQuestion, ClaimedAnswer, NotClaimed, Question,
};
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::series::Cloud;

use super::asks::{ROW_WAIT, WAITING};
use super::portal::{BuyError, ClaimError, Device, HandView, Said};
use super::purchases::{DEADLINE, phone_digits};
use super::{AskId, Commands, Core, Lookup, Now};

/// How long a page says where to pay.
const SHOWN: Duration = Duration::from_secs(2 * 3600);
/// How long a page says that a claimed ticket is on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(60);
/// How long after asking, or after naming its receipt, money is likely to come any moment.
const EXPECTED: Duration = Duration::from_secs(15 * 60);
/// Devices remembered.
const DEVICES: usize = 4_096;

struct Hand {
    plan: PlanId,
    by_sms: bool,
    view: HandView,
    at: Ticks,
}

/// A device that asks where to pay.
struct Asking {
    ask: AskId,
    peer: IpAddr,
    mac: Mac,
    plan: PlanId,
    plan_name: String,
    price: Money,
    phone_tail: Option<String>,
    by_sms: bool,
}

/// A device that names a receipt.
struct Claiming {
    ask: AskId,
    peer: IpAddr,
    mac: Mac,
}

/// Who pays by hand.
#[derive(Default)]
pub(super) struct Hands {
    now: BTreeMap<Mac, Hand>,
    claimed: BTreeMap<Mac, Ticks>,
    named: BTreeMap<Mac, Ticks>,
    asking: BTreeMap<AttemptId, Asking>,
    claiming: BTreeMap<AttemptId, Claiming>,
}

impl Hands {
    /// Whether nobody waits for an answer.
    pub(super) fn is_idle(&self) -> bool {
        self.asking.is_empty() && self.claiming.is_empty()
    }

    /// Questions that wait for an answer.
    pub(super) fn waiting(&self) -> Vec<AttemptId> {
        let all = self.asking.keys().chain(self.claiming.keys());
        all.copied().collect()
    }

    /// Where a device was told to pay.
    pub(super) fn view(&self, mac: Mac, now: Ticks) -> Option<HandView> {
        let hand = self.now.get(&mac)?;
        (now.since(hand.at) < SHOWN).then(|| hand.view.clone())
    }

    /// Whether a ticket that a device claimed is on its way.
    pub(super) fn is_claimed(&self, mac: Mac, now: Ticks) -> bool {
        let since = self.claimed.get(&mac);
        since.is_some_and(|since| now.since(*since) < ON_ITS_WAY)
    }

    /// Whether a device has named a receipt whose payment nobody has seen yet.
    pub(super) fn is_named(&self, mac: Mac, now: Ticks) -> bool {
        let since = self.named.get(&mac);
        since.is_some_and(|since| now.since(*since) < EXPECTED)
    }

    /// A device has what it paid for, or goes about it in another way.
    pub(super) fn settled(&mut self, mac: Mac) {
        self.now.remove(&mac);
        self.claimed.remove(&mac);
        self.named.remove(&mac);
    }

    /// Until when money is likely to come any moment.
    pub(super) fn expected_until(&self, now: Ticks) -> Option<Ticks> {
        let hands = self.now.values().map(|hand| hand.at + EXPECTED);
        let claims = self.claimed.values().map(|at| *at + ON_ITS_WAY);
        let named = self.named.values().map(|at| *at + EXPECTED);
        let all = hands.chain(claims).chain(named);
        all.filter(|until| *until > now).max()
    }

    fn keep(&mut self, mac: Mac, hand: Hand) {
        if self.now.len() >= DEVICES {
            self.now.retain(|_, old| hand.at.since(old.at) < EXPECTED);
        }
        if self.now.len() < DEVICES {
            self.now.insert(mac, hand);
        }
    }

    /// The controller keeps the claim: its page goes on waiting, and does not just sell again what is paid for.
    fn wait_for_named(&mut self, mac: Mac, now: Ticks) {
        if self.named.len() >= DEVICES {
            self.named.retain(|_, at| now.since(*at) < EXPECTED);
        }
        if self.named.len() < DEVICES {
            self.named.insert(mac, now);
        }
    }
}

impl Core {
    /// Asks where a device pays by hand. `true` when the page waits for the controller, `false` when it is known.
    pub(super) fn by_hand(
        &mut self,
        id: AskId,
        peer: IpAddr,
        (plan, revision): (PlanId, u32),
        (phone, by_sms): (&str, bool),
        now: Now,
        out: &mut Commands,
    ) -> Result<bool, Option<BuyError>> {
        let mac = self.customer(peer).map_err(Some)?;
        let Some(kind) = self.by_hand.filter(|_| self.sales_open) else {
            return Err(Some(BuyError::SalesClosed));
        };
        // A till knows who paid by the number alone; at a paybill it is of no use.
        let phone = match kind {
            ByHand::Till => Some(phone_digits(phone).ok_or(Some(BuyError::BadPhone))?),
            ByHand::Paybill | ByHand::Other(_) => phone_digits(phone),
        };
        let plan = self.chosen((plan, revision), now).map_err(Some)?;
        if self.must_resync_first() || self.hands.waiting().len() >= WAITING {
            return Err(None);
        }
        let tail: Option<String> = phone.as_ref().map(|phone| phone.chars().skip(9).collect());
        let asking = Asking {
            ask: id,
            peer,
            mac,
            plan: plan.id,
            plan_name: plan.name.clone(),
            price: plan.price,
            phone_tail: tail,
            by_sms,
        };
        // A second press brings nothing new; for a till the number may be another with the same end.
        let is_known = self.hands.now.get(&mac).is_some_and(|hand| {
            kind == ByHand::Paybill
                && hand.plan == asking.plan
                && hand.by_sms == by_sms
                && hand.view.price == asking.price
                && now.ticks.since(hand.at) < EXPECTED
        });
        if is_known {
            return Ok(false);
        }
        let (plan, price) = (plan.id, plan.price);
        let attempt = self.new_attempt(now);
        let question = ByHandQuestion {
            attempt,
            plan,
            revision,
            price,
            phone,
            mac,
            deadline: now.at + DEADLINE,
            by_sms: (self.sms).then_some(by_sms),
        };
        out.questions
            .push((attempt, Question::ByHand(question), DEADLINE));
        self.hands.asking.insert(attempt, asking);
        Ok(true)
    }

    /// Answers the page that waits to hear where to pay.
    pub(super) fn close_hand(
        &mut self,
        attempt: AttemptId,
        place: Result<ByHandAnswer, BuyError>,
        now: Now,
        out: &mut Commands,
    ) {
        let Some(asking) = self.hands.asking.remove(&attempt) else {
            return;
        };
        let place = place.and_then(|place| match place.kind {
            ByHand::Paybill | ByHand::Till => Ok(place),
            // A way that only a later version can tell.
            ByHand::Other(_) => Err(BuyError::SalesClosed),
        });
        let said = place.map(|place| {
            let hand = Hand {
                plan: asking.plan,
                by_sms: asking.by_sms,
                view: HandView {
                    plan_name: asking.plan_name,
                    price: asking.price,
                    place,
                    phone_tail: asking.phone_tail,
                },
                at: now.ticks,
            };
            self.hands.keep(asking.mac, hand);
            // What failed before is no news any more.
            self.purchases.settled(asking.mac);
            self.home(asking.peer, now)
        });
        out.replies.push((asking.ask, Said::Buying(said)));
    }

    /// Names a receipt to the controller. Says why not, if it cannot.
    pub(super) fn claim(
        &mut self,
        id: AskId,
        peer: IpAddr,
        receipt: &str,
        phone: &str,
        now: Now,
        out: &mut Commands,
    ) -> Option<ClaimError> {
        let mac = match self.device(peer) {
            Device::Known { mac, .. } => mac,
            Device::NotInHotspot => return Some(ClaimError::NotInHotspot),
            Device::LetThrough => return Some(ClaimError::LetThrough),
            Device::RouterAway => return Some(ClaimError::RouterAway),
        };
        let Some(receipt) = receipt::read(receipt) else {
            return Some(ClaimError::BadReceipt);
        };
        let Some(phone) = phone_digits(phone) else {
            return Some(ClaimError::BadPhone);
        };
        if self.cloud == Cloud::Away || self.must_resync_first() {
            return Some(ClaimError::NoCloud);
        }
        if let Err(retry_secs) = self.throttle.may_try(mac, now.ticks) {
            return Some(ClaimError::TooMany { retry_secs });
        }
        let one_already = self.hands.claiming.values().any(|one| one.mac == mac);
        if one_already || self.hands.waiting().len() >= WAITING {
            return Some(ClaimError::TooMany { retry_secs: 5 });
        }
        // Wrong until proven right, as codes are.
        self.throttle.was_wrong(mac, now.ticks);
        let attempt = self.new_attempt(now);
        let question = ClaimQuestion {
            attempt,
            receipt,
            phone,
            mac,
            deadline: now.at + DEADLINE,
        };
        out.questions
            .push((attempt, Question::Claim(question), DEADLINE));
        let claiming = Claiming { ask: id, peer, mac };
        self.hands.claiming.insert(attempt, claiming);
        None
    }

    /// What the controller said of a receipt.
    pub(super) fn claimed(
        &mut self,
        attempt: AttemptId,
        answer: &ClaimedAnswer,
        now: Now,
        out: &mut Commands,
    ) {
        let code = answer.code.as_deref().map(TicketCode::parse);
        if let Some(Ok(code)) = code {
            self.fetch(attempt, code, now, out);
            return;
        }
        let done = match answer.refusal {
            None => Ok(()),
            Some(NotClaimed::TooMany) => Err(ClaimError::TooMany {
                retry_secs: answer.retry_secs.unwrap_or(60).max(1),
            }),
            Some(refusal) => Err(ClaimError::Refused(refusal)),
        };
        self.close_claim(attempt, done, now, out);
    }

    /// Takes a ticket from a device that was never online with it, as when a phone comes back with another MAC: by its code, as soon as its
    /// row is here.
    fn fetch(&mut self, attempt: AttemptId, code: TicketCode, now: Now, out: &mut Commands) {
        let Some(Claiming { ask, peer, mac }) = self.hands.claiming.remove(&attempt) else {
            return;
        };
        // Its payment has been seen.
        self.hands.named.remove(&mac);
        let lookup = Lookup {
            ask,
            peer,
            mac,
            code,
            until: now.ticks + ROW_WAIT,
            by_receipt: true,
        };
        self.lookups.insert(attempt, lookup);
        self.try_lookups(now, out);
    }

    /// Answers the page that waits to hear of a receipt.
    pub(super) fn close_claim(
        &mut self,
        attempt: AttemptId,
        done: Result<(), ClaimError>,
        now: Now,
        out: &mut Commands,
    ) {
        let Some(claiming) = self.hands.claiming.remove(&attempt) else {
            return;
        };
        let mac = claiming.mac;
        // Its ticket may be here already. Who has another to use is shown that.
        let has_none = self.state.tickets.of_device(mac).is_empty();
        match done {
            Ok(()) => {
                self.throttle.was_right(mac);
                self.hands.named.remove(&mac);
                if self.hands.claimed.len() >= DEVICES {
                    self.hands
                        .claimed
                        .retain(|_, at| now.ticks.since(*at) < ON_ITS_WAY);
                }
                if has_none {
                    self.hands.claimed.insert(mac, now.ticks);
                }
            }
            Err(ClaimError::Refused(NotClaimed::Unknown)) if has_none => {
                self.hands.wait_for_named(mac, now.ticks);
            }
            Err(ClaimError::Refused(_)) => {
                self.hands.named.remove(&mac);
            }
            // Nothing new is known of what was named before.
            Err(_) => {}
        }
        let said = done.map(|()| self.home(claiming.peer, now));
        out.replies.push((claiming.ask, Said::Claimed(said)));
    }
}
