//! Asking for a prompt: what is sent, and what each answer says about whether a prompt may exist.

use super::*;

#[tokio::test]
async fn a_push_is_what_the_documents_say() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, ACCEPTED);
    let accepted = push(&daraja, &credentials()).await.unwrap();
    assert_eq!(
        accepted.merchant_request_id,
        "2654-4b64-97ff-b827b542881d3130"
    );
    assert_eq!(
        accepted.checkout_request_id,
        "ws_CO_1007202409152617172396192"
    );
    assert_eq!(
        stage.seen("/oauth/v1/generate?grant_type=client_credentials")[0].0,
        format!("Basic {}", STANDARD.encode("key:secret"))
    );
    let (token, _) = stage.seen("/mpesa/stkpush/v1/processrequest").remove(0);
    assert_eq!(token, "Bearer c9SQxWWhmdVRlyh0zh8gZDTkubVF");
    let time = "20270115110000";
    let password =
        format!("174379bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919{time}");
    let password = STANDARD.encode(password);
    assert_eq!(
        stage.sent("/mpesa/stkpush/v1/processrequest"),
        format!(
            r#"{{"BusinessShortCode":"174379","Password":"{password}","Timestamp":"{time}","TransactionType":"CustomerPayBillOnline","Amount":"20","PartyA":"254708374149","PartyB":"174379","PhoneNumber":"254708374149","CallBackURL":"{CALLBACK}","AccountReference":"S0123456789A","TransactionDesc":"1 hour  fast "}}"#
        )
    );
}

/// Gateways and proxies between have been known to lay out an answer anew.
#[tokio::test]
async fn an_answer_is_read_however_it_is_laid_out() {
    let (stage, daraja, _) = Stage::start().await;
    for lay_out in [
        |body: &str| body.replace(',', ",\r\n  ").replace(':', " : "),
        |body: &str| format!("\u{feff}{body}"),
        |body: &str| format!("\r\n {body} \r\n\r\n"),
        |body: &str| body.replace(r#""ResponseCode":"0""#, r#""ResponseCode":0"#),
        |body: &str| body.replace(r#""3599""#, "3599"),
    ] {
        stage.token(200, &lay_out(TOKEN));
        stage.answer(200, &lay_out(ACCEPTED));
        daraja.check_keys(&credentials()).await.unwrap();
        let accepted = push(&daraja, &credentials()).await.unwrap();
        assert_eq!(
            accepted.checkout_request_id,
            "ws_CO_1007202409152617172396192"
        );
    }
}

#[tokio::test]
async fn a_till_is_paid_by_its_own_number() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, ACCEPTED);
    let till = Credentials {
        kind: ShortcodeKind::Till {
            number: "9876543".to_owned(),
        },
        ..credentials()
    };
    push(&daraja, &till).await.unwrap();
    let (_, body) = stage.seen("stkpush").remove(0);
    assert_eq!(body["TransactionType"], "CustomerBuyGoodsOnline");
    assert_eq!(body["BusinessShortCode"], "174379");
    assert_eq!(body["PartyB"], "9876543");
}

#[tokio::test]
async fn every_documented_refusal_says_whether_a_prompt_may_exist() {
    let (stage, daraja, _) = Stage::start().await;
    let html = "<html><body>Incident</body></html>";
    let busy =
        "Unable to lock subscriber, a transaction is already in process for the current subscriber";
    for (status, body, name) in [
        (
            400,
            fault("400.002.02", "Bad Request - Invalid BusinessShortCode"),
            "bad-shortcode",
        ),
        (
            400,
            fault("400.002.05", "Invalid Request Payload"),
            "bad-request",
        ),
        (
            404,
            fault("404.001.01", "Resource not found"),
            "bad-request",
        ),
        (
            404,
            fault("404.001.04", "Invalid Authentication Header"),
            "bad-request",
        ),
        (405, fault("405.001", "Method Not Allowed"), "bad-request"),
        (
            500,
            fault("500.001.1001", "Merchant does not exist"),
            "no-such-shortcode",
        ),
        (
            500,
            fault("500.001.1001", "Wrong credentials"),
            "wrong-passkey",
        ),
        (500, fault("500.001.1001", busy), "phone-busy"),
        (500, fault("500.001.1001", "Something new"), "unknown"),
        (
            500,
            fault(
                "500.003.02",
                "System is busy. Please try again in few minutes.",
            ),
            "busy",
        ),
        (
            500,
            fault("500.003.02", "Error Occurred: Spike Arrest Violation"),
            "busy",
        ),
        (
            500,
            fault("500.003.03", "Error Occurred: Quota Violation"),
            "quota-spent",
        ),
        (
            429,
            r#"{"fault":{"faultstring":"Rate limit quota violation. Quota limit  exceeded. Identifier : _default","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}"#.to_owned(),
            "quota-spent",
        ),
        (
            500,
            fault("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (
            200,
            fault("400.002.02", "Bad Request - Invalid Amount"),
            "bad-amount",
        ),
        (
            200,
            fault("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (429, SPIKE.to_owned(), "busy"),
        (429, fault("429.001.01", "Too many requests"), "busy"),
        (429, html.to_owned(), "busy"),
        (403, html.to_owned(), "away"),
        (404, String::new(), "away"),
        (408, html.to_owned(), "unknown"),
        (503, html.to_owned(), "unknown"),
        (504, String::new(), "unknown"),
        (200, String::new(), "unknown"),
        (200, "{}".to_owned(), "unknown"),
        (
            200,
            r#"{"ResponseCode":"0","ResponseDescription":"Success"}"#.to_owned(),
            "unknown",
        ),
        (
            200,
            r#"{"ResponseCode":"1","ResponseDescription":"No"}"#.to_owned(),
            "refused",
        ),
        (302, String::new(), "unknown"),
    ] {
        stage.answer(status, &body);
        let error = push(&daraja, &credentials()).await.unwrap_err();
        assert_eq!(error.name(), name, "{status} {body}");
        assert_eq!(error.may_have_prompted(), name == "unknown");
    }
    assert_eq!(
        stage.seen("stkpush").len(),
        29,
        "nothing was ever sent twice"
    );
}

#[tokio::test]
async fn an_order_that_cannot_be_sent_is_not() {
    let (stage, daraja, _) = Stage::start().await;
    let phone = phone();
    let good = PushOrder {
        amount: Money::from_shillings(1),
        phone: &phone,
        callback: CALLBACK,
        reference: "S1",
        description: "x",
    };
    for order in [
        PushOrder {
            amount: Money::from_cents(150),
            ..good
        },
        PushOrder {
            amount: Money::ZERO,
            ..good
        },
        PushOrder {
            amount: Money::from_shillings(250_001),
            ..good
        },
        PushOrder {
            reference: "S0123456789AB",
            ..good
        },
        PushOrder {
            reference: "S-1",
            ..good
        },
        PushOrder {
            reference: "",
            ..good
        },
    ] {
        assert!(matches!(
            daraja.push(&credentials(), &order).await.0,
            Err(PushError::Order(_))
        ));
    }
    assert!(stage.seen("").is_empty());
}

#[tokio::test]
async fn a_lost_answer_leaves_it_open_and_no_connection_does_not() {
    let clock = Clock::still(Timestamp::from_secs(1_800_000_000));
    let (stage, _, _) = Stage::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let daraja = daraja(&format!("http://{address}"), &clock);
    let answering = tokio::spawn(async move {
        let (mut token, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        assert!(token.read(&mut read).await.unwrap() > 0);
        let answer = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{TOKEN}",
            TOKEN.len()
        );
        tokio::io::AsyncWriteExt::write_all(&mut token, answer.as_bytes())
            .await
            .unwrap();
        drop(token);
        let (mut push, _) = listener.accept().await.unwrap();
        assert!(push.read(&mut read).await.unwrap() > 0);
        // The push arrived; the answer never does.
    });
    let error = push(&daraja, &credentials()).await.unwrap_err();
    assert!(error.may_have_prompted(), "{error:?}");
    answering.await.unwrap();
    let error = push(&daraja, &credentials()).await.unwrap_err();
    assert_eq!((error.name(), error.may_have_prompted()), ("away", false));
    assert!(stage.seen("").is_empty());
}
