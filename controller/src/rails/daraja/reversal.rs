//! Reversal: a payment goes back to whoever paid it. Whether it did is posted later.

use mnara_protocol::money::Money;
use secrecy::ExposeSecret as _;
use serde_json::json;

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
        let body = json!({
            "Initiator": operator.initiator,
            "SecurityCredential": operator.credential.expose_secret(),
            "CommandID": "TransactionReversal",
            "TransactionID": order.receipt,
            "Amount": shillings.to_string(),
            "ReceiverParty": credentials.shortcode,
            // Spelt so by Daraja.
            "RecieverIdentifierType": ORGANISATION,
            "ResultURL": answers.result,
            "QueueTimeOutURL": answers.time_out,
            "Remarks": "Payment reversal",
        });
        let (outcome, exchange) = self.request(credentials, PATH, &body).await;
        let result = outcome
            .as_ref()
            .map_or_else(RequestError::name, |_| "taken");
        metrics::counter!("mnara_daraja_reversals_total", "result" => result).increment(1);
        (outcome, exchange)
    }
}
