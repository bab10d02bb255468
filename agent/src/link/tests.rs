//! The link without the agent around it: a server whose certificate has dates, and a controller's session in hand.

use ed25519_dalek::SigningKey;
use mnara_protocol::frame::{clock_answer, read_clock_question};
use mnara_protocol::ids::{AgentId, JournalId};
use mnara_protocol::session::{AgentKeys, Config};
use rand::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

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
