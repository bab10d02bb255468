//! What a site gives away to try: once to a device, so many times a day, and all of it read back.

use mnara_protocol::ticket::{EndReason, Status};

use super::*;
use crate::core::portal::TryError;

const DAY: Duration = Duration::from_secs(86_400);

pub(super) fn trial() -> TrialRow {
    TrialRow {
        terms: Terms {
            duration_secs: Some(900),
            ..terms()
        },
        every_days: 7,
        a_day: 2,
        ahead_minutes: 180,
    }
}

fn tries(site: &mut Site, n: u8) -> Result<Box<Home>, TryError> {
    match site.ask(Ask::Try { peer: address(n) }) {
        Some(Said::Tried(done)) => done,
        other => panic!("{other:?}"),
    }
}

fn giving() -> Site {
    let mut site = Site::new();
    site.row(Row::Trial(trial()));
    site
}

#[test]
fn a_device_tries_once_with_the_controller_away_and_then_sees_the_plans() {
    let mut site = giving();
    assert!(site.core.cloud == Cloud::Away);
    site.joins(1);
    let offer = site.home(1).trial.unwrap();
    assert_eq!(
        (offer.terms.duration_secs, offer.every_days),
        (Some(900), 7)
    );
    let view = tries(&mut site, 1).unwrap().ticket.unwrap();
    assert!(view.trial && !view.bought && view.held);
    site.look();
    let home = site.home(1);
    assert!(home.trial.is_none() && home.ticket.unwrap().online);
    // A second press changes nothing while it runs.
    let entries = site.journal.len();
    tries(&mut site, 1).unwrap();
    assert_eq!(site.journal.len(), entries);
    site.pass(Duration::from_secs(880));
    assert!(site.ticket(1).online);
    site.pass(Duration::from_secs(60));
    let home = site.home(1);
    let over = home.ticket.unwrap();
    assert!(over.status == Status::Used && over.trial && home.trial.is_none());
    assert!(!home.plans.is_empty());
    let ended = site.journal.iter().any(|(kind, body)| {
        matches!(Fact::decode(*kind, body), Ok(Fact::Ended(fact)) if fact.reason == EndReason::Duration)
    });
    assert!(ended);
    let Err(TryError::HadOne { again_secs }) = tries(&mut site, 1) else {
        panic!("it had one");
    };
    assert!(
        (6 * 86_400..7 * 86_400).contains(&again_secs),
        "{again_secs}"
    );
    // A week after, it may again.
    site.pass(DAY * 7 - Duration::from_secs(940));
    assert!(site.home(1).trial.is_some());
    tries(&mut site, 1).unwrap();
}

#[test]
fn a_site_gives_so_many_a_day_and_a_day_begins_at_its_midnight() {
    let mut site = giving();
    for n in [1, 2, 3] {
        site.joins(n);
    }
    tries(&mut site, 1).unwrap();
    tries(&mut site, 2).unwrap();
    assert_eq!(tries(&mut site, 3).unwrap_err(), TryError::DayIsFull);
    assert!(site.home(3).trial.is_none());
    // It is 11:00 in Nairobi.
    site.pass(Duration::from_secs(12 * 3600 + 3500));
    assert_eq!(tries(&mut site, 3).unwrap_err(), TryError::DayIsFull);
    site.pass(Duration::from_secs(200));
    tries(&mut site, 3).unwrap();
}

#[test]
fn nothing_is_given_that_the_owner_does_not_give() {
    let mut site = Site::new();
    site.joins(1);
    assert_eq!(tries(&mut site, 1).unwrap_err(), TryError::NotOffered);
    site.row(Row::Trial(TrialRow {
        terms: Terms {
            duration_secs: None,
            ..terms()
        },
        ..trial()
    }));
    assert_eq!(
        tries(&mut site, 1).unwrap_err(),
        TryError::NotOffered,
        "without an end"
    );
    site.row(Row::Trial(trial()));
    site.event(Event::StoreClosed);
    assert_eq!(tries(&mut site, 1).unwrap_err(), TryError::StoreFull);
    site.event(Event::StoreOpen);
    // Whoever has a ticket keeps to it, and has not had the trial.
    site.types(1, &printed(0)).unwrap();
    assert!(site.home(1).trial.is_none());
    let home = tries(&mut site, 1).unwrap();
    assert!(!home.ticket.unwrap().trial);
    site.pass(HOUR + Duration::from_secs(20));
    assert!(tries(&mut site, 1).unwrap().ticket.unwrap().trial);
    let gone = RowChange {
        kind: 9,
        id: *identity().site.as_bytes(),
        body: None,
    };
    site.joins(2);
    site.event(Event::Rows(vec![gone]));
    assert_eq!(tries(&mut site, 2).unwrap_err(), TryError::NotOffered);
    assert!(site.ticket(1).online, "what was given lasts");
}

#[test]
fn a_device_that_logs_out_goes_on_with_its_trial() {
    let mut site = giving();
    site.joins(1);
    tries(&mut site, 1).unwrap();
    site.look();
    site.ask(Ask::LogOut { peer: address(1) });
    site.look();
    assert!(!site.ticket(1).online);
    let before = site.ticket(1).id;
    let home = tries(&mut site, 1).unwrap();
    assert_eq!(home.ticket.unwrap().id, before);
    site.look();
    assert!(site.ticket(1).online);
}

#[test]
fn who_had_one_is_known_after_a_restart_and_from_a_snapshot() {
    let mut site = giving();
    site.joins(1);
    tries(&mut site, 1).unwrap();
    site.look();
    let before = site.ticket(1);
    site.keep_checkpoint();
    site.restart();
    site.look();
    let after = site.ticket(1);
    assert!(
        after.trial && after.online && (after.id, after.ends_at) == (before.id, before.ends_at)
    );
    site.pass(Duration::from_secs(920));
    assert!(matches!(tries(&mut site, 1), Err(TryError::HadOne { .. })));
    let bytes = site.core.snapshot();
    let mut replay = Replay::new(identity(), [1; 32], true);
    replay.snapshot(&bytes).unwrap();
    for ((kind, id), body) in &site.rows {
        let body = Some(body.clone());
        let (kind, id) = (*kind, *id);
        replay.row(RowChange { kind, id, body }, site.now());
    }
    site.core = replay.finish(site.journal.len() as u64);
    site.look();
    assert!(matches!(tries(&mut site, 1), Err(TryError::HadOne { .. })));
}

#[test]
fn a_corrected_clock_moves_who_had_one_with_it() {
    let mut site = giving();
    site.joins(1);
    tries(&mut site, 1).unwrap();
    site.look();
    // The clock had been ten days behind since the start.
    let secs = 10 * 86_400;
    site.base = site.base.plus_secs(secs);
    site.event(Event::ClockCorrected(secs));
    assert!(site.ticket(1).online);
    site.pass(Duration::from_secs(920));
    assert!(matches!(tries(&mut site, 1), Err(TryError::HadOne { .. })));
}

#[test]
fn a_new_store_takes_back_who_had_one_and_gives_none_before() {
    let mut site = giving();
    site.joins(1);
    tries(&mut site, 1).unwrap();
    site.look();
    let had = site.ticket(1);
    site.core = Replay::new(identity(), [9; 32], false).finish(0);
    site.journal.clear();
    site.event(Event::Started(None));
    for ((kind, id), body) in site.rows.clone() {
        let body = Some(body);
        site.event(Event::Rows(vec![RowChange { kind, id, body }]));
    }
    site.look();
    site.joins(2);
    assert!(site.home(2).trial.is_none());
    assert_eq!(tries(&mut site, 2).unwrap_err(), TryError::Resyncing);
    site.event(Event::LinkUp);
    let (attempt, _) = site.questions.pop().unwrap();
    let taken = Taken {
        ticket: had.id,
        printed: None,
        redeemed_at: NOON,
        since: Some(NOON),
        slots: vec![mnara_protocol::ticket::Slot {
            mac: mac(1),
            seen: NOON,
        }],
        usage: mnara_protocol::ticket::Usage::default(),
        ended: None,
        paused: None,
        tried: Some(Box::new(TakenTrial {
            mac: mac(1),
            right: right(trial().terms),
            code: had.code_shown.replace('-', ""),
        })),
    };
    let taken = vec![taken];
    let page = FactsAnswer { taken, more: false };
    site.event(Event::Answered(attempt, Answer::Facts(page)));
    site.look();
    let back = site.ticket(1);
    assert!(back.trial && back.online && back.id == had.id);
    site.pass(Duration::from_secs(920));
    assert!(matches!(tries(&mut site, 1), Err(TryError::HadOne { .. })));
    tries(&mut site, 2).unwrap();
}
