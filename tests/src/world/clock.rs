//! Pushes the clock of a running program through its socket, wall and monotonic apart. Only builds with `moved-clock` have
//! one.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::program::PATIENCE;

/// What a program's clock shows, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Since 1970.
    pub wall: i64,
    /// Since the program started.
    pub monotonic: u64,
}

/// How a clock is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Push {
    /// Time passes.
    Advance(Duration),
    /// The wall clock jumps by so many milliseconds and nothing else happens.
    Jump(i64),
    /// The wall clock is set to so many milliseconds since 1970.
    Set(i64),
    /// Nothing; only reads.
    Read,
}

/// Moves the clock behind a socket and tells what it shows then.
///
/// # Errors
/// When nobody answers, as in a build without `moved-clock`.
pub async fn push(socket: &Path, push: Push) -> Result<Reading> {
    let line = match push {
        Push::Advance(by) => format!("advance {}\n", by.as_millis()),
        Push::Jump(by) => format!("wall {by}\n"),
        Push::Set(at) => format!("wall = {at}\n"),
        Push::Read => "read\n".to_owned(),
    };
    tokio::time::timeout(PATIENCE, exchange(socket, &line))
        .await
        .context("the clock's socket does not answer")?
}

async fn exchange(socket: &Path, line: &str) -> Result<Reading> {
    let stream = connect(socket).await;
    let (reading, mut writing) = stream.into_split();
    writing
        .write_all(line.as_bytes())
        .await
        .context("writing to the clock's socket")?;
    let mut answer = String::new();
    BufReader::new(reading)
        .read_line(&mut answer)
        .await
        .context("reading from the clock's socket")?;
    let words: Vec<&str> = answer.split_whitespace().collect();
    match words.as_slice() {
        ["ok", wall, monotonic] => Ok(Reading {
            wall: wall.parse()?,
            monotonic: monotonic.parse()?,
        }),
        _ => bail!("the clock answered {answer:?}"),
    }
}

/// A program that has just started has not bound its socket yet; the caller's time-out ends this.
async fn connect(socket: &Path) -> UnixStream {
    let mut tries = tokio::time::interval(Duration::from_millis(10));
    loop {
        tries.tick().await;
        if let Ok(stream) = UnixStream::connect(socket).await {
            return stream;
        }
    }
}
