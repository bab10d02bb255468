//! Who is told what of a business, by mail; another way to tell would be another column of choices. What happened is found out by the slice it
//! happens in; who hears of it, and in which words, is here.
//!
//! What concerns security goes to all owners and cannot be switched off: a thief would do that first.

pub mod billing;
pub mod choose;
pub mod pages;
pub mod store;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, ProviderId, StaffId};
use sqlx::PgConnection;

use super::mail::{Letter, NewMail, Reader, about_account, fill, post};
use super::pages::words::{Language, Words};
use super::staff::roles::{Permission, Role};
use crate::app::App;

/// Sites a letter names; of the others it says how many there are.
const NAMED: usize = 20;

/// Something people can choose to hear of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Topic {
    /// A site that is away, and one that is back.
    Site,
    /// Money a person should look at.
    Money,
    /// How the day went.
    Summary,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Site, Self::Money, Self::Summary];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Money => "money",
            Self::Summary => "summary",
        }
    }

    /// What one must be allowed to see to hear of it.
    #[must_use]
    pub const fn needs(self) -> Permission {
        match self {
            Self::Site => Permission::SeeSites,
            Self::Money => Permission::SeePayments,
            Self::Summary => Permission::SeeReports,
        }
    }

    /// Whether a role hears of it where nobody chose.
    #[must_use]
    pub const fn is_told(self, role: Role) -> bool {
        match self {
            Self::Site => matches!(role, Role::Owner | Role::Technician),
            Self::Money => matches!(role, Role::Owner),
            Self::Summary => false,
        }
    }
}

/// Somebody who works here, and what they chose to be told.
#[derive(Clone)]
pub struct Colleague {
    /// Their place.
    pub staff: StaffId,
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Where they are written to, if they have an address.
    pub email: Option<String>,
    /// What they read.
    pub language: Language,
    /// What they are.
    pub role: Role,
    /// What was chosen for them.
    pub chosen: [(Topic, Option<bool>); 3],
}

impl Colleague {
    /// Whether they hear of a topic: as chosen, else by their role, and never of what they may not see.
    #[must_use]
    pub fn hears(&self, topic: Topic) -> bool {
        let chosen = self.chosen.iter().find(|(of, _)| *of == topic);
        let is_told = chosen
            .and_then(|(_, chosen)| *chosen)
            .unwrap_or_else(|| topic.is_told(self.role));
        is_told && self.role.may(topic.needs())
    }

    fn reader(&self) -> Option<Reader> {
        Some(Reader {
            person: self.person,
            name: self.name.clone(),
            email: self.email.clone()?,
            language: self.language,
        })
    }
}

/// What is told.
#[derive(Clone, Debug)]
pub enum Notice<'a> {
    /// Customers' money goes another way.
    MpesaChanged,
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
    /// Somebody can do everything now.
    NewOwner {
        /// Who.
        who: &'a str,
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
    /// A payment that a person should look at.
    MoneyFlagged {
        /// How much, in words.
        amount: &'a str,
    },
    /// The books and the payments say different things.
    BooksDiffer,
    /// What the business pays the platform.
    Billing(billing::Billing<'a>),
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

impl Notice<'_> {
    const fn kind(&self) -> &'static str {
        match self {
            Self::MpesaChanged => "mpesa-changed",
            Self::SecondFactorOff { .. } => "second-factor-off",
            Self::PasswordChanged { .. } => "password-changed",
            Self::NewOwner { .. } => "new-owner",
            Self::SitesAway { .. } => "site-away",
            Self::SitesBack { .. } => "site-back",
            Self::MoneyFlagged { .. } => "money-flagged",
            Self::BooksDiffer => "books-differ",
            Self::Billing(news) => news.kind(),
            Self::Summary { .. } => "summary",
        }
    }

    /// After so long nobody is helped by hearing of it.
    const fn good_for(&self) -> Duration {
        match self {
            Self::SitesAway { .. } | Self::SitesBack { .. } | Self::Summary { .. } => {
                Duration::from_secs(12 * 3_600)
            }
            _ => Duration::from_secs(3 * 86_400),
        }
    }

    /// Whether it goes to owners, whatever they chose.
    const fn is_security(&self) -> bool {
        matches!(
            self,
            Self::MpesaChanged
                | Self::SecondFactorOff { .. }
                | Self::PasswordChanged { .. }
                | Self::NewOwner { .. }
        )
    }

    fn letter(&self, w: &Words, business: &str, app: &App) -> Letter {
        let m = &w.mail;
        let who = |who: &str| vec![("who", who.to_owned())];
        let staff = (m.to_staff, "/staff");
        let home = (m.to_home, "/home");
        let (subject, line, mut places, (words, path)) = match self {
            Self::Billing(news) => return news.letter(w, business, app),
            Self::MpesaChanged => (
                m.mpesa_changed,
                m.mpesa_changed_text,
                Vec::new(),
                (m.to_mpesa, "/settings/mpesa"),
            ),
            Self::SecondFactorOff { who: name } => {
                (m.second_off, m.second_off_text, who(name), staff)
            }
            Self::PasswordChanged { who: name } => {
                (m.password_of, m.password_of_text, who(name), staff)
            }
            Self::NewOwner { who: name } => (m.new_owner, m.new_owner_text, who(name), staff),
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
        places.push(("business", business.to_owned()));
        let places: Vec<(&str, &str)> = places
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let foot = if self.is_security() {
            m.foot_security
        } else {
            m.foot_chosen
        };
        Letter {
            subject: fill(subject, &places),
            lines: vec![fill(line, &places)],
            link: Some((words.to_owned(), app.config.web.public().join(path))),
            foot: fill(foot, &places),
        }
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

/// A stretch of time in words.
fn span(time: Duration, w: &Words) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} {}", w.people.minutes),
        120..2_880 => format!("{} {}", minutes / 60, w.mail.hours),
        _ => format!("{} {}", minutes / 1_440, w.mail.days),
    }
}

/// Tells all owners, in the caller's transaction. For what concerns security: nobody can choose not to hear of it.
///
/// # Errors
/// When the database refuses.
pub async fn tell_owners(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
) -> sqlx::Result<()> {
    tell_those(app, conn, provider, notice, None, |one| {
        one.role == Role::Owner
    })
    .await
}

/// Tells whoever may pay the platform, in the caller's transaction; news with the same `once` is told once.
///
/// # Errors
/// When the database refuses.
pub async fn tell_payers(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
    once: &str,
) -> sqlx::Result<()> {
    tell_those(app, conn, provider, notice, Some(once), |one| {
        one.role.may(Permission::PayPlatform)
    })
    .await
}

/// Tells whoever hears of a topic, in the caller's transaction; news with the same `once` is told once.
///
/// # Errors
/// When the database refuses.
pub async fn tell(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    topic: Topic,
    notice: &Notice<'_>,
    once: &str,
) -> sqlx::Result<()> {
    tell_those(app, conn, provider, notice, Some(once), |one| {
        one.hears(topic)
    })
    .await
}

async fn tell_those(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    notice: &Notice<'_>,
    once: Option<&str>,
    hears: impl Fn(&Colleague) -> bool + Send,
) -> sqlx::Result<()> {
    if !app.rails.mail.is_set_up() {
        return Ok(());
    }
    let Some(business) = super::store::provider(conn, provider).await? else {
        return Ok(());
    };
    let colleagues = store::colleagues(conn, provider).await?;
    for reader in colleagues
        .iter()
        .filter(|one| hears(one))
        .filter_map(Colleague::reader)
    {
        let mail = NewMail {
            provider: Some(provider),
            to: &reader,
            kind: notice.kind(),
            once: once.map(|once| format!("{once}:{:032x}", reader.person.as_u128())),
            good_for: notice.good_for(),
            letter: notice.letter(reader.language.words(), &business.business_name, app),
        };
        post(app, conn, mail).await?;
    }
    Ok(())
}

/// What changed of a person's own account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Own {
    /// The password.
    Password,
    /// The second factor is on.
    SecondOn,
    /// The second factor is off.
    SecondOff,
    /// There is a passkey more.
    PasskeyAdded,
    /// There is a passkey less.
    PasskeyRemoved,
}

/// Tells a person of a change to their own account, and the owners of each business of which they are one.
///
/// # Errors
/// When the database refuses.
pub async fn tell_person(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    own: Own,
) -> sqlx::Result<()> {
    if !app.rails.mail.is_set_up() {
        return Ok(());
    }
    if let Some(reader) = super::mail::store::reader(conn, person).await? {
        let words = reader.language.words();
        let (subject, said) = match own {
            Own::Password => (words.mail.password, words.mail.password_text),
            Own::SecondOn => (words.mail.own_second_on, words.mail.own_second_on_text),
            Own::SecondOff => (words.mail.own_second_off, words.mail.own_second_off_text),
            Own::PasskeyAdded => (words.mail.passkey_added, words.mail.passkey_added_text),
            Own::PasskeyRemoved => (words.mail.passkey_removed, words.mail.passkey_removed_text),
        };
        let mail = NewMail {
            provider: None,
            letter: about_account(words, app, &reader.name, subject, said),
            to: &reader,
            kind: "account",
            once: None,
            good_for: Duration::from_secs(3 * 86_400),
        };
        post(app, conn, mail).await?;
    }
    let Some(named) = super::people::store::person(conn, person).await? else {
        return Ok(());
    };
    let who = named.name.as_str();
    let notice = match own {
        Own::Password => Notice::PasswordChanged { who },
        Own::SecondOff => Notice::SecondFactorOff { who },
        Own::SecondOn | Own::PasskeyAdded | Own::PasskeyRemoved => return Ok(()),
    };
    for provider in store::owned_by(conn, person).await? {
        // They heard of it themselves.
        tell_those(app, conn, provider, &notice, None, |one| {
            one.role == Role::Owner && one.person != person
        })
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colleague(role: Role, site: Option<bool>) -> Colleague {
        Colleague {
            staff: StaffId::from_bytes([1; 16]),
            person: PersonId::from_bytes([2; 16]),
            name: "Njeri".to_owned(),
            email: None,
            language: Language::English,
            role,
            chosen: [
                (Topic::Site, site),
                (Topic::Money, None),
                (Topic::Summary, None),
            ],
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
    }

    #[test]
    fn a_stretch_is_told_in_words() {
        let words = Language::English.words();
        assert_eq!(span(Duration::from_secs(25 * 60), words), "25 minutes");
        assert_eq!(span(Duration::from_secs(5 * 3_600), words), "5 hours");
        assert_eq!(span(Duration::from_secs(3 * 86_400), words), "3 days");
    }
}
