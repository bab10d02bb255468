//! Ports of the router: opened at start, closed while it is down, opened again on the same number.
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::anonymous;
use super::session;
use super::shared::{Line, Shared, lock, stands};
use super::value;

/// How long a caller may take over its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Callers that wait to be heard at once.
const BACKLOG: u32 = 1_024;

/// How much a connection without a certificate holds between its two halves.
const PIPE: usize = 64 * 1024;

static NEXT_LINE: AtomicU64 = AtomicU64::new(1);

/// Serves a port for as long as the simulator lives; it refuses while the router is down.
pub(crate) fn serve<F, W>(shared: &Arc<Shared>, listener: TcpListener, address: SocketAddr, work: W)
where
    F: Future<Output = ()> + Send + 'static,
    W: Fn(TcpStream, SocketAddr) -> F + Send + 'static,
{
    shared.listening.send_modify(|ports| *ports += 1);
    let shared = Arc::clone(shared);
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let mut listener = listener;
        let mut power = shared.power.subscribe();
        loop {
            tokio::select! {
                () = shared.stop.cancelled() => return,
                () = stands(&mut power, false) => {
                    drop(listener);
                    let kept = keep(address);
                    shared.listening.send_modify(|ports| *ports -= 1);
                    let reopened = tokio::select! {
                        () = shared.stop.cancelled() => return,
                        reopened = reopen(&shared, address, kept) => reopened,
                    };
                    listener = reopened;
                    shared.listening.send_modify(|ports| *ports += 1);
                }
                accepted = listener.accept() => {
                    if let Ok((stream, peer)) = accepted {
                        // A delayed segment on loopback would only blur measured times.
                        let _ = stream.set_nodelay(true);
                        shared.tasks.spawn(work(stream, peer));
                    }
                }
            }
        }
    });
}

/// Keeps a number that nobody listens on, so that no other simulator gets it meanwhile and takes this one's callers.
fn keep(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Callers of before may still be there.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn reopen(shared: &Shared, address: SocketAddr, kept: io::Result<TcpSocket>) -> TcpListener {
    let mut power = shared.power.subscribe();
    stands(&mut power, true).await;
    if let Ok(listener) = kept.and_then(|socket| socket.listen(BACKLOG)) {
        return listener;
    }
    loop {
        stands(&mut power, true).await;
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            // Somebody else may hold the number for a moment.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// What `/ip/service` says about a caller.
enum Welcome {
    Plain,
    Tls(TlsAcceptor),
    /// TLS without a certificate.
    Anonymous,
    Ignore,
    Refuse,
}

/// Serves one caller of the API.
pub(crate) async fn caller(
    shared: Arc<Shared>,
    service: &'static str,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let line = Line {
        service,
        close: shared.stop.child_token(),
        dead: tokio::sync::watch::Sender::new(false),
    };
    match welcome(&shared, service, peer) {
        Welcome::Refuse => {}
        Welcome::Ignore => ignore(&shared, &line, stream).await,
        welcome => {
            let id = NEXT_LINE.fetch_add(1, Ordering::Relaxed);
            lock(&shared.lines).insert(id, line.clone());
            match welcome {
                Welcome::Tls(acceptor) => {
                    if let Some(stream) = shaken(&line, acceptor.accept(stream)).await {
                        talk(&shared, id, &line, stream, peer).await;
                    }
                }
                Welcome::Anonymous => {
                    if let Some(stream) = shaken(&line, anonymous::accept(stream)).await {
                        let (near, far) = tokio::io::duplex(PIPE);
                        // Each half ends when the other has, once what was said last is out.
                        tokio::select! {
                            () = shared.stop.cancelled() => {}
                            _ = async {
                                tokio::join!(
                                    talk(&shared, id, &line, near, peer),
                                    stream.carry(far),
                                )
                            } => {}
                        }
                    }
                }
                _ => talk(&shared, id, &line, stream, peer).await,
            }
            lock(&shared.lines).remove(&id);
        }
    }
}

/// Waits for a handshake, but not for ever.
async fn shaken<S, E>(line: &Line, handshake: impl Future<Output = Result<S, E>>) -> Option<S> {
    tokio::select! {
        () = line.close.cancelled() => None,
        () = tokio::time::sleep(HANDSHAKE) => None,
        shaken = handshake => shaken.ok(),
    }
}

async fn talk<S>(shared: &Arc<Shared>, id: u64, line: &Line, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    session::run(Arc::clone(shared), id, line.clone(), stream, peer).await;
    shared.with(|device| {
        if let Some(member) = device.members.remove(&id) {
            let words = format!(
                "user {} logged out from {} via {}",
                member.name, member.address, member.via
            );
            device.note("system,info,account", words);
            device.touch("/user/active");
        }
    });
}

/// Holds a connection open without ever answering, as a router does to an address it does not allow.
async fn ignore(shared: &Shared, line: &Line, mut stream: TcpStream) {
    let mut power = shared.power.subscribe();
    let mut sink = [0_u8; 1024];
    loop {
        tokio::select! {
            () = line.close.cancelled() => return,
            () = stands(&mut power, false) => return,
            read = tokio::io::AsyncReadExt::read(&mut stream, &mut sink) => {
                if read.is_ok_and(|read| read == 0) {
                    return;
                }
            }
        }
    }
}

fn welcome(shared: &Shared, service: &'static str, peer: SocketAddr) -> Welcome {
    if shared.faults.borrow().deaf {
        return Welcome::Ignore;
    }
    let open = lock(&shared.lines)
        .values()
        .filter(|line| line.service == service)
        .count();
    shared.with(|device| {
        let counts = device.version.counts_api_sessions();
        let Some(row) = device.table("/ip/service").named(service) else {
            return Welcome::Refuse;
        };
        let allowed = row.text("address");
        let IpAddr::V4(from) = peer.ip() else {
            return Welcome::Refuse;
        };
        if row.is("disabled") {
            return Welcome::Refuse;
        }
        if !allowed.is_empty() && !allowed.split(',').any(|range| value::in_range(range, from)) {
            return Welcome::Ignore;
        }
        let most = usize::try_from(row.number("max-sessions")).unwrap_or(usize::MAX);
        if counts && open >= most {
            return Welcome::Refuse;
        }
        if service != "api-ssl" {
            return Welcome::Plain;
        }
        let Some(identity) = device.identity() else {
            return Welcome::Anonymous;
        };
        let config = if row.raw("tls-version") == b"only-1.2" {
            &identity.only_twelve
        } else {
            &identity.any
        };
        Welcome::Tls(TlsAcceptor::from(Arc::clone(config)))
    })
}
