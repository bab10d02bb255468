//! The socket on which tests push the clock of a running program. Only in builds with `moved-clock`, never in a release.
//!
//! One command a line, one answer a line. `wall N` and `monotonic N` move one clock by N milliseconds, `advance N` both,
//! `wall = N` sets the wall clock to N milliseconds since 1970, `read` changes nothing. The answer is `ok WALL MONOTONIC`.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;

use super::Clock;

/// Serves the socket until shutdown.
///
/// # Errors
/// When the socket cannot be bound.
pub async fn serve(clock: Clock, socket: &Path, shutdown: CancellationToken) -> io::Result<()> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    loop {
        let (stream, _) = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            accepted = listener.accept() => accepted?,
        };
        // One test at a time pushes, so one connection at a time is served.
        tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            served = follow(&clock, stream) => if let Err(error) = served {
                tracing::warn!(%error, "the clock's socket was closed mid-line");
            },
        }
    }
}

async fn follow(clock: &Clock, stream: UnixStream) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading.take(1 << 20));
    let mut line = String::new();
    while reading.read_line(&mut line).await? > 0 {
        let answer = if obey(clock, line.trim()) {
            format!(
                "ok {} {}\n",
                clock.now().as_millis(),
                clock.monotonic().as_millis()
            )
        } else {
            "unknown\n".to_owned()
        };
        writing.write_all(answer.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}

fn obey(clock: &Clock, line: &str) -> bool {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    match *words.as_slice() {
        ["read"] => true,
        ["wall", by] => by.parse().map(|by| clock.push_wall(by)).is_ok(),
        ["wall", "=", at] => at
            .parse::<i64>()
            .map(|at| clock.push_wall(at.saturating_sub(clock.now().as_millis())))
            .is_ok(),
        ["monotonic", by] => by
            .parse()
            .map(|by| clock.push_monotonic(Duration::from_millis(by)))
            .is_ok(),
        ["advance", by] => by
            .parse()
            .map(|by| clock.advance(Duration::from_millis(by)))
            .is_ok(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use mnara_protocol::clock::Timestamp;

    use super::*;

    #[tokio::test]
    async fn a_line_moves_the_clock_before_it_is_answered() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("clock");
        let clock = Clock::still(Timestamp::from_millis(1_000));
        let shutdown = CancellationToken::new();
        let serving = {
            let (clock, socket, shutdown) = (clock.clone(), socket.clone(), shutdown.clone());
            tokio::spawn(async move { serve(clock, &socket, shutdown).await })
        };
        let stream = loop {
            match UnixStream::connect(&socket).await {
                Ok(stream) => break stream,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        for (command, answer) in [
            ("wall = 0", "ok 0 0"),
            ("advance 250", "ok 250 250"),
            ("wall -100", "ok 150 250"),
            ("monotonic 50", "ok 150 300"),
            ("monotonic -50", "unknown"),
            ("read", "ok 150 300"),
        ] {
            writing
                .write_all(format!("{command}\n").as_bytes())
                .await
                .unwrap();
            assert_eq!(
                lines.next_line().await.unwrap().unwrap(),
                answer,
                "{command}"
            );
        }
        assert_eq!(clock.now(), Timestamp::from_millis(150));
        shutdown.cancel();
        serving.await.unwrap().unwrap();
    }
}
