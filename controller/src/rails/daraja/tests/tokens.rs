//! The token of an application: shared, renewed in time, and what follows when there is none.

use super::*;

#[tokio::test]
async fn many_callers_share_one_token_until_a_minute_before_its_end() {
    let (stage, daraja, clock) = Stage::start().await;
    for _ in 0..22 {
        stage.answer(200, ACCEPTED);
    }
    let mut pushes = Vec::new();
    for _ in 0..20 {
        let daraja = daraja.clone();
        pushes.push(tokio::spawn(async move {
            push(&daraja, &credentials()).await.map(drop)
        }));
    }
    for push in pushes {
        push.await.unwrap().unwrap();
    }
    assert_eq!(stage.seen("/oauth/").len(), 1);
    clock.advance(Duration::from_secs(3538));
    push(&daraja, &credentials()).await.unwrap();
    assert_eq!(stage.seen("/oauth/").len(), 1);
    clock.advance(Duration::from_secs(1));
    push(&daraja, &credentials()).await.unwrap();
    assert_eq!(stage.seen("/oauth/").len(), 2);
}

#[tokio::test]
async fn each_application_has_its_own_token() {
    let (stage, daraja, _) = Stage::start().await;
    for token in ["one", "two"] {
        stage.token(
            200,
            &format!(r#"{{"access_token":"{token}","expires_in":3599}}"#),
        );
    }
    let other = Credentials {
        consumer_secret: "another".into(),
        ..credentials()
    };
    for credentials in [&credentials(), &other, &credentials()] {
        stage.answer(200, ACCEPTED);
        push(&daraja, credentials).await.unwrap();
    }
    let tokens: Vec<String> = stage
        .seen("stkpush")
        .into_iter()
        .map(|(token, _)| token)
        .collect();
    assert_eq!(tokens, ["Bearer one", "Bearer two", "Bearer one"]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_repeated_but_not_for_ever() {
    for (status, refusal) in [
        (404, fault("404.001.03", "Invalid Access Token")),
        (400, fault("400.003.01", "Invalid Access Token")),
        (401, fault("401.003.01", "Error Occurred - Invalid Access Token - x")),
        (401, String::new()),
        (401, r#"{"fault":{"faultstring":"Invalid access token","detail":{"errorcode":"oauth.v2.InvalidAccessToken"}}}"#.to_owned()),
    ] {
        let (stage, daraja, _) = Stage::start().await;
        stage.token(200, r#"{"access_token":"old","expires_in":"3599"}"#);
        stage.token(200, r#"{"access_token":"new","expires_in":"3599"}"#);
        stage.answer(status, &refusal);
        stage.answer(200, ACCEPTED);
        push(&daraja, &credentials()).await.unwrap();
        let tokens: Vec<String> = stage.seen("stkpush").into_iter().map(|(token, _)| token).collect();
        assert_eq!(tokens, ["Bearer old", "Bearer new"], "{refusal}");
        for _ in 0..3 {
            stage.answer(status, &refusal);
        }
        // Others may be taking the token again and again: that says nothing about the business's set-up.
        let error = push(&daraja, &credentials()).await.unwrap_err();
        assert_eq!((error.name(), error.may_have_prompted()), ("busy", false), "{refusal}");
        assert_eq!(stage.seen("stkpush").len(), 5);
    }
}

#[tokio::test]
async fn workers_that_end_each_others_tokens_all_get_through() {
    let (stage, one, clock) = Stage::start().await;
    let two = daraja(one.inner.http.base(), &clock);
    for token in ["one", "two", "three", "four"] {
        stage.token(
            200,
            &format!(r#"{{"access_token":"{token}","expires_in":"3599"}}"#),
        );
    }
    for worker in [&one, &two] {
        stage.answer(200, ACCEPTED);
        push(worker, &credentials()).await.unwrap();
    }
    // Each new token ends the one before, whoever has that.
    for worker in [&one, &two] {
        stage.answer(404, &fault("404.001.03", "Invalid Access Token"));
        stage.answer(200, ACCEPTED);
        push(worker, &credentials()).await.unwrap();
    }
    let tokens: Vec<String> = stage
        .seen("stkpush")
        .into_iter()
        .map(|(token, _)| token)
        .collect();
    assert_eq!(
        tokens,
        ["one", "two", "one", "three", "two", "four"].map(|token| format!("Bearer {token}"))
    );
}

#[tokio::test]
async fn no_token_says_why_and_nothing_was_pushed() {
    for (status, body, name) in [
        (400, fault("400.008.01", "Invalid Authentication passed"), "wrong-keys"),
        (400, fault("400.008.02", "Invalid grant type passed"), "wrong-keys"),
        (500, fault("400.008.01", "Invalid Authentication passed"), "wrong-keys"),
        (400, String::new(), "wrong-keys"),
        (401, "<html>".to_owned(), "wrong-keys"),
        (401, r#"{"fault":{"faultstring":"Invalid API call as no apiproduct match found","detail":{"errorcode":"x"}}}"#.to_owned(), "product-missing"),
        (429, SPIKE.to_owned(), "busy"),
        (403, "<html>".to_owned(), "away"),
        (403, fault("403.001", "Forbidden"), "wrong-keys"),
        (503, "<html>".to_owned(), "away"),
        (200, "{}".to_owned(), "away"),
        (200, String::new(), "away"),
    ] {
        let (stage, daraja, _) = Stage::start().await;
        stage.token(status, &body);
        let error = push(&daraja, &credentials()).await.unwrap_err();
        assert_eq!((error.name(), error.may_have_prompted()), (name, false), "{status} {body}");
        assert!(stage.seen("stkpush").is_empty());
        stage.answer(200, ACCEPTED);
        push(&daraja, &credentials()).await.expect("a failure is not remembered");
    }
}
