//! Files and the pages made of them: `/file` over the API, the router's own pages, folders a profile names.
use mnara_tests::sim::routeros::{Phone, Router, Seen};
use serde_json::Value;

use super::raw::{Raw, router, value};

const HOTSPOT: &str = "http://10.5.50.1";

async fn open(router: &Router, phone: &Phone, path: &str) -> Seen {
    router
        .open(&phone.mac, &format!("{HOTSPOT}{path}"))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_router_without_a_portal_has_the_pages_it_came_with() {
    let router = router().await;
    router
        .run(
            "/ip/hotspot/user/add",
            &[("name", "T1"), ("password", "p"), ("limit-uptime", "1h")],
        )
        .unwrap();
    let phone = router.join(None).unwrap();
    let caught = router
        .open(&phone.mac, "http://news.example/a?b=c")
        .await
        .unwrap();
    assert_eq!((caught.status, caught.servlet), (302, true));
    let login = caught.header("location").unwrap();
    assert_eq!(
        login,
        "http://10.5.50.1/login?dst=http%3A%2F%2Fnews.example%2Fa%3Fb%3Dc"
    );
    let page = router.open(&phone.mac, login).await.unwrap().text();
    assert!(page.contains("hexMD5('\\"), "{page}");
    assert!(page.contains("value=\"http://news.example/a?b=c\""));
    assert!(
        open(&router, &phone, "/md5.js")
            .await
            .text()
            .contains("function hexMD5")
    );
    let wrong = router
        .open(
            &phone.mac,
            &format!("{HOTSPOT}/login?username=T1&password=x"),
        )
        .await
        .unwrap();
    assert!(wrong.text().contains("invalid username or password"));
    for path in ["/status", "/logout"] {
        let seen = open(&router, &phone, path).await;
        assert_eq!(
            (seen.status, seen.header("location")),
            (302, Some("http://10.5.50.1/login")),
            "{path} is for those logged in"
        );
    }
    let done = router
        .open(
            &phone.mac,
            &format!("{HOTSPOT}/login?username=T1&password=p&dst=http://news.example/"),
        )
        .await
        .unwrap();
    assert!(done.text().contains("url=http://news.example/"));
    let status = open(&router, &phone, "/status").await.text();
    assert!(status.contains("Welcome T1!") && status.contains("content=\"60\""));
    assert!(status.contains("<td>0s / 1h</td>"), "{status}");
    assert!(
        open(&router, &phone, "/logout")
            .await
            .text()
            .contains("You have just logged out.")
    );
}

#[tokio::test]
async fn the_api_page_is_json_whatever_the_limits() {
    let router = router().await;
    for (name, limits) in [
        ("free", vec![]),
        (
            "bound",
            vec![("limit-uptime", "1h"), ("limit-bytes-total", "5000")],
        ),
    ] {
        let mut attributes = vec![("name", name)];
        attributes.extend(limits);
        router.run("/ip/hotspot/user/add", &attributes).unwrap();
    }
    let phone = router.join(None).unwrap();
    let api = async || -> Value {
        let seen = open(&router, &phone, "/api").await;
        assert_eq!(
            seen.header("content-type"),
            Some("application/captive+json")
        );
        let text = seen.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let out = api().await;
    assert_eq!(out["captive"], true);
    assert_eq!(out["seconds-remaining"], Value::Null);
    open(&router, &phone, "/login?username=free").await;
    let free = api().await;
    assert_eq!(
        (&free["captive"], &free["seconds-remaining"]),
        (&false.into(), &Value::Null)
    );
    open(&router, &phone, "/logout").await;
    open(&router, &phone, "/login?username=bound").await;
    let bound = api().await;
    assert_eq!(
        (&bound["seconds-remaining"], &bound["bytes-remaining"]),
        (&3600.into(), &5000.into())
    );
    let ours = include_str!("../../../firmware/hotspot/api.json");
    router.put_page("api.json", Some(&ours.replace("{{portal}}", "http://p/")));
    assert_eq!(api().await["seconds-remaining"], 3600);
    open(&router, &phone, "/logout").await;
    assert_eq!(api().await["seconds-remaining"], Value::Null);
    open(&router, &phone, "/login?username=free").await;
    assert_eq!(
        api().await["seconds-remaining"],
        Value::Null,
        "no limit is not no time"
    );
}

#[tokio::test]
async fn variables_have_the_words_of_the_manual() {
    let router = router().await;
    router
        .run("/ip/hotspot/user/add", &[("name", "T1")])
        .unwrap();
    router
        .run(
            "/ip/hotspot/user/profile/set",
            &[("numbers", "default"), ("status-autorefresh", "1m30s")],
        )
        .unwrap();
    let all = "$(limit-bytes-in)|$(remain-bytes-out)|$(remain-bytes-total)|$(session-time-left)|$(session-time-left-secs)|$(idle-timeout-secs)|$(refresh-timeout)|$(refresh-timeout-secs)";
    router.put_page("all.html", Some(all));
    let phone = router.join(None).unwrap();
    assert_eq!(
        open(&router, &phone, "/all.html").await.text(),
        "||||0|0||0"
    );
    open(&router, &phone, "/login?username=T1").await;
    assert_eq!(
        open(&router, &phone, "/all.html").await.text(),
        "---|---|||0|0|1m30s|90"
    );
}

#[tokio::test]
async fn a_page_uploaded_over_the_api_is_served() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    let added = raw
        .ask(&[
            "/file/add",
            "=name=flash/mine/login.html",
            "=contents=Hi $(ip)",
        ])
        .await;
    assert!(value(&added[0], "ret").is_some(), "{added:?}");
    let phone = router.join(None).unwrap();
    let set = |folder: &'static str| {
        router
            .run(
                "/ip/hotspot/profile/set",
                &[("numbers", "hsprof1"), ("html-directory-override", folder)],
            )
            .unwrap();
    };
    set("flash/mine");
    let ours = format!("Hi {}", phone.address);
    assert_eq!(open(&router, &phone, "/login").await.text(), ours);
    assert_eq!(open(&router, &phone, "/md5.js").await.status, 404);
    raw.ask(&[
        "/file/set",
        "=numbers=flash/mine/login.html",
        "=contents=Ho",
    ])
    .await;
    assert_eq!(open(&router, &phone, "/login").await.text(), "Ho");
    set("flash/gone");
    assert!(
        open(&router, &phone, "/login")
            .await
            .text()
            .contains("<form"),
        "a missing folder falls back"
    );
    set("flash/mine");
    assert_eq!(
        raw.ask(&["/file/remove", "=numbers=flash/mine"]).await,
        [["!done"]]
    );
    assert!(
        open(&router, &phone, "/login")
            .await
            .text()
            .contains("<form")
    );
    raw.ask(&["/file/remove", "=numbers=hotspot/login.html"])
        .await;
    assert_eq!(open(&router, &phone, "/login").await.status, 404);
    raw.ask(&["/ip/hotspot/reset-html", "=numbers=hotspot1"])
        .await;
    assert_eq!(open(&router, &phone, "/login").await.status, 200);
}

#[tokio::test]
async fn files_are_listed_read_and_refused_as_on_a_router() {
    let router = router().await;
    let mut raw = Raw::member(&router).await;
    raw.ask(&["/file/add", "=name=disk1/a.txt", "=contents=0123456789"])
        .await;
    let row = raw.ask(&["/file/print", "?name=disk1/a.txt"]).await;
    assert_eq!(value(&row[0], "type"), Some(".txt file"));
    assert_eq!(value(&row[0], "size"), Some("10"));
    assert_eq!(value(&row[0], "contents"), Some("0123456789"));
    let folder = raw.ask(&["/file/print", "?name=disk1"]).await;
    assert_eq!(value(&folder[0], "type"), Some("directory"));
    assert_eq!(value(&folder[0], "size"), None);
    let below = raw
        .ask(&["/file/print", "=path=disk1", "=.proplist=name"])
        .await;
    assert_eq!(below, [vec!["!re", "=name=disk1/a.txt"], vec!["!done"]]);
    let read = [
        "/file/read",
        "=file=disk1/a.txt",
        "=offset=4",
        "=chunk-size=3",
    ];
    assert_eq!(
        raw.ask(&read).await,
        [vec!["!re", "=data=456"], vec!["!done"]]
    );
    let twice = raw.ask(&["/file/add", "=name=disk1/a.txt"]).await;
    assert_eq!(twice[0][0], "!trap");
    for (size, fits) in [(61_250, true), (61_500, false)] {
        let long = "x".repeat(size);
        let name = format!("long{size}.txt");
        let added = router.run("/file/add", &[("name", &name), ("contents", &long)]);
        assert_eq!(added.is_ok(), fits, "{size}");
        if let Err(refused) = added {
            assert_eq!(refused.0, "failure: contents too long");
        }
    }
}
