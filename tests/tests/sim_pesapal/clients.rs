//! What clients in use send beside the documents' samples, and how they are pointed at a Pesapal.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::*;

#[tokio::test]
async fn a_base_with_the_services_own_path_is_the_same_service() {
    let sim = sim().await;
    for path in ["/v3", "/pesapalv3"] {
        let mut caller = Caller::new(&sim).await;
        caller.base.push_str(path);
        caller.renew().await;
        let address = caller.register("http://127.0.0.1:9/ipn", "GET").await;
        let order = caller.order(&address, path.trim_matches('/')).await;
        assert_eq!(order["status"], "200", "{order}");
        let tracking = order["order_tracking_id"].as_str().unwrap();
        let status = caller.status(tracking).await;
        assert!(status.contains("payment_details_not_found"), "{status}");
        // The page stands where the answer says, which is under none of these.
        let page = caller.http.get(order["redirect_url"].as_str().unwrap());
        assert_eq!(page.send().await.unwrap().status(), StatusCode::OK);
    }
    sim.stop().await;
}

#[tokio::test]
async fn a_refund_names_its_amount_as_a_number_or_in_quotes() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let address = caller.register("http://127.0.0.1:9/ipn", "POST").await;
    for (reference, amount) in [
        ("S-1", json!(10)),
        ("S-2", json!(10.5)),
        ("S-3", json!("4.25")),
    ] {
        let mut body = ask(&address, reference);
        body["amount"] = json!(10.5);
        let path = "/api/Transactions/SubmitOrderRequest";
        let order: Value = serde_json::from_str(&caller.post(path, &body).await).unwrap();
        let tracking = order["order_tracking_id"].as_str().unwrap();
        sim.pay(tracking, By::Card).unwrap();
        let receipt = sim.order(tracking).unwrap().paid.unwrap().confirmation;
        let back = json!({"confirmation_code": receipt, "amount": amount, "username": "John", "remarks": "twice"});
        let said = caller.post("/api/Transactions/RefundRequest", &back).await;
        assert_eq!(
            said, r#"{"status":"200","message":"Refund request successfully"}"#,
            "{amount}"
        );
    }
    let cents: Vec<_> = sim
        .orders()
        .into_iter()
        .map(|one| one.refund.unwrap().cents)
        .collect();
    assert_eq!(cents, [1_000, 1_050, 425]);
    sim.stop().await;
}

#[tokio::test]
async fn a_question_that_names_no_order_is_refused_in_the_services_own_shape() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let said = caller.get("/api/Transactions/GetTransactionStatus").await;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["status"], "500");
    assert_eq!(said["error"]["code"], "invalid_api_request_parameters");
    sim.stop().await;
}

#[tokio::test]
async fn what_is_wrong_is_said_in_the_recorded_words_byte_for_byte() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let address = caller.register("http://127.0.0.1:9/ipn", "GET").await;
    let submit = async |field: &str, value: Value| {
        let mut body = ask(&address, "S-1");
        body[field] = value;
        caller
            .post("/api/Transactions/SubmitOrderRequest", &body)
            .await
    };
    assert_eq!(
        submit("notification_id", json!("1")).await,
        r#"{"error":{"error_type":"invalid_request_error","code":"invalid_api_request_parameters","message":"Invalid IPN URL ID provided.Check format and try again","call_back_url":null},"status":"500"}"#
    );
    for billing in [json!({}), Value::Null] {
        assert_eq!(
            submit("billing_address", billing).await,
            r#"{"error":{"error_type":"api_error","code":"missing_mandatory_billing_address","message":"Please provide billing details information on your API request.","call_back_url":null},"status":"500"}"#
        );
    }
    let keys = json!({"consumer_key": "mnara-pesapal-key", "consumer_secret": "another"});
    assert_eq!(
        caller.post("/api/Auth/RequestToken", &keys).await,
        r#"{"error":{"error_type":"api_error","code":"invalid_consumer_key_or_secret_provided","message":"","call_back_url":null},"status":"500"}"#
    );
    sim.stop().await;
}

#[tokio::test]
async fn of_the_program_a_token_lives_as_long_as_it_says() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_mnara-sim"))
        .args(["pesapal", "--port", "0", "--control-port", "0"])
        .args(["--hold-clock", "2026-11-22T09:00:00Z"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        printed.push_str(&line);
        printed.push('\n');
        if line.starts_with("Running") {
            break;
        }
    }
    let told = |words: &str| {
        let line = printed.lines().find_map(|line| line.split_once(words));
        line.unwrap_or_else(|| panic!("no {words} in\n{printed}"))
            .1
            .trim()
    };
    let caller = Caller::at(told("base URL").to_owned()).await;
    caller.register("http://127.0.0.1:9/ipn", "GET").await;
    let control = told("control API").trim_end_matches("/orders");
    let push = async |seconds: u64| {
        let path = format!("{control}/clock/advance");
        let pushed = caller.http.post(path).json(&json!({"seconds": seconds}));
        assert!(pushed.send().await.unwrap().status().is_success());
    };
    push(3_599).await;
    let list = caller.get("/api/URLSetup/GetIpnList").await;
    assert!(list.starts_with("[{"), "{list}");
    push(1).await;
    let refused = caller.get("/api/URLSetup/GetIpnList").await;
    assert!(
        refused.contains("invalid_api_credentials_provided"),
        "{refused}"
    );
    program.kill().await.unwrap();
}
