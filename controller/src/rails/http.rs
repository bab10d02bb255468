//! The HTTP under the rails: one way to set a client up and to read an answer whole. What an answer means is each rail's own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};

/// For the connection, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// For a whole call.
const TOTAL: Duration = Duration::from_secs(30);
/// The longest answer read where nobody says otherwise.
pub(super) const LONGEST: usize = 64 * 1024;

/// A call without an answer.
#[derive(Debug)]
pub(super) enum Lost {
    /// No connection was made, so nothing was sent.
    NotSent(reqwest::Error),
    /// It may have arrived.
    Unanswered(reqwest::Error),
}

impl From<reqwest::Error> for Lost {
    fn from(error: reqwest::Error) -> Self {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            Self::NotSent(error)
        } else {
            Self::Unanswered(error)
        }
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Whether there was more than anybody reads.
    pub(super) is_cut: bool,
}

/// Sets a client up that speaks for nobody but itself: no proxy, no redirects, nothing sent twice.
pub(super) fn client() -> anyhow::Result<Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        // A connection the other side has just closed would make a call fail with its outcome unknown.
        .pool_idle_timeout(Duration::from_secs(20))
        .retry(reqwest::retry::never())
        .user_agent(concat!("mnara/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("the HTTP client cannot be set up")
}

/// Sends a request and reads what comes back.
pub(super) async fn send(request: RequestBuilder) -> Result<Answered, Lost> {
    send_up_to(request, LONGEST).await
}

/// Sends a request and reads so much of what comes back.
pub(super) async fn send_up_to(request: RequestBuilder, longest: usize) -> Result<Answered, Lost> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Lost::Unanswered(error.without_url()))?
    {
        if body.len() + chunk.len() > longest {
            return Ok(Answered {
                status,
                body,
                is_cut: true,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answered {
        status,
        body,
        is_cut: false,
    })
}
