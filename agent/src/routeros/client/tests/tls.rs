//! The client over TLS, which holds to the certificate it pinned.

use super::*;

async fn tls_router() -> (Dial, JoinHandle<()>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["router.lan".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let pin = Fingerprint::of(cert.der());
    let serving = tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((tcp, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(tcp).await else {
                continue;
            };
            let mut router = Router::new(stream);
            router.hears().await;
            router.says(&["!done"]).await;
            router.expects(&["/system/identity/print", ".tag=1"]).await;
            router.says(&["!re", ".tag=1", "=name=Tower"]).await;
            router.says(&["!done", ".tag=1"]).await;
        }
    });
    (
        Dial {
            port,
            security: Security::Pinned(pin),
            ..dial()
        },
        serving,
    )
}

#[tokio::test]
async fn tls_holds_to_the_pinned_certificate() {
    let (dial, _serving) = tls_router().await;
    let Security::Pinned(pin) = dial.security else {
        panic!("not pinned")
    };
    let mut other = pin;
    other.0[0] ^= 1;
    let refused = connect(&Dial {
        security: Security::Pinned(other),
        ..dial.clone()
    })
    .await;
    match refused {
        Err(Error::WrongCertificate { seen }) => {
            assert_eq!(Fingerprint::from_hex(&seen), Some(pin))
        }
        answer => panic!("{:?}", answer.map(|_| ())),
    }
    let (client, connection) = connect(&dial).await.unwrap();
    let command = Command::new("/system/identity/print");
    let _running = tokio::spawn(connection.run());
    let answer = client.call(&command).await.unwrap();
    assert_eq!(answer.rows[0].text("name").as_deref(), Some("Tower"));
}

#[tokio::test]
async fn tls_and_tcp_failures_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hanging_up = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            drop(stream)
        }
    });
    let dial = Dial {
        port,
        security: Security::Pinned(Fingerprint([0; 32])),
        ..dial()
    };
    assert!(matches!(
        connect(&dial).await.map(|_| ()),
        Err(Error::Tls(_))
    ));
    hanging_up.abort();
    assert!(hanging_up.await.unwrap_err().is_cancelled());
    assert!(matches!(
        connect(&dial).await.map(|_| ()),
        Err(Error::Connect { .. })
    ));
}
