//! The shapes of Pesapal's answers.
//!
//! Errors come under 200 as well as under 500, as an object, an object of nulls, or JSON inside a text; a pending payment comes with an
//! error of its own. So the body decides, field by field as it was written, and the HTTP status hardly counts.

use std::collections::BTreeMap;

use reqwest::{Client, RequestBuilder, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::price::whole;
use crate::rails::http;
pub(super) use crate::rails::http::Lost;

pub(super) struct Http {
    client: Client,
    base: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Body,
    /// The body, for people to read.
    pub(super) text: String,
}

/// What a body turned out to be.
#[derive(Debug)]
pub(super) enum Body {
    Object(Fields),
    /// A list of objects; only the list of addresses is one.
    List(Vec<Fields>),
    /// HTML, nothing, or anything else.
    Unreadable,
}

/// The fields of an object, each as it was written.
#[derive(Debug, Default)]
pub(super) struct Fields(BTreeMap<String, Box<RawValue>>);

/// What an answer complains of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: String,
    pub(super) code: String,
    pub(super) message: String,
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

    /// Posts a body; the token is missing only where one is asked for.
    pub(super) async fn post(
        &self,
        path: &str,
        token: Option<&SecretString>,
        body: &(impl Serialize + ?Sized),
    ) -> Result<Reply, Lost> {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        self.send(request, token, http::LONGEST).await
    }

    pub(super) async fn get(
        &self,
        path: &str,
        token: &SecretString,
        longest: usize,
    ) -> Result<Reply, Lost> {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(request, Some(token), longest).await
    }

    async fn send(
        &self,
        request: RequestBuilder,
        token: Option<&SecretString>,
        longest: usize,
    ) -> Result<Reply, Lost> {
        let request = request.header(header::ACCEPT, "application/json");
        let request = match token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        };
        let answered = http::send_up_to(request, longest).await?;
        let body = if answered.is_cut {
            Body::Unreadable
        } else {
            Body::of(&answered.body)
        };
        Ok(Reply {
            status: answered.status,
            body,
            text: String::from_utf8_lossy(&answered.body).into_owned(),
        })
    }
}

impl Body {
    pub(super) fn of(body: &[u8]) -> Self {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        if let Ok(fields) = serde_json::from_slice(body) {
            return Self::Object(Fields(fields));
        }
        match serde_json::from_slice::<Vec<BTreeMap<String, Box<RawValue>>>>(body) {
            Ok(list) => Self::List(list.into_iter().map(Fields).collect()),
            Err(_) => Self::Unreadable,
        }
    }
}

impl Fields {
    /// A field as it was written.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|raw| raw.get())
    }

    /// A field that should be text and may be a number.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match serde_json::from_str(self.raw(name)?).ok()? {
            Value::String(text) => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// A field that is text with something in it.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A field that is an object.
    pub(super) fn object(&self, name: &str) -> Option<Self> {
        serde_json::from_str(self.raw(name)?).ok().map(Self)
    }

    /// What the answer complains of, if it does.
    pub(super) fn fault(&self) -> Option<Fault> {
        let error = self.object("error").unwrap_or_default();
        let fault = Fault {
            kind: error
                .filled("error_type")
                .or_else(|| error.filled("type"))
                .unwrap_or_default(),
            code: error.filled("code").unwrap_or_default(),
            message: error
                .filled("message")
                .or_else(|| self.filled("error"))
                .unwrap_or_default(),
        };
        if !fault.code.is_empty() || !fault.message.is_empty() {
            return Some(fault);
        }
        // An error as JSON inside the message.
        let message = self.filled("message").unwrap_or_default();
        if message.starts_with('{') {
            let inner = Self(serde_json::from_str(&message).ok()?);
            return inner.fault().or(Some(Fault {
                message,
                ..Fault::default()
            }));
        }
        // Only a message and a status that is not 200.
        let status = self.text("status").unwrap_or_default();
        (!status.is_empty() && whole(&status) != Some(200)).then(|| Fault {
            message,
            ..Fault::default()
        })
    }

    /// Whether it says of itself that all went well.
    pub(super) fn is_good(&self) -> bool {
        self.raw("status").and_then(whole) == Some(200) && self.fault().is_none()
    }
}

impl Fault {
    /// Whether the token or the keys were refused.
    pub(super) fn is_about_keys(&self) -> bool {
        let says = |text: &str, word: &str| text.to_ascii_lowercase().contains(word);
        says(&self.kind, "authentication")
            || says(&self.code, "invalid_api_credentials")
            || says(&self.code, "invalid_consumer_key")
            || says(&self.message, "invalid access token")
    }
}

impl Reply {
    /// Whether the call was turned away for its token, before anything was done.
    pub(super) fn refuses_token(&self) -> bool {
        self.status == 401
            || matches!(&self.body, Body::Object(fields) if fields.fault().is_some_and(|fault| fault.is_about_keys()))
    }

    /// Whether fewer calls are asked for.
    pub(super) const fn is_limited(&self) -> bool {
        self.status == 429
    }

    /// The fields of an answer to what gives something back, if all went well. Whoever stands in for Pesapal may leave its status out, and say it in
    /// HTTP's.
    pub(super) fn good(&self) -> Option<&Fields> {
        let is_silent = |fields: &Fields| {
            fields.filled("status").is_none()
                && fields.fault().is_none()
                && (200..300).contains(&self.status)
        };
        self.fields()
            .filter(|fields| fields.is_good() || is_silent(fields))
    }

    pub(super) const fn fields(&self) -> Option<&Fields> {
        match &self.body {
            Body::Object(fields) => Some(fields),
            Body::List(_) | Body::Unreadable => None,
        }
    }

    /// What it complains of, or that it says nothing.
    pub(super) fn fault(&self) -> Fault {
        self.fields().and_then(Fields::fault).unwrap_or(Fault {
            message: format!("status {} and no answer that can be read", self.status),
            ..Fault::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(body: &str) -> Option<Fault> {
        match Body::of(body.as_bytes()) {
            Body::Object(fields) => fields.fault(),
            _ => panic!("{body}"),
        }
    }

    #[test]
    fn every_shape_of_an_error_is_one_and_an_object_of_nulls_is_none() {
        for body in [
            r#"{"error":{"error_type":"api_error","code":"payment_details_not_found","message":"Pending Payment","call_back_url":""},"status":"500"}"#,
            r#"{"error":{"type":"api_error","code":"payment_details_not_found","message":"Pending Payment"},"status":"500"}"#,
            r#"{"message":"{\"error\":{\"type\":\"api_error\",\"code\":\"payment_details_not_found\",\"message\":\"Pending Payment\"}}","status":"500"}"#,
        ] {
            let found = fault(body).unwrap();
            assert_eq!(
                (found.kind.as_str(), found.code.as_str()),
                ("api_error", "payment_details_not_found"),
                "{body}"
            );
        }
        let bare = fault(r#"{"message":"It did not work","status":"500"}"#).unwrap();
        assert_eq!(bare.message, "It did not work");
        for body in [
            r#"{"error":null,"status":"200","message":"Request processed successfully"}"#,
            r#"{"error":{"error_type":null,"code":null,"message":null,"call_back_url":null},"status":"200"}"#,
            r#"{"status":200}"#,
            r#"{"status":200.0}"#,
        ] {
            assert_eq!(fault(body), None, "{body}");
        }
        assert!(matches!(Body::of(b"<html>"), Body::Unreadable));
        assert!(matches!(Body::of(b"[]"), Body::List(list) if list.is_empty()));
    }
}
