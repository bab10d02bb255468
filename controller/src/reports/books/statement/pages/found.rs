//! What a comparison with a statement shows, and the lines of it that a form sends back.

use mnara_protocol::money::Money;

use super::super::gone::{Gone, WentBack};
use super::super::read::Entry;
use super::super::{Compared, Ours, Unnamed};
use crate::payments::unmatched::pages::payer;
use crate::providers::pages::words::Words;
use crate::rails::daraja::callback::Payer;
use crate::web::csv::Csv;
use crate::web::show;

/// Lines of each list on the page, and payments taken in at once.
pub(super) const MOST_SHOWN: usize = 200;

/// A line of a list on the page.
pub(super) struct Item {
    pub(super) amount: String,
    pub(super) text: String,
    pub(super) path: Option<String>,
}

/// What the page shows of a comparison.
pub(super) struct Found {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) matched: usize,
    pub(super) money: String,
    pub(super) likely: usize,
    pub(super) named: Vec<Item>,
    pub(super) named_count: usize,
    pub(super) named_lines: String,
    pub(super) open: Vec<Item>,
    pub(super) open_count: usize,
    pub(super) missing: Vec<Item>,
    pub(super) missing_count: usize,
    pub(super) lines: String,
    pub(super) extra: Vec<Item>,
    pub(super) extra_count: usize,
    pub(super) differing: Vec<Item>,
    pub(super) differing_count: usize,
    pub(super) gone: Vec<Item>,
    pub(super) gone_count: usize,
    pub(super) gone_lines: String,
    pub(super) gone_over: Vec<Item>,
    pub(super) gone_over_count: usize,
    pub(super) gone_known: usize,
    pub(super) gone_unnamed: usize,
    pub(super) gone_nobodys: usize,
    /// Of another business that sells on the same number.
    pub(super) others: usize,
    pub(super) other: usize,
    pub(super) unread: usize,
}

/// What a comparison comes to on the page.
pub(super) fn told(found: Compared, gone: &Gone, words: &Words) -> Found {
    let w = &words.statement;
    let entry = |entry: &Entry| {
        let mut text = format!("{} · {}", entry.receipt, words.calendar.second(entry.at));
        if let Some(who) = &entry.payer {
            text = format!("{text} · {}", payer(who, &words.queue));
        }
        if let Some(account) = &entry.account {
            text = format!("{text} · {account}");
        }
        Item {
            amount: show::money(entry.amount),
            text,
            path: None,
        }
    };
    let path = |ours: &Ours| {
        ours.payment.map_or_else(
            || of_receipt(&ours.receipt),
            |payment| format!("/payments/{payment}"),
        )
    };
    let unnamed = |one: &Unnamed| Item {
        amount: show::money(one.amount),
        text: format!(
            "{} · {} · {}",
            one.reference,
            words.calendar.second(one.begun),
            w.no_receipt
        ),
        path: Some(format!("/payments/{}", one.payment)),
    };
    let back = |one: &WentBack| Item {
        amount: show::money(one.back.amount),
        text: format!(
            "{} {} {} · {}",
            one.back.receipt.as_deref().unwrap_or("?"),
            w.gone_of,
            one.back.original,
            words.calendar.second(one.back.at)
        ),
        path: Some(one.payment.map_or_else(
            || of_receipt(&one.back.original),
            |payment| format!("/payments/{payment}"),
        )),
    };
    Found {
        from: String::new(),
        to: String::new(),
        matched: found.matched.0,
        money: show::money(Money::from_cents(found.matched.1)),
        likely: found.likely,
        named: found
            .named
            .iter()
            .take(MOST_SHOWN)
            .map(|one| Item {
                path: Some(format!("/payments/{}", one.payment)),
                ..entry(&one.entry)
            })
            .collect(),
        named_count: found.named.len(),
        named_lines: lines(found.named.iter().map(|one| &one.entry)),
        open: found.open.iter().take(MOST_SHOWN).map(entry).collect(),
        open_count: found.open.len(),
        missing: found.missing.iter().take(MOST_SHOWN).map(entry).collect(),
        missing_count: found.missing.len(),
        lines: lines(found.missing.iter()),
        extra: found
            .extra
            .iter()
            .map(|ours| Item {
                amount: show::money(ours.amount),
                text: format!("{} · {}", ours.receipt, words.calendar.second(ours.at)),
                path: Some(path(ours)),
            })
            .chain(found.unnamed.iter().map(unnamed))
            .take(MOST_SHOWN)
            .collect(),
        extra_count: found.extra.len() + found.unnamed.len(),
        differing: found
            .differing
            .iter()
            .take(MOST_SHOWN)
            .map(|one| Item {
                amount: format!(
                    "{} {} · {} {}",
                    w.statement_says,
                    show::money(one.entry.amount),
                    w.we_say,
                    show::money(one.ours.amount)
                ),
                text: format!(
                    "{} · {}",
                    one.entry.receipt,
                    words.calendar.second(one.entry.at)
                ),
                path: Some(path(&one.ours)),
            })
            .collect(),
        differing_count: found.differing.len(),
        gone: gone.missing.iter().take(MOST_SHOWN).map(back).collect(),
        gone_count: gone.missing.len(),
        gone_lines: gone_lines(&gone.missing),
        gone_over: gone.over.iter().take(MOST_SHOWN).map(back).collect(),
        gone_over_count: gone.over.len(),
        gone_known: gone.known,
        gone_unnamed: gone.unnamed,
        gone_nobodys: gone.nobodys,
        others: 0,
        other: 0,
        unread: 0,
    }
}

/// Where the queue has the money of a receipt.
fn of_receipt(receipt: &str) -> String {
    format!("/payments/unmatched?receipt={receipt}")
}

/// Lines as a statement has them, for the form that takes them in: what is compared is not kept between two pages.
fn lines<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    let mut table = Csv::new(&[
        "Receipt No.",
        "Completion Time",
        "Transaction Status",
        "Paid In",
        "A/C No.",
        "Other Party Info",
    ]);
    for entry in entries.take(MOST_SHOWN) {
        let who = match &entry.payer {
            Some(Payer::Masked { head, tail }) => format!("{head}***{tail}"),
            _ => String::new(),
        };
        let account = entry.account.as_deref().unwrap_or_default();
        table.row(&[
            entry.receipt.as_str(),
            &show::sortable(entry.at),
            if entry.went_back {
                "Reversed"
            } else {
                "Completed"
            },
            &entry.amount.to_decimal(),
            account,
            &who,
        ]);
    }
    table.take()
}

/// The same for what went back.
fn gone_lines(all: &[WentBack]) -> String {
    let mut table = Csv::new(&[
        "Receipt No.",
        "Completion Time",
        "Details",
        "Paid In",
        "Withdrawn",
        "Linked Transaction ID",
    ]);
    for one in all.iter().take(MOST_SHOWN) {
        let back = &one.back;
        table.row(&[
            back.receipt.as_deref().unwrap_or(&back.original),
            &show::sortable(back.at),
            "Reversal",
            "",
            &back.amount.to_decimal(),
            &back.original,
        ]);
    }
    table.take()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;
    use mnara_protocol::portal::Language;

    use super::super::super::Differing;
    use super::*;

    #[test]
    fn all_that_was_found_is_counted_and_the_first_of_it_is_shown() {
        let at = Timestamp::from_secs(1_800_000_000);
        let one = Differing {
            entry: Entry {
                receipt: "NLJ7RT61SV".to_owned(),
                at,
                amount: Money::from_shillings(60),
                account: None,
                payer: None,
                went_back: false,
            },
            ours: Ours {
                receipt: "NLJ7RT61SV".to_owned(),
                amount: Money::from_shillings(50),
                at,
                payment: None,
            },
        };
        let found = Compared {
            differing: vec![one; MOST_SHOWN + 1],
            ..Compared::default()
        };
        let found = told(found, &Gone::default(), Words::of(Language::English));
        assert_eq!(found.differing.len(), MOST_SHOWN);
        assert_eq!(found.differing_count, MOST_SHOWN + 1);
        let path = found.differing[0].path.as_deref();
        assert_eq!(path, Some("/payments/unmatched?receipt=NLJ7RT61SV"));
        assert_eq!((found.gone_over.len(), found.gone_over_count), (0, 0));
    }
}
