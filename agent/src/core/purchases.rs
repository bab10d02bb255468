//! Purchases under way: what a device asked for and how it stands. Money is the controller's business; here are only the words between
//! pressing the button and being online. A restart forgets what is not in the feed.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use mnara_protocol::clock::{Ticks, Timestamp};
use mnara_protocol::ids::{AttemptId, Mac};
use mnara_protocol::message::{CheckoutRow, CheckoutState, PayFailure};
use mnara_protocol::money::Money;

use super::portal::{PurchaseState, PurchaseView};

/// How long the controller has to answer.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);
/// A second press within this time is the same purchase.
const SAME_WITHIN: Duration = Duration::from_secs(60);
/// A prompt is answered, or has run out, within this time.
const EXPECTED: Duration = Duration::from_secs(180);
/// How long a prompt stays on a phone, with some time for the outcome to come: after that "enter your PIN" is no longer true.
const PROMPT_SECS: i64 = 90;
/// How long an outcome stays on the page.
const SHOWN_SECS: i64 = 10 * 60;
/// Prompts a device may ask for in [`WINDOW`].
const MOST: usize = 5;
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// Devices remembered.
const DEVICES: usize = 4_096;
/// Rows kept.
const ROWS: usize = 8_192;

struct Purchase {
    attempt: AttemptId,
    plan_name: String,
    price: Money,
    credit: Option<Money>,
    phone_tail: String,
    state: PurchaseState,
    at: Timestamp,
    asked: Ticks,
}

/// Why no purchase may begin now.
pub(crate) enum NotNow {
    /// This one is under way for the same device.
    Same,
    /// Too many; again after so many seconds.
    TooMany(u32),
}

/// What a purchase is for.
pub(crate) struct Wanted {
    pub(crate) mac: Mac,
    pub(crate) plan_name: String,
    pub(crate) price: Money,
    pub(crate) phone_tail: String,
}

/// Purchases by device.
#[derive(Default)]
pub(crate) struct Purchases {
    now: BTreeMap<Mac, Purchase>,
    tries: BTreeMap<Mac, VecDeque<Ticks>>,
    rows: BTreeMap<AttemptId, CheckoutRow>,
}

impl Purchases {
    /// Says whether a device may begin a purchase.
    pub(crate) fn may_begin(&mut self, mac: Mac, ticks: Ticks) -> Result<(), NotNow> {
        if let Some(before) = self.now.get(&mac)
            && matches!(
                before.state,
                PurchaseState::Asking | PurchaseState::CheckPhone { .. }
            )
            && ticks.since(before.asked) < SAME_WITHIN
        {
            return Err(NotNow::Same);
        }
        if self.tries.len() >= DEVICES && !self.tries.contains_key(&mac) {
            self.tries
                .retain(|_, tries| tries.back().is_some_and(|last| ticks.since(*last) < WINDOW));
            if self.tries.len() >= DEVICES {
                return Err(NotNow::TooMany(60));
            }
        }
        let tries = self.tries.entry(mac).or_default();
        while tries
            .front()
            .is_some_and(|first| ticks.since(*first) >= WINDOW)
        {
            tries.pop_front();
        }
        match tries.front() {
            Some(first) if tries.len() >= MOST => {
                let wait = WINDOW.saturating_sub(ticks.since(*first)).as_secs() + 1;
                Err(NotNow::TooMany(u32::try_from(wait).unwrap_or(u32::MAX)))
            }
            _ => Ok(()),
        }
    }

    /// Notes that the controller is being asked.
    pub(crate) fn begin(
        &mut self,
        attempt: AttemptId,
        wanted: Wanted,
        at: Timestamp,
        asked: Ticks,
    ) {
        self.tries.entry(wanted.mac).or_default().push_back(asked);
        if self.now.len() >= DEVICES {
            self.now
                .retain(|_, purchase| asked.since(purchase.asked) < WINDOW);
        }
        self.now.insert(
            wanted.mac,
            Purchase {
                attempt,
                plan_name: wanted.plan_name,
                price: wanted.price,
                credit: None,
                phone_tail: wanted.phone_tail,
                state: PurchaseState::Asking,
                at,
                asked,
            },
        );
    }

    /// Moves a purchase on; says whose it is. What the feed said already stands.
    pub(crate) fn moved(
        &mut self,
        attempt: AttemptId,
        state: PurchaseState,
        at: Timestamp,
    ) -> Option<Mac> {
        let (mac, purchase) = self
            .now
            .iter_mut()
            .find(|(_, purchase)| purchase.attempt == attempt)?;
        if matches!(
            purchase.state,
            PurchaseState::Asking | PurchaseState::LateUnknown
        ) {
            purchase.state = state;
            purchase.at = at;
        }
        Some(*mac)
    }

    /// Notes that nobody was asked, which is no try of the device. Says whether there was such a purchase.
    pub(crate) fn not_asked(&mut self, attempt: AttemptId, at: Timestamp) -> bool {
        let failed = PurchaseState::Failed(PayFailure::Busy);
        let Some(mac) = self.moved(attempt, failed, at) else {
            return false;
        };
        if let Some(tries) = self.tries.get_mut(&mac) {
            tries.pop_back();
        }
        true
    }

    /// Notes what of the price the phone's credit pays.
    pub(crate) fn credited(&mut self, attempt: AttemptId, credit: Option<Money>) {
        let mut all = self.now.values_mut();
        if let Some(purchase) = all.find(|purchase| purchase.attempt == attempt) {
            purchase.credit = credit.filter(|credit| credit.cents() < purchase.price.cents());
        }
    }

    /// Takes what the controller says of a purchase.
    pub(crate) fn take_row(&mut self, row: CheckoutRow) {
        if let Some(purchase) = self
            .now
            .values_mut()
            .find(|purchase| purchase.attempt == row.attempt)
        {
            match row.state {
                // A state that only a later version knows is not the end of the purchase.
                CheckoutState::Pending | CheckoutState::Other(_) => {
                    if matches!(
                        purchase.state,
                        PurchaseState::Asking | PurchaseState::LateUnknown
                    ) {
                        purchase.state = PurchaseState::CheckPhone { since: row.at };
                    }
                }
                CheckoutState::Failed(failure) => {
                    purchase.state = PurchaseState::Failed(failure);
                    purchase.at = row.at;
                }
                CheckoutState::Paid(_) => {}
            }
        }
        if self.rows.len() >= ROWS
            && let Some(oldest) = self
                .rows
                .values()
                .min_by_key(|row| row.at)
                .map(|row| row.attempt)
        {
            self.rows.remove(&oldest);
        }
        self.rows.insert(row.attempt, row);
    }

    pub(crate) fn drop_row(&mut self, attempt: AttemptId) {
        self.rows.remove(&attempt);
    }

    /// A device is served otherwise: its last failure is no news any more.
    pub(crate) fn settled(&mut self, mac: Mac) {
        if self.now.get(&mac).is_some_and(|purchase| {
            matches!(
                purchase.state,
                PurchaseState::Failed(_) | PurchaseState::PriceChanged | PurchaseState::NoCloud
            )
        }) {
            self.now.remove(&mac);
        }
        self.rows
            .retain(|_, row| row.mac != mac || !matches!(row.state, CheckoutState::Failed(_)));
    }

    /// What a device's page says of its purchase, if it is fresh enough to matter.
    pub(crate) fn view(&self, mac: Mac, now: Timestamp) -> Option<PurchaseView> {
        let fresh = |at: Timestamp| now.as_secs().saturating_sub(at.as_secs()) < SHOWN_SECS;
        let paid = |attempt: AttemptId| {
            self.rows
                .get(&attempt)
                .is_some_and(|row| matches!(row.state, CheckoutState::Paid(_)))
        };
        if let Some(purchase) = self.now.get(&mac) {
            return (fresh(purchase.at) && !paid(purchase.attempt)).then(|| PurchaseView {
                attempt: purchase.attempt,
                plan_name: Some(purchase.plan_name.clone()),
                price: Some(purchase.price),
                credit: purchase.credit,
                phone_tail: Some(purchase.phone_tail.clone()),
                state: shown(purchase.state, now),
            });
        }
        let row = self
            .rows
            .values()
            .filter(|row| row.mac == mac && fresh(row.at))
            .max_by_key(|row| row.at)?;
        Some(PurchaseView {
            attempt: row.attempt,
            plan_name: None,
            price: None,
            credit: None,
            phone_tail: None,
            state: match row.state {
                CheckoutState::Pending | CheckoutState::Other(_) => {
                    shown(PurchaseState::CheckPhone { since: row.at }, now)
                }
                CheckoutState::Failed(failure) => PurchaseState::Failed(failure),
                CheckoutState::Paid(_) => return None,
            },
        })
    }

    /// Until when a row may come that a customer waits for, if one may.
    pub(crate) fn expected_until(&self, now: Ticks) -> Option<Ticks> {
        let paid = |attempt: AttemptId| {
            self.rows
                .get(&attempt)
                .is_some_and(|row| matches!(row.state, CheckoutState::Paid(_)))
        };
        self.now
            .values()
            .filter(|purchase| {
                matches!(
                    purchase.state,
                    PurchaseState::Asking
                        | PurchaseState::CheckPhone { .. }
                        | PurchaseState::LateUnknown
                ) && !paid(purchase.attempt)
            })
            .map(|purchase| purchase.asked + EXPECTED)
            .filter(|until| *until > now)
            .max()
    }

    /// The failure a purchase has met, if it has.
    pub(crate) fn failure(&self, attempt: AttemptId) -> Option<PayFailure> {
        match self.rows.get(&attempt)?.state {
            CheckoutState::Failed(failure) => Some(failure),
            CheckoutState::Pending | CheckoutState::Paid(_) | CheckoutState::Other(_) => None,
        }
    }
}

/// What a page says of a purchase by now: a prompt that nothing was heard of may have been paid.
const fn shown(state: PurchaseState, now: Timestamp) -> PurchaseState {
    if let PurchaseState::CheckPhone { since } = state
        && now.as_secs().saturating_sub(since.as_secs()) >= PROMPT_SECS
    {
        return PurchaseState::LateUnknown;
    }
    state
}

/// Reads a Kenyan mobile number as people write it into the twelve digits M-PESA takes.
pub(crate) fn phone_digits(typed: &str) -> Option<String> {
    let mut digits = String::with_capacity(12);
    for (place, letter) in typed.trim().char_indices() {
        match letter {
            '0'..='9' if digits.len() < 14 => digits.push(letter),
            ' ' | '-' | '.' | '(' | ')' | '\u{a0}' => {}
            '+' if place == 0 => {}
            _ => return None,
        }
    }
    let national = digits
        .strip_prefix("254")
        .map(|rest| rest.strip_prefix('0').unwrap_or(rest))
        .or_else(|| digits.strip_prefix('0'))
        .unwrap_or(&digits);
    (national.len() == 9 && national.starts_with(['7', '1'])).then(|| format!("254{national}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_numbers_are_read_as_people_write_them() {
        for typed in [
            "0712345678",
            "712345678",
            "254712345678",
            "+254712345678",
            "+254 (0)712-345 678",
            " 0712 345 678 ",
        ] {
            assert_eq!(
                phone_digits(typed).as_deref(),
                Some("254712345678"),
                "{typed}"
            );
        }
        assert_eq!(phone_digits("0110123456").as_deref(), Some("254110123456"));
        for bad in [
            "",
            "07123",
            "0812345678",
            "07123456789",
            "x712345678",
            "07+12345678",
            "٠٧١٢٣٤٥٦٧٨",
        ] {
            assert_eq!(phone_digits(bad), None, "{bad}");
        }
    }
}
