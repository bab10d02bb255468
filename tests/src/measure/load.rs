//! A load of HTTP requests, over kept connections as a rail keeps them or each from a phone of its own.
//!
//! Written by hand so that the client costs as little as it can beside what it measures. Only what our own servers answer is
//! understood.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::{Samples, now};

/// What is sent.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where to.
    pub address: SocketAddr,
    /// Each is sent once.
    pub requests: Vec<Vec<u8>>,
    /// So many are under way at once.
    pub at_once: usize,
    /// The status that says yes.
    pub yes: u16,
}

/// What a load came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long it took.
    pub took: Duration,
    /// The time of each request in milliseconds.
    pub times: Samples,
    /// Answers that did not say yes.
    pub refused: usize,
}

impl Outcome {
    /// Requests a second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub fn rate(&self) -> f64 {
        self.times.count() as f64 / self.took.as_secs_f64()
    }
}

/// Sends a load over as many connections as requests are under way, each kept to the end.
///
/// # Errors
/// When a connection breaks.
pub async fn send(load: Load) -> Result<Outcome> {
    run(load, None).await
}

/// Sends each request from an address of its own, over a connection that is open already.
///
/// # Errors
/// When a connection breaks, or there are fewer addresses than requests.
pub async fn send_from(load: Load, phones: Vec<Ipv4Addr>) -> Result<Outcome> {
    anyhow::ensure!(
        phones.len() >= load.requests.len(),
        "there are more requests than phones"
    );
    run(load, Some(phones)).await
}

async fn run(load: Load, phones: Option<Vec<Ipv4Addr>>) -> Result<Outcome> {
    let (load, phones) = (Arc::new(load), Arc::new(phones));
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    let start = now();
    for _ in 0..load.at_once {
        let (load, phones, next) = (Arc::clone(&load), Arc::clone(&phones), Arc::clone(&next));
        callers.spawn(async move {
            let mut kept = None;
            let mut times = Samples::default();
            let mut refused = 0;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = load.requests.get(number) else {
                    return io::Result::Ok((times, refused));
                };
                let line = match (phones.as_deref(), &mut kept) {
                    (Some(phones), kept) => {
                        kept.insert(Line::from(phones[number], load.address).await?)
                    }
                    (None, Some(line)) => line,
                    (None, kept) => kept.insert(Line::open(load.address).await?),
                };
                let start = now();
                let status = line.ask(request).await?;
                times.add_time(start.elapsed());
                refused += usize::from(status != load.yes);
            }
        });
    }
    let (mut times, mut refused) = (Samples::default(), 0);
    while let Some(caller) = callers.join_next().await {
        let (its_times, its_refused) = caller
            .context("a caller panicked")?
            .context("a connection broke")?;
        times.extend(its_times.0);
        refused += its_refused;
    }
    Ok(Outcome {
        took: start.elapsed(),
        times,
        refused,
    })
}

/// An open connection.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
    head: usize,
}

impl Line {
    /// Opens one from any address.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(to: SocketAddr) -> io::Result<Self> {
        Self::on(TcpStream::connect(to).await?)
    }

    /// Opens one from a phone's address.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn from(phone: Ipv4Addr, to: SocketAddr) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((phone, 0).into())?;
        Self::on(socket.connect(to).await?)
    }

    fn on(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            answer: Vec::with_capacity(8 * 1024),
            head: 0,
        })
    }

    /// Sends a request and reads its answer, which must have a `content-length`; gives the status.
    ///
    /// # Errors
    /// When the connection ends or the answer is no such one.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        let strange = || io::Error::new(ErrorKind::InvalidData, "not an answer with a length");
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            self.more().await?;
            let Some(end) = self
                .answer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            else {
                continue;
            };
            let head = std::str::from_utf8(&self.answer[..end]).map_err(|_| strange())?;
            let status = head
                .get(9..12)
                .and_then(|digits| digits.parse().ok())
                .ok_or_else(strange)?;
            let length: usize = head
                .lines()
                .find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    name.eq_ignore_ascii_case("content-length")
                        .then(|| value.trim().parse().ok())?
                })
                .ok_or_else(strange)?;
            self.head = end + 4;
            while self.answer.len() < self.head + length {
                self.more().await?;
            }
            return Ok(status);
        }
    }

    /// The body of the last answer.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.answer.get(self.head..).unwrap_or_default()
    }

    /// A header of the last answer, the first of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.answer.get(..self.head)?).ok()?;
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    async fn more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.answer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{Ipv4Addr, SocketAddr};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::ConnectInfo;
    use axum::routing::post;

    use super::{Line, Load, send, send_from};

    type Callers = Arc<Mutex<BTreeSet<SocketAddr>>>;

    /// Says which addresses called.
    async fn server() -> (SocketAddr, Callers) {
        let callers = Callers::default();
        let seen = Arc::clone(&callers);
        let yes = |ConnectInfo(from): ConnectInfo<SocketAddr>, body: String| async move {
            seen.lock().unwrap().insert(from);
            body
        };
        let app = Router::new()
            .route("/yes", post(yes))
            .route("/no", post(|| async { axum::http::StatusCode::CONFLICT }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        (address, callers)
    }

    fn request(path: &str) -> Vec<u8> {
        format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab").into_bytes()
    }

    fn load(address: SocketAddr, paths: &[&str]) -> Load {
        Load {
            address,
            requests: paths.iter().map(|path| request(path)).collect(),
            at_once: 2,
            yes: 200,
        }
    }

    #[tokio::test]
    async fn every_request_is_sent_once_and_refusals_are_counted() {
        let (address, callers) = server().await;
        let outcome = send(load(address, &["/yes", "/no", "/yes", "/yes"]))
            .await
            .unwrap();
        assert_eq!((outcome.times.count(), outcome.refused), (4, 1));
        assert!(callers.lock().unwrap().len() <= 2, "connections are kept");
        let mut line = Line::open(address).await.unwrap();
        assert_eq!(line.ask(&request("/yes")).await.unwrap(), 200);
        assert_eq!(line.body(), b"ab");
    }

    #[tokio::test]
    async fn each_phone_calls_from_its_own_address() {
        let (address, callers) = server().await;
        let phones: Vec<_> = (1..=3).map(|last| Ipv4Addr::new(127, 9, 9, last)).collect();
        let all = load(address, &["/yes"; 3]);
        let outcome = send_from(all.clone(), phones.clone()).await.unwrap();
        assert_eq!(outcome.refused, 0);
        let called: BTreeSet<_> = callers
            .lock()
            .unwrap()
            .iter()
            .map(|from| from.ip())
            .collect();
        assert_eq!(called, phones.iter().map(|phone| (*phone).into()).collect());
        assert!(send_from(all, phones[1..].to_vec()).await.is_err());
    }
}
