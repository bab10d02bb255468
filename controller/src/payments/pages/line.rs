//! One payment as it stands in a list.

use super::super::store::list::Line;
use super::super::unmatched::pages::payer;
use super::{Standing, flag_words};
use crate::providers::pages::words::Words;
use crate::rails::daraja::callback::Payer;
use crate::web::show;

/// A payment in the words of a page.
#[derive(Clone, Debug)]
pub struct Shown {
    /// What is known of it.
    pub line: Line,
    /// When it was begun.
    pub at: String,
    /// How much.
    pub amount: String,
    /// The phone that was asked.
    pub phone: String,
    /// How it stands.
    pub standing: Standing,
    /// What a person should look at.
    pub flag: Option<&'static str>,
}

impl Shown {
    /// Puts a payment into words.
    #[must_use]
    pub fn new(line: Line, w: &Words) -> Self {
        Self {
            at: w.calendar.moment(line.at),
            amount: show::money(line.amount),
            phone: payer(&Payer::read(&line.phone), &w.queue),
            standing: Standing::of_line(&line, w),
            flag: line
                .flag
                .as_deref()
                .map(|flag| flag_words(flag, &w.reasons)),
            line,
        }
    }
}
