//! Money: what is sold and paid, the books of it, the pages that show it, and what a business may ask of M-PESA.

mod books;
mod customers;
mod intake;
pub(super) mod mpesa_change;
mod operator;
mod pages;
mod payments;
mod report_days;
mod shuffle;
mod trade;

use super::*;
