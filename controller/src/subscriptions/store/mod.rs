//! All SQL of subscriptions.

pub mod addresses;
pub mod asked;
pub mod back;
pub mod book;
pub mod charges;
pub mod invoices;
pub mod life;
pub mod listed;
pub mod messages;
pub mod orders;
pub mod plans;

/// Says that a row holds what no version of this program writes.
fn strange(what: &'static str) -> sqlx::Error {
    sqlx::Error::Decode(what.into())
}
