//! Delivery reports and opt-outs on their way to the address of the dashboard. Only this machine is called.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::{Client, header, redirect};

use super::Shared;
use super::script::Fate;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between a text that was taken and its arrival.
const UNDER_WAY: Duration = Duration::from_millis(300);
/// Safaricom, by the documented list of networks.
const NETWORK: &str = "63902";

/// Makes the client that reports leave through.
pub(super) fn client() -> anyhow::Result<Client> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choosing TLS versions for reports")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(PATIENCE)
        .build()
        .context("making the client for reports")
}

/// Reports what becomes of a text, in a task of its own.
pub(super) fn of_text(shared: &Arc<Shared>, id: String, to: String, fate: Option<Fate>) {
    let told = Arc::clone(shared);
    shared.tracker.spawn(async move {
        let (wait, last) = match fate {
            Some(Fate::Silence) => return,
            Some(Fate::Late { secs }) => (Duration::from_secs(secs), ("Success", None)),
            Some(Fate::Fail { reason }) => (UNDER_WAY, ("Failed", Some(reason))),
            _ => (UNDER_WAY, ("Success", None)),
        };
        report(&told, &id, &to, "Sent", None).await;
        tokio::select! {
            () = told.stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        report(&told, &id, &to, last.0, last.1.as_deref()).await;
    });
}

async fn report(shared: &Shared, id: &str, to: &str, status: &str, reason: Option<&str>) {
    let mut form = vec![
        ("id", id),
        ("status", status),
        ("phoneNumber", to),
        ("networkCode", NETWORK),
        ("retryCount", "0"),
    ];
    form.extend(reason.map(|reason| ("failureReason", reason)));
    let url = shared.state().delivery_url.clone();
    post(shared, url, &form).await;
    {
        let mut state = shared.state();
        if let Some(text) = state.texts.iter_mut().find(|text| text.id == id) {
            status.clone_into(&mut text.status);
        }
    }
    shared.tell();
}

/// Tells that a phone wants no more, in a task of its own.
pub(super) fn of_opt_out(shared: &Arc<Shared>, phone: String, sender: String) {
    let told = Arc::clone(shared);
    shared.tracker.spawn(async move {
        let form = [("senderId", sender.as_str()), ("phoneNumber", &phone)];
        let url = told.state().opt_out_url.clone();
        post(&told, url, &form).await;
    });
}

async fn post(shared: &Shared, url: Option<String>, form: &[(&str, &str)]) {
    let Some(url) = url else {
        return;
    };
    let is_here = url::Url::parse(&url).is_ok_and(|url| match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    });
    if !is_here {
        tracing::warn!("reports go to this machine only");
        return;
    }
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let sent = shared
        .client
        .post(url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .send();
    tokio::select! {
        () = shared.stop.cancelled() => {}
        sent = sent => match sent {
            Ok(answer) if !answer.status().is_success() => {
                tracing::warn!(status = answer.status().as_u16(), "a report was refused");
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error.without_url(), "a report was not taken"),
        },
    }
}
