//! Purchases at the portal.

use mnara_protocol::plan::Hours;
use mnara_protocol::ticket::Status;

use super::super::portal::{BuyError, PurchaseState};
use super::*;

fn buy(n: u8) -> Ask {
    Ask::Buy {
        peer: address(n),
        plan: plan().id,
        revision: plan().revision,
        phone: "0712 345 678".to_owned(),
        by_sms: false,
    }
}

fn buying(site: &mut Site, n: u8) -> AttemptId {
    assert_eq!(site.ask(buy(n)), None);
    let (attempt, question) = site.questions.pop().unwrap();
    assert!(matches!(question, Question::Checkout(asked)
        if asked.phone == "254712345678" && asked.mac == mac(n) && asked.price == plan().price));
    attempt
}

fn checkout(attempt: AttemptId, state: CheckoutState, at: Timestamp) -> Row {
    Row::Checkout(CheckoutRow {
        attempt,
        payment: payment(),
        mac: mac(1),
        state,
        at,
    })
}

#[test]
fn a_paid_ticket_logs_its_device_in_without_typing() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let attempt = buying(&mut site, 1);
    site.event(Event::Answered(
        attempt,
        Answer::Prompted(PromptedAnswer {
            payment: payment(),
            credit: None,
        }),
    ));
    let said = site.replies.pop_first().unwrap().1;
    let Said::Buying(Ok(home)) = said else {
        panic!("{said:?}")
    };
    let purchase = home.purchase.unwrap();
    assert!(matches!(purchase.state, PurchaseState::CheckPhone { .. }));
    assert_eq!(purchase.phone_tail.as_deref(), Some("678"));
    let at = site.now().at;
    let id = bought(Some(1)).ticket;
    site.row(checkout(attempt, CheckoutState::Paid(id), at));
    let facts = site.row(Row::Ticket(TicketRow {
        attempt: Some(attempt),
        ..bought(Some(1))
    }));
    assert!(matches!(&facts[..], [Fact::Redeemed(fact)] if fact.first && fact.mac == mac(1)));
    assert!(site.hotspot.is_online(1));
    site.look();
    let home = site.home(1);
    assert_eq!(home.purchase, None);
    let ticket = home.ticket.unwrap();
    assert!(ticket.online && ticket.bought);
    assert_eq!(ticket.code_shown, "7KQ2-M0X1-90AB");
    assert_eq!(ticket.username.reveal(), BOUGHT);
}

#[test]
fn a_failure_is_no_news_once_its_device_is_served_otherwise() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let attempt = buying(&mut site, 1);
    let at = site.now().at;
    let failed = CheckoutState::Failed(PayFailure::WrongPin);
    site.row(checkout(attempt, failed, at));
    assert!(site.home(1).purchase.is_some());
    site.row(Row::Ticket(bought(Some(1))));
    site.look();
    assert!(site.ticket(1).online);
    assert_eq!(site.home(1).purchase, None);
}

#[test]
fn a_prompt_of_which_nothing_is_heard_is_not_said_to_be_on_the_phone_for_ever() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    let attempt = buying(&mut site, 1);
    site.event(Event::Answered(
        attempt,
        Answer::Prompted(PromptedAnswer {
            payment: payment(),
            credit: None,
        }),
    ));
    site.pass(Duration::from_secs(80));
    let state = |site: &mut Site| site.home(1).purchase.map(|purchase| purchase.state);
    assert!(matches!(
        state(&mut site),
        Some(PurchaseState::CheckPhone { .. })
    ));
    site.pass(Duration::from_secs(20));
    assert_eq!(state(&mut site), Some(PurchaseState::LateUnknown));
    let at = site.now().at;
    site.row(checkout(
        attempt,
        CheckoutState::Failed(PayFailure::NoAnswer),
        at,
    ));
    assert_eq!(
        state(&mut site),
        Some(PurchaseState::Failed(PayFailure::NoAnswer))
    );
}

#[test]
fn a_paid_ticket_waits_for_its_device_with_its_clock_standing() {
    let mut site = Site::new();
    site.row(Row::Ticket(bought(Some(1))));
    site.pass(HOUR);
    site.joins(1);
    site.pass(Duration::from_secs(10));
    assert!(site.hotspot.is_online(1));
    assert!(site.ticket(1).left.duration.unwrap() >= HOUR - Duration::from_secs(10));
}

#[test]
fn a_payment_that_came_too_late_waits_unstarted() {
    let mut site = Site::new();
    site.joins(1);
    let facts = site.row(Row::Ticket(TicketRow {
        deliver_until: Some(NOON.plus_secs(-1)),
        ..bought(Some(1))
    }));
    assert_eq!(facts, []);
    assert!(site.home(1).ticket.is_none());
    assert!(site.types(1, BOUGHT).is_ok(), "its code works");
}

#[test]
fn each_way_a_purchase_can_fail_is_told() {
    let mut site = Site::new();
    site.joins(1);
    let said = |error| Some(Said::Buying(Err(error)));
    assert_eq!(site.ask(buy(1)), said(BuyError::NoCloud));
    site.event(Event::LinkUp);
    let ask = |plan, revision, phone: &str| Ask::Buy {
        peer: address(1),
        plan,
        revision,
        phone: phone.to_owned(),
        by_sms: false,
    };
    assert_eq!(site.ask(ask(plan().id, 3, "12")), said(BuyError::BadPhone));
    assert_eq!(
        site.ask(ask(plan().id, 2, "0712345678")),
        said(BuyError::PriceChanged)
    );
    let gone = PlanId::from_bytes([0; 16]);
    assert_eq!(
        site.ask(ask(gone, 3, "0712345678")),
        said(BuyError::PlanGone)
    );

    let attempt = buying(&mut site, 1);
    let why = NotPromptedAnswer {
        reason: PayFailure::OtherPrompt,
        retry_secs: Some(60),
    };
    site.event(Event::Answered(attempt, Answer::NotPrompted(why)));
    let told = site.replies.pop_first().unwrap().1;
    assert_eq!(
        told,
        Said::Buying(Err(BuyError::NotPrompted(
            PayFailure::OtherPrompt,
            Some(60)
        )))
    );

    let attempt = buying(&mut site, 1);
    let dearer = Plan {
        revision: 4,
        price: Money::from_shillings(20),
        ..plan()
    };
    site.event(Event::Answered(attempt, Answer::PlanChanged(dearer)));
    let told = site.replies.pop_first().unwrap().1;
    assert_eq!(told, Said::Buying(Err(BuyError::PriceChanged)));
    assert_eq!(site.home(1).plans[0].price, Money::from_shillings(20));
    site.row(Row::Plan(plan()));

    let attempt = buying(&mut site, 1);
    site.event(Event::LinkDown);
    let Some((_, Said::Buying(Ok(home)))) = site.replies.pop_first() else {
        panic!()
    };
    assert_eq!(home.purchase.unwrap().state, PurchaseState::LateUnknown);
    site.event(Event::LinkUp);
    let at = site.now().at;
    site.row(checkout(
        attempt,
        CheckoutState::Failed(PayFailure::WrongPin),
        at,
    ));
    assert_eq!(
        site.home(1).purchase.unwrap().state,
        PurchaseState::Failed(PayFailure::WrongPin)
    );
}

#[test]
fn pressing_twice_is_one_purchase_and_too_many_are_refused() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    buying(&mut site, 1);
    let again = site.ask(buy(1));
    assert!(matches!(again, Some(Said::Buying(Ok(home))) if home.purchase.is_some()));
    assert!(site.questions.is_empty(), "no second prompt");
    let mut more = 1;
    loop {
        site.pass(Duration::from_secs(61));
        match site.ask(buy(1)) {
            None => more += 1,
            Some(Said::Buying(Err(BuyError::TooMany { retry_secs }))) => {
                assert!((1..=600).contains(&retry_secs));
                break;
            }
            other => panic!("{other:?}"),
        }
        assert!(more < 10);
    }
    assert_eq!(more, 5);
}

#[test]
fn whoever_was_not_asked_for_is_told_so_and_may_try_as_often_as_before() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    for _ in 0..10 {
        let attempt = buying(&mut site, 1);
        site.event(Event::NotAsked(attempt));
        let busy = BuyError::NotPrompted(PayFailure::Busy, None);
        let told = site.replies.pop_first().unwrap().1;
        assert_eq!(told, Said::Buying(Err(busy)));
        assert_eq!(
            site.home(1).purchase.unwrap().state,
            PurchaseState::Failed(PayFailure::Busy),
            "nobody waits for M-PESA"
        );
    }
    // A page that had waited long enough says so when it asks again.
    let attempt = buying(&mut site, 1);
    site.pass(Duration::from_secs(10));
    site.replies.clear();
    site.event(Event::NotAsked(attempt));
    assert!(site.replies.is_empty());
    assert_eq!(
        site.home(1).purchase.unwrap().state,
        PurchaseState::Failed(PayFailure::Busy)
    );
    // Whoever typed a code hears that the controller could not be asked.
    let ask = Ask::Redeem {
        peer: address(1),
        code: "ZZZZZZZZZZZZ".to_owned(),
    };
    assert_eq!(site.ask(ask), None);
    let (attempt, _) = site.questions.pop().unwrap();
    site.event(Event::NotAsked(attempt));
    let told = site.replies.pop_first().unwrap().1;
    assert_eq!(told, Said::Redeemed(Err(RedeemError::CloudAwayUnknown)));
}

#[test]
fn a_buyers_page_does_not_wait_for_ever() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    buying(&mut site, 1);
    site.pass(Duration::from_secs(10));
    let Some((_, Said::Buying(Ok(home)))) = site.replies.pop_first() else {
        panic!()
    };
    assert_eq!(home.purchase.unwrap().state, PurchaseState::Asking);
}

#[test]
fn a_revoked_ticket_ends_at_once_and_extra_time_opens_it_again() {
    let mut site = Site::new();
    site.joins(1);
    site.row(Row::Ticket(bought(Some(1))));
    site.look();
    let mut row = bought(Some(1));
    row.right.revoked = Some(site.now().at);
    site.row(Row::Ticket(row));
    assert!(!site.hotspot.is_online(1));
    assert_eq!(site.ticket(1).status, Status::Revoked);
    site.row(Row::Ticket(bought(Some(1))));
    site.types(1, BOUGHT).unwrap();
    assert!(site.hotspot.is_online(1));
}

#[test]
fn a_plan_is_sold_in_its_hours_alone() {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    // It is eleven in the morning in Nairobi.
    let until = |minute| Hours {
        days: Hours::EVERY_DAY,
        from_minute: 22 * 60,
        until_minute: minute,
        ahead_minutes: 180,
    };
    let shut = Plan {
        hours: Some(until(6 * 60)),
        ..plan()
    };
    site.row(Row::Plan(shut));
    let home = site.home(1);
    assert!(!home.plans[0].is_open && home.plans[0].hours.is_some());
    assert_eq!(site.ask(buy(1)), Some(Said::Buying(Err(BuyError::NotNow))));
    assert!(site.questions.is_empty(), "the controller is not asked");
    let now = site.now().at;
    let minute = (now.as_secs() / 60 + 180) % 1440;
    let open = Plan {
        hours: Some(until(u16::try_from((minute + 1) % 1440).unwrap())),
        ..plan()
    };
    site.row(Row::Plan(open));
    assert!(site.home(1).plans[0].is_open);
    buying(&mut site, 1);
}

#[test]
fn a_look_and_its_logo_come_by_the_feed_and_go_with_it() {
    let mut site = Site::new();
    site.joins(1);
    assert_eq!(site.home(1).look.colour, 0x00_aa_00);
    let logo = LogoRow {
        kind: PictureKind::Png,
        picture: vec![1, 2, 3],
    };
    let look = LookRow {
        welcome: Some(Spoken {
            english: "Welcome".to_owned(),
            swahili: "Karibu".to_owned(),
        }),
        logo: Some([0x0a; 16]),
        ..LookRow::default()
    };
    site.row(Row::Look(look));
    let home = site.home(1);
    assert_eq!(home.look.welcome.swahili, "Karibu");
    assert!(home.logo.is_none(), "it has not come yet");
    site.row(Row::Logo(logo));
    site.restart();
    site.look();
    let home = site.home(1);
    assert_eq!(home.look.business, "Kilele Wi-Fi");
    assert_eq!(home.look.welcome.english, "Welcome");
    assert_eq!(home.logo.as_ref().unwrap().picture, [1, 2, 3]);
    for (kind, id) in [(8, [0x0a; 16]), (7, *identity().site.as_bytes())] {
        let gone = RowChange {
            kind,
            id,
            body: None,
        };
        site.event(Event::Rows(vec![gone]));
        assert!(site.home(1).logo.is_none());
    }
    assert_eq!(site.home(1).look.logo, None);
}

#[test]
fn a_wish_for_the_code_by_sms_goes_along_where_the_business_sends_it() {
    for (offers, wants, said) in [
        (Some(true), true, Some(true)),
        (Some(true), false, None),
        (None, true, None),
    ] {
        let mut site = Site::new();
        site.row(Row::Site(SiteRow {
            sms: offers,
            ..site_row()
        }));
        site.event(Event::LinkUp);
        site.joins(1);
        assert_eq!(site.home(1).sms, offers.is_some());
        let ask = Ask::Buy {
            peer: address(1),
            plan: plan().id,
            revision: plan().revision,
            phone: "0712 345 678".to_owned(),
            by_sms: wants,
        };
        assert_eq!(site.ask(ask), None);
        let (attempt, question) = site.questions.pop().unwrap();
        assert!(matches!(question, Question::Checkout(asked) if asked.by_sms == said));
        // And what of the price is credit is on the page; more than the price would be nonsense.
        let credit = Some(Money::from_cents(plan().price.cents() - 100));
        let answer = PromptedAnswer {
            payment: payment(),
            credit,
        };
        site.event(Event::Answered(attempt, Answer::Prompted(answer)));
        assert_eq!(site.home(1).purchase.unwrap().credit, credit);
    }
}

#[test]
fn where_sales_are_closed_nothing_is_sold_or_given_away_and_what_was_sold_runs_to_its_end() {
    let mut site = Site::new();
    site.row(Row::Trial(trying::trial()));
    for n in 1..=3 {
        site.joins(n);
    }
    site.row(Row::Ticket(bought(Some(1))));
    site.look();
    let ends = site.ticket(1).ends_at;
    assert!(ends.is_some() && site.home(2).trial.is_some());
    // The business is stopped while its site is away, which hears of it when it is back.
    site.pass(Duration::from_secs(600));
    site.event(Event::LinkUp);
    site.row(Row::Site(SiteRow {
        sales_open: false,
        ..site_row()
    }));
    let gone = RowChange {
        kind: Row::Trial(trying::trial()).kind(),
        id: *identity().site.as_bytes(),
        body: None,
    };
    site.rows.remove(&(gone.kind, gone.id));
    site.event(Event::Rows(vec![gone]));
    site.restart();
    site.look();
    site.event(Event::LinkUp);
    let closed = Some(Said::Buying(Err(BuyError::SalesClosed)));
    assert_eq!(site.ask(buy(2)), closed);
    assert!(site.questions.is_empty());
    let home = site.home(2);
    assert!(!home.sales_open && home.trial.is_none());
    // What was printed before is good, and what runs ends when it was sold to end, with the controller away again.
    assert!(site.types(3, &printed(0)).is_ok());
    site.event(Event::LinkDown);
    site.pass(HOUR - Duration::from_secs(620));
    assert!(site.hotspot.is_online(1) && site.hotspot.is_online(3));
    assert_eq!(site.ticket(1).ends_at, ends);
    site.pass(Duration::from_secs(40));
    assert!(!site.hotspot.is_online(1) && site.hotspot.is_online(3));
}
