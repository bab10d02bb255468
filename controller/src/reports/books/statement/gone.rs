//! Money that a statement says went back, beside what the books say of it.

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::ids::PaymentId;
use mnara_protocol::money::Money;

use super::read::Back;
use super::{Known, Named, Origin};
use crate::payments::reversal::{goes, stand_in};

/// Money that went back, and where it stands with us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WentBack {
    /// What the statement says.
    pub back: Back,
    /// The payment; none for money in the queue.
    pub payment: Option<PaymentId>,
    /// What is to be written into the books.
    pub amount: Money,
}

/// What a comparison found of what went back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// In the books as well.
    pub known: usize,
    /// Not in the books.
    pub missing: Vec<WentBack>,
    /// With nothing left in the books that could go back.
    pub over: Vec<WentBack>,
    /// Whose payment is with us, and has yet to take in its receipt.
    pub unnamed: usize,
    /// Whose payment is not with us.
    pub nobodys: usize,
}

/// Compares what went back, each once, beside the lines that tell payments their receipts.
#[must_use]
pub fn compare(backs: &[Back], known: &Known, named: &[Named]) -> Gone {
    let named: BTreeSet<&str> = named.iter().map(|one| one.entry.receipt.as_str()).collect();
    let written: BTreeSet<&str> = known.written.iter().map(String::as_str).collect();
    let mut origins: BTreeMap<&str, Origin> = BTreeMap::new();
    for origin in &known.origins {
        // A payment's money was in the queue before.
        if origin.payment.is_some() || !origins.contains_key(origin.receipt.as_str()) {
            origins.insert(&origin.receipt, origin.clone());
        }
    }
    let mut found = Gone::default();
    for back in backs {
        if names(back)
            .iter()
            .any(|name| written.contains(name.as_str()))
        {
            found.known += 1;
            continue;
        }
        let Some(origin) = origins.get_mut(back.original.as_str()) else {
            if named.contains(back.original.as_str()) {
                found.unnamed += 1;
            } else {
                found.nobodys += 1;
            }
            continue;
        };
        let one = WentBack {
            back: back.clone(),
            payment: origin.payment,
            amount: goes(origin.payment.is_some(), origin.left, back.amount),
        };
        if one.amount.cents() == 0 {
            found.over.push(one);
        } else {
            origin.left = Money::from_cents(origin.left.cents() - one.amount.cents());
            found.missing.push(one);
        }
    }
    found
}

/// The receipts by which a way back may stand in the books.
#[must_use]
pub fn names(back: &Back) -> Vec<String> {
    let own = stand_in(&back.original);
    back.receipt.iter().cloned().chain([own]).collect()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;

    use super::super::read::Entry;
    use super::*;

    fn back(receipt: &str, original: &str, shillings: i32) -> Back {
        Back {
            receipt: Some(receipt.to_owned()),
            original: original.to_owned(),
            at: Timestamp::from_secs(1_800_000_000),
            amount: Money::from_shillings(shillings),
        }
    }

    fn origin(receipt: &str, payment: Option<u8>, shillings: i32) -> Origin {
        Origin {
            receipt: receipt.to_owned(),
            payment: payment.map(|byte| PaymentId::from_bytes([byte; 16])),
            left: Money::from_shillings(shillings),
        }
    }

    #[test]
    fn each_way_back_is_in_one_of_the_lists_and_takes_no_more_than_is_left() {
        let known = Known {
            origins: vec![
                origin("AAAAAA1", Some(1), 50),
                origin("AAAAAA2", Some(2), 0),
                origin("AAAAAA3", None, 20),
                origin("AAAAAA4", None, 20),
                origin("AAAAAA5", Some(5), 50),
                origin("AAAAAA6", Some(6), -10),
            ],
            written: vec!["BBBBBB5".to_owned(), "RVAAAAAA7".to_owned()],
            ..Known::default()
        };
        let backs = [
            // Two parts of one payment, of which the second is more than is left.
            back("BBBBBB1", "AAAAAA1", 30),
            back("BBBBBB2", "AAAAAA1", 30),
            // Dealt with otherwise.
            back("BBBBBB3", "AAAAAA2", 50),
            back("BBBBBB9", "AAAAAA6", 50),
            // From the queue: all of it, or nothing.
            back("BBBBBB4", "AAAAAA3", 25),
            back("BBBBBB6", "AAAAAA4", 10),
            // In the books, by either name.
            back("BBBBBB5", "AAAAAA5", 50),
            back("BBBBBB7", "AAAAAA7", 50),
            // Not ours.
            back("BBBBBB8", "CCCCCC1", 50),
        ];
        let found = compare(&backs, &known, &[]);
        assert_eq!((found.known, found.nobodys), (2, 1));
        let named = Named {
            entry: Entry {
                receipt: "CCCCCC1".to_owned(),
                at: Timestamp::from_secs(1_800_000_000),
                amount: Money::from_shillings(50),
                account: Some("SABC".to_owned()),
                payer: None,
                went_back: true,
            },
            payment: PaymentId::from_bytes([9; 16]),
        };
        let told = compare(&backs, &known, &[named]);
        assert_eq!((told.unnamed, told.nobodys), (1, 0));
        let told = |all: &[WentBack]| -> Vec<(String, i64)> {
            all.iter()
                .map(|one| (one.back.original.clone(), one.amount.cents()))
                .collect()
        };
        let one = |receipt: &str, cents| (receipt.to_owned(), cents);
        assert_eq!(
            told(&found.missing),
            [
                one("AAAAAA1", 3_000),
                one("AAAAAA1", 2_000),
                one("AAAAAA3", 2_000)
            ]
        );
        assert_eq!(
            told(&found.over),
            [one("AAAAAA2", 0), one("AAAAAA6", 0), one("AAAAAA4", 0)]
        );
    }
}
