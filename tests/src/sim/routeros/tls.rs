//! The router's own certificate and the TLS it makes of it. What it offers without one is in `anonymous/`.
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

/// A self-signed certificate and the two ways `tls-version` lets it be used.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) any: Arc<ServerConfig>,
    pub(crate) only_twelve: Arc<ServerConfig>,
}

impl Identity {
    /// Makes a new key and certificate for some names and addresses.
    pub(crate) fn make(names: &[String]) -> anyhow::Result<Self> {
        let made = rcgen::generate_simple_self_signed(names)?;
        let certificate = made.cert.der().clone();
        let key = made.signing_key.serialize_der();
        let config = |versions: &[&'static rustls::SupportedProtocolVersion]| {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.clone()));
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let config = ServerConfig::builder_with_provider(provider)
                .with_protocol_versions(versions)?
                .with_no_client_auth()
                .with_single_cert(vec![certificate.clone()], key)?;
            anyhow::Ok(Arc::new(config))
        };
        let any = config(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
        let only_twelve = config(&[&rustls::version::TLS12])?;
        Ok(Self {
            certificate,
            any,
            only_twelve,
        })
    }

    /// Returns the SHA-256 of the certificate, as `/certificate` shows it.
    pub(crate) fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.certificate))
    }
}
