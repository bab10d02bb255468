//! A sample of every body a message can have.

use crate::things::*;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::*;
use mnara_protocol::message::{self, *};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::series::{Alphabet, CutOff, Series};
use mnara_protocol::ticket::{EndReason, Refusal, Right};

mod live;

pub(crate) use live::{commands, readings, reports};

pub(crate) fn facts() -> Vec<(&'static str, Fact)> {
    let metered = MeteredFact {
        session: SessionId::from_bytes([0x88; 16]),
        ticket: TICKET,
        mac: MAC,
        began: AT,
        at: LATER,
        usage: usage(),
        total: usage(),
        over: true,
    };
    vec![
        (
            "redeemed",
            Fact::Redeemed(RedeemedFact {
                ticket: TICKET,
                printed: Some(printed()),
                mac: MAC,
                at: AT,
                first: true,
                evicted: Some(Mac::from_bytes([2; 6])),
                cut_off: false,
            }),
        ),
        (
            "granted",
            Fact::Granted(GrantedFact {
                ticket: TICKET,
                mac: MAC,
                step: Step::Confirmed,
                at: AT,
            }),
        ),
        ("metered", Fact::Metered(metered)),
        (
            "ended",
            Fact::Ended(EndedFact {
                ticket: TICKET,
                reason: EndReason::Duration,
                at: AT,
                usage: usage(),
            }),
        ),
        (
            "released",
            Fact::Released(ReleasedFact {
                ticket: TICKET,
                mac: MAC,
                at: AT,
            }),
        ),
        (
            "health",
            Fact::Health(HealthFact {
                event: HealthEvent::ClockCorrected,
                at: AT,
                value: Some(-90),
            }),
        ),
        (
            "drift",
            Fact::Drift(DriftFact {
                ticket: Some(TICKET),
                repairs: 2,
                at: AT,
            }),
        ),
        (
            "paused",
            Fact::Paused(PausedFact {
                ticket: TICKET,
                at: AT,
                usage: usage(),
            }),
        ),
        (
            "resumed",
            Fact::Resumed(ResumedFact {
                ticket: TICKET,
                at: LATER,
            }),
        ),
        (
            "tried",
            Fact::Tried(TriedFact {
                ticket: TICKET,
                mac: MAC,
                at: AT,
                right: Right {
                    sell_by: None,
                    extra_secs: 0,
                    ..right()
                },
                code: "7KQ2M0X190AB".to_owned(),
                cut_off: true,
            }),
        ),
    ]
}

pub(crate) fn checkout(state: CheckoutState) -> Row {
    Row::Checkout(CheckoutRow {
        attempt: ATTEMPT,
        payment: PAYMENT,
        mac: MAC,
        state,
        at: AT,
    })
}

pub(crate) fn rows() -> Vec<(&'static str, Row)> {
    vec![
        (
            "site",
            Row::Site(SiteRow {
                provider: ProviderId::from_bytes([0x99; 16]),
                site: SITE,
                business_name: "Mama Njeri WiFi".to_owned(),
                site_name: "Soko".to_owned(),
                colour: 0x00_7a_33,
                help_phone: Some("0712 345 678".to_owned()),
                sales_open: true,
                by_hand: None,
                no_prompts_since: None,
                sms: None,
            }),
        ),
        (
            "site-by-hand",
            Row::Site(SiteRow {
                provider: ProviderId::from_bytes([0x99; 16]),
                site: SITE,
                business_name: "Mama Njeri WiFi".to_owned(),
                site_name: "Soko".to_owned(),
                colour: 0x00_7a_33,
                help_phone: None,
                sales_open: true,
                by_hand: Some(ByHand::Till),
                no_prompts_since: Some(AT),
                sms: None,
            }),
        ),
        (
            "site-sms",
            Row::Site(SiteRow {
                provider: ProviderId::from_bytes([0x99; 16]),
                site: SITE,
                business_name: "Mama Njeri WiFi".to_owned(),
                site_name: "Soko".to_owned(),
                colour: 0x00_7a_33,
                help_phone: None,
                sales_open: true,
                by_hand: None,
                no_prompts_since: None,
                sms: Some(true),
            }),
        ),
        ("plan", Row::Plan(plan())),
        ("plan-night", Row::Plan(night_plan())),
        (
            "look",
            Row::Look(LookRow {
                button: Some(0x00_0a_7d_4b),
                welcome: spoken("Welcome", "Karibu"),
                banner: spoken("", "Leo bei nusu"),
                terms: spoken("Be kind.", ""),
                logo: Some([0xaa; 16]),
            }),
        ),
        (
            "logo",
            Row::Logo(LogoRow {
                kind: PictureKind::Webp,
                picture: vec![0xbb; 24],
            }),
        ),
        (
            "trial",
            Row::Trial(TrialRow {
                terms: terms(),
                every_days: 7,
                a_day: 50,
                ahead_minutes: 180,
            }),
        ),
        (
            "series",
            Row::Series(Series {
                id: SERIES,
                right: right(),
                plan_name: "Saa moja".to_owned(),
                price: Money::from_shillings(20),
                count: 100_000,
                skipped: vec![7, 70_000],
                alphabet: Alphabet::Digits,
                length: 10,
                prefix: "7".to_owned(),
                home: SITE,
                cut_off: CutOff::Anywhere,
                sealed_key: vec![0xab; 81],
            }),
        ),
        (
            "ticket",
            Row::Ticket(TicketRow {
                ticket: TICKET,
                code: "7KQ2M0X190AB".to_owned(),
                username: "7KQ2M0X190AB".to_owned(),
                password: "7KQ2M0X190AB".to_owned(),
                right: right(),
                plan_name: "Saa moja".to_owned(),
                price: Money::from_cents(2050),
                deliver_to: Some(MAC),
                deliver_until: Some(LATER),
                attempt: Some(ATTEMPT),
                taken: Some(taken()),
            }),
        ),
        ("checkout-pending", checkout(CheckoutState::Pending)),
        (
            "checkout-failed",
            checkout(CheckoutState::Failed(PayFailure::Locked)),
        ),
        ("checkout-paid", checkout(CheckoutState::Paid(TICKET))),
        (
            "ruling",
            Row::Ruling(RulingRow {
                ticket: TICKET,
                printed: printed(),
                right: right(),
                used_elsewhere: Some(AT),
                used_at: None,
                used_at_name: None,
                deliver_to: None,
                deliver_until: None,
            }),
        ),
        (
            "ruling-named",
            Row::Ruling(RulingRow {
                ticket: TICKET,
                printed: printed(),
                right: right(),
                used_elsewhere: Some(AT),
                used_at: Some(SITE),
                used_at_name: Some("Soko".to_owned()),
                deliver_to: None,
                deliver_until: None,
            }),
        ),
        (
            "ruling-delivered",
            Row::Ruling(RulingRow {
                ticket: TICKET,
                printed: printed(),
                right: right(),
                used_elsewhere: None,
                used_at: None,
                used_at_name: None,
                deliver_to: Some(MAC),
                deliver_until: Some(LATER),
            }),
        ),
    ]
}

pub(crate) fn questions() -> Vec<(&'static str, Question)> {
    vec![
        (
            "checkout",
            Question::Checkout(CheckoutQuestion {
                attempt: ATTEMPT,
                plan: PLAN,
                revision: 3,
                price: Money::from_shillings(20),
                phone: "254712345678".to_owned(),
                mac: MAC,
                deadline: LATER,
                by_sms: None,
            }),
        ),
        (
            "checkout-sms",
            Question::Checkout(CheckoutQuestion {
                attempt: ATTEMPT,
                plan: PLAN,
                revision: 3,
                price: Money::from_shillings(20),
                phone: "254712345678".to_owned(),
                mac: MAC,
                deadline: LATER,
                by_sms: Some(true),
            }),
        ),
        (
            "lookup",
            Question::Lookup(LookupQuestion {
                attempt: ATTEMPT,
                code: "7KQ2M0X190AB".to_owned(),
                deadline: LATER,
            }),
        ),
        (
            "facts",
            Question::Facts(FactsQuestion {
                attempt: ATTEMPT,
                after: Some(TICKET),
                deadline: LATER,
            }),
        ),
        (
            "by-hand",
            Question::ByHand(ByHandQuestion {
                attempt: ATTEMPT,
                plan: PLAN,
                revision: 3,
                price: Money::from_shillings(20),
                phone: Some("254712345678".to_owned()),
                mac: MAC,
                deadline: LATER,
                by_sms: None,
            }),
        ),
        (
            "by-hand-sms",
            Question::ByHand(ByHandQuestion {
                attempt: ATTEMPT,
                plan: PLAN,
                revision: 3,
                price: Money::from_shillings(20),
                phone: Some("254712345678".to_owned()),
                mac: MAC,
                deadline: LATER,
                by_sms: Some(true),
            }),
        ),
        (
            "claim",
            Question::Claim(ClaimQuestion {
                attempt: ATTEMPT,
                receipt: "RKL51ZDR4F".to_owned(),
                phone: "254712345678".to_owned(),
                mac: MAC,
                deadline: LATER,
            }),
        ),
    ]
}

pub(crate) fn answers() -> Vec<(&'static str, Answer)> {
    vec![
        (
            "prompted",
            Answer::Prompted(PromptedAnswer {
                payment: PAYMENT,
                credit: None,
            }),
        ),
        (
            "prompted-credit",
            Answer::Prompted(PromptedAnswer {
                payment: PAYMENT,
                credit: Some(Money::from_shillings(15)),
            }),
        ),
        ("plan-changed", Answer::PlanChanged(plan())),
        (
            "not-prompted",
            Answer::NotPrompted(NotPromptedAnswer {
                reason: PayFailure::TooSoon,
                retry_secs: Some(120),
            }),
        ),
        (
            "looked",
            Answer::Looked(LookedAnswer {
                refusal: Some(Refusal::OtherSite),
            }),
        ),
        (
            "facts",
            Answer::Facts(FactsAnswer {
                taken: vec![taken()],
                more: true,
            }),
        ),
        ("refused", Answer::Refused(RefusedAnswer { late: true })),
        (
            "by-hand",
            Answer::ByHand(ByHandAnswer {
                kind: ByHand::Paybill,
                number: "174379".to_owned(),
                account: Some("D4820175".to_owned()),
            }),
        ),
        (
            "claimed",
            Answer::Claimed(ClaimedAnswer {
                refusal: Some(NotClaimed::TooMany),
                retry_secs: Some(9),
                code: None,
            }),
        ),
        (
            "claimed-code",
            Answer::Claimed(ClaimedAnswer {
                refusal: Some(NotClaimed::Spent),
                retry_secs: None,
                code: Some("7KQ2M0X190AB".to_owned()),
            }),
        ),
        (
            "facts-paused",
            Answer::Facts(FactsAnswer {
                taken: vec![Taken {
                    ended: None,
                    slots: Vec::new(),
                    paused: Some(LATER),
                    ..taken()
                }],
                more: false,
            }),
        ),
        (
            "facts-tried",
            Answer::Facts(FactsAnswer {
                taken: vec![Taken {
                    printed: None,
                    tried: Some(Box::new(TakenTrial {
                        mac: MAC,
                        right: right(),
                        code: "7KQ2M0X190AB".to_owned(),
                    })),
                    ..taken()
                }],
                more: false,
            }),
        ),
    ]
}

/// Every body of every family; a kind without a sample is a failure here.
pub(crate) fn bodies() -> Vec<Body> {
    let mut samples = Vec::new();
    macro_rules! family {
        ($word:literal, $family:ident, $list:expr) => {
            let list = $list;
            for kind in $family::KINDS {
                assert!(
                    list.iter().any(|(_, body)| body.kind() == *kind),
                    "no sample of {} {kind}",
                    $word
                );
            }
            for (name, body) in list {
                let bytes = body.encode();
                assert_eq!($family::decode(body.kind(), &bytes), Ok(body.clone()));
                samples.push(Body {
                    name: format!("{}-{name}", $word),
                    kind: body.kind(),
                    bytes,
                    reader: |kind, bytes| $family::decode(kind, bytes).map(|body| body.encode()),
                });
            }
        };
    }
    family!("fact", Fact, facts());
    family!("row", Row, rows());
    family!("question", Question, questions());
    family!("answer", Answer, answers());
    family!("command", Command, commands());
    family!("report", Report, reports());
    {
        use message::Sample as Reading;
        family!("sample", Reading, readings());
    }
    samples
}
