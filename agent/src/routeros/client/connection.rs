//! One connection's traffic: gives out tags, keeps at most a few commands in flight, hands answers to their callers, and cancels what
//! nobody waits for any more. Deadlines are the callers'; how answers are read is in `wire`.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tracing::debug;

use super::error::{Doing, Error};
use super::inbox::{Inbox, READ};
use super::timing::Timing;
use crate::routeros::wire::{Received, Reply, Row, Tag, Trap, end_sentence, put_word};

/// Commands in flight; routers run two to four API handlers.
const IN_FLIGHT: usize = 3;
/// Streams on one connection.
const STREAMS: usize = 2;
/// Rows of one answer.
const ROWS: usize = 50_000;
/// Bytes of one answer.
const ANSWER_BYTES: usize = 8 << 20;

/// The end of a command that the router carried out.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its rows, in order.
    pub rows: Vec<Row>,
    /// What came with `!done`, such as `=ret=`.
    pub done: Row,
}

pub(super) struct Call {
    pub(super) words: Vec<u8>,
    pub(super) reply: oneshot::Sender<Result<Answer, Error>>,
}

pub(super) struct Opened {
    pub(super) words: Vec<u8>,
    pub(super) rows: mpsc::Sender<Result<Row, Error>>,
}

/// What callers and connection share besides the queues.
#[derive(Debug)]
pub(super) struct Inner {
    /// Rung when a caller has gone away.
    pub(super) abandoned: Notify,
    /// Why the connection ended.
    pub(super) why: OnceLock<Error>,
}

impl Inner {
    pub(super) fn why(&self) -> Error {
        self.why
            .get()
            .cloned()
            .unwrap_or(Error::ConnectionLost(None))
    }
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The working half of a connection: somebody must poll [`Connection::run`].
pub struct Connection {
    reader: ReadHalf<Pin<Box<dyn Stream>>>,
    writer: WriteHalf<Pin<Box<dyn Stream>>>,
    inbox: Inbox,
    calls: mpsc::Receiver<Call>,
    streams: mpsc::Receiver<Opened>,
    inner: Arc<Inner>,
    timing: Timing,
    traffic: Traffic,
}

/// Everything but the sockets and the queues.
struct Traffic {
    outbox: BytesMut,
    /// Whether bytes may still stand in front of the wire.
    unsent: bool,
    pending: BTreeMap<u32, Pending>,
    last_tag: u32,
    graces: FuturesUnordered<BoxFuture<'static, u32>>,
    grace: std::time::Duration,
}

enum Pending {
    Call {
        rows: Vec<Row>,
        size: usize,
        refused: Option<Trap>,
        reply: oneshot::Sender<Result<Answer, Error>>,
    },
    Stream {
        rows: mpsc::Sender<Result<Row, Error>>,
    },
    Keepalive,
    Cancel,
}

enum Happened {
    Sent(io::Result<()>),
    Abandoned,
    Opened(Option<Opened>),
    Called(Option<Call>),
    GraceOver(u32),
    Tick,
    Heard(io::Result<usize>),
}

impl Connection {
    pub(super) fn new(
        stream: Box<dyn Stream>,
        inbox: Inbox,
        calls: mpsc::Receiver<Call>,
        streams: mpsc::Receiver<Opened>,
        inner: Arc<Inner>,
        timing: Timing,
    ) -> Self {
        let (reader, writer) = tokio::io::split(Pin::new(stream));
        let traffic = Traffic {
            outbox: BytesMut::new(),
            unsent: false,
            pending: BTreeMap::new(),
            last_tag: 0,
            graces: FuturesUnordered::new(),
            grace: timing.grace,
        };
        Self {
            reader,
            writer,
            inbox,
            calls,
            streams,
            inner,
            timing,
            traffic,
        }
    }

    /// Works until the connection ends or nobody needs it any more. Dropping it closes the connection.
    ///
    /// # Errors
    /// Why it ended; every caller gets the same.
    pub async fn run(mut self) -> Result<(), Error> {
        let ended = self.work().await;
        if let Err(error) = &ended {
            // The first reason stays; there is only one connection per `Inner`.
            let _ = self.inner.why.set(error.clone());
            for (_, pending) in std::mem::take(&mut self.traffic.pending) {
                pending.fail(error);
            }
        }
        ended
    }

    async fn work(&mut self) -> Result<(), Error> {
        let Self {
            reader,
            writer,
            inbox,
            calls,
            streams,
            inner,
            timing,
            traffic,
        } = self;
        let mut ticks = interval(timing.keepalive);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        let mut callers = true;
        let mut openers = true;
        loop {
            while let Some(received) = inbox.next()? {
                traffic.receive(received)?;
            }
            if !callers && !traffic.is_wanted() {
                return Ok(());
            }
            inbox.bytes.reserve(READ);
            let happened = tokio::select! {
                // A stream asked for before a command goes out before it: listening first misses nothing.
                biased;
                sent = drain(writer, &mut traffic.outbox), if traffic.unsent => Happened::Sent(sent),
                () = inner.abandoned.notified() => Happened::Abandoned,
                opened = streams.recv(), if openers => Happened::Opened(opened),
                called = calls.recv(), if callers && traffic.calls() < IN_FLIGHT => Happened::Called(called),
                Some(tag) = traffic.graces.next(), if !traffic.graces.is_empty() => Happened::GraceOver(tag),
                _ = ticks.tick() => Happened::Tick,
                heard = reader.read_buf(&mut inbox.bytes) => Happened::Heard(heard),
            };
            match happened {
                Happened::Sent(Ok(())) => traffic.unsent = false,
                Happened::Sent(Err(error)) | Happened::Heard(Err(error)) => {
                    return Err(Error::ConnectionLost(Some(Arc::new(error))));
                }
                Happened::Heard(Ok(0)) => return Err(Error::ConnectionLost(None)),
                Happened::Heard(Ok(_)) => {}
                Happened::Abandoned => traffic.cancel_abandoned(),
                Happened::Opened(Some(opened)) => traffic.open(opened),
                Happened::Opened(None) => openers = false,
                Happened::Called(Some(call)) => traffic.call(call),
                Happened::Called(None) => callers = false,
                Happened::GraceOver(tag) => traffic.finish(tag, Row::default()),
                Happened::Tick => traffic.keep_alive()?,
            }
        }
    }
}

async fn drain(
    writer: &mut WriteHalf<Pin<Box<dyn Stream>>>,
    outbox: &mut BytesMut,
) -> io::Result<()> {
    while !outbox.is_empty() {
        writer.write_buf(outbox).await?;
    }
    writer.flush().await
}

impl Traffic {
    fn calls(&self) -> usize {
        self.pending
            .values()
            .filter(|pending| matches!(pending, Pending::Call { .. }))
            .count()
    }

    fn streams(&self) -> usize {
        self.pending
            .values()
            .filter(|pending| matches!(pending, Pending::Stream { .. }))
            .count()
    }

    fn is_wanted(&self) -> bool {
        self.calls() + self.streams() > 0
    }

    fn call(&mut self, call: Call) {
        if !call.reply.is_closed() {
            self.send(
                &call.words,
                Pending::Call {
                    rows: Vec::new(),
                    size: 0,
                    refused: None,
                    reply: call.reply,
                },
            );
        }
    }

    fn open(&mut self, opened: Opened) {
        if self.streams() >= STREAMS {
            // A new stream's queue has room; a closed one wants no answer.
            let _ = opened.rows.try_send(Err(Error::TooManyStreams));
        } else if !opened.rows.is_closed() {
            self.send(&opened.words, Pending::Stream { rows: opened.rows });
        }
    }

    fn send(&mut self, words: &[u8], pending: Pending) -> u32 {
        let tag = self.next_tag();
        let mut tail = Vec::with_capacity(24);
        put_word(&mut tail, format!(".tag={tag}").as_bytes());
        end_sentence(&mut tail);
        self.outbox.extend_from_slice(words);
        self.outbox.extend_from_slice(&tail);
        self.unsent = true;
        self.pending.insert(tag, pending);
        tag
    }

    fn next_tag(&mut self) -> u32 {
        loop {
            self.last_tag = self.last_tag.wrapping_add(1);
            if !self.pending.contains_key(&self.last_tag) {
                return self.last_tag;
            }
        }
    }

    fn receive(&mut self, received: Received) -> Result<(), Error> {
        if let Reply::Fatal(reason) = received.reply {
            return Err(Error::Fatal(reason));
        }
        let Tag::Number(tag) = received.tag else {
            debug!("the router answered a command nobody gave");
            return Ok(());
        };
        // After a cancel two or three sentences still come for its tag: nobody waits for them.
        let Some(pending) = self.pending.get_mut(&tag) else {
            return Ok(());
        };
        match received.reply {
            Reply::Done(done) => self.finish(tag, done),
            Reply::Re(row) => match pending {
                Pending::Call { rows, size, .. } => {
                    *size = size.saturating_add(row.size());
                    if rows.len() >= ROWS || *size > ANSWER_BYTES {
                        self.give_up(tag, &Error::AnswerTooLong);
                    } else {
                        rows.push(row);
                    }
                }
                Pending::Stream { rows } => {
                    // One place stays free for the error that ends the stream.
                    if rows.capacity() > 1 {
                        let _ = rows.try_send(Ok(row));
                    } else {
                        self.give_up(tag, &Error::Lagged);
                    }
                }
                Pending::Keepalive | Pending::Cancel => {}
            },
            Reply::Trap(trap) => match pending {
                Pending::Call { refused, .. } => {
                    *refused = Some(trap);
                    self.expect_done(tag);
                }
                Pending::Stream { .. } => self.fail(tag, &Error::refused(trap)),
                Pending::Keepalive | Pending::Cancel => {
                    // Refused is a sign of life too.
                    self.pending.remove(&tag);
                }
            },
            Reply::Empty => self.expect_done(tag),
            Reply::Fatal(_) => {}
        }
        Ok(())
    }

    /// One version was seen to leave out the `!done` after `!empty`, so it is waited for only a while.
    fn expect_done(&self, tag: u32) {
        if matches!(self.pending.get(&tag), Some(Pending::Stream { .. })) {
            return;
        }
        let grace = self.grace;
        self.graces.push(Box::pin(async move {
            sleep(grace).await;
            tag
        }));
    }

    fn finish(&mut self, tag: u32, done: Row) {
        match self.pending.remove(&tag) {
            Some(Pending::Call {
                rows,
                refused,
                reply,
                ..
            }) => {
                // A caller that has gone away needs no answer.
                let _ = reply.send(match refused {
                    Some(trap) => Err(Error::refused(trap)),
                    None => Ok(Answer { rows, done }),
                });
            }
            // The stream's end shows in its queue being closed.
            Some(Pending::Stream { .. } | Pending::Keepalive | Pending::Cancel) | None => {}
        }
    }

    fn fail(&mut self, tag: u32, error: &Error) {
        if let Some(pending) = self.pending.remove(&tag) {
            pending.fail(error);
        }
    }

    fn give_up(&mut self, tag: u32, error: &Error) {
        self.fail(tag, error);
        self.cancel(tag);
    }

    fn cancel(&mut self, tag: u32) {
        let mut words = Vec::with_capacity(32);
        put_word(&mut words, b"/cancel");
        put_word(&mut words, format!("=tag={tag}").as_bytes());
        self.send(&words, Pending::Cancel);
    }

    fn cancel_abandoned(&mut self) {
        let abandoned = self
            .pending
            .iter()
            .filter(|(_, pending)| pending.is_abandoned());
        let tags: Vec<u32> = abandoned.map(|(tag, _)| *tag).collect();
        for tag in tags {
            self.pending.remove(&tag);
            self.cancel(tag);
        }
    }

    fn keep_alive(&mut self) -> Result<(), Error> {
        if self
            .pending
            .values()
            .any(|pending| matches!(pending, Pending::Keepalive))
        {
            return Err(Error::Timeout {
                doing: Doing::Keepalive,
            });
        }
        let mut words = Vec::with_capacity(32);
        put_word(&mut words, b"/system/identity/print");
        self.send(&words, Pending::Keepalive);
        Ok(())
    }
}

impl Pending {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Call { reply, .. } => reply.is_closed(),
            Self::Stream { rows } => rows.is_closed(),
            Self::Keepalive | Self::Cancel => false,
        }
    }

    fn fail(self, error: &Error) {
        match self {
            Self::Call { reply, .. } => {
                // A caller that has gone away needs no answer.
                let _ = reply.send(Err(error.clone()));
            }
            Self::Stream { rows } => {
                // A full queue closes without the reason; the reader still sees the end.
                let _ = rows.try_send(Err(error.clone()));
            }
            Self::Keepalive | Self::Cancel => {}
        }
    }
}
