//! A statement of the rail beside our books: what both know, what only one does, and where the amounts differ.
//!
//! Reading and comparing are pure, and nothing of a statement is kept but the payments that somebody takes into the queue.

pub mod gone;
pub mod pages;
pub mod read;
pub mod store;
pub mod taken;

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PaymentId;
use mnara_protocol::money::Money;

use crate::payments::unmatched::{BEGUN_WITHIN, CLOCKS_APART};
use crate::rails::msisdn::Msisdn;
use read::{Entry, span};

/// Money that our books know by its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    /// The receipt.
    pub receipt: String,
    /// How much.
    pub amount: Money,
    /// When it came.
    pub at: Timestamp,
    /// The payment; none for money in the queue.
    pub payment: Option<PaymentId>,
}

/// A payment whose receipt the rail did not tell: it said only that it was paid, or has not said yet how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// What the customer's statement shows as the account.
    pub reference: String,
    /// The phone that was asked.
    pub phone: Option<Msisdn>,
    /// When it was begun.
    pub begun: Timestamp,
    /// Whether its end is still to come.
    pub is_open: bool,
    /// Whether its money stands in the books.
    pub is_booked: bool,
}

/// Money that had come by a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The receipt.
    pub receipt: String,
    /// The payment; none for money in the queue, which goes back whole or not at all.
    pub payment: Option<PaymentId>,
    /// What of it the books say is still there.
    pub left: Money,
}

/// What is known of the time of a statement.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What has a receipt of the statement, or came in its time.
    pub ours: Vec<Ours>,
    /// What has no receipt.
    pub unnamed: Vec<Unnamed>,
    /// What had come by the receipts that the statement gives back.
    pub origins: Vec<Origin>,
    /// Of the receipts by which money went back, those in the books.
    pub written: Vec<String>,
}

/// One amount of the statement against another of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// What the statement says.
    pub entry: Entry,
    /// What our books say.
    pub ours: Ours,
}

/// A line that tells the receipt of a payment of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What the statement says.
    pub entry: Entry,
    /// The payment.
    pub payment: PaymentId,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Known to both, with the same amount: how many, and how much.
    pub matched: (usize, i64),
    /// On the statement, and probably a payment of ours whose receipt we were never told.
    pub likely: usize,
    /// Those of them of which it is certain whose they are.
    pub named: Vec<Named>,
    /// On the statement, and maybe a payment's of ours whose end is still to come.
    pub open: Vec<Entry>,
    /// On the statement and not with us.
    pub missing: Vec<Entry>,
    /// With us and not on the statement.
    pub extra: Vec<Ours>,
    /// With us without a receipt, and no line of the statement.
    pub unnamed: Vec<Unnamed>,
    /// Known to both, with different amounts.
    pub differing: Vec<Differing>,
}

/// Compares by receipt.
#[must_use]
pub fn compare(entries: &[Entry], known: &Known) -> Compared {
    let mut found = Compared::default();
    let mut ours: BTreeMap<&str, &Ours> = BTreeMap::new();
    for one in &known.ours {
        ours.insert(&one.receipt, one);
    }
    let mut unnamed: Vec<&Unnamed> = known.unnamed.iter().collect();
    for entry in entries {
        match ours.remove(entry.receipt.as_str()) {
            Some(one) if one.amount == entry.amount => {
                found.matched.0 += 1;
                found.matched.1 = found.matched.1.saturating_add(entry.amount.cents());
            }
            Some(one) => found.differing.push(Differing {
                entry: entry.clone(),
                ours: one.clone(),
            }),
            None => match fit(entry, &known.unnamed) {
                Fit::Open => found.open.push(entry.clone()),
                Fit::Nobodys => found.missing.push(entry.clone()),
                fit @ (Fit::Likely | Fit::Sure(_)) => {
                    let Some(place) = unnamed.iter().position(|one| may_be(entry, one)) else {
                        // It stood for another line.
                        found.missing.push(entry.clone());
                        continue;
                    };
                    unnamed.remove(place);
                    found.likely += 1;
                    if let Fit::Sure(payment) = fit {
                        let entry = entry.clone();
                        found.named.push(Named { entry, payment });
                    }
                }
            },
        }
    }
    if let Some((first, last)) = span(entries.iter().map(|entry| entry.at)) {
        // At its edges a statement may begin or end between the rail's time and ours.
        found.extra = ours
            .into_values()
            .filter(|one| one.at >= first && one.at <= last)
            .cloned()
            .collect();
        found.extra.sort_by_key(|one| one.at);
        let is_on = |one: &Unnamed| found.open.iter().any(|entry| may_be(entry, one));
        found.unnamed = unnamed
            .into_iter()
            .filter(|one| one.is_booked && one.begun >= first && one.begun <= last)
            .filter(|one| !is_on(one))
            .cloned()
            .collect();
    }
    found
}

/// Which payment without a receipt a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// None that is known.
    Nobodys,
    /// Maybe one whose end is still to come: only that says whether it was paid.
    Open,
    /// Probably one, but it may be another of ours or somebody else's.
    Likely,
    /// This one and no other.
    Sure(PaymentId),
}

/// Finds the payment that a line tells of: the one whose account it names, which no other has; where it names none, the only one that fits, and
/// none while one that fits is open.
#[must_use]
pub fn fit(entry: &Entry, unnamed: &[Unnamed]) -> Fit {
    let mut fitting = unnamed.iter().filter(|one| may_be(entry, one));
    let Some(first) = fitting.next() else {
        return Fit::Nobodys;
    };
    if entry.account.is_some() {
        return Fit::Sure(first.payment);
    }
    let rest: Vec<&Unnamed> = fitting.collect();
    if first.is_open || rest.iter().any(|one| one.is_open) {
        Fit::Open
    } else if rest.is_empty() && entry.payer.is_some() {
        Fit::Sure(first.payment)
    } else {
        Fit::Likely
    }
}

/// Whether a line may tell of a payment. What is not told of who paid excludes nobody.
fn may_be(entry: &Entry, one: &Unnamed) -> bool {
    if one.amount != entry.amount {
        return false;
    }
    match &entry.account {
        Some(account) => *account == one.reference,
        None => {
            let is_then =
                entry.at + CLOCKS_APART >= one.begun && entry.at <= one.begun + BEGUN_WITHIN;
            let told = entry.payer.as_ref().zip(one.phone);
            is_then && told.is_none_or(|(payer, phone)| payer.may_be(&phone))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rails::daraja::callback::Payer;

    const T: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn entry(receipt: &str, shillings: i32, after: i64) -> Entry {
        Entry {
            receipt: receipt.to_owned(),
            at: T.plus_secs(after),
            amount: Money::from_shillings(shillings),
            account: None,
            payer: None,
            went_back: false,
        }
    }

    fn ours(receipt: &str, shillings: i32, after: i64) -> Ours {
        Ours {
            receipt: receipt.to_owned(),
            amount: Money::from_shillings(shillings),
            at: T.plus_secs(after),
            payment: None,
        }
    }

    fn unnamed(byte: u8, reference: &str, is_open: bool) -> Unnamed {
        Unnamed {
            payment: PaymentId::from_bytes([byte; 16]),
            amount: Money::from_shillings(50),
            reference: reference.to_owned(),
            phone: "254708374149".parse().ok(),
            begun: T,
            is_open,
            is_booked: !is_open,
        }
    }

    #[test]
    fn each_receipt_is_in_one_of_the_lists() {
        let entries = [
            entry("AAAAAA1", 50, 0),
            entry("AAAAAA2", 20, 60),
            entry("AAAAAA3", 70, 120),
            entry("AAAAAA4", 10, 7_200),
        ];
        let known = Known {
            ours: vec![
                ours("AAAAAA1", 50, 5),
                ours("AAAAAA2", 25, 65),
                ours("BBBBBB1", 90, 600),
                // Before and after what the statement is about.
                ours("BBBBBB2", 90, -600),
                ours("BBBBBB3", 90, 9_000),
                ours("AAAAAA4", 10, 7_205),
            ],
            ..Known::default()
        };
        let found = compare(&entries, &known);
        assert_eq!(found.matched, (2, 6_000));
        assert_eq!(found.missing, [entries[2].clone()]);
        assert_eq!(found.differing.len(), 1);
        assert_eq!(found.differing[0].ours.receipt, "AAAAAA2");
        let extra: Vec<&str> = found.extra.iter().map(|one| one.receipt.as_str()).collect();
        assert_eq!(extra, ["BBBBBB1"]);
    }

    #[test]
    fn a_payment_without_a_receipt_is_not_missing_and_stands_for_one_line_only() {
        let known = Known {
            unnamed: vec![unnamed(7, "SABC", false)],
            ..Known::default()
        };
        let entries = [entry("AAAAAA1", 50, 30), entry("AAAAAA2", 50, 40)];
        let found = compare(&entries, &known);
        assert_eq!((found.likely, found.missing.len()), (1, 1));
        // A paybill says whose it is; then the time does not matter, and another's is not it.
        let named = |account: &str, after| Entry {
            account: Some(account.to_owned()),
            ..entry("AAAAAA1", 50, after)
        };
        assert_eq!(compare(&[named("SABC", 9_000)], &known).likely, 1);
        assert_eq!(compare(&[named("SXYZ", 30)], &known).missing.len(), 1);
        assert_eq!(
            compare(&[entry("AAAAAA1", 50, 900)], &known).missing.len(),
            1
        );
        assert_eq!(
            compare(&[entry("AAAAAA1", 51, 30)], &known).missing.len(),
            1
        );
    }

    #[test]
    fn a_line_is_a_payments_if_only_that_one_fits_and_waits_while_one_is_open() {
        let paid = |tail: &str, after| Entry {
            payer: Some(Payer::read(&format!("254708***{tail}"))),
            ..entry("AAAAAA1", 50, after)
        };
        let one = [unnamed(7, "SABC", false)];
        let sure = Fit::Sure(one[0].payment);
        assert_eq!(fit(&paid("149", 30), &one), sure);
        // The rail's clock and ours are not the same.
        assert_eq!(fit(&paid("149", -60), &one), sure);
        assert_eq!(fit(&paid("149", -180), &one), Fit::Nobodys);
        // Another phone, and one that is not told.
        assert_eq!(fit(&paid("150", 30), &one), Fit::Nobodys);
        assert_eq!(fit(&entry("AAAAAA1", 50, 30), &one), Fit::Likely);
        let two = [unnamed(7, "SABC", false), unnamed(8, "SABD", false)];
        assert_eq!(fit(&paid("149", 30), &two), Fit::Likely);
        let open = [unnamed(7, "SABC", false), unnamed(8, "SABD", true)];
        assert_eq!(fit(&paid("149", 30), &open), Fit::Open);
        let known = Known {
            unnamed: open.to_vec(),
            ..Known::default()
        };
        let found = compare(&[paid("149", 30)], &known);
        assert_eq!((found.open.len(), found.likely), (1, 0));
        // Of two nobody can tell whose the receipt is, and of one that names nothing neither.
        for (lines, unnamed, named) in [
            (vec![paid("149", 30)], one.to_vec(), 1),
            (vec![entry("AAAAAA1", 50, 30)], one.to_vec(), 0),
            (vec![paid("149", 30); 2], two.to_vec(), 0),
        ] {
            let known = Known {
                unnamed,
                ..Known::default()
            };
            let found = compare(&lines, &known);
            assert_eq!((found.likely, found.named.len()), (lines.len(), named));
        }
        assert_eq!(found.missing, []);
        // The account says whose it is, however that ends.
        let named = Entry {
            account: Some("SABD".to_owned()),
            ..paid("150", 9_000)
        };
        assert_eq!(fit(&named, &open), Fit::Sure(open[1].payment));
        let found = compare(std::slice::from_ref(&named), &known);
        assert_eq!(found.named[0].payment, open[1].payment);
    }

    #[test]
    fn what_is_booked_without_a_receipt_and_on_no_line_is_not_on_the_statement() {
        let later = Unnamed {
            begun: T.plus_secs(3_600),
            ..unnamed(9, "SABE", false)
        };
        let known = Known {
            unnamed: vec![
                unnamed(7, "SABC", false),
                // Not told yet, and after what the statement is about.
                unnamed(8, "SABD", true),
                later,
            ],
            ..Known::default()
        };
        let around = [entry("AAAAAA1", 70, -60), entry("AAAAAA2", 70, 600)];
        let found = compare(&around, &known);
        assert_eq!(found.unnamed, [known.unnamed[0].clone()]);
        assert_eq!(found.extra, []);
        let named = Entry {
            account: Some("SABC".to_owned()),
            ..entry("AAAAAA3", 50, 30)
        };
        let [first, last] = around;
        let found = compare(&[first, named, last], &known);
        assert_eq!((found.likely, found.unnamed), (1, Vec::new()));
    }

    #[test]
    fn an_empty_statement_says_nothing_of_what_we_have() {
        let known = Known {
            ours: vec![ours("AAAAAA1", 50, 0)],
            ..Known::default()
        };
        assert_eq!(compare(&[], &known), Compared::default());
    }
}
