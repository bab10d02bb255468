//! What a key of the API may do: the whole list, in the order people see it.

use std::str::FromStr;

/// One thing a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Seeing sites.
    SitesRead,
    /// Making and naming sites, and the lines that enrol their agents.
    SitesWrite,
    /// Seeing plans.
    PlansRead,
    /// Making and changing plans.
    PlansWrite,
    /// Seeing tickets and series, without codes.
    TicketsRead,
    /// Seeing codes, which are worth money.
    CodesRead,
    /// Making series, revoking, extending, holding, taking devices off the air.
    TicketsWrite,
    /// Seeing payments, with the phone numbers that paid, and what was sold for cash.
    PaymentsRead,
    /// Asking about payments again, sending their tickets again, writing down refunds, deciding about money in the queue.
    PaymentsWrite,
    /// Seeing customers, by their phone numbers, with what they had.
    CustomersRead,
    /// Refusing customers at the till, giving them tickets.
    CustomersWrite,
    /// Seeing who was online when, and how much.
    SessionsRead,
    /// Seeing who works here, and who was asked to.
    StaffRead,
    /// Seeing which SMS were sent to whom, what they cost, and which phones get none.
    MessagesRead,
    /// Sending an SMS again whose answer was lost, choosing which phones get none.
    MessagesWrite,
    /// Seeing sums and the books.
    ReportsRead,
    /// Seeing the portal's look, who is told what, which M-PESA account is in use, and which keys and webhooks there are; no secret of any.
    SettingsRead,
    /// Changing the portal's look, who is told what and which SMS are sent, trying webhooks out, sending their messages again; not where money goes.
    SettingsWrite,
    /// Seeing who did what.
    AuditRead,
    /// Seeing what the business pays the platform.
    SubscriptionRead,
    /// Making an order by which somebody can pay the platform.
    SubscriptionPay,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::SitesRead,
        Self::SitesWrite,
        Self::PlansRead,
        Self::PlansWrite,
        Self::TicketsRead,
        Self::CodesRead,
        Self::TicketsWrite,
        Self::PaymentsRead,
        Self::PaymentsWrite,
        Self::CustomersRead,
        Self::CustomersWrite,
        Self::SessionsRead,
        Self::StaffRead,
        Self::MessagesRead,
        Self::MessagesWrite,
        Self::ReportsRead,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::AuditRead,
        Self::SubscriptionRead,
        Self::SubscriptionPay,
    ];

    /// The word in the database, in forms and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SitesRead => "sites:read",
            Self::SitesWrite => "sites:write",
            Self::PlansRead => "plans:read",
            Self::PlansWrite => "plans:write",
            Self::TicketsRead => "tickets:read",
            Self::CodesRead => "codes:read",
            Self::TicketsWrite => "tickets:write",
            Self::PaymentsRead => "payments:read",
            Self::PaymentsWrite => "payments:write",
            Self::CustomersRead => "customers:read",
            Self::CustomersWrite => "customers:write",
            Self::SessionsRead => "sessions:read",
            Self::StaffRead => "staff:read",
            Self::MessagesRead => "messages:read",
            Self::MessagesWrite => "messages:write",
            Self::ReportsRead => "reports:read",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::AuditRead => "audit:read",
            Self::SubscriptionRead => "subscription:read",
            Self::SubscriptionPay => "subscription:pay",
        }
    }
}

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.word() == text)
            .ok_or(NoScope)
    }
}

/// Says that a word names no scope.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such scope")]
pub struct NoScope;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.word().parse(), Ok(scope));
        }
        assert_eq!("sites".parse::<Scope>(), Err(NoScope));
    }
}
