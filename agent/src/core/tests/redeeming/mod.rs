//! Codes at the portal.

use mnara_protocol::grant::Step;
use mnara_protocol::ticket::{Phase, Refusal, Status};

use super::super::portal::{BuyError, ClaimError, TryError};
use super::*;

mod codes;
mod moved;
mod reopened;
mod turns;

#[test]
fn a_printed_code_gets_a_device_online_and_its_clock_starts_when_the_router_shows_it() {
    let mut site = Site::new();
    site.joins(1);
    let home = site.types(1, &printed(0)).unwrap();
    let ticket = home.ticket.unwrap();
    assert_eq!(ticket.step, Step::Delivered);
    assert_eq!(ticket.ends_at, None, "the clock does not run yet");
    assert_eq!(
        ticket.code_shown,
        format!("{}-{}", &printed(0)[..4], &printed(0)[4..])
    );
    assert_ne!(
        ticket.username.reveal(),
        printed(0),
        "a short code is no log-in"
    );
    let facts = site.look();
    assert!(matches!(&facts[..], [Fact::Granted(fact)] if fact.step == Step::Confirmed));
    let ticket = site.ticket(1);
    assert!(ticket.online);
    assert_eq!(ticket.step, Step::Confirmed);
    assert_eq!(ticket.ends_at, Some(site.now().at + HOUR));
    assert_eq!(ticket.status, Status::Active);
}

#[test]
fn a_ticket_ends_on_time_and_its_device_is_cut_off() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.pass(HOUR - Duration::from_secs(10));
    assert!(site.hotspot.is_online(1));
    site.pass(Duration::from_secs(10));
    assert!(!site.hotspot.is_online(1));
    assert_eq!(site.hotspot.users(), 0);
    assert_eq!(site.ticket(1).status, Status::Used);
    assert_eq!(
        site.types(1, &printed(0)),
        Err(RedeemError::Refused(Refusal::Used))
    );
}

#[test]
fn a_phone_that_changed_its_address_takes_its_own_place() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.pass(Duration::from_secs(600));
    let ends = site.ticket(1).ends_at;
    site.hotspot.leaves(1);
    site.joins(2);
    let home = site.types(2, &printed(0)).unwrap();
    assert_eq!(
        home.ticket.unwrap().ends_at,
        ends,
        "the clock has not stopped"
    );
    site.look();
    assert!(site.hotspot.is_online(2));
    site.joins(1);
    site.pass(Duration::from_secs(20));
    assert!(!site.hotspot.is_online(1));
    assert!(!site.ticket(1).held);
}

#[test]
fn shared_tickets_hold_as_many_devices_as_were_sold_and_pool_their_data() {
    let mut site = Site::with(Terms {
        devices: 2,
        data_bytes: Some(1_000_000),
        ..terms()
    });
    for n in 1..=3 {
        site.joins(n);
        site.types(n, &printed(0)).unwrap();
        site.pass(Duration::from_secs(10));
    }
    assert_eq!(
        [1, 2, 3].map(|n| site.hotspot.is_online(n)),
        [false, true, true]
    );
    site.hotspot.uses(2, 100_000, 300_000);
    site.hotspot.uses(3, 100_000, 400_000);
    site.look();
    assert_eq!(site.ticket(2).left.bytes, Some(100_000));
    site.hotspot.uses(3, 0, 100_000);
    site.pass(Duration::from_secs(10));
    assert_eq!([2, 3].map(|n| site.hotspot.is_online(n)), [false, false]);
    assert_eq!(site.ticket(3).status, Status::Used);
}

#[test]
fn a_device_of_a_running_ticket_is_logged_in_when_it_comes_back_without_a_page() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.hotspot.leaves(1);
    site.pass(Duration::from_secs(60));
    assert!(!site.hotspot.is_online(1));
    site.joins(1);
    assert!(site.hotspot.is_online(1));
}

#[test]
fn logging_out_gives_the_place_back_and_the_code_brings_it_back() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    let said = site.ask(Ask::LogOut { peer: address(1) }).unwrap();
    assert!(matches!(said, Said::LoggedOut(home) if !home.ticket.as_ref().unwrap().held));
    site.pass(Duration::from_secs(30));
    assert!(!site.hotspot.is_online(1));
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(30));
    assert!(site.hotspot.is_online(1));
}

#[test]
fn logging_out_gives_every_ticket_back_and_all_are_offered_again() {
    let mut site = Site::new();
    let [first, second] = [0, 1].map(|index| series::ticket_id(series_id(), index));
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.types(1, &printed(1)).unwrap();
    let said = site.ask(Ask::LogOut { peer: address(1) }).unwrap();
    assert!(matches!(said, Said::LoggedOut(_)));
    site.pass(Duration::from_secs(30));
    assert!(!site.hotspot.is_online(1), "the second voucher took over");
    let is_offered = |site: &mut Site| {
        let stands = &site.core.state.tickets.find(second).unwrap().ticket;
        assert_eq!(stands.since(), None, "nobody has been online with it");
        assert!(stands.slots().is_empty());
        let home = site.home(1);
        let running = home.ticket.unwrap();
        assert_eq!((running.id, running.held), (first, false));
        let others: Vec<_> = home.waiting.iter().map(|it| (it.id, it.held)).collect();
        assert_eq!(others, [(second, false)]);
    };
    is_offered(&mut site);
    site.restart();
    site.look();
    is_offered(&mut site);
    let mut replay = Replay::new(identity(), [1; 32], true);
    replay.snapshot(&site.core.snapshot()).unwrap();
    let kept = replay.finish(0).state.given_back;
    assert!(kept == site.core.state.given_back);
    // What is used again is not offered beside itself, and the other is not lost.
    let home = site.types(1, &printed(1)).unwrap();
    assert_eq!(home.ticket.unwrap().id, second);
    assert!(home.waiting.is_empty());
    site.pass(HOUR);
    site.pass(Duration::from_secs(60));
    assert_eq!(site.core.state.given_back.pairs().count(), 0, "all is over");
    assert_eq!(site.ticket(1).status, Status::Used);
}

#[test]
fn a_second_ticket_of_a_device_begins_when_the_first_ends() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    let first = site.ticket(1).id;
    let home = site.types(1, &printed(1)).unwrap();
    assert_eq!(home.ticket.unwrap().id, first);
    assert_eq!(home.waiting.len(), 1);
    site.pass(HOUR);
    site.pass(Duration::from_secs(20));
    let second = site.ticket(1);
    assert_ne!(second.id, first);
    assert!(site.hotspot.is_online(1));
    let left = second.left.duration.unwrap();
    assert!(left > HOUR - Duration::from_secs(40), "{left:?}");
}

#[test]
fn who_is_no_device_of_the_hotspot_is_looked_for_twice_and_then_told() {
    let mut site = Site::new();
    let id = AskId(900);
    site.event(Event::Asked(id, Ask::Home { peer: address(9) }));
    site.look();
    assert!(
        site.replies.is_empty(),
        "that look may have begun before the device joined"
    );
    site.look();
    let Some(Said::Home(home)) = site.replies.remove(&id) else {
        panic!()
    };
    assert_eq!(home.device, Device::NotInHotspot);
    site.event(Event::Asked(id, Ask::Home { peer: address(9) }));
    site.joins(9);
    let Some(Said::Home(home)) = site.replies.remove(&id) else {
        panic!()
    };
    assert!(matches!(home.device, Device::Known { mac: found, .. } if found == mac(9)));
}

#[test]
fn who_is_let_through_anyway_is_sold_nothing() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.hotspot.bypassed.insert(1);
    site.joins(1);
    let (peer, phone) = (address(1), "0712 345 678".to_owned());
    let home = site.home(1);
    assert_eq!((home.device, home.token), (Device::LetThrough, None));
    assert_eq!(site.types(1, &printed(0)), Err(RedeemError::LetThrough));
    let buys = Ask::Buy {
        peer,
        plan: plan().id,
        revision: plan().revision,
        phone: phone.clone(),
        by_sms: false,
    };
    let said = Said::Buying(Err(BuyError::LetThrough));
    assert_eq!(site.ask(buys), Some(said));
    let receipt = "TKL51ZDR4F".to_owned();
    let claims = Ask::Claim {
        peer,
        receipt,
        phone,
    };
    let said = Said::Claimed(Err(ClaimError::LetThrough));
    assert_eq!(site.ask(claims), Some(said));
    let said = Said::Tried(Err(TryError::LetThrough));
    assert_eq!(site.ask(Ask::Try { peer }), Some(said));
    assert!(site.questions.is_empty());
    site.hotspot.bypassed.clear();
    site.look();
    site.types(1, &printed(0)).unwrap();
    assert!(site.hotspot.is_online(1));
}

#[test]
fn with_the_router_away_nobody_is_logged_in_and_pages_say_so() {
    let mut site = Site::new();
    site.joins(1);
    site.event(Event::RouterLost);
    assert_eq!(site.types(1, &printed(0)), Err(RedeemError::RouterAway));
    assert_eq!(site.home(1).device, Device::RouterAway);
    let facts = site.look();
    assert!(
        matches!(&facts[..], [Fact::Health(health)] if health.event == HealthEvent::RouterBack)
    );
    assert!(site.types(1, &printed(0)).is_ok());
}

#[test]
fn a_token_is_for_a_device_of_the_hotspot_while_the_controller_can_be_reached() {
    let mut site = Site::new();
    site.joins(1);
    assert!(site.home(1).token.is_none());
    site.event(Event::LinkUp);
    let token = site.home(1).token.unwrap();
    assert_eq!(token.secs, mnara_protocol::token::LONGEST_SECS);
    // Of a stranger nothing is said before the router was looked at anew.
    assert_eq!(site.ask(Ask::Home { peer: address(9) }), None);
    for _ in 0..2 {
        site.look();
    }
    let Some((_, Said::Home(home))) = site.replies.pop_first() else {
        panic!("nobody answers a stranger");
    };
    assert!(home.token.is_none(), "a stranger is vouched for");
    site.event(Event::LinkDown);
    assert!(site.home(1).token.is_none());
}

#[test]
fn who_pays_while_the_router_is_away_sees_the_ticket_but_nothing_is_done_on_an_old_look() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    site.joins(2);
    site.event(Event::RouterLost);
    site.row(Row::Ticket(bought(Some(1))));
    let home = site.home(1);
    assert_eq!(
        (home.device, home.token.is_some()),
        (Device::RouterAway, false)
    );
    let ticket = home.ticket.unwrap();
    assert_eq!(ticket.code_shown, "7KQ2-M0X1-90AB");
    assert_eq!(ticket.password.reveal(), BOUGHT);
    assert!(ticket.router_away && ticket.step < Step::Confirmed);
    assert!(site.home(2).ticket.is_none() && site.home(9).ticket.is_none());
    assert!(site.ask(Ask::LogOut { peer: address(1) }).is_some());
    assert!(
        site.home(1).ticket.unwrap().held,
        "logged out on an old look"
    );
    // By then the address may have passed to another device.
    site.ticks = site.ticks + HOUR;
    assert!(site.home(1).ticket.is_none());
    site.look();
    assert!(site.ticket(1).online);
}

#[test]
fn with_the_store_closed_no_code_is_taken_and_paid_sessions_go_on() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    site.event(Event::StoreClosed);
    site.joins(2);
    assert_eq!(site.types(2, &printed(1)), Err(RedeemError::StoreFull));
    site.pass(Duration::from_secs(60));
    assert!(site.hotspot.is_online(1));
    site.event(Event::StoreOpen);
    assert!(site.types(2, &printed(1)).is_ok());
}

#[test]
fn a_kick_cuts_once_and_the_ticket_stays() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    let ticket = site.ticket(1).id;
    let kick = KickCommand {
        id: CommandId::from_bytes([1; 16]),
        expires: site.now().at.plus_secs(60),
        ticket,
        mac: None,
    };
    site.event(Event::Commanded(Command::Kick(kick.clone())));
    assert!(!site.hotspot.is_online(1));
    site.pass(Duration::from_secs(20));
    assert!(site.hotspot.is_online(1));
    site.event(Event::Commanded(Command::Kick(kick)));
    assert!(
        site.hotspot.is_online(1),
        "the same command is not carried out twice"
    );
}

#[test]
fn a_question_how_the_site_is_is_passed_on_each_time_until_it_is_late() {
    let mut site = Site::new();
    let diagnose = |expires| {
        Event::Commanded(Command::Diagnose(DiagnoseCommand {
            id: CommandId::from_bytes([2; 16]),
            expires,
        }))
    };
    let now = site.now();
    for _ in 0..2 {
        let commands = site.core.handle(diagnose(now.at.plus_secs(60)), now);
        assert_eq!(
            (commands.diagnose, commands.reports.len()),
            (Some(CommandId::from_bytes([2; 16])), 0)
        );
    }
    let late = site.core.handle(diagnose(now.at.plus_secs(-1)), now);
    assert_eq!(late.diagnose, None);
    assert_eq!(
        late.reports,
        [(CommandId::from_bytes([2; 16]), Report::TooLate)]
    );
}

#[test]
fn a_session_that_began_and_ended_between_two_looks_is_counted() {
    let mut site = Site::with(Terms {
        duration_secs: None,
        data_bytes: Some(10_000_000),
        ..terms()
    });
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    assert!(site.hotspot.is_online(1), "the router let it through");
    // The router cuts it off at its limit before anybody looked.
    site.hotspot.uses(1, 1_000_000, 11_000_000);
    site.hotspot.log_out(|device, _| *device == mac(1));
    let facts = site.look();
    assert!(
        matches!(
            &facts[..],
            [Fact::Granted(granted), .., Fact::Ended(ended)]
                if granted.step == Step::Confirmed && ended.usage.bytes() == 12_000_000
        ),
        "{facts:?}"
    );
    assert!(
        !site.hotspot.is_online(1),
        "the allowance was given a second time"
    );
    assert_eq!(
        site.types(1, &printed(0)),
        Err(RedeemError::Refused(Refusal::Used))
    );
}

/// Gives the site a command about a ticket and returns what it reports.
fn hold(
    site: &mut Site,
    number: u8,
    ticket: TicketId,
    kind: impl FnOnce(HoldCommand) -> Command,
) -> Report {
    let (id, now) = (CommandId::from_bytes([number; 16]), site.now());
    let command = kind(HoldCommand {
        id,
        expires: now.at.plus_secs(30),
        ticket,
    });
    let commands = site.core.handle(Event::Commanded(command), now);
    for fact in &commands.facts {
        site.journal.push((fact.kind(), fact.encode()));
    }
    let (told, report) = commands.reports.last().cloned().unwrap();
    assert_eq!(told, id);
    report
}

#[test]
fn a_held_ticket_is_off_and_runs_on_with_what_was_left() {
    let mut site = Site::new();
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.look();
    let ends_at = site.ticket(1).ends_at.unwrap();
    site.pass(Duration::from_secs(600));
    let ticket = series::ticket_id(series_id(), 0);
    let known = |site: &Site| site.core.state.tickets.find(ticket).unwrap().ticket.clone();
    let refused = |why| Report::Refused(RefusedReport { why });
    let nothing = hold(&mut site, 1, ticket, Command::Resume);
    assert_eq!(nothing, refused(NotDone::NotPaused));
    let elsewhere = TicketId::from_bytes([9; 16]);
    assert_eq!(
        hold(&mut site, 2, elsewhere, Command::Pause),
        refused(NotDone::NotHere)
    );
    for _ in 0..2 {
        assert_eq!(
            hold(&mut site, 3, ticket, Command::Pause),
            Report::Done,
            "asked again, the answer is the same"
        );
    }
    assert_eq!(
        hold(&mut site, 4, ticket, Command::Pause),
        refused(NotDone::NotRunning)
    );
    site.pass(Duration::from_secs(60));
    assert!(!site.hotspot.is_online(1), "it is held");
    assert!(site.ticket(1).paused);
    site.restart();
    site.pass(HOUR * 2);
    assert!(matches!(known(&site).phase, Phase::Paused { .. }));

    // Its code lets it run on, and so does the controller.
    site.types(1, &printed(0)).unwrap();
    assert!(!site.ticket(1).paused);
    let held = HOUR * 2 + Duration::from_secs(60);
    assert_eq!(known(&site).ends_at(), Some(ends_at + held));
    site.restart();
    assert_eq!(known(&site).ends_at(), Some(ends_at + held));
    assert_eq!(hold(&mut site, 5, ticket, Command::Pause), Report::Done);
    site.pass(Duration::from_secs(100));
    assert_eq!(hold(&mut site, 6, ticket, Command::Resume), Report::Done);
    let held = held + Duration::from_secs(100);
    assert_eq!(known(&site).ends_at(), Some(ends_at + held));
}
