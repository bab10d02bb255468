//! The addresses Pesapal tells of changes: registered once each, named in every order.

use serde::Serialize;

use super::wire::{Body, Fields};
use super::{CallError, Name, Pesapal};

/// The longest list of addresses read: an account that many share has thousands.
const LIST: usize = 4 * 1024 * 1024;

/// How Pesapal calls an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// With its words behind a question mark.
    Get,
    /// With a body of JSON.
    Post,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// An address Pesapal knows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registered {
    /// Pesapal's name for it, mandatory in orders.
    pub id: Name,
    /// The address.
    pub url: String,
    /// How it is called; none if Pesapal does not say so clearly.
    pub method: Option<Method>,
    /// Whether it is in use.
    pub is_active: bool,
}

#[derive(Serialize)]
struct Register<'a> {
    url: &'a str,
    ipn_notification_type: &'static str,
}

impl Pesapal {
    /// Registers an address; what it is called then belongs into every order.
    ///
    /// # Errors
    /// [`CallError`]; trying again is safe, at the price of a second name for one address.
    pub async fn register(&self, url: &str, method: Method) -> Result<Registered, CallError> {
        let body = Register {
            url,
            ipn_notification_type: method.word(),
        };
        let reply = self.post("/api/URLSetup/RegisterIPN", &body).await?;
        let fields = reply.good().ok_or_else(|| CallError::refused(&reply))?;
        let id = fields.text("ipn_id").and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| {
            CallError::Lost(anyhow::anyhow!("an address was registered without a name"))
        })?;
        // Only the name has to be told; the rest is what was asked.
        Ok(Registered {
            id,
            url: fields.filled("url").unwrap_or_else(|| url.to_owned()),
            method: told_method(fields).or(Some(method)),
            is_active: is_active(fields),
        })
    }

    /// The addresses Pesapal knows already.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn registered(&self) -> Result<Vec<Registered>, CallError> {
        let reply = self.get_up_to("/api/URLSetup/GetIpnList", LIST).await?;
        match &reply.body {
            Body::List(list) => Ok(list.iter().filter_map(read).collect()),
            Body::Object(_) | Body::Unreadable => Err(CallError::refused(&reply)),
        }
    }
}

fn read(fields: &Fields) -> Option<Registered> {
    Some(Registered {
        id: fields.text("ipn_id")?.parse().ok()?,
        url: fields.filled("url")?,
        method: told_method(fields),
        is_active: is_active(fields),
    })
}

fn told_method(fields: &Fields) -> Option<Method> {
    match (
        fields.text("ipn_notification_type_description").as_deref(),
        fields.text("notification_type").as_deref(),
    ) {
        (Some("GET"), _) | (None, Some("0")) => Some(Method::Get),
        (Some("POST"), _) | (None, Some("1")) => Some(Method::Post),
        _ => None,
    }
}

/// A list may leave it out.
fn is_active(fields: &Fields) -> bool {
    fields.text("ipn_status").is_none_or(|status| status == "1")
}
