//! What forms and addresses ask, and of whom.

use super::*;

#[tokio::test]
async fn a_code_is_asked_for_the_peer_and_nobody_else() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |ask| match ask {
        Ask::Redeem { .. } => Said::Redeemed(Ok(Box::new(home()))),
        _ => says_home(ask),
    });
    let answer = send(
        address,
        post(
            "/portal/code",
            "x-forwarded-for: 10.0.0.9\r\n",
            "code=+ABCD-1234&mac=4A&lang=sw",
        ),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 303") && answer.contains("location: /portal/wait?lang=sw"),
        "{answer}"
    );
    stop.cancel();
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let code = "ABCD-1234".into();
    assert_eq!(agent.await.unwrap(), [Ask::Redeem { peer, code }]);
}

#[tokio::test]
async fn a_scanned_voucher_stands_in_the_field_and_is_used_by_a_press_only() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, says_home);
    for path in [
        "/portal/?from=http%3A%2F%2F192.0.2.1%2FV%2F7KQ2M0X190AB",
        "/portal/?code=7kq2-mox1-90ab",
    ] {
        let page = send(address, get(path)).await;
        let field = page.find("value=\"7KQ2-M0X1-90AB\"").unwrap();
        assert!(field < page.find("id=\"pay\"").unwrap(), "{page}");
        assert!(
            page.contains("?lang=en&amp;code=7KQ2-M0X1-90AB\""),
            "{page}"
        );
    }
    for path in [
        "/portal/?from=http%3A%2F%2Fcaptive.apple.com%2Fhotspot-detect.html",
        "/portal/?code=%22%3E%3Cscript%3E",
        "/portal/",
    ] {
        let page = send(address, get(path)).await;
        assert!(page.contains("spellcheck=\"false\" value=\"\""), "{page}");
        assert!(!page.contains("code=7KQ2") && !page.contains("\"><script>"));
    }
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(asks.iter().all(|ask| matches!(ask, Ask::Home { .. })));
}

#[tokio::test]
async fn a_plan_is_bought_as_the_page_showed_it() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |ask| match ask {
        Ask::Buy { .. } => Said::Buying(Err(BuyError::BadPhone)),
        _ => says_home(ask),
    });
    let plan = PlanId::from_bytes([2; 16]);
    let forms = [
        format!("plan={plan}.7&phone=0712+345+678"),
        format!("plan={plan}&revision=7&phone=0712+345+678"),
    ];
    for form in &forms {
        let answer = send(address, post("/portal/buy?lang=sw", "", form)).await;
        assert!(
            answer.starts_with("HTTP/1.1 200")
                && answer.contains("value=\"0712 345 678\"")
                && answer.contains("<html lang=\"sw\">"),
            "{answer}"
        );
    }
    for nonsense in ["plan=7&phone=1", "plan=x.7"] {
        let answer = send(address, post("/portal/buy", "", nonsense)).await;
        assert!(answer.contains("This plan is no longer sold"), "{answer}");
    }
    for path in ["/portal/buy", "/portal/hand"] {
        for nothing in ["phone=0712+345+678", "plan=&revision=x&phone=0712+345+678"] {
            let answer = send(address, post(path, "", nothing)).await;
            for part in [
                "HTTP/1.1 200",
                "Choose a plan first",
                "value=\"0712 345 678\"",
            ] {
                assert!(answer.contains(part), "{part}: {answer}");
            }
        }
    }
    stop.cancel();
    let asks = agent.await.unwrap();
    let bought: Vec<_> = asks
        .into_iter()
        .filter(|ask| !matches!(ask, Ask::Home { .. }))
        .collect();
    let ask = Ask::Buy {
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        plan,
        revision: 7,
        phone: "0712 345 678".into(),
        by_sms: false,
    };
    assert_eq!(bought, [ask.clone(), ask]);
}

#[tokio::test]
async fn with_nobody_to_answer_the_page_says_so() {
    let (address, asked, stop) = portal().await;
    drop(asked);
    for request in [
        get("/portal/"),
        post("/portal/code", "", "code=ABCD1234&lang=sw"),
    ] {
        let answer = send(address, request).await;
        assert!(
            answer.starts_with("HTTP/1.1 503")
                && answer.contains("role=\"alert\"")
                && answer.contains("retry-after: 5"),
            "{answer}"
        );
    }
    let state = send(address, get("/portal/state.json")).await;
    assert!(state.starts_with("HTTP/1.1 503"), "{state}");
    stop.cancel();
}

#[tokio::test]
async fn forms_of_other_sites_and_other_phones_are_refused() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, says_home);
    for headers in [
        "sec-fetch-site: cross-site\r\n",
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
    ] {
        let answer = send(address, post("/portal/code", headers, "code=EVIL1234")).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
        assert!(!answer.contains("EVIL1234"), "{answer}");
    }
    let answer = send(
        address,
        post("/portal/code", "", "code=ABCD1234&seal=forged"),
    )
    .await;
    assert!(
        answer.contains("too old") && answer.contains("value=\"ABCD1234\""),
        "{answer}"
    );
    let answer = send(address, post("/portal/code", "", &"x".repeat(5000))).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(asks.iter().all(|ask| matches!(ask, Ask::Home { .. })));
}

#[tokio::test]
async fn a_sealed_form_is_taken_from_a_browser_that_hides_where_it_was() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |ask| match ask {
        Ask::LogOut { .. } => Said::LoggedOut(Box::new(home())),
        _ => says_home(ask),
    });
    let page = send(address, get("/portal/")).await;
    let (_, seal) = page.split_once("name=\"seal\" value=\"").unwrap();
    let (seal, _) = seal.split_once('"').unwrap();
    let answer = send(
        address,
        post(
            "/portal/logout",
            "origin: null\r\n",
            &format!("seal={seal}"),
        ),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(matches!(asks.last(), Some(Ask::LogOut { .. })));
}

#[tokio::test]
async fn a_press_tries_and_a_second_one_is_told_when_and_shown_the_plans() {
    let (address, asked, stop) = portal().await;
    let mut first = true;
    let agent = agent(asked, move |ask| match ask {
        Ask::Try { .. } if std::mem::take(&mut first) => Said::Tried(Ok(Box::new(home()))),
        Ask::Try { .. } => Said::Tried(Err(TryError::HadOne { again_secs: 600 })),
        _ => says_home(ask),
    });
    let answer = send(address, post("/portal/try?lang=en", "", "")).await;
    assert!(
        answer.starts_with("HTTP/1.1 303") && answer.contains("/portal/wait?lang=en"),
        "{answer}"
    );
    let answer = send(address, post("/portal/try?lang=en", "", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("has had its free trial"));
    assert!(
        answer.contains("10\u{a0}minutes") && answer.contains("id=\"pay\""),
        "{answer}"
    );
    stop.cancel();
    let asks = agent.await.unwrap();
    assert!(asks.contains(&Ask::Try {
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST)
    }));
}

#[tokio::test]
async fn programs_and_scripts_read_what_is_the_case() {
    let (address, asked, stop) = portal().await;
    agent(asked, |_| {
        Said::Home(Box::new(Home {
            ticket: Some(ticket(true)),
            ..home()
        }))
    });
    let state = send(address, get("/portal/state.json?lang=en")).await;
    let (_, state) = state.split_once("\r\n\r\n").unwrap();
    let state: serde_json::Value = serde_json::from_str(state).unwrap();
    assert_eq!(state["state"], Situation::Online.as_str());
    assert_eq!(state["time_left"], "30\u{a0}minutes");
    assert_eq!(state["bytes_left"], 700_000_000);
    assert!(
        !state.to_string().contains("7KQ2"),
        "a code is on the page only"
    );
    let plans = send(address, get("/portal/plans.json")).await;
    let (_, plans) = plans.split_once("\r\n\r\n").unwrap();
    let plans: serde_json::Value = serde_json::from_str(plans).unwrap();
    assert_eq!(plans[0]["price"], "KSh 1,250");
    let wait = send(address, get("/portal/wait")).await;
    assert!(wait.contains("location: /portal/online?lang=sw"), "{wait}");
    stop.cancel();
}

#[tokio::test]
async fn a_device_is_handed_its_token_and_a_stranger_or_one_cut_off_is_not() {
    let (address, asked, stop) = portal().await;
    let (provider, site) = (ProviderId::from_bytes([6; 16]), SiteId::from_bytes([7; 16]));
    let mut token = Some(DeviceTokenText {
        text: "signed".into(),
        secs: 900,
        provider,
        site,
    });
    agent(asked, move |_| {
        Said::Home(Box::new(Home {
            token: token.take(),
            ..home()
        }))
    });
    let answer = send(address, get("/portal/token.json")).await;
    assert!(
        answer.starts_with("HTTP/1.1 200")
            && answer.contains("cache-control: no-store")
            && !answer.contains("access-control-"),
        "{answer}"
    );
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let said: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(
        said,
        serde_json::json!({
            "token": "signed",
            "expires_in": 900,
            "provider": provider.to_string(),
            "site": site.to_string(),
        })
    );
    let none = send(address, get("/portal/token.json")).await;
    assert!(
        none.starts_with("HTTP/1.1 503") && none.ends_with("{}"),
        "{none}"
    );
    stop.cancel();
}

#[tokio::test]
async fn a_logo_is_a_file_that_browsers_keep() {
    let (address, asked, stop) = portal().await;
    let agent = agent(asked, |_| {
        Said::Home(Box::new(Home {
            logo: Some(Arc::new(LogoRow {
                kind: PictureKind::Webp,
                picture: b"picture".to_vec(),
            })),
            ..home()
        }))
    });
    let answer = send(address, get("/portal/logo?h=05")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("picture"));
    assert!(answer.contains("image/webp") && answer.contains("max-age=86400"));
    let sheet = send(address, get("/portal/style.css?c=102030&b=405060&p=708090")).await;
    for colour in ["--brand:#102030", "--button:#405060", ".p708090{"] {
        assert!(sheet.contains(colour), "{sheet}");
    }
    stop.cancel();
    agent.await.unwrap();
}

#[tokio::test]
async fn anything_else_leads_to_the_start() {
    let (address, _asked, stop) = portal().await;
    for path in [
        "/",
        "/portal",
        "/generate_204",
        "/portal/code",
        "//x.example/",
    ] {
        let answer = send(address, get(path)).await;
        assert!(answer.contains("location: /portal/?lang=sw"), "{answer}");
    }
    let style = send(address, get("/portal/style.css?c=ffcc00")).await;
    assert!(style.contains("--brand:#ffcc00;--ink:#000"), "{style}");
    let script = send(address, get("/portal/portal.js")).await;
    assert!(script.contains("text/javascript") && style.len() + script.len() < 20_000);
    let robots = send(address, get("/robots.txt")).await;
    assert!(robots.starts_with("HTTP/1.1 404"), "{robots}");
    let healthy = send(address, get("/portal/healthz")).await;
    assert!(healthy.starts_with("HTTP/1.1 200"));
    assert!(
        healthy.contains("content-security-policy: default-src 'none'")
            && healthy.contains("x-content-type-options: nosniff")
            && healthy.contains("cache-control: no-store")
            && !healthy.contains("set-cookie"),
        "{healthy}"
    );
    let other = send(
        address,
        "DELETE /portal/ HTTP/1.1\r\nhost: p\r\nconnection: close\r\n\r\n".into(),
    );
    assert!(other.await.starts_with("HTTP/1.1 405"));
    stop.cancel();
}
