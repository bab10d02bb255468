//! Selling: what begins a payment, and every way it can end. One test for each thing real users hit.

mod c2b;
mod checkout;
mod evidence;
mod hand;
mod orders;
mod rules;
mod shared;
mod silence;

use mnara_protocol::message::{
    Answer, CheckoutQuestion, CheckoutState, PayFailure, Question, RefusedAnswer, Row,
};

use super::*;
use crate::payments::confirm::apply;
use crate::payments::question::ASK;
use crate::payments::settle::{Decision, Evidence, Flag, Outcome};

/// The newest word the site has of a try.
async fn told(world: &World, n: u8) -> CheckoutState {
    let rows = world.feed(world.shop.site).await;
    rows.into_iter()
        .find_map(|row| match row {
            Row::Checkout(row) if row.attempt == attempt(n) => Some(row.state),
            _ => None,
        })
        .unwrap()
}
