//! What phones see: the redirect, the log-in page, the portal through the walled garden, the internet, and the control API.

mod control;

use std::net::SocketAddr;
use std::time::Duration;

use mnara_tests::sim::routeros::{Phone, Router, Unseen};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::raw::router;

/// A portal that answers every request with the caller's address and the request line.
async fn portal(router: &Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, peer)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let text = String::from_utf8_lossy(&request[..read]).into_owned();
            let line = text.lines().next().unwrap_or_default().to_owned();
            let body = format!("{} {line}", peer.ip());
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Portal: yes\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    router.set_portal(Some(address));
    address
}

fn user(router: &Router) -> Phone {
    router
        .run(
            "/ip/hotspot/user/add",
            &[("name", "T1"), ("password", "p"), ("limit-uptime", "1h")],
        )
        .unwrap();
    router.join(None).unwrap()
}

#[tokio::test]
async fn a_caught_phone_is_sent_to_the_portal_and_reaches_it_from_its_own_address() {
    let router = router().await;
    let portal = portal(&router).await;
    let phone = user(&router);
    let seen = router
        .open(&phone.mac, "http://captive.apple.com/hotspot-detect.html")
        .await
        .unwrap();
    let there = format!("http://{portal}/portal/");
    assert_eq!(
        (seen.status, seen.reason.as_str(), seen.servlet),
        (302, "Hotspot login required", true)
    );
    // What the phone asked for goes along: it may be what stands on a printed voucher.
    let with = |asked: &str| format!("{there}?from=http%3A%2F%2F{asked}");
    let probe = with("captive.apple.com%2Fhotspot-detect.html");
    assert_eq!(seen.header("Location"), Some(probe.as_str()));
    let scanned = router
        .open(&phone.mac, "http://192.0.2.1/V/7KQ2M0X190AB")
        .await
        .unwrap();
    let code = with("192.0.2.1%2FV%2F7KQ2M0X190AB");
    assert_eq!(scanned.header("Location"), Some(code.as_str()));
    assert!(
        seen.text().contains(&format!("href=\"{probe}\"")),
        "a link for those whom nothing redirects"
    );
    assert!(!seen.text().contains("$("));
    let seen = router.open(&phone.mac, &there).await.unwrap();
    assert_eq!(
        seen.text(),
        format!("{} GET /portal/ HTTP/1.1", phone.address)
    );
    assert_eq!(seen.header("x-portal"), Some("yes"));
    let other = router
        .open(&phone.mac, "http://127.0.0.1:1/portal/")
        .await
        .unwrap();
    assert_eq!(other.status, 302, "the garden opens one port only");

    let rule = router.rows("/ip/hotspot/walled-garden/ip")[0][".id"].clone();
    router
        .run(
            "/ip/hotspot/walled-garden/ip/disable",
            &[("numbers", &rule)],
        )
        .unwrap();
    assert_eq!(
        router.open(&phone.mac, &there).await.unwrap().status,
        302,
        "without the rule the portal is outside too"
    );

    router
        .run(
            "/ip/hotspot/walled-garden/add",
            &[("dst-host", "*.bank.example")],
        )
        .unwrap();
    assert_eq!(
        router
            .open(&phone.mac, "http://www.bank.example/")
            .await
            .unwrap()
            .status,
        200
    );
    assert_eq!(
        router
            .open(&phone.mac, "http://bank.example/")
            .await
            .unwrap()
            .status,
        302
    );
    assert_eq!(router.rows("/ip/hotspot/walled-garden")[0]["hits"], "1");
    router
        .run("/ip/hotspot/walled-garden/reset-counters-all", &[])
        .unwrap();
    assert_eq!(router.rows("/ip/hotspot/walled-garden")[0]["hits"], "0");
}

#[tokio::test]
async fn logging_in_by_page_opens_the_internet_and_out_closes_it() {
    let router = router().await;
    portal(&router).await;
    let phone = user(&router);
    let login = "http://10.5.50.1/login";
    let wrong = router
        .submit(&phone.mac, login, &[("username", "<b>"), ("password", "q")])
        .await
        .unwrap();
    assert!(
        wrong.text().contains("invalid username or password"),
        "{}",
        wrong.text()
    );
    assert!(!wrong.text().contains("<b>") && !wrong.text().contains("http-equiv=\"refresh\""));
    assert_eq!(
        router
            .open(&phone.mac, "http://x.example/generate_204")
            .await
            .unwrap()
            .status,
        302
    );
    let right = router
        .submit(&phone.mac, login, &[("username", "T1"), ("password", "p")])
        .await
        .unwrap();
    assert!(right.text().contains("You are online"), "{}", right.text());
    assert_eq!(
        router
            .open(&phone.mac, "http://x.example/generate_204")
            .await
            .unwrap()
            .status,
        204
    );
    let apple = router
        .open(&phone.mac, "http://captive.apple.com/hotspot-detect.html")
        .await
        .unwrap();
    assert!(apple.text().contains("<BODY>Success</BODY>"));
    assert_eq!(router.rows("/ip/hotspot/active")[0]["login-by"], "http-pap");
    router.traffic(&phone.mac, 0, 1024).unwrap();
    router.advance(Duration::from_secs(600));
    let status = router
        .open(&phone.mac, "http://login.hotspot.example/status")
        .await
        .unwrap()
        .text();
    assert!(
        status.contains("<dd>10m</dd>")
            && status.contains("<dd>50m</dd>")
            && status.contains("600.0 KiB"),
        "{status}"
    );
    let api = router
        .open(&phone.mac, "http://10.5.50.1/api")
        .await
        .unwrap();
    let parsed: Value = serde_json::from_slice(&api.body).unwrap();
    assert_eq!(
        (&parsed["captive"], &parsed["seconds-remaining"]),
        (&json!(false), &json!(3000))
    );
    let out = router
        .open(&phone.mac, "http://10.5.50.1/logout")
        .await
        .unwrap();
    assert!(out.text().contains("You are logged out"));
    assert_eq!(
        router
            .open(&phone.mac, "http://x.example/generate_204")
            .await
            .unwrap()
            .status,
        302
    );
    let api = router
        .open(&phone.mac, "http://10.5.50.1/api")
        .await
        .unwrap();
    let parsed: Value = serde_json::from_slice(&api.body).unwrap();
    assert_eq!(parsed["captive"], json!(true));
    assert_eq!(
        router
            .open(&phone.mac, "http://10.5.50.1/nothing.png")
            .await
            .unwrap()
            .status,
        404
    );
}

#[tokio::test]
async fn chap_pages_show_a_challenge_and_take_its_answer_once() {
    use md5::Digest;
    let router = router().await;
    let phone = user(&router);
    router
        .run(
            "/ip/hotspot/profile/set",
            &[("numbers", "hsprof1"), ("login-by", "http-chap")],
        )
        .unwrap();
    router.put_page("login.html", Some("$(chap-id)|$(chap-challenge)|$(error)"));
    router.put_page("sw/login.html", Some("Karibu $(ip)"));
    let shown = router
        .open(&phone.mac, "http://10.5.50.1/login")
        .await
        .unwrap()
        .text();
    let bytes = |octal: &str| -> Vec<u8> {
        octal
            .split('\\')
            .skip(1)
            .map(|digits| u8::from_str_radix(digits, 8).unwrap())
            .collect()
    };
    let parts: Vec<&str> = shown.split('|').collect();
    let (id, challenge) = (bytes(parts[0]), bytes(parts[1]));
    assert_eq!((id.len(), challenge.len()), (1, 16));
    let login = "http://10.5.50.1/login";
    let plain = router
        .submit(&phone.mac, login, &[("username", "T1"), ("password", "p")])
        .await
        .unwrap();
    assert!(plain.text().contains("did not send challenge response"));
    let mut hash = md5::Md5::new();
    hash.update(&id);
    hash.update(b"p");
    hash.update(&challenge);
    let answer = hex::encode(hash.finalize());
    router
        .submit(
            &phone.mac,
            login,
            &[("username", "T1"), ("password", &answer)],
        )
        .await
        .unwrap();
    assert_eq!(
        router.rows("/ip/hotspot/active")[0]["login-by"],
        "http-chap"
    );
    router
        .open(&phone.mac, "http://10.5.50.1/logout")
        .await
        .unwrap();
    router
        .submit(
            &phone.mac,
            login,
            &[("username", "T1"), ("password", &answer)],
        )
        .await
        .unwrap();
    assert!(
        router.rows("/ip/hotspot/active").is_empty(),
        "an answer serves once"
    );
    let karibu = router
        .open(&phone.mac, "http://10.5.50.1/sw/login")
        .await
        .unwrap()
        .text();
    assert_eq!(karibu, format!("Karibu {}", phone.address));
    assert_eq!(
        router
            .open(&phone.mac, "http://10.5.50.1/login?target=sw")
            .await
            .unwrap()
            .text(),
        karibu
    );
}

#[tokio::test]
async fn a_sleeping_phone_and_a_router_without_power_show_nothing() {
    let router = router().await;
    let phone = user(&router);
    router.sleep(&phone.mac).unwrap();
    assert!(matches!(
        router.open(&phone.mac, "http://x.example/").await,
        Err(Unseen::NoNetwork)
    ));
    router.wake(&phone.mac).unwrap();
    assert!(router.open(&phone.mac, "http://x.example/").await.is_ok());
    router.reboot(mnara_tests::sim::routeros::Reboot::PowerCut);
    assert!(matches!(
        router.open(&phone.mac, "http://x.example/").await,
        Err(Unseen::NoNetwork)
    ));
}

/// Sends one request over a connection of its own and reads the whole answer.
async fn http(to: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_real_browser_sees_the_same_through_the_forwarding_port() {
    let router = router().await;
    portal(&router).await;
    let phone = user(&router);
    let port = router.forward(&phone.mac, 0).unwrap();
    let get =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {port}\r\nConnection: close\r\n\r\n");
    let caught = http(port, &get("/")).await;
    assert!(
        caught.starts_with("HTTP/1.0 302 Hotspot login required\r\n"),
        "{caught}"
    );
    assert!(
        caught
            .to_ascii_lowercase()
            .contains(&format!("\r\nlocation: http://{port}/portal/?from=")),
        "{caught}"
    );
    let shown = http(port, &get("/portal/plans?x=1")).await;
    assert!(
        shown.ends_with(&format!("{} GET /portal/plans?x=1 HTTP/1.1", phone.address)),
        "{shown}"
    );
    let form = "username=T1&password=p";
    let post = format!(
        "POST /login HTTP/1.1\r\nHost: {port}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    assert!(http(port, &post).await.contains("You are online"));
    assert!(http(port, &get("/")).await.contains("Internet works"));
    assert!(
        http(port, &get("/generate_204"))
            .await
            .starts_with("HTTP/1.1 204")
    );
    let proxied = "GET http://captive.apple.com/hotspot-detect.html HTTP/1.1\r\nHost: captive.apple.com\r\nConnection: close\r\n\r\n";
    assert!(http(port, proxied).await.contains("<BODY>Success</BODY>"));
    assert!(
        http(port, &get("/logout"))
            .await
            .contains("You are logged out")
    );
    assert!(http(port, proxied).await.starts_with("HTTP/1.0 302"));
    let stranger = http(router.http(), &get("/login?username=T1&password=p")).await;
    assert!(stranger.contains("unknown host IP 127.0.0.1"), "{stranger}");
}
