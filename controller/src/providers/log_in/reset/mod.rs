//! The way back in for somebody who lost their password: a link with 256 random bits, good once and for an hour.
//!
//! A request asks for it by address or number and is answered alike whoever that is: what was typed is stored sealed, and a job looks it up. A
//! new link takes nothing from those before it, and a person has few at a time, so whoever asks in an owner's name sends that owner some
//! letters and keeps nobody out. It goes by mail; to a phone only of somebody who has no address, since a number is taken over more easily than
//! a mailbox. Asked for by a number that was never shown to be its person's, it goes to no mailbox: the number's holder may be another. Of several
//! who named the same, while nobody has shown that it is theirs, each has a link sent there in their turn, a few for one question; its page says whose
//! it is. Where neither leaves, an owner or manager makes the link for somebody below them ([`below`]), and the command line for anybody.
//!
//! A link stands for the password alone: whoever has a second factor is asked for it as ever.

pub mod below;
pub mod store;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, ProviderId, ResetId};
use mnara_protocol::portal::Language;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::PgConnection;
use sqlx::types::JsonValue;
use thiserror::Error;

use super::leave::end_others;
use super::store::Known;
use super::{Token, store as log_ins};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Reason;
use crate::db::sealed::{NotRenewed, renew};
use crate::jobs::{Job, NewJob, Next, enqueue};
use crate::passwords::Ending;
use crate::providers::mail::{Letter, NewMail, Reader, fill, post};
use crate::providers::notices::store::own_phone;
use crate::providers::notices::{Own, tell_person};
use crate::providers::pages::words::Words;
use crate::providers::people::store::MostOpen;
use crate::providers::people::{self, BadPerson, Contact, check_password};
use crate::providers::sms::{self, NewSms};
use crate::rails::msisdn::Msisdn;
use crate::ratelimit::{Act, By, TooMany};
use crate::vault::{Column, Owner};
use crate::web::show;

/// The kind of the job that looks up who asked.
pub const LOOK_UP: &str = "reset";

const CONTACT: Column = Column::ResetContact;
/// How long a link is good.
const GOOD_SECS: i64 = 3_600;
/// Links of one person that are good at a time: more would only fill their mail.
const MOST_OPEN: i64 = 3;
/// As above, where each of them costs their business a text.
const MOST_OPEN_BY_SMS: i64 = 2;
/// Links that leave for one question, each to another who named what was typed.
const MOST_AT_ONCE: i64 = 3;

/// Takes an e-mail address or a number somebody typed. It does the same whether anybody has it.
///
/// # Errors
/// When the database refuses.
pub async fn ask(app: &App, contact: &Contact, language: Language) -> sqlx::Result<()> {
    let now = app.clock.now();
    let id = ResetId::new(now, app.entropy.bytes());
    let who = match contact {
        Contact::Email(email) => email.clone(),
        Contact::Phone(phone) => phone.digits(),
    };
    let typed = json!({"who": who, "language": language.tag()}).to_string();
    let sealed = app.vault.seal(Owner::Platform, CONTACT, typed.as_bytes());
    let mut tx = app.db.platform(Reason::Login).await?;
    store::insert_asked(&mut tx, id, &sealed, now, now.plus_secs(GOOD_SECS)).await?;
    let job = NewJob {
        kind: LOOK_UP,
        key: &id.to_string(),
        payload: json!({}),
        run_at: now,
    };
    enqueue(&mut tx, None, job, app).await?;
    tx.commit().await
}

/// Looks up who asked, and writes to them if they are somebody.
pub fn look_up<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let id: ResetId = job.key.parse()?;
        let mut tx = app.db.platform(Reason::Login).await?;
        let Some(sealed) = store::asked(&mut tx, id).await? else {
            return Ok(Next::Done);
        };
        let now = app.clock.now();
        let opened = app.vault.open_text(Owner::Platform, CONTACT, &sealed);
        let typed = opened
            .ok()
            .and_then(|text| serde_json::from_str::<Typed>(text.expose_secret()).ok());
        let ways = match &typed {
            Some(typed) => ways(app, &mut tx, typed, now).await?,
            None => Vec::new(),
        };
        let mut ways = ways.into_iter();
        match ways.next() {
            Some(way) => {
                let token = Token::draw(app);
                store::resolve(&mut tx, id, way.person(), &token.hash()).await?;
                way.send(app, &mut tx, &token).await?;
            }
            None => store::remove(&mut tx, id).await?,
        }
        for way in ways {
            let token = Token::draw(app);
            let id = ResetId::new(now, app.entropy.bytes());
            let until = now.plus_secs(GOOD_SECS);
            store::insert(&mut tx, id, way.person(), &token.hash(), now, until).await?;
            way.send(app, &mut tx, &token).await?;
        }
        job.done(&mut tx).await?;
        tx.commit().await?;
        Ok(Next::Done)
    })
}

#[derive(serde::Deserialize)]
struct Typed {
    /// Rows of a program before this one say that it is an address.
    #[serde(alias = "email")]
    who: String,
    language: String,
}

/// How a link goes to somebody.
enum Way {
    Mail(Reader),
    Sms {
        person: PersonId,
        /// The business whose text it is.
        of: ProviderId,
        to: Msisdn,
        language: Language,
    },
}

impl Way {
    const fn person(&self) -> PersonId {
        match self {
            Self::Mail(reader) => reader.person,
            Self::Sms { person, .. } => *person,
        }
    }

    async fn send(&self, app: &App, conn: &mut PgConnection, token: &Token) -> sqlx::Result<()> {
        let (person, of, to, language) = match self {
            Self::Mail(reader) => return write(app, conn, reader, token).await,
            Self::Sms {
                person,
                of,
                to,
                language,
            } => (*person, *of, *to, *language),
        };
        let link = address(app, token);
        let said = fill(Words::of(language).reset.sms, &[("link", &link)]);
        let good_for = Duration::from_secs(GOOD_SECS.unsigned_abs());
        let sms = NewSms::about_log_in((of, person, to), good_for, &said);
        sms::post(app, conn, sms).await
    }
}

/// How links go to those they were asked for: one who has shown that it is theirs, or some who named it.
async fn ways(
    app: &App,
    conn: &mut PgConnection,
    typed: &Typed,
    now: Timestamp,
) -> sqlx::Result<Vec<Way>> {
    let mut ways = Vec::new();
    let Ok(contact) = typed.who.parse::<Contact>() else {
        return Ok(ways);
    };
    let open = MostOpen {
        by_mail: MOST_OPEN,
        by_sms: MOST_OPEN_BY_SMS,
    };
    for person in people::store::next_to_link(conn, &contact, now, open, MOST_AT_ONCE).await? {
        ways.extend(way(app, conn, (typed, &contact), person, now).await?);
    }
    Ok(ways)
}

/// How a link goes to somebody, if they have not had enough of them.
async fn way(
    app: &App,
    conn: &mut PgConnection,
    (typed, contact): (&Typed, &Contact),
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<Option<Way>> {
    let open = store::open_links(conn, person, now).await?;
    // They asked in this language just now.
    let language = Language::parse(&typed.language);
    let reader = crate::providers::mail::store::reader(conn, person).await?;
    if let Some(reader) = reader {
        let by_phone = matches!(contact, Contact::Phone(_));
        // Whoever only named a number gets no letters that its holder asks for.
        if by_phone && !people::store::proven(conn, person).await?.phone {
            return Ok(None);
        }
        let reader = Reader {
            language: language.unwrap_or(reader.language),
            ..reader
        };
        let goes = app.rails.mail.is_set_up() && open < MOST_OPEN;
        return Ok(goes.then_some(Way::Mail(reader)));
    }
    if !app.rails.sms.is_set_up() || open >= MOST_OPEN_BY_SMS {
        return Ok(None);
    }
    let Some((to, spoken, of)) = own_phone(conn, person).await? else {
        return Ok(None);
    };
    if app.limits.check(Act::ForgotBySms, By::Platform).is_err() {
        tracing::warn!("too many links for a new password were asked for by phone: one left out");
        return Ok(None);
    }
    Ok(Some(Way::Sms {
        person,
        of,
        to,
        language: language.unwrap_or(spoken),
    }))
}

async fn write(app: &App, conn: &mut PgConnection, to: &Reader, token: &Token) -> sqlx::Result<()> {
    let words = &Words::of(to.language).mail;
    let mail = NewMail {
        provider: None,
        to,
        kind: "reset",
        once: None,
        good_for: Duration::from_secs(GOOD_SECS.unsigned_abs()),
        letter: Letter {
            subject: words.reset.to_owned(),
            lines: vec![
                fill(words.hello, &[("name", &to.name)]),
                words.reset_text.to_owned(),
                words.reset_not_you.to_owned(),
            ],
            link: Some((words.reset_button.to_owned(), address(app, token))),
            foot: words.foot_account.to_owned(),
        },
    };
    post(app, conn, mail).await
}

fn address(app: &App, token: &Token) -> String {
    let path = format!("/reset/{}", token.expose());
    app.config.web.public().join(&path)
}

/// Makes a link for a person in the caller's transaction, and gives its address. Whoever is to hand it on is named with their business; the command
/// line is nobody.
async fn link(
    app: &App,
    conn: &mut PgConnection,
    person: PersonId,
    maker: Option<(PersonId, ProviderId)>,
) -> sqlx::Result<String> {
    let now = app.clock.now();
    let token = Token::draw(app);
    let id = ResetId::new(now, app.entropy.bytes());
    let until = now.plus_secs(GOOD_SECS);
    store::insert(conn, id, person, &token.hash(), now, until).await?;
    if let Some(maker) = maker {
        store::set_maker(conn, id, maker).await?;
    }
    Ok(address(app, &token))
}

/// Makes a link for whoever has this address or number, for the command line; `None` if nobody has.
///
/// # Errors
/// When the database refuses.
pub async fn by_command(app: &App, contact: &Contact) -> sqlx::Result<Option<String>> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let found = people::store::by_contact(&mut tx, contact, None).await?;
    let Some(found) = found.first() else {
        return Ok(None);
    };
    let address = link(app, &mut tx, found.person, None).await?;
    let provider = log_ins::first_place(&mut tx, found.person).await?;
    let (by, until) = ((provider, Actor::Command), good_until(app));
    note(app, &mut tx, by, "reset-link", (found.person, until)).await?;
    tx.commit().await?;
    Ok(Some(address))
}

/// How long a link is good that is made now, as the audit tells it.
fn good_until(app: &App) -> Option<JsonValue> {
    let until = app.clock.now().plus_secs(GOOD_SECS);
    Some(json!({"until": show::utc(until)}))
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    (provider, actor): (Option<ProviderId>, Actor),
    act: &'static str,
    (person, after): (PersonId, Option<JsonValue>),
) -> sqlx::Result<()> {
    let deed = Deed {
        act,
        subject: &person.to_string(),
        before: None,
        after,
    };
    record(app, conn, provider, actor, deed).await
}

/// Whose password a link is for, by their name and the business they came to last; none once it is over. Whoever opens it may have several.
///
/// # Errors
/// When the database is away.
pub async fn whose(app: &App, token: &Token) -> sqlx::Result<Option<String>> {
    let mut tx = app.db.platform(Reason::Login).await?;
    let Some(person) = store::find(&mut tx, &token.hash(), app.clock.now()).await? else {
        return Ok(None);
    };
    let Some(named) = people::store::person(&mut tx, person).await? else {
        return Ok(None);
    };
    let first = log_ins::first_place(&mut tx, person).await?;
    let places = log_ins::workplaces(&mut tx, person).await?;
    let place = places
        .into_iter()
        .find(|place| Some(place.provider) == first);
    Ok(Some(match place {
        Some(place) => format!("{} · {}", named.name, place.business),
        None => named.name,
    }))
}

/// Why a new password was not set.
#[derive(Debug, Error)]
pub enum NotReset {
    /// The link was used or is old.
    #[error("this link is over: ask for another")]
    Over,
    /// The password cannot be.
    #[error(transparent)]
    Bad(#[from] BadPerson),
    /// Too many tries.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The program is ending.
    #[error(transparent)]
    Ending(#[from] Ending),
    /// The database refused.
    #[error("the password could not be stored")]
    Database(#[from] sqlx::Error),
}

/// Sets the password of whoever a link is for, spends all their links and logs them out everywhere. The second factor stays as it is.
///
/// Gives the mark by which the browser is known from now on: whoever else tries the account then keeps its owner out of it no longer.
///
/// # Errors
/// [`NotReset`].
pub async fn reset(app: &App, token: &Token, password: SecretString) -> Result<Token, NotReset> {
    let hash = token.hash();
    let mut tx = app.db.platform(Reason::Login).await?;
    let person = store::find(&mut tx, &hash, app.clock.now())
        .await?
        .ok_or(NotReset::Over)?;
    let named = people::store::person(&mut tx, person).await?;
    drop(tx);
    let named = named.ok_or(NotReset::Over)?;
    // Hashing takes a while, and whoever has a link may try a few passwords that cannot be.
    app.limits.check(Act::LogIn, By::Link(hash))?;
    check_password(&password, &named.contact)?;
    let kept = app.passwords.hash(password).await?;
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Login).await?;
    // Whoever was shown it may have been dismissed meanwhile.
    let is_good = store::find(&mut tx, &hash, now).await? == Some(person);
    if !is_good || !store::spend(&mut tx, &hash, now).await? {
        return Err(NotReset::Over);
    }
    store::spend_all(&mut tx, person, now).await?;
    people::store::set_password(&mut tx, person, &kept).await?;
    end_others(app, &mut tx, person, None, Actor::Admin(person)).await?;
    let mark = Token::draw(app);
    log_ins::know(&mut tx, &mark.hash(), person, Known::ByPassword, now).await?;
    let provider = log_ins::first_place(&mut tx, person).await?;
    let actor = match provider {
        Some(_) => Actor::Staff(person),
        None => Actor::Admin(person),
    };
    let by = (provider, actor);
    note(app, &mut tx, by, "password-reset", (person, None)).await?;
    tell_person(app, &mut tx, person, Own::Password).await?;
    tx.commit().await?;
    Ok(mark)
}

/// Seals what is stored with the first key; says how much had another.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App) -> Result<u32, NotRenewed> {
    renew(
        app,
        (Owner::Platform, CONTACT),
        |conn, after, limit| store::lock_sealed(conn, after, limit).boxed(),
        |conn, anew| {
            async move {
                for (id, sealed) in anew {
                    store::set_sealed(conn, id, &sealed).await?;
                }
                Ok(())
            }
            .boxed()
        },
    )
    .await
}
