//! A Daraja that answers as told, and what it posts.

use super::*;

const TOKEN: &str = r#"{"access_token":"c9SQxWWhmdVRlyh0zh8gZDTkubVF","expires_in":"3599"}"#;

/// A Daraja that plays back answers and remembers what it was asked.
#[derive(Clone, Default)]
pub(super) struct Stage(pub(super) Arc<Mutex<Played>>);

#[derive(Default)]
pub(super) struct Played {
    pub(super) pushes: VecDeque<(u16, String)>,
    pub(super) queries: VecDeque<(u16, String)>,
    pub(super) requests: VecDeque<(u16, String)>,
    pub(super) taken: u32,
    pub(super) seen: Vec<(String, Value)>,
    pub(super) keys: Vec<String>,
    pub(super) accepted: u32,
    pub(super) refuses_keys: bool,
    pub(super) hold: Option<Arc<tokio::sync::Semaphore>>,
}

impl Stage {
    pub(super) async fn start() -> (Self, String) {
        let stage = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(play).with_state(stage.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (stage, base)
    }

    /// The next push is answered so; without a word of ours it is accepted.
    pub(super) fn push(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .pushes
            .push_back((status, body.to_owned()));
    }

    /// The next query is answered so; without a word of ours it is "still processing".
    pub(super) fn query(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .queries
            .push_back((status, body.to_owned()));
    }

    /// The next query says that the prompt ended with this code.
    pub(super) fn outcome(&self, code: &str) {
        self.query(
            200,
            &json!({"ResponseCode": "0", "ResponseDescription": "accepted", "MerchantRequestID": "m", "CheckoutRequestID": "PROMPT",
                    "ResultCode": code, "ResultDesc": "as it ended"})
            .to_string(),
        );
    }

    /// The next request of an operator is answered so; without a word of ours it is taken.
    pub(super) fn request(&self, status: u16, body: &str) {
        self.0
            .lock()
            .unwrap()
            .requests
            .push_back((status, body.to_owned()));
    }

    /// Pushes, requests of an operator and addresses to register wait until a permit is given.
    pub(super) fn hold_pushes(&self) -> Arc<tokio::sync::Semaphore> {
        let gate = Arc::new(tokio::sync::Semaphore::new(0));
        self.0.lock().unwrap().hold = Some(Arc::clone(&gate));
        gate
    }

    /// From now on no consumer key is taken, or every one is.
    pub(super) fn refuse_keys(&self, refuses: bool) {
        self.0.lock().unwrap().refuses_keys = refuses;
    }

    pub(super) fn seen(&self, path: &str) -> Vec<Value> {
        let played = self.0.lock().unwrap();
        played
            .seen
            .iter()
            .filter(|(found, _)| found.contains(path))
            .map(|(_, body)| body.clone())
            .collect()
    }

    /// What each question for a token was authorised with.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().keys.clone()
    }

    pub(super) fn pushes(&self) -> usize {
        self.seen("stkpush/v1/").len()
    }

    pub(super) fn queries(&self) -> usize {
        self.seen("stkpushquery").len()
    }

    /// The secret in the callback address of the latest push.
    pub(super) fn secret(&self) -> String {
        let pushed = self.seen("stkpush/v1/").pop().unwrap();
        pushed["CallBackURL"]
            .as_str()
            .unwrap()
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    }
}

async fn play(State(stage): State<Stage>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let key = request.headers().get("authorization");
    let key = key.map_or("", |key| key.to_str().unwrap()).to_owned();
    let body = axum::body::to_bytes(request.into_body(), 65536)
        .await
        .unwrap();
    let (held, (status, answer)) = {
        let mut played = stage.0.lock().unwrap();
        played.seen.push((
            path.clone(),
            serde_json::from_slice(&body).unwrap_or_default(),
        ));
        if path.contains("/oauth/") {
            played.keys.push(key);
        }
        if path.contains("stkpush/v1/") {
            let answer = played.pushes.pop_front().unwrap_or_else(|| {
                played.accepted += 1;
                let (merchant, checkout) = ids(played.accepted);
                (
                    200,
                    json!({"MerchantRequestID": merchant, "CheckoutRequestID": checkout, "ResponseCode": "0",
                           "ResponseDescription": "Success. Request accepted for processing", "CustomerMessage": "Success"})
                    .to_string(),
                )
            });
            (played.hold.clone(), answer)
        } else if path.contains("stkpushquery") {
            let processing = json!({"requestId": "1", "errorCode": "500.001.1001", "errorMessage": "The transaction is being processed"});
            let asked = played
                .seen
                .last()
                .and_then(|(_, body)| body["CheckoutRequestID"].as_str().map(str::to_owned))
                .unwrap();
            let (status, answer) = played
                .queries
                .pop_front()
                .unwrap_or((500, processing.to_string()));
            (None, (status, answer.replace("PROMPT", &asked)))
        } else if path.contains("/reversal/") || path.contains("/transactionstatus/") {
            let answer = played.requests.pop_front().unwrap_or_else(|| {
                played.taken += 1;
                let (originator, conversation) = request_ids(played.taken);
                (
                    200,
                    json!({"OriginatorConversationID": originator, "ConversationID": conversation, "ResponseCode": "0",
                           "ResponseDescription": "Accept the service request successfully."})
                    .to_string(),
                )
            });
            (played.hold.clone(), answer)
        } else if path.contains("registerurl") {
            (played.hold.clone(), (200, json!({"OriginatorCoversationID": "1", "ResponseCode": "0", "ResponseDescription": "success"}).to_string()))
        } else if played.refuses_keys {
            (None, (400, String::new()))
        } else {
            (None, (200, TOKEN.to_owned()))
        }
    };
    if let Some(gate) = held {
        gate.acquire().await.unwrap().forget();
    }
    (StatusCode::from_u16(status).unwrap(), answer).into_response()
}

/// The ids Daraja gives to the accepted push of this number.
pub(super) fn ids(number: u32) -> (String, String) {
    (
        format!("29115-34620561-{number}"),
        format!("ws_CO_1501202711000{number:05}"),
    )
}

/// The names Daraja gives to the request of this number of an operator.
pub(super) fn request_ids(number: u32) -> (String, String) {
    (
        format!("1236-7134259-{number}"),
        format!("AG_20270115_{number:020}"),
    )
}

/// A callback as Daraja posts it.
pub(super) fn callback(number: u32, code: Value, paid: Option<(&str, Value)>) -> Vec<u8> {
    let (merchant, checkout) = ids(number);
    let mut callback = json!({"MerchantRequestID": merchant, "CheckoutRequestID": checkout, "ResultCode": code, "ResultDesc": "…"});
    if let Some((receipt, amount)) = paid {
        callback["CallbackMetadata"] = json!({"Item": [
            {"Name": "Amount", "Value": amount}, {"Name": "MpesaReceiptNumber", "Value": receipt}, {"Name": "Balance"},
            {"Name": "TransactionDate", "Value": 20_270_115_110_115_i64}, {"Name": "PhoneNumber", "Value": 254_708_374_149_i64}]});
    }
    json!({"Body": {"stkCallback": callback}})
        .to_string()
        .into_bytes()
}

pub(super) fn success(number: u32, receipt: &str) -> Vec<u8> {
    callback(number, json!(0), Some((receipt, json!(50.00))))
}
