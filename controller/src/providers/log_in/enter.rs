//! Logging in with a password.
//!
//! Tries are counted by account and address, so that whoever tries an owner's account keeps out themselves and not the owner's new phone; an
//! account's browsers of before count apart, each for itself. All strangers of an account together are bounded too, so many addresses help little.
//!
//! While nobody has shown that an address or number is theirs, several may have named it: each gets in with their own password.
//!
//! A browser is known from when somebody was in with all they have: whoever knows the password of an account with a second factor is not yet.

use std::net::IpAddr;

use mnara_protocol::ids::{LogInId, PersonId};
use secrecy::SecretString;
use sqlx::PgConnection;
use thiserror::Error;

use super::store::{Known, know, known};
use super::{Token, device, store};
use crate::app::App;
use crate::db::Reason;
use crate::passwords::Ending;
use crate::providers::people::Contact;
use crate::providers::people::store::{Proofs, by_contact, still_has};
use crate::ratelimit::{Act, By, TooMany};

/// The browser somebody logs in with.
#[derive(Clone, Debug)]
pub struct Browser<'a> {
    /// Where it is.
    pub address: IpAddr,
    /// What it says of itself.
    pub user_agent: &'a str,
    /// The mark of an earlier log-in.
    pub mark: Option<Token>,
}

/// Somebody who is in, or half in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// What the browser is to keep.
    pub token: Token,
    /// The mark it is to keep for long, if it has none that is good for this person.
    pub mark: Option<Token>,
    /// Whether the second factor is asked for.
    pub needs_second: bool,
}

/// Why somebody is not let in.
#[derive(Debug, Error)]
pub enum NotEntered {
    /// Nobody has that address, or the password is another; which of the two is not said.
    #[error("this e-mail or number and this password do not belong together")]
    Wrong,
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("the log-in could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Logs somebody in with a password.
///
/// # Errors
/// [`NotEntered`].
pub async fn enter(
    app: &App,
    browser: Browser<'_>,
    contact: &Contact,
    password: SecretString,
) -> Result<Entered, NotEntered> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let mut ours = Vec::new();
    let mut others = Vec::new();
    let hash = browser.mark.as_ref().map(Token::hash);
    for proofs in by_contact(&mut tx, contact, hash.as_ref()).await? {
        match known(&mut tx, browser.mark.as_ref(), proofs.person).await? {
            Some(_) => ours.push(proofs),
            None => others.push(proofs),
        }
    }
    // Hashing takes a while, and nothing is held over it.
    drop(tx);
    let mark = browser.mark.as_ref().filter(|_| !ours.is_empty());
    let mut found = None;
    if let Some(mark) = mark {
        app.limits.check(Act::LogIn, By::Browser(mark.hash()))?;
        found = fitting(app, &password, ours).await?;
    }
    // A browser that is known as one person's is a stranger to everybody else who named the same.
    if found.is_none() && (mark.is_none() || !others.is_empty()) {
        let account = contact.number();
        // In this order: a stranger who has to wait takes nothing from the others.
        app.limits.check_all(
            Act::LogIn,
            [
                By::Address(browser.address),
                By::Stranger(account, browser.address),
                By::Account(account),
            ],
        )?;
        found = if others.is_empty() {
            app.passwords.fits(password, None).await?;
            None
        } else {
            fitting(app, &password, others).await?
        };
    }
    let proofs = found.ok_or(NotEntered::Wrong)?;
    let by = if proofs.totp.is_some() {
        Entry::Half
    } else {
        Entry::Password
    };
    begin(app, &browser, proofs.person, by, Some(&proofs)).await
}

/// The first of them whose password it is.
async fn fitting(
    app: &App,
    password: &SecretString,
    among: Vec<Proofs>,
) -> Result<Option<Proofs>, Ending> {
    for proofs in among {
        let kept = Some(proofs.password.clone());
        if app.passwords.fits(password.clone(), kept).await? {
            return Ok(Some(proofs));
        }
    }
    Ok(None)
}

/// How somebody got in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// By a password, and there is nothing else, or by a link that stands for it.
    Password,
    /// By a password, and the second factor is still to be given.
    Half,
    /// By a passkey, which is both.
    Passkey,
}

/// Begins a log-in for somebody who has just proved who they are.
///
/// Whoever has no place in any business comes in too: an invitation may wait for them, and until they take it there is nothing but their own account.
///
/// A password was proved a while before: who changed it meanwhile, or set up a second factor, ended the log-ins that there were, so what was proved
/// is looked at once more, under a lock that whoever changes it waits for.
///
/// # Errors
/// [`NotEntered::Wrong`] if what was proved is so no more, and when the database refuses.
pub async fn begin(
    app: &App,
    browser: &Browser<'_>,
    person: PersonId,
    by: Entry,
    proved: Option<&Proofs>,
) -> Result<Entered, NotEntered> {
    let now = app.clock.now();
    let token = Token::draw(app);
    let mut tx = app.db.platform(Reason::Login).await?;
    if let Some(proved) = proved
        && !still_has(&mut tx, proved).await?
    {
        return Err(NotEntered::Wrong);
    }
    let provider = store::first_place(&mut tx, person).await?;
    let log_in = store::NewLogIn {
        id: LogInId::new(now, app.entropy.bytes()),
        hash: token.hash(),
        person,
        provider,
        is_open: by != Entry::Half,
        device: &device(browser.user_agent),
        by_passkey: by == Entry::Passkey,
    };
    store::insert(&mut tx, &log_in, now).await?;
    let mark = match by {
        Entry::Half => None,
        Entry::Password => mark(app, &mut tx, browser, person, Known::ByPassword).await?,
        Entry::Passkey => mark(app, &mut tx, browser, person, Known::BySecond).await?,
    };
    tx.commit().await?;
    Ok(Entered {
        token,
        mark,
        needs_second: by == Entry::Half,
    })
}

/// Draws the mark that a browser is to keep from now on, unless the one it has says as much.
pub(super) async fn mark(
    app: &App,
    conn: &mut PgConnection,
    browser: &Browser<'_>,
    person: PersonId,
    by: Known,
) -> sqlx::Result<Option<Token>> {
    let has = known(conn, browser.mark.as_ref(), person).await?;
    if has == Some(by) || has == Some(Known::BySecond) {
        return Ok(None);
    }
    let mark = Token::draw(app);
    know(conn, &mark.hash(), person, by, app.clock.now()).await?;
    Ok(Some(mark))
}
