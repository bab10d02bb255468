//! Commands that go on: listen, print with follow or interval. Their end by `/cancel` is ordered by `session.rs`.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::exec::{self, Mode, Stream};
use super::record::Record;
use super::sentence::Replies;
use super::session::Out;
use super::shared::{Shared, lock};

/// What has come of a stream so far; held while it writes, so that a cancelled one is silent.
#[derive(Debug, Default)]
struct Progress {
    cancelled: bool,
    spoke: bool,
}

/// A stream under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) tag: Option<Vec<u8>>,
    progress: Arc<Mutex<Progress>>,
    close: CancellationToken,
}

impl Running {
    pub(crate) fn over(&self) -> bool {
        self.close.is_cancelled()
    }

    /// Ends the stream; returns whether it never said anything, or nothing when it was over already.
    pub(crate) fn end(&self) -> Option<bool> {
        let mut progress = lock(&self.progress);
        if std::mem::replace(&mut progress.cancelled, true) {
            return None;
        }
        self.close.cancel();
        Some(!progress.spoke)
    }
}

/// What a stream begins with.
pub(crate) struct Start {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: Stream,
    pub(crate) tag: Option<Vec<u8>>,
    pub(crate) before: Vec<Record>,
    pub(crate) changes: watch::Receiver<u64>,
    pub(crate) outbox: mpsc::Sender<Out>,
    pub(crate) close: CancellationToken,
}

/// Starts a stream.
pub(crate) fn start(start: Start) -> Running {
    let progress = Arc::new(Mutex::new(Progress::default()));
    let running = Running {
        tag: start.tag.clone(),
        progress: Arc::clone(&progress),
        close: start.close.clone(),
    };
    let tasks = start.shared.tasks.clone();
    tasks.spawn(async move {
        let close = start.close.clone();
        tokio::select! {
            () = close.cancelled() => {}
            _ = go_on(start, &progress) => {}
        }
    });
    running
}

async fn go_on(start: Start, progress: &Mutex<Progress>) -> Option<()> {
    match start.stream.mode {
        Mode::Follow { snapshot } => follow(start, snapshot, progress).await,
        Mode::Every(span) => repeat(start, span, progress).await,
    }
}

async fn follow(mut start: Start, snapshot: bool, progress: &Mutex<Progress>) -> Option<()> {
    let proplist = start.stream.proplist.clone();
    let tag = start.tag.clone();
    if snapshot {
        let mut replies = Replies::new();
        for record in &start.before {
            replies.sentence("!re", tag.as_deref(), record.chosen(proplist.as_deref()));
        }
        say(&start.outbox, progress, replies.into_bytes()).await?;
    }
    let path = start.stream.menu.path;
    let mut seen = None;
    loop {
        let (revision, after) = start.shared.with(|device| {
            let revision = device.revisions.get(path).copied().unwrap_or_default();
            let stream = &start.stream;
            let look = seen != Some(revision);
            let after =
                look.then(|| exec::choose(device, stream.menu, &stream.queries, stream.secrets));
            (revision, after)
        });
        seen = Some(revision);
        if let Some(after) = after {
            let mut replies = Replies::new();
            let changed = exec::differences(
                &start.before,
                &after,
                proplist.as_deref(),
                tag.as_deref(),
                &mut replies,
            );
            start.before = after;
            if changed {
                let (late, twice) = {
                    let faults = start.shared.faults.borrow();
                    (faults.late_events_ms, faults.duplicate_events)
                };
                if late > 0 {
                    tokio::time::sleep(Duration::from_millis(late)).await;
                }
                let bytes = replies.into_bytes();
                if twice {
                    say(&start.outbox, progress, bytes.clone()).await?;
                }
                say(&start.outbox, progress, bytes).await?;
            }
        }
        start.changes.changed().await.ok()?;
    }
}

async fn repeat(start: Start, span: u64, progress: &Mutex<Progress>) -> Option<()> {
    let mut section = 0_u64;
    loop {
        let stream = &start.stream;
        let records = start
            .shared
            .with(|device| exec::choose(device, stream.menu, &stream.queries, stream.secrets));
        let number = section.to_string();
        let mut replies = Replies::new();
        for record in &records {
            let mut attributes = record.chosen(stream.proplist.as_deref());
            attributes.push((".section", number.as_bytes()));
            replies.sentence("!re", start.tag.as_deref(), attributes);
        }
        if replies.len() > 0 {
            say(&start.outbox, progress, replies.into_bytes()).await?;
        }
        section += 1;
        let next = start.shared.clock.now() + span;
        start.shared.clock.reach(next).await;
    }
}

/// Sends what a stream says, unless it was cancelled meanwhile.
async fn say(outbox: &mpsc::Sender<Out>, progress: &Mutex<Progress>, bytes: Vec<u8>) -> Option<()> {
    if bytes.is_empty() {
        return Some(());
    }
    let place = outbox.reserve().await.ok()?;
    let mut progress = lock(progress);
    if progress.cancelled {
        return None;
    }
    progress.spoke = true;
    place.send(Out::Bytes(bytes));
    Some(())
}
