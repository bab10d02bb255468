//! Vouchers that are taken from a phone: what waits its turn there does not begin, and what was held comes back when it is let go on.

use super::*;

fn ids() -> [TicketId; 2] {
    [0, 1].map(|index| series::ticket_id(series_id(), index))
}

/// A phone that is online with one voucher while another waits its turn.
fn two_on_a_phone() -> Site {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.types(1, &printed(1)).unwrap();
    site.pass(Duration::from_secs(30));
    assert!(site.hotspot.is_online(1));
    site
}

/// The controller has a ticket's place freed on the first phone.
fn frees(site: &mut Site, ticket: TicketId) {
    let give = ReleaseCommand {
        id: CommandId::from_bytes([1; 16]),
        expires: site.now().at.plus_secs(60),
        ticket,
        mac: mac(1),
    };
    site.event(Event::Commanded(Command::Release(give)));
}

/// The first phone is offline, the second voucher as good as ever, and both are on the phone's page, also after a restart.
fn both_are_offered(site: &mut Site) {
    let [first, second] = ids();
    for is_restarted in [false, true] {
        if is_restarted {
            site.restart();
        }
        site.pass(Duration::from_secs(30));
        assert!(!site.hotspot.is_online(1), "the second voucher took over");
        let waits = &site.core.state.tickets.find(second).unwrap().ticket;
        assert_eq!(waits.since(), None, "nobody has been online with it");
        let home = site.home(1);
        let offered: BTreeSet<_> = home
            .ticket
            .iter()
            .chain(&home.waiting)
            .map(|ticket| (ticket.id, ticket.held))
            .collect();
        assert_eq!(offered, BTreeSet::from([(first, false), (second, false)]));
    }
}

#[test]
fn freeing_a_place_does_not_begin_the_next_voucher() {
    let mut site = two_on_a_phone();
    frees(&mut site, ids()[0]);
    both_are_offered(&mut site);
}

#[test]
fn a_pause_does_not_begin_the_next_voucher() {
    let mut site = two_on_a_phone();
    let paused = hold(&mut site, 1, ids()[0], Command::Pause);
    assert_eq!(paused, Report::Done);
    both_are_offered(&mut site);
    // It goes on where it stood when its phone takes it up again.
    site.types(1, &printed(0)).unwrap();
    site.look();
    let ticket = site.ticket(1);
    assert!(ticket.online && ticket.id == ids()[0]);
}

#[test]
fn a_code_typed_on_another_phone_does_not_begin_the_next_voucher() {
    let mut site = two_on_a_phone();
    site.joins(2);
    site.types(2, &printed(0)).unwrap();
    both_are_offered(&mut site);
    assert!(site.hotspot.is_online(2));
}

#[test]
fn what_waits_keeps_its_turn_while_another_runs() {
    let mut site = two_on_a_phone();
    let [first, second] = ids();
    site.types(1, &printed(2)).unwrap();
    frees(&mut site, second);
    site.pass(Duration::from_secs(30));
    let home = site.home(1);
    assert!(
        home.ticket
            .is_some_and(|ticket| ticket.online && ticket.id == first)
    );
    let waits: Vec<_> = home.waiting.iter().map(|ticket| ticket.id).collect();
    assert_eq!(waits, [series::ticket_id(series_id(), 2)]);
}

#[test]
fn what_had_its_turn_before_what_is_taken_keeps_it() {
    let mut site = Site::new();
    site.joins(1);
    for index in [0, 1] {
        site.types(1, &printed(index)).unwrap();
        site.ticks = site.ticks + Duration::from_secs(1);
    }
    site.hotspot.leaves(1);
    frees(&mut site, ids()[1]);
    site.look();
    site.joins(1);
    site.look();
    let ticket = site.ticket(1);
    assert!(ticket.online && ticket.id == ids()[0]);
}

#[test]
fn a_held_ticket_that_is_let_go_on_has_the_devices_back_that_held_it() {
    let [ticket, _] = ids();
    for is_snapped in [false, true] {
        let mut site = Site::new();
        site.joins(1);
        site.joins(2);
        // The first phone had it before, and is not the one that gets it back.
        for n in [1, 2] {
            site.types(n, &printed(0)).unwrap();
            site.pass(Duration::from_secs(20));
        }
        let ends_at = site.ticket(2).ends_at.unwrap();
        let paused = hold(&mut site, 1, ticket, Command::Pause);
        assert_eq!(paused, Report::Done);
        site.pass(Duration::from_secs(60));
        assert!(!site.hotspot.is_online(1) && !site.hotspot.is_online(2));
        if is_snapped {
            site.keep_snapshot();
        }
        site.restart();
        let resumed = hold(&mut site, 2, ticket, Command::Resume);
        assert_eq!(resumed, Report::Done);
        for _ in 0..2 {
            site.look();
            site.look();
            let online = [1, 2].map(|n| site.hotspot.is_online(n));
            assert_eq!(online, [false, true]);
            let ticket = site.ticket(2);
            assert!(ticket.online);
            assert_eq!(ticket.ends_at, Some(ends_at + Duration::from_secs(60)));
            assert!(site.core.state.paused.is_empty());
            site.restart();
        }
    }
}

#[test]
fn a_device_that_took_up_another_voucher_during_a_pause_keeps_to_that() {
    let mut site = Site::with(Terms {
        devices: 2,
        ..terms()
    });
    let [first, second] = ids();
    for n in [1, 2] {
        site.joins(n);
        site.types(n, &printed(0)).unwrap();
    }
    site.look();
    let paused = hold(&mut site, 1, first, Command::Pause);
    assert_eq!(paused, Report::Done);
    site.types(1, &printed(1)).unwrap();
    site.pass(Duration::from_secs(20));
    let resumed = hold(&mut site, 2, first, Command::Resume);
    assert_eq!(resumed, Report::Done);
    site.pass(Duration::from_secs(20));
    let used = [1, 2].map(|n| site.ticket(n));
    assert!(used.iter().all(|ticket| ticket.online));
    assert_eq!(used.map(|ticket| ticket.id), [second, first]);
    let known = site.core.state.tickets.find(first).unwrap();
    let held: Vec<_> = known.ticket.slots().iter().map(|slot| slot.mac).collect();
    assert_eq!(held, [mac(2)]);
}
