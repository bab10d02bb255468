//! A ticket is what all its sites report of it, in any order.

use mnara_protocol::ids::SessionId;
use mnara_protocol::ids::TicketId;
use mnara_protocol::message::{
    EndedFact, GrantedFact, MeteredFact, PausedFact, RedeemedFact, ReleasedFact, ResumedFact,
};

use super::*;

const SITE: SiteId = SiteId::from_bytes([1; 16]);
const TICKET: TicketId = TicketId::from_bytes([2; 16]);
const PHONE: Mac = Mac::from_bytes([3; 6]);

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + secs)
}

fn life() -> Vec<Fact> {
    let usage = |secs| Usage {
        online_secs: secs,
        bytes_up: 10,
        bytes_down: 100,
    };
    vec![
        Fact::Redeemed(RedeemedFact {
            ticket: TICKET,
            printed: None,
            mac: PHONE,
            at: at(0),
            first: true,
            evicted: None,
            cut_off: true,
        }),
        Fact::Granted(GrantedFact {
            ticket: TICKET,
            mac: PHONE,
            step: Step::Written,
            at: at(1),
        }),
        Fact::Granted(GrantedFact {
            ticket: TICKET,
            mac: PHONE,
            step: Step::Confirmed,
            at: at(2),
        }),
        Fact::Metered(MeteredFact {
            session: SessionId::from_bytes([4; 16]),
            ticket: TICKET,
            mac: PHONE,
            began: at(2),
            at: at(60),
            usage: usage(58),
            total: usage(58),
            over: false,
        }),
        Fact::Ended(EndedFact {
            ticket: TICKET,
            reason: EndReason::Duration,
            at: at(3602),
            usage: usage(3600),
        }),
        Fact::Released(ReleasedFact {
            ticket: TICKET,
            mac: PHONE,
            at: at(3603),
        }),
    ]
}

#[test]
fn a_life_told_twice_is_one_life() {
    let mut once = Use::begin(SITE, at(0));
    let mut twice = once.clone();
    for fact in life() {
        once.apply(&fact);
        twice.apply(&fact);
        twice.apply(&fact);
    }
    assert_eq!(once, twice);
    assert_eq!(once.started_at, Some(at(2)));
    assert_eq!(once.ended, Some((at(3602), EndReason::Duration)));
    assert_eq!(once.usage.online_secs, 3600);
    assert!(once.cut_off);
    assert!(once.slots.is_empty());
}

#[test]
fn a_held_clock_gives_back_what_was_left() {
    let mut one = Use::begin(SITE, at(0));
    for fact in &life()[..4] {
        one.apply(fact);
    }
    let paused = Fact::Paused(PausedFact {
        ticket: TICKET,
        at: at(100),
        usage: Usage {
            online_secs: 98,
            bytes_up: 10,
            bytes_down: 200,
        },
    });
    let resumed = |secs| {
        Fact::Resumed(ResumedFact {
            ticket: TICKET,
            at: at(secs),
        })
    };
    one.apply(&paused);
    one.apply(&paused);
    assert_eq!(
        (one.started_at, one.paused_at),
        (Some(at(2)), Some(at(100)))
    );
    assert_eq!((one.usage.online_secs, one.slots.len()), (98, 0));
    for is_printed in [true, false] {
        let summary = summarise(std::slice::from_ref(&one), is_printed);
        assert_eq!(summary.paused_at, Some(at(100)));
        assert_eq!(summary.ended, None);
    }
    let mut by_code = one.clone();
    one.apply(&resumed(500));
    one.apply(&resumed(900));
    assert_eq!((one.started_at, one.paused_at), (Some(at(402)), None));
    assert_eq!(summarise(&[one], true).paused_at, None);

    by_code.apply(&Fact::Redeemed(RedeemedFact {
        ticket: TICKET,
        printed: None,
        mac: PHONE,
        at: at(500),
        first: false,
        evicted: None,
        cut_off: false,
    }));
    assert_eq!(
        (by_code.started_at, by_code.paused_at),
        (Some(at(402)), None)
    );
    assert_eq!(by_code.slots.len(), 1);
}

#[test]
fn what_is_used_or_held_after_its_end_goes_on_and_ends_anew() {
    let redeemed = |secs, mac, first| {
        Fact::Redeemed(RedeemedFact {
            ticket: TICKET,
            printed: None,
            mac,
            at: at(secs),
            first,
            evicted: None,
            cut_off: false,
        })
    };
    let paused = |secs| {
        Fact::Paused(PausedFact {
            ticket: TICKET,
            at: at(secs),
            usage: Usage::default(),
        })
    };
    let ended = |secs, reason| {
        Fact::Ended(EndedFact {
            ticket: TICKET,
            reason,
            at: at(secs),
            usage: Usage::default(),
        })
    };
    let mut over = Use::begin(SITE, at(0));
    // Its device has not been let go of.
    for fact in &life()[..5] {
        over.apply(fact);
    }
    let other = Mac::from_bytes([5; 6]);
    let mut used = over.clone();
    for _ in 0..2 {
        used.apply(&redeemed(3700, other, false));
    }
    assert_eq!(used.ended, None);
    let macs: Vec<_> = used.slots.iter().map(|slot| slot.mac).collect();
    assert_eq!(macs, [other], "it was open again without devices");
    for mut one in [used, over] {
        for _ in 0..2 {
            one.apply(&paused(3800));
        }
        assert_eq!((one.ended, one.paused_at), (None, Some(at(3800))));
        for is_printed in [true, false] {
            let summary = summarise(std::slice::from_ref(&one), is_printed);
            assert_eq!((summary.ended, summary.paused_at), (None, Some(at(3800))));
        }
        for _ in 0..2 {
            one.apply(&ended(7200, EndReason::Data));
        }
        let anew = Some((at(7200), EndReason::Data));
        assert_eq!((one.ended, one.paused_at), (anew, None));
        // What was told before is told again, as by a journal that had forked.
        for fact in [redeemed(0, PHONE, true), redeemed(3700, other, false)] {
            one.apply(&fact);
        }
        one.apply(&ended(3602, EndReason::Duration));
        assert_eq!(one.ended, anew);
    }
    // What another site used first stays over here.
    let mut lost = Use::begin(SITE, at(0));
    lost.apply(&ended(100, EndReason::UsedElsewhere));
    lost.apply(&redeemed(200, PHONE, false));
    assert_eq!(lost.ended, Some((at(100), EndReason::UsedElsewhere)));
}

#[test]
fn a_ticket_is_over_when_no_use_runs() {
    let mut first = Use::begin(SITE, at(0));
    for fact in life() {
        first.apply(&fact);
    }
    let second = Use {
        site: SiteId::from_bytes([9; 16]),
        ..Use::begin(SITE, at(100))
    };
    assert_eq!(
        summarise(&[first.clone(), second.clone()], true).ended,
        None
    );
    let lost = Use {
        lost: true,
        ..second
    };
    let summary = summarise(&[first, lost], true);
    assert_eq!(summary.ended, Some((at(3602), EndReason::Duration)));
    assert_eq!(summary.redeemed_at, Some(at(0)));
}

#[test]
fn a_bought_ticket_that_moved_is_counted_once() {
    let mut first = Use::begin(SITE, at(0));
    first.usage.bytes_down = 30;
    let mut second = Use {
        site: SiteId::from_bytes([9; 16]),
        ..Use::begin(SITE, at(100))
    };
    second.usage.bytes_down = 45;
    second.ended = Some((at(200), EndReason::Data));
    let summary = summarise(&[first, second], false);
    assert_eq!(
        summary.usage.bytes_down, 45,
        "the second site went on from 30"
    );
    assert_eq!(
        summary.ended,
        Some((at(200), EndReason::Data)),
        "nothing runs where it moved away from"
    );
}

#[test]
fn a_corrected_clock_moves_what_was_recorded_since_the_boot() {
    let correction = Correction::Moved {
        from: at(50),
        by_millis: 3_600_000,
        now: at(4000),
    };
    let mut before = Use::begin(SITE, at(10));
    assert!(!before.corrected(correction));
    let mut since = Use {
        started_at: Some(at(62)),
        ..Use::begin(SITE, at(60))
    };
    assert!(since.corrected(correction));
    assert_eq!(
        (since.redeemed_at, since.started_at),
        (at(3660), Some(at(3662)))
    );
}
