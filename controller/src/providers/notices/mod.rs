//! Who is told what of a business, by mail, SMS or both: each way is a column of choices. What happened is found out by the slice it happens in;
//! who hears of it, and in which words, is here.
//!
//! What concerns security goes to all owners and cannot be switched off: a thief would do that first. Nor can how the business stands with the
//! platform. Both go by mail, and by SMS to an owner who has no address.

pub mod billing;
pub mod choose;
mod colleague;
mod kinds;
pub mod pages;
pub mod routers;
pub mod standing;
pub mod store;
mod telling;
mod topic;

pub use colleague::{Colleague, Way, Ways};
pub use kinds::{BILLING, SECURITY, STANDING};
pub use telling::{
    Own, tell, tell_owner_gone, tell_owners, tell_owners_once, tell_payers, tell_person,
    tell_standing,
};
pub use topic::Topic;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;

use super::mail::{Letter, fill};
use super::pages::words::{Unit, Words};
use super::state::Move;
use crate::app::App;

/// Sites a letter names; of the others it says how many there are.
const NAMED: usize = 20;

/// What is told.
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// Customers' money goes another way.
    MpesaChanged,
    /// The operator that may send customers' money back is another, or none.
    OperatorChanged,
    /// Somebody's second factor is off.
    SecondFactorOff {
        /// Whose.
        who: &'a str,
    },
    /// Somebody's password is another.
    PasswordChanged {
        /// Whose.
        who: &'a str,
    },
    /// Somebody logs in with another address or number.
    ContactChanged {
        /// Who.
        who: &'a str,
    },
    /// Somebody can do everything now.
    NewOwner {
        /// Who.
        who: &'a str,
    },
    /// Somebody who was an owner is none any more.
    OwnerGone {
        /// Who.
        who: &'a str,
        /// Whether keys that they made still work.
        has_keys: bool,
    },
    /// Sites are away, one or more.
    SitesAway {
        /// What each is called, and since when.
        sites: &'a [(&'a str, Timestamp)],
    },
    /// Sites are back, one or more.
    SitesBack {
        /// What each is called, and for how long it was away.
        sites: &'a [(&'a str, Duration)],
    },
    /// Routers that do not answer while their sites are there, or do again.
    Routers(routers::Routers<'a>),
    /// A payment that a person should look at.
    MoneyFlagged {
        /// How much, in words.
        amount: &'a str,
    },
    /// A payment was told of in a way that cannot be read.
    MoneyUnread,
    /// The books and the payments say different things.
    BooksDiffer,
    /// What the business pays the platform.
    Billing(billing::Billing<'a>),
    /// The platform let the business in, stopped it, or let it go on.
    Standing(Move),
    /// Keys that are in use for long.
    KeysOld {
        /// Which, and since when.
        keys: &'a [(OldKey<'a>, Timestamp)],
    },
    /// News go to an address no more, since it took none for days or said so.
    WebhookOff {
        /// Where it is.
        host: &'a str,
    },
    /// How a month went; the files are with it.
    Month {
        /// What customers paid, in words.
        paid: &'a str,
        /// Which month, as `2026-11`.
        month: &'a str,
    },
    /// How the day went.
    Summary {
        /// What customers paid, in words.
        paid: &'a str,
        /// In how many payments.
        sales: &'a str,
        /// How many vouchers run.
        running: &'a str,
        /// How many sites are up, of how many.
        up: &'a str,
    },
}

/// A key or secret that should be changed now and then.
#[derive(Clone, Debug)]
pub enum OldKey<'a> {
    /// What opens the M-PESA app.
    Mpesa,
    /// The credential of the operator at M-PESA, by its name.
    Operator(&'a str),
    /// A key of the API, by its name.
    Api(&'a str),
    /// What news to an address is signed with.
    Webhook(&'a str),
}

impl Notice<'_> {
    const fn kind(&self) -> &'static str {
        match self {
            Self::MpesaChanged => "mpesa-changed",
            Self::OperatorChanged => "operator-changed",
            Self::SecondFactorOff { .. } => "second-factor-off",
            Self::PasswordChanged { .. } => "password-changed",
            Self::ContactChanged { .. } => "contact-changed",
            Self::NewOwner { .. } => "new-owner",
            Self::OwnerGone { .. } => "owner-gone",
            Self::SitesAway { .. } => "site-away",
            Self::SitesBack { .. } => "site-back",
            Self::Routers(news) => news.kind(),
            Self::MoneyFlagged { .. } => "money-flagged",
            Self::MoneyUnread => "money-unread",
            Self::BooksDiffer => "books-differ",
            Self::Billing(news) => news.kind(),
            Self::Standing(to) => standing::kind(*to),
            Self::KeysOld { .. } => "keys-old",
            Self::WebhookOff { .. } => "webhook-off",
            Self::Month { .. } => "month",
            Self::Summary { .. } => "summary",
        }
    }

    /// After so long nobody is helped by hearing of it.
    const fn good_for(&self) -> Duration {
        match self {
            Self::SitesAway { .. }
            | Self::SitesBack { .. }
            | Self::Routers(_)
            | Self::Summary { .. } => Duration::from_secs(12 * 3_600),
            _ => Duration::from_secs(3 * 86_400),
        }
    }

    /// Whether it goes to owners, whatever they chose.
    const fn is_security(&self) -> bool {
        matches!(
            self,
            Self::MpesaChanged
                | Self::OperatorChanged
                | Self::SecondFactorOff { .. }
                | Self::PasswordChanged { .. }
                | Self::ContactChanged { .. }
                | Self::NewOwner { .. }
                | Self::OwnerGone { .. }
                | Self::KeysOld { .. }
                | Self::WebhookOff { .. }
        )
    }

    /// What is written in a letter.
    #[must_use]
    pub fn letter(&self, w: &Words, business: &str, app: &App) -> Letter {
        let m = &w.mail;
        let who = |who: &str| vec![("who", who.to_owned())];
        let staff = (m.to_staff, "/staff");
        let home = (m.to_home, "/home");
        let (subject, line, places, (words, path)) = match self {
            Self::Billing(news) => return news.letter(w, business, app),
            Self::Routers(news) => return news.letter(w, business, app),
            Self::Standing(to) => return standing::letter(*to, w, business, app),
            Self::MpesaChanged => (
                m.mpesa_changed,
                m.mpesa_changed_text,
                Vec::new(),
                (m.to_mpesa, "/settings/mpesa"),
            ),
            Self::OperatorChanged => (
                m.operator_changed,
                m.operator_changed_text,
                Vec::new(),
                (m.to_operator, "/settings/mpesa/operator"),
            ),
            Self::SecondFactorOff { who: name } => {
                (m.second_off, m.second_off_text, who(name), staff)
            }
            Self::PasswordChanged { who: name } => {
                (m.password_of, m.password_of_text, who(name), staff)
            }
            Self::ContactChanged { who: name } => {
                (m.contact_of, m.contact_of_text, who(name), staff)
            }
            Self::NewOwner { who: name } => (m.new_owner, m.new_owner_text, who(name), staff),
            Self::OwnerGone { who: name, .. } => {
                (m.owner_gone, m.owner_gone_text, who(name), staff)
            }
            Self::SitesAway {
                sites: [(site, since)],
            } => (
                m.site_away,
                m.site_away_text,
                vec![
                    ("site", (*site).to_owned()),
                    ("since", w.calendar.moment(*since)),
                ],
                (m.to_sites, "/sites"),
            ),
            Self::SitesBack {
                sites: [(site, away)],
            } => (
                m.site_back,
                m.site_back_text,
                vec![("site", (*site).to_owned()), ("away", span(*away, w))],
                (m.to_sites, "/sites"),
            ),
            Self::SitesAway { sites } => (
                m.sites_away,
                m.sites_away_text,
                several(sites, |since| w.calendar.moment(since), m.more_sites),
                (m.to_sites, "/sites"),
            ),
            Self::SitesBack { sites } => (
                m.sites_back,
                m.sites_back_text,
                several(sites, |away| span(away, w), m.more_sites),
                (m.to_sites, "/sites"),
            ),
            Self::MoneyFlagged { amount } => (
                m.money_flagged,
                m.money_flagged_text,
                vec![("amount", (*amount).to_owned())],
                home,
            ),
            Self::KeysOld { keys } => (
                m.keys_old,
                m.keys_old_text,
                vec![("keys", old_keys(keys, w))],
                (m.to_home, "/more"),
            ),
            Self::WebhookOff { host } => (
                m.webhook_off,
                m.webhook_off_text,
                vec![("host", (*host).to_owned())],
                (m.to_webhooks, "/settings/webhooks"),
            ),
            Self::Month { paid, month } => (
                m.month,
                m.month_text,
                vec![("paid", (*paid).to_owned()), ("month", (*month).to_owned())],
                (m.to_reports, "/reports"),
            ),
            Self::MoneyUnread => (
                m.money_unread,
                m.money_unread_text,
                Vec::new(),
                (m.to_statement, "/books/statement"),
            ),
            Self::BooksDiffer => (
                m.books_differ,
                m.books_differ_text,
                Vec::new(),
                (m.to_books, "/books"),
            ),
            Self::Summary {
                paid,
                sales,
                running,
                up,
            } => (
                m.summary,
                m.summary_text,
                vec![
                    ("paid", (*paid).to_owned()),
                    ("sales", (*sales).to_owned()),
                    ("running", (*running).to_owned()),
                    ("up", (*up).to_owned()),
                ],
                home,
            ),
        };
        let foot = if self.is_security() {
            m.foot_security
        } else {
            m.foot_chosen
        };
        let link = (words, app.config.web.public().join(path));
        let mut letter = written([subject, line, foot], places, business, link);
        if matches!(
            self,
            Self::MpesaChanged | Self::OperatorChanged | Self::OwnerGone { .. }
        ) {
            letter.lines.extend(reach(w, app));
        }
        if let Self::OwnerGone { has_keys: true, .. } = self {
            letter.lines.push(w.staff.keys_left.to_owned());
        }
        letter
    }
}

/// Where the platform's staff is reached, as a line of a letter; nothing where that is told nobody.
fn reach(words: &Words, app: &App) -> Option<String> {
    let contact = app.config.people.support_contact.as_ref()?;
    Some(format!("{} {}.", words.frame.reach, contact.shown()))
}

/// A letter: its subject, its line and its foot with what stands in their places, and where it leads.
fn written(
    texts: [&str; 3],
    mut places: Vec<(&'static str, String)>,
    business: &str,
    (words, address): (&str, String),
) -> Letter {
    places.push(("business", business.to_owned()));
    let places: Vec<(&str, &str)> = places
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let [subject, line, foot] = texts.map(|text| fill(text, &places));
    Letter {
        subject,
        lines: vec![line],
        link: Some((words.to_owned(), address)),
        foot,
    }
}

/// The places of a letter about several sites: how many, and the first of them with what is said of each.
fn several<T: Copy>(
    sites: &[(&str, T)],
    said: impl Fn(T) -> String,
    more: &str,
) -> Vec<(&'static str, String)> {
    let mut list: Vec<String> = sites
        .iter()
        .take(NAMED)
        .map(|(site, of)| format!("{site} ({})", said(*of)))
        .collect();
    if let Some(rest) = sites.len().checked_sub(NAMED).filter(|rest| *rest > 0) {
        list.push(fill(more, &[("count", &rest.to_string())]));
    }
    vec![
        ("count", sites.len().to_string()),
        ("sites", list.join(", ")),
    ]
}

/// Keys in words, with the day since when each is in use.
fn old_keys(keys: &[(OldKey<'_>, Timestamp)], w: &Words) -> String {
    let one = |(key, since): &(OldKey<'_>, Timestamp)| {
        let name = match key {
            OldKey::Mpesa => w.mail.key_mpesa.to_owned(),
            OldKey::Operator(name) => fill(w.mail.key_operator, &[("name", name)]),
            OldKey::Api(name) => fill(w.mail.key_api, &[("name", name)]),
            OldKey::Webhook(url) => fill(w.mail.key_webhook, &[("url", url)]),
        };
        format!("{name} ({})", w.calendar.day(*since))
    };
    let mut list: Vec<String> = keys.iter().take(NAMED).map(one).collect();
    if let Some(rest) = keys.len().checked_sub(NAMED).filter(|rest| *rest > 0) {
        list.push(fill(w.mail.more_keys, &[("count", &rest.to_string())]));
    }
    list.join(", ")
}

/// A stretch of time in words.
fn span(time: Duration, w: &Words) -> String {
    let minutes = time.as_secs() / 60;
    let (count, unit) = match minutes {
        0..120 => (minutes, Unit::Minutes),
        120..2_880 => (minutes / 60, Unit::Hours),
        _ => (minutes / 1_440, Unit::Days),
    };
    w.calendar.many(count, unit)
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::{PersonId, StaffId};
    use mnara_protocol::portal::Language;

    use super::*;
    use crate::providers::staff::roles::Role;

    fn colleague(role: Role, site: Option<bool>) -> Colleague {
        Colleague {
            staff: StaffId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            name: "Njeri".to_owned(),
            email: None,
            language: Language::English,
            role,
            phone: None,
            chosen: site
                .map(|by_mail| {
                    let by_sms = true;
                    (Topic::Site, Ways { by_mail, by_sms })
                })
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn people_hear_what_was_chosen_and_never_what_they_may_not_see() {
        assert!(colleague(Role::Owner, None).hears(Topic::Site));
        assert!(!colleague(Role::Owner, Some(false)).hears(Topic::Site));
        assert!(!colleague(Role::Manager, None).hears(Topic::Site));
        assert!(colleague(Role::Manager, Some(true)).hears(Topic::Site));
        // A cashier sees no sites.
        assert!(!colleague(Role::Cashier, Some(true)).hears(Topic::Site));
        assert!(!colleague(Role::Owner, None).hears(Topic::Summary));
        assert!(colleague(Role::Owner, None).hears(Topic::Month));
        assert!(!colleague(Role::Manager, None).hears(Topic::Month));
        assert!(colleague(Role::Owner, Some(false)).ways(Topic::Site).by_sms);
        assert!(
            !colleague(Role::Cashier, Some(true))
                .ways(Topic::Site)
                .by_sms
        );
    }

    #[test]
    fn what_is_owed_reaches_whoever_may_pay_by_mail_or_else_by_sms() {
        let ways = |by_mail, by_sms| Ways { by_mail, by_sms };
        let mut one = colleague(Role::Owner, None);
        assert_eq!(one.ways(Topic::Billing), ways(true, true));
        one.email = Some("njeri@example.com".to_owned());
        assert_eq!(one.ways(Topic::Billing), ways(true, false));
        one.chosen = vec![(Topic::Billing, ways(false, true))];
        assert_eq!(one.ways(Topic::Billing), ways(true, true));
        one.role = Role::Cashier;
        assert_eq!(one.ways(Topic::Billing), ways(false, false));
    }

    #[test]
    fn a_stretch_is_told_in_words() {
        let words = Words::of(Language::English);
        assert_eq!(span(Duration::from_secs(25 * 60), words), "25 minutes");
        assert_eq!(span(Duration::from_secs(5 * 3_600), words), "5 hours");
        assert_eq!(span(Duration::from_secs(3 * 86_400), words), "3 days");
        let maneno = Words::of(Language::Swahili);
        assert_eq!(span(Duration::from_secs(5 * 3_600), maneno), "saa 5");
    }
}
