//! TLS for a controller with no proxy in front: a certificate chain and its key, read from files. Getting certificates is not done here.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;

/// How often the files are read anew. Whoever renews certificates does so weeks before the end, and tells nobody.
const ANEW: Duration = Duration::from_secs(3600);

/// Reads the files into an acceptor, and anew each hour until nobody holds it any more.
///
/// # Errors
/// Says which file is wrong. Later on that is a warning, and what was read before is served.
pub fn kept(
    tasks: &TaskTracker,
    clock: Clock,
    chain: &Path,
    key: &Path,
) -> Result<watch::Receiver<TlsAcceptor>, TlsError> {
    let (newest, kept) = watch::channel(acceptor(chain, key)?);
    let (chain, key) = (chain.to_owned(), key.to_owned());
    tasks.spawn(async move {
        loop {
            tokio::select! {
                () = newest.closed() => return,
                () = clock.sleep(ANEW) => {}
            }
            match acceptor(&chain, &key) {
                Ok(read) => drop(newest.send_replace(read)),
                Err(error) => {
                    tracing::warn!(error = %format!("{:#}", anyhow::Error::new(error)), "a renewed certificate cannot be used; the one before is served on");
                }
            }
        }
    });
    Ok(kept)
}

/// Reads the files into an acceptor.
///
/// # Errors
/// Says which file is wrong.
fn acceptor(chain: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        |source| TlsError::Unreadable { file, source }
    };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(unreadable(chain))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_no_client_auth()
        .with_single_cert(certificates, secret)
        .map_err(TlsError::Unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Not there, or not PEM.
    #[error("{} cannot be read as PEM", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// Both are read and do not fit together.
    #[error("the certificate and the key cannot be used together")]
    Unusable(#[source] rustls::Error),
}
