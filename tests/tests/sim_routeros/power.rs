//! Reboots: what is kept, what is lost, and what the API sees of it.
use std::time::Duration;

use mnara_tests::sim::routeros::{Reboot, Router};

use super::raw::{Raw, router};

async fn busy_router() -> Router {
    let router = router().await;
    router
        .run("/ip/hotspot/user/add", &[("name", "T1"), ("password", "p")])
        .unwrap();
    let phone = router.join(None).unwrap();
    let ip = phone.address.to_string();
    router
        .run(
            "/ip/hotspot/user/profile/set",
            &[("numbers", "default"), ("add-mac-cookie", "no")],
        )
        .unwrap();
    router
        .run(
            "/ip/hotspot/active/login",
            &[("user", "T1"), ("password", "p"), ("ip", &ip)],
        )
        .unwrap();
    router.traffic(&phone.mac, 100, 1_000).unwrap();
    router.advance(Duration::from_secs(3600));
    router
}

fn used(router: &Router) -> (String, String) {
    let users = router.rows("/ip/hotspot/user");
    let user = users.iter().find(|row| row["name"] == "T1").unwrap();
    (user["uptime"].clone(), user["bytes-out"].clone())
}

#[tokio::test]
async fn a_graceful_reboot_keeps_the_counters() {
    let router = busy_router().await;
    let mut raw = Raw::member(&router).await;
    assert_eq!(raw.ask(&["/system/reboot"]).await, [["!done"]]);
    assert_eq!(raw.sentence().await, None, "the connection ends");
    router.down().await;
    assert!(
        tokio::net::TcpStream::connect(router.api()).await.is_err(),
        "nobody listens while it boots"
    );
    router.advance(Duration::from_secs(20));
    router.booted().await;
    assert_eq!(used(&router), ("1h".to_owned(), "3600000".to_owned()));
    assert!(router.rows("/ip/hotspot/active").is_empty());
    assert_eq!(
        router.rows("/ip/hotspot/host").len(),
        1,
        "the phone is still in the air"
    );
    assert_eq!(router.rows("/system/resource")[0]["uptime"], "0s");
    assert!(router.rows("/system/clock")[0]["date"].as_str() > "2020");
    Raw::member(&router).await;
}

#[tokio::test]
async fn a_power_cut_loses_what_the_session_used_and_the_date() {
    let router = busy_router().await;
    let mut raw = Raw::member(&router).await;
    router.reboot(Reboot::PowerCut);
    router.down().await;
    raw.say(&["/system/identity/print"]).await;
    let silence = tokio::time::timeout(Duration::from_millis(100), raw.sentence()).await;
    assert!(silence.is_err(), "nobody tells the other side");
    router.advance(Duration::from_secs(20));
    router.booted().await;
    assert_eq!(raw.sentence().await, None);
    assert_eq!(used(&router), ("0s".to_owned(), "0".to_owned()));
    assert!(router.rows("/ip/hotspot/active").is_empty());
    assert!(router.rows("/system/clock")[0]["date"].starts_with("1970-01-0"));
    router.set_calendar(1_800_000_000);
    assert_eq!(router.rows("/system/clock")[0]["date"], "2027-01-15");
}

#[tokio::test]
async fn a_router_that_is_shut_down_stays_down_until_somebody_comes() {
    let router = busy_router().await;
    let mut raw = Raw::member(&router).await;
    assert_eq!(raw.ask(&["/system/shutdown"]).await, [["!done"]]);
    router.down().await;
    router.advance(Duration::from_secs(3600));
    assert!(tokio::net::TcpStream::connect(router.api()).await.is_err());
    router.reboot(Reboot::PowerCut);
    router.advance(Duration::from_secs(20));
    router.booted().await;
    assert_eq!(
        used(&router),
        ("1h".to_owned(), "3600000".to_owned()),
        "counters were kept"
    );
    Raw::member(&router).await;
}
