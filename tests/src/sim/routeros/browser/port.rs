//! HTTP of the forwarding ports and of the servlet's own port, and the way from a phone's address to a real one.
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::super::shared::{Shared, lock};
use super::{Ask, Seen, Unseen, direct, see};

/// The largest body that passes.
const BODY: usize = 4 << 20;
/// How long the other side may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens a phone's forwarding port.
pub(crate) fn open_port(shared: &Arc<Shared>, mac: &str, port: u16) -> anyhow::Result<SocketAddr> {
    let listener =
        std::net::TcpListener::bind((shared.config.host, port)).context("open a phone's port")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let listener = TcpListener::from_std(listener)?;
    lock(&shared.forwards).insert(mac.to_owned(), address);
    let (shared, mac) = (Arc::clone(shared), mac.to_owned());
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        loop {
            let accepted = tokio::select! {
                () = shared.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else { continue };
            let (inner, mac) = (Arc::clone(&shared), mac.clone());
            shared
                .tasks
                .spawn(async move { forward(inner, mac, stream, address).await });
        }
    });
    Ok(address)
}

async fn forward(shared: Arc<Shared>, mac: String, stream: TcpStream, address: SocketAddr) {
    let service = service_fn(|request: Request<Incoming>| {
        let (shared, mac) = (Arc::clone(&shared), mac.clone());
        async move {
            let Some(ask) = read(request, Some(address)).await else {
                return Ok(write(Seen::new(413, "text/plain", "too much")));
            };
            // A phone without network sees nothing; its browser gets an end instead of a wait.
            match see(&shared, &mac, ask).await {
                Ok(seen) => Ok(write(seen)),
                Err(unseen @ Unseen::Unreachable(_)) => {
                    Ok(write(Seen::new(504, "text/plain", unseen.to_string())))
                }
                Err(unseen) => Err(unseen),
            }
        }
    });
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        () = shared.stop.cancelled() => {}
        // What a browser breaks off is its own affair.
        _ = serving => {}
    }
}

/// Serves the hotspot's own port: whoever calls is told by the address.
pub(crate) async fn serve_pages(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr) {
    let IpAddr::V4(from) = peer.ip() else { return };
    let service = service_fn(|request: Request<Incoming>| {
        let shared = Arc::clone(&shared);
        async move {
            let seen = match read(request, None).await {
                Some(ask) => direct(&shared, from, &ask),
                None => Seen::new(413, "text/plain", "too much"),
            };
            Ok::<_, Infallible>(write(seen))
        }
    });
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut power = shared.power.subscribe();
    tokio::select! {
        () = shared.stop.cancelled() => {}
        () = super::super::shared::stands(&mut power, false) => {}
        // What a browser breaks off is its own affair.
        _ = serving => {}
    }
}

async fn read(request: Request<Incoming>, forward: Option<SocketAddr>) -> Option<Ask> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, BODY)
        .collect()
        .await
        .ok()?
        .to_bytes()
        .to_vec();
    let named = parts.uri.authority().map(ToString::to_string);
    let own = forward.filter(|forward| {
        named
            .as_ref()
            .is_none_or(|host| *host == forward.to_string())
    });
    let header = parts
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let host = match (own, named) {
        (Some(_), _) => "neverssl.example".to_owned(),
        (None, Some(named)) => named,
        (None, None) => header.to_owned(),
    };
    let headers = parts.headers.iter().map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    Some(Ask {
        method: parts.method.as_str().to_owned(),
        host,
        path: parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        headers: headers.collect(),
        body,
        forward: own,
    })
}

fn write(seen: Seen) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(seen.body)));
    *response.status_mut() = seen
        .status
        .try_into()
        .unwrap_or(hyper::StatusCode::BAD_GATEWAY);
    if seen.servlet {
        *response.version_mut() = Version::HTTP_10;
        if let Ok(reason) = ReasonPhrase::try_from(seen.reason) {
            response.extensions_mut().insert(reason);
        }
    }
    for (name, value) in seen.headers {
        let name = hyper::header::HeaderName::try_from(name);
        let value = hyper::header::HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Headers about one connection, which do not travel on.
const HOP: [&str; 8] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// Carries a request from a phone's own address to a real server.
pub(super) async fn carry(from: Ipv4Addr, to: SocketAddr, ask: Ask) -> anyhow::Result<Seen> {
    tokio::time::timeout(PATIENCE, carry_on(from, to, ask))
        .await
        .context("waited too long")?
}

async fn carry_on(from: Ipv4Addr, to: SocketAddr, ask: Ask) -> anyhow::Result<Seen> {
    let socket = TcpSocket::new_v4()?;
    socket
        .bind(SocketAddr::from((from, 0)))
        .context("take the phone's address")?;
    let stream = socket.connect(to).await.context("connect")?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async {
        let mut request = Request::builder()
            .method(ask.method.as_str())
            .uri(&ask.path)
            .header("host", to.to_string());
        for (name, value) in &ask.headers {
            let name = name.to_ascii_lowercase();
            if name != "host" && !HOP.contains(&name.as_str()) {
                request = request.header(name, value);
            }
        }
        let request = request
            .header("connection", "close")
            .body(Full::new(Bytes::from(ask.body)))?;
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, BODY)
            .collect()
            .await
            .map_err(|error| anyhow::anyhow!(error))?;
        let headers = parts
            .headers
            .iter()
            .filter(|(name, _)| !HOP.contains(&name.as_str()))
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            });
        anyhow::Ok(Seen {
            status: parts.status.as_u16(),
            reason: String::new(),
            headers: headers.collect(),
            body: body.to_bytes().to_vec(),
            servlet: false,
        })
    };
    // The connection must be driven while its answer is awaited.
    let drive = async {
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        seen = exchange => seen,
        () = drive => unreachable!("never ends"),
    }
}
