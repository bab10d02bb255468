//! The books of a till: one line for each thing that happens to money, written in the transaction in which it happens.
//!
//! A line moves an amount from one account to another, so no line can be out of balance. Lines are added and never changed: what comes late,
//! or goes back, is a line more. What the accounts mean stands in their migration.

pub mod book;
pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, SiteId, UnmatchedId};
use mnara_protocol::money::Money;
use thiserror::Error;

use super::Payment;

/// Where money can stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// All that came in.
    Till,
    /// What vouchers were given for.
    Tickets,
    /// What the business sent to itself to test its account.
    Own,
    /// What nobody can be matched to yet.
    Unmatched,
    /// What phones have as credit.
    Credit,
    /// What went back.
    Refunded,
}

impl Account {
    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Till => "till",
            Self::Tickets => "tickets",
            Self::Own => "own",
            Self::Unmatched => "unmatched",
            Self::Credit => "credit",
            Self::Refunded => "refunded",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Till,
            Self::Tickets,
            Self::Own,
            Self::Unmatched,
            Self::Credit,
            Self::Refunded,
        ]
        .into_iter()
        .find(|account| account.word() == word)
    }
}

/// Why a line was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A customer's payment came.
    Paid,
    /// A test of the account came.
    Test,
    /// Money came that nobody can be matched to.
    Unmatched,
    /// Such money was that of a payment which stands in the books already.
    Known,
    /// A voucher was given for such money.
    Given,
    /// Money went back, as somebody wrote down.
    Refund,
    /// Money went back at the rail itself, without our asking.
    Reversal,
    /// Such money, or a payment that came too late, became a phone's credit.
    Credited,
    /// A phone paid a part of a voucher by its credit.
    Spent,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Paid,
        Self::Test,
        Self::Unmatched,
        Self::Known,
        Self::Given,
        Self::Refund,
        Self::Reversal,
        Self::Credited,
        Self::Spent,
    ];

    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Test => "test",
            Self::Unmatched => "unmatched",
            Self::Known => "known",
            Self::Given => "given",
            Self::Refund => "refund",
            Self::Reversal => "reversal",
            Self::Credited => "credited",
            Self::Spent => "spent",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }
}

/// Why a line was not written.
#[derive(Debug, Error)]
pub enum NotWritten {
    /// Money came in by this receipt before; the transaction is lost, and whoever tries again sees that money.
    #[error("this receipt has brought money in already")]
    ReceiptTaken,
    /// The database refused.
    #[error("the books could not be written")]
    Database(#[from] sqlx::Error),
}

/// One line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Why.
    pub cause: Cause,
    /// The payment it is about.
    pub payment: Option<PaymentId>,
    /// The money in the queue that it is about.
    pub unmatched: Option<UnmatchedId>,
    /// Which of its cause it is.
    pub turn: usize,
    /// From where.
    pub debit: Account,
    /// To where.
    pub credit: Account,
    /// How much.
    pub amount: Money,
    /// The M-PESA receipt.
    pub receipt: Option<&'a str>,
    /// Where it was sold.
    pub site: Option<SiteId>,
    /// When it happened.
    pub at: Timestamp,
}

/// Where a payment's money stands once it has come.
#[must_use]
pub const fn place(payment: &Payment) -> Account {
    if payment.plan.is_some() {
        Account::Tickets
    } else {
        Account::Own
    }
}
