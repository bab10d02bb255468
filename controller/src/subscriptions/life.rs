//! How a business stands with what it has paid for, at one moment: on trial, paid, in grace, restricted; and of what it is reminded. Pure.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PlatformPlanId;

use super::terms::{self, Term};
use super::{PlatformPlan, Reminder, Stage};
use crate::nairobi::{Day, second_of_day};
use crate::providers::rights::Rights;

/// How long a business that never chose a plan may do without one.
pub const CHOOSING: Duration = Duration::from_secs(14 * 86_400);
const DAY: i64 = 86_400;
/// Nobody is reminded before this hour in Nairobi, and what falls after the second waits for the next morning.
const MORNING: i64 = 9 * 3_600;
const EVENING: i64 = 20 * 3_600;

/// By which rule it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Since when it is asked to pay; none where nobody is.
    pub asked: Option<Timestamp>,
    /// How long everything goes on after what was paid for has ended.
    pub grace: Duration,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// In one word.
    pub stage: Stage,
    /// The plan it is on, or was on last.
    pub plan: Option<PlatformPlanId>,
    /// Until when it has paid, or may try.
    pub due: Option<Timestamp>,
    /// Whether what ends then is a trial, for which nobody paid.
    pub is_trial: bool,
    /// From when on it is restricted; none for never.
    pub restricted_from: Option<Timestamp>,
    /// Of what it should have been reminded by now, last of all.
    pub reminder: Option<Reminder>,
    /// When something changes next by itself.
    pub look_at: Option<Timestamp>,
}

impl Life {
    /// What tells the period of a reminder from all others: when it ends.
    #[must_use]
    pub fn period(&self) -> Option<Timestamp> {
        self.due.or(self.restricted_from)
    }

    /// What it may do.
    #[must_use]
    pub fn rights(&self, plan: Option<&PlatformPlan>) -> Rights {
        if self.restricted_from.is_none() {
            return Rights::default();
        }
        Rights {
            due: self.due,
            restricted_from: self.restricted_from,
            features: plan.map(|plan| plan.features.clone()),
            most_sites: plan.and_then(|plan| plan.most_sites),
        }
    }
}

/// Judges.
#[must_use]
pub fn live(terms: &[Term], rule: Rule, now: Timestamp) -> Life {
    let last = terms.last();
    let on = terms::current(terms, now).or(last);
    let due = last.map(|term| term.until);
    // Whoever is asked only now, after years, has as long as all others.
    let restricted_from = rule.asked.map(|asked| match due {
        Some(due) => due.max(asked) + rule.grace,
        None => asked + CHOOSING,
    });
    let stage = match (due, restricted_from) {
        (_, Some(from)) if from <= now => Stage::Restricted,
        (None, _) => Stage::None,
        (Some(due), Some(_)) if due <= now => Stage::Grace,
        // Ended, and nobody is asked.
        (Some(due), None) if due <= now => Stage::None,
        (Some(_), _) if terms::is_paid(terms, now) => Stage::Active,
        (Some(_), _) => Stage::Trial,
    };
    let moments = moments(last, due, restricted_from);
    let reminder = moments.iter().rfind(|(at, _)| *at <= now);
    let next_term = terms
        .iter()
        .map(|term| term.from)
        .find(|from| *from > now)
        .filter(|_| rule.asked.is_some());
    let next = moments.iter().map(|(at, _)| *at);
    let changes = due.filter(|_| restricted_from.is_some());
    let next = next
        .chain(changes)
        .chain(restricted_from)
        .filter(|at| *at > now)
        .min();
    Life {
        stage,
        plan: on.map(|term| term.plan),
        due,
        is_trial: last.is_some_and(|term| term.order.is_none()),
        restricted_from,
        reminder: reminder.map(|(_, what)| *what),
        look_at: next.into_iter().chain(next_term).min(),
    }
}

/// When it is reminded of what, in order.
fn moments(
    last: Option<&Term>,
    due: Option<Timestamp>,
    restricted_from: Option<Timestamp>,
) -> Vec<(Timestamp, Reminder)> {
    let Some(from) = restricted_from else {
        return Vec::new();
    };
    let end = due.unwrap_or(from);
    let mut moments: Vec<_> = [
        (7, Reminder::Soon7),
        (3, Reminder::Soon3),
        (1, Reminder::Soon1),
    ]
    .into_iter()
    .map(|(days, what)| (morning(end.plus_secs(-days * DAY)), what))
    // Who has just begun a trial of a week knows.
    .filter(|(at, _)| last.is_none_or(|term| term.began < *at))
    .collect();
    if let Some(due) = due {
        let grace = from.since(due).as_secs() / 2;
        let middle = due.plus_secs(i64::try_from(grace).unwrap_or(0));
        moments.extend([
            (civil(due), Reminder::Due),
            (civil(middle), Reminder::Grace),
        ]);
    }
    moments.push((civil(from), Reminder::Restricted));
    moments
}

/// Nine in the morning in Nairobi on the day of a moment.
const fn morning(at: Timestamp) -> Timestamp {
    Day::of(at).begin().plus_secs(MORNING)
}

/// A moment, or the morning after it where people sleep.
const fn civil(at: Timestamp) -> Timestamp {
    match second_of_day(at) {
        MORNING..EVENING => at,
        0..MORNING => morning(at),
        _ => morning(Timestamp::from_secs(at.as_secs() + DAY)),
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::OrderId;
    use proptest::prelude::*;

    use super::*;
    use crate::rails::pesapal::price::{Currency, Price};
    use crate::subscriptions::Period;
    use crate::subscriptions::terms::Rate;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const GRACE: Duration = Duration::from_secs(7 * 86_400);

    fn day(days: i64) -> Timestamp {
        NOW.plus_secs(days * DAY)
    }

    fn term(n: u8, from: i64, until: i64, is_trial: bool) -> Term {
        Term {
            plan: PlatformPlanId::from_bytes([n; 16]),
            rate: Rate {
                price: Price::new(150_000, Currency::Kes),
                period: Period::Month,
            },
            from: day(from),
            until: day(until),
            order: (!is_trial).then(|| OrderId::from_bytes([n; 16])),
            began: day(from),
            ends: day(until),
        }
    }

    fn rule(asked: i64) -> Rule {
        Rule {
            asked: Some(day(asked)),
            grace: GRACE,
        }
    }

    #[test]
    fn a_trial_is_followed_by_grace_and_then_by_a_closed_door() {
        let terms = [term(1, 0, 14, true)];
        let on = |at: i64| {
            let life = live(&terms, rule(0), day(at));
            (life.stage, life.reminder)
        };
        use Reminder as R;
        for (at, expected) in [
            (0, (Stage::Trial, None)),
            (6, (Stage::Trial, None)),
            (7, (Stage::Trial, Some(R::Soon7))),
            (10, (Stage::Trial, Some(R::Soon7))),
            (11, (Stage::Trial, Some(R::Soon3))),
            (13, (Stage::Trial, Some(R::Soon1))),
            (14, (Stage::Grace, Some(R::Due))),
            (18, (Stage::Grace, Some(R::Grace))),
            (20, (Stage::Grace, Some(R::Grace))),
            (21, (Stage::Restricted, Some(R::Restricted))),
            (400, (Stage::Restricted, Some(R::Restricted))),
        ] {
            assert_eq!(on(at), expected, "day {at}");
        }
        let life = live(&terms, rule(0), day(0));
        assert_eq!((life.restricted_from, life.is_trial), (Some(day(21)), true));
        // What ends last is paid for, although a trial runs.
        let paid = [terms[0], term(2, 14, 44, false)];
        let paid = live(&paid, rule(0), day(0));
        assert_eq!((paid.stage, paid.is_trial), (Stage::Active, false));
        // At nine on the day: here time stands at eleven.
        assert_eq!(life.look_at, Some(day(7).plus_secs(-2 * 3_600)));
        assert_eq!(live(&terms, rule(0), day(21)).look_at, None);
        // Short ones begin without a reminder that they end.
        let short = [term(1, 0, 3, true)];
        assert_eq!(live(&short, rule(0), day(0)).reminder, None);
        assert_eq!(
            live(&short, rule(0), day(2)).reminder,
            Some(Reminder::Soon1)
        );
    }

    #[test]
    fn the_plan_is_the_one_of_the_moment_and_a_change_of_it_is_looked_at() {
        let terms = [term(1, 0, 30, false), term(2, 30, 60, false)];
        let life = live(&terms, rule(0), day(10));
        assert_eq!(life.plan, Some(terms[0].plan));
        assert_eq!(
            (life.stage, life.due, life.look_at),
            (Stage::Active, Some(day(60)), Some(day(30)))
        );
        assert_eq!(live(&terms, rule(0), day(30)).plan, Some(terms[1].plan));
        // In grace the last one goes on.
        let life = live(&terms, rule(0), day(61));
        assert_eq!((life.stage, life.plan), (Stage::Grace, Some(terms[1].plan)));
    }

    #[test]
    fn whoever_never_chose_has_a_fortnight_from_being_asked() {
        for (at, stage) in [(0, Stage::None), (13, Stage::None), (14, Stage::Restricted)] {
            assert_eq!(live(&[], rule(0), day(at)).stage, stage, "day {at}");
        }
        assert_eq!(live(&[], rule(0), day(7)).reminder, Some(Reminder::Soon7));
        assert_eq!(live(&[], rule(0), day(0)).period(), Some(day(14)));
    }

    #[test]
    fn a_platform_that_asks_nobody_restricts_nobody() {
        let nobody = Rule {
            asked: None,
            grace: GRACE,
        };
        for terms in [&[][..], &[term(1, -100, -60, false)]] {
            let life = live(terms, nobody, NOW);
            assert_eq!((life.stage, life.look_at), (Stage::None, None));
            assert_eq!((life.restricted_from, life.reminder), (None, None));
            assert_eq!(life.rights(None), Rights::default());
        }
        // One that asks again after years gives grace from then on.
        let old = [term(1, -900, -800, false)];
        assert_eq!(live(&old, rule(-3), NOW).stage, Stage::Grace);
        assert_eq!(live(&old, rule(-7), NOW).stage, Stage::Restricted);
    }

    #[test]
    fn nobody_is_reminded_at_night() {
        // Paid until ten past two at night.
        let end = day(30).plus_secs(-9 * 3_600 + 600);
        let terms = [Term {
            until: end,
            ..term(1, 0, 30, false)
        }];
        let mut now = day(0);
        let mut told = Vec::new();
        let mut last = None;
        while let Some(next) = live(&terms, rule(0), now).look_at {
            now = next;
            let life = live(&terms, rule(0), now);
            if life.reminder != last {
                last = life.reminder;
                let hour = second_of_day(now) / 3_600;
                told.push((life.reminder, hour));
                assert!((9..20).contains(&hour), "{told:?}");
            }
        }
        assert_eq!(told.len(), 6, "{told:?}");
        // The door closes when it was said, and is told of in the morning.
        let closed = end + GRACE;
        assert_eq!(live(&terms, rule(0), closed).stage, Stage::Restricted);
        assert_ne!(
            live(&terms, rule(0), closed).reminder,
            Some(Reminder::Restricted)
        );
    }

    proptest! {
        #[test]
        fn stages_follow_each_other_and_looking_when_told_misses_none(lengths in prop::collection::vec(1..60_i64, 0..5), is_trial: bool, grace in 0..30_u64) {
            let mut at = 0;
            let mut terms = Vec::new();
            for (n, days) in (1..).zip(&lengths) {
                terms.push(term(n, at, at + days, is_trial && n == 1));
                at += days;
            }
            let rule = Rule { asked: Some(NOW), grace: Duration::from_secs(grace * 86_400) };
            let order = |stage| Stage::ALL.iter().position(|known| *known == stage);
            let mut now = NOW;
            let mut looks = 0;
            loop {
                let life = live(&terms, rule, now);
                prop_assert_eq!(life.stage == Stage::Restricted, life.restricted_from.is_some_and(|from| from <= now));
                let Some(next) = life.look_at else { break };
                prop_assert!(next > now);
                // Nothing changes between two looks.
                let before = live(&terms, rule, Timestamp::from_millis(next.as_millis() - 1));
                prop_assert_eq!((before.stage, before.plan, before.reminder), (life.stage, life.plan, life.reminder));
                let after = live(&terms, rule, next);
                prop_assert!(order(after.stage) >= order(life.stage) || life.stage == Stage::None);
                now = next;
                looks += 1;
                prop_assert!(looks < 20);
            }
            prop_assert_eq!(live(&terms, rule, now).stage, Stage::Restricted);
        }
    }
}
