//! The loop against a router that keeps what it is told and reads it back over the wire, in moved time. Its hotspot does no more than
//! these tests need; the faithful one is simulated elsewhere.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::{Burst, Rate};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
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

#[tokio::test(start_paused = true)]
async fn a_ticket_is_brought_online_and_then_left_in_peace() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    let applied = |event: &Event| {
        if let Event::Applied(applied) = event {
            Some(applied.clone())
        } else {
            None
        }
    };
    let applied = core.wait(1, applied).await;
    assert!(
        applied
            .iter()
            .all(|applied| applied.outcome == Outcome::Done)
    );
    assert!(matches!(
        applied.last().map(|applied| &applied.action),
        Some(Action::LogIn { .. })
    ));
    let observed = core.online(1).await;
    assert_eq!(observed.active[0].mac, mac(1));
    assert_eq!(observed.router.version, "7.20.8 (long-term)");
    let user = &router.rows("/ip/hotspot/user")[1];
    assert_eq!(user["comment"], format!("mnara:{}", ticket(1)));
    assert_eq!(
        (
            user["limit-uptime"].as_str(),
            user["limit-bytes-total"].as_str()
        ),
        ("86400s", "1000000000")
    );
    let profile = &router.rows("/ip/hotspot/user/profile")[1];
    assert_eq!(
        (
            profile["rate-limit"].as_str(),
            profile["mac-cookie-timeout"].as_str()
        ),
        ("1M/2500k 1500k/5M 800k/2M 16/16", "86400s")
    );
    let commands = router.memory().commands.len();
    let quiet = core.idle(600).await;
    assert!(
        quiet.is_empty(),
        "what was written reads back as agreement: {quiet:?}"
    );
    assert_eq!(router.memory().commands.len(), commands);
    assert!(router.memory().prints > 200);
}

#[tokio::test(start_paused = true)]
async fn what_is_wanted_is_given_at_once_and_confirmed_by_a_look() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, Desired::nothing());
    assert!(core.idle(25).await.is_empty());
    let prints = router.memory().prints;
    core.want(wanting(1));
    core.online(1).await;
    assert_eq!(
        router.memory().prints_at_login,
        prints,
        "no look comes before"
    );
    assert!(router.memory().prints > prints);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_away_is_looked_at_first() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    core.idle(5).await;
    // The device leaves, and its address goes to a device that is not ours.
    router
        .memory()
        .tables
        .get_mut("/ip/hotspot/active")
        .unwrap()[0]
        .insert("user".to_owned(), "guest".to_owned());
    core.want(Desired::nothing());
    core.idle(20).await;
    assert_eq!(
        router.rows("/ip/hotspot/active").len(),
        1,
        "the guest stays online"
    );
    assert_eq!(router.rows("/ip/hotspot/user").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn hand_edits_are_repaired_within_a_minute() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    core.idle(20).await;
    router
        .memory()
        .tables
        .get_mut("/ip/hotspot/user")
        .unwrap()
        .truncate(1);
    router
        .memory()
        .tables
        .get_mut("/ip/hotspot/user/profile")
        .unwrap()[1]
        .insert("rate-limit".to_owned(), "64k/64k".to_owned());
    core.idle(60).await;
    assert_eq!(router.rows("/ip/hotspot/user").len(), 2);
    assert_eq!(
        router.rows("/ip/hotspot/user/profile")[1]["rate-limit"],
        "1M/2500k 1500k/5M 800k/2M 16/16"
    );
}

/// The password of our user after a hand edit and a minute, on a router of some version.
async fn password_after_edit(version: &str, hides: bool, edit: &str) -> String {
    let router = Router::new();
    router.memory().hides = hides;
    router.memory().tables.remove("/system/resource");
    router.put(
        "/system/resource",
        &[("uptime", "1h"), ("version", version)],
    );
    router.put(
        "/ip/hotspot/user",
        &[("name", "the-owners-own"), ("password", "theirs")],
    );
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    core.idle(20).await;
    let written = router.memory().commands.len();
    router.memory().tables.get_mut("/ip/hotspot/user").unwrap()[2]
        .insert("password".to_owned(), edit.to_owned());
    core.idle(60).await;
    let repairs = router.memory().commands.len() - written;
    assert!(repairs <= 1, "written {repairs} times");
    router.rows("/ip/hotspot/user")[2]["password"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_password_changed_by_hand_is_put_right_where_the_router_shows_it() {
    for (version, hides) in [("7.20.8 (long-term)", false), ("7.22.3 (stable)", true)] {
        for edit in ["guessed", ""] {
            let password = password_after_edit(version, hides, edit).await;
            assert_eq!(password, "AB12-CD34", "{version}");
        }
    }
    // Its print may not know the question that later versions are asked.
    let hidden = password_after_edit("7.21rc1 (testing)", true, "guessed").await;
    assert_eq!(hidden, "guessed");
    let masked = password_after_edit("7.20.8 (long-term)", false, "*****").await;
    assert_eq!(masked, "*****");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_comes_is_logged_in_when_the_router_tells() {
    let router = Router::new();
    let mut desired = wanting(1);
    desired.next_poll = Duration::from_secs(60);
    let mut core = Core::start(&router, desired);
    core.idle(5).await;
    router.phone(1);
    router.push();
    core.online(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_router_that_tells_without_end_is_not_looked_at_without_end() {
    let router = Router::new();
    let mut core = Core::start(&router, wanting(1));
    core.idle(1).await;
    let before = router.memory().prints;
    for _ in 0..600 {
        router.push();
        core.idle(1).await;
    }
    let looks = (router.memory().prints - before) / 4;
    assert!(looks < 600 / 2, "{looks} looks in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn a_refused_log_in_is_told_and_not_hammered() {
    let router = Router::new();
    router.phone(1);
    router.memory().refuse.insert(
        "/ip/hotspot/active/login".to_owned(),
        "no more sessions are allowed for user AB12-CD34",
    );
    let mut desired = wanting(1);
    desired.next_poll = Duration::from_secs(2);
    let mut core = Core::start(&router, desired);
    let refused = |event: &Event| match event {
        Event::Applied(applied) => applied
            .iter()
            .find(|applied| matches!(applied.outcome, Outcome::Refused(_)))
            .cloned(),
        _ => None,
    };
    assert_eq!(
        core.wait(1, refused).await.outcome,
        Outcome::Refused(Refusal::NoMoreSessions)
    );
    core.idle(60).await;
    let tries = router
        .memory()
        .commands
        .iter()
        .filter(|path| *path == "/ip/hotspot/active/login")
        .count();
    assert!((2..=5).contains(&tries), "{tries} tries in a minute");
    router.memory().refuse.clear();
    core.online(20).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_log_in_is_tried_again_however_busy_the_router_is() {
    let router = Router::new();
    router.phone(1);
    router.memory().refuse.insert(
        "/ip/hotspot/active/login".to_owned(),
        "no more sessions are allowed for user AB12-CD34",
    );
    let mut desired = wanting(1);
    desired.next_poll = Duration::from_secs(60);
    let mut core = Core::start(&router, desired);
    core.idle(1).await;
    router.memory().refuse.clear();
    for _ in 0..40 {
        router.push();
        core.idle(1).await;
    }
    assert_eq!(router.rows("/ip/hotspot/active").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_log_in_that_builds_on_a_refused_user_is_not_tried() {
    let router = Router::new();
    router.phone(1);
    router.memory().refuse.insert(
        "/ip/hotspot/user/add".to_owned(),
        "failure: already have user with this name for this server",
    );
    let mut core = Core::start(&router, wanting(1));
    let applied = |event: &Event| {
        if let Event::Applied(applied) = event {
            Some(applied.clone())
        } else {
            None
        }
    };
    let outcomes: Vec<_> = core
        .wait(1, applied)
        .await
        .iter()
        .map(|applied| applied.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Done,
            Outcome::Refused(Refusal::NameTaken),
            Outcome::Skipped
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_restarted_router_is_noticed_and_its_sessions_come_back() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    {
        let mut memory = router.memory();
        memory.unreachable = true;
        memory.tables.remove("/ip/hotspot/active");
        memory.tables.remove("/ip/hotspot/host");
    }
    router.cut.notify_waiters();
    let lost = |event: &Event| {
        if let Event::RouterLost { why } = event {
            Some(why.clone())
        } else {
            None
        }
    };
    assert!(matches!(core.wait(1, lost).await, Error::ConnectionLost(_)));
    let later: Vec<_> = core.idle(300).await.iter().filter_map(lost).collect();
    assert!(
        matches!(
            later.as_slice(),
            [Error::Timeout {
                doing: Doing::Connecting
            }]
        ),
        "told once for each reason: {later:?}"
    );
    assert!(matches!(
        core.handle.host_at("10.0.0.1".parse().unwrap()).await,
        Err(LookupError::NoRouter)
    ));
    router.phone(1);
    {
        let mut memory = router.memory();
        memory.unreachable = false;
        memory.tables.get_mut("/system/resource").unwrap()[0]
            .insert("uptime".to_owned(), "30s".to_owned());
    }
    let rebooted = |event: &Event| {
        if let Event::Rebooted { uptime_secs } = event {
            Some(*uptime_secs)
        } else {
            None
        }
    };
    assert_eq!(core.wait(25, rebooted).await, 30);
    core.online(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_router_up_for_longer_than_the_last_look_but_not_long_enough_has_restarted() {
    let router = Router::new();
    router.memory().tables.get_mut("/system/resource").unwrap()[0]
        .insert("uptime".to_owned(), "1m".to_owned());
    let mut core = Core::start(&router, wanting(1));
    core.idle(1).await;
    router.memory().unreachable = true;
    router.cut.notify_waiters();
    core.idle(600).await;
    {
        let mut memory = router.memory();
        memory.unreachable = false;
        memory.tables.get_mut("/system/resource").unwrap()[0]
            .insert("uptime".to_owned(), "2m".to_owned());
    }
    let rebooted = |event: &Event| {
        if let Event::Rebooted { uptime_secs } = event {
            Some(*uptime_secs)
        } else {
            None
        }
    };
    assert_eq!(core.wait(25, rebooted).await, 120);
}

#[tokio::test(start_paused = true)]
async fn a_short_cut_is_no_restart() {
    let router = Router::new();
    router.phone(1);
    let mut core = Core::start(&router, wanting(1));
    core.online(1).await;
    router.cut.notify_waiters();
    let events = core.idle(30).await;
    assert!(
        matches!(events.as_slice(), [Event::RouterLost { .. }]),
        "{events:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_router_that_stops_answering_is_lost_within_a_minute() {
    let router = Router::new();
    let mut core = Core::start(&router, wanting(1));
    core.idle(1).await;
    router.memory().silent = true;
    let lost = |event: &Event| {
        if let Event::RouterLost { why } = event {
            Some(why.clone())
        } else {
            None
        }
    };
    assert!(matches!(
        core.wait(60, lost).await,
        Error::Timeout {
            doing: Doing::Command
        }
    ));
    router.memory().silent = false;
    let seen = |event: &Event| matches!(event, Event::Observed(_)).then_some(());
    core.wait(30, seen).await;
}

#[tokio::test(start_paused = true)]
async fn a_core_that_does_not_answer_does_not_stop_the_loop() {
    let router = Router::new();
    router.phone(1);
    let (handle, seat, mut events) = channel();
    let running = tokio::spawn(run_over(
        seat,
        dialling(&router),
        Backoff::USUAL,
        CancellationToken::new(),
        || 0,
    ));
    handle.want(wanting(1));
    let online = timeout(Duration::from_secs(10), async {
        loop {
            match events.recv().await {
                Some(Event::Observed(observed)) if !observed.active.is_empty() => {
                    break observed.number;
                }
                Some(_) => {}
                None => panic!("the loop has ended"),
            }
        }
    });
    assert!(online.await.unwrap() > ObservationNo(1));
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_device_can_be_looked_up_past_the_last_look() {
    let router = Router::new();
    let mut core = Core::start(&router, Desired::nothing());
    core.idle(1).await;
    router.phone(3);
    let host = core
        .handle
        .host_at("10.0.0.3".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(host.mac, mac(3));
    assert!(
        core.handle
            .host_at("10.0.0.4".parse().unwrap())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn it_stops_when_told_at_any_moment() {
    let router = Router::new();
    for millis in [0, 1, 500, 3_000] {
        let core = Core::start(&router, wanting(1));
        sleep(Duration::from_millis(millis)).await;
        core.stop.cancel();
        core.running.await.unwrap();
    }
}
