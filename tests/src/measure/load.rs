//! A load of HTTP requests over kept connections, written by hand so that the client costs as little as it can beside what
//! it measures. Only what our own servers answer is understood.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::{Samples, now};

/// What a load came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long it took.
    pub took: Duration,
    /// The time of each request in milliseconds.
    pub times: Samples,
    /// Answers that were not 2xx.
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

/// Sends every request once, over so many connections.
///
/// # Errors
/// When a connection breaks.
pub async fn send(
    address: SocketAddr,
    requests: Arc<Vec<Vec<u8>>>,
    connections: usize,
) -> Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    let start = now();
    for _ in 0..connections {
        let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
        callers.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut buffer = Vec::with_capacity(8 * 1024);
            let mut times = Samples::default();
            let mut refused = 0;
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let start = now();
                stream.write_all(request).await?;
                let status = answer(&mut stream, &mut buffer).await?;
                times.add_time(start.elapsed());
                refused += usize::from(!(200..300).contains(&status));
            }
            io::Result::Ok((times, refused))
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

/// Reads one answer with a `content-length` and gives its status.
///
/// # Errors
/// When the connection ends or the answer is no such one.
pub async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<u16> {
    buffer.clear();
    let strange = || io::Error::new(ErrorKind::InvalidData, "not an answer with a length");
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&buffer[..end]).map_err(|_| strange())?;
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
        while buffer.len() < end + 4 + length {
            if stream.read_buf(buffer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        return Ok(status);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::routing::post;

    use super::send;

    #[tokio::test]
    async fn every_request_is_sent_once_and_refusals_are_counted() {
        let app = Router::new()
            .route("/yes", post(|body: String| async move { body }))
            .route("/no", post(|| async { axum::http::StatusCode::CONFLICT }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let request = |path: &str| {
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab").into_bytes()
        };
        let requests = Arc::new(vec![request("/yes"), request("/no"), request("/yes")]);
        let outcome = send(address, requests, 2).await.unwrap();
        assert_eq!((outcome.times.count(), outcome.refused), (3, 1));
    }
}
