//! Changing what one logs in with: a phone number at once, an e-mail address once a link that was sent there was opened.
//!
//! One of each can be had, and both let their person in; so whoever signed up by phone gets mail from the day they name an address.

use std::time::Duration;

use secrecy::SecretString;
use sqlx::PgConnection;
use thiserror::Error;

use super::again::{NotProved, prove};
use super::leave::told;
use super::{Token, Visit, reset, tidy};
use crate::app::App;
use crate::db::Reason;
use crate::providers::mail::{Letter, NewMail, Reader, post};
use crate::providers::notices::{Own, tell_person};
use crate::providers::pages::words::Language;
use crate::providers::people::store::{self as people, wishes};
use crate::providers::people::{BadPerson, Contact};

/// How long a link is good.
const GOOD_SECS: i64 = 86_400;
/// How long a link keeps another from being sent; the address may be a stranger's.
const PAUSE_SECS: i64 = 300;
/// Letters a person has sent in a day.
const MOST_OF_PERSON: i64 = 5;
/// Letters an address is sent in a day, whoever wants it.
const MOST_TO_EMAIL: i64 = 3;

/// What came of a wish.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wished {
    /// It is so from now on.
    Changed,
    /// A link is on its way to the address.
    Mailed,
}

/// Why nothing was changed.
#[derive(Debug, Error)]
pub enum NotChanged {
    /// It is no address and no number.
    #[error(transparent)]
    Bad(#[from] BadPerson),
    /// Somebody else logs in with it.
    #[error("somebody else logs in with that")]
    Taken,
    /// A link left just now, or enough did today.
    #[error("enough links were sent")]
    Enough,
    /// The link was used, is old, or is another person's.
    #[error("this link is over")]
    Over,
    /// It was not proved who asks.
    #[error(transparent)]
    NotProved(#[from] NotProved),
    /// The database refused.
    #[error("it could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Takes what somebody wants to log in with, given their password and digits.
///
/// # Errors
/// [`NotChanged`].
pub async fn wish(
    app: &App,
    visit: &Visit,
    typed: &str,
    (password, digits): (SecretString, &str),
    language: Language,
) -> Result<Wished, NotChanged> {
    let contact: Contact = typed.parse()?;
    prove(app, visit.claimant(), password, digits).await?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let Contact::Email(email) = &contact else {
        set(app, &mut tx, visit, &contact).await?;
        tx.commit().await?;
        return Ok(Wished::Changed);
    };
    if !app.rails.mail.is_set_up() {
        set(app, &mut tx, visit, &contact).await?;
        tx.commit().await?;
        return Ok(Wished::Changed);
    }
    let token = Token::draw(app);
    let until = now.plus_secs(GOOD_SECS);
    let ago = |secs: i64| now.plus_secs(-secs);
    let sought = (email.as_str(), &token.hash());
    // The row is this person's alone, so that two at once are one after the other.
    if !wishes::want_email(&mut tx, visit.person, sought, (now, until), ago(PAUSE_SECS)).await? {
        return Err(NotChanged::Enough);
    }
    let (of_person, to_email) =
        wishes::letters(&mut tx, visit.person, email, ago(tidy::WISHES)).await?;
    if of_person >= MOST_OF_PERSON || to_email >= MOST_TO_EMAIL {
        return Err(NotChanged::Enough);
    }
    wishes::note_letter(&mut tx, visit.person, email, now).await?;
    write(app, &mut tx, visit, (email, &token), language).await?;
    tx.commit().await?;
    Ok(Wished::Mailed)
}

/// The address that a link confirms for whoever opens it.
///
/// # Errors
/// When the database is away.
pub async fn wanted(app: &App, visit: &Visit, token: &Token) -> sqlx::Result<Option<String>> {
    let mut tx = app.db.platform(Reason::Login).await?;
    wishes::wanted_email(&mut tx, visit.person, &token.hash(), app.clock.now()).await
}

/// Confirms an address.
///
/// # Errors
/// [`NotChanged`].
pub async fn confirm(app: &App, visit: &Visit, token: &Token) -> Result<(), NotChanged> {
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    let email = wishes::take_wanted_email(&mut tx, visit.person, &token.hash(), now)
        .await?
        .ok_or(NotChanged::Over)?;
    set(app, &mut tx, visit, &Contact::Email(email)).await?;
    tx.commit().await?;
    Ok(())
}

async fn set(
    app: &App,
    conn: &mut PgConnection,
    visit: &Visit,
    contact: &Contact,
) -> Result<(), NotChanged> {
    // Written to where they were reached until now: whoever took their browser over cannot keep that from them.
    tell_person(app, conn, visit.person, Own::Contact).await?;
    // A link that was sent to where they are reached no more lets nobody in.
    reset::store::spend_all(conn, visit.person, app.clock.now()).await?;
    if !people::set_contact(conn, visit.person, contact).await? {
        return Err(NotChanged::Taken);
    }
    told(app, conn, visit, "contact").await?;
    Ok(())
}

async fn write(
    app: &App,
    conn: &mut PgConnection,
    visit: &Visit,
    (email, token): (&str, &Token),
    language: Language,
) -> sqlx::Result<()> {
    let words = &language.words().mail;
    let reader = Reader {
        person: visit.person,
        name: visit.name.clone(),
        email: email.to_owned(),
        language,
    };
    let path = format!("/account/contact/{}", token.expose());
    let mail = NewMail {
        provider: None,
        to: &reader,
        kind: "contact",
        once: None,
        good_for: Duration::from_secs(GOOD_SECS.unsigned_abs()),
        letter: Letter {
            subject: words.contact.to_owned(),
            // Nobody is greeted: whoever wants the address chose that name, and it may be a stranger's.
            lines: vec![
                words.contact_text.to_owned(),
                words.contact_not_you.to_owned(),
            ],
            link: Some((
                words.contact_button.to_owned(),
                app.config.web.public().join(&path),
            )),
            foot: words.foot_account.to_owned(),
        },
    };
    post(app, conn, mail).await
}
