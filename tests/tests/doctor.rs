//! `mnara-agent doctor` against the simulated router: every fault a router can have is named, each with what to do about it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use mnara_agent::doctor::{Finding, Verdict, look_over_router};
use mnara_agent::routeros::client::{self, Command, Dial, Fingerprint, Security, Timing};
use mnara_protocol::clock::Timestamp;
use mnara_tests::sim::routeros::{Config, Pace, Router};
use secrecy::SecretString;

const PORTAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

async fn router() -> Router {
    let user = |name: &str, group: &str| (name.to_owned(), "secret".to_owned(), group.to_owned());
    Router::start(Config {
        users: vec![user("mnara", "full"), user("reader", "read")],
        portal: Some(PORTAL),
        // Its date is read twice.
        pace: Pace::Manual,
        ..Config::default()
    })
    .await
    .unwrap()
}

fn dial(router: &Router) -> Dial {
    Dial {
        host: router.api_tls().ip().to_string(),
        port: router.api_tls().port(),
        security: Security::Pinned(Fingerprint::from_hex(&router.fingerprint()).unwrap()),
        user: "mnara".to_owned(),
        password: SecretString::from("secret"),
        timing: Timing {
            command: Duration::from_secs(3),
            ..Timing::USUAL
        },
    }
}

/// The findings that need somebody, as `about: what to do`.
async fn faults(router: &Router, dial: &Dial) -> Vec<String> {
    found(router, dial, Verdict::Bad).await
}

/// The findings of one verdict, as `about: what to do`.
async fn found(router: &Router, dial: &Dial, verdict: Verdict) -> Vec<String> {
    let today = router.rows("/system/clock")[0]["date"].clone();
    // The simulated calendar begins today, whenever that is.
    let now = Timestamp::from_secs(days(&today) * 86_400);
    look_over_router(dial, Some(PORTAL), now)
        .await
        .into_iter()
        .filter(|finding: &Finding| finding.verdict == verdict)
        .map(|finding| format!("{}: {}", finding.about, finding.next.unwrap()))
        .collect()
}

fn days(date: &str) -> i64 {
    let date: jiff::civil::Date = date.parse().unwrap();
    let since = date.since(jiff::civil::date(1970, 1, 1)).unwrap();
    since.get_days().into()
}

fn assert_one(faults: &[String], about: &str, next: &str) {
    assert!(
        faults.len() == 1 && faults[0].starts_with(about) && faults[0].contains(next),
        "{about} with {next:?} was to be found: {faults:?}"
    );
}

#[tokio::test]
async fn a_router_that_was_set_up_well_has_no_faults() {
    let router = router().await;
    assert_eq!(faults(&router, &dial(&router)).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_router_that_cannot_be_used_is_told_apart_by_why() {
    let router = router().await;
    let good = dial(&router);

    let password = Dial {
        password: SecretString::from("another"),
        ..good.clone()
    };
    assert_one(&faults(&router, &password).await, "router", "password");
    let certificate = Dial {
        security: Security::Pinned(Fingerprint::from_hex(&"ab".repeat(32)).unwrap()),
        ..good.clone()
    };
    assert_one(
        &faults(&router, &certificate).await,
        "router",
        "--router-pin",
    );
    // Taken, so that nobody else is there, and nobody listens.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = nobody.local_addr().unwrap().port();
    let closed = Dial {
        port,
        ..good.clone()
    };
    assert_one(
        &faults(&router, &closed).await,
        "router",
        "/ip/service/enable",
    );
    let hasty = Timing {
        login: Duration::from_millis(500),
        ..good.timing
    };
    let pages = Dial {
        port: router.http().port(),
        security: Security::Plain,
        timing: hasty,
        ..good.clone()
    };
    assert_eq!(faults(&router, &pages).await.len(), 1, "it is no API");
    // It takes connections from elsewhere and says nothing; which step that ends depends on whether there is TLS.
    for (service, security, port) in [
        ("api-ssl", good.security, good.port),
        ("api", Security::Plain, router.api().port()),
    ] {
        let only = |address| {
            let values = [("numbers", service), ("address", address)];
            router.run("/ip/service/set", &values).unwrap();
        };
        only("10.9.9.0/24");
        let elsewhere = Dial {
            port,
            security,
            timing: hasty,
            ..good.clone()
        };
        assert_one(&faults(&router, &elsewhere).await, "router", "address= of");
        only("");
    }
    let reader = Dial {
        user: "reader".to_owned(),
        ..good
    };
    assert_one(&faults(&router, &reader).await, "rights", "policy=");
}

/// Changes one row of the router as a person at its console would.
async fn change(dial: &Dial, path: &'static str, name: &str, property: &str, value: &str) {
    let (client, connection) = client::connect(dial).await.unwrap();
    let set = Command::new(path)
        .attribute("numbers", name)
        .attribute(property, value);
    tokio::select! {
        done = client.call(&set) => {
            done.unwrap();
        }
        _ = connection.run() => panic!("the connection ended"),
    }
}

#[tokio::test]
async fn every_fault_of_the_set_up_that_a_router_can_have_is_named() {
    let router = router().await;
    let dial = dial(&router);

    router.set_portal(None);
    assert_one(
        &faults(&router, &dial).await,
        "walled garden",
        "/ip/hotspot/walled-garden/ip/add",
    );
    // Rules that let phones through, but not to the portal.
    let garden = |verb: &str, values: &[(&str, &str)]| {
        let done = router.run(&format!("/ip/hotspot/walled-garden/ip/{verb}"), values);
        done.unwrap().unwrap_or_default()
    };
    let id = garden("add", &[("protocol", "udp"), ("dst-port", "53")]);
    assert_one(&faults(&router, &dial).await, "walled garden", "dst-port=");
    let another = [
        ("numbers", id.as_str()),
        ("protocol", "tcp"),
        ("dst-address", "127.0.0.1"),
        ("dst-port", "8081"),
    ];
    garden("set", &another);
    assert_one(&faults(&router, &dial).await, "walled garden", "dst-port=");
    garden("remove", &[("numbers", id.as_str())]);
    router.set_portal(Some(PORTAL));

    router.knob(|knobs| knobs.licence_level = Some(3));
    assert_one(
        &faults(&router, &dial).await,
        "licence",
        "/system/license/print",
    );
    router.knob(|knobs| knobs.licence_level = Some(4));

    let profile = "/ip/hotspot/profile/set";
    change(&dial, profile, "hsprof1", "login-by", "http-chap").await;
    assert_one(&faults(&router, &dial).await, "log-in", "login-by=");
    change(&dial, profile, "hsprof1", "login-by", "http-chap,http-pap").await;

    let hotspot = "/ip/hotspot/set";
    change(&dial, hotspot, "hotspot1", "disabled", "yes").await;
    assert_one(
        &faults(&router, &dial).await,
        "hotspot",
        "/ip/hotspot/enable",
    );
    change(&dial, hotspot, "hotspot1", "disabled", "no").await;
    assert_eq!(faults(&router, &dial).await, Vec::<String>::new());
}

#[tokio::test]
async fn whom_the_router_lets_past_without_a_voucher_is_worth_a_look() {
    let router = router().await;
    let dial = dial(&router);
    let phone = router.join(None).unwrap();
    let binding = |verb: &str, values: &[(&str, &str)]| {
        let done = router.run(&format!("/ip/hotspot/ip-binding/{verb}"), values);
        done.unwrap().unwrap_or_default()
    };
    // The agent's own machine, somebody who is kept out, and a rule that is switched off.
    let own = [
        ("address", "10.5.50.2"),
        ("type", "bypassed"),
        ("comment", "mnara:agent"),
    ];
    binding("add", &own);
    let kept_out = [("mac-address", "02:AA:00:00:00:99"), ("type", "blocked")];
    binding("add", &kept_out);
    let past = [
        ("mac-address", phone.mac.as_str()),
        ("type", "bypassed"),
        ("disabled", "yes"),
    ];
    let id = binding("add", &past);
    let none = Vec::<String>::new();
    assert_eq!(found(&router, &dial, Verdict::Doubtful).await, none);

    binding("enable", &[("numbers", id.as_str())]);
    assert_one(
        &found(&router, &dial, Verdict::Doubtful).await,
        "bindings",
        "/ip/hotspot/ip-binding/print",
    );
    assert_eq!(faults(&router, &dial).await, none);
}
