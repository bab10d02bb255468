//! What people and tests drive a router with from outside.

use super::*;

async fn control(router: &Router, method: &str, path: &str, body: &Value) -> (String, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: control\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = http(router.control(), &request).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().to_owned();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn everything_can_be_driven_from_outside() {
    let router = router().await;
    let (status, phone) = control(
        &router,
        "POST",
        "/phones",
        &json!({ "mac": "02:11:22:33:44:55" }),
    )
    .await;
    assert_eq!(
        (status.as_str(), &phone["mac"]),
        ("200", &json!("02:11:22:33:44:55"))
    );
    assert!(phone["forward"].as_str().unwrap().starts_with("127.0.0.1:"));
    let (status, _) = control(
        &router,
        "POST",
        "/users",
        &json!({ "name": "T1", "password": "p" }),
    )
    .await;
    assert_eq!(status, "200");
    let login = json!({
        "command": "/ip/hotspot/active/login",
        "attributes": { "user": "T1", "password": "p", "ip": phone["address"] },
    });
    assert_eq!(control(&router, "POST", "/run", &login).await.0, "200");
    control(
        &router,
        "POST",
        "/phones/02:11:22:33:44:55/traffic",
        &json!({ "upload": 10, "download": 20 }),
    )
    .await;
    control(&router, "POST", "/clock/advance", &json!({ "seconds": 60 })).await;
    let (_, state) = control(&router, "GET", "/state", &Value::Null).await;
    assert_eq!(state["active"][0]["bytes-out"], json!("1200"));
    assert_eq!(state["clock_ms"], json!(60_000));
    assert_eq!(
        control(
            &router,
            "POST",
            "/faults",
            &json!({ "latency_ms": 5, "burst": 150 })
        )
        .await
        .0,
        "200"
    );
    assert_eq!(
        control(&router, "GET", "/faults", &Value::Null).await.1["burst"],
        json!(150)
    );
    assert_eq!(
        control(&router, "POST", "/faults", &json!({ "gremlins": 1 }))
            .await
            .0,
        "400"
    );
    assert_eq!(
        control(
            &router,
            "POST",
            "/phones/02:00:00:00:00:00/sleep",
            &Value::Null
        )
        .await
        .0,
        "404"
    );
    let (status, refused) = control(&router, "POST", "/users", &json!({ "name": "T1" })).await;
    assert_eq!(status, "422");
    assert_eq!(
        refused["error"],
        json!("failure: already have user with this name for this server")
    );
    control(
        &router,
        "POST",
        "/phones/02:11:22:33:44:55/sleep",
        &Value::Null,
    )
    .await;
    control(&router, "POST", "/reboot", &json!({ "kind": "power-cut" })).await;
    let (_, state) = control(&router, "GET", "/state", &Value::Null).await;
    assert_eq!(
        (&state["up"], &state["active"]),
        (&json!(false), &json!([]))
    );
    control(&router, "POST", "/clock/advance", &json!({ "seconds": 20 })).await;
    router.booted().await;
    let (_, rows) = control(&router, "GET", "/rows?menu=/system/clock", &Value::Null).await;
    assert!(rows[0]["date"].as_str().unwrap().starts_with("1970"));
    control(
        &router,
        "POST",
        "/clock/set",
        &json!({ "unix": 1_800_000_000 }),
    )
    .await;
    let (_, rows) = control(&router, "GET", "/rows?menu=/system/clock", &Value::Null).await;
    assert_eq!(rows[0]["date"], json!("2027-01-15"));
}

#[tokio::test]
async fn people_have_a_page_with_the_phones_and_the_plug() {
    let router = router().await;
    let press = |what: &str, mac: &str| {
        let form = format!("what={what}&mac={}", mac.replace(':', "%3A"));
        format!(
            "POST /press HTTP/1.1\r\nHost: c\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    assert!(
        http(router.control(), &press("join", ""))
            .await
            .starts_with("HTTP/1.1 303")
    );
    let phone = router.phones().remove(0);
    let page = http(
        router.control(),
        "GET / HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(
        page.contains(&format!("href=\"http://{}/\"", phone.forward.unwrap())),
        "{page}"
    );
    assert!(page.contains("in the hotspot, not logged in") && !page.contains("<script"));
    http(router.control(), &press("sleep", &phone.mac)).await;
    let page = http(
        router.control(),
        "GET / HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(page.contains("asleep"));
    http(router.control(), &press("power-cut", "")).await;
    let page = http(
        router.control(),
        "GET / HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(page.contains("without power or booting"));
}
