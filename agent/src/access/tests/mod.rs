//! The loop against a router that keeps what it is told and reads it back over the wire, in moved time. Its hotspot does no more than
//! these tests need; the faithful one is simulated elsewhere.

mod given;
mod lost;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::{Burst, Rate};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::apply::{Outcome, Refusal};
use super::desired::{Credential, ObservationNo, ProfileSpec, UserSpec};
use super::keep::run_over;
use super::plan::Action;
use super::*;
use crate::routeros::client::{Connection, Dial, Doing, Security, Timing, log_in};
use crate::routeros::wire::{Decoder, Limits, put_sentence};

type Attributes = BTreeMap<String, String>;

/// A router's memory, shared between its connections and the test.
#[derive(Default)]
struct Memory {
    tables: BTreeMap<String, Vec<Attributes>>,
    /// Every command that is no `print`, in order.
    commands: Vec<String>,
    prints: usize,
    /// How many prints there had been at the last log-in.
    prints_at_login: usize,
    next_id: u32,
    refuse: BTreeMap<String, &'static str>,
    /// Streams by the tag they were opened with.
    streams: BTreeMap<String, String>,
    /// Sentences to send when somebody looks.
    pushes: Vec<Vec<String>>,
    unreachable: bool,
    silent: bool,
    /// Whether passwords are shown only to who asks for them.
    hides: bool,
}

#[derive(Clone, Default)]
struct Router {
    memory: Arc<Mutex<Memory>>,
    pushed: Arc<Notify>,
    cut: Arc<Notify>,
}

impl Router {
    fn new() -> Self {
        let router = Self::default();
        router.put("/system/identity", &[("name", "Tower")]);
        router.put(
            "/system/resource",
            &[("uptime", "1h"), ("version", "7.20.8 (long-term)")],
        );
        router.put(
            "/ip/hotspot",
            &[
                ("name", "hotspot1"),
                ("interface", "bridge"),
                ("disabled", "false"),
            ],
        );
        router.put(
            "/ip/hotspot/user",
            &[
                ("name", "default-trial"),
                ("comment", "counters and limits for trial users"),
            ],
        );
        router.put(
            "/ip/hotspot/user/profile",
            &[("name", "default"), ("shared-users", "1")],
        );
        router
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    fn put(&self, menu: &str, attributes: &[(&str, &str)]) {
        let row = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.memory().add(menu, row);
    }

    fn rows(&self, menu: &str) -> Vec<Attributes> {
        self.memory().tables.get(menu).cloned().unwrap_or_default()
    }

    fn phone(&self, number: u8) {
        let (mac, address) = (mac(number).to_string(), format!("10.0.0.{number}"));
        self.put(
            "/ip/hotspot/host",
            &[
                ("mac-address", &mac),
                ("address", &address),
                ("to-address", &address),
            ],
        );
    }

    /// Has every open stream tell of a change.
    fn push(&self) {
        let mut memory = self.memory();
        let sentences: Vec<_> = memory
            .streams
            .keys()
            .map(|tag| vec!["!re".to_owned(), tag.clone(), "=.id=*1".to_owned()])
            .collect();
        memory.pushes.extend(sentences);
        drop(memory);
        self.pushed.notify_one();
    }

    async fn dial(&self) -> Result<(Client, Connection), Error> {
        if self.memory().unreachable {
            return Err(Error::Timeout {
                doing: Doing::Connecting,
            });
        }
        let (ours, theirs) = duplex(1 << 20);
        self.memory().streams.clear();
        // It ends with its cable.
        drop(tokio::spawn(self.clone().serve(theirs)));
        let dial = Dial {
            host: String::new(),
            port: 0,
            security: Security::Plain,
            user: "mnara".to_owned(),
            password: SecretString::from("secret"),
            timing: Timing::USUAL,
        };
        log_in(ours, &dial).await
    }

    async fn serve(self, mut cable: DuplexStream) {
        let mut decoder = Decoder::new(Limits::USUAL);
        let mut bytes = Vec::new();
        loop {
            let mut answers = std::mem::take(&mut self.memory().pushes);
            let mut input = bytes.as_slice();
            while let Some(sentence) = decoder.decode(&mut input).unwrap() {
                let words: Vec<String> = sentence
                    .words()
                    .map(|word| String::from_utf8(word.to_vec()).unwrap())
                    .collect();
                answers.extend(self.memory().answer(&words));
            }
            bytes.clear();
            let mut out = Vec::new();
            for sentence in &answers {
                put_sentence(&mut out, sentence.iter().map(String::as_bytes));
            }
            if self.memory().silent {
                out.clear();
            }
            if cable.write_all(&out).await.is_err() {
                return;
            }
            tokio::select! {
                read = cable.read_buf(&mut bytes) => if !matches!(read, Ok(1..)) { return },
                () = self.pushed.notified() => {}
                () = self.cut.notified() => return,
            }
        }
    }
}

impl Memory {
    fn add(&mut self, menu: &str, mut row: Attributes) -> String {
        self.next_id += 1;
        let id = format!("*{:X}", self.next_id);
        row.insert(".id".to_owned(), id.clone());
        self.tables.entry(menu.to_owned()).or_default().push(row);
        id
    }

    fn answer(&mut self, words: &[String]) -> Vec<Vec<String>> {
        let tag = words.iter().find(|word| word.starts_with(".tag=")).cloned();
        let say = |kind: &str, rest: Vec<String>| {
            [
                vec![kind.to_owned()],
                tag.clone().into_iter().collect(),
                rest,
            ]
            .concat()
        };
        let done = || say("!done", Vec::new());
        let path = words[0].as_str();
        let given: Attributes = words
            .iter()
            .filter_map(|word| word.strip_prefix('=')?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let (menu, verb) = path.rsplit_once('/').unwrap();
        if verb == "print" {
            self.prints += 1;
            let asked = given.contains_key("show-sensitive");
            if asked && !self.hides {
                let message = "=message=unknown parameter show-sensitive".to_owned();
                return vec![say("!trap", vec![message]), done()];
            }
            let hides = self.hides && !asked;
            let rows = self.tables.get(menu).cloned().unwrap_or_default();
            let rows = rows.into_iter().map(|row| {
                say(
                    "!re",
                    row.iter()
                        .filter(|(name, value)| *name != "password" || !hides && !value.is_empty())
                        .map(|(name, value)| format!("={name}={value}"))
                        .collect(),
                )
            });
            let mut answers: Vec<_> = rows.collect();
            if answers.is_empty() {
                answers.push(say("!empty", Vec::new()));
            }
            answers.push(done());
            return answers;
        }
        if verb == "listen" {
            self.streams
                .insert(tag.unwrap_or_default(), menu.to_owned());
            return Vec::new();
        }
        self.commands.push(path.to_owned());
        if let Some(message) = self.refuse.get(path) {
            return vec![say("!trap", vec![format!("=message={message}")]), done()];
        }
        let id = given.get(".id").cloned().unwrap_or_default();
        let rows = self.tables.entry(menu.to_owned()).or_default();
        match path {
            "/login" | "/cancel" => vec![done()],
            "/ip/hotspot/active/login" => {
                self.prints_at_login = self.prints;
                let at = given.get("ip").cloned().unwrap();
                for host in self
                    .tables
                    .entry("/ip/hotspot/host".to_owned())
                    .or_default()
                {
                    if host.get("address") == Some(&at) {
                        host.insert("authorized".to_owned(), "true".to_owned());
                    }
                }
                let row = [
                    ("user", given["user"].clone()),
                    ("address", at),
                    ("mac-address", given["mac-address"].clone()),
                ];
                self.add(
                    menu,
                    row.into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                );
                vec![done()]
            }
            _ if verb == "add" => {
                let id = self.add(menu, given);
                vec![say("!done", vec![format!("=ret={id}")])]
            }
            _ if verb == "remove" => {
                rows.retain(|row| row.get(".id") != Some(&id));
                vec![done()]
            }
            _ => {
                rows.iter_mut()
                    .filter(|row| row.get(".id") == Some(&id))
                    .for_each(|row| row.extend(given.clone()));
                vec![done()]
            }
        }
    }
}

type Dialled = Pin<Box<dyn Future<Output = Result<(Client, Connection), Error>> + Send>>;

fn dialling(router: &Router) -> impl Fn() -> Dialled + use<> {
    let router = router.clone();
    move || {
        let router = router.clone();
        Box::pin(async move { router.dial().await })
    }
}

fn ticket(number: u8) -> TicketId {
    TicketId::from_bytes([number; 16])
}

fn mac(number: u8) -> Mac {
    Mac::from_bytes([2, 0, 0, 0, 0, number])
}

fn wanting(number: u8) -> Desired {
    let rate = Some(Rate {
        down_bps: 2_500_000,
        up_bps: 1_000_000,
        burst: Some(Burst {
            down_bps: 5_000_000,
            up_bps: 1_500_000,
            down_below_bps: 2_000_000,
            up_below_bps: 800_000,
            secs: 16,
        }),
    });
    let profile = ProfileSpec {
        rate,
        shared_users: Some(1),
        keepalive_secs: Some(120),
        mac_cookie_secs: Some(86_400),
    };
    let user = UserSpec {
        ticket: ticket(number),
        name: Credential::new("AB12-CD34"),
        password: Credential::new("AB12-CD34"),
        profile: "mnara-daily".to_owned(),
        mac: Some(mac(number)),
        limit_uptime: Some(86_400),
        limit_bytes: Some(1_000_000_000),
        devices: vec![mac(number)],
        max_devices: 1,
    };
    Desired {
        profiles: [("mnara-daily".to_owned(), profile)].into(),
        users: vec![user],
        ..Desired::nothing()
    }
}

/// The core's place: answers every look with what is wanted.
struct Core {
    handle: Handle,
    events: mpsc::Receiver<Event>,
    desired: Desired,
    running: JoinHandle<()>,
    stop: CancellationToken,
}

impl Core {
    fn start(router: &Router, desired: Desired) -> Self {
        let (handle, seat, events) = channel();
        let stop = CancellationToken::new();
        let running = tokio::spawn(run_over(
            seat,
            dialling(router),
            Backoff::USUAL,
            stop.clone(),
            || 0,
        ));
        Self {
            handle,
            events,
            desired,
            running,
            stop,
        }
    }

    fn want(&mut self, desired: Desired) {
        self.desired = Desired {
            answers: self.desired.answers,
            ..desired
        };
        self.handle.want(self.desired.clone());
    }

    async fn next(&mut self) -> Event {
        let event = self.events.recv().await.expect("the loop has ended");
        if let Event::Observed(observed) = &event {
            self.desired.answers = observed.number;
            self.handle.want(self.desired.clone());
        }
        event
    }

    /// Waits for an event that fits; a loop that never sends one is not waited for.
    async fn wait<T>(&mut self, within: u64, fits: impl Fn(&Event) -> Option<T>) -> T {
        let found = timeout(Duration::from_secs(within), async {
            loop {
                let event = self.next().await;
                if let Some(found) = fits(&event) {
                    return found;
                }
            }
        });
        found.await.expect("the event did not come in time")
    }

    async fn online(&mut self, within: u64) -> Arc<Observed> {
        let seen = |event: &Event| match event {
            Event::Observed(observed) if !observed.active.is_empty() => Some(Arc::clone(observed)),
            _ => None,
        };
        self.wait(within, seen).await
    }

    /// Lets time pass with nothing happening but looks.
    async fn idle(&mut self, secs: u64) -> Vec<Event> {
        let mut events = Vec::new();
        let collect = async {
            loop {
                events.push(self.next().await);
            }
        };
        let _: Result<(), _> = timeout(Duration::from_secs(secs), collect).await;
        events.retain(|event| !matches!(event, Event::Observed(_)));
        events
    }
}
