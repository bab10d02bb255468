//! The box itself: packages, device mode, certificates, pools, services, and the people logged in to it.
use super::raw::{Raw, of_version, router, value};

#[tokio::test]
async fn a_doctor_finds_what_it_looks_for() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    for menu in [
        "/system/identity",
        "/system/resource",
        "/system/clock",
        "/system/license",
        "/system/package",
        "/system/package/update",
        "/system/device-mode",
        "/system/ntp/client",
        "/user",
        "/user/group",
        "/user/active",
        "/ip/service",
        "/ip/address",
        "/ip/pool",
        "/ip/dns",
        "/interface",
        "/certificate",
        "/log",
    ] {
        let print = format!("{menu}/print");
        let answer = raw.ask(&[&print]).await;
        assert_eq!(answer[0][0], "!re", "{menu}: {answer:?}");
    }
    let mode = raw.ask(&["/system/device-mode/print"]).await;
    assert_eq!(value(&mode[0], "hotspot"), Some("true"));
    assert_eq!(value(&mode[0], "container"), Some("false"));
    let package = raw.ask(&["/system/package/print"]).await;
    assert_eq!(value(&package[0], "version"), Some("7.22.3"));
    for absent in ["/system/routerboard/print", "/container/print"] {
        let answer = raw.ask(&[absent]).await;
        assert_eq!(value(&answer[0], "message"), Some("no such command prefix"));
    }
}

#[tokio::test]
async fn packages_are_switched_at_the_next_boot() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    raw.ask(&["/system/package/disable", "=numbers=routeros"])
        .await;
    let row = &router.rows("/system/package")[0];
    assert_eq!(
        (row["scheduled"].as_str(), row["disabled"].as_str()),
        ("scheduled for disable", "false")
    );
    raw.ask(&["/system/package/unschedule", "=numbers=routeros"])
        .await;
    assert_eq!(router.rows("/system/package")[0]["scheduled"], "");
}

#[tokio::test]
async fn a_server_takes_its_addresses_from_a_pool_that_exists() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    let set = |pool: &'static str| {
        router.run(
            "/ip/hotspot/set",
            &[("numbers", "hotspot1"), ("address-pool", pool)],
        )
    };
    assert_eq!(
        set("guests").unwrap_err().0,
        "input does not match any value of address-pool"
    );
    let add = ["/ip/pool/add", "=name=guests", "=ranges=10.9.0.2-10.9.0.99"];
    assert_eq!(raw.ask(&add).await[0][0], "!done");
    set("guests").unwrap();
    assert_eq!(raw.ask(&add).await[0][0], "!trap");
}

#[tokio::test]
async fn a_certificate_is_made_signed_and_used() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    let first = router.fingerprint();
    let add = [
        "/certificate/add",
        "=name=mine",
        "=common-name=router.example",
        "=subject-alt-name=IP:127.0.0.1",
        "=days-valid=3650",
        "=key-usage=tls-server",
    ];
    assert_eq!(raw.ask(&add).await[0][0], "!done");
    let row = raw.ask(&["/certificate/print", "?name=mine"]).await;
    assert_eq!(value(&row[0], "fingerprint"), None, "not signed yet");
    raw.ask(&["/ip/service/set", "=numbers=api-ssl", "=certificate=mine"])
        .await;
    assert_eq!(router.fingerprint(), "", "and of no use yet");
    assert_eq!(
        raw.ask(&["/certificate/sign", "=number=mine"]).await,
        [["!done"]]
    );
    let row = raw.ask(&["/certificate/print", "?name=mine"]).await;
    let print = value(&row[0], "fingerprint").unwrap().to_owned();
    assert_eq!(router.fingerprint(), print);
    assert_ne!(print, first);
    let gone = raw.ask(&["/certificate/sign", "=number=other"]).await;
    assert_eq!(value(&gone[0], "message"), Some("no such item"));
}

#[tokio::test]
async fn verbs_come_and_go_with_the_version() {
    for (version, unset, logout) in [
        ("7.14.3", true, "request-logout"),
        ("7.18.2", false, "request-logout"),
        ("7.20.8", false, "remove"),
        ("7.24", false, "remove"),
    ] {
        let router = of_version(version).await;
        let mut raw = Raw::member(&router).await;
        let answer = raw
            .ask(&[
                "/ip/service/unset",
                "=numbers=api-ssl",
                "=value-name=certificate",
            ])
            .await;
        assert_eq!(answer[0][0] == "!done", unset, "{version}: {answer:?}");
        let mut other = Raw::member(&router).await;
        let active = router.rows("/user/active");
        assert_eq!(active.len(), 2);
        let command = format!("/user/active/{logout}");
        let numbers = format!("=numbers={}", active[1][".id"]);
        assert_eq!(
            raw.ask(&[&command, &numbers]).await,
            [["!done"]],
            "{version}"
        );
        assert_eq!(other.sentence().await, None, "{version}: put out");
        let typed = raw
            .ask(&["/file/add", "=name=somewhere", "=type=directory"])
            .await;
        assert_eq!(typed[0][0] == "!done", version != "7.14.3", "{version}");
    }
}
