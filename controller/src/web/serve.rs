//! The server: accepts connections up to a bound, gives each a deadline for its headers, and on shutdown lets what runs come to its
//! end. What is upgraded leaves this file's care, but keeps its place.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::patient::Patient;

/// How long a connection may take for TLS, and for the headers of each request.
const HEADERS: Duration = Duration::from_secs(5);
/// How long running requests are waited for at the end.
const GRACE: Duration = Duration::from_secs(20);
/// The read buffer of a connection; sites hold thousands of them.
const BUFFER: usize = 16 * 1024;

/// A place among the connections held at once. Each request carries it; whoever upgrades its connection holds it until that is closed.
#[derive(Clone, Debug)]
pub struct Place {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// Serves until shutdown, each connection with the newest certificate.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<watch::Receiver<TlsAcceptor>>,
    connections: usize,
    shutdown: CancellationToken,
) {
    let running = TaskTracker::new();
    let places = Arc::new(Semaphore::new(connections));
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let (permit, accepted) = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            both = async { (place.await, listener.accept().await) } => both,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of files, or the caller went away already; a pause keeps the first from spinning.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let place = Place {
            _permit: Arc::new(permit.expect("nobody closes the places")),
        };
        let tls = tls.as_ref().map(|newest| newest.borrow().clone());
        let (router, shutdown) = (router.clone(), shutdown.clone());
        running.spawn(connection(stream, (peer, place), router, tls, shutdown));
    }
    drop(listener);
    running.close();
    if tokio::time::timeout(GRACE, running.wait()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
}

async fn connection(
    stream: TcpStream,
    who: (SocketAddr, Place),
    router: Router,
    tls: Option<TlsAcceptor>,
    shutdown: CancellationToken,
) {
    // A link's frames are small and must not wait for each other.
    drop(stream.set_nodelay(true));
    match tls {
        None => exchange(stream, who, router, shutdown).await,
        Some(tls) => match tokio::time::timeout(HEADERS, tls.accept(stream)).await {
            Ok(Ok(stream)) => exchange(stream, who, router, shutdown).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake took too long"),
        },
    }
}

async fn exchange<S>(
    stream: S,
    (peer, place): (SocketAddr, Place),
    router: Router,
    shutdown: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let mut request: Request = request.map(axum::body::Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(place.clone());
        router.clone().oneshot(request)
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(BUFFER);
    let exchange = builder
        .serve_connection(TokioIo::new(Patient::new(stream)), service)
        .with_upgrades();
    let mut exchange = std::pin::pin!(exchange);
    let ended = tokio::select! {
        ended = exchange.as_mut() => ended,
        () = shutdown.cancelled() => {
            exchange.as_mut().graceful_shutdown();
            exchange.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::http::{StatusCode, header};
    use axum::routing::get;
    use rustls_pki_types::ServerName;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;
    use tokio_rustls::TlsConnector;

    use super::*;
    use crate::app::tests::START;
    use crate::clock::Clock;
    use crate::web::patient::TAKEN;
    use crate::web::tls::kept;

    #[tokio::test]
    async fn shutdown_lets_a_running_request_end_and_takes_no_new_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let router = {
            let (entered, leave) = (Arc::clone(&entered), Arc::clone(&leave));
            Router::new().route(
                "/",
                get(
                    move |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move {
                        entered.notify_one();
                        leave.notified().await;
                        peer.ip().to_string()
                    },
                ),
            )
        };
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, None, 16, shutdown.clone()));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        entered.notified().await;
        shutdown.cancel();
        leave.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with("127.0.0.1"), "{answer}");
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_loses_the_place() {
        let places = Arc::new(Semaphore::new(1));
        let place = Place {
            _permit: Arc::new(Arc::clone(&places).try_acquire_owned().unwrap()),
        };
        let (near, mut far) = tokio::io::duplex(1024);
        far.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let router = Router::new().route("/", get(|| async { vec![0_u8; 8 << 20] }));
        let who = (SocketAddr::from(([127, 0, 0, 1], 9)), place);
        let held = exchange(near, who, router, CancellationToken::new());
        tokio::time::timeout(TAKEN * 2, held).await.unwrap();
        assert_eq!(places.available_permits(), 1);
        // Until here it was there and did not read.
        drop(far);
    }

    #[tokio::test]
    async fn what_was_upgraded_keeps_its_place_until_it_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closed = Arc::new(AtomicBool::new(false));
        let closing = Arc::clone(&closed);
        let upgrade = move |mut request: Request| async move {
            let place = request.extensions().get::<Place>().cloned().unwrap();
            let upgrade = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut stream = TokioIo::new(upgrade.await.unwrap());
                drop(stream.read_to_end(&mut Vec::new()).await);
                closing.store(true, Ordering::SeqCst);
                drop(place);
            });
            let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "x")];
            (StatusCode::SWITCHING_PROTOCOLS, headers)
        };
        let is_closed = move || async move { closed.load(Ordering::SeqCst).to_string() };
        let router = Router::new()
            .route("/upgrade", get(upgrade))
            .route("/", get(is_closed));
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, None, 1, shutdown.clone()));
        let mut first = TcpStream::connect(address).await.unwrap();
        first
            .write_all(
                b"GET /upgrade HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
            )
            .await
            .unwrap();
        let mut head = [0; 12];
        first.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 101");

        let mut second = TcpStream::connect(address).await.unwrap();
        second
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        // Time enough to be answered, if there were a place.
        for _ in 0..10_000 {
            tokio::task::yield_now().await;
        }
        drop(first);
        let mut answer = String::new();
        second.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("true"), "{answer}");
        shutdown.cancel();
        serving.await.unwrap();
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

    /// Writes a new certificate with its key, and gives a client that trusts no other.
    fn renew(chain: &Path, key: &Path) -> TlsConnector {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(chain, own.cert.pem()).unwrap();
        std::fs::write(key, own.signing_key.serialize_pem()).unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(own.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(client))
    }

    async fn ask(address: SocketAddr, client: &TlsConnector) -> std::io::Result<String> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
        let mut stream = client.connect(name, stream).await?;
        stream.write_all(REQUEST).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }

    #[tokio::test]
    async fn tls_is_served_from_files_as_they_are_now_and_a_caller_without_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (chain, key) = (
            folder.path().join("chain.pem"),
            folder.path().join("key.pem"),
        );
        let client = renew(&chain, &key);
        let (tasks, clock) = (TaskTracker::new(), Clock::still(START));
        let tls = kept(&tasks, clock.clone(), &chain, &key).unwrap();
        assert!(kept(&tasks, clock.clone(), &key, &chain).is_err());

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "hello" }));
        let shutdown = CancellationToken::new();
        let mut renewed = tls.clone();
        let serving = tokio::spawn(serve(listener, router, Some(tls), 16, shutdown.clone()));
        let answer = ask(address, &client).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer}");

        let mut plain = TcpStream::connect(address).await.unwrap();
        plain.write_all(REQUEST).await.unwrap();
        let mut answer = Vec::new();
        // Closed or reset, but never answered in the clear.
        drop(plain.read_to_end(&mut answer).await);
        assert!(!answer.starts_with(b"HTTP"));

        // Half of a renewal is no certificate.
        let newer = renew(&chain, &folder.path().join("newer.pem"));
        clock.advance(Duration::from_secs(3600));
        ask(address, &client).await.unwrap();
        std::fs::rename(folder.path().join("newer.pem"), &key).unwrap();
        clock.advance(Duration::from_secs(3600));
        renewed.changed().await.unwrap();
        let answer = ask(address, &newer).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer}");
        assert!(ask(address, &client).await.is_err());

        drop(renewed);
        shutdown.cancel();
        serving.await.unwrap();
        tasks.close();
        tasks.wait().await;
    }
}
