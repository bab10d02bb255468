//! What a change of plan at once comes to, in words, before anybody agrees to it.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::AttemptId;

use crate::app::App;
use crate::providers::mail::fill;
use crate::providers::pages::words::{SubscriptionWords, Words};
use crate::subscriptions::PlatformPlan;
use crate::subscriptions::room::TooManySites;
use crate::subscriptions::terms::change::{AtOnce, OnlyNext, at_once};
use crate::subscriptions::terms::{Term, lifts};

/// A change that can be made now.
pub(super) struct Offer {
    /// How it was counted, and until when it then lasts.
    pub(super) says: String,
    /// What is to be paid; none where what is left is enough.
    pub(super) price: Option<String>,
    /// The attempt of its order.
    pub(super) attempt: AttemptId,
}

/// The change to a plan, or why there is none where that is worth a word.
pub(super) fn offer(
    app: &App,
    w: &Words,
    terms: &[Term],
    plan: &PlatformPlan,
    now: Timestamp,
) -> (Option<Offer>, Option<String>) {
    let words = &w.subscription;
    let (text, credit, price, until) = match at_once(terms, plan, now) {
        Ok(AtOnce::Better { price, until }) => (words.better, None, Some(price), until),
        Ok(AtOnce::Anew {
            credit,
            price,
            until,
        }) if price.cents > 0 => (words.anew, Some(credit), Some(price), until),
        Ok(AtOnce::Anew { credit, until, .. }) => (words.free, Some(credit), None, until),
        Err(OnlyNext::Currency(currency)) => {
            let places = [("currency", currency.code())];
            return (None, Some(fill(words.other_currency, &places)));
        }
        Err(OnlyNext::TooLong) => return (None, Some(words.too_long.to_owned())),
        Err(OnlyNext::NothingLeft) => return (None, after_trial(w, terms, plan, now)),
        Err(OnlyNext::OnIt) => return (None, None),
    };
    let credit = credit.map_or_else(String::new, |credit| credit.to_string());
    let price = price.map(|price| price.to_string());
    let until = w.calendar.moment(until);
    let whole = plan.price.to_string();
    let places = [
        ("credit", credit.as_str()),
        ("price", price.as_deref().unwrap_or_default()),
        ("whole", whole.as_str()),
        ("plan", plan.name.as_str()),
        ("until", until.as_str()),
    ];
    let offer = Offer {
        says: fill(text, &places),
        price,
        attempt: attempt(app),
    };
    (Some(offer), None)
}

/// When a plan begins that does not take the place of the one which is tried.
fn after_trial(w: &Words, terms: &[Term], plan: &PlatformPlan, now: Timestamp) -> Option<String> {
    let tried = terms.last().filter(|last| {
        last.order.is_none()
            && now < last.until
            && last.plan != plan.id
            && !lifts(last, plan.rate())
    });
    let day = w.calendar.moment(tried?.until);
    Some(fill(w.subscription.after_trial, &[("day", day.as_str())]))
}

/// Why a plan cannot be had.
pub(super) fn too_small(words: &SubscriptionWords, beyond: TooManySites) -> String {
    let (most, have) = (beyond.most.to_string(), beyond.have.to_string());
    let places = [("most", most.as_str()), ("n", have.as_str())];
    fill(words.too_small, &places)
}

/// The attempt of an order that a page offers: the same form sent again is the same order.
pub(super) fn attempt(app: &App) -> AttemptId {
    AttemptId::new(app.clock.now(), app.entropy.bytes())
}
