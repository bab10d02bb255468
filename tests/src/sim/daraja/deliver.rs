//! Sends bodies out to callback addresses and keeps what came of it. Nothing is sent again by itself: Daraja has been seen
//! to call once and never more.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use reqwest::{Client, RequestBuilder, header, redirect};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

use super::{
    Shared,
    state::{Delivery, DeliveryKind},
};

const PATIENCE: Duration = Duration::from_secs(10);
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

/// Makes the client that callbacks leave through: no proxies, no redirects.
pub(super) fn client(extra: &[CertificateDer<'static>]) -> anyhow::Result<Client> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for root in extra {
        roots
            .add(root.clone())
            .context("reading a root certificate for callbacks")?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions for callbacks")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_title_case_headers()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .context("making the client for callbacks")
}

/// Sends one body and gives back the answer when there was one.
pub(super) async fn send(shared: &Shared, post: Post) -> Option<(u16, String)> {
    let at = shared.clock.now();
    let forwarded_for = shared.read(|state| state.knobs.forwarded_for.clone());
    let mut request = shared
        .http
        .post(&post.url)
        .header(header::CONTENT_TYPE, "application/json;charset=UTF-8")
        .header("Businessshortcode", &post.shortcode)
        .body(post.body.clone());
    if let Some(address) = forwarded_for {
        request = request.header("X-Forwarded-For", address);
    }
    let answered = tokio::select! {
        () = shared.stop.cancelled() => return None,
        answered = exchange(request) => answered,
    };
    let (status, answer) = match &answered {
        Ok((status, text)) => (Some(*status), text.clone()),
        Err(error) => (None, format!("{error:#}")),
    };
    shared.change(|state| {
        if post.kind == DeliveryKind::StkCallback {
            state.counters.callbacks += 1;
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

async fn exchange(request: RequestBuilder) -> anyhow::Result<(u16, String)> {
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    let status = response.status().as_u16();
    let mut text = response.text().await.unwrap_or_default();
    text.truncate(text.floor_char_boundary(KEPT_ANSWER));
    Ok((status, text))
}
