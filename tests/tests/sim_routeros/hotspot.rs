//! Users, hosts and sessions: who gets in, what is counted, what cuts.
use std::time::Duration;

use mnara_tests::sim::routeros::{Phone, Router};

use super::raw::{Raw, router, value};

fn user(router: &Router, values: &[(&str, &str)]) {
    router.run("/ip/hotspot/user/add", values).unwrap();
}

fn login(router: &Router, phone: &Phone, name: &str) -> Result<(), String> {
    let ip = phone.address.to_string();
    let values = [
        ("user", name),
        ("password", "p"),
        ("ip", &ip),
        ("mac-address", &phone.mac),
    ];
    router
        .run("/ip/hotspot/active/login", &values)
        .map(|_| ())
        .map_err(|refused| refused.0)
}

fn causes(router: &Router) -> Vec<String> {
    let lines = router.rows("/log").into_iter();
    lines
        .filter_map(|row| {
            row["message"]
                .split(": logged out: ")
                .nth(1)
                .map(str::to_owned)
        })
        .collect()
}

#[tokio::test]
async fn a_phone_in_the_host_table_is_let_in_and_counted() {
    let router = router().await;
    user(
        &router,
        &[
            ("name", "T1"),
            ("password", "p"),
            ("limit-uptime", "1h"),
            ("limit-bytes-total", "100M"),
        ],
    );
    let phone = router.join(None).unwrap();
    let mut raw = Raw::member(&router).await;
    let hosts = raw.ask(&["/ip/hotspot/host/print"]).await;
    assert_eq!(value(&hosts[0], "mac-address"), Some(phone.mac.as_str()));
    assert_eq!(value(&hosts[0], "authorized"), Some("false"));
    let ip = format!("=ip={}", phone.address);
    let mac = format!("=mac-address={}", phone.mac);
    let wrong = raw
        .ask(&["/ip/hotspot/active/login", "=user=T1", "=password=q", &ip])
        .await;
    assert_eq!(wrong[0], ["!trap", "=message=invalid username or password"]);
    let other = raw
        .ask(&[
            "/ip/hotspot/active/login",
            "=user=T1",
            "=password=p",
            &ip,
            "=mac-address=02:00:00:00:00:99",
        ])
        .await;
    assert_eq!(other[0], ["!trap", "=message=wrong MAC provided"]);
    let done = raw
        .ask(&[
            "/ip/hotspot/active/login",
            "=user=T1",
            "=password=p",
            &ip,
            &mac,
        ])
        .await;
    assert_eq!(done, [["!done"]]);

    router.traffic(&phone.mac, 1_000, 10_000).unwrap();
    router.advance(Duration::from_secs(600));
    let active = raw.ask(&["/ip/hotspot/active/print"]).await;
    let id = format!("*{:X}", u32::from(phone.address));
    for (name, expected) in [
        (".id", id.as_str()),
        ("user", "T1"),
        ("uptime", "10m"),
        ("session-time-left", "50m"),
        ("bytes-in", "600000"),
        ("bytes-out", "6000000"),
        ("limit-bytes-total", "104857600"),
    ] {
        assert_eq!(value(&active[0], name), Some(expected), "{name}");
    }
    let users = raw.ask(&["/ip/hotspot/user/print", "?name=T1"]).await;
    assert_eq!(
        value(&users[0], "uptime"),
        Some("0s"),
        "the user's counters wait for the log-out"
    );
    assert_eq!(
        raw.ask(&["/ip/hotspot/active/remove", &format!("=.id={id}")])
            .await,
        [["!done"]]
    );
    let users = raw.ask(&["/ip/hotspot/user/print", "?name=T1"]).await;
    assert_eq!(value(&users[0], "uptime"), Some("10m"));
    assert_eq!(value(&users[0], "bytes-out"), Some("6000000"));
    assert_eq!(causes(&router), ["admin reset"]);
    raw.ask(&["/ip/hotspot/active/login", "=user=T1", "=password=p", &ip])
        .await;
    let active = raw.ask(&["/ip/hotspot/active/print"]).await;
    assert_eq!(
        value(&active[0], "limit-bytes-total"),
        Some("98257600"),
        "what is left of the limit"
    );
    assert_eq!(value(&active[0], "session-time-left"), Some("50m"));
}

#[tokio::test]
async fn limits_cut_at_their_moment_and_keep_the_user_out() {
    let router = router().await;
    user(
        &router,
        &[("name", "time"), ("password", "p"), ("limit-uptime", "30m")],
    );
    user(
        &router,
        &[
            ("name", "data"),
            ("password", "p"),
            ("limit-bytes-total", "1000000"),
        ],
    );
    let one = router.join(None).unwrap();
    let two = router.join(None).unwrap();
    login(&router, &one, "time").unwrap();
    login(&router, &two, "data").unwrap();
    router.traffic(&two.mac, 500, 500).unwrap();
    router.advance(Duration::from_secs(24 * 3600));
    assert!(router.rows("/ip/hotspot/active").is_empty());
    assert_eq!(
        causes(&router),
        ["traffic limit reached", "uptime limit reached"]
    );
    let users = router.rows("/ip/hotspot/user");
    let of = |name: &str| {
        users
            .iter()
            .find(|row| row["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(of("time")["uptime"], "30m");
    assert_eq!(
        of("data")["uptime"],
        "16m40s",
        "a million bytes at a thousand a second"
    );
    assert_eq!(
        login(&router, &one, "time").unwrap_err(),
        "user time has reached uptime limit"
    );
    assert_eq!(
        login(&router, &two, "data").unwrap_err(),
        "user data has reached traffic limit"
    );
    router
        .run("/ip/hotspot/user/reset-counters", &[("numbers", "time")])
        .unwrap();
    login(&router, &one, "time").unwrap();
}

#[tokio::test]
async fn a_running_session_keeps_its_limits_and_outlives_its_user() {
    let router = router().await;
    user(
        &router,
        &[("name", "T1"), ("password", "p"), ("limit-uptime", "30m")],
    );
    let phone = router.join(None).unwrap();
    login(&router, &phone, "T1").unwrap();
    router
        .run(
            "/ip/hotspot/user/set",
            &[("numbers", "T1"), ("limit-uptime", "5m")],
        )
        .unwrap();
    router.advance(Duration::from_secs(600));
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
    router
        .run("/ip/hotspot/user/disable", &[("numbers", "T1")])
        .unwrap();
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
    router
        .run("/ip/hotspot/user/remove", &[("numbers", "T1")])
        .unwrap();
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
    router.advance(Duration::from_secs(1800));
    assert_eq!(
        router.rows("/ip/hotspot/active").len(),
        0,
        "the limit it began with still ends it"
    );
}

#[tokio::test]
async fn places_macs_and_disabled_users_are_checked() {
    let router = router().await;
    user(&router, &[("name", "one"), ("password", "p")]);
    user(
        &router,
        &[("name", "off"), ("password", "p"), ("disabled", "yes")],
    );
    let first = router.join(None).unwrap();
    let second = router.join(None).unwrap();
    user(
        &router,
        &[
            ("name", "bound"),
            ("password", "p"),
            ("mac-address", &first.mac),
        ],
    );
    login(&router, &first, "one").unwrap();
    assert_eq!(
        login(&router, &second, "one").unwrap_err(),
        "no more sessions are allowed for user one"
    );
    assert_eq!(
        login(&router, &second, "off").unwrap_err(),
        "invalid username or password"
    );
    assert_eq!(
        login(&router, &second, "bound").unwrap_err(),
        "user bound is not allowed to log in from this MAC address"
    );
    assert_eq!(
        login(&router, &second, "02-00-00-00-00-77").unwrap_err(),
        "invalid username (02-00-00-00-00-77): this MAC address is not yours"
    );
    router
        .run(
            "/ip/hotspot/user/profile/add",
            &[
                ("name", "pair"),
                ("shared-users", "2"),
                ("rate-limit", "512k/1M"),
            ],
        )
        .unwrap();
    router
        .run(
            "/ip/hotspot/user/set",
            &[("numbers", "one"), ("profile", "pair")],
        )
        .unwrap();
    login(&router, &second, "one").unwrap();
    let queues = router.rows("/queue/simple");
    assert_eq!(
        queues.len(),
        1,
        "only the session begun with the rate has a queue"
    );
    assert_eq!(
        (queues[0]["name"].as_str(), queues[0]["max-limit"].as_str()),
        ("<hotspot-one>", "512000/1000000")
    );
    router.traffic(&second.mac, 1_000_000, 1_000_000).unwrap();
    router.advance(Duration::from_secs(10));
    let active = router.rows("/ip/hotspot/active");
    let row = active
        .iter()
        .find(|row| row["mac-address"] == second.mac)
        .unwrap();
    assert_eq!(
        (row["bytes-in"].as_str(), row["bytes-out"].as_str()),
        ("640000", "1250000"),
        "the rate limits"
    );
}

#[tokio::test]
async fn sleeping_phones_time_out_and_cookies_bring_them_back() {
    let router = router().await;
    user(&router, &[("name", "T1"), ("password", "p")]);
    let phone = router.join(None).unwrap();
    login(&router, &phone, "T1").unwrap();
    router.sleep(&phone.mac).unwrap();
    router.advance(Duration::from_secs(119));
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
    router.advance(Duration::from_secs(1));
    assert_eq!(router.rows("/ip/hotspot/active").len(), 0);
    assert_eq!(causes(&router), ["keepalive timeout"]);
    assert_eq!(
        router.rows("/ip/hotspot/host").len(),
        1,
        "known until the server's idle-timeout"
    );
    router.advance(Duration::from_secs(180));
    assert_eq!(router.rows("/ip/hotspot/host").len(), 0);
    assert_eq!(router.rows("/ip/hotspot/cookie").len(), 1);
    router.wake(&phone.mac).unwrap();
    assert_eq!(
        router.rows("/ip/hotspot/active")[0]["login-by"],
        "mac-cookie"
    );
    let id = router.rows("/ip/hotspot/active")[0][".id"].clone();
    router
        .run("/ip/hotspot/active/remove", &[("numbers", &id)])
        .unwrap();
    assert_eq!(
        router.rows("/ip/hotspot/cookie").len(),
        0,
        "an admin's reset takes the cookie"
    );
    router.sleep(&phone.mac).unwrap();
    router.advance(Duration::from_secs(600));
    router.wake(&phone.mac).unwrap();
    assert_eq!(router.rows("/ip/hotspot/active").len(), 0);
}

#[tokio::test]
async fn a_session_of_a_phone_that_was_silent_before_lasts_for_the_keepalive_timeout() {
    let router = router().await;
    user(&router, &[("name", "T1"), ("password", "p")]);
    let phone = router.join(None).unwrap();
    router.sleep(&phone.mac).unwrap();
    router.advance(Duration::from_secs(150));
    login(&router, &phone, "T1").unwrap();
    router.advance(Duration::from_secs(119));
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
    router.advance(Duration::from_secs(1));
    assert_eq!(router.rows("/ip/hotspot/active").len(), 0);
    assert_eq!(causes(&router), ["keepalive timeout"]);
}

#[tokio::test]
async fn a_rotated_mac_locks_itself_out_until_the_old_one_times_out() {
    let router = router().await;
    user(&router, &[("name", "T1"), ("password", "p")]);
    let old = router.join(None).unwrap();
    login(&router, &old, "T1").unwrap();
    let new = router.rotate_mac(&old.mac, None).unwrap();
    assert_ne!(
        (new.mac.clone(), new.address),
        (old.mac.clone(), old.address)
    );
    assert_eq!(
        login(&router, &new, "T1").unwrap_err(),
        "no more sessions are allowed for user T1"
    );
    router.advance(Duration::from_secs(120));
    login(&router, &new, "T1").unwrap();
}

#[tokio::test]
async fn bindings_let_past_and_keep_out() {
    let router = router().await;
    user(&router, &[("name", "T1"), ("password", "p")]);
    let phone = router.join(None).unwrap();
    router
        .run(
            "/ip/hotspot/ip-binding/add",
            &[("mac-address", &phone.mac), ("type", "bypassed")],
        )
        .unwrap();
    assert_eq!(router.rows("/ip/hotspot/host")[0]["bypassed"], "true");
    router
        .run(
            "/ip/hotspot/ip-binding/set",
            &[("numbers", "*1"), ("type", "blocked")],
        )
        .unwrap();
    assert!(login(&router, &phone, "T1").is_err());
    router
        .run("/ip/hotspot/ip-binding/remove", &[("numbers", "*1")])
        .unwrap();
    login(&router, &phone, "T1").unwrap();
}

#[tokio::test]
async fn a_failed_log_in_leaves_the_running_session_alone() {
    let router = router().await;
    for (name, limit) in [("T1", "1h"), ("T2", "0s")] {
        router
            .run(
                "/ip/hotspot/user/add",
                &[("name", name), ("password", "p"), ("limit-uptime", limit)],
            )
            .unwrap();
    }
    let phones = [(); 2].map(|()| router.join(None).unwrap().address.to_string());
    let login = |user: &str, password: &str, ip: &str| {
        router.run(
            "/ip/hotspot/active/login",
            &[("user", user), ("password", password), ("ip", ip)],
        )
    };
    login("T1", "p", &phones[0]).unwrap();
    login("T2", "p", &phones[1]).unwrap();
    router.advance(Duration::from_secs(600));
    login("T1", "wrong", &phones[0]).unwrap_err();
    login("T2", "p", &phones[0]).unwrap_err();
    let active = router.rows("/ip/hotspot/active");
    assert_eq!(
        (active[0]["user"].as_str(), active[0]["uptime"].as_str()),
        ("T1", "10m")
    );
    login("T1", "p", &phones[0]).unwrap();
    let active = router.rows("/ip/hotspot/active");
    assert_eq!(
        (
            active[0]["uptime"].as_str(),
            active[0]["session-time-left"].as_str()
        ),
        ("0s", "50m"),
        "what it used before counts"
    );
}
