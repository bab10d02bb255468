//! Transaction Status: what M-PESA knows of a receipt. The answer is posted later.

use secrecy::ExposeSecret as _;
use serde_json::json;

use super::operator::{Answers, Operator, RequestError, Taken};
use super::{Credentials, Daraja, Exchange};

/// The path of the call.
const PATH: &str = "/mpesa/transactionstatus/v1/query";
/// What kind of number `PartyA` is: an organisation's shortcode.
const SHORTCODE: &str = "4";

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
        let body = json!({
            "Initiator": operator.initiator,
            "SecurityCredential": operator.credential.expose_secret(),
            "CommandID": "TransactionStatusQuery",
            "TransactionID": receipt,
            "PartyA": credentials.shortcode,
            "IdentifierType": SHORTCODE,
            "ResultURL": answers.result,
            "QueueTimeOutURL": answers.time_out,
            "Remarks": "OK",
            "Occasion": "OK",
        });
        let (outcome, exchange) = self.request(credentials, PATH, &body).await;
        let result = outcome
            .as_ref()
            .map_or_else(RequestError::name, |_| "taken");
        metrics::counter!("mnara_daraja_status_requests_total", "result" => result).increment(1);
        (outcome, exchange)
    }
}
