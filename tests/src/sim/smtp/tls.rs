//! The server's own certificate, which nobody else has signed, and the TLS it makes of it.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// What a conversation runs over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// The certificate and the TLS made of it.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) pem: String,
    config: Arc<ServerConfig>,
}

impl Identity {
    /// Makes a new key and certificate for some names and addresses.
    pub(super) fn make(names: &[String]) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(names)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(key))?;
        Ok(Self {
            pem: made.cert.pem(),
            config: Arc::new(config),
        })
    }

    /// Begins TLS as the server.
    pub(super) async fn wrap(&self, wire: Box<dyn Wire>) -> std::io::Result<Box<dyn Wire>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        Ok(Box::new(acceptor.accept(wire).await?))
    }
}
