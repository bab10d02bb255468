//! One payment as it stands in a list.

use mnara_protocol::money::Money;

use super::super::store::list::Line;
use super::super::unmatched::pages::payer;
use super::{Standing, flag_words};
use crate::providers::mail::fill;
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
    /// How that is parted, if some of it is credit.
    pub parts: Option<String>,
    /// The phone that was asked.
    pub phone: String,
    /// How it stands.
    pub standing: Standing,
    /// What a person should look at, if none has.
    pub flag: Option<&'static str>,
}

/// What was bought for.
#[must_use]
pub const fn price(line: &Line) -> Money {
    Money::from_cents(line.amount.cents() + line.credit.cents())
}

/// How a price is parted between credit and M-PESA, if some of it is credit.
#[must_use]
pub fn parts(line: &Line, w: &Words) -> Option<String> {
    let (credit, paid) = (show::money(line.credit), show::money(line.amount));
    (line.credit.cents() > 0).then(|| {
        let places = [("credit", credit.as_str()), ("paid", paid.as_str())];
        fill(w.payments.parts, &places)
    })
}

impl Shown {
    /// Puts a payment into words.
    #[must_use]
    pub fn new(line: Line, w: &Words) -> Self {
        Self {
            at: w.calendar.moment(line.at),
            amount: show::money(price(&line)),
            parts: parts(&line, w),
            phone: payer(&Payer::read(&line.phone), &w.queue),
            standing: Standing::of_line(&line, w),
            flag: line
                .flag
                .as_deref()
                .filter(|_| line.looked.is_none())
                .map(|flag| flag_words(flag, &w.reasons)),
            line,
        }
    }
}
