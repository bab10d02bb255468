//! Where one can go: the places of a business and of the platform, in the order of a day's work.

use super::words::FrameWords;
use crate::providers::log_in::Visit;
use crate::providers::staff::roles::Permission;
use Permission as P;

/// What a place is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The day's work; above every page.
    Day,
    /// What is set once and looked at now and then.
    Setting,
    /// The platform.
    Platform,
}

/// Whom a place is for.
#[derive(Clone, Copy, Debug)]
enum For {
    Role(Permission),
    Admin,
    Everybody,
}

type Name = fn(&FrameWords) -> &'static str;

const PLACES: &[(Part, &str, Name, For)] = &[
    (Part::Day, "/home", |w| w.home, For::Role(P::SeeHome)),
    (
        Part::Day,
        "/vouchers",
        |w| w.vouchers,
        For::Role(P::SeeVouchers),
    ),
    (
        Part::Day,
        "/payments",
        |w| w.money,
        For::Role(P::SeePayments),
    ),
    (Part::Day, "/sites", |w| w.sites, For::Role(P::SeeSites)),
    // Above every page on a cashier's phone, and one step further on an owner's.
    (
        Part::Day,
        "/counter",
        |w| w.counter,
        For::Role(P::SellForCash),
    ),
    (
        Part::Day,
        "/customers",
        |w| w.customers,
        For::Role(P::SeePayments),
    ),
    (Part::Day, "/plans", |w| w.plans, For::Role(P::SeePlans)),
    (
        Part::Day,
        "/reports",
        |w| w.reports,
        For::Role(P::SeeReports),
    ),
    (Part::Platform, "/admin", |w| w.platform, For::Admin),
    (
        Part::Platform,
        "/admin/providers",
        |w| w.providers,
        For::Admin,
    ),
    (
        Part::Platform,
        "/admin/payments",
        |w| w.payments,
        For::Admin,
    ),
    (Part::Platform, "/admin/sites", |w| w.agents, For::Admin),
    (Part::Platform, "/admin/jobs", |w| w.work, For::Admin),
    (
        Part::Platform,
        "/admin/audit",
        |w| w.platform_audit,
        For::Admin,
    ),
    (
        Part::Platform,
        "/admin/settings",
        |w| w.settings,
        For::Admin,
    ),
    (
        Part::Setting,
        "/settings/mpesa",
        |w| w.mpesa,
        For::Role(P::SetMpesa),
    ),
    (
        Part::Setting,
        "/settings/portal",
        |w| w.portal,
        For::Role(P::EditPortal),
    ),
    (Part::Setting, "/staff", |w| w.staff, For::Role(P::SeeStaff)),
    (
        Part::Setting,
        "/settings/notices",
        |w| w.notices,
        For::Role(P::SetNotices),
    ),
    (
        Part::Setting,
        "/settings/keys",
        |w| w.programs,
        For::Role(P::ManageKeys),
    ),
    (Part::Setting, "/audit", |w| w.audit, For::Role(P::SeeAudit)),
    (Part::Setting, "/account", |w| w.account, For::Everybody),
];

/// Places above every page that a phone has room for; the rest is one step further.
const FIRST: usize = 4;

/// A place one can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its path.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is part of.
    pub part: Part,
    /// Whether one is there, on its page or one below.
    pub is_here: bool,
    /// Whether a phone has no room for it above every page.
    pub is_later: bool,
}

/// The page that leads everywhere.
pub const MORE: &str = "/more";

/// Everywhere this person can go from the page with a path.
#[must_use]
pub fn open_to(visit: &Visit, words: &FrameWords, path: &str) -> Vec<Link> {
    let path = path.split('?').next().unwrap_or_default();
    let mut first = 0;
    let may = |whom: &For| match whom {
        For::Role(permission) => visit.may_open(*permission),
        For::Admin => visit.is_admin,
        For::Everybody => true,
    };
    let mut links: Vec<Link> = PLACES
        .iter()
        .filter(|(.., whom)| may(whom))
        .map(|(part, place, name, _)| {
            let is_later = match part {
                Part::Setting => true,
                Part::Day | Part::Platform => {
                    first += 1;
                    first > FIRST
                }
            };
            Link {
                path: place,
                name: name(words),
                part: *part,
                is_here: path
                    .strip_prefix(place)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
                is_later,
            }
        })
        .collect();
    // The deepest place one stands in is where one is: /admin/sites is not /admin.
    let deepest = links
        .iter()
        .filter(|link| link.is_here)
        .map(|link| link.path.len())
        .max();
    for link in &mut links {
        link.is_here &= Some(link.path.len()) == deepest;
    }
    links
}
