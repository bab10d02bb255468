//! The simulator of Africa's Talking against what its pages document, called as its clients call it.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result};
use mnara_tests::sim::sms::{Config, Fate, Fault, Sms};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

/// Sends a text and gives the status and the answer.
async fn send(sms: &Sms, key: &str, form: &[(&str, &str)]) -> (u16, String) {
    exchange(&sms.url(), key, form)
        .await
        .expect("the simulator is there")
}

async fn exchange(url: &str, key: &str, form: &[(&str, &str)]) -> Result<(u16, String)> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let kind = "application/x-www-form-urlencoded";
    call(url, key, ("/version1/messaging", kind), &body).await
}

async fn call(
    url: &str,
    key: &str,
    (path, kind): (&str, &str),
    body: &str,
) -> Result<(u16, String)> {
    let address = url.strip_prefix("http://").context("an address")?;
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\napiKey: {key}\r\nAccept: application/json\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    // An answer that is lost ends the connection within its body.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    // Nothing at all, if it ended before its head was out.
    let status = head.split(' ').nth(1).map(str::parse).transpose()?;
    Ok((status.unwrap_or_default(), body.to_owned()))
}

const TEXT: [(&str, &str); 4] = [
    ("username", "sandbox"),
    ("to", "+254711000111"),
    ("message", "Hello & welcome"),
    ("from", "MNARA"),
];
const KEY: &str = "atsk_simulated";

async fn code(sms: &Sms, form: &[(&str, &str)]) -> Value {
    let (status, body) = send(sms, KEY, form).await;
    assert_eq!(status, 201, "{body}");
    let answer: Value = serde_json::from_str(&body).expect("an answer is JSON");
    answer["SMSMessageData"]["Recipients"][0]["statusCode"].clone()
}

#[tokio::test]
async fn the_answer_is_the_documented_one() {
    let sms = Sms::start(Config::default()).await.unwrap();
    let (status, body) = send(&sms, KEY, &TEXT).await;
    assert_eq!(status, 201);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        answer,
        json!({"SMSMessageData": {"Message": "Sent to 1/1 Total Cost: KES 0.8000", "Recipients": [
            {"statusCode": 101, "number": "+254711000111", "status": "Success", "cost": "KES 0.8000",
             "messageId": "ATXid_00000000000000000000000000000001", "messageParts": 1}]}})
    );
    let text = sms.text_to("+254711000111", "Success").await.unwrap();
    assert_eq!(
        (text.message.as_str(), text.from.as_str()),
        ("Hello & welcome", "MNARA")
    );
    sms.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_said_as_documented() {
    let sms = Sms::start(Config::default()).await.unwrap();
    let (status, body) = send(&sms, "wrong", &TEXT).await;
    assert_eq!(
        (status, body.as_str()),
        (401, "The supplied authentication is invalid")
    );
    assert_eq!(send(&sms, KEY, &TEXT[..2]).await.0, 400);
    let stranger = [TEXT[0], TEXT[1], TEXT[2], ("from", "STRANGER")];
    let (status, body) = send(&sms, KEY, &stranger).await;
    assert_eq!(status, 201);
    assert_eq!(
        body,
        r#"{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}"#
    );
    let number = [TEXT[0], ("to", "0711"), TEXT[2]];
    assert_eq!(code(&sms, &number).await, 403);
    let (_, body) = send(&sms, KEY, &number).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        answer["SMSMessageData"]["Message"],
        "Sent to 0/1 Total Cost: 0"
    );
    sms.script(Fault::once(Fate::Code { code: 501 }));
    assert_eq!(code(&sms, &TEXT).await, 501);
    sms.opt_out("+254711000111");
    assert_eq!(code(&sms, &TEXT).await, 406);
    sms.set_balance(79);
    let other = [TEXT[0], ("to", "+254711000222"), TEXT[2]];
    assert_eq!(code(&sms, &other).await, 405);
    assert!(sms.texts().is_empty());
    sms.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_one_of_a_text_that_left() {
    let sms = Sms::start(Config::default()).await.unwrap();
    sms.script(Fault::once(Fate::LoseAnswer));
    let (_, body) = send(&sms, KEY, &TEXT).await;
    assert!(serde_json::from_str::<Value>(&body).is_err(), "{body}");
    assert_eq!(sms.texts().len(), 1);
    sms.script(Fault::once(Fate::Fail {
        reason: "UserIsInactive".to_owned(),
    }));
    send(&sms, KEY, &TEXT).await;
    let text = sms.text_to("+254711000111", "Failed").await.unwrap();
    assert_eq!(text.number, 2);
    sms.stop().await;
}

#[tokio::test]
async fn every_message_that_a_text_goes_as_is_charged() {
    let sms = Sms::start(Config::default()).await.unwrap();
    // One letter outside of the GSM alphabet: 71 of them go as two.
    let long = "ĩ".repeat(71);
    let form = [TEXT[0], TEXT[1], ("message", long.as_str()), TEXT[3]];
    let (_, body) = send(&sms, KEY, &form).await;
    let answer: Value = serde_json::from_str(&body).unwrap();
    let one = &answer["SMSMessageData"]["Recipients"][0];
    assert_eq!(
        (&one["messageParts"], &one["cost"]),
        (&json!(2), &json!("KES 1.6000"))
    );
    sms.stop().await;
}

#[tokio::test]
async fn the_newer_address_takes_json() {
    let sms = Sms::start(Config::default()).await.unwrap();
    let place = ("/version1/messaging/bulk", "application/json");
    let ask = async |key: &str, ask: &Value| {
        call(&sms.url(), key, place, &ask.to_string())
            .await
            .unwrap()
    };
    let both = json!({"username": "sandbox", "message": "Hello", "senderId": "MNARA",
                      "phoneNumbers": ["+254711000111", "+254711000222"]});
    let (status, body) = ask(KEY, &both).await;
    assert_eq!(status, 201, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        answer["SMSMessageData"]["Message"],
        "Sent to 2/2 Total Cost: KES 1.6000"
    );
    let told: Vec<String> = sms.texts().into_iter().map(|text| text.to).collect();
    assert_eq!(told, ["+254711000111", "+254711000222"]);
    assert_eq!(ask("wrong", &both).await.0, 401);
    let nobody = json!({"username": "sandbox", "message": "Hello", "phoneNumbers": []});
    let (status, body) = ask(KEY, &nobody).await;
    assert!(status == 400 && body.contains("phoneNumbers"), "{body}");
    sms.stop().await;
}

#[tokio::test]
async fn somebody_elses_program_uses_it_with_a_sender_and_an_address_of_its_own() {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = receiver.local_addr().unwrap();
    let reports = format!("http://{address}/at/dlr");
    let mut program = Command::new(env!("CARGO_BIN_EXE_mnara-sim"))
        .args(["sms", "--port", "0", "--username", "kibanda"])
        .args(["--api-key", "theirs", "--delivery-url", &reports])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(program.stdout.take().unwrap()).lines();
    let (mut url, mut is_any) = (None, false);
    while let Some(line) = printed.next_line().await.unwrap() {
        if let Some((_, rest)) = line.split_once("API and inbox") {
            url = Some(rest.trim().to_owned());
        }
        is_any |= line.contains("senders") && line.ends_with("any");
        if line.starts_with("Running") {
            break;
        }
    }
    assert!(is_any);
    let form = [
        ("username", "kibanda"),
        TEXT[1],
        TEXT[2],
        ("from", "KIBANDA"),
    ];
    let (status, body) = exchange(&url.unwrap(), "theirs", &form).await.unwrap();
    assert_eq!(status, 201, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        answer["SMSMessageData"]["Recipients"][0]["statusCode"], 101,
        "{body}"
    );

    // The report comes to the letter of the address, and a refusal is warned of.
    let mut warned = BufReader::new(program.stderr.take().unwrap()).lines();
    let told = async {
        let (mut stream, _) = receiver.accept().await.unwrap();
        let (mut request, mut part) = (String::new(), [0; 1024]);
        while !request.contains("retryCount=0") {
            let read = stream.read(&mut part).await.unwrap();
            assert!(read > 0, "{request}");
            request.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        let refusal = b"HTTP/1.1 418 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(refusal).await.unwrap();
        (request, warned.next_line().await.unwrap().unwrap())
    };
    let (request, warning) = tokio::time::timeout(Duration::from_secs(60), told)
        .await
        .expect("a report comes");
    assert!(request.starts_with("POST /at/dlr HTTP/1.1"), "{request}");
    assert!(
        warning.contains("refused") && warning.contains("418"),
        "{warning}"
    );
}
