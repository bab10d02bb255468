//! What a business may do with what it has paid for: the one place where gates, sellers and limits ask.
//!
//! The row is written by the slice of subscriptions, which knows books and plans; here it is only read. A business without a row may do everything.

pub mod store;

use std::str::FromStr;

use mnara_protocol::clock::Timestamp;

use super::staff::roles::Permission;

/// How many days before the end people see on every page that it comes.
pub const WARNED_DAYS: i64 = 7;
const DAY_SECS: i64 = 86_400;

/// Something a plan lets a business do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// Reports beyond the day.
    AdvancedAnalytics,
    /// Keys for its own programs.
    ApiAccess,
    /// News sent to its own programs.
    Webhooks,
    /// Its own colours, words and logo on the portal.
    CustomPortal,
}

impl Feature {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::AdvancedAnalytics,
        Self::ApiAccess,
        Self::Webhooks,
        Self::CustomPortal,
    ];

    /// The word in the database and in the API.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::AdvancedAnalytics => "advanced-analytics",
            Self::ApiAccess => "api-access",
            Self::Webhooks => "webhooks",
            Self::CustomPortal => "custom-portal",
        }
    }
}

impl FromStr for Feature {
    type Err = NoFeature;

    fn from_str(text: &str) -> Result<Self, NoFeature> {
        Self::ALL
            .iter()
            .copied()
            .find(|feature| feature.word() == text)
            .ok_or(NoFeature)
    }
}

/// Says that a word names no feature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such feature")]
pub struct NoFeature;

/// What each feature opens: paths of pages, and of calls behind the API's base.
pub const OPENED: [(&str, Feature); 5] = [
    ("/reports", Feature::AdvancedAnalytics),
    ("/settings/keys", Feature::ApiAccess),
    ("/settings/webhooks", Feature::Webhooks),
    ("/settings/portal", Feature::CustomPortal),
    ("/sites/{id}/look", Feature::CustomPortal),
];

/// What opens also when the subscription has run out: what was sold goes on, so it can be looked up; a business's data are its own, so they can be
/// taken out; and what is to be paid.
const ALWAYS: [&str; 8] = [
    "/vouchers/find",
    "/vouchers/{id}",
    "/settings/export",
    "/settings/export/{code}",
    "/subscription",
    "/subscription/plans",
    "/subscription/orders",
    "/subscription/invoices",
];

/// What a path needs.
fn needs(path: &str) -> Option<Feature> {
    let found = OPENED.iter().find(|(opened, _)| {
        path.strip_prefix(opened)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    found.map(|(_, feature)| *feature)
}

/// Why something does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// The subscription has run out, and grace is over.
    Restricted,
    /// The plan does not have it.
    Lacks(Feature),
}

/// What people should see on every page about what is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No plan was chosen yet, and has to be by then.
    Choose(Timestamp),
    /// What was paid for ends then.
    Soon(Timestamp),
    /// It has ended, and everything goes on until then.
    Grace(Timestamp),
    /// Nothing new is sold until somebody pays.
    Restricted,
}

/// What a business may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Until when it has paid.
    pub due: Option<Timestamp>,
    /// From when on nothing new is sold and only what is needed to pay opens.
    pub restricted_from: Option<Timestamp>,
    /// What its plan lets it do; all without.
    pub features: Option<Vec<Feature>>,
    /// How many sites it may have; any number without.
    pub most_sites: Option<u32>,
}

impl Rights {
    /// Whether it may do no more than pay.
    #[must_use]
    pub fn is_restricted(&self, now: Timestamp) -> bool {
        self.restricted_from.is_some_and(|from| from <= now)
    }

    /// Whether its plan lets it do something.
    #[must_use]
    pub fn allows(&self, feature: Feature) -> bool {
        self.features
            .as_ref()
            .is_none_or(|features| features.contains(&feature))
    }

    /// Why a page does not open; none where it does. What is needed to pay opens always.
    #[must_use]
    pub fn page(&self, path: &str, permission: Permission, now: Timestamp) -> Option<Shut> {
        if matches!(
            permission,
            Permission::SeeSubscription | Permission::PayPlatform
        ) {
            return None;
        }
        self.shut(path, now)
    }

    /// Why a call of the API is not answered; none where it is.
    #[must_use]
    pub fn call(&self, path: &str, now: Timestamp) -> Option<Shut> {
        if !self.is_restricted(now) && !self.allows(Feature::ApiAccess) {
            return Some(Shut::Lacks(Feature::ApiAccess));
        }
        self.shut(path, now)
    }

    fn shut(&self, path: &str, now: Timestamp) -> Option<Shut> {
        if self.is_restricted(now) {
            return (!ALWAYS.contains(&path)).then_some(Shut::Restricted);
        }
        needs(path)
            .filter(|feature| !self.allows(*feature))
            .map(Shut::Lacks)
    }

    /// What people should see on every page.
    #[must_use]
    pub fn warning(&self, now: Timestamp) -> Option<Warning> {
        let from = self.restricted_from?;
        match self.due {
            _ if from <= now => Some(Warning::Restricted),
            None => Some(Warning::Choose(from)),
            Some(due) if due <= now => Some(Warning::Grace(from)),
            Some(due) if due <= now.plus_secs(WARNED_DAYS * DAY_SECS) => Some(Warning::Soon(due)),
            Some(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn without_a_row_everything_is_open_and_nothing_is_said() {
        let rights = Rights::default();
        assert_eq!(rights.page("/reports", Permission::SeeReports, NOW), None);
        assert_eq!(rights.call("/sites", NOW), None);
        assert_eq!(rights.warning(NOW), None);
        assert!(!rights.is_restricted(NOW));
    }

    #[test]
    fn who_is_restricted_opens_only_what_is_needed_to_pay() {
        let rights = Rights {
            due: Some(NOW.plus_secs(-7 * DAY_SECS)),
            restricted_from: Some(NOW),
            ..Rights::default()
        };
        let shut = Some(Shut::Restricted);
        assert_eq!(rights.page("/home", Permission::SeeHome, NOW), shut);
        assert_eq!(rights.call("/plans", NOW), shut);
        for path in ["plans", "orders", "invoices"] {
            let path = format!("/subscription/{path}");
            assert_eq!(rights.call(&path, NOW), None, "{path}");
        }
        for path in ["/settings/export", "/settings/export/{code}"] {
            assert_eq!(rights.page(path, Permission::Export, NOW), None, "{path}");
        }
        for permission in [Permission::SeeSubscription, Permission::PayPlatform] {
            assert_eq!(rights.page("/settings/subscription", permission, NOW), None);
        }
        assert_eq!(rights.warning(NOW), Some(Warning::Restricted));
        let before = NOW.plus_secs(-1);
        assert_eq!(rights.page("/home", Permission::SeeHome, before), None);
        assert_eq!(rights.warning(before), Some(Warning::Grace(NOW)));
        assert_eq!(
            rights.warning(NOW.plus_secs(-7 * DAY_SECS - 1)),
            Some(Warning::Soon(NOW.plus_secs(-7 * DAY_SECS)))
        );
        assert_eq!(rights.warning(NOW.plus_secs(-14 * DAY_SECS - 1)), None);
    }

    #[test]
    fn what_a_plan_lacks_is_named() {
        let rights = Rights {
            features: Some(vec![Feature::ApiAccess]),
            ..Rights::default()
        };
        let page = |path| rights.page(path, Permission::SeeHome, NOW);
        assert_eq!(
            page("/reports/csv"),
            Some(Shut::Lacks(Feature::AdvancedAnalytics))
        );
        assert_eq!(
            page("/sites/{id}/look"),
            Some(Shut::Lacks(Feature::CustomPortal))
        );
        assert_eq!(page("/settings/keys"), None);
        assert_eq!(page("/settings/name"), None);
        assert_eq!(page("/reportsx"), None);
        assert_eq!(
            rights.call("/settings/portal", NOW),
            Some(Shut::Lacks(Feature::CustomPortal))
        );
        let none = Rights {
            features: Some(Vec::new()),
            ..Rights::default()
        };
        assert_eq!(
            none.call("/sites", NOW),
            Some(Shut::Lacks(Feature::ApiAccess))
        );
    }
}
