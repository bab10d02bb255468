//! Who may do what: one table, read by the gate before every page and shown to people as it stands.

use std::str::FromStr;

/// A person's part in a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, and the only one who may touch money's way and other owners.
    Owner,
    /// Runs the business from day to day.
    Manager,
    /// Sells.
    Cashier,
    /// Keeps sites working.
    Technician,
    /// Looks.
    Reader,
}

impl Role {
    /// All of them, the most trusted first.
    pub const ALL: [Self; 5] = [
        Self::Owner,
        Self::Manager,
        Self::Cashier,
        Self::Technician,
        Self::Reader,
    ];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Manager => "manager",
            Self::Cashier => "cashier",
            Self::Technician => "technician",
            Self::Reader => "reader",
        }
    }

    /// Whether the role may do something.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        TABLE
            .iter()
            .any(|(listed, roles)| *listed == permission && roles.contains(&self))
    }

    /// All that the role may do, in the table's order.
    pub fn permissions(self) -> impl Iterator<Item = Permission> {
        TABLE
            .iter()
            .filter(move |(_, roles)| roles.contains(&self))
            .map(|(permission, _)| *permission)
    }
}

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(text: &str) -> Result<Self, NoRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or(NoRole)
    }
}

/// Says that a word names no role.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a role is owner, manager, cashier, technician or reader")]
pub struct NoRole;

/// Something a page lets people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Seeing how the business is today.
    SeeHome,
    /// Seeing sites, and whether they are up.
    SeeSites,
    /// Making sites and enrolling their agents.
    ManageSites,
    /// Cutting a device off, holding and moving vouchers that run.
    ServeCustomers,
    /// Seeing what is for sale.
    SeePlans,
    /// Changing what is for sale.
    EditPlans,
    /// Seeing which vouchers there are, and the story of one whose code one has.
    SeeVouchers,
    /// Seeing codes that nobody has used yet: sheets and lists of a series.
    PrintVouchers,
    /// Selling printed vouchers for cash, and taking back what one sold oneself.
    SellForCash,
    /// Making series, revoking vouchers, giving extra time.
    MakeVouchers,
    /// Seeing what customers paid, message by message, and who they are.
    SeePayments,
    /// Setting a payment right: asking again, sending again, noting what was paid back.
    WorkPayments,
    /// Having M-PESA send a customer's money back.
    SendBack,
    /// Blocking a customer, giving one a voucher.
    WorkCustomers,
    /// Seeing how the business goes over time.
    SeeReports,
    /// Changing how the hotspot's page looks.
    EditPortal,
    /// Saying what is told to whom.
    SetNotices,
    /// Seeing who did what.
    SeeAudit,
    /// Giving programs a way in, and sending them news.
    ManageKeys,
    /// Taking all data out.
    Export,
    /// Seeing what the business pays the platform, and until when it has.
    SeeSubscription,
    /// Paying the platform.
    PayPlatform,
    /// Saying where customers' money goes.
    SetMpesa,
    /// Seeing who works here, and who was asked to.
    SeeStaff,
    /// Asking people to join, changing what they are, ending their place.
    ManageStaff,
    /// Making and unmaking owners.
    MakeOwners,
}

use Permission as P;
use Role as R;

/// What each may do. A permission that is not here is nobody's.
pub const TABLE: &[(Permission, &[Role])] = &[
    (
        P::SeeHome,
        &[R::Owner, R::Manager, R::Cashier, R::Technician, R::Reader],
    ),
    (
        P::SeeSites,
        &[R::Owner, R::Manager, R::Technician, R::Reader],
    ),
    (P::ManageSites, &[R::Owner, R::Manager, R::Technician]),
    (
        P::ServeCustomers,
        &[R::Owner, R::Manager, R::Cashier, R::Technician],
    ),
    (
        P::SeePlans,
        &[R::Owner, R::Manager, R::Cashier, R::Technician, R::Reader],
    ),
    (P::EditPlans, &[R::Owner, R::Manager]),
    (
        P::SeeVouchers,
        &[R::Owner, R::Manager, R::Cashier, R::Reader],
    ),
    (P::PrintVouchers, &[R::Owner, R::Manager, R::Cashier]),
    (P::SellForCash, &[R::Owner, R::Manager, R::Cashier]),
    (P::MakeVouchers, &[R::Owner, R::Manager]),
    (
        P::SeePayments,
        &[R::Owner, R::Manager, R::Cashier, R::Reader],
    ),
    (P::WorkPayments, &[R::Owner, R::Manager, R::Cashier]),
    (P::SendBack, &[R::Owner, R::Manager]),
    (P::WorkCustomers, &[R::Owner, R::Manager]),
    (P::SeeReports, &[R::Owner, R::Manager, R::Reader]),
    (P::EditPortal, &[R::Owner, R::Manager]),
    (P::SetNotices, &[R::Owner, R::Manager]),
    (P::SeeAudit, &[R::Owner, R::Manager, R::Reader]),
    (P::ManageKeys, &[R::Owner]),
    (P::Export, &[R::Owner]),
    (P::SeeSubscription, &[R::Owner, R::Manager, R::Reader]),
    (P::PayPlatform, &[R::Owner, R::Manager]),
    (P::SetMpesa, &[R::Owner]),
    (P::SeeStaff, &[R::Owner, R::Manager, R::Reader]),
    (P::ManageStaff, &[R::Owner, R::Manager]),
    (P::MakeOwners, &[R::Owner]),
];

/// What somebody of the platform may open as well, beside what a reader may, who looks at a business: forms that cannot be sent.
///
/// Codes that
/// nobody has used yet, keys, and all data at once are not among it.
pub const VIEWED: [Permission; 4] = [P::EditPlans, P::EditPortal, P::SetNotices, P::SetMpesa];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_may_everything_and_each_line_stands_once() {
        for (at, (permission, roles)) in TABLE.iter().enumerate() {
            assert!(roles.contains(&Role::Owner), "{permission:?}");
            assert!(
                TABLE[..at].iter().all(|(before, _)| before != permission),
                "{permission:?} stands twice"
            );
        }
        assert!(!Role::Manager.may(Permission::MakeOwners));
        assert!(!Role::Cashier.may(Permission::ManageStaff));
    }

    #[test]
    fn whoever_looks_for_the_platform_sees_no_code_and_takes_nothing_out() {
        for hidden in [P::PrintVouchers, P::SellForCash, P::ManageKeys, P::Export] {
            assert!(!Role::Reader.may(hidden) && !VIEWED.contains(&hidden));
        }
    }

    #[test]
    fn a_role_is_read_as_it_is_written() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        assert_eq!("Owner".parse::<Role>(), Err(NoRole));
    }
}
