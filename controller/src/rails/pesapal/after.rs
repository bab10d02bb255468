//! What can be asked after an order was made: money back, and that it be paid no more.

use mnara_protocol::money::Money;
use serde::Serialize;

use super::{CallError, Name, Pesapal};

/// Money that should go back. One for each payment; mobile money goes back whole, and somebody at the merchant approves it.
#[derive(Clone, Copy, Debug)]
pub struct Refund<'a> {
    /// The receipt of the payment.
    pub confirmation: &'a str,
    /// How much, in cents of whatever currency the payment was in: the rail asks for digits alone.
    pub cents: i64,
    /// Who asks.
    pub by: &'a str,
    /// Why.
    pub remarks: &'a str,
}

#[derive(Serialize)]
struct Back<'a> {
    confirmation_code: &'a str,
    amount: String,
    username: &'a str,
    remarks: &'a str,
}

#[derive(Serialize)]
struct Cancel<'a> {
    order_tracking_id: &'a Name,
}

impl Pesapal {
    /// Asks for money to go back. That it was asked says nothing yet: the payment is reversed once its status says so.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn refund(&self, refund: &Refund<'_>) -> Result<(), CallError> {
        let body = Back {
            confirmation_code: refund.confirmation,
            amount: Money::from_cents(refund.cents).to_decimal(),
            username: refund.by,
            remarks: refund.remarks,
        };
        self.done("/api/Transactions/RefundRequest", &body).await
    }

    /// Has an order paid no more, if it is not paid yet.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn cancel(&self, tracking: &Name) -> Result<(), CallError> {
        let body = Cancel {
            order_tracking_id: tracking,
        };
        self.done("/api/Transactions/CancelOrder", &body).await
    }

    async fn done(&self, path: &str, body: &impl Serialize) -> Result<(), CallError> {
        let reply = self.post(path, body).await?;
        match reply.fields() {
            Some(fields) if fields.is_good() => Ok(()),
            _ => Err(CallError::refused(&reply)),
        }
    }
}
