//! Every page in both languages, through the real HTTP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{AttemptId, Mac, PlanId, TicketId};
use mnara_protocol::message::PayFailure;
use mnara_protocol::money::Money;
use mnara_protocol::plan::Terms;
use mnara_protocol::ticket::{Left, Refusal, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::PortalAsk;
use super::pages::View;
use super::serve;
use super::trouble::Trouble;
use super::words::Language;
use crate::access::desired::Credential;
use crate::core::portal::{
    Ask, BuyError, Device, Home, Look, PlanView, PurchaseState, PurchaseView, RedeemError, Said,
    TicketView,
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
        look: Look {
            business: "Mama <script>alert(1)</script> Wi-Fi".into(),
            site: "Kibera & \"1\"".into(),
            colour: 0xff_cc_00,
            help_phone: Some("0700 000 000".into()),
        },
        device: Device::Known {
            mac: Mac::from_bytes([1; 6]),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        },
        plans: vec![PlanView {
            id: PlanId::from_bytes([2; 16]),
            revision: 7,
            name: "<b>Hour</b>".into(),
            price: Money::from_shillings(1250),
            terms: HOUR,
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
    let page = View {
        language,
        home: Some(home),
        trouble,
        seal: "s",
    }
    .render();
    assert!(page.len() < 14_000, "{} bytes", page.len());
    assert!(
        !page.contains("<script") && !page.contains("<b>Hour"),
        "a name became markup"
    );
    assert!(page.contains(&format!("<html lang=\"{}\">", language.tag())));
    for outside in page
        .split("http://")
        .skip(1)
        .chain(page.split("https://").skip(1))
    {
        assert!(
            outside.starts_with("neverssl.com/"),
            "another host: {}",
            &outside[..20]
        );
    }
    page
}

fn troubles() -> Vec<Trouble> {
    let mut all = vec![
        Trouble::PayUnknown,
        Trouble::NotInHotspot,
        Trouble::RouterAway,
        Trouble::Busy,
        Trouble::BadForm,
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
        BuyError::PriceChanged,
        BuyError::NoCloud,
        BuyError::SalesClosed,
        BuyError::TooMany { retry_secs: 30 },
        BuyError::NotPrompted(PayFailure::OtherPrompt, Some(60)),
    ];
    all.extend(buy.map(Trouble::Buy));
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
fn each_state_has_its_page() {
    for language in Language::ALL {
        let words = language.words();
        let plans = render(language, &home(), None);
        assert!(
            plans.contains("KSh 1,250")
                && plans.contains("name=\"revision\" value=\"7\"")
                && plans.contains("name=\"code\"")
        );
        let asking = Home {
            purchase: Some(purchase(PurchaseState::CheckPhone {
                since: Timestamp::from_secs(0),
            })),
            ..home()
        };
        let page = render(language, &asking, None);
        assert!(
            page.contains(words.check_phone)
                && page.contains("http-equiv=\"refresh\"")
                && !page.contains("name=\"phone\"")
        );
        let paid = Home {
            ticket: Some(ticket(false)),
            ..home()
        };
        let page = render(language, &paid, None);
        assert!(page.contains(words.connecting) && page.contains("7KQ2-M0X1-90AB"));
        let online = Home {
            ticket: Some(ticket(true)),
            ..home()
        };
        let page = render(language, &online, None);
        assert!(
            page.contains("online")
                && page.contains("700 MB")
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
        let used = Home {
            ticket: Some(TicketView {
                status: Status::Used,
                ..ticket(false)
            }),
            ..home()
        };
        assert!(render(language, &used, None).contains(words.used_up));
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

async fn portal() -> (SocketAddr, mpsc::Receiver<PortalAsk>, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asks, asked) = mpsc::channel(4);
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, asks, [7; 32], stop.clone()));
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

#[tokio::test]
async fn a_code_is_asked_for_the_peer_and_nobody_else() {
    let (address, mut asked, stop) = portal().await;
    let answering = tokio::spawn(async move {
        let PortalAsk { ask, answer } = asked.recv().await.unwrap();
        assert_eq!(
            ask,
            Ask::Redeem {
                peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
                code: "ABCD-1234".into()
            }
        );
        answer.send(Said::Redeemed(Ok(Box::new(home())))).unwrap();
        asked
    });
    let answer = send(
        address,
        post(
            "/portal/code",
            "x-forwarded-for: 10.0.0.9\r\n",
            "code=ABCD-1234&mac=4A&lang=sw",
        ),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 303") && answer.contains("location: /portal/?lang=sw"),
        "{answer}"
    );
    drop(answering.await.unwrap());
    // With nobody to answer, the page says so.
    let answer = send(
        address,
        "GET /portal/ HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n".into(),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("role=\"alert\""),
        "{answer}"
    );
    stop.cancel();
}

#[tokio::test]
async fn forms_of_other_sites_and_other_phones_are_refused() {
    let (address, mut asked, stop) = portal().await;
    for headers in [
        "sec-fetch-site: cross-site\r\n",
        "origin: http://evil.example\r\n",
    ] {
        let answer = send(address, post("/portal/code", headers, "code=ABCD1234")).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    let answer = send(
        address,
        post("/portal/code", "", "code=ABCD1234&seal=forged"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let answer = send(address, post("/portal/code", "", &"x".repeat(5000))).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(asked.try_recv().is_err(), "nothing was asked");
    stop.cancel();
}

#[tokio::test]
async fn anything_else_leads_to_the_start() {
    let (address, _asked, stop) = portal().await;
    let get = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\naccept-language: sw\r\n\r\n"
        )
    };
    assert!(
        send(address, get("/"))
            .await
            .contains("location: /portal/?lang=sw")
    );
    let style = send(address, get("/portal/style.css?c=ffcc00")).await;
    assert!(style.contains("--brand:#ffcc00;--ink:#000"), "{style}");
    assert!(
        send(address, get("/portal/healthz"))
            .await
            .starts_with("HTTP/1.1 200")
    );
    stop.cancel();
}
