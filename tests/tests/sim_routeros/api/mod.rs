//! The API service: bytes, replies, queries, streams, refusals, versions.
use std::sync::Arc;

use mnara_tests::sim::routeros::{Cut, Latency};

use super::raw::{Raw, of_version, router, value};

mod secured;

#[tokio::test]
async fn recorded_bytes_of_a_login_and_an_empty_print() {
    let router = router().await;
    let mut raw = Raw::connect(router.api()).await;
    raw.bytes(b"\x06/login\x0B=name=admin\x0F=password=admin\0")
        .await;
    raw.expect(b"\x05!done\0").await;
    raw.bytes(b"\x18/ip/hotspot/active/print\x06.tag=7\0").await;
    raw.expect(b"\x06!empty\x06.tag=7\0\x05!done\x06.tag=7\0")
        .await;
    raw.bytes(b"\0\0\x17/system/identity/getall\0").await;
    raw.expect(b"\x03!re\x0E=name=MikroTik\0\x05!done\0").await;
    raw.bytes(b"\x05/quit\0").await;
    raw.expect(b"\x06!fatal\x1Dsession terminated on request\0")
        .await;
    assert_eq!(raw.sentence().await, None);
}

#[tokio::test]
async fn strangers_are_sent_away() {
    let router = router().await;
    let mut raw = Raw::connect(router.api()).await;
    let answer = raw
        .ask(&["/login", "=name=admin", "=password=wrong", ".tag=1"])
        .await;
    assert_eq!(
        answer[0],
        [
            "!trap",
            ".tag=1",
            "=message=invalid user name or password (6)"
        ]
    );
    assert_eq!(answer[1], ["!done", ".tag=1"]);
    assert_eq!(
        raw.ask(&["/login", "=name=admin", "=password=admin"]).await,
        [["!done"]]
    );
    let mut raw = Raw::connect(router.api()).await;
    assert_eq!(
        raw.ask(&["/system/identity/print"]).await,
        [["!fatal", "not logged in"]]
    );
    assert_eq!(raw.sentence().await, None);
    let mut raw = Raw::connect(router.api()).await;
    raw.bytes(&[0xF9, 1, 2, 3]).await;
    assert_eq!(
        raw.sentence().await,
        None,
        "a control byte ends the connection"
    );
    let mut raw = Raw::connect(router.api()).await;
    raw.bytes(&[0xC1, 0x00, 0x00]).await;
    assert_eq!(raw.sentence().await, None, "nobody needs 64 KiB to log in");
}

#[tokio::test]
async fn old_routers_ask_for_a_challenge() {
    use md5::Digest;
    let router = of_version("6.42.12").await;
    let mut raw = Raw::connect(router.api()).await;
    let answer = raw.ask(&["/login", "=name=admin", "=password=admin"]).await;
    let challenge = value(&answer[0], "ret").unwrap();
    assert_eq!((answer[0][0].as_str(), challenge.len()), ("!done", 32));
    let mut hash = md5::Md5::new();
    hash.update(b"\0admin");
    hash.update(hex::decode(challenge).unwrap());
    let response = format!("=response=00{}", hex::encode(hash.finalize()));
    let wrong = format!("=response=00{}", "0".repeat(32));
    assert_eq!(
        raw.ask(&["/login", "=name=admin", &wrong]).await[0],
        ["!trap", "=message=cannot log in"]
    );
    let answer = raw.ask(&["/login"]).await;
    assert_ne!(
        value(&answer[0], "ret").unwrap(),
        challenge,
        "a challenge serves once"
    );
    assert_eq!(
        raw.ask(&["/login", "=name=admin", &response]).await[0][0],
        "!trap"
    );
    let answer = raw.ask(&["/login"]).await;
    let mut hash = md5::Md5::new();
    hash.update(b"\0admin");
    hash.update(hex::decode(value(&answer[0], "ret").unwrap()).unwrap());
    let response = format!("=response=00{}", hex::encode(hash.finalize()));
    assert_eq!(
        raw.ask(&["/login", "=name=admin", &response]).await,
        [["!done"]]
    );
    assert_eq!(
        raw.ask(&["/ip/hotspot/active/print"]).await,
        [["!done"]],
        "6.x knows no !empty"
    );
}

#[tokio::test]
async fn items_are_added_changed_found_and_removed() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    let add = [
        "/ip/hotspot/user/add",
        "=name=ABCD",
        "=password=x",
        "=limit-uptime=3600",
        "=comment=a=b",
    ];
    assert_eq!(raw.ask(&add).await, [["!done", "=ret=*1"]]);
    assert_eq!(
        raw.ask(&add).await[0],
        [
            "!trap",
            "=message=failure: already have user with this name for this server"
        ]
    );
    let answer = raw.ask(&["/ip/hotspot/user/print", "?name=ABCD"]).await;
    assert_eq!(
        answer[0],
        [
            "!re",
            "=.id=*1",
            "=name=ABCD",
            "=password=x",
            "=profile=default",
            "=limit-uptime=1h",
            "=uptime=0s",
            "=bytes-in=0",
            "=bytes-out=0",
            "=packets-in=0",
            "=packets-out=0",
            "=dynamic=false",
            "=disabled=false",
            "=comment=a=b"
        ]
    );
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/disable", "=numbers=ABCD"])
            .await,
        [["!done"]]
    );
    let answer = raw
        .ask(&[
            "/ip/hotspot/user/print",
            "=.proplist=disabled,.id",
            "?disabled=true",
        ])
        .await;
    assert_eq!(answer[0], ["!re", "=disabled=true", "=.id=*1"]);
    assert_eq!(answer.len(), 2);
    let answer = raw
        .ask(&["/ip/hotspot/user/print", "=.proplist=email"])
        .await;
    assert_eq!(
        answer,
        [["!re"], ["!re"], ["!done"]],
        "rows without any attribute are legal"
    );
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/print", "=count-only="]).await,
        [["!done", "=ret=2"]]
    );
    let get = [
        "/ip/hotspot/user/get",
        "=number=ABCD",
        "=value-name=limit-uptime",
    ];
    assert_eq!(raw.ask(&get).await, [["!done", "=ret=1h"]]);
    raw.ask(&["/ip/hotspot/user/add", "=name=EFGH"]).await;
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/remove", "=.id=*1,*2"]).await,
        [["!done"]]
    );
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/remove", "=.id=*1"]).await[0],
        ["!trap", "=category=0", "=message=no such item"]
    );
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/remove", "=.id=default-trial"])
            .await[0][0],
        "!trap"
    );
}

#[tokio::test]
async fn refusals_use_the_routers_words() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    for (words, message) in [
        (vec!["/ip/hotspot/user/find"], "no such command"),
        (vec!["/container/print"], "no such command prefix"),
        (
            vec!["/ip/hotspot/user/add", "=name=x", "=validity=1d"],
            "unknown parameter validity",
        ),
        (
            vec!["/ip/hotspot/user/add", "=name=x", "=uptime=1d"],
            "unknown parameter uptime",
        ),
        (
            vec!["/ip/hotspot/user/profile/add", "=name=x", "=comment=c"],
            "unknown parameter comment",
        ),
        (
            vec!["/ip/hotspot/user/add", "=name=x", "=profile=gold"],
            "input does not match any value of profile",
        ),
        (
            vec!["/ip/hotspot/user/add", "=name=x", "=server=s9"],
            "input does not match any value of server",
        ),
        (
            vec!["/ip/hotspot/user/add", "=name=x", "=limit-uptime=soon"],
            "invalid value for argument limit-uptime",
        ),
        (
            vec![
                "/ip/hotspot/user/profile/unset",
                "=numbers=default",
                "=value-name=comment",
            ],
            "input does not match any value of value-name",
        ),
        (
            vec!["/ip/hotspot/active/login", "=user=x", "=ip=10.1.1.1"],
            "unknown host IP 10.1.1.1",
        ),
        (
            vec!["/ip/hotspot/active/login", "=user=x", "=ip=home"],
            "invalid value for argument ip",
        ),
    ] {
        let answer = raw.ask(&words).await;
        assert_eq!(answer[0][0], "!trap", "{words:?}");
        assert_eq!(value(&answer[0], "message"), Some(message), "{words:?}");
        assert_eq!(answer[1], ["!done"]);
    }
}

#[tokio::test]
async fn a_menu_of_one_item_tells_its_changes_too() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    raw.say(&["/system/identity/listen", ".tag=L"]).await;
    let other = raw.ask(&["/system/identity/set", "=name=Tower"]).await;
    let mut told = other;
    while told.len() < 2 {
        told.extend(raw.sentence().await);
    }
    told.sort();
    assert_eq!(told[0], ["!done"]);
    assert_eq!(told[1], ["!re", ".tag=L", "=name=Tower"]);
}

#[tokio::test]
async fn parameters_depend_on_the_version() {
    for (version, known) in [
        ("7.14.3", false),
        ("7.18.2", false),
        ("7.20.8", false),
        ("7.22.3", true),
        ("7.24", true),
    ] {
        let router = of_version(version).await;
        let mut raw = Raw::member(&router).await;
        let answer = raw
            .ask(&["/ip/hotspot/user/add", "=name=x", "=otp-secret=JBSWY3DP"])
            .await;
        assert_eq!(
            value(&answer[0], "ret").is_some(),
            known,
            "{version}: {answer:?}"
        );
        let answer = raw.ask(&["/ip/hotspot/host/print"]).await;
        assert_eq!(answer[0][0] == "!empty", version != "7.14.3", "{version}");
        let answer = raw
            .ask(&["/system/resource/print", "=.proplist=version"])
            .await;
        assert_eq!(
            value(&answer[0], "version").unwrap(),
            format!("{version} (stable)")
        );
    }
}

#[tokio::test]
async fn cancel_answers_in_the_order_seen_on_the_wire() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    raw.say(&["/ip/hotspot/user/listen", ".tag=L"]).await;
    raw.say(&["/ip/hotspot/host/listen", ".tag=M"]).await;
    assert_eq!(
        raw.ask(&["/system/identity/print", ".tag=1"]).await[1],
        ["!done", ".tag=1"]
    );
    raw.ask(&["/ip/hotspot/user/add", "=name=x"]).await;
    let event = raw.sentence().await.unwrap();
    assert_eq!(event[..3], ["!re", ".tag=L", "=.id=*1"]);
    raw.ask(&["/ip/hotspot/user/remove", "=.id=x"]).await;
    assert_eq!(
        raw.sentence().await.unwrap(),
        ["!re", ".tag=L", "=.id=*1", "=.dead=true"]
    );
    raw.say(&["/cancel", "=tag=M", ".tag=C"]).await;
    for expected in [
        vec!["!trap", ".tag=M", "=category=2", "=message=interrupted"],
        vec!["!done", ".tag=C"],
        vec!["!empty", ".tag=M"],
        vec!["!done", ".tag=M"],
    ] {
        assert_eq!(raw.sentence().await.unwrap(), expected);
    }
    raw.say(&["/cancel"]).await;
    for expected in [
        vec!["!trap", ".tag=L", "=category=2", "=message=interrupted"],
        vec!["!done"],
        vec!["!done", ".tag=L"],
    ] {
        assert_eq!(raw.sentence().await.unwrap(), expected);
    }
    raw.ask(&["/ip/hotspot/user/add", "=name=y"]).await;
    assert_eq!(
        raw.ask(&["/system/identity/print"]).await.len(),
        2,
        "cancelled streams are silent"
    );
}

#[tokio::test]
async fn follow_shows_a_first_picture_and_interval_repeats() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    raw.say(&[
        "/ip/hotspot/user/print",
        "=follow=",
        "=.proplist=name",
        ".tag=F",
    ])
    .await;
    assert_eq!(
        raw.sentence().await.unwrap(),
        ["!re", ".tag=F", "=name=default-trial"]
    );
    router
        .run("/ip/hotspot/user/add", &[("name", "new")])
        .unwrap();
    assert_eq!(
        raw.sentence().await.unwrap(),
        ["!re", ".tag=F", "=name=new"]
    );
    raw.ask(&["/cancel", "=tag=F"]).await;
    raw.sentence().await;
    raw.say(&["/system/identity/print", "=interval=1", ".tag=I"])
        .await;
    assert_eq!(
        raw.sentence().await.unwrap(),
        ["!re", ".tag=I", "=name=MikroTik", "=.section=0"]
    );
    router.advance(std::time::Duration::from_secs(1));
    assert_eq!(
        raw.sentence().await.unwrap(),
        ["!re", ".tag=I", "=name=MikroTik", "=.section=1"]
    );
}

#[tokio::test]
async fn rights_come_from_the_group() {
    let router = router().await;
    router
        .run(
            "/user/add",
            &[("name", "looker"), ("password", "p"), ("group", "read")],
        )
        .unwrap();
    router
        .run(
            "/user/group/add",
            &[("name", "web"), ("policy", "read,web,!api")],
        )
        .unwrap();
    router
        .run(
            "/user/add",
            &[("name", "webber"), ("password", "p"), ("group", "web")],
        )
        .unwrap();
    let mut raw = Raw::connect(router.api()).await;
    assert_eq!(
        raw.ask(&["/login", "=name=webber", "=password=p"]).await[0],
        ["!trap", "=message=not enough permissions (9)"]
    );
    raw.ask(&["/login", "=name=looker", "=password=p"]).await;
    assert_eq!(raw.ask(&["/ip/hotspot/user/print"]).await.len(), 2);
    assert_eq!(
        raw.ask(&["/ip/hotspot/user/add", "=name=x"]).await[0],
        ["!trap", "=message=not enough permissions (9)"]
    );
    let active = router.rows("/user/active");
    assert_eq!(
        (
            active.len(),
            active[0]["name"].as_str(),
            active[0]["via"].as_str()
        ),
        (1, "looker", "api")
    );
}

#[tokio::test]
async fn callers_beyond_the_limit_or_off_the_list_get_nothing() {
    let router = router().await;
    router
        .run(
            "/ip/service/set",
            &[("numbers", "api"), ("max-sessions", "1")],
        )
        .unwrap();
    let _first = Raw::member(&router).await;
    let mut second = Raw::connect(router.api()).await;
    assert_eq!(second.sentence().await, None);
    router
        .run(
            "/ip/service/set",
            &[("numbers", "api"), ("address", "10.0.0.0/8")],
        )
        .unwrap();
    let mut third = Raw::connect(router.api()).await;
    third
        .say(&["/login", "=name=admin", "=password=admin"])
        .await;
    let silence =
        tokio::time::timeout(std::time::Duration::from_millis(200), third.sentence()).await;
    assert!(silence.is_err(), "an address that is not allowed hangs");
}

#[tokio::test]
async fn faults_cut_stall_and_deafen() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    router.fault(|faults| {
        faults.cut = Some(Cut {
            command: "/ip/hotspot/user/add".to_owned(),
            after_bytes: 3,
        })
    });
    assert_eq!(raw.ask(&["/system/identity/print"]).await.len(), 2);
    raw.say(&["/ip/hotspot/user/add", "=name=half"]).await;
    raw.expect(b"\x05!d").await;
    assert_eq!(raw.sentence().await, None);
    assert!(
        router
            .rows("/ip/hotspot/user")
            .iter()
            .any(|row| row["name"] == "half"),
        "the command was carried out"
    );

    let mut raw = Raw::member(&router).await;
    router.fault(|faults| faults.stall = true);
    raw.say(&["/system/identity/print"]).await;
    let silence = tokio::time::timeout(std::time::Duration::from_millis(100), raw.sentence()).await;
    assert!(silence.is_err());
    router.fault(|faults| faults.stall = false);
    assert_eq!(raw.sentence().await.unwrap()[0], "!re");

    router.half_open();
    raw.say(&["/system/identity/print"]).await;
    let silence = tokio::time::timeout(std::time::Duration::from_millis(100), raw.sentence()).await;
    assert!(
        silence.is_ok_and(|answer| answer.is_some_and(|words| words == ["!done"])),
        "the answer under way"
    );
    let silence = tokio::time::timeout(std::time::Duration::from_millis(100), raw.sentence()).await;
    assert!(silence.is_err(), "then nothing, and the connection stays");

    router.fault(|faults| {
        faults.latency_of = vec![Latency {
            command: "/ip/hotspot/user/add".to_owned(),
            ms: 50,
        }];
    });
    let mut raw = Raw::member(&router).await;
    let before = tokio::time::Instant::now();
    raw.ask(&["/ip/hotspot/user/add", "=name=slow"]).await;
    assert!(before.elapsed() >= std::time::Duration::from_millis(50));
}
