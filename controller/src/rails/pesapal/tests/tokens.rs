//! Tokens: for how long one is used, who shares it, and what is done when it is refused.

use std::time::Duration;

use super::*;

#[tokio::test]
async fn a_token_is_used_for_four_minutes_whatever_it_says_of_itself() {
    let (stage, pesapal, clock) = Stage::start().await;
    for (pass, tokens) in [(0, 1), (239, 1), (1, 2), (239, 2), (1, 3)] {
        clock.advance(Duration::from_secs(pass));
        stage.answer(200, PENDING);
        pesapal.status(&TRACKING).await;
        assert_eq!(stage.tokens(), tokens);
    }
    // One that ends sooner is used until then: it is 08:12 by now.
    clock.advance(Duration::from_secs(240));
    let soon = TOKEN.replace("09:00:00.7793772Z", "08:13:00Z");
    stage.token(200, &soon);
    for (pass, tokens) in [(0, 4), (59, 4), (1, 5)] {
        clock.advance(Duration::from_secs(pass));
        stage.answer(200, PENDING);
        pesapal.status(&TRACKING).await;
        assert_eq!(stage.tokens(), tokens);
    }
}

#[tokio::test]
async fn whoever_stands_in_for_pesapal_may_write_its_status_as_a_number_or_leave_it_out() {
    let (stage, pesapal, clock) = Stage::start().await;
    for (token, submitted) in [
        (r#""status":200,"#, r#""status":200"#),
        ("", r#""status":null"#),
    ] {
        let token = TOKEN.replace(r#""status":"200","#, token);
        let submitted = SUBMITTED.replace(r#""status":"200""#, submitted);
        stage.token(200, &token);
        stage.answer(200, &submitted);
        let made = pesapal.submit(&order()).await.0.unwrap();
        assert_eq!(made.tracking, *TRACKING);
        clock.advance(Duration::from_secs(240));
    }
    // What says nothing of itself is good under a good status only.
    let silent = TOKEN.replace(r#""status":"200","#, "");
    stage.token(500, &silent);
    assert_eq!(pesapal.status(&TRACKING).await.0.name(), "inconclusive");
    // An end without a zone is one all the same: it is 08:08.
    let soon = TOKEN.replace("09:00:00.7793772Z", "08:09:00.7793772");
    stage.token(200, &soon);
    let before = stage.tokens();
    for (pass, tokens) in [(0, 1), (60, 1), (1, 2)] {
        clock.advance(Duration::from_secs(pass));
        stage.answer(200, PENDING);
        pesapal.status(&TRACKING).await;
        assert_eq!(stage.tokens(), before + tokens);
    }
}

#[tokio::test]
async fn callers_that_wait_share_one_token() {
    let (stage, pesapal, _) = Stage::start().await;
    for _ in 0..8 {
        stage.answer(200, PENDING);
    }
    let asked = (0..8).map(|_| pesapal.status(&TRACKING));
    futures_util::future::join_all(asked).await;
    assert_eq!(stage.tokens(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_keys_are_not_tried_for_ever() {
    let (stage, pesapal, _) = Stage::start().await;
    stage.answer(200, BAD_TOKEN);
    stage.answer(200, COMPLETED);
    let (answer, _) = pesapal.status(&TRACKING).await;
    assert_eq!(answer.name(), "completed");
    assert_eq!(stage.tokens(), 2);
    for (status, body) in [(200, BAD_TOKEN), (500, BAD_TOKEN), (401, "")] {
        stage.answer(status, body);
        stage.answer(status, body);
        assert_eq!(pesapal.status(&TRACKING).await.0, StatusAnswer::WrongKeys);
    }
    // Wrong keys come under 200, with a null where the token would be.
    let (stage, pesapal, _) = Stage::start().await;
    stage.token(
        200,
        r#"{"token":null,"expiryDate":null,"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":""},"status":"500","message":null}"#,
    );
    assert_eq!(pesapal.status(&TRACKING).await.0, StatusAnswer::WrongKeys);
    stage.token(200, r#"{"token":"","error":null,"status":"200"}"#);
    assert_eq!(pesapal.status(&TRACKING).await.0.name(), "inconclusive");
    stage.answer(200, COMPLETED);
    assert_eq!(pesapal.status(&TRACKING).await.0.name(), "completed");
}
