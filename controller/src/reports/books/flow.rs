//! What came in, and where it went: the sums of lines of the books.

use super::store::Moved;
use crate::payments::ledger::Account;

/// The accounts in the order in which they are shown: what came in is the sum of the others.
pub const ACCOUNTS: [Account; 6] = [
    Account::Till,
    Account::Tickets,
    Account::Refunded,
    Account::Unmatched,
    Account::Credit,
    Account::Own,
];

/// Sums in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    incoming: i64,
    tickets: i64,
    refunded: i64,
    unmatched: i64,
    credit: i64,
    own: i64,
}

impl Flow {
    /// Adds what moved.
    pub fn add(&mut self, moved: &Moved) {
        for (account, cents) in [(moved.debit, -moved.cents), (moved.credit, moved.cents)] {
            match account {
                // Seen from the till, what the others take is what came in.
                Account::Till => self.incoming -= cents,
                Account::Tickets => self.tickets += cents,
                Account::Refunded => self.refunded += cents,
                Account::Unmatched => self.unmatched += cents,
                Account::Credit => self.credit += cents,
                Account::Own => self.own += cents,
            }
        }
    }

    /// The sum of an account.
    #[must_use]
    pub const fn of(&self, account: Account) -> i64 {
        match account {
            Account::Till => self.incoming,
            Account::Tickets => self.tickets,
            Account::Refunded => self.refunded,
            Account::Unmatched => self.unmatched,
            Account::Credit => self.credit,
            Account::Own => self.own,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::period::Day;

    #[test]
    fn what_came_in_is_what_the_others_took() {
        let mut flow = Flow::default();
        for (debit, credit, cents) in [
            (Account::Till, Account::Tickets, 5_000),
            (Account::Till, Account::Unmatched, 3_000),
            (Account::Till, Account::Own, 100),
            (Account::Unmatched, Account::Tickets, 2_000),
            (Account::Unmatched, Account::Till, 500),
            (Account::Tickets, Account::Refunded, 1_200),
            (Account::Unmatched, Account::Credit, 300),
            (Account::Credit, Account::Tickets, 200),
        ] {
            flow.add(&Moved {
                day: Day(1),
                site: None,
                debit,
                credit,
                cents,
            });
        }
        assert_eq!(
            flow,
            Flow {
                incoming: 7_600,
                tickets: 6_000,
                refunded: 1_200,
                unmatched: 200,
                credit: 100,
                own: 100
            }
        );
        assert_eq!(
            flow.incoming,
            flow.tickets + flow.refunded + flow.unmatched + flow.credit + flow.own
        );
    }
}
