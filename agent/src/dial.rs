//! Reaching the controller: TCP, TLS whose dates are checked against the site's trusted clock, and one plain HTTP request over it. What is
//! said is `enrol`'s and `link`'s.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use mnara_protocol::clock::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

/// Opening a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// One request.
const REQUEST: Duration = Duration::from_secs(20);
/// The longest answer to one.
const ANSWER: usize = 64 * 1024;

/// A connection to the controller, whatever protects it.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why the controller was not reached.
#[derive(Debug, Error)]
pub enum DialError {
    /// No TCP connection.
    #[error("could not connect to {host}")]
    Connect {
        /// Where to.
        host: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No answer in time.
    #[error("no answer from {host} in time")]
    Timeout {
        /// From where.
        host: String,
    },
    /// The certificate would be good at another date.
    #[error("the controller's certificate is not good at the date this site knows")]
    Dates,
    /// Any other fault of TLS.
    #[error("could not set up TLS with {host}")]
    Tls {
        /// With whom.
        host: String,
        /// What was wrong.
        #[source]
        source: std::io::Error,
    },
}

/// Says that the controller answered and did not do what it was asked.
#[derive(Debug, Error)]
#[error("{host} answered {}{said}", .status.as_u16())]
pub struct Declined {
    host: String,
    /// Its status.
    pub status: StatusCode,
    said: String,
}

/// Which dates a certificate may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// It must be good at this time.
    Good(Timestamp),
    /// Any: the connection may carry only the question for the time.
    Any,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing: it is a GET.
    None,
    /// A POST of JSON.
    Json(Vec<u8>),
    /// A POST of bytes.
    Bytes(Vec<u8>),
}

/// Where the controller is and how its certificate is checked.
#[derive(Clone)]
pub struct Target {
    url: Url,
    host: String,
    port: u16,
    verifier: Option<Arc<WebPkiServerVerifier>>,
}

impl Target {
    /// Takes the controller's address and, if it has one, the certificate authority of its own.
    ///
    /// # Errors
    /// When the address cannot be one, or is plain http to another machine.
    pub fn new(url: &Url, ca: Option<&str>) -> anyhow::Result<Self> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url
            .port_or_known_default()
            .ok_or_else(|| anyhow!("the controller's address has no port"))?;
        let verifier = match url.scheme() {
            "https" => Some(verifier(ca)?),
            "http" if is_loopback(&host) => None,
            "http" => bail!("plain http reaches the controller only on this machine; use https"),
            other => bail!("the controller's address begins with https://, not {other}://"),
        };
        Ok(Self {
            url: url.clone(),
            host,
            port,
            verifier,
        })
    }

    /// The host, for people.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What the `Host` header says.
    #[must_use]
    pub fn authority(&self) -> String {
        self.url
            .port()
            .map_or_else(|| self.host.clone(), |port| format!("{}:{port}", self.host))
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`DialError::Dates`] when only the date stands in the way.
    pub async fn connect(&self, dates: Dates) -> Result<Box<dyn Stream>, DialError> {
        timeout(CONNECT, self.open(dates))
            .await
            .unwrap_or_else(|_| {
                Err(DialError::Timeout {
                    host: self.host.clone(),
                })
            })
    }

    async fn open(&self, dates: Dates) -> Result<Box<dyn Stream>, DialError> {
        let bare = self.host.trim_matches(['[', ']']);
        let tcp = TcpStream::connect((bare, self.port))
            .await
            .map_err(|source| DialError::Connect {
                host: self.host.clone(),
                source,
            })?;
        // Frames are small and wait for nothing.
        let _ = tcp.set_nodelay(true);
        let Some(verifier) = &self.verifier else {
            return Ok(Box::new(tcp));
        };
        let refused = |source: std::io::Error| {
            if only_dates(&source) {
                DialError::Dates
            } else {
                DialError::Tls {
                    host: self.host.clone(),
                    source,
                }
            }
        };
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|wrong| refused(std::io::Error::other(wrong)))?;
        let config = tls_config(Arc::clone(verifier), dates)
            .map_err(|wrong| refused(std::io::Error::other(wrong)))?;
        let tls = TlsConnector::from(Arc::new(config))
            .connect(name, tcp)
            .await
            .map_err(refused)?;
        Ok(Box::new(tls))
    }

    /// Makes one request on a connection of its own.
    ///
    /// # Errors
    /// When the controller is not reached or does not answer with 200.
    pub async fn request(&self, dates: Dates, path: &str, body: Body) -> anyhow::Result<Bytes> {
        let stream = self.connect(dates).await?;
        timeout(REQUEST, self.exchange(stream, path, body))
            .await
            .unwrap_or_else(|_| Err(anyhow!("no answer from {} in time", self.host)))
    }

    async fn exchange(
        &self,
        stream: Box<dyn Stream>,
        path: &str,
        body: Body,
    ) -> anyhow::Result<Bytes> {
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
        let request = Request::builder()
            .uri(path)
            .header(header::HOST, self.authority())
            .header(header::USER_AGENT, crate::SOFTWARE);
        let (kind, body) = match body {
            Body::None => (None, Vec::new()),
            Body::Json(body) => (Some("application/json"), body),
            Body::Bytes(body) => (Some("application/octet-stream"), body),
        };
        let request = match kind {
            Some(kind) => request.method("POST").header(header::CONTENT_TYPE, kind),
            None => request,
        };
        let request = request.body(Full::new(Bytes::from(body)))?;
        let asked = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), ANSWER)
                .collect()
                .await
                .map_err(|error| {
                    anyhow!(error).context("the controller's answer is too long or was cut off")
                })?
                .to_bytes();
            anyhow::Ok((status, body))
        };
        let (status, body) = tokio::select! {
            answered = asked => answered?,
            closed = connection => {
                closed?;
                bail!("{} closed the connection before it answered", self.host)
            }
        };
        if status == StatusCode::OK {
            return Ok(body);
        }
        // Problem documents carry a sentence for people.
        let said = serde_json::from_slice::<serde_json::Value>(&body)
            .ok()
            .and_then(|problem| {
                let said = problem.get("detail").or_else(|| problem.get("title"))?;
                let said: String = said.as_str()?.chars().take(200).collect();
                Some(format!(": {said}"))
            });
        Err(Declined {
            host: self.host.clone(),
            status,
            said: said.unwrap_or_default(),
        }
        .into())
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn verifier(ca: Option<&str>) -> anyhow::Result<Arc<WebPkiServerVerifier>> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate =
                    certificate.context("the certificate authority file is damaged")?;
                roots
                    .add(certificate)
                    .context("the certificate authority file holds something else")?;
            }
            if roots.is_empty() {
                bail!("the certificate authority file holds no certificate");
            }
        }
        None => roots
            .roots
            .extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .context("could not set up the certificate check")
}

fn tls_config(web: Arc<WebPkiServerVerifier>, dates: Dates) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Dated { web, dates }))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// The web's own check, with the site's time in the place of the system's.
#[derive(Debug)]
struct Dated {
    web: Arc<WebPkiServerVerifier>,
    dates: Dates,
}

impl Dated {
    /// All checks but the dates: where one is named as the fault, the check is made again at that date.
    fn at_any_date(
        &self,
        check: impl Fn(UnixTime) -> Result<ServerCertVerified, rustls::Error>,
    ) -> Result<ServerCertVerified, rustls::Error> {
        /// A chain has few certificates, each with two dates.
        const TRIES: usize = 16;
        let mut at = UnixTime::since_unix_epoch(Duration::ZERO);
        for _ in 0..TRIES {
            match check(at) {
                Err(rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before,
                    ..
                })) => at = not_before,
                Err(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
                    not_after,
                    ..
                })) => at = not_after,
                other => return other,
            }
        }
        Err(rustls::Error::InvalidCertificate(CertificateError::Expired))
    }
}

impl ServerCertVerifier for Dated {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let check = |at| {
            self.web
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at)
        };
        match self.dates {
            Dates::Good(at) => {
                let secs = u64::try_from(at.as_secs()).unwrap_or(0);
                check(UnixTime::since_unix_epoch(Duration::from_secs(secs)))
            }
            Dates::Any => self.at_any_date(check),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.web.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.web.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.web.supported_verify_schemes()
    }
}

/// Whether a failed handshake would have worked at another date.
fn only_dates(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        .is_some_and(|error| {
            matches!(
                error,
                rustls::Error::InvalidCertificate(
                    CertificateError::Expired
                        | CertificateError::ExpiredContext { .. }
                        | CertificateError::NotValidYet
                        | CertificateError::NotValidYetContext { .. }
                )
            )
        })
}

#[cfg(test)]
pub(crate) mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
    use rustls_pki_types::PrivateKeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    pub(crate) const IN_TIME: Timestamp = Timestamp::from_secs(1_800_000_000);
    const BEFORE: Timestamp = Timestamp::from_secs(0);
    pub(crate) const AFTER: Timestamp = Timestamp::from_secs(4_000_000_000);

    /// A server's side of TLS with a certificate for `name`, good from 2026 to 2028, and the authority that signed it.
    pub(crate) fn acceptor(name: &str) -> (TlsAcceptor, String) {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&authority_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.not_before = date_time_ymd(2026, 1, 1);
        leaf.not_after = date_time_ymd(2028, 1, 1);
        let leaf = leaf
            .signed_by(&key, &Issuer::new(authority, authority_key))
            .unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)
            .unwrap();
        (TlsAcceptor::from(Arc::new(config)), root.pem())
    }

    async fn server(name: &str) -> (u16, String) {
        let (acceptor, ca) = acceptor(name);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { acceptor.accept(stream).await });
            }
        });
        (port, ca)
    }

    pub(crate) fn target(port: u16, ca: &str) -> Target {
        let url = Url::parse(&format!("https://localhost:{port}")).unwrap();
        Target::new(&url, Some(ca)).unwrap()
    }

    #[tokio::test]
    async fn dates_are_checked_against_the_sites_time_and_nothing_else_is_ever_let_pass() {
        let (port, ca) = server("localhost").await;
        let good = target(port, &ca);
        assert!(good.connect(Dates::Good(IN_TIME)).await.is_ok());
        for wrong in [BEFORE, AFTER] {
            assert!(matches!(
                good.connect(Dates::Good(wrong)).await,
                Err(DialError::Dates)
            ));
        }
        assert!(good.connect(Dates::Any).await.is_ok());

        let (other, other_ca) = server("other.example").await;
        for dates in [Dates::Good(IN_TIME), Dates::Any] {
            assert!(matches!(
                target(other, &other_ca).connect(dates).await,
                Err(DialError::Tls { .. })
            ));
            assert!(matches!(
                target(port, &other_ca).connect(dates).await,
                Err(DialError::Tls { .. })
            ));
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (address, good) in [
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://10.0.0.1", false),
            ("http://cloud.example", false),
            ("ftp://cloud.example", false),
            ("https://cloud.example", true),
        ] {
            let url = Url::parse(address).unwrap();
            assert_eq!(Target::new(&url, None).is_ok(), good, "{address}");
        }
    }
}
