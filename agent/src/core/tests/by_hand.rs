//! Paying by hand, and receipts that are named.

use mnara_protocol::message::{ByHand, ByHandAnswer, ClaimedAnswer, NotClaimed, SiteRow};

use super::super::portal::{BuyError, ClaimError};
use super::*;

fn opened(kind: Option<ByHand>, no_prompts_since: Option<Timestamp>) -> Row {
    Row::Site(SiteRow {
        by_hand: kind,
        no_prompts_since,
        ..site_row()
    })
}

fn pay(n: u8, phone: &str) -> Ask {
    Ask::ByHand {
        peer: address(n),
        plan: plan().id,
        revision: plan().revision,
        phone: phone.to_owned(),
        by_sms: false,
    }
}

fn named(n: u8, receipt: &str) -> Ask {
    Ask::Claim {
        peer: address(n),
        receipt: receipt.to_owned(),
        phone: "0712 345 678".to_owned(),
    }
}

fn place() -> ByHandAnswer {
    ByHandAnswer {
        kind: ByHand::Paybill,
        number: "174379".to_owned(),
        account: Some("D4820175".to_owned()),
    }
}

#[test]
fn a_device_is_told_where_to_pay_and_is_online_when_its_money_has_come() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let closed = Some(Said::Buying(Err(BuyError::SalesClosed)));
    assert_eq!(site.ask(pay(1, "")), closed, "nobody would hear of it");
    site.row(opened(Some(ByHand::Paybill), None));
    assert_eq!(site.ask(pay(1, "")), None);
    let (attempt, question) = site.questions.pop().unwrap();
    let Question::ByHand(asked) = question else {
        panic!("{question:?}")
    };
    assert_eq!((asked.mac, asked.price), (mac(1), plan().price));
    assert_eq!(asked.phone, None, "a paybill needs no number");
    site.event(Event::Answered(attempt, Answer::ByHand(place())));
    let said = site.replies.pop_first().unwrap().1;
    let Said::Buying(Ok(home)) = said else {
        panic!("{said:?}")
    };
    assert_eq!(home.hand.unwrap().place, place());
    // A second press asks nobody, and the money may be hours on its way.
    assert!(matches!(site.ask(pay(1, "")), Some(Said::Buying(Ok(_)))));
    assert!(site.questions.is_empty());
    site.pass(Duration::from_secs(3_600));
    assert!(site.home(1).hand.is_some());
    site.row(Row::Ticket(TicketRow {
        attempt: None,
        ..bought(Some(1))
    }));
    site.look();
    let home = site.home(1);
    assert!(home.hand.is_none() && home.ticket.unwrap().online);
}

#[test]
fn a_till_asks_for_the_number_that_pays() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    site.row(opened(Some(ByHand::Till), Some(NOON)));
    assert!(site.home(1).no_prompts);
    let bad = Some(Said::Buying(Err(BuyError::BadPhone)));
    assert_eq!(site.ask(pay(1, "")), bad);
    assert_eq!(site.ask(pay(1, "0712 345 678")), None);
    let (_, question) = site.questions.pop().unwrap();
    assert!(
        matches!(question, Question::ByHand(asked) if asked.phone.as_deref() == Some("254712345678"))
    );
    site.event(Event::LinkDown);
    let said = site.replies.pop_first().unwrap().1;
    assert_eq!(said, Said::Buying(Err(BuyError::NoCloud)));
    // What only a later version knows how to pay is not offered.
    site.row(opened(Some(ByHand::Other(7)), None));
    assert_eq!(site.home(1).by_hand, None);
}

#[test]
fn a_receipt_is_asked_about_and_each_refusal_is_told() {
    let mut site = Site::new();
    site.joins(1);
    let said = site.ask(named(1, "TKL51ZDR4F"));
    assert_eq!(said, Some(Said::Claimed(Err(ClaimError::NoCloud))));
    site.event(Event::LinkUp);
    let said = site.ask(named(1, "TKL 5"));
    assert_eq!(said, Some(Said::Claimed(Err(ClaimError::BadReceipt))));
    assert_eq!(site.ask(named(1, "tkl51 zdr4f")), None);
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Claim(asked)
        if asked.receipt == "TKL51ZDR4F" && asked.phone == "254712345678" && asked.mac == mac(1)));
    let busy = site.ask(named(1, "TKL51ZDR4G"));
    assert!(
        matches!(busy, Some(Said::Claimed(Err(ClaimError::TooMany { .. })))),
        "one at a time"
    );
    let answer = |refusal| {
        Answer::Claimed(ClaimedAnswer {
            refusal,
            retry_secs: None,
            code: None,
        })
    };
    site.event(Event::Answered(attempt, answer(Some(NotClaimed::Spent))));
    let said = site.replies.pop_first().unwrap().1;
    assert_eq!(
        said,
        Said::Claimed(Err(ClaimError::Refused(NotClaimed::Spent)))
    );
    assert_eq!(site.ask(named(1, "TKL51ZDR4H")), None);
    let (attempt, _) = site.questions.pop().unwrap();
    site.event(Event::Answered(attempt, answer(None)));
    let Said::Claimed(Ok(home)) = site.replies.pop_first().unwrap().1 else {
        panic!("a claim that is good is told so")
    };
    assert!(home.claimed);
    site.row(Row::Ticket(TicketRow {
        attempt: None,
        ..bought(Some(1))
    }));
    assert!(!site.home(1).claimed && site.hotspot.is_online(1));
}

#[test]
fn a_payment_that_nobody_has_seen_yet_is_waited_for_until_it_comes_or_a_while_has_passed() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    site.joins(2);
    let names = |site: &mut Site, n, refusal| {
        assert_eq!(site.ask(named(n, "TKL51ZDR4F")), None);
        let (attempt, _) = site.questions.pop().unwrap();
        let answer = Answer::Claimed(ClaimedAnswer {
            refusal: Some(refusal),
            retry_secs: None,
            code: None,
        });
        site.event(Event::Answered(attempt, answer));
        let said = site.replies.pop_first().unwrap().1;
        assert_eq!(said, Said::Claimed(Err(ClaimError::Refused(refusal))));
    };
    for n in [1, 2] {
        assert!(!site.home(n).named);
        names(&mut site, n, NotClaimed::Unknown);
        assert!(site.home(n).named);
    }
    // The one's money comes.
    site.row(Row::Ticket(bought(Some(1))));
    site.look();
    let home = site.home(1);
    assert!(!home.named && home.ticket.unwrap().online);
    // Who is online is not told to wait.
    names(&mut site, 1, NotClaimed::Unknown);
    assert!(!site.home(1).named && site.home(2).named);
    // The other's is not enough for any plan, or never comes.
    names(&mut site, 2, NotClaimed::NoPlan);
    assert!(!site.home(2).named);
    names(&mut site, 2, NotClaimed::Unknown);
    site.pass(Duration::from_secs(14 * 60));
    assert!(site.home(2).named);
    site.pass(Duration::from_secs(60));
    assert!(!site.home(2).named);
}

/// Names a receipt whose ticket is with a device that was never online with it, as far as the controller has heard.
fn fetches(site: &mut Site, n: u8) -> Option<Said> {
    assert_eq!(site.ask(named(n, "TKL51ZDR4F")), None);
    let asked = site.questions.pop();
    assert!(asked.is_some(), "the controller is asked");
    let (attempt, _) = asked?;
    let answer = Answer::Claimed(ClaimedAnswer {
        refusal: Some(NotClaimed::Spent),
        retry_secs: None,
        code: Some(BOUGHT.to_owned()),
    });
    assert!(!format!("{answer:?}").contains(BOUGHT));
    site.event(Event::Answered(attempt, answer));
    site.replies.pop_first().map(|(_, said)| said)
}

#[test]
fn a_ticket_that_nobody_was_online_with_comes_to_who_names_its_receipt() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    // The phone is gone when its money comes, and comes back with another MAC.
    site.row(Row::Ticket(bought(Some(1))));
    site.joins(2);
    let Some(Said::Claimed(Ok(home))) = fetches(&mut site, 2) else {
        panic!("it was paid for, and nobody has used it")
    };
    assert!(!home.claimed && home.ticket.unwrap().held);
    site.look();
    assert!(site.hotspot.is_online(2));
    // The controller has not heard of that when the next one asks.
    site.joins(3);
    let spent = Said::Claimed(Err(ClaimError::Refused(NotClaimed::Spent)));
    assert_eq!(fetches(&mut site, 3), Some(spent));
    site.pass(Duration::from_secs(20));
    assert!(site.hotspot.is_online(2) && !site.hotspot.is_online(3));
}

#[test]
fn a_claimed_ticket_of_another_site_is_waited_for() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    assert_eq!(fetches(&mut site, 1), None);
    site.row(Row::Ticket(bought(None)));
    let said = site.replies.pop_first().unwrap().1;
    assert!(matches!(said, Said::Claimed(Ok(_))), "{said:?}");
    assert!(site.hotspot.is_online(1));
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    assert_eq!(fetches(&mut site, 1), None);
    site.pass(Duration::from_secs(10));
    let said = site.replies.pop_first().unwrap().1;
    assert_eq!(said, Said::Claimed(Err(ClaimError::NoCloud)));
}

#[test]
fn receipts_are_guessed_no_faster_than_codes() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let mut asked = 0;
    for number in 0..100 {
        match site.ask(named(1, &format!("TKL51ZDR{number:02}"))) {
            None => {
                asked += 1;
                let (attempt, _) = site.questions.pop().unwrap();
                let answer = Answer::Claimed(ClaimedAnswer {
                    refusal: Some(NotClaimed::Unknown),
                    retry_secs: None,
                    code: None,
                });
                site.event(Event::Answered(attempt, answer));
                site.replies.clear();
            }
            Some(Said::Claimed(Err(ClaimError::TooMany { retry_secs }))) => {
                assert!(retry_secs > 0);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!((5..20).contains(&asked), "{asked} at once");
}
