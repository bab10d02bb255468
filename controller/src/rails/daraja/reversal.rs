//! Reversal: a payment goes back to whoever paid it. Whether it did is posted later.

use mnara_protocol::money::Money;
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::operator::{Answers, Operator, RequestError, Taken};
use super::{Credentials, Daraja, Exchange};

/// The path of the call.
const PATH: &str = "/mpesa/reversal/v1/request";
/// What kind of number the receiver is: an organisation's, as this call counts.
const ORGANISATION: &str = "11";

/// What is to go back.
#[derive(Clone, Copy, Debug)]
pub struct ReversalOrder<'a> {
    /// The receipt by which it came.
    pub receipt: &'a str,
    /// All of it, in whole shillings.
    pub amount: Money,
}

/// The documented body in its order.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    initiator: &'a str,
    security_credential: &'a str,
    #[serde(rename = "CommandID")]
    command_id: &'static str,
    #[serde(rename = "TransactionID")]
    transaction_id: &'a str,
    amount: String,
    receiver_party: &'a str,
    // Spelt so by Daraja.
    #[serde(rename = "RecieverIdentifierType")]
    receiver_identifier_type: &'static str,
    #[serde(rename = "ResultURL")]
    result: &'a str,
    #[serde(rename = "QueueTimeOutURL")]
    time_out: &'a str,
    remarks: &'static str,
}

impl Daraja {
    /// Asks for a payment to be sent back. The request and its secrets must be stored before. What went over the wire is given back beside it.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn reverse(
        &self,
        credentials: &Credentials,
        operator: &Operator,
        order: ReversalOrder<'_>,
        answers: Answers<'_>,
    ) -> (Result<Taken, RequestError>, Exchange) {
        let Ok(shillings) = order.amount.whole_shillings() else {
            let error = RequestError::Request("M-PESA takes whole shillings only");
            return (Err(error), Exchange::default());
        };
        let body = Request {
            initiator: &operator.initiator,
            security_credential: operator.credential.expose_secret(),
            command_id: "TransactionReversal",
            transaction_id: order.receipt,
            amount: shillings.to_string(),
            receiver_party: &credentials.shortcode,
            receiver_identifier_type: ORGANISATION,
            result: answers.result,
            time_out: answers.time_out,
            remarks: "Payment reversal",
        };
        let (outcome, exchange) = self.request(credentials, PATH, &body).await;
        let result = outcome
            .as_ref()
            .map_or_else(RequestError::name, |_| "taken");
        metrics::counter!("mnara_daraja_reversals_total", "result" => result).increment(1);
        (outcome, exchange)
    }
}
