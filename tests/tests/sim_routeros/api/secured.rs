//! The API over TLS.

use super::*;

#[tokio::test]
async fn tls_shows_the_certificate_whose_print_is_known() {
    use sha2::Digest;
    let router = router().await;
    let first = router.fingerprint();
    for round in 0..2 {
        let config = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any))
        .with_no_client_auth();
        let stream = tokio::net::TcpStream::connect(router.api_tls())
            .await
            .unwrap();
        let name = rustls_pki_types::ServerName::try_from("127.0.0.1").unwrap();
        let stream = tokio_rustls::TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap();
        let shown = stream.get_ref().1.peer_certificates().unwrap()[0].clone();
        assert_eq!(
            hex::encode(sha2::Sha256::digest(&shown)),
            router.fingerprint()
        );
        assert!(
            router
                .rows("/certificate")
                .iter()
                .any(|row| row["fingerprint"] == router.fingerprint())
        );
        let mut raw = Raw::over(stream);
        assert_eq!(
            raw.ask(&["/login", "=name=admin", "=password=admin"]).await,
            [["!done"]]
        );
        if round == 0 {
            router.change_certificate().unwrap();
            assert_ne!(router.fingerprint(), first);
            assert_eq!(
                raw.ask(&["/system/identity/print"]).await.len(),
                2,
                "open connections stay"
            );
        }
    }
}

/// Accepts any certificate: the test compares it itself.
#[derive(Debug)]
struct Any;

impl rustls::client::danger::ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &[rustls_pki_types::CertificateDer<'_>],
        _: &rustls_pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls_pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls_pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::ring::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
