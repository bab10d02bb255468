//! Generated lives of a site: whatever happens, reading the journal again gives the state there was, and no ticket gives more than it sold.

use mnara_protocol::ticket::Phase;
use proptest::prelude::*;

use super::*;
use crate::core::tickets::Known;

#[derive(Clone, Debug)]
enum Step {
    Joins(u8),
    Leaves(u8),
    Types(u8, u32),
    Pays(u8),
    LogsOut(u8),
    Tries(u8),
    Uses(u8, u32),
    Passes(u16),
    PowerCut,
    Restart,
    Link(bool),
    Revoke(u32),
    Extend(u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let device = 1_u8..5;
    prop_oneof![
        3 => device.clone().prop_map(Step::Joins),
        2 => device.clone().prop_map(Step::Leaves),
        4 => (device.clone(), 0_u32..4).prop_map(|(n, index)| Step::Types(n, index)),
        1 => device.clone().prop_map(Step::Pays),
        1 => device.clone().prop_map(Step::LogsOut),
        2 => device.clone().prop_map(Step::Tries),
        3 => (device, 0_u32..400_000).prop_map(|(n, bytes)| Step::Uses(n, bytes)),
        5 => (1_u16..900).prop_map(Step::Passes),
        1 => Just(Step::PowerCut),
        1 => Just(Step::Restart),
        1 => any::<bool>().prop_map(Step::Link),
        1 => (0_u32..4).prop_map(Step::Revoke),
        2 => (0_u32..4, 60_u32..7200).prop_map(|(index, secs)| Step::Extend(index, secs)),
    ]
}

fn play(site: &mut Site, step: &Step) {
    match *step {
        Step::Joins(n) => site.joins(n),
        Step::Leaves(n) => {
            site.hotspot.leaves(n);
            site.look();
        }
        Step::Types(n, index) => {
            site.ask(Ask::Redeem {
                peer: address(n),
                code: printed(index),
            });
        }
        Step::Pays(n) => {
            site.row(Row::Ticket(bought(Some(n))));
        }
        Step::LogsOut(n) => {
            let said = site.ask(Ask::LogOut { peer: address(n) });
            if let Some(Said::LoggedOut(home)) = said
                && matches!(home.device, Device::Known { .. })
            {
                let held = site.core.state.tickets.of_device(mac(n));
                assert!(held.is_empty(), "logged out, and holds a ticket");
            }
        }
        Step::Tries(n) => {
            site.ask(Ask::Try { peer: address(n) });
        }
        Step::Uses(n, bytes) => {
            site.hotspot.uses(n, 0, bytes.into());
            site.look();
        }
        Step::Passes(secs) => site.pass(Duration::from_secs(secs.into())),
        Step::PowerCut => {
            site.keep_checkpoint();
            site.hotspot.power_cut();
            site.restart();
            site.look();
        }
        Step::Restart => {
            site.keep_checkpoint();
            site.restart();
            site.look();
        }
        Step::Link(up) => {
            site.event(if up { Event::LinkUp } else { Event::LinkDown });
        }
        Step::Revoke(index) => {
            let now = site.now().at;
            decide(site, index, |right| right.revoked = Some(now));
        }
        Step::Extend(index, secs) => decide(site, index, |right| right.extra_secs += secs),
    }
}

/// The controller decides about a printed ticket, on top of what it had decided before.
fn decide(site: &mut Site, index: u32, change: impl FnOnce(&mut Right)) {
    let printed = Printed {
        series: series_id(),
        index,
    };
    let mut right = site.core.state.batches.right(printed).unwrap();
    change(&mut right);
    site.row(Row::Ruling(RulingRow {
        ticket: series::ticket_id(series_id(), index),
        printed,
        right,
        used_elsewhere: None,
        used_at: None,
        used_at_name: None,
        deliver_to: None,
        deliver_until: None,
    }));
}

fn limited() -> Terms {
    Terms {
        data_bytes: Some(1_000_000),
        devices: 2,
        ..terms()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases))]

    #[test]
    fn the_journal_read_again_is_the_state_there_was(steps in proptest::collection::vec(step(), 1..60)) {
        let mut site = Site::with(limited());
        site.row(Row::Trial(trying::trial()));
        for step in &steps {
            play(&mut site, step);
            prop_assert!(site.core.state.strangers == 0);
        }
        site.keep_checkpoint();
        let before = site.core.snapshot();
        let mut replay = Replay::new(identity(), [10; 32], true);
        for ((kind, id), body) in &site.rows {
            replay.row(RowChange { kind: *kind, id: *id, body: Some(body.clone()) }, site.now());
        }
        let (entry, body) = site.checkpoint.clone().unwrap();
        replay.checkpoint(entry, &body).unwrap();
        for (number, (kind, body)) in (1..).zip(&site.journal) {
            replay.entry(number, *kind, body).unwrap();
        }
        let mut after = replay.finish(site.journal.len() as u64);
        // The first thing a start does.
        after.state.tickets.rule_again(site.now().at);
        let (before, after) = (comparable(&before), comparable(&after.snapshot()));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn no_ticket_gives_more_than_it_sold(steps in proptest::collection::vec(step(), 1..80)) {
        let mut site = Site::with(limited());
        site.row(Row::Trial(trying::trial()));
        for step in &steps {
            play(&mut site, step);
            let now = site.now().at;
            for known in site.core.state.tickets.iter() {
                let ticket = &known.ticket;
                prop_assert!(ticket.slots().len() <= usize::from(ticket.right.terms.devices));
                if let Phase::Running { since, .. } = &ticket.phase {
                    let sold = HOUR + Duration::from_secs(ticket.right.extra_secs.into());
                    prop_assert!(now.since(*since) < sold, "a running ticket past its time");
                }
            }
            // What is looked up is what looking at every ticket would find.
            let tickets = &site.core.state.tickets;
            let live: Vec<_> = tickets.iter().filter(|known| known.is_live()).collect();
            prop_assert!(tickets.live().eq(live.iter().copied()));
            prop_assert_eq!(tickets.next_date(), live.iter().filter_map(|known| known.ticket.next_date()).min());
            for n in 1..=8 {
                let holds = |known: &&&Known| known.ticket.slots().iter().any(|slot| slot.mac == mac(n));
                let held: BTreeSet<_> = live.iter().filter(holds).map(|known| known.ticket.id).collect();
                let found: BTreeSet<_> = tickets.of_device(mac(n)).iter().map(|known| known.ticket.id).collect();
                prop_assert_eq!(found, held);
            }
            let online: BTreeSet<_> = site.hotspot.sessions.values().map(|session| session.user.clone()).collect();
            for user in site.hotspot.users.values() {
                let live = site.core.state.tickets.find(user.spec.ticket).is_some_and(|known| known.is_live());
                prop_assert!(live || !online.contains(&user.spec.name), "online without a live ticket");
                let devices = site.hotspot.sessions.values().filter(|session| session.user == user.spec.name).count();
                prop_assert!(devices <= usize::from(user.spec.max_devices), "more devices than sold");
            }
        }
    }
}

/// A snapshot without what only tells which of several equal tellings came last.
fn comparable(snapshot: &[u8]) -> String {
    let mut core = Replay::new(identity(), [1; 32], true);
    core.snapshot(snapshot).unwrap();
    let core = core.finish(0);
    let tickets: Vec<_> = core
        .state
        .tickets
        .iter()
        .filter(|known| known.ticket.phase != Phase::Unused)
        .map(|known| {
            let mut ticket = known.ticket.clone();
            if let Phase::Redeemed { slots, .. } | Phase::Running { slots, .. } = &mut ticket.phase
            {
                slots.sort_by_key(|slot| slot.mac);
                // Who was seen when is kept with running sessions only.
                slots.iter_mut().for_each(|slot| slot.seen = NOON);
            }
            ticket
        })
        .collect();
    let spent: Vec<_> = core.state.batches.all_spent().iter().collect();
    format!(
        "{tickets:#?}\n{spent:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
        core.state.trials.all().collect::<Vec<_>>(),
        core.state.confirmed,
        core.state.meters.sessions(),
        core.state.tickets.last_pairs().collect::<Vec<_>>(),
        core.state.given_back.pairs().collect::<Vec<_>>(),
    )
}
