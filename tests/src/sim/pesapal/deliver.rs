//! Notifications on their way to registered addresses, sent again until they are answered as they have to be. Only this machine is called.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, header, redirect};
use serde_json::Value;
use tokio::task::JoinHandle;
use url::Url;

use super::Shared;
use super::state::{Address, Delivery, Order};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
const KEPT: usize = 2_048;

/// Makes the client that notifications leave through.
pub(super) fn client() -> anyhow::Result<Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions for notifications")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .build()
        .context("making the client for notifications")
}

/// Tells of an order, as often and as long as it takes; the task ends with the first answer.
pub(super) fn notify(shared: &Arc<Shared>, tracking: &str) -> Option<JoinHandle<()>> {
    let (order, address, copies) = shared.read(|state| {
        let order = state.order(tracking)?.clone();
        let address = state
            .addresses
            .iter()
            .find(|address| address.id == order.notification)?
            .clone();
        state
            .knobs
            .notices
            .then_some((order, address, state.knobs.copies))
    })?;
    let first = {
        let (shared, order, address) = (Arc::clone(shared), order.clone(), address.clone());
        let tracker = shared.tracker.clone();
        tracker.spawn(async move {
            let (is_taken, at) = once(&shared, &order, &address).await;
            if !is_taken {
                let tracker = shared.tracker.clone();
                tracker.spawn(async move { again(&shared, &order, &address, at).await });
            }
        })
    };
    for _ in 1..copies {
        let (shared, order, address) = (Arc::clone(shared), order.clone(), address.clone());
        let tracker = shared.tracker.clone();
        tracker.spawn(async move {
            once(&shared, &order, &address).await;
        });
    }
    Some(first)
}

/// Tells again. Pauses count from when it was told before, so that a clock that is pushed meanwhile is not missed.
async fn again(shared: &Shared, order: &Order, address: &Address, mut before: Timestamp) {
    let pauses = shared.read(|state| state.knobs.again_after_s.clone());
    for pause in pauses {
        let pause = SignedDuration::from_secs(i64::try_from(pause).unwrap_or(i64::MAX));
        let Ok(at) = before.saturating_add(pause) else {
            return;
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = shared.clock.sleep_until(at) => {}
        }
        let (is_taken, at) = once(shared, order, address).await;
        if is_taken {
            return;
        }
        before = at;
    }
}

/// Sends one notification; says whether it was answered as it has to be, and when it was sent.
async fn once(shared: &Shared, order: &Order, address: &Address) -> (bool, Timestamp) {
    let (kind, reference) = match &order.account {
        Some(account) if order.is_charge => ("RECURRING", account),
        _ => ("IPNCHANGE", &order.reference),
    };
    let at = shared.clock.now();
    let mut sent = Delivery {
        at,
        tracking: order.tracking.clone(),
        method: address.kind.clone(),
        url: address.url.clone(),
        body: String::new(),
        status: None,
        answer: String::new(),
        is_taken: false,
    };
    match Url::parse(&address.url).ok().filter(is_here) {
        None => sent.answer = "not on this machine, so not sent".to_owned(),
        Some(url) => {
            let request = if address.kind == "GET" {
                let mut url = url;
                url.query_pairs_mut()
                    .append_pair("OrderTrackingId", &order.tracking)
                    .append_pair("OrderMerchantReference", reference)
                    .append_pair("OrderNotificationType", kind);
                sent.url = url.to_string();
                shared.http.get(url)
            } else {
                sent.body = format!(
                    r#"{{"OrderNotificationType":"{kind}","OrderTrackingId":"{}","OrderMerchantReference":"{reference}"}}"#,
                    order.tracking
                );
                shared
                    .http
                    .post(url)
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(sent.body.clone())
            };
            let answered = tokio::select! {
                () = shared.stop.cancelled() => return (false, at),
                answered = exchange(request) => answered,
            };
            match answered {
                Ok((status, text)) => {
                    sent.status = Some(status);
                    sent.is_taken =
                        status == 200 && is_echo(&text, kind, &order.tracking, reference);
                    sent.answer = text;
                }
                Err(error) => {
                    sent.answer = format!("{:#}", anyhow::Error::new(error.without_url()))
                }
            }
        }
    }
    let is_taken = sent.is_taken;
    shared.change(|state| state.sent(sent));
    (is_taken, at)
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> Result<(u16, String), reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let mut text = response.text().await?;
    text.truncate(text.floor_char_boundary(KEPT));
    Ok((status, text))
}

/// Whether an answer is the one the service asks for.
fn is_echo(text: &str, kind: &str, tracking: &str, reference: &str) -> bool {
    let Ok(answer) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    answer["orderNotificationType"] == kind
        && answer["orderTrackingId"] == tracking
        && answer["orderMerchantReference"] == reference
        && answer["status"] == 200
}
