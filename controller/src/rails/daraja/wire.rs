//! The HTTP under all calls, and the shapes an answer can have.
//!
//! Daraja answers with its own envelope, with its gateway's, with an HTML page, with nothing, and with an error under
//! status 200; so the body decides first and the status second.

use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::rails::http;
pub(super) use crate::rails::http::Lost;

pub(super) struct Http {
    client: Client,
    base: String,
}

/// An answer, judged by its shape.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) shape: Shape,
    /// The body, for people to read.
    pub(super) text: String,
}

/// What a body turned out to be.
#[derive(Debug)]
pub(super) enum Shape {
    /// Daraja's error envelope.
    Fault { code: String, message: String },
    /// The gateway's.
    Gateway { code: String, message: String },
    /// An object that is no error envelope.
    Answer(Map<String, Value>),
    /// HTML, nothing, or anything else.
    Unreadable,
}

impl Http {
    pub(super) fn new(base: &str) -> anyhow::Result<Self> {
        Ok(Self {
            client: http::client()?,
            base: base.to_owned(),
        })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) async fn authorise(
        &self,
        key: &SecretString,
        secret: &SecretString,
    ) -> Result<Reply, Lost> {
        let address = format!(
            "{}/oauth/v1/generate?grant_type=client_credentials",
            self.base
        );
        send(
            self.client
                .get(address)
                .basic_auth(key.expose_secret(), Some(secret.expose_secret())),
        )
        .await
    }

    pub(super) async fn post(
        &self,
        path: &str,
        token: &SecretString,
        body: &impl Serialize,
    ) -> Result<Reply, Lost> {
        let address = format!("{}{path}", self.base);
        send(
            self.client
                .post(address)
                .bearer_auth(token.expose_secret())
                .json(body),
        )
        .await
    }
}

async fn send(request: RequestBuilder) -> Result<Reply, Lost> {
    let answered = http::send(request).await?;
    let shape = if answered.is_cut {
        Shape::Unreadable
    } else {
        Shape::of(&answered.body)
    };
    Ok(Reply {
        status: answered.status,
        shape,
        text: String::from_utf8_lossy(&answered.body).into_owned(),
    })
}

impl Shape {
    pub(super) fn of(body: &[u8]) -> Self {
        let Some(answer) = object(body) else {
            return Self::Unreadable;
        };
        if let Some(code) = text(&answer, "errorCode") {
            let message = text(&answer, "errorMessage").unwrap_or_default();
            return Self::Fault { code, message };
        }
        match answer.get("fault") {
            Some(Value::Object(fault)) => {
                let detail = fault.get("detail").and_then(Value::as_object);
                Self::Gateway {
                    code: detail
                        .and_then(|detail| text(detail, "errorcode"))
                        .unwrap_or_default(),
                    message: text(fault, "faultstring").unwrap_or_default(),
                }
            }
            _ => Self::Answer(answer),
        }
    }
}

impl Reply {
    pub(super) const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether the gateway turned the call away for its token, before anything was done.
    pub(super) fn refuses_token(&self) -> bool {
        match &self.shape {
            Shape::Fault { code, .. } => {
                matches!(code.as_str(), "404.001.03" | "400.003.01") || code.starts_with("401.")
            }
            Shape::Gateway { code, .. } => {
                self.status == 401
                    || code.to_ascii_lowercase().contains("access_token")
                    || code.contains("AccessToken")
            }
            Shape::Answer(_) | Shape::Unreadable => self.status == 401,
        }
    }

    /// Whether the gateway asks for fewer calls; the call was not let through.
    pub(super) fn is_limited(&self) -> bool {
        let says = |text: &str| {
            let text = text.to_ascii_lowercase();
            text.contains("spike arrest") || text.contains("spikearrest") || text.contains("quota")
        };
        self.status == 429
            || match &self.shape {
                Shape::Fault { code, message } => {
                    matches!(code.as_str(), "500.003.02" | "500.003.03") || says(message)
                }
                Shape::Gateway { code, message } => says(code) || says(message),
                Shape::Answer(_) | Shape::Unreadable => false,
            }
    }
}

/// Reads a body that should be one object; a byte order mark before it says nothing, and a name in another encoding spoils no amount.
pub(super) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    match serde_json::from_str(&String::from_utf8_lossy(body)) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// A member that should be text and may be a number.
pub(super) fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a message says something, whatever its letters' case: the codes alone have several meanings.
pub(super) fn says(message: &str, words: &str) -> bool {
    message.to_ascii_lowercase().contains(words)
}
