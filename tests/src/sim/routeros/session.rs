//! One API connection: reading requests, running them in order, writing answers. What a request does is in `exec.rs`.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::device::Member;
use super::exec::{self, Answer, Policies};
use super::sentence::{Replies, Request, Trap};
use super::shared::{Line, Shared, lock, stands};
use super::stream::{self, Running};
use super::wire::{Decoder, Limits};
use super::{chap, value};

/// How many requests of one connection wait before the router stops reading.
const WAITING: usize = 256;

/// Something to write.
#[derive(Debug)]
pub(crate) enum Out {
    Bytes(Vec<u8>),
    /// The last thing written; then the connection ends.
    Last(Vec<u8>),
    /// Answered once everything before it has left.
    Mark(oneshot::Sender<()>),
}

/// Serves a connection until either side ends it.
pub(crate) async fn run<S>(shared: Arc<Shared>, id: u64, line: Line, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut read, mut write) = tokio::io::split(stream);
    let (outbox, mut outgoing) = mpsc::channel::<Out>(WAITING);
    let (inbox, incoming) = mpsc::channel::<(Instant, Request)>(WAITING);
    let member = Arc::new(AtomicBool::new(false));
    let mut worker = Worker {
        shared: Arc::clone(&shared),
        id,
        line: line.clone(),
        peer,
        outbox,
        policies: None,
        challenge: None,
        member: Arc::clone(&member),
        streams: BTreeMap::new(),
        serial: 0,
    };
    shared
        .tasks
        .spawn(async move { worker.work(incoming).await });
    let writer = async {
        while let Some(out) = outgoing.recv().await {
            if *line.dead.borrow() {
                continue;
            }
            let (bytes, last) = match out {
                Out::Bytes(bytes) => (bytes, false),
                Out::Last(bytes) => (bytes, true),
                Out::Mark(left) => {
                    // Whoever asked may have gone meanwhile.
                    let _ = left.send(());
                    continue;
                }
            };
            if write.write_all(&bytes).await.is_err() || write.flush().await.is_err() {
                return;
            }
            if last {
                // A peer that is gone already needs no farewell.
                let _ = write.shutdown().await;
                return;
            }
        }
    };
    let reader = async {
        let mut decoder = Decoder::new(Limits::STRANGER);
        let mut buffer = vec![0_u8; 16 * 1024];
        let mut dead = line.dead.subscribe();
        loop {
            let count = tokio::select! {
                read = read.read(&mut buffer) => read.unwrap_or(0),
                () = stands(&mut dead, true) => std::future::pending().await,
            };
            if count == 0 {
                return;
            }
            if member.load(Ordering::Relaxed) {
                decoder.relax(Limits::MEMBER);
            }
            decoder.push(&buffer[..count]);
            loop {
                match decoder.pull() {
                    Ok(Some(words)) => {
                        let request = Request::parse(&words);
                        let due = due(&shared, &request.command);
                        if inbox.send((due, request)).await.is_err() {
                            return std::future::pending().await;
                        }
                    }
                    Ok(None) => break,
                    Err(_) => return,
                }
            }
        }
    };
    tokio::select! {
        () = line.close.cancelled() => {}
        () = writer => {}
        () = reader => {}
    }
    line.close.cancel();
}

fn due(shared: &Shared, command: &str) -> Instant {
    let (latency, burst) = {
        let faults = shared.faults.borrow();
        (faults.latency(command), faults.burst)
    };
    lock(&shared.throttle).admit(burst, Instant::now()) + latency
}

/// Runs the requests of one connection one after another; what goes on longer becomes a stream beside it.
struct Worker {
    shared: Arc<Shared>,
    id: u64,
    line: Line,
    peer: SocketAddr,
    outbox: mpsc::Sender<Out>,
    policies: Option<Policies>,
    challenge: Option<[u8; 16]>,
    member: Arc<AtomicBool>,
    streams: BTreeMap<u64, Running>,
    serial: u64,
}

impl Worker {
    async fn work(&mut self, mut incoming: mpsc::Receiver<(Instant, Request)>) {
        let mut faults = self.shared.faults.subscribe();
        let close = self.line.close.clone();
        loop {
            let step = async {
                let (due, request) = incoming.recv().await?;
                tokio::time::sleep_until(due).await;
                faults.wait_for(|faults| !faults.stall).await.ok()?;
                Some(request)
            };
            let request = tokio::select! {
                () = close.cancelled() => return,
                step = step => step,
            };
            let Some(request) = request else { return };
            if *self.line.dead.borrow() {
                continue;
            }
            if self.handle(&request).await.is_none() {
                return;
            }
        }
    }

    async fn send(&self, request: &Request, replies: Replies) -> Option<()> {
        let mut bytes = replies.into_bytes();
        let mut cut = None;
        self.shared.faults.send_if_modified(|faults| {
            cut = faults.take_cut(&request.command);
            cut.is_some()
        });
        if let Some(after) = cut {
            bytes.truncate(after);
            self.outbox.send(Out::Last(bytes)).await.ok()?;
            return None;
        }
        self.outbox.send(Out::Bytes(bytes)).await.ok()
    }

    /// Runs one request; nothing is returned when the connection is over.
    async fn handle(&mut self, request: &Request) -> Option<()> {
        let tag = request.tag.as_deref();
        match request.command.as_str() {
            "/quit" => return self.farewell(tag, "session terminated on request").await,
            "/login" => {
                let replies = self.login(request);
                return self.send(request, replies).await;
            }
            _ => {}
        }
        let Some(policies) = &self.policies else {
            return self.farewell(tag, "not logged in").await;
        };
        if request.command == "/cancel" {
            return self.cancel(request).await;
        }
        let mut changes = self.shared.changed.subscribe();
        changes.borrow_and_update();
        let (answer, before) = self.shared.with(|device| {
            let answer = exec::execute(device, request, policies);
            let before = match &answer {
                Answer::Stream(stream) => {
                    exec::choose(device, stream.menu, &stream.queries, stream.secrets)
                }
                _ => Vec::new(),
            };
            (answer, before)
        });
        match answer {
            Answer::Whole(replies) => self.send(request, replies).await,
            Answer::Down(replies, kind) => {
                self.send(request, replies).await?;
                let (left, gone) = oneshot::channel();
                self.outbox.send(Out::Mark(left)).await.ok()?;
                gone.await.ok()?;
                match kind {
                    Some(kind) => self.shared.reboot(kind),
                    None => self.shared.shut_down(),
                }
                Some(())
            }
            Answer::Stream(stream) => {
                self.streams.retain(|_, running| !running.over());
                self.serial += 1;
                let running = stream::start(stream::Start {
                    shared: Arc::clone(&self.shared),
                    stream: *stream,
                    tag: request.tag.clone(),
                    before,
                    changes,
                    outbox: self.outbox.clone(),
                    close: self.line.close.child_token(),
                });
                self.streams.insert(self.serial, running);
                Some(())
            }
        }
    }

    async fn farewell(&self, tag: Option<&[u8]>, reason: &str) -> Option<()> {
        let mut replies = Replies::new();
        replies.fatal(tag, reason);
        self.outbox
            .send(Out::Last(replies.into_bytes()))
            .await
            .ok()?;
        None
    }

    /// Ends streams in the order seen on the wire: every trap, the answer of the cancel itself, then every end.
    async fn cancel(&mut self, request: &Request) -> Option<()> {
        let wanted = request.value("tag").map(<[u8]>::to_vec);
        let version = self.shared.with(|device| device.version);
        let chosen: Vec<u64> = self
            .streams
            .iter()
            .filter(|(_, running)| wanted.is_none() || running.tag == wanted)
            .map(|(serial, _)| *serial)
            .collect();
        let mut replies = Replies::new();
        let mut ends = Vec::new();
        for serial in chosen {
            let Some(running) = self.streams.remove(&serial) else {
                continue;
            };
            if let Some(silent) = running.end() {
                replies.trap(running.tag.as_deref(), &Trap::interrupted());
                ends.push((running.tag.clone(), silent));
            }
        }
        replies.done(request.tag.as_deref());
        for (tag, silent) in ends {
            if silent && version.says_empty() {
                replies.empty(tag.as_deref());
            }
            replies.done(tag.as_deref());
        }
        self.send(request, replies).await
    }

    fn login(&mut self, request: &Request) -> Replies {
        let tag = request.tag.as_deref();
        let mut replies = Replies::new();
        let version = self.shared.with(|device| device.version);
        let name = request.text("name");
        let (Some(name), false) = (
            name,
            !version.plain_login() && request.value("response").is_none(),
        ) else {
            if version.plain_login() {
                replies.trap(tag, &refused(&self.shared));
                replies.done(tag);
            } else {
                let challenge: [u8; 16] = self.shared.with(|device| {
                    let serial = device.next_identifier().to_be_bytes();
                    let now = device.now.to_be_bytes();
                    chap::response(0, &serial, &now)
                });
                self.challenge = Some(challenge);
                replies.ret(tag, hex::encode(challenge).as_bytes());
            }
            return replies;
        };
        match self.admit(&name, request) {
            Ok(policies) => {
                self.policies = Some(policies);
                self.member.store(true, Ordering::Relaxed);
                replies.done(tag);
            }
            Err(trap) => {
                replies.trap(tag, &trap);
                replies.done(tag);
            }
        }
        replies
    }

    fn admit(&mut self, name: &str, request: &Request) -> Result<Policies, Trap> {
        let challenge = self.challenge.take();
        let address = self.peer.ip().to_string();
        let (id, via) = (self.id, self.line.service);
        let peer = self.peer;
        self.shared.with(|device| {
            let found = device
                .table("/user")
                .named(name)
                .filter(|row| !row.is("disabled"));
            let good = found.is_some_and(|row| {
                let password = row.raw("password");
                let right = match (request.value("response"), challenge) {
                    (Some(answer), Some(challenge)) => {
                        let expected =
                            format!("00{}", hex::encode(chap::response(0, password, &challenge)));
                        answer.eq_ignore_ascii_case(expected.as_bytes())
                    }
                    (None, _) => request.value("password").unwrap_or_default() == password,
                    (Some(_), None) => false,
                };
                let ranges = row.text("address");
                let near = match peer.ip() {
                    std::net::IpAddr::V4(from) => {
                        ranges.is_empty()
                            || ranges.split(',').any(|range| value::in_range(range, from))
                    }
                    std::net::IpAddr::V6(_) => false,
                };
                right && near
            });
            let Some(row) = found.filter(|_| good) else {
                let words = format!("login failure for user {name} from {address} via {via}");
                device.note("system,error,critical", words);
                return Err(refused_in(device.version));
            };
            let group = row.text("group").into_owned();
            let policies: Policies = device
                .table("/user/group")
                .named(&group)
                .map(|row| row.text("policy").into_owned())
                .unwrap_or_default()
                .split(',')
                .filter(|word| !word.starts_with('!') && !word.is_empty())
                .map(str::to_owned)
                .collect();
            if !policies.contains("api") {
                return Err(Trap::permission());
            }
            device.note(
                "system,info,account",
                format!("user {name} logged in from {address} via {via}"),
            );
            let since = device.calendar_now();
            device.members.insert(
                id,
                Member {
                    name: name.to_owned(),
                    address: address.clone(),
                    via,
                    since,
                },
            );
            device.touch("/user/active");
            Ok(policies)
        })
    }
}

fn refused(shared: &Shared) -> Trap {
    shared.with(|device| refused_in(device.version))
}

fn refused_in(version: super::version::Version) -> Trap {
    if version.plain_login() {
        Trap::plain("invalid user name or password (6)")
    } else {
        Trap::plain("cannot log in")
    }
}
