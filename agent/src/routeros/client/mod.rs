//! The client: one connection to the router's API, shared by any number of callers. It neither reconnects nor repeats: a command
//! whose answer was lost may have been done, and only the caller can look.

mod command;
mod connection;
mod error;
mod inbox;
mod login;
#[cfg(test)]
mod tests;
mod timing;
mod tls;

use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::timeout;

use super::wire::{Decoder, Limits, Row};
use connection::{Call, Inner, Opened};
use inbox::Inbox;

pub use command::{Command, Query};
pub use connection::{Answer, Connection};
pub use error::{Doing, Error};
pub use timing::Timing;
pub use tls::Fingerprint;

/// Commands that wait for their turn, beyond those in flight.
const QUEUE: usize = 32;
/// Rows a stream may be ahead of its reader.
const STREAM_QUEUE: usize = 256;

/// Where the router is and how to log in to it.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Its address or name.
    pub host: String,
    /// The port of its `api` or `api-ssl` service, usually 8728 or 8729.
    pub port: u16,
    /// Whether to speak TLS.
    pub security: Security,
    /// The user of this program on the router.
    pub user: String,
    /// That user's password.
    pub password: SecretString,
    /// How long things may take.
    pub timing: Timing,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all; for links that never leave the router.
    Plain,
    /// By TLS with exactly this certificate.
    Pinned(Fingerprint),
}

/// Asks the router. Cheap to clone; all clones share one connection, which ends when the last one and all streams are gone.
#[derive(Clone, Debug)]
pub struct Client {
    calls: mpsc::Sender<Call>,
    streams: mpsc::Sender<Opened>,
    inner: Arc<Inner>,
    deadline: Duration,
}

/// Connects and logs in. The connection works only while [`Connection::run`] is polled.
///
/// # Errors
/// Any but refusals: nothing has been asked yet.
pub async fn connect(dial: &Dial) -> Result<(Client, Connection), Error> {
    let address = format!("{}:{}", dial.host, dial.port);
    let unreachable = |source| Error::Connect {
        address: address.clone(),
        source: Arc::new(source),
    };
    let tcp = within(dial.timing.connect, Doing::Connecting, async {
        let mut last = std::io::Error::other("the name has no address");
        for address in lookup_host((dial.host.as_str(), dial.port))
            .await
            .map_err(unreachable)?
        {
            match open(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(unreachable(last))
    });
    let tcp = tcp.await?;
    match dial.security {
        Security::Plain => log_in(tcp, dial).await,
        Security::Pinned(pin) => {
            let secured =
                within(dial.timing.login, Doing::Handshake, tls::secure(tcp, pin)).await?;
            log_in(secured, dial).await
        }
    }
}

async fn open(address: std::net::SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Logs in over a stream that is already open, and protected as it should be.
///
/// # Errors
/// As [`connect`].
pub async fn log_in<S>(mut stream: S, dial: &Dial) -> Result<(Client, Connection), Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut inbox = Inbox {
        decoder: Decoder::new(Limits::USUAL),
        bytes: BytesMut::new(),
    };
    within(
        dial.timing.login,
        Doing::LoggingIn,
        login::log_in(&mut stream, &mut inbox, &dial.user, &dial.password),
    )
    .await?;
    let (calls, calls_in) = mpsc::channel(QUEUE);
    let (streams, streams_in) = mpsc::channel(1);
    let inner = Arc::new(Inner {
        abandoned: Notify::new(),
        why: OnceLock::new(),
    });
    let connection = Connection::new(
        Box::new(stream),
        inbox,
        calls_in,
        streams_in,
        Arc::clone(&inner),
        dial.timing,
    );
    Ok((
        Client {
            calls,
            streams,
            inner,
            deadline: dial.timing.command,
        },
        connection,
    ))
}

async fn within<T>(
    limit: Duration,
    doing: Doing,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    timeout(limit, work)
        .await
        .unwrap_or(Err(Error::Timeout { doing }))
}

impl Client {
    /// Asks, and waits for the end of the answer. Dropping the future cancels the command on the router.
    ///
    /// # Errors
    /// [`Error::is_refusal`] tells whether the connection still stands.
    pub async fn call(&self, command: &Command) -> Result<Answer, Error> {
        within(self.deadline, Doing::Command, async {
            // First, so that on a drop the receiver is closed before the connection is told to look.
            let _abandon = Abandon(&self.inner);
            let (reply, answer) = oneshot::channel();
            let call = Call {
                words: command.encoded().to_vec(),
                reply,
            };
            self.calls.send(call).await.map_err(|_| self.inner.why())?;
            answer.await.unwrap_or_else(|_| Err(self.inner.why()))
        })
        .await
    }

    /// Opens a stream of changes, as `listen` gives them: no row at first, then one for each change.
    ///
    /// # Errors
    /// When the connection is gone. A refusal comes as the stream's first item.
    pub async fn listen(&self, command: &Command) -> Result<Listen, Error> {
        within(self.deadline, Doing::Command, async {
            let (rows, incoming) = mpsc::channel(STREAM_QUEUE);
            let opened = Opened {
                words: command.encoded().to_vec(),
                rows,
            };
            self.streams
                .send(opened)
                .await
                .map_err(|_| self.inner.why())?;
            Ok(Listen {
                incoming,
                inner: Arc::clone(&self.inner),
            })
        })
        .await
    }

    /// Opens a stream of changes and then reads what is there, so that no change falls between the two. Changes made meanwhile
    /// wait in the stream; they are to be applied over the rows by id.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn listen_and_print(
        &self,
        listen: &Command,
        print: &Command,
    ) -> Result<(Vec<Row>, Listen), Error> {
        let stream = self.listen(listen).await?;
        let answer = self.call(print).await?;
        Ok((answer.rows, stream))
    }

    /// Says whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.calls.is_closed()
    }
}

/// Tells the connection to look for callers that have gone away. Harmless when nobody has.
struct Abandon<'a>(&'a Inner);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandoned.notify_one();
    }
}

/// A stream of changes. Dropping it cancels the command on the router.
#[derive(Debug)]
pub struct Listen {
    incoming: mpsc::Receiver<Result<Row, Error>>,
    inner: Arc<Inner>,
}

impl Listen {
    /// Waits for the next change; `None` once the stream has ended, after the error that ended it.
    pub async fn next(&mut self) -> Option<Result<Row, Error>> {
        self.incoming.recv().await
    }

    /// Takes a change that is already here.
    pub fn try_next(&mut self) -> Option<Result<Row, Error>> {
        self.incoming.try_recv().ok()
    }
}

impl Drop for Listen {
    fn drop(&mut self) {
        self.incoming.close();
        self.inner.abandoned.notify_one();
    }
}
