//! Generated lives of one printed ticket at two sites, against a naive model that counts seconds down instead of comparing dates, and
//! against promise P5: a ticket never gives more than it sold.
//!
//! Both sites know the true time here; wrong clocks are in `power`.

use proptest::prelude::*;

use super::super::settle::{SiteUse, settle};
use super::*;
use crate::ids::SiteId;

mod naive;

use naive::Naive;

#[derive(Clone, Debug)]
enum Op {
    Redeem {
        site: usize,
        device: u8,
    },
    Confirm {
        site: usize,
    },
    Release {
        site: usize,
        device: u8,
    },
    /// Time passes, with this many bytes a second at each site where the ticket lets a device through.
    Pass {
        secs: u8,
        bytes: u8,
    },
    Pause {
        site: usize,
    },
    Resume {
        site: usize,
    },
    Extra {
        secs: u8,
    },
    Revoke,
    TakeBack,
    /// The site's link goes down, or comes up again.
    Cut {
        site: usize,
    },
    Join {
        site: usize,
    },
}

fn op() -> impl Strategy<Value = Op> {
    let site = 0..2_usize;
    let device = 1..5_u8;
    prop_oneof![
        6 => (site.clone(), device.clone()).prop_map(|(site, device)| Op::Redeem { site, device }),
        6 => site.clone().prop_map(|site| Op::Confirm { site }),
        1 => (site.clone(), device).prop_map(|(site, device)| Op::Release { site, device }),
        9 => (1..30_u8, 0..20_u8).prop_map(|(secs, bytes)| Op::Pass { secs, bytes }),
        1 => site.clone().prop_map(|site| Op::Pause { site }),
        1 => site.clone().prop_map(|site| Op::Resume { site }),
        1 => (1..20_u8).prop_map(|secs| Op::Extra { secs }),
        1 => Just(Op::Revoke),
        1 => Just(Op::TakeBack),
        2 => site.clone().prop_map(|site| Op::Cut { site }),
        2 => site.prop_map(|site| Op::Join { site }),
    ]
}

fn terms() -> impl Strategy<Value = (Terms, Option<Timestamp>)> {
    let limit = |most: u32| prop::option::of(1..most);
    (
        limit(80),
        limit(80),
        limit(600),
        0..4_u16,
        prop::option::of(0..90_i64),
    )
        .prop_map(|(duration_secs, online_secs, bytes, devices, sell_by)| {
            let terms = Terms {
                duration_secs,
                online_secs,
                data_bytes: bytes.map(u64::from),
                devices,
                rate: None,
            };
            (terms, sell_by.map(secs))
        })
}

struct Site {
    id: SiteId,
    linked: bool,
    ticket: Ticket,
    naive: Naive,
    /// Whether the code was first used here without the controller.
    used_cut_off: bool,
    /// What really went through, whatever the ticket says.
    given: Usage,
    /// Seconds in which the ticket's clock ran.
    ran: u64,
}

struct World {
    now: i64,
    series: series::Series,
    right: Right,
    sites: [Site; 2],
    fastest: u64,
    ever_cut: bool,
}

impl World {
    fn new(right: Right, cut_off: series::CutOff) -> Self {
        let site = |number| Site {
            id: SiteId::from_bytes([number; 16]),
            linked: true,
            ticket: unused(right),
            naive: Naive::new(&right),
            used_cut_off: false,
            given: Usage::default(),
            ran: 0,
        };
        let series = series::Series {
            id: crate::ids::SeriesId::from_bytes([7; 16]),
            right,
            plan_name: String::new(),
            price: crate::money::Money::from_shillings(10),
            count: 1,
            skipped: Vec::new(),
            alphabet: series::Alphabet::Crockford,
            length: 12,
            prefix: String::new(),
            home: SiteId::from_bytes([0; 16]),
            cut_off,
            sealed_key: Vec::new(),
        };
        Self {
            now: 0,
            series,
            right,
            sites: [site(0), site(1)],
            fastest: 0,
            ever_cut: false,
        }
    }

    fn apply(&mut self, op: &Op) {
        let now = secs(self.now);
        match *op {
            Op::Redeem {
                site,
                device: number,
            } => self.redeem(site, number),
            Op::Confirm { site } => {
                let site = &mut self.sites[site];
                site.ticket = site.ticket.clone().confirmed(now);
                site.naive.counting |= site.naive.redeemed && site.naive.over.is_none();
            }
            Op::Release {
                site,
                device: number,
            } => {
                let site = &mut self.sites[site];
                site.ticket = site.ticket.clone().released(device(number));
                site.naive.devices.retain(|(_, other)| *other != number);
            }
            Op::Pass { secs, bytes } => {
                for _ in 0..secs {
                    self.second(bytes.into());
                }
            }
            Op::Pause { site } => {
                let site = &mut self.sites[site];
                let can = site.naive.counting && !site.naive.held && site.naive.over.is_none();
                let paused = site.ticket.clone().paused(now);
                assert_eq!(paused.is_ok(), can);
                if let Ok(paused) = paused {
                    site.ticket = paused;
                    site.naive.held = true;
                    site.naive.devices.clear();
                }
            }
            Op::Resume { site } => {
                let site = &mut self.sites[site];
                let resumed = site.ticket.clone().resumed(now);
                assert_eq!(resumed.is_ok(), site.naive.held);
                if let Ok(resumed) = resumed {
                    site.ticket = resumed;
                    site.naive.held = false;
                }
            }
            Op::Extra { secs } => {
                self.right.extra_secs += u32::from(secs);
                for site in &mut self.sites {
                    for left in [&mut site.naive.duration, &mut site.naive.online]
                        .into_iter()
                        .flatten()
                    {
                        *left += i64::from(secs);
                    }
                }
                self.rule();
            }
            Op::Revoke => {
                self.right.revoked = Some(now);
                self.rule();
            }
            Op::TakeBack => {
                self.right.revoked = None;
                self.rule();
            }
            Op::Cut { site } => {
                self.sites[site].linked = false;
                self.ever_cut = true;
            }
            Op::Join { site } => self.sites[site].linked = true,
        }
        self.look();
        self.converge();
    }

    fn redeem(&mut self, site: usize, number: u8) {
        let now = secs(self.now);
        let site = &mut self.sites[site];
        let cloud = if site.linked {
            series::Cloud::Reachable
        } else {
            series::Cloud::Away
        };
        let place = self.series.place(site.id, cloud);
        let attempt = Attempt {
            mac: device(number),
            place,
        };
        let redeemed = redeem(site.ticket.clone(), &attempt, now);
        let was = site.naive.redeemed;
        let expected = site.naive.redeem(number, place, self.now);
        match redeemed {
            Ok(redeemed) => {
                assert_eq!(
                    Ok(redeemed.evicted),
                    expected.map(|number| number.map(device))
                );
                assert_eq!(redeemed.first, !was);
                site.used_cut_off |= redeemed.first && !site.linked;
                site.ticket = redeemed.ticket;
            }
            Err(refusal) => assert_eq!(Err(refusal), expected),
        }
    }

    /// One second of the world; every site reads its router at the end of it.
    fn second(&mut self, bytes: u64) {
        self.now += 1;
        self.fastest = self.fastest.max(bytes);
        for site in &mut self.sites {
            if matches!(site.ticket.phase, Phase::Running { .. }) {
                site.ran += 1;
                if !site.ticket.slots().is_empty() {
                    site.given.online_secs += 1;
                    site.given.bytes_down += bytes;
                }
            }
            site.ticket = site.ticket.clone().used(site.given);
            site.naive.second(i64::try_from(bytes).unwrap());
        }
        self.look();
    }

    /// The controller's decision reaches both sites at once: when it does not is the feed's affair.
    fn rule(&mut self) {
        for site in &mut self.sites {
            site.ticket = site.ticket.clone().ruled(self.right, secs(self.now));
            site.naive.revoked = self.right.revoked.is_some();
            if site.naive.over.is_some() {
                site.naive.look_again();
            }
        }
    }

    fn look(&mut self) {
        let now = secs(self.now);
        for site in &mut self.sites {
            if let Some(reason) = site.ticket.due(now) {
                site.ticket = site.ticket.clone().end(reason, now);
            }
            site.naive.look();
            site.naive.agrees(&site.ticket, now);
        }
    }

    /// Sites with a link have told the controller everything, and it has told them.
    fn converge(&mut self) {
        let now = secs(self.now);
        let uses: Vec<_> = self
            .sites
            .iter()
            .filter(|site| site.linked)
            .filter_map(|site| {
                Some(SiteUse {
                    site: site.id,
                    redeemed_at: site.ticket.redeemed_at()?,
                    usage: site.ticket.usage(),
                })
            })
            .collect();
        let settled = settle(&uses);
        let Some(kept) = settled.kept else { return };
        for site in self
            .sites
            .iter_mut()
            .filter(|site| site.linked && site.id != kept.site)
        {
            site.ticket = site.ticket.clone().end(EndReason::UsedElsewhere, now);
            site.naive.finish(Some(EndReason::UsedElsewhere));
        }
        self.look();
    }

    /// P5, measured by what went through and not by what tickets say.
    fn no_more_than_sold(&self) {
        let terms = &self.right.terms;
        let extra = u64::from(self.right.extra_secs);
        for site in &self.sites {
            if let Some(duration) = terms.duration_secs {
                assert!(site.ran <= u64::from(duration) + extra);
            }
            if let Some(online) = terms.online_secs {
                assert!(u64::from(site.given.online_secs) <= u64::from(online) + extra);
            }
            if let Some(data) = terms.data_bytes {
                // A poll interval is one second here: what passed in the last one may be beyond.
                assert!(site.given.bytes() < data + self.fastest.max(1));
            }
        }
        let used = |site: &Site| site.ticket.redeemed_at().is_some();
        if !self.ever_cut {
            assert!(!self.sites.iter().all(used), "two uses without a cut");
        }
        if self.series.cut_off == series::CutOff::HomeOnly {
            assert!(
                !self.sites[1].used_cut_off,
                "used away from home without the controller"
            );
        }
    }

    /// Everything is linked again: one use stands, the first.
    fn ends_in_one_use(&mut self) {
        for site in &mut self.sites {
            site.linked = true;
        }
        self.converge();
        let lost = |site: &Site| {
            matches!(
                site.ticket.phase,
                Phase::Ended {
                    reason: EndReason::UsedElsewhere,
                    ..
                }
            )
        };
        let uses: Vec<_> = self
            .sites
            .iter()
            .filter_map(|site| Some((site.ticket.redeemed_at()?, site.id, lost(site))))
            .collect();
        let open: Vec<_> = self
            .sites
            .iter()
            .filter(|site| site.ticket.status(secs(self.now)) == Status::Active)
            .collect();
        if let Some(first) = uses.iter().min() {
            assert!(open.len() <= 1);
            assert!(open.iter().all(|site| site.id == first.1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8 * ProptestConfig::default().cases))]

    #[test]
    fn a_ticket_lives_as_the_naive_model_says_and_gives_no_more_than_it_sold(
        (terms, sell_by) in terms(),
        anywhere: bool,
        ops in prop::collection::vec(op(), 1..60),
    ) {
        let right = Right { terms, sell_by, revoked: None, extra_secs: 0 };
        let policy = if anywhere { series::CutOff::Anywhere } else { series::CutOff::HomeOnly };
        let mut world = World::new(right, policy);
        world.look();
        for op in &ops {
            world.apply(op);
            world.no_more_than_sold();
        }
        world.ends_in_one_use();
    }
}
