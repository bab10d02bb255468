//! A bought ticket that its customer brings to another site, and back.

use mnara_protocol::ticket::Usage;

use super::*;

fn row() -> TicketRow {
    let limited = Terms {
        data_bytes: Some(1_000_000),
        ..terms()
    };
    TicketRow {
        right: right(limited),
        ..bought(Some(1))
    }
}

/// The ticket as it comes back after so much was used elsewhere since a moment.
fn back(bytes_down: u64, since: Timestamp) -> TicketRow {
    TicketRow {
        deliver_to: None,
        deliver_until: None,
        taken: Some(Taken {
            ticket: row().ticket,
            printed: None,
            redeemed_at: NOON,
            since: Some(since),
            slots: Vec::new(),
            usage: Usage {
                online_secs: 0,
                bytes_up: 0,
                bytes_down,
            },
            ended: None,
            paused: None,
            tried: None,
        }),
        ..row()
    }
}

/// The ticket's row, gone.
fn gone() -> RowChange {
    RowChange {
        kind: Row::Ticket(row()).kind(),
        id: *row().ticket.as_bytes(),
        body: None,
    }
}

/// The ticket goes to another site.
fn leaves(site: &mut Site) -> Vec<Fact> {
    site.rows.remove(&(gone().kind, gone().id));
    site.event(Event::Rows(vec![gone()]))
}

/// A device types its code, and the controller knows it.
fn asks(site: &mut Site, n: u8) {
    let ask = Ask::Redeem {
        peer: address(n),
        code: BOUGHT.to_owned(),
    };
    assert_eq!(
        site.ask(ask),
        None,
        "only the controller knows what is left"
    );
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Lookup(asked) if asked.code == BOUGHT));
    let answer = Answer::Looked(LookedAnswer { refusal: None });
    site.event(Event::Answered(attempt, answer));
    assert!(site.replies.is_empty(), "the ticket has still to come");
}

#[test]
fn a_ticket_that_goes_to_another_site_serves_nobody_here_until_it_is_brought_back() {
    let mut site = Site::new();
    site.joins(1);
    site.row(Row::Ticket(row()));
    site.look();
    assert!(site.ticket(1).online);
    // A site that starts anew and is cut off keeps what it has.
    site.restart();
    site.look();
    assert!(site.types(1, BOUGHT).is_ok());
    site.hotspot.uses(1, 0, 300_000);
    site.look();
    site.event(Event::LinkUp);
    let facts = leaves(&mut site);
    assert!(matches!(&facts[..], [Fact::Released(fact)] if fact.mac == mac(1)));
    site.look();
    assert!(!site.hotspot.is_online(1));
    assert!(!site.ticket(1).held, "it can be asked for");
    site.event(Event::LinkDown);
    assert!(site.home(1).ticket.is_none(), "nobody can be asked");
    assert_eq!(site.types(1, BOUGHT), Err(RedeemError::CloudAwayUnknown));
    site.event(Event::LinkUp);
    site.pass(Duration::from_secs(900));
    site.joins(2);
    asks(&mut site, 2);
    site.row(Row::Ticket(back(800_000, NOON.plus_secs(600))));
    let (_, said) = site.replies.pop_first().unwrap();
    assert!(matches!(said, Said::Redeemed(Ok(_))));
    site.look();
    assert!(site.hotspot.is_online(2) && !site.hotspot.is_online(1));
    let stands = |ticket: TicketView| (ticket.left.bytes, ticket.ends_at);
    // It runs from its start here, also once all is read back from the disk.
    let expected = (Some(200_000), Some(NOON + HOUR));
    assert_eq!(stands(site.ticket(2)), expected);
    site.restart();
    site.look();
    assert_eq!(stands(site.ticket(2)), expected);
}

#[test]
fn what_waits_behind_a_ticket_that_goes_to_another_site_does_not_begin() {
    let mut site = Site::new();
    site.joins(1);
    site.row(Row::Ticket(row()));
    site.look();
    site.types(1, &printed(1)).unwrap();
    site.event(Event::LinkUp);
    leaves(&mut site);
    site.pass(Duration::from_secs(30));
    assert!(!site.hotspot.is_online(1), "the next voucher took over");
    let waits = series::ticket_id(series_id(), 1);
    let known = site.core.state.tickets.find(waits).unwrap();
    assert_eq!(known.ticket.since(), None);
    site.event(Event::LinkDown);
    let ticket = site.ticket(1);
    assert_eq!((ticket.id, ticket.held), (waits, false));
}

#[test]
fn what_was_begun_elsewhere_does_not_begin_again() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    site.row(Row::Ticket(row()));
    leaves(&mut site);
    site.pass(Duration::from_secs(600));
    asks(&mut site, 1);
    site.row(Row::Ticket(back(400_000, NOON)));
    site.look();
    let ticket = site.ticket(1);
    assert!(ticket.online);
    assert_eq!(ticket.ends_at, Some(NOON + HOUR));
    assert_eq!(ticket.left.bytes, Some(600_000));
}

#[test]
fn whoever_is_online_with_a_ticket_that_went_is_taken_off_at_the_next_start() {
    let mut site = Site::new();
    site.joins(1);
    site.row(Row::Ticket(row()));
    site.look();
    site.keep_snapshot();
    // The row went on disk, and the program died before it took anybody off.
    site.rows.remove(&(gone().kind, gone().id));
    let facts = site.restart();
    assert!(
        facts
            .iter()
            .any(|fact| matches!(fact, Fact::Released(fact) if fact.mac == mac(1))),
        "{facts:?}"
    );
    site.look();
    assert!(!site.hotspot.is_online(1));
    let again = site.restart();
    assert!(!again.iter().any(|fact| matches!(fact, Fact::Released(_))));
}

#[test]
fn a_feed_that_cannot_be_read_takes_nobody_off() {
    let mut site = Site::new();
    site.joins(1);
    site.row(Row::Ticket(row()));
    site.look();
    site.keep_snapshot();
    site.rows.remove(&(gone().kind, gone().id));
    let facts = site.restart_after(Replay::keep_all);
    assert!(!facts.iter().any(|fact| matches!(fact, Fact::Released(_))));
    site.look();
    assert!(site.hotspot.is_online(1));
    // The controller says after all that it went.
    leaves(&mut site);
    site.look();
    assert!(!site.hotspot.is_online(1));
}

#[test]
fn a_held_ticket_that_is_taken_elsewhere_runs_on() {
    let mut site = Site::new();
    site.joins(1);
    site.row(Row::Ticket(row()));
    site.look();
    let ticket = row().ticket;
    assert_eq!(hold(&mut site, 1, ticket, Command::Pause), Report::Done);
    site.pass(Duration::from_secs(600));
    let facts = leaves(&mut site);
    assert!(matches!(&facts[..], [Fact::Resumed(fact), ..] if fact.ticket == ticket));
    // It was held for ten minutes, and no longer.
    site.event(Event::LinkUp);
    site.pass(Duration::from_secs(900));
    asks(&mut site, 1);
    site.row(Row::Ticket(back(400_000, NOON)));
    site.look();
    assert_eq!(
        site.ticket(1).ends_at,
        Some(NOON + HOUR + Duration::from_secs(600))
    );
}
