//! Mail: one letter handed to the SMTP server that sends for us. What is written to whom, and what becomes of a letter that was not taken, is
//! decided in the slices.
//!
//! A letter that is sent twice carries the same Message-ID, by which mailboxes know it again.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Message, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use mnara_protocol::clock::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use url::Url;

pub use lettre::message::Mailbox;

/// The longest the server may take for one step of the conversation.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest a letter may take as a whole: a server that dribbles must not hold a worker.
const LONGEST: Duration = Duration::from_secs(60);

/// Where our mail is handed in.
#[derive(Clone)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    security: Security,
    user: Option<(String, SecretString)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said that matters.
    StartTls,
    /// None: this machine talks to itself.
    Plain,
}

/// Why an address of a mail server cannot be used.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
#[error(
    "write it like smtps://user:password@mail.example.com or smtp://user:password@mail.example.com:587"
)]
pub struct BadSmtpUrl;

impl FromStr for SmtpUrl {
    type Err = BadSmtpUrl;

    fn from_str(text: &str) -> Result<Self, BadSmtpUrl> {
        let url = Url::parse(text).map_err(|_| BadSmtpUrl)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(BadSmtpUrl)?.trim_matches(['[', ']']).to_owned();
        let is_here = host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" if is_here => (Security::Plain, 25),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(BadSmtpUrl),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(BadSmtpUrl);
        }
        let user = match (url.username(), url.password()) {
            ("", None) => None,
            (name, Some(password)) => Some((decoded(name)?, decoded(password)?.into())),
            (_, None) => return Err(BadSmtpUrl),
        };
        Ok(Self {
            port: url.port().unwrap_or(port),
            host,
            security,
            user,
        })
    }
}

/// A part of an address with its `%40` and the like read.
fn decoded(part: &str) -> Result<String, BadSmtpUrl> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next(), rest.next()].map(|digit| digit.unwrap_or(b'?'));
        let decoded = hex::decode(digits).map_err(|_| BadSmtpUrl)?;
        bytes.extend(decoded);
    }
    String::from_utf8(bytes).map_err(|_| BadSmtpUrl)
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SmtpUrl({}:{}, {:?})",
            self.host, self.port, self.security
        )
    }
}

/// One letter, ready to leave.
#[derive(Clone)]
pub struct Envelope<'a> {
    /// The part of the Message-ID before the @: the same for the same letter, however often it is sent.
    pub id: String,
    /// The address it goes to.
    pub to: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// What it says.
    pub text: &'a str,
    /// The same with some looks.
    pub html: &'a str,
    /// What goes with it.
    pub files: &'a [Attached<'a>],
}

/// A file that goes with a letter.
#[derive(Clone)]
pub struct Attached<'a> {
    /// What it is called.
    pub name: &'a str,
    /// What it is.
    pub kind: &'a str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why a letter was not taken.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum NotSent {
    /// No server is named.
    #[error("mail is not set up: give SMTP_URL and MAIL_FROM")]
    NotSetUp,
    /// This address never takes it: trying again is of no use.
    #[error("the mail server refuses the address or the letter for good ({code})")]
    Refused {
        /// The server's code.
        code: u16,
    },
    /// The address cannot be one.
    #[error("the address is none that mail can be sent to")]
    NoAddress,
    /// It may work later.
    #[error("the mail server did not take the letter for now ({code})")]
    NotNow {
        /// The server's code.
        code: u16,
    },
    /// It was not reached, or broke off; whether it took the letter is not known.
    #[error("the mail server was not reached, or broke off")]
    Away,
}

/// The client of the mail server, if there is one.
#[derive(Clone)]
pub struct Mail(Option<Post>);

#[derive(Clone)]
struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set_up() {
            "Mail"
        } else {
            "Mail(none)"
        })
    }
}

impl Mail {
    /// Makes the client; nothing is called yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(server: Option<&SmtpUrl>, from: Option<&Mailbox>) -> anyhow::Result<Self> {
        let (Some(server), Some(from)) = (server, from) else {
            return Ok(Self(None));
        };
        let tls = || {
            TlsParameters::builder(server.host.clone())
                .certificate_store(CertificateStore::WebpkiRoots)
                .build_rustls()
        };
        let tls = match server.security {
            Security::Tls => Tls::Wrapper(tls()?),
            Security::StartTls => Tls::Required(tls()?),
            Security::Plain => Tls::None,
        };
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.as_str())
                .port(server.port)
                .tls(tls)
                .hello_name(ClientId::Domain(from.email.domain().to_owned()))
                .timeout(Some(PATIENCE));
        if let Some((name, password)) = &server.user {
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(name.clone(), password));
        }
        Ok(Self(Some(Post {
            transport: builder.build(),
            from: from.clone(),
        })))
    }

    /// Whether mail can leave.
    #[must_use]
    pub const fn is_set_up(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a letter in.
    ///
    /// # Errors
    /// [`NotSent`]; none of its words names the address.
    pub async fn send(&self, envelope: &Envelope<'_>, now: Timestamp) -> Result<(), NotSent> {
        let post = self.0.as_ref().ok_or(NotSent::NotSetUp)?;
        let message = post.write(envelope, now)?;
        let sent = tokio::time::timeout(LONGEST, post.transport.send(message)).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(meaning(error.status().map(u16::from))),
            Err(_) => Err(NotSent::Away),
        }
    }
}

impl Post {
    fn body(envelope: &Envelope<'_>) -> Result<MultiPart, NotSent> {
        let said =
            MultiPart::alternative_plain_html(envelope.text.to_owned(), envelope.html.to_owned());
        if envelope.files.is_empty() {
            return Ok(said);
        }
        let mut body = MultiPart::mixed().multipart(said);
        for file in envelope.files {
            let kind = ContentType::parse(file.kind).map_err(|_| NotSent::NoAddress)?;
            let part = Attachment::new(file.name.to_owned()).body(file.bytes.clone(), kind);
            body = body.singlepart(part);
        }
        Ok(body)
    }

    fn write(&self, envelope: &Envelope<'_>, now: Timestamp) -> Result<Message, NotSent> {
        let to: Address = envelope.to.parse().map_err(|_| NotSent::NoAddress)?;
        let millis = u64::try_from(now.as_millis()).unwrap_or(0);
        let date: SystemTime = UNIX_EPOCH + Duration::from_millis(millis);
        let id = format!("<{}@{}>", envelope.id, self.from.email.domain());
        let alone = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(envelope.subject)
            .date(date)
            .message_id(Some(id))
            // RFC 3834: nobody's holiday should answer us.
            .raw_header(alone)
            .multipart(Self::body(envelope)?)
            .map_err(|_| NotSent::NoAddress)
    }
}

/// What a server's code calls for (RFC 5321, 4.2.3; RFC 4954, 6). A log-in that is refused is ours to put right, so the letter waits.
const fn meaning(code: Option<u16>) -> NotSent {
    match code {
        Some(code @ 550..=556) => NotSent::Refused { code },
        Some(code) => NotSent::NotNow { code },
        None => NotSent::Away,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_the_way_is_kept_safe() {
        for (text, port, security) in [
            ("smtps://mail.example.com", 465, Security::Tls),
            ("smtp://mail.example.com", 587, Security::StartTls),
            ("smtp://u:p@mail.example.com:2525", 2525, Security::StartTls),
            ("smtp://127.0.0.1:1025", 1025, Security::Plain),
            ("smtp://localhost:1025/", 1025, Security::Plain),
        ] {
            let url: SmtpUrl = text.parse().unwrap();
            assert_eq!((url.port, url.security), (port, security), "{text}");
        }
        for bad in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://user@mail.example.com",
            "smtp://mail.example.com/?tls=no",
        ] {
            assert!(bad.parse::<SmtpUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_read_and_never_shown() {
        let url: SmtpUrl = "smtps://me%40example.com:p%3Ass@mail.example.com"
            .parse()
            .unwrap();
        let (name, password) = url.user.clone().unwrap();
        assert_eq!(name, "me@example.com");
        assert_eq!(password.expose_secret(), "p:ss");
        assert!(!format!("{url:?}").contains("p:ss"));
    }

    #[test]
    fn only_the_address_or_the_letter_is_refused_for_good() {
        assert_eq!(meaning(Some(550)), NotSent::Refused { code: 550 });
        assert_eq!(meaning(Some(451)), NotSent::NotNow { code: 451 });
        assert_eq!(meaning(Some(535)), NotSent::NotNow { code: 535 });
        assert_eq!(meaning(None), NotSent::Away);
    }
}
