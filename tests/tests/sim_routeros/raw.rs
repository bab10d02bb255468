//! A bare API connection: words in, words out, nothing understood. So that no client's reading of the protocol is in the way.
use std::net::SocketAddr;

use mnara_tests::sim::routeros::{Config, Pace, Router};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection of words.
pub(super) struct Raw<S> {
    stream: S,
}

/// Starts a router whose clock stands still.
pub(super) async fn router() -> Router {
    of_version("7.22.3").await
}

/// Starts a router of some version whose clock stands still.
pub(super) async fn of_version(version: &str) -> Router {
    Router::start(Config {
        pace: Pace::Manual,
        version: version.parse().unwrap(),
        ..Config::default()
    })
    .await
    .unwrap()
}

impl Raw<TcpStream> {
    pub(super) async fn connect(to: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(to).await.unwrap(),
        }
    }

    /// Connects and logs in as admin.
    pub(super) async fn member(router: &Router) -> Self {
        let mut raw = Self::connect(router.api()).await;
        let answer = raw.ask(&["/login", "=name=admin", "=password=admin"]).await;
        assert_eq!(answer, [["!done"]]);
        raw
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub(super) fn over(stream: S) -> Self {
        Self { stream }
    }

    pub(super) async fn bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(super) async fn say(&mut self, words: &[&str]) {
        let mut out = Vec::new();
        for word in words {
            assert!(word.len() < 0x80, "short words only");
            out.push(u8::try_from(word.len()).unwrap());
            out.extend_from_slice(word.as_bytes());
        }
        out.push(0);
        self.bytes(&out).await;
    }

    /// Reads one sentence; nothing when the connection has ended.
    pub(super) async fn sentence(&mut self) -> Option<Vec<String>> {
        let mut words = Vec::new();
        loop {
            let first = self.stream.read_u8().await.ok()?;
            let length = match first {
                0..=0x7F => usize::from(first),
                0x80..=0xBF => {
                    usize::from(first & 0x3F) << 8 | usize::from(self.stream.read_u8().await.ok()?)
                }
                _ => panic!("no word of the tests is so long"),
            };
            if length == 0 {
                return Some(words);
            }
            let mut word = vec![0; length];
            self.stream.read_exact(&mut word).await.ok()?;
            words.push(String::from_utf8(word).unwrap());
        }
    }

    /// Says one sentence and reads until its end.
    pub(super) async fn ask(&mut self, words: &[&str]) -> Vec<Vec<String>> {
        self.say(words).await;
        let mut sentences = Vec::new();
        while let Some(sentence) = self.sentence().await {
            let last = matches!(sentence[0].as_str(), "!done" | "!fatal");
            sentences.push(sentence);
            if last {
                break;
            }
        }
        sentences
    }

    /// Reads exactly as many bytes as expected and compares.
    pub(super) async fn expect(&mut self, bytes: &[u8]) {
        let mut have = vec![0; bytes.len()];
        self.stream.read_exact(&mut have).await.unwrap();
        assert_eq!(
            String::from_utf8_lossy(&have),
            String::from_utf8_lossy(bytes)
        );
    }
}

/// Returns the value of an attribute of a reply.
pub(super) fn value<'a>(sentence: &'a [String], name: &str) -> Option<&'a str> {
    let prefix = format!("={name}=");
    sentence.iter().find_map(|word| word.strip_prefix(&prefix))
}
