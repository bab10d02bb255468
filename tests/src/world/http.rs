//! Plain HTTP as callers in the world use it: no proxies, no cookies, redirects only where a browser follows them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use rustls::{ClientConfig, RootCertStore};

/// An answer with its body read.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The address after redirects.
    pub url: String,
    /// The cookies it sets, as a browser sends them back.
    pub cookies: String,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value> {
        serde_json::from_str(&self.text)
            .with_context(|| format!("{} answered no JSON: {}", self.url, self.text))
    }
}

/// Something that calls.
#[derive(Clone, Debug)]
pub struct Caller(Client);

impl Caller {
    /// A program: sees redirects itself.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn program() -> Result<Self> {
        Self::with(Policy::none())
    }

    /// A browser: follows redirects.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn browser() -> Result<Self> {
        Self::with(Policy::limited(5))
    }

    fn with(policy: Policy) -> Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("choosing TLS versions")?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .redirect(policy)
            .timeout(Duration::from_secs(40))
            .build()
            .map(Self)
            .context("making an HTTP client")
    }

    /// Reads a page.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get(&self, url: &str) -> Result<Answer> {
        self.send(Method::GET, url, None, None).await
    }

    /// Reads a page with cookies that an answer set before.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get_with(&self, url: &str, cookies: &str) -> Result<Answer> {
        let request = self.0.get(url).header(COOKIE, cookies);
        answer(request, url).await
    }

    /// Reads a page as somebody with a name and a password.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get_as(&self, url: &str, name: &str, password: &str) -> Result<Answer> {
        let request = self.0.get(url).basic_auth(name, Some(password));
        answer(request, url).await
    }

    /// Sends a form as a page without script does.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.send(
            Method::POST,
            url,
            Some("application/x-www-form-urlencoded"),
            Some(body.finish()),
        )
        .await
    }

    /// Sends a form with cookies that an answer set before.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn form_with(
        &self,
        url: &str,
        cookies: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer> {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self
            .0
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(COOKIE, cookies)
            .body(body.finish());
        answer(request, &format!("POST {url}")).await
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn post(&self, url: &str, body: &serde_json::Value) -> Result<Answer> {
        self.send(
            Method::POST,
            url,
            Some("application/json"),
            Some(body.to_string()),
        )
        .await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        kind: Option<&str>,
        body: Option<String>,
    ) -> Result<Answer> {
        let mut request = self.0.request(method.clone(), url);
        if let Some(kind) = kind {
            request = request.header(CONTENT_TYPE, kind);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        answer(request, &format!("{method} {url}")).await
    }
}

async fn answer(request: RequestBuilder, what: &str) -> Result<Answer> {
    let response = request.send().await.with_context(|| what.to_owned())?;
    let set = response.headers().get_all(SET_COOKIE).iter();
    let cookies: Vec<&str> = set
        .filter_map(|cookie| cookie.to_str().ok())
        .filter_map(|cookie| cookie.split(';').next())
        .collect();
    Ok(Answer {
        status: response.status(),
        url: response.url().to_string(),
        cookies: cookies.join("; "),
        text: response
            .text()
            .await
            .with_context(|| format!("reading the answer of {what}"))?,
    })
}
