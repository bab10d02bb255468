//! The pages of what a business's operator may do at M-PESA, and who may open them.

use crate::payments::operator::pages as operator;
use crate::payments::pages::one;
use crate::payments::unmatched::pages as queue;
use crate::providers::gate::{Door, Pages};
use crate::providers::staff::roles::Permission as P;

/// Adds them.
pub(super) fn with(pages: Pages) -> Pages {
    pages
        .get(
            "/settings/mpesa/operator",
            Door::Staff(P::SetMpesa),
            operator::form,
        )
        .post(
            "/settings/mpesa/operator",
            Door::Staff(P::SetMpesa),
            operator::set,
        )
        .post(
            "/settings/mpesa/operator/end",
            Door::Staff(P::SetMpesa),
            operator::end,
        )
        .post(
            "/settings/mpesa/operator/status",
            Door::Staff(P::SetMpesa),
            operator::status,
        )
        .post(
            "/settings/mpesa/operator/reversal",
            Door::Staff(P::SetMpesa),
            operator::reversal,
        )
        .post(
            "/payments/{id}/reverse",
            Door::Staff(P::SendBack),
            one::reverse,
        )
        .post(
            "/payments/unmatched/{id}/reverse",
            Door::Staff(P::SendBack),
            queue::reverse,
        )
        .post(
            "/payments/unmatched/receipts",
            Door::Staff(P::WorkPayments),
            queue::ask,
        )
        .post(
            "/payments/unmatched/receipts/reversed",
            Door::Staff(P::WorkPayments),
            queue::reversed,
        )
}
