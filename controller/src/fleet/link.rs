//! One link: a loop over socket, timer and mailbox around a [`Session`]. It carries out what the session decides and decides nothing but
//! who is let in.

use std::sync::Arc;
use std::time::Duration;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::AttemptId;
use mnara_protocol::message::{Answer as Told, BadBody, Question, RefusedAnswer};
use mnara_protocol::session::{
    Admitted, Claim, Config, Controller, Entry, Event, FeedCursor, FeedDigest, Refusal, Session,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::alarm::{alarm, duplicate, forked};
use super::dispatch::Sender;
use super::hub::{AGENT, FEED, Hub, Mailbox, SUPERSEDED};
use super::ingest::{Handed, Taken};
use super::socket::Socket;
use super::store::digest::feed_digest;
use super::store::link as store;
use super::store::take_over::take_epoch;
use super::{command, presence, sample, take_over};
use crate::app::App;
use crate::bus::{self, Hint};
use crate::db::Reason;
use crate::ratelimit::{Act, By, TooMany};

/// A peer that does not take a message within this time is gone.
pub(super) const SEND: Duration = Duration::from_secs(20);
/// A hello is waited for no longer, since whoever says nothing holds a place. A line that needs more would be given up by its probes.
const HELLO: Duration = Duration::from_secs(10);
/// Questions of one link under way at once.
const ASKING: usize = 16;
/// How long an agent waits that came while the door was full.
const COME_BACK: u32 = 15;

/// A link that was let in.
struct Admission {
    sender: Sender,
    mailbox: Arc<Mailbox>,
}

/// An answer on its way back to the link its question came by.
type Answered = (AttemptId, Told);

struct Link<'a, S> {
    app: &'a App,
    hub: &'a Hub,
    socket: Socket<S>,
    session: Session<Controller>,
    admission: Option<Admission>,
    answered: mpsc::Sender<Answered>,
    answers: mpsc::Receiver<Answered>,
    /// Entries that wait until their agent's quota allows them. The session's window bounds them.
    held_back: Option<(Ticks, Vec<Entry>)>,
    /// Set when the stream up stands still before an entry that does not decode.
    stopped: bool,
    /// Set when the agent's quota was spent once on this link.
    flooded: bool,
    over: bool,
}

/// Runs a link until it ends.
pub async fn run<S: AsyncRead + AsyncWrite + Unpin + Send>(
    app: &App,
    hub: &Hub,
    socket: Socket<S>,
) {
    let keys = match hub.identity.keys(app).await {
        Ok(keys) => keys.session(),
        Err(error) => {
            tracing::error!(error = %format!("{:#}", anyhow::Error::new(error)), "no link without the controller's identity");
            return;
        }
    };
    let config = Config {
        handshake: HELLO,
        ..Config::STANDARD
    };
    let mut session = Session::<Controller>::new(config, keys);
    session.link_up(app.clock.monotonic(), app.entropy.bytes());
    let (answered, answers) = mpsc::channel(ASKING);
    let mut link = Link {
        app,
        hub,
        socket,
        session,
        admission: None,
        answered,
        answers,
        held_back: None,
        stopped: false,
        flooded: false,
        over: false,
    };
    let ended = link.follow().await;
    if let Some(admission) = &link.admission {
        hub.leave(&admission.sender);
        let sender = &admission.sender;
        match ended {
            Ok(()) => {
                tracing::info!(site.id = %sender.site, agent.id = %sender.agent, "a link ended")
            }
            Err(error) => {
                tracing::info!(site.id = %sender.site, agent.id = %sender.agent, %error, "a link broke")
            }
        }
    } else if let Err(error) = ended {
        tracing::debug!(%error, "a link broke before its hello");
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Link<'_, S> {
    async fn follow(&mut self) -> anyhow::Result<()> {
        loop {
            self.send().await?;
            if self.over {
                drop(tokio::time::timeout(SEND, self.socket.close()).await);
                return Ok(());
            }
            let clock = self.app.clock.clone();
            let due = self.session.poll_timeout();
            let timer = async {
                match due {
                    Some(at) => clock.sleep(at.since(clock.monotonic())).await,
                    None => std::future::pending().await,
                }
            };
            let mailbox = self
                .admission
                .as_ref()
                .map(|admission| Arc::clone(&admission.mailbox));
            let allowed = self.held_back.as_ref().map(|(at, _)| *at);
            let quota = async {
                match allowed {
                    Some(at) => clock.sleep(at.since(clock.monotonic())).await,
                    None => std::future::pending().await,
                }
            };
            let bits = async {
                match mailbox {
                    Some(mailbox) => mailbox.take().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.app.shutdown.cancelled() => {
                    self.session.refuse(Refusal::Busy { retry_after_secs: 2 });
                    self.over = true;
                }
                message = self.socket.receive() => {
                    let message = message?;
                    let wall = self.app.clock.now();
                    self.session.handle_bytes(&message, self.app.clock.monotonic(), Some(wall))?;
                }
                bits = bits => self.wake(bits).await?,
                () = quota => {
                    if let Some((_, entries)) = self.held_back.take() {
                        self.entries(entries).await?;
                    }
                }
                Some((id, answer)) = self.answers.recv() => {
                    if let Err(error) = self.session.answer(id, answer.kind(), answer.encode()) {
                        // The agent's deadline passes and it asks again, which is the same try.
                        tracing::debug!(%error, "an answer was not sent");
                    }
                }
                () = timer => self.session.handle_timeout(self.app.clock.monotonic()),
            }
            self.events().await?;
            self.pages().await?;
        }
    }

    async fn send(&mut self) -> anyhow::Result<()> {
        let mut frame = Vec::new();
        while self.session.poll_transmit(&mut frame) {
            tokio::time::timeout(SEND, self.socket.send(&frame)).await??;
        }
        Ok(())
    }

    async fn wake(&mut self, bits: u8) -> anyhow::Result<()> {
        if bits & FEED != 0 {
            self.session.feed_changed();
        }
        if self.over || bits & (AGENT | SUPERSEDED) == 0 {
            return Ok(());
        }
        let Some(sender) = self.sender() else {
            return Ok(());
        };
        let mut tx = self.app.db.platform(Reason::Link).await?;
        let lost = take_over::lost(self.app, &mut tx, &sender).await?;
        if lost.is_none() && bits & SUPERSEDED == 0 {
            let due = command::due(self.app, &mut tx, &sender, self.app.clock.now()).await?;
            tx.commit().await?;
            command::send(&mut self.session, due);
            return Ok(());
        }
        tx.commit().await?;
        if lost.is_some_and(|lost| lost.is_duplicate) {
            duplicate(self.app, &sender).await?;
        }
        // One that lost its place in the hub goes also if the newer link's hello was not committed: it hears no hint any more.
        let refusal = lost.map_or(Refusal::Superseded, |lost| lost.refusal);
        self.session.refuse(refusal);
        self.over = true;
        Ok(())
    }

    async fn events(&mut self) -> anyhow::Result<()> {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Hello(claim) => self.hello(claim).await?,
                Event::Entries(entries) => self.entries(entries).await?,
                Event::Question { id, kind, body } => self.question(id, kind, &body),
                Event::Missing { from, to } => {
                    let lost = to.0.saturating_sub(from.0).saturating_add(1);
                    alarm(self.app, self.sender(), "journal-gap", lost).await?;
                }
                Event::Forked { .. } => forked(self.app, self.sender()).await?,
                Event::TooLarge { number } => {
                    alarm(self.app, self.sender(), "feed-row-too-large", number).await?
                }
                Event::Digest { cursor, digest } => self.compare(cursor, digest).await?,
                Event::Closed(_) => self.over = true,
                Event::Report { id, kind, body } => {
                    command::reported(self.app, self.sender(), id, kind, &body).await?
                }
                Event::Sample { kind, body } => {
                    sample::took(self.app, self.sender(), kind, &body).await?
                }
                Event::Ready { .. }
                | Event::Anchor { .. }
                | Event::KeysChanged(_)
                | Event::Acknowledged(_)
                | Event::Page(_)
                | Event::FeedRestarted
                | Event::Answer { .. }
                | Event::Unanswered { .. }
                | Event::Command { .. }
                | Event::Superseded
                | Event::Refused(_) => {}
            }
        }
        Ok(())
    }

    async fn hello(&mut self, claim: Claim) -> anyhow::Result<()> {
        let Ok(_place) = self.hub.door.try_acquire() else {
            self.session.refuse(Refusal::Busy {
                retry_after_secs: COME_BACK + self.app.entropy.number() % COME_BACK,
            });
            return Ok(());
        };
        let now = self.app.clock.now();
        let mut tx = self.app.db.platform(Reason::Link).await?;
        let Some(known) = store::lock_agent(&mut tx, claim.agent).await? else {
            self.session.refuse(Refusal::UnknownAgent);
            return Ok(());
        };
        // Nothing is written, and nothing told, before the signature is checked.
        self.session.authenticate(known.key)?;
        if known.is_revoked {
            self.session.refuse(Refusal::Revoked);
            return Ok(());
        }
        let by = By::Agent(claim.agent);
        if let Err(TooMany { wait }) = self.app.limits.check(Act::Link, by) {
            let retry_after_secs = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX);
            self.session.refuse(Refusal::Busy {
                retry_after_secs: retry_after_secs.saturating_add(1),
            });
            return Ok(());
        }
        let epoch = take_epoch(&mut tx, known.provider, &claim, now).await?;
        let sender = Sender {
            provider: known.provider,
            site: known.site,
            agent: claim.agent,
            journal: claim.journal,
            epoch,
        };
        let acknowledged = store::mark(&mut tx, &sender).await?;
        if acknowledged.is_none() {
            store::insert_journal(&mut tx, &sender, now).await?;
        }
        presence::back(self.app, &mut tx, &sender, known.seen).await?;
        let (feed_head, feed_floor) = store::feed_span(&mut tx, known.provider, known.site).await?;
        let due = command::due(self.app, &mut tx, &sender, now).await?;
        // Another device's link may stand in another process. One that comes back from the newest leaves a dead line behind, which asks nothing.
        if claim.link != Some(known.epoch) {
            bus::notify(&mut tx, Hint::Agent(claim.agent)).await?;
        }
        // Before the commit, which frees the agent's row: a revocation that waits for it must find a mailbox.
        let mailbox = self.hub.join(&sender);
        self.admission = Some(Admission { sender, mailbox });
        tx.commit().await?;
        let admitted = Admitted {
            acknowledged,
            epoch,
            feed_head,
            feed_floor,
        };
        self.session.admit(admitted, self.app.clock.now())?;
        self.session.feed_changed();
        command::send(&mut self.session, due);
        tracing::info!(site.id = %sender.site, agent.id = %sender.agent, software = %claim.software, "a link stands");
        Ok(())
    }

    async fn entries(&mut self, entries: Vec<Entry>) -> anyhow::Result<()> {
        let Some(admission) = &self.admission else {
            return Ok(());
        };
        if self.stopped {
            return Ok(());
        }
        if let Some((_, held_back)) = &mut self.held_back {
            held_back.extend(entries);
            return Ok(());
        }
        let kilobytes = entries
            .iter()
            .map(|entry| entry.body.len() + 64)
            .sum::<usize>()
            / 1024
            + 1;
        let by = By::Agent(admission.sender.agent);
        let count = u32::try_from(kilobytes).unwrap_or(u32::MAX);
        if let Err(TooMany { wait }) = self.app.limits.check_many(Act::Journal, by, count) {
            let until = self.app.clock.monotonic() + wait;
            self.held_back = Some((until, entries));
            if !self.flooded {
                self.flooded = true;
                tracing::warn!(site.id = %admission.sender.site, "a site writes more than it may: its journal is taken slowly");
                metrics::counter!("mnara_journal_floods_total").increment(1);
                alarm(self.app, self.sender(), "journal-flood", 0).await?;
            }
            return Ok(());
        }
        let handed = Handed {
            from: admission.sender,
            entries,
        };
        match self.hub.ingest.submit(handed).await? {
            Taken::Stored(mark) => self.session.stored(mark),
            Taken::Superseded => self.wake(SUPERSEDED).await?,
            Taken::Stopped {
                stored,
                number,
                kind,
            } => {
                self.stopped = true;
                if let Some(mark) = stored {
                    self.session.stored(mark);
                }
                tracing::error!(site.id = %admission.sender.site, number, kind, "a journal entry does not decode: its stream stands still");
                alarm(self.app, self.sender(), "journal-stopped", number).await?;
            }
        }
        Ok(())
    }

    fn question(&self, id: AttemptId, kind: u16, body: &[u8]) {
        let Some(admission) = &self.admission else {
            return;
        };
        let sender = admission.sender;
        let answers = self.answered.clone();
        let question = match Question::decode(kind, body) {
            Ok(question) => question,
            Err(BadBody::UnknownKind(_) | BadBody::Malformed(_)) => {
                // Full means that fifteen others wait already; the agent's deadline ends this one.
                drop(answers.try_send((id, Told::Refused(RefusedAnswer { late: false }))));
                return;
            }
        };
        let (app, ask) = (self.app.clone(), self.hub.dispatch.ask);
        self.app.tasks.spawn(async move {
            match ask(&app, &sender, id, question).await {
                Ok(answer) => drop(answers.send((id, answer)).await),
                Err(error) => tracing::error!(error = %format!("{error:#}"), site.id = %sender.site, "a question was not answered"),
            }
        });
    }

    async fn pages(&mut self) -> anyhow::Result<()> {
        while let (Some(admission), Some(after)) =
            (&self.admission, self.session.poll_page_wanted())
        {
            let sender = admission.sender;
            let mut tx = self.app.db.tenant(sender.provider).await?;
            if !store::holds_link(&mut tx, sender.agent, sender.epoch).await? {
                drop(tx);
                return self.wake(SUPERSEDED).await;
            }
            let page = store::page(&mut tx, sender.provider, sender.site, after).await?;
            self.session.offer_page(page);
        }
        Ok(())
    }

    /// Compares the agent's rows with the site's; an agent that holds others reads its feed anew.
    async fn compare(&mut self, cursor: FeedCursor, digest: FeedDigest) -> anyhow::Result<()> {
        let Some(sender) = self.sender() else {
            return Ok(());
        };
        let mut tx = self.app.db.tenant(sender.provider).await?;
        let (head, ours) = feed_digest(&mut tx, sender.provider, sender.site).await?;
        // What follows has a connection of its own, and who holds one must not wait for another.
        drop(tx);
        // An agent that is behind has rows to come, and is compared another time.
        if head == cursor && ours != digest && self.session.start_over() {
            tracing::warn!(site.id = %sender.site, agent.id = %sender.agent, "the rows of a site are not those its agent holds; it reads them anew");
            alarm(self.app, Some(sender), "feed-differed", cursor.revision.0).await?;
        }
        Ok(())
    }

    /// Who is at the other end, once it was let in.
    fn sender(&self) -> Option<Sender> {
        self.admission.as_ref().map(|admission| admission.sender)
    }
}
