//! Customers: phones that pay. One may be refused at the till, and one may be given a voucher, a real one that is nobody's money.

pub mod block;
mod credit;
pub mod give;
pub mod pages;
pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::CustomerId;
use mnara_protocol::money::Money;
use thiserror::Error;

/// A phone that pays.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Its number here, which may stand in addresses.
    pub id: CustomerId,
    /// Its phone number, which may not.
    pub phone: String,
    /// What it has free as credit.
    pub credit: Money,
    /// Since when it is refused, and why.
    pub blocked: Option<(Timestamp, String)>,
    /// When it was met.
    pub at: Timestamp,
}

/// The longest reason.
pub const LONGEST_REASON: usize = 200;

/// Why something was not done for a customer.
#[derive(Debug, Error)]
pub enum NotDone {
    /// There is no such customer.
    #[error("there is no such customer")]
    Missing,
    /// The reason is missing or too long.
    #[error("give a reason of at most {LONGEST_REASON} letters")]
    Reason,
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Reads a reason.
pub(super) fn reason(text: &str) -> Option<&str> {
    let text = text.trim();
    let length = text.chars().count();
    ((1..=LONGEST_REASON).contains(&length)).then_some(text)
}
