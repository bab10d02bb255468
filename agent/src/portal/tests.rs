//! Every page in both languages, through the real HTTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{AttemptId, Mac, PlanId, TicketId};
use mnara_protocol::message::{LogoRow, PayFailure, PictureKind, Spoken};
use mnara_protocol::money::Money;
use mnara_protocol::plan::{Hours, Terms};
use mnara_protocol::portal::{Language, style};
use mnara_protocol::ticket::{Left, Refusal, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::pages::{Place, SCRIPT, Typed, View};
use super::state::Situation;
use super::trouble::Trouble;
use super::{PortalAsk, Settings, serve};
use crate::access::desired::Credential;
use crate::core::portal::{
    Ask, BuyError, Device, Home, Look, PlanView, PurchaseState, PurchaseView, RedeemError, Said,
    TicketView, Trial, TryError,
};

const HOUR: Terms = Terms {
    duration_secs: Some(3600),
    online_secs: None,
    data_bytes: Some(1_500_000_000),
    devices: 2,
    rate: None,
};

fn home() -> Home {
    Home {
        look: Arc::new(Look {
            business: "Mama <script>alert(1)</script> Wi-Fi".into(),
            site: "Kibera & \"1\"".into(),
            colour: 0xff_cc_00,
            help_phone: Some("0700 000 000".into()),
            ..Look::unknown()
        }),
        logo: None,
        device: Device::Known {
            mac: Mac::from_bytes([1; 6]),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        },
        trial: None,
        plans: vec![PlanView {
            id: PlanId::from_bytes([2; 16]),
            revision: 7,
            name: "<b>Hour</b>".into(),
            price: Money::from_shillings(1250),
            terms: HOUR,
            hours: None,
            is_open: true,
            colour: None,
        }],
        cloud: true,
        sales_open: true,
        purchase: None,
        ticket: None,
        waiting: Vec::new(),
        token: None,
    }
}

fn ticket(online: bool) -> TicketView {
    TicketView {
        id: TicketId::from_bytes([3; 16]),
        code_shown: "7KQ2-M0X1-90AB".into(),
        username: Credential::new("7KQ2M0X190AB"),
        password: Credential::new("7KQ2M0X190AB"),
        plan_name: "Hour".into(),
        terms: HOUR,
        status: Status::Active,
        held: true,
        step: if online {
            Step::Confirmed
        } else {
            Step::Delivered
        },
        online,
        left: Left {
            duration: Some(Duration::from_secs(1800)),
            online: None,
            bytes: Some(700_000_000),
        },
        ends_at: None,
        devices_used: 1,
        devices: 2,
        bought: true,
        trial: false,
        router_away: false,
    }
}

fn purchase(state: PurchaseState) -> PurchaseView {
    PurchaseView {
        attempt: AttemptId::from_bytes([4; 16]),
        plan_name: Some("Hour".into()),
        price: Some(Money::from_shillings(50)),
        phone_tail: Some("678".into()),
        state,
    }
}

fn render(language: Language, home: &Home, trouble: Option<Trouble>) -> String {
    render_at(Place::Home, language, home, trouble, &Typed::default())
}

fn render_at(
    place: Place,
    language: Language,
    home: &Home,
    trouble: Option<Trouble>,
    typed: &Typed,
) -> String {
    let page = View {
        language,
        place,
        home: Some(home),
        trouble,
        typed,
        seal: "s",
        outside: "http://outside.example/",
    }
    .render();
    assert!(page.len() < 14_000, "{} bytes", page.len());
    assert!(
        page.matches("<script").count() == 1 && !page.contains("<b>Hour"),
        "a name became markup"
    );
    assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())));
    assert!(page.contains("<title>") && page.contains("<h1>"));
    well_formed(&page);
    let hosts = page.split("http://").skip(1);
    for outside in hosts.chain(page.split("https://").skip(1)) {
        assert!(
            outside.starts_with("outside.example/"),
            "another host: {}",
            &outside[..20]
        );
    }
    page
}

/// Every element is closed where it should be, every field has a label, every id is there once.
fn well_formed(page: &str) {
    const EMPTY: [&str; 5] = ["meta", "link", "input", "img", "!doctype"];
    let mut open = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '>']).next().unwrap();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "in {page}"),
            None if EMPTY.contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?} stay open in {page}");
    let ids: Vec<_> = page
        .split(" id=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    for id in &ids {
        assert_eq!(ids.iter().filter(|other| other == &id).count(), 1, "{id}");
    }
    for field in ["code", "phone"] {
        assert_eq!(
            ids.contains(&field),
            page.contains(&format!("<label for=\"{field}\">"))
        );
    }
}

fn troubles() -> Vec<Trouble> {
    let mut all = vec![
        Trouble::PayUnknown,
        Trouble::NotInHotspot,
        Trouble::RouterAway,
        Trouble::Busy,
        Trouble::Stale,
        Trouble::BadForm,
        Trouble::Elsewhere,
    ];
    let refusals = [
        Refusal::Unknown,
        Refusal::Used,
        Refusal::Expired,
        Refusal::Revoked,
        Refusal::OtherSite,
        Refusal::NeedsController,
    ];
    all.extend(refusals.map(|refusal| Trouble::Redeem(RedeemError::Refused(refusal))));
    let redeem = [
        RedeemError::Throttled { retry_secs: 9 },
        RedeemError::BadCode,
        RedeemError::NotInHotspot,
        RedeemError::RouterAway,
        RedeemError::StoreFull,
        RedeemError::Resyncing,
        RedeemError::CloudAwayUnknown,
    ];
    all.extend(redeem.map(Trouble::Redeem));
    let buy = [
        BuyError::BadPhone,
        BuyError::PlanGone,
        BuyError::NotNow,
        BuyError::PriceChanged,
        BuyError::NoCloud,
        BuyError::SalesClosed,
        BuyError::TooMany { retry_secs: 30 },
        BuyError::NotPrompted(PayFailure::OtherPrompt, Some(60)),
    ];
    all.extend(buy.map(Trouble::Buy));
    let attempts = [
        TryError::NotOffered,
        TryError::HadOne { again_secs: 90_000 },
        TryError::DayIsFull,
        TryError::StoreFull,
        TryError::Resyncing,
    ];
    all.extend(attempts.map(Trouble::Try));
    let pay = [
        PayFailure::WrongPin,
        PayFailure::Cancelled,
        PayFailure::NoAnswer,
        PayFailure::NoMoney,
        PayFailure::LimitReached,
        PayFailure::TooSoon,
        PayFailure::Expired,
        PayFailure::ProviderAccount,
        PayFailure::ProviderSetup,
        PayFailure::Busy,
        PayFailure::Locked,
        PayFailure::NotNow,
        PayFailure::Blocked,
    ];
    all.extend(pay.map(Trouble::Pay));
    all
}

#[test]
fn every_trouble_says_what_happened_and_what_to_do_in_both_languages() {
    for trouble in troubles() {
        let [english, swahili] = Language::ALL.map(|language| {
            let (what, next) = trouble.words(language);
            assert!(what.len() > 8 && next.len() > 20, "{trouble:?}");
            let page = render(language, &home(), Some(trouble));
            assert!(page.contains("role=\"alert\"") && page.contains("0700 000 000"));
            what
        });
        assert_ne!(english, swahili, "{trouble:?} is not translated");
    }
}

#[test]
fn a_trouble_that_lasts_says_so_on_every_page() {
    for state in [
        PurchaseState::Failed(PayFailure::WrongPin),
        PurchaseState::LateUnknown,
        PurchaseState::PriceChanged,
        PurchaseState::NoCloud,
    ] {
        let failed = Home {
            purchase: Some(purchase(state)),
            ..home()
        };
        let trouble = Trouble::of_purchase(state).unwrap();
        for language in Language::ALL {
            let page = render(language, &failed, None);
            assert!(page.contains(trouble.words(language).0), "{page}");
            assert!(page.contains("name=\"code\""), "a dead end: {page}");
        }
    }
}

fn paying(state: PurchaseState) -> Home {
    Home {
        purchase: Some(purchase(state)),
        ..home()
    }
}

#[test]
fn each_state_has_its_page() {
    for language in Language::ALL {
        let words = language.words();
        let plans = render(language, &home(), None);
        assert!(
            plans.contains("KSh 1,250")
                && plans.contains(&format!("value=\"{}.7\"", PlanId::from_bytes([2; 16])))
                && plans.contains("name=\"code\"")
        );
        let since = Timestamp::from_secs(0);
        let page = render(language, &paying(PurchaseState::CheckPhone { since }), None);
        assert!(
            page.contains(words.check_phone)
                && page.contains("678")
                && page.contains("http-equiv=\"refresh\"")
                && page.contains("data-state=\"check_phone\"")
                && !page.contains("name=\"phone\"")
        );
        let connecting = Home {
            ticket: Some(ticket(false)),
            ..home()
        };
        let page = render(language, &connecting, None);
        assert!(page.contains(words.paid_connecting) && page.contains(words.not_started));
        assert!(page.contains("7KQ2-M0X1-90AB") && page.contains("7KQ2M0X190AB"));
        let waiting = Home {
            ticket: Some(TicketView {
                router_away: true,
                ..ticket(false)
            }),
            ..home()
        };
        let page = render(language, &waiting, None);
        assert!(page.contains(words.paid_waits) && page.contains("http-equiv=\"refresh\""));
        let online = Home {
            ticket: Some(ticket(true)),
            ..home()
        };
        let page = render(language, &online, None);
        assert!(
            page.contains("online")
                && page.contains("700\u{a0}MB")
                && page.contains("http://outside.example/")
                && page.contains(words.log_out)
                && !page.contains("http-equiv")
        );
        let away = Home {
            cloud: false,
            ..home()
        };
        let page = render(language, &away, None);
        assert!(
            page.contains("M-PESA")
                && page.contains("name=\"code\"")
                && !page.contains("name=\"phone\"")
        );
        let closed = Home {
            sales_open: false,
            ..home()
        };
        let page = render(language, &closed, None);
        assert!(page.contains(words.closed) && !page.contains("name=\"phone\""));
        for (status, said) in [
            (Status::Used, words.used_up),
            (Status::Expired, words.expired),
            (Status::Revoked, words.revoked),
        ] {
            let ended = Home {
                ticket: Some(TicketView {
                    status,
                    ..ticket(false)
                }),
                ..home()
            };
            let page = render(language, &ended, None);
            assert!(page.contains(said) && page.contains("name=\"code\""));
        }
        let elsewhere = Home {
            ticket: Some(TicketView {
                held: false,
                ..ticket(false)
            }),
            ..home()
        };
        let page = render(language, &elsewhere, None);
        assert!(page.contains(words.not_here) && page.contains(words.use_here));
        let stranger = Home {
            device: Device::NotInHotspot,
            ..home()
        };
        let page = render(language, &stranger, None);
        assert!(
            page.contains("role=\"alert\"") && !page.contains("name=\"code\""),
            "nothing is sold to a stranger"
        );
    }
}

#[test]
fn a_running_ticket_is_never_said_not_to_have_started() {
    let running = TicketView {
        step: Step::Confirmed,
        ends_at: Some(Timestamp::from_secs(9)),
        ..ticket(false)
    };
    for router_away in [false, true] {
        let home = Home {
            ticket: Some(TicketView {
                router_away,
                ..running.clone()
            }),
            ..home()
        };
        let page = render(Language::English, &home, None);
        assert!(!page.contains("has not started"), "{page}");
    }
}

#[test]
fn who_has_paid_sees_the_ticket_while_the_router_is_away() {
    let away = Home {
        device: Device::RouterAway,
        ..home()
    };
    let paid = Home {
        ticket: Some(TicketView {
            router_away: true,
            ..ticket(false)
        }),
        ..away.clone()
    };
    for language in Language::ALL {
        let words = language.words();
        for place in [Place::Home, Place::Wait, Place::Ticket, Place::Status] {
            assert_eq!(place.instead(&paid), None, "{place:?}");
            let page = render_at(place, language, &paid, None, &Typed::default());
            let shows = |what: &str| page.contains(what);
            assert!(shows(&words.terms(&HOUR)), "{place:?}: {page}");
            if place != Place::Status {
                assert!(shows("7KQ2-M0X1-90AB") && shows(words.username) && shows(words.password));
            }
            if place != Place::Ticket {
                assert!(shows(words.paid_waits) && shows(words.router_waits));
            }
            assert!(!page.contains("role=\"alert\"") && !page.contains("method=\"post\""));
        }
        // One who was online before, and one of whom nothing is known.
        let running = Home {
            ticket: Some(TicketView {
                router_away: true,
                ..ticket(true)
            }),
            ..away.clone()
        };
        let page = render(language, &running, None);
        assert!(page.contains(words.router_gone) && !page.contains(words.go_on));
        let page = render(language, &away, None);
        assert!(page.contains("role=\"alert\"") && !page.contains("7KQ2"));
        let asked = Home {
            purchase: Some(purchase(PurchaseState::LateUnknown)),
            ..away.clone()
        };
        let page = render(language, &asked, None);
        assert!(page.contains(Trouble::PayUnknown.words(language).0) && !page.contains("<form"));
    }
}

#[test]
fn nothing_is_sold_twice_while_a_payment_is_under_way() {
    for trouble in [
        None,
        Some(Trouble::Buy(BuyError::TooMany { retry_secs: 9 })),
    ] {
        let page = render(Language::English, &paying(PurchaseState::Asking), trouble);
        assert!(!page.contains("name=\"phone\""), "{page}");
    }
    let page = render(Language::English, &paying(PurchaseState::LateUnknown), None);
    let (before, after) = page.split_once("<details>").unwrap();
    assert!(before.contains("Do not pay again") && !before.contains("name=\"phone\""));
    assert!(after.contains("name=\"phone\""), "no dead end either");
}

#[test]
fn every_page_is_there_when_it_says_something() {
    let connecting = Home {
        ticket: Some(ticket(false)),
        ..home()
    };
    let online = Home {
        ticket: Some(ticket(true)),
        ..home()
    };
    let asking = paying(PurchaseState::Asking);
    let failed = paying(PurchaseState::Failed(PayFailure::NoMoney));
    let home = home();
    let expected = [
        (Place::Wait, &home, Some(Place::Home)),
        (Place::Wait, &asking, None),
        (Place::Wait, &failed, Some(Place::Home)),
        (Place::Wait, &connecting, None),
        (Place::Wait, &online, Some(Place::Online)),
        (Place::Online, &online, None),
        (Place::Online, &connecting, Some(Place::Wait)),
        (Place::Online, &home, Some(Place::Home)),
        (Place::Ticket, &online, None),
        (Place::Ticket, &home, Some(Place::Home)),
        (Place::Status, &online, None),
        (Place::Status, &home, Some(Place::Home)),
        (Place::Home, &online, None),
    ];
    for (place, home, instead) in expected {
        assert_eq!(
            place.instead(home),
            instead,
            "{place:?} of {:?}",
            Situation::of(home)
        );
        if instead.is_none() {
            for language in Language::ALL {
                let page = render_at(place, language, home, None, &Typed::default());
                let other = language.words().other_tag;
                assert!(page.contains(&format!("href=\"{}?lang={other}\"", place.path())));
            }
        }
    }
    let arrived = render_at(
        Place::Online,
        Language::English,
        &online,
        None,
        &Typed::default(),
    );
    assert!(arrived.contains("data-to=\"http://outside.example/\" hidden>"));
    let kept = render_at(
        Place::Ticket,
        Language::English,
        &online,
        None,
        &Typed::default(),
    );
    for said in [
        "7KQ2-M0X1-90AB",
        "User name",
        "Password",
        "1.5\u{a0}GB",
        "another phone",
    ] {
        assert!(kept.contains(said), "{said}");
    }
}

#[test]
fn what_was_typed_stays_and_cannot_become_markup() {
    let typed = Typed {
        code: "\"><script>x</script>".into(),
        phone: "07\"12".into(),
        plan: PlanId::from_bytes([2; 16]).to_string(),
    };
    let trouble = Some(Trouble::Buy(BuyError::BadPhone));
    let page = render_at(Place::Home, Language::English, &home(), trouble, &typed);
    assert!(page.contains("value=\"07&quot;12\"") && page.contains("aria-invalid"));
    assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;x"));
    assert!(page.contains("\" checked>") && page.contains(">Pay KSh 1,250<"));
    let trouble = Some(Trouble::Buy(BuyError::PriceChanged));
    let page = render_at(Place::Home, Language::English, &home(), trouble, &typed);
    assert!(
        page.contains("now costs KSh 1,250"),
        "the new price is not said: {page}"
    );
}

#[test]
fn after_a_failure_the_plan_is_still_chosen_and_the_field_in_question_comes_first() {
    let mut failed = paying(PurchaseState::Failed(PayFailure::WrongPin));
    failed.plans[0].name = "One hour".into();
    failed.purchase.as_mut().unwrap().plan_name = Some("One hour".into());
    let other = PlanView {
        id: PlanId::from_bytes([8; 16]),
        name: "Day".into(),
        ..failed.plans[0].clone()
    };
    failed.plans.insert(0, other);
    let page = render(Language::English, &failed, None);
    let chosen = format!(
        "value=\"{}.7\" data-price=\"KSh 1,250\" checked>",
        PlanId::from_bytes([2; 16])
    );
    assert!(
        page.contains(&chosen) && page.matches(" checked>").count() == 1,
        "{page}"
    );
    let trouble = Trouble::Redeem(RedeemError::Throttled { retry_secs: 9 });
    let page = render(Language::English, &home(), Some(trouble));
    let place = |what: &str| page.find(what).unwrap();
    assert!(place("name=\"code\"") < place("name=\"phone\"") && page.contains("9\u{a0}seconds"));
}

#[test]
fn many_plans_do_not_make_a_large_page() {
    let mut many = home();
    many.plans = (0..60)
        .map(|number| PlanView {
            id: PlanId::from_bytes([number; 16]),
            name: format!("Plan number {number} of a business with many plans"),
            ..many.plans[0].clone()
        })
        .collect();
    let page = render(Language::Swahili, &many, None);
    assert!(page.contains("/portal/plans?lang=sw") && page.contains("Plan number 19"));
    assert!(!page.contains("Plan number 20"));
    assert!(page.contains("href=\"#code\"") && page.contains("id=\"code\""));
    let all = View {
        language: Language::Swahili,
        place: Place::Plans,
        home: Some(&many),
        trouble: None,
        typed: &Typed::default(),
        seal: "s",
        outside: "http://outside.example/",
    }
    .render();
    assert!(all.contains("Plan number 59") && all.len() < 40_000);
}

#[test]
fn all_a_look_may_say_fits_on_the_pages() {
    let long = |letter: &str, length: usize| Spoken {
        english: letter.repeat(length),
        swahili: letter.repeat(length),
    };
    let mut full = home();
    full.look = Arc::new(Look {
        button: Some(0x12_34_56),
        welcome: long("&", 200),
        banner: long("<", 160),
        terms: long("ä", 4_000),
        logo: Some([5; 16]),
        ..full.look.as_ref().clone()
    });
    let one = PlanView {
        name: "A plan with as long a name as any plan on a portal may have".into(),
        hours: Some(Hours {
            days: 0b101_0101,
            from_minute: 1,
            until_minute: 2,
            ahead_minutes: 180,
        }),
        ..full.plans[0].clone()
    };
    full.plans = (0..60)
        .map(|number| PlanView {
            id: PlanId::from_bytes([number; 16]),
            colour: Some(u32::from(number) << 8),
            ..one.clone()
        })
        .collect();
    for language in Language::ALL {
        let page = render(language, &full, None);
        let words = language.words();
        assert!(page.contains("class=\"banner\">&lt;") && page.contains(words.you_accept));
        assert!(page.contains(&format!("/portal/logo?h={}", "05".repeat(16))));
        let terms = render_at(Place::Terms, language, &full, None, &Typed::default());
        assert!(terms.contains("ää") && !terms.contains("<form"));
    }
    // The page, its style sheet, its script and the largest logo.
    let page = render(Language::English, &home(), None).len();
    let sheet = style(None, None, None).len();
    assert!(page + sheet + SCRIPT.len() + 16 * 1024 < 40_000);
}

#[test]
fn a_plan_of_other_hours_says_which() {
    let mut shut = home();
    shut.plans[0].hours = Some(Hours {
        days: Hours::EVERY_DAY,
        from_minute: 1320,
        until_minute: 300,
        ahead_minutes: 180,
    });
    shut.plans[0].is_open = false;
    let typed = Typed {
        plan: shut.plans[0].id.to_string(),
        ..Typed::default()
    };
    for language in Language::ALL {
        let trouble = Trouble::Buy(BuyError::NotNow);
        let page = render_at(Place::Home, language, &shut, Some(trouble), &typed);
        let (alert, rest) = page.split_once("</section>").unwrap();
        assert!(alert.contains("22:00–05:00"), "{page}");
        assert!(rest.contains("disabled>") && rest.contains("name=\"code\""));
    }
}

async fn portal() -> (SocketAddr, mpsc::Receiver<PortalAsk>, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asks, asked) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let settings = Settings {
        secret: [7; 32],
        outside: "http://outside.example/".into(),
    };
    tokio::spawn(serve(listener, asks, settings, stop.clone()));
    (address, asked, stop)
}

async fn send(address: SocketAddr, request: String) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn get(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\naccept-language: sw\r\n\r\n"
    )
}

/// An agent that says the same of everybody, and keeps what it was asked.
fn agent(
    mut asked: mpsc::Receiver<PortalAsk>,
    mut says: impl FnMut(&Ask) -> Said + Send + 'static,
) -> JoinHandle<Vec<Ask>> {
    tokio::spawn(async move {
        let mut all = Vec::new();
        while let Some(PortalAsk { ask, answer }) = asked.recv().await {
            let said = says(&ask);
            all.push(ask);
            // A phone may have gone.
            let _ = answer.send(said);
        }
        all
    })
}

fn says_home(_: &Ask) -> Said {
    Said::Home(Box::new(home()))
}

#[tokio::test]
async fn a_code_is_asked_for_the_peer_and_nobody_else() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |ask| match ask {
        Ask::Redeem { .. } => Said::Redeemed(Ok(Box::new(home()))),
        _ => says_home(ask),
    });
    let answer = send(
        address,
        post(
            "/portal/code",
            "x-forwarded-for: 10.0.0.9\r\n",
            "code=+ABCD-1234&mac=4A&lang=sw",
        ),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 303") && answer.contains("location: /portal/wait?lang=sw"),
        "{answer}"
    );
    stop.cancel();
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let code = "ABCD-1234".into();
    assert_eq!(agent.await.unwrap(), [Ask::Redeem { peer, code }]);
}

#[tokio::test]
async fn a_scanned_voucher_stands_in_the_field_and_is_used_by_a_press_only() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, says_home);
    for path in [
        "/portal/?from=http%3A%2F%2F192.0.2.1%2FV%2F7KQ2M0X190AB",
        "/portal/?code=7kq2-mox1-90ab",
    ] {
        let page = send(address, get(path)).await;
        let field = page.find("value=\"7KQ2-M0X1-90AB\"").unwrap();
        assert!(field < page.find("id=\"pay\"").unwrap(), "{page}");
        assert!(
            page.contains("?lang=en&amp;code=7KQ2-M0X1-90AB\""),
            "{page}"
        );
    }
    for path in [
        "/portal/?from=http%3A%2F%2Fcaptive.apple.com%2Fhotspot-detect.html",
        "/portal/?code=%22%3E%3Cscript%3E",
        "/portal/",
    ] {
        let page = send(address, get(path)).await;
        assert!(page.contains("spellcheck=\"false\" value=\"\""), "{page}");
        assert!(!page.contains("code=7KQ2") && !page.contains("\"><script>"));
    }
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(asks.iter().all(|ask| matches!(ask, Ask::Home { .. })));
}

#[tokio::test]
async fn a_plan_is_bought_as_the_page_showed_it() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |ask| match ask {
        Ask::Buy { .. } => Said::Buying(Err(BuyError::BadPhone)),
        _ => says_home(ask),
    });
    let plan = PlanId::from_bytes([2; 16]);
    let forms = [
        format!("plan={plan}.7&phone=0712+345+678"),
        format!("plan={plan}&revision=7&phone=0712+345+678"),
    ];
    for form in &forms {
        let answer = send(address, post("/portal/buy?lang=sw", "", form)).await;
        assert!(
            answer.starts_with("HTTP/1.1 200")
                && answer.contains("value=\"0712 345 678\"")
                && answer.contains("<html lang=\"sw\">"),
            "{answer}"
        );
    }
    for nonsense in ["plan=7&phone=1", "", "plan=&revision=x"] {
        let answer = send(address, post("/portal/buy", "", nonsense)).await;
        assert!(answer.contains("This plan is no longer sold"), "{answer}");
    }
    stop.cancel();
    let asks = agent.await.unwrap();
    let bought: Vec<_> = asks
        .into_iter()
        .filter(|ask| !matches!(ask, Ask::Home { .. }))
        .collect();
    let ask = Ask::Buy {
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        plan,
        revision: 7,
        phone: "0712 345 678".into(),
    };
    assert_eq!(bought, [ask.clone(), ask]);
}

#[tokio::test]
async fn with_nobody_to_answer_the_page_says_so() {
    let (address, asked, stop) = portal().await;
    drop(asked);
    for request in [
        get("/portal/"),
        post("/portal/code", "", "code=ABCD1234&lang=sw"),
    ] {
        let answer = send(address, request).await;
        assert!(
            answer.starts_with("HTTP/1.1 503")
                && answer.contains("role=\"alert\"")
                && answer.contains("retry-after: 5"),
            "{answer}"
        );
    }
    let state = send(address, get("/portal/state.json")).await;
    assert!(state.starts_with("HTTP/1.1 503"), "{state}");
    stop.cancel();
}

#[tokio::test]
async fn forms_of_other_sites_and_other_phones_are_refused() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, says_home);
    for headers in [
        "sec-fetch-site: cross-site\r\n",
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
    ] {
        let answer = send(address, post("/portal/code", headers, "code=EVIL1234")).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(!answer.contains("EVIL1234"), "{answer}");
    }
    let answer = send(
        address,
        post("/portal/code", "", "code=ABCD1234&seal=forged"),
    )
    .await;
    assert!(
        answer.contains("too old") && answer.contains("value=\"ABCD1234\""),
        "{answer}"
    );
    let answer = send(address, post("/portal/code", "", &"x".repeat(5000))).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(asks.iter().all(|ask| matches!(ask, Ask::Home { .. })));
}

#[tokio::test]
async fn a_sealed_form_is_taken_from_a_browser_that_hides_where_it_was() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |ask| match ask {
        Ask::LogOut { .. } => Said::LoggedOut(Box::new(home())),
        _ => says_home(ask),
    });
    let page = send(address, get("/portal/")).await;
    let (_, seal) = page.split_once("name=\"seal\" value=\"").unwrap();
    let (seal, _) = seal.split_once('"').unwrap();
    let answer = send(
        address,
        post(
            "/portal/logout",
            "origin: null\r\n",
            &format!("seal={seal}"),
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(matches!(asks.last(), Some(Ask::LogOut { .. })));
}

#[test]
fn a_trial_is_offered_first_and_its_end_leads_to_the_plans() {
    for language in Language::ALL {
        let words = language.words();
        let offered = Home {
            trial: Some(Trial {
                terms: HOUR,
                every_days: 7,
            }),
            cloud: false,
            ..home()
        };
        let page = render(language, &offered, None);
        let press = page.find("action=\"/portal/try\"").unwrap();
        assert!(press < page.find("name=\"code\"").unwrap(), "{page}");
        assert!(page.contains(words.try_free) && page.contains("name=\"seal\""));
        let trying = Home {
            ticket: Some(TicketView {
                trial: true,
                bought: false,
                ..ticket(true)
            }),
            ..home()
        };
        let page = render(language, &trying, None);
        assert!(
            page.contains(words.online) && !page.contains("7KQ2"),
            "{page}"
        );
        let over = Home {
            ticket: Some(TicketView {
                trial: true,
                bought: false,
                status: Status::Used,
                ..ticket(false)
            }),
            ..home()
        };
        let page = render(language, &over, None);
        assert!(page.contains(words.trial_over) && page.contains("id=\"pay\""));
    }
}

#[tokio::test]
async fn a_press_tries_and_a_second_one_is_told_when_and_shown_the_plans() {
    let (address, asked, stop) = portal().await;
    let mut first = true;
    let agent = agent(asked, move |ask| match ask {
        Ask::Try { .. } if std::mem::take(&mut first) => Said::Tried(Ok(Box::new(home()))),
        Ask::Try { .. } => Said::Tried(Err(TryError::HadOne { again_secs: 600 })),
        _ => says_home(ask),
    });
    let answer = send(address, post("/portal/try?lang=en", "", "")).await;
    assert!(
        answer.starts_with("HTTP/1.1 303") && answer.contains("/portal/wait?lang=en"),
        "{answer}"
    );
    let answer = send(address, post("/portal/try?lang=en", "", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("has had its free trial"));
    assert!(
        answer.contains("10\u{a0}minutes") && answer.contains("id=\"pay\""),
        "{answer}"
    );
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(asks.contains(&Ask::Try {
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST)
    }));
}

#[tokio::test]
async fn programs_and_scripts_read_what_is_the_case() {
    let (address, asked, stop) = portal().await;
    agent(asked, |_| {
        Said::Home(Box::new(Home {
            ticket: Some(ticket(true)),
            ..home()
        }))
    });
    let state = send(address, get("/portal/state.json?lang=en")).await;
    let (_, state) = state.split_once("\r\n\r\n").unwrap();
    let state: serde_json::Value = serde_json::from_str(state).unwrap();
    assert_eq!(state["state"], Situation::Online.as_str());
    assert_eq!(state["time_left"], "30\u{a0}minutes");
    assert_eq!(state["bytes_left"], 700_000_000);
    assert!(
        !state.to_string().contains("7KQ2"),
        "a code is on the page only"
    );
    let plans = send(address, get("/portal/plans.json")).await;
    let (_, plans) = plans.split_once("\r\n\r\n").unwrap();
    let plans: serde_json::Value = serde_json::from_str(plans).unwrap();
    assert_eq!(plans[0]["price"], "KSh 1,250");
    let wait = send(address, get("/portal/wait")).await;
    assert!(wait.contains("location: /portal/online?lang=sw"), "{wait}");
    stop.cancel();
}

#[tokio::test]
async fn a_logo_is_a_file_that_browsers_keep() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |_| {
        Said::Home(Box::new(Home {
            logo: Some(Arc::new(LogoRow {
                kind: PictureKind::Webp,
                picture: b"picture".to_vec(),
            })),
            ..home()
        }))
    });
    let answer = send(address, get("/portal/logo?h=05")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("picture"));
    assert!(answer.contains("image/webp") && answer.contains("max-age=86400"));
    let sheet = send(address, get("/portal/style.css?c=102030&b=405060&p=708090")).await;
    for colour in ["--brand:#102030", "--button:#405060", ".p708090{"] {
        assert!(sheet.contains(colour), "{sheet}");
    }
    stop.cancel();
    agent.await.unwrap();
}

#[tokio::test]
async fn anything_else_leads_to_the_start() {
    let (address, _asked, stop) = portal().await;
    for path in [
        "/",
        "/portal",
        "/generate_204",
        "/portal/code",
        "//x.example/",
    ] {
        let answer = send(address, get(path)).await;
        assert!(answer.contains("location: /portal/?lang=sw"), "{answer}");
    }
    let style = send(address, get("/portal/style.css?c=ffcc00")).await;
    assert!(style.contains("--brand:#ffcc00;--ink:#000"), "{style}");
    let script = send(address, get("/portal/portal.js")).await;
    assert!(script.contains("text/javascript") && style.len() + script.len() < 20_000);
    let healthy = send(address, get("/portal/healthz")).await;
    assert!(healthy.starts_with("HTTP/1.1 200"));
    assert!(
        healthy.contains("content-security-policy: default-src 'none'")
            && healthy.contains("x-content-type-options: nosniff")
            && healthy.contains("cache-control: no-store")
            && !healthy.contains("set-cookie"),
        "{healthy}"
    );
    let other = send(
        address,
        "DELETE /portal/ HTTP/1.1\r\nhost: p\r\nconnection: close\r\n\r\n".into(),
    );
    assert!(other.await.starts_with("HTTP/1.1 405"));
    stop.cancel();
}

/// A phone of its own address.
async fn phone(address: SocketAddr, number: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let own = SocketAddr::from(([127, 0, 9, number], 0));
    socket.bind(own).unwrap();
    socket.connect(address).await.unwrap()
}

/// A phone that asks and waits for its page.
async fn asking(address: SocketAddr, number: u8) -> TcpStream {
    let mut stream = phone(address, number).await;
    let request = "GET /portal/ HTTP/1.1\r\nhost: portal\r\n\r\n";
    // The portal may have turned it away already.
    let _ = stream.write_all(request.as_bytes()).await;
    stream
}

/// What it gets, until the portal closes.
async fn gets(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    // Being turned away may be a reset.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn one_phone_cannot_take_every_place() {
    let (address, mut asked, stop) = portal().await;
    let mut phones = Vec::new();
    let mut waiting = Vec::new();
    for _ in 0..64 {
        phones.push(asking(address, 1).await);
        waiting.push(asked.recv().await.unwrap());
    }
    assert_eq!(gets(asking(address, 1).await).await, "");
    let _other = asking(address, 2).await;
    let ask = asked.recv().await.unwrap();
    assert_eq!(ask.ask.peer(), IpAddr::V4(Ipv4Addr::new(127, 0, 9, 2)));
    drop(phones.pop());
    // Its place is free once the portal has seen it go; until then the phone is turned away.
    let again = async {
        loop {
            let turned_away = gets(asking(address, 1).await);
            tokio::select! {
                ask = asked.recv() => return ask.unwrap(),
                _ = turned_away => {}
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), again).await;
    assert_eq!(in_time.unwrap().ask.peer(), waiting[0].ask.peer());
    stop.cancel();
}

#[tokio::test]
async fn a_full_portal_lets_the_next_phone_wait_and_then_in() {
    let (address, mut asked, stop) = portal().await;
    let mut waiting = Vec::new();
    let mut phones = Vec::new();
    for number in 0..=255 {
        phones.push(asking(address, number / 48 + 1).await);
        waiting.push(asked.recv().await.unwrap());
    }
    let _late = asking(address, 20).await;
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(asked.try_recv().is_err(), "the 257th connection was let in");
    waiting
        .remove(0)
        .answer
        .send(says_home(&Ask::Home { peer: address.ip() }))
        .unwrap();
    let answer = gets(phones.remove(0)).await;
    assert!(
        answer.contains("connection: close") && answer.contains("</html>"),
        "{answer}"
    );
    let next = asked.recv().await.unwrap();
    assert_eq!(next.ask.peer(), IpAddr::V4(Ipv4Addr::new(127, 0, 9, 20)));
    stop.cancel();
}

#[tokio::test]
async fn five_thousand_phones_at_once_are_all_answered() {
    let (address, asked, stop) = portal().await;
    agent(asked, says_home);
    let mut phones = tokio::task::JoinSet::new();
    // As many as this process may have sockets for, both ends being here; they are still more than there are places.
    let places = Arc::new(tokio::sync::Semaphore::new(400));
    for number in 0..5_000_u16 {
        let places = Arc::clone(&places);
        phones.spawn(async move {
            let _place = places.acquire_owned().await.unwrap();
            let [high, low] = (number / 20).to_be_bytes();
            let socket = TcpSocket::new_v4().unwrap();
            socket
                .bind(SocketAddr::from(([127, 1, high, low], 0)))
                .unwrap();
            let mut stream = socket.connect(address).await.unwrap();
            stream.write_all(get("/portal/").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("</html>")
        });
    }
    assert!(phones.join_all().await.into_iter().all(|answered| answered));
    stop.cancel();
}

#[tokio::test]
async fn a_phone_that_says_nothing_is_let_go() {
    tokio::time::pause();
    let (address, _asked, stop) = portal().await;
    let mut silent = phone(address, 30).await;
    silent.write_all(b"GET /portal/ HT").await.unwrap();
    let mut rest = String::new();
    // Time runs ahead while nothing else happens; a phone that was kept would hang here.
    silent.read_to_string(&mut rest).await.unwrap();
    assert!(!rest.contains("200"), "{rest}");
    stop.cancel();
}

#[tokio::test]
async fn stopping_ends_every_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asks, mut asked) = mpsc::channel(4);
    let stop = CancellationToken::new();
    let settings = Settings {
        secret: [7; 32],
        outside: String::new(),
    };
    let serving = tokio::spawn(serve(listener, asks, settings, stop.clone()));
    let held = asking(address, 40).await;
    let waiting = asked.recv().await.unwrap();
    stop.cancel();
    // The agent answers its last question, and the phone still gets its page.
    waiting.answer.send(says_home(&waiting.ask)).unwrap();
    serving.await.unwrap();
    assert!(gets(held).await.ends_with("</html>"));
}
