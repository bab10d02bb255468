//! How the agent is, for `status` and `doctor`: a snapshot of figures, and the unix socket on which a running agent tells it. What is
//! journalled of health is the core's.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A question or an answer on the socket.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest answer.
const ANSWER: u64 = 64 * 1024;

/// How the agent is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Program and version.
    pub software: String,
    /// The agent's id.
    pub agent: String,
    /// The site's id.
    pub site: String,
    /// Whether the controller can be asked now.
    pub cloud: bool,
    /// Why not, when it said so.
    pub cloud_refusal: Option<String>,
    /// Whether the router answered the last look.
    pub router: bool,
    /// Why not.
    pub router_trouble: Option<String>,
    /// The router's name and version, once it has been looked at.
    pub router_version: Option<String>,
    /// Hotspot servers that run on it.
    pub hotspots: usize,
    /// Devices in its host table.
    pub hosts: usize,
    /// Tickets that give access now.
    pub live_tickets: usize,
    /// Tickets known.
    pub tickets: usize,
    /// Printed codes that are honoured.
    pub codes: usize,
    /// Whether all of them are derived, so that one that is typed is found at once.
    #[serde(default)]
    pub codes_ready: bool,
    /// Printed batches whose key was not sealed to this agent, so that their codes are not honoured.
    #[serde(default)]
    pub unsealed_batches: usize,
    /// Devices online.
    pub online: usize,
    /// The last journal entry.
    pub last_entry: u64,
    /// The last one the controller has.
    pub acknowledged: u64,
    /// Whether anything can be written down.
    pub store: bool,
    /// Whether the site's facts are still to be taken back.
    pub resyncing: bool,
    /// The trusted time in milliseconds since 1970.
    pub time_ms: i64,
    /// Whether the controller has said the time since the program started.
    pub time_proven: bool,
    /// How far the system's clock is ahead of the trusted one, in seconds.
    pub system_ahead_secs: i64,
    /// Where the portal listens.
    pub portal: String,
}

/// Somebody wants to know.
pub type StatusAsk = oneshot::Sender<Status>;

/// Serves the socket until told to stop.
///
/// # Errors
/// When it cannot be bound.
pub async fn serve(
    socket: &Path,
    asks: mpsc::Sender<StatusAsk>,
    stop: CancellationToken,
) -> io::Result<()> {
    match std::fs::remove_file(socket) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(socket)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600))?;
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a question for the agent's status was not taken");
                    continue;
                }
            },
        };
        // One at a time: people ask, not machines.
        let _ = timeout(PATIENCE, answer(stream, &asks)).await;
    }
    let _ = std::fs::remove_file(socket);
    Ok(())
}

async fn answer(mut stream: UnixStream, asks: &mpsc::Sender<StatusAsk>) -> anyhow::Result<()> {
    let (ask, told) = oneshot::channel();
    asks.send(ask).await?;
    let status = serde_json::to_vec(&told.await?)?;
    stream.write_all(&status).await?;
    stream.shutdown().await?;
    Ok(())
}

/// Asks the agent that runs on this state folder; `None` when none does.
///
/// # Errors
/// When one does and its answer makes no sense.
pub async fn ask(socket: &Path) -> anyhow::Result<Option<Status>> {
    let Ok(stream) = UnixStream::connect(socket).await else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.take(ANSWER).read_to_end(&mut bytes))
        .await
        .context("the running agent does not answer")??;
    serde_json::from_slice(&bytes)
        .map(Some)
        .context("the running agent is of another version")
}
