//! What people can choose to hear of.

use super::kinds::BILLING;
use crate::app::App;
use crate::providers::staff::roles::{Permission, Role};

/// Something people can choose to hear of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topic {
    /// A site that is away, and one that is back.
    Site,
    /// Money a person should look at.
    Money,
    /// How the day went.
    Summary,
    /// How the month went, as files; by mail only.
    Month,
    /// What the business pays the platform: always by mail, and by SMS too if somebody wants.
    Billing,
}

impl Topic {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Site,
        Self::Money,
        Self::Summary,
        Self::Month,
        Self::Billing,
    ];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Money => "money",
            Self::Summary => "summary",
            Self::Month => "month",
            Self::Billing => BILLING,
        }
    }

    /// Whether it can be told in a text on a phone.
    #[must_use]
    pub const fn is_short(self) -> bool {
        !matches!(self, Self::Month)
    }

    /// What one must be allowed to see to hear of it.
    #[must_use]
    pub const fn needs(self) -> Permission {
        match self {
            Self::Site => Permission::SeeSites,
            Self::Money => Permission::SeePayments,
            Self::Summary | Self::Month => Permission::SeeReports,
            Self::Billing => Permission::PayPlatform,
        }
    }

    /// Whether a role hears of it where nobody chose.
    #[must_use]
    pub const fn is_told(self, role: Role) -> bool {
        match self {
            Self::Site => matches!(role, Role::Owner | Role::Technician),
            Self::Money | Self::Month => matches!(role, Role::Owner),
            Self::Summary => false,
            Self::Billing => true,
        }
    }

    /// Whether there is such news here: without an account at Pesapal nobody is asked to pay.
    #[must_use]
    pub fn is_here(self, app: &App) -> bool {
        match self {
            Self::Site | Self::Money | Self::Summary | Self::Month => true,
            Self::Billing => app.rails.pesapal.is_some(),
        }
    }
}
