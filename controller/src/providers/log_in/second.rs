//! The second factor: six digits that change every half minute (RFC 6238), and codes on paper for when the phone is gone.
//!
//! The secret is stored sealed, with its person inside, so that a row cannot be copied over another. A step is used once.

use futures_util::FutureExt as _;
use mnara_protocol::ids::PersonId;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use totp_rs::{Builder, Secret, Totp};

use super::again::{NotProved, prove};
use super::enter::{Browser, Entered, mark};
use super::leave::{end_others, told};
use super::store::Known;
use super::{Token, Visit, store};
use crate::app::App;
use crate::audit::Actor;
use crate::db::Reason;
use crate::db::sealed::{NotRenewed, renew};
use crate::providers::notices::{Own, tell_person};
use crate::providers::people;
use crate::ratelimit::{Act, By, TooMany};
use crate::vault::{Column, Owner, VaultError};

const SECRET: Column = Column::SecondFactor;
/// Codes on paper.
const RECOVERY: usize = 10;
/// What an authenticator shows as the sender.
const ISSUER: &str = "Mnara";

/// Why a second factor was not taken.
#[derive(Debug, Error)]
pub enum NotSecond {
    /// The digits are not the ones of now, or were used.
    #[error(
        "these are not the six digits of now: wait for the next ones, and see that your phone's clock is right"
    )]
    Wrong,
    /// Whoever sets one up did not prove who they are.
    #[error(transparent)]
    NotProved(#[from] NotProved),
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The stored secret does not open.
    #[error("the stored secret does not open")]
    Vault(#[from] VaultError),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// A second factor that is being set up.
#[derive(Clone)]
pub struct SetUp {
    /// The secret, sealed: the form hands it back with the first digits.
    pub sealed: String,
    /// The secret for typing, in base32.
    pub typed: String,
    /// The address for an authenticator to scan (Key URI Format).
    pub address: String,
}

fn totp(secret: &[u8]) -> Option<Totp> {
    Builder::new()
        .with_secret(Secret::from(secret.to_vec()))
        .build()
        .ok()
}

fn seal(app: &App, person: PersonId, secret: &[u8]) -> String {
    let plain = [person.as_bytes().as_slice(), secret].concat();
    app.vault.seal(Owner::Platform, SECRET, &plain)
}

fn open(app: &App, person: PersonId, sealed: &str) -> Result<SecretSlice<u8>, NotSecond> {
    let plain = app.vault.open(Owner::Platform, SECRET, sealed)?;
    match plain.expose_secret().strip_prefix(person.as_bytes()) {
        Some(secret) => Ok(secret.to_vec().into()),
        None => Err(VaultError::Misplaced {
            column: SECRET.name(),
        }
        .into()),
    }
}

/// The step whose digits these are, now or half a minute to either side.
fn step(app: &App, secret: &SecretSlice<u8>, digits: &str) -> Option<i64> {
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let now = u64::try_from(app.clock.now().as_secs()).ok()?;
    let step = totp(secret.expose_secret())?.check(&digits, now)?;
    i64::try_from(step).ok()
}

/// Draws a secret for somebody who wants a second factor.
#[must_use]
pub fn begin(app: &App, person: PersonId, account: &str) -> SetUp {
    let secret = app.entropy.bytes::<20>();
    offer(account, &secret, seal(app, person, &secret))
}

/// Shows a secret once more whose first digits did not come right; `None` if it is no secret of theirs.
#[must_use]
pub fn again(app: &App, person: PersonId, account: &str, sealed: &str) -> Option<SetUp> {
    let secret = open(app, person, sealed).ok()?;
    Some(offer(account, secret.expose_secret(), sealed.to_owned()))
}

fn offer(account: &str, secret: &[u8], sealed: String) -> SetUp {
    let typed = Secret::from(secret.to_vec()).to_base32();
    let label: String = url::form_urlencoded::byte_serialize(account.as_bytes()).collect();
    // The Key URI Format writes a space as %20.
    let label = label.replace('+', "%20");
    SetUp {
        sealed,
        address: format!("otpauth://totp/{ISSUER}:{label}?secret={typed}&issuer={ISSUER}"),
        typed,
    }
}

/// Takes the first digits of a new second factor; gives the codes for paper, shown once, and the mark that the browser is to keep from now on.
///
/// It takes the password, and one that is there is taken away first, by its own digits: a stolen browser must neither lock its owner out nor put
/// another in its place.
///
/// # Errors
/// [`NotSecond`].
pub async fn set_up(
    app: &App,
    visit: &Visit,
    browser: &Browser<'_>,
    password: SecretString,
    (sealed, digits): (&str, &str),
) -> Result<(Vec<String>, Option<Token>), NotSecond> {
    prove(app, visit.claimant(), password, "").await?;
    visit.claimant().tries(app, Act::Second)?;
    let secret = open(app, visit.person, sealed).map_err(|_| NotSecond::Wrong)?;
    let step = step(app, &secret, digits).ok_or(NotSecond::Wrong)?;
    let codes: Vec<String> = (0..RECOVERY).map(|_| code(app)).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| hash(code).to_vec()).collect();
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let proofs = people::store::proofs(&mut tx, visit.person).await?;
    if proofs.is_none_or(|proofs| proofs.totp.is_some()) {
        return Err(NotSecond::Wrong);
    }
    let stored = seal(app, visit.person, secret.expose_secret());
    people::store::set_totp(&mut tx, visit.person, Some((&stored, step)), now).await?;
    people::store::replace_recovery_codes(&mut tx, visit.person, &hashes, now).await?;
    let actor = Actor::Admin(visit.person);
    end_others(app, &mut tx, visit.person, Some(visit.log_in), actor).await?;
    let mark = mark(app, &mut tx, browser, visit.person, Known::BySecond).await?;
    let change = (Some(json!({"on": false})), Some(json!({"on": true})));
    told(app, &mut tx, visit, "second-factor", change).await?;
    tell_person(app, &mut tx, visit.person, Own::SecondOn).await?;
    tx.commit().await?;
    Ok((codes, mark))
}

/// Takes the second factor away, given its digits of now.
///
/// # Errors
/// [`NotSecond`].
pub async fn take_away(app: &App, visit: &Visit, digits: &str) -> Result<(), NotSecond> {
    visit.claimant().tries(app, Act::Second)?;
    let mut tx = app.db.platform(Reason::Login).await?;
    if !proves(app, &mut tx, visit.person, digits).await? {
        return Err(NotSecond::Wrong);
    }
    let now = app.clock.now();
    people::store::set_totp(&mut tx, visit.person, None, now).await?;
    people::store::replace_recovery_codes(&mut tx, visit.person, &[], now).await?;
    let change = (Some(json!({"on": true})), Some(json!({"on": false})));
    told(app, &mut tx, visit, "second-factor-end", change).await?;
    tell_person(app, &mut tx, visit.person, Own::SecondOff).await?;
    tx.commit().await?;
    Ok(())
}

/// Lets somebody in who is half in.
///
/// Whoever is half in has the password and no more, so a try counts as a stranger's, unless the second factor was given in this browser before.
///
/// # Errors
/// [`NotSecond`].
pub async fn pass(
    app: &App,
    visit: &Visit,
    browser: &Browser<'_>,
    digits: &str,
) -> Result<Entered, NotSecond> {
    let person = visit.person;
    let mut tx = app.db.platform(Reason::Login).await?;
    let known = store::known(&mut tx, browser.mark.as_ref(), person).await?;
    match browser
        .mark
        .as_ref()
        .filter(|_| known == Some(Known::BySecond))
    {
        Some(mark) => app
            .limits
            .check_all(Act::Second, [By::Browser(mark.hash()), By::Person(person)])?,
        None => {
            let account = person.as_u128();
            app.limits.check_all(
                Act::Second,
                [By::Stranger(account, browser.address), By::Account(account)],
            )?;
        }
    }
    if !proves(app, &mut tx, person, digits).await? {
        return Err(NotSecond::Wrong);
    }
    let token = Token::draw(app);
    store::open(&mut tx, visit.log_in, &token.hash()).await?;
    let mark = mark(app, &mut tx, browser, person, Known::BySecond).await?;
    tx.commit().await?;
    Ok(Entered {
        token,
        mark,
        needs_second: false,
    })
}

/// Uses up digits or a code from paper.
pub(super) async fn proves(
    app: &App,
    conn: &mut sqlx::PgConnection,
    person: PersonId,
    typed: &str,
) -> Result<bool, NotSecond> {
    let Some(proofs) = people::store::proofs(conn, person).await? else {
        return Ok(false);
    };
    let Some((sealed, _)) = proofs.totp else {
        return Ok(false);
    };
    let secret = open(app, person, &sealed)?;
    Ok(match step(app, &secret, typed) {
        Some(step) => people::store::use_step(conn, person, step).await?,
        None => {
            people::store::use_recovery_code(conn, person, &hash(typed), app.clock.now()).await?
        }
    })
}

/// A code for paper: 80 bits in four groups of four.
fn code(app: &App) -> String {
    let letters = Secret::from(app.entropy.bytes::<10>())
        .to_base32()
        .to_lowercase();
    let groups = [
        &letters[..4],
        &letters[4..8],
        &letters[8..12],
        &letters[12..],
    ];
    groups.join("-")
}

fn hash(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    Sha256::digest(plain).into()
}

/// Seals every secret with the first key; says how many had another.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App) -> Result<u32, NotRenewed> {
    renew(
        app,
        (Owner::Platform, SECRET),
        |conn, after, limit| people::store::lock_sealed(conn, after, limit).boxed(),
        |conn, anew| {
            async move {
                for (id, sealed) in anew {
                    people::store::set_sealed(conn, id, &sealed).await?;
                }
                Ok(())
            }
            .boxed()
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_from_paper_is_read_however_it_is_typed() {
        assert_eq!(hash("abcd-efgh-2345-wxyz"), hash(" ABCD EFGH 2345 WXYZ"));
    }

    #[test]
    fn digits_are_the_standards() {
        // RFC 6238, appendix B, cut to six digits.
        let totp = totp(b"12345678901234567890").unwrap();
        for (time, digits) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(totp.check(digits, time), Some(time / 30), "{time}");
        }
    }
}
