//! Sending what waits for an endpoint: one after the other and for some seconds at a time, so that an address that does not answer, or is slow to,
//! holds up nobody but itself.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{EndpointId, ProviderId};
use reqwest::redirect::Policy;
use secrecy::SecretString;
use sqlx::PgConnection;
use std::sync::Arc;

use super::guard::{Guard, Refused};
use super::store::{self, Tried, Waiting};
use super::{ASKED, Endpoint, SECRET, sign};
use crate::app::App;
use crate::jobs::{Job, Next};
use crate::providers::notices::{Notice, tell_owners};

/// Pauses before the second try and those after it: a day in all, and up to a tenth more.
const PAUSES: [i64; 8] = [10, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800];
/// An endpoint that has taken nothing for so long is switched off, once a message has been tried for its day: where little happens, the first one
/// after a long silence may meet a server that is away for a moment.
const PATIENCE_SECS: i64 = 5 * 86_400;
/// How long a message is tried at least before its endpoint is given up with it.
const A_DAY: i64 = 86_400;
/// Messages sent in one go.
const MOST: u16 = 10;
/// How long one go takes, but for its last call: others' news wait for the same hands.
const GO: Duration = Duration::from_secs(10);
/// How long an address rests at least and at most that takes all that time, or does not answer.
const REST_SECS: (i64, i64) = (10, 300);
/// How long messages are kept to be looked at.
pub const KEPT_SECS: i64 = 30 * 86_400;
const CONNECT: Duration = Duration::from_secs(4);
const TOTAL: Duration = Duration::from_secs(8);
/// What is kept of an answer, and what is read of it at most.
const ANSWER: usize = 200;
const READ: usize = 4_096;

/// Sends what waits for the endpoint that the job's key names.
pub fn send<'a>(app: &'a App, job: &'a Job) -> BoxFuture<'a, anyhow::Result<Next>> {
    async move {
        let (Some(provider), Ok(endpoint)) = (job.provider, job.key.parse::<EndpointId>()) else {
            return Ok(Next::Done);
        };
        let mut tx = job.begin(app).await?;
        let found = store::endpoint(&mut tx, provider, endpoint).await?;
        let now = app.clock.now();
        store::forget(&mut tx, provider, endpoint, now.plus_secs(-KEPT_SECS)).await?;
        let Some((found, sealed)) = found.filter(|(found, _)| found.is_enabled) else {
            store::drop_waiting(&mut tx, provider, endpoint, now).await?;
            tx.commit().await?;
            return Ok(Next::Done);
        };
        if let Some(rested) = rests_until(&mut tx, provider, &found, job).await?
            && now < rested
        {
            tx.commit().await?;
            return Ok(Next::Again(rested));
        }
        let waiting = store::due(&mut tx, provider, endpoint, now, MOST).await?;
        tx.commit().await?;
        let secret = app.vault.open_text(provider, SECRET, &sealed)?;
        let began = app.clock.elapsed();
        let mut rests = false;
        for message in &waiting {
            let answer = call(app, &found.url, &secret, message).await;
            let goes_on = keep(app, provider, &found, message, &answer).await?;
            rests = answer.status.is_none() || app.clock.elapsed().saturating_sub(began) >= GO;
            if rests || !goes_on {
                break;
            }
        }
        let mut tx = job.begin(app).await?;
        let next = store::next_due(&mut tx, provider, endpoint).await?;
        let now = app.clock.now();
        let soonest = if rests {
            now.plus_secs(rest(found.failing, now))
        } else {
            now
        };
        Ok(next.map_or(Next::Done, |next| Next::Again(next.max(soonest))))
    }
    .boxed()
}

/// Until when an address is left alone that did not answer when it was called last, unless somebody asks for the call.
///
/// All that happens at its business makes it due again, which would else be the end of its rest.
async fn rests_until(
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: &Endpoint,
    job: &Job,
) -> sqlx::Result<Option<Timestamp>> {
    if endpoint.failing.is_none() || job.payload[ASKED].as_bool() == Some(true) {
        return Ok(None);
    }
    let tried = store::last_unanswered(conn, provider, endpoint.id).await?;
    Ok(tried.map(|tried| tried.plus_secs(rest(endpoint.failing, tried))))
}

/// How many seconds an address rests that has taken nothing since a moment: a tenth of that time.
fn rest(failing: Option<Timestamp>, now: Timestamp) -> i64 {
    let (least, most) = REST_SECS;
    let failing = failing.map_or(Duration::ZERO, |since| now.since(since));
    i64::try_from(failing.as_secs() / 10)
        .unwrap_or(most)
        .clamp(least, most)
}

/// What came of one call.
#[derive(Clone, Debug)]
struct Answer {
    status: Option<u16>,
    text: String,
}

impl Answer {
    fn failed(text: &str) -> Self {
        Self {
            status: None,
            text: text.to_owned(),
        }
    }

    fn is_good(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// 410: whoever is there wants no more of it.
    fn is_farewell(&self) -> bool {
        self.status == Some(410)
    }
}

/// Notes what came of a call; says whether there is sense in going on.
async fn keep(
    app: &App,
    provider: ProviderId,
    endpoint: &Endpoint,
    message: &Waiting,
    answer: &Answer,
) -> sqlx::Result<bool> {
    let (id, now) = (endpoint.id, app.clock.now());
    let tried = Tried {
        status: answer.status,
        answer: &answer.text,
        is_delivered: answer.is_good(),
        next: if answer.is_good() {
            None
        } else {
            next(message.attempts, now, app.entropy.number())
        },
    };
    let mut tx = app.db.tenant(provider).await?;
    // The endpoint first, then its messages, as everybody does who changes both.
    let failing = store::note_health(&mut tx, provider, id, &tried, now).await?;
    store::note(&mut tx, provider, message.id, &tried, now).await?;
    let is_over = answer.is_farewell()
        || (has_had_its_day(message, tried.next, now)
            && failing.is_some_and(|since| since.plus_secs(PATIENCE_SECS) <= now));
    if is_over {
        // Whoever switched it off meanwhile knows.
        if store::give_up(&mut tx, provider, id, now).await? {
            let host = endpoint.host();
            tell_owners(app, &mut tx, provider, &Notice::WebhookOff { host: &host }).await?;
        }
        store::drop_waiting(&mut tx, provider, id, now).await?;
    }
    tx.commit().await?;
    if is_over {
        tracing::info!(provider.id = %provider, endpoint.id = %id, "news went to nobody for days: the endpoint is switched off");
    }
    let result = if answer.is_good() { "sent" } else { "failed" };
    metrics::counter!("mnara_webhooks_total", "result" => result).increment(1);
    Ok(!is_over && answer.status.is_some())
}

/// Whether a message that was tried just now was tried for as long as one is: as often as that, or, where many wait and each has its turn seldom,
/// more than once and for a day.
fn has_had_its_day(message: &Waiting, next: Option<Timestamp>, now: Timestamp) -> bool {
    next.is_none() || (message.attempts > 0 && message.at.plus_secs(A_DAY) <= now)
}

/// When a message that was tried so often is tried again: a little later than its pause, each by another bit, so that what failed at one moment, when
/// a server of many addresses was away, does not come back at one.
fn next(attempts: u32, now: Timestamp, jitter: u32) -> Option<Timestamp> {
    let pause = PAUSES.get(usize::try_from(attempts).ok()?)?;
    let more = pause * 100 * i64::from(jitter) / i64::from(u32::MAX);
    Some(now.plus_millis(pause * 1_000 + more))
}

async fn call(app: &App, url: &str, secret: &SecretString, message: &Waiting) -> Answer {
    let guard = Guard {
        to_loopback: app.config.webhooks.to_loopback,
    };
    match post(app, guard, url, secret, message).await {
        Ok(answer) => answer,
        Err(error) => Answer::failed(why(&error)),
    }
}

async fn post(
    app: &App,
    guard: Guard,
    url: &str,
    secret: &SecretString,
    message: &Waiting,
) -> anyhow::Result<Answer> {
    let url = guard.check(url)?;
    let at = app.clock.now();
    let id = message.id.to_string();
    let signature = sign::signature(secret, &id, at, &message.body)
        .ok_or_else(|| anyhow::anyhow!("the stored secret is none"))?;
    let mut response = client(guard)?
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at.as_secs())
        .header("webhook-signature", signature)
        .body(message.body.clone())
        .send()
        .await?;
    let status = response.status().as_u16();
    let mut read = Vec::new();
    // What it says is only for people to look at, and some say a lot.
    while read.len() < READ
        && let Ok(Some(chunk)) = response.chunk().await
    {
        read.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: Some(status),
        text: plain(&read),
    })
}

/// A client for one call: its connections are not kept, since the next call goes somewhere else.
fn client(guard: Guard) -> anyhow::Result<reqwest::Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(Policy::none())
        .dns_resolver(Arc::new(guard))
        .connect_timeout(CONNECT)
        .timeout(TOTAL)
        .retry(reqwest::retry::never())
        .user_agent(concat!("mnara/", env!("CARGO_PKG_VERSION")));
    Ok(client.build()?)
}

/// Why there was no answer, in words that tell nothing of our own network.
fn why(error: &anyhow::Error) -> &'static str {
    let refused = error.chain().any(|cause| cause.is::<Refused>());
    let called = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<reqwest::Error>());
    match called {
        _ if refused => "private-address",
        Some(error) if error.is_timeout() => "timeout",
        Some(error) if error.is_connect() => "no-connection",
        Some(_) | None => "no-answer",
    }
}

/// The beginning of an answer, as one line of text.
fn plain(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(ANSWER)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use mnara_protocol::ids::DeliveryId;

    use super::*;

    #[test]
    fn a_message_is_tried_for_a_day() {
        let start = Timestamp::from_secs(1_800_000_000);
        for jitter in [0, u32::MAX / 2, u32::MAX] {
            let mut at = start;
            let mut attempts = 0;
            while let Some(next) = next(attempts, at, jitter) {
                assert!(next > at);
                (at, attempts) = (next, attempts + 1);
            }
            assert_eq!(attempts, 8);
            let hours = at.since(start).as_secs() / 3600;
            assert!((23..=26).contains(&hours), "{hours}");
        }
    }

    #[test]
    fn no_message_is_the_last_before_it_was_tried_for_a_day() {
        let at = Timestamp::from_secs(1_800_000_000);
        let tried = |attempts| Waiting {
            id: DeliveryId::from_bytes([1; 16]),
            body: String::new(),
            attempts,
            at,
        };
        let (soon, late) = (at.plus_secs(60), at.plus_secs(A_DAY));
        assert!(!has_had_its_day(&tried(1), Some(soon), soon));
        assert!(has_had_its_day(&tried(8), None, soon));
        assert!(has_had_its_day(&tried(1), Some(late), late));
        // One that waited behind others, or is sent again by hand, is not given up untried.
        assert!(!has_had_its_day(&tried(0), Some(late), late));
    }

    #[test]
    fn an_address_rests_ever_longer_and_never_for_long() {
        let since = Timestamp::from_secs(1_800_000_000);
        assert_eq!(rest(None, since), 10);
        for (secs, pause) in [(0, 10), (99, 10), (600, 60), (3_000, 300), (A_DAY, 300)] {
            assert_eq!(rest(Some(since), since.plus_secs(secs)), pause, "{secs}");
        }
    }

    #[test]
    fn what_failed_at_one_moment_comes_back_at_several() {
        let now = Timestamp::from_secs(1_800_000_000);
        assert_eq!(next(0, now, 0), Some(now.plus_secs(10)));
        assert_eq!(next(0, now, u32::MAX), Some(now.plus_secs(11)));
        assert_eq!(next(7, now, u32::MAX), Some(now.plus_secs(31_680)));
        assert!(next(3, now, 1 << 20) < next(3, now, 1 << 30));
        assert_eq!(next(8, now, 0), None);
    }

    #[test]
    fn an_answer_is_one_short_line() {
        assert_eq!(plain(b"ok\r\n<b>\0"), "ok  <b>");
        assert_eq!(plain(&[b'x'; 999]).len(), ANSWER);
        assert_eq!(plain(&[0xff, b'a']), "\u{fffd}a");
    }
}
