//! Where one can go: the places of a business and of the platform, in the order of a day's work.

use super::icons;
use super::words::FrameWords;
use crate::providers::log_in::Visit;
use crate::providers::rights::Feature;
use crate::providers::staff::roles::Permission;
use Permission as P;

/// What a place is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The day's work.
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
    /// As a role, where businesses are asked to pay the platform.
    Payer(Permission),
    /// As a role, and for whoever may take out the business's own data also where it has to pay first.
    Data(Permission),
    Admin,
    Everybody,
}

type Name = fn(&FrameWords) -> &'static str;

/// A part, a path, a name, a drawing, and for whom.
type Place = (Part, &'static str, Name, &'static str, For);

#[rustfmt::skip]
const PLACES: &[Place] = &[
    (Part::Day, "/home", |w| w.home, icons::HOME, For::Role(P::SeeHome)),
    (Part::Day, "/vouchers", |w| w.vouchers, icons::VOUCHER, For::Role(P::SeeVouchers)),
    (Part::Day, "/payments", |w| w.money, icons::NOTE, For::Role(P::SeePayments)),
    (Part::Day, "/sites", |w| w.sites, icons::MAST, For::Role(P::SeeSites)),
    // In reach of a cashier's thumb, and one step further on an owner's phone.
    (Part::Day, "/counter", |w| w.counter, icons::SHOP, For::Role(P::SellForCash)),
    (Part::Day, "/customers", |w| w.customers, icons::PERSON, For::Role(P::SeePayments)),
    (Part::Day, "/plans", |w| w.plans, icons::TAG, For::Role(P::SeePlans)),
    (Part::Day, "/reports", |w| w.reports, icons::BARS, For::Role(P::SeeReports)),
    (Part::Day, "/books", |w| w.books, icons::BOOK, For::Role(P::SeeReports)),
    (Part::Platform, "/admin", |w| w.platform, icons::TOWER, For::Admin),
    (Part::Platform, "/admin/providers", |w| w.providers, icons::SHOP, For::Admin),
    (Part::Platform, "/admin/subscriptions", |w| w.subscriptions, icons::TAG, For::Admin),
    (Part::Platform, "/admin/payments", |w| w.payments, icons::NOTE, For::Admin),
    (Part::Platform, "/admin/sites", |w| w.agents, icons::MAST, For::Admin),
    (Part::Platform, "/admin/jobs", |w| w.work, icons::WARNING, For::Admin),
    (Part::Platform, "/admin/audit", |w| w.platform_audit, icons::LIST, For::Admin),
    (Part::Platform, "/admin/settings", |w| w.settings, icons::SLIDERS, For::Admin),
    (Part::Setting, "/settings/mpesa", |w| w.mpesa, icons::PHONE, For::Role(P::SetMpesa)),
    (Part::Setting, "/settings/name", |w| w.name, icons::SHOP, For::Role(P::EditPortal)),
    (Part::Setting, "/settings/portal", |w| w.portal, icons::PAGE, For::Role(P::EditPortal)),
    (Part::Setting, "/staff", |w| w.staff, icons::PEOPLE, For::Role(P::SeeStaff)),
    (Part::Setting, "/settings/notices", |w| w.notices, icons::BELL, For::Role(P::SetNotices)),
    (Part::Setting, "/settings/messages", |w| w.messages, icons::LETTER, For::Role(P::SetNotices)),
    (Part::Setting, "/settings/subscription", |w| w.subscription, icons::NOTE, For::Payer(P::SeeSubscription)),
    (Part::Setting, PROGRAMS, |w| w.programs, icons::PROGRAM, For::Data(P::ManageKeys)),
    (Part::Setting, "/audit", |w| w.audit, icons::LIST, For::Role(P::SeeAudit)),
    (Part::Setting, "/account", |w| w.account, icons::ACCOUNT, For::Everybody),
];

/// The place for programs and data.
const PROGRAMS: &str = "/settings/keys";

/// Pages that lie at a place although their path does not say so.
const ELSEWHERE: &[(&str, &str)] = &[
    (PROGRAMS, "/settings/keys"),
    (PROGRAMS, "/settings/webhooks"),
    (PROGRAMS, "/settings/export"),
    (PROGRAMS, "/api/v1"),
    ("/account", "/businesses"),
    ("/admin/subscriptions", "/admin/platform-plans"),
    ("/admin/subscriptions", "/admin/orders"),
];

/// Places on every page that a phone has room for; the rest is one step further.
const FIRST: usize = 4;

/// A place one can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its path.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its name where there is hardly room.
    pub short: &'static str,
    /// Its drawing.
    pub icon: &'static str,
    /// What it is part of.
    pub part: Part,
    /// Whether one is there, on its page or one below.
    pub is_here: bool,
    /// Whether a phone has no room for it on every page.
    pub is_later: bool,
}

impl Link {
    /// Whether it is set up once and seldom looked at.
    #[must_use]
    pub fn is_setting(&self) -> bool {
        self.part == Part::Setting
    }
}

/// Whether businesses are asked to pay the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// No business is.
    Nobody,
    /// This one is, and may do everything meanwhile.
    Sometime,
    /// This one has to before it can do anything else.
    First,
}

/// The page that leads everywhere.
pub const MORE: &str = "/more";

/// Everywhere this person can go from the page with a path.
#[must_use]
pub fn open_to(visit: &Visit, words: &FrameWords, path: &str, pays: Pays) -> Vec<Link> {
    let path = path.split('?').next().unwrap_or_default();
    let mut first = 0;
    let may = |whom: &For| match whom {
        For::Role(permission) => pays != Pays::First && visit.may_open(*permission),
        For::Payer(permission) => pays != Pays::Nobody && visit.may_open(*permission),
        For::Data(_) if pays == Pays::First => visit.may_open(P::Export),
        For::Data(permission) => visit.may_open(*permission),
        For::Admin => visit.is_admin,
        For::Everybody => true,
    };
    let mut links: Vec<Link> = PLACES
        .iter()
        .filter(|(.., whom)| may(whom))
        .map(|(part, known, name, icon, _)| {
            let place = match *known {
                PROGRAMS => programs(visit, pays),
                known => known,
            };
            let is_elsewhere = |(of, page): &(&str, &str)| of == known && is_at(path, page);
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
                short: match place {
                    "/admin/subscriptions" => words.short_subscriptions,
                    "/admin/payments" => words.money,
                    _ => name(words),
                },
                icon,
                part: *part,
                is_here: is_at(path, place) || ELSEWHERE.iter().any(is_elsewhere),
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

/// Whether a path is a page's own, or of one below it.
fn is_at(path: &str, page: &str) -> bool {
    let rest = path.strip_prefix(page);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The first page for programs and data that is open, whose tabs lead to the others: a business's data are its own on every plan, and whether
/// it pays or not.
fn programs(visit: &Visit, pays: Pays) -> &'static str {
    if pays == Pays::First {
        return "/settings/export";
    }
    let own = visit.place.as_ref().filter(|_| visit.view_ends.is_none());
    let allows = |feature| own.is_none_or(|place| place.rights.allows(feature));
    if allows(Feature::ApiAccess) {
        "/settings/keys"
    } else if allows(Feature::Webhooks) {
        "/settings/webhooks"
    } else {
        "/settings/export"
    }
}
