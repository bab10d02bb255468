//! Changing what one logs in with: an e-mail address or a phone number, once a link that was sent there was opened.
//!
//! Where no mail leaves, or no SMS, it is so at once, and nothing shows that it is its person's: there who named it first keeps it. One of each can
//! be had, and both let their person in; so whoever signed up by phone gets mail from the day they name an address.
//!
//! Where links leave, what somebody named when they signed up is a wish: several may have the same, and each gets in with their own password, until
//! one of them opens a link that was sent there. From then on it is theirs alone. A link leaves as they sign up or join; whichever of those that came there
//! one of them opens, it is they who read it, so a crowd that names a number uses up its links and keeps nobody from showing that it is theirs.

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, ProviderId};
use mnara_protocol::portal::Language;
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::again::{NotProved, prove};
use super::leave::told;
use super::{Token, Visit, reset, store, tidy};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::providers::mail::{Letter, NewMail, Reader, fill, post};
use crate::providers::notices::{Own, tell_person};
use crate::providers::pages::words::Words;
use crate::providers::people::store::{self as people, Kept, wishes};
use crate::providers::people::{BadPerson, Contact, Person};
use crate::providers::sms::{self, NewSms};
use crate::rails::msisdn::Msisdn;

/// How long a link is good.
const GOOD_SECS: i64 = 86_400;
/// How long a link keeps another from being sent; the address or number may be a stranger's.
const PAUSE_SECS: i64 = 300;
/// Links a person has sent in a day.
const MOST_OF_PERSON: i64 = 5;
/// Links an address or a number is sent in a day, whoever wants it.
const MOST_TO_CONTACT: i64 = 3;
/// Links to phones in a day, from all who wanted one, after which whoever signs up or joins is sent none. The platform pays for each, and no cap of a
/// business holds them back, so strangers who sign up with numbers of strangers would spend without a bound.
const MOST_TEXTS_UNASKED: i64 = 300;
/// As above, for whoever wants one themselves: those who sign up leave them room.
const MOST_TEXTS: i64 = 600;

/// What came of a wish.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wished {
    /// It is so from now on.
    Changed,
    /// A link is on its way to the address.
    Mailed,
    /// A link is on its way to the phone.
    Texted,
}

/// How a link goes to what somebody wants to log in with.
#[derive(Clone, Copy)]
enum Way<'a> {
    Mail(&'a str),
    /// As a text of a business they work in.
    Sms(ProviderId, Msisdn),
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
    /// A text is of a business, and they work in none.
    #[error("a number is confirmed by a text of a business that one works in")]
    NoBusiness,
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
    let Some(way) = way(app, &mut tx, visit, &contact).await? else {
        set(app, &mut tx, visit, &contact, None).await?;
        tx.commit().await?;
        return Ok(Wished::Changed);
    };
    let token = Token::draw(app);
    let until = now.plus_secs(GOOD_SECS);
    let ago = |secs: i64| now.plus_secs(-secs);
    let sought = (&contact, &token.hash());
    // The row is this person's alone, so that two at once are one after the other.
    if !wishes::want(&mut tx, visit.person, sought, (now, until), ago(PAUSE_SECS)).await? {
        return Err(NotChanged::Enough);
    }
    let (of_person, to_contact) =
        wishes::letters(&mut tx, visit.person, &contact, ago(tidy::WISHES)).await?;
    if of_person >= MOST_OF_PERSON || to_contact >= MOST_TO_CONTACT {
        return Err(NotChanged::Enough);
    }
    let is_text = matches!(way, Way::Sms(..));
    if is_text && wishes::texts(&mut tx, ago(tidy::WISHES)).await? >= MOST_TEXTS {
        return Err(NotChanged::Enough);
    }
    wishes::note_letter(&mut tx, visit.person, sought, now).await?;
    let to = (visit.person, visit.name.as_str());
    send(app, &mut tx, to, way, &token, language).await?;
    tx.commit().await?;
    Ok(match way {
        Way::Mail(_) => Wished::Mailed,
        Way::Sms(..) => Wished::Texted,
    })
}

/// Sends somebody who is just being added a link to what they named, unless enough went there today: one of those shows as much.
///
/// Where enough went to phones of all today they are in without, and can want one themselves.
///
/// # Errors
/// When the database refuses.
pub async fn ask_to_show(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    of: ProviderId,
    language: Language,
) -> sqlx::Result<()> {
    let way = match &person.contact {
        Contact::Email(email) if app.rails.mail.is_set_up() => Way::Mail(email),
        Contact::Phone(to) if app.rails.sms.is_set_up() => Way::Sms(of, *to),
        Contact::Email(_) | Contact::Phone(_) => return Ok(()),
    };
    let now = app.clock.now();
    let since = now.plus_secs(-tidy::WISHES);
    let (_, to_contact) = wishes::letters(conn, person.id, &person.contact, since).await?;
    if to_contact >= MOST_TO_CONTACT {
        return Ok(());
    }
    let is_text = matches!(way, Way::Sms(..));
    if is_text && wishes::texts(conn, since).await? >= MOST_TEXTS_UNASKED {
        return Ok(());
    }
    let token = Token::draw(app);
    let until = now.plus_secs(GOOD_SECS);
    // As if it had been wanted before: whoever sees now that they mistyped need not wait to name another.
    let wanted = now.plus_secs(-PAUSE_SECS);
    let sought = (&person.contact, &token.hash());
    wishes::want(conn, person.id, sought, (wanted, until), wanted).await?;
    wishes::note_letter(conn, person.id, sought, now).await?;
    let to = (person.id, person.name.as_str());
    send(app, conn, to, way, &token, language).await
}

/// What somebody named and has a link waiting for, as it is written.
///
/// # Errors
/// When the database is away.
pub async fn on_its_way(app: &App, person: PersonId) -> sqlx::Result<Option<String>> {
    if !app.rails.mail.is_set_up() && !app.rails.sms.is_set_up() {
        return Ok(None);
    }
    let mut tx = app.db.platform(Reason::Login).await?;
    let contact = wishes::on_its_way(&mut tx, person, app.clock.now()).await?;
    Ok(contact.map(|contact| contact.written()))
}

/// Sends a link, which is good for a day.
async fn send(
    app: &App,
    conn: &mut PgConnection,
    (person, name): (PersonId, &str),
    way: Way<'_>,
    token: &Token,
    language: Language,
) -> sqlx::Result<()> {
    match way {
        Way::Mail(email) => {
            let reader = Reader {
                person,
                name: name.to_owned(),
                email: email.to_owned(),
                language,
            };
            write(app, conn, &reader, token).await
        }
        Way::Sms(of, to) => text(app, conn, (of, person, to), token, language).await,
    }
}

/// How a link goes there; none where nothing leaves.
async fn way<'a>(
    app: &App,
    conn: &mut PgConnection,
    visit: &Visit,
    contact: &'a Contact,
) -> Result<Option<Way<'a>>, NotChanged> {
    let to = match contact {
        Contact::Email(email) => {
            return Ok(app.rails.mail.is_set_up().then_some(Way::Mail(email)));
        }
        Contact::Phone(to) => *to,
    };
    if !app.rails.sms.is_set_up() {
        return Ok(None);
    }
    let of = match visit.own_provider() {
        Some(of) => of,
        None => store::first_place(conn, visit.person)
            .await?
            .ok_or(NotChanged::NoBusiness)?,
    };
    Ok(Some(Way::Sms(of, to)))
}

/// What a link confirms for whoever opens it.
///
/// # Errors
/// When the database is away.
pub async fn wanted(app: &App, visit: &Visit, token: &Token) -> sqlx::Result<Option<Contact>> {
    let (hash, now) = (token.hash(), app.clock.now());
    let mut tx = app.db.platform(Reason::Login).await?;
    match wishes::wanted(&mut tx, visit.person, &hash, now).await? {
        Some(contact) => Ok(Some(contact)),
        None => wishes::shown(&mut tx, visit.person, &hash, now.plus_secs(-GOOD_SECS)).await,
    }
}

/// Confirms an address or a number.
///
/// # Errors
/// [`NotChanged`].
pub async fn confirm(app: &App, visit: &Visit, token: &Token) -> Result<(), NotChanged> {
    let (hash, now) = (token.hash(), app.clock.now());
    let mut tx = app.db.platform(Reason::Login).await?;
    let contact = match wishes::take_wanted(&mut tx, visit.person, &hash, now).await? {
        Some(contact) => contact,
        None => wishes::shown(&mut tx, visit.person, &hash, now.plus_secs(-GOOD_SECS))
            .await?
            .ok_or(NotChanged::Over)?,
    };
    free(app, &mut tx, visit.person, &contact).await?;
    set(app, &mut tx, visit, &contact, Some(now)).await?;
    tx.commit().await?;
    Ok(())
}

/// Adds somebody with what they will log in with and what is kept of their password; says whether that was free for them.
///
/// Nothing is taken from anybody who named the same: they have shown as little. Where no links leave, nobody can show that it is theirs.
///
/// # Errors
/// When the database refuses.
pub async fn add(
    app: &App,
    conn: &mut PgConnection,
    person: &Person,
    password: &str,
) -> sqlx::Result<bool> {
    let can_be_shown = match &person.contact {
        Contact::Email(_) => app.rails.mail.is_set_up(),
        Contact::Phone(_) => app.rails.sms.is_set_up(),
    };
    let kept = if can_be_shown {
        Kept::ByProof
    } else {
        Kept::ByName
    };
    people::insert(conn, person, password, kept, app.clock.now()).await
}

/// Takes an address or number for this person from all who had only named it, and have another way to log in.
async fn free(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    contact: &Contact,
) -> sqlx::Result<()> {
    let kind = match contact {
        Contact::Email(_) => "email",
        Contact::Phone(_) => "phone",
    };
    for other in people::free(conn, contact, person).await? {
        tell_person(app, conn, other, Own::Contact).await?;
        let deed = Deed {
            act: "contact",
            subject: &other.to_string(),
            before: Some(json!({kind: masked(contact)})),
            after: None,
        };
        let provider = store::first_place(conn, other).await?;
        record(app, conn, provider, Actor::Program, deed).await?;
    }
    Ok(())
}

/// Gives somebody what they log in with from now on, and since when it is shown to be theirs.
async fn set(
    app: &App,
    conn: &mut PgConnection,
    visit: &Visit,
    contact: &Contact,
    proven: Option<Timestamp>,
) -> Result<(), NotChanged> {
    let (email, phone) = people::contacts(conn, visit.person).await?;
    let has_it = match contact {
        Contact::Email(wanted) => email.as_ref() == Some(wanted),
        Contact::Phone(wanted) => phone == Some(wanted.digits()),
    };
    // Whoever confirms what they have changes nothing for anybody.
    if !has_it {
        // Written to where they were reached until now: whoever took their browser over cannot keep that from them.
        tell_person(app, conn, visit.person, Own::Contact).await?;
        // A link that was sent to where they are reached no more lets nobody in.
        reset::store::spend_all(conn, visit.person, app.clock.now()).await?;
    }
    if !people::set_contact(conn, visit.person, contact, proven).await? {
        return Err(NotChanged::Taken);
    }
    let (kind, was) = match contact {
        Contact::Email(_) => ("email", email.map(Contact::Email)),
        Contact::Phone(_) => {
            let number = phone.and_then(|phone| phone.parse::<Msisdn>().ok());
            ("phone", number.map(Contact::Phone))
        }
    };
    let change = (
        was.map(|was| json!({kind: masked(&was)})),
        Some(json!({kind: masked(contact)})),
    );
    told(app, conn, visit, "contact", change).await?;
    Ok(())
}

/// What somebody logs in with, as the audit keeps it: for good, so with what it is told by and no more.
fn masked(contact: &Contact) -> String {
    match contact {
        Contact::Phone(number) => number.masked(),
        Contact::Email(address) => {
            let (name, host) = address.split_once('@').unwrap_or(("", ""));
            let first: String = name.chars().take(1).collect();
            format!("{first}•••@{host}")
        }
    }
}

fn address(app: &App, token: &Token) -> String {
    let path = format!("/account/contact/{}", token.expose());
    app.config.web.public().join(&path)
}

async fn text(
    app: &App,
    conn: &mut PgConnection,
    to: (ProviderId, PersonId, Msisdn),
    token: &Token,
    language: Language,
) -> sqlx::Result<()> {
    let link = address(app, token);
    let said = fill(Words::of(language).account.contact_sms, &[("link", &link)]);
    let good_for = Duration::from_secs(GOOD_SECS.unsigned_abs());
    sms::post(app, conn, NewSms::about_log_in(to, good_for, &said)).await
}

async fn write(app: &App, conn: &mut PgConnection, to: &Reader, token: &Token) -> sqlx::Result<()> {
    let words = &Words::of(to.language).mail;
    let mail = NewMail {
        provider: None,
        to,
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
            link: Some((words.contact_button.to_owned(), address(app, token))),
            foot: words.foot_account.to_owned(),
        },
    };
    post(app, conn, mail).await
}
