//! Sends bodies out to callback addresses and keeps what came of it. Nothing is sent again by itself: Daraja has been seen
//! to call once and never more.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use reqwest::{Client, RequestBuilder, header, redirect};
use rustls::ClientConfig;
use rustls_pki_types::CertificateDer;

use super::{
    Shared,
    clock::later,
    state::{Delivery, DeliveryKind},
    trust::Trust,
};

/// How long Daraja waits for a validation, by the simulator's own time.
const VALIDATION: Duration = Duration::from_secs(8);
const KEPT_ANSWER: usize = 2_048;

/// One body on its way out.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) kind: DeliveryKind,
    pub(super) payment: Option<u64>,
    pub(super) shortcode: String,
    pub(super) url: String,
    pub(super) body: String,
}

/// Makes the client that callbacks leave through: no proxies, no redirects, and a connection for each, so that none is
/// lost on one that the receiver has just closed.
pub(super) fn client(extra: &[CertificateDer<'static>]) -> anyhow::Result<Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let trust = Trust::new(extra, &provider)?;
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions for callbacks")?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_title_case_headers()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .build()
        .context("making the client for callbacks")
}

/// Sends one body and gives back the answer when there was one.
pub(super) async fn send(shared: &Shared, post: Post) -> Option<(u16, String)> {
    let at = shared.clock.now();
    let (forwarded_for, patience) = shared.read(|state| {
        let patience = match post.kind {
            DeliveryKind::Validation => VALIDATION,
            _ => Duration::from_millis(state.knobs.callback_patience_ms),
        };
        (state.knobs.forwarded_for.clone(), patience)
    });
    let mut request = shared
        .http
        .post(&post.url)
        .header(header::CONTENT_TYPE, "application/json;charset=UTF-8")
        .header("Businessshortcode", &post.shortcode)
        .timeout(patience)
        .body(post.body.clone());
    if let Some(address) = forwarded_for {
        request = request.header("X-Forwarded-For", address);
    }
    let too_late = async {
        match post.kind {
            DeliveryKind::Validation => shared.clock.sleep_until(later(at, VALIDATION)).await,
            _ => std::future::pending().await,
        }
    };
    let answered = tokio::select! {
        () = shared.stop.cancelled() => return None,
        answered = exchange(request) => answered,
        () = too_late => Err(Unanswered::Late),
    };
    let (status, answer) = match &answered {
        Ok((status, text)) => (Some(*status), text.clone()),
        Err(Unanswered::Late) => (None, format!("no answer within {patience:?}")),
        Err(Unanswered::Failed(error)) => (None, format!("{error:#}")),
    };
    shared.change(|state| {
        match post.kind {
            DeliveryKind::StkCallback => state.counters.callbacks += 1,
            DeliveryKind::Confirmation => state.counters.confirmations += 1,
            DeliveryKind::Validation | DeliveryKind::Result | DeliveryKind::QueueTimeOut => {}
        }
        state.sent(Delivery {
            number: 0,
            at,
            kind: post.kind,
            payment: post.payment,
            url: post.url,
            body: post.body,
            status,
            answer,
        });
    });
    answered.ok()
}

enum Unanswered {
    Late,
    Failed(anyhow::Error),
}

impl From<reqwest::Error> for Unanswered {
    fn from(error: reqwest::Error) -> Self {
        if error.is_timeout() {
            Self::Late
        } else {
            Self::Failed(error.without_url().into())
        }
    }
}

async fn exchange(request: RequestBuilder) -> Result<(u16, String), Unanswered> {
    let mut response = request.send().await?;
    let status = response.status().as_u16();
    let mut kept = Vec::new();
    while kept.len() < KEPT_ANSWER
        && let Some(more) = response.chunk().await?
    {
        kept.extend_from_slice(&more);
    }
    let mut text = String::from_utf8_lossy(&kept).into_owned();
    text.truncate(text.floor_char_boundary(KEPT_ANSWER));
    Ok((status, text))
}
