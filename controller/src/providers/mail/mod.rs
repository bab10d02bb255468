//! Mail to people: a letter is a row in the transaction that caused it, and a job hands it to the mail server. What is told to whom is in
//! `notices`; the way back in is in `log_in/reset`.
//!
//! A letter may hold a way into an account, so it is stored sealed and goes when it has left. It may leave twice, with one Message-ID.

pub mod store;

use std::time::Duration;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::ids::{MailId, PersonId, ProviderId};
use mnara_protocol::portal::Language;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use super::pages::words::Words;
use crate::app::App;
use crate::db::sealed::{NotRenewed, renew};
use crate::jobs::{Job, NewJob, Next, enqueue};
use crate::rails::mail::{Attached, Envelope, NotSent};
use crate::vault::{Column, Owner};

/// The kind of the job that hands a letter in.
pub const SEND: &str = "mail";

const LETTER: Column = Column::Letter;

/// Somebody who can be written to.
#[derive(Clone)]
pub struct Reader {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// What they read.
    pub language: Language,
}

/// What is written: a few short paragraphs and at most one thing to press.
#[derive(Clone, Deserialize, Serialize)]
pub struct Letter {
    /// What it is about.
    pub subject: String,
    /// Paragraphs.
    pub lines: Vec<String>,
    /// Where it leads: words and an address.
    pub link: Option<(String, String)>,
    /// Why they got it, and what else they can do.
    pub foot: String,
}

/// A letter to be posted.
pub struct NewMail<'a> {
    /// The business it is about, if it is about one.
    pub provider: Option<ProviderId>,
    /// Who gets it.
    pub to: &'a Reader,
    /// A word for what it is.
    pub kind: &'static str,
    /// What makes it the same news, if it could be told twice.
    pub once: Option<String>,
    /// After so long it helps nobody any more.
    pub good_for: Duration,
    /// What it says.
    pub letter: Letter,
}

/// A file that goes with a letter.
#[derive(Clone, Deserialize, Serialize)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// What it is, such as `application/pdf`.
    pub kind: String,
    /// What is in it, in Base64.
    pub base64: String,
}

impl File {
    /// Makes one.
    #[must_use]
    pub fn new(name: String, kind: &str, bytes: &[u8]) -> Self {
        Self {
            name,
            kind: kind.to_owned(),
            base64: STANDARD.encode(bytes),
        }
    }
}

#[derive(Deserialize, Serialize)]
struct Sealed {
    to: String,
    language: String,
    letter: Letter,
    #[serde(default)]
    files: Vec<File>,
}

/// Posts a letter in the caller's transaction. Without a mail server nothing is written: there would be nobody to take it.
///
/// # Errors
/// When the database refuses.
pub async fn post(app: &App, conn: &mut PgConnection, mail: NewMail<'_>) -> sqlx::Result<()> {
    post_with(app, conn, mail, Vec::new()).await
}

/// Posts a letter with files, as [`post`] does one without.
///
/// # Errors
/// When the database refuses.
pub async fn post_with(
    app: &App,
    conn: &mut PgConnection,
    mail: NewMail<'_>,
    files: Vec<File>,
) -> sqlx::Result<()> {
    if !app.rails.mail.is_set_up() {
        tracing::debug!(
            mail.kind = mail.kind,
            "mail is not set up, so nobody is told"
        );
        return Ok(());
    }
    let now = app.clock.now();
    let sealed = json!(Sealed {
        to: mail.to.email.clone(),
        language: mail.to.language.tag().to_owned(),
        letter: mail.letter,
        files,
    });
    let row = store::NewRow {
        id: MailId::new(now, app.entropy.bytes()),
        provider: mail.provider,
        person: mail.to.person,
        kind: mail.kind,
        once: mail.once.as_deref(),
        letter: &app
            .vault
            .seal(Owner::Platform, LETTER, sealed.to_string().as_bytes()),
        drop_at: now + mail.good_for,
    };
    if !store::insert(conn, &row, now).await? {
        return Ok(());
    }
    let job = NewJob {
        kind: SEND,
        key: &row.id.to_string(),
        payload: json!({}),
        run_at: now,
    };
    enqueue(conn, mail.provider, job, app).await
}

/// Hands one letter in.
pub fn send<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        let id: MailId = job.key.parse()?;
        let mut tx = job.begin(app).await?;
        let found = store::waiting(&mut tx, id).await?;
        drop(tx);
        let Some(found) = found else {
            return Ok(Next::Done);
        };
        let outcome = if found.drop_at <= app.clock.now() {
            Some(Outcome::GivenUp)
        } else {
            hand_in(app, id, &found.letter).await?
        };
        if let Some(outcome) = outcome {
            let mut tx = job.begin(app).await?;
            store::end(&mut tx, id, outcome, app.clock.now()).await?;
            job.done(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(Next::Done)
    })
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The server took it.
    Sent,
    /// Nobody will.
    GivenUp,
}

/// Tries once; an error is a try that may go better later.
async fn hand_in(app: &App, id: MailId, sealed: &str) -> anyhow::Result<Option<Outcome>> {
    let opened = app.vault.open_text(Owner::Platform, LETTER, sealed);
    let Some(sealed) = opened
        .ok()
        .and_then(|text| serde_json::from_str::<Sealed>(text.expose_secret()).ok())
    else {
        tracing::warn!(mail.id = %id, "a stored letter does not open, so it is given up");
        return Ok(Some(Outcome::GivenUp));
    };
    let language = Language::parse(&sealed.language).unwrap_or(Language::English);
    let files: Vec<Attached> = sealed
        .files
        .iter()
        .filter_map(|file| {
            Some(Attached {
                name: &file.name,
                kind: &file.kind,
                bytes: STANDARD.decode(&file.base64).ok()?,
            })
        })
        .collect();
    let envelope = Envelope {
        files: &files,
        id: id.to_string(),
        to: &sealed.to,
        subject: &sealed.letter.subject,
        text: &plain(&sealed.letter),
        html: &Looks {
            language,
            letter: &sealed.letter,
        }
        .render()?,
    };
    let sent = app.rails.mail.send(&envelope, app.clock.now()).await;
    count(&sent);
    match sent {
        Ok(()) => Ok(Some(Outcome::Sent)),
        Err(error @ (NotSent::Refused(_) | NotSent::NoAddress)) => {
            tracing::warn!(mail.id = %id, %error, "a letter is given up");
            Ok(Some(Outcome::GivenUp))
        }
        Err(error) => Err(error.into()),
    }
}

fn count(sent: &Result<(), NotSent>) {
    let result = match sent {
        Ok(()) => "sent",
        Err(NotSent::Refused(_) | NotSent::NoAddress) => "refused",
        Err(NotSent::Fault(_) | NotSent::NotSetUp) => "fault",
        Err(NotSent::NotNow(_)) => "not-now",
        Err(NotSent::Away) => "away",
    };
    metrics::counter!("mnara_mail_total", "result" => result).increment(1);
}

fn plain(letter: &Letter) -> String {
    let mut text = letter.lines.join("\n\n");
    if let Some((words, address)) = &letter.link {
        text.push_str(&format!("\n\n{words}:\n{address}"));
    }
    text.push_str(&format!("\n\n-- \n{}\n", letter.foot));
    text
}

#[derive(Template)]
#[template(path = "messages/mail.html")]
struct Looks<'a> {
    language: Language,
    letter: &'a Letter,
}

/// Words with something in their places: `{name}`.
#[must_use]
pub fn fill(words: &str, places: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(words.len());
    let mut rest = words;
    // In one pass, so that what somebody is called is never read as a place.
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        match after.split_once('}') {
            Some((name, onward)) => {
                let value = places.iter().find(|(place, _)| *place == name);
                text.push_str(value.map_or("", |(_, value)| value));
                rest = onward;
            }
            None => rest = "",
        }
    }
    text.push_str(rest);
    text
}

/// The letter that tells somebody of a change to their own account.
#[must_use]
pub fn about_account(words: &Words, app: &App, name: &str, subject: &str, said: &str) -> Letter {
    Letter {
        subject: subject.to_owned(),
        lines: vec![
            fill(words.mail.hello, &[("name", name)]),
            said.to_owned(),
            words.mail.not_you.to_owned(),
        ],
        link: Some((
            words.mail.to_forgot.to_owned(),
            app.config.web.public().join("/forgot"),
        )),
        foot: words.mail.foot_account.to_owned(),
    }
}

/// Seals what is stored with the first key; says how much had another.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App) -> Result<u32, NotRenewed> {
    renew(
        app,
        (Owner::Platform, LETTER),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_read_as_a_place() {
        assert_eq!(
            fill("{a} and {b}.", &[("a", "{b}"), ("b", "x")]),
            "{b} and x."
        );
        assert_eq!(fill("none", &[]), "none");
    }

    #[test]
    fn a_letter_reads_well_without_looks() {
        let letter = Letter {
            subject: "s".to_owned(),
            lines: vec!["One.".to_owned(), "Two.".to_owned()],
            link: Some(("Open".to_owned(), "https://x.example/y".to_owned())),
            foot: "Mnara".to_owned(),
        };
        assert_eq!(
            plain(&letter),
            "One.\n\nTwo.\n\nOpen:\nhttps://x.example/y\n\n-- \nMnara\n"
        );
        let looks = Looks {
            language: Language::English,
            letter: &Letter {
                lines: vec!["<script>".to_owned()],
                ..letter
            },
        };
        let html = looks.render().unwrap();
        assert!(!html.contains("<script>"), "{html}");
    }
}
