//! Every page in both languages, through the real HTTP.

mod asked;
mod crowd;
mod drawn;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{AttemptId, Mac, PlanId, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{
    ByHand, ByHandAnswer, LogoRow, NotClaimed, PayFailure, PictureKind, Spoken,
};
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
    Ask, BuyError, ClaimError, Device, DeviceTokenText, HandView, Home, Look, PlanView,
    PurchaseState, PurchaseView, RedeemError, Said, TicketView, Trial, TryError,
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
        by_hand: None,
        no_prompts: false,
        sms: false,
        purchase: None,
        hand: None,
        claimed: false,
        named: false,
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
        paused: false,
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
        late: false,
    }
}

fn purchase(state: PurchaseState) -> PurchaseView {
    PurchaseView {
        attempt: AttemptId::from_bytes([4; 16]),
        plan_name: Some("Hour".into()),
        price: Some(Money::from_shillings(50)),
        credit: None,
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
        Trouble::NoPlan,
        Trouble::PayUnknown,
        Trouble::NotInHotspot,
        Trouble::LetThrough,
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
        RedeemError::LetThrough,
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
        BuyError::LetThrough,
        BuyError::TooMany { retry_secs: 30 },
        BuyError::NotPrompted(PayFailure::OtherPrompt, Some(60)),
    ];
    all.extend(buy.map(Trouble::Buy));
    let claims = [
        ClaimError::BadPhone,
        ClaimError::BadReceipt,
        ClaimError::TooMany { retry_secs: 9 },
        ClaimError::NoCloud,
        ClaimError::NotInHotspot,
        ClaimError::LetThrough,
        ClaimError::RouterAway,
    ];
    all.extend(claims.map(Trouble::Claim));
    let refused = NotClaimed::KNOWN.iter().copied();
    all.extend(refused.map(|why| Trouble::Claim(ClaimError::Refused(why))));
    let attempts = [
        TryError::NotOffered,
        TryError::HadOne { again_secs: 90_000 },
        TryError::DayIsFull,
        TryError::LetThrough,
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
        PayFailure::NoMpesa,
    ];
    all.extend(pay.map(Trouble::Pay));
    all
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
