//! Transaction Status: what M-PESA knows of a receipt. The answer is posted later.

use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::operator::{Answers, Operator, RequestError, Taken};
use super::{Credentials, Daraja, Exchange};

/// The path of the call.
const PATH: &str = "/mpesa/transactionstatus/v1/query";
/// What kind of number `PartyA` is: an organisation's shortcode.
const SHORTCODE: &str = "4";

/// The documented body in its order, but for `OriginalConversationID`, which stands for a receipt that is not known.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    #[serde(rename = "TransactionID")]
    transaction_id: &'a str,
    party_a: &'a str,
    identifier_type: &'static str,
    #[serde(rename = "ResultURL")]
    result: &'a str,
    #[serde(rename = "QueueTimeOutURL")]
    time_out: &'a str,
    remarks: &'static str,
    occasion: &'static str,
}

impl Daraja {
    /// Asks what M-PESA knows of a receipt. The request and its secrets must be stored before. What went over the wire is given back beside it.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn transaction_status(
        &self,
        credentials: &Credentials,
        operator: &Operator,
        receipt: &str,
        answers: Answers<'_>,
    ) -> (Result<Taken, RequestError>, Exchange) {
        let body = Request {
            initiator: &operator.initiator,
            security_credential: operator.credential.expose_secret(),
            command_id: "TransactionStatusQuery",
            transaction_id: receipt,
            party_a: &credentials.shortcode,
            identifier_type: SHORTCODE,
            result: answers.result,
            time_out: answers.time_out,
            remarks: "OK",
            occasion: "OK",
        };
        let (outcome, exchange) = self.request(credentials, PATH, &body).await;
        let result = outcome
            .as_ref()
            .map_or_else(RequestError::name, |_| "taken");
        metrics::counter!("mnara_daraja_status_requests_total", "result" => result).increment(1);
        (outcome, exchange)
    }
}
