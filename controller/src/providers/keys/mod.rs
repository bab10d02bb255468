//! Keys of the public API: a way in for a business's own programs, each to what its scopes name. What stands before the API's calls is in
//! the slice of the API.
//!
//! A key is 256 random bits with a mark by which scanners of published code know it, and a checksum by which they know that it is one. The
//! database holds its SHA-256, so a copy of the database opens nothing.

pub mod pages;
pub mod scopes;
pub mod store;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{KeyId, ProviderId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use self::scopes::Scope;
use super::rights::Rights;
use super::seat::Seat;
use super::state::State;
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;

/// What every key begins with.
const MARK: &str = "mnara_";
/// Letters of the random part and of the checksum.
const RANDOM: usize = 52;
const CHECK: usize = 8;
/// Keys one business has at once.
pub const MOST: usize = 50;
/// How exactly it is noted when a key was last used.
const NOTED_SECS: i64 = 300;

/// A key as its holder has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Draws a new one.
    #[must_use]
    pub fn draw(app: &App) -> Self {
        let random = base32(&app.entropy.bytes::<32>());
        let check = checksum(&random);
        Self(format!("{MARK}{random}{check}"))
    }

    /// Takes what a program sent; what no key can be is looked up nowhere.
    #[must_use]
    pub fn sent(text: &str) -> Option<Self> {
        let letters = text.strip_prefix(MARK)?;
        if letters.len() != RANDOM + CHECK || !letters.is_ascii() {
            return None;
        }
        let (random, check) = letters.split_at(RANDOM);
        (checksum(random) == check).then(|| Self(text.to_owned()))
    }

    /// As its holder keeps it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As the database has it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// By what people tell it from others.
    #[must_use]
    pub fn ending(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn checksum(random: &str) -> String {
    let hash = Sha256::digest(random);
    base32(&hash[..5])
}

/// Small letters and digits of RFC 4648, without padding.
fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u16, 0);
    for byte in bytes {
        bits = (bits << 8) | u16::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(LETTERS[usize::from(bits >> held) & 31]));
        }
    }
    if held > 0 {
        text.push(char::from(LETTERS[usize::from(bits << (5 - held)) & 31]));
    }
    text
}

/// A key as people see it in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: KeyId,
    /// What its makers call it.
    pub name: String,
    /// Its last letters.
    pub ending: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who made it.
    pub by: Option<String>,
    /// When.
    pub made: Timestamp,
    /// When it was last used, to five minutes.
    pub used: Option<Timestamp>,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
}

/// Whoever calls with a good key.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The key.
    pub key: KeyId,
    /// What it is called.
    pub name: String,
    /// Whose it is.
    pub provider: ProviderId,
    /// What that business is called.
    pub business: String,
    /// How that business stands.
    pub state: State,
    /// What it may do with what it has paid for.
    pub rights: Rights,
    /// What the key may do.
    pub scopes: Vec<Scope>,
    /// Until when it is good.
    pub expires: Option<Timestamp>,
}

/// Finds whose key it is; `None` for one that is not good.
///
/// # Errors
/// When the database is away.
pub async fn holder(app: &App, secret: &Secret) -> sqlx::Result<Option<Holder>> {
    let now = app.clock.now();
    // A key names no business.
    let mut tx = app.db.platform(Reason::Login).await?;
    let Some((holder, used)) = store::find(&mut tx, &secret.hash(), now).await? else {
        return Ok(None);
    };
    if used.is_none_or(|used| used.plus_secs(NOTED_SECS) <= now) {
        store::note_used(&mut tx, holder.provider, holder.key, now).await?;
        tx.commit().await?;
    }
    Ok(Some(holder))
}

/// What somebody wants of a key.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it may do.
    pub scopes: &'a [Scope],
    /// How many days it is good; for ever without.
    pub days: Option<u16>,
}

/// Why there is no key.
#[derive(Debug, Error)]
pub enum NotMade {
    /// It has no name.
    #[error("give the key a name of 1 to 80 letters")]
    Name,
    /// It could do nothing.
    #[error("tick at least one thing the key may do")]
    Nothing,
    /// There are enough.
    #[error("a business can have {MOST} keys: revoke one first")]
    TooMany,
    /// The database refused.
    #[error("the key could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Makes a key. It is given once.
///
/// # Errors
/// [`NotMade`].
pub async fn make(app: &App, seat: &Seat, wish: &Wish<'_>) -> Result<Secret, NotMade> {
    let name = wish.name.trim();
    if !(1..=80).contains(&name.chars().count()) {
        return Err(NotMade::Name);
    }
    if wish.scopes.is_empty() {
        return Err(NotMade::Nothing);
    }
    let provider = seat.provider();
    let now = app.clock.now();
    let secret = Secret::draw(app);
    let listed = Listed {
        id: KeyId::new(now, app.entropy.bytes()),
        name: name.to_owned(),
        ending: secret.ending().to_owned(),
        scopes: wish.scopes.to_vec(),
        by: None,
        made: now,
        used: None,
        expires: wish
            .days
            .map(|days| now.plus_secs(i64::from(days) * 86_400)),
    };
    let mut tx = app.db.tenant(provider).await?;
    if store::list(&mut tx, provider, now).await?.len() >= MOST {
        return Err(NotMade::TooMany);
    }
    store::insert(&mut tx, provider, &listed, &secret.hash(), seat.person).await?;
    let words: Vec<&str> = wish.scopes.iter().map(|scope| scope.word()).collect();
    let deed = Deed {
        act: "key",
        subject: &listed.id.to_string(),
        before: None,
        after: Some(json!({"name": name, "scopes": words, "days": wish.days})),
    };
    record(app, &mut tx, Some(provider), seat.actor(), deed).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Takes a key back; says whether there was such a one.
///
/// # Errors
/// When the database refuses.
pub async fn revoke(
    app: &App,
    provider: ProviderId,
    actor: Actor,
    key: KeyId,
) -> sqlx::Result<bool> {
    let mut tx = app.db.tenant(provider).await?;
    let Some(name) = store::revoke(&mut tx, provider, key, app.clock.now()).await? else {
        return Ok(false);
    };
    let deed = Deed {
        act: "key-end",
        subject: &key.to_string(),
        before: Some(json!({"name": name})),
        after: None,
    };
    record(app, &mut tx, Some(provider), actor, deed).await?;
    tx.commit().await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base32_is_the_standards() {
        // RFC 4648, section 10, in small letters.
        for (plain, text) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        let random = base32(&[7; 32]);
        let good = format!("{MARK}{random}{}", checksum(&random));
        assert_eq!(good.len(), MARK.len() + RANDOM + CHECK);
        let secret = Secret::sent(&good).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        for bad in [
            "",
            MARK,
            &good[..good.len() - 1],
            &good.replace(MARK, "mnara-"),
            &good.replacen("_a", "_b", 1),
            &format!("{MARK}{}", "é".repeat(30)),
        ] {
            assert!(Secret::sent(bad).is_none(), "{bad}");
        }
    }
}
