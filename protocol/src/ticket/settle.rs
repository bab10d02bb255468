//! Joining histories made apart: sites that were cut off from each other may have taken one code each. What a site then does about it
//! comes back to it as a ruling.

use std::collections::BTreeMap;

use super::Usage;
use crate::clock::Timestamp;
use crate::ids::SiteId;
use crate::money::{BadMoney, Money};

/// What one site reported of its use of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteUse {
    /// The site.
    pub site: SiteId,
    /// When the code was first used there, by its trusted clock.
    pub redeemed_at: Timestamp,
    /// What was used there so far.
    pub usage: Usage,
}

/// Whose use of a ticket stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The use that stands; absent when nobody used the ticket.
    pub kept: Option<SiteUse>,
    /// The uses that end because another came first, in the order of their times.
    pub lost: Vec<SiteUse>,
}

impl Settlement {
    /// What was used on top of the use that stands.
    #[must_use]
    pub fn given_twice(&self) -> Usage {
        self.lost.iter().fold(Usage::default(), |sum, lost| Usage {
            online_secs: sum.online_secs.saturating_add(lost.usage.online_secs),
            bytes_up: sum.bytes_up.saturating_add(lost.usage.bytes_up),
            bytes_down: sum.bytes_down.saturating_add(lost.usage.bytes_down),
        })
    }

    /// The most that was given away: one ticket for every use that does not stand.
    ///
    /// # Errors
    /// [`BadMoney::Overflow`] when it does not fit.
    pub fn at_risk(&self, price: Money) -> Result<Money, BadMoney> {
        self.lost
            .iter()
            .try_fold(Money::ZERO, |sum, _| sum.plus(price))
    }
}

/// Decides between the sites that used one ticket: the first by trusted time stands, of equal times the one with the smaller site id.
///
/// Several reports of one site are one use, with its earliest time and largest sums. So neither the order nor the repetition of reports
/// changes the outcome, and a report that comes later changes who is kept only when its use came first.
#[must_use]
pub fn settle(uses: &[SiteUse]) -> Settlement {
    let mut by_site = BTreeMap::<SiteId, SiteUse>::new();
    for used in uses {
        by_site
            .entry(used.site)
            .and_modify(|known| {
                known.redeemed_at = known.redeemed_at.min(used.redeemed_at);
                known.usage = known.usage.joined(used.usage);
            })
            .or_insert(*used);
    }
    let mut in_order: Vec<_> = by_site.into_values().collect();
    in_order.sort_by_key(|used| (used.redeemed_at, used.site));
    let mut in_order = in_order.into_iter();
    Settlement {
        kept: in_order.next(),
        lost: in_order.collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn used(site: u8, at: i64, down: u64) -> SiteUse {
        SiteUse {
            site: SiteId::from_bytes([site; 16]),
            redeemed_at: Timestamp::from_secs(at),
            usage: Usage {
                online_secs: 60,
                bytes_up: 0,
                bytes_down: down,
            },
        }
    }

    #[test]
    fn the_first_use_stands_and_the_rest_is_counted() {
        let settled = settle(&[used(3, 900, 7), used(1, 1000, 5), used(2, 900, 2)]);
        assert_eq!(settled.kept, Some(used(2, 900, 2)));
        assert_eq!(settled.lost, [used(3, 900, 7), used(1, 1000, 5)]);
        assert_eq!(settled.given_twice().bytes(), 12);
        assert_eq!(settled.given_twice().online_secs, 120);
        assert_eq!(
            settled.at_risk(Money::from_shillings(50)),
            Ok(Money::from_shillings(100))
        );
    }

    #[test]
    fn one_site_is_never_in_conflict_with_itself() {
        let settled = settle(&[used(1, 1000, 5), used(1, 990, 3), used(1, 1000, 9)]);
        assert_eq!(settled.kept, Some(used(1, 990, 9)));
        assert_eq!(settled.lost, []);
        assert_eq!(settled.at_risk(Money::from_shillings(50)), Ok(Money::ZERO));
        assert_eq!(settle(&[]).kept, None);
    }

    proptest! {
        #[test]
        fn order_and_repetition_of_reports_do_not_matter(
            reports in prop::collection::vec((0_u8..5, 0_i64..6, 0_u64..9), 0..12),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let reports: Vec<_> = reports.into_iter().map(|(site, at, down)| used(site, at, down)).collect();
            let settled = settle(&reports);

            let mut shuffled = reports.clone();
            for index in again.iter().filter(|_| !reports.is_empty()) {
                shuffled.push(*index.get(&reports));
                let (from, to) = (index.index(shuffled.len()), shuffled.len() - 1);
                shuffled.swap(from, to);
            }
            shuffled.reverse();
            prop_assert_eq!(&settle(&shuffled), &settled);

            // Against the plainest reading of the rule: nobody came before the one who is kept.
            if let Some(kept) = settled.kept {
                for report in &reports {
                    prop_assert!((kept.redeemed_at, kept.site) <= (report.redeemed_at, report.site));
                    prop_assert!(report.site == kept.site || settled.lost.iter().any(|lost| lost.site == report.site));
                }
                prop_assert!(settled.lost.iter().all(|lost| lost.site != kept.site));
            } else {
                prop_assert!(reports.is_empty());
            }
        }

        #[test]
        fn a_later_use_never_takes_a_ticket_away(
            reports in prop::collection::vec((0_u8..5, 0_i64..100, 0_u64..9), 1..12),
            late in (5_u8..9, 100_i64..200, 0_u64..9),
        ) {
            let mut reports: Vec<_> = reports.into_iter().map(|(site, at, down)| used(site, at, down)).collect();
            let kept = settle(&reports).kept;
            reports.push(used(late.0, late.1, late.2));
            prop_assert_eq!(settle(&reports).kept, kept);
        }
    }
}
