//! Requests of an operator: as documented but for what stands for a receipt that is not known, and what their answers say.

use super::*;

const TAKEN: &str = r#"{"OriginatorConversationID":"1236-7134259-1","ConversationID":"AG_20210709_1234409f86436c583e3f","ResponseCode":"0","ResponseDescription":"Accept the service request successfully."}"#;
const ANSWERS: Answers<'static> = Answers {
    result: "https://a.example/r/0123456789abcdef",
    time_out: "https://a.example/t/0123456789abcdef",
};

fn operator() -> Operator {
    Operator {
        initiator: "apiop37".to_owned(),
        credential: "sealed".into(),
    }
}

fn order(receipt: &str) -> ReversalOrder<'_> {
    ReversalOrder {
        receipt,
        amount: Money::from_shillings(200),
    }
}

#[tokio::test]
async fn requests_are_as_documented_and_their_answers_give_two_names() {
    let (stage, daraja, _) = Stage::start().await;
    stage.answer(200, TAKEN);
    stage.answer(200, TAKEN);
    let operator = operator();
    let taken = Taken {
        originator_conversation_id: "1236-7134259-1".to_owned(),
        conversation_id: "AG_20210709_1234409f86436c583e3f".to_owned(),
    };
    let asked = daraja
        .transaction_status(&credentials(), &operator, "NEF61H8J60", ANSWERS)
        .await;
    assert_eq!(asked.0.unwrap(), taken);
    let (reversed, exchange) = daraja
        .reverse(&credentials(), &operator, order("PDU91HIVIT"), ANSWERS)
        .await;
    assert_eq!(reversed.unwrap(), taken);
    // To the letter, in the documented order; `Reciever` is how it is spelt. The sample of the first has an `OriginalConversationID` as well.
    let (result, time_out) = (ANSWERS.result, ANSWERS.time_out);
    assert_eq!(
        stage.sent("/mpesa/transactionstatus/v1/query"),
        format!(
            r#"{{"Initiator":"apiop37","SecurityCredential":"sealed","CommandID":"TransactionStatusQuery","TransactionID":"NEF61H8J60","PartyA":"174379","IdentifierType":"4","ResultURL":"{result}","QueueTimeOutURL":"{time_out}","Remarks":"OK","Occasion":"OK"}}"#
        )
    );
    assert_eq!(
        stage.sent("/mpesa/reversal/v1/request"),
        format!(
            r#"{{"Initiator":"apiop37","SecurityCredential":"sealed","CommandID":"TransactionReversal","TransactionID":"PDU91HIVIT","Amount":"200","ReceiverParty":"174379","RecieverIdentifierType":"11","ResultURL":"{result}","QueueTimeOutURL":"{time_out}","Remarks":"Payment reversal"}}"#
        )
    );
    let kept = format!("{exchange:?} {operator:?}");
    assert!(!kept.contains("sealed") && !kept.contains("0123456789abcdef"));
}

#[tokio::test]
async fn a_refused_token_is_renewed_by_either_of_its_codes() {
    let (stage, daraja, _) = Stage::start().await;
    for code in ["404.001.03", "400.003.01"] {
        let (status, _) = code.split_once('.').unwrap();
        let refused = fault(code, "Invalid Access Token");
        stage.answer(status.parse().unwrap(), &refused);
        stage.answer(200, TAKEN);
        let before = stage.seen("/oauth/").len();
        let (done, _) = daraja
            .reverse(&credentials(), &operator(), order("PDU91HIVIT"), ANSWERS)
            .await;
        assert!(done.is_ok(), "{code}");
        assert!(stage.seen("/oauth/").len() > before, "{code}");
        // Refused again and again, others take the token: nothing was taken, and it may be asked later.
        for _ in 0..3 {
            stage.answer(status.parse().unwrap(), &refused);
        }
        let (done, _) = daraja
            .transaction_status(&credentials(), &operator(), "NEF61H8J60", ANSWERS)
            .await;
        assert_eq!(done.unwrap_err().name(), "busy", "{code}");
    }
}

#[tokio::test]
async fn only_what_may_have_been_taken_is_not_known() {
    let (stage, daraja, _) = Stage::start().await;
    for (status, body, name) in [
        (
            400,
            fault("400.002.02", "Bad Request - Invalid Initiator"),
            "refused",
        ),
        (
            200,
            TAKEN.replace(r#""ResponseCode":"0""#, r#""ResponseCode":"1""#),
            "refused",
        ),
        (429, SPIKE.to_owned(), "busy"),
        (500, fault("500.003.02", "System is busy"), "busy"),
        (
            500,
            fault("500.003.1001", "Internal Server Error"),
            "unknown",
        ),
        (200, "{}".to_owned(), "unknown"),
        (200, String::new(), "unknown"),
        (502, "<html>".to_owned(), "unknown"),
        (403, "<html>".to_owned(), "away"),
        (
            404,
            fault(
                "404.001.01",
                "Invalid API call as no apiproduct match found",
            ),
            "product-missing",
        ),
    ] {
        stage.answer(status, &body);
        let (done, exchange) = daraja
            .reverse(&credentials(), &operator(), order("PDU91HIVIT"), ANSWERS)
            .await;
        let error = done.unwrap_err();
        assert_eq!(error.name(), name, "{status} {body}");
        assert_eq!(error.may_have_been_taken(), name == "unknown");
        assert!(exchange.sent.is_some() && exchange.heard.is_some());
    }
    let part = ReversalOrder {
        receipt: "PDU91HIVIT",
        amount: Money::from_cents(150),
    };
    let (done, exchange) = daraja
        .reverse(&credentials(), &operator(), part, ANSWERS)
        .await;
    assert_eq!(done.unwrap_err().name(), "request");
    assert_eq!(exchange, Exchange::default());
}
