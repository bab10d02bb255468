//! A statement of the rail beside our books: what both know, what only one does, and where the amounts differ.
//!
//! Reading and comparing are pure, and nothing of a statement is kept but the payments that somebody takes into the queue.

pub mod gone;
pub mod pages;
pub mod read;
pub mod store;
pub mod taken;

use std::collections::BTreeMap;
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PaymentId;
use mnara_protocol::money::Money;

use read::{Entry, span};

/// The rail's time and ours are so far apart at most: what was begun earlier or settled later may stand on another statement.
const APART: Duration = Duration::from_secs(10 * 60);

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

/// A payment that the rail said was paid without telling its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// The payment.
    pub payment: PaymentId,
    /// How much.
    pub amount: Money,
    /// What the customer's statement shows as the account.
    pub reference: String,
    /// When it was begun.
    pub begun: Timestamp,
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

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Known to both, with the same amount: how many, and how much.
    pub matched: (usize, i64),
    /// On the statement, and probably a payment of ours whose receipt we were never told.
    pub likely: usize,
    /// On the statement and not with us.
    pub missing: Vec<Entry>,
    /// With us and not on the statement.
    pub extra: Vec<Ours>,
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
            None => match unnamed.iter().position(|one| is_likely(entry, one)) {
                Some(place) => {
                    unnamed.remove(place);
                    found.likely += 1;
                }
                None => found.missing.push(entry.clone()),
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
    }
    found
}

fn is_likely(entry: &Entry, one: &Unnamed) -> bool {
    if one.amount != entry.amount {
        return false;
    }
    match &entry.account {
        Some(account) => *account == one.reference,
        None => entry.at >= one.begun && entry.at <= one.begun + APART,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn entry(receipt: &str, shillings: i32, after: i64) -> Entry {
        Entry {
            receipt: receipt.to_owned(),
            at: T.plus_secs(after),
            amount: Money::from_shillings(shillings),
            account: None,
            payer: None,
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
        let unnamed = Unnamed {
            payment: PaymentId::from_bytes([7; 16]),
            amount: Money::from_shillings(50),
            reference: "SABC".to_owned(),
            begun: T,
        };
        let known = Known {
            unnamed: vec![unnamed],
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
    fn an_empty_statement_says_nothing_of_what_we_have() {
        let known = Known {
            ours: vec![ours("AAAAAA1", 50, 0)],
            ..Known::default()
        };
        assert_eq!(compare(&[], &known), Compared::default());
    }
}
