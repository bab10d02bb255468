//! The link without the agent around it: a server whose certificate has dates, and a controller's session in hand.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use mnara_protocol::frame::{KeyStatement, clock_answer, read_clock_question};
use mnara_protocol::ids::{AgentId, JournalId};
use mnara_protocol::message::RefusedAnswer;
use mnara_protocol::session::{Admitted, AgentKeys, Config, Controller, ControllerKeys, Revision};
use rand::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::Url;

use super::*;
use crate::dial::tests::{AFTER, IN_TIME, acceptor, target};

/// A link, and the ends of it that its agent holds.
struct Held {
    link: Link,
    events: mpsc::Receiver<Event>,
    tell_trusted: watch::Sender<TrustedClock>,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn held(target: Target, clock: &Clock, trusted: TrustedClock) -> Held {
    let journal = JournalId::from_bytes([7; 16]);
    let ends = Ends {
        oldest: EntryNo(1),
        last: Mark::start(journal),
    };
    let keys = AgentKeys {
        agent: AgentId::from_bytes([1; 16]),
        signing: key(1),
        pinned: Pinned {
            keys: vec![key(2).verifying_key()],
            serial: 0,
        },
    };
    let resume = Resume {
        journal,
        oldest: ends.oldest,
        last: ends.last,
        cursor: FeedCursor::default(),
        software: crate::SOFTWARE.to_owned(),
        restored: false,
    };
    let (tell_trusted, trusted) = watch::channel(trusted);
    let (tell, events) = mpsc::channel(64);
    let link = Link {
        target,
        session: Session::<Agent>::new(Config::STANDARD, keys, resume),
        clock: clock.clone(),
        trusted,
        store: watch::channel(None).1,
        ends: watch::channel(ends).1,
        orders: mpsc::channel(1).1,
        events: tell,
        rng: StdRng::from_seed([5; 32]),
        up: false,
        waiting: VecDeque::new(),
    };
    Held {
        link,
        events,
        tell_trusted,
    }
}

/// A controller that tells the time and opens links.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor, clock: Clock) {
    while let Ok((stream, _)) = listener.accept().await {
        // Who does not like the certificate hangs up.
        if let Ok(stream) = acceptor.accept(stream).await {
            tokio::spawn(answer(stream, clock.now()));
        }
    }
}

async fn answer(mut stream: impl Stream, now: Timestamp) {
    const QUESTION: usize = 33;
    let mut head = Vec::new();
    let mut body = loop {
        if stream.read_buf(&mut head).await.unwrap() == 0 {
            return;
        }
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break head.split_off(end + 4);
        }
    };
    let head = String::from_utf8(head).unwrap();
    let said = if head.starts_with(&format!("POST {CLOCK_PATH}?keys=")) {
        while body.len() < QUESTION {
            assert_ne!(stream.read_buf(&mut body).await.unwrap(), 0);
        }
        let nonce = read_clock_question(&body).unwrap();
        let signed = clock_answer(&key(2), nonce, now);
        let length = signed.len();
        let mut said = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        said.extend(signed);
        said
    } else {
        let accept = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            let is_key = name.eq_ignore_ascii_case("sec-websocket-key");
            is_key.then(|| derive_accept_key(value.as_bytes()))
        });
        let accept = accept.unwrap();
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-accept: {accept}\r\nsec-websocket-protocol: {SUBPROTOCOL}\r\n\r\n"
        )
        .into_bytes()
    };
    stream.write_all(&said).await.unwrap();
    stream.flush().await.unwrap();
    // Until the other end hangs up.
    let mut rest = [0; 64];
    while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

#[tokio::test]
async fn a_time_that_was_signed_wrongly_does_not_keep_a_site_away_for_ever() {
    let clock = Clock::still(IN_TIME);
    let (acceptor, ca) = acceptor("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = target(listener.local_addr().unwrap().port(), &ca);
    tokio::spawn(serve(listener, acceptor, clock.clone()));
    let mut trusted = TrustedClock::from_floor(IN_TIME, clock.monotonic());
    trusted.anchor(AFTER, clock.monotonic());
    let Held {
        mut link,
        mut events,
        tell_trusted,
    } = held(target, &clock, trusted);
    // As the agent does.
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let Event::Anchor(wall, at) = event {
                trusted.anchor(wall, at);
                tell_trusted.send_replace(trusted);
            }
        }
    });
    for minute in (0..=60).step_by(5) {
        let Err(error) = link.dial().await else {
            panic!("the time was taken back in minute {minute}");
        };
        assert!(
            matches!(error.downcast_ref::<DialError>(), Some(DialError::Dates)),
            "{error:#}"
        );
        clock.advance(Duration::from_secs(300));
    }
    assert!(link.dial().await.is_ok(), "an hour of agreeing answers");
}

/// A link that stands, with the controller's end of it.
struct Pair {
    link: Link,
    events: mpsc::Receiver<Event>,
    cloud: Session<Controller>,
}

impl Pair {
    fn new(clock: &Clock) -> Self {
        let nowhere = Url::parse("http://127.0.0.1:1").unwrap();
        let trusted = TrustedClock::from_floor(IN_TIME, clock.monotonic());
        let held = held(Target::new(&nowhere, None).unwrap(), clock, trusted);
        let keys = ControllerKeys {
            signing: Arc::new(key(2)),
            statements: Vec::<KeyStatement>::new().into(),
        };
        let mut pair = Self {
            link: held.link,
            events: held.events,
            cloud: Session::<Controller>::new(Config::STANDARD, keys),
        };
        let now = clock.monotonic();
        pair.link.session.link_up(now, [3; 32]);
        pair.cloud.link_up(now, [4; 32]);
        pair.exchange();
        assert!(matches!(
            pair.cloud.poll_event(),
            Some(SessionEvent::Hello(_))
        ));
        pair.cloud.authenticate(key(1).verifying_key()).unwrap();
        let admitted = Admitted {
            acknowledged: None,
            epoch: 9,
            feed_head: Revision(1000),
            feed_floor: Revision(0),
        };
        pair.cloud.admit(admitted, IN_TIME).unwrap();
        pair.exchange();
        pair
    }

    /// Moves frames until nothing is left.
    fn exchange(&mut self) {
        let now = self.link.clock.monotonic();
        let mut frame = Vec::new();
        loop {
            if self.cloud.poll_transmit(&mut frame) {
                self.link.session.handle_bytes(&frame, now, None).unwrap();
            } else if self.link.session.poll_transmit(&mut frame) {
                let wall = Some(IN_TIME);
                self.cloud.handle_bytes(&frame, now, wall).unwrap();
            } else {
                return;
            }
        }
    }

    /// Gives the link questions with these numbers, each with half a minute.
    async fn ask(&mut self, numbers: std::ops::Range<u8>) {
        for n in numbers {
            let order = Order::Ask {
                id: AttemptId::from_bytes([n; 16]),
                kind: 2,
                body: vec![n],
                deadline: Duration::from_secs(30),
            };
            assert!(self.link.obey(order).await);
        }
    }

    /// The questions that have come to the controller since it was last asked.
    fn came(&mut self) -> Vec<AttemptId> {
        self.exchange();
        let events = std::iter::from_fn(|| self.cloud.poll_event());
        events
            .filter_map(|event| match event {
                SessionEvent::Question { id, .. } => Some(id),
                _ => None,
            })
            .collect()
    }

    fn answer(&mut self, id: AttemptId) {
        let answer = Answer::Refused(RefusedAnswer { late: false });
        let (kind, body) = (answer.kind(), answer.encode());
        self.cloud.answer(id, kind, body).unwrap();
        self.exchange();
    }

    /// How many questions the agent hears were answered, had no answer, and were not asked.
    async fn heard(&mut self) -> [usize; 3] {
        assert!(self.link.tell_events().await && self.link.ask_waiting().await);
        let mut heard = [0; 3];
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Answered(..) => heard[0] += 1,
                Event::Unanswered(_) => heard[1] += 1,
                Event::NotAsked(_) => heard[2] += 1,
                _ => {}
            }
        }
        heard
    }
}

#[tokio::test]
async fn questions_beyond_those_that_may_be_open_wait_their_turn() {
    let clock = Clock::still(IN_TIME);
    let mut pair = Pair::new(&clock);
    pair.ask(0..40).await;
    assert_eq!(pair.heard().await, [0, 0, 0], "nobody is sent away");
    for round in [16, 16, 8] {
        let came = pair.came();
        assert_eq!(came.len(), round);
        for id in came {
            pair.answer(id);
        }
        assert_eq!(pair.heard().await, [round, 0, 0]);
    }
    assert!(pair.link.waiting.is_empty());

    pair.ask(50..67).await;
    let came = pair.came();
    clock.push_monotonic(Duration::from_secs(26));
    pair.answer(came[0]);
    assert_eq!(pair.heard().await, [1, 0, 1], "too late for the last one");
}

#[tokio::test]
async fn what_never_left_is_told_apart_from_what_has_no_answer() {
    let clock = Clock::still(IN_TIME);
    let mut pair = Pair::new(&clock);
    pair.ask(0..20).await;
    assert_eq!(pair.came().len(), 16);
    clock.push_monotonic(Duration::from_secs(20));
    pair.ask(20..22).await;
    clock.push_monotonic(Duration::from_secs(10));
    pair.link.session.handle_timeout(clock.monotonic());
    assert_eq!(pair.heard().await, [0, 16, 6]);
    assert!(
        pair.came().is_empty(),
        "a controller that is silent is spared"
    );

    let mut pair = Pair::new(&clock);
    pair.ask(0..20).await;
    pair.link.session.link_down(clock.monotonic(), 0);
    assert_eq!(pair.heard().await, [0, 16, 4]);
    pair.ask(20..21).await;
    assert_eq!(pair.heard().await, [0, 0, 1], "none waits for a link");
}
