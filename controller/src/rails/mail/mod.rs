//! Mail: one letter handed to the SMTP server that sends for us. What is written to whom, and what becomes of a letter that was not taken, is
//! decided in the slices.
//!
//! A letter that is sent twice carries the same Message-ID, by which mailboxes know it again.

mod address;
mod refusal;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Message, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{
    ClientId, Extension, MailBodyParameter, MailParameter, ServerInfo,
};
use mnara_protocol::clock::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;

use crate::config::MailConfig;

pub use address::{BadSmtpUrl, SmtpUrl};
pub use lettre::message::Mailbox;
pub use refusal::{Fault, NotSent, Said};

use address::Security;
use refusal::{Step, what};

/// The longest the server may take to be connected to.
const PATIENCE: Duration = Duration::from_secs(20);
/// The longest a letter may take as a whole: a server that dribbles must not hold a worker.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest for parting, when all has been said.
const PARTING: Duration = Duration::from_secs(2);

/// How the report of every [`NotSent::Fault`] begins, by which work that waits for it is found.
pub const FAULT: &str = "mail does not leave";

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

/// The client of the mail server, if there is one.
#[derive(Clone)]
pub struct Mail(Option<Post>);

#[derive(Clone)]
struct Post {
    host: String,
    port: u16,
    way: Way,
    log_in: Option<Credentials>,
    /// Who we say we are.
    name: ClientId,
    from: Mailbox,
}

/// The way to the server, as [`Security`] has it.
#[derive(Clone)]
enum Way {
    Tls(TlsParameters),
    StartTls(TlsParameters),
    Plain,
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
    /// When TLS cannot be set up, or the file of certificates is none.
    pub fn new(config: &MailConfig) -> anyhow::Result<Self> {
        let (Some(server), Some(from)) = (&config.smtp_url, &config.mail_from) else {
            return Ok(Self(None));
        };
        let tls = || trusted(&server.host, config.smtp_ca.as_deref());
        let way = match server.security {
            Security::Tls => Way::Tls(tls()?),
            Security::StartTls => Way::StartTls(tls()?),
            Security::Plain => Way::Plain,
        };
        let log_in = server.user.as_ref().map(|(name, password)| {
            Credentials::new(name.clone(), password.expose_secret().to_owned())
        });
        Ok(Self(Some(Post {
            host: server.host.clone(),
            port: server.port,
            way,
            log_in,
            name: ClientId::Domain(from.email.domain().to_owned()),
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
        let handed = Box::pin(post.hand_in(&message));
        let (mut connection, told) = tokio::time::timeout(LONGEST, handed)
            .await
            .unwrap_or(Err(NotSent::Away))?;
        // However slowly the server parts, what it said of the letter stands.
        let _ = tokio::time::timeout(PARTING, connection.abort()).await;
        told
    }
}

/// The certificates that the server's own is held against: the web's, or those of a file.
fn trusted(host: &str, own: Option<&Path>) -> anyhow::Result<TlsParameters> {
    let mut tls = TlsParameters::builder(host.to_owned());
    match own {
        None => tls = tls.certificate_store(CertificateStore::WebpkiRoots),
        Some(file) => {
            tls = tls.certificate_store(CertificateStore::None);
            let all = CertificateDer::pem_file_iter(file)
                .and_then(|all| all.collect::<Result<Vec<_>, _>>())
                .with_context(|| format!("reading SMTP_CA, {}", file.display()))?;
            ensure!(
                !all.is_empty(),
                "SMTP_CA, {}, has no certificate in PEM",
                file.display()
            );
            for one in all {
                tls = tls.add_root_certificate(Certificate::from_der(one.to_vec())?);
            }
        }
    }
    tls.build_rustls()
        .context("setting TLS to the mail server up")
}

impl Post {
    /// Opens a conversation and hands a letter in; says what the server said of it.
    async fn hand_in(
        &self,
        message: &Message,
    ) -> Result<(AsyncSmtpConnection, Result<(), NotSent>), NotSent> {
        let mut connection = self.connect().await?;
        let told = converse(&mut connection, message).await;
        Ok((connection, told))
    }

    /// Connects, on the way that is set and on no other, and logs in.
    async fn connect(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let wrapped = match &self.way {
            Way::Tls(tls) => Some(tls.clone()),
            Way::StartTls(_) | Way::Plain => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(PATIENCE), &self.name, wrapped, None)
                .await
                .map_err(|error| meaning(Step::Begin, &error))?;
        if let Way::StartTls(tls) = &self.way {
            // Somebody on the way may have taken it out of what the server offers.
            if !connection.can_starttls() {
                return Err(NotSent::Fault(Fault::Tls));
            }
            connection
                .starttls(tls.clone(), &self.name)
                .await
                .map_err(|error| meaning(Step::Begin, &error))?;
        }
        if let Some(log_in) = &self.log_in {
            connection
                .auth(DEFAULT_MECHANISMS, log_in)
                .await
                .map_err(|error| meaning(Step::LogIn, &error))?;
        }
        Ok(connection)
    }

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

/// Says a letter step by step, since the same code means another thing at each.
async fn converse(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), NotSent> {
    let text = message.formatted();
    let asked = parameters(connection.server_info(), message, text.is_ascii())?;
    let from = MailFrom::new(message.envelope().from().cloned(), asked);
    connection
        .command(from)
        .await
        .map_err(|error| meaning(Step::Sender, &error))?;
    for to in message.envelope().to() {
        connection
            .command(Rcpt::new(to.clone(), Vec::new()))
            .await
            .map_err(|error| meaning(Step::Recipient, &error))?;
    }
    connection
        .command(Data)
        .await
        .map_err(|error| meaning(Step::Recipient, &error))?;
    connection
        .message(&text)
        .await
        .map_err(|error| meaning(Step::Letter, &error))?;
    Ok(())
}

/// What the server must know of a letter beforehand (RFC 6152 and 6531).
fn parameters(
    server: &ServerInfo,
    message: &Message,
    is_ascii: bool,
) -> Result<Vec<MailParameter>, NotSent> {
    let envelope = message.envelope();
    let is_wide = |address: &Address| !AsRef::<str>::as_ref(address).is_ascii();
    let mut asked = Vec::new();
    if envelope
        .from()
        .into_iter()
        .chain(envelope.to())
        .any(is_wide)
    {
        if !server.supports_feature(Extension::SmtpUtfEight) {
            return Err(NotSent::NoAddress);
        }
        asked.push(MailParameter::SmtpUtfEight);
    }
    if !is_ascii {
        asked.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(asked)
}

/// What an error of a step means.
fn meaning(step: Step, error: &smtp::Error) -> NotSent {
    if let Some(code) = error.status() {
        // Its source is what the server said beside the code.
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return what(step, code.into(), &text);
    }
    if is_untrusted(error) {
        NotSent::Fault(Fault::Tls)
    } else if step == Step::LogIn && error.is_client() {
        NotSent::Fault(Fault::NoLogIn)
    } else {
        NotSent::Away
    }
}

/// Whether it is TLS that failed rather than the network below it.
fn is_untrusted(error: &smtp::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        let inner = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        next = cause.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_told_so_that_it_is_found() {
        for fault in [Fault::Tls, Fault::NoLogIn] {
            assert!(NotSent::Fault(fault).to_string().starts_with(FAULT));
        }
        let refused = what(Step::LogIn, 535, "5.7.8 no").to_string();
        assert!(
            refused.starts_with(FAULT) && refused.contains("535 5.7.8"),
            "{refused}"
        );
    }

    #[test]
    fn a_file_without_certificates_is_refused_at_the_start() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let config = |ca: &Path| MailConfig {
            smtp_url: Some("smtp://127.0.0.1?tls=required".parse().unwrap()),
            mail_from: Some("no-reply@mnara.example".parse().unwrap()),
            smtp_ca: Some(ca.to_owned()),
        };
        let error = Mail::new(&config(file.path())).unwrap_err().to_string();
        assert!(error.contains("no certificate"), "{error}");
        assert!(Mail::new(&config(Path::new("/nowhere/ca.pem"))).is_err());
    }
}
