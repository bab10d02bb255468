//! The other ways in: trial, MAC, browser cookie; and what the facts leave open, as knobs.
use std::time::Duration;

use mnara_tests::sim::routeros::{Config, Knobs, Pace, Router};

use super::raw::{Raw, router, value};

#[tokio::test]
async fn trial_users_have_their_time_once_a_day() {
    let router = router().await;
    router
        .run(
            "/ip/hotspot/profile/set",
            &[
                ("numbers", "hsprof1"),
                ("login-by", "http-pap,trial"),
                ("trial-uptime-limit", "10m"),
            ],
        )
        .unwrap();
    router.put_page("login.html", Some("$(trial) $(error)"));
    let phone = router.join(None).unwrap();
    let name = format!("T-{}", phone.mac);
    let login = "http://10.5.50.1/login";
    assert_eq!(router.open(&phone.mac, login).await.unwrap().text(), "yes ");
    router
        .submit(&phone.mac, login, &[("username", &name)])
        .await
        .unwrap();
    let active = router.rows("/ip/hotspot/active");
    assert_eq!(
        (active[0]["user"].as_str(), active[0]["login-by"].as_str()),
        (name.as_str(), "trial")
    );
    router.advance(Duration::from_secs(600));
    assert!(router.rows("/ip/hotspot/active").is_empty());
    let again = router
        .submit(&phone.mac, login, &[("username", &name)])
        .await
        .unwrap();
    assert_eq!(
        again.text(),
        format!("no user {name} has reached uptime limit")
    );
    router.advance(Duration::from_secs(24 * 3600));
    router
        .submit(&phone.mac, login, &[("username", &name)])
        .await
        .unwrap();
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
    let trial = &router.rows("/ip/hotspot/user")[0];
    assert_eq!(
        (trial["name"].as_str(), trial["uptime"].as_str()),
        ("default-trial", "10m")
    );
}

#[tokio::test]
async fn a_mac_that_is_a_user_needs_no_page() {
    let router = router().await;
    router
        .run(
            "/ip/hotspot/profile/set",
            &[("numbers", "hsprof1"), ("login-by", "mac")],
        )
        .unwrap();
    let known = "02:AA:00:00:00:01";
    router
        .run("/ip/hotspot/user/add", &[("name", known)])
        .unwrap();
    router.join(Some(known)).unwrap();
    let stranger = router.join(None).unwrap();
    let active = router.rows("/ip/hotspot/active");
    assert_eq!(active.len(), 1);
    assert_eq!(
        (
            active[0]["mac-address"].as_str(),
            active[0]["login-by"].as_str()
        ),
        (known, "mac")
    );
    let seen = router
        .open(&stranger.mac, "http://x.example/")
        .await
        .unwrap();
    assert_eq!(seen.status, 302);
}

#[tokio::test]
async fn the_browsers_cookie_lets_in_until_it_is_erased() {
    let router = router().await;
    router
        .run(
            "/ip/hotspot/profile/set",
            &[("numbers", "hsprof1"), ("login-by", "http-pap,cookie")],
        )
        .unwrap();
    router
        .run("/ip/hotspot/user/add", &[("name", "T1"), ("password", "p")])
        .unwrap();
    let phone = router.join(None).unwrap();
    let login = router
        .submit(
            &phone.mac,
            "http://10.5.50.1/login",
            &[("username", "T1"), ("password", "p")],
        )
        .await
        .unwrap();
    let cookie = login.header("Set-Cookie").unwrap().to_owned();
    router.sleep(&phone.mac).unwrap();
    router.advance(Duration::from_secs(180));
    router.wake(&phone.mac).unwrap();
    assert!(router.rows("/ip/hotspot/active").is_empty());
    router
        .ask(
            &phone.mac,
            "GET",
            "http://10.5.50.1/login",
            &[("Cookie", &cookie)],
            Vec::new(),
        )
        .await
        .unwrap();
    assert_eq!(router.rows("/ip/hotspot/active")[0]["login-by"], "cookie");
    router
        .open(&phone.mac, "http://10.5.50.1/logout?erase-cookie=on")
        .await
        .unwrap();
    assert!(router.rows("/ip/hotspot/cookie").is_empty());
    router
        .ask(
            &phone.mac,
            "GET",
            "http://10.5.50.1/login",
            &[("Cookie", &cookie)],
            Vec::new(),
        )
        .await
        .unwrap();
    assert!(router.rows("/ip/hotspot/active").is_empty());
}

#[tokio::test]
async fn knobs_turn_what_is_not_known() {
    let knobs = Knobs {
        user_change_cuts_session: true,
        remove_takes_siblings: true,
        secrets_need_flag: true,
        licensed_sessions: Some(2),
        ..Knobs::default()
    };
    let router = Router::start(Config {
        pace: Pace::Manual,
        knobs,
        ..Config::default()
    })
    .await
    .unwrap();
    router
        .run(
            "/ip/hotspot/user/profile/set",
            &[("numbers", "default"), ("shared-users", "unlimited")],
        )
        .unwrap();
    router
        .run("/ip/hotspot/user/add", &[("name", "T1"), ("password", "p")])
        .unwrap();
    let login = |address: std::net::Ipv4Addr| {
        let ip = address.to_string();
        router
            .run(
                "/ip/hotspot/active/login",
                &[("user", "T1"), ("password", "p"), ("ip", &ip)],
            )
            .map(|_| ())
    };
    let phones = [(); 3].map(|()| router.join(None).unwrap());
    login(phones[0].address).unwrap();
    login(phones[1].address).unwrap();
    assert_eq!(
        login(phones[2].address).unwrap_err().0,
        "session limit reached ()"
    );
    let id = router.rows("/ip/hotspot/active")[0][".id"].clone();
    router
        .run("/ip/hotspot/active/remove", &[("numbers", &id)])
        .unwrap();
    assert!(
        router.rows("/ip/hotspot/active").is_empty(),
        "the sibling went too"
    );
    login(phones[0].address).unwrap();
    router
        .run("/ip/hotspot/user/disable", &[("numbers", "T1")])
        .unwrap();
    assert!(router.rows("/ip/hotspot/active").is_empty());
    let mut raw = Raw::member(&router).await;
    let hidden = raw.ask(&["/ip/hotspot/user/print", "?name=T1"]).await;
    assert_eq!(value(&hidden[0], "password"), None);
    let shown = raw
        .ask(&["/ip/hotspot/user/print", "=show-sensitive=", "?name=T1"])
        .await;
    assert_eq!(value(&shown[0], "password"), Some("p"));
}

#[tokio::test]
async fn events_come_late_and_twice_when_told_to() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    router.fault(|faults| {
        faults.duplicate_events = true;
        faults.late_events_ms = 20;
    });
    raw.say(&[
        "/ip/hotspot/host/listen",
        "=.proplist=mac-address",
        ".tag=H",
    ])
    .await;
    raw.ask(&["/system/identity/print"]).await;
    let before = tokio::time::Instant::now();
    let phone = router.join(None).unwrap();
    let event = vec![
        "!re".to_owned(),
        ".tag=H".to_owned(),
        format!("=mac-address={}", phone.mac),
    ];
    assert_eq!(raw.sentence().await.unwrap(), event);
    assert!(before.elapsed() >= Duration::from_millis(20));
    assert_eq!(raw.sentence().await.unwrap(), event);
}

#[tokio::test]
async fn a_burst_over_all_connections_slows_every_one_down() {
    let router = router().await;
    router.fault(|faults| faults.burst = Some(20));
    let mut one = Raw::member(&router).await;
    let mut two = Raw::member(&router).await;
    for _ in 0..18 {
        one.ask(&["/system/identity/print"]).await;
    }
    let before = tokio::time::Instant::now();
    for _ in 0..5 {
        two.ask(&["/system/identity/print"]).await;
    }
    assert!(
        before.elapsed() >= Duration::from_millis(100),
        "20 ms each: {:?}",
        before.elapsed()
    );
}

#[tokio::test]
async fn version_six_speaks_its_own_dates_and_words() {
    let router = super::raw::of_version("6.49").await;
    router.set_calendar(1_800_000_000);
    let clock = &router.rows("/system/clock")[0];
    assert_eq!(
        (clock["date"].as_str(), clock["time"].as_str()),
        ("jan/15/2027", "11:00:00")
    );
    let mut raw = Raw::member(&router).await;
    let missing = raw.ask(&["/ip/hotspot/user/remove", "=.id=*77"]).await;
    assert_eq!(missing[0], ["!trap", "=message=no such item (4)"]);
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/add"]).await[0],
        ["!trap", "=message=missing =name="]
    );
    assert_eq!(
        raw.ask(&["/ip/service/set", "=numbers=api", "=max-sessions=5"])
            .await[0][1],
        "=message=unknown parameter max-sessions"
    );
}

#[tokio::test]
async fn a_service_that_is_off_or_deaf_answers_nobody() {
    let router = router().await;
    router.fault(|faults| faults.deaf = true);
    let mut raw = Raw::connect(router.api()).await;
    raw.say(&["/login", "=name=admin", "=password=admin"]).await;
    assert!(
        tokio::time::timeout(Duration::from_millis(100), raw.sentence())
            .await
            .is_err()
    );
    router.fault(|faults| faults.deaf = false);
    router
        .run("/ip/service/disable", &[("numbers", "api")])
        .unwrap();
    let mut raw = Raw::connect(router.api()).await;
    assert_eq!(raw.sentence().await, None);
}

#[tokio::test]
async fn queues_people_write_stand_beside_those_of_sessions() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    let add = [
        "/queue/simple/add",
        "=name=office",
        "=target=10.0.0.0/24",
        "=max-limit=5M/10M",
    ];
    assert_eq!(raw.ask(&add).await, [["!done", "=ret=*1"]]);
    let row = &router.rows("/queue/simple")[0];
    assert_eq!(
        (row["max-limit"].as_str(), row["dynamic"].as_str()),
        ("5000000/10000000", "false")
    );
    raw.ask(&[
        "/ip/address/add",
        "=address=10.9.8.7/16",
        "=interface=ether2",
    ])
    .await;
    assert_eq!(router.rows("/ip/address")[1]["network"], "10.9.0.0");
}

#[tokio::test]
async fn sessions_carry_comments_up_to_the_version_that_dropped_them() {
    for (version, known) in [("7.20.8", true), ("7.22.3", false)] {
        let router = super::raw::of_version(version).await;
        router
            .run(
                "/ip/hotspot/user/add",
                &[("name", "T1"), ("password", "p"), ("comment", "user's")],
            )
            .unwrap();
        let ip = router.join(None).unwrap().address.to_string();
        router
            .run(
                "/ip/hotspot/active/login",
                &[("user", "T1"), ("password", "p"), ("ip", &ip)],
            )
            .unwrap();
        let id = router.rows("/ip/hotspot/active")[0][".id"].clone();
        assert_eq!(router.rows("/ip/hotspot/active")[0]["comment"], "user's");
        let set = router.run(
            "/ip/hotspot/active/set",
            &[(".id", &id), ("comment", "own")],
        );
        assert_eq!(set.is_ok(), known, "{version}: {set:?}");
        let comment = if known { "own" } else { "user's" };
        assert_eq!(router.rows("/ip/hotspot/active")[0]["comment"], comment);
    }
}
