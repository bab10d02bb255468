//! TLS without a certificate, as `api-ssl` offers it: version 1.2, anonymous Diffie-Hellman with AES-256-GCM and SHA-384.
//! Only the server's side and only this one suite; nothing here protects anybody.
mod modp;

use anyhow::{Context, bail, ensure};
use rustls::crypto::SecureRandom;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage,
};
use rustls::{ContentType, ProtocolVersion, SupportedCipherSuite, Tls12CipherSuite};
use sha2::{Digest, Sha384};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// `TLS_DH_anon_WITH_AES_256_GCM_SHA384`.
const SUITE: [u8; 2] = [0x00, 0xA7];
/// What a client of today wants to hear before it goes on: nothing is renegotiated here.
const NO_RENEGOTIATION: [u8; 7] = [0x00, 0x05, 0xFF, 0x01, 0x00, 0x01, 0x00];
/// The most a record may carry.
const RECORD: usize = 16 * 1024;
/// The most a handshake may take before it is clear that the other side means no good.
const HELLO: usize = 64 * 1024;

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

/// A connection after its handshake.
pub(crate) struct Anonymous {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    open: Opener,
    seal: Sealer,
}

/// Shakes hands with a client.
pub(crate) async fn accept(stream: TcpStream) -> anyhow::Result<Anonymous> {
    let (read, write) = stream.into_split();
    let mut handshake = Handshake {
        read,
        write,
        waiting: Vec::new(),
        transcript: Sha384::new(),
    };
    match handshake.run().await {
        Ok((open, seal)) => Ok(Anonymous {
            read: handshake.read,
            write: handshake.write,
            open,
            seal,
        }),
        Err(error) => {
            // `handshake_failure`, to whoever still listens.
            let _ = handshake.write.write_all(&[21, 3, 3, 0, 2, 2, 40]).await;
            Err(error)
        }
    }
}

impl Anonymous {
    /// Carries what is said on `near` to the other side and back until either ends.
    pub(crate) async fn carry(self, near: DuplexStream) {
        let (from, to) = tokio::io::split(near);
        tokio::select! {
            _ = inward(self.read, self.open, to) => {}
            _ = outward(from, self.seal, self.write) => {}
        }
    }
}

async fn inward(
    mut read: OwnedReadHalf,
    mut open: Opener,
    mut to: WriteHalf<DuplexStream>,
) -> anyhow::Result<()> {
    loop {
        let (kind, mut payload) = record(&mut read).await?;
        let text = open.open(kind, &mut payload)?;
        if kind != u8::from(ContentType::ApplicationData) {
            // An alert, which ends the connection in any case.
            return Ok(());
        }
        to.write_all(&text).await?;
    }
}

async fn outward(
    mut from: ReadHalf<DuplexStream>,
    mut seal: Sealer,
    mut write: OwnedWriteHalf,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; RECORD];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            let farewell = seal.seal(ContentType::Alert, &[1, 0])?;
            write.write_all(&farewell).await?;
            return Ok(write.shutdown().await?);
        }
        let sealed = seal.seal(ContentType::ApplicationData, &buffer[..count])?;
        write.write_all(&sealed).await?;
    }
}

async fn record(read: &mut OwnedReadHalf) -> anyhow::Result<(u8, Vec<u8>)> {
    let mut header = [0; 5];
    read.read_exact(&mut header).await?;
    let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
    ensure!(length <= RECORD + 2048, "a record of {length} bytes");
    let mut payload = vec![0; length];
    read.read_exact(&mut payload).await?;
    Ok((header[0], payload))
}

struct Handshake {
    read: OwnedReadHalf,
    write: OwnedWriteHalf,
    waiting: Vec<u8>,
    transcript: Sha384,
}

impl Handshake {
    async fn run(&mut self) -> anyhow::Result<(Opener, Sealer)> {
        let suite = suite();
        let random = rustls::crypto::ring::default_provider().secure_random;
        let hello = self.message(CLIENT_HELLO).await?;
        let client_random = offered(&hello).context("a client hello without our suite")?;
        let (server_random, secret) = (fresh(random)?, fresh(random)?);
        self.answer(&server_random, &secret).await?;
        let theirs = self.message(CLIENT_KEY_EXCHANGE).await?;
        let theirs = theirs.get(2..).context("a key exchange cut short")?;
        let shared = modp::power(theirs, &secret).context("a key no honest side sends")?;
        let start = shared.iter().position(|byte| *byte != 0).unwrap_or(0);
        let prf = |out: &mut [u8], secret: &[u8], label: &str, seed: &[u8]| {
            suite
                .prf_provider
                .for_secret(out, secret, label.as_bytes(), seed);
        };
        let mut master = [0; 48];
        let seed = [client_random, server_random].concat();
        prf(&mut master, &shared[start..], "master secret", &seed);
        let mut block = [0; 72];
        let seed = [server_random, client_random].concat();
        prf(&mut block, &master, "key expansion", &seed);
        let key = |at: usize| {
            let mut key = [0; 32];
            key.copy_from_slice(&block[at..at + 32]);
            AeadKey::from(key)
        };
        let mut open = Opener {
            inner: suite.aead_alg.decrypter(key(0), &block[64..68]),
            number: 0,
        };
        // The part of the nonce sent along must differ per record only; it may begin anywhere.
        let mut seal = Sealer {
            inner: suite
                .aead_alg
                .encrypter(key(32), &block[68..72], &server_random[..8]),
            number: 0,
        };
        let mut expected = [0; 12];
        let so_far = self.transcript.clone().finalize();
        prf(&mut expected, &master, "client finished", &so_far);
        let (kind, _) = record(&mut self.read).await?;
        ensure!(
            kind == u8::from(ContentType::ChangeCipherSpec),
            "no change of ciphers"
        );
        let (kind, mut payload) = record(&mut self.read).await?;
        let finished = open.open(kind, &mut payload)?;
        ensure!(
            finished == message(FINISHED, &expected),
            "the client has seen another handshake"
        );
        self.transcript.update(&finished);
        let mut ours = [0; 12];
        let so_far = self.transcript.clone().finalize();
        prf(&mut ours, &master, "server finished", &so_far);
        let mut last = vec![20, 3, 3, 0, 1, 1];
        last.extend(seal.seal(ContentType::Handshake, &message(FINISHED, &ours))?);
        self.write.write_all(&last).await?;
        Ok((open, seal))
    }

    /// Says hello, shows our half of the key and waits for theirs.
    async fn answer(&mut self, random: &[u8; 32], secret: &[u8; 32]) -> anyhow::Result<()> {
        let ours = modp::power(&[modp::GENERATOR], secret).context("raise the generator")?;
        let mut hello = vec![3, 3];
        hello.extend(random);
        hello.push(0);
        hello.extend(SUITE);
        hello.push(0);
        hello.extend(NO_RENEGOTIATION);
        let mut exchange = Vec::new();
        for number in [modp::prime(), vec![modp::GENERATOR], ours] {
            exchange.extend(u16::try_from(number.len())?.to_be_bytes());
            exchange.extend(number);
        }
        let mut all = message(SERVER_HELLO, &hello);
        all.extend(message(SERVER_KEY_EXCHANGE, &exchange));
        all.extend(message(SERVER_HELLO_DONE, &[]));
        self.transcript.update(&all);
        let mut out = vec![22, 3, 3];
        out.extend(u16::try_from(all.len())?.to_be_bytes());
        out.extend(all);
        Ok(self.write.write_all(&out).await?)
    }

    /// Reads the next message, which must be of a kind, and returns its body.
    async fn message(&mut self, wanted: u8) -> anyhow::Result<Vec<u8>> {
        loop {
            if let [kind, a, b, c, rest @ ..] = self.waiting.as_slice() {
                let length = usize::try_from(u32::from_be_bytes([0, *a, *b, *c]))?;
                ensure!(
                    *kind == wanted && length <= HELLO,
                    "message {kind} of {length} bytes"
                );
                if rest.len() >= length {
                    let body = rest[..length].to_vec();
                    self.transcript.update(&self.waiting[..4 + length]);
                    self.waiting.drain(..4 + length);
                    return Ok(body);
                }
            }
            let (kind, payload) = record(&mut self.read).await?;
            if kind != u8::from(ContentType::Handshake) {
                bail!("a record of kind {kind} in a handshake");
            }
            self.waiting.extend(payload);
        }
    }
}

fn suite() -> &'static Tls12CipherSuite {
    match rustls::crypto::ring::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 {
        SupportedCipherSuite::Tls12(suite) => suite,
        SupportedCipherSuite::Tls13(_) => unreachable!("the suite is of version 1.2"),
    }
}

fn fresh(random: &dyn SecureRandom) -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    random
        .fill(&mut bytes)
        .map_err(|_| anyhow::anyhow!("no randomness"))?;
    Ok(bytes)
}

/// Returns a client's random number when it speaks version 1.2 and offers our suite.
fn offered(hello: &[u8]) -> Option<[u8; 32]> {
    let version = hello.get(..2)?;
    let random = hello.get(2..34)?.try_into().ok()?;
    let session = usize::from(*hello.get(34)?);
    let rest = hello.get(35 + session..)?;
    let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
    let suites = rest.get(2..2 + length)?;
    let ours = suites.chunks_exact(2).any(|suite| suite == SUITE);
    (version >= [3, 3].as_slice() && ours).then_some(random)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("our messages are short");
    let mut out = vec![kind];
    out.extend(&length.to_be_bytes()[1..]);
    out.extend(body);
    out
}

struct Opener {
    inner: Box<dyn MessageDecrypter>,
    number: u64,
}

impl Opener {
    fn open(&mut self, kind: u8, payload: &mut [u8]) -> anyhow::Result<Vec<u8>> {
        let sealed =
            InboundOpaqueMessage::new(ContentType::from(kind), ProtocolVersion::TLSv1_2, payload);
        let plain = self.inner.decrypt(sealed, self.number)?;
        self.number += 1;
        Ok(plain.payload.to_vec())
    }
}

struct Sealer {
    inner: Box<dyn MessageEncrypter>,
    number: u64,
}

impl Sealer {
    fn seal(&mut self, kind: ContentType, text: &[u8]) -> anyhow::Result<Vec<u8>> {
        let plain = OutboundPlainMessage {
            typ: kind,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(text),
        };
        let sealed = self.inner.encrypt(plain, self.number)?;
        self.number += 1;
        Ok(sealed.encode())
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A client that knows no more than the standard: it shakes hands and says one line.
    async fn client(
        stream: TcpStream,
        suites: &[u8],
    ) -> anyhow::Result<(OwnedReadHalf, OwnedWriteHalf, Opener)> {
        let (mut read, mut write) = stream.into_split();
        let (random, secret) = ([7; 32], [9; 32]);
        let mut hello = vec![3, 3];
        hello.extend(random);
        hello.push(0);
        hello.extend(u16::try_from(suites.len())?.to_be_bytes());
        hello.extend(suites);
        hello.extend([1, 0]);
        let hello = message(CLIENT_HELLO, &hello);
        let mut transcript = hello.clone();
        // In two records: nobody says that a message fits one.
        for part in hello.chunks(hello.len() - 5) {
            write.write_all(&plain(22, part)).await?;
        }
        let (kind, answer) = record(&mut read).await?;
        ensure!(kind == 22, "{answer:?}");
        transcript.extend(&answer);
        let server_random = answer[6..38].to_vec();
        let theirs = answer[answer.len() - 4 - modp::BYTES..answer.len() - 4].to_vec();
        let ours = modp::power(&[modp::GENERATOR], &secret).context("ours")?;
        let mut exchange = u16::try_from(ours.len())?.to_be_bytes().to_vec();
        exchange.extend(ours);
        let exchange = message(CLIENT_KEY_EXCHANGE, &exchange);
        transcript.extend(&exchange);
        write.write_all(&plain(22, &exchange)).await?;
        let shared = modp::power(&theirs, &secret).context("shared")?;
        let start = shared.iter().position(|byte| *byte != 0).context("zero")?;
        let prf = suite().prf_provider;
        let (mut master, mut block) = ([0; 48], [0; 72]);
        let seed = [random.as_slice(), &server_random].concat();
        prf.for_secret(&mut master, &shared[start..], b"master secret", &seed);
        let seed = [server_random.as_slice(), &random].concat();
        prf.for_secret(&mut block, &master, b"key expansion", &seed);
        let key = |at: usize| AeadKey::from(<[u8; 32]>::try_from(&block[at..at + 32]).unwrap());
        let aead = suite().aead_alg;
        let mut seal = Sealer {
            inner: aead.encrypter(key(0), &block[64..68], &[1; 8]),
            number: 0,
        };
        let mut open = Opener {
            inner: aead.decrypter(key(32), &block[68..72]),
            number: 0,
        };
        let mut finished = [0; 12];
        let digest = Sha384::digest(&transcript);
        prf.for_secret(&mut finished, &master, b"client finished", &digest);
        write.write_all(&plain(20, &[1])).await?;
        let finished = seal.seal(ContentType::Handshake, &message(FINISHED, &finished))?;
        write.write_all(&finished).await?;
        let (kind, _) = record(&mut read).await?;
        ensure!(kind == 20, "no change of ciphers");
        let (kind, mut payload) = record(&mut read).await?;
        open.open(kind, &mut payload)?;
        let hello = seal.seal(ContentType::ApplicationData, b"hello")?;
        write.write_all(&hello).await?;
        Ok((read, write, open))
    }

    fn plain(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3], length.as_slice(), payload].concat()
    }

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, server) = tokio::join!(client, listener.accept());
        (client.unwrap(), server.unwrap().0)
    }

    #[tokio::test]
    async fn both_sides_find_the_same_keys() {
        let (one, other) = pair().await;
        let (client, server) = tokio::join!(client(one, &[0x00, 0xA7, 0x00, 0xFF]), accept(other));
        let (mut read, _write, mut open) = client.unwrap();
        let (near, far) = tokio::io::duplex(1024);
        let carrying = tokio::spawn(server.unwrap().carry(far));
        let (mut from, mut to) = tokio::io::split(near);
        let mut heard = [0; 5];
        from.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        to.write_all(b"and you").await.unwrap();
        let (kind, mut payload) = record(&mut read).await.unwrap();
        assert_eq!(open.open(kind, &mut payload).unwrap(), b"and you");
        drop((from, to));
        let (kind, mut payload) = record(&mut read).await.unwrap();
        assert_eq!(kind, 21, "the end is said");
        assert_eq!(open.open(kind, &mut payload).unwrap(), [1, 0]);
        carrying.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_wants_a_certificate_is_refused() {
        let (one, other) = pair().await;
        let (client, server) = tokio::join!(client(one, &[0xC0, 0x2C]), accept(other));
        assert!(server.is_err() && client.is_err());
    }
}
