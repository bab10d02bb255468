//! Tickets, which pages call vouchers: made in series, sold at the counter, prolonged, ended by their dates.

mod counter;
mod expiry;
mod extend;
pub(super) mod series;
mod vouchers;

use super::*;
