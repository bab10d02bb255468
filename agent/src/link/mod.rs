//! The link to the controller: one outbound WebSocket that drives the protocol's session.
//!
//! A select over socket, timer, orders and the journal's end; what to say and what to believe is decided in the session, what
//! follows is decided by the agent.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::header;
use mnara_protocol::clock::{Ticks, Timestamp, TrustedClock};
use mnara_protocol::enrol::{CLOCK_PATH, LINK_PATH};
use mnara_protocol::frame::{KeyId, Pinned, clock_question, verify_clock_answer};
use mnara_protocol::ids::{AttemptId, CommandId};
use mnara_protocol::message::{Answer, Command, Report, Sample};
use mnara_protocol::session::{
    Agent, EntryNo, Event as SessionEvent, FeedCursor, Mark, Page, Refusal, Resume, SUBPROTOCOL,
    Session,
};
use rand::Rng;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::dial::{Body, Dates, DialError, Stream, Target};
use crate::store::Store;

#[cfg(test)]
mod tests;
mod waiting;

pub use self::waiting::Waiting;

/// The WebSocket handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// One frame on its way out; a peer that reads slower is gone.
const SEND: Duration = Duration::from_secs(30);
/// The longest message either side sends.
const MESSAGE: usize = 128 * 1024;
/// Buffers of the WebSocket: frames are small and few.
const BUFFER: usize = 4 * 1024;

/// What the link tells.
#[derive(Debug)]
pub enum Event {
    /// The controller can be asked; its signed time, and when it came.
    Up(Timestamp, Ticks),
    /// The controller's signed time, and when it came.
    Anchor(Timestamp, Ticks),
    /// It cannot be asked any more.
    Down,
    /// Rows to store.
    Page(Page),
    /// The feed begins anew.
    FeedRestarted,
    /// The controller has all entries up to here on disk.
    Acknowledged(Mark),
    /// An answer.
    Answered(AttemptId, Answer),
    /// No answer.
    Unanswered(AttemptId),
    /// The question never left.
    NotAsked(AttemptId),
    /// A command.
    Commanded(Command),
    /// The pinned keys changed.
    KeysChanged(Pinned),
    /// The journal and what the controller has of it are not one history.
    Forked(Mark),
    /// The controller does not let this agent in.
    Refused(Refusal),
}

/// What the link is told to do.
#[derive(Debug)]
pub enum Order {
    /// Ask this.
    Ask {
        /// The try.
        id: AttemptId,
        /// The question's kind.
        kind: u16,
        /// The question.
        body: Vec<u8>,
        /// How long there is.
        deadline: Duration,
    },
    /// A page's rows and cursor are on disk.
    PageStored(FeedCursor),
    /// Until when rows may come that a customer waits for.
    Expect(Option<Ticks>),
    /// What became of a command.
    Report(CommandId, Report),
    /// A live reading; one that still waits for the line is replaced.
    Sample(Sample),
    /// The store has another journal.
    Resume(Box<Resume>),
}

/// The journal's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The oldest entry kept.
    pub oldest: EntryNo,
    /// The last entry.
    pub last: Mark,
}

/// What the link needs to run.
pub struct Link {
    /// Where the controller is.
    pub target: Target,
    /// The conversation.
    pub session: Session<Agent>,
    /// Time.
    pub clock: Clock,
    /// The trusted clock as the agent has set it.
    pub trusted: watch::Receiver<TrustedClock>,
    /// Where entries are read.
    pub store: watch::Receiver<Option<Store>>,
    /// The journal's ends.
    pub ends: watch::Receiver<Ends>,
    /// What to do.
    pub orders: mpsc::Receiver<Order>,
    /// What happened.
    pub events: mpsc::Sender<Event>,
    /// For nonces and jitter.
    pub rng: StdRng,
    /// Whether the agent was told that the link is up.
    pub up: bool,
    /// Questions beyond those that may be open at once.
    pub waiting: VecDeque<Waiting>,
}

/// Why serving a connection ended.
enum End {
    /// The agent stops.
    Stop,
    /// The connection or the session is over.
    Over,
}

impl Link {
    /// Keeps the link up until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut told = String::new();
        loop {
            match self.wait_to_dial(&stop).await {
                End::Stop => return,
                End::Over => {}
            }
            let dialled = tokio::select! {
                () = stop.cancelled() => return,
                dialled = self.dial() => dialled,
            };
            match dialled {
                Ok(socket) => {
                    told.clear();
                    if let End::Stop = self.serve(socket, &stop).await {
                        return;
                    }
                }
                Err(error) => {
                    // The same reason again is no news.
                    let reason = format!("{error:#}");
                    if reason != told {
                        tracing::warn!(%reason, "the controller is not reached; the site goes on without it");
                        told = reason;
                    }
                }
            }
            let now = self.clock.monotonic();
            self.session.link_down(now, self.rng.next_u32());
            let was_up = std::mem::take(&mut self.up);
            let heard = self.tell_events().await && self.give_up_waiting().await;
            if !heard || (was_up && !self.tell(Event::Down).await) {
                return;
            }
        }
    }

    /// Waits for the time to dial; questions that come meanwhile are not asked.
    async fn wait_to_dial(&mut self, stop: &CancellationToken) -> End {
        loop {
            let at = self
                .session
                .poll_timeout()
                .unwrap_or_else(|| self.clock.monotonic());
            tokio::select! {
                () = stop.cancelled() => return End::Stop,
                () = self.clock.sleep_until(at) => {
                    self.take_ends();
                    return End::Over;
                }
                order = self.orders.recv() => {
                    let Some(order) = order else { return End::Stop };
                    if !self.obey(order).await {
                        return End::Stop;
                    }
                }
            }
        }
    }

    async fn dial(&mut self) -> anyhow::Result<WebSocketStream<Box<dyn Stream>>> {
        let trusted = *self.trusted.borrow();
        let now = trusted.now(self.clock.monotonic());
        let stream = match self.target.connect(Dates::Good(now)).await {
            // Also where the time is proven: one that was signed wrongly would else keep the site away until its program starts again.
            Err(DialError::Dates) => {
                self.ask_clock().await?;
                // The agent sets the clock by the answer before the next dial.
                return Err(DialError::Dates.into());
            }
            other => other?,
        };
        let request = hyper::Request::builder()
            .uri(format!("ws://{}{LINK_PATH}", self.target.authority()))
            .header(header::HOST, self.target.authority())
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, generate_key())
            .header(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
            .header(header::USER_AGENT, crate::SOFTWARE)
            .body(())?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(2 * MESSAGE)
            .max_message_size(Some(MESSAGE))
            .max_frame_size(Some(MESSAGE));
        let (socket, _) = timeout(
            HANDSHAKE,
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)),
        )
        .await??;
        Ok(socket)
    }

    /// The certificate's date is in question, or the site's: sends a bare nonce and takes the signed time.
    async fn ask_clock(&mut self) -> anyhow::Result<()> {
        let mut nonce = [0; 32];
        self.rng.fill_bytes(&mut nonce);
        let known = &self.session.pinned().keys;
        // The controller may have changed its key since, and answers with one of these while it can.
        let names: Vec<String> = known
            .iter()
            .map(|key| hex::encode(KeyId::of(key).0))
            .collect();
        let answer = self
            .target
            .request(
                Dates::Any,
                &format!("{CLOCK_PATH}?keys={}", names.join(",")),
                Body::Bytes(clock_question(nonce)),
            )
            .await?;
        let wall = verify_clock_answer(known, nonce, &answer)?;
        let at = self.clock.monotonic();
        let mut set = self.trusted.clone();
        set.mark_unchanged();
        let _ = self.events.send(Event::Anchor(wall, at)).await;
        // Once the agent has taken it the dates can be checked.
        let _ = timeout(HANDSHAKE, set.changed()).await;
        Ok(())
    }

    async fn serve(
        &mut self,
        mut socket: WebSocketStream<Box<dyn Stream>>,
        stop: &CancellationToken,
    ) -> End {
        let mut nonce = [0; 32];
        self.rng.fill_bytes(&mut nonce);
        self.session.link_up(self.clock.monotonic(), nonce);
        let mut frame = Vec::new();
        loop {
            if !self.pump(&mut socket, &mut frame).await {
                return End::Over;
            }
            // A closed session has no next time: it is over.
            let Some(at) = self.session.poll_timeout() else {
                return End::Over;
            };
            tokio::select! {
                () = stop.cancelled() => {
                    let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
                    return End::Stop;
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => {
                        let now = self.clock.monotonic();
                        if let Err(error) = self.session.handle_bytes(&bytes, now, None) {
                            tracing::warn!(%error, "the controller sent what cannot be; the link is dropped");
                        }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Text(_) | Message::Close(_) | Message::Frame(_)) | Err(_)) | None => return End::Over,
                },
                () = self.clock.sleep_until(at) => {
                    let now = self.clock.monotonic();
                    self.session.handle_timeout(now);
                }
                order = self.orders.recv() => {
                    let Some(order) = order else { return End::Stop };
                    let anew = matches!(order, Order::Resume(_));
                    if !self.obey(order).await {
                        return End::Stop;
                    }
                    if anew {
                        return End::Over;
                    }
                }
                _ = self.ends.changed() => self.take_ends(),
            }
        }
    }

    /// Sends what is to be sent, tells what happened, and reads from the journal what is wanted, until nothing is left to do.
    async fn pump(
        &mut self,
        socket: &mut WebSocketStream<Box<dyn Stream>>,
        frame: &mut Vec<u8>,
    ) -> bool {
        loop {
            let mut idle = true;
            while self.session.poll_transmit(frame) {
                idle = false;
                let message = Message::Binary(bytes::Bytes::copy_from_slice(frame));
                match timeout(SEND, socket.send(message)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return false,
                }
            }
            if !self.tell_events().await {
                return false;
            }
            let waited = self.waiting.len();
            if !self.ask_waiting().await {
                return false;
            }
            idle &= self.waiting.len() == waited;
            let store = self.store.borrow().clone();
            if self.session.poll_digest_wanted() {
                idle = false;
                let rows = match &store {
                    Some(store) => store.feed_digest().await.ok(),
                    None => None,
                };
                self.session.offer_digest(rows, self.clock.monotonic());
            }
            if let (Some(range), Some(store)) = (self.session.poll_wanted(), store)
                && let Ok(entries) = store.read(range).await
                && !entries.is_empty()
            {
                idle = false;
                self.session.offer(&entries);
            }
            if idle {
                return true;
            }
        }
    }

    fn take_ends(&mut self) {
        let ends = *self.ends.borrow_and_update();
        self.session.journal_grew(ends.last);
        self.session.journal_pruned(ends.oldest);
    }

    /// Tells everything the session has to tell. False when nobody listens.
    async fn tell_events(&mut self) -> bool {
        while let Some(event) = self.session.poll_event() {
            let at = self.clock.monotonic();
            let event = match event {
                SessionEvent::Ready { wall, .. } => {
                    self.up = true;
                    Event::Up(wall, at)
                }
                SessionEvent::Anchor { wall } => Event::Anchor(wall, at),
                SessionEvent::Acknowledged(mark) => Event::Acknowledged(mark),
                SessionEvent::Page(page) => Event::Page(page),
                SessionEvent::FeedRestarted => Event::FeedRestarted,
                SessionEvent::KeysChanged(pinned) => Event::KeysChanged(pinned),
                SessionEvent::Forked { held } => Event::Forked(held),
                SessionEvent::Refused(refusal) => Event::Refused(refusal),
                SessionEvent::Superseded => Event::Refused(Refusal::Superseded),
                SessionEvent::Unanswered { id } => {
                    // The controller does not keep up: more would wait as long for nothing, and it closes a link on which too much is open.
                    if !self.give_up_waiting().await {
                        return false;
                    }
                    Event::Unanswered(id)
                }
                SessionEvent::Answer { id, kind, body } => match Answer::decode(kind, &body) {
                    Ok(answer) => Event::Answered(id, answer),
                    Err(error) => {
                        tracing::warn!(%error, "an answer of the controller is not understood");
                        Event::Unanswered(id)
                    }
                },
                SessionEvent::Command { kind, body } => match Command::decode(kind, &body) {
                    Ok(command) => Event::Commanded(command),
                    // A later version's command is not for this one.
                    Err(error) => {
                        tracing::info!(%error, "a command of the controller is not understood");
                        continue;
                    }
                },
                SessionEvent::Closed(reason) => {
                    tracing::info!(?reason, "the link to the controller is closed");
                    continue;
                }
                other => {
                    tracing::warn!(?other, "the session tells what is of no use to an agent");
                    continue;
                }
            };
            if !self.tell(event).await {
                return false;
            }
        }
        true
    }

    async fn tell(&self, event: Event) -> bool {
        self.events.send(event).await.is_ok()
    }

    async fn obey(&mut self, order: Order) -> bool {
        let now = self.clock.monotonic();
        match order {
            Order::Ask {
                id,
                kind,
                body,
                deadline,
            } => {
                let until = now + deadline;
                let next = Waiting {
                    id,
                    kind,
                    body,
                    until,
                };
                return self.take_question(next).await;
            }
            Order::PageStored(cursor) => self.session.page_stored(cursor),
            Order::Expect(until) => self.session.expect(until, now),
            Order::Report(id, report) => {
                if let Err(error) = self.session.report(id, report.kind(), report.encode()) {
                    tracing::debug!(%error, "a command's result was not sent; it will be asked again");
                }
            }
            Order::Sample(sample) => {
                if let Err(error) = self.session.sample(sample.kind(), sample.encode()) {
                    tracing::debug!(%error, "a live reading was not sent; the next will be");
                }
            }
            Order::Resume(resume) => self.session.resume(*resume),
        }
        true
    }
}
