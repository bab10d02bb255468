//! Generated lives of one ticket at a site whose power and link come and go, against promise P7: a wrong clock neither ends nor prolongs
//! a ticket; after a power cut with the cloud away a running duration may shift later by the time without power, no more.

use proptest::prelude::*;

use super::*;
use crate::clock::{Correction, Ticks, TrustedClock};

const SOLD: i64 = 3600;

#[derive(Clone, Debug)]
enum Op {
    /// The site runs on.
    Run { secs: i64 },
    /// The power goes, and comes back with a system clock that nobody asks.
    Dark { secs: i64 },
    /// The controller is heard.
    Anchor,
    /// The controller says a time long past, as one with a wrong clock would.
    WrongAnchor { behind_secs: i64 },
    /// The code is used and the router confirms.
    Start,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (1..2_000_i64).prop_map(|secs| Op::Run { secs }),
        2 => (1..20_000_i64).prop_map(|secs| Op::Dark { secs }),
        2 => Just(Op::Anchor),
        1 => (301..1_700_000_000_i64).prop_map(|behind_secs| Op::WrongAnchor { behind_secs }),
        2 => Just(Op::Start),
    ]
}

struct Site {
    /// Seconds since the start, truly.
    truth: i64,
    /// Ticks restart with every boot.
    booted: i64,
    clock: TrustedClock,
    ticket: Ticket,
    /// When the ticket's clock truly started.
    started: Option<i64>,
    /// Seconds without power that the controller had not yet made up for, since the ticket started.
    unknown_dark: i64,
    /// Steps of the clock too small to be told.
    quiet: i64,
}

impl Site {
    fn new() -> Self {
        let mut clock = TrustedClock::from_floor(START, Ticks::from_millis(0));
        clock.anchor(START, Ticks::from_millis(0));
        Self {
            truth: 0,
            booted: 0,
            clock,
            ticket: unused(hour()),
            started: None,
            unknown_dark: 0,
            quiet: 0,
        }
    }

    fn ticks(&self) -> Ticks {
        Ticks::from_millis(u64::try_from((self.truth - self.booted) * 1000).unwrap())
    }

    fn now(&self) -> Timestamp {
        self.clock.now(self.ticks())
    }

    fn apply(&mut self, op: &Op) {
        match *op {
            Op::Run { secs } => {
                for _ in 0..secs {
                    self.truth += 1;
                    self.look();
                }
            }
            Op::Dark { secs } => {
                let floor = self.clock.floor(self.ticks());
                self.truth += secs;
                self.booted = self.truth;
                self.clock = TrustedClock::resume(floor, self.ticks());
                self.unknown_dark += secs;
            }
            Op::Anchor => {
                let before = self.now();
                let truth = secs(self.truth);
                match self.clock.anchor(truth, self.ticks()) {
                    Some(correction @ Correction::Moved { .. }) => {
                        self.ticket = self.ticket.clone().corrected(correction);
                    }
                    Some(Correction::Refused { .. }) => panic!("the truth was refused"),
                    None => self.quiet += i64::try_from(truth.since(before).as_secs()).unwrap() + 1,
                }
            }
            Op::WrongAnchor { behind_secs } => {
                let wrong = self.now().plus_secs(-behind_secs);
                let before = self.now();
                let correction = self.clock.anchor(wrong, self.ticks());
                assert!(!matches!(correction, Some(Correction::Moved { .. })));
                assert_eq!(self.now(), before);
            }
            Op::Start => {
                let now = self.now();
                if let Ok(redeemed) = redeem(self.ticket.clone(), &good(1), now) {
                    self.ticket = redeemed.ticket.confirmed(now);
                    if redeemed.first {
                        self.started = Some(self.truth);
                        self.unknown_dark = 0;
                        self.quiet = 0;
                    }
                }
            }
        }
        self.look();
    }

    fn look(&mut self) {
        let now = self.now();
        let Some(started) = self.started else { return };
        let ran = self.truth - started;
        let over = matches!(self.ticket.phase, Phase::Ended { .. });
        if let Some(reason) = self.ticket.due(now) {
            assert_eq!(reason, EndReason::Duration);
            assert!(
                ran + self.quiet + 1 >= SOLD,
                "ended after {ran} of {SOLD} s"
            );
            self.ticket = self.ticket.clone().end(reason, now);
        } else if !over {
            assert!(
                ran < SOLD + self.unknown_dark + 1,
                "still open after {ran} s, {} of them dark",
                self.unknown_dark
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2 * ProptestConfig::default().cases))]

    #[test]
    fn power_and_cloud_away_never_shorten_a_ticket_and_prolong_it_only_by_the_dark(
        ops in prop::collection::vec(op(), 1..40),
    ) {
        let mut site = Site::new();
        for op in &ops {
            site.apply(op);
        }
    }
}

#[test]
fn the_worst_night_by_hand() {
    let mut site = Site::new();
    // Two dark stretches without the controller, the ticket started between them.
    for op in [
        Op::Dark { secs: 36_000 },
        Op::Run { secs: 60 },
        Op::Start,
        Op::Run { secs: 600 },
    ] {
        site.apply(&op);
    }
    for op in [Op::Dark { secs: 1_000 }, Op::Run { secs: 5 }, Op::Anchor] {
        site.apply(&op);
    }
    let left = site.ticket.left(site.now()).duration.unwrap();
    assert_eq!(left.as_millis().div_ceil(1000), 3600 - 605);
}
