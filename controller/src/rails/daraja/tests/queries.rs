//! Asking what became of a prompt, within the budget of an application.

use super::*;

/// Five a minute, and what is left between them besides.
const PACE: Duration = Duration::from_millis(12_240);

/// The next turn, for a question that had none before or had.
const fn again(in_crowd: bool) -> Place {
    Place {
        after: PACE,
        in_crowd,
    }
}

#[tokio::test]
async fn a_query_is_what_the_documents_say() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, QUERIED);
    daraja.query(&credentials(), PROMPT, Turn::First).await;
    let time = "20270115110000";
    let password =
        format!("174379bfb279f9aa9bdbcf158e97dd71a467cd2e0c893059b10f78e6b72ada1ed2c919{time}");
    let password = STANDARD.encode(password);
    assert_eq!(
        stage.sent("/mpesa/stkpushquery/v1/query"),
        format!(
            r#"{{"BusinessShortCode":"174379","Password":"{password}","Timestamp":"{time}","CheckoutRequestID":"{PROMPT}"}}"#
        )
    );
}

#[tokio::test]
async fn a_query_tells_what_the_table_says() {
    let (stage, daraja, clock) = Stage::start().await;
    let result =
        |code: &str| QUERIED.replace(r#""ResultCode":"0""#, &format!(r#""ResultCode":"{code}""#));
    for (status, body, answer) in [
        (200, QUERIED.to_owned(), QueryAnswer::Paid),
        (
            200,
            QUERIED.replace(r#""ResultCode":"0""#, r#""ResultCode":0"#),
            QueryAnswer::Paid,
        ),
        (
            200,
            result("1032"),
            QueryAnswer::Failed(ResultCode::new("1032").unwrap()),
        ),
        (
            200,
            result("SFC_IC0003"),
            QueryAnswer::Failed(ResultCode::new("SFC_IC0003").unwrap()),
        ),
        (200, result("4999"), QueryAnswer::Pending),
        (
            200,
            result("31337"),
            QueryAnswer::Unrecognised(ResultCode::new("31337").unwrap()),
        ),
        (
            200,
            QUERIED.replace(PROMPT, "ws_CO_another"),
            QueryAnswer::Inconclusive("another prompt's answer"),
        ),
        (
            200,
            "<html>".to_owned(),
            QueryAnswer::Inconclusive("unreadable"),
        ),
        (
            500,
            QUERIED.to_owned(),
            QueryAnswer::Inconclusive("unreadable"),
        ),
        (
            500,
            fault("500.001.1001", "The transaction is being processed"),
            QueryAnswer::Pending,
        ),
        (
            500,
            fault("500.001.1001", "The transaction does not Exist"),
            QueryAnswer::Inconclusive("denied"),
        ),
        (
            500,
            fault("500.001.1001", "Wrong credentials"),
            QueryAnswer::Setup(Setup::WrongPasskey),
        ),
        (
            500,
            fault("500.001.1001", "Merchant does not exist"),
            QueryAnswer::Setup(Setup::NoSuchShortcode),
        ),
        (
            400,
            fault("400.002.02", "Bad Request - Invalid CheckoutRequestID"),
            QueryAnswer::NotKnown,
        ),
        (
            400,
            fault("400.002.02", "Bad Request - Invalid Timestamp"),
            QueryAnswer::Inconclusive("error"),
        ),
        (429, SPIKE.to_owned(), QueryAnswer::Limited(again(false))),
        (
            429,
            fault("429.001.01", "Too many requests"),
            QueryAnswer::Limited(again(false)),
        ),
        (503, String::new(), QueryAnswer::Inconclusive("unreadable")),
    ] {
        stage.answer(status, &body);
        assert_eq!(
            daraja.query(&credentials(), PROMPT, Turn::First).await.0,
            answer,
            "{status} {body}"
        );
        clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn queries_stay_within_the_budget_of_their_application() {
    let (stage, daraja, clock) = Stage::start().await;
    let other = Credentials {
        consumer_key: "another".into(),
        ..credentials()
    };
    for _ in 0..3 {
        stage.answer(200, QUERIED);
    }
    assert_eq!(
        daraja.query(&credentials(), PROMPT, Turn::First).await.0,
        QueryAnswer::Paid
    );
    assert_eq!(
        daraja.query(&credentials(), PROMPT, Turn::First).await.0,
        QueryAnswer::Limited(again(true))
    );
    assert_eq!(
        daraja.query(&other, PROMPT, Turn::First).await.0,
        QueryAnswer::Paid
    );
    clock.advance(PACE);
    assert_eq!(
        daraja.query(&credentials(), PROMPT, Turn::First).await.0,
        QueryAnswer::Paid
    );
    assert_eq!(stage.seen("stkpushquery").len(), 3);
}

#[tokio::test]
async fn questions_nobody_waits_for_leave_half_of_the_budget() {
    let (stage, daraja, clock) = Stage::start().await;
    for _ in 0..12 {
        stage.answer(200, QUERIED);
    }
    let (mut last, mut first) = (0, Vec::new());
    for second in 1..=90 {
        clock.advance(Duration::from_secs(1));
        let (credentials, customer) = (credentials(), format!("ws_CO_{}", second / 31));
        let old = daraja.query(&credentials, PROMPT, Turn::Last).await.0;
        last += u32::from(!matches!(old, QueryAnswer::Limited(_)));
        if !first.contains(&customer) {
            let new = daraja.query(&credentials, &customer, Turn::First).await.0;
            if !matches!(new, QueryAnswer::Limited(_)) {
                first.push(customer);
            }
        }
    }
    assert!(last <= 5, "{last} of the last");
    assert_eq!(first, ["ws_CO_0", "ws_CO_1", "ws_CO_2"]);
}
