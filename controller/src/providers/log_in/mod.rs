//! Getting in and staying in: what a browser's cookie stands for.
//!
//! The verbs are [`enter`] (password), [`second`] (the second factor),
//! [`leave`], and [`view`] for the platform's staff who look at a business; pages are elsewhere.
//!
//! A cookie holds 256 random bits and the database their SHA-256, so a copy of the database logs nobody in.

pub mod again;
pub mod contact;
pub mod enter;
pub mod leave;
pub mod reset;
pub mod second;
pub mod store;
pub mod tidy;
pub mod view;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{LogInId, PersonId, ProviderId, StaffId};
use mnara_protocol::portal::Language;
use sha2::{Digest as _, Sha256};

use super::mail;
use super::rights::Rights;
use super::staff::roles::{Permission, Role, VIEWED};
use super::state::State;
use crate::app::App;
use crate::audit::Actor;
use crate::db::Reason;
use crate::ratelimit::{Act, By, TooMany};

/// How long a browser that nobody uses stays logged in, and how long one in use does.
const IDLE_SECS: i64 = 14 * 86_400;
const LONGEST_SECS: i64 = 90 * 86_400;
/// For how long every owner is shown that money goes elsewhere than before, and may go back.
pub const MOVED_SECS: i64 = 7 * 86_400;
/// How exactly it is noted when a browser was last used.
const NOTED_SECS: i64 = 300;

/// What stands in a cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Draws a new one.
    #[must_use]
    pub fn draw(app: &App) -> Self {
        Self(hex::encode(app.entropy.bytes::<32>()))
    }

    /// Takes what a browser sent.
    #[must_use]
    pub fn sent(text: &str) -> Option<Self> {
        let is_token = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        is_token.then(|| Self(text.to_owned()))
    }

    /// As the cookie has it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As the database has it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A browser that is logged in, as the gate found it a moment ago.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The log-in.
    pub log_in: LogInId,
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Whether the second factor, if they have one, was given.
    pub is_open: bool,
    /// Their place in the business they look at.
    pub place: Option<Place>,
    /// Whether they work for the platform.
    pub is_admin: bool,
    /// Whether they have a second factor, or logged in by a passkey, which is both.
    pub has_second: bool,
    /// Until when they look at that business for the platform, and may change nothing.
    pub view_ends: Option<Timestamp>,
}

/// Somebody in a browser that is in, who is asked to prove once more that it is they.
#[derive(Clone, Copy, Debug)]
pub struct Claimant {
    /// Who they say they are.
    pub person: PersonId,
    /// Their log-in.
    pub log_in: LogInId,
}

impl Claimant {
    /// Counts a try at what they prove themselves with: by this log-in, so that whoever else tries keeps nobody from it, and by the person, who
    /// may be in often.
    pub(in crate::providers) fn tries(self, app: &App, act: Act) -> Result<(), TooMany> {
        let by = [By::LogIn(self.log_in), By::Person(self.person)];
        app.limits.check_all(act, by)
    }
}

impl Visit {
    /// Who says who they are, and in which log-in.
    #[must_use]
    pub const fn claimant(&self) -> Claimant {
        Claimant {
            person: self.person,
            log_in: self.log_in,
        }
    }

    /// Whether they may open pages of their business that need a permission. Whoever looks for the platform sees more forms than a reader does,
    /// and none of them can be sent.
    #[must_use]
    pub fn may_open(&self, permission: Permission) -> bool {
        let Some(place) = &self.place else {
            return false;
        };
        place.role.may(permission) || (self.view_ends.is_some() && VIEWED.contains(&permission))
    }

    /// The person in the audit.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        match (&self.place, self.view_ends) {
            (Some(_), None) => Actor::Staff(self.person),
            // Whose place has ended is nobody of the platform for that.
            (None, _) if !self.is_admin => Actor::Staff(self.person),
            _ => Actor::Admin(self.person),
        }
    }

    /// The business whose own staff they are.
    #[must_use]
    pub fn own_provider(&self) -> Option<ProviderId> {
        let place = self.place.as_ref().filter(|_| self.view_ends.is_none());
        place.map(|place| place.provider)
    }
}

/// A person's place in the business they look at.
#[derive(Clone, Debug)]
pub struct Place {
    /// The business.
    pub provider: ProviderId,
    /// What customers know it by.
    pub business: String,
    /// How it stands.
    pub state: State,
    /// The place.
    pub staff: StaffId,
    /// What they may do there.
    pub role: Role,
    /// Since when customers' money goes elsewhere than before, if that is not long ago.
    pub moved: Option<Timestamp>,
    /// What the business may do with what it has paid for.
    pub rights: Rights,
}

/// Finds whose browser it is; `None` for one that is logged in no more.
///
/// # Errors
/// When the database is away.
pub async fn visit(app: &App, token: &Token) -> sqlx::Result<Option<Visit>> {
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let Some(found) = store::find(&mut tx, &token.hash()).await? else {
        return Ok(None);
    };
    if is_over(found.created, found.seen, now) {
        return Ok(None);
    }
    let is_noted = found.seen.plus_secs(NOTED_SECS) <= now;
    let is_past = found.visit.view_ends.is_some_and(|ends| ends <= now);
    if is_noted {
        store::note_seen(&mut tx, found.visit.log_in, now).await?;
    }
    if is_past {
        view::close(app, &mut tx, found.visit.log_in, Actor::Program).await?;
    }
    let found = if is_past {
        store::find(&mut tx, &token.hash()).await?
    } else {
        Some(found)
    };
    if is_noted || is_past {
        tx.commit().await?;
    }
    Ok(found.map(|found| {
        let mut visit = found.visit;
        if let Some(place) = &mut visit.place {
            place.moved = place.moved.filter(|at| now < at.plus_secs(MOVED_SECS));
        }
        visit
    }))
}

/// The businesses a person works for.
///
/// # Errors
/// When the database is away.
pub async fn workplaces(app: &App, person: PersonId) -> sqlx::Result<Vec<store::Workplace>> {
    let mut tx = app.db.platform(Reason::Login).await?;
    store::workplaces(&mut tx, person).await
}

/// Has a browser look at another business of its person; says whether they work there.
///
/// # Errors
/// When the database refuses.
pub async fn switch(app: &App, visit: &Visit, provider: ProviderId) -> sqlx::Result<bool> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let is_there = store::look_at(&mut tx, visit.log_in, visit.person, provider).await?;
    tx.commit().await?;
    Ok(is_there)
}

/// Notes what a person reads, by which they are written to.
///
/// # Errors
/// When the database refuses.
pub async fn speak(app: &App, person: PersonId, language: Language) -> sqlx::Result<()> {
    let mut tx = app.db.platform(Reason::Login).await?;
    mail::store::speak(&mut tx, person, language).await?;
    tx.commit().await
}

/// The two moments up to which a log-in is over: where it was last used no later than the first, or began no later than the second.
const fn over_up_to(now: Timestamp) -> (Timestamp, Timestamp) {
    (now.plus_secs(-IDLE_SECS), now.plus_secs(-LONGEST_SECS))
}

fn is_over(created: Timestamp, seen: Timestamp, now: Timestamp) -> bool {
    let (idle, begun) = over_up_to(now);
    seen <= idle || created <= begun
}

/// What a browser is, in a few words, from what it says of itself. Good enough to know one's own phone in a list.
#[must_use]
pub fn device(user_agent: &str) -> String {
    let first = |words: &[(&str, &'static str)]| {
        words
            .iter()
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("OPT/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "Mac"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        // A program: by the name it gives itself, or none.
        (None, None) => user_agent
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            .take(20)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_ends_when_nobody_uses_it_and_at_last_in_any_case() {
        let start = Timestamp::from_secs(1_800_000_000);
        let day = |days: i64| start.plus_secs(days * 86_400);
        assert!(!is_over(start, start, day(13)));
        assert!(is_over(start, start, day(14)));
        assert!(!is_over(start, day(80), day(89)));
        assert!(is_over(start, day(89), day(90)));
    }

    #[test]
    fn people_know_their_own_devices() {
        for (agent, device_) in [
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("", ""),
        ] {
            assert_eq!(device(agent), device_);
        }
    }

    #[test]
    fn a_cookie_that_is_no_token_is_nobodys() {
        assert!(Token::sent("").is_none());
        assert!(Token::sent(&"g".repeat(64)).is_none());
        assert_eq!(
            format!("{:?}", Token::sent(&"a".repeat(64))),
            "Some(Token(…))"
        );
    }
}
