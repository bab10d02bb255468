//! A voucher that waits its turn on a phone, and what becomes of it when the one that runs there is taken from that phone.

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
