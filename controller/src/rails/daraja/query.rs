//! The query: how a prompt stands. It proves a payment but brings no receipt and no amount, and it sometimes denies what it knows, so
//! most of its answers are reasons to ask again.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::result::{Meaning, ResultCode};
use super::turns::{NEAR, Place, Turn};
use super::veil::veil;
use super::wire::{Reply, Shape, says, text};
use super::{CallError, Credentials, Daraja, Exchange, Setup, TokenError};

/// The path of the call.
const PATH: &str = "/mpesa/stkpushquery/v1/query";

/// How often one waits in place: a customer may have the turn that was waited for.
const WAITS: u32 = 4;

/// How much earlier than its turn a question comes, to wait for it in place: who comes at the very moment is late by what it takes to come, and
/// each turn that begins late makes all behind it later.
const EARLY: Duration = Duration::from_millis(100);

/// When a question comes back whose turn is after so long. Who was sent away from a turn that is near has waited for it in place already.
#[must_use]
pub fn comes_after(turn: Duration) -> Duration {
    turn.saturating_sub(EARLY).max(turn.min(NEAR))
}

/// The call's body, in the order in which it is documented.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    business_short_code: &'a str,
    password: &'a str,
    timestamp: &'a str,
    #[serde(rename = "CheckoutRequestID")]
    checkout_request_id: &'a str,
}

/// How a prompt stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum QueryAnswer {
    /// Paid; the receipt comes another way.
    Paid,
    /// Not paid, and this prompt will not be; the code says why.
    Failed(ResultCode),
    /// Ended with a code nobody has documented: it decides nothing, and a person should look.
    Unrecognised(ResultCode),
    /// The customer has not decided, or M-PESA has not.
    Pending,
    /// Daraja does not know the prompt: in its first minutes that means nothing.
    NotKnown,
    /// No answer that decides anything; the word says which, for the log.
    Inconclusive(&'static str),
    /// Too many queries, ours or by Daraja's count; it is this question's turn later.
    Limited(Place),
    /// The provider has to put something right.
    Setup(Setup),
}

impl QueryAnswer {
    /// Its stable name, for counters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Failed(_) => "failed",
            Self::Unrecognised(_) => "unrecognised",
            Self::Pending => "pending",
            Self::NotKnown => "not-known",
            Self::Inconclusive(_) => "inconclusive",
            Self::Limited(_) => "limited",
            Self::Setup(_) => "setup",
        }
    }
}

impl Daraja {
    /// Asks how a prompt stands, within the application's budget of queries. What went over the wire is given back beside the answer.
    pub async fn query(
        &self,
        credentials: &Credentials,
        checkout_request_id: &str,
        turn: Turn,
    ) -> (QueryAnswer, Exchange) {
        let application = credentials.fingerprint().key();
        let turns = &self.inner.turns;
        let take = || {
            let now = self.inner.clock.elapsed();
            turns.take(application, checkout_request_id, turn, now)
        };
        let mut taken = take();
        for _ in 0..WAITS {
            match taken {
                Err(place) if place.after <= NEAR => tokio::time::sleep(place.after).await,
                _ => break,
            }
            taken = take();
        }
        let (answer, exchange) = match taken {
            Ok(()) => {
                let (answer, exchange) = self.ask(credentials, checkout_request_id).await;
                let answer = answer.unwrap_or_else(|TooMany| {
                    let now = self.inner.clock.elapsed();
                    QueryAnswer::Limited(turns.again(application, checkout_request_id, turn, now))
                });
                (answer, exchange)
            }
            Err(place) => (QueryAnswer::Limited(place), Exchange::default()),
        };
        metrics::counter!("mnara_daraja_queries_total", "result" => answer.name()).increment(1);
        (answer, exchange)
    }

    /// Gives questions their places behind those that wait, and says after how long each may come; nothing goes over the wire.
    #[must_use]
    pub fn queue<'a>(
        &self,
        credentials: &Credentials,
        questions: impl IntoIterator<Item = (&'a str, Turn)>,
    ) -> Vec<Duration> {
        let application = credentials.fingerprint().key();
        let now = self.inner.clock.elapsed();
        self.inner.turns.queue(application, questions, now)
    }

    async fn ask(
        &self,
        credentials: &Credentials,
        checkout_request_id: &str,
    ) -> (Result<QueryAnswer, TooMany>, Exchange) {
        let (password, time) = credentials.password(self.inner.clock.now());
        let body = Request {
            business_short_code: &credentials.shortcode,
            password: password.expose_secret(),
            timestamp: &time,
            checkout_request_id,
        };
        let mut exchange = Exchange::sending(&body, veil);
        let answer = match self.post(credentials, PATH, &body).await {
            Ok(reply) => {
                exchange.heard(reply.status, &reply.text);
                if reply.is_limited() {
                    Err(TooMany)
                } else {
                    Ok(judge(&reply, checkout_request_id))
                }
            }
            Err(CallError::Token(TokenError::Setup(setup))) => Ok(QueryAnswer::Setup(setup)),
            Err(CallError::Token(TokenError::Busy)) => Err(TooMany),
            Err(CallError::TokenRefused { .. }) => Ok(QueryAnswer::Inconclusive("token refused")),
            Err(CallError::Token(TokenError::Away(_)) | CallError::Lost(_)) => {
                Ok(QueryAnswer::Inconclusive("no answer"))
            }
        };
        (answer, exchange)
    }
}

/// The gateway takes no more now.
struct TooMany;

fn judge(reply: &Reply, asked_for: &str) -> QueryAnswer {
    match &reply.shape {
        Shape::Answer(answer) if reply.is_success() => {
            if text(answer, "CheckoutRequestID").as_deref() != Some(asked_for) {
                return QueryAnswer::Inconclusive("another prompt's answer");
            }
            if text(answer, "ResponseCode").as_deref() != Some("0") {
                return QueryAnswer::Inconclusive("not accepted");
            }
            let Some(code) = text(answer, "ResultCode").and_then(|code| ResultCode::new(&code))
            else {
                return QueryAnswer::Inconclusive("no result");
            };
            match code.meaning() {
                Meaning::Success => QueryAnswer::Paid,
                Meaning::Failed(_) => QueryAnswer::Failed(code),
                Meaning::Processing => QueryAnswer::Pending,
                Meaning::Unrecognised => QueryAnswer::Unrecognised(code),
            }
        }
        Shape::Fault { code, message } => match code.as_str() {
            "500.001.1001" if says(message, "being processed") => QueryAnswer::Pending,
            "500.001.1001" if says(message, "merchant does not exist") => {
                QueryAnswer::Setup(Setup::NoSuchShortcode)
            }
            "500.001.1001" if says(message, "wrong credentials") => {
                QueryAnswer::Setup(Setup::WrongPasskey)
            }
            // Said now and then of prompts it does know.
            "500.001.1001" if says(message, "does not exist") => {
                QueryAnswer::Inconclusive("denied")
            }
            "400.002.02" if says(message, "checkoutrequestid") => QueryAnswer::NotKnown,
            _ => QueryAnswer::Inconclusive("error"),
        },
        Shape::Answer(_) | Shape::Gateway { .. } | Shape::Unreadable => {
            QueryAnswer::Inconclusive("unreadable")
        }
    }
}
