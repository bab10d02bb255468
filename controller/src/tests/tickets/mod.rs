//! Tickets, which pages call vouchers: made in series, sold at the counter, prolonged, ended by their dates; and the form of the plans they are of.

mod counter;
mod expiry;
mod extend;
mod plan_form;
pub(super) mod series;
mod vouchers;

use super::*;
