//! The address of the mail server. How the way there is kept safe is said by it alone and never by what the server offers, so that nobody on the
//! way can talk us out of TLS.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use secrecy::SecretString;
use thiserror::Error;
use url::Url;

/// Where our mail is handed in.
#[derive(Clone)]
pub struct SmtpUrl {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) user: Option<(String, SecretString)>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said that matters; a server without it gets nothing.
    StartTls,
    /// None: whoever runs this says that nobody is on the way.
    Plain,
}

/// Why an address of a mail server cannot be used.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum BadSmtpUrl {
    /// It is none.
    #[error(
        "write it like smtps://user:password@mail.example.com or smtp://user:password@mail.example.com:587"
    )]
    Form,
    /// Whoever listens would read ways into accounts.
    #[error("letters go without TLS to this machine and private networks only")]
    InTheClear,
}

impl FromStr for SmtpUrl {
    type Err = BadSmtpUrl;

    fn from_str(text: &str) -> Result<Self, BadSmtpUrl> {
        let url = Url::parse(text).map_err(|_| BadSmtpUrl::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or(BadSmtpUrl::Form)?.trim_matches(['[', ']']);
        let (security, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Security::Tls, 465),
            ("smtp", Some("tls=required")) => (Security::StartTls, 587),
            ("smtp", Some("tls=none")) if is_here(host) || is_private(host) => {
                (Security::Plain, 25)
            }
            ("smtp", Some("tls=none")) => return Err(BadSmtpUrl::InTheClear),
            ("smtp", None) if is_here(host) => (Security::Plain, 25),
            ("smtp", None) => (Security::StartTls, 587),
            _ => return Err(BadSmtpUrl::Form),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(BadSmtpUrl::Form);
        }
        let user = match (url.username(), url.password()) {
            ("", None) => None,
            (name, Some(password)) => Some((decoded(name)?, decoded(password)?.into())),
            (_, None) => return Err(BadSmtpUrl::Form),
        };
        Ok(Self {
            port: url.port().unwrap_or(port),
            host: host.to_owned(),
            security,
            user,
        })
    }
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a host is in a network that is not the internet.
fn is_private(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        // A name without a dot is a container's, say; the endings belong to nobody on the internet.
        Err(_) => {
            let name = host.to_ascii_lowercase();
            !name.contains('.') || name.ends_with(".local") || name.ends_with(".internal")
        }
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
        let decoded = hex::decode(digits).map_err(|_| BadSmtpUrl::Form)?;
        bytes.extend(decoded);
    }
    String::from_utf8(bytes).map_err(|_| BadSmtpUrl::Form)
}

impl SmtpUrl {
    /// Who logs in there, and with what; none where nobody has to.
    #[must_use]
    pub fn log_in(&self) -> Option<(&str, &SecretString)> {
        let (name, password) = self.user.as_ref()?;
        Some((name.as_str(), password))
    }
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

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn an_address_says_how_the_way_is_kept_safe() {
        use Security::{Plain, StartTls, Tls};
        for (text, port, security) in [
            ("smtps://mail.example.com", 465, Tls),
            ("smtps://127.0.0.1", 465, Tls),
            ("smtp://mail.example.com", 587, StartTls),
            ("smtp://u:p@mail.example.com:2525", 2525, StartTls),
            ("smtp://mail.example.com/?tls=required", 587, StartTls),
            // A relay beside this program may have TLS as well; one of a private network is no loopback.
            ("smtp://u:p@localhost:25?tls=required", 25, StartTls),
            ("smtp://10.0.0.5", 587, StartTls),
            ("smtp://127.0.0.1:1025", 1025, Plain),
            ("smtp://LOCALHOST:1025/", 1025, Plain),
            ("smtp://[::1]:1025?tls=none", 1025, Plain),
            ("smtp://u:p@10.0.0.5?tls=none", 25, Plain),
            ("smtp://[fd00::5]?tls=none", 25, Plain),
            ("smtp://mailpit:1025?tls=none", 1025, Plain),
            ("smtp://mail.office.svc.cluster.local?tls=none", 25, Plain),
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
            "smtp://mail.example.com/?tls=opportunistic",
            "smtp://mail.example.com/inbox",
            "smtps://mail.example.com?tls=none",
            "smtps://127.0.0.1?tls=required",
        ] {
            assert_eq!(
                bad.parse::<SmtpUrl>().unwrap_err(),
                BadSmtpUrl::Form,
                "{bad}"
            );
        }
        for open in [
            "smtp://mail.example.com?tls=none",
            "smtp://8.8.8.8?tls=none",
        ] {
            let error = open.parse::<SmtpUrl>().unwrap_err();
            assert_eq!(error, BadSmtpUrl::InTheClear, "{open}");
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
}
